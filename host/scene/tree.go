package scene

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth bounds nesting; a scene needs five levels.
const maxDepth = 16

// node is a JSON value that knows its line.
type node struct {
	line int
	val  any // string, json.Number, bool, nil, []*node or []member
}

type member struct {
	key  string
	line int
	val  *node
}

// parser builds the tree with the standard tokenizer, which keeps the offsets that Unmarshal throws away.
type parser struct {
	data []byte
	dec  *json.Decoder
	at   int64 // offset up to which lines are counted
	line int
}

// parse reads exactly one JSON value; the error carries the line at which reading stopped.
func parse(data []byte) (*node, int, error) {
	p := &parser{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	p.dec.UseNumber()
	n, err := p.value(0)
	if err == nil {
		if _, more := p.dec.Token(); !errors.Is(more, io.EOF) {
			p.count(p.dec.InputOffset())
			err = errors.New("there is something behind the closing brace; remove it")
		}
	}
	if err != nil {
		var syn *json.SyntaxError
		if errors.As(err, &syn) {
			p.count(syn.Offset)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			p.count(int64(len(data)))
			err = errors.New("the file ends too early; a brace or bracket is not closed")
		}
		return nil, p.line, err
	}
	return n, p.line, nil
}

// count brings the line number up to an offset of the input.
func (p *parser) count(to int64) {
	to = min(to, int64(len(p.data)))
	if to > p.at {
		p.line += bytes.Count(p.data[p.at:to], []byte{'\n'})
		p.at = to
	}
}

func (p *parser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if err == nil {
		p.count(p.dec.InputOffset())
	}
	return t, err
}

func (p *parser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels; a scene needs five", maxDepth)
	}
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	n := &node{line: p.line, val: t}
	switch t {
	case json.Delim('{'):
		n.val, err = p.object(depth)
	case json.Delim('['):
		n.val, err = p.array(depth)
	}
	return n, err
}

func (p *parser) object(depth int) ([]member, error) {
	members := []member{}
	for p.dec.More() {
		k, err := p.token()
		if err != nil {
			return nil, err
		}
		line := p.line
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{k.(string), line, v})
	}
	_, err := p.token()
	return members, err
}

func (p *parser) array(depth int) ([]*node, error) {
	list := []*node{}
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := p.token()
	return list, err
}
