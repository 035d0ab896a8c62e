package fetch

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func loopback(a netip.Addr) bool { return a.IsLoopback() }

func server(t *testing.T, h http.HandlerFunc) (url, host string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, strings.TrimPrefix(s.URL, "http://")
}

func client(t *testing.T, cfg Config) *Client {
	t.Helper()
	c := New(cfg)
	t.Cleanup(c.Close)
	return c
}

func TestAnswers(t *testing.T) {
	base, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = w.Write(make([]byte, 101))
		case "/bytes":
			_, _ = w.Write([]byte("a\xffb"))
		case "/gone":
			http.Error(w, "gone", http.StatusGone)
		case "/slow":
			<-r.Context().Done()
		default:
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = w.Write([]byte(r.Method + " " + r.Header.Get("X-Key") + " " + r.Header.Get("User-Agent")))
		}
	})
	c := client(t, Config{Inside: loopback, Timeout: 500 * time.Millisecond})
	for _, tc := range []struct {
		name string
		r    Request
		want Answer
		err  string
	}{
		{"get", Request{URL: base + "/", Headers: "X-Key: one\n\n"}, Answer{200, "application/json", "GET one sothebais-plugin/1"}, ""},
		{"post", Request{Method: "POST", URL: base + "/", Body: "x"}, Answer{200, "application/json", "POST  sothebais-plugin/1"}, ""},
		{"a status that is no success", Request{URL: base + "/gone"}, Answer{410, "text/plain", "gone\n"}, ""},
		{"no text", Request{URL: base + "/bytes"}, Answer{200, "text/plain", "a�b"}, ""},
		{"too long", Request{URL: base + "/long", Bytes: 100}, Answer{}, "longer than 100 bytes"},
		{"too slow", Request{URL: base + "/slow"}, Answer{}, "no answer in time"},
		{"another method", Request{Method: "DELETE", URL: base + "/"}, Answer{}, "want GET or POST"},
		{"another host", Request{URL: "http://127.0.0.1:1/"}, Answer{}, "not on the list"},
		{"a password", Request{URL: strings.Replace(base, "//", "//a:b@", 1)}, Answer{}, "name and password"},
		{"no URL", Request{URL: "http://[::1"}, Answer{}, "cannot be read"},
		{"a file", Request{URL: "file:///etc/passwd"}, Answer{}, "want https"},
		{"a long URL", Request{URL: base + "/" + strings.Repeat("x", 2048)}, Answer{}, "at most 2048"},
		{"no header", Request{URL: base + "/", Headers: "nonsense"}, Answer{}, "Name: value"},
		{"a header of the connection", Request{URL: base + "/", Headers: "host: example.com"}, Answer{}, "header Host is not for plugins"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.r.Hosts = []string{host}
			got, err := c.Do(t.Context(), tc.r)
			if got != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%+v, %v; want %+v, %q", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	_, elsewhere := server(t, func(http.ResponseWriter, *http.Request) { t.Error("a redirect off the list was followed") })
	var base string
	base, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/off": "http://" + elsewhere + "/", "/on": base + "/end", "/round": base + "/round"}[r.URL.Path]
		if to == "" {
			_, _ = w.Write([]byte("here"))
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	c := client(t, Config{Inside: loopback})
	if got, err := c.Do(t.Context(), Request{URL: base + "/on", Hosts: []string{host}}); err != nil || got.Body != "here" {
		t.Errorf("%+v, %v", got, err)
	}
	for path, want := range map[string]string{"/off": "not on the list", "/round": "more than 3 redirects"} {
		if _, err := c.Do(t.Context(), Request{URL: base + path, Hosts: []string{host}}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}

// TestNamesThatPointInside: a name on the list does not help when it leads into the house, whatever it led to before.
func TestNamesThatPointInside(t *testing.T) {
	base, _ := server(t, func(http.ResponseWriter, *http.Request) { t.Error("a server in the house was reached") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	named := "localhost:" + u.Port()
	c := client(t, Config{Inside: func(netip.Addr) bool { return false }})
	if _, err := c.Do(t.Context(), Request{URL: "http://" + named + "/", Hosts: []string{named}}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "no public address") {
		t.Errorf("error %v", err)
	}
}

func TestPublic(t *testing.T) {
	for a, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true, "8.8.8.8": true,
		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "::": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"fe80::1": false, "fc00::1": false, "fd12::1": false, "100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false, "ff02::1": false, "192.0.2.1": false,
	} {
		if got := public(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s is public: %t", a, got)
		}
	}
	c := New(Config{})
	for _, a := range []string{"[::ffff:127.0.0.1]:443", "[fe80::1%eth0]:443", "nonsense"} {
		if err := c.control("tcp", a, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "https://api.example.com/a?b=c", "Accept: text/plain\nX-A: b")
	f.Add("POST", "https://api.example.com@evil.example/", "Host: evil\r\nX: y")
	f.Add("", "https://api.example.com:443/", "a: b\x00c")
	f.Fuzz(func(t *testing.T, method, address, lines string) {
		c := New(Config{})
		req, err := c.request(t.Context(), Request{Method: method, URL: address, Headers: lines, Hosts: []string{"api.example.com"}})
		if err != nil {
			return
		}
		if !strings.EqualFold(req.URL.Hostname(), "api.example.com") || req.URL.Scheme != "https" || req.Host != req.URL.Host {
			t.Errorf("%s would be sent to %s (%s)", address, req.URL, req.Host)
		}
		for name, values := range req.Header {
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n") {
				t.Errorf("header %q %q", name, values)
			}
		}
	})
}
