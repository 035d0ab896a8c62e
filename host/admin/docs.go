package admin

import (
	"bytes"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docsRow is one operation on the page that describes the API.
type docsRow struct {
	Method, Path, Summary string
	Open                  bool
	Params                []docsField
	Body                  []docsField
}

type docsField struct{ Name, Doc string }

// docs lists the API for people; it needs nothing from the network.
func (s *Server) docs(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	if err := docsPage.Execute(&b, map[string]any{"Name": s.cfg.Name, "Rows": docsRows(s.api.OpenAPI())}); err != nil {
		answer(w, s.readFailed(err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

func docsRows(api *huma.OpenAPI) []docsRow {
	var rows []docsRow
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			row := docsRow{Method: method, Path: path, Summary: op.Summary, Open: len(op.Security) == 0}
			for _, p := range op.Parameters {
				row.Params = append(row.Params, docsField{p.Name, p.Description})
			}
			row.Body = bodyFields(api, op)
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b docsRow) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return rows
}

// bodyFields lists what a request's body may hold.
func bodyFields(api *huma.OpenAPI, op *huma.Operation) []docsField {
	if op.RequestBody == nil {
		return nil
	}
	media := op.RequestBody.Content["application/json"]
	if media == nil {
		return []docsField{{"body", "the package itself, as application/octet-stream"}}
	}
	schema := media.Schema
	if schema.Ref != "" {
		schema = api.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	var out []docsField
	for name, prop := range schema.Properties {
		doc := prop.Description
		if slices.Contains(schema.Required, name) {
			doc = strings.TrimSpace("needed. " + doc)
		}
		out = append(out, docsField{name, doc})
	}
	slices.SortFunc(out, func(a, b docsField) int { return strings.Compare(a.Name, b.Name) })
	return out
}

var docsPage = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Name}}: API</title><link rel="stylesheet" href="/lot/lot.css"></head>
<body class="docs"><main>
<h1>{{.Name}}: API of the control room</h1>
<p>Machine-readable: <a href="/api/v1/openapi.json">openapi.json</a>, <a href="/api/v1/openapi.yaml">openapi.yaml</a>.
Errors are problem documents (RFC 9457). Log in with <code>POST /api/v1/login</code>, or send the control token of the
data directory as <code>Authorization: Bearer</code>.</p>
<p>Sockets: <code>/ws/feed</code> takes <code>{"op":"sub","topics":["bid.*"],"cursor":120}</code> (or <code>"tail":500</code>)
and sends facts in the order of the ledger; <code>/ws/preview</code> sends the programme as fragmented MP4.
<code>/stream/frame</code> is the newest frame as PNG, <code>/api/v1/public/lot/stream</code> the lot as server-sent events.</p>
<table><thead><tr><th>Operation<th>What it does<th>Takes</tr></thead><tbody>
{{range .Rows}}<tr><td><code>{{.Method}} {{.Path}}</code>{{if .Open}} · for everyone{{end}}<td>{{.Summary}}<td>
{{range .Params}}<div><code>{{.Name}}</code> {{.Doc}}</div>{{end}}{{range .Body}}<div><code>{{.Name}}</code> {{.Doc}}</div>{{end}}</tr>
{{end}}</tbody></table></main></body></html>
`))
