package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/registry"
)

type publishCmd struct {
	File          string `arg:"" help:"The package; its signature goes along."`
	To            string `arg:"" help:"oci:host/path, with :tag if another than the version is wanted, or a folder."`
	AllowUnsigned bool   `help:"Publish a package without a signature, too."`
	JSON          bool   `help:"Print one JSON object."`
}

// Help says more.
func (publishCmd) Help() string {
	return `Registries on this machine are spoken to in plain HTTP, all others in TLS; passwords are those of docker login, podman login or oras login. A version that is there is not replaced by another content.

  sothebais publish my-host-1.0.0.sbx oci:ghcr.io/ann/my-host
  sothebais publish my-host-1.0.0.sbx oci:ghcr.io/ann/my-host:latest
  sothebais publish my-host-1.0.0.sbx /srv/plugins/`
}

// published is where a package is now.
type published struct {
	Address string `json:"address"`
	Digest  string `json:"digest,omitempty"` // in the registry
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Key     string `json:"key,omitempty"`
}

// Run publishes a package.
func (c *publishCmd) Run(ctx context.Context, t *talk) error {
	p, err := bundle.ReadFile(c.File)
	if err != nil {
		return err
	}
	signature, err := bundle.ReadSignature(c.File)
	if err != nil {
		return err
	}
	key, err := bundle.Claims(p, signature)
	if err != nil && !(c.AllowUnsigned && errors.Is(err, bundle.ErrUnsigned)) {
		return err
	}
	out := published{ID: p.ID, Version: p.Version, SHA256: p.SHA256, Key: key}
	if strings.HasPrefix(c.To, registry.Scheme) {
		out.Address, out.Digest, err = push(ctx, c.To, p, signature, key)
	} else {
		out.Address, err = copyTo(strings.TrimPrefix(c.To, "file:"), p, signature)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(out)
	}
	_, err = fmt.Fprintln(t.out, out.Address)
	return err
}

func push(ctx context.Context, to string, p *bundle.Package, signature []byte, key string) (address, digest string, err error) {
	if name := to[strings.LastIndexByte(to, '/')+1:]; !strings.ContainsAny(name, ":@") {
		to += ":" + strings.ReplaceAll(p.Version, "+", "_") // a tag has no plus
	}
	r, err := registry.Open(to)
	if err != nil {
		return "", "", err
	}
	notes := map[string]string{registry.AnnotationID: p.ID, registry.AnnotationVersion: p.Version, registry.AnnotationKind: string(p.Kind), registry.AnnotationTitle: p.FileName()}
	if key != "" {
		notes[registry.AnnotationSigner] = key
	}
	digest, err = r.Push(ctx, registry.Artifact{Package: p.Bytes(), Signature: signature, Annotations: notes})
	return to, digest, err
}

// copyTo publishes to a folder, the package last: who sees it finds its signature.
func copyTo(folder string, p *bundle.Package, signature []byte) (string, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return "", &exitError{exitUnavailable, fmt.Errorf("there is no folder %s; make it first, or name a registry: oci:host/path", folder)}
	}
	file := filepath.Join(folder, p.FileName())
	if there, err := bundle.ReadFile(file); err == nil && there.SHA256 != p.SHA256 {
		return "", fmt.Errorf("%w: %s has another content; a version does not change: raise it in plugin.yaml", registry.ErrTaken, file)
	}
	if len(signature) > 0 {
		if err := filedSignature.replace(file+bundle.SignatureExt, these(signature)); err != nil {
			return "", err
		}
	}
	return file, filedPackage.replace(file, these(p.Bytes()))
}
