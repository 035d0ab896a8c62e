package rtmp

import (
	"context"
	"errors"
	"testing"
	"time"
)

func picture(ts uint32, key bool) Tag {
	b := []byte{0x27, 1, 0, 0, 0, byte(ts)}
	if key {
		b[0] = 0x17
	}
	return NewTag(Video, ts, b)
}

func header(v byte) Tag { return NewTag(Video, 0, []byte{0x17, 0, 0, 0, 0, v}) }

// stamps reads what is there and returns the timestamps.
func stamps(t *testing.T, r *Reader) (out []uint32) {
	t.Helper()
	ps, _, _ := r.take(nil)
	for len(ps) > 0 {
		for _, p := range ps {
			out = append(out, p.TS)
		}
		ps, _, _ = r.take(nil)
	}
	return out
}

func TestReaderBeginsAtAKeyFrame(t *testing.T) {
	h := NewHub(HubConfig{})
	early := h.Subscribe()
	h.Publish(picture(10, false)) // of no use to anyone
	h.Publish(header(1))
	for ts := uint32(100); ts < 200; ts += 10 {
		h.Publish(picture(ts, ts%50 == 0))
	}
	late := h.Subscribe()
	if got := stamps(t, early); len(got) != 10 || got[0] != 100 {
		t.Errorf("early reader got %v", got)
	}
	if got := stamps(t, late); len(got) != 5 || got[0] != 150 {
		t.Errorf("late reader got %v", got)
	}
}

func TestSlowReaderJumps(t *testing.T) {
	for name, c := range map[string]struct {
		cfg     HubConfig
		read    func(*Hub) *Reader
		first   uint32
		skipped uint64
	}{
		"by time":              {HubConfig{MaxLag: time.Second}, (*Hub).Subscribe, 4000, 200},
		"by number":            {HubConfig{Packets: 64, MaxLag: time.Hour}, (*Hub).Subscribe, 4000, 200},
		"not while it is held": {HubConfig{MaxLag: time.Second}, (*Hub).SubscribeAll, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHub(c.cfg)
			r := c.read(h)
			for i := uint32(0); i < 240; i++ { // 20 ms apart, a key frame each 50
				h.Publish(picture(i*20, i%50 == 0))
			}
			if got := stamps(t, r); got[0] != c.first || got[len(got)-1] != 239*20 {
				t.Errorf("got %d to %d, want from %d", got[0], got[len(got)-1], c.first)
			}
			if r.Skipped != c.skipped {
				t.Errorf("skipped %d, want %d", r.Skipped, c.skipped)
			}
		})
	}
}

func TestReaderWaitsWhenTheGroupIsLost(t *testing.T) {
	h := NewHub(HubConfig{Packets: 64})
	r := h.Subscribe()
	h.Publish(picture(0, true))
	for i := uint32(1); i < 200; i++ { // a group longer than the ring
		h.Publish(picture(i, false))
	}
	if got := stamps(t, r); len(got) != 0 {
		t.Errorf("got %v out of the middle of a group", got)
	}
	h.Publish(picture(500, true))
	if got := stamps(t, r); len(got) != 1 || got[0] != 500 {
		t.Errorf("got %v", got)
	}
}

func TestHeadersTravelWithPackets(t *testing.T) {
	h := NewHub(HubConfig{})
	r := h.Subscribe()
	h.Publish(header(1))
	h.Publish(picture(0, true))
	h.Publish(header(1)) // a new encoder with the same configuration
	h.Publish(picture(40, true))
	h.Publish(header(2))
	h.Publish(picture(80, true))
	ps, _, _ := r.take(make([]*Packet, 0, 8))
	if len(ps) != 3 || ps[0].Headers != ps[1].Headers || ps[1].Headers == ps[2].Headers {
		t.Fatalf("%d packets; headers change at the wrong place", len(ps))
	}
	if ps[2].Headers.Video[5] != 2 {
		t.Error("old headers with new pictures")
	}
}

func TestNextWaitsAndEnds(t *testing.T) {
	h := NewHub(HubConfig{})
	r := h.Subscribe()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	h.Publish(picture(0, true))
	h.Close()
	if ps, err := r.Next(t.Context(), nil); len(ps) != 1 || err != nil {
		t.Errorf("%d packets, %v: what was published before the end is owed", len(ps), err)
	}
	if _, err := r.Next(t.Context(), nil); !errors.Is(err, ErrHubClosed) {
		t.Errorf("got %v", err)
	}
	h.Publish(picture(40, true)) // harmless
	h.Close()
}

// A session may last for as long as it likes; only sound from just before its first picture is left out.
func TestBefore(t *testing.T) {
	const day = 86_400_000
	for _, c := range []struct {
		ts, base uint32
		want     bool
	}{
		{100, 140, true}, {140, 140, false}, {180, 140, false}, {0xffff_fff0, 20, true}, {20, 0xffff_fff0, false},
		{140 + 24*day, 140, false}, {140 + 30*day, 140, false}, {140 + 49*day, 140, false},
	} {
		if got := before(c.ts, c.base); got != c.want {
			t.Errorf("before(%d, %d) = %v", c.ts, c.base, got)
		}
	}
}
