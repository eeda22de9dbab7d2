package laurel

import (
	"os"
	"os/exec"
	"testing"
)

// TestVendored holds the fonts and the QR decoder that the program carries against the packages that they come from.
func TestVendored(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: fonts and QR decoder are not compared with their packages")
	}
	if _, err := os.Stat("testdata/npm/node_modules"); err != nil {
		t.Skip("testdata/npm/node_modules is absent (npm ci there): fonts and QR decoder are not compared with their packages")
	}
	if out, err := exec.Command(node, "testdata/npm/vendored.mjs", "--check").CombinedOutput(); err != nil {
		t.Errorf("what is carried is not what its packages hold: %v\n%s", err, out)
	}
}
