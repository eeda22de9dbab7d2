package verifier

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// measured is the badge of the figures, unsigned, of a did:key issuer, and the status list that it names.
type measured struct {
	badge []byte
	key   keys.Signer
	lists library
}

func newMeasured(b *testing.B) measured {
	b.Helper()
	m := measured{key: newSigner(b, false)}
	did, _, _ := strings.Cut(m.key.ID, "#")
	m.badge = bytes.ReplaceAll(referencedata.Badge(1), []byte(referencedata.BadgeIssuer), []byte(did))
	bits := status.New(0)
	for i := 0; i < bits.Len(); i += 100 { // one in a hundred revoked
		if err := bits.Set(i, true); err != nil {
			b.Fatal(err)
		}
	}
	list, err := status.Credential(status.ListOptions{ID: referencedata.BadgeList, Issuer: did, Purpose: status.PurposeRevocation,
		ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, bits)
	if err != nil {
		b.Fatal(err)
	}
	m.lists = library{referencedata.BadgeList: m.seal(b, list)}
	return m
}

func (m measured) seal(b *testing.B, document []byte) []byte {
	b.Helper()
	sealed, err := proof.Seal(context.Background(), document, proof.SealOptions{Signer: m.key, Created: at.Add(-time.Minute)})
	if err != nil {
		b.Fatal(err)
	}
	return sealed
}

// verify makes every check each time: with a list that verifications before have met, and with one that is new.
func (m measured) verify(b *testing.B, input []byte) {
	b.Helper()
	for _, memory := range []*Memory{{}, nil} {
		name := map[bool]string{true: "list=met", false: "list=new"}[memory != nil]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			judge := func() {
				report, err := Verify(context.Background(), input, Options{At: at, Fetch: m.lists, Memory: memory})
				if err != nil || report.Outcome != Valid {
					b.Fatalf("%v %+v", err, report)
				}
			}
			judge() // contexts are read once a process
			for b.Loop() {
				judge()
			}
		})
	}
}

func BenchmarkVerifyIntegrity(b *testing.B) {
	m := newMeasured(b)
	m.verify(b, m.seal(b, m.badge))
}

func BenchmarkVerifyToken(b *testing.B) {
	m := newMeasured(b)
	token, err := proof.SealJWT(m.badge, m.key)
	if err != nil {
		b.Fatal(err)
	}
	m.verify(b, []byte(token))
}
