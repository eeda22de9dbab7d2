package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// readAt is a Fetcher whose documents are all read at one instant.
type readAt struct{ documents library }

func (f readAt) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	d, err := f.documents.Fetch(ctx, url, limit)
	d.ReadAt = at
	return d, err
}

// situation is a badge and the documents as they stand when it is judged.
type situation struct {
	input     []byte
	documents library
}

// situations are badges with lists and endorsements of every kind. Many share a text and differ in what stands around it.
func situations(t *testing.T) map[string]situation {
	b := newBench(t)
	entry := func(purpose string) map[string]any {
		return map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": "94567", "statusListCredential": listURL}
	}
	badge := b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = entry("revocation") }))
	suspendable := b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = entry("suspension") }))
	twice := b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = []any{entry("revocation"), entry("suspension")} }))
	own := status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}
	other := own
	other.ID = listURL + "0"
	good := b.list(own, false, false, nil)
	token := func(document []byte) []byte {
		text, err := proof.SealVCJWT(document, b.key)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(text)
	}
	unsigned, err := status.Credential(own, status.New(0))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]situation{}
	now := func(name string, input []byte, list []byte) {
		documents := library{webDoc: b.documents[webDoc], listURL: list}
		all[name] = situation{input, documents}
	}
	now("clear", badge, good)
	now("clear, two entries", twice, good)
	now("clear, for another purpose", suspendable, good)
	now("clear, in a token", badge, token(unsigned))
	now("clear, in a token with a line feed", badge, append(token(unsigned), '\n'))
	now("set", badge, b.list(own, true, false, nil))
	now("another list", badge, b.list(other, false, false, nil))
	covering := b.list(own, false, false, func(d map[string]any) { // each set of previous proofs is another canonical form
		proofs := []any{d["proof"]}
		for i := range 3 {
			p := maps.Clone(d["proof"].(map[string]any))
			p["id"] = fmt.Sprintf("urn:proof:%d", i)
			if i > 0 {
				p["previousProof"] = fmt.Sprintf("urn:proof:%d", i-1)
			}
			proofs = append(proofs, p)
		}
		d["proof"] = proofs
	})
	now("proofs that cover others", badge, covering)
	now("foreign", badge, b.list(own, false, true, nil))
	now("foreign, set", badge, b.list(own, true, true, nil))
	now("altered", badge, b.list(own, false, false, func(d map[string]any) { d["validUntil"] = "2099-01-01T00:00:00Z" }))
	now("unsigned", badge, unsigned)
	now("a badge", badge, badge)
	now("not a document", badge, []byte("<html>"))
	now("cut", badge, good[:len(good)/2])
	now("not compressed", badge, b.seal([]byte(strings.Replace(string(unsigned), `"encodedList":"u`, `"encodedList":"uA`, 1))))
	endorsement := fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"urn:uuid:1","type":["VerifiableCredential","EndorsementCredential"],"name":"E","issuer":{"id":%q,"type":["Profile"]},
"validFrom":"2026-01-01T00:00:00Z","validUntil":%q,"credentialSubject":{"id":"https://issuer.example/a/1","type":["EndorsementSubject"]}}`,
		webDID, at.Add(30*time.Minute).Format(time.RFC3339))
	now("endorsed", b.seal(b.badge(func(d map[string]any) {
		subject(d)["achievement"].(map[string]any)["endorsementJwt"] = []any{string(token(endorsement)), "e30.e30.e30"}
		d["credentialStatus"] = entry("revocation")
	})), good)

	// The same good list, while the issuer changes its document.
	withdrawn := func(name string, change func(map[string]any)) {
		b.publish(change)
		now(name, badge, good)
	}
	method := func(d map[string]any) map[string]any { return d["verificationMethod"].([]any)[0].(map[string]any) }
	withdrawn("key withdrawn", func(d map[string]any) { method(d)["revoked"] = at.Add(-time.Minute).Format(time.RFC3339) })
	withdrawn("key to be withdrawn", func(d map[string]any) { method(d)["revoked"] = at.Add(20 * time.Minute).Format(time.RFC3339) })
	now("proofs that cover others, key to be withdrawn", badge, covering)
	withdrawn("key not for assertions", func(d map[string]any) { delete(d, "assertionMethod") })
	withdrawn("another key under the same name", func(d map[string]any) {
		multikey, err := keys.Multikey(newSigner(t, false).Signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		method(d)["publicKeyMultibase"] = multikey
	})
	delete(b.documents, webDoc)
	now("issuer out of reach", badge, good)
	return all
}

// TestMemory: a report with a Memory is the one without, whatever the Memory has met before, and however the clock moves.
func TestMemory(t *testing.T) {
	all := situations(t)
	var memory Memory
	judge := func(s situation, o Options, moment time.Time) string {
		o.At, o.Fetch = moment, readAt{s.documents}
		report, err := Verify(context.Background(), s.input, o)
		if err != nil {
			t.Error(err)
		}
		text, err := json.Marshal(report)
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for _, moment := range []time.Time{at, at.Add(2 * time.Hour), at.Add(25 * time.Minute), at.Add(-2 * time.Hour), at} {
				for name, s := range all {
					for _, o := range []Options{{}, {Profile: credential.VerifiableCredentials}, {StatusIssuers: []string{"did:example:1"}}} {
						want := judge(s, o, moment)
						o.Memory = &memory
						if diff := cmp.Diff(want, judge(s, o, moment)); diff != "" {
							t.Errorf("%s at %s: %s", name, moment, diff)
						}
					}
				}
			}
		})
	}
	group.Wait()
	if memory.order.Len() < 8 || memory.order.Len() != len(memory.known) {
		t.Errorf("it holds %d and %d", memory.order.Len(), len(memory.known))
	}
}

// TestMemoryBounds: the least recently used goes first, and what is larger than all of it is not held.
func TestMemoryBounds(t *testing.T) {
	var m Memory
	key := func(n int) memoryKey { return memoryKey{sum: [32]byte{byte(n), byte(n >> 8)}} }
	small := func() *facts { return &facts{length: 10} }
	for n := range memoryEntries {
		m.keep(key(n), small())
	}
	first := m.recall(key(0))
	m.keep(key(memoryEntries), small())
	if first == nil || m.recall(key(0)) != first || m.recall(key(1)) != nil || m.order.Len() != memoryEntries {
		t.Errorf("it holds %d", m.order.Len())
	}
	first.list = &listFact{bits: status.New(8 * 8 << 20)}
	m.keep(key(0), first) // it has grown
	if m.recall(key(0)) != first || m.bytes > memoryBytes || m.bytes < 8<<20 {
		t.Errorf("%d bytes", m.bytes)
	}
	m.keep(key(2), &facts{length: memoryBytes})
	if m.recall(key(2)) != nil {
		t.Error("it holds more than it may")
	}
	total := 0
	for e := m.order.Front(); e != nil; e = e.Next() {
		total += e.Value.(*remembered).bytes
	}
	if total != m.bytes || len(m.known) != m.order.Len() {
		t.Errorf("%d bytes counted as %d, %d of %d known", total, m.bytes, len(m.known), m.order.Len())
	}
}

// TestMemoryBroken: what was broken off is not remembered.
func TestMemoryBroken(t *testing.T) {
	s := situations(t)["clear"]
	var memory Memory
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{At: at, Memory: &memory, Fetch: cancelling{readAt{s.documents}, cancel}}
	if _, err := Verify(ctx, s.input, o); err == nil || memory.order.Len() != 0 {
		t.Errorf("%v, %d remembered", err, memory.order.Len())
	}
	o.Fetch = readAt{s.documents}
	if report, err := Verify(context.Background(), s.input, o); err != nil || report.Outcome != Valid || memory.order.Len() != 1 {
		t.Errorf("%v %v, %d remembered", err, report, memory.order.Len())
	}
}

// cancelling is a Fetcher during whose answer the caller gives up.
type cancelling struct {
	Fetcher
	cancel context.CancelFunc
}

func (c cancelling) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	c.cancel()
	return c.Fetcher.Fetch(ctx, url, limit)
}
