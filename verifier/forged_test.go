package verifier

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
)

// TestForged: what one kind of document may say cannot be had by way of another. Each of these was taken for good once.
func TestForged(t *testing.T) {
	b := newBench(t)
	attacker := newSigner(t, false)
	attackerDID, _, _ := strings.Cut(attacker.ID, "#")
	byAttacker := &bench{TB: t, key: attacker, documents: b.documents}
	vp := jose.Header{Type: "vp+jwt", ContentType: "vp"}
	entry := func(d map[string]any) {
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "94567", "statusListCredential": listURL}
	}
	harmless := object(t, byAttacker.seal(b.badge(func(d map[string]any) { d["issuer"].(map[string]any)["id"] = attackerDID })))

	t.Run("a status list as a presentation", func(t *testing.T) {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		list := object(t, b.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, false, false, nil))
		delete(list, "proof")
		list["type"] = []any{"VerifiablePresentation", "BitstringStatusListCredential"}
		other.documents[listURL] = byAttacker.token(list, vp)
		expect(t, "clear", other.verify(b.seal(b.badge(entry))), Yes, Undecided, "status_invalid")
	})
	t.Run("a newer version as a presentation", func(t *testing.T) {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		newer := object(t, b.badge(newerVersion(func(d map[string]any) { d["type"] = []any{"VerifiablePresentation"} })))
		other.documents[refreshURL] = byAttacker.token(newer, vp)
		r := other.verify(b.seal(b.badge(refreshable)))
		if r.Credential == nil || r.Credential.Superseded != "" || slices.Contains(outcomes(r, "refresh"), "pass") {
			t.Errorf("refresh: %s", outcomes(r, "refresh"))
		}
	})
	t.Run("a presentation that speaks as a badge", func(t *testing.T) {
		d := object(t, b.presentation(nothing, harmless))
		victim := object(t, b.badge(nothing))
		delete(d, "holder")
		d["issuer"], d["credentialSubject"], d["name"] = victim["issuer"], victim["credentialSubject"], "Feedback"
		expect(t, "shown", b.verify(byAttacker.token(d, vp)), No, Undecided, "ambiguous")
		delete(d, "issuer")
		delete(d, "credentialSubject")
		r := b.verify(byAttacker.token(d, vp))
		expect(t, "a name alone", r, Yes, Yes, "")
		if r.Credential.Name != "" || r.Credential.Issuer.ID != "" || r.Credential.Achievement != nil {
			t.Errorf("it shows what its holder may say of anybody: %+v", r.Credential)
		}
	})
	t.Run("a badge by a key for presentations", func(t *testing.T) {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		other.publish(func(d map[string]any) { d["assertionMethod"] = []any{} })
		expect(t, "alone", other.verify(b.seal(b.badge(nothing))), No, Undecided, "key_mismatch")
		r := other.verify(b.present(b.presentation(nothing, object(t, b.badge(nothing))), proof.SealOptions{}))
		expect(t, "inside", r, No, Undecided, "key_mismatch")
	})
	t.Run("parts of a record that change places", func(t *testing.T) {
		one, two := object(t, b.badge(nothing)), object(t, b.badge(nothing))
		one["id"], two["id"] = "urn:n:1", "urn:n:2"
		subject(two)["achievement"].(map[string]any)["id"] = "https://issuer.example/a/2"
		sealed := object(t, b.seal(b.record(nothing, one, two)))
		inside := subject(sealed)["verifiableCredential"].([]any)
		first, second := subject(inside[0].(map[string]any)), subject(inside[1].(map[string]any))
		first["achievement"], second["achievement"] = second["achievement"], first["achievement"]
		r := b.verify(marshal(t, sealed))
		for _, inside := range r.Credentials {
			if inside.Outcome == Valid {
				t.Errorf("%s: %s", inside.Pointer, findings(inside))
			}
		}
	})
	t.Run("an old badge inside a presentation", func(t *testing.T) {
		old := map[string]any{"@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": "https://old.example/1"}
		r := b.verify(b.token(object(t, b.presentation(nothing, old)), vp))
		expect(t, "2.0", r, No, Undecided, "")
	})
	t.Run("a key that is withdrawn, by its name in the key set", func(t *testing.T) {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		other.publish(func(d map[string]any) {
			d["verificationMethod"].([]any)[0].(map[string]any)["revoked"] = "2026-01-01T00:00:00Z"
		})
		other.documents["https://issuer.example/.well-known/jwks.json"] = marshal(t, map[string]any{"keys": []any{jwkOf(t, b.key.Signer.Public(), map[string]any{"kid": "k"})}})
		payload := object(t, b.badge(nothing))
		text, err := jose.Sign(marshal(t, payload), jose.Header{Type: "JWT", KeyID: "k"}, b.key.Signer)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "by kid", other.verify([]byte(text)), No, Undecided, "key_mismatch")
	})
	t.Run("another proof beside a good one", func(t *testing.T) {
		beside := func(o proof.SealOptions, change func(map[string]any)) []byte {
			o.Signer = attacker
			both, err := proof.AddProof(context.Background(), b.seal(b.badge(nothing)), o)
			if err != nil {
				t.Fatal(err)
			}
			d := object(t, both)
			change(d["proof"].([]any)[1].(map[string]any))
			return marshal(t, d)
		}
		future := at.Add(365 * 24 * time.Hour)
		expect(t, "dated in the future", b.verify(beside(proof.SealOptions{Created: future}, nothing)), Yes, Yes, "")
		expect(t, "expired", b.verify(beside(proof.SealOptions{Created: at.Add(-2 * time.Hour), Expires: at.Add(-time.Hour)}, nothing)), Yes, Yes, "")
		expect(t, "of another suite", b.verify(beside(proof.SealOptions{Created: future}, func(p map[string]any) { p["cryptosuite"] = "bbs-2023" })), Yes, Yes, "alg_not_allowed")
	})
	t.Run("a second proof by a withdrawn key", func(t *testing.T) {
		other := b.of(keyring(t)[keys.ES256])
		both, err := proof.AddProof(context.Background(), b.seal(b.badge(nothing)), proof.SealOptions{Signer: other.key, Suite: "ecdsa-rdfc-2019", Created: at.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		documents := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		withdrawn := object(t, other.documents[webDoc])["verificationMethod"].([]any)[0].(map[string]any)
		withdrawn["revoked"] = "2026-01-01T00:00:00Z"
		documents.publish(func(d map[string]any) {
			d["verificationMethod"] = append(d["verificationMethod"].([]any), withdrawn)
			d["assertionMethod"] = append(d["assertionMethod"].([]any), withdrawn["id"])
		})
		expect(t, "that fits", documents.verify(both), Yes, Yes, "issuer_unresolved")
		d := object(t, both)
		d["proof"].([]any)[1].(map[string]any)["created"] = "2026-11-22T10:00:00Z"
		expect(t, "that does not fit", documents.verify(marshal(t, d)), No, Undecided, "signature_invalid")
	})
	t.Run("a token of a presentation for somebody else", func(t *testing.T) {
		d := object(t, b.presentation(nothing, harmless))
		delete(d, "holder")
		d["iss"] = webDID
		expect(t, "iss", b.verify(byAttacker.token(d, vp)), No, Undecided, "issuer_mismatch")
	})
}

// TestCarriesItsContext: a proof of JCS carries the contexts of its document, which may stand inside another one.
func TestCarriesItsContext(t *testing.T) {
	b := newBench(t)
	jcs := object(t, b.sign(b.badge(nothing), proof.SealOptions{Suite: "eddsa-jcs-2022"}))
	endorsement := object(t, b.sign(b.endorsement(), proof.SealOptions{Suite: "eddsa-jcs-2022"}))
	for name, input := range map[string][]byte{
		"in a presentation":           b.present(b.presentation(nothing, jcs), proof.SealOptions{}),
		"in a presentation of JCS":    b.present(b.presentation(nothing, jcs), proof.SealOptions{Suite: "eddsa-jcs-2022"}),
		"in a token":                  b.token(object(t, b.presentation(nothing, jcs)), jose.Header{Type: "vp+jwt"}),
		"in a record":                 b.seal(b.record(nothing, jcs)),
		"an endorsement in a badge":   b.seal(b.badge(func(d map[string]any) { subject(d)["achievement"].(map[string]any)["endorsement"] = []any{endorsement} })),
		"an endorsement in its token": b.token(object(t, b.badge(func(d map[string]any) { subject(d)["achievement"].(map[string]any)["endorsement"] = []any{endorsement} })), jose.Header{Type: "vc+jwt"}),
	} {
		expect(t, name, b.verify(input), Yes, Yes, "")
	}
}

// TestSeveralIssuers: credentials of several issuers, each with two lists, can be shown together.
func TestSeveralIssuers(t *testing.T) {
	b := newBench(t)
	var inside []any
	for i := range 5 {
		key := newSigner(t, false)
		did, _, _ := strings.Cut(key.ID, "#")
		issuer := &bench{TB: t, key: key, documents: b.documents}
		var entries []any
		for _, purpose := range []string{"revocation", "suspension"} {
			address := "https://status.example/" + did + "/" + purpose
			list, err := status.Credential(status.ListOptions{ID: address, Issuer: did, Purpose: purpose, ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, status.New(0))
			if err != nil {
				t.Fatal(err)
			}
			b.documents[address] = issuer.seal(list)
			entries = append(entries, map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": "7", "statusListCredential": address})
		}
		inside = append(inside, object(t, issuer.seal(b.badge(func(d map[string]any) {
			d["id"], d["issuer"].(map[string]any)["id"], d["credentialStatus"] = "urn:n:"+string(rune('a'+i)), did, entries
		}))))
	}
	expect(t, "five", b.verify(b.present(b.presentation(nothing, inside...), proof.SealOptions{})), Yes, Yes, "")
}

// TestPersonsAreForgotten: a Memory keeps lists and endorsements, and no badge that stood in the place of one.
func TestPersonsAreForgotten(t *testing.T) {
	b := newBench(t)
	b.documents[listURL] = b.seal(b.badge(nothing))
	token, err := proof.SealVCJWT(b.badge(nothing), b.key)
	if err != nil {
		t.Fatal(err)
	}
	memory := &Memory{}
	input := b.seal(b.badge(func(d map[string]any) {
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": listURL}
		subject(d)["achievement"].(map[string]any)["endorsementJwt"] = []any{token}
	}))
	for _, text := range [][]byte{input, b.present(b.presentation(nothing, enveloped("EnvelopedVerifiableCredential", []byte(token))), proof.SealOptions{})} {
		if _, err := Verify(context.Background(), text, Options{At: at, Fetch: b.documents, Memory: memory}); err != nil {
			t.Fatal(err)
		}
	}
	if memory.order.Len() != 0 {
		t.Errorf("%d documents are kept", memory.order.Len())
	}
}

// TestWorkOfManyInside: what credentials inside lead to is bounded together, whatever each of them may do alone.
func TestWorkOfManyInside(t *testing.T) {
	b := newBench(t)
	asked := 0
	large := []byte(`{"a":"` + strings.Repeat("x", credential.Limits.Body-20) + `"}`)
	documents := counting{b.documents, large, &asked}
	var inside []any
	for i := range credential.Limits.Nested {
		inside = append(inside, object(t, b.seal(b.badge(func(d map[string]any) {
			refreshable(d)
			d["id"] = "urn:n:" + strings.Repeat("i", i+1)
			d["refreshService"].(map[string]any)["id"] = "https://issuer.example/refresh/" + strings.Repeat("i", i+1)
			d["credentialSchema"] = []any{schemaEntry("JsonSchema", "https://schema.example/"+strings.Repeat("i", i+1))}
		}))))
	}
	began := time.Now()
	r, err := Verify(context.Background(), b.present(b.presentation(nothing, inside...), proof.SealOptions{}), Options{At: at, Fetch: documents})
	if err != nil {
		t.Fatal(err)
	}
	if most := readMost/len(large) + 2; asked > most {
		t.Errorf("%d large documents were read, want at most %d", asked, most)
	}
	if took := time.Since(began); took > time.Minute { // far beyond what the bounds allow, on any machine
		t.Errorf("it took %s", took)
	}
	wellFormed(t, r)
}

// counting answers with a large document wherever it knows none.
type counting struct {
	library
	large []byte
	asked *int
}

func (c counting) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	if _, known := c.library[url]; known {
		return c.library.Fetch(ctx, url, limit)
	}
	*c.asked++
	return Document{Bytes: c.large, URL: url, ReadAt: at, Origin: Given}, nil
}

// TestMovedParts: a signature of statements does not say in which of several objects with one id they stand, so nothing may hang on it.
func TestMovedParts(t *testing.T) {
	b := newBench(t)
	achievement := func(d map[string]any) map[string]any { return subject(d)["achievement"].(map[string]any) }
	ofRecipient := func() []byte {
		return b.badge(func(d map[string]any) {
			d["id"], d["type"], d["name"] = "urn:uuid:22222222-58f7-4d2c-9d55-4b0c5b2d7e02", []any{"VerifiableCredential", "EndorsementCredential"}, "Endorsement"
			d["credentialSubject"] = map[string]any{"id": "did:example:teacher", "type": []any{"EndorsementSubject"}, "endorsementComment": "Good."}
		})
	}
	sealed := object(t, b.seal(b.badge(func(d map[string]any) {
		rich(d)
		achievement(d)["achievementType"] = "Course"
		achievement(d)["endorsement"] = []any{object(t, b.seal(b.endorsement()))}
		d["endorsement"] = []any{object(t, b.seal(ofRecipient()))}
	})))
	expect(t, "as it is", b.verify(marshal(t, sealed)), Yes, Yes, "")
	move := func(name string, from, to func(d map[string]any) map[string]any) []byte {
		d := object(t, marshal(t, sealed))
		to(d)[name] = from(d)[name]
		delete(from(d), name)
		types := []any{}
		for _, object := range []map[string]any{from(d), to(d)} {
			types = append(types, object["type"].([]any)...)
		}
		from(d)["type"], to(d)["type"] = types, types
		return marshal(t, d)
	}
	ofAchievement := func(d map[string]any) map[string]any {
		return subject(achievement(d)["endorsement"].([]any)[0].(map[string]any))
	}
	ofSubject := func(d map[string]any) map[string]any { return subject(d["endorsement"].([]any)[0].(map[string]any)) }
	for name, input := range map[string][]byte{
		"the kind of the achievement": move("achievementType", achievement, ofAchievement),
		"the results":                 move("result", subject, ofSubject),
	} {
		if r := b.verify(input); r.Authentic != No {
			t.Errorf("%s: %s %+v", name, r.Outcome, r.Credential)
		}
	}

	d := object(t, b.seal(b.badge(func(d map[string]any) {
		achievement(d)["creator"] = map[string]any{"id": webDID, "type": []any{"Profile"}}
	})))
	creator, issuer := achievement(d)["creator"].(map[string]any), d["issuer"].(map[string]any)
	creator["name"], creator["url"] = issuer["name"], issuer["url"]
	delete(issuer, "name")
	delete(issuer, "url")
	r := b.verify(marshal(t, d))
	expect(t, "the name of the issuer", r, Yes, Yes, "")
	if r.Credential.Issuer.Name != "Example District" || r.Credential.Issuer.URL != "https://issuer.example" {
		t.Errorf("%+v", r.Credential.Issuer)
	}

	// One address for an achievement, its criteria and a piece of evidence is no fault.
	expect(t, "one address", b.verify(b.seal(b.badge(func(d map[string]any) {
		address := achievement(d)["id"]
		achievement(d)["criteria"].(map[string]any)["id"] = address
		d["evidence"] = []any{map[string]any{"id": address, "type": []any{"Evidence"}, "genre": "Page"}, map[string]any{"id": address, "type": []any{"Evidence"}, "genre": "Again"}}
	}))), Yes, Yes, "")

	expect(t, "two names", b.verify(b.seal(b.badge(func(d map[string]any) {
		d["evidence"] = []any{map[string]any{"id": achievement(d)["id"], "type": []any{"Evidence"}, "name": "Doctor of Medicine"}}
	}))), No, Undecided, "ambiguous")

	// A record of what an issuer says of itself.
	ofItself := func(id, name, until string) map[string]any {
		return object(t, b.badge(func(d map[string]any) {
			d["id"], d["validUntil"] = id, until
			subject(d)["id"], achievement(d)["id"], achievement(d)["name"] = webDID, "urn:a:"+name, name
		}))
	}
	record := object(t, b.seal(b.record(nothing, ofItself("urn:n:1", "A1", "2027-01-01T00:00:00Z"), ofItself("urn:n:2", "A2", "2026-02-01T00:00:00Z"))))
	inside := subject(record)["verifiableCredential"].([]any)
	first, second := subject(inside[0].(map[string]any)), subject(inside[1].(map[string]any))
	first["achievement"], second["achievement"] = second["achievement"], first["achievement"]
	for _, r := range b.verify(marshal(t, record)).Credentials {
		if r.Outcome == Valid {
			t.Errorf("%s: %+v", r.Pointer, r.Credential)
		}
	}

	// The words of types and of properties share IRIs in some contexts.
	old := object(t, b.seal(b.badge(func(d map[string]any) {
		d["@context"] = []any{contextV2, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"}
		achievement(d)["image"] = map[string]any{"id": "https://issuer.example/i.png", "type": "Image"}
	})))
	achievement(old)["Image"] = achievement(old)["image"]
	delete(achievement(old), "image")
	expect(t, "a word for a type", b.verify(marshal(t, old)), No, Undecided, "unsafe_jsonld")

	// Two entries of one id could change their indexes.
	entries := object(t, b.seal(b.badge(func(d map[string]any) {
		d["credentialStatus"] = []any{entryFor(false, "revocation", 1, "id", "urn:e"), entryFor(false, "suspension", 2, "id", "urn:e")}
	})))
	expect(t, "status entries", b.verify(marshal(t, entries)), No, Undecided, "ambiguous")
}
