package xsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// api is version 2 of X's API, as far as a show needs it.
func (s *Server) api(mux *http.ServeMux) {
	mux.HandleFunc("GET /2/users/me", s.guard("GET /2/users/me", true, s.usersMe))
	mux.HandleFunc("GET /2/users/by/username/{username}", s.guard("GET /2/users/by/username", false, s.userByName))
	mux.HandleFunc("GET /2/users/{id}/mentions", s.guard("GET /2/users/mentions", false, s.userMentions))
	mux.HandleFunc("GET /2/tweets/search/stream/rules", s.guard("GET /2/tweets/search/stream/rules", false, s.getRules))
	mux.HandleFunc("POST /2/tweets/search/stream/rules", s.guard("POST /2/tweets/search/stream/rules", false, s.postRules))
	mux.HandleFunc("GET /2/tweets/search/stream", s.guard("GET /2/tweets/search/stream", false, s.stream))
	mux.HandleFunc("POST /2/tweets", s.guard("POST /2/tweets", true, s.createTweet))
	mux.HandleFunc("/2/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "Not Found Error", "about:blank", "no endpoint "+r.Method+" "+r.URL.Path)
	})
}

// guard checks credentials, limits and the faults that were asked for.
func (s *Server) guard(endpoint string, asUser bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if status := s.fault(); status != 0 {
			problem(w, status, http.StatusText(status), "about:blank", "a fault was asked for")
			return
		}
		as, err := s.authenticate(r)
		switch {
		case err != nil:
			problem(w, http.StatusUnauthorized, "Unauthorized", "about:blank", err.Error())
			return
		case asUser && as == theApp && s.cfg.Strict:
			problem(w, http.StatusForbidden, "Unsupported Authentication", "https://api.twitter.com/2/problems/unsupported-authentication",
				"Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint. Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].")
			return
		case !s.limits.take(w, endpoint, time.Now()):
			problem(w, http.StatusTooManyRequests, "Too Many Requests", "about:blank", "Too Many Requests")
			return
		}
		next(w, r)
	}
}

// problem answers as X does when something is wrong.
func problem(w http.ResponseWriter, status int, title, kind, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": title, "type": kind, "status": status, "detail": detail}) // the client went away
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client went away
}

func (s *Server) usersMe(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"data": s.cfg.Host})
}

func (s *Server) userByName(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("username")
	s.mu.Lock()
	u, ok := s.users[s.names[lower(name)]]
	s.mu.Unlock()
	if !ok {
		answer(w, http.StatusOK, map[string]any{"errors": []any{map[string]string{"value": name, "title": "Not Found Error",
			"detail": "Could not find user with username: [" + name + "].", "type": "https://api.twitter.com/2/problems/resource-not-found"}}})
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": u})
}

// wireTweet is a post with the fields that were asked for.
func wireTweet(p Post, fields string) map[string]any {
	t := map[string]any{"id": p.ID, "text": htmlText.Replace(p.Text), "edit_history_tweet_ids": p.History}
	for _, f := range strings.Split(fields, ",") {
		switch f {
		case "author_id":
			t[f] = p.Author.ID
		case "created_at":
			t[f] = p.At.Format("2006-01-02T15:04:05.000Z")
		case "conversation_id":
			t[f] = p.first
		case "referenced_tweets":
			if p.ReplyTo != "" {
				t[f] = []any{map[string]string{"type": "replied_to", "id": p.ReplyTo}}
			}
		}
	}
	return t
}

// htmlText escapes what X escapes in texts.
var htmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// included is the authors, if they were asked for.
func included(r *http.Request, posts ...Post) map[string]any {
	if !strings.Contains(r.FormValue("expansions"), "author_id") {
		return nil
	}
	users, seen := []User{}, map[string]bool{}
	for _, p := range posts {
		if !seen[p.Author.ID] {
			seen[p.Author.ID] = true
			users = append(users, p.Author)
		}
	}
	return map[string]any{"users": users}
}

func (s *Server) userMentions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	u, ok := s.users[r.PathValue("id")]
	s.mu.Unlock()
	n, err := strconv.Atoi(def(r.FormValue("max_results"), "10"))
	since, err1 := strconv.ParseUint(def(r.FormValue("since_id"), "0"), 10, 64)
	until, err2 := strconv.ParseUint(def(r.FormValue("pagination_token"), "0"), 10, 64)
	if !ok || errors.Join(err, err1, err2) != nil || n < 5 || n > 100 {
		problem(w, http.StatusBadRequest, "Invalid Request", "https://api.twitter.com/2/problems/invalid-request",
			"One or more parameters to your request was invalid: want a known id, max_results between 5 and 100, since_id of digits, a pagination_token as it was given")
		return
	}
	posts, more := s.mentions(u, since, until, n)
	meta := map[string]any{"result_count": len(posts)}
	out := map[string]any{"meta": meta}
	if len(posts) > 0 {
		meta["newest_id"], meta["oldest_id"] = posts[0].ID, posts[len(posts)-1].ID
		data := make([]any, len(posts))
		for i, p := range posts {
			data[i] = wireTweet(p, r.FormValue("tweet.fields"))
		}
		out["data"] = data
		if inc := included(r, posts...); inc != nil {
			out["includes"] = inc
		}
	}
	if more {
		meta["next_token"] = posts[len(posts)-1].ID
	}
	answer(w, http.StatusOK, out)
}

func def(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (s *Server) getRules(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]any{"meta": map[string]any{"sent": time.Now().UTC(), "result_count": len(s.rules)}}
	if len(s.rules) > 0 {
		out["data"] = s.rules
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) postRules(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Add    []Rule `json:"add"`
		Delete struct {
			IDs []string `json:"ids"`
		} `json:"delete"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil || len(in.Add) == 0 && len(in.Delete.IDs) == 0 {
		problem(w, http.StatusBadRequest, "Invalid Request", "https://api.twitter.com/2/problems/invalid-request", "want {\"add\":[{\"value\",\"tag\"}]} or {\"delete\":{\"ids\":[]}}")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(in.Add) > 0 {
		s.addRules(w, in.Add)
		return
	}
	gone := 0
	for _, id := range in.Delete.IDs {
		for i, have := range s.rules {
			if have.ID == id {
				s.rules = append(s.rules[:i:i], s.rules[i+1:]...)
				gone++
				break
			}
		}
	}
	answer(w, http.StatusOK, map[string]any{"meta": map[string]any{"sent": time.Now().UTC(),
		"summary": map[string]int{"deleted": gone, "not_deleted": len(in.Delete.IDs) - gone}}})
}

func (s *Server) addRules(w http.ResponseWriter, add []Rule) {
	var made []Rule
	var errs []any
	for _, r := range add {
		if err := checkRule(r.Value); err != nil {
			errs = append(errs, map[string]any{"value": r.Value, "title": "UnprocessableEntity", "details": []string{err.Error()}, "detail": err.Error(),
				"type": "https://api.twitter.com/2/problems/invalid-rules"})
			continue
		}
		r.ID = s.newID(time.Now())
		made = append(made, r)
	}
	s.rules = append(s.rules, made...)
	out := map[string]any{"meta": map[string]any{"sent": time.Now().UTC(),
		"summary": map[string]int{"created": len(made), "not_created": len(errs), "valid": len(made), "invalid": len(errs)}}}
	status := http.StatusCreated
	if len(made) > 0 {
		out["data"] = made
	} else {
		status = http.StatusBadRequest
	}
	if len(errs) > 0 {
		out["errors"] = errs
	}
	answer(w, status, out)
}

func (s *Server) createTweet(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Text  string `json:"text"`
		Reply *struct {
			ID string `json:"in_reply_to_tweet_id"`
		} `json:"reply"`
		AI bool `json:"made_with_ai"`
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "Invalid Request", "https://api.twitter.com/2/problems/invalid-request", "the body is not JSON: "+err.Error())
		return
	}
	to := ""
	if in.Reply != nil {
		to = in.Reply.ID
	}
	p, err := s.write(s.cfg.Host.ID, in.Text, to, in.AI, time.Now())
	switch {
	case errors.Is(err, ErrDuplicate):
		problem(w, http.StatusForbidden, "Forbidden", "about:blank", "You are not allowed to create a Tweet with duplicate content.")
	case err != nil:
		problem(w, http.StatusBadRequest, "Invalid Request", "https://api.twitter.com/2/problems/invalid-request", fmt.Sprintf("%v", err))
	default:
		answer(w, http.StatusCreated, map[string]any{"data": map[string]any{"id": p.ID, "text": p.Text, "edit_history_tweet_ids": p.History}})
	}
}
