package host

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestKeepMendsWhatIsDamaged: a file that a power cut left empty under its sum is not taken for what it should be.
func TestKeepMendsWhatIsDamaged(t *testing.T) {
	k := keptFiles{dir: t.TempDir(), sum: map[string]string{}}
	for _, damage := range [][]byte{nil, {}, []byte("b")} {
		if damage != nil {
			if err := os.WriteFile(filepath.Join(k.dir, k.sum["f"]), damage, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if k.sum["f"], err = k.put([]byte("good")); err != nil {
			t.Fatal(err)
		}
		if got, err := fs.ReadFile(k, "f"); err != nil || string(got) != "good" {
			t.Errorf("%q, %v", got, err)
		}
	}
}
