package compositor

import (
	"sync"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
)

type commandKind uint8

const (
	applyCue commandKind = iota
	speak
	stopSpeaking
	setCharacter
	setScenes
)

// command is a change that is ready to be made between two frames: nothing in it costs the frame loop time.
type command struct {
	kind  commandKind
	cue   cue.Cue
	seq   uint64
	texts []textSet
	arts  []artSet
	clip  *character.Clip
	actor *actor
	set   *sceneSet
	seen  map[string]string // words of the slots when set was made ready
}

type textSet struct {
	node *node
	run  *run
}

type artSet struct {
	node *node
	art  *shaped
}

// queue hands commands to the frame loop, in order and without waiting.
type queue struct {
	mu    sync.Mutex
	list  []command
	spare []command
}

func (q *queue) put(c command) {
	q.mu.Lock()
	q.list = append(q.list, c)
	q.mu.Unlock()
}

// take gives what is there; it is valid until the next take.
func (q *queue) take() []command {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.list
	q.list, q.spare = q.spare[:0], out
	return out
}
