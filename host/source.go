package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/fetch"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/registry"
)

// ErrAddress says that the address of a package is none.
var ErrAddress = errors.New("bad address of a package")

// fetchWait is how long a package may take to come.
const fetchWait = 2 * time.Minute

// FetchPackage brings a package and its signature, if it has one: from a file of this machine, a registry (oci:), or the
// web (https:). It goes wherever its caller says: it is for the person at this machine.
func FetchPackage(ctx context.Context, source string) (*bundle.Package, []byte, error) {
	if strings.HasPrefix(source, registry.Scheme) || strings.Contains(source, "://") {
		web := fetch.New(fetch.Config{Timeout: fetchWait, Vouched: func(string) bool { return true }, Proxy: true})
		defer web.Close()
		return fetchPublished(ctx, web, source)
	}
	file := strings.TrimPrefix(source, "file:")
	p, err := bundle.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; a package in a registry is named oci:host/path:version, one on the web https://host/path", err)
	}
	if err != nil {
		return nil, nil, err
	}
	signature, err := bundle.ReadSignature(file)
	return p, signature, err
}

// fetchPublished brings a package from a registry or the web, as far as the client goes.
func fetchPublished(ctx context.Context, web *fetch.Client, address string) (*bundle.Package, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	var b, signature []byte
	var err error
	if strings.HasPrefix(address, registry.Scheme) {
		b, signature, err = pull(ctx, web, address)
	} else {
		b, signature, err = download(ctx, web, address)
	}
	if err != nil {
		return nil, nil, err
	}
	p, err := bundle.Parse(b)
	return p, signature, err
}

func pull(ctx context.Context, web *fetch.Client, address string) (pkg, signature []byte, err error) {
	r, err := registry.OpenWith(address, &http.Client{Transport: web.Transport(), CheckRedirect: fetch.FewRedirects})
	if err != nil {
		return nil, nil, err
	}
	a, _, err := r.Pull(ctx, registry.Limits{Package: bundle.MaxSize, Signature: bundle.MaxSignature})
	return a.Package, a.Signature, err
}

// download brings the file at an address, and the one beside it that would be its signature.
func download(ctx context.Context, web *fetch.Client, address string) (pkg, signature []byte, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, nil, fmt.Errorf("%w: %.200q; write https://host/path.sbx, or oci:host/path:version for a registry", ErrAddress, address)
	}
	if pkg, err = web.Get(ctx, u.String(), bundle.MaxSize); err != nil {
		return nil, nil, notFetched(err)
	}
	u.Path, u.RawPath = u.Path+bundle.SignatureExt, ""
	signature, err = web.Get(ctx, u.String(), bundle.MaxSignature)
	if errors.Is(err, fetch.ErrMissing) {
		return pkg, nil, nil
	}
	return pkg, signature, notFetched(err)
}

// notFetched says of which kind it is that the web did not give a file.
func notFetched(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fetch.ErrRefused):
		return ofKind(ErrBadInput, err)
	}
	return ofKind(ErrUnavailable, err)
}

// CheckSource reports whether a name for a host that packages may be fetched from is one.
func CheckSource(host string) error {
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" {
		return fmt.Errorf("%q is no host; write its name or address and its port, such as registry.lan:5000", host)
	}
	return nil
}

// vouchedFor says whether a host is on a list of those that may be in the house.
func vouchedFor(list []string) func(host string) bool {
	return func(host string) bool {
		return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, host) })
	}
}

// plainAddress is an address without what may be a secret in it, to be written down.
func plainAddress(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		return u.String()
	}
	return address
}
