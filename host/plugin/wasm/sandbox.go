package wasm

import (
	"bytes"
	"context"
	"log/slog"

	"github.com/tetratelabs/wazero/api"

	"github.com/sothebais/sothebais/host/plugin"
)

// maxLogLine bounds a line that a guest prints.
const maxLogLine = 1024

// KeyLine is the key under which a line that a guest printed is logged.
const KeyLine = "line"

// sandbox is everything of the outside that a guest can reach: a clock that stands at its event, numbers that its
// event seeds, its store, and a log. It has no arguments, no environment, no files and no sockets.
type sandbox struct {
	log    *slog.Logger
	store  store
	fuel   api.MutableGlobal // of the instance
	most   int               // lines for a batch
	calls  int               // of the host that are left
	given  int               // and that there were
	stats  *plugin.Stats
	now    int64 // unix milliseconds
	seed   uint64
	line   []byte
	lines  int
	mute   bool                // while a replay prints what was printed before
	asked  bool                // for time or chance, since at
	words  []byte              // that it said last, in the call at hand; at most 2*maxLogLine
	panics bool                // they are a panic's
	places func(string) string // Program.Original
}

type sandboxKey struct{}

// place puts the places in what a guest says into its author's terms.
func (s *sandbox) place(text string) string {
	if s.places == nil {
		return text
	}
	return s.places(text)
}

// within makes the sandbox known to the host functions that are called under the context.
func (s *sandbox) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, sandboxKey{}, s)
}

// at sets clock and seed for what is handled next, so that a replay sees the same.
func (s *sandbox) at(seq uint64, now int64) {
	s.now, s.seed, s.lines, s.asked = now, seq*0x9e3779b97f4a7c15+1, 0, false
	s.words, s.panics = s.words[:0], false
}

// allow sets how often the host may be called until it is set anew.
func (s *sandbox) allow(calls int) { s.calls, s.given = calls, calls }

// called counts a call, and ends it when it is one too many.
func (s *sandbox) called() {
	if s.calls--; s.calls < 0 {
		err := &plugin.LimitError{Limit: plugin.LimitHostCalls, Most: int64(s.given)}
		panic(&plugin.TrapError{Reason: err.Error(), Err: err})
	}
}

// charge takes the price of copying n bytes, which is that of memory.copy.
func (s *sandbox) charge(n int) { s.fuel.Set(s.fuel.Get() - uint64(n)/8) }

// fill gives random bytes (splitmix64).
func (s *sandbox) fill(p []byte) {
	s.asked = true
	for i := range p {
		s.seed += 0x9e3779b97f4a7c15
		z := s.seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		p[i] = byte(z ^ z>>31)
	}
}

// print turns what a guest prints into lines of its log.
func (s *sandbox) print(p []byte) {
	for len(p) > 0 && !s.mute {
		text, rest, whole := bytes.Cut(p, []byte("\n"))
		s.line = append(s.line, text[:min(len(text), maxLogLine-len(s.line))]...)
		if whole {
			s.flush()
		}
		p = rest
	}
}

func (s *sandbox) flush() {
	switch {
	case len(s.line) == 0:
	case s.lines >= s.most:
		s.stats.Passed[plugin.LimitLog]++
	default:
		s.log.Info("plugin printed", KeyLine, string(bytes.ToValidUTF8(s.line, []byte("?"))))
		s.lines++
	}
	s.line = s.line[:0]
}
