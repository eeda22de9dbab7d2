package record

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// writer puts the content of a record together.
type writer struct {
	printer
	wording.Language
	Options
}

func write(p printer, given []*verifier.Report, o Options) {
	reports := make([]*verifier.Report, len(given))
	for i, r := range given {
		reports[i] = short(r)
	}
	w := writer{printer: p, Language: o.Language, Options: o}
	if len(reports) == 1 {
		w.title(w.Say("record.title"), w.made(), w.name(reports[0]))
		w.report(reports[0])
		w.limits()
		return
	}
	w.title(w.Count("record.many", len(reports)), w.made(), "")
	w.section(w.Say("record.summary"))
	heads := [3]string{w.Say("record.number"), w.Say("record.input"), w.Say("record.answer")}
	lines := make([]summaryLine, 0, len(reports))
	for i, r := range reports {
		lines = append(lines, summaryLine{i + 1, w.name(r), w.Verdict(r, wording.Standing{Dated: true, Here: w.Here})})
	}
	w.summary(heads, lines)
	w.limits()
	for i, r := range reports {
		w.chapter(strconv.Itoa(i+1) + ". " + w.name(r))
		w.report(r)
	}
}

// made says when the record was written, where that is known.
func (w writer) made() string {
	if w.Made.IsZero() {
		return ""
	}
	return w.Say("record.made", "date", w.Instant(w.Made).Words)
}

// name is what a reader knows an input by.
func (w writer) name(r *verifier.Report) string {
	return wording.First(r.Input.Name, r.Input.URL, w.Kind(r.Input))
}

func (w writer) report(r *verifier.Report) {
	w.section(w.Say("record.answer"))
	w.answer(r)
	w.section(w.Say("record.input"))
	w.values(w.input(r))
	left := &allowance{checks: mostChecks, inside: mostInside}
	w.body(r, left)
	w.inside(r, left)
	w.repeat(r)
}

func (w writer) answer(r *verifier.Report) {
	v := w.Verdict(r, wording.Standing{Dated: true, Here: w.Here})
	w.verdict(v)
	all := []value{
		{name: w.Say("record.authentic"), text: w.YesOrNo(r.Authentic)},
		{name: w.Say("record.inforce"), text: w.InForce(r)},
	}
	if v.Reason != "" {
		all = append(all, value{name: w.Say("record.reason"), text: v.Reason})
	}
	w.values(all)
}

func (w writer) input(r *verifier.Report) []value {
	program := strings.TrimSpace("Laurel " + wording.Plain(w.Version))
	all := []value{
		{name: w.Say("record.name"), text: wording.Plain(r.Input.Name)},
		{name: w.Say("record.kind"), text: w.Kind(r.Input)},
		{name: w.Say("record.sha256"), text: wording.Plain(r.Input.SHA256), exact: true},
		{name: w.Say("record.address"), text: wording.Plain(r.Input.URL), exact: true},
	}
	if r.Input.ReadAt != nil {
		all = append(all, value{name: w.Say("record.readat"), text: w.Instant(*r.Input.ReadAt).Words})
	}
	return append(all,
		value{name: w.Say("record.checkedat"), text: w.Instant(r.AsOf).Words},
		value{name: w.Say("record.program"), text: program},
		value{name: w.Say("record.by"), text: wording.Plain(w.By)})
}

// body tells what was signed and what was checked, of an input or of a credential inside it.
func (w writer) body(r *verifier.Report, left *allowance) {
	if v := r.Credential; v != nil {
		heading := "record.signed"
		if r.Authentic != verifier.Yes {
			heading = "record.claimed"
		}
		w.section(w.Say(heading))
		w.values(w.badge(r))
	}
	w.findings(r, left)
}

// told is a finding as a record tells it, once for all checks that found the same.
type told struct {
	wording.Finding
	steps  []string // names of the steps that found it
	source string   // where the facts behind it were read, and when
	why    bool     // it is a reason for the answer, or worth knowing beside it
}

func (w writer) findings(r *verifier.Report, left *allowance) {
	var all []told
	answer := w.Verdict(r, wording.Standing{Dated: true, Here: w.Here})
	indexes := left.take(r)
	reasons := false
	for _, i := range indexes {
		c := r.Checks[i]
		f := told{Finding: w.Finding(r, c), source: w.source(r, c)}
		f.Title, f.Text, f.Advice = cmp.Or(f.Title, f.Step), sentence(f.Text), sentence(f.Advice)
		// What the answer says already is not said again.
		f.why = matters(r, c) && !(strings.Contains(answer.Detail, f.Text) && f.Advice == answer.Advice)
		reasons = reasons || f.why
		same := slices.IndexFunc(all, func(other told) bool {
			return other.Title == f.Title && other.Shape == f.Shape && other.Text == f.Text && other.Advice == f.Advice && other.source == f.source
		})
		if same < 0 {
			all, same = append(all, f), len(all)
		}
		if !slices.Contains(all[same].steps, f.Step) {
			all[same].steps = append(all[same].steps, f.Step)
		}
	}
	if reasons {
		w.section(w.Say("record.why"))
		for _, f := range all {
			if f.why {
				w.found(f.Finding, f.Text, f.Advice)
			}
		}
	}
	w.section(w.Say("record.checks"))
	for _, f := range all {
		steps, text := "", f.Text
		if f.why {
			text = ""
		}
		if f.Shape == wording.ShapeUnknown && len(f.steps) > 1 {
			steps = strings.Join(f.steps, ", ")
		}
		w.found(f.Finding, steps, text, f.source)
	}
	if more := len(r.Checks) - len(indexes); more > 0 {
		w.paragraph(w.Count("record.morechecks", more))
	}
	w.section(w.Say("record.technical"))
	for _, i := range indexes {
		w.detail(technical(r.Checks[i]))
	}
}

// matters says whether a check is a reason for the answer, or worth knowing beside it. Where a badge is not authentic, what could
// not be looked at does not matter to a reader.
func matters(r *verifier.Report, c verifier.Check) bool {
	switch c.Outcome {
	case verifier.Pass, verifier.NotApplicable:
		return false
	case verifier.NotKnown:
		return r.Authentic != verifier.No
	}
	return true
}

// source says where a fact was read, when, and how old it was: "" for one that stands in the input.
func (w writer) source(r *verifier.Report, c verifier.Check) string {
	age := []rune(w.Age(c.AsOf, r.AsOf, c.Facts[verifier.FactOrigin]))
	if len(age) == 0 {
		return ""
	}
	pairs := []string{"age", string(unicode.ToUpper(age[0])) + string(age[1:]), "date", w.Instant(*c.AsOf).Words}
	if address := wording.Plain(c.Facts[verifier.FactAddress]); address != "" {
		return w.Say("record.factfrom", append(pairs, "address", address)...)
	}
	return w.Say("record.fact", pairs...)
}

// technical is a check as those need it who know the standard; in English, as the report has it.
func technical(c verifier.Check) string {
	parts := []string{c.Step, string(c.Outcome)}
	for _, part := range []string{c.Code, c.Facts[verifier.FactCase], c.Clause, c.Pointer} {
		if part = wording.Cut(wording.Plain(part), mostPart); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " | ") + ": " + sentence(c.Detail)
}

// sentence is a text of a check, cut where it is longer than any has to be.
func sentence(text string) string { return wording.Cut(wording.Prose(text), mostText) }

func (w writer) badge(r *verifier.Report) []value {
	v := r.Credential
	achievement := v.Achievement
	if achievement == nil {
		achievement = &verifier.Award{}
	}
	signer, signerID, party := "record.issuer", "record.issuerid", wording.SignedBy(v)
	if v.Kind == credential.KindPresentation {
		signer, signerID = "record.holder", "record.holderid"
	}
	all := []value{{name: w.Say("record.badge"), text: w.BadgeName(v)}}
	for _, id := range v.Recipient[:min(len(v.Recipient), 8)] {
		all = append(all, value{name: w.Say("record.recipient"), text: w.Identity(id, true)})
	}
	if more := len(v.Recipient) - 8; more > 0 {
		all = append(all, value{name: w.Say("record.recipient"), text: w.Count("record.more", more)})
	}
	if party.ID != "" || party.Name != "" {
		all = append(all, value{name: w.Say(signer), text: w.SignerName(r, w.Here)}, value{name: w.Say(signerID), text: wording.Plain(party.ID), exact: true})
	}
	if achievement.Type != "" {
		all = append(all, value{name: w.Say("record.type"), text: w.TypeName(achievement.Type)})
	}
	for _, date := range []struct{ key, signed string }{{"record.awarded", v.Awarded}, {"record.from", v.ValidFrom}, {"record.until", v.ValidUntil}} {
		if date.signed != "" {
			all = append(all, value{name: w.Say(date.key), text: w.SignedDate(date.signed).Words})
		}
	}
	for _, mark := range v.Results[:min(len(v.Results), 8)] {
		all = append(all, value{name: w.Say("record.result"), text: strings.TrimPrefix(wording.Plain(mark.Name)+": "+w.Mark(mark), ": ")})
	}
	if more := len(v.Results) - 8; more > 0 {
		all = append(all, value{name: w.Say("record.result"), text: w.Count("record.more", more)})
	}
	all = append(all,
		value{name: w.Say("record.description"), text: wording.Cut(wording.Prose(achievement.Description), mostValue)},
		value{name: w.Say("record.achievementid"), text: wording.Plain(achievement.ID), exact: true},
		value{name: w.Say("record.credentialid"), text: wording.Plain(v.ID), exact: true},
		value{name: w.Say("record.superseded"), text: wording.Plain(v.Superseded), exact: true})
	if v.Standard != "" {
		all = append(all, value{name: w.Say("record.standard"), text: w.Standard(v.Standard)})
	}
	return all
}

// inside tells the credentials inside a presentation or a learner record.
func (w writer) inside(r *verifier.Report, left *allowance) {
	for i, within := range r.Credentials {
		if left.inside == 0 {
			w.paragraph(w.Count("record.moreinside", len(r.Credentials)-i))
			return
		}
		left.inside--
		within = short(within)
		w.section(w.Say("record.inside", "place", cmp.Or(within.Pointer, strconv.Itoa(i+1))))
		w.answer(within)
		w.body(within, left)
		w.inside(within, left)
	}
}

// repeat says how anybody can make the same check.
func (w writer) repeat(r *verifier.Report) {
	w.section(w.Say("record.repeat"))
	w.paragraph(w.Say("record.compare"))
	words := []string{"laurel verify --at", r.AsOf.UTC().Format(time.RFC3339)}
	for _, argument := range w.Arguments {
		words = append(words, quoted(argument))
	}
	w.command(strings.Join(append(words, w.argument(r.Input)), " "))
	w.paragraph(w.Say("record.anew"))
}

// limits says what a record is not.
func (w writer) limits() {
	w.section(w.Say("record.limits"))
	w.paragraph(w.Say("record.notcounts"))
	w.paragraph(w.Say("record.noproof"))
	w.paragraph(w.Say("record.later"))
}

// argument names the input on a command line. A file that lies in another, and one whose name cannot be typed as it is, is FILE.
func (w writer) argument(input verifier.Input) string {
	name := input.Name
	if !strings.HasPrefix(name, "https://") && strings.ContainsAny(name, `/\`) || name == "" || wording.Plain(name) != name {
		return w.Say("record.file")
	}
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return quoted(name)
}

// quoted is a word as it is typed on a command line.
func quoted(word string) string {
	word = wording.Plain(word)
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+,=-") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// allowance is how much may still be told of a report and of what is inside it.
type allowance struct{ checks, inside int }

// take gives the indexes of the checks that are told, in their order. Where there are too many, those that passed are left out first.
func (a *allowance) take(r *verifier.Report) []int {
	var chosen []int
	for _, passed := range []bool{false, true} {
		for i, c := range r.Checks {
			if (c.Outcome == verifier.Pass || c.Outcome == verifier.NotApplicable) == passed && a.checks > 0 {
				a.checks--
				chosen = append(chosen, i)
			}
		}
	}
	slices.Sort(chosen)
	return chosen
}
