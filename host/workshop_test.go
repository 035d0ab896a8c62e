package host

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/shipped"
)

// openWorkshop is a control room's workshop on a data directory that trusts ann, whose key lies in the folder.
func openWorkshop(t *testing.T) (workshop, string) {
	t.Helper()
	c, folder := withStore(t)
	data := filepath.Dir(c.own)
	h := &Host{log: slog.New(slog.DiscardHandler), cfg: Config{DataDir: data}, plugins: plugin.New(plugin.Config{}), catalogue: c}
	h.library = newLibrary(Config{DataDir: data, Assets: shipped.FS()})
	return workshop{h}, folder
}

// brought is a file with its signature as a browser sends them.
func brought(t *testing.T, file string) admin.Upload {
	t.Helper()
	signature, err := bundle.ReadSignature(file)
	if err != nil {
		t.Fatal(err)
	}
	return admin.Upload{Package: read(t, file), Signature: signature}
}

func TestWorkshopLooksBeforeItInstalls(t *testing.T) {
	w, folder := openWorkshop(t)
	signed, unsigned := author(t, folder, "moth", "1.1.0", true), author(t, folder, "moth", "1.2.0", false)
	altered := brought(t, signed)
	altered.Package = read(t, unsigned)
	stranger := t.TempDir()
	if _, err := bundle.NewKey(stranger, "ann", ""); err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		name      string
		up        admin.Upload
		signature string
		refused   string
	}{
		{"signed by ann", brought(t, signed), admin.SignatureTrusted, ""},
		{"unsigned", brought(t, unsigned), admin.SignatureNone, "has no signature"},
		{"signed by a stranger", brought(t, author(t, stranger, "moth", "1.3.0", true)), admin.SignatureUnknown, "not trusted here"},
		{"altered", altered, admin.SignatureAltered, "is not what key"},
	} {
		got, err := w.Inspect(t.Context(), k.up)
		if err != nil || got.Signature != k.signature || !strings.Contains(got.Refused, k.refused) || (got.Refused == "") != (k.refused == "") {
			t.Errorf("%s: %+v, %v", k.name, got, err)
		}
		if len(got.Powers) != 1 || got.Powers[0].Why == "" || got.Kind != "overlay" {
			t.Errorf("%s: asks for %+v", k.name, got.Powers)
		}
		if _, err := w.Install(t.Context(), got.SHA256, false); (err == nil) != (k.refused == "") || err != nil && !errors.Is(err, admin.ErrRefused) {
			t.Errorf("%s: installed without a word: %v", k.name, err)
		}
		if k.refused == "" {
			continue
		}
		if _, err := w.Install(t.Context(), got.SHA256, true); err != nil && k.name != "altered" { // which is unsigned 1.2.0 once more
			t.Errorf("%s: not installed at an admin's word: %v", k.name, err)
		}
	}
	for name, up := range map[string]admin.Upload{"no zip archive": {Package: []byte("PK\x03\x04")}, "no minisign signature": {Package: read(t, signed), Signature: []byte("x")}} {
		if _, err := w.Inspect(t.Context(), up); !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
	got, err := w.Inspect(t.Context(), brought(t, signed))
	if err != nil || !got.There || !slices.Equal(got.Installed, []string{"1.3.0", "1.2.0", "1.1.0"}) {
		t.Errorf("once more: %+v, %v", got, err)
	}
}

func TestWorkshopRemovesWhatIsInstalled(t *testing.T) {
	w, folder := openWorkshop(t)
	for _, v := range []string{"1.0.0", "1.1.0"} {
		seen, err := w.Inspect(t.Context(), brought(t, author(t, folder, "moth", v, true)))
		if err == nil {
			_, err = w.Install(t.Context(), seen.SHA256, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	names := func() (out []string) {
		list, err := wardrobe(w).Plugins(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			if p.Package != "" {
				out = append(out, p.ID+" is "+p.Package)
			}
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{"moth is moth@1.1.0", "moth@1.0.0 is moth@1.0.0"}) {
		t.Errorf("installed: %q", got)
	}
	if err := w.Uninstall(t.Context(), "moth@1.1.0"); err != nil {
		t.Error(err)
	}
	if got := names(); !slices.Equal(got, []string{"moth is moth@1.0.0"}) {
		t.Errorf("left: %q", got)
	}
	for _, name := range []string{"moth@1.1.0", "mine", "../mine"} {
		if err := w.Uninstall(t.Context(), name); !errors.Is(err, admin.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWorkshopBeginsCharacters(t *testing.T) {
	w, _ := openWorkshop(t)
	got, err := w.NewCharacter(t.Context(), admin.NewCharacter{ID: "night-moth", Plays: "mina"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(got.Files, "personality.yaml") || !strings.HasPrefix(got.Command, "sothebais dev "+got.Folder+" --data-dir ") {
		t.Errorf("begun %+v", got)
	}
	if m, err := manifestOf(w.h.catalogue, got.Plugin); err != nil || m.Character != "mina" {
		t.Errorf("found %+v, %v", m, err)
	}
	for id, want := range map[string]string{"night-moth": "there is a plugin", "Night Moth": "lower-case letters", "../moth": "lower-case letters", "overlay": "there is a plugin"} {
		if _, err := w.NewCharacter(t.Context(), admin.NewCharacter{ID: id, Plays: "mina"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := w.NewCharacter(t.Context(), admin.NewCharacter{ID: "day-moth", Plays: "nobody"}); !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), "dusty") {
		t.Errorf("plays nobody: %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.h.catalogue.own, "day-moth")); err == nil {
		t.Error("a refused one was written")
	}
}

func TestShellWords(t *testing.T) {
	for path, want := range map[string]string{"/data/plugins/moth": "/data/plugins/moth", "/my data": "'/my data'", "/it's": `'/it'\''s'`} {
		if got := shellWord(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestAConsentHidesNothing: what cannot be seen, or turns text round, is shown by its number wherever a person reads it.
func TestAConsentHidesNothing(t *testing.T) {
	got := viewConsent(plugin.Consent{Why: "a\u200bb", Cause: "@x\u202e", Content: []plugin.Part{{Name: "text", Text: "yes\x1b[2K"}}, Answers: &post.Post{ID: "7", Root: "7", Handle: "ann", Text: "\u2066?"}})
	if got.Why != "a⟨U+200B⟩b" || got.Cause != "@x⟨U+202E⟩" || got.Content != "yes⟨U+001B⟩[2K" || got.Parts[0].Text != got.Content || got.Answers.Text != "⟨U+2066⟩?" || !got.Answers.Read {
		t.Errorf("%+v", got)
	}
}
