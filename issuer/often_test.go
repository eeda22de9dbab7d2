package issuer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// oneRow is a transaction that gives one row under every id.
type oneRow struct {
	Tx
	row Row
	err error
}

func (o *oneRow) Get(_ Kind, id string) (Row, error) {
	o.row.ID = id
	return o.row, o.err
}

// TestOften: the text in the store decides, and what is remembered has a bound.
func TestOften(t *testing.T) {
	type word struct{ Word string }
	o := often[word]{table: Table[word]{Kind: Kind{Name: "word"}}}
	tx := &oneRow{}
	get := func(id, text string, version uint64) *word {
		t.Helper()
		tx.row.Body, tx.row.Version = []byte(text), version
		value, got, err := o.get(tx, id)
		if err != nil || got != version {
			t.Fatal(value, got, err)
		}
		return value
	}
	first := get("a", `{"word":"one"}`, 1)
	if again := get("a", `{"word":"one"}`, 2); again != first || again.Word != "one" {
		t.Error("the same text was read again")
	}
	if other := get("a", `{"word":"two"}`, 2); other.Word != "two" || first.Word != "one" {
		t.Error(other, first)
	}
	tx.row.Body = []byte(`{"word":`)
	if _, _, err := o.get(tx, "a"); err == nil {
		t.Error("a text that is none was read")
	}
	tx.err = ErrNotFound
	if _, _, err := o.get(tx, "a"); !errors.Is(err, ErrNotFound) {
		t.Error("a record that is gone was given:", err)
	}
	tx.err = nil
	for i := range 10 * oftenRecords {
		get(fmt.Sprint(i), `{"word":"many"}`, 1)
	}
	get("long", `{"word":"`+strings.Repeat("x", oftenBytes)+`"}`, 1)
	if len(o.known) > oftenRecords || o.known["long"] != nil {
		t.Errorf("%d records are remembered", len(o.known))
	}
}
