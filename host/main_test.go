package host

import (
	"os"
	"testing"
)

// TestMain lets the program of the tests run plugins for them, as the product does.
func TestMain(m *testing.M) {
	if IsPluginRunner(os.Args) {
		os.Exit(PluginRunner())
	}
	os.Exit(m.Run())
}
