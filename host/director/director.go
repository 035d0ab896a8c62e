package director

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
)

// Operator is the source of cues that people at the control room give; it has no budget and no cooldown.
const Operator = "operator"

// stage shows cues; none of its methods may block.
type stage interface {
	Apply(c cue.Cue, seq uint64)
	Speak(clip *character.Clip, c cue.Cue, seq uint64)
	StopSpeaking()
}

// voice turns a line into sound. It is called from one goroutine at a time.
type voice interface {
	Speak(ctx context.Context, character string, text string) (*character.Clip, error)
}

// recorder makes facts durable.
type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
}

// Config names the parts a director works with; Stage, Voice and Facts are required, the rest has defaults.
type Config struct {
	Stage     stage
	Voice     voice
	Facts     recorder
	Character string // whose voice is used until SetCharacter

	Waiting      int           // lines that may wait to be said; 4
	Gap          time.Duration // silence between two lines; 250 ms
	Ahead        time.Duration // how long before a line ends the next one is voiced; 1.5 s
	VoiceTimeout time.Duration // a line not voiced by then is dropped; 5 s
	SceneHold    time.Duration // least time a scene stays; 500 ms
	GestureHold  time.Duration // least time between two gestures; 600 ms
	CueRate      float64       // cues a second and source; 300, in bursts of twice that
	LineRate     float64       // lines a second and source; 4, in bursts of twice that
	TextLimit    int           // bytes of a line; 400
	Inbox        int           // cues that may wait for the loop; 1024
	Past         time.Duration // what happened this long ago is not talked about any more; 15 s

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (c Config) withDefaults() Config {
	orDefault(&c.Waiting, 4)
	orDefault(&c.Gap, 250*time.Millisecond)
	orDefault(&c.Ahead, 1500*time.Millisecond)
	orDefault(&c.VoiceTimeout, 5*time.Second)
	orDefault(&c.SceneHold, 500*time.Millisecond)
	orDefault(&c.GestureHold, 600*time.Millisecond)
	orDefault(&c.CueRate, 300)
	orDefault(&c.LineRate, 4)
	orDefault(&c.TextLimit, 400)
	orDefault(&c.Inbox, 1024)
	orDefault(&c.Past, 15*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return c
}

// Director is the one door between what is asked and what is shown.
type Director struct {
	cfg     Config
	metrics *metrics

	character atomic.Pointer[string]
	speaking  atomic.Bool
	quiet     atomic.Pointer[time.Time] // since when nobody speaks

	wake chan struct{}
	mu   sync.Mutex
	in   inbox
}

// inbox is what others handed in since the loop last looked.
type inbox struct {
	offers []offer
	ended  []uint64 // cues whose line is over
	forget []string // sources whose lines are void
}

// offer is one cue and the fact that led to it.
type offer struct {
	cue   cue.Cue
	cause event.Event
	at    time.Time
	void  string // why it is not to be said any more, though it waits in the inbox or the voice works on it
}

// New makes a director; nothing moves until Run.
func New(cfg Config) *Director {
	d := &Director{cfg: cfg.withDefaults(), metrics: newMetrics(cfg.Metrics), wake: make(chan struct{}, 1)}
	d.SetCharacter(cfg.Character)
	d.setQuiet(time.Now())
	return d
}

// Offer hands in cues and the fact that led to them; the zero Event means that no fact did. It never waits.
func (d *Director) Offer(_ context.Context, cause event.Event, cues []cue.Cue) {
	now := time.Now()
	d.mu.Lock()
	for _, c := range cues {
		if len(d.in.offers) >= d.cfg.Inbox {
			d.metrics.overflow.Inc()
			continue
		}
		d.in.offers = append(d.in.offers, offer{cue: c, cause: cause, at: now})
	}
	d.mu.Unlock()
	d.nudge()
}

// SpeechEnded tells that the line of the cue with this number is over, spoken or cut.
func (d *Director) SpeechEnded(seq uint64) {
	d.mu.Lock()
	d.in.ended = append(d.in.ended, seq)
	d.mu.Unlock()
	d.nudge()
}

// Forget cuts the line of a source and drops what it has waiting to be said; for a plugin that has left its slot.
func (d *Director) Forget(source string) {
	d.mu.Lock()
	d.in.forget = append(d.in.forget, source)
	for i := range d.in.offers { // what comes in later is a successor's of the same name
		if o := &d.in.offers[i]; o.cue.From == source && o.cue.Verb == cue.Say {
			o.void = reasonForgotten
		}
	}
	d.mu.Unlock()
	d.nudge()
}

// SetCharacter says whose voice speaks from the next line on.
func (d *Director) SetCharacter(id string) { d.character.Store(&id) }

// Silent is how long nobody has spoken; 0 while someone does.
func (d *Director) Silent() time.Duration {
	if d.speaking.Load() {
		return 0
	}
	return max(0, time.Since(*d.quiet.Load()))
}

func (d *Director) setQuiet(at time.Time) {
	d.quiet.Store(&at)
	d.speaking.Store(false)
}

func (d *Director) nudge() {
	select {
	case d.wake <- struct{}{}:
	default: // the loop has not looked since the last nudge; it will find this as well
	}
}

func (d *Director) takeInbox() inbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := d.in
	d.in = inbox{}
	return in
}

// Run directs until ctx ends; it returns an error only when facts can no longer be recorded.
func (d *Director) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	f := newFloor(d, time.Now())
	defer f.voicing.Wait() // after cancel: the voice gives up with the context
	defer cancel()
	d.setQuiet(time.Now())

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, err := f.step(ctx, time.Now())
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		timer.Reset(max(0, time.Until(next)))
		select {
		case <-ctx.Done():
			return nil
		case l := <-f.voiced:
			f.hear(l)
		case <-d.wake:
		case <-timer.C:
		}
	}
}
