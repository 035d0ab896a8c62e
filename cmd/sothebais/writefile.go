package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sothebais/sothebais/host"
)

// filed is a kind of file that we write.
type filed struct {
	name   string // as people call it
	begins string // what each of them begins with
}

var (
	filedPackage   = filed{"package", "PK\x03\x04"}
	filedSignature = filed{"signature", "untrusted comment:"}
	filedRecording = filed{"recording", host.RecordingMagic}
)

// replace writes a file whole or not at all. An older one of its kind is replaced; what else has that name stays. A device
// or a pipe gets what is written, and stays what it is.
func (k filed) replace(name string, write func(io.Writer) error) error {
	if to, err := filepath.EvalSymlinks(name); err == nil {
		name = to // else the link would be replaced
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return &exitError{exitData, fmt.Errorf("%s is a folder; name a file in it", name)}
	case err == nil && !info.Mode().IsRegular():
		return pour(name, write)
	case err == nil && info.Size() > 0 && !k.at(name):
		return &exitError{exitData, fmt.Errorf("%s is there and is no %s; name another file, or move it away", name, k.name)}
	}
	return swapIn(name, write)
}

// at says whether a file is one of the kind.
func (k filed) at(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, len(k.begins))
	_, err = io.ReadFull(f, b)
	return err == nil && string(b) == k.begins
}

// pour writes to what is no file.
func pour(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// swapIn writes beside the name, and gives that name when all is written.
func swapIn(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".part-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // less what the user's mask takes
	if err != nil {
		return aboutName(name, err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return aboutName(name, err)
	}
	return os.Rename(f.Name(), name)
}

// aboutName tells an error about the file beside as one about the file that is wanted.
func aboutName(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return &exitError{exitData, fmt.Errorf("there is no folder %s to write %s into; make it first", filepath.Dir(name), filepath.Base(name))}
	}
	if p := new(fs.PathError); errors.As(err, &p) {
		return &fs.PathError{Op: "write", Path: name, Err: p.Err}
	}
	return err
}

// these gives a function that writes some bytes.
func these(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(b))
		return err
	}
}
