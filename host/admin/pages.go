package admin

import (
	"embed"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// The control room as `npm run build` leaves it; the folder holds only .keep before the first build.
//
//go:embed all:ui/dist
var uiFiles embed.FS

func builtUI() fs.FS {
	sub, err := fs.Sub(uiFiles, "ui/dist")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	return sub
}

// pages serves the control room's files, compressed as they were at build time.
type pages struct{ files fs.FS }

func newPages(files fs.FS) *pages { return &pages{files: files} }

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	switch name {
	case "", "login", "plugins", "preview", "index.html":
		p.index(w, r)
		return
	}
	if _, err := fs.Stat(p.files, name); err != nil {
		problem(w, http.StatusNotFound, "there is no file "+name)
		return
	}
	if strings.HasPrefix(name, "assets/") { // their names change with their content
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	p.file(w, r, name)
}

func (p *pages) index(w http.ResponseWriter, r *http.Request) {
	if _, err := fs.Stat(p.files, "index.html"); errors.Is(err, fs.ErrNotExist) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(notBuilt))
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	p.file(w, r, "index.html")
}

// file serves the best form that the reader takes.
func (p *pages) file(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("Content-Type", typeOf(name))
	h.Add("Vary", "Accept-Encoding")
	for _, c := range []struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(r, c.coding) {
			continue
		}
		if _, err := fs.Stat(p.files, name+c.suffix); err == nil {
			h.Set("Content-Encoding", c.coding)
			http.ServeFileFS(w, r, p.files, name+c.suffix)
			return
		}
	}
	http.ServeFileFS(w, r, p.files, name)
}

// accepts reads Accept-Encoding; a coding with weight 0 is refused.
func accepts(r *http.Request, coding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, coding) {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}

func typeOf(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>The control room is not built</title>
<h1>The control room is not in this binary</h1>
<p>Its pages are built from <code>host/admin/ui</code>. Run <code>make build</code>, or by hand
<code>npm ci &amp;&amp; npm run build</code> in that folder, then build the program again.</p>
<p>The show goes on without it: see the <a href="/lot">lot page</a> and the <a href="/docs">API</a>.</p></html>
`
