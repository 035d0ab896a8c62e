package abi

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sothebais/sothebais/host/event"
)

// ErrRecord says that bytes are no event of the contract.
var ErrRecord = errors.New("malformed event record")

// Recorded is an event in the form that guests hear, as a recording keeps it. As Data of an event it reaches a guest
// byte for byte; what else is in the ledger about it is not there any more.
type Recorded []byte

// EventKind is the kind that the record names; empty for one that this version does not know.
func (r *Recorded) EventKind() event.Kind {
	if k := int(le.Uint16((*r)[4:])); k < len(events) {
		return events[k].fact
	}
	return ""
}

// Seq is the event's number in the ledger.
func (r Recorded) Seq() uint64 { return le.Uint64(r[8:]) }

// Time is when it happened.
func (r Recorded) Time() time.Time { return time.UnixMilli(int64(le.Uint64(r[16:]))) }

// CutRecord cuts the first event off b. What it gives can be handed to a guest; what stands in it is for the guest to judge.
func CutRecord(b []byte) (r Recorded, rest []byte, err error) {
	if len(b) < eventHeader {
		return nil, nil, fmt.Errorf("%w: %d bytes left, want a header of %d", ErrRecord, len(b), eventHeader)
	}
	size, fields := uint64(le.Uint32(b)), uint64(b[6])
	if size%8 != 0 || size < eventHeader+slot*fields || size > uint64(len(b)) {
		return nil, nil, fmt.Errorf("%w: size %d with %d fields, %d bytes left", ErrRecord, size, fields, len(b))
	}
	return Recorded(b[:size:size]), b[size:], nil
}

// fieldSpec is a field of an event: its name, and whether it is a text.
type fieldSpec struct {
	name string
	text bool
}

// Text is a field of the event as text; empty when it has none of that name, or lies about where it stands.
func (r Recorded) Text(name string) string {
	kind := int(le.Uint16(r[4:]))
	if kind >= len(eventFields) {
		return ""
	}
	for i, f := range eventFields[kind] {
		if f.name != name || i >= int(r[6]) {
			continue
		}
		v := r[eventHeader+slot*i:]
		if !f.text {
			return strconv.FormatInt(int64(le.Uint64(v)), 10)
		}
		if off, n := uint64(le.Uint32(v)), uint64(le.Uint32(v[4:])); off+n <= uint64(len(r)) {
			return string(r[off : off+n])
		}
	}
	return ""
}
