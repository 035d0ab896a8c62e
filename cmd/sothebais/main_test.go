package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sothebais/sothebais/host"
)

func TestMain(m *testing.M) {
	if host.IsChild(os.Args) {
		os.Exit(host.Child(os.Args))
	}
	if play := roles[os.Getenv("PLAY_A_ROLE")]; play != nil {
		play()
		return
	}
	testscript.Main(m, map[string]func(){
		"sothebais": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, func() {})) },
	})
}

// TestScripts runs the commands as people do; testdata/script holds a file for each verb. Each script has a home and a
// registry of its own.
func TestScripts(t *testing.T) {
	cache, err := os.UserCacheDir() // scripts have no home; without it each would compile the plugins anew
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, Condition: condition, Setup: func(e *testscript.Env) error {
		s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
		e.Defer(s.Close)
		e.Setenv("REGISTRY", strings.TrimPrefix(s.URL, "http://"))
		e.Setenv("HOME", e.WorkDir)
		e.Setenv("XDG_CACHE_HOME", cache)
		return nil
	}})
}

// condition knows what scripts ask for besides what every script may.
func condition(name string) (bool, error) {
	if name == "race" {
		return underRace, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}
