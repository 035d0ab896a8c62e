package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// shared is what tests render once; it lies beside the tests' own folders, which go when each of them ends.
var shared string

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if shared != "" {
			os.RemoveAll(shared)
		}
		os.Exit(code)
	}))
}

// renderedFox is a folder with one rendered character: a copy of dusty that is called fox.
var renderedFox = sync.OnceValues(func() (string, error) {
	var err error
	if shared, err = os.MkdirTemp("", "art-test-"); err != nil {
		return "", err
	}
	src, out := filepath.Join(shared, "fox"), filepath.Join(shared, "out")
	if err := os.CopyFS(src, os.DirFS(characters[0])); err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"-out", out, src}, &stdout, &stderr); code != 0 {
		return "", errors.New(stderr.String())
	}
	return out, nil
})

// fox is a fresh source to spoil and a fresh folder in which all of it is rendered already.
func fox(t *testing.T) (src, out string) {
	t.Helper()
	needRenderer(t)
	rendered, err := renderedFox()
	if err != nil {
		t.Fatal(err)
	}
	src, out = filepath.Join(t.TempDir(), "fox"), t.TempDir()
	if err := os.CopyFS(src, os.DirFS(characters[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(out, os.DirFS(rendered)); err != nil {
		t.Fatal(err)
	}
	return src, out
}
