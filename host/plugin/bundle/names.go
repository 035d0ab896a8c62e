package bundle

import (
	"errors"
	"io/fs"
	"strings"
)

// names are the files and folders of a package as they come, for what only shows when one sees them all.
type names map[string]string // the name in lower case → the name; that of a folder ends with a slash

// add takes the name of a file, once, if every file system can hold it beside the others.
func (n names) add(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	for i, c := range name {
		if c == '/' {
			if err := n.once(name[:i], name[:i+1]); err != nil {
				return err
			}
		}
	}
	if n[strings.ToLower(name)] == name {
		return wrong(name, "is there twice")
	}
	if err := n.once(name, name); err != nil {
		return err
	}
	if len(n) > MaxFiles {
		return wrong(name, "a package holds at most %d files and folders; put many small ones into one", MaxFiles)
	}
	return nil
}

func (n names) once(path, name string) error {
	lower := strings.ToLower(path)
	switch other, ok := n[lower]; {
	case !ok:
		n[lower] = name
	case strings.TrimSuffix(other, "/") != path:
		return wrong(name, "differs from %s only in large and small letters, which some file systems hold for one name; rename one", other)
	case other != name:
		return wrong(name, "is both a file and a folder; rename one")
	}
	return nil
}

func checkName(name string) error {
	switch {
	case !fs.ValidPath(name) || name == ".":
		return wrong(quoted(name), "is no path inside of the package; write it as assets/picture.png, without a leading slash, .. or an empty part")
	case len(name) > maxName:
		return wrong(quoted(name), "the name has %d letters, at most %d are allowed", len(name), maxName)
	}
	for part := range strings.SplitSeq(name, "/") {
		if err := checkPart(part); err != nil {
			return wrong(quoted(name), "%v", err)
		}
	}
	return nil
}

var (
	errLetters = errors.New("a name may have the letters a-z and A-Z, digits, and . _ - + @, and no dot at its beginning or end; rename it, so that every machine can hold it")
	errDevice  = errors.New("is the name of a device on Windows; rename it")
)

func checkPart(part string) error {
	if strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".") || strings.ContainsFunc(part, strange) {
		return errLetters
	}
	stem, _, _ := strings.Cut(strings.ToLower(part), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return errDevice
	}
	if len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && stem[3] >= '0' && stem[3] <= '9' {
		return errDevice
	}
	return nil
}

func strange(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("._-+@", r)
}

// quoted is a stranger's text, short and without control characters.
func quoted(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s)
}
