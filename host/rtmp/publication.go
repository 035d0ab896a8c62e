package rtmp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// publication is our side of a session in which a target takes what we send.
type publication struct {
	*conn
	stream uint32 // the number that the target gave us
}

// pushChunk is what common encoders use; some targets mistrust larger ones.
const pushChunk = 4096

// requestPublish asks a target to take a stream, and waits for its yes. nc has a deadline.
func requestPublish(nc net.Conn, patience time.Duration, app, tcURL, key string) (*publication, error) {
	c, err := open(nc, patience, allowAnswers)
	if err != nil {
		return nil, err
	}
	p := &publication{conn: c}
	connect := map[string]any{"app": app, "type": "nonprivate", "flashVer": "FMLE/3.0 (compatible; sothebais)", "tcUrl": tcURL}
	if _, err := p.ask("connect", 1, connect); err != nil {
		return nil, err
	}
	if err := p.prepare(key); err != nil {
		return nil, err
	}
	got, err := p.ask("createStream", 4, nil)
	if err != nil {
		return nil, err
	}
	if n, ok := number(got, 0); ok {
		p.stream = n
	} else {
		return nil, fmt.Errorf("%w: answer to createStream holds no number", ErrProtocol)
	}
	return p, p.publish(key)
}

// allowAnswers bounds what a target may send us.
func allowAnswers(kind byte, size uint32) error {
	if size > maxControlBody {
		return fmt.Errorf("%w: target sends %d bytes of kind %d", ErrProtocol, size, kind)
	}
	return nil
}

// ask sends a command and waits for its answer.
func (p *publication) ask(name string, id int64, args ...any) (command, error) {
	m, err := encodeCommand(0, name, id, args...)
	if err != nil {
		return command{}, err
	}
	if err := p.send(m); err != nil {
		return command{}, fmt.Errorf("sending %s: %w", name, err)
	}
	for {
		c, err := p.command()
		if err != nil {
			return c, fmt.Errorf("waiting for the answer to %s: %w", name, err)
		}
		switch {
		case c.name == "_result" && c.id == id:
			return c, nil
		case c.name == "_error" && c.id == id:
			return c, fmt.Errorf("%w by the target: %s: %s", ErrRefused, name, c.info())
		case c.name == "close":
			return c, fmt.Errorf("%w by the target: it closed after %s", ErrRefused, name)
		}
	}
}

// prepare does what encoders do before createStream: some targets insist.
func (p *publication) prepare(key string) error {
	ms := []message{control(msgSetChunkSize, pushChunk)}
	for i, name := range []string{"releaseStream", "FCPublish"} {
		m, err := encodeCommand(0, name, int64(2+i), nil, key)
		if err != nil {
			return err
		}
		ms = append(ms, m)
	}
	return p.send(ms...)
}

func (p *publication) publish(key string) error {
	m, err := encodeCommand(p.stream, "publish", 5, nil, key, "live")
	if err != nil {
		return err
	}
	if err := p.send(m); err != nil {
		return fmt.Errorf("sending publish: %w", err)
	}
	for {
		c, err := p.command()
		if err != nil {
			return fmt.Errorf("waiting to be let in: %w", err)
		}
		switch {
		case c.name == "_error" && c.id == 5:
			return fmt.Errorf("%w by the target: publish: %s", ErrRefused, c.info())
		case c.name != "onStatus":
		case c.status() == "NetStream.Publish.Start":
			return nil
		case c.failed():
			return fmt.Errorf("%w by the target: %s", ErrRefused, c.info())
		}
	}
}

// command waits for the next command; other messages are of no interest to a publisher.
func (p *publication) command() (command, error) {
	for {
		m, err := p.receive()
		if err != nil {
			return command{}, err
		}
		switch {
		case m.kind == msgCommand0:
			return decodeCommand(m.body)
		case m.kind == msgCommand3 && len(m.body) > 0:
			return decodeCommand(m.body[1:])
		}
	}
}

// listen hears the target out while media go the other way, and says why it stopped taking them.
func (p *publication) listen() error {
	for {
		c, err := p.command()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the target closed the connection")
		case err != nil:
			return fmt.Errorf("hearing the target: %w", err)
		case c.name == "onStatus" && c.failed():
			return fmt.Errorf("%w by the target: %s", ErrRefused, c.info())
		}
	}
}

// headers are metadata and decoder configuration as a publisher sends them.
func (p *publication) headers(h *Headers, ts uint32) []message {
	var ms []message
	for _, t := range h.Tags(ts) {
		if t.Kind == Data {
			t.Payload = append(amfString(dataFrame), t.Payload...)
		}
		ms = append(ms, p.media(t, t.TS))
	}
	return ms
}

func (p *publication) media(t Tag, ts uint32) message {
	m := outMessage(t)
	m.stream, m.ts = p.stream, ts
	return m
}

// status is the code in a command's information object.
func (c command) status() string {
	for _, a := range c.args {
		if s := field(a, "code"); s != "" {
			return s
		}
	}
	return ""
}

func (c command) failed() bool {
	for _, a := range c.args {
		if field(a, "level") == "error" {
			return true
		}
	}
	return false
}

// info is what a peer says about an error, fit for a log line.
func (c command) info() string {
	for _, a := range c.args {
		if code := field(a, "code"); code != "" {
			return clip(code + " " + field(a, "description"))
		}
	}
	return "no reason given"
}

func number(c command, i int) (uint32, bool) {
	if i >= len(c.args) {
		return 0, false
	}
	switch v := c.args[i].(type) {
	case float64:
		return uint32(v), v >= 0 && v < 1<<31
	case int64:
		return uint32(v), v >= 0 && v < 1<<31
	}
	return 0, false
}
