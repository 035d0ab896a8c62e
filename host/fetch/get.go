package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Errors of Get.
var (
	// ErrMissing says that a server has nothing at an address, or shows it to nobody.
	ErrMissing = errors.New("there is nothing")
	// ErrUnreached says that no answer came, or none that helps.
	ErrUnreached = errors.New("cannot be reached")
)

// Get fetches a file of at most so many bytes.
func (c *Client) Get(ctx context.Context, address string, most int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL {
		return nil, fmt.Errorf("%w: the address cannot be read; write https://host/path, in at most %d bytes", ErrRefused, maxURL)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	req.Header.Set("User-Agent", "sothebais/1")
	client := http.Client{Transport: c.Transport(), CheckRedirect: FewRedirects}
	resp, err := client.Do(req)
	if err != nil {
		return nil, unreached(u, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden, http.StatusUnauthorized:
		return nil, fmt.Errorf("%w at %s: %s answers %s", ErrMissing, u.Redacted(), resp.Request.URL.Host, resp.Status)
	default:
		return nil, fmt.Errorf("%w: %s answers %s to %s", ErrUnreached, resp.Request.URL.Host, resp.Status, u.Redacted())
	}
	if resp.ContentLength > most {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", ErrRefused, u.Redacted(), resp.ContentLength, most)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, unreached(u, err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%w: %s has more than the %d bytes that are allowed", ErrRefused, u.Redacted(), most)
	}
	return b, nil
}

// FewRedirects is what a client that uses Transport goes by.
func FewRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("%w: more than %d redirects", ErrRefused, maxRedirects)
	}
	return nil
}

func unreached(u *url.URL, err error) error {
	err = reason(err)
	if errors.Is(err, ErrRefused) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnreached, u.Host, err)
}

// Transport carries requests of the program itself, such as those to a registry, under the guard of Get.
func (c *Client) Transport() http.RoundTripper { return guarded{c} }

type guarded struct{ *Client }

// RoundTrip looks at the address of each request, of which a redirect is one.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	switch u := r.URL; {
	case u.Scheme != "https" && (u.Scheme != "http" || !g.plain(u)):
		return nil, fmt.Errorf("%w: scheme %.20q of %.100s; want https", ErrRefused, u.Scheme, u.Host)
	case u.User != nil:
		return nil, fmt.Errorf("%w: the address holds a name and password", ErrRefused)
	}
	return g.pipes.RoundTrip(r)
}

// plain says whether a host may be spoken to without TLS.
func (c *Client) plain(u *url.URL) bool {
	return c.cfg.Inside != nil || c.vouched(u.Host) && thisMachine(u.Hostname())
}

func (c *Client) vouched(host string) bool {
	return c.cfg.Vouched != nil && c.cfg.Vouched(strings.ToLower(host))
}

// thisMachine says whether a host is this one by its name already.
func thisMachine(name string) bool {
	if name == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(name)
	return err == nil && a.IsLoopback()
}

// dial connects to where somebody vouches for without a look.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && (c.vouched(address) || (port == "443" || port == "80") && c.vouched(bracketed(host))) {
		free := net.Dialer{Timeout: c.dialer.Timeout}
		return free.DialContext(ctx, network, address)
	}
	return c.dialer.DialContext(ctx, network, address)
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
