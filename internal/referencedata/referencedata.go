// Package referencedata finds the test data of others: contexts as published, vectors, real credentials. It is not part of this
// repository; tests read it in place and skip without it.
package referencedata

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder is the folder of the reference data: LAUREL_REFERENCE, else ../shared/data beside the repository. The test is
// skipped when it is absent.
func Folder(t testing.TB) string {
	t.Helper()
	root, err := os.Getwd() // a test runs in the folder of its package
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	folder := os.Getenv("LAUREL_REFERENCE")
	if folder == "" {
		folder = filepath.Join("..", "shared", "data")
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(root, folder)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skip("skipped: no reference data; set LAUREL_REFERENCE to its folder")
	}
	return folder
}

// File reads one file of the reference data.
func File(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Folder(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
