package admin

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// fakeShop takes files whose content says how they are: "moth signed 1.1.0", "moth unsigned 1.2.0", "moth altered 1.2.0".
type fakeShop struct {
	installed []PackageReport
	looked    map[string]Upload // by SHA-256
	parsed    int               // how often a package was read
	room      fakeReplays
}

func (f *fakeShow) Inspect(_ context.Context, up Upload) (PackageReport, error) {
	r, err := f.describe(up)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.shop.parsed++
		if f.shop.looked == nil {
			f.shop.looked = map[string]Upload{}
		}
		f.shop.looked[r.SHA256] = up
	}
	return r, err
}

// Fetch gives what the last part of an address says: oci://registry.example/ann/night-moth:1.3.0 is signed.
func (f *fakeShow) Fetch(ctx context.Context, address string) (PackageReport, error) {
	id, version, ok := strings.Cut(address[strings.LastIndexByte(address, '/')+1:], ":")
	switch {
	case strings.Contains(address, "10.0.0.7"):
		return PackageReport{}, fmt.Errorf("%w: refused: 10.0.0.7 is no public address", ErrInvalid)
	case !ok:
		return PackageReport{}, fmt.Errorf("%w: registry: %s has no such package", ErrUnreached, address)
	}
	r, err := f.Inspect(ctx, Upload{Package: []byte(id + " signed " + version), Signature: []byte("untrusted comment")})
	r.Source = address
	return r, err
}

func (f *fakeShow) Looked(_ context.Context, sum string) (PackageReport, error) {
	f.mu.Lock()
	up, ok := f.shop.looked[sum]
	f.mu.Unlock()
	if !ok {
		return PackageReport{}, fmt.Errorf("%w: no package with the SHA-256 %q was looked at in the last 10 minutes; look at it again", ErrUnknown, sum)
	}
	return f.describe(up)
}

func (f *fakeShow) describe(up Upload) (PackageReport, error) {
	var id, how, version string
	if n, err := fmt.Sscan(string(up.Package), &id, &how, &version); err != nil || n != 3 {
		return PackageReport{}, fmt.Errorf("%w: the package: it is no zip archive; was it cut short? Fetch it again", ErrInvalid)
	}
	r := PackageReport{Name: id + "@" + version, ID: id, Version: version, Title: "Night Moth", Description: "Says little, and that late.", Kind: "personality", Character: "mina", License: "MIT-0",
		Authors: []string{"Ann"}, SHA256: fmt.Sprintf("%x", sha256.Sum256(up.Package)), Bytes: 81_920, Files: 7, Installed: []string{},
		Powers: []Capability{{Name: "say", Why: "talks to bidders", Limit: "15 a minute", Granted: true, GrantedBy: "default"},
			{Name: "http", Why: "talks about the weather", Limit: "4 a minute", Hosts: []string{"api.weather.example"}, Outward: true, Askable: true}}}
	switch {
	case how == "signed" && len(up.Signature) > 0:
		r.Signature, r.Signer, r.Key = SignatureTrusted, "ann", "3B5F1C2D4E6A7B8C"
	case len(up.Signature) == 0:
		r.Signature, r.Refused = SignatureNone, "unsigned package: "+id+"-"+version+".sbx has no signature; ask its author for the .minisig file, or sign it yourself with `sothebais sign`"
	default:
		r.Signature, r.Key = SignatureAltered, "3B5F1C2D4E6A7B8C"
		r.Refused = "altered package: " + id + "-" + version + ".sbx is not what key 3B5F1C2D4E6A7B8C has signed; fetch package and signature again"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.shop.installed {
		if o.ID == id {
			r.Installed, r.There = append(r.Installed, o.Version), o.Version == version
		}
	}
	return r, nil
}

func (f *fakeShow) Install(ctx context.Context, sum string, anyway bool) (PackageReport, error) {
	r, err := f.Looked(ctx, sum)
	if err != nil || r.Refused != "" && !anyway {
		return r, fmt.Errorf("%w: %s %w", ErrRefused, r.Refused, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.shop.looked, sum)
	f.shop.installed = append(f.shop.installed, r)
	origin := "allowed without a trusted signature"
	if r.Signer != "" {
		origin = "signed by " + r.Signer
	}
	f.plugins = append(f.plugins, Plugin{ID: r.Name, Version: r.Version, Name: r.Title, Kind: r.Kind, Character: r.Character, Origin: origin, Package: r.Name, State: PluginInstalled, Capabilities: r.Powers})
	return r, nil
}

func (f *fakeShow) Uninstall(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.plugins, func(p Plugin) bool { return p.Package == name })
	switch {
	case i < 0:
		return fmt.Errorf("%w: %s is not installed", ErrUnknown, name)
	case f.plugins[i].Active || f.cast.shadow == name:
		return fmt.Errorf("%w: %s is in a slot; take it out of there first", ErrRefused, name)
	}
	f.plugins = slices.Delete(f.plugins, i, i+1)
	f.shop.installed = slices.DeleteFunc(f.shop.installed, func(r PackageReport) bool { return r.Name == name })
	return nil
}

func (f *fakeShow) Characters(context.Context) ([]string, error) {
	return []string{"dusty", "mina"}, nil
}

func (f *fakeShow) NewCharacter(_ context.Context, c NewCharacter) (BegunCharacter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.find(c.ID); err == nil {
		return BegunCharacter{}, fmt.Errorf("%w: there is a plugin %q already; choose another id", ErrRefused, c.ID)
	}
	f.plugins = append(f.plugins, Plugin{ID: c.ID, Version: "0.1.0", Name: "Day Moth", Kind: "personality", Character: c.Plays, Origin: "dev", State: PluginInstalled, Capabilities: []Capability{}})
	folder := "/srv/show/data/plugins/" + c.ID
	return BegunCharacter{Plugin: c.ID, Folder: folder, Files: []string{"README.md", "personality.yaml", "plugin.yaml"}, Command: "sothebais dev " + folder + " --data-dir /srv/show/data"}, nil
}

// consult lets the plugin on air ask for a use of a power.
func (f *fakeShow) consult(power, content string, within time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().UTC()
	asked := f.append(event.Draft{Data: show.PowerAsked{Slot: "personality", Plugin: "dusty-gavel", Power: power, Content: content, WaitMS: within.Milliseconds()}})[0]
	c := Consent{Seq: asked.Seq, Slot: "personality", Plugin: "dusty-gavel", Version: "0.3.0", Power: power, Why: "answers questions on X", Content: content,
		Parts: []ConsentPart{{"text", content}}, Answers: &AnsweredPost{ID: "1947", Read: true, Handle: "tomtom", Text: "is it rare?"}, Event: 2, Cause: `@tomtom "is it rare?"`, Asked: now, Deadline: now.Add(within)}
	if power == "http" {
		c.Parts, c.Answers = []ConsentPart{{"request", content}, {"body", "nothing"}}, &AnsweredPost{ID: "4000000000000000001"}
	}
	f.cast.consents = append(f.cast.consents, c)
}

func (f *fakeShow) Consents(context.Context) ([]Consent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.cast.consents), nil
}

func (f *fakeShow) Decide(_ context.Context, seq uint64, allow bool, who string, cause uint64) (Consent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.cast.consents, func(c Consent) bool { return c.Seq == seq })
	if i < 0 {
		return Consent{}, fmt.Errorf("request %d: %w: it was decided already, or its time was up", seq, ErrUnknown)
	}
	c := f.cast.consents[i]
	f.cast.consents = slices.Delete(f.cast.consents, i, i+1)
	f.append(event.Draft{Cause: cause, Data: show.PowerDecided{Slot: c.Slot, Plugin: c.Plugin, Power: c.Power, Asked: seq, Event: c.Event, Nth: 1, Allowed: allow, Who: who}})
	return c, nil
}

// developing is what `sothebais dev` says of a plugin.
func (f *fakeShow) developing(s *Server, broken bool) {
	r := DevReport{Plugin: "day-moth", Version: "0.1.0", Slot: "personality", Folder: "/srv/show/data/plugins/day-moth", Events: 200, Millis: 87, Saves: 3, At: time.Now().UTC(), InShadow: true,
		Reactions: "12 bid.accepted\n    gesture wave\n    say \"0.95 ETH from @0xkoi.\"\n19 lot.closing\n    say \"Thirty seconds! @maria, 2.4 ETH. Last chance?\"\n"}
	if broken {
		r.Error, r.Saves = "cannot be used: /srv/show/data/plugins/day-moth/personality.yaml:27: there is no key \"gestur\"; did you mean gesture?", 4
	}
	s.devs.put(r, time.Now())
}
