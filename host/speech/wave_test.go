package speech

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

func riff(rate uint32, claim uint32, pcm ...int16) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	for _, v := range []any{rate, rate * 2, uint16(2), uint16(16), [4]byte{'d', 'a', 't', 'a'}, claim, pcm} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}

func TestReadWave(t *testing.T) {
	for _, claim := range []uint32{6, 0xffffffff} {
		w, err := readWave(riff(16000, claim, 1, -2, 3))
		if err != nil || w.rate != 16000 || !slices.Equal(w.samples, []int16{1, -2, 3}) {
			t.Errorf("claim %d: %+v, %v", claim, w, err)
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("hello, is this a wave?"), "no data": riff(16000, 0)[:36], "no rate": riff(0, 2, 1), "a stub": []byte("RIFF0000WAVEdata")} {
		if _, err := readWave(b); !errors.Is(err, errWave) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadPhones(t *testing.T) {
	got, err := readPhones([]byte("pau:0.197 g:0.233 ow:0.404 \n"))
	if err != nil || !slices.Equal(got, []phone{{"pau", 0.197}, {"g", 0.233}, {"ow", 0.404}}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "pau", "pau:", "pau:x", "pau:2 b:1", "pau:NaN", "pau:-1", "pau:1e9"} {
		if _, err := readPhones([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzReadWave(f *testing.F) {
	f.Add(riff(16000, 6, 1, 2, 3))
	f.Add(riff(8000, 0xffffffff))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := readWave(b); err == nil && (len(w.samples) > len(b)/2 || w.rate < 4000) {
			t.Fatalf("%d bytes became %d samples at %d", len(b), len(w.samples), w.rate)
		}
	})
}

func FuzzReadPhones(f *testing.F) {
	for _, s := range []string{"pau:0.197 g:0.233", ":", "a:1 b:0", "a:1e400", strings.Repeat("x:1 ", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		phones, err := readPhones(b)
		for i := 1; err == nil && i < len(phones); i++ {
			if phones[i].end < phones[i-1].end {
				t.Fatalf("the end of %v goes back", phones[i])
			}
		}
	})
}
