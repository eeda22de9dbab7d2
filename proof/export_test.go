package proof

import (
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// UseGeneralPath sends every document on the general path until the test ends. No other test may run beside it.
func UseGeneralPath(t testing.TB) {
	compiledBadges, compiledVC := openBadges, allVC
	openBadges = sync.OnceValue(func() *rdf.Processor { return builtIn(rdf.Options{General: true}) })
	allVC = sync.OnceValue(func() *rdf.Processor { return builtIn(rdf.Options{General: true, Inline: true}) })
	t.Cleanup(func() { openBadges, allVC = compiledBadges, compiledVC })
}
