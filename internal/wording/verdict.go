package wording

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// Verdict is the answer of a whole report: a sentence that a clerk can repeat on the phone, who says so, and what to do.
type Verdict struct {
	Shape  Shape  // yes, no or unknown; note for what is authentic and in force, and yet not to be taken as it stands
	Title  string // the one sentence
	Remark string // what goes beside it where Detail does not stand, without a stop; "" for nothing
	Signer string // who signed, by what is proven of them, to stand before Detail; "" unless the document is authentic
	Detail string // why, in one to three short sentences; goes on from Signer where there is one
	Advice string // what to do now
	Cause  string // why it was revoked or suspended, in our words for what the issuer chose; "" when it chose nothing that says more
	Reason string // the same as the issuer wrote it; "" when nothing is known
	Newer  string // address of the badge in its place, as [WebLink] gives it; "" for none
}

// Standing is what the issuer's own records say of a credential. It adds when and why, and can only make the answer worse.
type Standing struct {
	Revoked   *Event
	Suspended *Event
	// Dated names the day that was judged instead of saying "today": for what is read on another day than that, as a record is, and
	// for a report that was made for another instant than its own.
	Dated bool
	// Zone is where its issuer tells days; see [Calendar]. Nil is UTC, and then dates that were signed are told with their time.
	Zone *time.Location
	// Own says that the report is of a record of this installation, so that its issuer goes by its name.
	Own bool
	// Here is what the installation knows of its issuers, where a report is shown by one.
	Here *Here
}

// Event is when something happened, and why.
type Event struct {
	At     time.Time
	Code   string // one of the few that the issuer chooses from, such as error or superseded; one that is new here has no words
	Reason string // "" for none
}

// Steps that decide about the two answers, in the order in which their failures are told.
var (
	authenticSteps = []string{"form", "contexts", "schema", "issuer", "proof", "subject"}
	decidingSteps  = []string{"form", "issuer", "proof", "contexts", "subject"}
	forceSteps     = []string{"status", "dates"}
)

// Verdict words a report. Only an outcome of valid that nothing in known speaks against has the shape yes, and only where what decides
// was read within a day of the instant that was judged, nothing took its place, and all that is inside is as good. Who signed is said by
// what is proven: the name that a document gives itself is told as its own word.
func (l Language) Verdict(r *verifier.Report, known Standing) Verdict {
	inForce := r.InForce
	found := failures(r)
	if known.Revoked != nil || known.Suspended != nil {
		inForce = verifier.No
		found["revoked"] = found["revoked"] || known.Revoked != nil
		found["suspended"] = found["suspended"] || known.Suspended != nil
	}
	var v Verdict
	switch {
	case r.Authentic == verifier.No:
		return l.notAuthentic(r)
	case r.Authentic != verifier.Yes:
		return l.signerUnknown(r, inForce, found)
	case inForce == verifier.Yes && r.Outcome == verifier.Valid:
		v = l.valid(r, known)
		if by, old := lastKnown(r); old {
			v = l.aged(r, known, by, v)
		}
	case inForce == verifier.No:
		v = l.notInForce(r, known, found)
	default:
		v = Verdict{Shape: ShapeUnknown, Title: l.Say("verdict.unsure.title"), Detail: l.signed(r, known, "verdict.unsure.text"), Advice: l.Say("verdict.unsure.advice")}
		if f, there := l.first(r, verifier.NotKnown, forceSteps...); there {
			v.Detail, v.Advice = joined(v.Detail, f.Text), cmp.Or(f.Advice, v.Advice)
		}
	}
	v.Signer, _ = l.signer(r, known)
	if r.Credential != nil {
		v.Newer = WebLink(r.Credential.Superseded)
	}
	if b := known.borrowed(r); b != nil {
		v = l.borrow(v, known.Here, b)
	}
	return v
}

// valid words what is authentic and in force. A credential inside that is not is told beside it, and a badge that anyone can present
// is not to be compared with anybody.
func (l Language) valid(r *verifier.Report, known Standing) Verdict {
	v := Verdict{Shape: ShapeYes, Title: l.Say("verdict.valid.title"), Detail: l.signed(r, known, "verdict.valid."+listed(r)), Advice: l.Say("verdict.valid.advice")}
	if known.Dated {
		v.Title = l.Say("verdict.valid.on.title", "date", l.Day(r.AsOf).Words)
	}
	if r.Credential != nil && r.Credential.Kind == credential.KindEndorsement { // nobody shows it as their own
		v.Advice = l.Say("verdict.valid.endorsement.advice")
	}
	if replaced(r) {
		v.Shape, v.Title, v.Advice = ShapeNote, l.Say("verdict.replaced.title"), l.Say("verdict.replaced.advice")
	}
	for _, c := range r.Checks {
		if c.Outcome == verifier.Warn && c.Code == "no_recipient" && !replaced(r) {
			v.Advice = l.Say("verdict.valid.nobody.advice")
		}
	}
	if of, c := remarked(r); of != nil {
		return l.holding(r, v, caseOf(of, c), l.Finding(of, c).Title+".")
	}
	borrowed, achievement := borrowedInside(r, known)
	if borrowed {
		return l.holding(r, v, "inside_borrowed", l.Say("verdict.inside.borrowed"))
	}
	if achievement {
		v.Remark = l.Say("verdict.inside.achievement", "host", known.Here.host())
		v.Detail = joined(v.Detail, v.Remark+".")
	}
	return v
}

// Line is the answer where nothing else of a verdict stands: its title, and what goes beside it, without a stop at the end.
func (v Verdict) Line() string { return strings.Join(Present(v.Title, v.Remark), ". ") }

// Counted is the shape under which a verdict is counted and listed: what is good with a remark is not among the good.
func (v Verdict) Counted() Shape {
	if v.Shape == ShapeYes && v.Remark != "" {
		return ShapeNote
	}
	return v.Shape
}

// Result is how a report is counted in tables for programs and people alike: its outcome, but for a valid one that is not shown as good.
func (v Verdict) Result(r *verifier.Report) string {
	if r.Outcome == verifier.Valid {
		switch v.Counted() {
		case ShapeNote:
			return ResultRemark
		case ShapeYes:
		default: // said to be from somebody else, or good by old facts alone
			return string(verifier.Unknown)
		}
	}
	return string(r.Outcome)
}

// ResultRemark is the result of what is valid and has to be looked at closer: it is replaced, holds something bad, or is for an achievement
// of somebody who did not sign it.
const ResultRemark = "remark"

// remarked is the first check that says of a credential inside that it is not good, or not known, and the report that has it: a record that
// holds such a one is valid itself, so what is around that record has to be looked through. Nil for none.
func remarked(r *verifier.Report) (*verifier.Report, verifier.Check) {
	for _, c := range r.Checks {
		if c.Outcome == verifier.Warn && strings.HasPrefix(caseOf(r, c), "inside") {
			return r, c
		}
	}
	for _, within := range r.Credentials {
		if of, c := remarked(within); of != nil {
			return of, c
		}
	}
	return nil, verifier.Check{}
}

// holding words a record that is good itself and holds what is not, or what nobody knows.
func (l Language) holding(r *verifier.Report, v Verdict, about, found string) Verdict {
	v.Shape, v.Title, v.Detail = ShapeNote, l.Say("verdict.inside.unknown.title"), joined(v.Detail, found)
	if about == "inside_not_authentic" || about == "inside_not_in_force" {
		v.Title = l.Say("verdict.inside.bad.title")
	}
	v.Advice = l.Say("verdict.valid.inside.advice")
	if len(r.Credentials) == 0 { // only the answer was kept
		v.Advice = l.Say("verdict.valid.inside.apart.advice")
	}
	return v
}

// borrowedInside says that something inside is said to be from an issuer here that did not sign it, and that the achievement of something
// inside is.
func borrowedInside(r *verifier.Report, known Standing) (borrowed, achievement bool) {
	for _, within := range r.Credentials {
		if b := (Standing{Here: known.Here}).borrowed(within); b != nil {
			borrowed, achievement = borrowed || !b.achievement, achievement || b.achievement
		}
		deeper, award := borrowedInside(within, known)
		borrowed, achievement = borrowed || deeper, achievement || award
	}
	return borrowed, achievement
}

// replaced says that the issuer has put another badge in the place of this one.
func replaced(r *verifier.Report) bool { return r.Credential != nil && r.Credential.Superseded != "" }

// todayFor is how old what decides may be, at the instant that was judged, for a verdict to speak of that day.
const todayFor = 24 * time.Hour

// lastKnown is when the oldest of the facts was read that a yes rests on: whose key it is, and that it was not taken back; and whether
// that is too long before the instant that was judged. A fact that stands in the input itself does not age.
func lastKnown(r *verifier.Report) (by time.Time, old bool) {
	seen := map[*verifier.Report]bool{} // a report may stand in several places
	var look func(*verifier.Report)
	look = func(r *verifier.Report) {
		if seen[r] {
			return
		}
		seen[r] = true
		for _, c := range r.Checks {
			if c.Outcome == verifier.Pass && slices.Contains(agingSteps, c.Step) && c.AsOf != nil && r.AsOf.Sub(*c.AsOf) > todayFor && (!old || c.AsOf.Before(by)) {
				by, old = *c.AsOf, true
			}
		}
		for _, within := range r.Credentials {
			look(within)
		}
	}
	look(r)
	return by, old
}

// agingSteps are the steps of a yes whose facts an issuer can change.
var agingSteps = []string{"issuer", "proof", "status"}

// aged words what would be good if nothing had changed since the day that its facts are of.
func (l Language) aged(r *verifier.Report, known Standing, by time.Time, v Verdict) Verdict {
	key, date := "verdict.aged."+listed(r), l.Day(by).Words
	more := strings.TrimPrefix(v.Detail, l.signed(r, known, "verdict.valid."+listed(r)))
	return Verdict{Shape: ShapeUnknown, Title: l.Say(key+".title", "date", date), Remark: v.Remark, Detail: l.signed(r, known, key+".text", "date", date) + more, Advice: joined(l.Say("verdict.aged.advice"), v.Advice)}
}

// signed is a sentence about what was signed, or published where that is all there is (Open Badges 2.0, hosted verification). It goes
// on from the signer, and what is to be said of that one stands after it.
func (l Language) signed(r *verifier.Report, known Standing, key string, pairs ...string) string {
	this := "noun.this_badge"
	if r.Credential != nil {
		switch r.Credential.Kind {
		case credential.KindPresentation:
			this = "noun.this_presentation"
		case credential.KindEndorsement:
			this = "noun.this_endorsement"
		}
	}
	did := "noun.signed"
	if slices.ContainsFunc(r.Checks, func(c verifier.Check) bool {
		return c.Step == "proof" && c.Outcome == verifier.Pass && caseOf(r, c) == "hosted"
	}) {
		did = "noun.published"
	}
	_, more := l.signer(r, known)
	return joined(l.Say(key, append(pairs, "this", l.Say(this), "signed", l.Say(did))...), more)
}

// listed says whether a list that could have taken a badge back was read: the end of a key.
func listed(r *verifier.Report) string {
	if slices.ContainsFunc(r.Checks, func(c verifier.Check) bool { return c.Step == "status" && c.Outcome == verifier.Pass }) {
		return "listed"
	}
	return "unlisted"
}

// failures are the codes of all failed checks.
func failures(r *verifier.Report) map[string]bool {
	codes := make(map[string]bool)
	for _, c := range r.Checks {
		if c.Outcome == verifier.Fail {
			codes[c.Code] = true
		}
	}
	return codes
}

// first words the first check of these steps with this outcome, in the order of the steps as given.
func (l Language) first(r *verifier.Report, outcome verifier.Result, steps ...string) (Finding, bool) {
	for _, step := range steps {
		for _, c := range r.Checks {
			if c.Step == step && c.Outcome == outcome {
				return l.Finding(r, c), true
			}
		}
	}
	return Finding{}, false
}

// standings are the reasons for which an authentic badge does not count today, the strongest first.
var standings = []string{"revoked", "suspended", "expired", "not_yet_valid"}

func standing(found map[string]bool) string {
	for _, code := range standings {
		if found[code] {
			return code
		}
	}
	return "other"
}

// failed is the first check that failed with a code, an empty one when none did.
func failed(r *verifier.Report, code string) verifier.Check {
	for _, c := range r.Checks {
		if c.Code == code && c.Outcome == verifier.Fail {
			return c
		}
	}
	return verifier.Check{}
}

// withinOnly says whether what keeps a presentation from being in force is a credential in it alone.
func withinOnly(r *verifier.Report) bool {
	return len(r.Credentials) > 0 && !slices.ContainsFunc(r.Checks, func(c verifier.Check) bool {
		return c.Outcome == verifier.Fail && inside(r, c) == nil
	})
}

// notInForce words an authentic badge that does not count today.
func (l Language) notInForce(r *verifier.Report, known Standing, found map[string]bool) Verdict {
	why := standing(found)
	base := "verdict." + why
	v := Verdict{Shape: ShapeNo, Title: l.Say(base + ".title"), Advice: l.Say(base + ".advice")}
	var event *Event
	switch why {
	case "revoked":
		event = known.Revoked
	case "suspended":
		event = known.Suspended
	}
	decisive := failed(r, why)
	date := ""
	if r.Credential != nil {
		date = map[string]string{"expired": r.Credential.ValidUntil, "not_yet_valid": r.Credential.ValidFrom}[why]
	}
	if decides := decisive.Facts[verifier.FactDate]; decides != "" && decisive.Step == "dates" {
		date = decides
	}
	switch about := decisive.Facts[verifier.FactCase]; {
	case withinOnly(r) && event == nil:
		return Verdict{Shape: ShapeNo, Title: l.Say("verdict.within_force.title"), Detail: l.signed(r, known, "verdict.within_force.text"), Advice: l.Say("verdict.within_force.advice")}
	case event != nil:
		v.Title = l.Say(base+".on.title", "date", l.DayIn(event.At, known.Zone).Words)
		v.Detail = l.signed(r, known, base+".text")
		v.Cause = l.anyOf("reason." + event.Code)
		v.Reason = Plain(event.Reason)
	case about == "awarded" || about == "signature" || about == "other": // another date in it is still to come; the list is not the signer's
		f := l.Finding(r, decisive)
		v.Detail, v.Advice = joined(l.signed(r, known, "verdict.other.text"), f.Text), f.Advice
	case date != "":
		v.Detail = l.signed(r, known, base+".on.text", "date", l.signedIn(date, known.Zone).Words)
	default:
		v.Detail = l.signed(r, known, base+".text")
	}
	if v.Reason == "" && (why == "revoked" || why == "suspended") {
		v.Reason = Plain(decisive.Facts[verifier.FactReason])
	}
	if why == "other" {
		if f, there := l.first(r, verifier.Fail, forceSteps...); there {
			v.Detail = joined(v.Detail, f.Text)
		}
	}
	if found["expired"] && (why == "revoked" || why == "suspended") {
		v.Detail = joined(v.Detail, l.Say("verdict.also_expired"))
	}
	return v
}

// signerUnknown words a badge whose signer could not be established; what its dates and lists say may still rule it out.
func (l Language) signerUnknown(r *verifier.Report, inForce verifier.Answer, found map[string]bool) Verdict {
	v := Verdict{Shape: ShapeUnknown, Title: l.unknownTitle(r), Advice: l.Say("verdict.unsigned.advice")}
	f, there := l.first(r, verifier.NotKnown, decidingSteps...)
	if there {
		v.Detail, v.Advice = f.Text, cmp.Or(f.Advice, v.Advice)
	}
	if inForce != verifier.No {
		v.Detail = joined(v.Detail, l.Say("verdict.until_known"))
		return v
	}
	v.Shape = ShapeNo
	v.Title = l.Say("verdict.and."+standing(found), "title", v.Title)
	if f, there := l.first(r, verifier.Fail, forceSteps...); there {
		v.Detail, v.Advice = joined(v.Detail, f.Text), cmp.Or(f.Advice, v.Advice)
	}
	return v
}

// unknownTitle tells what could not be read at all, a badge that is as somebody signed it, and one whose signature could not even be
// tried.
func (l Language) unknownTitle(r *verifier.Report) string {
	if c, there := r.Unread(); there {
		if ownTitle(r, c) {
			return l.Finding(r, c).Title
		}
		return l.Say("verdict.unread.title")
	}
	for _, c := range r.Checks {
		if c.Step == "proof" && c.Outcome == verifier.Pass {
			return l.Say("verdict.signed.title")
		}
	}
	if awardUnknown(r) {
		return l.Say("verdict.unawarded.title")
	}
	return l.Say("verdict.unsigned.title")
}

// ownTitle says whether what was not read is told by its own title: an address that was not opened, or no address at all.
func ownTitle(r *verifier.Report, c verifier.Check) bool {
	return c.Code == "ssrf_blocked" || caseOf(r, c) != ""
}

// awardUnknown says whether what could not be read is what an issuer publishes about a badge, which may have no signature (Open
// Badges 2.0).
func awardUnknown(r *verifier.Report) bool {
	return slices.ContainsFunc(r.Checks, func(c verifier.Check) bool {
		return c.Step == "issuer" && c.Outcome == verifier.NotKnown && slices.Contains([]string{"hosted", "awarded", "before", "description", "profile"}, caseOf(r, c))
	})
}

// notAuthentic words a badge that failed, by the first failure in the order of the steps that decide it. Where it can be proven how
// it was changed, the title says that.
func (l Language) notAuthentic(r *verifier.Report) Verdict {
	v := Verdict{Shape: ShapeNo, Title: l.Say("verdict.no.title"), Detail: l.Say("verdict.no.text"), Advice: l.Say("verdict.no.advice")}
	for _, step := range authenticSteps {
		for _, c := range r.Checks {
			if c.Step != step || c.Outcome != verifier.Fail {
				continue
			}
			if step == "proof" && caseOf(r, c) == "inside_not_authentic" {
				return Verdict{Shape: ShapeNo, Title: l.Say("verdict.within.title"), Detail: l.Say("verdict.within.text"), Advice: l.Say("verdict.within.advice")}
			}
			f := l.Finding(r, c)
			v.Title, v.Detail, v.Advice = cmp.Or(l.explained(r, c), l.rejection(c)), cmp.Or(f.Text, v.Detail), cmp.Or(f.Advice, v.Advice)
			if len(r.Credentials) > 0 {
				v.Detail = joined(v.Detail, l.Say("verdict.no.inside"))
			}
			return v
		}
	}
	return v
}

// explanations are the codes of what the verifier can prove about how a badge was changed.
var explanations = []string{"altered", "added_member", "altered_encoding", "cut_off"}

// explained says in one sentence what is proven about a failure, "" for nothing: who says that a badge was altered or signed by
// somebody else does not know which.
func (l Language) explained(r *verifier.Report, failure verifier.Check) string {
	if !slices.Contains([]string{"signature_invalid", "malformed", "encoding"}, failure.Code) {
		return ""
	}
	for _, c := range r.Checks {
		if c.Step == failure.Step && c.Outcome == verifier.Warn && slices.Contains(explanations, c.Code) {
			return l.anyOf(key("verdict.no", c.Code, caseOf(r, c), "title"), key("verdict.no", c.Code, "title"))
		}
	}
	return ""
}

// rejection says in one sentence why a badge is not authentic. What is no badge, or cannot be opened, is told by the title of its
// check.
func (l Language) rejection(c verifier.Check) string {
	candidates := []string{key("verdict.no", c.Step, c.Code, "title"), key("verdict.no", c.Code, "title"), "verdict.no.title"}
	if about := c.Facts[verifier.FactCase]; about != "" {
		candidates = append([]string{key("verdict.no", c.Code, about, "title")}, candidates...)
		if c.Step == "form" {
			candidates = append([]string{key("check.form.fail", c.Code, about, "title")}, candidates...)
		}
	}
	return l.anyOf(candidates...)
}

// anyOf is the text of the first key that there is, "" for none.
func (l Language) anyOf(keys ...string) string {
	for _, key := range keys {
		if text, known := l.text(key); known {
			return text
		}
	}
	return ""
}
