package wasm

import (
	"bytes"
	"context"
	"log/slog"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	pageBytes = 65536
	// maxLogLine and maxLogLines bound what a guest may print for one batch.
	maxLogLine  = 1024
	maxLogLines = 32
)

// sandbox is everything of the outside that a guest can reach: a clock that stands at its event, numbers that its
// event seeds, its store, and a log. It has no arguments, no environment, no files and no sockets.
type sandbox struct {
	log    *slog.Logger
	store  store
	fuel   api.MutableGlobal // of the instance
	now    int64             // unix milliseconds
	seed   uint64
	line   []byte
	lines  int
	words  []byte              // what it wrote to descriptor 2 last, in the call at hand
	places func(string) string // see source
	mute   bool                // while a replay prints what was printed before
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
	s.now, s.seed, s.lines = now, seq*0x9e3779b97f4a7c15+1, 0
	s.words = s.words[:0]
}

// charge takes the price of copying n bytes, which is that of memory.copy.
func (s *sandbox) charge(n int) { s.fuel.Set(s.fuel.Get() - uint64(n)/8) }

// fill gives random bytes (splitmix64).
func (s *sandbox) fill(p []byte) {
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
	if len(s.line) > 0 && s.lines < maxLogLines {
		s.log.Info("plugin printed", "line", string(bytes.ToValidUTF8(s.line, []byte("?"))))
		s.lines++
	}
	s.line = s.line[:0]
}

// withMemoryCap makes instances of ctx grow to at most limit bytes: past it, a module gets -1 from memory.grow.
func withMemoryCap(ctx context.Context, limit uint64) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory {
		return &memory{limit: limit}
	}))
}

// memory is a guest's linear memory. Its room doubles, so that a guest that asks for one page after the other does not
// have it copied each time.
type memory struct {
	b     []byte
	limit uint64
}

// Reallocate grows the memory to size, or gives nil when that is past the limit.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit {
		return nil
	}
	if size > uint64(cap(m.b)) {
		b := make([]byte, size, max(size, min(m.limit, 2*size)))
		copy(b, m.b)
		m.b = b
	}
	m.b = m.b[:size]
	return m.b
}

// Free drops the memory.
func (m *memory) Free() { m.b = nil }
