package compositorbench

import "testing"

// TestRun makes sure that both sides draw; the goal itself is for make bench, which owns the machine.
func TestRun(t *testing.T) {
	ours, theirs, err := Run(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if ours <= 0 || theirs <= 0 {
		t.Error(ours, theirs)
	}
	t.Logf("ours %.3f ms, FFmpeg %.3f ms: %.1f times", ours, theirs, theirs/ours)
}
