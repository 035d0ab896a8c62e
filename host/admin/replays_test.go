package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestReplays(t *testing.T) {
	r := newRoom(t)
	const at = "/api/v1/replays"
	r.problem(r.ask("GET", at+"/sessions", ""), 401, "log in")
	r.problem(r.ask("POST", at, `{"plugin":"mina-vox","session":"show:1"}`), 401, "log in")
	r.login()
	if got := decode[ReplaySessions](r, r.ask("GET", at+"/sessions", "")).Items; len(got) != 4 || !got[0].Live || got[3].Problem == "" {
		t.Errorf("sessions %+v", got)
	}
	got := decode[ReplayReport](r, r.ask("POST", at, `{"plugin":"mina-vox","session":"show:1","resync":true}`))
	if got.Events != 18_402 || !got.Resync || len(got.Groups) != 4 || r.lastAct() != "" {
		t.Errorf("%+v, act %q; want a report and no act: plugins would hear of it", got, r.lastAct())
	}
	md := r.ask("GET", at+"/"+got.ID+"/report.md", "")
	if md.Header.Get("Content-Disposition") != `attachment; filename="replay-k3v9xq2m7a.md"` || !strings.HasPrefix(string(md.body), "# Replay") {
		t.Errorf("%v %s", md.Header, md.body)
	}
	r.problem(r.ask("GET", at+"/nothing/report.md", ""), 404, "the last 8 are kept")
	r.problem(r.ask("POST", at, `{"plugin":"mina-vox","session":"recording:friday.sbrec"}`), 422, "out of fuel while it started")
	r.problem(r.ask("POST", at, `{"session":"show:1"}`), 422, "plugin")
	r.problem(r.ask("POST", at, `{"plugin":"mina-vox","session":"show:1"}`, "Sec-Fetch-Site", "cross-site"), 403, "another site")
}

// TestReplayEndsWhenItsAskerHangsUp, however late, and meanwhile there is no other; how far it is can be asked.
func TestReplayEndsWhenItsAskerHangsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes longer than a body may")
	}
	t.Parallel()
	r := newRoom(t)
	r.login()
	r.f.replaysTake(time.Hour)
	ctx, hangUp := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", r.url+"/api/v1/replays", strings.NewReader(`{"plugin":"mina-vox","session":"show:1"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	ended := make(chan error, 1)
	go func() {
		resp, err := r.client.Do(req)
		if err == nil {
			err = fmt.Errorf("it had an answer: %w", errors.Join(errors.New(resp.Status), resp.Body.Close()))
		}
		ended <- err
	}()
	running := func() ReplayState { return decode[ReplayState](r, r.ask("GET", "/api/v1/replays/running", "")) }
	wait := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("never: " + what)
			}
		}
	}
	wait("it runs", func() bool { s := running(); return s.Running && s.Who == "owner" && s.Of == 18_402 })
	r.problem(r.ask("POST", "/api/v1/replays", `{"plugin":"mina-vox","session":"show:1"}`), 409, "one replay at a time")
	time.Sleep(readWait + time.Second/2) // what bounds the reading of a request ends no answer
	if !running().Running {
		t.Fatal("it was cut off")
	}
	hangUp()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wait("it ended", func() bool { return !running().Running })
}
