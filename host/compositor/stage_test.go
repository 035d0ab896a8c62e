package compositor

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

func hostScene(id string) *scene.Scene {
	return bare(id,
		&scene.Layer{ID: "host", Kind: scene.Character, Box: image.Rect(600, 20, 600+dollW, 20+dollH)},
		&scene.Layer{ID: "p", Kind: scene.Text, Slot: "price", Box: image.Rect(100, 100, 500, 180), Style: scene.Style{Size: 60}})
}

// clip speaks a tone for a while, with the mouth open in its middle half.
func clip(samples int) *character.Clip {
	c := &character.Clip{Text: "line", PCM: make([]int16, samples)}
	for i := range c.PCM {
		c.PCM[i] = int16(9000 * math.Sin(float64(i)/20))
	}
	c.Marks = []character.Mark{{Sample: samples / 4, Viseme: character.AA}, {Sample: 3 * samples / 4, Viseme: character.Sil}}
	return c
}

// TestSoundIsExact over ten minutes: every frame carries its samples, to the last one, at every rate.
func TestSoundIsExact(t *testing.T) {
	m := newMixer(1, 1600)
	pcm := make([]int16, 3200)
	total, spoke := 0, 0
	for n := range 10 * 60 * 30 {
		if n%211 == 0 {
			m.speak(clip(30000 + n))
		}
		if m.frame(pcm) {
			spoke++
		}
		total += len(pcm) / 2
		if db := loudness(pcm); db < -60 || db > -1 {
			t.Fatalf("frame %d is at %.1f dBFS", n, db)
		}
	}
	if total != 600*character.SampleRate || spoke < 80 {
		t.Error(total, spoke)
	}
	for _, fps := range []int{24, 25, 30, 50, 60} {
		s, k := newStage(t, Config{FPS: fps, Scenes: []*scene.Scene{bare("a")}})
		for range 2 * fps {
			s.step(far())
		}
		if k.samples != 2*character.SampleRate || s.Stats().Samples != uint64(k.samples) {
			t.Errorf("%d fps: %d samples in two seconds", fps, k.samples)
		}
	}
}

func loudness(pcm []int16) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(pcm))/32768/32768)
}

// TestMouthMovesOnlyWhileSoundPlays holds the picture to the sound, frame by frame.
func TestMouthMovesOnlyWhileSoundPlays(t *testing.T) {
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{hostScene("a")}})
	d := s.withDoll()
	c := clip(30 * 1600)
	var open []int
	for n := range 60 {
		if n == 10 {
			s.Speak(c, cue.Cue{Verb: cue.Say}, 9)
		}
		s.step(far())
		if d.open {
			open = append(open, n)
		}
	}
	// the marks stand at a quarter and three quarters of thirty frames, from frame 10 on; a frame counts by its middle
	if len(open) != 15 || open[0] != 17 || open[14] != 31 {
		t.Error(open)
	}
}

func TestSpeechIsReported(t *testing.T) {
	var got []SpeechState
	s, k := newStage(t, Config{Scenes: []*scene.Scene{bare("a")}, Spoke: func(st SpeechState) { got = append(got, st) }})
	say := func(seq uint64) { s.Speak(clip(16000), cue.Cue{Verb: cue.Say, Text: "line"}, seq) }
	say(1)
	for n := range 40 {
		if n == 15 {
			say(2)
		}
		if n == 18 {
			say(3)
		}
		if n == 20 {
			s.StopSpeaking()
		}
		s.step(far())
	}
	s.deliver()
	var short []SpeechState
	for _, st := range got {
		if st.Text != "line" || st.Duration != time.Second/3 || st.At.IsZero() {
			t.Error(st)
		}
		short = append(short, SpeechState{Seq: st.Seq, Frame: st.Frame, Speaking: st.Speaking, Cut: st.Cut})
	}
	want := []SpeechState{
		{Seq: 1, Frame: 0, Speaking: true}, {Seq: 1, Frame: 9},
		{Seq: 2, Frame: 15, Speaking: true}, {Seq: 2, Frame: 18, Cut: true},
		{Seq: 3, Frame: 18, Speaking: true}, {Seq: 3, Frame: 20, Cut: true},
	}
	if d := cmp.Diff(want, short); d != "" {
		t.Error(d)
	}
	if k.n != 40 {
		t.Error(k.n)
	}
}

// TestAnEmptyLineEnds: a line without sound must not hold up the ones behind it.
func TestAnEmptyLineEnds(t *testing.T) {
	var got []SpeechState
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{bare("a")}, Spoke: func(st SpeechState) { got = append(got, st) }})
	s.Speak(nil, cue.Cue{Verb: cue.Say, Text: "…"}, 5)
	s.step(far())
	s.deliver()
	if len(got) != 2 || !got[0].Speaking || got[1].Speaking || got[1].Text != "…" {
		t.Error(got)
	}
}

func TestShownOnceInOrder(t *testing.T) {
	var got []uint64
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{hostScene("a")}, Shown: func(sh Shown) { got = append(got, sh.Seq) }})
	s.Apply(cue.Cue{Verb: cue.Text, Name: "price", Text: "1"}, 11)
	s.Apply(cue.Cue{Verb: cue.Text, Name: "nowhere", Text: "1"}, 12) // no effect, never shown
	s.Apply(cue.Cue{Verb: cue.Sound, Name: "gavel"}, 13)
	s.Apply(cue.Cue{Verb: cue.Sound, Name: "kazoo"}, 14)
	s.Apply(cue.Cue{Verb: cue.Express, Name: "happy"}, 15)
	s.Speak(clip(10), cue.Cue{Verb: cue.Say}, 16)
	s.deliver()
	if len(got) != 0 {
		t.Error("told before a frame was made", got)
	}
	s.step(far())
	s.step(far())
	s.deliver()
	if d := cmp.Diff([]uint64{11, 13, 15, 16}, got); d != "" {
		t.Error(d)
	}
}

// TestFramesKeepTheClock runs a minute: no drift, and a sink that stalls costs repeated frames but no time.
func TestFramesKeepTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		k := &keeper{}
		k.each = func(f *Frame) {
			if due := time.Duration(f.N) * time.Second / 30; !f.Repeat && time.Since(start) < due {
				t.Errorf("frame %d came %v early", f.N, due-time.Since(start))
			}
			if f.N%300 == 100 {
				time.Sleep(210 * time.Millisecond)
			}
		}
		s, _ := newStage(t, Config{Scenes: []*scene.Scene{bare("a")}, Sink: k})
		s.sleep = time.Sleep
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		st := s.Stats()
		if st.Frames < 1800 || st.Frames > 1801 || st.Samples != st.Frames*1600 {
			t.Errorf("%+v", st)
		}
		if st.Repeated < 30 || st.Repeated > 42 || st.Late < st.Repeated {
			t.Errorf("six stalls of 210 ms: %+v", st)
		}
	})
}

// TestAStandStillIsSkipped: after a long sleep of the machine the numbers jump and the stage goes on.
func TestAStandStillIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		k.each = func(f *Frame) {
			if f.N == 30 {
				time.Sleep(time.Hour)
			}
		}
		s, _ := newStage(t, Config{Scenes: []*scene.Scene{bare("a")}, Sink: k})
		s.sleep = time.Sleep
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+2*time.Second)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if st := s.Stats(); st.Frames > 70 || k.last.N < 3601*30 || st.Skipped < 3599*30 {
			t.Errorf("%+v, last frame %d", st, k.last.N)
		}
	})
}

func TestASinkThatFailsIsLoggedOnce(t *testing.T) {
	var log strings.Builder
	reg := prometheus.NewRegistry()
	s, k := newStage(t, Config{Scenes: []*scene.Scene{bare("a")}, Logger: slog.New(slog.NewTextHandler(&log, nil)), Metrics: reg})
	k.err = errors.New("pipe is gone")
	for range 5 {
		s.step(far())
	}
	k.err = nil
	s.step(far())
	if n := strings.Count(log.String(), "pipe is gone"); n != 1 || !strings.Contains(log.String(), "takes frames again") {
		t.Error(log.String())
	}
	if m, err := reg.Gather(); err != nil || len(m) != 5 {
		t.Error(len(m), err)
	}
}

// TestManyHands uses everything at once; the race detector does the rest. Every cue is told of, once.
func TestManyHands(t *testing.T) {
	const hands, turns = 4, 30
	told := make(chan struct{}, 3*hands*turns)
	s, _ := newStage(t, Config{FPS: 60, Scenes: []*scene.Scene{hostScene("a"), hostScene("b")}, Shown: func(Shown) { told <- struct{}{} }})
	s.withDoll()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	var wg sync.WaitGroup
	for h := range hands {
		wg.Go(func() {
			for i := range turns {
				s.Apply(cue.Cue{Verb: cue.Text, Name: "price", Text: strings.Repeat("9", 1+(i+h)%9)}, 1)
				s.Apply(cue.Cue{Verb: cue.Scene, Name: []string{"a", "b"}[i%2], Text: "fade"}, 1)
				s.Speak(clip(4000), cue.Cue{Verb: cue.Say}, 1)
				if i%16 == 0 {
					s.Snapshot()
				}
				s.Stats()
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	for range cap(told) {
		<-told
	}
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
}

func TestBadConfigs(t *testing.T) {
	ok := Config{Scenes: []*scene.Scene{bare("a")}, Sink: &keeper{}}
	for want, change := range map[string]func(*Config){
		"no scenes":             func(c *Config) { c.Scenes = nil },
		"no sink":               func(c *Config) { c.Sink = nil },
		"must divide 48000":     func(c *Config) { c.FPS = 29 },
		"both sides":            func(c *Config) { c.Width, c.Height = 1281, 720 },
		"make them the same":    func(c *Config) { c.Width, c.Height = 640, 360 },
		`scene "x" is unknown`:  func(c *Config) { c.Start = "x" },
		`character "zed" is un`: func(c *Config) { c.Character = "zed" },
		"no folder of pictures": func(c *Config) {
			c.Scenes = []*scene.Scene{bare("a", &scene.Layer{ID: "i", Kind: scene.Image, Image: "art/x.png", Box: image.Rect(0, 0, 9, 9)})}
		},
	} {
		c := ok
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestSnapshotLooksLikeTheFrame(t *testing.T) {
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{bare("a")}})
	s.step(far())
	r, g, b, _ := s.Snapshot().At(640, 360).RGBA()
	if d := cmp.Diff([3]int{30, 20, 50}, [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}, cmp.Comparer(func(a, b int) bool { return abs(a-b) <= 2 })); d != "" {
		t.Error(d)
	}
}
