package runner

import (
	"errors"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// TestErrorsArrive: what an error is, and what it says, is the same on the other side.
func TestErrorsArrive(t *testing.T) {
	limit := &plugin.LimitError{Limit: plugin.LimitFuel, Most: 7}
	for _, want := range []error{
		fmt.Errorf("%w: validate: nothing there", plugin.ErrModule),
		fmt.Errorf("%w: line 3: say what", plugin.ErrConfig),
		&plugin.TrapError{Reason: "unreachable", Detail: "wasm stack"},
		&plugin.TrapError{Reason: "out of fuel", Err: limit},
		errors.Join(&plugin.TrapError{Reason: "unreachable"}, fmt.Errorf("%w: roll back", plugin.ErrDead)),
		fmt.Errorf("%w: %w", plugin.ErrModule, &plugin.LimitError{Limit: plugin.LimitTables, Got: 3, Most: 2}),
		&plugin.TrapError{Reason: "malformed commands: x", Err: fmt.Errorf("%w: x", abi.ErrCommands)},
	} {
		got := readFailure(newFailure(want).write())
		if got.Error() != want.Error() {
			t.Errorf("it says %q, want %q", got, want)
		}
		for _, is := range append([]error{plugin.ErrLimit}, sentinelList()...) {
			if errors.Is(got, is) != errors.Is(want, is) {
				t.Errorf("%v: is %v: %v", want, is, errors.Is(got, is))
			}
		}
		var a, b *plugin.TrapError
		if errors.As(got, &a) != errors.As(want, &b) || a != nil && (a.Reason != b.Reason || a.Detail != b.Detail) {
			t.Errorf("%v: trap %+v, want %+v", want, a, b)
		}
		var la, lb *plugin.LimitError
		if errors.As(got, &la) != errors.As(want, &lb) || la != nil && *la != *lb {
			t.Errorf("%v: limit %+v, want %+v", want, la, lb)
		}
	}
}

func sentinelList() []error {
	var out []error
	for _, s := range sentinels {
		out = append(out, s)
	}
	return out
}

// FuzzAnswer: whatever a child says, reading it ends well.
func FuzzAnswer(f *testing.F) {
	f.Add(newFailure(&plugin.TrapError{Reason: "out of fuel", Err: plugin.ErrFuel}).write())
	f.Add([]byte("\x04\x00\x00\x00line"))
	f.Add([]byte("\x03key\x05value"))
	codec := new(wasm.Codec)
	codec.Encode(nil, []event.Event{tick(1)})
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := readFailure(b); err == nil || !utf8.ValidString(err.Error()) {
			t.Errorf("an error that is none, or no text: %v", err)
		}
		readLines(b, func(line string) {
			if len(line) > len(b) {
				t.Error("more than there was")
			}
		})
		reactions, err := codec.DecodeWrites(nil, b)
		for _, r := range reactions {
			put, ok := r.Call.(*abi.StorePut)
			if err != nil || !ok || put.Key == "" || !utf8.ValidString(put.Key) {
				t.Errorf("wrote %+v, error %v", r.Call, err)
			}
		}
		for rest := b; len(rest) > 0; {
			var e entry
			if e, rest, err = readEntry(rest); err != nil {
				break
			}
			if len(e.bytes) > len(b) {
				t.Error("more than there was")
			}
		}
		if p, code, config, err := readPaper(b); err == nil && (len(code) != p.Code || len(config) != p.Config) {
			t.Error("sizes do not fit")
		}
	})
}
