package host

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/shipped"
)

// SDKs are the sources of the SDKs, a folder for each, for whoever begins a plugin.
func SDKs() fs.FS { return sub(shipped.FS(), "sdk") }

// Ships reports whether the program brings a plugin of that id along.
func Ships(id string) bool {
	_, err := fs.Stat(shipped.FS(), "plugins/"+id+"/plugin.yaml")
	return err == nil
}

// PluginNames lists the plugins that have a name on a data directory, whether a show runs there or not.
func PluginNames(dataDir string) []string {
	return catalogueOf(shipped.FS(), dataDir).ids()
}

func catalogueOf(assets fs.FS, dataDir string) *catalogue {
	return &catalogue{shipped: sub(assets, "plugins"), own: filepath.Join(dataDir, "plugins"), store: bundle.StoreOf(dataDir)}
}

// sourced is a plugin of which is known where it comes from; whoever loads it writes that down.
type sourced struct {
	fs.FS
	origin string
}

// Origin says where the plugin comes from: shipped, dev (a folder of this machine), or who has signed it.
func (s sourced) Origin() string { return s.origin }

// Stat looks without opening, where the tree can.
func (s sourced) Stat(name string) (fs.FileInfo, error) { return fs.Stat(s.FS, name) }

// Origins that are no signature.
const (
	originShipped = "shipped"
	originDev     = "dev"
)

// packageFile opens a package by its path. One that nobody trusted has signed is refused; to allow it is to install it,
// which writes down that it was allowed.
func (c *catalogue) packageFile(name string) (fs.FS, error) {
	p, err := bundle.ReadFile(name)
	if err != nil {
		return nil, ofKind(ErrBadInput, err)
	}
	signature, err := bundle.ReadSignature(name)
	if err != nil {
		return nil, ofKind(ErrBadInput, err)
	}
	standing, err := c.store.Admit(p, signature, false)
	if err != nil {
		return nil, failf(ErrBadInput, "%w (or, if you know what it does: sothebais install --allow-unsigned %s)", err, name)
	}
	return sourced{p.FS(), standing.String()}, nil
}

// installed opens an installed package by id, which means its newest version, or id@version.
func (c *catalogue) installed(name string) (fs.FS, error) {
	id, version, err := c.store.Resolve(name)
	if err != nil {
		return nil, ofKind(ErrBadInput, err)
	}
	p, standing, err := c.store.Open(id, version)
	if err != nil {
		return nil, ofKind(ErrBadInput, err)
	}
	return sourced{p.FS(), standing.String()}, nil
}

// installedNames are the names of installed packages that mean something else than the names without a version do.
func (c *catalogue) installedNames(taken []string) []string {
	var out []string
	for _, id := range c.store.IDs() {
		versions := c.store.Versions(id)
		if !slices.Contains(taken, id) {
			out, versions = append(out, id), versions[1:]
		}
		for _, v := range versions {
			out = append(out, id+"@"+v)
		}
	}
	return out
}

// isPackage says whether a path is meant for a package rather than for a folder.
func isPackage(name string) bool { return strings.HasSuffix(name, bundle.Ext) }

// isInstalled reports whether a name stands for an installed package.
func (c *catalogue) isInstalled(name string) bool {
	if strings.ContainsRune(name, filepath.Separator) || slices.Contains(c.folders(), name) {
		return false
	}
	id, _, _ := strings.Cut(name, "@")
	return len(c.store.Versions(id)) > 0
}
