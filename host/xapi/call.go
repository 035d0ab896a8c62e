package xapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// maxAnswer bounds what is read of an answer other than the stream: a page of 100 long posts is some 500 kB.
const maxAnswer = 8 << 20

// patience bounds a call other than the stream, from the first byte to the last: an answer that stops in its middle must
// hold up neither the mentions nor the letters that wait behind it.
const patience = time.Minute

// call is one request. Path is what the limits are counted by, so ids stand in query or in at.
type call struct {
	method, path string
	at           string // the path with its ids; empty: path
	query        url.Values
	body         any
	asUser       bool // signed by the host's account rather than by the app
}

func (k call) endpoint() string { return k.method + " " + k.path }

// do makes a call and decodes its answer into out.
func (c *Client) do(ctx context.Context, k call, out any) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	resp, err := c.send(ctx, k)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", k.endpoint(), err)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s: decode the answer %.80q: %w", k.endpoint(), b, err)
	}
	return nil
}

// send makes a call; the answer is a good one and its body is open.
func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	if until, closed := c.limits.closed(k.endpoint(), time.Now()); closed {
		return nil, &RateError{Endpoint: k.endpoint(), Until: until, Known: true}
	}
	req, err := c.request(ctx, k)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.meter.request(k.endpoint(), 0)
		return nil, networkError(k, err)
	}
	c.meter.request(k.endpoint(), resp.StatusCode)
	limit := c.limits.note(k.endpoint(), resp.Header, time.Now())
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, answerError(k, resp, limit)
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	var body io.Reader
	if k.body != nil {
		b, err := json.Marshal(k.body)
		if err != nil {
			return nil, fmt.Errorf("%s: encode: %w", k.endpoint(), err)
		}
		body = bytes.NewReader(b)
	}
	path := k.at
	if path == "" {
		path = k.path
	}
	u := c.cfg.BaseURL + path
	if len(k.query) > 0 {
		u += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, u, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.endpoint(), err)
	}
	req.GetBody = nil // a write is never sent again by the transport
	req.Header.Set("User-Agent", "sothebais")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, c.authorize(req, k.asUser)
}

// authorize signs a request as the app or as the host's account, with whatever there is when one is missing.
func (c *Client) authorize(req *http.Request, asUser bool) error {
	u := c.cfg.User
	switch {
	case !asUser && c.cfg.Bearer != "":
		req.Header.Set("Authorization", "Bearer "+c.cfg.Bearer)
	case u.Bearer != "":
		req.Header.Set("Authorization", "Bearer "+u.Bearer)
	case u.ConsumerKey != "" && u.Token != "":
		req.Header.Set("Authorization", u.sign(req.Method, req.URL, nil, nonce(), time.Now()))
	case asUser:
		return errors.New("no credentials of the host's account: set TWITTER_API_KEY, TWITTER_API_SECRET, TWITTER_ACCESS_TOKEN and TWITTER_ACCESS_TOKEN_SECRET")
	default:
		return errors.New("no credentials of the app: set X_BEARER_TOKEN")
	}
	return nil
}

// networkError tells apart the writes that certainly did not leave.
func networkError(k call, err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%s: %w", k.endpoint(), &unsentError{err})
	}
	return fmt.Errorf("%s: %w", k.endpoint(), err)
}

// answerError reads what X says about an answer that is no good one.
func answerError(k call, resp *http.Response, limit window) error {
	if resp.StatusCode == http.StatusTooManyRequests {
		if limit.left <= 0 && !limit.reset.IsZero() {
			return &RateError{Endpoint: k.endpoint(), Until: limit.reset, Known: true}
		}
		return &RateError{Endpoint: k.endpoint(), Until: time.Now().Add(time.Minute)} // such as one connection too many
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what came of it is enough
	var p struct {
		Problem
		Errors []Problem `json:"errors"`
	}
	if json.Unmarshal(b, &p) == nil && len(p.Errors) > 0 && p.Detail == "" {
		p.Problem = p.Errors[0]
	}
	return &APIError{Endpoint: k.endpoint(), Code: resp.StatusCode, Problem: p.Problem}
}

// window is what X said last about the limit of an endpoint.
type window struct {
	left  int
	reset time.Time
}

// limits remembers the windows by endpoint.
type limits struct {
	mu *sync.Mutex
	by map[string]window
}

func newLimits() limits { return limits{mu: new(sync.Mutex), by: make(map[string]window)} }

// closed reports whether an endpoint takes no calls, and until when.
func (l limits) closed(endpoint string, now time.Time) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.by[endpoint]
	return w.reset, ok && w.left <= 0 && now.Before(w.reset)
}

// note keeps what the headers say.
func (l limits) note(endpoint string, h http.Header, now time.Time) window {
	left, err1 := strconv.Atoi(h.Get("x-rate-limit-remaining"))
	reset, err2 := strconv.ParseInt(h.Get("x-rate-limit-reset"), 10, 64)
	if err1 != nil || err2 != nil {
		return window{left: 1}
	}
	w := window{left: left, reset: time.Unix(reset, 0)}
	if longest := now.Add(24 * time.Hour); w.reset.After(longest) { // a clock that is wrong by years must not stop us for years
		w.reset = longest
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.by[endpoint] = w
	return w
}
