// Package lines reads and writes the state of the example plugins: lines of a key and a value under a first line that
// names the form. sdk/tck/examples/README.md says it in full.
package lines

import (
	"errors"
	"strconv"
	"strings"
)

// Writer writes the lines of a state.
type Writer struct{ b []byte }

// New begins a state of the plugin of that name.
func New(name string) *Writer { return &Writer{append([]byte(name), " 1\n"...)} }

// Text writes a line.
func (w *Writer) Text(key, value string) {
	w.b = append(w.b, key...)
	w.b = append(w.b, ' ')
	w.b = append(w.b, value...)
	w.b = append(w.b, '\n')
}

// maxNumber is the greatest number that a line may hold.
const maxNumber = 999_999_999_999_999_999

// Number writes a line with a number.
func (w *Writer) Number(key string, n uint64) {
	w.Text(key, strconv.FormatUint(min(n, maxNumber), 10))
}

// Int writes a line with a number, which is 0 for one below that.
func (w *Writer) Int(key string, n int64) { w.Number(key, uint64(max(n, 0))) }

// Flag writes a line with a flag.
func (w *Writer) Flag(key string, on bool) {
	v := "0"
	if on {
		v = "1"
	}
	w.Text(key, v)
}

// Bytes is the state.
func (w *Writer) Bytes() []byte { return w.b }

// Read gives each line of a state to take, which says whether it is one.
func Read(name string, state []byte, take func(key, value string) bool) error {
	rest := string(state)
	for k := 1; k == 1 || rest != ""; k++ {
		line, after, whole := strings.Cut(rest, "\n")
		rest = after
		key, value, keyed := strings.Cut(line, " ")
		if k == 1 {
			whole = whole && line == name+" 1"
		} else {
			whole = whole && keyed && take(key, value)
		}
		if !whole {
			return errors.New("line " + strconv.Itoa(k) + " is not of a state of " + name + " 1")
		}
	}
	return nil
}

// Number reads 1 to 18 digits.
func Number(s string) (uint64, bool) {
	if len(s) < 1 || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// Take reads a number into n.
func Take[T int64 | uint64](s string, n *T) bool {
	v, ok := Number(s)
	if ok {
		*n = T(v)
	}
	return ok
}

// TakeFlag reads a flag into on.
func TakeFlag(s string, on *bool) bool {
	*on = s == "1"
	return s == "0" || s == "1"
}

// Clean makes one line of a text.
func Clean(s string) string { return strings.ReplaceAll(s, "\n", " ") }
