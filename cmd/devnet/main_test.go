package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--help"}, 0, "Usage: devnet"},
		{[]string{"--x-port", "many"}, 2, "--x-port"},
		{[]string{"--x-port", "0", "--rtmp-port", "99999"}, 1, "--rtmp-port 99999"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), c.args, &out, &out); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: code %d: %s", c.args, code, out.String())
		}
	}
}

// The whole program: it says where it is, the crowd posts, and the report counts.
func TestDevnet(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said, stderr := io.Pipe()
	var stdout bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--x-port", "0", "--rtmp-port", "0", "--posts-per-second", "50", "--json"}, &stdout, stderr)
		stderr.Close()
	}()
	line, err := bufio.NewReader(said).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	var at places
	if err := json.Unmarshal(line, &at); err != nil || at.X == "" || !strings.HasPrefix(at.RTMP, "rtmp://127.0.0.1:") || at.Bearer == "" {
		t.Fatalf("%v in %s", err, line)
	}
	deadline := time.Now().Add(time.Minute)
	for state := struct{ Posts int }{}; state.Posts < 5; {
		if time.Now().After(deadline) {
			t.Fatal("the crowd does not post")
		}
		resp, err := http.Get(at.X + "/devnet/state")
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&state)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if got := <-code; got != 0 {
		t.Errorf("code %d", got)
	}
	var report struct {
		Posts int
		RTMP  struct{ OK bool }
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || report.Posts < 5 || report.RTMP.OK {
		t.Errorf("%v, report %s", err, stdout.String())
	}
}

func TestReadLot(t *testing.T) {
	in := `{"state":"open","lot":{"id":"l1","leader":"ann","left_ms":1500,"minimum":{"wei":"1","eth":"1.25"}}}`
	lot, ok := readLot(json.NewDecoder(strings.NewReader(in)))
	if !ok || lot.ID != "l1" || lot.Minimum != 1.25 || !lot.Open || lot.Leader != "ann" || lot.Left != 1500*time.Millisecond {
		t.Errorf("got %+v", lot)
	}
	for _, bad := range []string{"", "{}", `{"lot":{"minimum":{"eth":"x"}}}`} {
		if _, ok := readLot(json.NewDecoder(strings.NewReader(bad))); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}
