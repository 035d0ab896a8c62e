package xsim

import (
	"encoding/json"
	"net/http"
	"time"
)

// stream is the filtered stream: a line of JSON for each post that a rule asks for, an empty line when it is
// quiet, and one connection at a time.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	cut, ok := s.enterStream()
	if !ok {
		tooManyConnections(w)
		return
	}
	defer s.leaveStream()
	place := s.end() // before the client hears that it is connected: what it does not read back, it gets from here
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	if out.Flush() != nil {
		return
	}
	alive := time.NewTicker(s.cfg.KeepAlive)
	defer alive.Stop()
	for {
		posts, next, more := s.after(place)
		place = next
		for _, p := range posts {
			if line := s.line(r, p); line != nil && !s.stalled() {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		}
		if len(posts) > 0 && out.Flush() != nil {
			return
		}
		select {
		case <-more:
		case <-alive.C:
			if s.stalled() {
				continue
			}
			if _, err := w.Write([]byte("\r\n")); err != nil || out.Flush() != nil {
				return
			}
		case <-cut:
			_, _ = w.Write([]byte(`{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect",` +
				`"detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.twitter.com/2/problems/operational-disconnect"}]}` + "\r\n"))
			return
		case <-s.stop:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func tooManyConnections(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": "ConnectionException", "connection_issue": "TooManyConnections", "status": 429, // the client went away
		"detail": "This stream is currently at the maximum allowed connection limit.", "type": "https://api.twitter.com/2/problems/streaming-connection"})
}

// line is a post as the stream brings it; nil when no rule asks for it.
func (s *Server) line(r *http.Request, p Post) []byte {
	type matching struct {
		ID  string `json:"id"`
		Tag string `json:"tag,omitempty"`
	}
	var rules []matching
	s.mu.Lock()
	for _, rule := range s.rules {
		if rule.matches(p) {
			rules = append(rules, matching{rule.ID, rule.Tag})
		}
	}
	s.mu.Unlock()
	if len(rules) == 0 {
		return nil
	}
	out := map[string]any{"data": wireTweet(p, r.FormValue("tweet.fields")), "matching_rules": rules}
	if inc := included(r, p); inc != nil {
		out["includes"] = inc
	}
	b, err := json.Marshal(out)
	if err != nil {
		s.log.Error("a post cannot be encoded", "post", p.ID, "err", err)
		return nil
	}
	return append(b, '\r', '\n')
}

// enterStream takes the one connection that there is, and gives what is closed to end it.
func (s *Server) enterStream() (cut <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams > 0 {
		return nil, false
	}
	s.streams++
	return s.faults.cut, true
}

func (s *Server) leaveStream() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams--
}
