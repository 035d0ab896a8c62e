package main

import (
	"cmp"
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/sothebais/sothebais/host"
	"github.com/sothebais/sothebais/host/plugin/bundle"
)

// shells hold what a shell reads: each asks `sothebais complete` for the words that fit, so that it never gets old.
//
//go:embed completion
var shells embed.FS

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help says more.
func (completionCmd) Help() string {
	return `Verbs, flags, their values and the ids of plugins are completed.

  sothebais completion bash > ~/.local/share/bash-completion/completions/sothebais
  sothebais completion zsh  > ~/.zfunc/_sothebais      (with fpath+=~/.zfunc in .zshrc)
  sothebais completion fish > ~/.config/fish/completions/sothebais.fish`
}

// Run prints the script of a shell.
func (c *completionCmd) Run(t *talk) error {
	b, err := shells.ReadFile("completion/sothebais." + c.Shell)
	if err != nil {
		return err
	}
	_, err = t.out.Write(b)
	return err
}

type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words of the line behind the program's name; the last is the one to complete."`
}

// Run prints the words that fit, each with what it means behind a tab. Nothing is wrong about a line that is being
// typed, so it never fails.
func (c *completeCmd) Run(k *kong.Kong, t *talk) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	l := readLine(k.Model.Node, words[:len(words)-1])
	l.complete(t.out, words[len(words)-1])
	return nil
}

// line is what was typed so far.
type line struct {
	node     *kong.Node
	args     int        // positional arguments that are there
	open     *kong.Flag // waits for its value
	dataDir  string
	literals bool // after --
}

func readLine(root *kong.Node, words []string) *line {
	l := &line{node: root, dataDir: cmp.Or(os.Getenv("SOTHEBAIS_DATA_DIR"), "data")}
	for _, w := range words {
		l.read(w)
	}
	return l
}

func (l *line) read(w string) {
	if l.open != nil {
		l.value(l.open, w)
		l.open = nil
		return
	}
	if strings.HasPrefix(w, "-") && !l.literals {
		l.readFlag(w)
		return
	}
	for _, n := range l.node.Children {
		if n.Name == w && l.args == 0 {
			l.node = n
			return
		}
	}
	l.args++
}

func (l *line) readFlag(w string) {
	if w == "--" {
		l.literals = true
		return
	}
	name, value, ok := strings.Cut(w, "=")
	f := l.flag(name)
	switch {
	case f == nil || f.IsBool():
	case ok:
		l.value(f, value)
	default:
		l.open = f
	}
}

func (l *line) value(f *kong.Flag, v string) {
	if f.Name == "data-dir" {
		l.dataDir = v
	}
}

// flags are those that may stand here.
func (l *line) flags() []*kong.Flag {
	return slices.Concat(l.node.AllFlags(true)...)
}

func (l *line) flag(name string) *kong.Flag {
	for _, f := range l.flags() {
		if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

// complete writes the words that w may become. None means that a file is wanted, or that we do not know.
func (l *line) complete(to io.Writer, w string) {
	name, value, assigned := strings.Cut(w, "=")
	switch {
	case l.open != nil:
		suggest(to, w, "", l.valuesOf(l.open.Value))
	case l.literals || !strings.HasPrefix(w, "-"):
		suggest(to, w, "", l.wordsHere())
	case assigned:
		if f := l.flag(name); f != nil {
			suggest(to, value, name+"=", l.valuesOf(f.Value))
		}
	default:
		var out []suggestion
		for _, f := range l.flags() {
			out = append(out, suggestion{"--" + f.Name, f.Help})
		}
		suggest(to, w, "", out)
	}
}

// suggestion is a word and what it means.
type suggestion struct{ word, help string }

func suggest(to io.Writer, begins, before string, words []suggestion) {
	for _, s := range words {
		if strings.HasPrefix(s.word, begins) {
			fmt.Fprintf(to, "%s%s\t%s\n", before, s.word, strings.ReplaceAll(s.help, "\n", " "))
		}
	}
}

// wordsHere are verbs, or the values of the argument whose turn it is.
func (l *line) wordsHere() []suggestion {
	var out []suggestion
	if l.args == 0 {
		for _, n := range l.node.Children {
			if !n.Hidden && n.Type == kong.CommandNode {
				out = append(out, suggestion{n.Name, n.Help})
			}
		}
	}
	if p := l.node.Positional; l.args < len(p) {
		out = append(out, l.valuesOf(p[l.args])...)
	}
	return out
}

// valuesOf are what a flag or an argument may be, as far as that can be told.
func (l *line) valuesOf(v *kong.Value) []suggestion {
	switch cmp.Or(v.Tag.Get("complete"), v.Name) {
	case "plugin", "personality":
		return named(host.PluginNames(l.dataDir), "plugin")
	case "slot":
		return named(host.Slots(), "slot")
	case "aside":
		return suggestAside(l.dataDir)
	case "character":
		return named(host.Characters(l.dataDir), "character")
	case "installed":
		return named(installedNames(l.dataDir), "installed")
	case "trusted":
		known, err := bundle.LoadTrusted(bundle.TrustFolder(l.dataDir))
		if err != nil {
			return nil
		}
		var out []suggestion
		for _, k := range known {
			out = append(out, suggestion{k.Name, bundle.KeyID(k.Public.ID())})
		}
		return out
	}
	if v.Enum != "" {
		return named(v.EnumSlice(), "")
	}
	return nil
}

func installedNames(dataDir string) []string {
	var out []string
	list, _ := bundle.StoreOf(dataDir).List() // none, if they cannot be read
	for _, r := range list {
		out = append(out, r.ID+"@"+r.Version)
	}
	return out
}

func named(words []string, help string) []suggestion {
	out := make([]suggestion, len(words))
	for i, w := range words {
		out[i] = suggestion{w, help}
	}
	return out
}
