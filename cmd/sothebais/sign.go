package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/sothebais/sothebais/host/plugin/bundle"
)

// passwordFlags say where the password of a private key comes from.
type passwordFlags struct {
	PasswordFile string `placeholder:"FILE" help:"Read the password of the key from a file; otherwise from SOTHEBAIS_KEY_PASSWORD, or from the terminal."`
	Password     string `hidden:"" env:"SOTHEBAIS_KEY_PASSWORD"`
}

// password gives the password, or asks for it.
func (f passwordFlags) password(t *talk, prompt string) (string, error) {
	if f.PasswordFile != "" {
		b, err := os.ReadFile(f.PasswordFile)
		return strings.TrimRight(string(b), "\r\n"), err
	}
	if f.Password != "" {
		return f.Password, nil
	}
	tty := int(os.Stdin.Fd())
	if !term.IsTerminal(tty) {
		return "", &exitError{exitUsage, errors.New("the key wants a password and there is no terminal to ask on; set SOTHEBAIS_KEY_PASSWORD, or give --password-file")}
	}
	fmt.Fprint(t.err, prompt+": ")
	b, err := term.ReadPassword(tty)
	fmt.Fprintln(t.err)
	return string(b), err
}

type signCmd struct {
	File string `arg:"" help:"The package."`
	Key  string `required:"" env:"SOTHEBAIS_KEY" placeholder:"KEY" help:"Private key: a .key file, or the name of one that \"keys new\" has made."`
	passwordFlags
	JSON bool `help:"Print one JSON object."`
}

// Help says more.
func (signCmd) Help() string {
	return `Writes <file>.minisig beside the package. It names id, version and SHA-256, and minisign itself can check it.

  sothebais keys new me
  sothebais sign --key me my-host-1.0.0.sbx
  minisign -Vm my-host-1.0.0.sbx -p me.pub`
}

// Run signs a package.
func (c *signCmd) Run(t *talk) error {
	p, err := bundle.ReadFile(c.File)
	if err != nil {
		return err
	}
	file, err := keyFile(c.Key)
	if err != nil {
		return err
	}
	key, err := bundle.LoadKey(file, func() (string, error) { return c.password(t, "Password of "+file) })
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w; make a key with sothebais keys new, or name the .key file of one", err)
	}
	if err != nil {
		return err
	}
	signature := c.File + bundle.SignatureExt
	if err := filedSignature.replace(signature, these(bundle.Sign(p, key))); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(map[string]string{"signature": signature, "key": bundle.KeyID(key.ID()), "id": p.ID, "version": p.Version, "sha256": p.SHA256})
	}
	fmt.Fprintf(t.err, "%s %s, sha256 %s, signed by key %s\n", p.ID, p.Version, p.SHA256, bundle.KeyID(key.ID()))
	_, err = fmt.Fprintln(t.out, signature)
	return err
}

// keyFile finds a private key by its path or its name.
func keyFile(key string) (string, error) {
	if strings.ContainsRune(key, filepath.Separator) || filepath.Ext(key) == bundle.PrivateExt {
		return key, nil
	}
	dir, err := keysFolder()
	return filepath.Join(dir, key+bundle.PrivateExt), err
}

// keysFolder is where private keys are kept: with the other settings of the user, never in a data directory, which
// people copy.
func keysFolder() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "sothebais", "keys"), err
}
