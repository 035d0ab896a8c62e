package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// vouching is a client for which somebody vouches for the hosts, and that trusts the certificate of a server.
func vouching(t *testing.T, s *httptest.Server, hosts ...string) *Client {
	t.Helper()
	c := client(t, Config{Timeout: 5 * time.Second, Vouched: func(h string) bool { return slices.Contains(hosts, h) }})
	if cert := s.Certificate(); cert != nil {
		c.pipes.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		c.pipes.TLSClientConfig.RootCAs.AddCert(cert)
	}
	return c
}

func TestGet(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/flood": // says no length
			for range 200 {
				_, _ = w.Write(make([]byte, 100))
				w.(http.Flusher).Flush()
			}
		case "/cut":
			w.Header().Set("Content-Length", "50")
			_, _ = w.Write([]byte("short"))
		case "/inside":
			http.Redirect(w, r, "https://127.0.0.2:1/", http.StatusFound)
		case "/none":
			http.NotFound(w, r)
		default:
			_, _ = w.Write([]byte("bytes \xff"))
		}
	})
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "https://")
	c := vouching(t, s, host)
	if b, err := c.Get(t.Context(), s.URL+"/?a=b", 7); err != nil || string(b) != "bytes \xff" {
		t.Errorf("%q, %v", b, err)
	}
	for path, want := range map[string]struct {
		kind error
		text string
	}{
		"/flood": {ErrRefused, "more than the 1000 bytes"}, "/cut": {ErrUnreached, "EOF"}, "/none": {ErrMissing, "404"},
		"/inside": {ErrRefused, "127.0.0.2 is no public address"},
	} {
		if _, err := c.Get(t.Context(), s.URL+path, 1000); !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v; want %v with %q", path, err, want.kind, want.text)
		}
	}
	if _, err := vouching(t, s, "example.com").Get(t.Context(), s.URL+"/", 7); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "no public address") {
		t.Errorf("a host for which nobody vouches: %v", err)
	}
	if _, err := client(t, Config{Vouched: func(string) bool { return true }}).Get(t.Context(), s.URL+"/", 7); !errors.Is(err, ErrUnreached) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody: %v", err)
	}
}

// TestPlainHTTP is for this machine only, by its name: what a name turns out to be is too late to know.
func TestPlainHTTP(t *testing.T) {
	base, host := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("here")) })
	c := client(t, Config{Timeout: 5 * time.Second, Vouched: func(h string) bool { return h == host || h == "registry.lan" }})
	if b, err := c.Get(t.Context(), base, 7); err != nil || string(b) != "here" {
		t.Errorf("%q, %v", b, err)
	}
	for _, address := range []string{"http://registry.lan/x", "http://example.com/x", strings.Replace(base, "127.0.0.1", "localhost", 1), "file:///etc/passwd", "https://a:b@registry.lan/"} {
		if _, err := c.Get(t.Context(), address, 7); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
