package wasm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/shipped"
	"github.com/sothebais/sothebais/host/show"
)

func engine(tb testing.TB) []byte {
	tb.Helper()
	b, err := fs.ReadFile(shipped.FS(), "js-engine.wasm")
	if err != nil {
		tb.Fatalf("%v: run make assets", err)
	}
	return b
}

// script is a plugin of one file, which is a handler of operator.acted when it is no whole plugin.
func script(text string) plugin.Spec {
	if !strings.Contains(text, "export default") {
		text = "export default { on: { 'operator.acted'(e, show) {\n" + text + "\n} } }"
	}
	m := manifest(nil)
	m.Limits.Fuel = plugin.DefaultScriptFuel
	m.Runtime = plugin.RuntimeSpec{JS: &plugin.FileSpec{File: "plugin.ts"}}
	return plugin.Spec{Manifest: m, Files: fstest.MapFS{"plugin.ts": {Data: []byte(text)}}}
}

func loadScript(tb testing.TB, r *Runtime, text string) plugin.Guest {
	tb.Helper()
	g, err := r.Load(context.Background(), script(text))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return g
}

// hear plays events and gives the texts of what is asked for.
func hear(tb testing.TB, g plugin.Guest, events ...event.Event) []string {
	tb.Helper()
	out, err := g.HandleBatch(context.Background(), events)
	if err != nil {
		tb.Fatal(err)
	}
	var texts []string
	for _, r := range out {
		texts = append(texts, r.Cue.Text)
	}
	return texts
}

func TestScriptsHear(t *testing.T) {
	r := newRuntime(t, Config{Engine: engine(t)})
	bid := event.Event{Seq: 5, At: time.UnixMilli(1_700_000_000_123), Data: auction.BidAccepted{Handle: "ann", Amount: money.MustETH("9007199.254740993"), Count: 2, ReserveMet: true}}
	for _, c := range []struct{ name, body, want string }{
		{"fields", "show.post(`${e.kind} ${e.seq} ${e.at} ${e.handle} ${e.count + 1} ${e.reserveMet}`)", "bid.accepted 5 1700000000123 ann 3 true"},
		{"amounts are exact", "show.post(e.amountGwei + 1n)", "9007199254740994"},
		{"destructuring", "const {handle, ...rest} = e; show.post(handle + Object.keys(rest).length)", "ann16"},
		{"spread", "show.post({...e, handle: 'bo'}.handle)", "bo"},
		{"in", "show.post('handle' in e && !('nothing' in e))", "true"},
		{"clock", "show.post(new Date().toISOString() + Date.now())", "2023-11-14T22:13:20.123Z1700000000123"},
		{"chance", "show.post(`${show.random(10)}${Math.random().toFixed(3)}`)", chance(5)},
		{"no such clock", "show.post(typeof performance + typeof setTimeout + typeof WeakRef)", "undefinedundefinedundefined"},
		{"half a character", "show.post('a\\ud800b')", "a\ufffdb"},
		{"promises", "return Promise.resolve(1).then(async (n) => { await null; show.post(e.handle + n) })", "ann1"},
		{"what is asked for while something is asked for", "show.post({ toString() { show.sound('x'); return 'y' } })", " y"},
		{"what fails while something is asked for", "try { show.post({ toString() { show.sound('x'); throw 1 } }) } catch {} show.post('y')", " y"},
		{"a promise that somebody looks after", "Promise.reject(1).catch((n) => show.post(n))", "1"},
		{"a log of what holds itself", "const a: any = {}; a.a = a; console.log(a, new Error('x')); show.post('y')", "y"},
		{"regular expressions", "show.post('Ünï 12'.replace(/\\p{L}+ (\\d+)/u, '$1'))", "12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := loadScript(t, r, "export default { on: { 'bid.accepted'(e: any, show: any) { "+c.body+" } } }")
			if got := strings.Join(hear(t, g, bid), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestScriptsAskForNumbers: what does not fit a slot with a sign becomes the nearest that does, a BigInt as well; one without
// a sign takes nothing else, because tokens that are made to fit would be those of something else.
func TestScriptsAskForNumbers(t *testing.T) {
	r := newRuntime(t, Config{Engine: engine(t)})
	g := loadScript(t, r, "export default { on: { 'operator.acted'(e, show) { const [what, n] = e.what.split(' '), v = eval(n); what === 'bar' ? show.bar('a', v) : show.timer(v, 1) } } }")
	hear := func(what, n string) (plugin.Reaction, string) {
		out, err := g.HandleBatch(context.Background(), []event.Event{ask(1, what+" "+n)})
		var trap *plugin.TrapError
		switch {
		case errors.As(err, &trap):
			return plugin.Reaction{}, trap.Reason
		case err != nil || len(out) != 1:
			t.Fatalf("%s %s: %d reactions, error %v", what, n, len(out), err)
		}
		return out[0], ""
	}
	const most = "show.timer: token wants a whole number from 0 to 18446744073709551615, not "
	for n, want := range map[string]struct {
		bar   int64
		token uint64
		wrong string // in place of a token
	}{
		"2.9": {2, 2, ""}, "-0.5": {0, 0, ""}, "'7'": {7, 7, ""}, "true": {1, 1, ""}, "0n": {0, 0, ""}, "null": {0, 0, ""},
		"2**53+2": {1<<53 + 2, 1<<53 + 2, ""}, "2n**53n+1n": {1<<53 + 1, 1<<53 + 1, ""}, "2n**63n": {1<<63 - 1, 1 << 63, ""}, "2n**64n-1n": {1<<63 - 1, 1<<64 - 1, ""},
		"-1": {-1, 0, most + "-1 at"}, "-1n": {-1, 0, most + "-1 at"}, "-(2n**63n)": {-1 << 63, 0, most + "-9223372036854775808 at"},
		"-(2n**63n)-1n": {-1 << 63, 0, most + "-9"}, "-(10n**40n)": {-1 << 63, 0, most + "-1"}, "2n**64n": {1<<63 - 1, 0, most + "18446744073709551616 at"},
		"10n**400n": {1<<63 - 1, 0, most + "1000"}, "1e300": {1<<63 - 1, 0, most + "1e+300 at"}, "Infinity": {1<<63 - 1, 0, most + "Infinity at"}, "-Infinity": {-1 << 63, 0, most + "-Infinity at"},
	} {
		bar, wrong := hear("bar", n)
		if wrong != "" || bar.Cue.Value != want.bar {
			t.Errorf("bar of %s is %d, %q; want %d", n, bar.Cue.Value, wrong, want.bar)
		}
		switch timer, wrong := hear("timer", n); {
		case want.wrong != "":
			if !strings.HasPrefix(wrong, "RangeError: "+want.wrong) {
				t.Errorf("token of %s: %q, want %q", n, wrong, want.wrong)
			}
		case wrong != "" || timer.Call.(*abi.Timer).Token != want.token:
			t.Errorf("token of %s is %+v, %q; want %d", n, timer.Call, wrong, want.token)
		}
	}
}

// chance is what a script that draws twice for an event gets, by the contract.
func chance(seq uint64) string {
	state := seq * 0x9e3779b97f4a7c15
	next := func() uint64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	return fmt.Sprintf("%d%.3f", next()%10, float64(next()>>11)*0x1p-53)
}

// TestScriptsKeepEvents: an event that a script kept is still what it was, batches later.
func TestScriptsKeepEvents(t *testing.T) {
	g := loadScript(t, newRuntime(t, Config{Engine: engine(t)}), "let kept = []; export default { on: { 'operator.acted'(e, show) { kept.push(e); show.post(kept.map((k) => k.what).join()) } } }")
	hear(t, g, ask(1, "a"), ask(2, "b"))
	for i := range 50 {
		hear(t, g, tick(uint64(3+i)))
	}
	if got := hear(t, g, ask(99, "c")); !slices.Equal(got, []string{"a,b,c"}) {
		t.Errorf("got %q", got)
	}
}

// TestScriptsKeepTexts: what a script keeps is UTF-8, as other languages want it.
func TestScriptsKeepTexts(t *testing.T) {
	s := script("show.store.put('k', 'a\\ud800b'); show.post(show.store.get('k'))")
	s.Store = plugin.Store{Granted: true}
	g, err := newRuntime(t, Config{Engine: engine(t)}).Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(context.Background())
	out, err := g.HandleBatch(context.Background(), []event.Event{ask(1, "x")})
	if err != nil || len(out) != 2 {
		t.Fatalf("%d reactions, error %v", len(out), err)
	}
	for _, r := range out {
		got := r.Cue.Text
		if put, ok := r.Call.(*abi.StorePut); ok {
			got = string(put.Value)
		}
		if got != "a\ufffdb" {
			t.Errorf("got %q", got)
		}
	}
}

// TestScriptsFail: whatever a script does with an event, the reason says what and where, in the author's own file.
func TestScriptsFail(t *testing.T) {
	r := newRuntime(t, Config{Engine: engine(t)})
	for _, c := range []struct{ body, want string }{
		{"  show.say(e.nothing.more)", `TypeError: operator.acted has no "nothing"; there are kind, seq, at, who, what at operator.acted (plugin.ts:2:12)`},
		{"  const x: any = undefined;\n  x.y", "TypeError: cannot read property 'y' of undefined at operator.acted (plugin.ts:3:3)"},
		{"show.sya('x')", `TypeError: show has no "sya"; did you mean "say"? at operator.acted (plugin.ts:2:1)`},
		{"e.what = 1", "TypeError: 'what' is read-only at operator.acted (plugin.ts:2:1)"},
		{"e.more = 1", "TypeError: an event cannot be changed; copy what you need into show.state at operator.acted (plugin.ts:2:1)"},
		{"throw new Error('one\\ntwo')", "Error: one two at operator.acted (plugin.ts:2:11)"},
		{"throw 'words'", "words"},
		{"throw { toString() { throw 1 } }", "something was thrown that has no text"},
		{"throw null", "null"},
		{"return Promise.reject(new Error('later'))", "Error: later at operator.acted (plugin.ts:2:27)"},
		{"(async () => { await null; throw new Error('unseen') })()", "Error: unseen at <anonymous> (plugin.ts:2:"},
		{"return new Promise(() => {})", "waits for a promise that nothing resolves"},
		{"const f = () => f(); f()", "InternalError: stack overflow"},
		{"const f = (a) => [a].map(f); f()", "InternalError: stack overflow"},
		{"/(a*)*b/.test('a'.repeat(40))", "out of fuel"},
		{"for (;;);", "out of fuel"},
		{"try { for (;;); } catch { }", "out of fuel"},
		{"const a = []; for (;;) a.push('x'.repeat(1 << 20).split(''))", "out of"},
		{"new Uint8Array(1 << 30)", "out of"},
		{"let s = 'x'; for (;;) s += s", "InternalError: "},
		{"show.say({ toString() { throw new Error('no text') } })", "Error: no text at toString (plugin.ts:2:35)"},
		{"show.bar('a', Symbol())", "TypeError: cannot convert symbol to number"},
		{"show.bar('a', NaN)", "TypeError: show.bar: value is NaN; want a number at operator.acted (plugin.ts:2:6)"},
		{"show.timer(1, 'soon')", "TypeError: show.timer: millis is NaN; want a number"},
		{"show.say('x', '', -1)", "RangeError: show.say: priority wants a whole number from 0 to 18446744073709551615, not -1 at"},
		{"[1][show.random([].lenght)]", "TypeError: show.random: n is NaN; want a number"},
		{"eval('1 +')", "SyntaxError: unexpected token in expression: ''"},
	} {
		t.Run(c.body, func(t *testing.T) {
			g := loadScript(t, r, c.body)
			start := time.Now()
			out, err := g.HandleBatch(context.Background(), []event.Event{ask(7, "x")})
			var trap *plugin.TrapError
			if !errors.As(err, &trap) || errors.Is(err, plugin.ErrDead) || len(out) != 0 {
				t.Fatalf("%d reactions, error %v; want a trap", len(out), err)
			}
			if !strings.HasPrefix(trap.Reason, c.want) && !strings.Contains(trap.Reason, c.want) {
				t.Errorf("reason %q; want %q", trap.Reason, c.want)
			}
			t.Logf("%s, after %v", trap.Reason, time.Since(start))
			if _, err := g.HandleBatch(context.Background(), []event.Event{tick(8)}); err != nil {
				t.Errorf("the next event: %v", err)
			}
		})
	}
}

func TestScriptsAreRefused(t *testing.T) {
	r := newRuntime(t, Config{Engine: engine(t)})
	for _, c := range []struct {
		text, want string
		is         error
	}{
		{"export default {\n  on: { 'bid.accepted'(e { } }\n}", "plugin.ts:2:26: Expected \")\" but found \"{\"", plugin.ErrModule},
		{"import { definePlugin } from '@sothebais/sdk'\nimport x from 'lodash'\nexport default definePlugin(x)", `plugin.ts:2:15: cannot import "lodash"`, plugin.ErrModule},
		{"const x = 1; export default undefined", "there is no default export; want export default definePlugin({ ... })", plugin.ErrConfig},
		{"import { definePlugin } from '@sothebais/sdk'\n\nexport default definePlugin({ on: { 'bid.acepted'() {} } })", `unknown event "bid.acepted"; did you mean "bid.accepted"? at <anonymous> (plugin.ts:3:16)`, plugin.ErrConfig},
		{"export default { on: { 'bid.accepted': 3 } }", `on["bid.accepted"] is of type number; want a function`, plugin.ErrConfig},
		{"export default { on: { *'bid.accepted'() {} } }", `on["bid.accepted"] is a generator, of which nobody would ask for the first step; take out the *`, plugin.ErrConfig},
		{"export default { on: {}, async *configure() {} }", "configure is a generator", plugin.ErrConfig},
		{"export default { onn: {} }", `a plugin has no part "onn"; did you mean "on"?`, plugin.ErrConfig},
		{"export default { on: { 'lot.sold'() {} } }", "there is a handler for lot.sold, and plugin.yaml does not subscribe to it", plugin.ErrConfig},
		{"export default { state: { x: new Map() }, on: {} }", `state at "x" is Map; state is kept as JSON`, plugin.ErrConfig},
		{"const a = undefined as any;\nexport default { state: a.b, on: {} }", "cannot read property 'b' of undefined at <anonymous> (plugin.ts:2:", plugin.ErrConfig},
		{"for (;;);\nexport default 1", "out of fuel", plugin.ErrConfig},
		{"export default { on: {}, async configure() { throw 1 } }", "configure is async; only handlers may be", plugin.ErrConfig},
		{"export default { on: {}, configure() { Promise.reject(new Error('too late')) } }", "too late", plugin.ErrConfig},
		{"export default { on: {}, configure(config, show) { show.timer(1, 1000) } }", "show.timer is for handlers: what is asked for belongs to an event at configure (plugin.ts:1:", plugin.ErrConfig},
		{"export default { on: { constructor() {} } }", `unknown event "constructor"`, plugin.ErrConfig},
		{"export default { state: { list: [1, , 3] }, on: {} }", `state at "1" is undefined`, plugin.ErrConfig},
		{"export default { on: {}, configure(config) { throw new Error('no ' + config.stars) } }", "no 5", plugin.ErrConfig},
	} {
		s := script(c.text)
		s.Manifest.Subscribes = []event.Kind{"bid.accepted"}
		s.Config = []byte(`{"stars": 5}`)
		g, err := r.Load(context.Background(), s)
		if g != nil {
			t.Errorf("%q was loaded", c.text)
			continue
		}
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v; want %q", c.text, err, c.want)
		}
	}
	if _, err := newRuntime(t, Config{}).Load(context.Background(), script("")); !errors.Is(err, plugin.ErrModule) || !strings.Contains(err.Error(), "without the engine") {
		t.Errorf("without an engine: %v", err)
	}
}

func TestScriptsHandStateOver(t *testing.T) {
	r := newRuntime(t, Config{Engine: engine(t)})
	ctx := context.Background()
	one := "export default { state: { bids: 0, by: {} }, on: { 'operator.acted'(e, show) { show.state.bids++; show.state.by[e.what] = 1 } } }"
	two := "export default { state: { bids: 0, best: 7 }, on: { 'operator.acted'(e, show) { show.post(JSON.stringify(show.state)) } }," +
		"migrate(version, old) { if (version !== 1) throw new Error('version ' + version); return { bids: old.bids * 10 } } }"
	a := loadScript(t, r, one)
	hear(t, a, ask(1, "zoe"), ask(2, "ann"))
	state, err := a.Save(ctx)
	if err != nil || string(state) != `{"bids":2,"by":{"ann":1,"zoe":1}}` {
		t.Fatalf("state %s, error %v", state, err)
	}
	b := loadScript(t, r, two)
	if err := b.Restore(ctx, state); err != nil {
		t.Fatal(err)
	}
	if got := hear(t, b, ask(3, "x")); !slices.Equal(got, []string{`{"best":7,"bids":2,"by":{"ann":1,"zoe":1}}`}) {
		t.Errorf("restored: %s", got)
	}
	c := loadScript(t, r, two)
	if err := c.Migrate(ctx, 1, state); err != nil {
		t.Fatal(err)
	}
	if got := hear(t, c, ask(3, "x")); !slices.Equal(got, []string{`{"best":7,"bids":20}`}) {
		t.Errorf("migrated: %s", got)
	}
	for _, bad := range []struct {
		err  error
		want string
	}{
		{c.Restore(ctx, []byte("{")), "the state is not JSON"},
		{c.Migrate(ctx, 9, []byte("{}")), "version 9"},
		{a.Migrate(ctx, 1, []byte("{}")), "the plugin has no migrate(version, state)"},
	} {
		if !errors.Is(bad.err, plugin.ErrState) || !strings.Contains(bad.err.Error(), bad.want) {
			t.Errorf("error %v; want %s", bad.err, bad.want)
		}
	}
	none := loadScript(t, r, "")
	if state, err := none.Save(ctx); err != nil || len(state) != 0 {
		t.Errorf("a plugin without state saves %q, error %v", state, err)
	}
	if err := c.Restore(ctx, nil); err != nil {
		t.Errorf("a state of nothing: %v", err)
	}
	lost := loadScript(t, r, "show.state = { at: new Date() }")
	hear(t, lost, ask(1, "x"))
	var trap *plugin.TrapError
	if _, err := lost.Save(ctx); !errors.As(err, &trap) || !strings.Contains(trap.Reason, `state at "at" is Date; state is kept as JSON`) {
		t.Errorf("error %v", err)
	}
}

// TestScriptsSave: text and bytes in every form come out as they are.
func TestScriptsSave(t *testing.T) {
	r := newRuntime(t, Config{Engine: engine(t)})
	ctx := context.Background()
	for body, want := range map[string]string{
		"return new Uint8Array([1, 2, 3, 4]).subarray(1, 3)": "\x02\x03", "return new Uint16Array([258, 3])": "\x02\x01\x03\x00",
		"return new DataView(new Uint8Array([1, 2, 3]).buffer, 1)": "\x02\x03", "return new ArrayBuffer(2)": "\x00\x00",
		"return 'a\\ud800\\0'": "a\ufffd\x00", "return { b: [], a: null }": `{"a":null,"b":[]}`, "return ''": "",
		"show.post('nobody hears it'); return 'x'": "x", "return `${Date.now()} ${Math.random()}`": fmt.Sprint(1000, float64(uint64(0xe220a8397b1dcdaf)>>11)*0x1p-53), // the first of splitmix64
	} {
		g := loadScript(t, r, "export default { on: { 'operator.acted'() {} }, save(show) { "+body+" } }")
		hear(t, g, ask(1, "x"))
		for range 2 { // whatever was drawn for the first does not show in the second
			if state, err := g.Save(ctx); err != nil || string(state) != want {
				t.Errorf("%s: %q, error %v; want %q", body, state, err, want)
			}
		}
		if got := hear(t, g, ask(2, "x")); len(got) != 0 {
			t.Errorf("%s: asks for %q afterwards", body, got)
		}
	}
	for body, want := range map[string]string{
		"async save() {}": "save is async; only handlers may be", "save: () => new Map()": "state is Map",
	} {
		var trap *plugin.TrapError
		if _, err := loadScript(t, r, "export default { on: {}, "+body+" }").Save(ctx); !errors.As(err, &trap) || !strings.Contains(trap.Reason, want) {
			t.Errorf("%s: error %v; want %s", body, err, want)
		}
	}
	for body, want := range map[string]string{
		"async restore() {}": "restore is async; only handlers may be", "restore(saved, show) { show.post('x') }": "show.post is for handlers",
	} {
		if err := loadScript(t, r, "export default { on: {}, "+body+" }").Restore(ctx, []byte("x")); !errors.Is(err, plugin.ErrState) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want %s", body, err, want)
		}
	}
}

// FuzzScript: whatever a script says, it loads or is refused with words, and what it does ends.
func FuzzScript(f *testing.F) {
	for _, s := range []string{
		"", "show.say('x')", "throw 1", "export default { on: {} }", "for (;;);", "export default new Proxy({}, {})", "print(1); show.log(4, 'x')",
		"Object.prototype.then = 1; show.post(1)", "Math.random = null; Date = 1", "export default { on: { 'operator.acted': class {} } }", "show.__proto__ = null", "e.__proto__.kind",
	} {
		f.Add(s)
	}
	r := newRuntime(f, Config{Engine: engine(f), LoadFuel: 300_000_000})
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		ctx := context.Background()
		g, err := r.Load(ctx, script(text))
		if err != nil {
			if !errors.Is(err, plugin.ErrModule) && !errors.Is(err, plugin.ErrConfig) || strings.TrimSpace(err.Error()) == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		defer g.Close(ctx)
		for i := range 2 {
			_, err := g.HandleBatch(ctx, []event.Event{ask(uint64(2*i+1), "x"), {Seq: uint64(2*i + 2), Data: show.Ticked{}}})
			var trap *plugin.TrapError
			if err != nil && (!errors.As(err, &trap) || trap.Reason == "" || errors.Is(err, plugin.ErrDead)) {
				t.Fatalf("error %v", err)
			}
		}
	})
}
