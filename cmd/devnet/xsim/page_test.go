package xsim

import (
	"context"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestPageTakesWords: a link to the page may carry the words of a post, as links to X do, and they are in the box at once.
func TestPageTakesWordsInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("this test needs a browser (apt-get install chromium): %v", err)
	}
	f := serve(t, Config{})
	for words, want := range map[string]string{
		"@host bid 2.5 ETH":      `<span id="left" class="muted">263</span><button id="send">`,
		"":                       `<span id="left" class="muted">280</span><button id="send" disabled="">`,
		strings.Repeat("x", 281): `<span id="left" class="muted over">-1</span><button id="send" disabled="">`,
	} {
		if page := shown(t, bin, f.url+"?text="+url.QueryEscape(words)); !strings.Contains(page, want) {
			_, near, _ := strings.Cut(page, `<div class="send">`)
			t.Errorf("with %.20q the box counts %.120s", words, near)
		}
	}
}

// shown is a page as a browser has it when its scripts have run.
func shown(t *testing.T, bin, page string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, bin, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--dump-dom", page).Output()
	if err != nil {
		t.Fatalf("chromium %s: %v", page, err)
	}
	return string(out)
}
