package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/openbadges2"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// validatorFile reads a file of the tests of 1EdTech's public validator. Some of its files carry the whole context of Open Badges
// 2.0 where the standard's documents name its address; no issuer publishes such, and they are read as if they named it.
func validatorFile(t testing.TB, name string) doc {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(referencedata.Folder(t), "corpus/files/1EdTech__digital-credentials-public-validator/*"+name))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v %v", name, found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var value doc
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	if _, inline := value["@context"].(doc); inline {
		value["@context"] = openbadges2.Context
	}
	return value
}

// with is a document with members set.
func with(d doc, members doc) doc {
	for name, v := range members {
		d[name] = v
	}
	return d
}

// TestOpenBadges2AsTheValidator goes through the checks that the official validator makes of an Open Badges 2.0 Assertion
// (OB20Inspector), with the documents of its own tests. Its expectation stands first; where ours is stricter the reason is given.
func TestOpenBadges2AsTheValidator(t *testing.T) {
	const host = "https://example.org/"
	issuer := func(name string) doc { return validatorFile(t, "_assets_"+name+".json") }
	robotics := func() doc { return validatorFile(t, "_ob20_assets_robotics-badge.json") }
	award := func(name string) doc { return validatorFile(t, "_ob20_"+name+".json") }
	basic := func() doc {
		return with(award("basic-assertion-with-language"), doc{"badge": host + "robotics-badge.json"})
	}
	scoped := func(prefix string) doc {
		return with(issuer("issuer-with-allowed-origins-invalid-starts-with"), doc{"id": host + "scoped.json", "verification": doc{"startsWith": prefix}})
	}
	inScope := func() doc {
		return with(issuer("badgeclass-with-verification-valid-starts-with"), doc{"id": host + "badgeclass-with-verification-valid-starts-with.json", "issuer": host + "scoped.json"})
	}
	for _, test := range []struct {
		name     string
		expected string // by the validator
		award    doc
		pages    []doc
		want     string
	}{
		{"basic-assertion", "VALID", basic(), []doc{robotics(), issuer("organization")}, good},
		{"assertion-with-endorsements", "VALID", award("assertion-with-endorsements"), []doc{
			with(award("assertion-with-endorsements")["badge"].(doc), doc{"@context": openbadges2.Context}), issuer("organization")}, good},
		{"basic-assertion-no-public-key", "VALID", with(basic(), doc{"badge": host + "basic-badge-no-public-key.json"}), []doc{
			issuer("basic-badge-no-public-key"), with(issuer("organization-with-empty-revocation-list"), doc{"id": host + "organization-no-public-key.json", "publicKey": nil})}, good},
		{"badge-with-data-image", "VALID", with(basic(), doc{"badge": host + "badge-from-organization-with-revocation-list.json"}), []doc{
			issuer("badge-with-data-image"), with(issuer("organization"), doc{"id": host + "organization-with-revocation-list.json"})}, good},
		{"allowed-origins-valid-starts-with", "VALID", award("basic-assertion-with-allowed-origins-valid-starts-with"), []doc{inScope(), scoped(host + "beths-r")}, good},
		// Its documents name themselves by another address than the one they are at (http, no ending). Whoever answers for an id
		// says so there: two ids for one issuer would be two scopes.
		{"allowed-origins-valid-starts-with, ids as they are", "VALID", award("basic-assertion-with-allowed-origins-valid-starts-with"), []doc{
			with(issuer("badgeclass-with-verification-valid-starts-with"), doc{"at": host + "badgeclass-with-verification-valid-starts-with.json"})},
			"invalid no unknown issuer fail id_mismatch /badge"},
		{"assertion-with-extension-node-basic", "VALID", with(award("assertion-with-extension-node-basic"), doc{"id": host + "assertion"}), []doc{robotics(), issuer("organization")}, good},
		{"assertion-with-multiple-extensions", "VALID", with(award("assertion-with-multiple-extensions"), doc{"id": host + "assertion"}), []doc{robotics(), issuer("organization")}, good},
		// A hosted badge on plain http is what anybody on the way says it is. The door to the web never calls one.
		{"an id on plain http", "VALID", award("assertion-with-extension-node-basic"), []doc{robotics(), issuer("organization")},
			"unknown unknown unknown issuer unknown ssrf_blocked; proof unknown ssrf_blocked; status unknown ssrf_blocked /id"},

		{"invalid-context", "INVALID", with(basic(), doc{"@context": []any{openbadges2.Context, doc{"badge": "schema:x"}}}), nil, "invalid no unknown contexts fail context_untrusted /@context"},
		{"invalid-type", "INVALID", award("basic-assertion-invalid-type"), nil, "invalid no unknown form fail no_credential /type"},
		{"assertion-with-data-image", "INVALID", award("assertion-with-data-image"), nil, "invalid no unknown schema fail schema_invalid /image"},
		{"allowed-origins-invalid-starts-with", "INVALID", award("basic-assertion-with-allowed-origins-valid-starts-with"), []doc{inScope(), scoped(host + "NOT")},
			"invalid no unknown issuer fail issuer_mismatch /id"},
		{"basic-assertion-expired", "INVALID", with(basic(), doc{"expires": "2017-01-01T23:59:59Z"}), []doc{robotics(), issuer("organization")}, "invalid yes no dates fail expired /expires"},
		{"basic-assertion-expired-before-issued", "INVALID", with(basic(), doc{"expires": "2015-01-01T23:59:59Z"}), []doc{robotics(), issuer("organization")}, "invalid yes no dates fail expired /expires"},
		{"basic-assertion-in-future", "INVALID", award("basic-assertion-in-future"), []doc{robotics(), issuer("organization")}, "invalid yes no dates fail not_yet_valid /issuedOn"},
		{"assertion-with-extension-node-invalid", "INVALID", with(award("assertion-with-extension-node-invalid"), doc{"id": host + "assertion"}), nil,
			"invalid no unknown schema fail schema_invalid /extensions:exampleExtension"},
		{"badge-class-invalid-issuer-type", "INVALID", with(basic(), doc{"badge": "https://example.org/badgeclass"}), []doc{
			with(award("rdf-validation_badge-class-invalid-issuer-type"), doc{"id": host + "badgeclass", "image": host + "x.png", "issuer": host + "x"}), with(issuer("organization"), doc{"id": host + "x", "type": "Organization"})},
			"invalid no unknown schema fail schema_invalid /badge/issuer/type"},
		{"an Assertion of no type", "INVALID", with(basic(), doc{"type": []any{}}), nil, "invalid no unknown form fail no_credential /type"},

		// A warning there. Another address may answer only on the same host; and it has to know its own id.
		{"with-redirection", "WARNING", with(basic(), doc{"badge": host + "altbadgeurl.json"}), []doc{with(issuer("altbadgeurl"), doc{"at": host + "altbadgeurl.json"}), issuer("organization")},
			"invalid no unknown issuer fail id_mismatch /badge"},
		// A warning there. An issuer without an address cannot be asked, so nobody can say what it published.
		{"warning-issuer-non-http", "WARNING", with(award("warning-issuer-non-http"), doc{"badge": host + "b"}), []doc{with(robotics(), doc{"id": host + "b", "issuer": "urn:uuid:2d391246-6e0d-4dab-906c-b29770bd7aa6"})},
			"unknown unknown unknown issuer unknown ssrf_blocked; proof unknown ssrf_blocked; status unknown status_unavailable"},
	} {
		b := newOldBench(t, nil)
		for _, page := range append(test.pages, test.award) {
			address, _ := page["at"].(string)
			if delete(page, "at"); address == "" {
				address = page["id"].(string)
			}
			b.pages[address] = page
		}
		if r := judgeOld(t, marshal(t, test.award), Options{At: at, Fetch: door{b}}); answers(r) != test.want {
			t.Errorf("%s (%s there):\n got %s\nwant %s", test.name, test.expected, answers(r), test.want)
		}
	}
}

// door refuses as the one door to the web does: anything but https.
type door struct{ *oldBench }

func (d door) Fetch(ctx context.Context, address string, limit int) (Document, error) {
	if !strings.HasPrefix(address, "https://") {
		return Document{}, ErrBlocked
	}
	return d.oldBench.Fetch(ctx, address, limit)
}

// TestOpenBadges2ForeignSignature: a token that somebody else's software signed with RS256, and its key document. Key and list stand
// on plain http, so by the door to the web it cannot be decided; from files that a person gives it can.
func TestOpenBadges2ForeignSignature(t *testing.T) {
	const token = "corpus/files/1EdTech__digital-credentials-public-validator/inspector-vc_src_test_resources_ob20_simple-not-revoked.jwt"
	input := bytes.TrimSpace(referencedata.File(t, token))
	badge := validatorFile(t, "_assets_badge-from-organization-with-revocation-list.json")
	badge["id"], badge["issuer"] = "https://example.org/badge-from-organization-with-empty-revocation-list.json", "https://example.org/organization-with-empty-revocation-list.json"
	b := newOldBench(t, nil)
	for _, page := range []doc{badge, validatorFile(t, "_assets_organization-with-empty-revocation-list.json"), validatorFile(t, "_assets_key2.json"), validatorFile(t, "_assets_empty-revocation-list.json")} {
		b.pages[page["id"].(string)] = page
	}
	if r := judgeOld(t, input, Options{At: at, Fetch: b}); answers(r) != good || r.Credential.Recipient[0].Hashed != true {
		t.Errorf("from files: %s", answers(r))
	}
	if r := judgeOld(t, input, Options{At: at, Fetch: door{b}}); answers(r) != "unknown unknown unknown issuer unknown ssrf_blocked; proof unknown ssrf_blocked; status unknown status_unavailable" {
		t.Errorf("from the web: %s", answers(r))
	}
	b.pages["http://example.org/empty-revocation-list.json"]["revokedAssertions"] = []any{"https://example.org/beths-robotics-badge.json"}
	if r := judgeOld(t, input, Options{At: at, Fetch: b}); answers(r) != "invalid yes no status fail revoked" {
		t.Errorf("revoked: %s", answers(r))
	}
	input[len(input)/2] ^= 1
	if r := judgeOld(t, input, Options{At: at, Fetch: b}); r.Authentic == Yes {
		t.Errorf("changed: %s", answers(r))
	}
}

// FuzzOpenBadges2: whatever is handed in, there is a report with every step, few documents are asked for, and a copy that is called
// authentic says nothing but what is published.
func FuzzOpenBadges2(f *testing.F) {
	b := newOldBench(f, nil)
	hosted := b.copied(nothing)
	signed := newOldBench(f, oldSigners()["EdDSA"])
	token := signed.token(`{"alg":"EdDSA"}`, nothing)
	f.Add(hosted)
	f.Add(token)
	f.Add([]byte(`{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://old.example/awards/1","revoked":true}`))
	f.Add(bytes.Replace(hosted, []byte(`"badge":"https://old.example/badges/1"`), []byte(`"badge":[{"type":"BadgeClass","id":"https://old.example/badges/1","issuer":{}}]`), 1))
	f.Fuzz(func(t *testing.T, input []byte) {
		text, _, unreadable := read(input)
		if unreadable != nil || !holdsOpenBadges2(text) {
			return
		}
		server := *b
		if text.jwt {
			server = *signed
		}
		server.TB = t
		r := judgeOld(t, input, Options{At: at, Fetch: &server})
		complete(t, "", r)
		if len(server.asked) > maxOpenBadges2Documents {
			t.Fatalf("asked for %v", server.asked)
		}
		if r.Authentic != Yes || text.jwt && bytes.Equal(text.bytes, token) {
			return
		}
		var copied, published doc
		if text.jwt || json.Unmarshal(input, &copied) != nil || json.Unmarshal(hosted, &published) != nil {
			t.Fatalf("authentic: %q", input)
		}
		if at, differ := openbadges2.Difference(copied, published, server.pages); differ {
			t.Fatalf("authentic, with another %s: %q", at, input)
		}
	})
}
