package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDesignersWalk is the way of a plugin from an empty folder to a live show and back, by the documented commands alone.
func TestDesignersWalk(t *testing.T) {
	dir := t.TempDir()
	data, moth, home := filepath.Join(dir, "data"), filepath.Join(dir, "night-moth"), filepath.Join(dir, "home")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) string { return walk(t, dir, home, cache, args...) }

	do("new", "plugin", "night-moth", "--dir", moth)
	do("test", moth)
	edit(t, filepath.Join(moth, "personality.yaml"), "My word", "My oh my")
	if out := do("test", moth, "--update"); !strings.Contains(out, "bids") {
		t.Errorf("test --update: %s", out)
	}
	do("plugin", "bench", moth, "--events", "50")

	p := start(t, append(freePorts(), "DEVNET_X_PORT=0", "DEVNET_RTMP_PORT=0"), bin, "demo", "--data-dir", data, "--fps", "24", "--json")
	p.waitFor("on_air", time.Minute)
	await(t, data, 0, time.Minute, "bid", kind("bid.accepted"))

	if out := do("dev", moth, "--once", "--data-dir", data); !strings.Contains(out, "night-moth 0.1.0 is the shadow") {
		t.Errorf("dev --once: %s", out)
	}
	night := filepath.Join(dir, "night.sbrec")
	do("record", night, "--data-dir", data)
	do("replay", "--recording", night, "--data-dir", data)
	do("replay", moth, "--recording", night, "--data-dir", data)

	packed := filepath.Join(dir, "night-moth-0.1.0.sbx")
	do("pack", moth, "--out", packed)
	do("keys", "new", "me", "--no-password")
	do("keys", "trust", filepath.Join(home, ".config", "sothebais", "keys", "me.pub"), "--data-dir", data)
	do("sign", "--key", "me", packed)
	do("verify", packed, "--data-dir", data)
	do("install", packed, "--data-dir", data)

	do("shadow", "night-moth", "--data-dir", data)
	do("promote", "--data-dir", data)
	var back struct{ From, To string }
	if err := json.Unmarshal([]byte(do("rollback", "personality", "--data-dir", data, "--json")), &back); err != nil || back.From != "night-moth" || back.To == "" {
		t.Errorf("rollback: %+v, %v", back, err)
	}
	p.stop()
	for _, of := range []string{"overlay", "scene-rules", "personality", "night-moth"} {
		do("replay", "--data-dir", data, "--against", of)
	}
}

func edit(t *testing.T, file, old, now string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s does not hold %q", file, old)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte(old), []byte(now), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// walk runs a command with a home of its own, and gives what it prints.
func walk(t *testing.T, dir, home, cache string, args ...string) string {
	t.Helper()
	program, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir, c.Stderr = dir, &talk
	c.Env = append(freePorts(), "HOME="+home, "XDG_CACHE_HOME="+cache)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("sothebais %s: %v\n%s%s", strings.Join(args, " "), err, out, talk.Bytes())
	}
	return string(out)
}
