package rtmp

import "testing"

// TestProgrammeWithoutKeyFrames: what is kept for those who come later has a bound, and they still begin at a key frame.
func TestProgrammeWithoutKeyFrames(t *testing.T) {
	p := NewPreview(PreviewConfig{Hub: NewHub(HubConfig{})})
	p.init = []byte("init")
	p.send([]byte("key"), true)
	for range 3 * groupDepth {
		p.send([]byte("more"), false)
	}
	if n := len(p.group); n > groupDepth {
		t.Errorf("%d fragments are kept", n)
	}
	v, err := p.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.send([]byte("more"), false)
	p.send([]byte("key again"), true)
	p.send([]byte("more"), false)
	v.Close()
	var got []string
	for b := range v.C {
		got = append(got, string(b))
	}
	if len(got) != 2 || got[0] != "key again" {
		t.Errorf("a late viewer got %q", got)
	}
	if n := len(p.group); n != 2 {
		t.Errorf("%d fragments are kept after a key frame, want 2", n)
	}
}
