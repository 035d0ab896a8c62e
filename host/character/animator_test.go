package character_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
)

const frame = time.Second / 30

// shown is the variant that a slot shows.
func shown(a *character.Animator, slot string) string {
	for _, p := range a.Placed() {
		if v, ok := strings.CutPrefix(p.Part.ID, slot+"."); ok {
			return v
		}
	}
	return ""
}

func apply(t testing.TB, a *character.Animator, verb cue.Verb, name string) {
	t.Helper()
	if err := a.Apply(cue.Cue{Verb: verb, Name: name}); err != nil {
		t.Fatal(err)
	}
}

func run(a *character.Animator, d time.Duration, each func()) {
	for t := time.Duration(0); t < d; t += frame {
		a.Tick(frame, character.Sil, false)
		if each != nil {
			each()
		}
	}
}

func TestEveryFaceSpeaksEveryViseme(t *testing.T) {
	for _, id := range ours {
		p := load(t, id)
		for name, e := range p.Expressions {
			a := character.NewAnimator(p, 1)
			apply(t, a, cue.Express, name)
			run(a, time.Second, nil)
			if got := a.Expression(); got != name {
				t.Errorf("%s: %s after a second of %s", id, got, name)
			}
			if got := shown(a, "mouth"); got != e.Mouth {
				t.Errorf("%s %s: rests with mouth %q, want %q", id, name, got, e.Mouth)
			}
			for v := range character.VisemeNames {
				a.Tick(frame, character.Viseme(v), true)
				want := p.Visemes[v].Mouth
				if character.Viseme(v) == character.Sil && e.Closed != "" {
					want = e.Closed
				}
				if got := shown(a, "mouth"); got != want {
					t.Errorf("%s %s: mouth %q for %s, want %q", id, name, got, character.VisemeNames[v], want)
				}
			}
		}
	}
}

// The audience must never see lips without a voice.
func TestMouthIsStillWithoutVoice(t *testing.T) {
	p := load(t, "dusty")
	a := character.NewAnimator(p, 5)
	for v := range character.VisemeNames {
		for range 100 {
			a.Tick(frame, character.Viseme(v), false)
			if got := shown(a, "mouth"); got != "x" {
				t.Fatalf("mouth %q while silent", got)
			}
		}
	}
	a.Tick(frame, character.AA, true)
	if got := shown(a, "mouth"); got != p.Visemes[character.AA].Mouth {
		t.Errorf("mouth %q for aa", got)
	}
	a.Tick(frame, character.AA, false)
	if got := shown(a, "mouth"); got != "x" {
		t.Errorf("mouth %q a frame after the voice ended", got)
	}
}

func TestBlinks(t *testing.T) {
	p := load(t, "mina")
	b := p.Idle.Blink
	var begins, shut []time.Duration
	for seed := range int64(4) {
		a := character.NewAnimator(p, seed)
		var now, since time.Duration
		closed := false
		run(a, 2*time.Minute, func() {
			now += frame
			is := shown(a, "eyes") == b.Eyes
			switch {
			case is && !closed:
				begins, since = append(begins, now), now
			case !is && closed:
				shut = append(shut, now-since)
			}
			closed = is
		})
	}
	perMinute := float64(len(begins)) / 8
	if perMinute < 11 || perMinute > 28 {
		t.Errorf("%.1f blinks a minute", perMinute)
	}
	for _, d := range shut {
		if d < b.Closed-frame || d > b.Closed+frame {
			t.Errorf("eyes shut for %v, want about %v", d, b.Closed)
		}
	}
	double := 0
	for i := 1; i < len(begins); i++ {
		switch gap := begins[i] - begins[i-1]; {
		case gap <= 0: // the next seed
		case gap < 500*time.Millisecond:
			double++
		case gap < b.Min || gap > b.Max+time.Second:
			t.Errorf("%v from one blink to the next", gap)
		}
	}
	if double == 0 || double > len(begins)/2 {
		t.Errorf("%d of %d blinks came twice", double, len(begins))
	}
}

func TestClosedEyesDoNotBlink(t *testing.T) {
	a := character.NewAnimator(load(t, "dusty"), 3)
	apply(t, a, cue.Express, "happy")
	run(a, time.Second, nil)
	run(a, 20*time.Second, func() {
		if got := shown(a, "eyes"); got != "happy" {
			t.Fatalf("laughing eyes became %q", got)
		}
	})
}

// A new face is there within 120 ms, its cut hidden by lids that are all but closed.
func TestFaceTurnsBehindLids(t *testing.T) {
	p := load(t, "dusty")
	a := character.NewAnimator(p, 1)
	a.Tick(time.Millisecond, character.Sil, false)
	apply(t, a, cue.Express, "surprised")
	before, least := "open", 1.0
	for range 120 {
		a.Tick(time.Millisecond, character.Sil, false)
		eyes := slices.IndexFunc(a.Placed(), func(q character.Placed) bool { return strings.HasPrefix(q.Part.ID, "eyes.") })
		q := a.Placed()[eyes]
		if v := shown(a, "eyes"); v != before {
			if least > 0.35 {
				t.Errorf("cut from %s to %s with the lids at %.2f", before, v, least)
			}
			before = v
		}
		least = q.ScaleY
	}
	if before != "wide" || math.Abs(least-1) > 0.05 {
		t.Errorf("after 120 ms: eyes %s at %.2f", before, least)
	}
}

func TestExpressionsEnd(t *testing.T) {
	a := character.NewAnimator(load(t, "dusty"), 1)
	if err := a.Apply(cue.Cue{Verb: cue.Express, Name: "excited", Millis: 500}); err != nil {
		t.Fatal(err)
	}
	run(a, 400*time.Millisecond, nil)
	if got := a.Expression(); got != "excited" {
		t.Errorf("%s within its time", got)
	}
	run(a, 300*time.Millisecond, nil)
	if got := a.Expression(); got != "neutral" {
		t.Errorf("%s after its time", got)
	}
	apply(t, a, cue.Express, "smug")
	run(a, time.Minute, nil)
	if got := a.Expression(); got != "smug" {
		t.Errorf("%s, though asked to stay", got)
	}
	apply(t, a, cue.Mood, "dejected")
	run(a, time.Second, nil)
	if got := a.Expression(); got != "sad" {
		t.Errorf("%s in a new mood", got)
	}
}

func TestMoodsDecay(t *testing.T) {
	for _, id := range ours {
		p := load(t, id)
		for name := range p.Moods {
			a := character.NewAnimator(p, 1)
			apply(t, a, cue.Mood, name)
			at := name
			for range p.Moods {
				m := p.Moods[at]
				run(a, 500*time.Millisecond, nil)
				if a.Mood() != at || a.Expression() != m.Expression {
					t.Fatalf("%s: %s with face %s, want %s", id, a.Mood(), a.Expression(), at)
				}
				if m.DecayTo == "" {
					break
				}
				run(a, m.DecayAfter-500*time.Millisecond, nil)
				at = m.DecayTo
			}
			if at != p.FirstMood {
				t.Errorf("%s: %s ends in %s", id, name, at)
			}
		}
	}
}

// The lines of a mood name it without saying how strong it is: it goes on as strong as it was.
func TestALineLeavesItsMoodAsItIs(t *testing.T) {
	p := load(t, ours[0])
	spoken, silent, full := character.NewAnimator(p, 9), character.NewAnimator(p, 9), character.NewAnimator(p, 9)
	for _, a := range []*character.Animator{spoken, silent} {
		if err := a.Apply(cue.Cue{Verb: cue.Mood, Name: "excited", Value: 20}); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, spoken, cue.Mood, "excited")
	apply(t, full, cue.Mood, "excited")
	for _, a := range []*character.Animator{spoken, silent, full} {
		run(a, time.Second, nil)
	}
	if !slices.Equal(spoken.Placed(), silent.Placed()) || slices.Equal(spoken.Placed(), full.Placed()) {
		t.Error("a line makes its mood as strong as it can be")
	}
}

// A gesture leaves no trace: the character ends up exactly where a twin is that never made it.
func TestGesturesEndAtRest(t *testing.T) {
	for _, id := range ours {
		p := load(t, id)
		for name, g := range p.Gestures {
			a, twin := character.NewAnimator(p, 9), character.NewAnimator(p, 9)
			apply(t, a, cue.Gesture, name)
			moved := false
			for d := time.Duration(0); d <= g.Length+time.Second; d += frame {
				a.Tick(frame, character.Sil, false)
				twin.Tick(frame, character.Sil, false)
				moved = moved || !slices.Equal(a.Placed(), twin.Placed())
			}
			if !moved {
				t.Errorf("%s: %s moves nothing", id, name)
			}
			if !slices.Equal(a.Placed(), twin.Placed()) {
				t.Errorf("%s: %s does not end where it began", id, name)
			}
		}
	}
}

func TestStandInsTakeTurns(t *testing.T) {
	for _, id := range ours {
		p := load(t, id)
		a := character.NewAnimator(p, 1)
		apply(t, a, cue.Gesture, "wave")
		waved := 0
		run(a, p.Gestures["wave"].Length+frame, func() {
			n := 0
			for _, q := range a.Placed() {
				if q.Part.ID == "arm.l.fore" || q.Part.ID == "arm.l.wave" {
					n++
				}
				if q.Part.ID == "arm.l.wave" {
					waved++
				}
			}
			if n != 1 {
				t.Fatalf("%s: %d left hands", id, n)
			}
		})
		if waved == 0 {
			t.Errorf("%s: no open hand in a wave", id)
		}
	}
}

func TestUnknownNamesAreNamed(t *testing.T) {
	a := character.NewAnimator(load(t, "dusty"), 1)
	for _, c := range []struct {
		verb       cue.Verb
		name, want string
	}{
		{cue.Express, "hapy", `dusty has no expression "hapy" (did you mean "happy"?)`},
		{cue.Gesture, "gavle", `dusty has no gesture "gavle" (did you mean "gavel"?)`},
		{cue.Mood, "clam", `dusty has no mood "clam" (did you mean "calm"?)`},
		{cue.Say, "tens", `dusty has no mood "tens" (did you mean "tense"?)`},
	} {
		if err := a.Apply(cue.Cue{Verb: c.verb, Name: c.name}); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if err := a.Apply(cue.Cue{Verb: cue.Text, Name: "price"}); err != nil {
		t.Errorf("a cue that is not a character's: %v", err)
	}
}

// Mood and say may carry an intensity: half a mood moves less than a whole one.
func TestIntensity(t *testing.T) {
	travel := func(value int64) float64 {
		a := character.NewAnimator(load(t, "mina"), 4)
		if err := a.Apply(cue.Cue{Verb: cue.Mood, Name: "excited", Value: value}); err != nil {
			t.Fatal(err)
		}
		run(a, 2*time.Second, nil)
		var sum, last float64
		run(a, 8*time.Second, func() {
			for _, q := range a.Placed() {
				if q.Part.ID == "gill.l2" {
					sum += math.Abs(q.Rot - last)
					last = q.Rot
				}
			}
		})
		return sum
	}
	whole, half, quarter := travel(0), travel(50), travel(25)
	if !(whole > half && half > quarter) {
		t.Errorf("a gill swung %.1f degrees at full, %.1f at half, %.1f at a quarter", whole, half, quarter)
	}
}

func TestLongPausesAreNotMadeUpFor(t *testing.T) {
	p := load(t, "dusty")
	a, b := character.NewAnimator(p, 2), character.NewAnimator(p, 2)
	a.Tick(time.Hour, character.Sil, false)
	b.Tick(250*time.Millisecond, character.Sil, false)
	if !slices.Equal(a.Placed(), b.Placed()) {
		t.Error("an hour is not the longest tick")
	}
	a.Tick(-time.Second, character.Sil, false)
	if !slices.Equal(a.Placed(), b.Placed()) {
		t.Error("time went backwards")
	}
}

func TestMatrixIsThePlacement(t *testing.T) {
	q := character.Placed{Part: &character.Part{PivotX: 30, PivotY: 40}, X: 100, Y: 200, ScaleX: 2, ScaleY: 0.5, Rot: 90}
	a, b, c, d, e, f := q.Matrix()
	at := func(x, y float64) [2]float64 {
		return [2]float64{math.Round(a*x + b*y + c), math.Round(d*x + e*y + f)}
	}
	if got := at(30, 40); got != [2]float64{130, 240} {
		t.Errorf("the pivot moved to %v", got)
	}
	if got := at(40, 40); got != [2]float64{130, 260} { // 10 right, doubled, turned clockwise: 20 down
		t.Errorf("right of the pivot lands on %v", got)
	}
	if got := at(30, 60); got != [2]float64{120, 240} { // 20 down, halved, turned: 10 left
		t.Errorf("below the pivot lands on %v", got)
	}
}

// Whatever is asked in whatever order: the same again gives the same, and every part stays a picture one can draw.
func TestAnyShow(t *testing.T) {
	packs := []*character.Pack{load(t, "dusty"), load(t, "mina")}
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SampledFrom(packs).Draw(rt, "character")
		seed := rapid.Int64().Draw(rt, "seed")
		a, twin := character.NewAnimator(p, seed), character.NewAnimator(p, seed)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			c := cue.Cue{
				Verb:   rapid.SampledFrom([]cue.Verb{cue.Express, cue.Mood, cue.Gesture, cue.Say}).Draw(rt, "verb"),
				Name:   rapid.SampledFrom([]string{"happy", "sad", "calm", "excited", "tense", "wave", "gavel", "bounce", "lean", "neutral", "thinking", "nobody"}).Draw(rt, "name"),
				Value:  rapid.Int64().Draw(rt, "value"),
				Millis: rapid.Int64Range(-10, 5000).Draw(rt, "millis"),
			}
			if (a.Apply(c) == nil) != (twin.Apply(c) == nil) {
				rt.Fatal("twins disagree")
			}
			dt := time.Duration(rapid.Int64Range(0, int64(400*time.Millisecond)).Draw(rt, "dt"))
			mouth := character.Viseme(rapid.Uint8().Draw(rt, "viseme"))
			speaking := rapid.Bool().Draw(rt, "speaking")
			a.Tick(dt, mouth, speaking)
			twin.Tick(dt, mouth, speaking)
			if !slices.Equal(a.Placed(), twin.Placed()) {
				rt.Fatal("twins differ")
			}
			drawable(rt, p, a.Placed())
		}
	})
}

func drawable(rt *rapid.T, p *character.Pack, placed []character.Placed) {
	for _, q := range placed {
		for _, v := range []float64{q.X, q.Y, q.ScaleX, q.ScaleY, q.Rot, q.Opacity} {
			if math.IsNaN(v) || math.Abs(v) > 4000 {
				rt.Fatalf("%s is at %+v", q.Part.ID, q)
			}
		}
		if q.Opacity <= 0 || q.Opacity > 1 || q.ScaleX < 0.1 || q.ScaleY < 0.1 {
			rt.Fatalf("%s is at %+v", q.Part.ID, q)
		}
	}
	if len(placed) == 0 {
		rt.Fatalf("%s is not there", p.ID)
	}
}

func TestTickAllocatesNothing(t *testing.T) {
	a := character.NewAnimator(load(t, "mina"), 1)
	apply(t, a, cue.Gesture, "bounce")
	i := 0
	if n := testing.AllocsPerRun(500, func() {
		a.Tick(frame, character.Viseme(i%15), i%40 < 25)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}

func BenchmarkTick(b *testing.B) {
	a := character.NewAnimator(load(b, "mina"), 1)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		a.Tick(frame, character.Viseme(i%15), true)
		i++
	}
}
