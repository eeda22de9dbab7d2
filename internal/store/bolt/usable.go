package bolt

import (
	"errors"
	"os"
	"path/filepath"
)

// Usable says why Open would refuse the file in folder before it is mapped, which OpenReadOnly may still read. Nothing is locked or
// changed.
func Usable(folder string) error {
	file, err := os.Open(filepath.Join(folder, FileName))
	if err != nil {
		return err
	}
	return errors.Join(inspect(file, false), file.Close())
}
