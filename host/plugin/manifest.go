package plugin

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/yamlfile"
)

// ManifestFile is the name of a plugin's description.
const ManifestFile = "plugin.yaml"

// maxManifest bounds the description; a real one has about a kilobyte.
const maxManifest = 64 << 10

// LoadManifest reads and checks the plugin.yaml of a plugin. Its error names every problem with its line.
func LoadManifest(fsys fs.FS) (*Manifest, error) {
	b, err := ReadFile(fsys, ManifestFile, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s: %w; name the folder of a plugin, or begin one with: sothebais new plugin <id>", ErrManifest, ManifestFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return ParseManifest(b)
}

// ReadFile reads a plain file of at most limit bytes. Of pipes and devices, which a folder may hold or link to, the
// size says nothing, and reading them may never end.
func ReadFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", name)
	case info.Size() > limit:
		return nil, fmt.Errorf("%s has %d bytes, at most %d are allowed", name, info.Size(), limit)
	}
	return fs.ReadFile(fsys, name)
}

// ParseManifest reads and checks the text of a plugin.yaml.
func ParseManifest(b []byte) (*Manifest, error) {
	root, wrong := yamlfile.Parse(b)
	switch {
	case wrong != nil:
		return nil, fmt.Errorf("%w: %s:%d: %s", ErrManifest, ManifestFile, wrong.Line, wrong.What)
	case root == nil:
		return nil, fmt.Errorf("%w: %s:1: it is empty; want at least id, version, kind, api and runtime", ErrManifest, ManifestFile)
	case root.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("%w: %s:%d: it is %s; want key: value pairs, at least id, version, kind, api and runtime", ErrManifest, ManifestFile, root.Line, yamlfile.Describe(root))
	}
	c := &checker{root: root}
	c.keys(c.root, Manifest{}, "")
	if c.failed() {
		return nil, c.err()
	}
	m := new(Manifest)
	for _, wrong := range yamlfile.Decode(c.root, m) {
		c.failAt(wrong.Line, "%s", wrong.What)
	}
	if c.failed() {
		return nil, c.err()
	}
	m.applyDefaults()
	c.check(m)
	if c.failed() {
		return nil, c.err()
	}
	return m, nil
}

// UnmarshalYAML takes the name of a file alone as well.
func (f *FileSpec) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		f.File = n.Value
		return nil
	case yaml.MappingNode:
		type plain FileSpec
		return n.Decode((*plain)(f))
	}
	return fmt.Errorf("this is %s; want a file, such as plugin.wasm", yamlfile.Describe(n))
}

func (m *Manifest) applyDefaults() {
	l := &m.Limits
	if m.Runtime.JS != nil {
		l.Fuel = cmp.Or(l.Fuel, DefaultScriptFuel)
	}
	l.Fuel = cmp.Or(l.Fuel, DefaultFuel)
	l.MemoryMiB = cmp.Or(l.MemoryMiB, DefaultMemoryMiB)
	l.Commands = cmp.Or(l.Commands, DefaultCommands)
	l.StateBytes = cmp.Or(l.StateBytes, DefaultStateBytes)
	l.OutputBytes = cmp.Or(l.OutputBytes, DefaultOutputBytes)
	l.LogLines = cmp.Or(l.LogLines, DefaultLogLines)
	l.Tables = cmp.Or(l.Tables, DefaultTables)
	l.HostCalls = cmp.Or(l.HostCalls, DefaultHostCalls)
}

// File is the file that runs.
func (r RuntimeSpec) File() FileSpec {
	if f := cmp.Or(r.Wasm, r.Declarative, r.JS); f != nil {
		return *f
	}
	return FileSpec{}
}

// Name says which way it is: wasm, declarative or js.
func (r RuntimeSpec) Name() string {
	switch {
	case r.Wasm != nil:
		return "wasm"
	case r.JS != nil:
		return "js"
	}
	return "declarative"
}

// count is how many ways to run are named.
func (r RuntimeSpec) count() int {
	n := 0
	for _, f := range []*FileSpec{r.Wasm, r.Declarative, r.JS} {
		if f != nil {
			n++
		}
	}
	return n
}

// May reports whether the manifest asks for a power.
func (m *Manifest) May(power string) bool {
	return slices.ContainsFunc(m.Capabilities, func(c Capability) bool { return c.Name == power })
}

var (
	idPattern     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	idLabel       = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	semverPattern = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	apiPattern    = regexp.MustCompile(`^(>=)?1(\.\d+)?$|^1 - \d+$|^\^1(\.\d+)?$`)
)

// operatorID marks cues of people at the control room; a plugin of that name would pass for one.
const operatorID = "operator"

// check holds the manifest against the rules, one line for each problem.
func (c *checker) check(m *Manifest) {
	c.require(idPattern.MatchString(m.ID), "id", "id is %q; want lower-case letters, digits and dashes, such as dusty-gavel", m.ID)
	c.require(m.ID != operatorID, "id", "id %q is what the operator's own cues carry; choose another", m.ID)
	c.require(semverPattern.MatchString(m.Version), "version", "version is %q; want three numbers, such as 1.0.0", m.Version)
	c.require(apiPattern.MatchString(m.API), "api", "api is %q; this host speaks version %d: write api: \"%d\"", m.API, abi.Version, abi.Version)
	c.checkKind(m)
	c.checkRuntime(m.Runtime)
	c.checkCapabilities(m.Capabilities)
	c.checkSubscribes(m.Subscribes)
	c.checkLimits(m.Limits)
	c.checkState(m)
	c.checkConfig(m)
	for i, t := range m.Tests {
		c.require(fs.ValidPath(t) && t != ".", fmt.Sprintf("tests.%d", i), "test is %q; want the path of a recorded session inside the plugin, such as sessions/night.jsonl", t)
	}
}

func (c *checker) checkLimits(l Limits) {
	c.within("limits.fuel", l.Fuel, maxFuel)
	for _, v := range []struct {
		name      string
		got, most int
	}{
		{"memory_mib", l.MemoryMiB, maxMemoryMiB}, {"commands", l.Commands, maxCommands}, {"state_bytes", l.StateBytes, DefaultStateBytes},
		{"output_bytes", l.OutputBytes, DefaultOutputBytes}, {"log_lines", l.LogLines, DefaultLogLines}, {"tables", l.Tables, DefaultTables},
		{"host_calls", l.HostCalls, maxHostCalls},
	} {
		c.within("limits."+v.name, int64(v.got), int64(v.most))
	}
}

func (c *checker) checkState(m *Manifest) {
	if m.State == nil {
		return
	}
	c.require(m.State.ID != "" && m.State.Version > 0, "state", "state wants an id and a version from 1, such as {id: %s, version: 1}", m.ID)
	for i, v := range m.State.Migrate {
		c.require(v > 0 && v < m.State.Version, fmt.Sprintf("state.migrate.%d", i), "migrate lists %d; want versions older than %d, from 1", v, m.State.Version)
	}
}

func (c *checker) checkKind(m *Manifest) {
	kinds := []string{string(Personality), string(SceneRules), string(Overlay)}
	if !slices.Contains(kinds, string(m.Kind)) {
		c.fail("kind", "kind is %q; want %s", m.Kind, oneOf(string(m.Kind), kinds))
		return
	}
	if m.Kind == Personality {
		c.require(idPattern.MatchString(m.Character), "character", "character is %q; a personality names the character it plays, such as dusty", m.Character)
	} else {
		c.require(m.Character == "", "character", "character is for personalities; a plugin of kind %s has none", m.Kind)
	}
}

func (c *checker) checkRuntime(r RuntimeSpec) {
	if r.count() != 1 {
		c.fail("runtime", "runtime wants exactly one of wasm: plugin.wasm, declarative: personality.yaml and js: plugin.js")
		return
	}
	f := r.File()
	c.require(f.File != "" && fs.ValidPath(f.File) && path.Clean(f.File) != ".", "runtime", "runtime file is %q; want the path of a file inside the plugin, such as plugin.wasm", f.File)
	if f.SHA256 != "" {
		sum, err := hex.DecodeString(f.SHA256)
		c.require(err == nil && len(sum) == 32, "runtime", "sha256 is %q; want 64 hexadecimal digits", f.SHA256)
	}
}

func (c *checker) checkCapabilities(caps []Capability) {
	names := abi.Capabilities()
	seen := map[string]bool{}
	for i, cap := range caps {
		at := fmt.Sprintf("capabilities.%d", i)
		switch {
		case !slices.Contains(names, cap.Name):
			c.fail(at, "capability %q is unknown; want %s", cap.Name, oneOf(cap.Name, names))
		case seen[cap.Name]:
			c.fail(at, "capability %s is asked for twice; once is enough", cap.Name)
		case strings.TrimSpace(cap.Why) == "":
			c.fail(at, "capability %s has no reason; say why in a few words, people read it before they trust the plugin", cap.Name)
		}
		seen[cap.Name] = true
		c.checkLimitsOf(at, cap)
	}
}

func (c *checker) checkSubscribes(kinds []event.Kind) {
	known := abi.EventKinds()
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	for i, k := range kinds {
		if _, answer := abi.AnswerKind(string(k)); answer || slices.Contains(abi.AnswerKinds(), k) {
			c.fail(fmt.Sprintf("subscribes.%d", i), "%s comes to the plugin that asked, without being subscribed to; leave it out", k)
		} else if !slices.Contains(known, k) {
			c.fail(fmt.Sprintf("subscribes.%d", i), "event %q is unknown to plugins; want %s", k, oneOf(string(k), names))
		}
	}
	c.require(len(kinds) > 0, "subscribes", "subscribes is empty; a plugin that hears nothing does nothing: name the events, such as [bid.accepted]")
}

func (c *checker) within(at string, v, most int64) {
	c.require(v > 0 && v <= most, at, "%s is %d; want 1 to %d", at, v, most)
}

func (c *checker) err() error {
	return fmt.Errorf("%w: %w", ErrManifest, errors.Join(c.errs...))
}
