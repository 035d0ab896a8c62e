package admin

import (
	"fmt"
	"strings"

	"github.com/sothebais/sothebais/host/escape"
)

// Markdown is the report to read and to keep.
func (r ShadowReport) Markdown() string {
	var b strings.Builder
	on := "nobody"
	if r.OnAir != nil {
		on = r.OnAir.Plugin + " " + r.OnAir.Version
	}
	fmt.Fprintf(&b, "# %s %s in shadow of %s\n\n", escape.Markdown(r.Shadow.Plugin), escape.Markdown(r.Shadow.Version), escape.Markdown(on))
	fmt.Fprintf(&b, "Slot %s, since %s, %d events heard, %d missed.\n\n", r.Slot, r.Since.UTC().Format("2006-01-02 15:04:05 UTC"), r.Events, r.Missed)
	c := r.Counts
	fmt.Fprintf(&b, "| same | another line | silent | spoke alone | another mood | otherwise | trapped |\n|---|---|---|---|---|---|---|\n| %d | %d | %d | %d | %d | %d | %d |\n\n",
		c.Same, c.Line, c.Silent, c.Spoke, c.Mood, c.Otherwise, c.Trapped)
	fmt.Fprintf(&b, "| an event costs | fuel | p50 µs | p95 µs |\n|---|---|---|---|\n| on air | %d | %.1f | %.1f |\n| shadow | %d | %.1f | %.1f |\n",
		r.Cost.OnAir.Fuel, r.Cost.OnAir.P50Micros, r.Cost.OnAir.P95Micros, r.Cost.Shadow.Fuel, r.Cost.Shadow.P50Micros, r.Cost.Shadow.P95Micros)
	b.WriteString("\n## Powers it would have used\n\n| power | times | granted |\n|---|---|---|\n")
	for _, p := range r.Powers {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", escape.Markdown(p.Name), p.Used, yes(p.Granted))
	}
	b.WriteString("\n## Event by event\n\n| time | event | verdict | on air | shadow |\n|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %d %s | %s | %s | %s |\n", row.At.UTC().Format("15:04:05"), row.Seq, escape.Markdown(row.Cause), row.Verdict, row.OnAir.text(), row.Shadow.text())
	}
	return b.String()
}

// text is what one of the two made of an event, in a cell of a table.
func (s ShadowSide) text() string {
	if s.Trap != "" {
		return "failed: " + escape.Markdown(s.Trap)
	}
	var parts []string
	if s.Mood != "" {
		parts = append(parts, "**"+escape.Markdown(s.Mood)+"**")
	}
	for _, l := range s.Lines {
		parts = append(parts, "“"+escape.Markdown(l)+"”")
	}
	for _, o := range s.Others {
		parts = append(parts, escape.Markdown(o))
	}
	for _, n := range s.Needs {
		parts = append(parts, "*needs "+escape.Markdown(n)+"*")
	}
	if len(parts) == 0 {
		return "—"
	}
	return strings.Join(parts, ", ")
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}
