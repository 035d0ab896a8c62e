package engine

import "strings"

// state is what a personality knows; all of it is saved, but for shown, told and stranger.
type state struct {
	mood    string
	moodAt  int64
	shown   bool // the stage has seen the mood
	lot     lot
	session uint64
	sold    int64
	busy    int64

	secondsLeft int64
	astray      int64 // ticks in a row that spoke of another lot

	talkUntil, lastSay    int64
	waiting               int64 // lines that were asked for and have not begun
	filling               bool  // what is said now only fills a silence
	held                  Event // last bid that there was no time to speak of
	bidRow                int64 // lines in a row that spoke of bids
	nextFace, nextGesture int64

	rest    int64 // energy of the mood
	lift    int64 // energy beyond that, when it was given
	liftAt  int64
	told    int64     // energy that the stage was told last, once it is shown
	pending []pending // follow-ups that wait for their time

	said     map[uint64]int64 // lines, by two hashes each, and when
	people   people
	stranger string
}

// lot is what is on the block.
type lot struct {
	id, title, artist string
	number, bids      int64
	price, minimum    Money
	leader            string
	beforeLast        string // who led before the leader
	reserveMet        bool
}

// maxSaid bounds the lines that are remembered.
const maxSaid = 4096

func newState(p *Personality) *state {
	rest := int64(0)
	if m := p.moods[p.start]; m != nil {
		rest = m.energy
	}
	return &state{mood: p.start, rest: rest, secondsLeft: -1, said: map[uint64]int64{}, people: newPeople(), stranger: p.stranger}
}

// called is how a person is addressed; the empty handle has no name.
func (s *state) called(handle string) string {
	if handle == "" {
		return ""
	}
	if name := handleName(handle); name != "" {
		return name
	}
	return s.stranger
}

// occasion is a number for the lot or session that is on, for triggers that fire once in it.
func (s *state) occasion(once string) uint64 {
	switch once {
	case "lot":
		return hash(hashSeed, s.lot.id+"/"+s.lot.title)
	case "session":
		return s.session
	default:
		return 1
	}
}

const (
	// waitedFor is how long a line can be on its way; by then the director has dropped it.
	waitedFor = 6000
	// farAhead is further than anything is planned.
	farAhead = 300_000
)

// before takes in what lines and conditions of the event itself must know.
func (s *state) before(e *Event) {
	for _, at := range [...]*int64{&s.moodAt, &s.liftAt, &s.talkUntil, &s.lastSay, &s.nextFace, &s.nextGesture} {
		if *at-e.At > farAhead { // the clock was set back
			*at = e.At
		}
	}
	if s.people.latest()-e.At > farAhead {
		s.people.setBack(e.At)
	}
	if e.At-s.lastSay > waitedFor {
		s.waiting = 0
	}
	switch e.Kind {
	case SessionOpened:
		s.session, s.sold = hash(hashSeed, e.Name+"/")^e.Seq, 0
	case LotOpened:
		s.lot = lot{id: e.Lot, title: e.Title, artist: e.Artist, number: e.Number, minimum: e.Start}
		s.secondsLeft = -1
	case LotSold:
		s.sold++
		s.lot.title, s.lot.price, s.lot.bids = e.Title, e.Amount, e.Count
	case LotUnsold:
		s.lot.title, s.lot.bids = e.Title, e.Count
	case SessionClosed:
		s.sold = e.Sold
	case BidAccepted:
		s.on(e.Lot)
		s.lot.price, s.lot.minimum, s.lot.bids = e.Amount, e.Minimum, e.Count
	case ClockTicked:
		s.secondsLeft, s.busy = e.Seconds, e.Busy
		s.tick(e)
	case SpeechStarted:
		s.waiting = max(0, s.waiting-1)
		s.talkUntil = e.At + e.Millis + breath + s.waiting*2500
	case SpeechEnded:
		if s.waiting == 0 {
			s.talkUntil = e.At
		}
	}
}

// past is what was so before an event; its lot is on the block already.
func (s *state) past(e *Event) past {
	p := past{length: characters(e.Text)}
	if e.Handle != "" {
		_, p.person = s.people.find(e.Handle)
	}
	if e.Kind == BidAccepted {
		p.comeback = e.Handle != "" && strings.EqualFold(e.Handle, s.lot.beforeLast)
		p.reserveJustMet = e.ReserveMet && !s.lot.reserveMet
	}
	return p
}

// tick forgives lines that were dropped on their way, and notices a lot that opened before this plugin was here.
func (s *state) tick(e *Event) {
	if e.SilentMS > 0 && e.At-s.lastSay > lostLine {
		s.waiting, s.talkUntil = 0, min(s.talkUntil, e.At)
	}
	if s.lot.id == e.Lot {
		s.astray = 0
	} else if s.astray++; s.astray > 1 { // a single one may have been on its way when the lot opened
		s.lot = lot{id: e.Lot}
	}
}

// on makes the lot of a bid the one on the block.
func (s *state) on(id string) {
	if s.lot.id != id {
		s.lot = lot{id: id}
	}
}

// after takes in what the next event is compared with.
func (s *state) after(e *Event) {
	switch e.Kind {
	case BidAccepted:
		if !strings.EqualFold(e.Handle, s.lot.leader) {
			s.lot.beforeLast = s.lot.leader
		}
		s.lot.leader, s.lot.reserveMet = e.Handle, e.ReserveMet
	case BidRefused:
		if e.Lot != "" && e.Lot == s.lot.id && e.Minimum.Gwei > 0 {
			s.lot.minimum = e.Minimum
		}
	case LotSold, LotUnsold:
		s.lot, s.secondsLeft = lot{}, -1
	}
	s.meet(e)
}

// meet counts what a person did.
func (s *state) meet(e *Event) {
	if e.Handle == "" {
		return
	}
	key, r := s.people.find(e.Handle)
	switch e.Kind {
	case PostReceived:
		r.met++
	case BidAccepted:
		r.bids++
	case BidRefused:
		r.misses++
	case LotSold:
		r.wins++
	default:
		return
	}
	if s.session != 0 && r.session != s.session {
		r.session = s.session
		r.sessions++
	}
	r.seen = e.At
	s.people.put(key, r)
}

// talk notes that a line was asked for that takes this long.
func (s *state) talk(now, millis, priority int64) {
	if s.filling && priority >= bidPriority {
		s.talkUntil = now // it will be cut
	}
	s.filling = priority <= idlePriority
	s.waiting++
	s.lastSay = now
	s.talkUntil = max(s.talkUntil, now) + millis
}

// remember keeps a line, by how it was made and by how it reads; false when it was said within the memory.
func (s *state) remember(made, reads uint64, now, memory int64) bool {
	for _, h := range [2]uint64{made, reads} {
		if at, ok := s.said[h]; ok && within(memory, at, now) {
			return false
		}
	}
	if len(s.said)+2 > maxSaid {
		s.forgetSaid(now, memory)
	}
	s.said[made], s.said[reads] = now, now
	return true
}

// forgetSaid drops what is older than the memory, or than half of it when that is not enough, and what was said later
// than now, before a clock was set back.
func (s *state) forgetSaid(now, memory int64) {
	for ; len(s.said)+2 > maxSaid; memory /= 2 {
		if memory == 0 {
			clear(s.said)
			return
		}
		for h, at := range s.said {
			if !within(memory, at, now) {
				delete(s.said, h)
			}
		}
	}
}
