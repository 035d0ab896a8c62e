package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set at link time; a plain `go build` says devel.
var version = "devel"

type versionCmd struct {
	JSON bool `help:"Print one JSON object."`
}

// Run prints what this binary is.
func (c *versionCmd) Run(t *talk) error {
	if c.JSON {
		return json.NewEncoder(t.out).Encode(map[string]string{"version": version, "revision": revision(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
	}
	_, err := fmt.Fprintf(t.out, "sothebais %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// revision is the commit that the build recorded, if it did.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
