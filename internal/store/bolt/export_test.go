package bolt

import (
	"errors"

	"go.etcd.io/bbolt"
)

// Upgrade makes one transaction of the upgrade of the store in folder, of count rows at most, and leaves it.
func Upgrade(folder string, count int) (done bool, err error) {
	s, err := open(folder, &bbolt.Options{})
	if err != nil {
		return false, err
	}
	schema, _, err := s.look()
	if err == nil && schema == schemaVersion {
		done = true
	} else if err == nil {
		done, err = s.upgrade(count)
	}
	return done, errors.Join(err, s.db.Close(), s.pages.file.Close())
}

// Used is the number of pages that were ever in use.
func Used(s *Store) (pages int) {
	_ = s.db.View(func(tx *bbolt.Tx) error {
		pages = int(tx.Size()) / s.db.Info().PageSize
		return nil
	})
	return pages
}

// Latest is the number of the last transaction.
func Latest(s *Store) int { return s.latest() }
