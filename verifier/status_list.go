package verifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
)

// statusList is a list as read, once in a verification: of a signed one its own verification and its bits, or an unsigned one; and
// where it came from. Or why it says nothing.
type statusList struct {
	own         *run
	subject     status.Subject
	bits        status.List
	revocations *status.Revocations
	source      Document // without its bytes
	fault       *Check
	others      []*statusList // copies of it from elsewhere
}

// statusList reads a signed list and judges what has to hold for any answer: its own signature, and that it is a list.
func (r *run) statusList(ctx context.Context, source Document) *statusList {
	text, _, unreadable := readText(source.Bytes)
	if unreadable != nil {
		return refuseList(source, "status_invalid", "not_a_list", "What stands at the status list's address is not a status list")
	}
	own := r.inner(credential.VerifiableCredentials)
	own.judgeInner(ctx, text)
	r.work.count(own)
	signed := []string{"form", "contexts", "issuer", "proof"} // of the steps of authenticity those that say what was signed, and by whom
	switch {
	case own.document != nil && own.isPresentation(): // whose issuer would be whoever it says
		return refuseList(source, "status_invalid", "presentation", "What stands at the status list's address is a presentation and no status list")
	case own.document == nil || own.found(Fail, signed...):
		return refuseList(source, "status_invalid", "not_signed", "The status list is not what its issuer signed")
	case own.found(NotKnown, signed...) || !own.found(Pass, "proof"):
		return refuseList(source, "status_unavailable", "signer", "Who signed the status list could not be established")
	}
	list := own.facts.statusList()
	if list.fault != nil {
		return refuseList(source, list.fault.code, list.fault.which, list.fault.detail)
	}
	own.remember(ctx) // it is a list, and no badge of a person
	r.work.units += list.bits.Len() / 8 / bytesPerUnit
	source.Bytes = nil
	return &statusList{own: own, subject: list.subject, bits: list.bits, source: source}
}

// doubt is why a list proves nothing: its case, and a sentence for a person. The zero value is none.
type doubt struct {
	which, detail string
}

// value is what the list holds for the entry. misfit is why the list says nothing of it at all, short that the list breaks the rule
// of its least length: then only what is set is given.
func (l *statusList) value(entry status.Entry) (value uint32, misfit, short doubt) {
	switch {
	case l.subject.Method != entry.Method:
		return 0, doubt{"kind", "The status list is of another kind than the status entry"}, doubt{}
	case !slices.Contains(l.subject.Purposes, entry.Purpose):
		return 0, doubt{"purpose", "The status list is kept for another purpose"}, doubt{}
	case l.subject.Size != 0 && l.subject.Size != entry.Size:
		return 0, doubt{"size", "The status list is kept in another size"}, doubt{}
	}
	value, err := l.bits.Value(entry)
	var refusal *status.Error
	switch {
	case errors.As(err, &refusal) && refusal.Pointer == "/encodedList":
		return value, doubt{}, doubt{"short", "The status list is shorter than the rules allow"}
	case err != nil:
		return 0, doubt{"no_place", "The status list has no place for this credential"}, doubt{}
	}
	return value, doubt{}, doubt{}
}

// doubt is why a clear bit of the list proves nothing: only one that is in force itself, is the list that the entry names,
// and belongs to the issuer, may clear a credential. None when all of that holds.
func (l *statusList) doubt(entry status.Entry, r *run) doubt {
	switch {
	case l.own.answerAuthentic() != Yes: // its dates were not judged then
		return doubt{"rules", "The status list breaks the rules of its own form"}
	case !l.current():
		return doubt{"out_of_date", "The status list is out of date"}
	case l.own.document.ID != "" && l.own.document.ID != entry.ListURL:
		return doubt{"other_list", "The status list says that it is another list"}
	case !l.belongs(entry, r):
		return doubt{"foreign", "The status list belongs to somebody else than the issuer"}
	}
	return doubt{}
}

func (l *statusList) current() bool {
	return l.own.found(Pass, "dates") && !l.own.found(Fail, "dates") && !l.own.found(NotKnown, "dates")
}

// say reads the bit. A bit that is set is believed from any list that passed statusList and has a place for the entry; a clear one
// only without a doubt. A list that is out of date cannot suspend, as a suspension ends.
func (l *statusList) say(entry status.Entry, r *run) standing {
	asOf := instant(l.source.ReadAt)
	facts := func(others ...string) Facts { return Facts(nil).andSource(l.source, others...) }
	unknown := func(d doubt) standing {
		return standing{Check: Check{Outcome: NotKnown, Code: "status_invalid", Detail: d.detail + notKnownInForce, AsOf: asOf, Facts: facts(FactCase, d.which)}}
	}
	value, misfit, short := l.value(entry)
	if misfit != (doubt{}) {
		return unknown(misfit)
	}
	whose := "the issuer"
	var said []string
	if !l.belongs(entry, r) {
		whose = "a list of " + quoted(l.own.document.Issuer.ID)
		said = []string{FactCase, "other", FactWho, l.own.document.Issuer.ID}
	}
	switch set := value != 0; {
	case set && entry.Purpose == status.PurposeRevocation:
		return standing{Check: Check{Outcome: Fail, Code: "revoked", Detail: fmt.Sprintf("It has been revoked, says %s.", whose), AsOf: asOf, Facts: facts(said...)}}
	case set && l.current():
		return standing{Check: Check{Outcome: Fail, Code: "suspended", Detail: fmt.Sprintf("It is suspended, says %s.", whose), AsOf: asOf, Facts: facts(said...)}}
	case short != (doubt{}):
		return unknown(short)
	}
	if d := l.doubt(entry, r); d != (doubt{}) {
		return unknown(d)
	}
	kind := "Not revoked"
	if entry.Purpose == status.PurposeSuspension {
		kind = "Not suspended"
	}
	detail := kind + ", says the issuer's list, read " + string(l.source.Origin)
	if l.subject.TTL > 0 {
		detail += "; it may be kept for " + span(l.subject.TTL)
	}
	return standing{
		Check:  Check{Outcome: Pass, Detail: detail + ".", AsOf: asOf, Facts: facts(FactCase, entry.Purpose)},
		clears: entry.Purpose == status.PurposeRevocation && l.own.document.Issuer.ID == r.document.Issuer.ID,
	}
}

// belongs says whether a list may clear a credential of the run's issuer: its issuer is the same, or another identifier on
// the same host as badge and list, or one that the operator named.
func (l *statusList) belongs(entry status.Entry, r *run) bool {
	lister, issuer := l.own.document.Issuer.ID, r.document.Issuer.ID
	if lister == issuer || slices.Contains(r.StatusIssuers, lister) {
		return true
	}
	host := ownHost(issuer)
	return host != "" && host == ownHost(lister) && host == ownHost(entry.ListURL)
}

// showStatus says what an entry for a message or a newer version holds. It changes no answer, so neither does a list that cannot be
// read; and nothing is repeated that a list without a doubt does not say.
func (r *run) showStatus(ctx context.Context, entry status.Entry) Check {
	show := func(which, detail string, asOf *time.Time, facts Facts) Check {
		return Check{Outcome: NotApplicable, AsOf: asOf, Facts: facts.and(FactCase, which, FactName, entry.Purpose),
			Detail: "The issuer keeps a status for " + entry.Purpose + ", which does not touch whether it is in force" + detail + "."}
	}
	list := r.listOf(ctx, entry)
	switch {
	case list == nil:
		return show("shown_not_looked", "; it was not looked up", nil, nil)
	case list.fault != nil:
		return show("shown_not_read", "; it could not be read", list.fault.AsOf, list.fault.Facts)
	}
	facts := factsOfSource(list.source)
	asOf := instant(list.source.ReadAt)
	value, misfit, short := list.value(entry)
	message, named := entry.Messages[value]
	message = quoted(message)
	switch {
	case misfit != (doubt{}) || short != (doubt{}) || list.doubt(entry, r) != (doubt{}):
		return show("shown_doubtful", "; its list is not one to rely on", asOf, facts)
	case named && message != "":
		return show("shown_message", `; it reads "`+message+`"`, asOf, facts.and(FactHere, message))
	case entry.Purpose == status.PurposeRefresh && value != 0:
		return show("shown_newer", "; it says that there is a newer version", asOf, facts)
	case value != 0:
		number := fmt.Sprintf("0x%x", value)
		return show("shown_set", "; it reads "+number, asOf, facts.and(FactHere, number))
	}
	return show("shown_not_set", "; it is not set", asOf, facts)
}
