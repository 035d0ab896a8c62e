package host

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	server "github.com/google/go-containerregistry/pkg/registry"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/fetch"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/registry"
)

// published are the same packages on the web and in a registry of this machine: moth 1.1.0, which ann has signed, and
// moth 1.2.0, which nobody has.
func published(t *testing.T, w workshop, folder string) (web, oci string) {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // not the passwords of who runs the tests
	files := map[string][]byte{}
	reg := httptest.NewServer(server.New(server.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(reg.Close)
	oci = "oci://" + strings.TrimPrefix(reg.URL, "http://") + "/ann/moth:"
	for version, signed := range map[string]bool{"1.1.0": true, "1.2.0": false} {
		file := author(t, folder, "moth", version, signed)
		up := brought(t, file)
		files["/"+filepath.Base(file)] = up.Package
		if signed {
			files["/"+filepath.Base(file)+bundle.SignatureExt] = up.Signature
		}
		r, err := registry.Open(oci + version)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Push(t.Context(), registry.Artifact{Package: up.Package, Signature: up.Signature}); err != nil {
			t.Fatal(err)
		}
	}
	files["/junk.sbx"] = []byte("PK")
	site := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		b, ok := files[r.URL.Path]
		switch {
		case strings.HasPrefix(r.URL.Path, "/moved/"):
			http.Redirect(out, r, strings.TrimPrefix(r.URL.Path, "/moved"), http.StatusFound)
		case r.URL.Path == "/round":
			http.Redirect(out, r, "/round", http.StatusFound)
		case r.URL.Path == "/inside.sbx":
			http.Redirect(out, r, "http://10.0.0.7/moth.sbx", http.StatusFound)
		case r.URL.Path == "/broken.sbx":
			http.Error(out, "no", http.StatusInternalServerError)
		case r.URL.Path == "/huge.sbx":
			out.Header().Set("Content-Length", "99999999999")
		case !ok:
			http.NotFound(out, r)
		default:
			_, _ = out.Write(b)
		}
	}))
	t.Cleanup(site.Close)
	vouched := vouchedFor([]string{strings.TrimPrefix(site.URL, "http://"), strings.ToUpper(strings.TrimPrefix(reg.URL, "http://"))})
	w.h.sources = fetch.New(fetch.Config{Timeout: 20 * time.Second, Vouched: vouched})
	t.Cleanup(w.h.sources.Close)
	return site.URL, oci
}

func TestWorkshopFetchesWhatItInstalls(t *testing.T) {
	w, folder := openWorkshop(t)
	web, oci := published(t, w, folder)
	for _, k := range []struct{ address, signature, source string }{
		{oci + "1.1.0", admin.SignatureTrusted, oci + "1.1.0"},
		{strings.Replace(oci, "//", "", 1) + "1.2.0", admin.SignatureNone, strings.Replace(oci, "//", "", 1) + "1.2.0"},
		{web + "/moth-1.2.0.sbx", admin.SignatureNone, web + "/moth-1.2.0.sbx"},
		{web + "/moved/moth-1.1.0.sbx?token=secret", admin.SignatureTrusted, web + "/moved/moth-1.1.0.sbx"},
	} {
		got, err := w.Fetch(t.Context(), k.address)
		if err != nil || got.Signature != k.signature || got.Source != k.source || len(got.Powers) != 1 {
			t.Errorf("%s: %+v, %v", k.address, got, err)
		}
	}
	got, err := w.Fetch(t.Context(), oci+"1.1.0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Install(t.Context(), got.SHA256, false); err != nil {
		t.Fatal(err)
	}
	if list, err := w.store().List(); err != nil || len(list) != 1 || list[0].Source != oci+"1.1.0" || list[0].Signer == nil {
		t.Errorf("installed %+v", list)
	}
	if _, err := w.Install(t.Context(), got.SHA256, false); !errors.Is(err, admin.ErrUnknown) {
		t.Errorf("taken from the counter twice: %v", err)
	}
}

func TestWhatIsNotFetched(t *testing.T) {
	w, folder := openWorkshop(t)
	web, oci := published(t, w, folder)
	inHouse := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a server in the house was reached") }))
	t.Cleanup(inHouse.Close)
	other := strings.TrimPrefix(inHouse.URL, "http://")
	for address, want := range map[string]struct {
		kind error
		text string
	}{
		inHouse.URL + "/moth.sbx":                  {admin.ErrInvalid, "want https"},
		"https://" + other + "/moth.sbx":           {admin.ErrInvalid, "127.0.0.1 is no public address"},
		"https://localhost:1/moth.sbx":             {admin.ErrInvalid, "is no public address"},
		"oci://" + other + "/ann/moth:1.0.0":       {admin.ErrInvalid, "want https"},
		"oci:10.0.0.7/ann/moth:1.0.0":              {admin.ErrInvalid, "10.0.0.7 is no public address"},
		"https://169.254.169.254/latest/meta-data": {admin.ErrInvalid, "169.254.169.254 is no public address"},
		"https://ann:secret@example.com/moth.sbx":  {admin.ErrInvalid, "name and password"},
		web + "/inside.sbx":                        {admin.ErrInvalid, "want https"},
		web + "/round":                             {admin.ErrInvalid, "more than 3 redirects"},
		web + "/huge.sbx":                          {admin.ErrInvalid, "at most 67108864 are allowed"},
		web + "/junk.sbx":                          {admin.ErrInvalid, "no zip archive"},
		web + "/none.sbx":                          {admin.ErrUnreached, "404"},
		web + "/broken.sbx":                        {admin.ErrUnreached, "500"},
		oci + "9.9.9":                              {admin.ErrUnreached, "ann/moth has no 9.9.9"},
		"oci:moth":                                 {admin.ErrInvalid, "such as oci:ghcr.io/ann/moth:1.2.0"},
		"file:///etc/passwd":                       {admin.ErrInvalid, "write https://host/path.sbx"},
		"/etc/passwd":                              {admin.ErrInvalid, "write https://host/path.sbx"},
		"moth":                                     {admin.ErrInvalid, "or oci:host/path:version"},
	} {
		if _, err := w.Fetch(t.Context(), address); !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.text) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; want %q", address, err, want.text)
		}
	}
	w.h.fetching.Lock()
	if _, err := w.Fetch(t.Context(), oci+"1.1.0"); !errors.Is(err, admin.ErrRefused) || !strings.Contains(err.Error(), "another package") {
		t.Errorf("two at a time: %v", err)
	}
}

// TestFetchForThePersonHere goes to files, registries and servers of this machine.
func TestFetchForThePersonHere(t *testing.T) {
	w, folder := openWorkshop(t)
	web, oci := published(t, w, folder)
	for _, source := range []string{filepath.Join(folder, "moth-1.1.0.sbx"), "file:" + filepath.Join(folder, "moth-1.1.0.sbx"), web + "/moth-1.1.0.sbx", oci + "1.1.0"} {
		p, signature, err := FetchPackage(t.Context(), source)
		if err != nil || p.Version != "1.1.0" || len(signature) == 0 {
			t.Errorf("%s: %+v, %v", source, p, err)
		}
	}
	if _, _, err := FetchPackage(t.Context(), "none.sbx"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "on the web https://host/path") {
		t.Error(err)
	}
	for source, kind := range map[string]error{web + "/none.sbx": ErrUnavailable, web + "/huge.sbx": ErrBadInput, "ftp://example.com/x": ErrAddress} {
		if _, _, err := FetchPackage(t.Context(), source); !errors.Is(err, kind) {
			t.Errorf("%s: %v; want %v", source, err, kind)
		}
	}
}

func TestSources(t *testing.T) {
	for host, good := range map[string]bool{"registry.lan:5000": true, "localhost": true, "[::1]:5000": true, "10.0.0.7": true,
		"": false, ":5000": false, "https://registry.lan": false, "registry.lan/ann": false, "ann@registry.lan": false, "a b": false} {
		if err := CheckSource(host); (err == nil) != good {
			t.Errorf("%q: %v", host, err)
		}
	}
	for address, want := range map[string]string{"https://ann:pw@example.com/moth.sbx?token=x#y": "https://example.com/moth.sbx", "oci:ghcr.io/ann/moth:1.2.0": "oci:ghcr.io/ann/moth:1.2.0"} {
		if got := plainAddress(address); got != want {
			t.Errorf("%s is written down as %s", address, got)
		}
	}
}
