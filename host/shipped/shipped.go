// Package shipped embeds what the program brings along: plugins, characters, scenes, artworks and the voice.
//
// `make assets` builds them into dist/. A program built without them still
// starts, and says what is missing the moment it is needed.
package shipped

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrMissing says that the program was built without its assets.
var ErrMissing = errors.New("this program was built without its assets; build it with: make build")

// FS is the tree of assets: plugins/<id>, interpreter.wasm, js-engine.wasm, characters/<id>, scenes with art and artworks, voice.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is embedded by the line above
	}
	return sub
}

// Check reports the first part of the assets that is not there.
func Check(assets fs.FS) error {
	for _, name := range []string{"interpreter.wasm", "js-engine.wasm", "plugins", "characters", "scenes", "scenes/art", "scenes/artworks", "voice"} {
		if _, err := fs.Stat(assets, name); err != nil {
			return fmt.Errorf("%s: %w", name, ErrMissing)
		}
	}
	return nil
}
