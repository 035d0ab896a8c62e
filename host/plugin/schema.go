package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is a JSON Schema that was read and is sound. It refers to nothing outside of itself.
type Schema struct {
	compiled *jsonschema.Schema
	mu       sync.Mutex // one check at a time, because they are metered
	meter    *meter
}

// maxSchema bounds a schema as JSON.
const maxSchema = 16 << 10

// ErrSchema says that a JSON Schema cannot be used.
var ErrSchema = errors.New("bad schema")

// nowhere loads no schema: what a stranger's file refers to is neither read nor fetched.
type nowhere struct{}

// Load refuses.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s; a schema must stand on its own", url)
}

// ParseSchema reads a schema as JSON.
func ParseSchema(text []byte) (*Schema, error) {
	if len(text) > maxSchema {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrSchema, len(text), maxSchema)
	}
	doc, err := readJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if depth(doc) > deepestSchema { // reading it costs the square of that
		return nil, fmt.Errorf("%w: objects and lists in it lie more than %d deep", ErrSchema, deepestSchema)
	}
	const name = "schema:own"
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.UseRegexpEngine(readPattern)
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	s := &Schema{meter: &meter{seen: map[*jsonschema.Schema]bool{}}}
	err = whole(func() error {
		if s.compiled, err = c.Compile(name); err != nil {
			return errors.New(oneLine(err))
		}
		return s.meter.watch(reflect.ValueOf(s.compiled))
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return s, nil
}

// Check holds JSON against the schema.
func (s *Schema) Check(text []byte) error {
	doc, err := readJSON(text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.left = mostChecking
	return whole(func() error {
		if err := s.compiled.Validate(doc); err != nil {
			return errors.New(oneLine(err))
		}
		return nil
	})
}

// longestFault bounds what is told of a document that does not fit, in bytes.
const longestFault = 1024

func oneLine(err error) string {
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "schema:own#", "")), " ")
	if len(text) > longestFault {
		text = strings.ToValidUTF8(text[:longestFault], "") + "…"
	}
	return text
}

// checkConfig holds the configuration against its schema.
func (c *checker) checkConfig(m *Manifest) {
	if m.ConfigSchema == nil {
		return
	}
	text, err := json.Marshal(m.ConfigSchema)
	if err != nil {
		c.fail("config_schema", "config_schema is no JSON: %v", err)
		return
	}
	schema, err := ParseSchema(text)
	if err != nil {
		c.fail("config_schema", "config_schema: %v", err)
		return
	}
	config := m.Config
	if config == nil {
		config = map[string]any{}
	}
	if text, err = json.Marshal(config); err == nil {
		err = schema.Check(text)
	}
	if err != nil {
		c.fail("config", "config does not fit config_schema: %v", err)
	}
}
