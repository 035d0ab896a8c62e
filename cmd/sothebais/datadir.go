package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/sothebais/sothebais/host"
)

// dataDirOf is the data directory that a command goes by, "" if it goes by none.
func dataDirOf(k *kong.Context) string {
	for _, f := range k.Flags() {
		if f.Name == "data-dir" {
			return f.Target.String()
		}
	}
	return ""
}

// withDataDir runs the command, which may go by a data directory; an error about that says what to do about it.
func withDataDir(k *kong.Context, run func() error) error {
	dir := dataDirOf(k)
	if dir == "" {
		return run()
	}
	if err := host.CheckDataDir(dir); err != nil && k.Command() != "doctor" { // which tells it with all the rest
		return err
	}
	return forDataDir(run(), dir)
}

// forDataDir adds the remedy to an error about a file of the data directory that the system does not let us have.
func forDataDir(err error, dir string) error {
	path := pathOf(err)
	if path == "" || !within(path, dir) && !within(dir, path) {
		return err
	}
	const other = "or name another data directory with --data-dir"
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &exitError{exitPermission, fmt.Errorf("%w; let this user have it, run this as the user whose show it is, %s", err, other)}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w; make room there, %s", err, other)
	case errors.Is(err, syscall.ENOTDIR):
		return &exitError{exitData, fmt.Errorf("%w; it is to be a folder: move the file that is there away, %s", err, other)}
	}
	return err
}

// pathOf is the file that an error is about, "" if that cannot be told.
func pathOf(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Path
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.New
	}
	return ""
}

// within says whether a path is a folder or lies in it.
func within(path, folder string) bool {
	path, err := filepath.Abs(path)
	folder, err2 := filepath.Abs(folder)
	if err != nil || err2 != nil {
		return false
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
