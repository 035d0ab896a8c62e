package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// asRole is a room whose client asks at a port of a role.
func asRole(t *testing.T, restrict func(*Server, http.Handler) http.Handler) *room {
	t.Helper()
	r := newRoom(t)
	ops := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { _, _ = w.Write([]byte("ops " + q.URL.Path)) })
	ctx, cancel := context.WithCancel(t.Context())
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		restrict(r.s, ops).ServeHTTP(w, q.WithContext(ctx)) // sockets end with the test
	}))
	ts.Start()
	t.Cleanup(func() { cancel(); ts.Close() })
	r.url = ts.URL
	return r
}

func TestRolesShowTheirOwn(t *testing.T) {
	key := []string{"Authorization", "Bearer control-token"}
	for name, paths := range map[string]string{"stream": "show stage", "events": "events", "auction": "block lots public/lot", "agent": "plugins"} {
		t.Run(name, func(t *testing.T) {
			r := asRole(t, func(s *Server, ops http.Handler) http.Handler { return s.Role(name, ops) })
			for _, p := range strings.Fields("show stage events block lots public/lot plugins") {
				own := strings.Contains(" "+paths+" ", " "+p+" ")
				got := r.ask("GET", apiPath+"/"+p, "", key...)
				if want := map[bool]int{true: 200, false: 404}[own]; got.StatusCode != want {
					t.Errorf("%s: %d, want %d: %s", p, got.StatusCode, want, got.body)
				}
				if own && p != "public/lot" {
					r.problem(r.ask("GET", apiPath+"/"+p, ""), 401, "log in")
				}
			}
			if got := r.ask("GET", apiPath+"/"+strings.Fields(paths)[0]+"/../me/../logins", "", key...); got.StatusCode != 404 {
				t.Errorf("a path around the table: %d", got.StatusCode)
			}
			for _, p := range []string{"/metrics", "/health"} {
				if got := r.ask("GET", p, ""); string(got.body) != "ops "+p {
					t.Errorf("%s: %s", p, got.body)
				}
			}
			r.problem(r.ask("GET", "/", ""), 404, "ADMIN_PORT")
		})
	}
}

func TestRoleSockets(t *testing.T) {
	r := asRole(t, func(s *Server, ops http.Handler) http.Handler { return s.RoleSockets("auction", ops) })
	r.problem(r.ask("GET", apiPath+"/block", "", "Authorization", "Bearer control-token"), 404, "/ws/feed")
	conn, _, err := r.dial("/ws/feed", http.Header{"Authorization": {"Bearer control-token"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(4 << 20)
	c := &feedClient{r.T, conn}
	c.say(`{"op":"sub","topics":["*"],"cursor":0}`)
	r.f.crowd()
	seen := 0
	for seen < 10 {
		for _, e := range c.next("events").Events {
			if !roles["auction"].topics.passes(e.Topic) {
				t.Fatalf("the auction's port tells of %s", e.Topic)
			}
			seen++
		}
	}
}
