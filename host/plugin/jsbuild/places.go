package jsbuild

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-sourcemap/sourcemap"
)

// bundlePlace is how the engine writes a place in the script.
var bundlePlace = regexp.MustCompile(`\bbundle\.js:(\d+)(?::(\d+))?`)

// places finds the place in the author's files for one in the bundle.
type places struct{ found *sourcemap.Consumer }

func (p *places) read(b []byte) error {
	var m struct{ Mappings string }
	if err := json.Unmarshal(b, &m); err == nil && m.Mappings == "" {
		return nil // a script of no statements has no places
	}
	found, err := sourcemap.Parse("", b)
	if err != nil {
		return fmt.Errorf("read where its lines come from: %w", err)
	}
	p.found = found
	return nil
}

// Original gives a text of the engine with its places in the author's files: lines.ts:12:5.
func (p *places) Original(text string) string {
	return bundlePlace.ReplaceAllStringFunc(text, func(place string) string {
		at := bundlePlace.FindStringSubmatch(place)
		line, _ := strconv.Atoi(at[1])
		column, err := strconv.Atoi(at[2])
		if err != nil {
			column = 1
		}
		if p.found == nil {
			return place
		}
		file, _, line, column, ok := p.found.Source(line, column-1)
		if !ok {
			return place
		}
		return fmt.Sprintf("%s:%d:%d", strings.TrimPrefix(file, namespace+":"), line, column+1)
	})
}
