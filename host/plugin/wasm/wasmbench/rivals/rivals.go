package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/wapc/wapc-go"
	wapcwazero "github.com/wapc/wapc-go/engines/wazero"

	"github.com/sothebais/sothebais/host/plugin/wasm/wasmbench/rivals/guests/goplugin/contract"
)

// world is the host of a rival's guest: what it looks up, and what it was handed.
type world struct {
	value [8]byte
	got   [200]byte
	n     int
}

func newWorld() *world {
	w := &world{}
	binary.LittleEndian.PutUint64(w.value[:], 41)
	return w
}

func (w *world) take(b []byte) { w.n += copy(w.got[:], b) }

// check makes sure that the work was done: the sum is what was looked up and what was in the event.
func (w *world) check(name string) error {
	if w.n == 0 || binary.LittleEndian.Uint64(w.got[8:]) != 41+2500 {
		return fmt.Errorf("%s did not do the work: %d bytes, %x", name, w.n, w.got[:16])
	}
	return nil
}

// letter is the event of 300 bytes that rivals get; ours get one of the same size in their own form.
func letter() []byte {
	b := make([]byte, 300)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	binary.LittleEndian.PutUint64(b[24:], 2500)
	copy(b[32:], "user-key-0123456")
	return b
}

// rival is a plugin system with a guest loaded.
type rival struct {
	name  string
	world *world
	call  func() error
	close func() error
	// golang says that its guest is in Go, else in C.
	golang bool
}

// newExtism loads a guest into Extism; a timeout of 0 is none.
func newExtism(ctx context.Context, dir, guest string, timeoutMS uint64) (*rival, error) {
	w := newWorld()
	pointer := []extism.ValueType{extism.ValueTypeI64}
	emit := extism.NewHostFunctionWithStack("emit", func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		b, err := p.ReadBytes(stack[0])
		if err != nil {
			panic(err)
		}
		w.take(b)
	}, pointer, nil)
	lookup := extism.NewHostFunctionWithStack("lookup", func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		if _, err := p.ReadBytes(stack[0]); err != nil {
			panic(err)
		}
		at, err := p.WriteBytes(w.value[:])
		if err != nil {
			panic(err)
		}
		stack[0] = at
	}, pointer, pointer)
	plugin, err := extism.NewPlugin(ctx, extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: filepath.Join(dir, guest+".wasm")}}, Timeout: timeoutMS},
		extism.PluginConfig{EnableWasi: true}, []extism.HostFunction{emit, lookup})
	if err != nil {
		return nil, fmt.Errorf("extism: load %s: %w", guest, err)
	}
	in := letter()
	return &rival{world: w, call: func() error { _, _, err := plugin.Call("handle", in); return err }, close: func() error { return plugin.Close(ctx) }}, nil
}

func newWapc(ctx context.Context, dir string) (*rival, error) {
	w := newWorld()
	code, err := os.ReadFile(filepath.Join(dir, "wapcc.wasm"))
	if err != nil {
		return nil, err
	}
	engine := wapcwazero.EngineWithRuntime(func(ctx context.Context) (wazero.Runtime, error) {
		r := wazero.NewRuntime(ctx)
		_, err := wasi_snapshot_preview1.Instantiate(ctx, r)
		return r, err
	})
	m, err := engine.New(ctx, func(_ context.Context, _, _, operation string, payload []byte) ([]byte, error) {
		if operation == "get" {
			return w.value[:], nil
		}
		w.take(payload)
		return nil, nil
	}, code, &wapc.ModuleConfig{})
	if err != nil {
		return nil, fmt.Errorf("wapc: %w", err)
	}
	inst, err := m.Instantiate(ctx)
	if err != nil {
		return nil, fmt.Errorf("wapc: %w", err)
	}
	in := letter()
	return &rival{world: w, call: func() error { _, err := inst.Invoke(ctx, "handle", in); return err }, close: func() error { return inst.Close(ctx) }}, nil
}

// protoHost is the host of go-plugin's guest.
type protoHost struct{ *world }

// Emit takes what the guest hands over.
func (h protoHost) Emit(_ context.Context, r *contract.Raw) (*contract.Raw, error) {
	h.take(r.B)
	return &contract.Raw{}, nil
}

// Lookup gives the value that the guest asks for.
func (h protoHost) Lookup(context.Context, *contract.Raw) (*contract.Raw, error) {
	return &contract.Raw{B: h.value[:]}, nil
}

func newGoPlugin(ctx context.Context, dir string) (*rival, error) {
	w := newWorld()
	loader, err := contract.NewPlugPlugin(ctx)
	if err != nil {
		return nil, fmt.Errorf("go-plugin: %w", err)
	}
	p, err := loader.Load(ctx, filepath.Join(dir, "goplugin.wasm"), protoHost{w})
	if err != nil {
		return nil, fmt.Errorf("go-plugin: %w", err)
	}
	in := letter()
	return &rival{world: w, call: func() error { _, err := p.Handle(ctx, &contract.Raw{B: in}); return err }, close: func() error { return p.Close(ctx) }}, nil
}
