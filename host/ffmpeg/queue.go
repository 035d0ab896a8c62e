package ffmpeg

import (
	"encoding/binary"
	"slices"
	"sync"
)

// frame is one frame on its way to the encoder. A frame whose picture was dropped still carries its sound.
type frame struct {
	n       uint64
	picture []byte // nil when dropped
	pcm     []byte
	fed     bool // written whole: nobody reads the buffers any more
}

// queue hands frames from the frame loop to the feeder. Every buffer is made beforehand, so put neither waits nor allocates.
type queue struct {
	mu       sync.Mutex
	waiting  []frame  // in order
	underway []frame  // taken by the encoder that runs, not seen to come out of it yet; in order
	settled  uint64   // frames below this one came out
	pictures [][]byte // free
	sounds   [][]byte // free
	wake     chan struct{}
}

// soundDepth is how much longer sound is kept than pictures, in frames: it costs a hundredth, and a hole in it is heard.
const soundDepth = 60

func newQueue(depth, pictureSize, soundSize int) *queue {
	q := &queue{wake: make(chan struct{}, 1), waiting: make([]frame, 0, depth+soundDepth), underway: make([]frame, 0, depth+soundDepth)}
	for range depth {
		q.pictures = append(q.pictures, make([]byte, pictureSize))
	}
	for range depth + soundDepth {
		q.sounds = append(q.sounds, make([]byte, soundSize))
	}
	return q
}

// put copies a frame into the queue and reports whether picture and sound found room.
func (q *queue) put(n uint64, i420 []byte, pcm []int16) (picture, sound bool) {
	f := frame{n: n}
	q.mu.Lock()
	if sound = len(q.sounds) > 0; sound {
		f.pcm, q.sounds = pop(q.sounds)
		if picture = len(q.pictures) > 0; picture {
			f.picture, q.pictures = pop(q.pictures)
		}
	}
	q.mu.Unlock()
	if !sound {
		return false, false
	}
	copy(f.picture, i420)
	for i, s := range pcm {
		binary.LittleEndian.PutUint16(f.pcm[i*2:], uint16(s))
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, f)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return picture, true
}

func pop(s [][]byte) ([]byte, [][]byte) {
	return s[len(s)-1], s[:len(s)-1]
}

// take returns the oldest frame. It stays ours until settle says that it came out.
func (q *queue) take() (frame, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return frame{}, false
	}
	f := q.waiting[0]
	q.waiting = q.waiting[:copy(q.waiting, q.waiting[1:])]
	q.underway = append(q.underway, f)
	return f, true
}

// fed says that frame n has been written whole. Its picture may have come out before its sound went in.
func (q *queue) fed(n uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.underway {
		if q.underway[i].n == n {
			q.underway[i].fed = true
		}
	}
	q.release()
}

// settle says that all frames up to n came out or are not wanted: their buffers are free once they are fed.
func (q *queue) settle(n uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settled = max(q.settled, n+1)
	q.release()
}

// release frees the frames at the head that are done; q.mu is held.
func (q *queue) release() {
	done := 0
	for ; done < len(q.underway) && q.underway[done].fed && q.underway[done].n < q.settled; done++ {
		f := q.underway[done]
		if f.picture != nil {
			q.pictures = append(q.pictures, f.picture)
		}
		q.sounds = append(q.sounds, f.pcm)
	}
	q.underway = q.underway[:copy(q.underway, q.underway[done:])]
}

// rewind puts the frames that an encoder took to its grave back at the head. It is called when nobody feeds.
func (q *queue) rewind() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.underway {
		q.underway[i].fed = true
	}
	q.release()
	for i := range q.underway {
		q.underway[i].fed = false
	}
	q.waiting = slices.Insert(q.waiting, 0, q.underway...)
	q.underway = q.underway[:0]
}

// depth is how many frames wait or are under way.
func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + len(q.underway)
}
