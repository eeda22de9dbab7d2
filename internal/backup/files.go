package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// fileName says whether a file of a backup may have this name: a path inside its folder.
func fileName(name string) bool {
	return fs.ValidPath(name) && name != "." && filepath.IsLocal(name) && !strings.ContainsAny(name, "\\:\x00")
}

// vacant says whether files may be restored to folder: nothing is ever written over or mixed with what is there.
func vacant(folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("restoring the key files: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("restoring the key files: %s is not empty; restore into a new folder", folder)
	}
	return nil
}

// putFiles writes files below folder, for this user only, and returns when they are on disk.
func putFiles(folder string, files []file) error {
	if len(files) == 0 {
		return nil
	}
	fault := func(err error) error { return fmt.Errorf("restoring the key files: %w", err) }
	if folder == "" {
		return fault(errors.New("no folder was given for them"))
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fault(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fault(err)
	}
	defer root.Close()
	folders := []string{"."}
	for _, f := range files {
		if dir := path.Dir(f.name); dir != "." {
			if err := root.MkdirAll(dir, 0o700); err != nil {
				return fault(err)
			}
			folders = append(folders, dir)
		}
		if err := putFile(root, f); err != nil {
			return fault(err)
		}
	}
	slices.Sort(folders)
	for _, dir := range slices.Compact(folders) {
		if err := syncFolder(root, dir); err != nil {
			return fault(err)
		}
	}
	return nil
}

func putFile(root *os.Root, f file) error {
	out, err := root.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode&^0o077)
	if err != nil {
		return err
	}
	_, err = out.Write(f.content)
	return errors.Join(err, out.Sync(), out.Close())
}

func syncFolder(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
