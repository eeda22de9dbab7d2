package verifier

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// listForms are the ways to secure a list.
var listForms = []string{"data integrity", "vc+jwt", "Open Badges JWT", "data integrity 1.1", "vc claim"}

// listText is a list of any kind, as an issuer publishes it. The zero value is the badge issuer's own revocation list with all bits
// clear.
type listText struct {
	older    bool // of Status List 2021
	form     string
	purposes any
	set      map[int]uint32
	size     int // 0 is 1
	entries  int // 0 is the least that the rules allow
	issuer   string
	signer   *keys.Signer
	change   func(d map[string]any) // before it is signed
	id       string
}

// signed signs a list.
func (p listText) signed(b *bench) []byte {
	b.Helper()
	size, entries := max(p.size, 1), p.entries
	if entries == 0 {
		entries = 131072
	}
	bits := make([]byte, (entries*size+7)/8)
	for index, value := range p.set {
		for bit := range size {
			if value>>(size-1-bit)&1 == 1 {
				at := index*size + bit
				bits[at/8] |= 0x80 >> (at % 8)
			}
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(bits) //nolint:errcheck // into memory
	w.Close()     //nolint:errcheck
	encoded := base64.RawURLEncoding.EncodeToString(packed.Bytes())
	d := map[string]any{"id": listURL, "issuer": webDID, "type": []any{"VerifiableCredential", status.TypeCredential2021}}
	own := map[string]any{"id": listURL + "#list", "type": status.TypeList2021, "statusPurpose": "revocation", "encodedList": encoded}
	vocabulary := "https://w3id.org/vc/status-list/2021/v1"
	if !p.older {
		d["type"] = []any{"VerifiableCredential", status.TypeCredential}
		own["type"], own["encodedList"], vocabulary = status.TypeList, "u"+encoded, "https://www.w3.org/ns/credentials/status/v1"
	}
	if p.purposes != nil {
		own["statusPurpose"] = p.purposes
	}
	d["credentialSubject"] = own
	from, until := "validFrom", "validUntil"
	d["@context"] = []any{"https://www.w3.org/ns/credentials/v2"}
	if p.older || p.form == "data integrity 1.1" || p.form == "vc claim" { // the older vocabulary does not go with the data model 2.0
		from, until = "issuanceDate", "expirationDate"
		d["@context"] = []any{"https://www.w3.org/2018/credentials/v1", vocabulary, "https://w3id.org/security/data-integrity/v2"}
	}
	d[from], d[until] = at.Add(-time.Hour).Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339)
	if p.issuer != "" {
		d["issuer"] = p.issuer
	}
	if p.id != "" {
		d["id"] = p.id
	}
	if p.change != nil {
		p.change(d)
	}
	signer := b.key
	if p.signer != nil {
		signer = *p.signer
	}
	var text string
	var err error
	switch p.form {
	case "vc+jwt":
		text, err = proof.SealVCJWT(marshal(b, d), signer)
	case "Open Badges JWT":
		text, err = proof.SealJWT(marshal(b, d), signer)
	case "vc claim":
		return token(b, fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, signer.ID),
			fmt.Sprintf(`{"iss":%q,"jti":%q,"nbf":%d,"vc":%s}`, d["issuer"], d["id"], at.Add(-time.Hour).Unix(), marshal(b, d)), signer.Signer)
	default:
		sealed, err := proof.Seal(context.Background(), marshal(b, d), proof.SealOptions{Signer: signer, Created: at.Add(-time.Hour)})
		if err != nil {
			b.Fatal(err)
		}
		return sealed
	}
	if err != nil {
		b.Fatal(err)
	}
	return []byte(text)
}

// entryFor is an entry of either kind in the list at listURL.
func entryFor(older bool, purpose string, index int, more ...any) map[string]any {
	e := map[string]any{"id": fmt.Sprintf("%s#%s-%d", listURL, purpose, index), "type": status.TypeEntry, "statusPurpose": purpose,
		"statusListIndex": fmt.Sprint(index), "statusListCredential": listURL}
	if older {
		e["type"], e["id"] = status.TypeEntry2021, e["id"].(string)+"-2021"
	}
	for i := 0; i+1 < len(more); i += 2 {
		e[more[i].(string)] = more[i+1]
	}
	return e
}

// withStatus is a signed badge with status entries.
func (b *bench) withStatus(entries ...any) []byte {
	b.Helper()
	return b.seal(b.badge(func(d map[string]any) {
		contexts := d["@context"].([]any)
		for _, e := range entries {
			switch e := e.(map[string]any); e["type"] {
			case status.TypeEntry2021:
				contexts = append(contexts, "https://w3id.org/vc/status-list/2021/v1")
			case status.TypeRevocationList:
				contexts = append(contexts, "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			}
		}
		slices.SortStableFunc(contexts[2:], func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		d["@context"] = slices.Compact(contexts)
		d["credentialStatus"] = entries
	}))
}

// about returns the checks of the step status.
func about(r *Report) []Check {
	var all []Check
	for _, c := range r.Checks {
		if c.Step == "status" {
			all = append(all, c)
		}
	}
	return all
}

// TestStatusKinds: both kinds of list, secured in every way, for both purposes, set and clear, of everybody who may keep one.
func TestStatusKinds(t *testing.T) {
	b := newBench(t)
	foreign, neighbour := newSigner(t, false), newSigner(t, false)
	foreignDID, _, _ := strings.Cut(foreign.ID, "#")
	const neighbourDID = "did:web:issuer.example:lists"
	neighbour.ID = neighbourDID + "#k"
	document, err := keys.WebDocument(neighbourDID, []keys.Method{{ID: neighbour.ID, Key: neighbour.Signer.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	b.documents["https://issuer.example/lists/did.json"] = document
	owners := map[string]struct {
		issuer string
		signer *keys.Signer
		named  []string
		clears bool
	}{
		"own":           {"", nil, nil, true},
		"same host":     {neighbourDID, &neighbour, nil, true},
		"foreign":       {foreignDID, &foreign, nil, false},
		"operator":      {foreignDID, &foreign, []string{"did:example:1", foreignDID}, true},
		"other named":   {foreignDID, &foreign, []string{foreignDID + "x"}, false},
		"under his key": {webDID, &foreign, []string{foreignDID}, false}, // signed by somebody else in the issuer's name
	}
	for _, older := range []bool{false, true} {
		for _, form := range listForms {
			for whose, owner := range owners {
				for _, purpose := range []string{"revocation", "suspension"} {
					for _, set := range []bool{false, true} {
						name := fmt.Sprintf("older %v, %s, %s, %s, set %v", older, form, whose, purpose, set)
						list := listText{older: older, form: form, purposes: purpose, issuer: owner.issuer, signer: owner.signer}
						if set {
							list.set = map[int]uint32{77: 1}
						}
						b.documents[listURL] = list.signed(b)
						r, err := Verify(context.Background(), b.withStatus(entryFor(older, purpose, 77)), Options{At: at, Fetch: b.documents, StatusIssuers: owner.named})
						if err != nil {
							t.Fatal(err)
						}
						switch {
						case whose == "under his key":
							expect(t, name, r, Yes, Undecided, "status_invalid")
						case set:
							expect(t, name, r, Yes, No, map[string]string{"revocation": "revoked", "suspension": "suspended"}[purpose])
							if detail := about(r)[0].Detail; owner.clears != strings.Contains(detail, "says the issuer.") || !owner.clears && !strings.Contains(detail, foreignDID) {
								t.Errorf("%s: %s", name, detail)
							}
						case owner.clears:
							expect(t, name, r, Yes, Yes, "")
							if c := about(r)[0]; c.AsOf == nil || !strings.Contains(c.Detail, string(Given)) {
								t.Errorf("%s: %+v", name, c)
							}
						default:
							expect(t, name, r, Yes, Undecided, "status_invalid")
						}
					}
				}
			}
		}
	}
}

// TestStatusHosts: another identifier on the issuer's host may clear a badge by a list on that host, and by no other.
func TestStatusHosts(t *testing.T) {
	const did = "did:web:issuer.example:lists"
	for address, want := range map[string]Answer{
		listURL:                                Yes,
		"https://ISSUER.example:443/status/1":  Yes,
		"https://issuer.example:8443/status/1": Undecided,
		"https://lists.example/status/1":       Undecided,
		"https://issuer.example.evil.example/": Undecided,
		"https://issuer.example@evil.example/": Undecided,
		"http://issuer.example/status/1":       Undecided,
		"urn:issuer.example":                   Undecided,
	} {
		b := newBench(t)
		s := newSigner(t, false)
		s.ID = did + "#k"
		document, err := keys.WebDocument(did, []keys.Method{{ID: s.ID, Key: s.Signer.Public()}})
		if err != nil {
			t.Fatal(err)
		}
		b.documents["https://issuer.example/lists/did.json"] = document
		b.documents[address] = listText{id: address, issuer: did, signer: &s}.signed(b)
		code := ""
		if want != Yes {
			code = "status_invalid"
		}
		expect(t, address, b.verify(b.withStatus(entryFor(false, "revocation", 7, "statusListCredential", address, "id", address+"#3"))), Yes, want, code)
	}
}

// TestStatusThreats: what is wrong with a list or an entry, for both kinds of list, with the bit clear and set. A set bit is believed
// of a list that its issuer signed and that has a place for it; nothing else is.
func TestStatusThreats(t *testing.T) {
	subjectChange := func(name string, value any) func(map[string]any) {
		return func(d map[string]any) { subject(d)[name] = value }
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	bombed := 300 << 20
	if testing.Short() {
		bombed = 40 << 20
	}
	w.Write(make([]byte, bombed)) //nolint:errcheck // into memory
	w.Close()                     //nolint:errcheck
	bomb := func(d map[string]any) {
		prefix := ""
		if subject(d)["type"] == status.TypeList {
			prefix = "u"
		}
		subject(d)["encodedList"] = prefix + base64.RawURLEncoding.EncodeToString(packed.Bytes())
	}
	dates := func(from, until time.Duration) func(map[string]any) {
		return func(d map[string]any) {
			setDate(d, "validFrom", "issuanceDate", at.Add(from).Format(time.RFC3339))
			setDate(d, "validUntil", "expirationDate", at.Add(until).Format(time.RFC3339))
		}
	}
	type outcome struct {
		list       listText
		entry      []any // changes of the entry
		after      func([]byte) []byte
		clear, set Answer
		code       string // of the clear one
	}
	for name, c := range map[string]outcome{
		"as it is":              {clear: Yes, set: No},
		"wrong purpose":         {list: listText{purposes: "suspension"}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"several purposes":      {list: listText{purposes: []any{"suspension", "revocation"}}, clear: Yes, set: No},
		"no purpose":            {list: listText{change: subjectChange("statusPurpose", []any{})}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"id differs":            {list: listText{id: listURL + "0"}, clear: Undecided, set: No, code: "status_invalid"},
		"no id":                 {list: listText{change: func(d map[string]any) { delete(d, "id") }}, clear: Yes, set: No},
		"expired":               {list: listText{change: dates(-2*time.Hour, -time.Minute)}, clear: Undecided, set: No, code: "status_invalid"},
		"future":                {list: listText{change: dates(10*time.Minute, time.Hour)}, clear: Undecided, set: No, code: "status_invalid"},
		"no end":                {list: listText{change: func(d map[string]any) { delete(d, "validUntil"); delete(d, "expirationDate") }}, clear: Yes, set: No},
		"a date without zone":   {list: listText{change: func(d map[string]any) { setDate(d, "validFrom", "issuanceDate", "2026-01-01T00:00:00") }}, clear: Undecided, set: No, code: "status_invalid"},
		"too short":             {list: listText{entries: 100000}, clear: Undecided, set: No, code: "status_invalid"},
		"too short for it":      {list: listText{entries: 100000}, entry: []any{"statusListIndex", "100000"}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"out of range":          {entry: []any{"statusListIndex", "131072"}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"far out of range":      {entry: []any{"statusListIndex", "99999999999999999999"}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"negative":              {entry: []any{"statusListIndex", "-1"}, clear: No, set: No, code: "status_invalid"},
		"5e0":                   {entry: []any{"statusListIndex", "5e0"}, clear: No, set: No, code: "status_invalid"},
		"no index":              {entry: []any{"statusListIndex", ""}, clear: No, set: No, code: "status_invalid"},
		"the list as its id":    {entry: []any{"id", listURL}, clear: No, set: No, code: "status_invalid"},
		"unknown purpose":       {entry: []any{"statusPurpose", "recall"}, list: listText{purposes: "recall"}, clear: Undecided, set: Undecided, code: "status_unavailable"},
		"purpose of other case": {entry: []any{"statusPurpose", "Revocation"}, clear: Undecided, set: Undecided, code: "status_unavailable"},
		"unknown type":          {entry: []any{"type", "RevocationList2020Status"}, clear: Undecided, set: Undecided, code: "status_unavailable"},
		"bad multibase":         {list: listText{change: subjectChange("encodedList", "zH4sI")}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"not gzip":              {list: listText{change: subjectChange("encodedList", "uAAAA")}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"bomb":                  {list: listText{change: bomb}, clear: Undecided, set: Undecided, code: "too_large"},
		"another subject":       {list: listText{form: "vc+jwt", change: subjectChange("type", "Other")}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"list without its type": {list: listText{change: func(d map[string]any) { d["type"] = []any{"VerifiableCredential"} }}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"subject in an array":   {list: listText{change: func(d map[string]any) { d["credentialSubject"] = []any{d["credentialSubject"]} }}, clear: Yes, set: No},
		"of another size":       {list: listText{form: "vc+jwt", change: subjectChange("statusSize", 2)}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"size of no number":     {list: listText{form: "vc+jwt", change: subjectChange("statusSize", "1")}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"a rule broken":         {list: listText{change: func(d map[string]any) { d["termsOfUse"] = map[string]any{"id": "urn:x:1"} }}, clear: Undecided, set: No, code: "status_invalid"},
		"two subjects":          {list: listText{change: func(d map[string]any) { d["credentialSubject"] = []any{subject(d), map[string]any{"id": "urn:x:1"}} }}, clear: Undecided, set: Undecided, code: "status_invalid"},
		"changed":               {after: func(b []byte) []byte { return bytes.Replace(b, []byte("T13:00"), []byte("T14:00"), 1) }, clear: Undecided, set: Undecided, code: "status_invalid"},
		"cut":                   {after: func(b []byte) []byte { return b[:len(b)/2] }, clear: Undecided, set: Undecided, code: "status_invalid"},
		"two documents":         {after: func(b []byte) []byte { return append(b, b...) }, clear: Undecided, set: Undecided, code: "status_invalid"},
		"HTML":                  {after: func([]byte) []byte { return []byte("<html>") }, clear: Undecided, set: Undecided, code: "status_invalid"},
		"nothing":               {after: func([]byte) []byte { return nil }, clear: Undecided, set: Undecided, code: "status_invalid"},
		"more than is read":     {after: func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 1<<20)...) }, clear: Undecided, set: Undecided, code: "too_large"},
		"issuer out of reach":   {list: listText{issuer: "did:web:gone.example", signer: &keys.Signer{ID: "did:web:gone.example#k"}}, clear: Undecided, set: Undecided, code: "status_unavailable"},
		"unsigned":              {after: unsign, clear: Undecided, set: Undecided, code: "status_invalid"},
		"status of its own, bad": {list: listText{change: func(d map[string]any) {
			d["credentialStatus"] = map[string]any{"id": "urn:x:1", "type": "https://x.example/T"}
		}}, clear: Yes, set: No},
	} {
		for _, older := range []bool{false, true} {
			for _, set := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, older %v, set %v", name, older, set), func(t *testing.T) {
					b := newBench(t)
					list := c.list
					list.older = older
					if list.signer != nil {
						s := newSigner(t, false)
						s.ID = list.signer.ID
						list.signer = &s
					}
					if set {
						list.set = map[int]uint32{77: 1}
					}
					text := list.signed(b)
					if c.after != nil {
						text = c.after(text)
					}
					b.documents[listURL] = text
					want, code := c.clear, c.code
					if set {
						if want = c.set; want == No && code != "status_invalid" || c.clear != No && want == No {
							code = "revoked"
						}
					}
					input := b.withStatus(entryFor(older, "revocation", 77))
					if c.entry != nil {
						// An entry of another type has no meaning of its own in the context, so the badge is a token.
						e := entryFor(older, "revocation", 77, c.entry...)
						token, err := proof.SealJWT(b.badge(func(d map[string]any) { d["credentialStatus"] = e }), b.key)
						if err != nil {
							t.Fatal(err)
						}
						input = []byte(token)
					}
					r := b.verify(input)
					expect(t, name, r, Yes, want, code)
					if name == "a rule broken" && !set && !strings.Contains(about(r)[0].Detail, "rules of its own form") {
						t.Errorf("%+v", about(r))
					}
				})
			}
		}
	}
}

// setDate changes the one of the two names that a document has.
func setDate(d map[string]any, name, older, date string) {
	if _, here := d[older]; here {
		name = older
	}
	d[name] = date
}

func unsign(text []byte) []byte {
	var d map[string]any
	if json.Unmarshal(text, &d) != nil {
		return nil
	}
	delete(d, "proof")
	text, _ = json.Marshal(d)
	return text
}

// TestStatusUnreadable: what stands between a badge and its list is unknown, each with its code, and so is a list of the other kind.
func TestStatusUnreadable(t *testing.T) {
	for _, older := range []bool{false, true} {
		b := newBench(t)
		b.documents[listURL] = listText{older: !older, set: map[int]uint32{77: 1}}.signed(b)
		expect(t, "other kind", b.verify(b.withStatus(entryFor(older, "revocation", 77))), Yes, Undecided, "status_invalid")
		b.documents[listURL] = listText{older: older, change: func(d map[string]any) {
			d["type"] = []any{"VerifiableCredential", status.TypeCredential, status.TypeCredential2021}
			d["@context"] = []any{"https://www.w3.org/2018/credentials/v1", "https://w3id.org/vc/status-list/2021/v1", "https://www.w3.org/ns/credentials/status/v1", "https://w3id.org/security/data-integrity/v2"}
			setDate(d, "issuanceDate", "issuanceDate", "2026-01-01T00:00:00Z")
			delete(d, "validFrom")
			delete(d, "validUntil")
		}}.signed(b)
		expect(t, "both kinds", b.verify(b.withStatus(entryFor(older, "revocation", 77))), Yes, Undecided, "status_invalid")
		for code, f := range map[string]Fetcher{
			"status_unavailable": answering{b.documents, listURL, Document{}, fmt.Errorf("x: %w", ErrUnavailable)},
			"ssrf_blocked":       answering{b.documents, listURL, Document{}, fmt.Errorf("x: %w", ErrBlocked)},
			"too_large":          answering{b.documents, listURL, Document{}, fmt.Errorf("x: %w", ErrTooLarge)},
		} {
			for _, e := range []map[string]any{entryFor(older, "revocation", 77), {"id": listURL, "type": status.TypeRevocationList}} {
				r, err := Verify(context.Background(), b.withStatus(e), Options{At: at, Fetch: f})
				if err != nil {
					t.Fatal(err)
				}
				expect(t, code, r, Yes, Undecided, code)
			}
		}
		b.documents[listURL] = listText{older: older, form: "Open Badges JWT", change: func(d map[string]any) {
			d["type"] = []any{"VerifiableCredential", map[bool]string{true: status.TypeCredential, false: status.TypeCredential2021}[older]}
		}}.signed(b)
		expect(t, "subject of the other kind", b.verify(b.withStatus(entryFor(older, "revocation", 77))), Yes, Undecided, "status_invalid")
		good := listText{older: older}.signed(b)
		elsewhere := answering{b.documents, listURL, Document{Bytes: good, URL: "https://elsewhere.example/status/1", Origin: Network, ReadAt: at}, nil}
		r, err := Verify(context.Background(), b.withStatus(entryFor(older, "revocation", 77)), Options{At: at, Fetch: elsewhere})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "redirected to another host", r, Yes, Undecided, "status_unavailable")
	}
}

// answering answers for one address, and asks the library for the others.
type answering struct {
	library
	address  string
	document Document
	err      error
}

func (a answering) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	if url == a.address {
		return a.document, a.err
	}
	return a.library.Fetch(ctx, url, limit)
}

// TestStatusAge: a check says when its list was read and from where, and how long the list may be kept.
func TestStatusAge(t *testing.T) {
	b := newBench(t)
	read := at.Add(-17 * time.Minute)
	for _, origin := range []Origin{Network, Installation, Given} {
		list := listText{change: func(d map[string]any) { subject(d)["ttl"] = json.Number("300000") }}.signed(b)
		f := answering{b.documents, listURL, Document{Bytes: list, URL: listURL, Origin: origin, ReadAt: read}, nil}
		r, err := Verify(context.Background(), b.withStatus(entryFor(false, "revocation", 7), entryFor(false, "suspension", 7)), Options{At: at, Fetch: f})
		if err != nil {
			t.Fatal(err)
		}
		checks := about(r)
		if want := "Not revoked, says the issuer's list, read " + string(origin) + "; it may be kept for 5 minutes."; checks[0].Detail != want {
			t.Errorf("%q, want %q", checks[0].Detail, want)
		}
		for _, c := range checks {
			if c.AsOf == nil || !c.AsOf.Equal(read) {
				t.Errorf("%+v", c)
			}
		}
	}
	for d, want := range map[time.Duration]string{time.Second: "1s", 90 * time.Second: "90 seconds", time.Hour: "60 minutes", 24 * time.Hour: "24 hours", 48 * time.Hour: "2 days", 1500 * time.Millisecond: "2s"} {
		if got := span(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

// TestStatusMessages: what an entry for a message or a newer version holds is shown and changes nothing, whatever is wrong with it.
func TestStatusMessages(t *testing.T) {
	codes := func(size int, text func(int) string) []any {
		all := make([]any, 1<<size)
		for i := range all {
			all[i] = map[string]any{"status": fmt.Sprintf("0x%X", i), "message": text(i)}
		}
		return all
	}
	word := func(i int) string { return fmt.Sprintf("state %d", i) }
	message := func(size int, more ...any) map[string]any {
		return entryFor(false, "message", 9, append([]any{"statusSize", size, "statusMessage", codes(size, word)}, more...)...)
	}
	list := func(size int, value uint32) listText {
		return listText{purposes: []any{"message", "refresh", "revocation"}, size: size, set: map[int]uint32{9: value}}
	}
	for name, c := range map[string]struct {
		list  listText
		entry map[string]any
		want  string
	}{
		"one bit, clear":         {list(1, 0), message(1), `it reads "state 0".`},
		"one bit, set":           {list(1, 1), message(1), `it reads "state 1".`},
		"two bits":               {list(2, 2), message(2), `it reads "state 2".`},
		"seven bits":             {list(7, 93), message(7), `it reads "state 93".`},
		"no words, set":          {list(1, 1), entryFor(false, "message", 9), "it reads 0x1."},
		"no words, clear":        {list(1, 0), entryFor(false, "message", 9), "it is not set."},
		"empty words":            {list(1, 1), entryFor(false, "message", 9, "statusMessage", codes(1, func(int) string { return " \u202e\n" })), "it reads 0x1."},
		"words that turn around": {list(1, 1), entryFor(false, "message", 9, "statusMessage", codes(1, func(int) string { return "a\u202eb\r\n\"c\" <b>" })), `it reads "a b 'c' <b>".`},
		"long words":             {list(1, 1), entryFor(false, "message", 9, "statusMessage", codes(1, func(int) string { return strings.Repeat("é", 5000) })), strings.Repeat("é", 200) + `…".`},
		"newer version":          {list(1, 1), entryFor(false, "refresh", 9), "it says that there is a newer version."},
		"no newer version":       {list(1, 0), entryFor(false, "refresh", 9), "it is not set."},
		"too short for the size": {listText{purposes: "message", size: 2, entries: 131068, set: map[int]uint32{9: 1}}, message(2), "its list is not one to rely on."},
		"for another purpose":    {listText{}, message(1), "its list is not one to rely on."},
		"out of date":            {listText{purposes: "message", change: func(d map[string]any) { d["validUntil"] = at.Add(-time.Minute).Format(time.RFC3339) }}, message(1), "its list is not one to rely on."},
		"in another place":       {list(1, 1), message(1, "statusListCredential", listURL+"/none"), "it could not be read."},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.documents[listURL] = c.list.signed(b)
			r := b.verify(b.withStatus(c.entry))
			expect(t, name, r, Yes, Yes, "")
			checks := about(r)
			if len(checks) != 1 || checks[0].Outcome != NotApplicable || !strings.HasSuffix(checks[0].Detail, c.want) {
				t.Errorf("%+v, want %s", checks, c.want)
			}
		})
	}
	b := newBench(t)
	b.documents[listURL] = list(1, 1).signed(b)
	expect(t, "beside a revocation", b.verify(b.withStatus(message(1), entryFor(false, "revocation", 9))), Yes, No, "revoked")
	expect(t, "beside a clear one", b.verify(b.withStatus(message(1), entryFor(false, "revocation", 10))), Yes, Yes, "")
	expect(t, "words missing", b.verify(b.withStatus(entryFor(false, "message", 9, "statusSize", 2))), Yes, No, "status_invalid")
	token, err := proof.SealJWT(b.badge(func(d map[string]any) { d["credentialStatus"] = entryFor(true, "message", 9) }), b.key)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "message of the older kind", b.verify([]byte(token)), Yes, Undecided, "status_unavailable")
}

// TestStatusBudget: a list is read once for all its entries, and lists that change nothing take no place from those that do.
func TestStatusBudget(t *testing.T) {
	b := newBench(t)
	b.documents[listURL] = listText{purposes: []any{"revocation", "suspension", "message", "refresh"}}.signed(b)
	reads := 0
	r, err := Verify(context.Background(), b.withStatus(entryFor(false, "revocation", 1), entryFor(false, "suspension", 2), entryFor(false, "message", 3), entryFor(false, "refresh", 4)),
		Options{At: at, Fetch: counter{b.documents, &reads}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "four entries", r, Yes, Yes, "")
	if reads != 2 { // the issuer's document and the list
		t.Errorf("%d reads", reads)
	}
	var entries []any
	for i := range 5 {
		address := fmt.Sprintf("%s/m%d", listURL, i)
		entries = append(entries, entryFor(false, "message", 3, "statusListCredential", address, "id", address+"#3"))
		b.documents[address] = listText{id: address, purposes: "message"}.signed(b)
	}
	for i := range 3 {
		address := fmt.Sprintf("%s/r%d", listURL, i)
		entries = append(entries, entryFor(false, "revocation", 3, "statusListCredential", address, "id", address+"#3"))
		b.documents[address] = listText{id: address}.signed(b)
	}
	r = b.verify(b.withStatus(entries...))
	expect(t, "messages first", r, Yes, Yes, "")
	if first, second := about(r)[0].Detail, about(r)[1].Detail; !strings.HasSuffix(first, "it is not set.") || !strings.HasSuffix(second, "it was not looked up.") {
		t.Errorf("%s %s", first, second)
	}
}

const revocationsURL = "https://issuer.example/revocations"

// TestRevocationList: an unsigned list is believed when it names the badge; that it does not is an answer only of the issuer's own list
// from his own host.
func TestRevocationList(t *testing.T) {
	const id = "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11"
	list := func(issuer any, members string) string {
		return fmt.Sprintf(`{"id":%q,"issuer":%s,%s}`, revocationsURL, marshal(t, issuer), members)
	}
	none, named := `"revokedCredential":[{"id":"urn:uuid:0"}]`, `"revokedCredential":[{"id":"`+id+`"}]`
	for name, c := range map[string]struct {
		text    string
		address string // "" is revocationsURL
		origin  Origin
		answers string // the address that answered, "" is the one that was asked
		inForce Answer
		code    string
		says    string
	}{
		"named":                    {text: list(webDID, named), inForce: No, code: "revoked", says: "not signed"},
		"named, plural":            {text: list(webDID, `"revokedCredentials":[{"id":"`+id+`","revoked":true,"revocationReason":"Copied\u202e work"}]`), inForce: No, code: "revoked", says: `with the reason "Copied work"`},
		"named in other spelling":  {text: list(webDID, `"revokedCredential":[{"id":" urn%3Auuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11 "}]`), inForce: No, code: "revoked"},
		"named, not revoked":       {text: list(webDID, `"revokedCredential":[{"id":"`+id+`","revoked":false}]`), inForce: Yes},
		"named by a foreign list":  {text: list("did:web:evil.example", named), inForce: No, code: "revoked", says: "not the issuer's own"},
		"named elsewhere":          {text: list(webDID, named), address: "https://evil.example/r", inForce: No, code: "revoked"},
		"named, without an issuer": {text: `{` + named + `}`, inForce: No, code: "revoked"},
		"named, beside a bad one":  {text: list(webDID, `"revokedCredential":[{"id":"`+id+`"},{"revoked":true}]`), inForce: No, code: "revoked"},
		"named, in no list":        {text: list(webDID, `"revokedCredential":{"id":"`+id+`"}`), inForce: No, code: "revoked"},
		"absent, beside a bad one": {text: list(webDID, `"revokedCredential":[{"id":"urn:uuid:0"},{"revoked":true}]`), inForce: Undecided, code: "status_invalid", says: "rules of its own form"},
		"absent":                   {text: list(webDID, none), inForce: Yes, says: "not signed"},
		"absent, an object":        {text: list(map[string]any{"id": webDID, "type": "Profile"}, none), inForce: Yes},
		"absent, both names":       {text: list(webDID, none+`,"revokedCredentials":[]`), inForce: Yes},
		"absent, no id":            {text: fmt.Sprintf(`{"issuer":%q,%s}`, webDID, none), inForce: Yes},
		"absent, from the network": {text: list(webDID, none), origin: Network, inForce: Yes, says: "read from the network"},
		"absent, another list":     {text: strings.Replace(list(webDID, none), revocationsURL, revocationsURL+"2", 1), inForce: Undecided, code: "status_invalid"},
		"absent, no issuer":        {text: `{` + none + `}`, inForce: Undecided, code: "status_invalid"},
		"absent, of another":       {text: list("did:web:evil.example", none), inForce: Undecided, code: "status_invalid"},
		"absent, name of host":     {text: list("https://issuer.example", none), inForce: Undecided, code: "status_invalid"},
		"absent, other host":       {text: strings.Replace(list(webDID, none), revocationsURL, "https://evil.example/r", 1), address: "https://evil.example/r", inForce: Undecided, code: "status_invalid"},
		"absent, other port":       {text: strings.Replace(list(webDID, none), revocationsURL, "https://issuer.example:8443/r", 1), address: "https://issuer.example:8443/r", inForce: Undecided, code: "status_invalid"},
		"absent, not https":        {text: strings.Replace(list(webDID, none), revocationsURL, "http://issuer.example/r", 1), address: "http://issuer.example/r", inForce: Undecided, code: "status_invalid"},
		"absent, a file":           {text: strings.Replace(list(webDID, none), revocationsURL, "file:///r", 1), address: "file:///r", inForce: Undecided, code: "status_invalid"},
		"absent, of this place":    {text: strings.Replace(list(webDID, none), revocationsURL, "http://localhost:8080/r", 1), address: "http://localhost:8080/r", origin: Installation, inForce: Yes},
		"absent, redirected":       {text: list(webDID, none), answers: "https://evil.example/r", inForce: Undecided, code: "status_unavailable"},
		"malformed":                {text: list(webDID, `"revokedCredential":[{"id":"`+id+`","revoked":"no"}]`), inForce: Undecided, code: "status_invalid"},
		"no list":                  {text: `{"id":"` + revocationsURL + `","issuer":"` + webDID + `"}`, inForce: Undecided, code: "status_invalid"},
		"not JSON":                 {text: `<html>`, inForce: Undecided, code: "status_invalid"},
		"twice the same name":      {text: list(webDID, none+`,"revokedCredential":[]`), inForce: Undecided, code: "status_invalid"},
		"too many":                 {text: list(webDID, `"revokedCredential":[`+strings.Repeat(`{"id":"a"},`, 30000)+`{"id":"b"}]`), inForce: Undecided, code: "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			address := revocationsURL
			if c.address != "" {
				address = c.address
			}
			document := Document{Bytes: []byte(c.text), URL: address, ReadAt: at, Origin: Given}
			if c.origin != "" {
				document.Origin = c.origin
			}
			if c.answers != "" {
				document.URL = c.answers
			}
			input := b.withStatus(map[string]any{"id": address, "type": status.TypeRevocationList})
			r, err := Verify(context.Background(), input, Options{At: at, Fetch: answering{b.documents, address, document, nil}})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, name, r, Yes, c.inForce, c.code)
			check := about(r)[0]
			if !strings.Contains(check.Detail, c.says) || check.AsOf == nil {
				t.Errorf("%+v", check)
			}
		})
	}
	b := newBench(t)
	expect(t, "no address", b.verify(b.withStatus(map[string]any{"type": status.TypeRevocationList})), Yes, No, "status_invalid")
}

// TestRevocationListHolders: a did:key has no host, so silence about its badges says nothing; and a credential without an id cannot be
// looked for.
func TestRevocationListHolders(t *testing.T) {
	key := newSigner(t, false)
	did, _, _ := strings.Cut(key.ID, "#")
	verify := func(id string) *Report {
		text := fmt.Sprintf(`{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],%s"type":["VerifiableCredential"],
"issuer":%q,"validFrom":"2026-01-01T00:00:00Z","credentialStatus":{"id":%q,"type":"1EdTechRevocationList"},"credentialSubject":{"id":"urn:s:1"}}`, id, did, revocationsURL)
		sealed, err := proof.Seal(context.Background(), []byte(text), proof.SealOptions{Signer: key, Created: at.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		list := fmt.Appendf(nil, `{"issuer":%q,"revokedCredential":[{"id":"urn:c:1"}]}`, did)
		r, err := Verify(context.Background(), sealed, Options{At: at, Fetch: library{revocationsURL: list}, Profile: 1})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect(t, "silence", verify(`"id":"urn:c:2",`), Yes, Undecided, "status_invalid")
	expect(t, "named", verify(`"id":"urn:c:1",`), Yes, No, "revoked")
	expect(t, "no id", verify(``), Yes, Undecided, "status_unavailable")
}

// TestStatusBeside: set beats unknown beats clear, whatever the kinds; silence of an unsigned list is no answer, and no question either
// beside a signed list of the issuer that clears.
func TestStatusBeside(t *testing.T) {
	const id = "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11"
	bitstring, older := entryFor(false, "revocation", 7), entryFor(true, "revocation", 7, "statusListCredential", listURL+"/older")
	unsigned := map[string]any{"id": revocationsURL, "type": status.TypeRevocationList}
	silent := func(id string) map[string]any { return map[string]any{"id": id, "type": status.TypeRevocationList} }
	const quiet, gone, broken = "https://lists.example/quiet", "https://lists.example/gone", "https://lists.example/broken"
	suspension := entryFor(false, "suspension", 7)
	for name, c := range map[string]struct {
		entries  []any
		bits     bool   // the bit of the Bitstring list
		oldBits  bool   // of the older one
		named    bool   // by the issuer's unsigned list
		foreign  bool   // the Bitstring list is an operator's
		inForce  Answer // and the code
		code     string
		excluded bool // the silence is said to count for nothing
	}{
		"all clear":                   {entries: []any{bitstring, older, unsigned}, inForce: Yes},
		"the first":                   {entries: []any{bitstring, older, unsigned}, bits: true, inForce: No, code: "revoked"},
		"the second":                  {entries: []any{bitstring, older, unsigned}, oldBits: true, inForce: No, code: "revoked"},
		"the third":                   {entries: []any{bitstring, older, unsigned}, named: true, inForce: No, code: "revoked"},
		"silence alone":               {entries: []any{silent(quiet)}, inForce: Undecided, code: "status_invalid"},
		"silence beside a clear one":  {entries: []any{silent(quiet), bitstring}, inForce: Yes, excluded: true},
		"silence beside an older one": {entries: []any{silent(quiet), older}, inForce: Yes, excluded: true},
		"silence beside a suspension": {entries: []any{silent(quiet), suspension}, inForce: Undecided, code: "status_invalid"},
		"silence beside an operator":  {entries: []any{silent(quiet), bitstring}, foreign: true, inForce: Undecided, code: "status_invalid"},
		"silence beside a set one":    {entries: []any{silent(quiet), bitstring}, bits: true, inForce: No, code: "revoked"},
		"gone beside a clear one":     {entries: []any{silent(gone), bitstring}, inForce: Undecided, code: "status_unavailable"},
		"broken beside a clear one":   {entries: []any{silent(broken), bitstring}, inForce: Undecided, code: "status_invalid"},
		"gone beside a set one":       {entries: []any{silent(gone), bitstring}, bits: true, inForce: No, code: "revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			set := func(on bool) map[int]uint32 {
				if on {
					return map[int]uint32{7: 1}
				}
				return nil
			}
			list := listText{purposes: []any{"revocation"}, set: set(c.bits)}
			if name == "silence beside a suspension" {
				list.purposes = "suspension"
			}
			o := Options{At: at, Fetch: b.documents}
			if c.foreign {
				s := newSigner(t, false)
				list.issuer, _, _ = strings.Cut(s.ID, "#")
				list.signer, o.StatusIssuers = &s, []string{list.issuer}
			}
			b.documents[listURL] = list.signed(b)
			b.documents[listURL+"/older"] = listText{older: true, id: listURL + "/older", set: set(c.oldBits)}.signed(b)
			revoked := `"urn:uuid:0"`
			if c.named {
				revoked = `"` + id + `"`
			}
			b.documents[revocationsURL] = fmt.Appendf(nil, `{"issuer":%q,"revokedCredential":[{"id":%s}]}`, webDID, revoked)
			b.documents[quiet] = fmt.Appendf(nil, `{"issuer":%q,"revokedCredential":[]}`, webDID)
			b.documents[broken] = []byte(`{}`)
			r, err := Verify(context.Background(), b.withStatus(c.entries...), o)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, name, r, Yes, c.inForce, c.code)
			if first := about(r)[0]; c.excluded != (first.Outcome == NotApplicable) {
				t.Errorf("%+v", first)
			}
		})
	}
	b := newBench(t)
	b.documents[listURL] = listText{}.signed(b)
	token, err := proof.SealJWT(b.badge(func(d map[string]any) {
		d["credentialStatus"] = []any{bitstring, map[string]any{"id": "urn:x:1", "type": "RevocationList2020Status"}}
	}), b.key)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "unknown kind beside a clear one", b.verify([]byte(token)), Yes, Undecided, "status_unavailable")
}

// TestRealLists: the lists of others, as their signer signed them or signed anew. One that holds 100,000 entries is too short to clear a
// badge and long enough to revoke one.
func TestRealLists(t *testing.T) {
	b := newBench(t)
	real := func(name string) map[string]any {
		var d map[string]any
		if err := json.Unmarshal(referencedata.File(t, "corpus/"+name), &d); err != nil {
			t.Fatal(err)
		}
		delete(d, "proof")
		return d
	}
	s := newSigner(t, false)
	for _, c := range []struct {
		file       string
		set, clear []int
		short      bool
	}{
		{"files/digitalcredentials__vc-test-fixtures/statusLists_didkey-ed25519Signature2020_e5WK8CbZ1GjycuPombrj.json", []int{2, 6, 8}, []int{7, 9}, true},
		{"resolvable/inspector-vc_src_test_resources_ob30_bit-string-list_testlist.json", []int{23}, []int{22, 24}, false},
	} {
		d := real(c.file)
		d["issuer"], _, _ = strings.Cut(s.ID, "#")
		sealed, err := proof.Seal(context.Background(), marshal(t, d), proof.SealOptions{Signer: s, Created: at.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		b.documents[listURL] = sealed
		for _, index := range c.set {
			expect(t, c.file, b.verify(b.withStatus(entryFor(false, "revocation", index))), Yes, No, "revoked")
		}
		for _, index := range c.clear {
			r := b.verify(b.withStatus(entryFor(false, "revocation", index)))
			expect(t, c.file, r, Yes, Undecided, "status_invalid")
			if detail := about(r)[0].Detail; c.short != strings.Contains(detail, "shorter") {
				t.Errorf("%s: %s", c.file, detail)
			}
		}
	}
	for _, file := range []string{
		"files/walt-id__waltid-identity/-policies_src_jvmTest_resources_status_statuslist2021_unrevoked.waltid.jwt",                  // of a context that is not built in
		"files/walt-id__waltid-identity/n-policies_src_jvmTest_resources_status_statuslist2021_revoked.42.ebsi.jwt",                  // the same, and iss is not the issuer
		"files/walt-id__waltid-identity/policies_src_jvmTest_resources_status_bitstringstatuslist_custom-valid.jwt",                  // iss is quoted
		"files/walt-id__waltid-identity/s_src_jvmTest_resources_status_bitstringstatuslist_wrong-list-encoding.jwt",                  // no prefix
		"files/blockchain-certificates__cert-verifier-js/test_fixtures_blockcerts-status-list-2021.json",                             // a suite that is not supported
		"files/spruceid__ssi/tests_statusList.json",                                                                                  // the same, and no purpose
		"resolvable/statusLists_didkey-ed25519Signature2020_missingBitStringType.json",                                               // no type
		"resolvable/statusLists_didkey-ed25519Signature2020_tampered.json",                                                           // altered
		"files/w3c__vc-bitstring-status-list/EXPLAINER.json",                                                                         // not signed
		"files/1EdTech__digital-credentials-public-validator/inspector-vc_src_test_resources_ob20_assets_empty-revocation-list.json", // of Open Badges 2.0
	} {
		b.documents[listURL] = referencedata.File(t, "corpus/"+file)
		for _, e := range []map[string]any{entryFor(false, "revocation", 42), entryFor(true, "revocation", 42), {"id": listURL, "type": status.TypeRevocationList}} {
			r := b.verify(b.withStatus(e))
			if r.Outcome != Unknown || !strings.Contains(findings(r), "status unknown status_") {
				t.Errorf("%s: %s %s", file, r.Outcome, findings(r))
			}
		}
	}
}

// TestQuoted: a text of others stays on its line, within its quotation marks and within its length.
func TestQuoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("a \"\n\u202e\u2028\u200b\x00é")), 0, 500, -1)).Draw(t, "text")
		got := quoted(text)
		length := 0
		for _, c := range got {
			if !unicode.IsPrint(c) || c == '"' {
				t.Fatalf("%q has %U", got, c)
			}
			length++
		}
		if length > maxQuoted+2 || got != strings.TrimSpace(got) || strings.Contains(got, "  ") {
			t.Fatalf("%q, %d characters", got, length)
		}
		if length <= maxQuoted && quoted(got) != got {
			t.Fatalf("%q is %q the second time", got, quoted(got))
		}
	})
}

// FuzzStatusList: whatever stands at the address of a list, a badge is in force only by the list that the issuer signed.
func FuzzStatusList(f *testing.F) {
	b := newBench(f)
	for _, older := range []bool{false, true} {
		for _, form := range listForms {
			f.Add(listText{older: older, form: form}.signed(b))
		}
	}
	f.Add([]byte(`{"issuer":"did:web:issuer.example","revokedCredential":[]}`))
	f.Add([]byte("<html>"))
	good := [][]byte{listText{}.signed(b), listText{older: true}.signed(b)}
	var lists []string
	for _, text := range good {
		var d map[string]any
		if err := json.Unmarshal(text, &d); err != nil {
			f.Fatal(err)
		}
		lists = append(lists, subject(d)["encodedList"].(string))
	}
	inputs := [][]byte{b.withStatus(entryFor(false, "revocation", 7)), b.withStatus(entryFor(true, "revocation", 7))}
	f.Fuzz(func(t *testing.T, text []byte) {
		for i, input := range inputs {
			r, err := Verify(context.Background(), input, Options{At: at, Fetch: library{webDoc: b.documents[webDoc], listURL: text}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Authentic != Yes || r.InForce == No {
				t.Fatalf("%s: %q", findings(r), text)
			}
			if r.InForce == Yes && !bytes.HasPrefix(text, []byte("ey")) && !bytes.Contains(text, []byte(lists[i])) {
				t.Fatalf("in force by %q", text)
			}
		}
	})
}
