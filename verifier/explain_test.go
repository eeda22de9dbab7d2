package verifier

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

const badgeURL = "https://issuer.example/c/1"

// told are the explanations of a report: code, case, pointer, and the name, here and published of what was changed.
func told(r *Report) []string {
	var all []string
	for _, c := range r.Checks {
		if c.Outcome == Warn && slices.Contains([]string{codeAltered, codeDiffers, codeAddedMember, codeEncoding, codeCutOff}, c.Code) {
			line := strings.TrimSpace(c.Code + " " + c.Facts[FactCase] + " " + c.Pointer)
			for _, name := range []string{FactName, FactHere, FactPublished} {
				if c.Facts[name] != "" {
					line += " " + name + "=" + c.Facts[name]
				}
			}
			all = append(all, line)
		}
	}
	return all
}

// signedBadge is the signed badge before its signature gets to know of nothing more.
func (b *bench) signedBadge(document func(map[string]any), change func(map[string]any)) []byte {
	b.Helper()
	var d map[string]any
	if err := json.Unmarshal(b.seal(b.badge(document)), &d); err != nil {
		b.Fatal(err)
	}
	change(d)
	return marshal(b, d)
}

func achievement(d map[string]any) map[string]any { return subject(d)["achievement"].(map[string]any) }

// accented is a badge with letters outside English, and with line ends.
func accented(d map[string]any) {
	d["issuer"].(map[string]any)["name"] = "Colegio José Martí – Niños"
	achievement(d)["criteria"].(map[string]any)["narrative"] = "One\n\nTwo & three “quoted”"
}

// respell changes every text of a document but those of its proof and contexts.
func respell(undo func(string) string) func(map[string]any) {
	return func(d map[string]any) {
		var first change
		all := respelled(d, undo, nil, &first).(map[string]any)
		for name, value := range all {
			d[name] = value
		}
	}
}

// as1252 reads UTF-8 as Windows-1252, as programs do that garble letters.
func as1252(text string) string {
	back := map[byte]rune{}
	for c, b := range windows1252 {
		back[b] = c
	}
	var out strings.Builder
	for _, b := range []byte(text) {
		if c, there := back[b]; there {
			out.WriteRune(c)
		} else {
			out.WriteRune(rune(b))
		}
	}
	return out.String()
}

// TestExplained: what can be proven from the input alone.
func TestExplained(t *testing.T) {
	b := newBench(t)
	person := func(name string) map[string]any {
		return map[string]any{"type": "IdentityObject", "identityType": "name", "hashed": false, "identityHash": name}
	}
	evidence := func(n int) map[string]any {
		return map[string]any{"id": fmt.Sprintf("https://issuer.example/e/%d", n), "type": []any{"Evidence"}, "name": fmt.Sprint("Lesson ", n)}
	}
	several := func(d map[string]any) { d["evidence"] = []any{evidence(1), evidence(2)} }
	for name, c := range map[string]struct {
		input []byte
		want  []string
	}{
		"as signed":     {b.signedBadge(accented, nothing), nil},
		"changed value": {b.signedBadge(accented, func(d map[string]any) { d["name"] = "Other" }), nil},
		"two members added": {b.signedBadge(nothing, func(d map[string]any) {
			d["description"], d["awardedDate"] = "x", "2026-01-01T00:00:00Z"
		}), nil},
		"taken out": {b.signedBadge(nothing, func(d map[string]any) { delete(d, "name") }), nil},

		"member of the badge": {b.signedBadge(nothing, func(d map[string]any) { d["awardedDate"] = "2020-01-01T00:00:00Z" }),
			[]string{"added_member member /awardedDate name=awarded here=2020-01-01T00:00:00Z"}},
		"end": {b.signedBadge(func(d map[string]any) { delete(d, "validUntil") }, func(d map[string]any) { d["validUntil"] = "2030-01-01T00:00:00Z" }),
			[]string{"added_member member /validUntil name=valid_until here=2030-01-01T00:00:00Z"}},
		"evidence": {b.signedBadge(nothing, func(d map[string]any) { d["evidence"] = []any{evidence(1)} }),
			[]string{"added_member member /evidence name=evidence"}},
		"one more piece of evidence": {b.signedBadge(several, func(d map[string]any) { d["evidence"] = append(d["evidence"].([]any), evidence(3)) }),
			[]string{"added_member item /evidence/2 name=evidence"}},
		"member of the recipient": {b.signedBadge(nothing, func(d map[string]any) { subject(d)["identifier"] = []any{person("Bob Lee")} }),
			[]string{"added_member member /credentialSubject/identifier name=recipient_name"}},
		"member of the achievement": {b.signedBadge(nothing, func(d map[string]any) { achievement(d)["achievementType"] = "Degree" }),
			[]string{"added_member member /credentialSubject/achievement/achievementType name=achievement_type here=Degree"}},
		"member of the issuer": {b.signedBadge(nothing, func(d map[string]any) { d["issuer"].(map[string]any)["email"] = "a@b.example" }),
			[]string{"added_member member /issuer/email name=issuer here=a@b.example"}},
		"member without a meaning": {b.signedBadge(nothing, func(d map[string]any) { subject(d)["grade"] = "A" }),
			[]string{"added_member member /credentialSubject/grade here=A"}},

		"garbled": {b.signedBadge(accented, respell(as1252)),
			[]string{"altered_encoding mojibake /credentialSubject/achievement/criteria/narrative here=One Two & three â€œquotedâ€ published=One Two & three “quoted”"}},
		"garbled as Latin-1": {b.signedBadge(accented, respell(func(s string) string {
			var out []rune
			for _, b := range []byte(s) {
				out = append(out, rune(b))
			}
			return string(out)
		})), []string{"altered_encoding mojibake /credentialSubject/achievement/criteria/narrative here=One Two & three â quotedâ published=One Two & three “quoted”"}},
		"garbled twice": {b.signedBadge(func(d map[string]any) { d["name"] = "José" }, respell(func(s string) string { return as1252(as1252(s)) })),
			[]string{"altered_encoding mojibake /name here=JosÃƒÂ© published=José"}},
		"decomposed": {b.signedBadge(accented, respell(norm.NFD.String)),
			[]string{"altered_encoding normalisation /issuer/name here=" + norm.NFD.String("Colegio José Martí – Niños") + " published=Colegio José Martí – Niños"}},
		"composed": {b.signedBadge(func(d map[string]any) { d["name"] = norm.NFD.String("José") }, respell(norm.NFC.String)),
			[]string{"altered_encoding normalisation /name here=José published=" + norm.NFD.String("José")}},
		"entities": {b.signedBadge(accented, respell(func(s string) string { return strings.ReplaceAll(s, "&", "&amp;") })),
			[]string{"altered_encoding entities /credentialSubject/achievement/criteria/narrative here=One Two &amp; three “quoted” published=One Two & three “quoted”"}},
		"line ends": {b.signedBadge(accented, respell(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") })),
			[]string{"altered_encoding whitespace /credentialSubject/achievement/criteria/narrative"}},
		"line ends the other way": {b.signedBadge(func(d map[string]any) { achievement(d)["description"] = "a\r\nb" }, respell(func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") })),
			[]string{"altered_encoding whitespace /credentialSubject/achievement/description"}},
		"space behind": {b.signedBadge(nothing, func(d map[string]any) { d["name"] = "Feedback " }),
			[]string{"altered_encoding whitespace /name"}},
		"spaces that do not break": {b.signedBadge(nothing, respell(func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") })),
			[]string{"altered_encoding whitespace /credentialSubject/achievement/criteria/narrative"}},

		"cut value of a proof": {b.signedBadge(nothing, func(d map[string]any) { proofOf(d)["proofValue"] = proofOf(d)["proofValue"].(string)[:60] }),
			[]string{"cut_off signature /proof/proofValue name=eddsa-rdfc-2022"}},
		"cut file":                {b.signedBadge(nothing, nothing)[:400], []string{"cut_off text"}},
		"cut file, with newlines": {append(b.signedBadge(nothing, nothing)[:400], "\n\n"...), []string{"cut_off text"}},
		"saved by an editor":      {[]byte("\ufeff" + string(b.signedBadge(accented, nothing))), []string{"altered_encoding order_mark"}},
		"changed, and saved":      {[]byte("\ufeff" + string(b.signedBadge(accented, func(d map[string]any) { d["name"] = "Other" }))), nil},
		"no JSON":                 {[]byte(`{"a":1}}`), nil},
	} {
		r := b.verify(c.input)
		if diff := cmp.Diff(c.want, told(r)); diff != "" {
			t.Errorf("%s: %s\n%s", name, findings(r), diff)
		}
		if want := (name == "as signed"); (r.Authentic == Yes) != want {
			t.Errorf("%s: authentic %s", name, r.Authentic)
		}
	}
}

// TestExplainedTokens: tokens that were wrapped or cut.
func TestExplainedTokens(t *testing.T) {
	b := newBench(t)
	token, err := proof.SealJWT(b.badge(nothing), b.key)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	wrapped := func(by string) string {
		var out strings.Builder
		for i, c := range []byte(token) {
			if i > 0 && i%76 == 0 {
				out.WriteString(by)
			}
			out.WriteByte(c)
		}
		return out.String()
	}
	broken := []string{"altered_encoding line_breaks"}
	for name, c := range map[string]struct {
		input string
		want  []string
	}{
		"whole":               {token, nil},
		"saved by an editor":  {"\ufeff" + token, []string{"altered_encoding order_mark"}},
		"whole with newline":  {token + "\r\n", nil},
		"wrapped":             {wrapped("\r\n"), broken},
		"wrapped by spaces":   {wrapped("\n  ") + "\n\n", broken},
		"quoted-printable":    {wrapped("=\r\n"), broken},
		"space in front":      {" " + token, broken},
		"wrapped and changed": {strings.Replace(wrapped("\n"), parts[2][:10], "AAAAAAAAAA", 1), nil},
		"two parts":           {parts[0] + "." + parts[1], []string{"cut_off token name=EdDSA"}},
		"cut payload":         {parts[0] + "." + parts[1][:40], []string{"cut_off token name=EdDSA"}},
		"cut header":          {parts[0][:20], nil},
		"no signature":        {parts[0] + "." + parts[1] + ".", []string{"cut_off signature name=EdDSA"}},
		"cut signature":       {token[:len(token)-1], []string{"cut_off signature name=EdDSA"}},
		"longer signature":    {token + "A", nil},
		"changed payload":     {parts[0] + "." + strings.Replace(parts[1], "a", "b", 1) + "." + parts[2], nil},
	} {
		r := b.verify([]byte(c.input))
		if diff := cmp.Diff(c.want, told(r)); diff != "" {
			t.Errorf("%s: %s\n%s", name, findings(r), diff)
		}
		if want := strings.HasPrefix(name, "whole"); (r.Authentic == Yes) != want {
			t.Errorf("%s: authentic %s", name, r.Authentic)
		}
	}
}

// TestExplainedByCopy: what the issuer's own copy proves.
func TestExplainedByCopy(t *testing.T) {
	person := func(name string) []any {
		return []any{map[string]any{"type": "IdentityObject", "identityType": "emailAddress", "hashed": false, "identityHash": "kim@issuer.example"},
			map[string]any{"type": "IdentityObject", "identityType": "name", "hashed": false, "identityHash": name}}
	}
	original := func(d map[string]any) { d["id"] = badgeURL; subject(d)["identifier"] = person("Kim Lee") }
	forged := func(d map[string]any) { subject(d)["identifier"] = person("Bob Lee") }
	renamed := []string{"altered value /credentialSubject/identifier/1/identityHash name=recipient_name here=Bob Lee published=Kim Lee"}
	for name, c := range map[string]struct {
		change func(map[string]any)                            // of what was signed
		copy   func(b *bench, signed []byte) map[string][]byte // what the addresses answer
		want   []string
	}{
		"the very same signature": {forged, nil, renamed},
		"a value of the achievement": {func(d map[string]any) { achievement(d)["name"] = "Other" }, nil,
			[]string{"altered value /credentialSubject/achievement/name name=achievement_name here=Other published=Feedback"}},
		"added, taken out, and another kind of value": {func(d map[string]any) {
			d["awardedDate"] = "2020-01-01T00:00:00Z"
			delete(d, "name")
			d["issuer"].(map[string]any)["name"] = []any{"Example District", "Other"}
		}, nil, []string{
			"altered missing /name name=credential_name published=Feedback",
			"altered structure /issuer/name name=issuer_name",
			"altered added /awardedDate name=awarded here=2020-01-01T00:00:00Z"}},
		"more than are listed": {func(d map[string]any) {
			a := achievement(d)
			d["name"], a["name"], a["description"], d["validFrom"], d["validUntil"], d["issuer"].(map[string]any)["name"] = "1", "2", "3", "2025-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "4"
		}, nil, []string{
			"altered value /credentialSubject/achievement/name name=achievement_name here=2 published=Feedback",
			"altered value /name name=credential_name here=1 published=Feedback",
			"altered value /issuer/name name=issuer_name here=4 published=Example District",
			"altered value /validUntil name=valid_until here=2030-01-01T00:00:00Z published=2027-01-01T00:00:00Z",
			"altered value /validFrom name=valid_from here=2025-01-01T00:00:00Z published=2026-01-01T00:00:00Z",
			"altered more"}},
		"signed anew": {forged, func(b *bench, _ []byte) map[string][]byte {
			signed, err := proof.Seal(context.Background(), b.badge(original), proof.SealOptions{Signer: b.key, Created: at.Add(-time.Minute)})
			if err != nil {
				b.Fatal(err)
			}
			return map[string][]byte{badgeURL: signed}
		}, []string{"published_differs value /credentialSubject/identifier/1/identityHash name=recipient_name here=Bob Lee published=Kim Lee"}},
		"a token": {forged, func(b *bench, _ []byte) map[string][]byte {
			token, err := proof.SealJWT(b.badge(original), b.key)
			if err != nil {
				b.Fatal(err)
			}
			return map[string][]byte{badgeURL: []byte(token)}
		}, []string{"published_differs value /credentialSubject/identifier/1/identityHash name=recipient_name here=Bob Lee published=Kim Lee"}},
		"only the signature is damaged": {func(d map[string]any) { proofOf(d)["created"] = "2026-11-22T10:00:00Z" }, func(b *bench, _ []byte) map[string][]byte {
			token, err := proof.SealJWT(b.badge(original), b.key)
			if err != nil {
				b.Fatal(err)
			}
			return map[string][]byte{badgeURL: []byte(token)}
		}, []string{"altered signature"}},
		"nothing there": {forged, func(*bench, []byte) map[string][]byte { return nil }, nil},
		"a page":        {forged, func(*bench, []byte) map[string][]byte { return map[string][]byte{badgeURL: []byte("<html>")} }, nil},
		"the same forgery": {forged, func(b *bench, _ []byte) map[string][]byte {
			return map[string][]byte{badgeURL: b.signedBadge(original, forged)}
		}, nil},
		"another credential": {forged, func(b *bench, _ []byte) map[string][]byte {
			return map[string][]byte{badgeURL: b.seal(b.badge(func(d map[string]any) { original(d); d["id"] = badgeURL + "0" }))}
		}, nil},
		"of another issuer": {forged, func(b *bench, _ []byte) map[string][]byte {
			other := newSigner(b, false)
			did, _, _ := strings.Cut(other.ID, "#")
			signed, err := proof.Seal(context.Background(), b.badge(func(d map[string]any) { original(d); d["issuer"].(map[string]any)["id"] = did }), proof.SealOptions{Signer: other, Created: at})
			if err != nil {
				b.Fatal(err)
			}
			return map[string][]byte{badgeURL: signed}
		}, nil},
	} {
		b := newBench(t)
		signed := b.seal(b.badge(original))
		input := b.signedBadge(original, c.change)
		b.documents[badgeURL] = signed
		if c.copy != nil {
			delete(b.documents, badgeURL)
			for address, text := range c.copy(b, signed) {
				b.documents[address] = text
			}
		}
		r := b.verify(input)
		if diff := cmp.Diff(c.want, told(r)); diff != "" {
			t.Errorf("%s: %s\n%s", name, findings(r), diff)
		}
		expect(t, name, r, No, Undecided, "signature_invalid")
		for _, c := range r.Checks {
			if (c.Code == codeAltered || c.Code == codeDiffers) && (c.AsOf == nil || c.Facts[FactAddress] != badgeURL || c.Facts[FactOrigin] == "") {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
	b := newBench(t)
	b.documents[badgeURL] = b.seal(b.badge(original))
	r := b.verify(b.signedBadge(original, forged))
	const sentence = "The recipient's name was changed after signing: the issuer signed “Kim Lee”, this file says “Bob Lee”."
	if !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Detail == sentence }) {
		t.Errorf("no such sentence: %+v", r.Checks)
	}
	r = b.verify(b.signedBadge(original, func(d map[string]any) { subject(d)["identifier"] = person("Bob”. All is well. “") }))
	const closed = "The recipient's name was changed after signing: the issuer signed “Kim Lee”, this file says “Bob'. All is well. '”."
	if !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Detail == closed }) {
		t.Errorf("no such sentence: %+v", r.Checks)
	}
	counted := &asker{Fetcher: b.documents}
	if _, err := Verify(context.Background(), b.seal(b.badge(original)), Options{At: at, Fetch: counted}); err != nil || counted.asked[badgeURL] != 0 {
		t.Errorf("an authentic badge asked for its copy: %v %v", counted.asked, err)
	}
	if _, err := CheckProof(context.Background(), b.signedBadge(original, forged), Options{At: at, Fetch: counted}); err != nil || counted.asked[badgeURL] != 0 {
		t.Errorf("a check of proofs asked for a copy: %v %v", counted.asked, err)
	}
	if r, err := Verify(context.Background(), b.signedBadge(original, forged), Options{At: at, Fetch: counted, Profile: credential.VerifiableCredentials}); err != nil || counted.asked[badgeURL] != 0 || told(r) != nil {
		t.Errorf("another profile asked for a copy: %v %v", counted.asked, err)
	}
	if _, err := Verify(context.Background(), b.signedBadge(original, forged), Options{At: at, Fetch: counted}); err != nil || counted.asked[badgeURL] != 1 {
		t.Errorf("asked %v, %v", counted.asked, err)
	}
}

// asker notes what is asked for.
type asker struct {
	Fetcher
	asked map[string]int
}

func (c *asker) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[url]++
	return c.Fetcher.Fetch(ctx, url, limit)
}

// TestExplainedToken: a token whose text was changed, and the issuer's own copy of it.
func TestExplainedTokenByCopy(t *testing.T) {
	b := newBench(t)
	token := func(change func(map[string]any)) string {
		text, err := proof.SealJWT(b.badge(func(d map[string]any) { d["id"] = badgeURL; change(d) }), b.key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	whole, other := strings.Split(token(nothing), "."), strings.Split(token(func(d map[string]any) { d["name"] = "Other" }), ".")
	b.documents[badgeURL] = []byte(strings.Join(whole, "."))
	r := b.verify([]byte(other[0] + "." + other[1] + "." + whole[2]))
	if diff := cmp.Diff([]string{"altered value /name name=credential_name here=Other published=Feedback"}, told(r)); diff != "" {
		t.Error(findings(r), diff)
	}
}

// TestExplainedTokenClaims: a token whose claims were changed beside the badge is not said to differ in its signature only.
func TestExplainedTokenClaims(t *testing.T) {
	b := newBench(t)
	badge := b.badge(func(d map[string]any) { d["id"] = badgeURL })
	whole, err := proof.SealJWT(badge, b.key)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(whole, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	later := base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(`"exp":1798761600`), []byte(`"exp":4102444800`), 1))
	if later == parts[1] {
		t.Fatalf("no such claim in %s", payload)
	}
	damaged := "A" + parts[2][1:]
	if damaged == parts[2] {
		damaged = "B" + parts[2][1:]
	}
	for name, c := range map[string]struct {
		input     string
		published []byte
		want      []string
	}{
		"only the signature":               {parts[0] + "." + parts[1] + "." + damaged, []byte(whole), []string{"altered signature"}},
		"a claim and the signature":        {parts[0] + "." + later + "." + damaged, []byte(whole), nil},
		"a claim alone":                    {parts[0] + "." + later + "." + parts[2], []byte(whole), nil},
		"published in another form":        {parts[0] + "." + parts[1] + "." + damaged, b.seal(badge), nil},
		"a claim, published as other form": {parts[0] + "." + later + "." + damaged, b.seal(badge), nil},
	} {
		b.documents[badgeURL] = c.published
		r := b.verify([]byte(c.input))
		if diff := cmp.Diff(c.want, told(r)); diff != "" || r.Authentic != No {
			t.Errorf("%s: %s\n%s", name, findings(r), diff)
		}
	}
}

// TestExplainedByTheIssuersKey: only a signature by a key that is the issuer's says what was signed, and where such a one fits nothing
// was changed.
func TestExplainedByTheIssuersKey(t *testing.T) {
	b := newBench(t)
	other := newSigner(t, false)
	added := func(d map[string]any) { d["awardedDate"] = "2020-01-01T00:00:00Z" }
	foreign, err := proof.Seal(t.Context(), b.badge(nothing), proof.SealOptions{Signer: other, Created: at})
	if err != nil {
		t.Fatal(err)
	}
	var without map[string]any
	if err := json.Unmarshal(foreign, &without); err != nil {
		t.Fatal(err)
	}
	beside := b.signedBadge(added, func(d map[string]any) { d["proof"] = []any{d["proof"], without["proof"]} })
	r := b.verify(beside)
	expect(t, "a false proof of somebody else", r, No, Undecided, "signature_invalid")
	if all := told(r); all != nil {
		t.Errorf("what the issuer signed is called changed: %q", all)
	}
	delete(b.documents, webDoc) // nobody knows whose key it is
	multikey, err := keys.Multikey(other.Signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	b.key = keys.Signer{ID: webDID + "#" + multikey, Signer: other.Signer}
	r = b.verify(b.signedBadge(nothing, added))
	expect(t, "a key that the input itself names", r, No, Undecided, "signature_invalid")
	if all := told(r); all != nil {
		t.Errorf("a signature of whoever is called the one that was made: %q", all)
	}
}

// TestExplainedStatement: what a holder revealed and then changed is told apart from what has to be revealed.
func TestExplainedStatement(t *testing.T) {
	b := newBench(t)
	b.key = newSigner(t, true)
	did, _, _ := strings.Cut(b.key.ID, "#")
	base, err := proof.Seal(context.Background(), b.badge(func(d map[string]any) {
		d["issuer"].(map[string]any)["id"] = did
		d["awardedDate"] = "2026-01-02T00:00:00Z"
	}), proof.SealOptions{Signer: b.key, Suite: "ecdsa-sd-2023", Created: at.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	derived, err := proof.Derive(context.Background(), base, []string{"/awardedDate", "/name"}, proof.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   []string
	}{
		"as derived": {nothing, nil},
		"revealed":   {func(d map[string]any) { d["awardedDate"] = "2020-01-02T00:00:00Z" }, []string{"altered statement /awardedDate name=awarded here=2020-01-02T00:00:00Z"}},
		"has to be":  {func(d map[string]any) { d["validUntil"] = "2030-01-01T00:00:00Z" }, nil},
		"one more":   {func(d map[string]any) { d["description"] = "x" }, []string{"added_member member /description name=credential_description here=x"}},
		"both": {func(d map[string]any) {
			d["awardedDate"], d["validUntil"] = "2020-01-02T00:00:00Z", "2030-01-01T00:00:00Z"
		}, nil},
	} {
		var d map[string]any
		if err := json.Unmarshal(derived, &d); err != nil {
			t.Fatal(err)
		}
		c.change(d)
		r := b.verify(marshal(t, d))
		if diff := cmp.Diff(c.want, told(r)); diff != "" || (r.Authentic == Yes) != (name == "as derived") {
			t.Errorf("%s: %s\n%s", name, findings(r), diff)
		}
	}
}

// TestExplainedInside: a credential inside is explained out of the input alone, and what explanations cost is theirs.
func TestExplainedInside(t *testing.T) {
	b := newBench(t)
	inside := func(n int, change func(map[string]any)) any {
		var d any
		text := b.signedBadge(func(d map[string]any) { d["id"] = fmt.Sprintf("https://issuer.example/c/%d", n) }, change)
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	var all []any
	for i := range 20 {
		all = append(all, inside(i, func(d map[string]any) { d["awardedDate"] = "2020-01-01T00:00:00Z" }))
	}
	all = append(all, inside(20, nothing))
	presentation := marshal(t, map[string]any{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"}, "verifiableCredential": all})
	counted := &asker{Fetcher: b.documents}
	r, err := Verify(context.Background(), presentation, Options{At: at, Fetch: counted})
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, r)
	if len(r.Credentials) != 21 || r.Credentials[20].Authentic != Yes || r.Credentials[0].Authentic != No {
		t.Fatalf("%d credentials, %s", len(r.Credentials), findings(r))
	}
	if got := told(r.Credentials[0]); !slices.Equal(got, []string{"added_member member /awardedDate name=awarded here=2020-01-01T00:00:00Z"}) {
		t.Error(got)
	}
	if len(counted.asked) != 1 {
		t.Errorf("asked for %v", counted.asked)
	}
}

// TestExplanationsAreBounded: a document of which everything can be tried costs no more than its bound.
func TestExplanationsAreBounded(t *testing.T) {
	b := newBench(t)
	large := func(d map[string]any) {
		var all []any
		for i := range 400 {
			all = append(all, map[string]any{"id": fmt.Sprintf("https://issuer.example/e/%d", i), "type": []any{"Evidence"}, "name": strings.Repeat("é\r\n", 200)})
		}
		d["evidence"] = all
	}
	input := b.signedBadge(large, func(d map[string]any) { d["name"] = "Other" })
	r := newRun(Options{At: at, Fetch: b.documents})
	r.judge(context.Background(), sealed{bytes: input})
	if most := trialUnits + 2*r.secured.Units() + signatureUnits; r.explaining.spent.byLength > explainMost || r.explaining.spent.counted > most {
		t.Errorf("%d units, at most %d; counted %d, at most %d", r.explaining.spent.byLength, explainMost, r.explaining.spent.counted, most)
	}
}

// TestExplanationsChangeNothing: whatever is done to a badge, explanations are warnings beside a failure.
func TestExplanationsChangeNothing(t *testing.T) {
	b := newBench(t)
	signed := b.signedBadge(accented, nothing)
	rapid.Check(t, func(t *rapid.T) {
		input := bytes.Clone(signed)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			from := rapid.IntRange(0, len(input)-1).Draw(t, "from")
			input[from] = byte(rapid.IntRange(0, 255).Draw(t, "byte"))
		}
		input = input[:rapid.IntRange(1, len(input)).Draw(t, "length")]
		r, err := Verify(context.Background(), input, Options{At: at, Fetch: b.documents})
		if err != nil {
			t.Fatal(err)
		}
		if len(told(r)) > 0 && r.Authentic != No {
			t.Fatalf("%v on a badge that is %s", told(r), r.Authentic)
		}
	})
}

func FuzzUngarbled(f *testing.F) {
	f.Add("JosÃ©")
	f.Add("â€œ")
	f.Add("José")
	f.Fuzz(func(t *testing.T, text string) {
		if garbled := as1252(text); ungarbled(garbled) != text && strings.ToValidUTF8(text, "") == text {
			t.Fatalf("%q became %q", text, ungarbled(garbled))
		}
	})
}

// TestPaths: pointers are read and written alike, and leaving something out copies what stands around it.
func TestPaths(t *testing.T) {
	document := map[string]any{"a/b": map[string]any{"~": []any{"x", "y"}}, "c": "d"}
	for pointer, found := range map[string]bool{"/a~1b/~0/1": true, "/a~1b/~0/2": false, "/a~1b/~0/-1": false, "/c": true, "/c/d": false, "/x": false} {
		path := tokens(pointer)
		if pointerOf(path) != pointer {
			t.Errorf("%s became %s", pointer, pointerOf(path))
		}
		here, _ := lookUp(document, path)
		left := without(document, path)
		if here != found || (left != nil) != found {
			t.Errorf("%s: %v, %v", pointer, here, left)
		}
		if found {
			if again, _ := lookUp(left, path); again {
				t.Errorf("%s is still there", pointer)
			}
			if still, _ := lookUp(document, path); !still {
				t.Errorf("%s is gone from the document itself", pointer)
			}
		}
	}
	if without(document, nil) != nil {
		t.Error("everything left out")
	}
}

// TestCutSignature: the least letters of base58 that can be a whole signature.
func TestCutSignature(t *testing.T) {
	for text, most := range map[string]int{"": 0, "1": 1, "z": 1, "zz": 2, strings.Repeat("z", 86): 63, strings.Repeat("z", 87): 64, "1" + strings.Repeat("z", 86): 64} {
		if got := base58Most(text); got != most {
			t.Errorf("%d letters: %d", len(text), got)
		}
	}
}
