package wording

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

var steps = verifier.Steps

// causes are the values of the fact of that name.
var causes = words("offline blocked unencrypted not_found gone status timeout name certificate connection redirects elsewhere too_large too_many form file method other")

func words(all string) []string { return strings.Fields(all) }

// situation is something that a report can say: steps, outcome, codes and cases in all combinations, "-" for none.
type situation struct {
	steps   string
	outcome verifier.Result
	codes   string
	cases   string
}

const (
	pass, fail, warn, unknown, none = verifier.Pass, verifier.Fail, verifier.Warn, verifier.NotKnown, verifier.NotApplicable

	anyCode = "signature_invalid issuer_mismatch schema_invalid malformed"
	carrier = "form"
)

// situations are all that the verifier says of its own, as far as its words differ. [everything] adds what a carrier says.
var situations = []situation{
	{"contexts schema issuer proof dates status subject endorsement refresh recognition", unknown, "- " + anyCode, "not_looked_at"},

	{"form", pass, "-", "- openbadges2"},
	{"form", warn, "claim_missing", "-"},
	{"form", warn, "cut_off", "text token"},
	{"form", warn, "altered_encoding", "line_breaks order_mark"},
	{"form", fail, "malformed", "- envelope json_token presentation_inside token_type"},
	{"form", fail, "encoding duplicate_key issuer_mismatch alg_not_allowed weak_key key_mismatch schema_invalid context_untrusted expired", "-"},
	{"form", fail, "too_large", "-"},
	{"form", fail, "too_complex", "-"},
	{"form", fail, "image_invalid", "-"},
	{"form", fail, "encrypted", "-"},
	{"form", fail, "ambiguous", "- several presentation openbadges2"},
	{"form", fail, "id_mismatch", "- claim"},
	{"form", fail, "no_credential", "- link leads_nowhere not_awarded openbadges1 openbadges2_here other_json"},
	{"form", unknown, "input_unavailable", "- fault file time"},
	{"form", unknown, "ssrf_blocked", "-"},
	{"form", unknown, "too_complex", "- inside leads leads_many leads_pictures"},

	{"contexts", pass, "-", "- own_terms openbadges2"},
	{"contexts", fail, "context_untrusted unsafe_jsonld ambiguous too_complex malformed schema_invalid", "-"},
	{"contexts", warn, "unsafe_jsonld", "-"},

	{"schema", pass, "-", "- openbadges vc openbadges2 published named"},
	{"schema", none, "-", "- published"},
	{"schema", fail, "schema_invalid", "- named digest hosted_id"},
	{"schema", fail, "id_mismatch ambiguous", "-"},
	{"schema", warn, "schema_invalid", "-"},
	{"schema", unknown, "ssrf_blocked too_large", "-"},
	{"schema", unknown, "too_complex", "looked fetched"},
	{"schema", unknown, "schema_unavailable", "- kind unread digest unusable"},

	{"issuer", pass, "-", "- document key_set reference held retired hosted openbadges2 openbadges2_named vouched"},
	{"issuer", none, "-", "-"},
	{"issuer", fail, "issuer_mismatch", "- claim no_issuer foreign_key foreign_document other_at_reference other_controller two_keys not_held scope description profile creator token_key owner"},
	{"issuer", fail, "key_mismatch", "- no_key form withdrawn expired not_allowed ambiguous_name token_key own_terms malformed"},
	{"issuer", fail, "weak_key id_mismatch", "-"},
	{"issuer", unknown, "issuer_unresolved ssrf_blocked too_complex", "- hosted awarded before description profile many_keys key"},
	{"issuer", unknown, "alg_not_allowed", "not_looked_for"},

	{"proof", pass, "-", "- issuer named beside vouched hosted"},
	{"proof", fail, "signature_invalid", "- hosted"},
	{"proof", fail, "malformed", "- no_proof unvouched token_unsaid signature_missing"},
	{"proof", fail, "alg_not_allowed", "- verification"},
	{"proof", fail, "issuer_mismatch", "- nobody"},
	{"proof", fail, "context_untrusted", "- proof_contexts"},
	{"proof", fail, "expired", "- signature"},
	{"proof", fail, "weak_key key_mismatch proof_purpose challenge_mismatch domain_mismatch too_complex unsafe_jsonld id_mismatch", "-"},
	{"proof", fail, anyCode, "inside_not_authentic"},
	{"proof", unknown, anyCode, "inside_authentic_unknown container_key no_key not_checked"},
	{"proof", unknown, "issuer_unresolved", "- no_key hosted awarded before description profile many_keys"},
	{"proof", unknown, "issuer_mismatch", "vouched_by_other"},
	{"proof", unknown, "ambiguous", "mingled"},
	{"proof", unknown, "too_complex ssrf_blocked alg_not_allowed", "-"},
	{"proof", warn, "issuer_unresolved alg_not_allowed proof_purpose challenge_mismatch domain_mismatch too_complex", "beside"},
	{"proof", warn, "altered", "- value added missing structure signature more statement"},
	{"proof", warn, "published_differs", "- value added missing structure more"},
	{"proof", warn, "added_member", "- member item"},
	{"proof", warn, "altered_encoding", "- mojibake normalisation entities whitespace"},
	{"proof", warn, "cut_off", "- signature"},

	{"dates", pass, "-", "- no_end ends"},
	{"dates", fail, "not_yet_valid", "- begins signature awarded"},
	{"dates", fail, "expired", "-"},
	{"dates", warn, "claim_missing date_mismatch", "-"},
	{"dates", unknown, "schema_invalid", "- unreadable none"},

	{"status", pass, "-", "- revocation suspension unsigned published"},
	{"status", none, "-", "- no_entry presentation no_list silent shown shown_not_read shown_not_looked shown_doubtful shown_message shown_newer shown_set shown_not_set"},
	{"status", fail, "revoked", "- other unsigned withdrawn"},
	{"status", fail, "suspended", "- other"},
	{"status", fail, "status_invalid", "-"},
	{"status", fail, "expired revoked", "inside_not_in_force container"},
	{"status", warn, "expired revoked", "inside_not_in_force inside_in_force_unknown"},
	{"status", unknown, "status_unavailable", "- signer kind purpose no_id not_looked hosted inside_in_force_unknown container"},
	{"status", unknown, "status_invalid", "- not_a_list presentation not_signed malformed undecodable kind purpose size no_place short rules out_of_date other_list foreign unsigned_doubt other_credential"},
	{"status", unknown, "ssrf_blocked too_large too_complex", "-"},

	{"subject", pass, "-", "- hashed holder"},
	{"subject", none, "-", "-"},
	{"subject", fail, "subject_mismatch", "- claim"},
	{"subject", warn, "no_recipient", "-"},
	{"subject", warn, "subject_mismatch", "- other_holder"},
	{"subject", warn, "too_complex", "- inside"},
	{"subject", warn, anyCode, "inside_not_authentic inside_not_in_force inside_authentic_unknown inside_in_force_unknown"},

	{"endorsement", pass, "-", "-"},
	{"endorsement", none, "-", "none openbadges2"},
	{"endorsement", warn, anyCode, "- not_authentic other_subject not_in_force"},
	{"endorsement", unknown, "issuer_unresolved status_unavailable", "signer in_force"},
	{"endorsement", unknown, "too_complex", "many"},

	{"refresh", pass, "-", "- current newer newer_not_in_force newer_in_force_unknown"},
	{"refresh", none, "-", "none kind not_asked openbadges2"},
	{"refresh", warn, anyCode, "- no_credential not_authentic other undated older same_time"},
	{"refresh", unknown, "ssrf_blocked too_large refresh_unavailable", "-"},
	{"refresh", unknown, "issuer_unresolved", "signer"},
	{"refresh", unknown, "too_complex", "work"},

	{"recognition", none, "-", "-"},
}

var judgedAt = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// allFacts are a value for every fact but the case and the cause.
func allFacts() verifier.Facts {
	return verifier.Facts{
		verifier.FactAddress: "https://badges.example.edu/status/7", verifier.FactOrigin: "network", verifier.FactDate: "2026-05-14T00:00:00Z",
		verifier.FactWho: "did:web:somebody.example", verifier.FactReason: "The evidence was not the earner’s own.", verifier.FactHere: "Bob Lee",
		verifier.FactPublished: "Kim Lee", verifier.FactName: "recipient_name", verifier.FactMost: "12", "count": "3",
	}
}

// checks are the checks of a situation: with all facts and with none.
func (s situation) checks() []verifier.Check {
	var all []verifier.Check
	for _, step := range words(s.steps) {
		for _, code := range words(s.codes) {
			for _, about := range words(s.cases) {
				for _, facts := range []verifier.Facts{allFacts(), {}} {
					c := verifier.Check{Step: step, Outcome: s.outcome, Facts: facts, Clause: "VCDM 2.0 4.9"}
					if code != "-" {
						c.Code = code
					}
					if about != "-" {
						c.Facts[verifier.FactCase] = about
					}
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// TestEverySituationHasWords: in both languages, with facts and without, and no less special than its step.
func TestEverySituationHasWords(t *testing.T) {
	report := &verifier.Report{AsOf: judgedAt}
	for _, s := range everything(t) {
		for _, c := range s.checks() {
			for _, l := range Languages {
				f := l.Finding(report, c)
				for what, text := range map[string]string{"title": f.Title, "text": f.Text, "word": f.Word, "step": f.Step} {
					if text == "" || strings.ContainsAny(text, "{}") {
						t.Errorf("%s %s %s %s %s %v: the %s is %q", l, c.Step, c.Outcome, c.Code, c.Facts[verifier.FactCase], len(c.Facts) > 1, what, text)
					}
					if general := l.Say("check.any." + string(c.Outcome) + "." + what); text == general {
						t.Errorf("%s %s %s %s %s: the %s says nothing: %q", l, c.Step, c.Outcome, c.Code, c.Facts[verifier.FactCase], what, text)
					}
				}
				quiet := c.Outcome == pass || c.Outcome == none || c.Outcome == warn || c.Facts[verifier.FactCase] == "not_looked_at"
				if f.Advice == "" && !quiet || strings.ContainsAny(f.Advice, "{}") || c.Outcome == pass && f.Advice != "" {
					t.Errorf("%s %s %s %s %s: the advice is %q", l, c.Step, c.Outcome, c.Code, c.Facts[verifier.FactCase], f.Advice)
				}
			}
		}
	}
}

// TestCasesDiffer: a case that is told apart is also said otherwise than its neighbours, but for those that mean the same to a reader.
func TestCasesDiffer(t *testing.T) {
	report := &verifier.Report{AsOf: judgedAt}
	same := words("begins unreadable no_entry unread kind fetched looked undecodable malformed not_a_list presentation size not_allowed none item member key_set " +
		"reference document openbadges2 openbadges2_named issuer no_key text token key many_keys hosted awarded before description profile pdf signature shown " +
		"shown_not_set structure owner token_key file credential digest link")
	for _, s := range everything(t) {
		for _, step := range words(s.steps) {
			for _, code := range words(s.codes) {
				told := map[string]string{}
				for _, about := range words(s.cases) {
					c := verifier.Check{Step: step, Outcome: s.outcome, Code: strings.TrimPrefix(code, "-"), Facts: allFacts()}
					if about != "-" {
						c.Facts[verifier.FactCase] = about
					}
					f := English.Finding(report, c)
					if other, there := told[f.Title+f.Text]; there && !slices.Contains(same, about) {
						t.Errorf("%s %s %s: %s is said as %s is: %q", step, s.outcome, code, about, other, f.Text)
					}
					told[f.Title+f.Text] = about
				}
			}
		}
	}
}

// TestNoWordsForNothing: every text for a check is what some situation, cause or code says.
func TestNoWordsForNothing(t *testing.T) {
	report := &verifier.Report{AsOf: judgedAt}
	reached := map[string]bool{}
	visit := func(c verifier.Check) {
		s := English.search(report, c)
		for _, kind := range []string{"title", "text", "advice"} {
			if key := s.key(kind); key != "" {
				reached[key] = true
			}
		}
	}
	for _, s := range everything(t) {
		for _, c := range s.checks() {
			visit(c)
		}
	}
	all := codes(t)
	for _, s := range everything(t) {
		all = append(all, words(s.codes)...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, step := range steps { // what a program of tomorrow may say
		for _, outcome := range []verifier.Result{pass, fail, warn, unknown, none} {
			visit(verifier.Check{Step: step, Outcome: outcome, Clause: "x"})
			for _, code := range all {
				visit(verifier.Check{Step: step, Outcome: outcome, Code: code, Clause: "x"})
				visit(verifier.Check{Step: step, Outcome: outcome, Code: code, Facts: allFacts()})
			}
		}
	}
	for _, outcome := range []verifier.Result{pass, fail, warn, unknown, none} {
		visit(verifier.Check{Step: "brand new", Outcome: outcome, Clause: "x"})
	}
	en, _ := catalogues(t)
	for key := range en {
		if strings.HasPrefix(key, "check.") && !reached[key] {
			t.Errorf("%s is never said", key)
		}
	}
}

// TestCauses: what could not be read says why, from where and when to try again.
func TestCauses(t *testing.T) {
	report := &verifier.Report{AsOf: judgedAt}
	for _, l := range Languages {
		for _, cause := range causes {
			facts := allFacts()
			facts[verifier.FactCause], facts[verifier.FactName] = cause, "503"
			c := verifier.Check{Step: "status", Outcome: unknown, Code: "status_unavailable", Facts: facts}
			full := l.Finding(report, c)
			if full.Text == l.Say("check.any.unknown.status_unavailable.text") || full.Advice == "" || strings.ContainsAny(full.Text+full.Advice, "{}") {
				t.Errorf("%s %s: %q %q", l, cause, full.Text, full.Advice)
			}
			if at := !slices.Contains(words("offline too_many file method"), cause); at != strings.Contains(full.Text, "badges.example.edu") {
				t.Errorf("%s %s names the server or not: %q", l, cause, full.Text)
			}
			delete(facts, verifier.FactAddress)
			delete(facts, verifier.FactName)
			if bare := l.Finding(report, c); strings.ContainsAny(bare.Text+bare.Advice, "{}") || bare.Advice == "" {
				t.Errorf("%s %s without an address: %q", l, cause, bare.Text)
			}
		}
	}
	got := English.Finding(report, verifier.Check{Step: "issuer", Outcome: unknown, Code: "issuer_unresolved",
		Facts: verifier.Facts{verifier.FactAddress: "did:web:cedar.example", verifier.FactCause: "timeout"}})
	if want := "cedar.example did not answer in time."; !strings.HasSuffix(got.Text, want) || got.Advice != "Try again in a minute, or ask the issuer." {
		t.Errorf("a server that does not answer: %q, %q", got.Text, got.Advice)
	}
}

// TestFactsAreSaid: the values of a finding stand in its words.
func TestFactsAreSaid(t *testing.T) {
	report := &verifier.Report{AsOf: judgedAt, Authentic: verifier.Yes, Credential: &verifier.View{Issuer: verifier.Party{ID: "did:web:cedar.example", Name: "Cedar County Schools"}}}
	for name, test := range map[string]struct {
		check            verifier.Check
		english, spanish string
	}{
		"revoked, with a reason": {
			verifier.Check{Step: "status", Outcome: fail, Code: "revoked", Facts: verifier.Facts{verifier.FactReason: "not\u202e her own"}},
			"It was taken back, says the issuer, who gave this reason: “not her own”",
			"Se retiró, según el emisor, que dio este motivo: «not her own»",
		},
		"a name that was changed": {
			verifier.Check{Step: "proof", Outcome: warn, Code: "altered", Pointer: "/credentialSubject/name", Facts: verifier.Facts{
				verifier.FactCase: "value", verifier.FactName: "recipient_name", verifier.FactHere: "Bob Lee", verifier.FactPublished: "Kim Lee"}},
			"The name of the recipient was changed after signing. The issuer signed “Kim Lee”, this file says “Bob Lee”.",
			"El nombre de la persona titular se cambió después de firmar. El emisor firmó «Kim Lee», este archivo dice «Bob Lee».",
		},
		"a part without a name": {
			verifier.Check{Step: "proof", Outcome: warn, Code: "altered", Pointer: "/x/y", Facts: verifier.Facts{verifier.FactCase: "value"}},
			"The part /x/y was changed after signing.", "La parte /x/y se cambió después de firmar.",
		},
		"a key that was removed": {
			verifier.Check{Step: "issuer", Outcome: fail, Code: "key_mismatch", Facts: verifier.Facts{verifier.FactCase: "withdrawn", verifier.FactDate: "2026-03-01T00:00:00Z"}},
			"It was signed by a key that the issuer removed on 1 March 2026.", "Se firmó con una clave que el emisor retiró el 1 de marzo de 2026.",
		},
		"the end": {
			verifier.Check{Step: "dates", Outcome: pass, Facts: verifier.Facts{verifier.FactCase: "ends", verifier.FactDate: "2031-05-14T12:30:00Z"}},
			"It has begun, and it ends on 14 May 2031, 12:30 UTC.", "Ya empezó y termina el 14 de mayo de 2031, 12:30 UTC.",
		},
		"a fact that holds a placeholder": {
			verifier.Check{Step: "endorsement", Outcome: pass, Facts: verifier.Facts{verifier.FactWho: "{date}"}},
			"Somebody else stands behind it: {date} signed an endorsement of it.", "Alguien más la respalda: {date} firmó su respaldo.",
		},
	} {
		if got := English.Finding(report, test.check).Text; got != test.english {
			t.Errorf("%s: %q, want %q", name, got, test.english)
		}
		if got := Spanish.Finding(report, test.check).Text; got != test.spanish {
			t.Errorf("%s: %q, want %q", name, got, test.spanish)
		}
	}
}

// TestAdviceCanBeFollowed: nobody is sent to mend an address that stands in a badge, to try again what cannot change, or to the issuer
// for a key of the holder.
func TestAdviceCanBeFollowed(t *testing.T) {
	badge := &verifier.Report{AsOf: judgedAt, Credential: &verifier.View{Kind: "AchievementCredential"}}
	presentation := &verifier.Report{AsOf: judgedAt, Credential: &verifier.View{Kind: credential.KindPresentation}}
	caused := func(step, code, cause string) verifier.Check {
		return verifier.Check{Step: step, Outcome: unknown, Code: code, Facts: verifier.Facts{verifier.FactAddress: "https://cedar.example/1", verifier.FactCause: cause}}
	}
	for name, test := range map[string]struct {
		report *verifier.Report
		check  verifier.Check
		want   string
	}{
		"a mistyped address":           {badge, caused("form", "input_unavailable", "name"), "Look for a typing mistake in the address. You can also ask for the badge as a file."},
		"a wrong address in a badge":   {badge, caused("status", "status_unavailable", "name"), "Ask the issuer: it may have moved to another address."},
		"an open address":              {badge, caused("form", "input_unavailable", "unencrypted"), "Try the address with https:// at the beginning. You can also ask for the badge as a file."},
		"an open address in a badge":   {badge, caused("issuer", "issuer_unresolved", "unencrypted"), "Ask the issuer. Trying again will not help."},
		"the key of a holder":          {presentation, caused("issuer", "issuer_unresolved", "timeout"), "Try again in a minute, or ask the holder."},
		"a signature of somebody else": {badge, verifier.Check{Step: "proof", Outcome: unknown, Code: "issuer_mismatch", Facts: verifier.Facts{verifier.FactCase: "not_checked"}}, "Ask the issuer whether they awarded it."},
		"a key that nobody names":      {badge, verifier.Check{Step: "proof", Outcome: unknown, Code: "key_mismatch", Facts: verifier.Facts{verifier.FactCase: "no_key"}}, "Ask the issuer whether they awarded it."},
	} {
		if got := English.Finding(test.report, test.check).Advice; got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestPassesClaimNoMoreThanTheirStep: where the signature is wrong, the steps before it say neither that a key made it nor that it
// covers anything.
func TestPassesClaimNoMoreThanTheirStep(t *testing.T) {
	for _, l := range Languages {
		for key, text := range texts()[l] {
			early := strings.HasPrefix(key, "check.contexts.pass") || strings.HasPrefix(key, "check.issuer.pass") && !strings.Contains(key, ".vouched.")
			for _, claim := range []string{"signed it", "covers", "la firmó", "cubre"} {
				if early && strings.Contains(text, claim) {
					t.Errorf("%s %s claims more: %q", l, key, text)
				}
			}
		}
	}
}

// TestNotLooked: a step that an earlier failure kept from running says that, and not the failure's words.
func TestNotLooked(t *testing.T) {
	report := &verifier.Report{Authentic: verifier.No, AsOf: judgedAt, Checks: []verifier.Check{
		{Step: "form", Outcome: fail, Code: "no_credential"}, {Step: "status", Outcome: unknown, Code: "no_credential"},
	}}
	if got := English.Finding(report, report.Checks[1]); got.Title != "Not looked at" || got.Advice != "" {
		t.Errorf("%+v", got)
	}
}
