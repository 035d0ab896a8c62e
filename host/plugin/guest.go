package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// Guest is one sandboxed instance of a plugin. Its methods are called by one goroutine at a time.
type Guest interface {
	// HandleBatch gives the guest events in order and returns what it asks for, in the order of the events. The
	// reactions are valid until the next call. After an error the guest stands where it stood before the batch; an
	// error that is ErrDead says that it cannot be used any more.
	HandleBatch(ctx context.Context, events []event.Event) ([]Reaction, error)
	// Save gives the state for a successor; it may be empty.
	Save(ctx context.Context) ([]byte, error)
	// Restore takes the state of a predecessor, whose bytes are the caller's again then.
	Restore(ctx context.Context, state []byte) error
	// Migrate takes the state of a predecessor whose form has an older version.
	Migrate(ctx context.Context, version int, state []byte) error
	// Clone gives another guest that stands where this one stands. From there on they share nothing.
	Clone(ctx context.Context) (Guest, error)
	// Stats may be asked at any time between calls.
	Stats() Stats
	// Close frees the instance; it cannot be used any more.
	Close(ctx context.Context) error
}

// Runtime makes guests. Loading is the slow part (reading, checking, compiling, starting) and may run beside the
// guests that are on air.
type Runtime interface {
	Load(ctx context.Context, s Spec) (Guest, error)
}

// Spec is all that a guest is made of: with the same, and the same events, it does the same.
type Spec struct {
	Manifest *Manifest
	Files    fs.FS
	Config   []byte // JSON in place of the manifest's config; nil for that
	Store    Store
}

// Settings is the configuration that a module gets: JSON, nothing when there is none.
func (s Spec) Settings() ([]byte, error) {
	if s.Config != nil || len(s.Manifest.Config) == 0 {
		return s.Config, nil
	}
	b, err := json.Marshal(s.Manifest.Config)
	if err != nil {
		return nil, fmt.Errorf("%w: config of plugin %s: %w", ErrManifest, s.Manifest.ID, err)
	}
	return b, nil
}

// Store is what a guest may keep, as it is when the guest is made. The zero value is a store that is closed to it.
type Store struct {
	Granted bool
	Quota   int // bytes of all keys and values together; 0 for DefaultStoreBytes
	Content map[string][]byte
}

// Reaction is one thing that a guest asked for.
type Reaction struct {
	Event uint64  // Seq of the event that was handled
	About uint64  // Seq of an earlier event that caused it, as the guest claims; 0 for none
	Power string  // name of the capability that it needs, such as say
	Cue   cue.Cue // what it asks of the show; without verb for a line of the log, or a call
	Log   string  // the line, when Power is log
	Level slog.Level
	// Call is what it asks of timer, http or llm, or what it wrote to its store; nil for everything else. What was
	// written during Restore, Migrate or Save comes with the batch that follows, under its first event.
	Call abi.Call
}

// Stats are figures of a guest.
type Stats struct {
	SHA256  string // of the module, or of the body of a declarative plugin
	Memory  uint64 // bytes
	Store   int    // bytes of keys and values
	Fuel    int64  // burnt by the last batch
	Unknown uint64 // commands that this host does not know
	Dropped uint64 // commands past the limit for an event
	Passed  Passed // limits, since it was made
	Shut    uint64 // times that it asked its store without being granted one, since it was made
}

var (
	// ErrFuel says that a guest ran on past its fuel.
	ErrFuel = errors.New("out of fuel")
	// ErrDead says that a guest cannot be used any more; it has to be loaded anew.
	ErrDead = errors.New("guest is dead")
	// ErrManifest says that a plugin's description is wrong.
	ErrManifest = errors.New("bad manifest")
	// ErrModule says that a plugin's module cannot be run.
	ErrModule = errors.New("bad module")
	// ErrConfig says that a plugin refused its configuration or body.
	ErrConfig = errors.New("plugin refused its configuration")
	// ErrState says that a plugin refused the state of its predecessor.
	ErrState = errors.New("plugin refused the state")
)

// TrapError says that a guest failed on a batch. It was rolled back.
type TrapError struct {
	Reason string // short, such as "out of fuel" or "unreachable"
	Detail string // stack of the guest, for the log
	Err    error
}

func (e *TrapError) Error() string { return e.Reason }
func (e *TrapError) Unwrap() error { return e.Err }

// Defaults of a manifest's limits.
const (
	DefaultFuel = 10_000_000 // one to two milliseconds of work
	// DefaultScriptFuel is that for scripts: an interpreter leaves most of its stretches half-way, and is charged for
	// the whole of them, so that it burns about five times as much in the same time.
	DefaultScriptFuel = 5 * DefaultFuel
	DefaultMemoryMiB  = 32
	DefaultCommands   = 64
	maxFuel           = 100_000_000
	maxMemoryMiB      = 256
	maxCommands       = 1024
	maxHostCalls      = 65_536

	DefaultStateBytes  = 1 << 20
	DefaultOutputBytes = abi.MaxCommandsBytes
	DefaultLogLines    = 32
	DefaultTables      = 1 << 17
	DefaultHostCalls   = 4096
	DefaultStoreBytes  = 64 << 10
	MaxStoreBytes      = 4 << 20
)

// Kind is what a plugin is for; each kind has one slot on the show.
type Kind string

// The kinds.
const (
	Personality Kind = "personality" // plays a character
	SceneRules  Kind = "scene-rules" // decides which scene is shown when
	Overlay     Kind = "overlay"     // fills the texts and bars of the scenes
)

// Manifest is a plugin.yaml that was read and checked.
type Manifest struct {
	ID           string         `yaml:"id"`
	Version      string         `yaml:"version"`
	Name         string         `yaml:"name"`
	Description  string         `yaml:"description"`
	License      string         `yaml:"license"`
	Authors      []string       `yaml:"authors"`
	Kind         Kind           `yaml:"kind"`
	Character    string         `yaml:"character"` // of a personality
	API          string         `yaml:"api"`       // versions of the contract, such as "1"
	Runtime      RuntimeSpec    `yaml:"runtime"`
	Capabilities []Capability   `yaml:"capabilities"`
	Limits       Limits         `yaml:"limits"`
	Subscribes   []event.Kind   `yaml:"subscribes"`
	State        *StateSpec     `yaml:"state"`
	Config       map[string]any `yaml:"config"`
	ConfigSchema map[string]any `yaml:"config_schema"` // a JSON Schema that Config fits; pages make a form of it
	Tests        []string       `yaml:"tests"`         // recorded sessions inside the plugin, such as sessions/*.jsonl
}

// RuntimeSpec says what runs: exactly one of a module, a body for the shipped interpreter, or a script.
type RuntimeSpec struct {
	Wasm        *FileSpec `yaml:"wasm"`
	Declarative *FileSpec `yaml:"declarative"`
	JS          *FileSpec `yaml:"js"`
}

// FileSpec names a file beside the manifest; in YAML its name alone is enough.
type FileSpec struct {
	File   string `yaml:"file"`
	SHA256 string `yaml:"sha256"`
}

// Capability is a power that a plugin asks for, the reason that people are shown, and how much of it is asked for. What
// is 0 is left to the host's default; Needs says which limits each power has.
type Capability struct {
	Name          string   `yaml:"name" json:"name"`
	Why           string   `yaml:"why" json:"why"`
	PerMinute     int      `yaml:"per_minute" json:"per_minute,omitempty"`
	Bytes         int      `yaml:"bytes" json:"bytes,omitempty"` // of a line, an answer, or all that is stored
	Hosts         []string `yaml:"hosts" json:"hosts,omitempty"`
	TokensPerHour int      `yaml:"tokens_per_hour" json:"tokens_per_hour,omitempty"`
	Pending       int      `yaml:"pending" json:"pending,omitempty"` // timers that may run at once
}

// Limits bound a plugin.
type Limits struct {
	Fuel        int64 `yaml:"fuel"`         // for each event
	MemoryMiB   int   `yaml:"memory_mib"`   // in all
	Commands    int   `yaml:"commands"`     // for each event
	StateBytes  int   `yaml:"state_bytes"`  // that save gives; 0 for DefaultStateBytes, as below
	OutputBytes int   `yaml:"output_bytes"` // of the commands of one batch
	LogLines    int   `yaml:"log_lines"`    // printed for one batch
	Tables      int   `yaml:"tables"`       // entries of all tables of the module
	HostCalls   int   `yaml:"host_calls"`   // for each event
}

// StateSpec names the form of a plugin's state; state is handed over between plugins that agree on both.
type StateSpec struct {
	ID      string `yaml:"id"`
	Version int    `yaml:"version"`
	Migrate []int  `yaml:"migrate"` // older versions that the plugin can take as well
}

// CanHandTo reports whether state in this form may be given to a plugin that declares next.
func (s *StateSpec) CanHandTo(next *StateSpec) bool {
	return s != nil && next != nil && s.ID == next.ID && (s.Version == next.Version || slices.Contains(next.Migrate, s.Version))
}

// Info describes a plugin that is loaded.
type Info struct {
	ID           string       `json:"id"`
	Version      string       `json:"version"`
	Name         string       `json:"name"`
	Description  string       `json:"description,omitempty"`
	Kind         Kind         `json:"kind"`
	Character    string       `json:"character,omitempty"`
	SHA256       string       `json:"sha256"`
	Origin       string       `json:"origin,omitempty"` // shipped, dev (a folder of this machine), or who has signed it
	Capabilities []Capability `json:"capabilities"`
	Subscribes   []event.Kind `json:"subscribes"`
	Loaded       time.Time    `json:"loaded"`
	Events       uint64       `json:"events"`
	Commands     uint64       `json:"commands"`
	Denied       uint64       `json:"denied"` // commands without the capability
	Unknown      uint64       `json:"unknown"`
	Dropped      uint64       `json:"dropped"`
	Traps        uint64       `json:"traps"`
	LastTrap     string       `json:"last_trap,omitempty"`
	LastSeq      uint64       `json:"last_seq"` // of the last event it heard
	Fuel         int64        `json:"fuel"`     // burnt by the last batch
	FuelLimit    int64        `json:"fuel_limit"`
	Memory       uint64       `json:"memory_bytes"`
	MemoryLimit  uint64       `json:"memory_limit_bytes"`
	Stored       int          `json:"stored_bytes"` // by store
	P50Micros    float64      `json:"p50_us"`       // of the last calls
	P95Micros    float64      `json:"p95_us"`
	P99Micros    float64      `json:"p99_us"`
	Powers       []PowerInfo  `json:"-"`
	Manifest     *Manifest    `json:"-"`
}

// SwapResult says what a swap did.
type SwapResult struct {
	From       Info          `json:"from"`
	To         Info          `json:"to"`
	Pause      time.Duration `json:"pause_ns"` // how long the slot heard nothing
	StateBytes int           `json:"state_bytes"`
}
