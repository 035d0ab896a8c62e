// Package compositor draws the show and mixes its sound, one frame after another.
//
// What it promises:
//   - Frame n is due at start + n/FPS, reckoned from the start and not from the frame before, so the clock does not
//     drift. A frame that cannot be composed in time is the last one again, marked and counted; its sound is new, so
//     picture and sound never part.
//   - Every frame carries exactly SampleRate/FPS stereo samples, and is never wholly silent.
//   - Cues come in by Apply, Speak and StopSpeaking from any goroutine and never wait for a frame. What is costly
//     (laying out text, decoding pictures, converting a character) is done before the cue reaches the frame loop.
//   - A cue's Shown is called once, in order, after the first frame with its effect was handed to the sink.
//   - The mouth is read from the clip at the sample in the middle of the frame, so it moves only while sound plays.
//
// Pictures are composed straight in planar I420: every drawable is converted once, and only the rectangles that changed
// are painted.
package compositor

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Frame is one frame of the program. Its memory is the stage's and is valid until WriteFrame returns.
type Frame struct {
	N      uint64  // number of the frame, which is its time stamp in frames; it may skip when the machine stood still
	I420   []byte  // Y, U and V planes, BT.709 in limited range
	PCM    []int16 // stereo, SampleRate/FPS samples a channel
	Late   bool    // handed over after the next frame was due
	Repeat bool    // the picture is the one before
}

// sink takes frames; it should return within a fraction of a frame.
type sink interface{ WriteFrame(f *Frame) error }

// Shown says that a cue's effect is in a frame.
type Shown struct {
	Seq   uint64 // of the cue
	Frame uint64
	At    time.Time
}

// SpeechState says that a line began or ended.
type SpeechState struct {
	Seq      uint64 // of the cue
	Cue      cue.Cue
	Text     string
	Duration time.Duration
	Frame    uint64 // in which its first sample is, or its last was
	At       time.Time
	Speaking bool // it began; else it ended
	Cut      bool // it ended before its time
}

// Config sets up a stage. Scenes and Sink are needed; for the rest the zero value works.
type Config struct {
	Width, Height int // 1280x720 by default; scenes have this size
	FPS           int // 30 by default; must divide 48,000
	Scenes        []*scene.Scene
	Start         string // id of the first scene; the first of Scenes by default
	Characters    map[string]*character.Pack
	Character     string   // id of who is on stage at first; nobody when empty
	FontDirs      []string // where system fonts are looked for; the usual places by default
	Art           fs.FS    // pictures of the scenes, by the names in the scene files
	Artwork       fs.FS    // pictures of the lots, by the names in text cues for artwork slots
	Sink          sink
	Shown         func(Shown)
	Spoke         func(SpeechState)
	Seed          uint64
	Logger        *slog.Logger
	Metrics       prometheus.Registerer
}

func (c *Config) fill() error {
	if c.Width == 0 && c.Height == 0 {
		c.Width, c.Height = 1280, 720
	}
	if c.FPS == 0 {
		c.FPS = 30
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.Width <= 0 || c.Height <= 0 || c.Width%2 != 0 || c.Height%2 != 0:
		return fmt.Errorf("size %dx%d: both sides must be even and above nothing", c.Width, c.Height)
	case c.FPS < 1 || character.SampleRate%c.FPS != 0:
		return fmt.Errorf("%d frames a second: must divide %d, such as 24, 25, 30, 50 or 60", c.FPS, character.SampleRate)
	case len(c.Scenes) == 0:
		return errors.New("no scenes: a stage needs at least one")
	case c.Sink == nil:
		return errors.New("no sink: frames must go somewhere")
	}
	return c.fits(c.Scenes)
}

// fits says whether scenes have the size of the stage.
func (c *Config) fits(scenes []*scene.Scene) error {
	for _, s := range scenes {
		if s.Width != c.Width || s.Height != c.Height {
			return fmt.Errorf("%s: scene %q is %dx%d and the stage %dx%d: make them the same; run the show with --resolution %dx%d, or bring scenes of its size",
				s.File, s.ID, s.Width, s.Height, c.Width, c.Height, s.Width, s.Height)
		}
	}
	return nil
}

// Stage is the compositor. Its exported methods may be called by any goroutine.
type Stage struct {
	cfg   Config
	log   *slog.Logger
	meter *meter
	text  *typesetter
	cast  *cast
	queue queue
	art   artist
	out   outbox

	prep  sync.RWMutex // held while a cue is made ready for the scenes, so that they change between two cues
	ready *sceneSet    // what cues are made ready for

	mu    sync.Mutex // held while a frame is made
	graph *scene.Graph
	views map[string]*view
	actor *actor
	mixer *mixer
	talk  *line
	mixed *picture // where transitions are drawn
	last  *picture // what the sink got last
	items []item
	pcm   []int16
	stats Stats
	n     uint64
	owed  int // frames that were repeated since the last tick
	fault bool
	sleep func(time.Duration) // until a frame is due; tests have another clock
}

// line is what is being said.
type line struct {
	clip *character.Clip
	cue  cue.Cue
	seq  uint64
}

// Stats are counts since the start.
type Stats struct {
	Frames    uint64 `json:"frames"`
	Late      uint64 `json:"late"`
	Repeated  uint64 `json:"repeated"`
	Skipped   uint64 `json:"skipped"`
	Samples   uint64 `json:"samples"` // a channel
	Scene     string `json:"scene"`
	Character string `json:"character"`
	Speaking  bool   `json:"speaking"`
}

// New prepares every scene; it reads fonts and art and takes some tenths of a second.
func New(cfg Config) (*Stage, error) {
	if err := cfg.fill(); err != nil {
		return nil, fmt.Errorf("compositor: %w", err)
	}
	fonts, warn, err := loadFonts(cfg.FontDirs)
	if err != nil {
		return nil, fmt.Errorf("compositor: %w", err)
	}
	if warn != nil {
		cfg.Logger.Warn("a system font cannot be used; its letters will be boxes", telemetry.KeyErr, warn)
	}
	s := &Stage{
		cfg: cfg, log: cfg.Logger, text: newTypesetter(fonts),
		cast: newCast(cfg.Characters, int64(cfg.Seed)), mixer: newMixer(cfg.Seed, character.SampleRate/cfg.FPS),
		mixed: newPicture(cfg.Width, cfg.Height, bestKernel()),
		pcm:   make([]int16, 2*character.SampleRate/cfg.FPS), meter: newMeter(cfg.Metrics), sleep: nap,
	}
	s.last = s.mixed
	s.out.wake = make(chan struct{}, 1)
	s.art.wake = make(chan struct{}, 1)
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("compositor: %w", err)
	}
	return s, nil
}

// prepare makes the views and sets the first scene and character.
func (s *Stage) prepare() error {
	set, err := newSceneSet(s.cfg.Scenes, s.cfg.Art, s.text)
	if err != nil {
		return err
	}
	s.ready, s.graph, s.views = set, set.graph, set.views
	if s.cfg.Start != "" {
		if err := s.graph.Apply(cue.Cue{Verb: cue.Scene, Name: s.cfg.Start, Text: string(scene.Cut)}); err != nil {
			return err
		}
	}
	if s.cfg.Character == "" {
		return nil
	}
	a, err := s.cast.ready(s.cfg.Character)
	s.actor = a
	return err
}

// Apply brings a cue onto the stage; seq is told to Shown. A cue for something that is not on this stage is logged and
// otherwise without effect. It lays out text, which can take some milliseconds when letters are new.
func (s *Stage) Apply(c cue.Cue, seq uint64) {
	s.prep.RLock()
	defer s.prep.RUnlock()
	if err := s.check(c); err != nil {
		s.log.Warn("a cue has no effect", telemetry.KeySeq, seq, telemetry.KeyPlugin, c.From, telemetry.KeyErr, err)
		return
	}
	cmd := command{kind: applyCue, cue: c, seq: seq}
	if c.Verb == cue.Text {
		if len(s.ready.slotNodes(c.Name, scene.Artwork)) > 0 {
			s.art.ask(cmd)
			return
		}
		cmd.texts = s.ready.layOut(s.text, c.Name, c.Text)
	}
	s.queue.put(cmd)
}

func (s *Stage) check(c cue.Cue) error {
	switch c.Verb {
	case cue.Say:
		return errors.New("a line is brought on by Speak, with its sound")
	case cue.Reply, cue.Post:
		return errors.New("the stage does not write posts")
	case cue.Sound:
		return s.mixer.check(c.Name)
	}
	return s.ready.graph.Check(c)
}

// Speak says a line from the first sample of the next frame on; a line that is being said is cut.
func (s *Stage) Speak(clip *character.Clip, c cue.Cue, seq uint64) {
	if clip == nil || len(clip.PCM) == 0 {
		clip = &character.Clip{Text: c.Text, PCM: make([]int16, 1)}
	}
	s.queue.put(command{kind: speak, cue: c, seq: seq, clip: clip})
}

// StopSpeaking cuts the line that is being said.
func (s *Stage) StopSpeaking() { s.queue.put(command{kind: stopSpeaking}) }

// SetCharacter puts another character on stage between two frames. It returns when the character is ready, which takes
// some tenths of a second, and not when it is seen.
func (s *Stage) SetCharacter(id string) error {
	a, err := s.cast.ready(id)
	if err != nil {
		return fmt.Errorf("set character: %w", err)
	}
	s.queue.put(command{kind: setCharacter, actor: a})
	return nil
}

// AddCharacter makes a character known, in the place of one of its id. The one on stage stays as it is until
// SetCharacter.
func (s *Stage) AddCharacter(p *character.Pack) { s.cast.add(p) }

// Stats tells how the stage has done.
func (s *Stage) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Scene, st.Speaking = s.graph.Program().ID, s.talk != nil
	if s.actor != nil {
		st.Character = s.actor.id
	}
	return st
}

// Snapshot is the program as it was handed to the sink last.
func (s *Stage) Snapshot() image.Image {
	p := newPicture(s.cfg.Width, s.cfg.Height, kernel{})
	s.mu.Lock()
	copy(p.buf, s.last.buf)
	s.mu.Unlock()
	return p.rgba()
}

// Step makes the next frame at once, in the caller's goroutine, and is never late: for whoever has a clock of their own,
// such as a renderer to a file. It is used instead of Run, not beside it; reports are delivered before it returns.
func (s *Stage) Step() {
	s.drawArt()
	s.step(time.Now().Add(time.Hour))
	s.deliver()
}

// Run makes frames until the context ends. It may be called once.
func (s *Stage) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.report(ctx) })
	wg.Go(func() { s.loadArt(ctx) })
	s.loop(ctx)
	wg.Wait()
	return nil
}
