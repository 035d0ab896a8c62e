package wasmbench

import "testing"

func TestRun(t *testing.T) {
	for _, events := range []int{1, 64} {
		guest, native, err := Run(events)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("batches of %d: guest %.0f ns, native %.1f ns, %.1f times", events, guest, native, guest/native)
	}
}
