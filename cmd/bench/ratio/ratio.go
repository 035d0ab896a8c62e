// Package ratio is how benchmarks tell their figures: a line each, with its goal, and a block of a document.
package ratio

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Goal is what a figure has to reach.
type Goal struct {
	Name   string
	Value  float64
	AtMost bool // the value is the greatest; else the least
}

// Line is the line of a figure, and whether the goal is reached.
func (g Goal) Line(got float64) (string, bool) {
	ok := g.AtMost && got <= g.Value || !g.AtMost && got >= g.Value
	verdict := "short"
	if ok {
		verdict = "ok"
	}
	return fmt.Sprintf("RATIO %s %.4g goal %g %s", g.Name, got, g.Value, verdict), ok
}

// Missing is the line of a figure that could not be had, which is short.
func (g Goal) Missing() string { return fmt.Sprintf("RATIO %s - goal %g short", g.Name, g.Value) }

// Keep puts lines between the marks <!-- name:begin --> and <!-- name:end --> of a Markdown file, in place of what is
// there.
func Keep(path, name, lines string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+name+":begin -->", "<!-- "+name+":end -->"
	head, rest, ok := strings.Cut(string(b), begin)
	_, foot, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no %s … %s", path, begin, end)
	}
	block := fmt.Sprintf("%s\n```\n%s, %d cores, %s\n%s```\n", begin, time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), runtime.Version(), lines)
	return os.WriteFile(path, []byte(head+block+end+foot), 0o644)
}
