package wording

import (
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// Shape is the sign of an answer. Shape and words differ, not only the colour: round is yes, an octagon is no, a triangle is not
// known. The last two are for single checks only.
type Shape string

const (
	ShapeYes     Shape = "yes"
	ShapeNo      Shape = "no"
	ShapeUnknown Shape = "unknown"
	ShapeNote    Shape = "note" // worth knowing, changes no answer
	ShapeNone    Shape = "none" // nothing to check
)

// Finding is one check of a report in words.
type Finding struct {
	Shape  Shape
	Step   string // name of the step
	Title  string // what was found, in a few words
	Word   string // the outcome: passed, failed, note, not known, nothing to check
	Text   string // what was found and who says so, in one to three short sentences
	Advice string // what to do now; "" when there is nothing to do
	Age    string // how old the fact is and where it was read; "" when it stands in the input
}

// Finding words a check of a report. No check proves the name that an issuer goes by, so the words say "the issuer".
func (l Language) Finding(r *verifier.Report, c verifier.Check) Finding {
	s := l.search(r, c)
	f := Finding{
		Step: l.stepName(c.Step),
		Age:  l.Age(c.AsOf, r.AsOf, c.Facts[verifier.FactOrigin]),
	}
	f.Shape, f.Word = l.outcome(c.Outcome)
	f.Title = s.find("title")
	f.Text = s.find("text")
	switch c.Outcome {
	case verifier.Pass, verifier.NotApplicable:
	case verifier.NotKnown:
		because, advice := s.cause()
		f.Text = joined(f.Text, because)
		switch own := s.find("advice"); {
		case advice == "" || asides[c.Step]:
			f.Advice = own
		case c.Step == "form":
			f.Advice = joined(advice, own)
		default:
			f.Advice = advice
		}
	default:
		f.Advice = s.find("advice")
	}
	return f
}

// asides are the steps of which nothing that is not known changes an answer: there is no need to try again.
var asides = map[string]bool{"schema": true, "endorsement": true, "refresh": true}

// outcome is the sign and the word for an outcome. One that is new here is not known.
func (l Language) outcome(outcome verifier.Result) (Shape, string) {
	shape := ShapeUnknown
	switch outcome {
	case verifier.Pass:
		shape = ShapeYes
	case verifier.Fail:
		shape = ShapeNo
	case verifier.Warn:
		shape = ShapeNote
	case verifier.NotApplicable:
		shape = ShapeNone
	}
	return shape, l.Say("word." + string(shape))
}

// search looks the words of one check up, from the special to the general.
type search struct {
	language Language
	check    verifier.Check
	keys     []string
	values   map[string]string
	holder   bool // the signer is the holder of a presentation, and the words for an issuer are said of them
}

// text is the text of a key, for the signer of the document.
func (s search) text(key string) (string, bool) {
	text, known := s.language.text(key)
	if s.holder {
		text = strings.ReplaceAll(text, s.language.Say("noun.word.issuer"), s.language.Say("noun.word.holder"))
	}
	return text, known
}

func (l Language) search(r *verifier.Report, c verifier.Check) search {
	s := search{language: l, check: c, values: l.values(r, c)}
	presented := r.Credential != nil && r.Credential.Kind == credential.KindPresentation
	s.holder = c.Step == "issuer" && (presented || c.Facts[verifier.FactWho] != "")
	outcome, about := string(c.Outcome), caseOf(r, c)
	if c.Outcome == verifier.NotApplicable {
		outcome = "none"
	}
	if about != "" {
		s.keys = append(s.keys, key("check", c.Step, outcome, c.Code, about), key("check", c.Step, outcome, "any", about),
			key("check.any", outcome, c.Code, about), key("check.any", outcome, "any", about))
	}
	if c.Code != "" {
		s.keys = append(s.keys, key("check", c.Step, outcome, c.Code), key("check.any", outcome, c.Code))
	}
	s.keys = append(s.keys, key("check", c.Step, outcome), key("check.any", outcome))
	return s
}

// key joins the parts of a key that there are.
func key(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ".")
}

// key is the key of the text of one kind for the check, "" for none: title, text or advice. One whose placeholders cannot be filled
// is passed over.
func (s search) key(kind string) string {
	for _, key := range s.keys {
		for _, suffix := range []string{kind, "bare"} {
			if suffix == "bare" && kind != "text" {
				continue
			}
			if text, known := s.text(key + "." + suffix); known {
				if _, whole := fill(text, s.values); whole {
					return key + "." + suffix
				}
			}
		}
	}
	return ""
}

// find is the text of one kind for the check. A text is said to be absent by "-", so that nothing more general is said in its place.
func (s search) find(kind string) string {
	text, _ := s.text(s.key(kind))
	if text == "-" {
		return ""
	}
	filled, _ := fill(text, s.values)
	return filled
}

// cause says why something could not be read, and what to do about that; both are "" when the check does not know.
func (s search) cause() (because, advice string) {
	cause := s.check.Facts[verifier.FactCause]
	if cause == "" {
		return "", ""
	}
	cause = "cause." + cause
	keys := []string{cause}
	if s.check.Step == "form" { // the address is the reader's own, and not one in the badge
		keys = []string{cause + ".own", cause}
	}
	about := search{language: s.language, keys: keys, values: s.values, holder: s.holder}
	return about.find("text"), about.find("advice")
}

// caseOf is which of the things that its code stands for a check means. A report without facts, as programs may have kept one, tells
// what matters most by its form.
func caseOf(r *verifier.Report, c verifier.Check) string {
	within := inside(r, c)
	switch about := c.Facts[verifier.FactCase]; {
	case about != "":
		return about
	case notLooked(r, c):
		return "not_looked_at"
	case within == nil:
		return ""
	case within.Authentic == verifier.No:
		return "inside_not_authentic"
	case within.InForce == verifier.No:
		return "inside_not_in_force"
	case within.Authentic != verifier.Yes:
		return "inside_authentic_unknown"
	default:
		return "inside_in_force_unknown"
	}
}

// notLooked tells a step that did not run, because an earlier one failed, from one that could not decide: it has the code of that
// failure and nothing of its own.
func notLooked(r *verifier.Report, c verifier.Check) bool {
	if c.Outcome != verifier.NotKnown || c.Pointer != "" || c.Clause != "" || c.AsOf != nil || len(c.Facts) > 0 {
		return false
	}
	return slices.ContainsFunc(r.Checks, func(other verifier.Check) bool {
		return other.Outcome == verifier.Fail && other.Step != c.Step && other.Code == c.Code
	})
}

// inside is the report of the credential inside a presentation or a record that a check sums up; nil for a check of the document
// itself.
func inside(r *verifier.Report, c verifier.Check) *verifier.Report {
	for _, within := range r.Credentials {
		if within.Pointer != "" && within.Pointer == c.Pointer {
			return within
		}
	}
	return nil
}

// values are what the placeholders of a check stand for.
func (l Language) values(r *verifier.Report, c verifier.Check) map[string]string {
	values := map[string]string{"place": l.place(c.Facts[verifier.FactName], c.Pointer), "issuer": l.Say("noun.issuer")} // no name is proven
	for name, value := range c.Facts {
		switch name {
		case verifier.FactDate:
			values[name] = l.SignedDate(value).Words
		case verifier.FactAddress:
			values[name] = Plain(value)
			values["host"] = First(Host(value), Cut(value, 60))
		case verifier.FactWho:
			values[name] = First(Host(value), Cut(value, 60))
		default:
			values[name] = Plain(value)
		}
	}
	return values
}

// joined puts sentences after one another.
func joined(sentences ...string) string { return strings.Join(Present(sentences...), " ") }

// Present are those texts that are not empty.
func Present(texts ...string) []string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
