// Package registry brings plugin packages to OCI registries and back. A registry is a place to keep bytes, not one to
// trust: what comes from it is as long as its manifest said and has its digest, no more; who vouches for it is told by
// the signature that travels with it.
//
// An artefact is an OCI image manifest of type ArtifactType with two layers, package and signature, so that both are
// pushed and fetched as one thing.
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// Types of what is pushed.
const (
	ArtifactType  = "application/vnd.sothebais.plugin.v1"
	PackageType   = "application/vnd.sothebais.plugin.package.v1+zip"
	SignatureType = "application/vnd.sothebais.plugin.signature.v1+minisign"
)

// Annotations of an artefact. They are for people and lists; only what is signed counts.
const (
	AnnotationID      = "com.sothebais.plugin.id"
	AnnotationKind    = "com.sothebais.plugin.kind"
	AnnotationSigner  = "com.sothebais.plugin.signer"
	AnnotationVersion = ocispec.AnnotationVersion
	AnnotationTitle   = ocispec.AnnotationTitle
)

// Scheme begins the address of an artefact: oci:ghcr.io/ann/moth:1.2.0.
const Scheme = "oci:"

var (
	// ErrReference says that an address is none.
	ErrReference = errors.New("bad address of a package")
	// ErrUnreachable says that the registry, or what was asked of it, is not there.
	ErrUnreachable = errors.New("registry")
	// ErrDenied says that the registry does not let one in.
	ErrDenied = errors.New("registry denies access")
	// ErrArtifact says that what is there is no plugin.
	ErrArtifact = errors.New("not a plugin package")
	// ErrTaken says that the version is there already, with another content.
	ErrTaken = errors.New("version is taken")
)

// Artifact is a package with its signature, as bytes.
type Artifact struct {
	Package     []byte
	Signature   []byte // may be empty
	Annotations map[string]string
}

// Limits bound what is fetched, in bytes.
type Limits struct{ Package, Signature int64 }

// maxManifest bounds the manifest of an artefact; ours have less than a kilobyte.
const maxManifest = 64 << 10

// Repository is where artefacts lie, and which of them is meant.
type Repository struct {
	remote *remote.Repository
	tag    string
}

// Open reads an address. Registries on this machine are spoken to in plain HTTP, all others in TLS. Passwords are
// those that `docker login`, `podman login` or `oras login` have kept.
func Open(address string) (*Repository, error) { return OpenWith(address, &http.Client{}) }

// OpenWith is Open through a client of one's own, which may refuse to go where the registry or its redirects point.
func OpenWith(address string, client *http.Client) (*Repository, error) {
	name := strings.TrimPrefix(strings.TrimPrefix(address, Scheme), "//")
	r, err := remote.NewRepository(name)
	if err != nil || r.Reference.Reference == "" {
		return nil, fmt.Errorf("%w: %q; write it as oci:host/path:version, such as oci:ghcr.io/ann/moth:1.2.0", ErrReference, address)
	}
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("passwords for registries: %w", err)
	}
	r.PlainHTTP = loopback(r.Reference)
	through := *client
	through.Transport = retry.NewTransport(client.Transport)
	r.Client = &auth.Client{Client: &through, Cache: auth.NewCache(), Credential: credentials.Credential(store)}
	return &Repository{remote: r, tag: r.Reference.Reference}, nil
}

func loopback(ref registry.Reference) bool {
	host := ref.Host()
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
}

// Push brings an artefact there and gives its digest. A tag that is the version of the artefact is never given to
// another content; tags such as latest move.
func (r *Repository) Push(ctx context.Context, a Artifact) (string, error) {
	layers, err := r.pushLayers(ctx, a)
	if err != nil {
		return "", err
	}
	// Pushed untagged first: the manifest is known by its digest, and only then can a tag be compared with it.
	notes := map[string]string{ocispec.AnnotationCreated: "1970-01-01T00:00:00Z"} // the same package is the same artefact
	for k, v := range a.Annotations {
		notes[k] = v
	}
	desc, err := oras.PackManifest(ctx, r.remote, oras.PackManifestVersion1_1, ArtifactType, oras.PackManifestOptions{Layers: layers, ManifestAnnotations: notes})
	if err != nil {
		return "", r.failed("push to", err)
	}
	if r.tag == a.Annotations[AnnotationVersion] {
		if err := r.free(ctx, desc); err != nil {
			return "", err
		}
	}
	if _, err := digest.Parse(r.tag); err != nil { // a digest needs no tag
		if err := r.remote.Tag(ctx, desc, r.tag); err != nil {
			return "", r.failed("tag", err)
		}
	}
	return desc.Digest.String(), nil
}

func (r *Repository) pushLayers(ctx context.Context, a Artifact) ([]ocispec.Descriptor, error) {
	var layers []ocispec.Descriptor
	for _, l := range []struct {
		kind  string
		bytes []byte
	}{{PackageType, a.Package}, {SignatureType, a.Signature}} {
		if len(l.bytes) == 0 {
			continue
		}
		desc, err := oras.PushBytes(ctx, r.remote, l.kind, l.bytes)
		if err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			return nil, r.failed("push to", err)
		}
		layers = append(layers, desc)
	}
	return layers, nil
}

// free says whether the tag is unused, or used for the same thing.
func (r *Repository) free(ctx context.Context, desc ocispec.Descriptor) error {
	there, err := r.remote.Resolve(ctx, r.tag)
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		return nil
	case err != nil:
		return r.failed("look at", err)
	case there.Digest != desc.Digest:
		return fmt.Errorf("%w: %s is %s already; a version does not change: raise it in plugin.yaml", ErrTaken, r.remote.Reference, there.Digest)
	}
	return nil
}

// Pull fetches an artefact and its digest.
func (r *Repository) Pull(ctx context.Context, limit Limits) (Artifact, string, error) {
	desc, b, err := oras.FetchBytes(ctx, r.remote, r.tag, oras.FetchBytesOptions{MaxBytes: maxManifest})
	if err != nil {
		return Artifact{}, "", r.failed("fetch", err)
	}
	layers, err := parseManifest(b, limit)
	if err != nil {
		return Artifact{}, "", fmt.Errorf("%s: %w", r.remote.Reference, err)
	}
	a := Artifact{Annotations: layers.annotations}
	if a.Package, err = content.FetchAll(ctx, r.remote, layers.pkg); err != nil {
		return Artifact{}, "", r.failed("fetch", err)
	}
	if layers.signature.Size > 0 {
		if a.Signature, err = content.FetchAll(ctx, r.remote, layers.signature); err != nil {
			return Artifact{}, "", r.failed("fetch the signature of", err)
		}
	}
	return a, desc.Digest.String(), nil
}

// layers are what a manifest names.
type layers struct {
	pkg, signature ocispec.Descriptor
	annotations    map[string]string
}

// parseManifest finds package and signature in what a registry says, and refuses what is too long before it is fetched.
func parseManifest(b []byte, limit Limits) (layers, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return layers{}, fmt.Errorf("%w: its manifest is no JSON: %w", ErrArtifact, err)
	}
	if m.ArtifactType != ArtifactType {
		return layers{}, fmt.Errorf("%w: it is of type %q, not %s; name an artefact that `sothebais publish` has pushed", ErrArtifact, m.ArtifactType, ArtifactType)
	}
	out := layers{annotations: m.Annotations}
	for _, l := range m.Layers {
		to, most := &out.pkg, limit.Package
		switch l.MediaType {
		case PackageType:
		case SignatureType:
			to, most = &out.signature, limit.Signature
		default:
			continue // of a later version
		}
		switch {
		case to.Size > 0:
			return layers{}, fmt.Errorf("%w: it has two layers of type %s", ErrArtifact, l.MediaType)
		case l.Size <= 0 || l.Size > most:
			return layers{}, fmt.Errorf("%w: its layer of type %s has %d bytes; 1 to %d are allowed", ErrArtifact, l.MediaType, l.Size, most)
		case l.Digest.Validate() != nil:
			return layers{}, fmt.Errorf("%w: its layer of type %s has no proper digest", ErrArtifact, l.MediaType)
		}
		*to = l
	}
	if out.pkg.Size == 0 {
		return layers{}, fmt.Errorf("%w: it has no layer of type %s", ErrArtifact, PackageType)
	}
	return out, nil
}

// failed says what went wrong in words that help.
func (r *Repository) failed(doing string, err error) error {
	var answer *errcode.ErrorResponse
	switch ref := r.remote.Reference; {
	case errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden):
		return fmt.Errorf("%w: %s %s: %w; log in first (docker, podman and oras keep the password where it is looked for)", ErrDenied, doing, ref, err)
	case errors.Is(err, errdef.ErrNotFound):
		return fmt.Errorf("%w: %s has no %s", ErrUnreachable, ref.Host()+"/"+ref.Repository, r.tag)
	case errors.Is(err, errdef.ErrSizeExceedsLimit), errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrTrailingData):
		return fmt.Errorf("%w: %s %s: %w", ErrArtifact, doing, ref, err)
	default:
		return fmt.Errorf("%w: %s %s: %w", ErrUnreachable, doing, ref, err)
	}
}
