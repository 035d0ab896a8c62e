// Package xapi speaks with X: it hears who mentions the host and posts for the host.
//
// It uses version 2 of the API as documented and nothing else, so that a
// simulator at another base URL is X to it. Promises:
//
//   - every post that mentions the host is handed over at least once, as long as X keeps it: the filtered stream
//     brings it within seconds; whatever came while the stream was away is read from the mentions afterwards,
//     mentions are polled while it stays away, and looked at now and then while it is there;
//   - of a post that the receiver took, what comes again in the same run is kept from it; after a restart the last
//     half minute comes again, and posts come in any order. They carry the identity that lets the reader tell;
//   - reconnects follow X's rules: at once and then 250 ms more each time (to 16 s) when the network failed, 5 s
//     doubled (to 320 s) when X answered with an error, a minute doubled when it answered 429;
//   - a call that X limits is not made again before the limit resets;
//   - a write is sent at most once: errors say whether it may be tried again.
package xapi

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/post"
)

// Config is what a Client needs: Account and credentials; the rest has defaults.
type Config struct {
	BaseURL string // empty: https://api.x.com
	Account string // handle of the host, without @; empty: whoever the user credentials belong to
	Bearer  string // of the app: for the stream and its rules
	User    User   // of the host's account: for posting

	Unlabelled bool          // leave out the label "made with AI" from posts
	Poll       time.Duration // between looks at the mentions while the stream is away; 0 is 5 s, X allows one each 3 s
	Silence    time.Duration // without a byte for this long the stream counts as dead; 0 is 20 s, as X's documents say
	Overlap    time.Duration // how far before the newest known post a catch-up begins, as posts arrive out of order; 0 is 30 s
	Audit      time.Duration // between looks at the mentions while the stream is there; 0 is 2 minutes, negative never. Each post is read (and paid) once more

	OnUp   func(gap time.Duration) // the stream is there, after it was away for gap; must not block
	OnDown func(reason string)     // the stream went away; must not block

	HTTP    *http.Client // nil: one without an overall time limit, since the stream has no end
	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// User is the host's account: either OAuth 1.0a keys or an OAuth 2 user token.
type User struct {
	ConsumerKey, ConsumerSecret string
	Token, TokenSecret          string
	Bearer                      string // OAuth 2 user token; stands when it is given
}

// Client is X for one account.
type Client struct {
	cfg    Config
	http   *http.Client
	log    *slog.Logger
	meter  meter
	limits limits

	mu     sync.Mutex
	me     user   // the host's account, once known
	newest string // id of the newest post that was handed over
	status Status
	taken  recent

	handing sync.Mutex // held while a post is handed over: one at a time
}

// Status is how the connection stands, for pages and checks.
type Status struct {
	Account  string    `json:"account"`
	Stream   bool      `json:"stream"`   // the stream is open
	Since    time.Time `json:"since"`    // since when it is open, or away
	Problem  string    `json:"problem"`  // why it is away
	Newest   string    `json:"newest"`   // id of the newest post handed over
	Received int64     `json:"received"` // posts handed over
}

// New makes a client; it does not connect.
func New(cfg Config) *Client {
	cfg.BaseURL = strings.TrimRight(cmp.Or(cfg.BaseURL, "https://api.x.com"), "/")
	cfg.Account = strings.TrimPrefix(cfg.Account, "@")
	cfg.Poll = cmp.Or(cfg.Poll, 5*time.Second)
	cfg.Silence = cmp.Or(cfg.Silence, 20*time.Second)
	cfg.Overlap = cmp.Or(cfg.Overlap, 30*time.Second)
	cfg.Audit = cmp.Or(cfg.Audit, 2*time.Minute)
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	if cfg.OnUp == nil {
		cfg.OnUp = func(time.Duration) {}
	}
	if cfg.OnDown == nil {
		cfg.OnDown = func(string) {}
	}
	c := &Client{cfg: cfg, http: cfg.HTTP, log: cfg.Logger, meter: newMeter(cfg.Metrics), limits: newLimits()}
	if c.http == nil {
		c.http = &http.Client{Transport: patientTransport()}
	}
	return c
}

// patientTransport bounds the steps of a connection but not how long an answer goes on.
func patientTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
	}
}

// Status tells how the connection stands.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	s.Account, s.Newest = c.me.Username, c.newest
	return s
}

// handOver gives one post to the receiver; posts of the host itself and those it took already are left out.
func (c *Client) handOver(ctx context.Context, p post.Post, source string, to func(context.Context, post.Post) error) error {
	c.handing.Lock()
	defer c.handing.Unlock()
	c.mu.Lock()
	needless := p.AuthorID == c.me.ID || c.taken.has(p.ID)
	c.mu.Unlock()
	if needless {
		return nil
	}
	if err := to(ctx, p); err != nil {
		c.meter.refused.Inc()
		return err
	}
	c.meter.received(source, p.At)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Received++
	c.newest = newer(c.newest, p.ID)
	c.taken.add(p.ID)
	return nil
}

// pass has a post left out from now on.
func (c *Client) pass(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken.add(id)
}

// recent remembers the newest ids, between one and two generations of them.
type recent struct{ young, old map[string]bool }

const generation = 5000 // more than come between two looks at the mentions, of which X lists 800

func (r *recent) has(id string) bool { return r.young[id] || r.old[id] }

func (r *recent) add(id string) {
	if r.young == nil || len(r.young) >= generation {
		r.young, r.old = make(map[string]bool), r.young
	}
	r.young[id] = true
}
