package issuer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// within is a store as one transaction sees it, which is never committed.
type within struct{ tx issuer.Tx }

func (w within) View(_ context.Context, fn func(issuer.Tx) error) error   { return fn(w.tx) }
func (w within) Update(_ context.Context, fn func(issuer.Tx) error) error { return fn(w.tx) }
func (w within) Shared() bool                                             { return false }

var errTakenBack = errors.New("taken back")

// tampered changes the store beside the program, has a look at it, and takes the change back.
func (d *desk) tampered(t testing.TB, change func(tx issuer.Tx) error, look func(*issuer.Documents)) {
	t.Helper()
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		look(issuer.NewDocuments(within{tx}))
		return errTakenBack
	})
	if !errors.Is(err, errTakenBack) {
		t.Fatal(err)
	}
}

// line is an entry of the log as it is exported, read by its description.
type line struct {
	Sequence                                              uint64
	Actor, Action, Subject, Detail, Before, After, Reason string
	ReasonText, ReasonSalt                                string
	ReasonErased                                          bool
}

func (d *desk) exported(t testing.TB) (text []byte, lines []line) {
	t.Helper()
	var out bytes.Buffer
	n, err := d.ExportAudit(t.Context(), 0, &out)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, one := range all[:len(all)-1] {
		var l line
		if err := json.Unmarshal([]byte(one), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if n != len(lines) {
		t.Errorf("%d entries, and %d lines were written", n, len(lines))
	}
	return out.Bytes(), lines
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (d *desk) body(t testing.TB, kind, id string) []byte {
	t.Helper()
	var row issuer.Row
	err := d.store.View(t.Context(), func(tx issuer.Tx) (err error) {
		row, err = tx.Get(declared(kind), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return row.Body
}

// declared is a kind as the program declares it.
func declared(name string) issuer.Kind {
	all := issuer.Kinds()
	return all[slices.IndexFunc(all, func(k issuer.Kind) bool { return k.Name == name })]
}

// allOf reads all records of a kind.
func allOf(tx issuer.Tx, kind string) (rows []issuer.Row, err error) {
	rows, _, err = tx.List(declared(kind), issuer.Query{Limit: 1000})
	return rows, err
}

// TestAuditDigests: an entry has the digests of the record before and after, and that of the reason, whose text lies apart.
func TestAuditDigests(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	issued := d.body(t, "credential", c.ID)
	if _, err := d.Revoke(t.Context(), c.ID, "Ada <asked> for it", "test"); err != nil {
		t.Fatal(err)
	}
	_, lines := d.exported(t)
	last := lines[len(lines)-1]
	if last.Action != "credential.revoked" || last.Before != digest(issued) || last.After != digest(d.body(t, "credential", c.ID)) {
		t.Errorf("entry %+v", last)
	}
	salt, err := base64.RawURLEncoding.DecodeString(last.ReasonSalt)
	if err != nil || len(salt) != 16 || last.ReasonText != "Ada <asked> for it" || last.Reason != digest(append(salt, last.ReasonText...)) {
		t.Errorf("reason %+v, error %v", last, err)
	}
	if bytes.Contains(d.body(t, "audit", fmt.Sprintf("%020d", last.Sequence)), []byte("asked")) {
		t.Error("the text of the reason is in the entry")
	}
	after := map[string]string{} // by subject: each entry goes on where the one before it about the same object ended
	for _, l := range lines {
		if l.Before != after[l.Subject] {
			t.Errorf("entry %d begins with %q, the one before ended with %q", l.Sequence, l.Before, after[l.Subject])
		}
		after[l.Subject] = l.After
	}
	if first := lines[0]; first.Action != "installation.created" || first.Before != "" || first.After == "" {
		t.Errorf("entry %+v", first)
	}

	// The text can be erased, and the log says so.
	if err := d.EraseReason(t.Context(), last.Sequence, "test"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.EraseReason(t.Context(), last.Sequence, "test"), issuer.KindMissing, "not_found")
	wantCode(t, d.EraseReason(t.Context(), 1, "test"), issuer.KindMissing, "not_found")
	text, lines := d.exported(t)
	if bytes.Contains(text, []byte("asked")) || !lines[last.Sequence-1].ReasonErased || lines[last.Sequence-1].Reason != last.Reason {
		t.Errorf("after it was erased: %+v", lines[last.Sequence-1])
	}
	if n, err := d.VerifyAuditDeep(t.Context()); err != nil || n != len(lines) {
		t.Errorf("%d entries, error %v", n, err)
	}
	if found, err := issuer.VerifyAuditLines(bytes.NewReader(text), nil); err != nil || found.Erased != 1 || found.Entries != len(lines) || found.First != 1 {
		t.Errorf("%+v, error %v", found, err)
	}
}

// lived is an installation in which everything was done that the log tells of.
func lived(t testing.TB) *desk {
	t.Helper()
	d := newDesk(t, public)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.Organisations(t.Context())
	must(err)
	o := all[0]
	w, by := d.Workspace(o.ID), issuer.Write{Actor: "test"}
	in := issuer.AchievementInput{Name: "Draft", Description: "To be changed.", Criteria: "None."}
	draft, err := w.Draft(t.Context(), in, by)
	must(err)
	_, err = w.Redraft(t.Context(), draft.ID, in, by)
	must(err)
	_, err = w.Publish(t.Context(), draft.ID, by)
	must(err)
	_, err = w.Archive(t.Context(), draft.ID, by)
	must(err)
	_, err = w.Draft(t.Context(), in, by)
	must(err)
	d.publish(t)
	for i := range 3 {
		c := d.award(t)
		if i > 0 {
			_, err = d.Suspend(t.Context(), c.ID, "a first look", "test")
			must(err)
			_, err = d.Reinstate(t.Context(), c.ID, "test")
			must(err)
		}
		if i > 1 {
			_, err = d.Revoke(t.Context(), c.ID, "a second look", "test")
			must(err)
		}
	}
	for _, name := range []string{"one", "two", ""} { // the same document under two names, and under none
		in := issuer.SignInput{Document: unsigned(o.DID), Name: name}
		if name == "two" {
			in.Purposes = []string{"revocation", "suspension"}
		}
		_, err = w.Sign(t.Context(), in, by)
		must(err)
		if name == "two" {
			must(w.SetStatus(t.Context(), issuer.StatusChange{Name: name, Purpose: "suspension", Set: true}, by))
			must(w.SetStatus(t.Context(), issuer.StatusChange{Name: name, Purpose: "revocation", Set: true}, by))
		}
	}
	for _, name := range []string{"one", "two"} {
		made, err := d.CreateToken(t.Context(), issuer.TokenInput{Name: name, Scopes: allScopes[:1], Actor: "test"})
		must(err)
		_, err = d.Authenticate(t.Context(), made.Text)
		must(err)
		if name == "two" {
			_, err = d.RevokeToken(t.Context(), made.ID, "test")
			must(err)
		}
	}
	_, err = d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test")
	must(err)
	return d
}

// alter changes one member of a record, one of only where that names some.
func alter(t *rapid.T, body []byte, only ...string) []byte {
	members := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		t.Fatal(err)
	}
	names := only
	if len(names) == 0 {
		names = append(slices.Sorted(maps.Keys(members)), "detail", "before", "after", "reason", "more")
	}
	name := rapid.SampledFrom(names).Draw(t, "member")
	switch v := members[name].(type) {
	case json.Number:
		members[name] = json.Number("7" + v.String())
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			members[name] = at.Add(time.Duration(rapid.IntRange(1, 1e9).Draw(t, "later")))
		} else {
			other := func(s string) bool { return s != v }
			members[name] = rapid.SampledFrom([]string{"", v + "x", digest([]byte(v))}).Filter(other).Draw(t, "value")
		}
	default:
		members[name] = "new"
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// hashed gives an entry the hash that fits.
func hashed(t *rapid.T, body []byte) []byte {
	var e issuer.AuditEntry
	err := json.Unmarshal(body, &e)
	e.Hash = ""
	text, err2 := json.Marshal(e)
	e.Hash = digest(text)
	again, err3 := json.Marshal(e)
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	return again
}

// TestAuditTampering: whatever one thing is changed in the log, is found.
func TestAuditTampering(t *testing.T) {
	d := lived(t)
	var rows, reasons []issuer.Row
	err := d.store.View(t.Context(), func(tx issuer.Tx) (err error) {
		if rows, err = allOf(tx, "audit"); err != nil {
			return err
		}
		reasons, err = allOf(tx, "audit-reason")
		return err
	})
	if err != nil || len(rows) < 30 || len(reasons) < 2 {
		t.Fatal(len(rows), len(reasons), err)
	}
	entry, end, beside := declared("audit"), declared("audit-head"), declared("audit-reason")
	tamper := map[string]func(r *rapid.T, tx issuer.Tx, one int) error{
		"changed": func(r *rapid.T, tx issuer.Tx, one int) error {
			row := rows[one]
			row.Body = alter(r, row.Body)
			return tx.Put(entry, row)
		},
		"changed and hashed": func(r *rapid.T, tx issuer.Tx, one int) error {
			row := rows[one]
			row.Body = hashed(r, alter(r, row.Body, "actor", "action", "subject", "detail", "before", "after", "reason", "at", "previous", "sequence"))
			return tx.Put(entry, row)
		},
		"removed": func(_ *rapid.T, tx issuer.Tx, one int) error { return tx.Delete(entry, rows[one].ID) },
		"swapped": func(r *rapid.T, tx issuer.Tx, one int) error {
			row, other := rows[one], rows[(one+rapid.IntRange(1, len(rows)-1).Draw(r, "distance"))%len(rows)]
			row.Body, other.Body = other.Body, row.Body
			return errors.Join(tx.Put(entry, row), tx.Put(entry, other))
		},
		"inserted": func(r *rapid.T, tx issuer.Tx, one int) error {
			row := rows[one]
			row.ID, row.Version = row.ID+rapid.SampledFrom([]string{"0", "x"}).Draw(r, "name"), 0
			return tx.Put(entry, row)
		},
		"inserted at the end": func(r *rapid.T, tx issuer.Tx, _ int) error {
			row := rows[len(rows)-1]
			var e issuer.AuditEntry
			if err := json.Unmarshal(row.Body, &e); err != nil {
				return err
			}
			e.Sequence, e.Previous = e.Sequence+1, e.Hash
			text, err := json.Marshal(e)
			row.ID, row.Version, row.Body = fmt.Sprintf("%020d", e.Sequence), 0, hashed(r, text)
			return errors.Join(err, tx.Put(entry, row))
		},
		"cut": func(_ *rapid.T, tx issuer.Tx, one int) (err error) {
			for _, row := range rows[max(one, 1):] {
				err = errors.Join(err, tx.Delete(entry, row.ID))
			}
			return err
		},
		"without head": func(_ *rapid.T, tx issuer.Tx, _ int) error { return tx.Delete(end, "head") },
		"with another head": func(r *rapid.T, tx issuer.Tx, _ int) error {
			head, err := tx.Get(end, "head")
			if err != nil {
				return err
			}
			head.Body = alter(r, head.Body, "sequence", "hash", "latest", "moved")
			return tx.Put(end, head)
		},
		"without a reason": func(_ *rapid.T, tx issuer.Tx, one int) error { return tx.Delete(beside, reasons[one%len(reasons)].ID) },
		"with another reason": func(r *rapid.T, tx issuer.Tx, one int) error {
			reason := reasons[one%len(reasons)]
			reason.Body = alter(r, reason.Body, "salt", "text")
			return tx.Put(beside, reason)
		},
	}
	acts := slices.Sorted(maps.Keys(tamper))
	rapid.Check(t, func(r *rapid.T) {
		act := rapid.SampledFrom(acts).Draw(r, "act")
		one := rapid.IntRange(0, len(rows)-1).Draw(r, "entry")
		d.tampered(t, func(tx issuer.Tx) error { return tamper[act](r, tx, one) }, func(documents *issuer.Documents) {
			_, err := documents.VerifyAudit(t.Context())
			var got *issuer.Error
			if !errors.As(err, &got) || got.Kind != issuer.KindConflict || got.Code != "audit_broken" {
				r.Fatalf("%s: %v", act, err)
			}
		})
	})
	if n, err := d.VerifyAuditDeep(t.Context()); n != len(rows) || err != nil {
		t.Errorf("as it is: %d entries, error %v", n, err)
	}
}

// TestAuditSentences: the sentence says what is wrong and where.
func TestAuditSentences(t *testing.T) {
	d := newDesk(t, "")
	d.publish(t)
	d.award(t) // five entries
	entry, end := declared("audit"), declared("audit-head")
	name := func(n int) string { return fmt.Sprintf("%020d", n) }
	without := func(which ...int) func(tx issuer.Tx) error {
		return func(tx issuer.Tx) (err error) {
			for _, n := range which {
				err = errors.Join(err, tx.Delete(entry, name(n)))
			}
			return err
		}
	}
	with := func(kind issuer.Kind, id, old, new string) func(tx issuer.Tx) error {
		return func(tx issuer.Tx) error { return replace(tx, kind, id, old, new) }
	}
	for want, tamper := range map[string]func(tx issuer.Tx) error{
		"entry 3 is missing, or not in its place.":                  without(3),
		"entry 5, the newest, is missing.":                          without(5),
		"entries 4 to 5, the newest, are missing.":                  without(4, 5),
		"entries 1 to 5, the newest, are missing.":                  without(1, 2, 3, 4, 5),
		"its end on record is entry 0, and entry 1 comes after it.": func(tx issuer.Tx) error { return tx.Delete(end, "head") },
		"entry 2 was changed.":                                      with(entry, name(2), `"actor":"`, `"actor":"x`),
		"entry 4 was changed.":                                      with(entry, name(4), `{`, ` {`),
		"the record " + name(1) + " cannot be read.":                with(entry, name(1), `{`, `[`),
		"its end on record does not fit entry 5.":                   with(end, "head", `"hash":"`, `"hash":"A`),
		"its end on record says what no entry says.":                with(end, "head", `"latest":"2026`, `"latest":"2027`),
		"entry 3 is not in its place, but stands as record " + name(2) + ".": func(tx issuer.Tx) error {
			a, err := tx.Get(entry, name(2))
			b, err2 := tx.Get(entry, name(3))
			a.Body, b.Body = b.Body, a.Body
			return errors.Join(err, err2, tx.Put(entry, a), tx.Put(entry, b))
		},
	} {
		d.tampered(t, tamper, func(documents *issuer.Documents) {
			_, err := documents.VerifyAudit(t.Context())
			wantCode(t, err, issuer.KindConflict, "audit_broken")
			if got := strings.TrimPrefix(err.Error(), "The audit log is not as it was written: "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// replace changes a text in the body of a record, once.
func replace(tx issuer.Tx, kind issuer.Kind, id, old, new string) error {
	row, err := tx.Get(kind, id)
	if err != nil {
		return err
	}
	before := string(row.Body)
	if row.Body = []byte(strings.Replace(before, old, new, 1)); string(row.Body) == before {
		return fmt.Errorf("no %s in %s", old, before)
	}
	return tx.Put(kind, row)
}

// put writes a record anew with its lookups, as a list by one of them has to find it.
func put(tx issuer.Tx, kind issuer.Kind, row issuer.Row, more string) error {
	row.Body = append(bytes.TrimSuffix(bytes.Clone(row.Body), []byte("}")), more...)
	return tx.Put(kind, row)
}

// TestAuditDeep: a record that was changed beside the program is found, though its chain holds, and nothing else is.
func TestAuditDeep(t *testing.T) {
	d := lived(t)
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := map[string][]issuer.Row{}
	err := d.store.View(t.Context(), func(tx issuer.Tx) (err error) {
		for _, k := range issuer.Kinds() {
			if rows[k.Name], err = allOf(tx, k.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"organisation", "achievement", "achievement-draft", "credential", "signed-document", "token"} {
		kind := declared(name)
		if len(rows[name]) == 0 {
			t.Errorf("no record of the kind %s", name)
		}
		for _, row := range rows[name] {
			for what, tamper := range map[string]func(tx issuer.Tx) error{
				"changed":   func(tx issuer.Tx) error { return put(tx, kind, row, `,"more":1}`) },
				"taken out": func(tx issuer.Tx) error { return tx.Delete(kind, row.ID) },
				"put in": func(tx issuer.Tx) error {
					row := row
					row.ID, row.Version = row.ID+"x", 0
					return put(tx, kind, row, `,"digest":"x"}`)
				},
			} {
				d.tampered(t, tamper, func(documents *issuer.Documents) {
					if _, err := documents.VerifyAudit(t.Context()); err != nil {
						t.Error(err)
					}
					_, err := documents.VerifyAuditDeep(t.Context())
					var got *issuer.Error
					if !errors.As(err, &got) || got.Code != "audit_differs" {
						t.Errorf("a record of the kind %s was %s: %v", name, what, err)
					}
				})
			}
		}
	}
	used := slices.IndexFunc(rows["token"], func(r issuer.Row) bool { return bytes.Contains(r.Body, []byte("lastUsed")) })
	for what, tamper := range map[string]func(tx issuer.Tx) error{
		"the last use of a token": func(tx issuer.Tx) error {
			return replace(tx, declared("token"), rows["token"][used].ID, `"lastUsed":"2026`, `"lastUsed":"2025`)
		},
		"a status list": func(tx issuer.Tx) error {
			return put(tx, declared("status-list"), rows["status-list"][0], `,"more":1}`)
		},
	} {
		d.tampered(t, tamper, func(documents *issuer.Documents) {
			if _, err := documents.VerifyAuditDeep(t.Context()); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
	}

	// A change beside the program that the next act has covered.
	c := d.award(t)
	if err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		return replace(tx, declared("credential"), c.ID, `"by":"test"`, `"by":"else"`)
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	_, err = d.VerifyAuditDeep(t.Context())
	wantCode(t, err, issuer.KindConflict, "audit_differs")
	if want := "the credential " + c.ID + " was changed without an act before entry "; !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
}

// TestAuditAfterMove: that an installation is given its public address changes what was there, and is no tampering.
func TestAuditAfterMove(t *testing.T) {
	d := newDesk(t, "")
	d.publish(t)
	d.open(t, public)
	d.publish(t)
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAuditOfEarlierRelease: entries without digests keep their hashes, and what they are about is left out.
func TestAuditOfEarlierRelease(t *testing.T) {
	d := lived(t)
	bare := func(e *issuer.AuditEntry) { e.Before, e.After, e.Reason = "", "", "" }
	if err := d.store.Update(t.Context(), func(tx issuer.Tx) error { return rewrite(tx, bare) }); err != nil {
		t.Fatal(err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.publish(t)
	all, err := d.Achievements(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Issue(t.Context(), issuer.AwardInput{Achievement: all[len(all)-1].ID, Recipient: "ada@example.org", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
	d.tampered(t, func(tx issuer.Tx) error { return tx.Delete(declared("credential"), c.ID) }, func(documents *issuer.Documents) {
		_, err := documents.VerifyAuditDeep(t.Context())
		wantCode(t, err, issuer.KindConflict, "audit_differs")
	})
}

// rewrite changes every entry and gives the chain and its head the hashes that fit: what somebody does who knows how.
func rewrite(tx issuer.Tx, change func(*issuer.AuditEntry)) error {
	rows, err := allOf(tx, "audit")
	if err != nil {
		return err
	}
	previous := ""
	for _, row := range rows {
		var e issuer.AuditEntry
		if err := json.Unmarshal(row.Body, &e); err != nil {
			return err
		}
		change(&e)
		e.Previous, e.Hash = previous, ""
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		e.Hash = digest(text)
		if row.Body, err = json.Marshal(e); err != nil {
			return err
		}
		if err := tx.Put(declared("audit"), row); err != nil {
			return err
		}
		previous = e.Hash
	}
	head, err := tx.Get(declared("audit-head"), "head")
	if err != nil {
		return err
	}
	var members map[string]any
	if err := json.Unmarshal(head.Body, &members); err != nil {
		return err
	}
	members["hash"] = previous
	if head.Body, err = json.Marshal(members); err != nil {
		return err
	}
	return tx.Put(declared("audit-head"), head)
}
