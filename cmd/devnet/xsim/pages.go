package xsim

import (
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

// pages is what is not X: the page to post by hand, and what demos and tests ask for.
func (s *Server) pages(mux *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the folder is embedded by the line above
	}
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("GET /devnet/users", s.listUsers)
	mux.HandleFunc("GET /devnet/state", s.state)
	mux.HandleFunc("GET /devnet/timeline", s.timeline)
	mux.HandleFunc("GET /devnet/events", s.events)
	mux.HandleFunc("GET /devnet/lot", s.lot)
	mux.HandleFunc("POST /devnet/posts", s.postByHand)
	mux.HandleFunc("POST /devnet/faults", s.askFault)
	mux.HandleFunc("PUT /devnet/host", s.tellHost)
}

// Person is an account as the list of users has it.
type Person struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
	Name   string `json:"name"`
}

func (s *Server) listUsers(w http.ResponseWriter, _ *http.Request) {
	people := make([]Person, len(s.cfg.Users))
	for i, u := range s.cfg.Users {
		people[i] = Person{u.ID, u.Username, u.Name}
	}
	answer(w, http.StatusOK, map[string]any{"host": Person{s.cfg.Host.ID, s.cfg.Host.Username, s.cfg.Host.Name}, "users": people})
}

// State is the simulator in numbers.
type State struct {
	Host    User   `json:"host"`
	Posts   int    `json:"posts"`   // by people
	Replies int    `json:"replies"` // by the host
	Streams int    `json:"streams"` // open connections
	Rules   []Rule `json:"rules"`
	HostURL string `json:"host_url,omitempty"`
}

// State counts what happened so far.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{Host: s.cfg.Host, Posts: s.accepted, Replies: s.replies, Streams: s.streams, Rules: append([]Rule{}, s.rules...), HostURL: s.cfg.HostURL}
}

func (s *Server) state(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.State()) }

// Latest is the newest n posts, oldest first.
func (s *Server) Latest(n int) []Post {
	posts, _, _ := s.after(s.end() - n)
	return posts
}

func (s *Server) timeline(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(def(r.FormValue("limit"), "100"))
	if err != nil || n < 1 || n > 1000 {
		problem(w, http.StatusBadRequest, "Bad Request", "about:blank", "limit: want 1 to 1000")
		return
	}
	answer(w, http.StatusOK, map[string]any{"posts": s.Latest(n)})
}

// events is the timeline as server-sent events: the last 80 posts and then each new one. The id of an event
// is the place of its post, so that a browser that reconnects goes on where it was.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	place := s.end() - 80
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil && last <= s.end() {
		place = last
	}
	place = max(0, place)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	for {
		posts, next, more := s.after(place)
		for i, p := range posts {
			b, err := json.Marshal(p)
			if err != nil {
				return
			}
			if _, err := io.WriteString(w, "id: "+strconv.Itoa(next-len(posts)+i+1)+"\ndata: "+string(b)+"\n\n"); err != nil {
				return
			}
		}
		place = next
		if out.Flush() != nil {
			return
		}
		select {
		case <-more:
		case <-time.After(15 * time.Second):
			if _, err := io.WriteString(w, ": alive\n\n"); err != nil {
				return
			}
		case <-s.stop:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// lot passes on what the show tells everyone about the lot on the block.
func (s *Server) lot(w http.ResponseWriter, r *http.Request) {
	host := s.State().HostURL
	if host == "" { // nobody said where the show is: --host-url, or PUT /devnet/host
		answer(w, http.StatusOK, map[string]any{"state": "unknown", "lot": nil})
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, host+"/api/v1/public/lot", nil)
	if err != nil {
		problem(w, http.StatusInternalServerError, "Internal Server Error", "about:blank", err.Error())
		return
	}
	resp, err := (&http.Client{Timeout: 2 * time.Second}).Do(req)
	if err != nil {
		problem(w, http.StatusBadGateway, "Bad Gateway", "about:blank", "the show does not answer")
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(resp.Body, 1<<20)) // the client went away
}

// postByHand writes what somebody typed into the page.
func (s *Server) postByHand(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Text, ReplyTo, EditOf string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil {
		problem(w, http.StatusBadRequest, "Bad Request", "about:blank", `want {"user","text","replyTo","editOf"}: `+err.Error())
		return
	}
	s.mu.Lock()
	id, ok := s.names[lower(in.User)]
	s.mu.Unlock()
	if !ok {
		id = in.User
	}
	var p Post
	var err error
	if in.EditOf != "" {
		p, err = s.Edit(id, in.EditOf, in.Text)
	} else {
		p, err = s.Write(id, in.Text, in.ReplyTo)
	}
	if err != nil {
		status := http.StatusUnprocessableEntity
		if errors.Is(err, ErrNoPost) || errors.Is(err, ErrNoUser) {
			status = http.StatusNotFound
		}
		problem(w, status, http.StatusText(status), "about:blank", err.Error())
		return
	}
	answer(w, http.StatusCreated, p)
}

// askFault makes the simulator fail on request.
func (s *Server) askFault(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Status     int  `json:"status"`
		Stall      bool `json:"stall"`
		Disconnect bool `json:"disconnect"`
		Millis     int  `json:"millis"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&in); err != nil {
		problem(w, http.StatusBadRequest, "Bad Request", "about:blank", `want {"status"|"stall"|"disconnect","millis"}: `+err.Error())
		return
	}
	d := time.Duration(in.Millis) * time.Millisecond
	if in.Status >= 400 && in.Status < 600 {
		s.Fail(in.Status, d)
	}
	if in.Stall {
		s.Stall(d)
	}
	if in.Disconnect {
		s.Disconnect()
	}
	answer(w, http.StatusOK, s.State())
}

// tellHost learns where the show is, when that was not known at the start.
func (s *Server) tellHost(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL string `json:"url"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&in)
	if u, perr := url.Parse(in.URL); err != nil || perr != nil || u.Scheme != "http" && u.Scheme != "https" {
		problem(w, http.StatusBadRequest, "Bad Request", "about:blank", `want {"url":"http://127.0.0.1:3000"}`)
		return
	}
	s.mu.Lock()
	s.cfg.HostURL = strings.TrimRight(in.URL, "/")
	s.mu.Unlock()
	answer(w, http.StatusOK, s.State())
}
