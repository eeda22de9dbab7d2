package referencedata_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

// TestBadge: the badge that we measure with is the one that the reference figures were taken with.
func TestBadge(t *testing.T) {
	for name, items := range map[string]int{"badge-3kB": 1, "badge-10": 10, "badge-100": 100, "badge-1000": 1000} {
		want := referencedata.File(t, "perf/"+name+".json")
		if diff := cmp.Diff(string(want), string(referencedata.Badge(items))); diff != "" {
			t.Errorf("%s (-reference +ours):\n%s", name, diff)
		}
	}
}
