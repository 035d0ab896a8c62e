package wasm

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/jsbuild"
)

// Program is a plugin that was read: all that has to be known to run it.
type Program struct {
	Manifest *plugin.Manifest
	Code     []byte // module that runs
	Config   []byte // what it is configured with
	SHA256   string // of what makes it this plugin: its module, body or script
	Store    plugin.Store
	// Original puts the places in what the guest says into its author's terms; nil leaves them as they are.
	Original func(string) string
}

// Read gives the module that runs a plugin and the configuration that it gets.
func Read(cfg Config, s plugin.Spec) (*Program, error) {
	m, f := s.Manifest, s.Manifest.Runtime.File()
	limit := int64(cmp.Or(cfg.ModuleBytes, defaultModuleBytes))
	if m.Runtime.Wasm == nil {
		limit = maxBodyBytes
	}
	if info, err := fs.Stat(s.Files, f.File); err == nil && info.Size() > limit {
		return nil, fmt.Errorf("%w: %s of plugin %s: %w", plugin.ErrModule, f.File, m.ID, &plugin.LimitError{Limit: plugin.LimitModule, Got: info.Size(), Most: limit})
	}
	b, err := plugin.ReadFile(s.Files, f.File, limit)
	if err != nil {
		return nil, fmt.Errorf("%w: read %s of plugin %s: %w", plugin.ErrModule, f.File, m.ID, err)
	}
	p := &Program{Manifest: m, Code: b, SHA256: sumOf(b), Store: s.Store}
	if f.SHA256 != "" && p.SHA256 != f.SHA256 {
		return nil, fmt.Errorf("%w: %s of plugin %s has SHA-256 %s, its manifest says %s", plugin.ErrModule, f.File, m.ID, p.SHA256, f.SHA256)
	}
	switch {
	case m.Runtime.JS != nil:
		return p, p.readScript(cfg, s)
	case m.Runtime.Declarative == nil:
		p.Config, err = s.Settings()
		return p, err
	case cfg.Interpreter == nil:
		return nil, fmt.Errorf("%w: plugin %s is declarative (%s), and this program was built without the interpreter: run make plugins", plugin.ErrModule, m.ID, f.File)
	}
	p.Code, p.Config = cfg.Interpreter, b
	return p, nil
}

// readScript bundles a plugin in JavaScript or TypeScript for the engine.
func (p *Program) readScript(cfg Config, s plugin.Spec) error {
	m, file := s.Manifest, s.Manifest.Runtime.JS.File
	if cfg.Engine == nil {
		return fmt.Errorf("%w: plugin %s is a script (%s), and this program was built without the engine: run make assets", plugin.ErrModule, m.ID, file)
	}
	script, err := jsbuild.Build(s.Files, file)
	if err != nil {
		return fmt.Errorf("%w: plugin %s: %w", plugin.ErrModule, m.ID, err)
	}
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	if p.Config, err = scriptConfig(script.Code, settings, m.Subscribes); err != nil {
		return fmt.Errorf("%w: config of plugin %s: %w", plugin.ErrManifest, m.ID, err)
	}
	p.Code, p.SHA256, p.Original = cfg.Engine, sumOf(script.Code), script.Original
	return nil
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
