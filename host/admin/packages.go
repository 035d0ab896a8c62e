package admin

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of an upload.
const (
	MaxUpload  = 64 << 20 // of a package, in bytes
	uploadWait = 2 * time.Minute
)

// States of the signature of a package.
const (
	SignatureTrusted = "trusted" // by a key that is trusted here
	SignatureUnknown = "unknown" // by a key that is not
	SignatureNone    = "none"
	SignatureAltered = "altered" // the package is not the one that was signed
)

// Upload is a package that somebody brings.
type Upload struct {
	Package   []byte
	Signature []byte // minisign's; nil for none
}

// PackageReport is what is known of a package before it is loaded.
type PackageReport struct {
	Name        string       `json:"plugin" doc:"by which it is loaded once it is installed" example:"night-moth@1.1.0"`
	ID          string       `json:"id"`
	Version     string       `json:"version"`
	Title       string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Kind        string       `json:"kind" enum:"personality,scene-rules,overlay"`
	Character   string       `json:"character,omitempty"`
	License     string       `json:"license,omitempty"`
	Authors     []string     `json:"authors" nullable:"false"`
	SHA256      string       `json:"sha256"`
	Source      string       `json:"source,omitempty" doc:"address that it was fetched from"`
	Bytes       int          `json:"bytes"`
	Files       int          `json:"files"`
	Signature   string       `json:"signature" enum:"trusted,unknown,none,altered"`
	Signer      string       `json:"signer,omitempty" doc:"what the key is called here"`
	Key         string       `json:"key,omitempty" doc:"number of the key that has signed it, or says so"`
	Refused     string       `json:"refused,omitempty" doc:"why it is not loaded without an admin's word"`
	Installed   []string     `json:"installed" nullable:"false" doc:"versions that are installed, the newest first"`
	InSlot      string       `json:"in_slot,omitempty" doc:"version of the same plugin that is on air or in shadow"`
	There       bool         `json:"there" doc:"this very package is installed already"`
	Conflict    string       `json:"conflict,omitempty" doc:"why it cannot be installed as things stand"`
	Powers      []Capability `json:"capabilities" nullable:"false" doc:"what it asks for"`
}

// packages brings plugins in and takes them away, and begins new ones.
type packages interface {
	// Inspect, and Fetch for what is at an address, read a package, and keep for a while what they read.
	Inspect(ctx context.Context, up Upload) (PackageReport, error)
	Fetch(ctx context.Context, address string) (PackageReport, error)
	// Looked says the same once more of a package that was read, by its SHA-256.
	Looked(ctx context.Context, sum string) (PackageReport, error)
	// Install installs it; anyway is an admin's word for one that nobody trusted has signed.
	Install(ctx context.Context, sum string, anyway bool) (PackageReport, error)
	Uninstall(ctx context.Context, name string) error
	Characters(ctx context.Context) ([]string, error)
	NewCharacter(ctx context.Context, c NewCharacter) (BegunCharacter, error)
}

// NewCharacter is a personality that is to be begun.
type NewCharacter struct {
	ID    string `json:"id" minLength:"1" maxLength:"60" doc:"lower-case letters, digits and dashes" example:"night-moth"`
	Plays string `json:"plays" minLength:"1" maxLength:"60" doc:"drawn character that it plays" example:"dusty"`
}

// BegunCharacter is where a new personality is, and how to go on.
type BegunCharacter struct {
	Plugin  string   `json:"plugin" doc:"by which it is loaded"`
	Folder  string   `json:"folder" doc:"on the show's machine"`
	Files   []string `json:"files" nullable:"false"`
	Command string   `json:"command" doc:"watches the folder and tries it at each save" example:"sothebais dev data/plugins/night-moth"`
}

// CharacterList is the drawn characters that a personality may play.
type CharacterList struct {
	Items []string `json:"items" nullable:"false"`
}

// UploadBody is a package as it comes; exported because huma reads no others that are embedded.
type UploadBody struct {
	Signature string `header:"Package-Signature" maxLength:"8192" doc:"content of the file beside the package that ends in .minisig, in base64; none for an unsigned package"`
	RawBody   []byte `contentType:"application/octet-stream"`
}

func (u UploadBody) upload() (Upload, error) {
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(u.Signature))
	if err != nil {
		return Upload{}, huma.Error422UnprocessableEntity("the signature cannot be read", &huma.ErrorDetail{Location: "header.Package-Signature", Message: "want the content of the .minisig file in base64"})
	}
	return Upload{Package: u.RawBody, Signature: sig}, nil
}

func (s *Server) inspect(ctx context.Context, in *struct{ UploadBody }) (*body[PackageReport], error) {
	up, err := in.upload()
	if err != nil {
		return nil, err
	}
	return lookup(s, func(p packages) (PackageReport, error) { return p.Inspect(ctx, up) })
}

func (s *Server) fetchPackage(ctx context.Context, in *struct {
	Body struct {
		Address string `json:"address" minLength:"1" maxLength:"2048" doc:"of a package on the web, or in a registry" example:"oci:ghcr.io/ann/night-moth:1.1.0"`
	}
}) (*body[PackageReport], error) {
	return lookup(s, func(p packages) (PackageReport, error) { return p.Fetch(ctx, strings.TrimSpace(in.Body.Address)) })
}

// Anyway is an admin's word; exported because huma reads no others that are embedded.
type Anyway struct {
	Anyway string `query:"anyway" maxLength:"64" doc:"SHA-256 of a package that is to be installed although nobody who is trusted has signed it"`
}

func (s *Server) install(ctx context.Context, in *struct {
	UploadBody
	Anyway
}) (*body[PackageReport], error) {
	seen, err := s.inspect(ctx, &struct{ UploadBody }{in.UploadBody})
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, seen.Body, in.Anyway.Anyway)
}

func (s *Server) installInspected(ctx context.Context, in *struct {
	SHA256 string `path:"sha256" minLength:"64" maxLength:"64" doc:"of the package"`
	Anyway
}) (*body[PackageReport], error) {
	seen, err := lookup(s, func(p packages) (PackageReport, error) { return p.Looked(ctx, in.SHA256) })
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, seen.Body, in.Anyway.Anyway)
}

// keep installs what was looked at. What is refused is no act, and the act says whether an admin gave a word for it.
func (s *Server) keep(ctx context.Context, r PackageReport, anyway string) (*body[PackageReport], error) {
	what := "installed " + r.Name
	if r.Source != "" {
		what += " from " + r.Source
	}
	switch {
	case r.Conflict != "":
		return nil, huma.Error409Conflict(r.Conflict)
	case r.Refused != "" && anyway == "":
		return nil, huma.Error409Conflict(r.Refused)
	case anyway != "" && anyway != r.SHA256:
		return nil, huma.Error409Conflict("the word was given for another package: this one has the SHA-256 " + r.SHA256)
	case r.Refused != "":
		what += " although: " + r.Refused
	}
	if s.cfg.Bus == nil {
		return nil, absent(noPackages)
	}
	if _, err := s.acted(ctx, what); err != nil { // before it is done: a word that let something in must not get lost
		return nil, err
	}
	got, err := s.cfg.Packages.Install(ctx, r.SHA256, anyway != "")
	if err != nil {
		return nil, actFailed(err)
	}
	return &body[PackageReport]{got}, nil
}

// Removed names what is gone.
type Removed struct {
	Plugin string `json:"plugin"`
}

func (s *Server) uninstall(ctx context.Context, in *PluginPath) (*body[Removed], error) {
	return done(ctx, s, "removed the installed "+in.Plugin, func(p packages) (Removed, error) { return Removed{in.Plugin}, p.Uninstall(ctx, in.Plugin) })
}

func (s *Server) listCharacters(ctx context.Context, _ *struct{}) (*body[CharacterList], error) {
	return lookup(s, func(p packages) (CharacterList, error) {
		ids, err := p.Characters(ctx)
		return CharacterList{Items: append([]string{}, ids...)}, err
	})
}

func (s *Server) newCharacter(ctx context.Context, in *struct{ Body NewCharacter }) (*body[BegunCharacter], error) {
	return done(ctx, s, "began the character "+in.Body.ID, func(p packages) (BegunCharacter, error) { return p.NewCharacter(ctx, in.Body) })
}

// noPackages is what is missing without Config.Packages.
const noPackages = "the folder of plugins"

// lookup asks the store of packages for something.
func lookup[T any](s *Server, read func(packages) (T, error)) (*body[T], error) {
	if s.cfg.Packages == nil {
		return nil, absent(noPackages)
	}
	got, err := read(s.cfg.Packages)
	if err != nil {
		return nil, s.readFailed(err)
	}
	return &body[T]{got}, nil
}

// done does something to the plugins' folder, and records that it was done.
func done[T any](ctx context.Context, s *Server, what string, act func(packages) (T, error)) (*body[T], error) {
	if s.cfg.Bus == nil || s.cfg.Packages == nil {
		return nil, absent(noPackages)
	}
	got, err := act(s.cfg.Packages)
	if err != nil {
		return nil, actFailed(err)
	}
	if _, err := s.acted(ctx, what); err != nil {
		return nil, err
	}
	return &body[T]{got}, nil
}
