package web

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/verifier"
)

// appendReport adds a report as the command line writes it: the bytes that encoding/json gives with an indent of two spaces, without
// escapes for HTML, and with a line feed behind it. Every check ends with it, and encoding/json takes four times as long. An error means
// that a date has no form in JSON.
func appendReport(out []byte, r *verifier.Report) ([]byte, error) {
	w := jsonWriter{out: out}
	w.report(r)
	return append(w.out, '\n'), w.err
}

// jsonWriter writes JSON with every member and element on a line of its own.
type jsonWriter struct {
	out   []byte
	depth int
	begun bool // the object or array that is open has a member or element
	err   error
}

func (w *jsonWriter) report(r *verifier.Report) {
	w.open('{')
	w.text("outcome", string(r.Outcome))
	w.text("authentic", string(r.Authentic))
	w.text("inForce", string(r.InForce))
	w.time("asOf", &r.AsOf)
	w.name("input")
	w.open('{')
	w.text("kind", r.Input.Kind)
	w.given("sha256", r.Input.SHA256)
	w.given("name", r.Input.Name)
	w.given("url", r.Input.URL)
	w.time("readAt", r.Input.ReadAt)
	w.close('}')
	array(w, "checks", r.Checks, (*jsonWriter).check)
	if r.Credential != nil {
		w.name("credential")
		w.view(r.Credential)
	}
	if len(r.Credentials) > 0 {
		array(w, "credentials", r.Credentials, func(w *jsonWriter, inside **verifier.Report) { w.report(*inside) })
	}
	w.given("pointer", r.Pointer)
	w.close('}')
}

func (w *jsonWriter) check(c *verifier.Check) {
	w.open('{')
	w.text("step", c.Step)
	w.given("code", c.Code)
	w.text("outcome", string(c.Outcome))
	w.text("title", c.Title)
	w.text("detail", c.Detail)
	w.given("pointer", c.Pointer)
	w.given("clause", c.Clause)
	w.time("asOf", c.AsOf)
	if len(c.Facts) > 0 {
		w.name("facts")
		w.open('{')
		var room [8]string
		names := slices.AppendSeq(room[:0], maps.Keys(c.Facts))
		slices.Sort(names)
		for _, name := range names {
			w.next()
			w.out = append(appendText(w.out, name), ": "...)
			w.out = appendText(w.out, c.Facts[name])
		}
		w.close('}')
	}
	w.close('}')
}

func (w *jsonWriter) view(v *verifier.View) {
	w.open('{')
	w.text("standard", v.Standard)
	w.text("kind", v.Kind)
	w.given("id", v.ID)
	w.given("name", v.Name)
	w.party("issuer", &v.Issuer)
	w.party("holder", v.Holder)
	array(w, "recipient", v.Recipient, func(w *jsonWriter, id *verifier.Identity) {
		w.open('{')
		w.text("type", id.Type)
		w.text("value", id.Value)
		w.name("hashed")
		w.out = strconv.AppendBool(w.out, id.Hashed)
		w.close('}')
	})
	if a := v.Achievement; a != nil {
		w.name("achievement")
		w.open('{')
		w.text("id", a.ID)
		w.text("name", a.Name)
		w.given("description", a.Description)
		w.given("criteria", a.Criteria)
		w.given("criteriaUrl", a.CriteriaURL)
		w.given("type", a.Type)
		w.given("version", a.Version)
		w.given("inLanguage", a.InLanguage)
		w.party("creator", a.Creator)
		w.given("image", a.Image)
		w.close('}')
	}
	w.given("awarded", v.Awarded)
	w.given("validFrom", v.ValidFrom)
	w.given("validUntil", v.ValidUntil)
	array(w, "results", v.Results, func(w *jsonWriter, m *verifier.Mark) {
		w.open('{')
		w.text("name", m.Name)
		w.given("value", m.Value)
		w.given("achievedLevel", m.AchievedLevel)
		w.given("status", m.Status)
		w.close('}')
	})
	array(w, "alignments", v.Alignments, func(w *jsonWriter, a *verifier.Alignment) {
		w.open('{')
		w.text("name", a.Name)
		w.text("url", a.URL)
		w.given("code", a.Code)
		w.given("framework", a.Framework)
		w.given("description", a.Description)
		w.close('}')
	})
	array(w, "evidence", v.Evidence, func(w *jsonWriter, e *verifier.Evidence) {
		w.open('{')
		w.given("id", e.ID)
		w.given("name", e.Name)
		w.given("narrative", e.Narrative)
		w.given("description", e.Description)
		w.given("genre", e.Genre)
		w.close('}')
	})
	array(w, "endorsements", v.Endorsements, (*jsonWriter).partyValue)
	w.given("superseded", v.Superseded)
	w.close('}')
}

// party writes a member; none for nil.
func (w *jsonWriter) party(name string, p *verifier.Party) {
	if p != nil {
		w.name(name)
		w.partyValue(p)
	}
}

func (w *jsonWriter) partyValue(p *verifier.Party) {
	w.open('{')
	w.text("id", p.ID)
	w.given("name", p.Name)
	w.given("url", p.URL)
	w.given("image", p.Image)
	w.close('}')
}

// array writes a member; null for nil.
func array[T any](w *jsonWriter, name string, all []T, one func(*jsonWriter, *T)) {
	w.name(name)
	if all == nil {
		w.out = append(w.out, "null"...)
		return
	}
	w.open('[')
	for i := range all {
		w.next()
		one(w, &all[i])
	}
	w.close(']')
}

// open begins an object or an array.
func (w *jsonWriter) open(bracket byte) {
	w.out = append(w.out, bracket)
	w.depth++
	w.begun = false
}

// close ends it. What stands around it has begun.
func (w *jsonWriter) close(bracket byte) {
	w.depth--
	if w.begun {
		w.line()
	}
	w.out = append(w.out, bracket)
	w.begun = true
}

// next begins a member or an element.
func (w *jsonWriter) next() {
	if w.begun {
		w.out = append(w.out, ',')
	}
	w.line()
	w.begun = true
}

func (w *jsonWriter) line() {
	w.out = append(w.out, '\n')
	for range w.depth {
		w.out = append(w.out, ' ', ' ')
	}
}

// name begins a member whose name has nothing to escape.
func (w *jsonWriter) name(name string) {
	w.next()
	w.out = append(append(append(w.out, '"'), name...), `": `...)
}

func (w *jsonWriter) text(name, value string) {
	w.name(name)
	w.out = appendText(w.out, value)
}

// given is text for a member that is left out when it is empty.
func (w *jsonWriter) given(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

// time writes a member; none for nil.
func (w *jsonWriter) time(name string, at *time.Time) {
	if at == nil {
		return
	}
	w.name(name)
	w.out = append(w.out, '"')
	out, err := at.AppendText(w.out)
	if err != nil {
		w.err = fmt.Errorf("writing a date: %w", err)
		return
	}
	w.out = append(out, '"')
}

// appendText adds a text as encoding/json writes it: what is no UTF-8 becomes U+FFFD, and U+2028 and U+2029 are escaped.
func appendText(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	from := 0 // of what is not added yet
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			out = append(out, text[from:i]...)
			switch c {
			case '"', '\\':
				out = append(out, '\\', c)
			case '\b':
				out = append(out, '\\', 'b')
			case '\f':
				out = append(out, '\\', 'f')
			case '\n':
				out = append(out, '\\', 'n')
			case '\r':
				out = append(out, '\\', 'r')
			case '\t':
				out = append(out, '\\', 't')
			default:
				out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = append(append(out, text[from:i]...), `\ufffd`...)
			from = i + size
		case r == '\u2028', r == '\u2029':
			out = append(append(append(out, text[from:i]...), `\u202`...), hex[r&15])
			from = i + size
		}
		i += size
	}
	return append(append(out, text[from:]...), '"')
}
