package admin

import (
	"context"
	"net/http"
	"path"
	"strings"
)

// role is what a service block shows on ports of its own: paths of this server, and facts of the feed.
type role struct {
	paths  []string // a path stands for all below it, too
	topics filter
}

// roles is the table; whole, so that it reads as one. Each also has the login, and the description of the API.
var roles = map[string]role{
	"stream": {paths: []string{apiPath + "/show", apiPath + "/stage", "/stream/frame", "/ws/preview"},
		topics: filter{"show.*", "scene.*", "scenes.*", "character.*", "cue.*", "speech.*", "output.*"}},
	"events":  {paths: []string{apiPath + "/events"}},
	"auction": {paths: []string{apiPath + "/block", apiPath + "/lots", apiPath + "/public/lot"}, topics: filter{"session.*", "lot.*", "bid.*"}},
	"agent":   {paths: []string{apiPath + "/plugins", apiPath + "/slots", apiPath + "/consents", apiPath + "/packages", apiPath + "/characters", apiPath + "/dev", apiPath + "/replays"}, topics: filter{"plugin.*", "character.*", "cue.*", "speech.*"}},
}

// everyRole has these.
var everyRole = []string{apiPath + "/login", apiPath + "/logout", apiPath + "/me", apiPath + "/openapi.json", apiPath + "/openapi.yaml", "/docs", "/ws/feed"}

type topicsKey struct{}

// feedOf is the facts that a request may hear of; empty for all.
func feedOf(ctx context.Context) filter {
	f, _ := ctx.Value(topicsKey{}).(filter)
	return f
}

// Role is the same server, for the API port of a role (stream, events, auction or agent): its own paths, with the same
// login, and the feed with its own facts. What is below neither goes to ops: the role's metrics and health.
func (s *Server) Role(name string, ops http.Handler) http.Handler {
	return s.restricted(roles[name].topics, append(everyRole[:len(everyRole):len(everyRole)], roles[name].paths...), ops)
}

// RoleSockets is Role for the role's port of sockets: nothing but those.
func (s *Server) RoleSockets(name string, ops http.Handler) http.Handler {
	paths := []string{"/ws/feed"}
	for _, p := range roles[name].paths {
		if strings.HasPrefix(p, "/ws/") {
			paths = append(paths, p)
		}
	}
	return s.restricted(roles[name].topics, paths, ops)
}

func (s *Server) restricted(topics filter, paths []string, ops http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := path.Clean("/" + r.URL.Path)
		for _, p := range paths {
			if at == p || strings.HasPrefix(at, p+"/") {
				s.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), topicsKey{}, topics)))
				return
			}
		}
		if at == "/metrics" || at == "/health" {
			ops.ServeHTTP(w, r)
			return
		}
		problem(w, http.StatusNotFound, "this port has nothing at "+at+"; it has "+strings.Join(paths, ", ")+", /metrics and /health; the whole API is on ADMIN_PORT")
	})
}
