// Package event defines the envelope in which every fact of the show travels.
//
// A fact is written to the ledger before anyone hears of it; its number there
// (Seq) is the one order of the show. The types of the facts themselves live
// beside the code that raises them and are tied to their names by a Registry.
package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Kind is the stable, dotted, past-tense name of a fact, such as "bid.accepted".
type Kind string

// Data is one fact.
type Data interface{ EventKind() Kind }

// Event is a fact with its place in the one timeline.
type Event struct {
	Seq    uint64    // place in the ledger, from 1, without gaps
	Cause  uint64    // Seq of the fact that led to this one; 0 at the edge
	Root   uint64    // Seq of the first fact of the chain; its own Seq at the edge
	Origin string    // identity outside the show (such as "x:17354"); the ledger refuses one twice
	At     time.Time // when it happened, UTC
	Data   Data
}

// Kind is the name of the fact inside.
func (e Event) Kind() Kind { return e.Data.EventKind() }

// Draft is a fact that is not in the ledger yet.
type Draft struct {
	Cause  uint64 // Seq of the fact that led to it, if that is recorded already
	Back   int    // or how many places before it in the same batch its cause stands
	Root   uint64 // Seq of the first fact of the chain, if known; the ledger fills it in when 0
	Origin string
	At     time.Time
	Data   Data
}

// ErrDuplicateOrigin says that a batch holds an origin which the ledger has seen; nothing of the batch was written.
var ErrDuplicateOrigin = errors.New("origin is in the ledger already")

// DuplicateOriginError names the origin that was refused.
type DuplicateOriginError struct{ Origin string }

func (e *DuplicateOriginError) Error() string {
	return fmt.Sprintf("origin %q is in the ledger already", e.Origin)
}

// Is makes the error recognisable as ErrDuplicateOrigin.
func (e *DuplicateOriginError) Is(target error) bool { return target == ErrDuplicateOrigin }

// wire is the JSON form; attribute names follow CloudEvents where it has one.
type wire struct {
	Seq    uint64          `json:"seq"`
	Type   Kind            `json:"type"`
	Time   time.Time       `json:"time"`
	Cause  uint64          `json:"cause,omitempty"`
	Root   uint64          `json:"root,omitempty"`
	Origin string          `json:"origin,omitempty"`
	Data   json.RawMessage `json:"data"`
}

// MarshalJSON writes the event as {"seq","type","time","cause","root","origin","data"}.
func (e Event) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("event %d: encode %s: %w", e.Seq, e.Kind(), err)
	}
	return json.Marshal(wire{Seq: e.Seq, Type: e.Kind(), Time: e.At, Cause: e.Cause, Root: e.Root, Origin: e.Origin, Data: data})
}

// Unknown is a fact whose type this program does not know: kept whole, so that a newer ledger loses nothing.
type Unknown struct {
	Name Kind
	JSON json.RawMessage
}

// EventKind is the name that was read.
func (u Unknown) EventKind() Kind { return u.Name }

// MarshalJSON gives back the bytes that were read.
func (u Unknown) MarshalJSON() ([]byte, error) { return u.JSON, nil }

// Registry ties the names of facts to their Go types.
type Registry struct{ types map[Kind]reflect.Type }

// NewRegistry knows the types of the given zero values; naming one kind twice is a programming error and panics.
func NewRegistry(zero ...Data) *Registry {
	r := &Registry{types: make(map[Kind]reflect.Type, len(zero))}
	for _, d := range zero {
		k := d.EventKind()
		if _, dup := r.types[k]; dup {
			panic(fmt.Sprintf("event: kind %s registered twice", k))
		}
		r.types[k] = reflect.TypeOf(d)
	}
	return r
}

// Kinds lists the known names in order.
func (r *Registry) Kinds() []Kind {
	out := make([]Kind, 0, len(r.types))
	for k := range r.types {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Decode reads a fact of kind k from JSON; a kind it does not know comes back as Unknown.
func (r *Registry) Decode(k Kind, data []byte) (Data, error) {
	t, ok := r.types[k]
	if !ok {
		return Unknown{Name: k, JSON: slices.Clone(data)}, nil
	}
	p := reflect.New(t)
	if err := json.Unmarshal(data, p.Interface()); err != nil {
		return nil, fmt.Errorf("decode %s: %w", k, err)
	}
	return p.Elem().Interface().(Data), nil
}

// ErrUnknown says that there is no such kind of fact, or no such field in it.
var ErrUnknown = errors.New("unknown")

// DecodeStrict reads a fact that a person wrote: a kind or a field that is not known is a slip of the pen.
func (r *Registry) DecodeStrict(k Kind, data []byte) (Data, error) {
	t, ok := r.types[k]
	if !ok {
		return nil, fmt.Errorf("%w kind %q; want one of %v", ErrUnknown, k, r.Kinds())
	}
	p := reflect.New(t)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(p.Interface())
	if field, found := strings.CutPrefix(fmt.Sprint(err), "json: unknown field "); found {
		return nil, fmt.Errorf("%w field %s in %s; want one of %v", ErrUnknown, field, k, fieldNames(t))
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", k, err)
	}
	return p.Elem().Interface().(Data), nil
}

// fieldNames are the names of a fact's fields in JSON.
func fieldNames(t reflect.Type) (out []string) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}

// UnmarshalEvent reads what Event.MarshalJSON wrote.
func (r *Registry) UnmarshalEvent(b []byte) (Event, error) {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	d, err := r.Decode(w.Type, w.Data)
	if err != nil {
		return Event{}, fmt.Errorf("event %d: %w", w.Seq, err)
	}
	return Event{Seq: w.Seq, Cause: w.Cause, Root: w.Root, Origin: w.Origin, At: w.Time, Data: d}, nil
}
