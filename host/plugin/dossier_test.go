package plugin

import (
	"fmt"
	"testing"
)

// TestAskingForTheLogOfNobody leaves nothing behind: a page may ask for whatever name, for as long as the show lasts.
func TestAskingForTheLogOfNobody(t *testing.T) {
	h := New(Config{})
	for i := range 10 {
		if lines := h.Logs(fmt.Sprint("nobody-", i), 10); len(lines) != 0 {
			t.Errorf("lines %+v", lines)
		}
	}
	h.dossier("ann").write(LogLine{Text: "hello"})
	if lines := h.Logs("ann", 10); len(lines) != 1 || len(h.dossiers) != 1 {
		t.Errorf("%d dossiers, lines %+v", len(h.dossiers), lines)
	}
}
