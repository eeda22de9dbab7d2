package verifier

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

const (
	refreshClause = "OB 3.0 9.1"
	refreshType   = "1EdTechCredentialRefresh"
)

// refreshed asks the issuer once whether there is a newer version of the credential (Open Badges 3.0 section 9.1), and gives its
// address where there is one that is authentic; "" otherwise. What comes back is judged by itself and in full, and is not
// refreshed again. Whatever is wrong with it, the credential that was given stands as it was judged: this step changes no answer.
//
// Only the issuer's own word leads anywhere, so nothing is asked unless the credential is authentic.
func (r *run) refreshed(ctx context.Context) string {
	address := ""
	for _, service := range r.document.Refresh {
		id, _ := service.Value["id"].(string)
		if address == "" && hasType(service.Value, refreshType) && strings.HasPrefix(id, "https://") {
			address = id
		}
	}
	switch {
	case len(r.document.Refresh) == 0:
		r.none("refresh", "The issuer names no place to ask for a newer version.", FactCase, "none")
	case address == "":
		r.none("refresh", "The issuer names a way to ask for a newer version that Laurel does not know; it was not asked.", FactCase, "kind")
	case r.answerAuthentic() != Yes:
		r.none("refresh", "The issuer was not asked for a newer version, because who signed this one is not established.", FactCase, "not_asked")
	case r.work.spent():
		r.unknown("refresh", strict.CodeTooComplex, "The issuer was not asked for a newer version, because this one took too much work.", "", refreshClause, FactCase, "work")
	default:
		c, newer := r.askRefresh(ctx, address)
		c.Step, c.Pointer = "refresh", "/refreshService"
		if c.Outcome != Pass {
			c.Clause = refreshClause
		}
		r.add(c)
		if newer {
			return address
		}
	}
	return ""
}

// askRefresh fetches what the issuer offers, and says whether it is a newer version.
func (r *run) askRefresh(ctx context.Context, address string) (c Check, newer bool) {
	const meanwhile = "; this version is judged as it is."
	source, err := r.fetch(ctx, address, credential.Limits.Document)
	unread := factsOfUnread(address, err)
	switch {
	case errors.Is(err, ErrBlocked):
		return Check{Outcome: NotKnown, Code: codeBlocked, Facts: unread, Detail: "The place to ask for a newer version " + notCalled(err) + meanwhile}, false
	case errors.Is(err, ErrTooLarge):
		return Check{Outcome: NotKnown, Code: strict.CodeTooLarge, Facts: unread, Detail: "What the issuer offers as a newer version is too large to be read" + meanwhile}, false
	case err != nil:
		return Check{Outcome: NotKnown, Code: "refresh_unavailable", Facts: unread, Detail: "The issuer could not be asked for a newer version" + meanwhile}, false
	}
	asOf := instant(source.ReadAt)
	facts := func(which string, more ...string) Facts {
		return factsOfSource(source).and(FactCase, which).and(more...)
	}
	text, _, unreadable := readText(source.Bytes)
	if unreadable != nil {
		return Check{Outcome: Warn, Code: unreadable.code, AsOf: asOf, Facts: facts("no_credential"), Detail: "What the issuer offers as a newer version is no credential" + meanwhile}, false
	}
	own := r.inner(r.Profile)
	own.judgeInner(ctx, text)
	if own.document != nil && own.answerAuthentic() != No {
		own.credentialSchemas(ctx)
	}
	r.work.count(own)
	switch authentic := own.answerAuthentic(); {
	case own.document == nil || own.isPresentation() || authentic == No: // a presentation has no issuer, whatever it says
		return Check{Outcome: Warn, Code: cmp.Or(own.cause(), strict.CodeMalformed), AsOf: asOf, Facts: facts("not_authentic"), Detail: "What the issuer offers as a newer version is not authentic" + meanwhile}, false
	case authentic == Undecided:
		return Check{Outcome: NotKnown, Code: cmp.Or(own.firstCode("issuer"), "issuer_unresolved"), AsOf: asOf, Facts: facts("signer"),
			Detail: "Who signed what the issuer offers as a newer version could not be established" + meanwhile}, false
	}
	successor := succeeds(r.document, own.document)
	if code := differs(r.document, own.document); code != "" && !successor {
		return Check{Outcome: Warn, Code: code, AsOf: asOf, Facts: facts("other"), Detail: "What the issuer offers as a newer version is another credential" + meanwhile}, false
	}
	before, errBefore := credential.ParseDateTime(r.document.ValidFrom)
	after, errAfter := credential.ParseDateTime(own.document.ValidFrom)
	switch {
	case errBefore != nil || errAfter != nil:
		return Check{Outcome: Warn, Code: "date_mismatch", AsOf: asOf, Facts: facts("undated"), Detail: "Whether what the issuer offers is newer cannot be told, because a version does not say when it begins" + meanwhile}, false
	case after.Before(before):
		return Check{Outcome: Warn, Code: "date_mismatch", AsOf: asOf, Facts: facts("older", FactDate, dateFact(after)), Detail: "What the issuer offers as a newer version is older" + meanwhile}, false
	case successor: // of the same day too: it says by its id that it is another
	case after.Equal(before) && !sameContent(r.document, own.document):
		return Check{Outcome: Warn, Code: "date_mismatch", AsOf: asOf, Facts: facts("same_time"), Detail: "The issuer offers a version that says something else and begins at the same time" + meanwhile}, false
	case after.Equal(before):
		return Check{Outcome: Pass, AsOf: asOf, Facts: facts("current"), Detail: "This is the current version, says the issuer."}, false
	}
	own.status(ctx)
	which, words := own.standingInWords()
	date, from := "", ""
	if !after.Equal(before) {
		date, from = dateFact(after), ", from "+day(after)+","
	}
	return Check{Outcome: Pass, AsOf: asOf, Facts: facts(which, FactDate, date, FactName, own.against("dates", "status").Code),
		Detail: "The issuer offers a newer version" + from + " which is authentic" + words + "."}, true
}

// standingInWords says of an authentic credential, whose dates and status have been judged, whether it is in force: which case, and
// in words.
func (r *run) standingInWords() (which, words string) {
	switch r.answerInForce(Yes) {
	case Yes:
		return "newer", " and in force"
	case No:
		return "newer_not_in_force", " and not in force (" + r.against("dates", "status").Code + ")"
	}
	return "newer_in_force_unknown", "; whether it is in force is not known"
}

// against is the check that decides about steps: the first that failed, else the first that is not known.
func (r *run) against(steps ...string) Check {
	for _, outcome := range []Result{Fail, NotKnown} {
		for _, c := range r.checks {
			if c.Outcome == outcome && slices.Contains(steps, c.Step) {
				return c
			}
		}
	}
	return Check{}
}

// succeeds says whether b is another credential that took the place of a. No clause asks that what a refreshService answers with has
// the same id, and an issuer who corrects or renews an award may give the new one its own. Anything else of that issuer is no newer
// version, so b has to say by itself what it is: of the same issuer and recipient, and by its awardedDate (Open Badges 3.0 B
// AchievementCredential: the day of the first award, which an update keeps) awarded when a was.
func succeeds(a, b *credential.Credential) bool {
	if a.ID == "" || b.ID == "" || a.ID == b.ID || a.Kind != b.Kind || a.Issuer.ID != b.Issuer.ID || !sameRecipient(a.Subject, b.Subject) {
		return false
	}
	first, err := credential.ParseDateTime(cmp.Or(a.Awarded, a.ValidFrom))
	kept, errKept := credential.ParseDateTime(b.Awarded)
	return err == nil && errKept == nil && first.Equal(kept)
}

// sameRecipient says whether two subjects are one recipient: by their ids or, where they have none, by an identifier that both have
// and that is more than a name.
func sameRecipient(a, b credential.AchievementSubject) bool {
	if a.ID != "" || b.ID != "" {
		return a.ID == b.ID
	}
	return slices.ContainsFunc(a.Identifiers, func(id credential.IdentityObject) bool {
		return id.Type != "name" && slices.Contains(b.Identifiers, id)
	})
}

// differs is the code for two documents that are not versions of one credential: the same id, issuer and subject (Open Badges 3.0
// host, equality). Ids are compared as they are written.
func differs(a, b *credential.Credential) string {
	switch {
	case a.ID == "" || a.ID != b.ID:
		return "id_mismatch"
	case a.Issuer.ID != b.Issuer.ID:
		return "issuer_mismatch"
	case a.Subject.ID != b.Subject.ID || a.Subject.ID == "" && !sameIdentifiers(a.Subject.Identifiers, b.Subject.Identifiers):
		return "subject_mismatch"
	}
	return ""
}

// sameIdentifiers says whether a subject without an id is named alike, in any order.
func sameIdentifiers(a, b []credential.IdentityObject) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for _, id := range a {
		if !slices.Contains(b, id) {
			return false
		}
	}
	return true
}

// sameContent compares two documents without their proofs.
func sameContent(a, b *credential.Credential) bool {
	first, second := maps.Clone(a.Value()), maps.Clone(b.Value())
	delete(first, "proof")
	delete(second, "proof")
	return reflect.DeepEqual(first, second)
}
