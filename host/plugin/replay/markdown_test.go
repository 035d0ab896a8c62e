package replay

import (
	"os"
	"strings"
	"testing"
)

// TestMarkdown: what strangers wrote is no markup, and stays in its cell.
func TestMarkdown(t *testing.T) {
	r := Report{Take: Take{Slot: "personality", Plugin: "ann", Version: "1.0.0"}, Plugin: "bob 2.0.0", Events: 412, Verdicts: map[Verdict]int{Same: 288, Line: 7, Trapped: 1},
		Doubts: []string{"the store of ann held something"}, Powers: map[string]int{"reply": 9, "http": 1},
		Groups: []Group{
			{Trigger: "post.received question", Verdict: Line, Count: 7, Rows: []Row{{Seq: 12, Cause: "question @<b>|x: [rare](http://x)?", Was: "“One\nof one.”", Now: "“*One*”", Powers: []string{"reply"}}}},
			{Trigger: "lot.closing", Verdict: Trapped, Count: 1, Rows: []Row{{Seq: 40, Cause: "closing in 30 s", Was: "“Thirty!”", Now: "— silent", Trap: "out of fuel"}}},
		}}
	want, err := os.ReadFile("testdata/report.md")
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Markdown(); got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := (Report{Take: Take{Slot: "a\n# b"}}).Markdown(), "in slot a \\# b."; !strings.Contains(got, want) { // a recording may come from anybody
		t.Errorf("got %q, want %q in it", got, want)
	}
	same := Report{Take: r.Take, Plugin: "ann 1.0.0", SamePlugin: true}
	if got, want := same.Markdown(), "# Replay: ann 1.0.0\n\nIt heard 0 events that ann 1.0.0 heard on air, in slot personality.\n\n**nobody had anything to say**\n\nIt is, to the byte, the plugin that was on air.\n"; got != want {
		t.Errorf("got %q", got)
	}
}
