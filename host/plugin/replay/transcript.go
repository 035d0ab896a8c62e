package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// ErrTranscript says that a transcript cannot be played; the message names file, line and remedy.
var ErrTranscript = errors.New("transcript")

const (
	maxTranscript = 64 << 20
	maxLine       = 1 << 20
)

// line is an event as a person writes it: only type and data are needed.
type line struct {
	Seq   uint64          `json:"seq"`
	Type  event.Kind      `json:"type"`
	Time  time.Time       `json:"time"`
	After string          `json:"after"` // since the event before, such as 1.5s; a second without it
	Data  json.RawMessage `json:"data"`

	// These are in what a ledger prints; plugins do not see them.
	Cause  uint64 `json:"cause"`
	Root   uint64 `json:"root"`
	Origin string `json:"origin"`
}

// start is when transcripts begin that do not say it.
var start = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)

// ReadTranscript reads events, one JSON object a line, as `sothebais events tail --json` prints them. Numbers and times
// may be left out. Lines that are empty or begin with # mean nothing.
func ReadTranscript(r io.Reader, name string, decode func(event.Kind, []byte) (event.Data, error)) ([]event.Event, error) {
	all := &io.LimitedReader{R: r, N: maxTranscript + 1}
	in := bufio.NewScanner(all)
	in.Buffer(nil, maxLine)
	var out []event.Event
	last := event.Event{At: start.Add(-time.Second)}
	n := 0
	for in.Scan() {
		n++
		text := bytes.TrimSpace(in.Bytes())
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		e, err := readLine(text, last, decode)
		if err != nil && all.N == 0 { // of a line that is cut
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w %s:%d: %w", ErrTranscript, name, n, err)
		}
		out, last = append(out, e), e
	}
	if all.N == 0 {
		return nil, fmt.Errorf("%w %s: it has more than %d MiB; play a recording instead", ErrTranscript, name, maxTranscript>>20)
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("more than %d KiB before the line ends; want one event a line", maxLine>>10)
		}
		return nil, fmt.Errorf("%w %s:%d: %w", ErrTranscript, name, n+1, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf(`%w %s: it holds no event; write one a line, such as {"type":"bid.accepted","data":{"handle":"ann"}}`, ErrTranscript, name)
	}
	return out, nil
}

func readLine(text []byte, last event.Event, decode func(event.Kind, []byte) (event.Data, error)) (event.Event, error) {
	var l line
	if err := strict(text, &l); err != nil {
		return event.Event{}, fmt.Errorf(`want {"type", "data"} and, if you like, "after", "seq", "time": %w`, err)
	}
	e := event.Event{Seq: l.Seq, At: l.Time}
	if e.Seq == 0 {
		e.Seq = last.Seq + 1
	}
	if e.Seq <= last.Seq {
		return e, fmt.Errorf("seq %d comes after %d; numbers grow, or are left out", e.Seq, last.Seq)
	}
	gap := time.Second
	if l.After != "" {
		var err error
		if gap, err = time.ParseDuration(l.After); err != nil || gap < 0 {
			return e, fmt.Errorf("after is %q; want a time such as 250ms or 3s", l.After)
		}
	}
	if e.At.IsZero() {
		e.At = last.At.Add(gap)
	}
	if l.Type == "" {
		return e, errors.New("it has no type; want one such as bid.accepted")
	}
	if len(l.Data) == 0 {
		l.Data = []byte("{}")
	}
	if kind, ok := abi.AnswerKind(string(l.Type)); ok { // as the author of a plugin knows it
		l.Type = kind
	}
	var err error
	e.Data, err = decode(l.Type, l.Data)
	return e, err
}

// strict decodes JSON and refuses what it does not know: a field that is spelled wrong would be left out in silence.
func strict(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one object on the line")
	}
	return nil
}
