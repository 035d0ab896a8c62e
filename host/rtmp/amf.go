package rtmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/yutopp/go-amf0"
	rtmpmsg "github.com/yutopp/go-rtmp/message"
)

// Bounds on AMF0 values that strangers send. Commands of real players hold a dozen values, two deep.
const (
	amfDepth  = 8
	amfValues = 512
)

// checkAMF walks AMF0 values without recursion, and refuses what the decoder
// behind it must not see: deep nesting, counts and lengths beyond the bytes that
// are there, kinds it does not know.
func checkAMF(b []byte) error {
	w := amfWalk{b: b}
	for len(w.b) > 0 || len(w.open) > 0 {
		if err := w.step(); err != nil {
			return fmt.Errorf("%w: AMF0 at byte %d: %w", ErrProtocol, len(b)-len(w.b), err)
		}
	}
	return nil
}

// amfWalk is where a walk stands.
type amfWalk struct {
	b      []byte
	open   []int // values still to come in each open array; -1 for objects, which end by a mark
	values int
}

func (w *amfWalk) step() error {
	if n := len(w.open); n > 0 {
		switch left := &w.open[n-1]; {
		case *left == 0:
			w.open = w.open[:n-1]
			return nil
		case *left > 0:
			*left--
		default:
			ended, err := w.key()
			if ended || err != nil {
				return err
			}
		}
	}
	return w.value()
}

// key takes a property's name off, or the mark that ends an object.
func (w *amfWalk) key() (ended bool, err error) {
	n, err := w.length(2)
	if err != nil {
		return false, err
	}
	if n == 0 && len(w.b) > 0 && amf0.Marker(w.b[0]) == amf0.MarkerObjectEnd {
		w.b, w.open = w.b[1:], w.open[:len(w.open)-1]
		return true, nil
	}
	return false, w.skip(n)
}

func (w *amfWalk) value() error {
	if w.values++; w.values > amfValues {
		return fmt.Errorf("more than %d values", amfValues)
	}
	if len(w.b) == 0 {
		return fmt.Errorf("value missing")
	}
	marker := amf0.Marker(w.b[0])
	w.b = w.b[1:]
	switch marker {
	case amf0.MarkerNumber:
		return w.skip(8)
	case amf0.MarkerBoolean:
		return w.skip(1)
	case amf0.MarkerNull, amf0.MarkerUndefined, amf0.MarkerUnsupported:
		return nil
	case amf0.MarkerDate:
		return w.skip(10)
	case amf0.MarkerString:
		return w.text(2)
	case amf0.MarkerLongString, amf0.MarkerXMLDocument:
		return w.text(4)
	case amf0.MarkerObject:
		return w.enter(-1)
	case amf0.MarkerEcmaArray: // its count is only a hint: the mark ends it
		if err := w.skip(4); err != nil {
			return err
		}
		return w.enter(-1)
	case amf0.MarkerStrictArray:
		n, err := w.length(4)
		if err != nil {
			return err
		}
		if n > len(w.b) {
			return fmt.Errorf("array of %d values in %d bytes", n, len(w.b))
		}
		return w.enter(n)
	}
	return fmt.Errorf("kind %#x is not taken", byte(marker))
}

func (w *amfWalk) enter(left int) error {
	if len(w.open) >= amfDepth {
		return fmt.Errorf("nested deeper than %d", amfDepth)
	}
	w.open = append(w.open, left)
	return nil
}

func (w *amfWalk) text(width int) error {
	n, err := w.length(width)
	if err != nil {
		return err
	}
	return w.skip(n)
}

// length takes a big-endian number of 2 or 4 bytes off.
func (w *amfWalk) length(width int) (int, error) {
	if len(w.b) < width {
		return 0, fmt.Errorf("length cut short")
	}
	var n int
	if width == 2 {
		n = int(binary.BigEndian.Uint16(w.b))
	} else {
		n = int(binary.BigEndian.Uint32(w.b))
	}
	w.b = w.b[width:]
	return n, nil
}

func (w *amfWalk) skip(n int) error {
	if n > len(w.b) {
		return fmt.Errorf("%d bytes wanted, %d left", n, len(w.b))
	}
	w.b = w.b[n:]
	return nil
}

// command is a decoded command message.
type command struct {
	name string
	id   int64 // transaction
	args []any // after the command object
	obj  any   // command object, usually nil
}

// decodeCommand checks and decodes a command. The library panics on some values of unexpected kinds; that is an error here.
func decodeCommand(body []byte) (c command, err error) {
	if err := checkAMF(body); err != nil {
		return c, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: decoding a command: %v", ErrProtocol, r)
		}
	}()
	r := bytes.NewReader(body)
	var m rtmpmsg.Message
	if err := rtmpmsg.NewDecoder(r).Decode(rtmpmsg.TypeIDCommandMessageAMF0, &m); err != nil {
		return c, fmt.Errorf("%w: decoding a command: %w", ErrProtocol, err)
	}
	cmd := m.(*rtmpmsg.CommandMessage)
	c.name, c.id = cmd.CommandName, cmd.TransactionID
	dec := rtmpmsg.NewAMFDecoder(r, rtmpmsg.EncodingTypeAMF0)
	for r.Len() > 0 {
		var v any
		if err := dec.Decode(&v); err != nil {
			return c, fmt.Errorf("%w: decoding %q: %w", ErrProtocol, clip(c.name), err)
		}
		c.args = append(c.args, v)
	}
	if len(c.args) > 0 {
		c.obj, c.args = c.args[0], c.args[1:]
	}
	return c, nil
}

// text is argument i as a string, "" when it is something else.
func (c command) text(i int) string {
	if i >= len(c.args) {
		return ""
	}
	s, _ := c.args[i].(string)
	return s
}

// field is a string of an object, "" when there is none.
func field(obj any, name string) string {
	switch m := obj.(type) {
	case map[string]any:
		s, _ := m[name].(string)
		return s
	case amf0.ECMAArray:
		s, _ := m[name].(string)
		return s
	}
	return ""
}

// encodeCommand makes a command message of values that are ours.
func encodeCommand(stream uint32, name string, id int64, args ...any) (message, error) {
	var body bytes.Buffer
	enc := amf0.NewEncoder(&body)
	for _, a := range args {
		if err := enc.Encode(a); err != nil {
			return message{}, fmt.Errorf("encoding %s: %w", name, err)
		}
	}
	var out bytes.Buffer
	cmd := &rtmpmsg.CommandMessage{CommandName: name, TransactionID: id, Encoding: rtmpmsg.EncodingTypeAMF0, Body: &body}
	if err := rtmpmsg.NewEncoder(&out).Encode(cmd); err != nil {
		return message{}, fmt.Errorf("encoding %s: %w", name, err)
	}
	return message{csid: csCommand, kind: msgCommand0, stream: stream, body: out.Bytes()}, nil
}

// clip makes a stranger's word fit for a log line.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

const (
	dataFrame = "@setDataFrame"
	metaData  = "onMetaData"
)

// metaBody takes "@setDataFrame" off a publisher's metadata; players want it bare.
func metaBody(body []byte) ([]byte, error) {
	if err := checkAMF(body); err != nil {
		return nil, err
	}
	return bytes.TrimPrefix(body, amfString(dataFrame)), nil
}

func amfString(s string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{byte(amf0.MarkerString)}, uint16(len(s)))
	return append(b, s...)
}
