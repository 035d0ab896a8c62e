package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzArtwork: whatever the path, nothing but a picture from the tree of artwork is served, and no answer is a fault of ours.
func FuzzArtwork(f *testing.F) {
	for _, path := range []string{"a.png", "deep/b.svg", "../config.go", "secret.txt", "%2e%2e/%2e%2e/etc/passwd", "a.png/", "//a.png", "a.PNG", "\x00.png", "deep"} {
		f.Add(path)
	}
	files := fstest.MapFS{"a.png": {Data: []byte("picture")}, "deep/b.svg": {Data: []byte("picture")}, "secret.txt": {Data: []byte("secret")}}
	s, err := New(f.Context(), Config{Password: "x", Artwork: files})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequest(http.MethodGet, "/art/x", nil)
		r.URL.Path = "/art/" + path
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 500 || w.Code == 200 && w.Body.String() != "picture" || strings.Contains(w.Body.String(), "secret\n") {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	})
}

// FuzzAccepts: a coding is taken only where it is named.
func FuzzAccepts(f *testing.F) {
	for _, head := range []string{"br", "gzip, br;q=0", "BR ; q=1", ",,;", "*", "br;q=0.0", "xbr"} {
		f.Add(head)
	}
	f.Fuzz(func(t *testing.T, head string) {
		r := &http.Request{Header: http.Header{"Accept-Encoding": {head}}}
		if accepts(r, "br") && !strings.Contains(strings.ToLower(head), "br") {
			t.Errorf("%q is taken to accept br", head)
		}
	})
}

// FuzzFilter: no pattern that a page sends may panic, and a name alone passes only itself.
func FuzzFilter(f *testing.F) {
	f.Add("bid.*", "bid.accepted")
	f.Add("[", "x")
	f.Add("lot.opened", "lot.opened")
	f.Fuzz(func(t *testing.T, pattern, topic string) {
		passes := newFilter([]string{pattern}).passes(topic)
		if passes && pattern != topic && !strings.ContainsAny(pattern, `*?[\`) {
			t.Errorf("%q passes %q", topic, pattern)
		}
	})
}
