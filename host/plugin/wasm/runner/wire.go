package runner

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// What the program asks of a child.
const (
	opStart      = iota + 1 // begin anew, and make an image
	opResume                // begin at the image to be kept, then take in the journal
	opHandle                // take in a batch, and answer with commands
	opRestore               // take in a state
	opMigrate               // take in a state of an older form
	opSave                  // answer with the state
	opCheckpoint            // make an image
	opPing                  // show that you live
	opTrapped               // a batch failed here: in the journal only
)

// paper is the head of what a child gets to read. Code and configuration follow it.
type paper struct {
	Manifest    plugin.Manifest
	SHA256      string
	Code        int // bytes
	Config      int
	CacheDir    string
	LoadFuel    int64
	ModuleBytes int
	CPUSeconds  uint64 // for compiling
	CompileMiB  int    // memory for compiling
	Known       bool   // another child has validated this very code
	Store       plugin.Store
}

// maxPaper has room for a full store.
const maxPaper = 64 << 20

// write gives the paper as bytes in front of code and configuration.
func (p *paper) write() ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("describe the plugin to its process: %w", err)
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(b))), b...), nil
}

func readPaper(b []byte) (p *paper, code, config []byte, err error) {
	if len(b) < 8 || binary.LittleEndian.Uint64(b) > min(maxPaper, uint64(len(b)-8)) {
		return nil, nil, nil, errors.New("no description of the plugin")
	}
	n := binary.LittleEndian.Uint64(b)
	p = new(paper)
	if err := json.Unmarshal(b[8:8+n], p); err != nil {
		return nil, nil, nil, fmt.Errorf("description of the plugin: %w", err)
	}
	if b = b[8+n:]; p.Code < 0 || p.Config < 0 || p.Code+p.Config != len(b) {
		return nil, nil, nil, errors.New("description of the plugin: sizes do not fit")
	}
	return p, b[:p.Code:p.Code], b[p.Code:], nil
}

// failure is an error on its way out of a child.
type failure struct {
	Text   string   `json:"text"`
	Is     []string `json:"is,omitempty"`
	Trap   bool     `json:"trap,omitempty"`
	Reason string   `json:"reason,omitempty"`
	Detail string   `json:"detail,omitempty"`
	Limit  *limited `json:"limit,omitempty"`
}

// limited is the limit that was passed.
type limited struct {
	Limit plugin.Limit `json:"limit"`
	Got   int64        `json:"got,omitempty"`
	Most  int64        `json:"most,omitempty"`
}

// sentinels are the errors that keep their identity on the way.
var sentinels = map[string]error{
	"dead": plugin.ErrDead, "fuel": plugin.ErrFuel, "module": plugin.ErrModule, "config": plugin.ErrConfig,
	"state": plugin.ErrState, "manifest": plugin.ErrManifest, "commands": abi.ErrCommands,
}

// Bounds of what a child says of an error: an error text of a guest is up to 8 KiB, and a stack is for the log.
const (
	maxText   = 16 << 10
	maxDetail = 8 << 10
)

func newFailure(err error) *failure {
	f := &failure{Text: clip(err.Error(), maxText)}
	for name, s := range sentinels {
		if errors.Is(err, s) {
			f.Is = append(f.Is, name)
		}
	}
	var limit *plugin.LimitError
	if errors.As(err, &limit) {
		f.Limit = &limited{limit.Limit, limit.Got, limit.Most}
	}
	var trap *plugin.TrapError
	if errors.As(err, &trap) {
		f.Trap, f.Reason, f.Detail = true, clip(trap.Reason, maxText), clip(trap.Detail, maxDetail)
	}
	return f
}

func (f *failure) write() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		return []byte(`{"text":"error without a text"}`)
	}
	return b
}

// clip shortens a text that comes from a stranger, and makes it UTF-8.
func clip(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "?") }

// readFailure reads an error of a child. A place in it that its author does not know is put into the author's terms.
func readFailure(b []byte, original func(string) string) error {
	var f failure
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("%w: an error that cannot be read: %w", errLie, err)
	}
	if original != nil {
		f.Text, f.Reason = original(f.Text), original(f.Reason)
	}
	return f.error()
}

// error makes an error of what a child says of one; it trusts nothing about it.
func (f *failure) error() error {
	e := &childError{text: clip(f.Text, maxText)}
	for _, name := range f.Is {
		if s := sentinels[name]; s != nil && len(e.is) < len(sentinels) {
			e.is = append(e.is, s)
		}
	}
	if f.Limit != nil && int(f.Limit.Limit) < plugin.NumLimits {
		e.is = append(e.is, &plugin.LimitError{Limit: f.Limit.Limit, Got: f.Limit.Got, Most: f.Limit.Most})
	}
	if !f.Trap {
		return e
	}
	trap := &plugin.TrapError{Reason: clip(f.Reason, maxText), Detail: clip(f.Detail, maxDetail), Err: errors.Join(e.is...)}
	if trap.Reason == e.text {
		return trap
	}
	e.is = append(e.is, trap)
	return e
}

// childError is an error that happened in a child.
type childError struct {
	text string
	is   []error
}

func (e *childError) Error() string   { return e.text }
func (e *childError) Unwrap() []error { return e.is }

// errLie says that a child answered something that no honest one does.
var errLie = errors.New("the plugin's process answered nonsense")

// hello is what a child says when it has compiled its plugin, before any code of it has run.
type hello struct {
	Walls   Walls    `json:"walls"`
	Failure *failure `json:"failure,omitempty"`
}

// What a child says of its guest's output, which becomes lines of the log.
const (
	keyLine = "line"
	maxLine = 1024
)
