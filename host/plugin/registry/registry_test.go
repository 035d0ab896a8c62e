package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	server "github.com/google/go-containerregistry/pkg/registry"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registryAt runs a registry; wrap may stand between it and those who ask. It gives host:port.
func registryAt(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // not the passwords of who runs the tests
	h := server.New(server.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		h = wrap(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return strings.TrimPrefix(s.URL, "http://")
}

func open(t *testing.T, address string) *Repository {
	t.Helper()
	r, err := Open(address)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func artifact(text string) Artifact {
	return Artifact{Package: []byte(text), Signature: []byte("by ann"), Annotations: map[string]string{AnnotationID: "moth", AnnotationVersion: "1.2.0"}}
}

var limits = Limits{Package: 100, Signature: 10}

func TestRoundTrip(t *testing.T) {
	at := "oci:" + registryAt(t, nil) + "/ann/moth:1.2.0"
	digest, err := open(t, at).Push(t.Context(), artifact("the package"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := open(t, at).Push(t.Context(), artifact("the package")); err != nil || again != digest {
		t.Errorf("pushed again it is %s, %v; want the same, %s", again, err, digest)
	}
	for _, address := range []string{at, strings.Replace(at, ":1.2.0", "@"+digest, 1)} {
		got, d, err := open(t, address).Pull(t.Context(), limits)
		if err != nil || d != digest || string(got.Package) != "the package" || string(got.Signature) != "by ann" || got.Annotations[AnnotationID] != "moth" {
			t.Errorf("%s: got %+v, %s, %v", address, got, d, err)
		}
	}
}

func TestWithoutSignature(t *testing.T) {
	at := "oci://" + registryAt(t, nil) + "/moth:1"
	if _, err := open(t, at).Push(t.Context(), Artifact{Package: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if got, _, err := open(t, at).Pull(t.Context(), limits); err != nil || len(got.Signature) != 0 || string(got.Package) != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTagOfAVersionDoesNotMove(t *testing.T) {
	host := registryAt(t, nil)
	for _, tag := range []string{"1.2.0", "latest"} {
		if _, err := open(t, host+"/moth:"+tag).Push(t.Context(), artifact("first")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := open(t, host+"/moth:1.2.0").Push(t.Context(), artifact("second")); !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "raise it") {
		t.Errorf("error %v", err)
	}
	if _, err := open(t, host+"/moth:latest").Push(t.Context(), artifact("second")); err != nil {
		t.Error(err)
	}
	for tag, want := range map[string]string{"1.2.0": "first", "latest": "second"} {
		if got, _, err := open(t, host+"/moth:"+tag).Pull(t.Context(), limits); err != nil || string(got.Package) != want {
			t.Errorf("%s is %q, %v", tag, got.Package, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	for address, plain := range map[string]bool{
		"oci:ghcr.io/ann/moth:1.2.0": false, "oci:localhost:5000/m:1": true, "127.0.0.1:5000/m:1": true, "oci:[::1]:5000/m:1": true,
		"oci:localhost.example.com/m:1": false, "oci:10.0.0.1/m:1": false,
	} {
		if r, err := Open(address); err != nil || r.remote.PlainHTTP != plain {
			t.Errorf("%s: %+v, %v; want plain %t", address, r, err, plain)
		}
	}
	for _, address := range []string{"", "oci:", "oci:moth", "oci:ghcr.io/ann/moth", "oci:ghcr.io/Ann:1", "oci:ghcr.io/ann:a b"} {
		if _, err := Open(address); !errors.Is(err, ErrReference) || !strings.Contains(err.Error(), "such as oci:ghcr.io/ann/moth:1.2.0") {
			t.Errorf("%q: error %v", address, err)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	host := registryAt(t, nil)
	if _, _, err := open(t, host+"/moth:9").Pull(t.Context(), limits); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "/moth has no 9") {
		t.Errorf("a tag that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := open(t, host+"/moth:9").Pull(ctx, limits); !errors.Is(err, ErrUnreachable) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDenied(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		host := registryAt(t, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		})
		if _, err := open(t, host+"/moth:1").Push(t.Context(), artifact("x")); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "log in first") {
			t.Errorf("%d on push: %v", code, err)
		}
		if _, _, err := open(t, host+"/moth:1").Pull(t.Context(), limits); !errors.Is(err, ErrDenied) {
			t.Errorf("%d on pull: %v", code, err)
		}
	}
}

// lying is a registry that gives other bytes for the package than those that were pushed.
type lying struct {
	http.Handler
	digest string
	bytes  []byte
}

func (l lying) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, l.digest) && r.Method == http.MethodGet {
		_, _ = w.Write(l.bytes)
		return
	}
	l.Handler.ServeHTTP(w, r)
}

func TestRegistryThatLies(t *testing.T) {
	digest := sha256.Sum256([]byte("the package"))
	for _, lie := range []string{"the Package", "the packag", "the package and more", ""} {
		host := registryAt(t, func(h http.Handler) http.Handler {
			return lying{h, "/blobs/sha256:" + hex.EncodeToString(digest[:]), []byte(lie)}
		})
		if _, err := open(t, host+"/moth:1").Push(t.Context(), artifact("the package")); err != nil {
			t.Fatal(err)
		}
		if got, _, err := open(t, host+"/moth:1").Pull(t.Context(), limits); err == nil {
			t.Errorf("took %q for the package", got.Package)
		}
	}
}

func TestLimits(t *testing.T) {
	host := registryAt(t, nil)
	for what, a := range map[string]Artifact{
		PackageType:   {Package: make([]byte, 101)},
		SignatureType: {Package: []byte("x"), Signature: make([]byte, 11)},
	} {
		if _, err := open(t, host+"/m:1").Push(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if _, _, err := open(t, host+"/m:1").Pull(t.Context(), limits); !errors.Is(err, ErrArtifact) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	digest := "sha256:" + strings.Repeat("0", 64)
	layer := `{"mediaType":"` + PackageType + `","size":9,"digest":"` + digest + `"}`
	f.Add([]byte(`{"artifactType":"` + ArtifactType + `","layers":[` + layer + `]}`))
	f.Add([]byte(`{"artifactType":"` + ArtifactType + `","layers":[` + layer + `,` + layer + `]}`))
	f.Add([]byte(`{"artifactType":"` + ArtifactType + `","layers":[` + strings.Replace(layer, "9", "-1", 1) + `]}`))
	f.Add([]byte(`{"artifactType":"application/vnd.oci.image","layers":[]}`))
	f.Add(bytes.Repeat([]byte("["), 1000))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseManifest(b, limits)
		switch {
		case err != nil && !errors.Is(err, ErrArtifact):
			t.Errorf("error %v is of no known kind", err)
		case err == nil && (l.pkg.Size <= 0 || l.pkg.Size > limits.Package || l.signature.Size > limits.Signature || l.pkg.Digest.Validate() != nil):
			t.Errorf("took %+v", l)
		}
	})
}
