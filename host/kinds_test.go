package host

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// refuses: what a show answers to what cannot be names its kind once, at its beginning, and is of that kind here, too,
// which the exit code of a command goes by.
func (s *liveShow) refuses(t *testing.T) {
	_, authors := withStore(t)
	unsigned := author(t, authors, "moth", "1.0.0", false)
	strangers := author(t, authors, "moth", "2.0.0", true) // this show trusts nobody
	altered := author(t, authors, "moth", "3.0.0", true)
	put(t, altered, "PK")
	broken := filepath.Join(t.TempDir(), "broken")
	put(t, filepath.Join(broken, "plugin.yaml"), strings.Replace(parrotManifest, "kind:", "kin:", 1))
	hollow := filepath.Join(t.TempDir(), "hollow")
	put(t, filepath.Join(hollow, "plugin.yaml"), parrotManifest)
	swap := func(name string) func() error {
		return func() error { _, err := s.Swap(t.Context(), name); return err }
	}
	shadow := func(name string) func() error {
		return func() error { _, err := s.Remote.Shadow(t.Context(), name); return err }
	}
	for name, c := range map[string]struct {
		do   func() error
		kind error
		want string // behind the kind
	}{
		"nobody":                    {swap("nobody"), ErrBadInput, `there is no plugin "nobody"; there are: `},
		"nearly one":                {swap("dusty-gavle"), ErrBadInput, `there is no plugin "dusty-gavle" (did you mean "dusty-gavel"?); there are: `},
		"shadow of nobody":          {shadow("nobody"), ErrBadInput, `there is no plugin "nobody"; there are: `},
		"no file":                   {swap(unsigned + ".gone.sbx"), ErrBadInput, "stat " + unsigned},
		"a folder that is a file":   {swap(filepath.Join(broken, "plugin.yaml")), ErrBadInput, broken},
		"a folder without a plugin": {swap(authors), ErrBadInput, authors + " holds no plugin.yaml"},
		"a manifest that is wrong":  {swap(broken), ErrBadInput, "bad manifest: plugin.yaml:4: "},
		"a module that is missing":  {shadow(hollow), ErrBadInput, "load plugin parrot 1.0.0: "},
		"unsigned":                  {swap(unsigned), ErrDenied, "unsigned package: "},
		"unsigned, in shadow":       {shadow(unsigned), ErrDenied, "unsigned package: "},
		"signed by a stranger":      {swap(strangers), ErrDenied, "signer is not trusted: "},
		"no package":                {swap(altered), ErrBadInput, altered + ": not a package that can be used: "},
		"no shadow":                 {func() error { _, err := s.DropShadow(t.Context(), slotSceneRules); return err }, ErrNotNow, "nothing is in shadow of slot scene-rules"},
		"nothing to go back to":     {func() error { _, err := s.Remote.RollBack(t.Context(), slotSceneRules); return err }, ErrNotNow, "slot scene-rules has nothing to go back to"},
		"no slot":                   {func() error { _, err := s.Remote.RollBack(t.Context(), "attic"); return err }, ErrBadInput, "validation failed: path.slot: expected value to be one of "},
		"no plugin to show":         {func() error { _, err := s.Plugin(t.Context(), "nobody", ""); return err }, ErrBadInput, `there is no plugin "nobody"`},
		"no plugin to hear":         {func() error { _, err := s.PluginLogs(t.Context(), "nobody", 3); return err }, ErrBadInput, `there is no plugin "nobody"`},
		"no power":                  {func() error { _, err := s.Revoke(t.Context(), "overlay", "reply"); return err }, ErrBadInput, "overlay does not ask for reply; it asks for text"},
		"nearly a power":            {func() error { _, err := s.Revoke(t.Context(), "overlay", "txet"); return err }, ErrBadInput, `overlay does not ask for txet (did you mean "text"?); it asks for text`},
	} {
		err := c.do()
		if !errors.Is(err, c.kind) || !strings.HasPrefix(Explain(err), c.kind.Error()+": "+c.want) {
			t.Errorf("%s: %v; want %v: %s", name, Explain(err), c.kind, c.want)
			continue
		}
		behind := err.Error()
		for _, kind := range []string{"cannot be used:", "unknown:", "not valid:", "not now:", "not permitted:", "not available:"} {
			if strings.Contains(behind, kind) {
				t.Errorf("%s: %v names a kind twice", name, err)
			}
		}
	}
}

// TestExplain names the outermost kind, once, and leaves the text alone, even where it reads like a kind.
func TestExplain(t *testing.T) {
	inner := failf(ErrUnavailable, "plugin %s", "not now: an odd name")
	for _, c := range []struct {
		err  error
		want string
		kind error
	}{
		{errors.New("plain"), "plain", nil},
		{inner, "not available: plugin not now: an odd name", ErrUnavailable},
		{ofKind(ErrBadInput, inner), "cannot be used: plugin not now: an odd name", ErrBadInput},
		{failf(ErrBadInput, "show: %w", inner), "cannot be used: show: plugin not now: an odd name", ErrUnavailable},
		{fmt.Errorf("look at it: %w", inner), "not available: look at it: plugin not now: an odd name", ErrUnavailable},
		{errors.Join(errors.New("a"), inner), "not available: a\nplugin not now: an odd name", ErrUnavailable},
	} {
		if got := Explain(c.err); got != c.want || c.kind != nil && !errors.Is(c.err, c.kind) {
			t.Errorf("%q, want %q of kind %v", got, c.want, c.kind)
		}
	}
}
