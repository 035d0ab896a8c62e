package wasm

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
)

// TestEveryLimit sets a hostile module against each of the limits: it is not loaded, loses its event or gets less than
// it asked for, and it is told and counted which limit it was.
func TestEveryLimit(t *testing.T) {
	tight := manifest(nil)
	tight.Limits = plugin.Limits{Fuel: plugin.DefaultFuel, MemoryMiB: 2, Commands: 9, StateBytes: 100, OutputBytes: 4096, LogLines: 3, Tables: 1000, HostCalls: 100}
	small := Config{ModuleBytes: 400}
	for _, c := range []struct {
		module string
		limit  plugin.Limit
		cfg    Config
		when   string // load, event, save, or "count" when nothing fails
		got    int64
		most   int64
	}{
		{"fixture.wasm", plugin.LimitModule, small, "load", int64(len(fixtureCode)), 400},
		{"limits/memory-start.wasm", plugin.LimitMemory, Config{}, "load", 4 << 20, 2 << 20},
		{"limits/tables.wasm", plugin.LimitTables, Config{}, "load", 5000, 1000},
		{"limits/fuel.wasm", plugin.LimitFuel, Config{}, "event", 0, plugin.DefaultFuel},
		{"limits/host-calls.wasm", plugin.LimitHostCalls, Config{}, "event", 0, 100},
		{"limits/output.wasm", plugin.LimitOutput, Config{}, "event", 16384, 4096},
		{"limits/state.wasm", plugin.LimitState, Config{}, "save", 65536, 100},
		{"limits/memory-grow.wasm", plugin.LimitMemory, Config{}, "count", 1, 0},
		{"limits/commands.wasm", plugin.LimitCommands, Config{}, "count", 91, 0},
		{"limits/store.wasm", plugin.LimitStore, Config{}, "count", 1, 0},
		{"limits/log.wasm", plugin.LimitLog, Config{}, "count", 97, 0},
	} {
		t.Run(c.module+" "+c.limit.String(), func(t *testing.T) {
			r := newRuntime(t, c.cfg)
			ctx := context.Background()
			g, err := r.Load(ctx, plugin.Spec{Manifest: tight, Files: files(read(t, c.module)), Store: plugin.Store{Granted: true, Quota: 1000}})
			if c.when != "load" {
				if err != nil {
					t.Fatal(err)
				}
				defer g.Close(ctx)
			} else if !errors.Is(err, plugin.ErrModule) {
				t.Errorf("error %v, want ErrModule", err)
			}
			switch c.when {
			case "event", "count":
				_, err = g.HandleBatch(ctx, []event.Event{tick(1)})
			case "save":
				_, err = g.Save(ctx)
			}
			if c.when == "count" {
				if n := g.Stats().Passed[c.limit]; err != nil || int64(n) != c.got {
					t.Errorf("%s passed %d times, error %v; want %d", c.limit, n, err, c.got)
				}
				return
			}
			var limit *plugin.LimitError
			if !errors.As(err, &limit) || limit.Limit != c.limit || limit.Got != c.got || limit.Most != c.most {
				t.Fatalf("error %v, %+v; want %s %d of %d", err, limit, c.limit, c.got, c.most)
			}
			if !errors.Is(err, plugin.ErrLimit) || errors.Is(err, plugin.ErrFuel) != (c.limit == plugin.LimitFuel) {
				t.Errorf("error %v is not what it is about", err)
			}
			if c.when != "load" && g.Stats().Passed[c.limit] != 1 {
				t.Errorf("counted %d times", g.Stats().Passed[c.limit])
			}
		})
	}
}

// bytecode puts a module together that is too big for a file: functions of one body, with locals.
type bytecode struct{ b []byte }

func (m *bytecode) section(id byte, body []byte) {
	m.b = append(leb(append(m.b, id), len(body)), body...)
}

// leb writes a number in LEB128.
func leb(b []byte, v int) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

func huge(functions, locals int, body []byte) []byte {
	m := bytecode{[]byte("\x00asm\x01\x00\x00\x00")}
	m.section(1, []byte{1, 0x60, 0, 0})
	m.section(3, append(leb(nil, functions), make([]byte, functions)...))
	m.section(5, []byte{1, 0, 1})
	m.section(7, append([]byte{1, 6}, "memory\x02\x00"...))
	one := append(append(leb([]byte{1}, locals), 0x7f), append(body, 0x0b)...)
	one = append(leb(nil, len(one)), one...)
	m.section(10, append(leb(nil, functions), bytes.Repeat(one, functions)...))
	return m.b
}

// forks is a body of n branches, each of which writes to another local before it joins.
func forks(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, 0x41, 0, 0x04, 0x40, 0x41, 0) // if (0) { local = 0 }
		b = append(leb(append(b, 0x21), i), 0x0b)
	}
	return b
}

// TestBombs: modules that would keep the compiler busy, or make it take gigabytes, are refused before it sees them.
func TestBombs(t *testing.T) {
	var table []byte // one branch to a hundred thousand places
	table = append(bytes.Repeat([]byte{0x02, 0x40, 0x41, 0, 0x21, 0, 0x41, 0, 0x21, 1}, 100), 0x41, 0, 0x0e)
	table = append(leb(table, 3_000_000), make([]byte, 3_000_001)...)
	table = append(table, bytes.Repeat([]byte{0x0b}, 100)...)
	nest := append(bytes.Repeat([]byte{0x02, 0x40}, 20_000), bytes.Repeat([]byte{0x0b}, 20_000)...)
	r := newRuntime(t, Config{})
	for _, c := range []struct {
		name  string
		code  []byte
		limit plugin.Limit
	}{
		{"forks", huge(1, 3000, forks(3000)), plugin.LimitCompile},
		{"many forks", huge(40, 3000, forks(350)), plugin.LimitCompile},
		{"table", huge(1, 2, table), plugin.LimitFunction},
		{"many tables", huge(30, 2, slices.Concat(table[:1000], []byte{0x41, 0, 0x0e}, leb(nil, 200_000), make([]byte, 200_001), table[len(table)-100:])), plugin.LimitCompile},
		{"functions", huge(70_000, 0, nil), plugin.LimitFunctions},
		{"locals", huge(1, 10_000, nil), plugin.LimitLocals},
		{"depth", huge(1, 0, nest), plugin.LimitDepth},
		{"long", huge(1, 0, bytes.Repeat([]byte{0x01}, 2<<20)), plugin.LimitFunction},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.Load(context.Background(), plugin.Spec{Manifest: manifest(nil), Files: files(c.code)})
			var limit *plugin.LimitError
			if !errors.As(err, &limit) || limit.Limit != c.limit || limit.Got <= limit.Most {
				t.Errorf("error %v; want %s", err, c.limit)
			}
		})
	}
}
