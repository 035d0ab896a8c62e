package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPlugins steers plugins of a show that is on air, from the command line; then one fails, and processes are killed.
func TestPlugins(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, append(freePorts(), "DEVNET_X_PORT=0", "DEVNET_RTMP_PORT=0"), bin, "demo", "--for", "6m", "--posts-per-second", "0", "--data-dir", data, "--json")
	sim := p.waitFor("on_air", time.Minute)["simulator"].(string)
	for _, slot := range []string{"personality", "overlay"} {
		await(t, data, 0, time.Minute, slot, func(f fact) bool {
			return f.Type == "plugin.loaded" && strings.Contains(string(f.Data), `"slot":"`+slot+`"`)
		})
	}
	await(t, data, 0, time.Minute, "lot on the block", kind("lot.opened"))
	t.Run("a shadow is promoted and rolled back", func(t *testing.T) { shadowAndBack(t, data, sim) })
	t.Run("a power is revoked and granted", func(t *testing.T) { revokeAndGrant(t, data) })
	t.Run("a power is asked about each time", func(t *testing.T) { askEachTime(t, data, sim) })
	t.Run("a plugin that traps gives way to the last good one", func(t *testing.T) { trapAndBack(t, data, sim) })
	t.Run("the processes of plugins are killed and the show goes on", func(t *testing.T) { killPlugins(t, p, data, sim) })
}

// parsed gives the JSON of a command.
func parsed[T any](t *testing.T, args ...string) (v T) {
	t.Helper()
	if err := json.Unmarshal(command(t, append(args, "--json")...), &v); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return v
}

// lastFact is the number of the newest one.
func lastFact(t *testing.T, data string) uint64 {
	t.Helper()
	all := ledger(t, data, 0)
	return all[len(all)-1].Seq
}

// bid posts a bid and gives the fact that it was taken.
func bid(t *testing.T, data, sim, eth string) fact {
	t.Helper()
	since := lastFact(t, data)
	id := post(t, sim, "pixel_pia", "@sothebais bid "+eth+" ETH")
	return await(t, data, since, time.Minute, "accepted bid of "+eth, func(f fact) bool {
		return f.Type == "bid.accepted" && strings.Contains(string(f.Data), `"`+id+`"`)
	})
}

// onAir is who is on air in a slot, and how many events it heard.
func onAir(t *testing.T, data, slot string) (id string, events int) {
	t.Helper()
	for _, p := range parsed[[]struct {
		ID, Kind, State string
		Events          int
	}](t, "plugin", "ls", "--data-dir", data) {
		if p.Kind == slot && p.State == "on air" {
			return p.ID, p.Events
		}
	}
	return "", 0
}

type swapped struct {
	From, To string
	State    int `json:"state_bytes"`
}

func shadowAndBack(t *testing.T, data, sim string) {
	since := lastFact(t, data)
	command(t, "shadow", "mina-vox", "--data-dir", data)
	taken := bid(t, data, sim, "1.5")
	var report struct {
		Shadow struct{ Plugin string }
		Rows   []struct{ Seq uint64 }
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		report = parsed[struct {
			Shadow struct{ Plugin string }
			Rows   []struct{ Seq uint64 }
		}](t, "shadow", "--data-dir", data)
		if slices.ContainsFunc(report.Rows, func(r struct{ Seq uint64 }) bool { return r.Seq == taken.Seq }) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the report does not have the bid %d: %+v", taken.Seq, report)
		}
	}
	if report.Shadow.Plugin != "mina-vox" {
		t.Errorf("in shadow is %+v", report.Shadow)
	}
	if text := string(command(t, "shadow", "--data-dir", data)); !strings.Contains(text, "# mina-vox 1.0.0 in shadow of dusty-gavel 1.0.0") {
		t.Errorf("the report says %s", text)
	}
	if out, err := exec.Command(bin, "promote", "--call-off", "--data-dir", data).CombinedOutput(); err == nil || !strings.Contains(string(out), "no promotion waits in slot personality") {
		t.Errorf("a promotion that was not asked for is called off: %v: %s", err, out)
	}
	up := parsed[struct{ Swap swapped }](t, "promote", "--data-dir", data).Swap
	if up.From != "dusty-gavel" || up.To != "mina-vox" || up.State == 0 {
		t.Errorf("promoted %+v", up)
	}
	// The act of the operator, the promotion, what was loaded and the swap are one chain.
	promoted := await(t, data, since, 20*time.Second, "promotion", kind("plugin.promoted"))
	loaded := await(t, data, promoted.Seq, 20*time.Second, "plugin.loaded", kind("plugin.loaded"))
	if loaded.Cause != promoted.Seq || loaded.Root != promoted.Root || promoted.Root == promoted.Seq {
		t.Errorf("plugin.loaded %d is by %d of %d, the promotion %d of %d", loaded.Seq, loaded.Cause, loaded.Root, promoted.Seq, promoted.Root)
	}
	if id, _ := onAir(t, data, "personality"); id != "mina-vox" {
		t.Errorf("on air is %q", id)
	}
	back := parsed[swapped](t, "rollback", "--data-dir", data)
	if back.From != "mina-vox" || back.To != "dusty-gavel" || back.State == 0 {
		t.Errorf("rolled back %+v", back)
	}
	if out, err := exec.Command(bin, "promote", "--data-dir", data).CombinedOutput(); err == nil || !strings.Contains(string(out), "no slot has a shadow") {
		t.Errorf("a promotion without a shadow: %v: %s", err, out)
	}
}

func revokeAndGrant(t *testing.T, data string) {
	since := lastFact(t, data)
	command(t, "plugin", "revoke", "dusty-gavel", "reply", "--data-dir", data)
	revoked := await(t, data, since, 20*time.Second, "plugin.revoked", kind("plugin.revoked"))
	if shown := string(command(t, "plugin", "show", "dusty-gavel", "--data-dir", data)); !regexp.MustCompile(`(?m)^reply +no +cli `).MatchString(shown) {
		t.Errorf("after it was revoked: %s", shown)
	}
	text := string(command(t, "plugin", "grant", "dusty-gavel", "reply", "--per-minute", "7", "--data-dir", data))
	if !strings.Contains(text, "dusty-gavel may use reply: 7 a minute") {
		t.Errorf("granted: %s", text)
	}
	await(t, data, revoked.Seq, 20*time.Second, "plugin.granted", kind("plugin.granted"))
	if shown := string(command(t, "plugin", "show", "dusty-gavel", "--data-dir", data)); !regexp.MustCompile(`(?m)^reply +yes +cli .*7 a minute`).MatchString(shown) {
		t.Errorf("after it was granted: %s", shown)
	}
	out, err := exec.Command(bin, "plugin", "grant", "dusty-gavel", "post", "--data-dir", data).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "dusty-gavel does not ask for post; it asks for say, ") {
		t.Errorf("a grant of what is not asked for: %v: %s", err, out)
	}
}

const answerer = `id: answerer
version: 0.1.0
name: Answerer
kind: overlay
api: "1"
runtime: {js: plugin.js}
capabilities: [{name: reply, why: to answer}]
subscribes: [post.received]
`

const answererScript = `import { definePlugin } from "@sothebais/sdk";
export default definePlugin({ on: { "post.received"(post, show) { show.reply(post.id, "Heard you, " + post.handle); } } });
`

// askEachTime lets a person decide about two answers of a plugin; a replay then goes by what was decided.
func askEachTime(t *testing.T, data, sim string) {
	dir := t.TempDir()
	for name, text := range map[string]string{"plugin.yaml": answerer, "plugin.js": answererScript} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command(t, "swap", dir, "--data-dir", data)
	if text := string(command(t, "plugin", "grant", "answerer", "reply", "--ask", "--data-dir", data)); !strings.Contains(text, "answerer may, when you allow it each time, use reply") {
		t.Errorf("granted: %s", text)
	}
	type consent struct {
		Seq     uint64
		Content string
	}
	next := func(verb, handle string) (since uint64) {
		since = lastFact(t, data)
		post(t, sim, handle, "@sothebais hello")
		asked := await(t, data, since, 30*time.Second, "question", kind("plugin.power_asked"))
		list := parsed[[]consent](t, "plugin", "asks", "--data-dir", data)
		if len(list) != 1 || list[0].Seq != asked.Seq || list[0].Content != "Heard you, "+handle {
			t.Fatalf("waiting: %+v", list)
		}
		command(t, "plugin", verb, strconv.FormatUint(asked.Seq, 10), "--data-dir", data)
		return since
	}
	sent := await(t, data, next("allow", "tomtom"), 30*time.Second, "answer", func(f fact) bool {
		return f.Type == "cue.raised" && strings.Contains(string(f.Data), "Heard you, tomtom")
	})
	denied := await(t, data, next("refuse", "pixel_pia"), 30*time.Second, "denial", kind("plugin.power_denied"))
	var why struct{ Reason string }
	if denied.into(t, &why); why.Reason != "cli said no" {
		t.Errorf("denied: %+v", why)
	}
	decided := await(t, data, 0, time.Minute, "decision", kind("plugin.power_decided"))
	if of := ledger(t, data, decided.Cause-1)[0]; of.Type != "operator.acted" || sent.Seq == 0 {
		t.Errorf("the decision is by %+v", of)
	}
	if text := string(command(t, "replay", dir, "--data-dir", data, "--against", "answerer")); !strings.Contains(text, "heard on air: same 1\n") {
		t.Errorf("replayed: %s", text)
	}
	command(t, "rollback", "overlay", "--data-dir", data)
}

const trapper = `id: trapper
version: 0.1.0
name: Trapper
kind: overlay
api: "1"
runtime: {js: plugin.js}
capabilities: [{name: log, why: to be heard}]
subscribes: [post.received]
`

const trapperScript = `import { definePlugin } from "@sothebais/sdk";
export default definePlugin({ on: { "post.received"(post, show) { show.log(0, "heard " + post.handle); if (post.text.includes("boom")) throw new Error("told to fail"); } } });
`

func trapAndBack(t *testing.T, data, sim string) {
	since := lastFact(t, data)
	command(t, "swap", folder(t, trapper, trapperScript), "--data-dir", data)
	post(t, sim, "tomtom", "@sothebais hello")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if strings.Contains(string(command(t, "plugin", "logs", "trapper", "--data-dir", data)), "heard tomtom") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("plugin logs has no line of the plugin")
		}
	}
	for range 4 {
		post(t, sim, "tomtom", "@sothebais boom")
	}
	back := await(t, data, since, time.Minute, "roll-back", kind("plugin.rolled_back"))
	var d struct {
		From, To, Why string
		Event         uint64
	}
	back.into(t, &d)
	if d.From != "trapper" || d.To != "overlay" || !strings.HasPrefix(d.Why, "4 traps in 1m0s, the last: ") || !strings.Contains(d.Why, "told to fail") {
		t.Errorf("rolled back %+v", d)
	}
	all := ledger(t, data, since)
	of := func(seq uint64) fact { return all[seq-since-1] }
	if aside := of(back.Cause); aside.Type != "plugin.quarantined" || of(aside.Cause).Type != "plugin.trapped" || of(of(aside.Cause).Cause).Seq != d.Event || of(d.Event).Type != "post.received" {
		t.Errorf("the roll-back of event %d is by %+v", d.Event, aside)
	}
	if id, _ := onAir(t, data, "overlay"); id != "overlay" {
		t.Errorf("on air is %q", id)
	}
	playAgain(t, data, d.Event)
}

// playAgain plays an event in quarantine to the plugin that failed on it, and to one that does not.
func playAgain(t *testing.T, data string, event uint64) {
	type aside struct {
		Seq                  uint64
		Slot, Plugin, Reason string
	}
	list := parsed[[]aside](t, "plugin", "quarantine", "--slot", "overlay", "--data-dir", data)
	if len(list) != 4 || list[0].Seq != event || list[0].Slot != "overlay" || list[0].Plugin != "trapper" || !strings.Contains(list[0].Reason, "told to fail") {
		t.Fatalf("in quarantine: %+v", list)
	}
	number := strconv.FormatUint(event, 10)
	if words := string(command(t, "complete", "plugin", "retry", "--data-dir", data, number[:1])); !strings.Contains(words, number+"\ttrapper: @tomtom ") {
		t.Errorf("a shell completes with %s", words)
	}
	command(t, "swap", folder(t, trapper, trapperScript), "--data-dir", data)
	out, err := exec.Command(bin, "plugin", "retry", number, "--data-dir", data).CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "trapper failed on event "+number+" again: ") {
		t.Errorf("played to the one that fails on it: %v: %s", err, out)
	}
	command(t, "swap", folder(t, counter, counterScript), "--data-dir", data)
	if text := string(command(t, "plugin", "retry", number, "--data-dir", data)); text != "overlay: counter heard event "+number+", 1 command\n" {
		t.Errorf("played to one that does not: %s", text)
	}
	out, err = exec.Command(bin, "plugin", "retry", number, "--data-dir", data).CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 65 || !strings.Contains(string(out), "event "+number+" is not in quarantine") {
		t.Errorf("played once more: %v: %s", err, out)
	}
}

const counter = `id: counter
version: 0.1.0
name: Counter
kind: overlay
api: "1"
runtime: {js: plugin.js}
capabilities: [{name: text, why: shows each post that it heard}]
subscribes: [post.received]
`

const counterScript = `import { definePlugin } from "@sothebais/sdk";
let heard = 0;
export default definePlugin({ on: { "post.received"(post, show) { show.text("heard", ++heard + " " + post.id); } } });
`

// folder writes a plugin in JavaScript.
func folder(t *testing.T, manifest, script string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"plugin.yaml": manifest, "plugin.js": script} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// killPlugins kills the process of every plugin, twice, in a stream of posts. None may notice: no trap, no start, and each
// post is answered once.
func killPlugins(t *testing.T, p *program, data, sim string) {
	command(t, "swap", folder(t, counter, counterScript), "--data-dir", data)
	since := lastFact(t, data)
	before := map[string]int{}
	for _, slot := range []string{"personality", "overlay"} {
		_, before[slot] = onAir(t, data, slot)
	}
	var posts []string
	write := func() {
		for i := range 6 { // of two, because one person who writes so much is not heard
			posts = append(posts, post(t, sim, []string{"pixel_pia", "tomtom"}[i%2], "@sothebais hello"))
		}
	}
	write()
	killRunners(t, p)
	write()
	killRunners(t, p)
	write()
	for slot, had := range before { // a guest that was started anew would count from 0
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if _, n := onAir(t, data, slot); n > had {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("slot %s hears nothing since its process was killed", slot)
			}
		}
	}
	var facts []fact
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(150 * time.Millisecond) {
		facts = ledger(t, data, since)
		if time.Now().After(deadline) || slices.ContainsFunc(facts, func(f fact) bool {
			return f.Type == "cue.raised" && strings.Contains(string(f.Data), posts[len(posts)-1])
		}) {
			break
		}
	}
	checkReactions(t, facts, posts)
	for _, f := range facts {
		if strings.HasPrefix(f.Type, "plugin.") {
			t.Errorf("a killed process shows: %s %s", f.Type, f.Data)
		}
	}
}

// checkReactions: each post was received once, and the counter has answered each, once, in order and with its own count.
func checkReactions(t *testing.T, facts []fact, posts []string) {
	t.Helper()
	var received, raised []string
	seq := map[uint64]string{}
	for _, f := range facts {
		var d struct {
			Post struct{ ID string }
			Cue  struct{ From, Text string }
		}
		if f.Type != "post.received" && f.Type != "cue.raised" {
			continue
		}
		switch f.into(t, &d); {
		case f.Type == "post.received":
			received, seq[f.Seq] = append(received, d.Post.ID), d.Post.ID
		case d.Cue.From == "counter":
			raised = append(raised, d.Cue.Text)
			if want := fmt.Sprintf("%d %s", len(raised), seq[f.Cause]); d.Cue.Text != want {
				t.Errorf("the reaction to event %d is %q; want %q", f.Cause, d.Cue.Text, want)
			}
		}
	}
	if !slices.Equal(received, posts) || len(raised) != len(posts) {
		t.Errorf("%d posts were received, of %d; there are %d reactions", len(received), len(posts), len(raised))
	}
}

// killRunners kills the process of every plugin, and waits until others are in their place.
func killRunners(t *testing.T, p *program) {
	t.Helper()
	pids := runners(t, p.cmd.Process.Pid)
	if len(pids) < 3 {
		t.Fatalf("%d processes of plugins, want 3 at least", len(pids))
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := runners(t, p.cmd.Process.Pid)
		if len(got) >= 3 && !slices.ContainsFunc(got, func(pid int) bool { return slices.Contains(pids, pid) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("processes %v after those of %v were killed", got, pids)
		}
	}
}
