package rtmpsink

import (
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/ffmpeg"
	"github.com/sothebais/sothebais/host/rtmp"
)

// TestChain carries frames through the encoder, the hub and a pusher to the sink, with a
// player beside it, and kills the encoder on the way: both must see one stream without a gap to speak of.
func TestChain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	run := func(part func(context.Context) error) {
		parts.Go(func() {
			if err := part(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	defer parts.Wait()
	defer cancel()

	sink, target := serve(t, Config{App: "x", Key: "k"})
	hub := rtmp.NewHub(rtmp.HubConfig{})
	var tags, away atomic.Int64 // how many came; ms without the encoder
	encoder, err := ffmpeg.New(ffmpeg.Config{Width: 640, Height: 360, FPS: 30,
		OnTag: func(g ffmpeg.Tag) { hub.Publish(rtmp.NewTag(rtmp.Kind(g.Type), g.TS, g.Payload)); tags.Add(1) },
		OnUp:  func(d time.Duration) { away.Store(d.Milliseconds()) }})
	if err != nil {
		t.Fatal(err)
	}
	run(encoder.Run)
	run(func(ctx context.Context) error { return paint(ctx, encoder) })
	eventually(t, "an encoder past the frames that were dropped while it started", func() bool { return tags.Load() > 150 })
	pusher, err := rtmp.NewPusher(rtmp.PusherConfig{Hub: hub, URL: "rtmp://" + target + "/x", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	run(pusher.Run)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	run(func(ctx context.Context) error { return rtmp.NewServer(rtmp.ServerConfig{Hub: hub}).Serve(ctx, ln) })

	played := make(chan string, 1)
	go func() {
		b, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-read_intervals", "%+6",
			"-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", "rtmp://"+ln.Addr().String()+"/live/show").CombinedOutput()
		if err != nil {
			t.Errorf("the player lost its stream: %v: %s", err, b)
		}
		played <- string(b)
	}()
	eventually(t, "three seconds at the target", func() bool { return sink.Report().Frames > 90 })
	syscall.Kill(encoder.Stats().PID, syscall.SIGKILL)
	select {
	case n := <-played:
		t.Logf("the player got %s pictures", n)
	case <-time.After(patience):
		t.Error("the player got stuck")
	}
	r := sink.Report()
	b, _ := json.Marshal(r)
	t.Logf("%s", b)
	t.Logf("encoder: %+v", encoder.Stats())
	if r.Publications != 1 || !r.Live || encoder.Stats().Restarts != 1 {
		t.Errorf("%d publications, live: %v, %d restarts; want one publication that outlives one encoder", r.Publications, r.Live, encoder.Stats().Restarts)
	}
	// what the encoder was away for may be missing, and no more
	if r.GapMaxMS > max(2000, away.Load()) || r.KeyMaxMS > 3000+away.Load() || r.Backwards > 0 || abs(r.SkewMaxMS) > 40 {
		t.Errorf("gap %d ms, key frames %d ms apart, %d timestamps backwards, skew %d ms", r.GapMaxMS, r.KeyMaxMS, r.Backwards, r.SkewMaxMS)
	}
}

// paint gives the encoder a moving picture and silence at 30 frames a second.
func paint(ctx context.Context, e *ffmpeg.Encoder) error {
	i420, pcm := make([]byte, 640*360*3/2), make([]int16, 3200)
	began := time.Now()
	for n := uint64(0); ctx.Err() == nil; n++ {
		time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / 30)))
		for i := range i420 {
			i420[i] = byte(128 + i/640 + int(n))
		}
		if err := e.Write(n, i420, pcm); err != nil {
			return err
		}
	}
	return nil
}
