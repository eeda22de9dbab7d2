package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// The gallery is an installation in which every state of a page exists: its credentials, achievements and issuers have the
// names of what they show for ids, and its verifier gives the report that belongs to a name. Tests of pages walk through it.

const (
	pass, fail, warn, unknown, idle = verifier.Pass, verifier.Fail, verifier.Warn, verifier.NotKnown, verifier.NotApplicable

	longWord = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvertragsurkunde"
)

// secretNote is for the issuer alone.
const secretNote = "note-for-the-issuer-alone"

// ofTheRecord are exhibits that are about what the issuer has recorded: in a report they are like others.
var ofTheRecord = []string{"replaced", "in-place", "revoked-by-mistake", "erased", "off", "public", "unclaimed", "backed"}

// exhibit is one state of a badge.
type exhibit struct {
	report      *verifier.Report
	change      func(*issuer.Credential)
	achievement string // "groups" when empty
}

// report builds a report from its answers; the checks given take the place of the good ones of their steps.
func report(authentic, inForce verifier.Answer, checks ...verifier.Check) *verifier.Report {
	read := judgedAt.Add(-3 * time.Minute)
	r := &verifier.Report{
		Outcome: verifier.Unknown, Authentic: authentic, InForce: inForce, AsOf: judgedAt,
		Input: verifier.Input{Kind: "json", SHA256: strings.Repeat("ab", 32)},
	}
	switch {
	case authentic == verifier.Yes && inForce == verifier.Yes:
		r.Outcome = verifier.Valid
	case authentic == verifier.No || inForce == verifier.No:
		r.Outcome = verifier.Invalid
	}
	good := []verifier.Check{
		{Step: "form", Outcome: pass, Title: "Form", Detail: "The file is whole and can be read in one way only."},
		{Step: "contexts", Outcome: pass, Title: "Vocabulary", Detail: "Every word in it has a published meaning, and all of it is covered by the signature."},
		{Step: "schema", Outcome: pass, Title: "Rules", Detail: "It keeps the rules of Open Badges 3.0."},
		{Step: "issuer", Outcome: pass, Title: "Issuer", Detail: "The signing key is one of the issuer's own: it stands in the issuer's document, read from this installation.", AsOf: &read},
		{Step: "proof", Outcome: pass, Title: "Signature", Detail: "The signature fits this exact content (eddsa-rdfc-2022).", Pointer: "/proof"},
		{Step: "dates", Outcome: pass, Title: "Dates", Detail: "It has begun, and it ends on 14 May 2031."},
		{Step: "status", Outcome: pass, Title: "Status", Detail: "Not revoked, says the issuer's list, read from this installation.", Pointer: "/credentialStatus/0", AsOf: &read},
		{Step: "status", Outcome: pass, Title: "Status", Detail: "Not suspended, says the issuer's list, read from this installation.", Pointer: "/credentialStatus/1", AsOf: &read},
		{Step: "subject", Outcome: pass, Title: "Recipient", Detail: "It names its recipient."},
		{Step: "endorsement", Outcome: idle, Title: "Endorsements", Detail: "It carries no endorsement."},
		{Step: "refresh", Outcome: idle, Title: "Newer version", Detail: "The issuer names no place to ask for a newer version."},
		{Step: "recognition", Outcome: idle, Title: "Recognition", Detail: "No rules of a recognising body are set up here."},
	}
	placed := make(map[string]bool)
	for _, g := range good {
		var found []verifier.Check
		for _, c := range checks {
			if c.Step == g.Step {
				c.Title = g.Title
				found = append(found, c)
			}
		}
		switch {
		case len(found) == 0:
			r.Checks = append(r.Checks, g)
		case !placed[g.Step]:
			placed[g.Step] = true
			r.Checks = append(r.Checks, found...)
		}
	}
	if authentic != verifier.No {
		r.Credential = award()
	}
	return r
}

// award is what the badges of the gallery say unless their state is about that.
func award() *verifier.View {
	return &verifier.View{
		Standard: "Open Badges 3.0", Kind: "AchievementCredential", ID: testBase + "/c/in-force",
		Issuer: verifier.Party{ID: testIssuer, Name: "Cedar County Schools", URL: testBase + "/i/cedar"},
		Recipient: []verifier.Identity{
			{Type: "name", Value: testSubject}, {Type: "emailAddress", Value: "sha256$0123", Hashed: true},
		},
		Achievement: &verifier.Award{
			ID: testBase + "/a/groups", Name: "Small-Group Instruction from Evidence", Type: "MicroCredential", Version: "2.1",
			Description: "Plans small-group lessons from formative evidence, teaches them, and adjusts the next lesson from what students did.",
			Criteria:    "Evidence from **four lessons**:\n\n- the evidence that the groups were formed by,\n- the plan, and\n- a reflection of one page.\n\nTwo assessors mark each part; both must reach *Proficient*.",
		},
		Awarded: "2026-05-14T00:00:00Z", ValidFrom: "2026-05-14T00:00:00Z", ValidUntil: "2031-05-14T00:00:00Z",
		Results: []verifier.Mark{
			{Name: "Reads evidence of learning", Value: "4", AchievedLevel: "Distinguished"},
			{Name: "Groups by need, not by label", Value: "3", AchievedLevel: "Proficient"},
			{Name: "Reflects and revises", AchievedLevel: "Distinguished", Status: "Completed"},
		},
		Alignments: []verifier.Alignment{{
			Name: "Standard IV: Teachers facilitate learning for their students", URL: "https://standards.example/4",
			Framework: "State Professional Teaching Standards", Code: "IV",
		}},
		Evidence: []verifier.Evidence{{ID: "https://work.example/ada", Name: "Lesson sequence and student work (redacted)", Narrative: "Four lessons in October."}},
	}
}

// with is the report with another view of the credential.
func with(r *verifier.Report, change func(*verifier.View)) *verifier.Report {
	change(r.Credential)
	return r
}

// holding puts the reports of credentials inside into the report of what holds them.
func holding(r *verifier.Report, inside ...*verifier.Report) *verifier.Report {
	r.Credentials = inside
	return r
}

// exhibits are all states of a badge that can exist, by name.
func exhibits() map[string]exhibit {
	const yes, no, open = verifier.Yes, verifier.No, verifier.Undecided
	notLooked := "Not looked at, because an earlier step failed."
	at := func(month time.Month) time.Time { return time.Date(2026, month, 3, 8, 0, 0, 0, time.UTC) }
	return map[string]exhibit{
		"in-force": {report: report(yes, yes)},
		"no-status": {report: with(report(yes, yes, verifier.Check{Step: "status", Outcome: idle, Detail: "The issuer gave it no status entry, so it cannot be revoked or suspended."},
			verifier.Check{Step: "subject", Outcome: warn, Code: "no_recipient", Detail: "This badge names no recipient by identifier: anyone can present it.", Pointer: "/credentialSubject", Clause: "OB 3.0 B.1.3"}),
			func(v *verifier.View) {
				v.Recipient, v.Results, v.Alignments, v.Evidence, v.ValidUntil = nil, nil, nil, nil, ""
				v.Achievement.Criteria, v.Achievement.Version = "", ""
			})},
		"not-yet-begun": {report: with(report(yes, no, verifier.Check{Step: "dates", Outcome: fail, Code: "not_yet_valid", Detail: "It begins on 1 January 2027.", Pointer: "/validFrom", Clause: "VCDM 2.0 4.9"}),
			func(v *verifier.View) { v.ValidFrom = "2027-01-01T00:00:00Z" })},
		"expired": {report: with(report(yes, no, verifier.Check{Step: "dates", Outcome: fail, Code: "expired", Detail: "It ended on 1 June 2026.", Pointer: "/validUntil", Clause: "VCDM 2.0 4.9"}),
			func(v *verifier.View) { v.ValidUntil = "2026-06-01T00:00:00Z" })},
		"suspended": {
			report: report(yes, no, verifier.Check{Step: "status", Outcome: fail, Code: "suspended", Detail: "It is suspended, says the issuer.", Pointer: "/credentialStatus/1"}),
			change: func(c *issuer.Credential) {
				c.Suspended = &issuer.Change{At: at(10), By: "clerk", Reason: "The evidence is being looked at again."}
			},
		},
		"revoked": {
			report: report(yes, no, verifier.Check{Step: "status", Outcome: fail, Code: "revoked", Detail: "It has been revoked, says the issuer.", Pointer: "/credentialStatus/0"}),
			change: func(c *issuer.Credential) {
				c.Revoked = &issuer.Change{At: at(9), By: "clerk", Reason: "evidence was not the earner's own work"}
			},
		},
		"revoked-just-now": { // the list in the report is older than the record
			report: report(yes, yes),
			change: func(c *issuer.Credential) { c.Revoked = &issuer.Change{At: at(11), By: "clerk"} },
		},
		"replaced": { // corrected, so that another award stands in its place
			report: report(yes, no, verifier.Check{Step: "status", Outcome: fail, Code: "revoked", Detail: "It has been revoked, says the issuer.", Pointer: "/credentialStatus/0"}),
			change: func(c *issuer.Credential) {
				c.Revoked, c.SupersededBy = &issuer.Change{At: at(9), By: "clerk", Code: issuer.ReasonSuperseded, Note: secretNote}, "in-place"
			},
		},
		"in-place": {report: report(yes, yes), change: func(c *issuer.Credential) { c.Supersedes = "replaced" }},
		"revoked-by-mistake": {
			report: report(yes, no, verifier.Check{Step: "status", Outcome: fail, Code: "revoked", Detail: "It has been revoked, says the issuer.", Pointer: "/credentialStatus/0"}),
			change: func(c *issuer.Credential) {
				c.Revoked = &issuer.Change{At: at(9), By: "clerk", Code: issuer.ReasonError, Reason: "It was meant for another teacher.", Note: secretNote}
			},
		},
		"erased": {report: report(yes, yes), change: func(c *issuer.Credential) {
			c.Erased, c.JSON, c.JWT = &issuer.Change{At: at(10), By: "earner", Note: secretNote}, nil, ""
		}},
		"unclaimed":  {report: report(yes, yes), change: func(c *issuer.Credential) { c.Claimed = time.Time{} }},
		"backed":     {report: with(report(yes, yes), func(v *verifier.View) { v.Achievement.InLanguage = "en-US" }), change: func(c *issuer.Credential) { c.Organisation = "full" }, achievement: "full"}, // endorsements, hours, a colour
		"off":        {report: report(yes, yes), change: func(c *issuer.Credential) { c.Access = issuer.AccessOff }},
		"public":     {report: report(yes, yes), change: func(c *issuer.Credential) { c.Access = issuer.AccessPublic }},
		"superseded": {report: with(report(yes, yes), func(v *verifier.View) { v.Superseded = testBase + "/c/in-force" })},
		"status-unknown": {report: report(yes, open, verifier.Check{
			Step: "status", Outcome: unknown, Code: "status_unavailable", Detail: "The status list could not be read; whether it is in force is not known.",
			Pointer: "/credentialStatus/0", Clause: "Bitstring Status List 1.0 3.2",
		})},
		"issuer-not-established": {report: report(open, open,
			verifier.Check{Step: "issuer", Outcome: unknown, Code: "issuer_unresolved", Detail: "The issuer's document could not be read, so whose key signed this is not established.", Clause: "CID 1.0 3.2"},
			verifier.Check{Step: "proof", Outcome: pass, Detail: "The signature fits the key that the credential itself names (eddsa-rdfc-2022)."})},
		"altered": {report: report(no, open,
			verifier.Check{Step: "proof", Outcome: fail, Code: "signature_invalid", Detail: "The signature does not fit this content: it was changed after it was signed, or another key signed it.", Pointer: "/proof", Clause: "VC-DI-EDDSA 3.3.2"},
			verifier.Check{Step: "dates", Outcome: unknown, Code: "signature_invalid", Detail: notLooked},
			verifier.Check{Step: "status", Outcome: unknown, Code: "signature_invalid", Detail: notLooked})},
		"changed": {report: report(no, open,
			verifier.Check{Step: "proof", Outcome: fail, Code: "signature_invalid", Detail: "The signature does not fit this document and this key.", Pointer: "/proof", Clause: "VC-DI-EDDSA 3.3.2"},
			verifier.Check{Step: "proof", Outcome: warn, Code: "altered", Detail: "The issuer signed another value here.", Pointer: "/credentialSubject/identifier/0/identityHash", AsOf: &judgedAt,
				Facts: verifier.Facts{verifier.FactHere: "Bob Lee <b>", verifier.FactPublished: "Kim Lee", verifier.FactAddress: testBase + "/c/in-force", verifier.FactOrigin: "network"}},
			verifier.Check{Step: "proof", Outcome: warn, Code: "added_member", Detail: "A member was added after signing.", Pointer: "/credentialSubject/achievement/tag", Facts: verifier.Facts{verifier.FactHere: "tag"}},
			verifier.Check{Step: "dates", Outcome: unknown, Code: "signature_invalid", Detail: notLooked},
			verifier.Check{Step: "status", Outcome: unknown, Code: "signature_invalid", Detail: notLooked})},
		"not-a-badge": {report: report(no, open,
			verifier.Check{Step: "form", Outcome: fail, Code: "no_credential", Detail: "The file holds no credential."},
			verifier.Check{Step: "contexts", Outcome: unknown, Code: "no_credential", Detail: notLooked},
			verifier.Check{Step: "schema", Outcome: unknown, Code: "no_credential", Detail: notLooked},
			verifier.Check{Step: "issuer", Outcome: unknown, Code: "no_credential", Detail: notLooked},
			verifier.Check{Step: "proof", Outcome: unknown, Code: "no_credential", Detail: notLooked},
			verifier.Check{Step: "dates", Outcome: unknown, Code: "no_credential", Detail: notLooked},
			verifier.Check{Step: "status", Outcome: unknown, Code: "no_credential", Detail: notLooked},
			verifier.Check{Step: "subject", Outcome: unknown, Code: "no_credential", Detail: notLooked})},
		"endorsed": {report: with(report(yes, yes,
			verifier.Check{Step: "endorsement", Outcome: pass, Detail: "An endorsement is authentic; it was signed by did:web:education.example."},
			verifier.Check{Step: "endorsement", Outcome: warn, Code: "signature_invalid", Detail: "An endorsement is not authentic; it counts for nothing.", Clause: "OB 3.0 9.1"}),
			func(v *verifier.View) {
				v.Endorsements = []verifier.Party{{ID: "did:web:education.example", Name: "State Department of Education"}}
			})},
		"presentation": {report: holding(with(report(yes, no,
			verifier.Check{Step: "proof", Outcome: pass, Detail: "The signature fits this exact content (eddsa-rdfc-2022).", Pointer: "/proof"},
			verifier.Check{Step: "status", Outcome: fail, Code: "expired", Detail: "A credential inside is not in force.", Pointer: "/verifiableCredential/1", Clause: "VCDM 2.0 4.13"}),
			func(v *verifier.View) {
				*v = verifier.View{Standard: "Verifiable Presentation 2.0", Kind: "VerifiablePresentation", Holder: &verifier.Party{ID: "did:web:holder.example", Name: "Ada Reyes"}}
			}),
			report(yes, yes),
			with(report(yes, no, verifier.Check{Step: "dates", Outcome: fail, Code: "expired", Detail: "It ended on 1 June 2026.", Pointer: "/validUntil", Clause: "VCDM 2.0 4.9"}), hostile),
			report(no, open, verifier.Check{Step: "proof", Outcome: fail, Code: "signature_invalid", Detail: "The signature does not fit this document and this key.", Pointer: "/proof"}))},
		"record": {report: holding(with(report(yes, yes), func(v *verifier.View) {
			*v = verifier.View{Standard: "Comprehensive Learner Record 2.0", Kind: "ClrCredential", Name: "Record of Ada Reyes", Issuer: v.Issuer, Recipient: v.Recipient, Awarded: v.Awarded, ValidFrom: v.ValidFrom}
		}), report(yes, yes))},
		"old-standard":   {report: with(report(yes, yes), func(v *verifier.View) { v.Standard, v.Kind = "Open Badges 2.0", "Assertion" })},
		"hostile":        {report: with(report(yes, yes), hostile), achievement: "hostile"},
		"long-words":     {report: with(report(yes, yes), longWords), achievement: "long-words"},
		"other-language": {report: with(report(yes, yes), inSpanish)},
		"right-to-left": {report: with(report(yes, yes), func(v *verifier.View) {
			v.Issuer.Name = "وزارة التعليم"
			v.Recipient[0].Value = "ليلى حسن"
			v.Achievement.Name = "التقويم التكويني: שיעור אחד (2026)"
			v.Achievement.Description = "يخطّط دروسًا لمجموعات صغيرة انطلاقًا من أدلة التعلّم."
			v.Achievement.Criteria = "أدلّة من **أربعة دروس**:\n\n1. خطّة\n2. تأمّل\n\n> اقتباس"
			v.Results[0] = verifier.Mark{Name: "قراءة الأدلة", AchievedLevel: "متميّز", Value: "4"}
		}), achievement: "right-to-left"},
	}
}

// inSpanish has all that an issuer writes in Spanish, and parts that the issuer gave no name.
func inSpanish(v *verifier.View) {
	v.Issuer.Name = "Escuelas de Cedro"
	a := v.Achievement
	a.InLanguage, a.Name, a.Description = "es-MX", "Enseñanza en grupos pequeños", "Planea lecciones a partir de lo que han mostrado los alumnos."
	a.Criteria = "Evidencia de **cuatro lecciones**:\n\n- el plan\n- una reflexión"
	v.Results = []verifier.Mark{{Name: "Agrupa según la necesidad", Value: "3", AchievedLevel: "Competente"}, {Status: "Completed"}}
	v.Alignments = []verifier.Alignment{{Name: "Norma IV", URL: "https://standards.example/4", Framework: "Normas del estado", Description: "Los maestros facilitan el aprendizaje."}, {URL: "https://standards.example/5"}}
	v.Evidence = []verifier.Evidence{{ID: "https://work.example/ada", Name: "Trabajos de los alumnos", Narrative: "Cuatro lecciones en octubre."}, {Narrative: "Una reflexión."}, {ID: "https://work.example/2"}}
}

// hostile puts a trap into everything that a signer may write.
func hostile(v *verifier.View) {
	const script = "<script>alert(1)</script>"
	v.Standard = "Open Badges 3.0"
	v.Issuer = verifier.Party{ID: "did:web:evil.example", Name: "\u202eCedar\u200b County " + script, URL: "javascript:alert(2)", Image: "javascript:alert(2)"}
	v.Recipient = []verifier.Identity{
		{Type: "name", Value: `"><img src=x onerror=alert(3)>`}, {Type: "emailAddress", Value: "ada@school.example"},
		{Type: script, Value: "x"}, {Type: "ext:\u202elevram", Value: "y", Hashed: true},
	}
	v.Achievement.Name = "Zalgo T\u0336\u0321\u034f\u0310o\u0337\u0322\u0311m</title>" + script + " {{.Secret}} ${x} 𝔘𝔫𝔦 👩🏽‍🏫"
	v.Achievement.Type = `MicroCredential" onmouseover="alert(4)`
	v.Achievement.Version, v.Achievement.InLanguage = "</dd></dl>"+script, `es" onload="alert(13)`
	v.Achievement.Description = "<style>body{display:none}</style><!-- " + script + "\u2028line\u0000null"
	v.Achievement.Criteria = script + "\n\nText " + script + " [x](javascript:alert(5)) [y](JaVaScRiPt&colon;alert(5)) ![p](https://t.example/p.png) [d](data:text/html,x) [ok](https://ok.example) " +
		"<https://auto.example> <javascript:alert(6)>\n\n# Big\n\n[ref]: javascript:alert(7)\n[click][ref]\n\n```html\n" + script + "\n```\n\n<iframe src=//evil.example></iframe>\n\n[m](mailto:a@b.example) [v](vbscript:x) [f](file:///etc/passwd) [r](/logout) [p](//evil.example/x)"
	v.Achievement.CriteriaURL = "data:text/html," + script
	v.Achievement.Image = "https://t.example/tracker.svg"
	v.Achievement.Creator = &verifier.Party{ID: "javascript:alert(8)", Name: "Cedar\u2066 County", URL: "https://user:word@evil.example/"}
	v.ValidUntil = "2031-05-14T00:00:00Z" + script
	v.Results = []verifier.Mark{{Name: script, Value: `" style="position:fixed`, AchievedLevel: "\u202e%100"}}
	v.Evidence = []verifier.Evidence{
		{ID: "javascript:alert(9)", Name: "Trap", Narrative: script},
		{ID: "https://user:word@work.example/"},
		{ID: "https://xn--80ak6aa92e.example/" + strings.Repeat("a", 300), Genre: script},
		{ID: "HTTPS://WORK.example/\"onclick=alert(1)", Name: "Quote"},
	}
	v.Alignments = []verifier.Alignment{{Name: "Also a trap", URL: "vbscript:alert(10)", Code: script, Description: script}}
	v.Endorsements = []verifier.Party{{ID: script, Name: "Endorser " + script, URL: "ftp://evil.example"}}
	v.Superseded = "javascript:alert(11)"
}

// longWords leaves a browser no place to break a line.
func longWords(v *verifier.View) {
	v.Issuer.Name = strings.Repeat("W", 200)
	v.Issuer.ID = "did:web:" + strings.Repeat("a", 60) + ".example:" + strings.Repeat("b", 200)
	v.Recipient = []verifier.Identity{{Type: "name", Value: strings.Repeat("Ñ", 500)}, {Type: "ext:" + strings.Repeat("x", 90), Value: "v"}}
	v.Achievement.Name, v.Achievement.Type = longWord, "ext:"+strings.Repeat("q", 120)
	v.Achievement.Version = strings.Repeat("9", 120)
	v.Achievement.Description = strings.Repeat(longWord, 3)
	v.Achievement.Criteria = "`" + strings.Repeat("code", 60) + "`\n\n    " + strings.Repeat("pre", 90) + "\n\n- " + longWord + "\n\n## " + longWord
	v.Results[0] = verifier.Mark{Name: longWord, Value: strings.Repeat("7", 90), AchievedLevel: longWord}
	v.Evidence[0] = verifier.Evidence{ID: "https://work.example/" + strings.Repeat("p", 400)}
	v.Alignments[0].Name, v.Alignments[0].Framework = longWord, longWord
	v.Superseded = testBase + "/c/" + strings.Repeat("s", 200)
}

// gallery is the issuing half of the gallery.
type gallery struct {
	office
	exhibits map[string]exhibit
}

func (g gallery) Credential(_ context.Context, id string) (issuer.Credential, error) {
	shown, ok := g.exhibits[id]
	if id == "too-many" { // as when one address asks too often
		return issuer.Credential{}, failure{status: http.StatusTooManyRequests, code: "rate_limited"}
	}
	if !ok {
		return issuer.Credential{}, missing()
	}
	c := issuer.Credential{
		ID: id, Identifier: testBase + "/c/" + id, URL: testBase + "/c/" + id, Organisation: "cedar", Achievement: "groups",
		Issued: judgedAt, Claimed: judgedAt, JSON: []byte(`{"exhibit":"` + id + `"}`), JWT: testJWT,
	}
	if shown.achievement != "" {
		c.Achievement = shown.achievement
	}
	if shown.change != nil {
		shown.change(&c)
	}
	return c, nil
}

func (g gallery) Newest(ctx context.Context, id string) (issuer.Credential, error) {
	c, err := g.Credential(ctx, id)
	if err == nil && c.SupersededBy != "" {
		return g.Credential(ctx, c.SupersededBy)
	}
	return c, err
}

// Endorsement has one that is good and one that was revoked.
func (g gallery) Endorsement(_ context.Context, id string) (issuer.Endorsement, error) {
	e := issuer.Endorsement{ID: id, Organisation: "cedar", Identifier: testBase + "/e/" + id, URL: testBase + "/e/" + id, Subject: testBase + "/a/full", Kind: issuer.EndorsesAchievement,
		Name: "Counted in every district", Comment: "We have looked at the **rubric** and at twenty submissions.", Issuer: testIssuer, IssuerName: "Cedar County Schools",
		IssuerURL: testBase + "/i/cedar", ValidFrom: judgedAt, Issued: judgedAt, JSON: []byte(`{"exhibit":"endorsement"}`), JWT: testJWT}
	switch id {
	case "good":
	case "revoked":
		e.Revoked = &issuer.Change{At: judgedAt, By: "clerk", Reason: "The rubric was changed.", Note: secretNote}
	case "hostile":
		const script = "<script>alert(1)</script>"
		e.Name, e.Comment, e.IssuerName, e.IssuerURL, e.Subject = script, script+" [x](javascript:alert(1))", "\u202e"+script, "javascript:alert(1)", "javascript:alert(2)"
	default:
		return issuer.Endorsement{}, missing()
	}
	return e, nil
}

// EndorsementsOf are one that was given here, one that was given by another organisation of the installation, and one from elsewhere.
func (g gallery) EndorsementsOf(ctx context.Context, _, subject string) ([]issuer.Endorsement, error) {
	if subject != testBase+"/a/full" && subject != "did:web:education.example" {
		return nil, nil
	}
	here, err := g.Endorsement(ctx, "good")
	attached := here
	attached.ID, attached.Received, attached.Identifier = "attached", true, testBase+"/e/revoked"
	elsewhere := attached
	elsewhere.Identifier, elsewhere.Issuer, elsewhere.IssuerName, elsewhere.IssuerURL = "urn:uuid:1", "did:web:state.example", "State Department of Education", "https://state.example"
	elsewhere.ValidUntil = judgedAt.AddDate(1, 0, 0)
	return []issuer.Endorsement{here, attached, elsewhere}, err
}

// Document has a picture of the issuer that has one.
func (g gallery) Document(ctx context.Context, address string) ([]byte, error) {
	if address == testBase+"/i/full/image.svg" || address == testBase+"/a/full/image.svg" {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><style>.a{fill:#1d5b43}</style><rect class="a" width="4" height="4"/></svg>`), nil
	}
	return g.office.Document(ctx, address)
}

// everywhere puts a name, a text and an address into all that can be said of an achievement beside what an award says.
func everywhere(a *issuer.Achievement, name, text, address string) {
	cited := []issuer.Citation{{Title: name, URL: address, Note: text}}
	a.About = issuer.About{Competency: text, Method: text, Components: text, Research: cited, Resources: cited, Submission: text, Assessment: text, Participation: name,
		Supervised: true, IdentityProof: true, Hours: 1, Level: name, Quality: name, QualityURL: address, QualityAccount: text}
	a.Content.Creator = &credential.Party{ID: address, Name: name, URL: address, Description: text}
	a.Content.Tags, a.Content.HumanCode, a.Content.InLanguage, a.Content.FieldOfStudy = []string{name, text}, name, name, name
	a.Content.Related = []credential.Related{{ID: address, InLanguage: name, Version: name}}
	a.Content.OtherIdentifiers = []credential.Identifier{{Type: name, Value: name}}
	a.Months = 1
}

// full is an achievement of which everything is said.
func full(a issuer.Achievement) issuer.Achievement {
	standard := credential.Alignment{TargetName: "Uses evidence of learning", TargetURL: "https://standards.example/4b", TargetFramework: "State Professional Teaching Standards", TargetCode: "IV.b"}
	c := &a.Content
	c.Image = credential.Image{ID: "image.svg", Caption: "A green square"}
	c.Version, c.InLanguage, c.FieldOfStudy, c.Specialization, c.HumanCode = "2026", "en-US", "Teaching", "Reading", "T-101"
	c.Creator = &credential.Party{ID: "https://education.example", Name: "Department of Education", URL: "https://education.example", Description: "Writes what districts award."}
	c.CreditsAvailable, c.Tags = 10, []string{"reading", "groups"}
	c.Related = []credential.Related{{ID: "https://education.example/a/es", InLanguage: "es", Version: "2026"}, {ID: "urn:uuid:7"}}
	c.OtherIdentifiers = []credential.Identifier{{Type: "ext:CTID", Value: "ce-5a6e4f0a-6a6f-4a1a-8f0c-1f6a7a1d2b3c"}}
	c.ResultDescriptions[0].RequiredLevel, c.ResultDescriptions[0].Alignments = "proficient", []credential.Alignment{standard}
	c.ResultDescriptions[0].Levels = []credential.RubricCriterionLevel{{ID: "beginning", Name: "Beginning", Points: "1", Description: "Groups by label."},
		{ID: "proficient", Name: "Proficient", Points: "3", Description: "Groups by need.", Alignments: []credential.Alignment{standard}}}
	c.ResultDescriptions = append(c.ResultDescriptions, credential.ResultDescription{Name: "Reflection", AllowedValues: []string{"none", "some", "deep"}, RequiredValue: "some"})
	a.About = issuer.About{
		Competency: "Forms groups from what pupils have shown.", Method: "Look, **group**, teach, look again.", Components: "- Evidence\n- Groups",
		Research:   []issuer.Citation{{Title: "Grouping by need", URL: "https://research.example/1", Note: "A study of 40 schools."}, {Title: "A book"}},
		Resources:  []issuer.Citation{{Title: "A course", URL: "https://learn.example/"}},
		Submission: "Four lessons and a reflection.", Assessment: "A portfolio, marked by two assessors.", Participation: "Blended", Supervised: true, IdentityProof: true, Hours: 12.5,
		Level: "EQF 7", Quality: "National Board", QualityURL: "https://board.example", QualityAccount: "Reviewed every three years.", Stackable: true,
	}
	a.Replaces, a.ReplacedBy, a.Months, a.Renewable = "plain", "groups", 60, true
	return a
}

func (g gallery) Achievement(ctx context.Context, id string) (issuer.Achievement, error) {
	a, err := g.office.Achievement(ctx, "groups")
	a.ID, a.URL = id, testBase+"/a/"+id
	view := award()
	switch id {
	case "groups":
		a.Content.Version, a.Content.CreditsAvailable, a.About.Hours = "2.1", 1.5, 15
		a.Content.Description = view.Achievement.Description
		a.Content.ResultDescriptions[0].Levels = append(a.Content.ResultDescriptions[0].Levels,
			credential.RubricCriterionLevel{Name: "Distinguished", Points: "4", Description: "Others learn from it."})
		for _, m := range view.Results { // the levels in an order of their own
			a.Content.ResultDescriptions = append(a.Content.ResultDescriptions, credential.ResultDescription{Name: m.Name, Levels: []credential.RubricCriterionLevel{
				{Name: "Distinguished", Points: "4", Description: "Others learn from it."}, {Name: "Beginning", Points: "1"}, {Name: "Developing", Points: "2"}, {Name: "Proficient", Points: "3", Description: "It holds in every lesson."}}})
		}
		a.Content.Criteria.Narrative = view.Achievement.Criteria
		return a, err
	case "full":
		return full(a), err
	case "plain":
		a.Name, a.Content = "Attended", credential.Achievement{Name: "Attended"}
		return a, err
	case "archived":
		a.Archived = &issuer.Change{At: judgedAt, By: "clerk"}
		return a, err
	case "hostile":
		hostile(view)
	case "long-words":
		longWords(view)
	case "right-to-left":
		view = g.exhibits[id].report.Credential
	default:
		return issuer.Achievement{}, missing()
	}
	a.Name, a.Content.Name = view.Achievement.Name, view.Achievement.Name
	a.Content.AchievementType, a.Content.Version, a.Content.Description = view.Achievement.Type, view.Achievement.Version, view.Achievement.Description
	a.Content.Criteria = credential.Criteria{ID: view.Achievement.CriteriaURL, Narrative: view.Achievement.Criteria}
	if id == "hostile" {
		a.Content.Image = credential.Image{ID: "javascript:alert(12)", Caption: `"><script>alert(1)</script>`}
	}
	if id != "right-to-left" {
		everywhere(&a, view.Achievement.Name, view.Achievement.Criteria, view.Evidence[0].ID)
	}
	a.Content.Alignments = []credential.Alignment{{TargetName: view.Alignments[0].Name, TargetURL: view.Alignments[0].URL, TargetFramework: view.Alignments[0].Framework}}
	a.Content.ResultDescriptions = []credential.ResultDescription{{
		Name: view.Results[0].Name, AllowedValues: []string{view.Results[0].Value, view.Results[0].AchievedLevel},
		Levels: []credential.RubricCriterionLevel{{Name: view.Results[0].AchievedLevel, Description: view.Achievement.Description, Points: "1"}},
	}}
	return a, err
}

func (g gallery) Organisation(ctx context.Context, id string) (issuer.Organisation, error) {
	began := time.Date(2025, 2, 3, 9, 0, 0, 0, time.UTC)
	ended := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	o := issuer.Organisation{ID: id, DID: testIssuer, Name: "Cedar County Schools", URL: testBase + "/i/" + id, Created: began}
	switch id {
	case "cedar":
		o.Keys = []issuer.Key{
			{Method: testIssuer + "#key-1", Algorithm: "EdDSA", State: issuer.KeyRetired, Created: began, Ended: &ended},
			{Method: testIssuer + "#key-2", Algorithm: "ES256", State: issuer.KeyCompromised, Created: began, Ended: &ended},
			{Method: testIssuer + "#key-3", Algorithm: "EdDSA", State: issuer.KeyActive, Created: ended},
			{Method: testIssuer + "#key-4", Algorithm: "ES256", State: issuer.KeyActive, Created: ended},
		}
	case "full":
		o.Name, o.DID, o.Image = "Department of Education", "did:web:education.example", "image.svg"
		o.Settings = issuer.Settings{Website: "https://education.example", Description: "Looks after the schools of the state.", Accent: "#ff6a00"}
	case "local":
		o.DID, o.Name = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "An issuing organisation"
		o.Keys = []issuer.Key{{Method: o.DID + "#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", Algorithm: "EdDSA", State: issuer.KeyActive, Created: began}}
	case "hostile":
		o.Name, o.DID = "<script>alert(1)</script>\u202eCedar", "did:web:evil.example\"><b>"
		o.Settings, o.Image = issuer.Settings{Website: "javascript:alert(1)", Description: "</p><script>alert(1)</script>\u202e"}, "../../c/in-force.svg"
		o.Keys = []issuer.Key{{Method: o.DID + "#<i>", Algorithm: "<b>none", State: "strange", Created: began}}
	default:
		return issuer.Organisation{}, missing()
	}
	return o, nil
}

// AchievementsFrom has one page for most, three for the issuer that has everything.
func (g gallery) AchievementsFrom(ctx context.Context, organisation, after string, _ int) ([]issuer.Achievement, string, error) {
	if organisation == "local" || organisation == "hostile" {
		return nil, "", nil
	}
	next := map[string]string{"": "second", "second": "third"}[after]
	if organisation != "full" && after == "" {
		next = ""
	}
	if next == "" && after != "" && after != "third" {
		return nil, "", &issuer.Error{Kind: issuer.KindInvalid, Code: "cursor"}
	}
	var all []issuer.Achievement
	for _, id := range []string{"groups", "plain"} {
		a, err := g.Achievement(ctx, id)
		if err != nil {
			return nil, "", err
		}
		all = append(all, a)
	}
	return all, next, nil
}

// newGallery opens the gallery. Its clock stands still.
func newGallery(t testing.TB) http.Handler { return newGalleryOf(t, exhibits()) }

func newGalleryOf(t testing.TB, shown map[string]exhibit) http.Handler {
	t.Helper()
	judge := func(_ context.Context, input []byte) (*verifier.Report, error) {
		var named struct{ Exhibit string }
		if json.Unmarshal(input, &named) != nil {
			return copied(shown["not-a-badge"].report), nil
		}
		if named.Exhibit == "endorsement" {
			return with(report(verifier.Yes, verifier.Yes), func(v *verifier.View) {
				*v = verifier.View{Standard: v.Standard, Kind: credential.KindEndorsement, ID: testBase + "/e/good", Name: "Counted in every district", Issuer: v.Issuer,
					Recipient: []verifier.Identity{{Type: "id", Value: testBase + "/a/full"}}, Awarded: "2026-11-22T10:00:00Z", ValidFrom: "2026-11-22T10:00:00Z"}
			}), nil
		}
		if named.Exhibit == "broken" {
			panic("secret of the house")
		}
		return copied(shown[named.Exhibit].report), nil
	}
	handler, err := New(Config{
		Office: gallery{exhibits: shown}, Verify: judge, Base: testBase, Version: "1.2.3",
		Now: func() time.Time { return judgedAt },
		Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			text := item.Text
			if len(item.Links) > 0 {
				name, found := strings.CutPrefix(item.Links[0], testBase+"/c/")
				if !found {
					return []*verifier.Report{unreadReport("ssrf_blocked", verifier.CauseBlocked)}, nil
				}
				text = []byte(`{"exhibit":"` + name + `"}`)
			}
			report, err := judge(ctx, text)
			if err != nil {
				return nil, err
			}
			digest := sha256.Sum256(text)
			report.Input.SHA256 = hex.EncodeToString(digest[:])
			if report.Credential != nil { // each is a badge of its own
				view := *report.Credential
				view.ID = testBase + "/c/" + report.Input.SHA256[:22]
				report.Credential = &view
			}
			if len(item.Links) > 0 {
				report.Input.Kind, report.Input.URL = "url", item.Links[0]
			}
			return []*verifier.Report{report}, nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}
