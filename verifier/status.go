package verifier

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
)

const statusClause = "Bitstring Status List 1.0 3.2"

// Bounds of what is looked up: entries, and the lists that they lead to. Nobody needs more. Of a list that is longer than longList
// only the one bit is kept, so that several do not meet in memory.
const (
	maxEntries = 16
	maxLists   = 4
	longList   = 8 << 20 // entries
)

// status looks every status entry up. Each is judged for itself: an entry that says revoked counts whatever the others say,
// and one that could not be read is unknown even beside a good one.
func (r *run) status(ctx context.Context) {
	if len(r.document.Statuses) == 0 {
		r.none("status", "The issuer gave it no status entry, so it cannot be revoked or suspended.")
		return
	}
	for i, entry := range r.document.Statuses {
		enough := i == maxEntries
		c := tooManyEntries
		if !enough {
			c = r.statusEntry(ctx, entry)
		}
		c.Step, c.Pointer = "status", entry.Pointer
		if c.Clause == "" && c.Outcome != Pass {
			c.Clause = statusClause
		}
		r.add(c)
		if enough {
			return
		}
	}
}

var tooManyEntries = Check{Outcome: NotKnown, Code: strict.CodeTooComplex, Detail: "It has more status entries than are looked up, so whether it is in force is not known."}

func (r *run) statusEntry(ctx context.Context, raw credential.Part) Check {
	if !status.IsEntry(raw.Value) {
		return Check{Outcome: NotKnown, Code: "status_unavailable", Detail: "The status is kept in a way that Laurel does not know, so whether it is in force is not known."}
	}
	entry, err := status.ParseEntry(raw.Value)
	if err != nil {
		return Check{Outcome: Fail, Code: "status_invalid", Detail: err.Error()}
	}
	switch entry.Purpose {
	case status.PurposeRevocation, status.PurposeSuspension:
	case "message", "refresh":
		return Check{Outcome: NotApplicable, Detail: "The issuer keeps a status for " + entry.Purpose + ", which does not touch whether it is in force."}
	default:
		return Check{Outcome: NotKnown, Code: "status_unavailable", Detail: "The status has a purpose that Laurel does not know, so whether it is in force is not known."}
	}
	list := r.lists[entry.ListURL]
	if list == nil {
		if r.work.lists == maxLists || r.work.spent() {
			return tooManyEntries
		}
		r.work.lists++
		list = r.statusList(ctx, entry.ListURL)
		if list.bits.Len() <= longList {
			r.lists[entry.ListURL] = list
		}
	}
	if list.fault != nil {
		return *list.fault
	}
	return list.say(entry, r)
}

// statusList is a status list as read, once in a verification: its own verification, its bits, and where it came from; or
// why it says nothing.
type statusList struct {
	own     *run
	subject status.Subject
	bits    status.List
	source  Document
	fault   *Check
}

// statusList reads a list and judges what has to hold for any answer: its own signature, type and length.
func (r *run) statusList(ctx context.Context, address string) *statusList {
	refuse := func(code, detail string) *statusList {
		return &statusList{fault: &Check{Outcome: NotKnown, Code: code, Detail: detail + "; whether it is in force is not known."}}
	}
	source, err := r.fetch(ctx, address, credential.Limits.Body)
	switch {
	case errors.Is(err, ErrBlocked):
		return refuse("ssrf_blocked", "The status list's address is not a public https address, so it was not called")
	case errors.Is(err, ErrTooLarge):
		return refuse(strict.CodeTooLarge, "The status list is too large to be read")
	case err != nil:
		return refuse("status_unavailable", "The status list could not be read")
	case hostOf(source.URL) != hostOf(address):
		return refuse("status_unavailable", "The status list's address leads to another host")
	}
	text, _, unreadable := readText(source.Bytes)
	if unreadable != nil {
		return refuse("status_invalid", "What stands at the status list's address is not a status list")
	}
	own := r.inner(credential.VerifiableCredentials)
	own.judgeInner(ctx, text)
	defer own.remember(ctx)
	r.work.count(own)
	switch own.answerAuthentic() {
	case Undecided:
		return refuse("status_unavailable", "Who signed the status list could not be established")
	case No:
		return refuse("status_invalid", "The status list is not what its issuer signed")
	}
	list := own.facts.statusList()
	if list.fault != nil {
		return refuse(list.fault.code, list.fault.detail)
	}
	r.work.units += list.bits.Len() / 8 / bytesPerUnit
	return &statusList{own: own, subject: list.subject, bits: list.bits, source: source}
}

// say reads the bit. A bit that is set is believed from any list that passed statusList; a clear one only when the list is
// in force itself, is the list that the entry names, and belongs to the issuer.
func (l *statusList) say(entry status.Entry, r *run) Check {
	asOf := instant(l.source.ReadAt)
	unknown := func(detail string) Check {
		return Check{Outcome: NotKnown, Code: "status_invalid", Detail: detail + "; whether it is in force is not known.", AsOf: asOf}
	}
	if !slices.Contains(l.subject.Purposes, entry.Purpose) {
		return unknown("The status list is kept for another purpose")
	}
	set, err := l.bits.Get(entry.Index)
	if err != nil {
		return unknown("The status list has no place for this credential")
	}
	whose, foreign := "the issuer", !l.belongs(entry, r)
	if foreign {
		whose = "a list of " + l.own.document.Issuer.ID
	}
	current := !l.own.found(Fail, "dates") && !l.own.found(NotKnown, "dates")
	switch {
	case set && entry.Purpose == "revocation":
		return Check{Outcome: Fail, Code: "revoked", Detail: fmt.Sprintf("It has been revoked, says %s.", whose), AsOf: asOf}
	case set && current:
		return Check{Outcome: Fail, Code: "suspended", Detail: fmt.Sprintf("It is suspended, says %s.", whose), AsOf: asOf}
	case !current:
		return unknown("The status list is out of date")
	case l.own.document.ID != "" && l.own.document.ID != entry.ListURL:
		return unknown("The status list says that it is another list")
	case foreign:
		return unknown("The status list belongs to somebody else than the issuer")
	}
	kind := map[string]string{"revocation": "Not revoked", "suspension": "Not suspended"}[entry.Purpose]
	return Check{Outcome: Pass, Detail: kind + ", says the issuer's list, read " + string(l.source.Origin) + ".", AsOf: asOf}
}

// belongs says whether a list may clear a credential of the run's issuer: its issuer is the same, or another identifier on
// the same host as badge and list, or one that the operator named.
func (l *statusList) belongs(entry status.Entry, r *run) bool {
	lister, issuer := l.own.document.Issuer.ID, r.document.Issuer.ID
	if lister == issuer || slices.Contains(r.StatusIssuers, lister) {
		return true
	}
	host := hostOf(issuer)
	return host != "" && host == hostOf(lister) && host == hostOf(entry.ListURL)
}

// hostOf is the host, with its port, that speaks for an https URL or did:web; "" for anything else.
func hostOf(id string) string {
	if name, web := strings.CutPrefix(id, "did:web:"); web {
		host, _, _ := strings.Cut(name, ":")
		host, err := url.PathUnescape(host)
		if err != nil {
			return ""
		}
		return strings.ToLower(strings.TrimSuffix(host, ":443"))
	}
	u, err := url.Parse(id)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(u.Host, ":443"))
}
