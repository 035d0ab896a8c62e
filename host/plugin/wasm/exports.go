package wasm

import (
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
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
	if d, ok := found["_initialize"]; ok && signatureOf(d).String() != "func()" {
		return fmt.Errorf("export _initialize is %s; want func()", signatureOf(d))
	}
	return nil
}
