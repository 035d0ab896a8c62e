package wasm

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/sothebais/sothebais/host/plugin"
)

const (
	pageBytes = 65536
	// What is given back is kept for the next instance, so much at most: memory that is new to the program has to be
	// cleared and mapped page by page, which takes longer than all the rest of making an instance.
	pooledBytes = 64 << 20
	pooledMost  = 16
)

// pool keeps memories that are not used, of any content.
type pool struct {
	mu    sync.Mutex
	free  [][]byte
	bytes int
}

// take gives a memory with room for size bytes, and nil when there is none that is not far too big.
func (p *pool) take(size uint64) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	best := -1
	for i, b := range p.free {
		if c := uint64(cap(b)); c >= size && c <= 4*size && (best < 0 || c < uint64(cap(p.free[best]))) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	b := p.free[best]
	last := len(p.free) - 1
	p.free[best], p.free[last] = p.free[last], nil
	p.free = p.free[:last]
	p.bytes -= cap(b)
	return b
}

func (p *pool) give(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(b) > 0 && len(p.free) < pooledMost && p.bytes+cap(b) <= pooledBytes {
		p.free = append(p.free, b[:0])
		p.bytes += cap(b)
	}
}

// memories makes the memories of one guest's instances. Past its limit, a module gets -1 from memory.grow.
type memories struct {
	pool  *pool
	limit uint64
	count *plugin.Passed
	copy  bool   // what is made now will be written to from end to end before anybody reads it
	room  uint64 // that it will have
}

// Allocate is experimental.MemoryAllocator's.
func (m *memories) Allocate(_, _ uint64) experimental.LinearMemory { return &memory{of: m} }

// memory is a guest's linear memory. Its room doubles, so that a guest that asks for one page after the other does not
// have it copied each time.
type memory struct {
	b    []byte
	used bool // by another instance before: what is beyond b is not clear
	of   *memories
}

// Reallocate grows the memory to size, or gives nil when that is past the limit.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.of.limit {
		m.of.count[plugin.LimitMemory]++
		return nil
	}
	old := m.b
	if size <= uint64(cap(old)) {
		m.b = old[:size]
	} else {
		m.b, m.used = m.make(size)
		copy(m.b, old)
		m.of.pool.give(old)
	}
	if m.used && !m.of.copy {
		clear(m.b[len(old):])
	}
	return m.b
}

// make gives room for size bytes, which somebody may have used.
func (m *memory) make(size uint64) (b []byte, used bool) {
	room := max(size, m.of.room)
	if len(m.b) > 0 { // it grows, and may go on to
		room = max(size, min(m.of.limit, 2*size))
	}
	if b := m.of.pool.take(room); b != nil {
		return b[:size], true
	}
	return make([]byte, size, room), false
}

// Free gives the memory back.
func (m *memory) Free() {
	m.of.pool.give(m.b)
	m.b = nil
}
