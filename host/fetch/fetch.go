// Package fetch sends what plugins ask to be sent, and nowhere else than to where they may; and fetches files for people,
// under the same guard.
//
// A request goes over HTTPS, to an address of the public internet; one of a plugin to a host on its own list. The address
// is looked at when the connection is made, after the name was resolved, so that a name that points into the house, or
// does so the second time it is asked for, leads nowhere. A redirect is a new request, and held against the same rules.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// Bounds of a request.
const (
	maxRedirects = 3
	maxURL       = 2048
	maxHeaders   = 16
	usualBytes   = 8192
)

// ErrRefused says that a request may not be sent; its text says why.
var ErrRefused = errors.New("refused")

// Request is what is to be sent.
type Request struct {
	Method  string // GET when empty, or POST
	URL     string
	Headers string // lines of the form Name: value
	Body    string
	Hosts   []string // that it may reach, each with :port when it is not the usual one
	Bytes   int      // of the answer; what is longer is an error
}

// Answer is what a server said.
type Answer struct {
	Status int
	Type   string // media type
	Body   string // text; what is no UTF-8 is replaced
}

// Config of a Client. The zero value reaches the public internet only.
type Config struct {
	Timeout time.Duration // of a request with all its redirects; 10 s
	// Inside lets requests reach addresses that are not public, over plain HTTP as well; for tests, whose servers are on
	// this machine.
	Inside func(netip.Addr) bool
	// Vouched says for which hosts, each with :port when it is not the usual one, somebody vouches: they may be in the
	// house, and those on this machine are spoken to in plain HTTP. It is for Get and Transport; plugins have no such hosts.
	Vouched func(host string) bool
	// Proxy goes through the proxy that the environment names. For a person at this machine, who vouches for everything:
	// what is looked at would be the proxy's address, and the proxy resolves names itself.
	Proxy bool
}

// Client sends requests.
type Client struct {
	cfg    Config
	dialer *net.Dialer // looks at where it gets to
	pipes  *http.Transport
}

// New makes a client. Close it.
func New(cfg Config) *Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	c := &Client{cfg: cfg}
	c.dialer = &net.Dialer{Timeout: 5 * time.Second, Control: c.control}
	c.pipes = &http.Transport{DialContext: c.dial, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: cfg.Timeout,
		MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 32 << 10, ForceAttemptHTTP2: true}
	if cfg.Proxy {
		c.pipes.Proxy = http.ProxyFromEnvironment
	}
	return c
}

// Close ends connections that wait for another use.
func (c *Client) Close() { c.pipes.CloseIdleConnections() }

// Do sends a request.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := c.request(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	client := http.Client{Transport: c.pipes, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("%w: more than %d redirects", ErrRefused, maxRedirects)
		}
		return c.allowed(next.URL, r.Hosts)
	}}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, reason(err)
	}
	defer resp.Body.Close()
	return read(resp, r.Bytes)
}

// reason leaves out the URL, which the plugin knows.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return fmt.Errorf("no answer in time: %w", u.Err)
		}
		return u.Err
	}
	return err
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	method := r.Method
	switch method {
	case "":
		method = http.MethodGet
	case http.MethodGet, http.MethodPost:
	default:
		return nil, fmt.Errorf("%w: method %.20q; want GET or POST", ErrRefused, r.Method)
	}
	if len(r.URL) > maxURL {
		return nil, fmt.Errorf("%w: URL of %d bytes, at most %d are allowed", ErrRefused, len(r.URL), maxURL)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: URL %.100q cannot be read", ErrRefused, r.URL)
	}
	if err := c.allowed(u, r.Hosts); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	req.Header.Set("User-Agent", "sothebais-plugin/1")
	return req, headers(req.Header, r.Headers)
}

// allowed holds an address against the list.
func (c *Client) allowed(u *url.URL, hosts []string) error {
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || c.cfg.Inside == nil):
		return fmt.Errorf("%w: scheme %.20q; want https", ErrRefused, u.Scheme)
	case u.User != nil:
		return fmt.Errorf("%w: the URL holds a name and password", ErrRefused)
	case !slices.Contains(hosts, strings.ToLower(u.Host)):
		return fmt.Errorf("%w: host %.100q is not on the list of this plugin", ErrRefused, u.Host)
	}
	return nil
}

// headers adds the lines of a plugin. What concerns the connection is not its business.
func headers(to http.Header, lines string) error {
	n := 0
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		if n++; !ok || name == "" || n > maxHeaders || strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("%w: header line %.60q; want at most %d of the form Name: value", ErrRefused, line, maxHeaders)
		}
		switch name {
		case "Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Proxy-Authorization", "Proxy-Connection":
			return fmt.Errorf("%w: header %s is not for plugins to set", ErrRefused, name)
		}
		to.Set(name, strings.TrimSpace(value))
	}
	return nil
}

// control looks at the address that a name turned out to have, right before the connection is made.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: address %s cannot be read", ErrRefused, address)
	}
	a := ap.Addr().Unmap().WithZone("")
	if public(a) || c.cfg.Inside != nil && c.cfg.Inside(a) {
		return nil
	}
	return fmt.Errorf("%w: %s is no public address", ErrRefused, a)
}

// special are ranges that are routed nowhere, or where nobody outside of a house should send anything. What
// netip.Addr knows of itself is not repeated.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address is one of the public internet.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

func read(resp *http.Response, limit int) (Answer, error) {
	if limit <= 0 {
		limit = usualBytes
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	if len(b) > limit {
		return Answer{}, fmt.Errorf("%w: the answer is longer than %d bytes", ErrRefused, limit)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	text := string(b)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "�")
	}
	return Answer{Status: resp.StatusCode, Type: kind, Body: text}, nil
}
