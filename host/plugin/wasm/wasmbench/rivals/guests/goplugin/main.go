//go:build wasip1

// Command goplugin is the guest of knqyf263/go-plugin: 300 bytes in, a key looked up with the host, 200 bytes handed to
// the host. Its contract is made by:
//
//	protoc --go-plugin_out=. --go-plugin_opt=module=github.com/sothebais/sothebais/host/plugin/wasm/wasmbench/rivals/guests/goplugin contract.proto
package main

import (
	"context"
	"encoding/binary"

	"github.com/sothebais/sothebais/host/plugin/wasm/wasmbench/rivals/guests/goplugin/contract"
)

func main() {}

func init() { contract.RegisterPlug(plug{contract.NewHost()}) }

type plug struct{ host contract.Host }

// Handle does the work.
func (p plug) Handle(ctx context.Context, in *contract.Raw) (*contract.Raw, error) {
	sum := binary.LittleEndian.Uint64(in.B[24:])
	found, err := p.host.Lookup(ctx, &contract.Raw{B: in.B[32:48]})
	if err != nil {
		return nil, err
	}
	if len(found.B) >= 8 {
		sum += binary.LittleEndian.Uint64(found.B)
	}
	out := make([]byte, 200)
	copy(out, in.B)
	binary.LittleEndian.PutUint64(out[8:], sum)
	if _, err := p.host.Emit(ctx, &contract.Raw{B: out}); err != nil {
		return nil, err
	}
	return &contract.Raw{}, nil
}
