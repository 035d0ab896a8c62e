package director

import (
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
)

// Why a cue is kept from the stage.
const (
	reasonStale     = "stale"                // it waited longer than it was worth
	reasonOvertaken = "overtaken"            // a newer one of its kind made it pointless
	reasonBusy      = "busy"                 // too many lines wait
	reasonRate      = "rate"                 // its source asked too often
	reasonCooldown  = "cooldown"             // too soon after the last of its kind
	reasonShown     = "already_shown"        // the scene is on program
	reasonForgotten = "source_left"          // the plugin that asked is gone
	reasonVoice     = "no_voice"             // it could not be spoken
	reasonEmpty     = "empty"                // nothing to say or name
	reasonTooLong   = "too_long"             // longer than a line may be
	reasonVerb      = "unknown_verb"         // nothing the stage knows
	cutMargin       = 700 * time.Millisecond // a line so near its end is not cut
)

// class is how lines of one importance are treated.
type class struct {
	rank  int
	stale time.Duration // worth saying for this long
	fifo  bool          // order matters: opening before hammer. Otherwise the newest first
	alone bool          // once one is said, older ones of its class are old news
}

// Ranks of the classes, the most important last.
const (
	rankIdle = iota + 1
	rankChat
	rankBid
	rankLot
	rankUrgent
)

// classOf sorts priorities into classes; the bounds are those of package cue.
func classOf(p cue.Priority) class {
	switch {
	case p >= cue.Urgent:
		return class{rank: rankUrgent, stale: 30 * time.Second, fifo: true}
	case p >= cue.Lot:
		return class{rank: rankLot, stale: 8 * time.Second, fifo: true}
	case p >= cue.Bid:
		return class{rank: rankBid, stale: 5 * time.Second, alone: true}
	case p > cue.Idle:
		return class{rank: rankChat, stale: 6 * time.Second}
	default:
		return class{rank: rankIdle, stale: 4 * time.Second, alone: true}
	}
}

// line is something to be said, on its way from the queue over the voice to the stage.
type line struct {
	offer
	clip *character.Clip
	err  error
	seq  uint64 // of its cue.raised, once it is on stage
}

func newLine(o offer) *line {
	if o.cue.Priority == 0 {
		o.cue.Priority = cue.Chat
	}
	if o.cue.Priority >= cue.Urgent && o.cue.From != Operator {
		o.cue.Priority = cue.Urgent - 1 // urgency is the operator's
	}
	return &line{offer: o}
}

func (l *line) class() class             { return classOf(l.cue.Priority) }
func (l *line) staleAt() time.Time       { return l.at.Add(l.class().stale) }
func (l *line) stale(now time.Time) bool { return !now.Before(l.staleAt()) }

func (l *line) length() time.Duration {
	if l.clip == nil {
		return 0
	}
	return time.Duration(len(l.clip.PCM)) * time.Second / character.SampleRate
}

// mayCut reports whether l may stop a line that has this long to go.
func (l *line) mayCut(on *line, left time.Duration) bool {
	switch mine, theirs := l.class().rank, on.class().rank; {
	case mine == rankUrgent:
		return theirs < rankUrgent
	case theirs == rankIdle:
		return mine >= rankBid && left > cutMargin
	default:
		return false
	}
}

// queue holds the lines that wait, in the order in which they came.
type queue struct {
	limit int
	lines []*line
}

// outcast is a line that had to leave the queue.
type outcast struct {
	line   *line
	reason string
}

func (q *queue) len() int { return len(q.lines) }

// add lets l wait and returns who had to make room.
func (q *queue) add(l *line) (out []outcast) {
	if l.class().rank == rankIdle { // one filler is enough, and the newest fits best
		for _, old := range q.take(func(o *line) bool { return o.class().rank == rankIdle }) {
			out = append(out, outcast{old, reasonOvertaken})
		}
	}
	q.lines = append(q.lines, l)
	if len(q.lines) > q.limit {
		worst := q.worst()
		q.take(func(o *line) bool { return o == worst })
		out = append(out, outcast{worst, reasonBusy})
	}
	return out
}

// putBack returns a voiced line to where its age puts it.
func (q *queue) putBack(l *line) {
	i := 0
	for i < len(q.lines) && q.lines[i].at.Before(l.at) {
		i++
	}
	q.lines = append(q.lines, nil)
	copy(q.lines[i+1:], q.lines[i:])
	q.lines[i] = l
}

// best is the line to be said next.
func (q *queue) best() *line {
	var best *line
	for _, l := range q.lines {
		if best == nil || l.class().rank > best.class().rank || (l.class().rank == best.class().rank && !l.class().fifo) {
			best = l
		}
	}
	return best
}

// worst is the line that is missed least: the oldest of the least important.
func (q *queue) worst() *line {
	var worst *line
	for _, l := range q.lines {
		if worst == nil || l.class().rank < worst.class().rank {
			worst = l
		}
	}
	return worst
}

// take removes and returns the lines that match, in order.
func (q *queue) take(match func(*line) bool) (taken []*line) {
	kept := q.lines[:0]
	for _, l := range q.lines {
		if match(l) {
			taken = append(taken, l)
		} else {
			kept = append(kept, l)
		}
	}
	clear(q.lines[len(kept):])
	q.lines = kept
	return taken
}

func (q *queue) remove(l *line) { q.take(func(o *line) bool { return o == l }) }

func (q *queue) removeStale(now time.Time) []*line {
	return q.take(func(l *line) bool { return l.stale(now) })
}

func (q *queue) removeFrom(source string) []*line {
	return q.take(func(l *line) bool { return l.cue.From == source })
}

// overtakenBy removes the lines that are old news once l is said: older ones of its class, and bids once the lot has
// gone on.
func (q *queue) overtakenBy(l *line) []*line {
	mine := l.class()
	return q.take(func(o *line) bool {
		if o.cue.From != l.cue.From || o.at.After(l.at) {
			return false
		}
		theirs := o.class()
		return mine.alone && theirs.rank == mine.rank || mine.rank == rankLot && theirs.rank == rankBid
	})
}

func (q *queue) nextStale() (at time.Time, ok bool) {
	for _, l := range q.lines {
		if t := l.staleAt(); !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	return at, ok
}
