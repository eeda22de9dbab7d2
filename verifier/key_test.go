package verifier

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// withdrawn is a bench whose issuer has revoked its key at an instant and signs with another.
func withdrawn(t *testing.T, revoked time.Time) (b *bench, fresh keys.Signer) {
	b = newBench(t)
	fresh = newSigner(t, false)
	fresh.ID = webDID + "#key-2"
	text, err := keys.WebDocument(webDID, []keys.Method{{ID: b.key.ID, Key: b.key.Signer.Public(), Revoked: revoked}, {ID: fresh.ID, Key: fresh.Signer.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	b.documents[webDoc] = text
	return b, fresh
}

// TestWithdrawnKey: since when a key counts for nothing is told, also to those who judge an earlier day: nobody knows who signed
// what.
func TestWithdrawnKey(t *testing.T) {
	for name, revoked := range map[string]time.Time{"before": at.AddDate(0, 0, -3), "at the instant": at, "later than it is judged for": at.AddDate(0, 0, 3)} {
		b, fresh := withdrawn(t, revoked)
		r := b.verify(b.seal(b.badge(nothing)))
		expect(t, name, r, No, Undecided, "key_mismatch")
		for _, c := range r.Checks {
			if c.Step == "issuer" && (c.Facts[FactCase] != "withdrawn" || c.Facts[FactDate] != revoked.Format(time.RFC3339) || c.Facts[FactAddress] != webDoc || c.AsOf == nil ||
				c.Detail != "It was signed by a key that the issuer removed on "+day(revoked)+".") {
				t.Errorf("%s: %+v", name, c)
			}
		}
		b.key = fresh
		r = b.verify(b.seal(b.badge(nothing)))
		expect(t, name+", other key", r, Yes, Yes, "")
		for _, c := range r.Checks {
			if c.Step == "issuer" && (c.Facts[FactCase] != "document" || c.Facts[FactOrigin] != "file" || c.AsOf == nil) {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// TestWithdrawnKeyElsewhere: another implementation refuses what a revoked key signed, and takes what its successor did.
func TestWithdrawnKeyElsewhere(t *testing.T) {
	b, fresh := withdrawn(t, at.AddDate(0, 0, -3))
	var document map[string]any
	if err := json.Unmarshal(b.documents[webDoc], &document); err != nil {
		t.Fatal(err)
	}
	documents := map[string]any{webDID: document}
	for _, m := range document["verificationMethod"].([]any) {
		method := m.(map[string]any)
		alone := map[string]any{"@context": "https://w3id.org/security/multikey/v1"}
		for name, value := range method {
			alone[name] = value
		}
		documents[method["id"].(string)] = alone
	}
	var tasks []map[string]any
	for _, key := range []keys.Signer{b.key, fresh} {
		sealed, err := proof.Seal(context.Background(), b.badge(func(d map[string]any) { delete(d, "validUntil") }), proof.SealOptions{Signer: key, Created: at.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		var credential any
		if err := json.Unmarshal(sealed, &credential); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, map[string]any{"do": "verify", "credential": credential})
	}
	for i, a := range others(t, documents, tasks) {
		var result struct {
			Verified bool
			Error    string
		}
		if err := json.Unmarshal(a.OK, &result); err != nil || a.Error != "" || result.Verified != (i == 1) {
			t.Errorf("key %d: %s %s %v", i+1, a.OK, a.Error, err)
		}
	}
}

// TestFactsOfIssuers: what cannot be read is told with its address and cause, and what was read with its age.
func TestFactsOfIssuers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *bench)
		want   Facts
		dated  bool
	}{
		"offline, nothing there": {func(b *bench) { b.documents = library{} }, Facts{FactAddress: webDoc, FactCause: CauseOther}, false},
		"a page":                 {func(b *bench) { b.documents[webDoc] = []byte("<html>") }, Facts{FactAddress: webDoc, FactCause: CauseForm}, false},
		"too large":              {func(b *bench) { b.documents[webDoc] = []byte(strings.Repeat(" ", 2<<20)) }, Facts{FactAddress: webDoc, FactCause: CauseTooLarge}, false},
		"about another":          {func(b *bench) { b.publish(func(d map[string]any) { d["id"] = "did:web:other.example" }) }, Facts{FactAddress: webDoc, FactOrigin: "file", FactCase: "foreign_document"}, true},
		"without the key":        {func(b *bench) { b.publish(func(d map[string]any) { d["verificationMethod"] = []any{} }) }, Facts{FactAddress: webDoc, FactOrigin: "file", FactCase: "not_held"}, true},
		"not for assertions":     {func(b *bench) { b.publish(func(d map[string]any) { d["assertionMethod"] = []any{} }) }, Facts{FactAddress: webDoc, FactOrigin: "file", FactCase: "not_allowed"}, true},
		"as published":           {func(*bench) {}, Facts{FactAddress: webDoc, FactOrigin: "file", FactCase: "document"}, true},
	} {
		b := newBench(t)
		input := b.seal(b.badge(nothing))
		c.change(b)
		for _, check := range b.verify(input).Checks {
			if check.Step != "issuer" {
				continue
			}
			same := len(check.Facts) == len(c.want)
			for fact, value := range c.want {
				same = same && check.Facts[fact] == value
			}
			if !same || (check.AsOf != nil) != c.dated {
				t.Errorf("%s: %v %v", name, check.Facts, check.AsOf)
			}
		}
	}
	b := newBench(t)
	r, err := Verify(context.Background(), b.seal(b.badge(nothing)), Options{At: at})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range r.Checks {
		if check.Step == "issuer" && check.Facts[FactCause] != CauseOffline {
			t.Errorf("%+v", check)
		}
	}
}
