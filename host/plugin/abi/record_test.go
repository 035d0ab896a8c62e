package abi

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/cue"
)

// TestLayout pins the bytes of a batch: guests that are built already read exactly these.
func TestLayout(t *testing.T) {
	b := BeginBatch(nil)
	b = (&LotClosing{Lot: "s1", Seconds: 60}).Append(b, 0x1122, -2)
	b = (&LotExtended{Closes: 5, Count: 2, Last: true}).Append(b, 3, 4)
	EndBatch(b, 2)
	want := strings.Join([]string{
		"02000000 70000000", // two records in 112 bytes
		"30000000 0600 02 00 2211000000000000 feffffffffffffff",                // 48 bytes, kind 6, two fields, seq, at
		"28000000 02000000 3c00000000000000 7331 000000000000",                 // lot at 40, 2 long; 60; "s1", padding
		"38000000 0500 04 00 0300000000000000 0400000000000000",                // 56 bytes, kind 5, four fields
		"38000000 00000000 0500000000000000 0200000000000000 0100000000000000", // no lot; closes, count, last
	}, "")
	if got := hex.EncodeToString(b); got != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got  %s\nwant %s", got, strings.ReplaceAll(want, " ", ""))
	}
}

func TestLongTextsAreCutBetweenCharacters(t *testing.T) {
	for _, s := range []string{strings.Repeat("鳥", 4000), strings.Repeat("a", MaxStringBytes+1), strings.Repeat("🦊", 3000), strings.Repeat("\x80", MaxStringBytes+9)} {
		got := cut(s)
		if len(got) > MaxStringBytes || len(got) < MaxStringBytes-utf8.UTFMax || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("cut to %d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		b := (&SceneShown{Scene: s}).Append(BeginBatch(nil), 1, 1)
		if b[batchHeader+7]&flagCut == 0 {
			t.Error("the record does not say that it was cut")
		}
	}
}

func TestWritingIntoABigEnoughBufferAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 4096)
	e := BidAccepted{Lot: "s1-lot-1", Handle: "ann", Amount: "1.5"}
	if n := testing.AllocsPerRun(100, func() { buf = e.Append(BeginBatch(buf), 1, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// answer builds a buffer of commands by hand.
func answer(records ...[]byte) []byte {
	b := slices.Concat(append([][]byte{make([]byte, batchHeader)}, records...)...)
	le.PutUint32(b, uint32(len(records)))
	le.PutUint32(b[4:], uint32(len(b)))
	return b
}

// say is a record of the command say with a number of fields.
func say(event uint32, text, mood string, priority uint64, fields int) []byte {
	b := make([]byte, commandHeader+slot*fields)
	put := func(i int, s string) {
		if i < fields {
			le.PutUint32(b[commandHeader+slot*i:], uint32(len(b)))
			le.PutUint32(b[commandHeader+slot*i+4:], uint32(len(s)))
			b = append(b, s...)
		}
	}
	put(0, text)
	put(1, mood)
	if fields > 2 {
		le.PutUint64(b[commandHeader+2*slot:], priority)
	}
	if fields > 3 {
		le.PutUint64(b[commandHeader+3*slot:], 1<<63) // about
	}
	b = append(b, make([]byte, -len(b)&7)...)
	le.PutUint32(b, uint32(len(b)))
	le.PutUint16(b[4:], 1)
	b[6] = byte(fields)
	le.PutUint32(b[8:], event)
	return b
}

// record is a command whose fields are texts or numbers.
func record(kind uint16, fields ...any) []byte {
	b := make([]byte, commandHeader+slot*len(fields))
	for i, f := range fields {
		switch v := f.(type) {
		case string:
			le.PutUint32(b[commandHeader+slot*i:], uint32(len(b)))
			le.PutUint32(b[commandHeader+slot*i+4:], uint32(len(v)))
			b = append(b, v...)
		case uint64:
			le.PutUint64(b[commandHeader+slot*i:], v)
		}
	}
	b = append(b, make([]byte, -len(b)&7)...)
	le.PutUint32(b, uint32(len(b)))
	le.PutUint16(b[4:], kind)
	b[6] = byte(len(fields))
	return b
}

// TestReadCalls: commands that ask for a power carry what was asked, typed; fields that an older guest does not write
// are empty.
func TestReadCalls(t *testing.T) {
	got, _, err := readAll(answer(
		record(13, uint64(7), uint64(1500)),
		record(14, uint64(8), "POST", "https://a.example/b", "A: b\nC: d", "body"),
		record(15, uint64(9), "be kind", "hello", "{}", uint64(100)),
		record(15, uint64(9), "be kind"),
	), 1, 9)
	want := []Command{
		{Power: "timer", Call: &Timer{Token: 7, Millis: 1500}},
		{Power: "http", Call: &Fetch{Token: 8, Method: "POST", URL: "https://a.example/b", Headers: "A: b\nC: d", Body: "body"}},
		{Power: "llm", Call: &Ask{Token: 9, Instructions: "be kind", Prompt: "hello", Schema: "{}", MaxTokens: 100}},
		{Power: "llm", Call: &Ask{Token: 9, Instructions: "be kind"}},
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	lie := record(14, uint64(8), "GET")
	le.PutUint32(lie[commandHeader+slot:], 4096)
	if _, _, err := readAll(answer(lie), 1, 9); !errors.Is(err, ErrCommands) || !strings.Contains(err.Error(), "(fetch): method: text at 4096") {
		t.Errorf("error %v; want the field that lies", err)
	}
}

func TestFeatureNames(t *testing.T) {
	if got := strings.Join(FeatureNames(FeatureStore|FeaturePowers|1<<40), ", "); got != "store, powers, bit 40" {
		t.Errorf("got %s", got)
	}
	if Features != FeatureStore|FeaturePowers {
		t.Errorf("all features are %b", Features)
	}
}

// readAll reads an answer to its end, of which nothing counts after an error.
func readAll(b []byte, events, limit int) ([]Command, Answer, error) {
	a, err := ReadAnswer(b, events, limit)
	if err != nil {
		return nil, a, err
	}
	var out []Command
	for {
		var c Command
		switch ok, err := a.Next(&c, func(b []byte) string { return string(b) }); {
		case err != nil:
			return nil, a, err
		case !ok:
			return out, a, nil
		}
		out = append(out, c)
	}
}

func TestReadAnswer(t *testing.T) {
	unknown := say(0, "", "", 0, 3)
	le.PutUint16(unknown[4:], 4711)
	got, a, err := readAll(answer(say(1, "hi", "happy", 70, 3), unknown, say(0, "older", "", 0, 1), say(0, "newer", "", 9, 5), say(0, "loud", "", 1<<63, 3), say(0, "x", "", 900, 3)), 2, 3)
	want := []Command{
		{Event: 1, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: "hi", Name: "happy", Priority: 70}},
		{Event: 0, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: "older"}}, // fields that it does not know are empty
		{Event: 0, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: "newer", Priority: 9}, About: 1 << 63},
		{Event: 0, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: "loud", Priority: 255}}, // it has no sign
	}
	if err != nil || a.Unknown != 1 || a.Dropped != 1 {
		t.Errorf("%d unknown, %d dropped, error %v; want 1, 1 and none", a.Unknown, a.Dropped, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestLimitIsForEachEvent: an event that asks for too much takes nothing from those that it came with, and has no more
// because they ask for little.
func TestLimitIsForEachEvent(t *testing.T) {
	for _, last := range []uint32{1, MaxBatchEvents - 1, MaxBatchEvents, MaxBatchEvents + 70} {
		flood := []([]byte){say(last, "quiet", "", 0, 1)}
		for range 5 {
			flood = append(flood, say(0, "loud", "", 0, 1))
		}
		got, a, err := readAll(answer(append(flood, say(last, "quiet", "", 0, 1))...), int(last)+1, 2)
		var events []uint32
		for _, c := range got {
			events = append(events, uint32(c.Event))
		}
		if want := []uint32{last, 0, 0, last}; err != nil || !slices.Equal(events, want) || a.Dropped != 3 {
			t.Errorf("taken for events %v, %d dropped, error %v; want %v and 3", events, a.Dropped, err, want)
		}
	}
}

// FuzzReadAnswer: whatever a guest leaves behind, reading ends with commands that make sense or an error.
func FuzzReadAnswer(f *testing.F) {
	f.Add(answer(say(0, "hi", "happy", 70, 3)), byte(1))
	f.Add(answer(say(1, "鳥", "", 0, 3), say(0, "", "", 255, 9)), byte(2))
	f.Add(answer(), byte(0))
	f.Add(answer(record(13, uint64(7), uint64(1000)), record(14, uint64(1), "GET", "https://a.example", "", "b"), record(15, uint64(2), "be kind", "hello")), byte(1))
	f.Fuzz(func(t *testing.T, b []byte, size byte) {
		n := int(size)
		cmds, _, _ := readAll(b, n, 64)
		for _, c := range cmds {
			if c.Event < 0 || c.Event >= n || !slices.Contains(Capabilities(), c.Power) {
				t.Errorf("command %+v of a batch of %d", c, n)
			}
			if f, ok := c.Call.(*Fetch); ok && (!utf8.ValidString(f.URL) || len(f.Body) > MaxStringBytes) {
				t.Errorf("call %+v", f)
			}
			if (c.Call == nil) == (c.Cue.Verb == "" && c.Power != "log") {
				t.Errorf("command %+v is neither cue nor call", c)
			}
			if !utf8.ValidString(c.Cue.Text) || !utf8.ValidString(c.Cue.Name) || len(c.Cue.Text) > MaxStringBytes {
				t.Errorf("text of %+v", c)
			}
		}
	})
}
