package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host"
	"github.com/sothebais/sothebais/host/plugin/bundle"
)

type installCmd struct {
	Source        string `arg:"" help:"A package: a file, oci:host/path:version, or https://host/path."`
	AllowUnsigned bool   `help:"Install it although nobody who is trusted has signed it. That is written down, for this very content."`
	trustFlags
}

// Help says more.
func (installCmd) Help() string {
	return `Checks the package and its signature, then keeps it as it is: nothing is unpacked, and all is checked again when it is loaded. Versions lie side by side; an id alone means the newest, id@version one of them. An older version never takes the place of a newer one.

  sothebais keys trust ann.pub
  sothebais install ./my-host-1.0.0.sbx
  sothebais install oci:ghcr.io/ann/my-host:1.1.0
  sothebais install https://example.com/my-host-1.2.0.sbx
  sothebais swap my-host@1.0.0`
}

// Run installs a package.
func (c *installCmd) Run(ctx context.Context, t *talk) error {
	p, signature, err := host.FetchPackage(ctx, c.Source)
	if err != nil {
		return err
	}
	store := bundle.StoreOf(c.DataDir)
	standing, err := store.Admit(p, signature, c.AllowUnsigned)
	if err != nil {
		return err
	}
	before := store.Versions(p.ID)
	receipt, err := store.Install(p, signature, bundle.Receipt{Source: c.Source, At: time.Now(), Standing: standing})
	if err != nil {
		return err
	}
	c.comment(t, receipt, before)
	if c.JSON {
		return json.NewEncoder(t.out).Encode(receipt)
	}
	_, err = fmt.Fprintf(t.out, "%s@%s\n", p.ID, p.Version)
	return err
}

func (c *installCmd) comment(t *talk, r bundle.Receipt, before []string) {
	fmt.Fprintf(t.err, "%s %s is installed, %s\n", r.ID, r.Version, r.Standing)
	if r.Allowed != "" {
		fmt.Fprintf(t.err, "allowed although: %s\n", r.Allowed)
	}
	how := r.ID
	now := bundle.StoreOf(c.DataDir).Versions(r.ID)
	switch {
	case host.Ships(r.ID):
		how = r.ID + "@" + r.Version
		fmt.Fprintf(t.err, "the program brings a plugin of that name along, and %s alone means that one\n", r.ID)
	case now[0] != r.Version:
		how = r.ID + "@" + r.Version
		fmt.Fprintf(t.err, "%s is newer and there, and %s alone means that one\n", now[0], r.ID)
	case len(before) > 0 && !slices.Contains(before, r.Version):
		fmt.Fprintf(t.err, "it is newer than %s, which stays: %s@%s\n", before[0], r.ID, before[0])
	}
	fmt.Fprintf(t.err, "put it on air: sothebais swap %s\n", how)
}

type uninstallCmd struct {
	Plugin string `arg:"" complete:"installed" help:"Id, or id@version where several are installed."`
	trustFlags
}

// Help says more.
func (uninstallCmd) Help() string {
	return `A show that has the plugin on air keeps it until the next swap.

  sothebais uninstall my-host@1.0.0`
}

// Run uninstalls one version.
func (c *uninstallCmd) Run(t *talk) error {
	store := bundle.StoreOf(c.DataDir)
	id, version, err := store.Resolve(c.Plugin)
	if err != nil {
		return err
	}
	if have := store.Versions(id); len(have) > 1 && !strings.Contains(c.Plugin, "@") {
		return &exitError{exitUsage, fmt.Errorf("%s is installed in several versions; say which: %s@%s", id, id, strings.Join(have, ", "+id+"@"))}
	}
	if err := store.Remove(id, version); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(map[string]string{"id": id, "version": version, "removed": filepath.Join(store.Folder, id, version)})
	}
	fmt.Fprintf(t.err, "%s %s is gone\n", id, version)
	return nil
}

type installedCmd struct{ trustFlags }

// Help says more.
func (installedCmd) Help() string {
	return `Needs no running show; "plugin ls" asks one what is on air.

  sothebais installed --json`
}

// Run lists what is installed.
func (c *installedCmd) Run(t *talk) error {
	list, err := bundle.StoreOf(c.DataDir).List()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintf(t.err, "nothing is installed on data directory %s\n", c.DataDir)
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(list)
	}
	for _, r := range list {
		if _, err := fmt.Fprintf(t.out, "%s@%s\t%s\t%s\n", r.ID, r.Version, r.Standing, r.Source); err != nil {
			return err
		}
	}
	return nil
}
