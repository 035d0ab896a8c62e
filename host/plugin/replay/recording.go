package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// The file is Magic, then three or four parts, each a u64 length and as many bytes, then the SHA-256 of all that. The parts
// are the head as JSON, the events as flat records one behind the other, the answers as JSON, one a line, and what stores
// held, one a line, if they held something. Parts are padded with blanks to a multiple of 8, so that records are aligned.
const (
	Magic    = "SBREC\x01\r\n"
	maxParts = 1 << 31
)

// ErrRecording says that a file is no recording, or is damaged.
var ErrRecording = errors.New("bad recording")

// Head is what a recording says about itself.
type Head struct {
	Program string `json:"program,omitempty"` // version of the program that made it
	From    uint64 `json:"from"`              // number of the first event of the ledger that it covers
	To      uint64 `json:"to"`                // and of the last
	End     int64  `json:"end_ms,omitempty"`  // time of that
	Takes   []Take `json:"takes"`
	// Private are the events that were for one plugin alone, with whom they were for. It stands last, see ReadHead.
	Private map[uint64]Address `json:"private,omitempty"`
}

// Address is a plugin in its slot.
type Address struct {
	Slot   string `json:"slot"`
	Plugin string `json:"plugin"`
}

// Recording is a stretch of a show: what plugins heard, and what became of what they asked for.
type Recording struct {
	Head
	Records []byte // events as flat records, in order, one behind the other
	Answers []Answer
	// Stores are what the stores of plugins held when they were loaded, by SHA-256.
	Stores map[string]map[string][]byte
}

// stored is a line of the part of a file that has the stores.
type stored struct {
	SHA256 string          `json:"sha256"`
	Store  json.RawMessage `json:"store"`
}

// WriteTo writes the file.
func (r *Recording) WriteTo(w io.Writer) (int64, error) {
	head, err := json.Marshal(r.Head)
	if err != nil {
		return 0, fmt.Errorf("write a recording: head: %w", err)
	}
	var answers bytes.Buffer
	enc := json.NewEncoder(&answers)
	for _, a := range r.Answers {
		if err := enc.Encode(a); err != nil {
			return 0, fmt.Errorf("write a recording: answer to event %d: %w", a.To, err)
		}
	}
	parts := [][]byte{[]byte(Magic), part(head), part(r.Records), part(answers.Bytes())}
	if len(r.Stores) > 0 {
		var stores bytes.Buffer
		enc := json.NewEncoder(&stores)
		for _, sha := range slices.Sorted(maps.Keys(r.Stores)) {
			if err := enc.Encode(stored{sha, plugin.Store{Content: r.Stores[sha]}.JSON()}); err != nil {
				return 0, fmt.Errorf("write a recording: store %s: %w", sha, err)
			}
		}
		parts = append(parts, part(stores.Bytes()))
	}
	sum, n := sha256.New(), int64(0)
	out := io.MultiWriter(w, sum)
	for _, b := range parts {
		k, err := out.Write(b)
		if n += int64(k); err != nil {
			return n, fmt.Errorf("write a recording: %w", err)
		}
	}
	k, err := w.Write(sum.Sum(nil))
	return n + int64(k), err
}

// part is b with its length before and blanks behind it.
func part(b []byte) []byte {
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, len(b)+16), uint64(len(b)))
	return append(append(out, b...), bytes.Repeat([]byte{' '}, -len(b)&7)...)
}

// Read reads a file, which stays in use.
func Read(b []byte) (*Recording, error) {
	if len(b) < len(Magic)+sha256.Size || string(b[:len(Magic)]) != Magic {
		return nil, fmt.Errorf("%w: it does not begin like one; make one with sothebais record", ErrRecording)
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return nil, fmt.Errorf("%w: its checksum does not fit: it was cut short or altered; record it again", ErrRecording)
	}
	var parts [4][]byte
	rest := body[len(Magic):]
	for i := range parts {
		if i == 3 && len(rest) == 0 {
			break
		}
		if len(rest) < 8 {
			return nil, fmt.Errorf("%w: it ends before part %d of %d", ErrRecording, i+1, max(i+1, 3))
		}
		n := binary.LittleEndian.Uint64(rest)
		if rest = rest[8:]; n > maxParts || n+(-n&7) > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: part %d of %d says %d bytes, %d are left", ErrRecording, i+1, max(i+1, 3), n, len(rest))
		}
		parts[i], rest = rest[:n], rest[n+(-n&7):]
	}
	r := &Recording{Records: parts[1]}
	if err := json.Unmarshal(parts[0], &r.Head); err != nil {
		return nil, fmt.Errorf("%w: head: %w", ErrRecording, err)
	}
	for line := range bytes.Lines(parts[2]) {
		var a Answer
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("%w: answer %d: %w", ErrRecording, len(r.Answers)+1, err)
		}
		r.Answers = append(r.Answers, a)
	}
	for line := range bytes.Lines(parts[3]) {
		var s stored
		err := json.Unmarshal(line, &s)
		if err == nil {
			err = r.keep(s.SHA256, s.Store)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: store %d: %w", ErrRecording, len(r.Stores)+1, err)
		}
	}
	return r, nil
}

// keep takes in what a store held.
func (r *Recording) keep(sha string, content []byte) (err error) {
	if r.Stores == nil {
		r.Stores = map[string]map[string][]byte{}
	}
	r.Stores[sha], err = plugin.ContentOf(content)
	return err
}

// Keep gives the recording what the stores of its plugins held when they were loaded; find gives it by SHA-256, if it is
// known.
func (r *Recording) Keep(find func(sha256 string) (content []byte, known bool, err error)) error {
	for _, t := range r.Takes {
		if _, there := r.Stores[t.Store]; there || t.Store == "" {
			continue
		}
		content, known, err := find(t.Store)
		if err == nil && known {
			err = r.keep(t.Store, content)
		}
		if err != nil {
			return fmt.Errorf("store of %s: %w", t.Plugin, err)
		}
	}
	return nil
}

// maxHead bounds what ReadHead reads.
const maxHead = 16 << 20

// ReadHead reads what a recording says about itself but for Private, and leaves the rest unread and unchecked.
func ReadHead(r io.Reader) (Head, error) {
	begin := make([]byte, len(Magic)+8)
	if _, err := io.ReadFull(r, begin); err != nil || string(begin[:len(Magic)]) != Magic {
		return Head{}, fmt.Errorf("%w: it does not begin like one; make one with sothebais record", ErrRecording)
	}
	n := binary.LittleEndian.Uint64(begin[len(Magic):])
	h, err := readHead(json.NewDecoder(io.LimitReader(r, int64(min(n, maxHead)))))
	if err != nil {
		return Head{}, fmt.Errorf("%w: head of %d bytes, of which at most %d are read: %w", ErrRecording, n, maxHead, err)
	}
	return h, nil
}

// readHead reads up to Private, which WriteTo puts last: of a long show it is far longer than all the rest.
func readHead(in *json.Decoder) (h Head, err error) {
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return h, errors.Join(errors.New("it is no object"), err)
	}
	to := map[string]any{"program": &h.Program, "from": &h.From, "to": &h.To, "end_ms": &h.End, "takes": &h.Takes}
	for in.More() {
		t, err := in.Token()
		name, _ := t.(string)
		if err != nil || name == "private" {
			return h, err
		}
		field := to[name]
		if field == nil {
			field = new(json.RawMessage) // of a later version
		}
		if err := in.Decode(field); err != nil {
			return h, err
		}
	}
	_, err = in.Token()
	return h, err
}

// Each gives the events in order; the function may keep them. It ends with the first error.
func (r *Recording) Each(f func(abi.Recorded) error) error {
	for rest := r.Records; len(rest) > 0; {
		rec, next, err := abi.CutRecord(rest)
		if err != nil {
			return fmt.Errorf("%w: byte %d of its events: %w", ErrRecording, len(r.Records)-len(rest), err)
		}
		if err := f(rec); err != nil {
			return err
		}
		rest = next
	}
	return nil
}
