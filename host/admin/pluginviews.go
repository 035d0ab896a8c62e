package admin

import (
	"encoding/json"
	"time"
)

// States of a plugin.
const (
	PluginOnAir      = "on air"     // holds its slot
	PluginShadow     = "shadow"     // hears everything, and nothing of it reaches the stage
	PluginLastGood   = "last good"  // kept warm, to go back to
	PluginRestarting = "restarting" // failed with nothing to go back to; it is started again after a while
	PluginInstalled  = "installed"  // in no slot
)

// Plugin is a plugin at one moment; its figures are zero unless it runs. One that is on air in one version and in shadow
// in another stands in a list twice.
type Plugin struct {
	ID           string       `json:"id"`
	Version      string       `json:"version"`
	Name         string       `json:"name"`
	Description  string       `json:"description,omitempty"`
	Kind         string       `json:"kind" enum:"personality,scene-rules,overlay"`
	Character    string       `json:"character,omitempty" doc:"whom a personality plays"`
	State        string       `json:"state" enum:"on air,shadow,last good,restarting,installed"`
	Since        *time.Time   `json:"since,omitempty" doc:"in that state since"`
	Active       bool         `json:"active" doc:"holds the slot of its kind"`
	SHA256       string       `json:"sha256,omitempty"`
	Package      string       `json:"package,omitempty" doc:"of an installed package that is in no slot: the name by which it is removed" example:"night-moth@1.0.0"`
	Origin       string       `json:"origin,omitempty" doc:"where it is from: shipped, dev (a folder of this machine), or who has signed it" example:"signed by ana"`
	Capabilities []Capability `json:"capabilities" nullable:"false"`
	Events       uint64       `json:"events" doc:"handled since it was loaded"`
	Commands     uint64       `json:"commands" doc:"given since it was loaded"`
	Denied       uint64       `json:"denied" doc:"commands that it had no right to"`
	Traps        uint64       `json:"traps" doc:"events on which it failed since it was loaded"`
	Traps24h     int          `json:"traps_24h" doc:"and in the last 24 hours, under this id, in any slot"`
	LastTrap     string       `json:"last_trap,omitempty" doc:"why it failed last"`
	MemoryBytes  uint64       `json:"memory_bytes"`
	MemoryLimit  uint64       `json:"memory_limit_bytes"`
	Fuel         int64        `json:"fuel" doc:"burnt by the last batch"`
	FuelLimit    int64        `json:"fuel_limit" doc:"for each event"`
	P50Micros    float64      `json:"p50_us" doc:"time of one call, by event"`
	P95Micros    float64      `json:"p95_us"`
	P99Micros    float64      `json:"p99_us"`
}

// Capability is a power that a plugin asks for, why, and what became of that.
type Capability struct {
	Name         string     `json:"name"`
	Why          string     `json:"why" doc:"in the words of its author"`
	Limit        string     `json:"limit,omitempty" doc:"how much of it there is" example:"60 a minute, 1120 bytes"`
	Hosts        []string   `json:"hosts,omitempty" doc:"that http may reach"`
	Outward      bool       `json:"outward" doc:"reaches beyond the stage, so a person has to grant it"`
	Granted      bool       `json:"granted"`
	Ask          bool       `json:"ask" doc:"granted, and a person is asked each time"`
	Askable      bool       `json:"askable" doc:"can wait for a person each time"`
	GrantedBy    string     `json:"granted_by,omitempty" doc:"who decided, granted or not: a person, the show file, or default"`
	GrantedAt    *time.Time `json:"granted_at,omitempty"`
	GrantedAs    string     `json:"granted_as,omitempty" doc:"version of the plugin that was looked at then; what a later one asks for beyond it is not granted"`
	More         []string   `json:"more,omitempty" doc:"what it asks for beyond what was granted; to grant it again gives that too" example:"[\"api.example.com\", \"60 a minute\"]"`
	WhyGranted   string     `json:"why_granted,omitempty" doc:"the reason that was given when it was granted, if it is another one now"`
	Used         uint64     `json:"used" doc:"times on air, since it was loaded"`
	UsedInShadow uint64     `json:"used_in_shadow" doc:"times that it would have been used"`
	Denied       uint64     `json:"denied"`
	StoredBytes  int        `json:"stored_bytes,omitempty" doc:"kept by store"`
}

// PluginDetail is all about one plugin.
type PluginDetail struct {
	Plugin
	License      string          `json:"license,omitempty"`
	Authors      []string        `json:"authors" nullable:"false"`
	API          string          `json:"api"`
	Runtime      string          `json:"runtime" enum:"wasm,declarative,js"`
	File         string          `json:"file" doc:"what runs"`
	Subscribes   []string        `json:"subscribes" nullable:"false"`
	Config       json.RawMessage `json:"config,omitempty"`
	ConfigSchema json.RawMessage `json:"config_schema,omitempty" doc:"JSON Schema that config fits"`
	StateForm    *StateForm      `json:"state_form,omitempty" doc:"absent: it keeps no state"`
	Limits       PluginLimits    `json:"limits"`
	LastSeq      uint64          `json:"last_seq" doc:"last event that it heard"`
}

// StateForm is the form of the state that a plugin hands to its successor.
type StateForm struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Migrate []int  `json:"migrate" nullable:"false" doc:"older versions that it takes as well"`
}

// PluginLimits bound a plugin.
type PluginLimits struct {
	Fuel        int64 `json:"fuel"`
	MemoryMiB   int   `json:"memory_mib"`
	Commands    int   `json:"commands" doc:"for each event"`
	StateBytes  int   `json:"state_bytes"`
	OutputBytes int   `json:"output_bytes" doc:"for each batch"`
	LogLines    int   `json:"log_lines" doc:"a second"`
}

// Slot is one place on the show and who may take it.
type Slot struct {
	Slot        string      `json:"slot" enum:"personality,scene-rules,overlay"`
	OnAir       *Plugin     `json:"on_air,omitempty" doc:"absent while the slot is empty"`
	Shadow      *Plugin     `json:"shadow,omitempty"`
	LastGood    *Version    `json:"last_good,omitempty" doc:"what a roll-back goes to"`
	Promotion   *Promotion  `json:"promotion,omitempty" doc:"what waits for a quiet moment"`
	Restart     *Restart    `json:"restart,omitempty" doc:"what was taken off, with nothing to go back to"`
	History     []Version   `json:"history" nullable:"false" doc:"newest first; the first is on air"`
	Quarantined int         `json:"quarantined" doc:"events on which plugins failed"`
	Supervision Supervision `json:"supervision"`
}

// Version is one turn of a plugin in a slot.
type Version struct {
	Plugin  string     `json:"plugin"`
	Version string     `json:"version"`
	Name    string     `json:"name"`
	SHA256  string     `json:"sha256"`
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until,omitempty" doc:"absent for the one on air"`
	By      string     `json:"by,omitempty" doc:"who put it there"`
	State   string     `json:"state" enum:"on air,last good,replaced,reverted"`
	Why     string     `json:"why,omitempty" doc:"why it was reverted" example:"4 traps in 60 s, the last: unreachable"`
	Cause   uint64     `json:"cause,omitempty" doc:"fact that led to it being reverted"`
	Warm    bool       `json:"warm" doc:"started, ready to take over"`
}

// Promotion waits for a quiet moment.
type Promotion struct {
	Plugin   string    `json:"plugin"`
	By       string    `json:"by"`
	Asked    time.Time `json:"asked"`
	Deadline time.Time `json:"deadline" doc:"when it happens even if no moment is quiet"`
}

// Restart is a plugin that failed and is given time.
type Restart struct {
	Plugin   string    `json:"plugin"`
	Version  string    `json:"version"`
	Why      string    `json:"why"`
	Attempts int       `json:"attempts" doc:"so far"`
	At       time.Time `json:"at" doc:"next one"`
}

// Supervision says when the host goes back by itself.
type Supervision struct {
	Traps    int   `json:"traps" doc:"more than so many"`
	WindowMS int64 `json:"window_ms" doc:"in so long a time"`
}

// ShadowReport sets a shadow beside the plugin on air.
type ShadowReport struct {
	Slot   string         `json:"slot"`
	OnAir  *PluginVersion `json:"on_air,omitempty"`
	Shadow PluginVersion  `json:"shadow"`
	Since  time.Time      `json:"since"`
	Events uint64         `json:"events" doc:"that the shadow heard"`
	Missed uint64         `json:"missed" doc:"that it was too slow for"`
	Counts ShadowCounts   `json:"counts"`
	Powers []ShadowPower  `json:"powers" nullable:"false" doc:"that it would have used"`
	Cost   ShadowCosts    `json:"cost"`
	Rows   []ShadowRow    `json:"rows" nullable:"false" doc:"newest first; events to which neither answered are left out"`
}

// PluginVersion names a plugin in one version.
type PluginVersion struct {
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
}

// ShadowCounts are events by how the shadow compares.
type ShadowCounts struct {
	Same      uint64 `json:"same"`
	Line      uint64 `json:"line" doc:"another line"`
	Silent    uint64 `json:"silent" doc:"silent where the one on air spoke"`
	Spoke     uint64 `json:"spoke" doc:"spoke where the one on air was silent"`
	Mood      uint64 `json:"mood" doc:"the same line in another mood, or another mood alone"`
	Otherwise uint64 `json:"otherwise" doc:"other commands differ"`
	Trapped   uint64 `json:"trapped"`
}

// ShadowPower is a power that the shadow would have used.
type ShadowPower struct {
	Name    string `json:"name"`
	Used    uint64 `json:"used"`
	Granted bool   `json:"granted"`
}

// ShadowCosts are what an event costs each of the two.
type ShadowCosts struct {
	OnAir  ShadowCost `json:"on_air"`
	Shadow ShadowCost `json:"shadow"`
}

// ShadowCost is what an event costs.
type ShadowCost struct {
	Fuel      int64   `json:"fuel" doc:"mean"`
	P50Micros float64 `json:"p50_us"`
	P95Micros float64 `json:"p95_us"`
}

// ShadowRow is one event and what the two made of it.
type ShadowRow struct {
	Seq     uint64     `json:"seq"`
	At      time.Time  `json:"at"`
	Kind    string     `json:"kind" example:"bid.accepted"`
	Cause   string     `json:"cause" doc:"the event in words" example:"bid 2.4 ETH @maria"`
	Verdict string     `json:"verdict" enum:"same,line,silent,spoke,mood,otherwise,trapped"`
	OnAir   ShadowSide `json:"on_air"`
	Shadow  ShadowSide `json:"shadow"`
}

// ShadowSide is what one of the two made of an event.
type ShadowSide struct {
	Lines  []string `json:"lines" nullable:"false" doc:"what it said"`
	Mood   string   `json:"mood,omitempty"`
	Others []string `json:"others" nullable:"false" doc:"what else it did" example:"gesture nod"`
	Needs  []string `json:"needs" nullable:"false" doc:"powers that it has no grant for"`
	Trap   string   `json:"trap,omitempty" doc:"why it failed"`
	Fuel   int64    `json:"fuel"`
	Micros float64  `json:"us"`
}

// Quarantined is an event on which a plugin failed.
type Quarantined struct {
	Seq     uint64    `json:"seq" doc:"of the event"`
	At      time.Time `json:"at" doc:"when it was put aside"`
	Kind    string    `json:"kind"`
	Cause   string    `json:"cause" doc:"the event in words"`
	Plugin  string    `json:"plugin"`
	Version string    `json:"version"`
	Reason  string    `json:"reason"`
}

// LogLine is a line that a plugin wrote.
type LogLine struct {
	At     time.Time `json:"at"`
	Seq    uint64    `json:"seq" doc:"event that it handled"`
	Level  string    `json:"level" enum:"debug,info,warn,error"`
	Shadow bool      `json:"shadow,omitempty" doc:"written in shadow"`
	Text   string    `json:"text"`
}

// PromoteRequest says when the shadow goes on air.
type PromoteRequest struct {
	When            string `json:"when,omitempty" enum:"now,quiet" default:"now" doc:"quiet: when nobody speaks and no lot is about to close"`
	DeadlineSeconds int    `json:"deadline_s,omitempty" default:"120" minimum:"1" maximum:"3600" doc:"with quiet: when it happens at the latest"`
}

// Promoted says what a promotion did, or for what it waits.
type Promoted struct {
	Swap    *Swap      `json:"swap,omitempty"`
	Waiting *Promotion `json:"waiting,omitempty"`
}

// GrantRequest is a grant; what is left out is as the plugin asked.
type GrantRequest struct {
	PerMinute     int      `json:"per_minute,omitempty" minimum:"0" maximum:"100000" doc:"at most so often; 0: as it asked"`
	Bytes         int      `json:"bytes,omitempty" minimum:"0" maximum:"4194304"`
	TokensPerHour int      `json:"tokens_per_hour,omitempty" minimum:"0" maximum:"1000000"`
	Ask           bool     `json:"ask,omitempty" doc:"a person is asked each time: reply, post, http and llm"`
	Hosts         []string `json:"hosts,omitempty" maxItems:"32" doc:"of those that it asked for; none: all of them"`
	Pending       int      `json:"pending,omitempty" minimum:"0" maximum:"256" doc:"of timer: at most so many at once"`
	State         string   `json:"state,omitempty" enum:"on air,shadow,last good,restarting,installed" doc:"grants what the one in that state asks for; absent: of those of that name the one on air before all others"`
	Version       string   `json:"version,omitempty" maxLength:"200" doc:"that was looked at; with another one in its place nothing is granted"`
}

// Retried says how an event in quarantine went the second time.
type Retried struct {
	Seq      uint64 `json:"seq"`
	Plugin   string `json:"plugin" doc:"that it was given to"`
	OK       bool   `json:"ok"`
	Reason   string `json:"reason,omitempty" doc:"why it failed again"`
	Commands int    `json:"commands" doc:"that it led to"`
}
