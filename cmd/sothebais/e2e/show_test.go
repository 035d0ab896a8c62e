package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestShow is a show from a post to a frame, as a person would see it: play, bid, look, listen, swap, break, repair.
func TestShow(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "show.mp4")
	p := start(t, append(freePorts(), "DEVNET_X_PORT=0", "DEVNET_RTMP_PORT=0", "SOTHEBAIS_OWNER_PASSWORD=correct horse battery"),
		bin, "demo", "--for", "6m", "--posts-per-second", "0", "--data-dir", data, "--record", file, "--json")
	air := p.waitFor("on_air", time.Minute)
	rtmp, sim, room := air["rtmp"].(string), air["simulator"].(string), air["control_room"].(string)

	await(t, data, 0, time.Minute, "lot on the block", kind("lot.opened"))
	await(t, data, 0, time.Minute, "scene of the lot", func(f fact) bool { return f.Type == "scene.shown" && strings.Contains(string(f.Data), `"lot"`) })
	await(t, data, 0, time.Minute, "personality", func(f fact) bool {
		return f.Type == "plugin.loaded" && strings.Contains(string(f.Data), `"personality"`)
	})

	t.Run("a bid changes the price in the picture and is answered", func(t *testing.T) { bidAndLook(t, data, rtmp, sim) })
	t.Run("a refused bid is answered with the reason", func(t *testing.T) { refuse(t, data, sim) })
	t.Run("what it reports of itself", func(t *testing.T) { metricsAndHealth(t, p) })
	t.Run("a personality is swapped while on air", func(t *testing.T) { swap(t, data, rtmp) })
	t.Run("the README's first character is swapped in", func(t *testing.T) { firstCharacter(t, data, sim) })
	t.Run("the encoder is killed and comes back", func(t *testing.T) { killEncoder(t, p, data, rtmp) })
	t.Run("X and its ingest are killed and come back", func(t *testing.T) { killSimulator(t, p, data, sim) })
	t.Run("the control room in a browser", func(t *testing.T) { controlRoom(t, room) })

	p.stop()
	var r struct {
		Posts, Cues, Reactions, Swaps, Events int
		Accepted                              int `json:"bids_accepted"`
		Refused                               int `json:"bids_refused"`
		Frames, Late                          int
		Speech                                int `json:"speech_ms_total"`
		Recording                             string
	}
	if err := json.Unmarshal(p.stdout.Bytes(), &r); err != nil {
		t.Fatalf("the report is no JSON object: %v: %s", err, p.stdout.Bytes())
	}
	if r.Accepted < 1 || r.Refused < 1 || r.Swaps < 1 || r.Speech < 1000 || r.Recording != file {
		t.Errorf("report: %+v", r)
	}
	t.Run("the recording", func(t *testing.T) { probe(t, file) })
	t.Run("the mouth moves only while there is a voice", func(t *testing.T) { mouthFollowsVoice(t, file) })
}

func bidAndLook(t *testing.T, data, rtmp, sim string) {
	time.Sleep(time.Second) // the change of scenes is over
	before := look(t, rtmp)
	if s := spread(before, artPlace); s < 15 {
		t.Errorf("the picture of the lot is missing: its place is nearly of one colour (%.1f)", s)
	}
	id := post(t, sim, "pixel_pia", "@sothebais bid 1.5 ETH")
	took := await(t, data, 0, time.Minute, "accepted bid", func(f fact) bool {
		return f.Type == "bid.accepted" && strings.Contains(string(f.Data), `"`+id+`"`)
	})
	await(t, data, took.Seq, time.Minute, "frame for the bid", func(f fact) bool { return f.Type == "cue.shown" && f.Root == took.Root })
	after := look(t, rtmp)
	if d := differs(before, after, pricePlace); d < 0.02 {
		t.Errorf("the price on the picture is the same after the bid: %.3f of its pixels changed", d)
	}
	if d := differs(before, after, titlePlace); d > 0.01 {
		t.Errorf("the title changed with the bid: %.3f of its pixels", d)
	}
	await(t, data, took.Seq, time.Minute, "answer", func(f fact) bool {
		return f.Type == "reply.sent" && strings.Contains(string(f.Data), `"to":"`+id+`"`)
	})
	timeline := get(t, sim+"/devnet/timeline?limit=50")
	if !strings.Contains(timeline, `"reply_to":"`+id+`"`) {
		t.Errorf("nobody on X sees the answer to the bid: %s", timeline)
	}
}

func refuse(t *testing.T, data, sim string) {
	for text, reason := range map[string]string{"@sothebais bid 1,500 ETH": "ambiguous", "@sothebais bid 0.2 ETH": "too_low", "@sothebais bid 2k": "unknown_unit"} {
		id := post(t, sim, "tomtom", text)
		f := await(t, data, 0, time.Minute, "refusal of "+text, func(f fact) bool {
			return f.Type == "bid.refused" && strings.Contains(string(f.Data), `"`+id+`"`)
		})
		var d struct{ Reason, Hint string }
		f.into(t, &d)
		if d.Reason != reason || d.Hint == "" {
			t.Errorf("%s: refused for %q (%s), want %q", text, d.Reason, d.Hint, reason)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	return string(tool(t, 20*time.Second, "curl", "-fsS", url))
}

func metricsAndHealth(t *testing.T, p *program) {
	p.mu.Lock()
	talk := strings.Join(p.talk, "\n")
	p.mu.Unlock()
	for role, want := range map[string]string{"STREAM_MANAGER": "sothebais_compositor_frames_total", "EVENT_HANDLER": "sothebais_bus_",
		"AUCTION_ENGINE": "sothebais_auction_", "AGENT_SERVICE": "sothebais_plugin_", "ADMIN": "sothebais_admin_"} {
		if m := get(t, listening(t, talk, role+"_METRICS_PORT")+"/metrics"); !strings.Contains(m, want) {
			t.Errorf("%s: no metric %s", role, want)
		}
		if api := get(t, listening(t, talk, role+"_PORT")+"/api/v1/openapi.json"); !strings.Contains(api, `"openapi"`) {
			t.Errorf("%s: no API on its port", role)
		}
		resp, err := http.Get(listening(t, talk, role+"_HEALTH_PORT") + "/health")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: health %d", role, resp.StatusCode)
		}
	}
}

// listening is where a port is, as the start-up lines tell.
func listening(t *testing.T, talk, name string) string {
	t.Helper()
	for line := range strings.Lines(talk) {
		var l struct{ Listening, URL string }
		if json.Unmarshal([]byte(line), &l) == nil && l.Listening == name {
			return l.URL
		}
	}
	t.Fatalf("the start-up lines do not name %s", name)
	return ""
}

func swap(t *testing.T, data, rtmp string) {
	before := look(t, rtmp)
	var res struct {
		From, To string
		Pause    float64 `json:"pause_us"`
	}
	if err := json.Unmarshal(command(t, "swap", "mina-vox", "--data-dir", data, "--json"), &res); err != nil {
		t.Fatal(err)
	}
	if res.From != "dusty-gavel" || res.To != "mina-vox" {
		t.Errorf("swapped %+v", res)
	}
	if !strings.Contains(string(command(t, "plugin", "ls", "--data-dir", data)), "mina-vox") {
		t.Error("plugin ls does not list the new personality")
	}
	f := await(t, data, 0, time.Minute, "character on stage", func(f fact) bool { return f.Type == "character.shown" && strings.Contains(string(f.Data), "mina") })
	await(t, data, f.Seq, time.Minute, "line by the new personality", func(f fact) bool {
		return f.Type == "speech.started" && strings.Contains(string(f.Data), `"mina-vox"`)
	})
	if d := differs(before, look(t, rtmp), hostPlace); d < 0.3 {
		t.Errorf("the same character is on stage after the swap: %.3f of its pixels changed", d)
	}
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "plugin.yaml"), []byte("id: broken\nverzion: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "swap", bad, "--data-dir", data).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "verzion") || !strings.Contains(string(out), "version") {
		t.Errorf("a broken plugin: %v: %s", err, out)
	}
	if !strings.Contains(string(command(t, "plugin", "ls", "--data-dir", data)), "mina-vox") {
		t.Error("a broken plugin took the slot of a good one")
	}
}

// firstCharacter swaps in the character of the README, word for word.
func firstCharacter(t *testing.T, data, sim string) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"personality.yaml", "plugin.yaml"} {
		_, rest, ok := strings.Cut(string(readme), "```yaml\n# "+name+"\n")
		text, _, ok2 := strings.Cut(rest, "```")
		if !ok || !ok2 {
			t.Fatalf("the README has no %s", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command(t, "swap", dir, "--data-dir", data)
	id := post(t, sim, "zoe_zh", "@sothebais bid 1.9 ETH")
	took := await(t, data, 0, time.Minute, "accepted bid", func(f fact) bool {
		return f.Type == "bid.accepted" && strings.Contains(string(f.Data), `"`+id+`"`)
	})
	await(t, data, took.Seq, time.Minute, "line of the README's character about the bid", func(f fact) bool {
		return f.Type == "speech.started" && f.Root == took.Root && strings.Contains(string(f.Data), `"my-host"`)
	})
	command(t, "swap", "mina-vox", "--data-dir", data)
}

// killEncoder ends FFmpeg under a player, which must not notice more than a moment.
func killEncoder(t *testing.T, p *program, data, rtmp string) {
	player := exec.Command("ffmpeg", "-v", "error", "-i", rtmp, "-t", "12", "-f", "framecrc", "-an", "-c", "copy", "pipe:1")
	var packets strings.Builder
	player.Stdout = &packets
	if err := player.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second)
	seen := ledger(t, data, 0)
	since := seen[len(seen)-1].Seq
	if err := syscall.Kill(childNamed(t, p.cmd.Process.Pid, "ffmpeg"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	down := await(t, data, since, time.Minute, "output.down", kind("output.down"))
	up := await(t, data, down.Seq, time.Minute, "output.up", kind("output.up"))
	if gap, most := up.Time.Sub(down.Time), 2*time.Second+2*encoderStart(t); gap > most {
		t.Errorf("the encoder was away for %s, want %s at most", gap, most)
	}
	if err := player.Wait(); err != nil {
		t.Errorf("the player did not outlive the encoder: %v", err)
	}
	if n := strings.Count(packets.String(), "\n"); n < 10*fps {
		t.Errorf("the player got %d pictures in 12 s around the encoder's death", n)
	}
}

// encoderStart is what this machine takes just now to start FFmpeg and encode a picture: no replacement is quicker.
func encoderStart(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	tool(t, time.Minute, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-frames:v", "1", "-c:v", "libx264", "-f", "flv", "-y", "/dev/null")
	return time.Since(began)
}

// killSimulator takes X and its ingest away; the show goes on, says so, and is with them again when they are back.
func killSimulator(t *testing.T, p *program, data, sim string) {
	seen := ledger(t, data, 0)
	since := seen[len(seen)-1].Seq
	if err := syscall.Kill(childNamed(t, p.cmd.Process.Pid, "devnet"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "devnet"} {
		is := func(k string) func(fact) bool {
			return func(f fact) bool { return f.Type == k && strings.Contains(string(f.Data), `"output":"`+name+`"`) }
		}
		down := await(t, data, since, time.Minute, name+" down", is("output.down"))
		await(t, data, down.Seq, time.Minute, name+" up again", is("output.up"))
	}
	id := post(t, sim, "mira_k", "@sothebais bid 2.5 ETH")
	await(t, data, since, time.Minute, "bid after X came back", func(f fact) bool {
		return f.Type == "bid.accepted" && strings.Contains(string(f.Data), `"`+id+`"`)
	})
}

// childNamed finds a child process by the name of its program.
func childNamed(t *testing.T, parent int, name string) int {
	t.Helper()
	pid := findChild(t, parent, name)
	if pid == 0 {
		t.Fatalf("no %s runs under the show", name)
	}
	return pid
}

// findChild is childNamed where there may be none: 0 then.
func findChild(t *testing.T, parent int, name string) int {
	t.Helper()
	for _, pid := range children(t, parent) {
		if comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); strings.TrimSpace(string(comm)) == name {
			return pid
		}
	}
	return 0
}

// runners are the processes of plugins.
func runners(t *testing.T, parent int) []int {
	t.Helper()
	return slices.DeleteFunc(children(t, parent), func(pid int) bool {
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return !strings.HasSuffix(string(args), "\x00plugin-runner\x00")
	})
}

// children are the child processes of one.
func children(t *testing.T, parent int) (pids []int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		for _, id := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(id); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// controlRoom drives the page in Chromium: see control-room.mjs.
func controlRoom(t *testing.T, room string) {
	script, err := filepath.Abs("control-room.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script)
	cmd.Dir = uiDir
	cmd.Env = append(os.Environ(), "BASE="+room, "PASSWORD=correct horse battery", "SHOTS="+os.Getenv("E2E_SHOTS"))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("the control room: %v", err)
	}
}

// Levels around which the programme tells a voice from the bed under it: voices are mixed to about -18 dBFS, the bed to
// -28 and less.
const (
	voiceLevel = -24
	bedLevel   = -26
)

// mouthFollowsVoice sets the picture of the mouth against the sound, frame by frame.
func mouthFollowsVoice(t *testing.T, file string) {
	open, level := openMouth(t, "-i", file), loudness(t, "-i", file)
	n := min(len(open), len(level))
	var voiced, silent, movedVoiced, movedSilent float64
	for i := 1; i < n; i++ {
		moved := float64(abs(open[i] - open[i-1]))
		switch {
		case slices.Max(level[max(0, i-6):min(n, i+7)]) > voiceLevel:
			voiced, movedVoiced = voiced+1, movedVoiced+moved
		case slices.Max(level[max(0, i-15):min(n, i+16)]) < bedLevel:
			silent, movedSilent = silent+1, movedSilent+moved
		}
	}
	if voiced < 5*fps || silent < 5*fps {
		t.Fatalf("%.0f frames with a voice and %.0f without: too few to tell", voiced, silent)
	}
	v, s := movedVoiced/voiced, movedSilent/silent
	t.Logf("the mouth changes by %.1f pixels a frame with a voice (%.0f frames) and by %.1f without (%.0f frames)", v, voiced, s, silent)
	if v < 6*s || v < 5 {
		t.Errorf("the mouth does not follow the voice: %.1f pixels a frame with it, %.1f without", v, s)
	}
}
