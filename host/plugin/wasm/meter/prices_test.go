package meter

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPricesDocumented: docs/plugin-abi.md tells the prices, which may only fall, as they are.
func TestPricesDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/plugin-abi.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| | units |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	const f32Sqrt, f64Div = 0x91, 0xa3
	rows := []struct {
		what, price string
		ops         []int
		units       int64 // that it has besides, or of what is no instruction
	}{
		{"most instructions", "%d; `block` 0", []int{opLocalGet, opI64Sub, opBr, opDrop, opEnd}, 0},
		{"a global", "%d", []int{opGlobalGet, opGlobalSet}, 0},
		{"loads and stores", "%d", []int{0x28, 0x3e}, 0},
		{"`br_table`, `table.get`", "%d", []int{opBrTable, opTableGet}, 0},
		{"division and square root of floats", "%d", []int{f32Sqrt, 0x95, 0x9f, f64Div}, 0},
		{"a call of a function of its own", "%d", []int{opCall, opCallIndirect}, 0},
		{"division and remainder of integers", "%d", []int{0x6d, 0x70, 0x7f, 0x82}, 0},
		{"a call into WASI or the store", "%d, and one for each 8 bytes that the store copies", []int{opCall}, hostCall},
		{"`memory.copy`, `.fill`, `.init`", "%d, and one for each 8 bytes", []int{opMemoryCopy, opMemoryFill, opMemoryInit}, 0},
		{"`memory.grow`", "%d, and 16,384 for each page, paid before it is known whether there is room", []int{opMemoryGrow}, 0},
		{"looking at the tank", "%d, at the head of a loop and in functions that may go on for long: those in a table, those that call themselves, by however many others, and those that cost more than " +
			thousands(unlooked) + " in all", []int{opBlock}, checkCost},
	}
	lines := strings.Split(table, "\n")
	if len(lines) != len(rows) {
		t.Fatalf("it has %d prices, want %d", len(lines), len(rows))
	}
	for i, r := range rows {
		for _, op := range r.ops {
			units := cost(op) + r.units
			if want := "| " + r.what + " | " + strings.Replace(r.price, "%d", thousands(units), 1) + " |"; lines[i] != want {
				t.Errorf("instruction 0x%x:\n got %s\nwant %s", op, lines[i], want)
			}
		}
	}
}

// thousands writes a number as people do.
func thousands(n int64) string {
	return regexp.MustCompile(`(\d)(\d{3})$`).ReplaceAllString(fmt.Sprint(n), "$1,$2")
}
