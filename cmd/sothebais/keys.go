package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/sothebais/sothebais/host/plugin/bundle"
)

type keysCmd struct {
	New      keysNewCmd      `cmd:"" help:"Make a key to sign packages with."`
	Trust    keysTrustCmd    `cmd:"" help:"Trust somebody's public key: packages signed with it may be installed and loaded."`
	Distrust keysDistrustCmd `cmd:"" help:"Trust a key no longer."`
	Ls       keysLsCmd       `cmd:"" help:"List the keys that are trusted."`
}

// trustFlags say whose trust and whose packages are meant; the show need not run.
type trustFlags struct {
	DataDir string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory of the show."`
	JSON    bool   `help:"Print JSON."`
}

// keyView is a key as it is told.
type keyView struct {
	Name    string `json:"name"`
	Key     string `json:"key"`
	Public  string `json:"public"` // file, or the key itself where there is none
	Private string `json:"private,omitempty"`
}

type keysNewCmd struct {
	Name string `arg:"" help:"What to call it, such as me."`
	Dir  string `placeholder:"DIR" help:"Where to put NAME.key and NAME.pub; with your other settings without it."`
	passwordFlags
	NoPassword bool `help:"Protect the key by the rights of its file alone; for machines that sign on their own."`
	JSON       bool `help:"Print one JSON object."`
}

// Help says more.
func (keysNewCmd) Help() string {
	return `Keys are those of minisign. Give the .pub file to those who are to trust you, and the .key file to nobody. A key with a password takes a few seconds and a gigabyte of memory to open; that is what makes guessing dear.

  sothebais keys new me
  sothebais keys new build --no-password --dir /etc/sothebais`
}

// Run makes a key.
func (c *keysNewCmd) Run(t *talk) error {
	word, err := c.newPassword(t)
	if err != nil {
		return err
	}
	if c.Dir == "" {
		if c.Dir, err = keysFolder(); err != nil {
			return err
		}
	}
	k, err := bundle.NewKey(c.Dir, c.Name, word)
	if err != nil {
		return err
	}
	v := keyView{k.Name, bundle.KeyID(k.Public.ID()), filepath.Join(c.Dir, c.Name+bundle.PublicExt), filepath.Join(c.Dir, c.Name+bundle.PrivateExt)}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(v)
	}
	fmt.Fprintf(t.err, "key %s: keep %s to yourself, give away\n", v.Key, v.Private)
	_, err = fmt.Fprintln(t.out, v.Public)
	return err
}

func (c *keysNewCmd) newPassword(t *talk) (string, error) {
	if c.NoPassword {
		return "", nil
	}
	word, err := c.password(t, "New password")
	if err != nil || c.PasswordFile != "" || c.Password != "" {
		return word, err
	}
	again, err := c.password(t, "Once more")
	if err == nil && (again != word || word == "") {
		err = &exitError{exitUsage, errors.New("the two are not the same, or empty; try again, or say --no-password")}
	}
	return word, err
}

type keysTrustCmd struct {
	File string `arg:"" help:"The .pub file."`
	Name string `placeholder:"NAME" help:"What to call the key here, if not like its file."`
	trustFlags
}

// Help says more.
func (keysTrustCmd) Help() string {
	return `Whoever holds the private half of a key that is trusted can put plugins on your stage. Ask its owner for the number of the key on another way than the one the file came by. A key has one name here, and a name one key.

  sothebais keys trust ann.pub
  sothebais keys trust minisign.pub --name bo`
}

// Run trusts a key.
func (c *keysTrustCmd) Run(t *talk) error {
	k, err := bundle.LoadPublic(c.File)
	if err != nil {
		return err
	}
	if c.Name != "" {
		k.Name = c.Name
	}
	if err := bundle.Trust(bundle.TrustFolder(c.DataDir), k); err != nil {
		if errors.Is(err, bundle.ErrKeyName) && c.Name == "" { // its file is called so, which may be somebody else's doing
			err = fmt.Errorf("%w; say what to call it with --name", err)
		}
		return err
	}
	v := viewKey(k)
	return c.tell(t, v, v)
}

func viewKey(k bundle.TrustedKey) keyView {
	return keyView{Name: k.Name, Key: bundle.KeyID(k.Public.ID()), Public: k.Public.String()}
}

// tell prints keys as a table, or what stands for them in JSON.
func (f trustFlags) tell(t *talk, asJSON any, keys ...keyView) error {
	if f.JSON {
		return json.NewEncoder(t.out).Encode(asJSON)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, v := range keys {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Name, v.Key, v.Public)
	}
	return w.Flush()
}

type keysDistrustCmd struct {
	Name string `arg:"" complete:"trusted" help:"Name of the key, as \"keys ls\" lists it."`
	trustFlags
}

// Help says more.
func (keysDistrustCmd) Help() string {
	return `What is on air stays there; what the key has signed is not loaded again.

  sothebais keys distrust ann`
}

// Run ends the trust in a key.
func (c *keysDistrustCmd) Run(t *talk) error {
	if err := bundle.Distrust(bundle.TrustFolder(c.DataDir), c.Name); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(map[string]string{"distrusted": c.Name})
	}
	fmt.Fprintf(t.err, "%s is trusted no longer\n", c.Name)
	return nil
}

type keysLsCmd struct{ trustFlags }

// Run lists the keys that are trusted.
func (c *keysLsCmd) Run(t *talk) error {
	known, err := bundle.LoadTrusted(bundle.TrustFolder(c.DataDir))
	if err != nil {
		return err
	}
	if len(known) == 0 {
		fmt.Fprintf(t.err, "no key is trusted on data directory %s\n", c.DataDir)
	}
	views := []keyView{}
	for _, k := range known {
		views = append(views, viewKey(k))
	}
	return c.tell(t, views, views...)
}
