package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sothebais/sothebais/host/plugin/bundle"
)

type verifyCmd struct {
	File string   `arg:"" help:"The package; its signature lies beside it."`
	Key  []string `placeholder:"FILE" help:"Trust this .pub file instead of those of the data directory; may be given more than once."`
	trustFlags
}

// Help says more.
func (verifyCmd) Help() string {
	return `Checks the whole package, then who has signed it. The exit code is 0 when it may be loaded here, 65 when it is damaged or altered, 77 when it is not signed, or not by anybody who is trusted.

  sothebais verify my-host-1.0.0.sbx
  sothebais verify my-host-1.0.0.sbx --key ann.pub --json`
}

// Run verifies a package.
func (c *verifyCmd) Run(t *talk) error {
	p, err := bundle.ReadFile(c.File)
	if err != nil {
		return err
	}
	signature, err := bundle.ReadSignature(c.File)
	if err != nil {
		return err
	}
	trusted, err := c.trusted()
	if err != nil {
		return err
	}
	v := packed{File: c.File, SHA256: p.SHA256, Bytes: len(p.Bytes()), Index: p.Index}
	signer, refused := trusted.Verify(p, signature)
	if refused == nil {
		v.Signer = &signer
	} else {
		v.Refused = refused.Error()
	}
	return errors.Join(refused, c.print(t, v))
}

func (c *verifyCmd) trusted() (bundle.Trusted, error) {
	if len(c.Key) == 0 {
		return bundle.LoadTrusted(bundle.TrustFolder(c.DataDir))
	}
	var out bundle.Trusted
	for _, file := range c.Key {
		k, err := bundle.LoadPublic(file)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

func (c *verifyCmd) print(t *talk, v packed) error {
	if c.JSON {
		return json.NewEncoder(t.out).Encode(v)
	}
	who := "nobody who is trusted"
	if v.Signer != nil {
		who = v.Signer.Name + " (" + v.Signer.Key + ")"
	}
	_, err := fmt.Fprintf(t.out, "id       %s\nversion  %s\nkind     %s\nfiles    %d, %d bytes\nsha256   %s\nsigner   %s\n", v.ID, v.Version, v.Kind, len(v.Files), v.Bytes, v.SHA256, who)
	return err
}
