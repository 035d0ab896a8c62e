package xapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/post"
)

// Run hears posts until the context ends, and only then returns. Posts after the one with id since that came
// while nobody listened are fetched first; an empty since starts from now. A receiver that returns an error gets
// the post again.
func (c *Client) Run(ctx context.Context, since string, to func(context.Context, post.Post) error) error {
	c.mu.Lock()
	c.newest = newer(c.newest, since)
	c.status.Since = time.Now()
	c.mu.Unlock()
	me, err := c.identify(ctx)
	if err != nil {
		return err
	}
	l := &listening{c: c, me: me, to: to, wake: make(chan struct{}, 1), refused: make(map[string]time.Time)}
	var wg sync.WaitGroup
	wg.Go(func() { l.mentions(ctx) })
	l.stream(ctx)
	wg.Wait()
	return context.Cause(ctx)
}

// identify learns who the host is, for as long as it takes.
func (c *Client) identify(ctx context.Context) (user, error) {
	k := call{method: http.MethodGet, path: "/2/users/me", asUser: true, query: url.Values{"user.fields": {userFields}}}
	if c.cfg.Account != "" {
		k = call{method: http.MethodGet, path: "/2/users/by/username/:username", at: "/2/users/by/username/" + url.PathEscape(c.cfg.Account),
			query: url.Values{"user.fields": {userFields}}}
	}
	var b backoff
	for {
		var out struct {
			Data   user      `json:"data"`
			Errors []Problem `json:"errors"`
		}
		err := c.do(ctx, k, &out)
		switch {
		case err == nil && validID(out.Data.ID) && out.Data.Username != "":
			c.mu.Lock()
			defer c.mu.Unlock()
			c.me = out.Data
			return out.Data, nil
		case err == nil:
			err = &APIError{Endpoint: k.endpoint(), Code: http.StatusNotFound, Problem: Problem{Title: "no such account"}}
		}
		c.went(fmt.Errorf("find the host's account: %w", err))
		if err := sleep(ctx, max(b.next(err, time.Now()), networkStep)); err != nil {
			return user{}, err
		}
	}
}

// listening is one Run: the stream, and the mentions that fill its gaps.
type listening struct {
	c    *Client
	me   user
	to   func(context.Context, post.Post) error
	wake chan struct{} // the mentions should be looked at

	floor string // no post up to this one is of interest; set before the first look

	mu     sync.Mutex
	behind bool   // something may have been missed since the last look
	up     bool   // the stream is open
	untook string // id of the oldest post that the receiver did not take, if any

	refused map[string]time.Time // since when posts that are offered again are not taken
}

// stream keeps the stream open.
func (l *listening) stream(ctx context.Context) {
	l.miss()
	var b backoff
	for ctx.Err() == nil {
		err := l.c.settleRules(ctx, l.me) // each time: an app's rules can be changed by others, and the stream would be silent
		if err == nil {
			var opened time.Time
			err = l.c.listen(ctx, func() { opened = time.Now(); l.opened() }, func(p post.Post) { l.hear(ctx, p) })
			if !opened.IsZero() && time.Since(opened) >= l.c.cfg.Silence { // one that X ends at once is no good stream
				b.good()
			}
		}
		wasUp := l.setUp(false)
		if ctx.Err() != nil {
			return
		}
		l.c.went(err)
		if wasUp {
			l.miss()
		}
		if sleep(ctx, b.next(err, time.Now())) != nil {
			return
		}
	}
}

// opened notes that the stream stands and looks once more at what came before it did.
func (l *listening) opened() {
	l.setUp(true)
	l.c.came()
	l.miss()
}

// setUp notes whether the stream stands, and returns whether it did.
func (l *listening) setUp(up bool) (was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was, l.up = l.up, up
	return was
}

// miss says that something may have been missed.
func (l *listening) miss() {
	l.mu.Lock()
	l.behind = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// hear hands over a post of the stream.
func (l *listening) hear(ctx context.Context, p post.Post) { l.offer(ctx, p, "stream") }

// offer hands over a post; one that is not taken is fetched again with the mentions.
func (l *listening) offer(ctx context.Context, p post.Post, source string) {
	switch err := l.c.handOver(ctx, p, source, l.to); {
	case err == nil:
		l.mu.Lock()
		delete(l.refused, p.ID)
		l.mu.Unlock()
	case ctx.Err() == nil:
		l.notTaken(p, err)
	}
}

// giveUp is how long a post is offered that the receiver does not take. It counts from the first time, not from when the
// post was written: what comes after a long outage has its chance as well.
const giveUp = 10 * time.Minute

// notTaken has the mentions read again from before a post, for as long as there is hope.
func (l *listening) notTaken(p post.Post, err error) {
	l.mu.Lock()
	since, again := l.refused[p.ID]
	if !again {
		since = time.Now()
		l.refused[p.ID] = since
	}
	l.mu.Unlock()
	if time.Since(since) <= giveUp {
		l.c.log.Warn("a post was not taken and will be fetched again", "post", p.ID, "err", err)
		l.remember(p.ID)
		return
	}
	l.c.log.Error("a post was not taken and is given up", "post", p.ID, "err", err)
	l.c.pass(p.ID)
	l.mu.Lock()
	delete(l.refused, p.ID)
	l.mu.Unlock()
}

// remember notes a post that must be offered again, if there is one.
func (l *listening) remember(id string) {
	if id == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.untook == "" || newer(id, l.untook) == l.untook {
		l.untook = id
	}
	l.behind = true
}

// came notes that the stream is open.
func (c *Client) came() {
	c.mu.Lock()
	gap := time.Since(c.status.Since)
	c.status.Stream, c.status.Since, c.status.Problem = true, time.Now(), ""
	c.mu.Unlock()
	c.meter.up.Set(1)
	c.meter.connects.Inc()
	c.log.Info("the stream is open", "away", gap.Round(time.Millisecond))
	c.cfg.OnUp(gap)
}

// went notes that the stream is away; only the first of several failures in a row is news.
func (c *Client) went(err error) {
	c.mu.Lock()
	news := c.status.Stream || c.status.Problem == ""
	if c.status.Stream {
		c.status.Stream, c.status.Since = false, time.Now()
	}
	c.status.Problem = err.Error()
	c.mu.Unlock()
	c.meter.up.Set(0)
	if news {
		c.log.Warn("the stream is away", "err", err)
		c.cfg.OnDown(err.Error())
	}
}
