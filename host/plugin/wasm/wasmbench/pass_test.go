package wasmbench

import "testing"

func TestRun(t *testing.T) {
	guest, native, err := Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("guest %.0f ns, native %.1f ns, %.1f times", guest, native, guest/native)
}
