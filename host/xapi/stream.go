package xapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/sothebais/sothebais/host/post"
)

// maxLine bounds one line of the stream: a long post of 25,000 characters with its author stays below.
const maxLine = 1 << 20

// listen opens the stream and hands over posts until it ends; opened is called once it stands.
func (c *Client) listen(ctx context.Context, opened func(), each func(post.Post)) error {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	watchdog := time.AfterFunc(2*c.cfg.Silence, func() { cut(errSilent) }) // connecting may take longer than a keep-alive
	defer watchdog.Stop()
	resp, err := c.send(ctx, call{method: http.MethodGet, path: "/2/tweets/search/stream",
		query: url.Values{"tweet.fields": {tweetFields}, "expansions": {expansions}, "user.fields": {userFields}}})
	if err != nil {
		return silent(ctx, err)
	}
	defer resp.Body.Close()
	watchdog.Reset(c.cfg.Silence)
	opened()
	body := &watched{r: resp.Body, alive: func() { watchdog.Reset(c.cfg.Silence) }}
	err = readStream(body, func(p post.Post) { each(p) }, func(line []byte, err error) {
		c.meter.unreadable.Inc()
		c.log.Warn("a line of the stream cannot be read", "line", string(line[:min(len(line), 200)]), "err", err)
	})
	return silent(ctx, err)
}

// silent names the watchdog as the reason when it was.
func silent(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// watched tells when bytes arrive.
type watched struct {
	r     io.Reader
	alive func()
}

// Read reads on.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}

// readStream reads lines until the stream ends, which is always an error: it has no end of its own. A line
// that cannot be read is reported and skipped; an empty one is a keep-alive.
func readStream(r io.Reader, each func(post.Post), bad func(line []byte, err error)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var it item
		if err := json.Unmarshal(line, &it); err != nil {
			bad(line, err)
			continue
		}
		if it.Data == nil && len(it.Errors) > 0 {
			return &disconnectError{it.Errors[0]}
		}
		if it.Data == nil {
			bad(line, errors.New("neither a post nor an error"))
			continue
		}
		p, ok := it.Data.post(it.Includes)
		if !ok {
			bad(line, errors.New("want id, author_id and the author among the included users"))
			continue
		}
		each(p)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the stream: %w", err)
	}
	return fmt.Errorf("read the stream: %w", io.ErrUnexpectedEOF)
}
