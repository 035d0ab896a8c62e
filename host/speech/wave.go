package speech

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// wave is mono sound as the module writes it.
type wave struct {
	rate    int
	samples []int16
}

var errWave = errors.New("not a wave file of 16-bit mono sound")

// readWave reads a RIFF file. Flite writes the sizes before it knows them all, so the data chunk may claim
// more than there is; what is there counts.
func readWave(b []byte) (wave, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return wave{}, fmt.Errorf("%d bytes: %w", len(b), errWave)
	}
	var w wave
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:8]))
		body := b[8:]
		body = body[:min(size, len(body))]
		switch name {
		case "fmt ":
			if len(body) < 16 || binary.LittleEndian.Uint16(body[2:]) != 1 || binary.LittleEndian.Uint16(body[14:]) != 16 {
				return wave{}, fmt.Errorf("format chunk: %w", errWave)
			}
			w.rate = int(binary.LittleEndian.Uint32(body[4:]))
		case "data":
			if w.rate < 4000 || w.rate > 192000 {
				return wave{}, fmt.Errorf("%d samples a second: %w", w.rate, errWave)
			}
			return wave{rate: w.rate, samples: littleEndian(body)}, nil
		}
		b = b[8+len(body):]
	}
	return wave{}, fmt.Errorf("no data chunk: %w", errWave)
}

func littleEndian(b []byte) []int16 {
	out := make([]int16, len(b)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

// phone is a phoneme and the second at which it ends.
type phone struct {
	name string
	end  float64
}

// readPhones reads the report "pau:0.197 g:0.233 …"; ends never go back.
func readPhones(b []byte) ([]phone, error) {
	var out []phone
	last := 0.0
	for _, field := range bytes.Fields(b) {
		name, end, ok := bytes.Cut(field, []byte(":"))
		sec, err := strconv.ParseFloat(string(end), 64)
		if !ok || err != nil || !(sec >= last && sec < 3600) {
			return nil, fmt.Errorf("%.20q: want a phoneme and the second of its end, such as pau:0.197", field)
		}
		last = sec
		out = append(out, phone{name: string(name), end: sec})
	}
	if len(out) == 0 {
		return nil, errors.New("the report is empty")
	}
	return out, nil
}
