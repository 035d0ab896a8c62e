package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"
)

// keptModules is for how many modules compiled code is kept; that of a Go guest has ten megabytes.
const keptModules = 32

// mark notes in the folder of a module that a child has validated it: that takes as long as all the rest of loading one
// whose compiled code is there. Who could write there could spoil that code as well.
func mark(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, markName()), nil, 0o600); err != nil {
		return fmt.Errorf("note that a plugin is valid: %w", err)
	}
	return nil
}

// validated reports whether mark was there.
func validated(dir string) bool {
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, markName()))
	return err == nil
}

// markName has the version of who validates, which may find more one day.
func markName() string {
	const by = "github.com/tetratelabs/wazero"
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, d := range info.Deps {
			if d.Path == by {
				return "valid-" + d.Version
			}
		}
	}
	return "valid"
}

// prune drops the compiled code of modules that were not used for longest.
func prune(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	used := map[string]time.Time{}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || len(e.Name()) != 64 {
			continue // not ours
		}
		used[e.Name()] = info.ModTime()
		names = append(names, e.Name())
	}
	slices.SortFunc(names, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, name := range names[min(len(names), keptModules):] {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return err
}
