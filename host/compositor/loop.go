package compositor

import (
	"context"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/telemetry"
)

// maxBehind is how much of a stand-still (a suspended machine) is made up for by repeated frames; of the rest the
// numbers are skipped, so that time stamps stay true.
const maxBehind = 2 * time.Second

// due is when a frame is due after the start.
func (s *Stage) due(n uint64) time.Duration {
	fps := uint64(s.cfg.FPS)
	return time.Duration(n/fps)*time.Second + time.Duration(n%fps)*time.Second/time.Duration(fps)
}

func (s *Stage) loop(ctx context.Context) {
	back, err := goAhead()
	if err != nil {
		s.log.Debug("frames are made at the priority of everything else", telemetry.KeyErr, err)
	}
	defer back()
	start := time.Now()
	for {
		s.sleep(time.Until(start.Add(s.due(s.n))))
		if ctx.Err() != nil {
			return
		}
		behind := time.Since(start) - s.due(s.n)
		if behind > maxBehind {
			s.skip(behind)
		}
		s.step(start)
	}
}

// skip passes over the frames of a long stand-still.
func (s *Stage) skip(behind time.Duration) {
	n := uint64(behind * time.Duration(s.cfg.FPS) / time.Second)
	s.mu.Lock()
	s.n += n
	s.stats.Skipped += n
	s.mu.Unlock()
	s.log.Warn("the machine stood still; frames are skipped", "frames", n)
}

// step makes the next frame and hands it over.
func (s *Stage) step(start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	nextDue := start.Add(s.due(s.n + 1))
	f := Frame{N: s.n, PCM: s.pcm, Repeat: s.n > 0 && !began.Before(nextDue)}
	var shown []Shown
	var spoke []SpeechState
	if f.Repeat {
		s.owed++
	} else {
		shown, spoke = s.obey(s.queue.take())
		s.advance()
		s.compose()
	}
	if s.mixer.frame(s.pcm) {
		spoke = append(spoke, s.ended(false))
	}
	f.I420 = s.last.buf
	now := time.Now()
	f.Late = now.After(nextDue)
	s.hand(&f)
	s.count(&f, now.Sub(began))
	s.out.put(stamp(shown, spoke, s.n, now))
	s.n++
}

// stamp fills in when the reports of a frame came true.
func stamp(shown []Shown, spoke []SpeechState, n uint64, at time.Time) ([]Shown, []SpeechState) {
	for i := range shown {
		shown[i].Frame, shown[i].At = n, at
	}
	for i := range spoke {
		spoke[i].Frame, spoke[i].At = n, at
	}
	return shown, spoke
}

// obey makes the changes that came in since the last frame.
func (s *Stage) obey(cmds []command) (shown []Shown, spoke []SpeechState) {
	for i := range cmds {
		c := &cmds[i]
		switch c.kind {
		case applyCue:
			s.obeyCue(c)
		case speak:
			spoke = s.hush(spoke)
			s.talk = &line{c.clip, c.cue, c.seq}
			s.mixer.speak(c.clip)
			spoke = append(spoke, s.talk.state(true, false))
		case stopSpeaking:
			spoke = s.hush(spoke)
		case setCharacter:
			s.actor = c.actor
		case setScenes:
			s.exchange(c.set, c.seen)
		}
		if c.seq != 0 {
			shown = append(shown, Shown{Seq: c.seq})
		}
		*c = command{} // let go of clips and pictures
	}
	return shown, spoke
}

func (s *Stage) obeyCue(c *command) {
	for _, t := range c.texts {
		t.node.run = t.run
	}
	for _, a := range c.arts {
		a.node.art = a.art
	}
	switch c.cue.Verb {
	case cue.Express, cue.Mood, cue.Gesture:
		if s.actor == nil {
			return
		}
		if err := s.actor.puppet.Apply(c.cue); err != nil {
			s.log.Warn("a cue has no effect", telemetry.KeySeq, c.seq, telemetry.KeyPlugin, c.cue.From, telemetry.KeyErr, err)
		}
	case cue.Sound:
		s.mixer.play(c.cue.Name)
	default:
		// Apply has checked it against names that never change
		if err := s.graph.Apply(c.cue); err != nil {
			s.log.Error("a checked cue was refused", telemetry.KeySeq, c.seq, telemetry.KeyErr, err)
		}
	}
}

// hush cuts the line that is being said, if any.
func (s *Stage) hush(spoke []SpeechState) []SpeechState {
	if s.talk == nil {
		return spoke
	}
	s.mixer.stop()
	return append(spoke, s.ended(true))
}

func (s *Stage) ended(cut bool) SpeechState {
	st := s.talk.state(false, cut)
	s.talk = nil
	return st
}

func (l *line) state(on, cut bool) SpeechState {
	text := l.clip.Text
	if text == "" {
		text = l.cue.Text
	}
	d := time.Duration(len(l.clip.PCM)) * time.Second / character.SampleRate
	return SpeechState{Seq: l.seq, Cue: l.cue, Text: text, Duration: d, Speaking: on, Cut: cut}
}

// advance lets the time of this frame, and of the repeated ones before it, pass on stage.
func (s *Stage) advance() {
	dt := time.Second * time.Duration(1+s.owed) / time.Duration(s.cfg.FPS)
	s.owed = 0
	s.graph.Tick(dt)
	if s.actor != nil {
		mouth, speaking := s.mixer.mouth()
		s.actor.puppet.Tick(dt, mouth, speaking)
	}
}

// compose brings the picture up to date and makes it the last one.
func (s *Stage) compose() {
	now := s.draw(s.graph.Program())
	if m := s.graph.Mix(); m.From != nil {
		s.mixed.transit(s.draw(m.From), now, m.Kind, m.T)
		now = s.mixed
	}
	s.last = now
}

func (s *Stage) draw(sc *scene.Scene) *picture {
	v := s.views[sc.ID]
	s.items = v.collect(s.items[:0], s.graph, s.actor)
	v.paint.compose(s.items)
	return v.paint.frame
}

// hand gives the frame to the sink; a fault is logged when it begins and when it is over, not thirty times a second.
func (s *Stage) hand(f *Frame) {
	err := s.cfg.Sink.WriteFrame(f)
	if err != nil {
		s.meter.faults.Inc()
	}
	if fault := err != nil; fault != s.fault {
		s.fault = fault
		if fault {
			s.log.Error("the sink does not take frames", telemetry.KeyErr, err)
		} else {
			s.log.Info("the sink takes frames again")
		}
	}
}

func (s *Stage) count(f *Frame, took time.Duration) {
	s.stats.Frames++
	s.stats.Samples += uint64(len(f.PCM) / 2)
	s.meter.frames.Inc()
	s.meter.compose.Observe(took.Seconds())
	if f.Late {
		s.stats.Late++
		s.meter.late.Inc()
	}
	if f.Repeat {
		s.stats.Repeated++
		s.meter.repeated.Inc()
	}
}
