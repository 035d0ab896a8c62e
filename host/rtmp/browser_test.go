package rtmp_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sothebais/sothebais/host/ffmpeg"
	"github.com/sothebais/sothebais/host/rtmp"
)

// seen is what the page tells of each picture it shows.
type seen struct {
	N     uint64
	Age   float64 // ms since it was due on screen
	Audio int     // bytes of sound decoded
	Error string
}

// watch is a page with the preview, and what came back from it.
type watch struct {
	preview *rtmp.Preview
	due     func(n uint64) time.Time
	mu      sync.Mutex
	reports []seen
	late    []time.Duration // from frame to screen
}

func (w *watch) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) { http.ServeFile(rw, r, "testdata/preview.html") })
	mux.HandleFunc("/ws", w.serve)
	mux.HandleFunc("/report", func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		var s seen
		if json.NewDecoder(r.Body).Decode(&s) != nil {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reports = append(w.reports, s)
		w.late = append(w.late, now.Sub(w.due(s.N))-time.Duration(max(s.Age, 0)*float64(time.Millisecond)))
	})
	return mux
}

func (w *watch) serve(rw http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(rw, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	ctx := c.CloseRead(r.Context())
	v, err := w.preview.Subscribe(ctx)
	if err != nil {
		return
	}
	defer v.Close()
	if c.Write(ctx, websocket.MessageText, []byte(v.Codec)) != nil || c.Write(ctx, websocket.MessageBinary, v.Init) != nil {
		return
	}
	for b := range v.C {
		if c.Write(ctx, websocket.MessageBinary, b) != nil {
			return
		}
	}
}

// TestChromiumShowsThePreview measures the way from a frame to the screen of a real browser, with sound beside it,
// and kills the encoder in the middle.
func TestChromiumShowsThePreview(t *testing.T) {
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("this test needs a browser (apt-get install chromium): %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	began := time.Now()
	hub := rtmp.NewHub(rtmp.HubConfig{})
	w := &watch{preview: rtmp.NewPreview(rtmp.PreviewConfig{Hub: hub}), due: func(n uint64) time.Time { return began.Add(time.Duration(n) * time.Second / 30) }}
	encoder, err := ffmpeg.New(ffmpeg.Config{Width: 640, Height: 360, OnTag: func(g ffmpeg.Tag) { hub.Publish(rtmp.NewTag(rtmp.Kind(g.Type), g.TS, g.Payload)) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []func(context.Context) error{w.preview.Run, encoder.Run, func(ctx context.Context) error { return stamp(ctx, encoder, w.due) }} {
		parts.Go(func() {
			if err := part(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	ts := httptest.NewUnstartedServer(w.handler())
	ts.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	ts.Start()
	defer ts.Close()
	defer ts.CloseClientConnections()
	defer cancel()

	chrome := exec.Command(bin, "--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--user-data-dir="+t.TempDir(), ts.URL)
	chrome.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := chrome.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		syscall.Kill(-chrome.Process.Pid, syscall.SIGKILL)
		chrome.Wait()
	}()
	w.await(t, 150)
	syscall.Kill(encoder.Stats().PID, syscall.SIGKILL)
	w.await(t, 300)
	w.judge(t)
}

func (w *watch) await(t *testing.T, pictures int) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		w.mu.Lock()
		n := len(w.reports)
		w.mu.Unlock()
		if n >= pictures {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the browser showed %d pictures in 90 s", n)
		}
	}
}

func (w *watch) judge(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.reports {
		if s.Error != "" {
			t.Errorf("the page says: %s", s.Error)
		}
	}
	if w.reports[len(w.reports)-1].Audio == 0 {
		t.Error("no sound was decoded")
	}
	late := slices.Sorted(slices.Values(w.late[30:])) // the first second catches up
	t.Logf("frame to screen: median %v, p95 %v, max %v over %d pictures", late[len(late)/2], late[len(late)*95/100], late[len(late)-1], len(late))
	if m := late[len(late)/2]; m > time.Second {
		t.Errorf("half of the pictures took longer than %v, want 1 s", m)
	}
}

// stamp feeds an encoder in real time; each frame has its number as 24 blocks along the top.
func stamp(ctx context.Context, e *ffmpeg.Encoder, due func(uint64) time.Time) error {
	i420, pcm := make([]byte, 640*360*3/2), make([]int16, 3200)
	for i := range i420 {
		i420[i] = 128
	}
	for n := uint64(0); ctx.Err() == nil; n++ {
		time.Sleep(time.Until(due(n)))
		for bit := range 24 {
			luma := byte(16 + 219*(n>>bit&1))
			for y := range 16 {
				for x := range 16 {
					i420[y*640+bit*16+x] = luma
				}
			}
		}
		for i := range pcm {
			pcm[i] = int16(i * 7 % 900)
		}
		if err := e.Write(n, i420, pcm); err != nil {
			return err
		}
	}
	return nil
}
