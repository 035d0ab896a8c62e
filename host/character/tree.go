package character

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth is deeper than any file of a character goes; it keeps a hostile one from exhausting the stack.
const maxDepth = 16

// tree is a JSON value that knows the line it stands on.
type tree struct {
	line   int
	scalar any // string, json.Number, bool or nil
	list   []*tree
	keys   []string // in the order of the file
	fields map[string]*tree
}

func (t *tree) kind() string {
	switch {
	case t.fields != nil:
		return "an object"
	case t.list != nil:
		return "a list"
	}
	switch t.scalar.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	}
	return "null"
}

// parseTree reads one JSON value and nothing behind it.
func parseTree(file string, data []byte) (*tree, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	p := treeParser{data: data, dec: dec}
	t, err := p.value(0)
	if err == nil {
		if _, extra := dec.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("something follows the closing brace")
		}
	}
	if err != nil {
		return nil, Problems{{File: file, Line: p.line(), What: "reading JSON: " + err.Error(), Hint: "mind commas and quotes on this line and the one before"}}
	}
	return t, nil
}

type treeParser struct {
	data []byte
	dec  *json.Decoder
	seen int64 // offset up to which newlines were counted
	nl   int
}

func (p *treeParser) line() int {
	if at := min(p.dec.InputOffset(), int64(len(p.data))); at > p.seen {
		p.nl += bytes.Count(p.data[p.seen:at], []byte{'\n'})
		p.seen = at
	}
	return p.nl + 1
}

func (p *treeParser) value(depth int) (*tree, error) {
	tok, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file ends in the middle")
	}
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t := &tree{line: p.line()}
	switch tok {
	case json.Delim('{'):
		t.fields = map[string]*tree{}
		err = p.object(t, depth)
	case json.Delim('['):
		t.list = []*tree{}
		err = p.array(t, depth)
	default:
		t.scalar = tok
	}
	return t, err
}

func (p *treeParser) object(t *tree, depth int) error {
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if _, twice := t.fields[name]; twice {
			return fmt.Errorf("%q is there twice", name)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		t.keys = append(t.keys, name)
		t.fields[name] = v
	}
	_, err := p.dec.Token()
	return err
}

func (p *treeParser) array(t *tree, depth int) error {
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		t.list = append(t.list, v)
	}
	_, err := p.dec.Token()
	return err
}
