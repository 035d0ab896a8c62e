package xapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sothebais/sothebais/host/post"
)

// mentions looks for what the stream did not bring: at each gap, again and again while it is away, and now and
// then while it is there, since X promises no complete stream.
func (l *listening) mentions(ctx context.Context) {
	from, started := l.start(ctx)
	if !started {
		return
	}
	timer := time.NewTimer(l.c.cfg.Poll)
	defer timer.Stop()
	for looked := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-l.wake:
		}
		wait := l.c.cfg.Poll
		if why := l.due(looked); why != notDue {
			looked = time.Now()
			next, err := l.sweep(ctx, from, why)
			if err != nil && ctx.Err() == nil {
				l.c.log.Warn("reading the mentions failed", "err", err)
				l.mu.Lock()
				l.behind = true // without waking: the next look is after the wait
				l.mu.Unlock()
				wait = max(wait, pause(err))
			}
			from = next
		}
		timer.Reset(wait)
	}
}

// reason is why the mentions are looked at.
type reason int

const (
	notDue  reason = iota
	inPlace        // of the stream, which is away: look from where the last look ended
	forGap         // or to be sure: look from a little earlier, as X lists posts a little out of order
)

// due says whether there is a reason to look, and takes it.
func (l *listening) due(looked time.Time) reason {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.behind = false }()
	switch {
	case l.behind, l.c.cfg.Audit > 0 && time.Since(looked) >= l.c.cfg.Audit:
		return forGap
	case !l.up:
		return inPlace
	}
	return notDue
}

// pause is how long to leave the mentions alone after an error.
func pause(err error) time.Duration {
	var b backoff
	return b.next(err, time.Now())
}

// start is the id to look from: the newest that is known, or else the newest that there is.
func (l *listening) start(ctx context.Context) (string, bool) {
	for {
		l.c.mu.Lock()
		newest := l.c.newest
		l.c.mu.Unlock()
		if newest != "" {
			l.floor = before(newest, l.c.cfg.Overlap)
			return newest, true
		}
		p, err := l.c.page(ctx, l.me.ID, "", "", 5)
		if err == nil {
			if len(p.Data) == 0 {
				return "1", true // nobody ever mentioned the host: everything is new
			}
			l.floor = p.Meta.NewestID
			return p.Meta.NewestID, true
		}
		l.c.log.Warn("reading the mentions failed", "err", err)
		if sleep(ctx, max(l.c.cfg.Poll, pause(err))) != nil {
			return "", false
		}
	}
}

// sweep hands over all mentions after from, oldest first, and returns from where to look next time.
func (l *listening) sweep(ctx context.Context, from string, why reason) (string, error) {
	begin, untook := l.begin(from, why)
	posts, err := l.c.mentionsAfter(ctx, l.me.ID, begin)
	if err != nil {
		l.remember(untook)
		return from, err
	}
	for _, p := range posts {
		l.offer(ctx, p, "mentions")
		from = newer(from, p.ID)
	}
	return from, nil
}

// begin is where a look at the mentions begins: early enough for the oldest post that was not taken, which is
// returned and forgotten, as it is about to be offered again.
func (l *listening) begin(from string, why reason) (string, string) {
	if l.c.cfg.Audit < 0 { // nothing is looked at twice: what the stream brought counts as seen
		l.c.mu.Lock()
		from = newer(from, l.c.newest)
		l.c.mu.Unlock()
	}
	if why == forGap {
		from = newer(l.floor, before(from, l.c.cfg.Overlap))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.untook != "" && newer(from, l.untook) == from {
		from = before(l.untook, time.Millisecond)
	}
	untook := l.untook
	l.untook = ""
	return from, untook
}

// mentionsAfter reads all mentions after an id, oldest first. X keeps no more than 800.
func (c *Client) mentionsAfter(ctx context.Context, id, since string) ([]post.Post, error) {
	var posts []post.Post
	for token := ""; ; {
		p, err := c.page(ctx, id, since, token, 100)
		if err != nil {
			return nil, err
		}
		for _, t := range p.Data {
			if m, ok := t.post(p.Includes); ok {
				posts = append(posts, m)
			}
		}
		if token = p.Meta.NextToken; token == "" || len(posts) >= 800 {
			slices.Reverse(posts)
			return posts, nil
		}
	}
}

// page is one page of the mentions, newest first.
func (c *Client) page(ctx context.Context, id, since, token string, n int) (page, error) {
	q := url.Values{"max_results": {strconv.Itoa(n)}, "tweet.fields": {tweetFields}, "expansions": {expansions}, "user.fields": {userFields}}
	if since != "" {
		q.Set("since_id", since)
	}
	if token != "" {
		q.Set("pagination_token", token)
	}
	var out page
	err := c.do(ctx, call{method: http.MethodGet, path: "/2/users/:id/mentions", at: "/2/users/" + url.PathEscape(id) + "/mentions", query: q}, &out)
	return out, err
}
