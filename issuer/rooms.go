package issuer

import "time"

// What packages share that keep records of their own in [Service.Records].

// Sortable writes an instant so that texts sort as the instants do, for [Table].Order.
func Sortable(t time.Time) string { return sortable(t) }

// NewID returns 128 random bits as 22 characters of base64url that do not begin with a hyphen.
func NewID() string { return newID() }

// Every returns all records of a table that have a value of a lookup, in order.
func Every[T any](tx Tx, t Table[T], by, value string) ([]T, error) {
	var all []T
	for q := (Query{By: by, Value: value, Limit: 1000}); ; {
		page, next, err := t.List(tx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if q.After = next; next == "" {
			return all, nil
		}
	}
}
