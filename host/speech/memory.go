package speech

import (
	"context"
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// memoryPool hands the memory of one run to the next. A run needs 17 MB, most of it the voices; left to the
// garbage collector, a talkative show would make a gigabyte of garbage a minute.
type memoryPool struct {
	mu   sync.Mutex
	free [][]byte
}

// with makes instances that start under the context take their memory from the pool.
func (p *memoryPool) with(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(p.allocate))
}

func (p *memoryPool) allocate(size, _ uint64) experimental.LinearMemory {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		m := &linearMemory{pool: p, buf: p.free[n-1][:0]}
		p.free = p.free[:n-1]
		return m
	}
	return &linearMemory{pool: p, buf: make([]byte, 0, size)}
}

func (p *memoryPool) put(buf []byte) {
	clear(buf) // the next run must not see, nor depend on, this one
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, buf)
}

// linearMemory is the memory of one instance.
type linearMemory struct {
	pool *memoryPool
	buf  []byte
}

// Reallocate grows the memory; what is past the old length is zero.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > maxPages<<16 {
		return nil
	}
	if size > uint64(cap(m.buf)) {
		grown := make([]byte, len(m.buf), max(size, uint64(cap(m.buf))*3/2))
		copy(grown, m.buf)
		m.buf = grown
	}
	m.buf = m.buf[:max(size, uint64(len(m.buf)))]
	return m.buf
}

// Free gives the memory back.
func (m *linearMemory) Free() {
	if m.buf == nil {
		return
	}
	m.pool.put(m.buf)
	m.buf = nil
}
