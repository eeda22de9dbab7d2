package verifier

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
)

// Bounds of what is looked up: entries of one credential, and the lists that they lead to: maxLists for one, and two more for each
// credential inside and each endorsement, up to maxListsAll. Of a list that is longer than longList only the one bit is kept, so that
// several do not meet in memory.
const (
	maxEntries  = 16
	maxLists    = 4
	maxListsAll = 16
	longList    = 8 << 20 // entries
)

func (w *work) listsMost() int { return min(maxLists+2*(w.nested+w.endorsed), maxListsAll) }

// statusClauses are the rules of looking a status up.
var statusClauses = map[status.Method]string{
	status.Bitstring:      "Bitstring Status List 1.0 3.2",
	status.StatusList2021: "Status List 2021, Validate Algorithm",
	status.RevocationList: "1EdTech VCRL 1.0",
}

// standing is what one status entry comes to.
type standing struct {
	Check
	clears bool // a signed list of the badge's own issuer says that it is not revoked
	silent bool // an unsigned list does not name the badge, and is none whose silence says anything
}

// statusEntry is a member of credentialStatus as read, or why it could not be.
type statusEntry struct {
	status.Entry
	value map[string]any
	err   error
}

// decides says whether the entry touches whether the credential is in force. One that cannot be read does.
func (e statusEntry) decides() bool {
	return e.Method != status.Bitstring || e.Purpose != status.PurposeMessage && e.Purpose != status.PurposeRefresh
}

// status looks every status entry up. Each is judged for itself: an entry that says revoked counts whatever the others say,
// and one that could not be read is unknown even beside a good one.
func (r *run) status(ctx context.Context) {
	all := r.document.Statuses
	if len(all) == 0 {
		r.none("status", "The issuer gave it no status entry, so it cannot be revoked or suspended.", FactCase, "no_entry")
		return
	}
	looked := all[:min(len(all), maxEntries)]
	entries, found := make([]statusEntry, len(looked)), make([]standing, len(looked))
	for i, raw := range looked {
		entries[i].value = raw.Value
		entries[i].Entry, entries[i].err = status.ParseEntry(raw.Value)
	}
	for _, deciding := range []bool{true, false} { // what changes no answer takes no list from what does
		for i, entry := range entries {
			if entry.decides() == deciding {
				found[i] = r.judgeStatus(ctx, entry)
			}
		}
	}
	cleared := false
	for _, s := range found {
		cleared = cleared || s.clears
	}
	for i, s := range found {
		if s.silent && cleared {
			s.Outcome, s.Code, s.Detail = NotApplicable, "", "The issuer keeps a list that is not signed as well. It does not name this badge, and counts for nothing else."
			s.Facts = s.Facts.and(FactCase, "silent")
		}
		r.addStatus(looked[i], entries[i].Method, s.Check)
	}
	if len(all) > maxEntries {
		r.addStatus(all[maxEntries], status.Bitstring, tooManyEntries)
	}
}

func (r *run) addStatus(entry credential.Part, method status.Method, c Check) {
	c.Step, c.Pointer = "status", entry.Pointer
	if c.Clause == "" && c.Outcome != Pass {
		c.Clause = statusClauses[method]
	}
	r.add(c)
}

var tooManyEntries = Check{Outcome: NotKnown, Code: strict.CodeTooComplex, Detail: "It has more status entries than are looked up, so whether it is in force is not known."}

// judgeStatus judges one entry.
func (r *run) judgeStatus(ctx context.Context, entry statusEntry) standing {
	var refusal *status.Error
	if errors.As(entry.err, &refusal) {
		c := Check{Outcome: Fail, Code: refusal.Code, Clause: refusal.Clause, Detail: refusal.Detail}
		if refusal.Code == status.CodeUnavailable {
			c.Outcome, c.Detail = NotKnown, "The status is kept in a way that Laurel does not know, so whether it is in force is not known."
			c.Facts = Facts(nil).and(FactCase, "kind", FactName, typeOf(entry.value))
		}
		return standing{Check: c}
	}
	switch entry.Purpose {
	case status.PurposeRevocation, status.PurposeSuspension:
	default:
		if entry.decides() {
			return standing{Check: Check{Outcome: NotKnown, Code: "status_unavailable", Detail: "The status has a purpose that Laurel does not know, so whether it is in force is not known.",
				Facts: Facts(nil).and(FactCase, "purpose", FactName, entry.Purpose)}}
		}
		return standing{Check: r.showStatus(ctx, entry.Entry)}
	}
	if entry.Method == status.RevocationList && r.document.ID == "" {
		return standing{Check: Check{Outcome: NotKnown, Code: "status_unavailable", Detail: "The status is kept in a list of ids, and the credential has none; whether it is in force is not known.",
			Facts: Facts{FactCase: "no_id"}}}
	}
	list := r.listOf(ctx, entry.Entry)
	switch {
	case list == nil:
		return standing{Check: tooManyEntries}
	}
	s := list.judge(entry.Entry, r)
	for _, other := range list.others {
		if s.Outcome == Fail {
			break
		}
		if o := other.judge(entry.Entry, r); o.Outcome == Fail && (o.Code == "revoked" || other.after(list)) {
			s = o
		}
	}
	return s
}

// judge is what the list alone says of an entry.
func (l *statusList) judge(entry status.Entry, r *run) standing {
	switch {
	case l.fault != nil:
		return standing{Check: *l.fault}
	case l.revocations != nil:
		return l.sayRevoked(entry, r)
	}
	return l.say(entry, r)
}

// after says whether the list was signed after another one, or that one says nothing.
func (l *statusList) after(other *statusList) bool {
	if other.own == nil || l.own == nil {
		return other.fault != nil
	}
	mine, err := credential.ParseDateTime(l.own.document.ValidFrom)
	if err != nil {
		return false
	}
	theirs, err := credential.ParseDateTime(other.own.document.ValidFrom)
	return err != nil || mine.After(theirs)
}

// listOf reads the list that an entry names, once in a verification; nil when that would be more than is read.
func (r *run) listOf(ctx context.Context, entry status.Entry) *statusList {
	key := entry.ListURL
	if entry.Method == status.RevocationList {
		key = "unsigned " + key // the same text can be read as either; no address has a space
	}
	list := r.lists[key]
	if list != nil {
		return list
	}
	if r.work.lists == r.work.listsMost() || r.work.spent() {
		return nil
	}
	r.work.lists++
	source, refused := r.fetchList(ctx, entry.ListURL)
	if refused != nil {
		list = refused
	} else {
		others := source.Others
		source.Others = nil
		list = r.readList(ctx, entry.Method, source)
		for _, other := range others {
			list.others = append(list.others, r.readList(ctx, entry.Method, other))
		}
	}
	if list.bits.Len() <= longList {
		r.lists[key] = list
	}
	return list
}

// readList reads a copy of a list.
func (r *run) readList(ctx context.Context, method status.Method, source Document) *statusList {
	if method == status.RevocationList {
		return r.revocationList(source)
	}
	return r.statusList(ctx, source)
}

// fetchList fetches a list of any kind.
func (r *run) fetchList(ctx context.Context, address string) (Document, *statusList) {
	source, err := r.fetch(ctx, address, credential.Limits.Body)
	switch {
	case errors.Is(err, ErrBlocked):
		return source, unreadList(source, address, err, codeBlocked, "The status list's address "+notCalled(err))
	case errors.Is(err, ErrTooLarge):
		return source, unreadList(source, address, err, strict.CodeTooLarge, "The status list is too large to be read")
	case err != nil:
		return source, unreadList(source, address, err, "status_unavailable", "The status list could not be read")
	case source.URL != address && hostOf(source.URL) != hostOf(address):
		return source, unreadList(source, address, errOtherHost, "status_unavailable", "The status list's address leads to another host")
	}
	return source, nil
}

const notKnownInForce = "; whether it is in force is not known."

// unreadList is a list that could not be read.
func unreadList(source Document, address string, err error, code, detail string) *statusList {
	return &statusList{fault: &Check{Outcome: NotKnown, Code: code, Detail: detail + notKnownInForce, AsOf: instant(source.ReadAt), Facts: factsOfUnread(address, err)}}
}

// refuseList is a list that was read and says nothing: the code, which of its meanings, and why.
func refuseList(source Document, code, which, detail string) *statusList {
	return &statusList{fault: &Check{Outcome: NotKnown, Code: code, Detail: detail + notKnownInForce, AsOf: instant(source.ReadAt),
		Facts: factsOfSource(source).and(FactCase, which)}}
}

// typeOf is the type of an object, the first where it has several.
func typeOf(object map[string]any) string {
	types, several := object["type"].([]any)
	if !several {
		types = []any{object["type"]}
	}
	for _, t := range types {
		if name, _ := t.(string); name != "" {
			return name
		}
	}
	return ""
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

// ownHost is hostOf for an identifier or address that its host alone speaks for: a did:web, or one of https.
func ownHost(id string) string {
	if scheme, _, _ := strings.Cut(id, ":"); strings.EqualFold(scheme, "http") {
		return ""
	}
	return hostOf(id)
}
