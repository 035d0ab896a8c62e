package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schemas come from strangers, and a few lines of one can ask for more than a machine does in its life: so what a check
// may cost is bounded, and numbers and patterns are of a size that can be worked with.
const (
	deepestSchema = 128
	mostChecking  = 1 << 18 // steps of a check, each a microsecond or a few
	mostPattern   = 4096    // of what a pattern becomes
	mostDigits    = 400     // of a number, and of its exponent
)

var errTooDear = fmt.Errorf("it takes more than %d steps to check; make the schema or what it describes smaller", mostChecking)

// meter counts down while a document is held against a schema.
type meter struct {
	left int
	seen map[*jsonschema.Schema]bool
}

// watch has every schema that can be come to ask the meter before it goes on to others.
func (m *meter) watch(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Interface:
		return m.watch(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if err := m.watch(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if err := m.watch(v.MapIndex(k)); err != nil {
				return err
			}
		}
	case reflect.Pointer:
		if s, is := v.Interface().(*jsonschema.Schema); is && s != nil && !m.seen[s] {
			m.seen[s] = true
			return m.watchSchema(s)
		}
	}
	return nil
}

func (m *meter) watchSchema(s *jsonschema.Schema) error {
	if s.DynamicRef != nil {
		return errors.New("$dynamicRef is not taken; write $ref")
	}
	steps, v := 1, reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanInterface() {
			continue
		}
		if f.Kind() == reflect.Slice || f.Kind() == reflect.Map {
			steps += f.Len()
		}
		if err := m.watch(f); err != nil {
			return err
		}
	}
	if s.Enum != nil {
		steps += len(s.Enum.Values)
	}
	m.ask(s, steps)
	return nil
}

// ask puts the meter where a schema looks at the form of a text, which it does before anything that takes long.
func (m *meter) ask(s *jsonschema.Schema, steps int) {
	each := 0 // of what a value has
	if p, is := s.Pattern.(pattern); is {
		each += p.size
	}
	for k := range s.PatternProperties {
		if p, is := k.(pattern); is {
			each += p.size
		}
	}
	form := jsonschema.Format{Validate: func(any) error { return nil }}
	if s.Format != nil {
		form = *s.Format
	}
	check := form.Validate
	form.Validate = func(v any) error {
		n := length(v)
		if m.left -= steps + n + n*each/64; m.left < 0 {
			panic(errTooDear)
		}
		return check(v)
	}
	s.Format = &form
}

func length(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) / 16
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// whole lets nothing that goes wrong in a check end more than that check.
func whole(check func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("it cannot be checked: %v", r)
		}
	}()
	return check()
}

// readJSON reads a document whose numbers can be worked with.
func readJSON(text []byte) (any, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return doc, numbers(doc)
}

func numbers(doc any) error {
	switch v := doc.(type) {
	case []any:
		for _, e := range v {
			if err := numbers(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range v {
			if err := numbers(e); err != nil {
				return err
			}
		}
	case json.Number:
		_, exponent, _ := strings.Cut(strings.ToLower(v.String()), "e")
		if n, err := strconv.Atoi(exponent); len(v) > mostDigits || exponent != "" && (err != nil || n > mostDigits || n < -mostDigits) {
			return fmt.Errorf("number %.20s… is too large or too small", v)
		}
	}
	return nil
}

// depth is how deep a document is.
func depth(doc any) int {
	deepest := 0
	switch v := doc.(type) {
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	default:
		return 0
	}
	return deepest + 1
}

// pattern is a regular expression and how much it becomes.
type pattern struct {
	*regexp.Regexp
	size int
}

func readPattern(text string) (jsonschema.Regexp, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	size := patternSize(tree)
	if size > mostPattern {
		return nil, fmt.Errorf("pattern %.20q… is too large once its repetitions are written out", text)
	}
	re, err := regexp.Compile(text)
	return pattern{re, size}, err
}

func patternSize(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += patternSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}
