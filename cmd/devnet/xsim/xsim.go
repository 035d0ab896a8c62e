// Package xsim is X for people without an account: version 2 of its API over HTTP, and a page to post by hand.
//
// It is faithful in what a client can see: paths, shapes of JSON, credentials,
// rate-limit headers, rules of the stream, keep-alives, mentions, replies,
// edits as new posts that know their first version. It is not faithful in
// scale, in who may see what, and in anything that a show does not use.
package xsim

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// User is an account.
type User struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

// Keys is what a client must show.
type Keys struct {
	Bearer         string `json:"bearer"` // of the app
	ConsumerKey    string `json:"api_key"`
	ConsumerSecret string `json:"api_secret"`
	Token          string `json:"access_token"` // of the host's account
	TokenSecret    string `json:"access_token_secret"`
}

// Config is what a Server needs; Host and Users at least.
type Config struct {
	Host      User   // the account that the credentials belong to
	Users     []User // who can be posted as on the page
	Keys      Keys
	Strict    bool           // as on X, the app's bearer token cannot act for an account; otherwise one token is enough
	KeepAlive time.Duration  // of the stream; 0 is 10 s (X: at most 20 s)
	Limits    map[string]int // calls in 15 minutes by endpoint, where they differ from X's
	Keep      int            // posts kept; 0 is 20,000
	HostURL   string         // control room of the show, linked from the page; and where its public lot is read
	Logger    *slog.Logger
}

// Server is the simulated X.
type Server struct {
	cfg    Config
	log    *slog.Logger
	limits *limiter
	stop   chan struct{} // closed when the server goes down, which ends streams

	mu       sync.Mutex
	users    map[string]User   // by id
	names    map[string]string // lower-case handle → id
	posts    []Post            // in order of their ids
	index    map[string]int    // id → place since the beginning; minus dropped is the place in posts
	dropped  int
	grown    chan struct{} // closed and replaced when a post is added
	lastID   uint64
	rules    []Rule
	streams  int
	faults   faults
	accepted int // posts by people
	replies  int // posts by the host
	stopOnce sync.Once
}

// Post is one version of something somebody wrote.
type Post struct {
	ID      string    `json:"id"`
	Root    string    `json:"root"`
	Author  User      `json:"author"`
	Text    string    `json:"text"`
	ReplyTo string    `json:"reply_to,omitempty"`
	At      time.Time `json:"at"`
	History []string  `json:"history"`
	AI      bool      `json:"made_with_ai,omitempty"`
	first   string    // id of the post that the conversation began with
}

// New makes a server.
func New(cfg Config) *Server {
	cfg.KeepAlive = cmp.Or(cfg.KeepAlive, 10*time.Second)
	cfg.Keep = cmp.Or(cfg.Keep, 20_000)
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	s := &Server{cfg: cfg, log: cfg.Logger, limits: newLimiter(cfg.Limits), stop: make(chan struct{}),
		faults: faults{cut: make(chan struct{})}, users: make(map[string]User), names: make(map[string]string), index: make(map[string]int), grown: make(chan struct{})}
	for _, u := range append([]User{cfg.Host}, cfg.Users...) {
		s.users[u.ID] = u
		s.names[lower(u.Username)] = u.ID
	}
	return s
}

// Close ends the streams, so that an http.Server can shut down.
func (s *Server) Close() { s.stopOnce.Do(func() { close(s.stop) }) }

// Handler is the whole of it: the API under /2, the page and what it needs elsewhere.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.api(mux)
	s.pages(mux)
	return http.NewCrossOriginProtection().Handler(mux)
}
