package postgres_test

import (
	"testing"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/storetest"
)

// TestCompare: the two engines give the same answers.
func TestCompare(t *testing.T) {
	if testing.Short() {
		t.Skip("internal/store does the same with the kinds of the product")
	}
	file, err := bolt.Open(t.TempDir())
	must(t, err)
	defer func() { must(t, file.Close()) }()
	database := open(t, address(t, t.TempDir()))
	defer func() { must(t, database.Close()) }()
	storetest.Compare(t, storetest.Kinds(), file, database)
}
