// Package opinion says where another verifier's published rules would answer differently from Laurel about the very same input, and
// why: for whoever gets two answers and has to know which rule makes the difference.
//
// Start with [Differences]. It takes a report of the verifier and gives what follows from the rules of 1EdTech's public validator
// and of the Digital Credentials Consortium's VerifierPlus, as their source code has them. Nothing is asked of anybody, and no rule
// of others changes an answer of Laurel's.
//
// The rules are data: one predicate each over the input and the report, in validator.go and dcc.go. A rule is about one point;
// another verifier may stumble over something else first. Its words are those of package wording, under opinion.CODE.why and
// opinion.answer.ANSWER.
package opinion

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/openbadges2"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// The verifiers whose rules are known here, as they were read.
const (
	Validator    = "1EdTech public validator 1.11.0"
	VerifierPlus = "DCC VerifierPlus 2.0.2"
)

// Answers of another verifier on the point of a rule.
const (
	Accepts = "accepts" // lets pass what Laurel does not
	Refuses = "refuses" // does not let pass what Laurel does not hold against the credential
	Warns   = "warns"   // lets pass with a warning
)

// Difference is one point on which another verifier answers otherwise.
type Difference struct {
	Verifier string `json:"verifier"` // Validator or VerifierPlus
	Answer   string `json:"answer"`   // Accepts, Refuses or Warns
	Code     string `json:"code"`     // which point it is, for programs; it stays the same
	Why      string `json:"why"`      // one sentence for a person, in English
	Rule     string `json:"rule"`     // the part of its source that makes the difference
}

// Differences are the points on which others answer otherwise about the input of a report, in the order of the rules. It is a function
// of r alone, of what was judged ([verifier.Report.Text]) and what was found; nil when nothing was found to judge or nobody differs.
func Differences(r *verifier.Report) []Difference {
	in, ok := read(r)
	if !ok {
		return nil
	}
	var all []Difference
	for _, table := range []struct {
		verifier string
		rules    []rule
	}{{Validator, validatorRules}, {VerifierPlus, dccRules}} {
		for _, rule := range table.rules {
			if rule.applies(in) {
				all = append(all, Difference{table.verifier, rule.answer, rule.code, why(wording.English, rule.code), rule.source})
			}
		}
	}
	return all
}

// Words are the answer and the reason in a language.
func (d Difference) Words(l wording.Language) (answer, reason string) {
	return l.Say("opinion.answer." + d.Answer), why(l, d.Code)
}

func why(l wording.Language, code string) string { return l.Say("opinion." + code + ".why") }

// A rule is one point, with the part of the other verifier's source that it was read in.
type rule struct {
	code    string
	source  string
	answer  string
	applies func(*input) bool
}

// input is what was judged, in the forms that rules ask about.
type input struct {
	report     *verifier.Report
	value      map[string]any         // the document; of a token what it secures
	credential *credential.Credential // nil for one of Open Badges 2.0
	header     *jose.Header           // of a token; nil for any other
	claims     proof.Claims           // of a token
	proofs     []proof.Proof
	older      bool // Open Badges 2.0
}

// read reads what was judged once more. Whatever it cannot read the others cannot either.
func read(r *verifier.Report) (*input, bool) {
	in := &input{report: r}
	if r == nil || len(r.Text) == 0 || len(r.Text) > credential.Limits.Document {
		return nil, false
	}
	if text := bytes.TrimSpace(r.Text); !bytes.HasPrefix(text, []byte("{")) {
		return in, in.readToken(text)
	}
	value, err := strict.Object(r.Text, credential.JSONLimits())
	if err != nil {
		return nil, false
	}
	in.value = value
	if in.older = openbadges2.VersionOf(value) == openbadges2.Second; in.older {
		return in, true
	}
	if in.credential, err = credential.FromValue(r.Text, value); err != nil {
		return nil, false
	}
	if secured, _ := proof.ReadIntegrity(value, proof.Options{VC: true}); secured != nil {
		in.proofs = secured.Proofs
	}
	return in, true
}

func (in *input) readToken(text []byte) bool {
	token, err := jose.ParseBare(text)
	if err != nil {
		return false
	}
	in.header = &token.Header
	if payload, err := strict.Object(token.Payload, credential.JSONLimits()); err != nil {
		return false
	} else if in.older = openbadges2.VersionOf(payload) == openbadges2.Second; in.older {
		in.value = payload
		return true
	}
	secured, err := proof.ReadJWT(text, proof.Options{VC: true})
	if err != nil {
		return false
	}
	in.value, in.claims, in.proofs = secured.Value, secured.Claims, secured.Proofs
	in.credential, err = credential.FromValue(nil, secured.Value)
	return err == nil
}

// Words that rules are made of.

// stands says whether Laurel holds nothing against the input: it is valid, or something could not be read.
func (in *input) stands() bool {
	return in.report.Outcome == verifier.Valid || in.report.Outcome == verifier.Unknown && in.report.Authentic != verifier.No && in.report.InForce != verifier.No
}

// newer says whether it is a W3C credential or presentation, json and token in which form, badge and presentation which of them.
func (in *input) newer() bool { return in.credential != nil }
func (in *input) json() bool  { return in.newer() && in.header == nil }
func (in *input) token() bool { return in.newer() && in.header != nil }

func (in *input) badge() bool { return in.newer() && in.credential.Kind == credential.KindAchievement }

func (in *input) presentation() bool {
	return in.newer() && in.credential.Kind == credential.KindPresentation
}

// against says whether Laurel found this, as a failure or as something that is not known.
func (in *input) against(step string, codes ...string) bool {
	return slices.ContainsFunc(in.report.Checks, func(c verifier.Check) bool {
		return c.Step == step && (c.Outcome == verifier.Fail || c.Outcome == verifier.NotKnown) && slices.Contains(codes, c.Code)
	})
}

// fails is against for failures alone.
func (in *input) fails(step string, codes ...string) bool {
	return slices.ContainsFunc(in.report.Checks, func(c verifier.Check) bool {
		return c.Step == step && c.Outcome == verifier.Fail && slices.Contains(codes, c.Code)
	})
}

// found says whether a check of a step has this code and one of these cases.
func (in *input) found(step, code string, cases ...string) bool {
	return slices.ContainsFunc(in.report.Checks, func(c verifier.Check) bool {
		return c.Step == step && c.Code == code && slices.Contains(cases, c.Facts[verifier.FactCase])
	})
}

// fits says that there is a signature, and none was found not to fit, so that the key or something else makes the difference.
func (in *input) fits() bool {
	return len(in.proofs) > 0 && !in.fails("proof", proof.CodeSignatureInvalid, proof.CodeMalformed)
}

// chosen is the proof that 1EdTech's validator looks at: the first for assertions of a type that it knows.
func (in *input) chosen() (proof.Proof, bool) {
	for _, p := range in.proofs {
		if p.Purpose == keys.AssertionMethod && slices.Contains([]string{"DataIntegrityProof", "Ed25519Signature2020"}, p.Type) {
			return p, true
		}
	}
	return proof.Proof{}, false
}

// statuses are the types of the status entries in their order.
func (in *input) statuses() (types []string) {
	if !in.newer() {
		return nil
	}
	for _, entry := range in.credential.Statuses {
		types = append(types, strings.Join(strict.Texts(entry.Value["type"]), " "))
	}
	return types
}

// handled says whether 1EdTech's validator looks a status entry up.
func handled(entry credential.Part) bool {
	types := strict.Texts(entry.Value["type"])
	return slices.Contains(types, "1EdTechRevocationList") ||
		slices.Contains(types, "BitstringStatusListEntry") && entry.Value["statusPurpose"] == "revocation"
}

// undecided says whether Laurel found something about the status, other than that it is good.
func (in *input) undecided() bool {
	return in.against("status", "revoked", "suspended", "status_unavailable", "status_invalid", "ssrf_blocked", "too_large")
}

// failsAt says whether Laurel found a failure at a place.
func (in *input) failsAt(step, pointer string) bool {
	return slices.ContainsFunc(in.report.Checks, func(c verifier.Check) bool {
		return c.Step == step && c.Outcome == verifier.Fail && (c.Pointer == pointer || strings.HasPrefix(c.Pointer, pointer+"/"))
	})
}

// date reads a date member of the document; the zero time when there is none.
func (in *input) date(name string) time.Time {
	text, _ := in.value[name].(string)
	at, err := credential.ParseDateTime(text)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (in *input) context(i int) string {
	if !in.newer() || i >= len(in.credential.Contexts) {
		return ""
	}
	text, _ := in.credential.Contexts[i].(string)
	return text
}

// fragmentKey says whether a key identifier ends in a key.
func fragmentKey(method string) bool {
	_, fragment, _ := strings.Cut(method, "#")
	_, err := keys.ParseMultikey(fragment)
	return err == nil
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
