package replay

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/escape"
)

// Markdown is the report to read and to keep.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Replay: %s\n\n", escape.Markdown(r.Plugin))
	fmt.Fprintf(&b, "It heard %d events that %s %s heard on air, in slot %s.\n\n", r.Events, escape.Markdown(r.Take.Plugin), escape.Markdown(r.Take.Version), escape.Markdown(r.Take.Slot))
	fmt.Fprintf(&b, "**%s**\n", r.Counts())
	if r.SamePlugin {
		b.WriteString("\nIt is, to the byte, the plugin that was on air.\n")
	}
	list(&b, "Doubts", r.Doubts)
	var powers []string
	for _, p := range slices.Sorted(maps.Keys(r.Powers)) {
		powers = append(powers, fmt.Sprintf("%s, %d×", p, r.Powers[p]))
	}
	list(&b, "Powers that it would use and has no capability for", powers)
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "\n## %s: %s, %d×\n\n", escape.Markdown(g.Trigger), g.Verdict, g.Count)
		b.WriteString("| event | cause | was | now |\n|--:|---|---|---|\n")
		for _, row := range g.Rows {
			now := escape.Markdown(row.Now)
			if row.Trap != "" {
				now += " failed: " + escape.Markdown(row.Trap)
			}
			if len(row.Powers) > 0 {
				now += " needs " + escape.Markdown(strings.Join(row.Powers, ", "))
			}
			fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", row.Seq, escape.Markdown(row.Cause), escape.Markdown(row.Was), now)
		}
		if more := g.Count - len(g.Rows); more > 0 {
			fmt.Fprintf(&b, "\nand %d more\n", more)
		}
	}
	return b.String()
}

func list(b *strings.Builder, title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, s := range items {
		fmt.Fprintf(b, "- %s\n", escape.Markdown(s))
	}
}
