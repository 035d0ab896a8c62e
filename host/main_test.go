package host

import (
	"os"
	"testing"
)

// TestMain lets the program of the tests run plugins for them, as the product does.
func TestMain(m *testing.M) {
	if IsChild(os.Args) {
		os.Exit(Child(os.Args))
	}
	os.Exit(m.Run())
}
