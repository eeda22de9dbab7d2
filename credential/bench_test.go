package credential

import (
	"fmt"
	"testing"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

// BenchmarkCheck judges the badges of the performance figures: Check stands before every signature that is made or verified.
func BenchmarkCheck(b *testing.B) {
	for _, items := range []int{1, 100, 1000} {
		c, err := Parse(referencedata.Badge(items))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(items), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(Check(c, OpenBadges)) > 0 {
					b.Fatal("it breaks a rule")
				}
			}
		})
	}
}
