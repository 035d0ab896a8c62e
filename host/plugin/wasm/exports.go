package wasm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/sothebais/sothebais/host/plugin/abi"
)

// signature is the type of a function.
type signature struct{ params, results []api.ValueType }

func signatureOf(d api.FunctionDefinition) signature {
	return signature{d.ParamTypes(), d.ResultTypes()}
}

// String writes func(i32, i32) -> i64.
func (s signature) String() string {
	out := "func(" + typeNames(s.params) + ")"
	if len(s.results) > 0 {
		out += " -> " + typeNames(s.results)
	}
	return out
}

func typeNames(types []api.ValueType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = api.ValueTypeName(t)
	}
	return strings.Join(names, ", ")
}

// required are the exports of a guest, as sdk/schema/v1.json has them.
var required = map[string]signature{
	"sothebais_abi_v1": {valueTypes("l"), valueTypes("l")},
	"alloc":            {valueTypes("i"), valueTypes("i")},
	"configure":        {valueTypes("ii"), valueTypes("l")},
	"handle_batch":     {valueTypes("ii"), valueTypes("l")},
	"save":             {nil, valueTypes("l")},
	"restore":          {valueTypes("ii"), valueTypes("l")},
}

// optional are the exports that a guest may have.
var optional = map[string]signature{
	"_initialize": {},
	"migrate":     {valueTypes("iii"), valueTypes("l")},
}

// hostImports are what a guest may import of the host, by name.
var hostImports = func() map[string]abi.Import {
	out := map[string]abi.Import{}
	for _, im := range abi.Imports() {
		out[im.Name] = im
	}
	return out
}()

// checkImports refuses modules that import anything but WASI and what the host offers.
func checkImports(defs []api.FunctionDefinition) error {
	for _, d := range defs {
		module, name, _ := d.Import()
		want, ok := importType(module, name)
		switch {
		case ok:
		case module == abi.ImportModule:
			return fmt.Errorf("import %q.%q: this host has no such function; it has %s there: run a newer host, or build the plugin with an older SDK",
				module, name, strings.Join(slices.Sorted(maps.Keys(hostImports)), " and "))
		case module == wasiModule:
			return fmt.Errorf("import %q.%q: WASI preview 1 has no such function", module, name)
		default:
			return fmt.Errorf("import %q.%q: a plugin imports nothing but %s and %s; everything else is asked for with commands", module, name, wasiModule, abi.ImportModule)
		}
		if got := signatureOf(d); got.String() != want.String() {
			return fmt.Errorf("import %s.%s is %s; want %s", module, name, got, want)
		}
	}
	return nil
}

func importType(module, name string) (signature, bool) {
	switch module {
	case wasiModule:
		params, ok := wasiParams[name]
		if name == "proc_exit" {
			return signature{params: valueTypes(params)}, ok
		}
		return signature{valueTypes(params), valueTypes("i")}, ok
	case abi.ImportModule:
		im, ok := hostImports[name]
		return signature{valueTypes(im.Params), valueTypes("l")}, ok
	}
	return signature{}, false
}

// exportOrder is the order in which problems are told: the marker first, which says that it is no plugin at all.
var exportOrder = []string{"sothebais_abi_v1", "alloc", "configure", "handle_batch", "save", "restore"}

// checkExports refuses modules that do not speak the contract, with what was wanted and what was found.
func checkExports(c wazero.CompiledModule) error {
	if _, ok := c.ExportedMemories()["memory"]; !ok {
		return fmt.Errorf("it exports no memory named \"memory\"")
	}
	found := c.ExportedFunctions()
	for _, name := range exportOrder {
		d, ok := found[name]
		if !ok {
			return fmt.Errorf("no export %s %s; is it built with the SDK, for version 1 of the contract?", name, required[name])
		}
		if got, want := signatureOf(d).String(), required[name].String(); got != want {
			return fmt.Errorf("export %s is %s; want %s", name, got, want)
		}
	}
	for name, want := range optional {
		if d, ok := found[name]; ok && signatureOf(d).String() != want.String() {
			return fmt.Errorf("export %s is %s; want %s", name, signatureOf(d), want)
		}
	}
	return nil
}

// needed are the features whose functions a module imports.
func needed(c wazero.CompiledModule) uint64 {
	var features uint64
	for _, d := range c.ImportedFunctions() {
		module, name, _ := d.Import()
		if im, ok := hostImports[name]; ok && module == abi.ImportModule {
			features |= im.Feature
		}
	}
	return features
}
