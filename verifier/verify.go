// Package verifier answers whether an issuer signed exactly this credential and whether it is in force.
//
// Start with [Verify]. It takes the bytes of a file (JSON, a JWT, a picture or PDF that carries either) and gives a [Report]: eleven
// steps, always all of them and in one order, each with an outcome and a sentence for a person. What is wrong with a
// credential is in the report and never an error; an error means that verification could not run. [VerifyAll] takes whatever
// somebody hands in, follows an address in it, and gives a report for each credential that it leads to.
//
// The package waits only through the [Fetcher] that the caller gives it, and imports nothing of the issuing half.
// The JSON form of a report is stable; what else is exported may still change before version 1.
package verifier

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/proof"
)

// Options of a verification. The zero value judges an Open Badge now, without a network. No field weakens a check.
type Options struct {
	At            time.Time          // the instant to judge at; zero is now
	Profile       credential.Profile // what the document has to be
	Fetch         Fetcher            // reads the documents of issuers and status lists; nil reads nothing
	StatusIssuers []string           // ids whose status lists count for every issuer, beside the issuer's own
	Memory        *Memory            // what other verifications with the same one have read need not be read again; nil keeps nothing
	Challenge     string             // that the input has to answer, as a presentation does; "" asks for none
	Domain        []string           // that the input has to be made for; empty asks for none
}

// clockSkew is how far the clock of an issuer may be ahead of ours. Nothing is allowed at the other end: an expired badge is
// expired.
const clockSkew = 60 * time.Second

// Verify judges input, the bytes of one file or text that holds one credential; [VerifyAll] is for all else. The error is that of
// ctx; every finding is in the report.
func Verify(ctx context.Context, input []byte, o Options) (*Report, error) {
	sealed, kind, fault := read(input)
	r := newRun(o)
	if fault != nil {
		r.refused(fault)
	} else {
		r.judge(ctx, sealed)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	report := r.report()
	report.Text = bytes.Clone(sealed.bytes)
	report.Input = Input{Kind: kind, SHA256: digest(input)}
	return report, nil
}

// digest is the SHA-256 of a file in hexadecimal; "" for one of which only the beginning was read.
func digest(file []byte) string {
	if len(file) > credential.Limits.Upload {
		return ""
	}
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// Authentic returns nil when the issuer signed exactly this, by the same steps as [Verify], and otherwise an error that says
// what speaks against it, also when it could not be established. Dates and status are not judged: it is for what was signed
// just now, which may begin later.
func Authentic(ctx context.Context, sealed []byte, o Options) error {
	text, _, unreadable := readText(sealed)
	if unreadable != nil {
		return errors.New(unreadable.detail)
	}
	r := newRun(o).inner(o.Profile)
	r.judge(ctx, text)
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.answerAuthentic() == Yes {
		return nil
	}
	for _, c := range r.checks {
		if c.Outcome == Fail && slices.Contains(authenticSteps, c.Step) || c.Outcome == NotKnown && slices.Contains(decidingSteps, c.Step) {
			return fmt.Errorf("%s: %s", c.Title, c.Detail)
		}
	}
	return errors.New("no proof of it could be checked")
}

// run is one verification: of the input, or of a status list or endorsement that it leads to.
type run struct {
	Options
	at         time.Time
	isInner    bool   // a list, endorsement or newer version: whoever asked for it says what of it is followed
	proofOnly  bool   // see [CheckProof]
	container  *run   // of a credential inside a presentation or record: that of the document around it
	depth      int    // how many documents stand around it
	standing   Answer // whether it is authentic by itself, whatever is inside
	around     Answer // whether it is in force by itself, whatever is inside
	unsigned   bool   // it has no proof of its own, and stands inside a document that may have
	checks     []Check
	secured    *proof.Secured
	document   *credential.Credential
	rules      []credential.Problem
	facts      *facts              // of an inner credential: what its text says of itself
	key        memoryKey           // of facts, in a Memory
	documents  map[string]resolved // documents of issuers that this verification has read
	lists      map[string]*statusList
	work       *work
	counted    []proof.Proof // the proofs that count
	units      int           // of canonical forms that the checks of signatures needed
	own        int           // units of what each check of a signature needed for itself
	signatures int           // checked
	endorsers  []Party       // who signed the endorsements that are authentic
	superseded string        // address of the credential that took its place
	view       *View         // of a document that is no Verifiable Credential
	nested     []*Report
	explaining explaining      // what is known of signatures that do not fit
	mingled    map[string]bool // ids of several objects with different members; nil before somebody asks
}

const (
	usualChecks = 16 // that most reports have: some steps have several
	innerChecks = 4  // of judgeRest, of most credentials that another leads to: issuer, proof, subject and dates
)

func newRun(o Options) *run {
	at := o.At
	if at.IsZero() {
		at = time.Now()
	}
	return &run{Options: o, at: at, checks: make([]Check, 0, usualChecks), documents: map[string]resolved{}, lists: map[string]*statusList{}, work: &work{most: workMost}, explaining: explaining{spent: &spent{}}}
}

// work is what one verification has done for the credentials that it leads to, in units of at most a quarter of a microsecond.
// It is counted and not timed, so that one input gets one answer on every machine, however busy.
type work struct {
	units    int
	most     int // units from which on nothing else is begun
	read     int // bytes fetched
	lists    int // status lists read
	schemas  int // JSON Schemas read
	nested   int // credentials inside, on every level
	endorsed int // endorsements judged
}

// Bounds and prices of work. Two status lists and ten endorsements take some 40,000 units.
const (
	workMost       = 1 << 16
	signatureUnits = 1000
	bytesPerUnit   = 256     // of a status list as inflated
	readMost       = 8 << 20 // bytes fetched, from which on nothing else is
	fetchedPerUnit = 32      // bytes of what was fetched that are read in one unit
)

// spent says whether nothing else may be begun. What is begun is bounded by what one document may cost.
func (w *work) spent() bool { return w.units > w.most }

// count adds what the run of an inner credential has done.
func (w *work) count(inner *run) {
	document := 0
	switch {
	case inner.facts != nil:
		document = inner.facts.units
	case inner.secured != nil:
		document = inner.secured.Units()
	}
	w.units += max(document, inner.units) + inner.own + signatureUnits*inner.signatures
}

// judge takes the steps in their order. A step that finds nothing to go on says so; none is left out.
func (r *run) judge(ctx context.Context, s sealed) {
	if r.container == nil && holdsOpenBadges2(s) { // no Verifiable Credential, so nothing that may stand inside one
		r.view = r.judgeOpenBadges2(ctx, s)
	} else if r.judgeText(ctx, s) {
		r.judgeRest(ctx)
	}
	r.explain(ctx, s)
}

// judgeInner is judge for another credential that a verification leads to. What follows from its text alone comes from the
// Memory, where there is one that has met this text.
func (r *run) judgeInner(ctx context.Context, s sealed) {
	if r.Memory != nil && s.value == nil {
		r.key = memoryKey{sha256.Sum256(s.bytes), s.jwt, r.Profile}
		r.facts = r.Memory.recall(r.key)
		if r.facts == nil {
			s.bytes = bytes.Clone(s.bytes) // the Memory keeps it longer than the caller may
		}
	}
	if r.facts == nil {
		r.facts = factsOf(ctx, s, r.Profile)
	}
	f := r.facts
	r.checks = append(make([]Check, 0, len(f.checks)+innerChecks), f.checks...)
	r.secured, r.document, r.rules = f.secured, f.document, f.rules
	if f.whole {
		r.judgeRest(ctx)
	}
}

// judgeText takes the steps that depend on nothing but the text and the profile, and says whether there is a document for the
// others.
func (r *run) judgeText(ctx context.Context, s sealed) bool {
	if !r.form(s) || ctx.Err() != nil {
		return false
	}
	r.contexts(ctx)
	r.schema()
	return true
}

// judgeRest takes the steps that depend on the issuer's documents, on the instant and on the options.
func (r *run) judgeRest(ctx context.Context) {
	r.signature(ctx)
	r.grouped()
	r.subject()
	if !r.isInner {
		defer r.presented(ctx) // each credential inside is judged by itself, also when what holds it is nobody's
	}
	if r.answerAuthentic() == No {
		return // what nobody signed has no dates and no status
	}
	r.dates()
	if r.isInner {
		return
	}
	if r.isPresentation() {
		r.none("status", "A presentation has no status of its own.", FactCase, "presentation")
	} else {
		r.status(ctx)
		r.covered()
	}
	r.endorsements(ctx)
	r.superseded = r.refreshed(ctx)
	r.credentialSchemas(ctx) // last, as what cannot be read of them changes nothing, and the time for all fetches is one
	r.recognition()
}

func (r *run) add(c Check) {
	c.Title, c.Detail = titles[c.Step], sentence(c.Detail)
	r.checks = append(r.checks, c)
}

// pass adds a check that passed. Here and below, facts are names and values in turn.
func (r *run) pass(step, detail string, facts ...string) {
	r.add(Check{Step: step, Outcome: Pass, Detail: detail, Facts: Facts(nil).and(facts...)})
}

func (r *run) none(step, detail string, facts ...string) {
	r.add(Check{Step: step, Outcome: NotApplicable, Detail: detail, Facts: Facts(nil).and(facts...)})
}

func (r *run) fail(step, code, detail, pointer, clause string, facts ...string) {
	r.add(Check{Step: step, Outcome: Fail, Code: code, Detail: detail, Pointer: pointer, Clause: clause, Facts: Facts(nil).and(facts...)})
}

func (r *run) warn(step, code, detail, pointer, clause string, facts ...string) {
	r.add(Check{Step: step, Outcome: Warn, Code: code, Detail: detail, Pointer: pointer, Clause: clause, Facts: Facts(nil).and(facts...)})
}

func (r *run) unknown(step, code, detail, pointer, clause string, facts ...string) {
	r.add(Check{Step: step, Outcome: NotKnown, Code: code, Detail: detail, Pointer: pointer, Clause: clause, Facts: Facts(nil).and(facts...)})
}

// found says whether a check of one of the steps has the outcome.
func (r *run) found(outcome Result, steps ...string) bool {
	for i := range r.checks {
		if c := &r.checks[i]; c.Outcome == outcome && slices.Contains(steps, c.Step) {
			return true
		}
	}
	return false
}

var authenticSteps = []string{"form", "contexts", "schema", "issuer", "proof", "subject"}

// decidingSteps are those of authenticSteps of which an answer is needed. A schema that the credential names and that cannot be read
// is shown and decides nothing.
var decidingSteps = []string{"form", "contexts", "issuer", "proof", "subject"}

// answerAuthentic is yes only when a proof has passed and nothing speaks against it. A fail beats an unknown.
func (r *run) answerAuthentic() Answer {
	switch {
	case r.found(Fail, authenticSteps...):
		return No
	case r.found(NotKnown, decidingSteps...) || !r.found(Pass, "proof"):
		return Undecided
	}
	return Yes
}

// answerInForce is yes only when authenticity is, and dates and status have both passed or do not apply.
func (r *run) answerInForce(authentic Answer) Answer {
	steps := []string{"dates", "status"}
	switch {
	case r.found(Fail, steps...):
		return No
	case authentic != Yes, r.found(NotKnown, steps...), !r.found(Pass, "dates"):
		return Undecided
	case !r.found(Pass, "status") && !r.found(NotApplicable, "status"):
		return Undecided
	}
	return Yes
}

// report puts the checks into the fixed order, says of each step that did not run why, and sums up.
func (r *run) report() *Report {
	authentic := r.answerAuthentic()
	inForce := r.answerInForce(authentic)
	report := &Report{Authentic: authentic, InForce: inForce, AsOf: r.at.UTC().Truncate(time.Second),
		Checks: make([]Check, 0, max(len(r.checks), len(Steps)))}
	switch {
	case authentic == Yes && inForce == Yes:
		report.Outcome = Valid
	case authentic == No || inForce == No:
		report.Outcome = Invalid
	default:
		report.Outcome = Unknown
	}
	for _, step := range Steps {
		before := len(report.Checks)
		for i := range r.checks {
			if r.checks[i].Step == step {
				report.Checks = append(report.Checks, r.checks[i])
			}
		}
		if len(report.Checks) == before {
			report.Checks = append(report.Checks, Check{Step: step, Title: titles[step], Outcome: NotKnown, Code: cmp.Or(r.cause(), r.against("form").Code),
				Detail: "Not looked at, because an earlier step failed.", Facts: Facts{FactCase: caseSkipped}})
		}
	}
	if authentic != No {
		report.Credential = r.view
		if r.document != nil {
			report.Credential = view(r.document)
			report.Credential.Endorsements = append(report.Credential.Endorsements, r.endorsers...)
			report.Credential.Superseded = r.superseded
		}
	}
	if authentic == Yes && r.secured != nil {
		report.Document = r.secured.Value
	}
	report.Credentials = r.nested
	return report
}

// titles name the steps for people.
var titles = map[string]string{
	"form": "Form", "contexts": "Vocabulary", "schema": "Rules", "issuer": "Issuer", "proof": "Signature", "dates": "Dates",
	"status": "Status", "subject": "Recipient", "endorsement": "Endorsements", "refresh": "Newer version", "recognition": "Recognition",
}
