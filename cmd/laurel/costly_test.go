package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// The goals for what a stranger may cost us, see docs/performance.md.
const (
	hostileBody   = 256_000               // bytes of a body that anybody may post
	hostileGoal   = 50 * time.Millisecond // of processor time for it
	hostileAtMost = time.Second           // of processor time for the largest document
	hostileGrowth = 12.0                  // times as much for ten times the size
	hostileMemory = 32.0                  // MiB
	hostileGiveUp = 20 * time.Second      // a size that would take longer, by how the smaller ones grew, is not tried
)

// hostile is a way to make a document that costs more than it should: all of size is put where it hurts. What it makes is
// signed where the signer takes it, and carries a signature that does not fit where not.
type hostile struct {
	name    string
	make    func(h *hostileKey, size int) []byte
	profile credential.Profile
	leads   func(h *hostileKey, size int) []byte // what stands wherever the document leads, at most as large as a body may be
}

var badgeContexts = array{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}

// hostileKey is whoever sends such documents: anybody may have a did:key.
type hostileKey struct {
	signer keys.Signer
	did    string
}

// JSON values in the making.
type (
	object = map[string]any
	array  = []any
)

func fill(size int, part func(n int) string) string {
	var out strings.Builder
	for n := 0; out.Len() < size; n++ {
		out.WriteString(part(n))
	}
	return out.String()
}

func several(count int, part func(n int) any) array {
	out := array{}
	for n := range count {
		if p := part(n); p != nil {
			out = append(out, p)
		}
	}
	return out
}

// chunks is a list of lists that are no longer than one may be.
func chunks(count int, part func(n int) any) array {
	out := array{}
	for n := 0; n < count; n += credential.Limits.Values {
		out = append(out, several(min(count-n, credential.Limits.Values), func(i int) any { return part(n + i) }))
	}
	return out
}

// wholeNumbers are numbers of one magnitude that no writer changes.
func wholeNumbers(exponent string) []string {
	var out []string
	for n := range 1000 {
		if text := fmt.Sprint(n+1) + exponent; strict.CheckNumbers(json.Number(text), strict.Canonical) == nil {
			out = append(out, text)
		}
	}
	return out
}

func zeros(count int) array { return chunks(count/2, func(int) any { return 0 }) }

func encoded(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func newHostileKey() *hostileKey {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		panic(err)
	}
	return &hostileKey{keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}, did}
}

// unsigned is a small badge with other members in place of, or beside, its own.
func (h *hostileKey) unsigned(members object) object {
	document := object{
		"@context": badgeContexts,
		"id":       "urn:hostile", "type": array{"VerifiableCredential", "OpenBadgeCredential"}, "name": "A badge",
		"issuer":    object{"id": h.did, "type": array{"Profile"}, "name": "Somebody"},
		"validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": object{"id": "urn:recipient", "type": array{"AchievementSubject"}, "achievement": object{
			"id": "urn:achievement", "type": array{"Achievement"}, "name": "A badge", "description": "For something.", "criteria": object{"narrative": "Do it."}}},
	}
	maps.Copy(document, members)
	return document
}

func (h *hostileKey) proof(n int) object {
	return object{"id": fmt.Sprintf("urn:proof:%d", n), "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
		"proofPurpose": "assertionMethod", "verificationMethod": h.signer.ID, "proofValue": "z" + strings.Repeat("2", 87)}
}

// sealed adds a proof that does not fit, with other members.
func (h *hostileKey) sealed(document, members object) []byte {
	p := h.proof(0)
	maps.Copy(p, members)
	document["proof"] = p
	return encoded(document)
}

// signed is the badge with a proof that fits, where there can be one.
func (h *hostileKey) signed(members object) []byte {
	document := h.unsigned(members)
	if out, err := proof.Seal(context.Background(), encoded(document), proof.SealOptions{Signer: h.signer}); err == nil {
		return out
	}
	return h.sealed(document, nil)
}

// chained has as many proofs as there may be. Each covers others, and no two the same, so each needs the document anew.
func (h *hostileKey) chained(document object) []byte {
	proofs := array{}
	for n := range credential.Limits.Proofs {
		p := h.proof(n)
		if n > 0 {
			p["previousProof"] = several(n, func(i int) any { return fmt.Sprintf("urn:proof:%d", i) })
		}
		proofs = append(proofs, p)
	}
	document["proof"] = proofs
	return encoded(document)
}

func (h *hostileKey) token(document object) []byte {
	out, err := proof.SealJWT(encoded(document), h.signer)
	if err != nil {
		panic(err)
	}
	return []byte(out)
}

// presentation is a token of as many badges as there is room for, each with members of its own.
func (h *hostileKey) presentation(size int, members func(n int) object) []byte {
	inside, length := array{}, 0
	for n := 0; n < credential.Limits.Nested && length < size; n++ {
		own := members(n)
		own["id"] = fmt.Sprintf("urn:hostile:%d", n)
		document := h.unsigned(own)
		inside = append(inside, document)
		length += len(encoded(document))
	}
	out, err := jose.Sign(encoded(object{"@context": badgeContexts, "type": array{"VerifiablePresentation"}, "holder": h.did, "verifiableCredential": inside}),
		jose.Header{Type: "vp+jwt", KeyID: h.signer.ID}, h.signer.Signer)
	if err != nil {
		panic(err)
	}
	return []byte(out)
}

// text is the badge with a text as it is to stand in the JSON.
func (h *hostileKey) text(escaped string) []byte {
	document := bytes.Replace(encoded(h.unsigned(object{"name": "TEXT"})), []byte(`"TEXT"`), []byte(`"`+escaped+`"`), 1)
	if out, err := proof.Seal(context.Background(), document, proof.SealOptions{Signer: h.signer}); err == nil {
		return out
	}
	return document
}

// evidence is the badge with as many objects as there is room for.
func (h *hostileKey) evidence(size int, part func(n int) any) []byte {
	return h.filled("evidence", size, nil, part)
}

// filled is the badge with a member that holds as many objects as there is room for, in the size and within what a document
// may hold: one that is refused for its size alone costs nothing.
func (h *hostileKey) filled(member string, size int, beside object, part func(n int) any) []byte {
	pieces, length := array{}, 0
	for n := range credential.Limits.Values {
		p := part(n)
		if p != nil {
			length += len(encoded(p))
		}
		if p == nil || length > size {
			break
		}
		pieces = append(pieces, p)
	}
	members := maps.Clone(beside)
	if members == nil {
		members = object{}
	}
	fits := sort.Search(len(pieces), func(n int) bool {
		members[member] = pieces[:n+1]
		_, err := proof.Seal(context.Background(), encoded(h.unsigned(members)), proof.SealOptions{Signer: h.signer})
		return err != nil && strings.Contains(err.Error(), "more than") || err != nil && strings.Contains(err.Error(), "more contexts")
	})
	members[member] = pieces[:max(fits-1, 0)] // the proof needs room too
	return h.signed(members)
}

func (h *hostileKey) achievement(members object) []byte {
	document := h.unsigned(nil)
	maps.Copy(document["credentialSubject"].(object)["achievement"].(object), members)
	return h.sealed(document, nil)
}

// numbers is the badge with that many bytes of numbers.
func (h *hostileKey) numbers(size int, text func(n int) string) []byte {
	return h.evidence(size, func(n int) any {
		return object{"id": fmt.Sprintf("urn:n:%d", n), "name": several(60, func(i int) any { return json.Number(text(60*n + i)) })}
	})
}

// schema is the badge with a JSON literal.
func (h *hostileKey) schema(literal any) []byte {
	return h.signed(object{"evidence": array{object{"id": "urn:s", "type": array{"JsonSchema"}, "jsonSchema": literal}}})
}

// ones is the badge with a long JSON literal of short values.
func (h *hostileKey) ones(size int) object {
	return h.unsigned(object{"credentialSchema": object{"id": "urn:s", "type": "JsonSchema", "jsonSchema": chunks(max(size/2-3000, 10), func(int) any { return 1 })}})
}

// linked has groups of blank nodes, in each of which every node is linked with every other, and with texts of its own.
func (h *hostileKey) linked(size, members, groups, texts int) []byte {
	return h.evidence(size, func(n int) any {
		group, m := n/members, n%members
		if group == groups {
			return nil
		}
		others := array{}
		for o := range members {
			if o != m {
				others = append(others, object{"id": fmt.Sprintf("_:g%dm%d", group, o)})
			}
		}
		p := object{"id": fmt.Sprintf("_:g%dm%d", group, m), "type": "Profile", "parentOrg": others}
		for i, name := range []string{"name", "additionalName", "familyName", "givenName", "honorificPrefix", "honorificSuffix", "patronymicName"} {
			if rest := texts - i*credential.Limits.Values; rest > 0 {
				p[name] = several(min(rest, credential.Limits.Values), func(i int) any { return strconv.FormatInt(int64(i), 36) })
			}
		}
		return p
	})
}

// ownContext is as many contexts as there may be, with terms that bring contexts along, and evidence in those terms.
func (h *hostileKey) ownContext(size int) []byte {
	contexts := slices.Clone(badgeContexts)
	for c := range credential.Limits.Contexts - len(badgeContexts) {
		terms := object{}
		for n := range 60 {
			terms[fmt.Sprintf("t%d_%d", c, n)] = object{"@id": fmt.Sprintf("https://example.org/t%d/%d", c, n), "@context": object{"u": "https://example.org/u"}}
		}
		contexts = append(contexts, terms)
	}
	return h.filled("evidence", size, object{"@context": contexts}, func(n int) any {
		members := object{"id": fmt.Sprintf("urn:o:%d", n)}
		for c := range credential.Limits.Contexts - len(badgeContexts) {
			members[fmt.Sprintf("t%d_%d", c, n%60)] = object{"id": fmt.Sprintf("urn:p:%d", c), "u": "x"}
		}
		return members
	})
}

// list is a status list in force.
func (h *hostileKey) list(entries int) []byte {
	document, err := status.Credential(status.ListOptions{ID: "https://lists.example/0", Issuer: h.did, Purpose: status.PurposeRevocation,
		ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ValidUntil: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)}, status.New(entries))
	if err != nil {
		panic(err)
	}
	sealed, err := proof.Seal(context.Background(), document, proof.SealOptions{Signer: h.signer})
	if err != nil {
		panic(err)
	}
	return sealed
}

// statusEntries leads to as many lists as are looked up, and names more.
func statusEntries(h *hostileKey, size int) []byte {
	return h.filled("credentialStatus", size, nil, func(n int) any { return statusEntry(n) })
}

func statusEntry(n int) object {
	url := fmt.Sprintf("https://lists.example/%d", n)
	return object{"id": fmt.Sprintf("%s#%d", url, n), "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": fmt.Sprint(n), "statusListCredential": url}
}

// picture is a PNG with the chunks that are added.
func picture(chunks func(add func(kind string, data []byte))) []byte {
	out := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	add := func(kind string, data []byte) {
		_ = binary.Write(out, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		out.Write(body)
		_ = binary.Write(out, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	add("IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	chunks(add)
	add("IDAT", deflated([]byte{0, 0}))
	add("IEND", nil)
	return out.Bytes()
}

func deflated(data []byte) []byte {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, zlib.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Bytes()
}

// leading serves one document wherever a hostile one leads.
type leading []byte

// Fetch implements [verifier.Fetcher].
func (l leading) Fetch(ctx context.Context, url string, limit int) (verifier.Document, error) {
	if !strings.HasPrefix(url, "https://lists.example/") {
		return fetch.Offline{}.Fetch(ctx, url, limit)
	}
	return verifier.Document{Bytes: l, URL: url, ReadAt: time.Now(), Origin: verifier.Network}, nil
}

// BenchmarkHostile checks documents that are made to cost time, at a tenth of what a small body may have, at that, and at the
// largest size, and says at the end which cost more than the goals allow.
func BenchmarkHostile(b *testing.B) {
	defer calmCollector()()
	h := newHostileKey()
	type result struct {
		name  string
		took  time.Duration
		above []string
	}
	var results []result
	for _, attack := range hostiles {
		var before, expected time.Duration
		for _, size := range []int{hostileBody / 10, hostileBody, credential.Limits.Document - 8<<10} {
			if expected > hostileGiveUp {
				results = append(results, result{fmt.Sprintf("%s/%s/%dkB", b.Name(), attack.name, size/1000), expected, []string{"not tried: " + expected.Round(time.Second).String() + " expected"}})
				continue
			}
			var one result
			b.Run(fmt.Sprintf("%s/%dkB", attack.name, size/1000), func(b *testing.B) {
				input := attack.make(h, size)
				options := verifier.Options{Profile: attack.profile}
				if attack.leads != nil {
					options.Fetch = leading(attack.leads(h, min(size, credential.Limits.Body)))
				}
				judge := func() {
					if _, err := verifier.Verify(context.Background(), input, options); err != nil {
						b.Fatal(err)
					}
				}
				judge()
				peak := peakOf(judge)
				runtime.GC()
				b.ReportAllocs()
				begun := processorTime()
				for b.Loop() {
					judge()
				}
				took := (processorTime() - begun) / time.Duration(b.N)
				b.ReportMetric(float64(took)/1e6, "cpu-ms/op")
				b.ReportMetric(peak, "MiB-peak")
				b.ReportMetric(float64(len(input))/1000, "kB-input")
				one = result{name: b.Name(), took: took}
				goal := hostileGoal
				if size > hostileBody {
					goal = hostileAtMost
				}
				if took > goal {
					one.above = append(one.above, fmt.Sprintf("%.0f ms", float64(took)/1e6))
				}
				if size == hostileBody && before > 0 && float64(took)/float64(before) > hostileGrowth && took > time.Millisecond {
					one.above = append(one.above, fmt.Sprintf("%.0f times as long for ten times the size", float64(took)/float64(before)))
				}
				if size <= hostileBody && peak > hostileMemory {
					one.above = append(one.above, fmt.Sprintf("%.0f MiB", peak))
				}
			})
			if len(one.above) > 0 {
				results = append(results, one)
			}
			if before > 0 {
				growth := float64(one.took) / float64(before)
				expected = time.Duration(float64(one.took) * max(growth, 10) * growth / 10 * 2)
			}
			before = one.took
		}
	}
	slices.SortFunc(results, func(a, b result) int { return int(b.took - a.took) })
	for _, r := range results {
		fmt.Printf("above the goal: %-60s %s\n", r.name, strings.Join(r.above, ", "))
	}
}

// peakOf is the most memory, in MiB, that the objects of the heap took while f ran, beyond what they took before. The collector is
// made to run often, so that what is dead counts for little.
func peakOf(f func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() float64 {
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before, most := read(), 0.0
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			most = max(most, read())
			select {
			case <-done:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	}()
	f()
	close(done)
	<-ended
	return max(most-before, 0) / (1 << 20)
}
