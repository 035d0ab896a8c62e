package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// room is a control room over a show in memory, and a client of it.
type room struct {
	*testing.T
	f      *fakeShow
	s      *Server
	cfg    Config
	ln     *net.TCPListener // held for the room's life, so that a restart finds its port free
	url    string
	client *http.Client
	stop   func()
}

// newRoom starts a control room; change may alter its configuration first.
func newRoom(t *testing.T, change ...func(*Config)) *room {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	r := &room{T: t, f: newFakeShow(), client: &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}}
	r.cfg = r.f.config()
	for _, c := range change {
		c(&r.cfg)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.ln = ln.(*net.TCPListener)
	r.start()
	t.Cleanup(func() { r.stop(); r.ln.Close() })
	return r
}

// life is a listener that leaves its port taken when it is closed.
type life struct {
	*net.TCPListener
	end sync.Once // a late second Close must not end the next life
}

// Close ends Accept and keeps the port.
func (l *life) Close() (err error) {
	l.end.Do(func() { err = l.SetDeadline(time.Unix(1, 0)) })
	return err
}

func (r *room) start() {
	r.Helper()
	s, err := New(context.Background(), r.cfg)
	if err != nil {
		r.Fatal(err)
	}
	if err := r.ln.SetDeadline(time.Time{}); err != nil {
		r.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Serve(ctx, &life{TCPListener: r.ln}) }()
	r.s, r.url = s, "http://"+r.ln.Addr().String()
	r.stop = func() {
		cancel()
		if err := <-ran; err != nil {
			r.Error(err)
		}
	}
}

// restart ends the control room and starts it anew at the same address, as after a crash of the program.
func (r *room) restart() {
	r.Helper()
	r.stop()
	r.start()
}

// reply is an answer that was read whole.
type reply struct {
	*http.Response
	body []byte
}

// ask sends a request; a body is JSON, and head holds pairs of header names and values.
func (r *room) ask(method, path, body string, head ...string) reply {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return reply{resp, b}
}

// login opens a session in the client's jar.
func (r *room) login() {
	r.Helper()
	if got := r.ask("POST", "/api/v1/login", `{"password":"`+testPassword+`"}`); got.StatusCode != 200 {
		r.Fatalf("login: %d %s", got.StatusCode, got.body)
	}
}

// decode reads the body of an answer that must be good.
func decode[T any](r *room, got reply) T {
	r.Helper()
	var v T
	if got.StatusCode != 200 {
		r.Fatalf("status %d: %s", got.StatusCode, got.body)
	}
	if err := json.Unmarshal(got.body, &v); err != nil {
		r.Fatalf("%v in %s", err, got.body)
	}
	return v
}

// problem demands a problem document with a status and words in it.
func (r *room) problem(got reply, status int, words ...string) {
	r.Helper()
	var p huma.ErrorModel
	if got.StatusCode != status || got.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(got.body, &p) != nil || p.Status != status {
		r.Fatalf("want a problem document with status %d, got %d %s: %s", status, got.StatusCode, got.Header.Get("Content-Type"), got.body)
	}
	for _, w := range words {
		if !bytes.Contains(got.body, []byte(w)) {
			r.Errorf("the problem should say %q: %s", w, got.body)
		}
	}
}
