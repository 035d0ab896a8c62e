package rtmp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFFmpegPlays(t *testing.T) {
	for name, from := range map[string]uint32{"young": 0, "older than 4 h 39 min": 0x1000000 - 1500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := NewHub(HubConfig{})
			addr := listen(t, ServerConfig{Hub: hub})
			air(t, hub, from)
			probe(t, 4, "rtmp://"+addr+"/live/show", nil).check(t, 3.5)
		})
	}
}

func TestPlayerWaitsForTheShow(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	addr := listen(t, ServerConfig{Hub: hub})
	time.AfterFunc(500*time.Millisecond, func() { air(t, hub, 0) })
	probe(t, 2, "rtmp://"+addr+"/live/show", nil).check(t, 1.5)
}

func TestUnknownStream(t *testing.T) {
	t.Parallel()
	addr := listen(t, ServerConfig{Hub: NewHub(HubConfig{})})
	out, err := exec.Command("ffprobe", "-v", "error", "rtmp://"+addr+"/live/other").CombinedOutput()
	if err == nil {
		t.Errorf("played: %s", out)
	}
}

// ffmpegPublishes has FFmpeg publish two seconds, and returns what it said.
func ffmpegPublishes(t *testing.T, url string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=2",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url).Run()
}

func TestPublishing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, key, path string
		ok              bool
	}{
		{"off", "", "/live/show", false},
		{"key as the name", "s3cret", "/live/s3cret", true},
		{"key in the query", "s3cret", "/live/show?key=s3cret", true},
		{"wrong key", "s3cret", "/live/other", false},
		{"no key", "s3cret", "/live/show", false},
		{"wrong application", "s3cret", "/other/s3cret", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hub := NewHub(HubConfig{})
			err := ffmpegPublishes(t, "rtmp://"+listen(t, ServerConfig{Hub: hub, PublishKey: c.key})+c.path)
			if (err == nil) != c.ok {
				t.Errorf("ffmpeg ended with %v", err)
			}
			hub.mu.Lock()
			defer hub.mu.Unlock()
			if got := hub.headers.Video != nil && hub.head > 100; got != c.ok {
				t.Errorf("hub got the stream: %v", got)
			}
		})
	}
}

// inbox is an Ingest that keeps what it gets.
type inbox struct {
	mu   sync.Mutex
	tags []Tag
	ends int
}

func (i *inbox) Tag(t Tag)       { i.mu.Lock(); i.tags = append(i.tags, t); i.mu.Unlock() }
func (i *inbox) End(error)       { i.mu.Lock(); i.ends++; i.mu.Unlock() }
func (i *inbox) pictures() int   { i.mu.Lock(); defer i.mu.Unlock(); return len(picturesOf(i.tags)) }
func (i *inbox) snapshot() []Tag { i.mu.Lock(); defer i.mu.Unlock(); return slices.Clone(i.tags) }

func picturesOf(tags []Tag) (out []Tag) {
	for _, g := range tags {
		if g.Kind == Video && !g.Header {
			out = append(out, g)
		}
	}
	return out
}

func TestPusherComesBack(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	air(t, hub, 5_000_000)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var mu sync.Mutex
	var ups []time.Duration
	var downs []string
	p, err := NewPusher(PusherConfig{Hub: hub, URL: "rtmp://" + ln.Addr().String() + "/x", Key: "k-123",
		OnUp:   func(d time.Duration) { mu.Lock(); ups = append(ups, d); mu.Unlock() },
		OnDown: func(s string) { mu.Lock(); downs = append(downs, s); mu.Unlock() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running(t, p.Run))
	for range 2 {
		box, at := &inbox{}, newLife(t, ln.(*net.TCPListener))
		stop := running(t, func(ctx context.Context) error {
			return NewServer(ServerConfig{App: "x", Accept: func(q PublishRequest) (Ingest, error) {
				if q.Stream != "k-123" {
					t.Errorf("published as %q", q.Stream)
				}
				return box, nil
			}}).Serve(ctx, at)
		})
		eventually(t, "two seconds of pictures at the target", func() bool { return box.pictures() >= 60 })
		stop() // the target dies
		checkPublication(t, box.snapshot())
	}
	mu.Lock()
	defer mu.Unlock()
	if len(ups) != 2 || ups[0] != 0 || ups[1] <= 0 {
		t.Errorf("ups %v", ups)
	}
	if len(downs) == 0 {
		t.Error("no down was told")
	}
}

// checkPublication wants headers first, then a key frame at 0, then time that rises.
func checkPublication(t *testing.T, tags []Tag) {
	t.Helper()
	var kinds []string
	last := map[Kind]uint32{}
	for i, g := range tags {
		if i < 3 {
			kinds = append(kinds, g.Kind.String())
			continue
		}
		if i == 3 && (!g.Key || g.TS != 0) {
			t.Errorf("media begin with %s at %d ms, key frame: %v", g.Kind, g.TS, g.Key)
		}
		if g.TS < last[g.Kind] {
			t.Errorf("message %d goes back from %d to %d", i, last[g.Kind], g.TS)
		}
		last[g.Kind] = g.TS
	}
	if got := strings.Join(kinds, " "); got != "data video audio" || !bytes.Contains(tags[0].Payload, []byte("onMetaData")) {
		t.Errorf("begins with %s", got)
	}
}

func TestPusherToTargetThatRefuses(t *testing.T) {
	t.Parallel()
	addr := listen(t, ServerConfig{Accept: func(PublishRequest) (Ingest, error) { return nil, ErrRefused }})
	said := make(chan string, 8)
	p, err := NewPusher(PusherConfig{Hub: NewHub(HubConfig{}), URL: "rtmp://" + addr + "/live/very-secret", OnDown: func(s string) { said <- s }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running(t, p.Run))
	select {
	case s := <-said:
		if !strings.Contains(s, "BadName") || strings.Contains(s, "very-secret") {
			t.Errorf("reason %q", s)
		}
	case <-time.After(patience):
		t.Fatal("no reason given")
	}
}

// TestPusherAgainstHostileTargets wants an end by our deadlines and limits, whatever the other side does.
func TestPusherAgainstHostileTargets(t *testing.T) {
	t.Parallel()
	for name, behave := range map[string]func(net.Conn){
		"silent": func(c net.Conn) { io.Copy(io.Discard, c) }, // until we hang up
		"closes": func(c net.Conn) {},
		"HTTP":   func(c net.Conn) { c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n" + strings.Repeat("x", 5000))) },
		"endless": func(c net.Conn) {
			for b := bytes.Repeat([]byte{3}, 1<<16); ; {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() {
				c, err := ln.Accept()
				if err == nil {
					behave(c)
					c.Close()
				}
			})
			p, err := NewPusher(PusherConfig{Hub: NewHub(HubConfig{}), URL: "rtmp://" + ln.Addr().String() + "/a/k", DialTimeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.push(t.Context()); err == nil {
				t.Error("took it for a target")
			}
		})
	}
}

func TestRTMPS(t *testing.T) {
	t.Parallel()
	cert, pool := selfSigned(t)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	box := &inbox{}
	t.Cleanup(running(t, func(ctx context.Context) error {
		return NewServer(ServerConfig{Accept: func(PublishRequest) (Ingest, error) { return box, nil }}).Serve(ctx, ln)
	}))
	hub := NewHub(HubConfig{})
	air(t, hub, 0)
	p, err := NewPusher(PusherConfig{Hub: hub, URL: "rtmps://" + ln.Addr().String() + "/live/key", TLS: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running(t, p.Run))
	eventually(t, "pictures over TLS", func() bool { return box.pictures() > 20 })
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTargets(t *testing.T) {
	for _, c := range []struct{ url, key, addr, app, tcURL, want string }{
		{url: "rtmp://va.pscp.tv:80/x", key: "abc", addr: "va.pscp.tv:80", app: "x", tcURL: "rtmp://va.pscp.tv:80/x", want: "abc"},
		{url: "rtmps://va.pscp.tv/x/abc?a=1", addr: "va.pscp.tv:443", app: "x", tcURL: "rtmps://va.pscp.tv/x", want: "abc?a=1"},
		{url: "rtmp://127.0.0.1/live/room/abc", addr: "127.0.0.1:1935", app: "live/room", tcURL: "rtmp://127.0.0.1/live/room", want: "abc"},
		{url: "rtmp://[::1]:99/live/k", addr: "[::1]:99", app: "live", tcURL: "rtmp://[::1]:99/live", want: "k"},
	} {
		p, err := NewPusher(PusherConfig{URL: c.url, Key: c.key})
		if err != nil || p.addr != c.addr || p.app != c.app || p.tcURL != c.tcURL || p.cfg.Key != c.want {
			t.Errorf("%s: %+v, %v", c.url, p, err)
		}
	}
	for _, bad := range []string{"", "http://x/y/z", "rtmp://", "rtmp://host", "rtmp://host/live", "rtmp:///live/secret", "::"} {
		if _, err := NewPusher(PusherConfig{URL: bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRecordings(t *testing.T) {
	for _, ext := range []string{".flv", ".mp4"} {
		t.Run(ext, func(t *testing.T) {
			t.Parallel()
			hub := NewHub(HubConfig{})
			path := filepath.Join(t.TempDir(), "show"+ext)
			r, err := NewRecorder(RecorderConfig{Hub: hub, Path: path})
			if err != nil {
				t.Fatal(err)
			}
			stop := air(t, hub, 70_000_000)
			end := running(t, r.Run)
			onAir(t, hub, 70_000_000, 2500*time.Millisecond)
			eventually(t, "two seconds on disk", func() bool { st, err := os.Stat(path); return err == nil && st.Size() > weight(t, 2000) })
			crash, err := os.ReadFile(path) // as a crash would leave it
			if err != nil {
				t.Fatal(err)
			}
			cut := filepath.Join(t.TempDir(), "cut"+ext)
			if err := os.WriteFile(cut, crash, 0o600); err != nil {
				t.Fatal(err)
			}
			probe(t, 0, cut, nil).check(t, 0.9)
			onAir(t, hub, 70_000_000, 4500*time.Millisecond)
			stop()
			end()
			probe(t, 0, path, nil).check(t, 4)
			if got := r.Paths(); !slices.Equal(got, []string{path}) {
				t.Errorf("paths %v", got)
			}
		})
	}
}

// weight is how many bytes of media the first so many milliseconds of the sample have.
func weight(t *testing.T, millis uint32) (n int64) {
	for _, g := range sampleTags(t) {
		if !g.Header && g.TS < millis {
			n += int64(len(g.Payload))
		}
	}
	return n
}

func TestRecordingKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "show.mp4")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	hub := NewHub(HubConfig{})
	r, err := NewRecorder(RecorderConfig{Hub: hub, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range sampleTags(t) {
		hub.Publish(g)
	}
	hub.Close()
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Error("the file that was there is gone")
	}
	if got := r.Paths(); len(got) != 1 || filepath.Base(got[0]) != "show-2.mp4" {
		t.Errorf("paths %v", got)
	}
}

func TestRecordingWithNewParameters(t *testing.T) {
	hub := NewHub(HubConfig{})
	path := filepath.Join(t.TempDir(), "show.mp4")
	r, err := NewRecorder(RecorderConfig{Hub: hub, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	eventually(t, "the recorder", func() bool { return readers(hub) == 1 })
	for round := range uint32(2) {
		for _, g := range sampleTags(t) {
			if round == 1 && g.Header && g.Kind == Video {
				g.Payload = slices.Clone(g.Payload)
				g.Payload[5+3]++ // another level
			}
			g.TS += round * period
			hub.Publish(g)
		}
	}
	hub.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := r.Paths(); len(got) != 2 {
		t.Fatalf("paths %v, want a part for each configuration", got)
	}
	for _, p := range r.Paths() {
		probe(t, 0, p, nil).check(t, 0.9)
	}
}

func TestRecorderRefuses(t *testing.T) {
	for _, bad := range []string{"show.avi", "show", filepath.Join(t.TempDir(), "none", "show.mp4")} {
		if _, err := NewRecorder(RecorderConfig{Path: bad}); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	p := NewPreview(PreviewConfig{Hub: hub})
	t.Cleanup(running(t, p.Run))
	if _, err := p.Subscribe(cancelled(t)); err == nil {
		t.Error("subscribed before there was anything to see")
	}
	air(t, hub, 90_000_000)
	onAir(t, hub, 90_000_000, 1500*time.Millisecond)
	v, err := p.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if !strings.HasPrefix(v.Codec, "avc1.") || !strings.HasSuffix(v.Codec, ",mp4a.40.2") {
		t.Errorf("codec %q", v.Codec)
	}
	got := bytes.Clone(v.Init)
	const messages, group = 100, 30 // the first message holds what there is of the group of pictures
	for range messages {
		got = append(got, <-v.C...)
	}
	seen := probe(t, 0, "pipe:0", got)
	seen.check(t, 2.8)
	pictures := 0
	for _, k := range seen.Packets {
		if k.Kind == "video" {
			pictures++
		}
	}
	if pictures > messages+group {
		t.Errorf("%d pictures in %d messages: that is not a message for each", pictures, messages)
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestPreviewEndsWithTheShow(t *testing.T) {
	hub := NewHub(HubConfig{})
	p := NewPreview(PreviewConfig{Hub: hub})
	stop := running(t, p.Run)
	for _, g := range sampleTags(t) {
		hub.Publish(g)
	}
	v, err := p.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hub.Close()
	for range v.C {
	}
	if _, err := p.Subscribe(t.Context()); !errors.Is(err, ErrHubClosed) {
		t.Errorf("after the end: %v", err)
	}
	v.Close()
	stop()
}

func TestSlowBrowserGoesOnAtAKeyFrame(t *testing.T) {
	hub := NewHub(HubConfig{})
	p := NewPreview(PreviewConfig{Hub: hub})
	stop := running(t, p.Run)
	defer stop()
	tags := sampleTags(t)
	for _, g := range tags {
		hub.Publish(g)
	}
	v, err := p.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for round := range uint32(4) { // far more than fits, and nobody reads
		for _, g := range tags {
			g.TS += (round + 1) * period
			hub.Publish(g)
		}
	}
	time.Sleep(300 * time.Millisecond)
	v.Close()
	first := true
	for b := range v.C {
		if first && !bytes.Contains(b, []byte{0x02, 0, 0, 0}) {
			t.Error("begins inside a group of pictures")
		}
		first = false
	}
}
