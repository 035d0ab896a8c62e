package host

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/escape"
	"github.com/sothebais/sothebais/host/fetch"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/registry"
	"github.com/sothebais/sothebais/host/plugin/scaffold"
)

// workshop brings plugins into the data directory for the control room, and takes them away.
type workshop struct{ h *Host }

func (w workshop) store() bundle.Store { return w.h.catalogue.store }

// Inspect reads a package and says what is known of it; it lies on the counter then.
func (w workshop) Inspect(ctx context.Context, up admin.Upload) (admin.PackageReport, error) {
	p, err := bundle.Parse(up.Package)
	if err != nil {
		return admin.PackageReport{}, fmt.Errorf("%w: %w", admin.ErrInvalid, err)
	}
	return w.offered(ctx, offer{pkg: p, signature: up.Signature, source: "control room"})
}

// Fetch is Inspect of what is at an address. One package comes at a time.
func (w workshop) Fetch(ctx context.Context, address string) (admin.PackageReport, error) {
	if !w.h.fetching.TryLock() {
		return admin.PackageReport{}, fmt.Errorf("%w: another package is being fetched; try again in a moment", admin.ErrRefused)
	}
	defer w.h.fetching.Unlock()
	p, signature, err := fetchPublished(ctx, w.h.sources, address)
	if err != nil {
		return admin.PackageReport{}, notBrought(err)
	}
	return w.offered(ctx, offer{pkg: p, signature: signature, source: plainAddress(address)})
}

// notBrought says of which kind it is, to whoever asks the API, that a package did not come.
func notBrought(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fetch.ErrRefused), errors.Is(err, bundle.ErrFormat), errors.Is(err, registry.ErrReference), errors.Is(err, registry.ErrArtifact), errors.Is(err, ErrAddress):
		return ofKind(admin.ErrInvalid, err)
	}
	return ofKind(admin.ErrUnreached, err)
}

func (w workshop) offered(ctx context.Context, o offer) (admin.PackageReport, error) {
	r, err := w.report(ctx, &o)
	if err == nil {
		w.h.counter.put(o)
	}
	return r, err
}

// Looked says once more what is known of a package on the counter.
func (w workshop) Looked(ctx context.Context, sum string) (admin.PackageReport, error) {
	o, err := w.onCounter(sum)
	if err != nil {
		return admin.PackageReport{}, err
	}
	return w.report(ctx, o)
}

func (w workshop) onCounter(sum string) (*offer, error) {
	if o := w.h.counter.find(sum); o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("%w: no package with the SHA-256 %.64q was looked at in the last %d minutes; look at it again", admin.ErrUnknown, sum, counterWait/time.Minute)
}

// report says what is known of a package.
func (w workshop) report(ctx context.Context, o *offer) (admin.PackageReport, error) {
	p := o.pkg
	powers, err := w.h.plugins.Powers(ctx, p.Manifest)
	if err != nil {
		return admin.PackageReport{}, err
	}
	m := p.Manifest
	r := admin.PackageReport{Name: p.ID + "@" + p.Version, ID: p.ID, Version: p.Version, Title: m.Name, Description: m.Description, Kind: string(m.Kind), Character: m.Character, License: m.License,
		Authors: append([]string{}, m.Authors...), SHA256: p.SHA256, Bytes: len(p.Bytes()), Files: len(p.Files), Installed: append([]string{}, w.store().Versions(p.ID)...), Powers: []admin.Capability{}}
	for _, c := range powers {
		r.Powers = append(r.Powers, viewPower(c))
	}
	for _, s := range w.h.plugins.Slots() {
		for _, runs := range running(s) {
			if runs.info.ID == p.ID {
				r.InSlot = runs.info.Version
			}
		}
	}
	if strings.Contains(o.source, ":") {
		r.Source = o.source
	}
	if err := w.signature(&r, p, o.signature); err != nil {
		return admin.PackageReport{}, err
	}
	w.beside(&r, p)
	return r, nil
}

// signature says who has signed a package, and why it is refused if it is.
func (w workshop) signature(r *admin.PackageReport, p *bundle.Package, signature []byte) error {
	standing, err := w.store().Admit(p, signature, false)
	switch {
	case err == nil:
		r.Signature, r.Signer, r.Key = admin.SignatureTrusted, standing.Signer.Name, standing.Signer.Key
		return nil
	case errors.Is(err, bundle.ErrUnsigned):
		r.Signature = admin.SignatureNone
	case errors.Is(err, bundle.ErrUntrusted):
		r.Signature = admin.SignatureUnknown
	case errors.Is(err, bundle.ErrAltered):
		r.Signature = admin.SignatureAltered
	default:
		return fmt.Errorf("%w: %w", admin.ErrInvalid, err)
	}
	r.Refused = err.Error()
	if r.Signature == admin.SignatureUnknown {
		r.Key, _ = bundle.Claims(p, signature) // it was read a moment ago
	}
	return nil
}

// beside sets a package beside what is installed.
func (w workshop) beside(r *admin.PackageReport, p *bundle.Package) {
	if !slices.Contains(r.Installed, p.Version) {
		return
	}
	sum, err := w.store().SHA256(p.ID, p.Version)
	switch {
	case err == nil && sum == p.SHA256:
		r.There = true
	case err == nil:
		r.Conflict = fmt.Sprintf("%s %s is installed with another content; a version does not change: raise it, or remove the one that is there first", p.ID, p.Version)
	}
}

// Install keeps a package that lies on the counter.
func (w workshop) Install(ctx context.Context, sum string, anyway bool) (admin.PackageReport, error) {
	o, err := w.onCounter(sum)
	if err != nil {
		return admin.PackageReport{}, err
	}
	standing, err := w.store().Admit(o.pkg, o.signature, anyway)
	if err != nil {
		return admin.PackageReport{}, fmt.Errorf("%w: %w", admin.ErrRefused, err)
	}
	if _, err := w.store().Install(o.pkg, o.signature, bundle.Receipt{Source: o.source, At: time.Now(), Standing: standing}); err != nil {
		return admin.PackageReport{}, fmt.Errorf("%w: %w", admin.ErrRefused, err)
	}
	w.h.counter.take(o)
	return w.report(ctx, o)
}

// Uninstall removes an installed package that no slot has.
func (w workshop) Uninstall(_ context.Context, name string) error {
	id, version, err := w.store().Resolve(name)
	if err != nil {
		return fmt.Errorf("%w: %w", admin.ErrUnknown, err)
	}
	for _, s := range w.h.plugins.Slots() {
		for _, r := range running(s) {
			if r.info.ID == id && r.info.Version == version {
				return fmt.Errorf("%w: %s %s is %s in slot %s; take it out of there first", admin.ErrRefused, id, version, r.state, s.Slot)
			}
		}
		for _, t := range s.History {
			if t.Good && t.Plugin == id && t.Version == version {
				return fmt.Errorf("%w: %s %s is kept warm in slot %s, to go back to; put another one on air before", admin.ErrRefused, id, version, s.Slot)
			}
		}
	}
	return w.store().Remove(id, version)
}

// Characters are those that a personality may play.
func (w workshop) Characters(context.Context) ([]string, error) { return w.h.library.ids(), nil }

// NewCharacter writes what `sothebais new character` does, into the folder where the show finds it.
func (w workshop) NewCharacter(_ context.Context, c admin.NewCharacter) (admin.BegunCharacter, error) {
	if slices.Contains(w.h.catalogue.ids(), c.ID) {
		return admin.BegunCharacter{}, fmt.Errorf("%w: there is a plugin %q already; choose another id", admin.ErrRefused, c.ID)
	}
	if err := w.h.library.knows(c.Plays); err != nil {
		return admin.BegunCharacter{}, ofKind(admin.ErrInvalid, err)
	}
	folder, err := filepath.Abs(filepath.Join(w.h.catalogue.own, c.ID))
	if err != nil {
		return admin.BegunCharacter{}, err
	}
	files, err := scaffold.Plugin(folder, scaffold.Request{ID: c.ID, Language: "declarative", Character: c.Plays}, SDKs())
	if err != nil {
		return admin.BegunCharacter{}, fmt.Errorf("%w: %w", admin.ErrInvalid, err)
	}
	dataDir, err := filepath.Abs(w.h.cfg.DataDir)
	if err != nil {
		return admin.BegunCharacter{}, err
	}
	return admin.BegunCharacter{Plugin: c.ID, Folder: folder, Files: files, Command: fmt.Sprintf("sothebais dev %s --data-dir %s", shellWord(folder), shellWord(dataDir))}, nil
}

// shellWord is a path as it is written on a command line.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+@:,=%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// Consents are uses of powers that wait for a person.
func (w wardrobe) Consents(context.Context) ([]admin.Consent, error) {
	var out []admin.Consent
	for _, c := range w.h.plugins.Consents() {
		out = append(out, viewConsent(c))
	}
	return out, nil
}

// Decide answers one of them.
func (w wardrobe) Decide(_ context.Context, seq uint64, allow bool, who string, cause uint64) (admin.Consent, error) {
	c, err := w.h.plugins.Decide(seq, allow, who, cause)
	if err != nil {
		return admin.Consent{}, answered(err)
	}
	return viewConsent(c), nil
}

func viewConsent(c plugin.Consent) admin.Consent {
	v := admin.Consent{Seq: c.Seq, Slot: string(c.Slot), Plugin: c.Plugin, Version: c.Version, Power: c.Power, Why: escape.Visible(c.Why), Content: escape.Visible(plugin.Whole(c.Content)),
		Parts: []admin.ConsentPart{}, Event: c.Event, Cause: escape.Visible(c.Cause), Asked: c.Asked, Deadline: c.Deadline}
	for _, p := range c.Content {
		v.Parts = append(v.Parts, admin.ConsentPart{Name: p.Name, Text: escape.Visible(p.Text)})
	}
	if p := c.Answers; p != nil {
		v.Answers = &admin.AnsweredPost{ID: escape.Visible(p.ID), Handle: p.Handle, Text: escape.Visible(p.Text), Read: p.Root != ""}
	}
	return v
}
