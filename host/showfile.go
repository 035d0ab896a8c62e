package host

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/host/account"
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/yamlfile"
)

// DefaultShow is the show that runs when none is given: six lots by the house.
//
//go:embed default.show.yaml
var DefaultShow []byte

// ErrShowFile says that a show file cannot be used; the message names file, line and remedy.
var ErrShowFile = errors.New("show file")

// Account is somebody who may bid.
type Account = account.Account

// Show is what a show file says: the lots of a session, their terms, and who may bid.
type Show struct {
	Campaign string
	Session  string
	Gap      time.Duration
	Loop     bool
	Lots     []auction.Terms
	Accounts []Account
	Open     bool     // anybody who posts may bid
	Trusted  []string // SHA-256 of plugins that run inside of the program

	Characters, Scenes string // folders of this show's own; empty for none
	// Grants let plugins use powers that reach beyond the stage, by plugin and power; what people decide later is over it.
	Grants map[string]map[string]plugin.Grant
}

// showFile is the form on disk; nodes are kept where an error must name a line.
type showFile struct {
	Campaign string    `yaml:"campaign"`
	Session  string    `yaml:"session"`
	Gap      yaml.Node `yaml:"gap"`

	Characters yaml.Node `yaml:"characters"`
	Scenes     yaml.Node `yaml:"scenes"`

	Loop    bool        `yaml:"loop"`
	Bidders yaml.Node   `yaml:"bidders"`
	Grants  yaml.Node   `yaml:"grants"`
	Trusted []yaml.Node `yaml:"trusted"`
	Lots    []yaml.Node `yaml:"lots"`
}

type lotFile struct {
	Title       string    `yaml:"title"`
	Artist      string    `yaml:"artist"`
	Description string    `yaml:"description"`
	Image       string    `yaml:"image"`
	Start       yaml.Node `yaml:"start"`
	Reserve     yaml.Node `yaml:"reserve"`
	Increment   yaml.Node `yaml:"increment"`
	Duration    yaml.Node `yaml:"duration"`
	Soft        struct {
		Window yaml.Node `yaml:"window"`
		Extend yaml.Node `yaml:"extend"`
		Cap    int       `yaml:"cap"`
	} `yaml:"soft_close"`
}

type bidderFile struct {
	Handle   string `yaml:"handle"`
	AuthorID string `yaml:"author_id"`
	Name     string `yaml:"name"`
}

// LoadShow reads a show file from disk.
func LoadShow(path string) (*Show, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShowFile, err)
	}
	return ParseShow(path, b)
}

// ParseShow reads a show file; name stands in its errors, which tell all that is wrong at once.
func ParseShow(name string, b []byte) (*Show, error) {
	p := &showParser{name: name}
	var f showFile
	if !p.decode(b, &f) {
		return nil, p.err()
	}
	s := &Show{Campaign: f.Campaign, Session: f.Session, Loop: f.Loop, Gap: p.duration("gap", f.Gap, 8*time.Second)}
	s.Characters, s.Scenes = p.folder("characters", f.Characters), p.folder("scenes", f.Scenes)
	p.bidders(s, &f.Bidders)
	p.grants(s, &f.Grants)
	for _, n := range f.Trusted {
		if err := CheckTrust(n.Value); err != nil {
			p.fail(n.Line, "trusted: %v", err)
		}
		s.Trusted = append(s.Trusted, n.Value)
	}
	if len(f.Lots) == 0 {
		p.fail(1, "lots: a show needs at least one lot: write\nlots:\n  - {title: Moonrise, image: moonrise.png, start: 0.5 ETH, increment: 0.1 ETH, duration: 2m}")
	}
	for i := range f.Lots {
		s.Lots = append(s.Lots, p.lot(i+1, &f.Lots[i]))
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// showParser gathers what is wrong.
type showParser struct {
	name string
	errs []error
}

func (p *showParser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.name, line, fmt.Sprintf(format, args...)))
}

func (p *showParser) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrShowFile, errors.Join(p.errs...))
}

func (p *showParser) decode(b []byte, into any) bool {
	root, wrong := yamlfile.Parse(b)
	switch {
	case wrong != nil:
		p.fail(wrong.Line, "%s", wrong.What)
		return false
	case root == nil:
		p.fail(1, "the file is empty; docs/show-file.md has an example")
		return false
	}
	return p.strict("show", root, into)
}

func (p *showParser) lot(number int, n *yaml.Node) auction.Terms {
	var f lotFile
	if !p.strict(fmt.Sprintf("lot %d", number), n, &f) {
		return auction.Terms{}
	}
	if f.Title == "" {
		p.fail(n.Line, "lot %d: title is missing", number)
	}
	at := "lot " + strconv.Itoa(number) + ": "
	t := auction.Terms{
		Number: number, Title: f.Title, Artist: f.Artist, Description: f.Description, Image: f.Image,
		Start: p.amount(at+"start", f.Start), Reserve: p.amount(at+"reserve", f.Reserve), Increment: p.increment(at+"increment", f.Increment),
		Duration:   p.duration(at+"duration", f.Duration, 2*time.Minute),
		SoftWindow: p.duration(at+"soft_close.window", f.Soft.Window, 15*time.Second),
		SoftExtend: p.duration(at+"soft_close.extend", f.Soft.Extend, 15*time.Second),
		SoftCap:    f.Soft.Cap,
	}
	if t.Duration < time.Second {
		p.fail(n.Line, "lot %d: duration %s is too short; a lot lasts a second at least", number, t.Duration)
	}
	if f.Soft.Cap < 0 {
		p.fail(n.Line, "lot %d: soft_close.cap must not be negative", number)
	}
	return t
}

// strict decodes a mapping whose keys are those of a struct's yaml tags; a line number in its errors is that of the file.
func (p *showParser) strict(what string, n *yaml.Node, into any) bool {
	if n.Kind != yaml.MappingNode {
		p.fail(n.Line, "%s: want a list of fields such as {title: Moonrise}", what)
		return false
	}
	told := len(p.errs)
	p.fields(what, n, reflect.TypeOf(into).Elem())
	wrong := yamlfile.Decode(n, into)
	if len(p.errs) == told {
		for _, m := range wrong {
			p.fail(m.Line, "%s: %s", what, m.What)
		}
	}
	return len(wrong) == 0
}

// fields refuses those that a struct does not have or that are of another kind.
func (p *showParser) fields(what string, n *yaml.Node, t reflect.Type) {
	known, seen := map[string]reflect.Type{}, map[string]int{}
	for i := range t.NumField() {
		known[t.Field(i).Tag.Get("yaml")] = t.Field(i).Type
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		ft, ok := known[key.Value]
		switch {
		case !ok:
			p.fail(key.Line, "%s: there is no field %q; there are: %s", what, key.Value, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		case seen[key.Value] != 0:
			p.fail(key.Line, "%s: %s stands in line %d already", what, key.Value, seen[key.Value])
		}
		seen[key.Value] = key.Line
		if want := yamlfile.Want(value, ft); want != "" {
			p.fail(value.Line, "%s: %s is %s; want %s", what, key.Value, yamlfile.Describe(value), want)
			continue
		}
		switch {
		case ft.Kind() == reflect.Slice:
			for _, item := range value.Content {
				if want := yamlfile.Want(item, ft.Elem()); want != "" {
					p.fail(item.Line, "%s: an entry of %s is %s; want %s", what, key.Value, yamlfile.Describe(item), want)
				}
			}
		case ft.Kind() == reflect.Struct && ft != reflect.TypeFor[yaml.Node]():
			p.fields(what+": "+key.Value, value, ft)
		}
	}
}

func (p *showParser) duration(what string, n yaml.Node, otherwise time.Duration) time.Duration {
	if n.IsZero() {
		return otherwise
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < 0 {
		p.fail(n.Line, "%s: %q is not a time; write for example 90s or 2m30s", what, n.Value)
		return otherwise
	}
	return d
}

func (p *showParser) amount(what string, n yaml.Node) money.Wei {
	if n.IsZero() {
		return money.Wei{}
	}
	w, err := money.ParseETH(strings.TrimSpace(strings.TrimSuffix(n.Value, "ETH")))
	if err != nil {
		p.fail(n.Line, "%s: %q is not an amount; write for example 1.5 ETH", what, n.Value)
	}
	return w
}

// folder reads the name of a folder; it is seen from the show file.
func (p *showParser) folder(what string, n yaml.Node) string {
	if n.IsZero() {
		return ""
	}
	dir := n.Value
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(p.name), dir)
	}
	if info, err := os.Stat(dir); n.Value == "" || err != nil || !info.IsDir() {
		p.fail(n.Line, "%s: %q is not a folder; name one, seen from this file", what, n.Value)
	}
	return dir
}

// increment reads "0.1 ETH", "5%" or both: "0.1 ETH or 5%", whichever is more at the time.
func (p *showParser) increment(what string, n yaml.Node) auction.Increment {
	var inc auction.Increment
	if n.IsZero() {
		inc.BasisPoints = 500
		return inc
	}
	for part := range strings.SplitSeq(n.Value, " or ") {
		part = strings.TrimSpace(part)
		if share, ok := strings.CutSuffix(part, "%"); ok {
			f, err := strconv.ParseFloat(share, 64)
			if err != nil || !(f >= 0 && f <= 100) {
				p.fail(n.Line, "%s: %q is not a share; write for example 5%%", what, part)
				continue
			}
			inc.BasisPoints = uint64(f*100 + 0.5)
			continue
		}
		inc.Fixed = p.amount(what, yaml.Node{Kind: yaml.ScalarNode, Value: part, Line: n.Line})
	}
	return inc
}

func (p *showParser) bidders(s *Show, n *yaml.Node) {
	if n.IsZero() || n.Value == "open" {
		s.Open = true
		return
	}
	if n.Kind != yaml.SequenceNode {
		p.fail(n.Line, "bidders: want `open` or a list of {handle, author_id, name}")
		return
	}
	for _, c := range n.Content {
		var f bidderFile
		if !p.strict("bidders", c, &f) {
			continue
		}
		if f.AuthorID == "" {
			p.fail(c.Line, "bidders: %q has no author_id; a handle can change, the id cannot", f.Handle)
		}
		s.Accounts = append(s.Accounts, account.Account{ID: "member:" + f.AuthorID, AuthorID: f.AuthorID, Handle: f.Handle, Name: f.Name})
	}
}
