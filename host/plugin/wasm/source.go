package wasm

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/jsbuild"
)

// source is what a guest is made of.
type source struct {
	code   []byte              // module that runs
	config []byte              // what configure gets
	sum    string              // SHA-256 of what makes it this plugin: its module, body or script
	places func(string) string // puts the places in what the guest says into its author's terms; nil for as they are
}

// read gives what a plugin is made of.
func (r *Runtime) read(s plugin.Spec) (source, error) {
	m, f := s.Manifest, s.Manifest.Runtime.File()
	limit := int64(r.cfg.ModuleBytes)
	if m.Runtime.Wasm == nil {
		limit = maxBodyBytes
	}
	if info, err := fs.Stat(s.Files, f.File); err == nil && info.Size() > limit {
		return source{}, fmt.Errorf("%w: %s of plugin %s: %w", plugin.ErrModule, f.File, m.ID, &plugin.LimitError{Limit: plugin.LimitModule, Got: info.Size(), Most: limit})
	}
	b, err := plugin.ReadFile(s.Files, f.File, limit)
	if err != nil {
		return source{}, fmt.Errorf("%w: read %s of plugin %s: %w", plugin.ErrModule, f.File, m.ID, err)
	}
	sum := sumOf(b)
	if f.SHA256 != "" && sum != f.SHA256 {
		return source{}, fmt.Errorf("%w: %s of plugin %s has SHA-256 %s, its manifest says %s", plugin.ErrModule, f.File, m.ID, sum, f.SHA256)
	}
	switch {
	case m.Runtime.JS != nil:
		return r.readScript(s)
	case m.Runtime.Declarative == nil:
		config, err := s.Settings()
		return source{code: b, config: config, sum: sum}, err
	case r.cfg.Interpreter == nil:
		return source{}, fmt.Errorf("%w: plugin %s is declarative (%s), and this program was built without the interpreter: run make plugins", plugin.ErrModule, m.ID, f.File)
	}
	return source{code: r.cfg.Interpreter, config: b, sum: sum}, nil
}

// readScript bundles a plugin in JavaScript or TypeScript for the engine.
func (r *Runtime) readScript(s plugin.Spec) (source, error) {
	m, file := s.Manifest, s.Manifest.Runtime.JS.File
	if r.cfg.Engine == nil {
		return source{}, fmt.Errorf("%w: plugin %s is a script (%s), and this program was built without the engine: run make assets", plugin.ErrModule, m.ID, file)
	}
	script, err := jsbuild.Build(s.Files, file)
	if err != nil {
		return source{}, fmt.Errorf("%w: plugin %s: %w", plugin.ErrModule, m.ID, err)
	}
	settings, err := s.Settings()
	if err != nil {
		return source{}, err
	}
	config, err := scriptConfig(script.Code, settings, m.Subscribes)
	if err != nil {
		return source{}, fmt.Errorf("%w: config of plugin %s: %w", plugin.ErrManifest, m.ID, err)
	}
	return source{code: r.cfg.Engine, config: config, sum: sumOf(script.Code), places: script.Original}, nil
}

// scriptConfig is what the engine's configure takes: the length of a JSON object, the object, the script.
func scriptConfig(script, settings []byte, subscribes []event.Kind) ([]byte, error) {
	options, err := json.Marshal(struct {
		Config     json.RawMessage `json:"config,omitempty"`
		Subscribes []event.Kind    `json:"subscribes"`
	}{settings, subscribes})
	if err != nil {
		return nil, err
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(options)))
	return append(append(b, options...), script...), nil
}
