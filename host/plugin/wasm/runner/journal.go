package runner

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// The journal is what a guest took in since its last image: batches, and before them the state that it may have taken
// over. It is written once, into the ring, and read there by the guest, by itself after a trap, and by its successor
// after a death.
//
//	entry    u32 op   u32 bytes   i64 version of the state   bytes   zeros up to a multiple of 8
const entryHead = 16

var errRoom = errors.New("no room in the journal")

// journal is the program's side.
type journal struct {
	room   []byte
	tail   int // behind the last entry that counts
	events int
	work   int64 // fuel
}

// Bounds of a journal. An image takes its place when playing it would take longer than replayFloor, and ten times as
// long as making the image.
const (
	replayFloor  = 5_000_000 // nanoseconds
	eventNanos   = 100       // of reading and writing one event
	imageBytes   = 8         // that are copied in a nanosecond
	imagesToPlay = 10
	maxReplayed  = 8192
)

func (j *journal) clear() { j.tail, j.events, j.work = 0, 0, 0 }

// copyTo gives a copy of the journal, whose entries stay as they are until it is cleared, in another room.
func (j journal) copyTo(room []byte) journal {
	copy(room, j.room[:j.tail])
	j.room = room
	return j
}

// add takes in an entry that was written behind the tail.
func (j *journal) add(size, events int, fuel int64) {
	j.tail, j.events, j.work = j.tail+size, j.events+events, j.work+fuel
}

// long reports whether it is time for an image of a guest with so much memory.
func (j *journal) long(memory uint64) bool {
	nanos := j.work/fuelPerNano + eventNanos*int64(j.events)
	return nanos > max(replayFloor, imagesToPlay*int64(memory)/imageBytes) || j.events >= maxReplayed
}

// batch writes a batch behind the tail, and gives how many events are in it.
func (j *journal) batch(codec *wasm.Codec, events []event.Event) (size, n int, err error) {
	if len(j.room)-j.tail < entryHead {
		return 0, 0, errRoom
	}
	room := j.room[j.tail+entryHead:]
	b, n := codec.Encode(room[:0:len(room)], events)
	if len(b) > len(room) {
		return 0, 0, errRoom // it went elsewhere
	}
	return j.seal(opHandle, len(b), 0), n, nil
}

// state writes a state behind the tail.
func (j *journal) state(op uint32, version int, state []byte) (int, error) {
	if len(j.room)-j.tail < entryHead+len(state)+8 {
		return 0, errRoom
	}
	copy(j.room[j.tail+entryHead:], state)
	return j.seal(op, len(state), version), nil
}

// trapped notes behind the tail that a batch failed there.
func (j *journal) trapped() (int, error) {
	if len(j.room)-j.tail < entryHead {
		return 0, errRoom
	}
	return j.seal(opTrapped, 0, 0), nil
}

// seal writes the head of the entry at the tail, and gives its size.
func (j *journal) seal(op uint32, n, version int) int {
	h := j.room[j.tail:]
	binary.LittleEndian.PutUint32(h, op)
	binary.LittleEndian.PutUint32(h[4:], uint32(n))
	binary.LittleEndian.PutUint64(h[8:], uint64(version))
	return min((entryHead+n+7)&^7, len(h))
}

// entry is one that was read.
type entry struct {
	op      uint32
	version int
	bytes   []byte
}

// readEntry cuts the first entry from b.
func readEntry(b []byte) (e entry, rest []byte, err error) {
	if len(b) < entryHead {
		return e, nil, fmt.Errorf("journal: %d bytes left, want a head of %d", len(b), entryHead)
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if n > int64(len(b)-entryHead) {
		return e, nil, fmt.Errorf("journal: entry of %d bytes, %d are left", n, len(b)-entryHead)
	}
	e = entry{op: binary.LittleEndian.Uint32(b), version: int(int64(binary.LittleEndian.Uint64(b[8:]))), bytes: b[entryHead : entryHead+n : entryHead+n]}
	return e, b[min((entryHead+n+7)&^7, int64(len(b))):], nil
}
