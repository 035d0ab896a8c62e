package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/sothebais/sothebais/host"
	"github.com/sothebais/sothebais/host/plugin/scaffold"
)

type newCmd struct {
	Plugin    newPluginCmd    `cmd:"" help:"Begin a plugin."`
	Character newCharacterCmd `cmd:"" help:"Begin a host of your own: moods and lines in one file, no code."`
}

type newPluginCmd struct {
	ID string `arg:"" help:"Its id: lower-case letters, digits and dashes."`
	newFlags
	Lang string `short:"l" default:"declarative" enum:"${languages}" help:"What to write it in: ${enum}."`
}

type newCharacterCmd struct {
	ID string `arg:"" help:"Its id: lower-case letters, digits and dashes."`
	newFlags
}

type newFlags struct {
	Dir     string `short:"d" placeholder:"DIR" help:"Folder to write; ./<id> without it."`
	Plays   string `default:"dusty" placeholder:"CHARACTER" complete:"character" help:"The drawn character that a personality plays: dusty, mina, or one of the data directory."`
	DataDir string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory whose characters can be played, too."`
	JSON    bool   `help:"Print one JSON object."`
}

// Help says more.
func (newPluginCmd) Help() string {
	return `Writes a folder with a plugin that works, its SDK, a short recorded session to try it on, and a README that says how to build it. Declarative and js want no compiler.

  sothebais new plugin night-moth
  sothebais new plugin price-bug --lang go --dir ~/plugins/price-bug`
}

// Help says more.
func (newCharacterCmd) Help() string {
	return `A personality with moods, lines and triggers, which plays one of the drawn characters.

  sothebais new character night-moth --plays mina
  sothebais swap ./night-moth`
}

// Run writes a plugin.
func (c *newPluginCmd) Run(t *talk) error { return c.write(t, c.ID, c.Lang) }

// Run writes a personality.
func (c *newCharacterCmd) Run(t *talk) error { return c.write(t, c.ID, "declarative") }

func (f newFlags) write(t *talk, id, lang string) error {
	if err := host.KnowsCharacter(f.DataDir, f.Plays); err != nil {
		return &exitError{exitUsage, fmt.Errorf("--plays: %w", err)}
	}
	folder := f.Dir
	if folder == "" {
		folder = id
	}
	files, err := scaffold.Plugin(folder, scaffold.Request{ID: id, Language: lang, Character: f.Plays}, host.SDKs())
	if err != nil {
		return err
	}
	if f.JSON {
		return json.NewEncoder(t.out).Encode(map[string]any{"folder": folder, "language": lang, "files": files})
	}
	fmt.Fprintf(t.err, "%s in %s; %s says how to go on\n", plural(len(files), "file"), folder, filepath.Join(folder, "README.md"))
	_, err = fmt.Fprintln(t.out, folder)
	return err
}
