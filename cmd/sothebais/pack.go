package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/sothebais/sothebais/host"
	"github.com/sothebais/sothebais/host/plugin/bundle"
)

type packCmd struct {
	Folder string `arg:"" default:"." type:"path" help:"Folder of the plugin, with its plugin.yaml."`
	Out    string `short:"o" placeholder:"FILE" help:"Where to write it; <id>-<version>.sbx here without it, - for stdout."`
	JSON   bool   `help:"Print one JSON object."`
}

// Help says more.
func (packCmd) Help() string {
	return `Into the package go plugin.yaml, what it runs, LICENSE, README and such, and the folders assets, tests, sessions and licenses. The same files give the same bytes on any machine. A plugin that a show could not load is refused, as test refuses it.

  sothebais pack ./my-host
  sothebais pack ./my-host -o dist/my-host.sbx --json`
}

// packed is what pack and verify tell.
type packed struct {
	File    string         `json:"file"`
	SHA256  string         `json:"sha256"`
	Bytes   int            `json:"bytes"`
	Signer  *bundle.Signer `json:"signer,omitempty"`
	Refused string         `json:"refused,omitempty"`
	bundle.Index
	Left []string `json:"left_out,omitempty"`
}

// Run packs a folder.
func (c *packCmd) Run(ctx context.Context, t *talk) error {
	root, err := os.OpenRoot(c.Folder) // nothing outside of it is read, whatever its links point to
	if err != nil {
		if info, there := os.Stat(c.Folder); there == nil && !info.IsDir() {
			err = fmt.Errorf("%s is a file; name the folder of a plugin", c.Folder)
		}
		return &exitError{exitData, err}
	}
	defer root.Close()
	p, left, err := bundle.Pack(root.FS())
	if err != nil {
		return fmt.Errorf("pack %s: %w", c.Folder, err)
	}
	if err := host.TryPlugin(ctx, c.Folder, p.FS()); err != nil { // from the package: that is what others get
		return err
	}
	if c.Out == "-" {
		_, err := t.out.Write(p.Bytes())
		return err
	}
	if c.Out == "" {
		c.Out = p.FileName()
	}
	if err := filedPackage.replace(c.Out, these(p.Bytes())); err != nil {
		return err
	}
	c.comment(t, p, left)
	if c.JSON {
		return json.NewEncoder(t.out).Encode(packed{File: c.Out, SHA256: p.SHA256, Bytes: len(p.Bytes()), Index: p.Index, Left: left})
	}
	_, err = fmt.Fprintln(t.out, c.Out)
	return err
}

func (c *packCmd) comment(t *talk, p *bundle.Package, left []string) {
	fmt.Fprintf(t.err, "%s %s: %s, %d bytes, sha256 %s\n", p.ID, p.Version, plural(len(p.Files), "file"), len(p.Bytes()), p.SHA256)
	if len(left) > 0 {
		fmt.Fprintf(t.err, "left out: %s\n", strings.Join(left, ", "))
	}
	for _, f := range p.Files {
		if strings.HasPrefix(f.Name, "LICENSE") {
			return
		}
	}
	fmt.Fprintln(t.err, "it has no LICENSE, so nobody else may pass it on; add one")
}
