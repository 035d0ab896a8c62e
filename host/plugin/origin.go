package plugin

import "io/fs"

// originOf says where the files of a plugin come from, when they know: shipped, dev, or who has signed them.
func originOf(files fs.FS) string {
	if o, ok := files.(interface{ Origin() string }); ok {
		return o.Origin()
	}
	return ""
}
