package xapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/cmd/devnet/xsim"
	"github.com/sothebais/sothebais/host/post"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a network inside the test: it hands requests to a handler in the same bubble of time.
type wire struct {
	handler http.Handler
	cut     atomic.Bool // nobody answers
	mu      sync.Mutex
	calls   map[string]int
}

// RoundTrip serves a request.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.cut.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	w.mu.Lock()
	w.calls[r.Method+" "+r.URL.Path]++
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	pr, pw := io.Pipe()
	stop := context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)); pr.CloseWithError(context.Cause(ctx)) })
	served := r.Clone(ctx)
	served.Host, served.RequestURI = r.URL.Host, r.URL.RequestURI()
	if served.Body == nil {
		served.Body = http.NoBody
	}
	out := &answerWriter{header: http.Header{}, body: pw, begun: make(chan struct{})}
	go func() {
		defer cancel()
		defer stop()
		w.handler.ServeHTTP(out, served)
		out.WriteHeader(http.StatusOK)
		pw.Close()
	}()
	select {
	case <-out.begun:
		return &http.Response{StatusCode: out.status, Header: out.sent, Body: &body{pr, cancel}, Request: r, ProtoMajor: 1}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) count(call string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[call]
}

type body struct {
	*io.PipeReader
	cancel func()
}

func (b *body) Close() error { b.cancel(); return b.PipeReader.Close() }

type answerWriter struct {
	header, sent http.Header
	body         *io.PipeWriter
	status       int
	once         sync.Once
	begun        chan struct{}
}

func (a *answerWriter) Header() http.Header { return a.header }
func (a *answerWriter) Flush()              {}

func (a *answerWriter) WriteHeader(status int) {
	a.once.Do(func() { a.status, a.sent = status, a.header.Clone(); close(a.begun) })
}

func (a *answerWriter) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// world is a simulated X, a client of it, and what the client heard.
type world struct {
	t      *testing.T
	x      *xsim.Server
	wire   *wire
	c      *Client
	mu     sync.Mutex
	heard  []string
	fail   int    // posts still to be refused by the receiver
	poison string // a text that it never takes
	poured int    // how often it was offered that
	ups    int
	downs  []string
}

var (
	hostUser = xsim.User{ID: "7", Username: "host", Name: "Host"}
	ann      = xsim.User{ID: "21", Username: "ann", Name: "Ann"}
	keys     = xsim.Keys{Bearer: "app", ConsumerKey: "ck", ConsumerSecret: "cs", Token: "7-t", TokenSecret: "ts"}
)

func newWorld(t *testing.T, limits map[string]int, change func(*Config)) *world {
	w := &world{t: t, x: xsim.New(xsim.Config{Host: hostUser, Users: []xsim.User{ann}, Keys: keys, Strict: true, Limits: limits})}
	w.wire = &wire{handler: w.x.Handler(), calls: map[string]int{}}
	cfg := Config{BaseURL: "http://x.test", Account: "@host", Bearer: keys.Bearer,
		User: User{ConsumerKey: keys.ConsumerKey, ConsumerSecret: keys.ConsumerSecret, Token: keys.Token, TokenSecret: keys.TokenSecret},
		HTTP: &http.Client{Transport: w.wire},
		OnUp: w.up, OnDown: w.down,
	}
	if change != nil {
		change(&cfg)
	}
	w.c = New(cfg)
	return w
}

// listen runs the client until the returned function is called.
func (w *world) listen(since string) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.c.Run(ctx, since, w.hear) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.t.Errorf("Run ended with %v", err)
		}
		w.x.Close()
		synctest.Wait()
	}
}

func (w *world) hear(_ context.Context, p post.Post) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.Text == w.poison {
		w.poured++
		return errors.New("never")
	}
	if w.fail > 0 {
		w.fail--
		return errors.New("not now")
	}
	w.heard = append(w.heard, p.Text)
	return nil
}

// unique is what was heard without repetitions, which are allowed.
func (w *world) unique() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[string]bool{}
	for _, text := range w.heard {
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

func (w *world) say(text string) xsim.Post {
	w.t.Helper()
	p, err := w.x.Write(ann.ID, text, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) offered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.poured
}
