package device

import (
	"regexp"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// Node is an element of a page, to be built by a script that puts texts in as texts and never as markup.
type Node struct {
	Tag   string  `json:"tag"` // of HTML; "sign" is the one of wording.Signs that Text names
	Class string  `json:"class,omitempty"`
	Text  string  `json:"text,omitempty"` // before what is in it
	Link  string  `json:"link,omitempty"` // of an a
	Time  string  `json:"time,omitempty"` // of a time, as machines read it
	Lang  string  `json:"lang,omitempty"` // where it is not that of the page
	In    []*Node `json:"in,omitempty"`
}

// el is an element; its name is a tag and perhaps classes, as in "p.soft.code". Nil nodes are left out.
func el(name string, inside ...*Node) *Node {
	tag, class, _ := strings.Cut(name, ".")
	n := &Node{Tag: tag, Class: strings.ReplaceAll(class, ".", " ")}
	n.add(inside...)
	return n
}

// add puts nodes at the end of what is in n. Nil ones are left out, for a script could build nothing of them.
func (n *Node) add(inside ...*Node) {
	for _, in := range inside {
		if in != nil {
			n.In = append(n.In, in)
		}
	}
}

// said is an element with a text; nil without one.
func said(name, text string) *Node {
	if text == "" {
		return nil
	}
	n := el(name)
	n.Text = text
	return n
}

// text is a text between elements.
func text(t string) *Node { return said("span", t) }

// inLanguage says which language a node is in, "" for that of the page.
func (n *Node) inLanguage(lang string) *Node {
	if n != nil {
		n.Lang = lang
	}
	return n
}

func sign(name string) *Node { return said("sign", name) }

func moment(m wording.Moment) *Node {
	if m.Machine == "" {
		return said("bdi", m.Words)
	}
	n := said("time", m.Words)
	n.Time = m.Machine
	return n
}

// link is an address as an element of the page, where it is one of the web.
func link(address, words string) *Node { return linked(address, said("bdi", words)) }

// linked is a text, with an address where that is one of the web.
func linked(address string, words *Node) *Node {
	to := wording.WebLink(address)
	if to == "" {
		return words
	}
	n := el("a", words)
	n.Link = to
	return n
}

// paragraph is a text of its own, in a language; nil without one.
func paragraph(words, lang string) *Node {
	if words == "" {
		return nil
	}
	return el("p", said("bdi", words).inLanguage(lang))
}

// reference is an item of a list of references, whose texts are in a language.
func reference(r wording.Reference, lang string) *Node {
	name := said("bdi", r.Name)
	if r.Named {
		name.inLanguage(lang)
	}
	item := el("li", el("p", linked(r.Link, name)))
	if r.At != "" {
		item.add(el("p.soft", said("bdi", r.At)))
	}
	for _, line := range r.Lines {
		item.add(el("p.soft", said("bdi", line).inLanguage(lang)))
	}
	return item
}

// sheet puts a report together as the page of POST /verify shows it, by its classes.
type sheet struct {
	wording.Language
	pack time.Time
	here *wording.Here
}

// Sheet is a report as the page shows it, with what was printed of it.
func (p Page) Sheet(r *verifier.Report, printed string) *Node {
	return sheet{p.Language, p.Pack, p.Here}.of(r, printed)
}

// of is the sheet of a whole report.
func (s sheet) of(r *verifier.Report, json string) *Node {
	checks := s.Checks(r)
	verdict := s.Verdict(r, wording.Standing{Here: s.here})
	checks.Once(verdict.Advice)
	kind := el("p.kind", text(s.Say("page.report.found", "kind", s.Kind(r.Input))))
	if r.Input.Name != "" {
		kind.add(text(" ("), said("bdi.code", wording.Plain(r.Input.Name)), text(")"))
	}
	n := el("article.device-report", kind,
		el("div.band.band-"+string(verdict.Shape), sign(wording.Sign(verdict.Shape, r, wording.Standing{Here: s.here})), el("div", append([]*Node{said("h2", verdict.Title)}, s.explained(r, verdict)...)...)))
	if len(checks.Changes) > 0 {
		n.add(el("section.changes", said("h3", s.Say("page.changes.heading")), s.list(checks.Changes)))
	}
	if s.shows(r) {
		n.add(el("section", s.badge(r, "h3.name")...))
		n.add(s.substance(r.Credential)...)
	}
	if len(r.Credentials) > 0 {
		section := el("section", said("h3", s.Say("page.report.inside")), said("p.soft", s.Say("page.report.inside.each")))
		section.add(s.inside(r)...)
		n.add(section)
	}
	n.In = append(n.In,
		el("section", said("h3", s.Say("page.checks.heading")), s.list(checks.Shown), s.technical(checks.Steps)),
		el("section", said("h3", s.Say("page.device.file")), s.given(r), el("details", said("summary", s.Say("page.record.json")), el("pre", said("code", wording.Visible(json))))))
	return n
}

// shows says whether there is a badge to show.
func (s sheet) shows(r *verifier.Report) bool {
	return r.Credential != nil && r.Authentic != verifier.No && r.Credential.Kind != credential.KindPresentation
}

// explained is what stands below the sentence of a verdict.
func (s sheet) explained(r *verifier.Report, v wording.Verdict) []*Node {
	var newer *Node
	if v.Newer != "" {
		newer = el("p.newer", text(s.Say("page.badge.newer")+" "), link(v.Newer, s.Newer(v.Newer)))
	}
	first := el("p")
	if v.Signer != "" {
		first.add(said("bdi", v.Signer), text(" "))
	}
	var nodes []*Node
	if newer != nil {
		nodes = append(nodes, newer)
	}
	nodes = append(nodes, first)
	if v.Detail != "" {
		first.add(text(v.Detail))
	}
	nodes = append(nodes, said("p", v.Cause))
	if v.Reason != "" {
		nodes = append(nodes, el("p", text(s.Say("page.verdict.reason")+" “"), said("bdi", v.Reason), text("”")))
	}
	return append(nodes, said("p.advice", v.Advice),
		el("p.checked", text(s.Say("page.device.checked")+" "), moment(s.Instant(r.AsOf)), text(".")), s.packed(r))
}

// packed says that a pack stands in for the server, and how old it is; nil without one.
func (s sheet) packed(r *verifier.Report) *Node {
	if s.pack.IsZero() || r.Pointer != "" { // it is told once, of the whole
		return nil
	}
	return said("p.checked", s.Say("page.device.pack.used", "date", s.Day(s.pack).Words, "age", s.Age(&s.pack, r.AsOf, "")))
}

// badge says what it is, whose, from whom and from when.
func (s sheet) badge(r *verifier.Report, heading string) []*Node {
	v := r.Credential
	kind := s.KindName(v.Kind)
	if v.Achievement != nil && v.Achievement.Type != "" {
		kind = s.TypeName(v.Achievement.Type)
	}
	nodes := []*Node{said("p.kind", kind), el(heading, said("bdi", s.BadgeName(v)).inLanguage(s.BadgeLanguage(v)))}
	return append(append(nodes, s.person(r)...), s.facts(v))
}

func (s sheet) person(r *verifier.Report) []*Node {
	v, person := r.Credential, el("p.person")
	to, from := "page.badge.to", "page.badge.awarded_by"
	if r.Authentic != verifier.Yes {
		to, from = "page.badge.says_to", "page.badge.says_from"
	}
	if name := recipientName(v); name != "" {
		person.add(text(s.Say(to)+" "), said("bdi.who", name), text(" "+s.Say("page.badge.by")+" "))
	} else {
		person.add(text(s.Say(from) + " "))
	}
	person.add(el("strong", link(s.here.Link(v.Issuer), s.SignerName(r, s.here))))
	return []*Node{person, el("p.soft.says", text(s.Say("page.badge.identified")+" "), el("span.code", said("bdi", wording.Plain(v.Issuer.ID))))}
}

// party is somebody whom a document names beside its signer, with their address where that is known to be theirs.
func (s sheet) party(p verifier.Party) *Node { return link(s.here.Link(p), s.Named(p, s.here)) }

// mark is what a result says: the issuer's words in their language, and words of the page.
func (s sheet) mark(m verifier.Mark, lang string) []*Node {
	given, status := s.MarkParts(m)
	if given != "" && status != "" {
		status = ", " + status
	}
	return []*Node{said("bdi", given).inLanguage(lang), text(status)}
}

func recipientName(v *verifier.View) string {
	for _, identity := range v.Recipient {
		if identity.Type == "name" && !identity.Hashed {
			return wording.Plain(identity.Value)
		}
	}
	return ""
}

// fact is a line of a list of facts.
func fact(label string, value *Node) *Node {
	return el("div", said("dt", label), el("dd", value))
}

func (s sheet) facts(v *verifier.View) *Node {
	list := el("dl.facts")
	add := func(label string, value *Node) { list.add(fact(s.Say(label), value)) }
	if v.Awarded != "" {
		add("page.badge.awarded", moment(s.SignedDate(v.Awarded)))
	}
	if v.ValidFrom != "" && v.ValidFrom != v.Awarded {
		add("page.badge.from", moment(s.SignedDate(v.ValidFrom)))
	}
	switch {
	case v.ValidUntil != "":
		add("page.badge.until", moment(s.SignedDate(v.ValidUntil)))
	case v.Awarded != "" || v.ValidFrom != "":
		add("page.badge.until", text(s.Say("page.badge.no_end")))
	}
	add("page.badge.known_by", s.known(v))
	add("page.badge.standard", text(s.Standard(v.Standard)))
	if a := v.Achievement; a != nil {
		if a.Version != "" {
			add("page.badge.version", said("bdi", wording.Plain(a.Version)))
		}
		if c := wording.OtherCreator(v); c != nil {
			add("page.badge.creator", s.party(*c))
		}
	}
	return list
}

// known says how the badge identifies its recipient, beside a name.
func (s sheet) known(v *verifier.View) *Node {
	all := el("span")
	for _, identity := range v.Recipient {
		if identity.Type == "name" && !identity.Hashed {
			continue
		}
		if len(all.In) > 0 {
			all.add(text(", "))
		}
		all.add(said("bdi", s.Identity(identity, true)))
	}
	switch {
	case len(all.In) > 0:
		return all
	case recipientName(v) != "":
		return text(s.Say("page.badge.name_only"))
	}
	return text(s.Say("page.badge.nobody"))
}

// substance is what the badge was earned with.
func (s sheet) substance(v *verifier.View) []*Node {
	var nodes []*Node
	section := func(heading string, inside ...*Node) {
		nodes = append(nodes, el("section", append([]*Node{said("h3", s.Say(heading))}, inside...)...))
	}
	a, lang := v.Achievement, s.BadgeLanguage(v)
	if a == nil {
		a = &verifier.Award{}
	}
	if a.Description != "" || len(v.Results) > 0 {
		var marks *Node
		if len(v.Results) > 0 {
			marks = el("dl.marks")
			for _, mark := range v.Results {
				name := said("bdi", wording.Plain(mark.Name)).inLanguage(lang)
				if name == nil {
					name = said("bdi", s.Say("page.badge.result"))
				}
				marks.add(el("div", el("dt", name), el("dd", s.mark(mark, lang)...)))
			}
		}
		section("page.badge.shown", paragraph(wording.Prose(a.Description), lang), marks)
	}
	if a.Criteria != "" || a.CriteriaURL != "" {
		var at *Node
		if a.CriteriaURL != "" {
			at = el("p", link(a.CriteriaURL, s.Say("page.badge.criteria.link")))
		}
		section("page.badge.criteria", narrative(a.Criteria).inLanguage(lang), at)
	}
	if len(v.Evidence) > 0 {
		list := el("ul.items")
		for _, e := range v.Evidence {
			list.add(reference(s.Evidence(e), lang))
		}
		section("page.badge.evidence", list, said("p.soft", s.Say("page.badge.evidence.note")))
	}
	if len(v.Alignments) > 0 {
		list := el("ul.items")
		for _, a := range v.Alignments {
			list.add(reference(s.Alignment(a), lang))
		}
		section("page.badge.aligned", list)
	}
	if len(v.Endorsements) > 0 {
		list := el("ul.items")
		for _, e := range v.Endorsements {
			item := el("li", el("p", s.party(e)))
			if e.ID != "" {
				item.add(el("p.soft.code", said("bdi", wording.Plain(e.ID))))
			}
			list.add(item)
		}
		section("page.badge.endorsed", list)
	}
	return nodes
}

// inside are the credentials inside a presentation or a record, the outer before the inner.
func (s sheet) inside(r *verifier.Report) []*Node {
	var nodes []*Node
	for _, one := range r.Credentials {
		verdict := s.Verdict(one, wording.Standing{Here: s.here})
		name := s.Say("page.report.inside.unnamed")
		if one.Credential != nil {
			name = s.BadgeName(one.Credential)
		}
		within := el("div", el("h4", said("bdi", name).inLanguage(s.BadgeLanguage(one.Credential))), el("p", said("strong", verdict.Title)))
		within.add(s.explained(one, verdict)...)
		if one.Credential != nil {
			within.add(s.person(one)...)
			within.add(s.facts(one.Credential))
		}
		checks := s.Checks(one)
		within.add(s.technical(checks.Steps))
		nodes = append(append(nodes, el("div.band.band-"+string(verdict.Shape)+".inside", sign(wording.Sign(verdict.Shape, one, wording.Standing{Here: s.here})), within)), s.inside(one)...)
	}
	return nodes
}

// list is what was found, for anybody.
func (s sheet) list(found []wording.Noted) *Node {
	list := el("ul.checks")
	for _, f := range found {
		title := el("p.check-title", el("span", text(f.Title+" "), said("span.unseen", "("+f.Word+")")))
		if f.Age != "" {
			title.add(text(" "), said("span.age", f.Age))
		}
		words := el("div", title)
		if f.Text != "" {
			words.add(el("p.soft", said("bdi", f.Text)))
		}
		if f.Advice != "" {
			words.add(said("p.advice", f.Advice))
		}
		list.add(el("li.check", sign(string(f.Shape)), words))
	}
	return list
}

// technical is each check for itself, for those who know the standard.
func (s sheet) technical(steps []wording.Noted) *Node {
	list := el("ol.steps")
	for _, f := range steps {
		detail := el("p.soft", said("bdi", f.Detail))
		if s.Language != wording.English {
			detail.Lang = string(wording.English)
		}
		one := el("li", el("p", said("strong", f.Step), text(": "), said("span.outcome-"+string(f.Shape), f.Word)), detail)
		terms := el("dl.terms")
		for _, t := range []struct{ label, value, class string }{
			{"page.checks.code", f.Code, "dd.code"}, {"page.checks.pointer", f.Pointer, "dd.code"}, {"page.checks.clause", f.Clause, "dd"},
			{"page.checks.address", f.Address, "dd.code"}, {"page.checks.read", f.Read.Words, "dd"}, {"page.checks.pack", f.Pack, "dd.code"},
		} {
			if t.value != "" {
				terms.add(el("div", said("dt", s.Say(t.label)), el(t.class, said("bdi", t.value))))
			}
		}
		if len(terms.In) > 0 {
			one.add(terms)
		}
		list.add(one)
	}
	return el("details.technical", said("summary", s.Say("page.checks.technical")), list)
}

// given says what was checked.
func (s sheet) given(r *verifier.Report) *Node {
	list := el("dl.terms.given")
	if r.Input.SHA256 != "" {
		list.add(el("div", said("dt", s.Say("page.record.hash")), said("dd.code", r.Input.SHA256)))
	}
	if r.Input.URL != "" {
		list.add(el("div", said("dt", s.Say("page.record.address")), el("dd.code", said("bdi", wording.Plain(r.Input.URL)))))
	}
	if r.Input.ReadAt != nil {
		list.add(el("div", said("dt", s.Say("page.record.read")), el("dd", moment(s.Instant(*r.Input.ReadAt)))))
	}
	return list
}

// narrative is a text in Markdown as paragraphs and lists, with what is emphasised. Anything else of it stays as it was written.
func narrative(markdown string) *Node {
	all := el("div.narrative.device-text")
	var list *Node
	for block := range strings.SplitSeq(strings.ReplaceAll(markdown, "\r\n", "\n"), "\n\n") {
		paragraph := el("p")
		for line := range strings.SplitSeq(block, "\n") {
			line = strings.TrimSpace(line)
			item, isItem := strings.CutPrefix(line, "- ")
			if !isItem {
				item, isItem = strings.CutPrefix(line, "* ")
			}
			switch {
			case isItem && list == nil:
				list = el("ul")
				fallthrough
			case isItem:
				list.add(el("li", emphasised(item)...))
			case line != "":
				if list != nil {
					all.In, list = append(all.In, list), nil
				}
				paragraph.add(el("span", emphasised(line+" ")...))
			}
		}
		if list != nil {
			all.In, list = append(all.In, list), nil
		}
		if len(paragraph.In) > 0 {
			all.add(paragraph)
		}
	}
	if len(all.In) == 0 {
		return nil
	}
	return all
}

// emphasis finds **strong** and *emphasised* words.
var emphasis = regexp.MustCompile(`\*\*([^*\s][^*]*)\*\*|\*([^*\s][^*]*)\*`)

// emphasised is a line with its emphasis.
func emphasised(line string) []*Node {
	var nodes []*Node
	at := 0
	for _, m := range emphasis.FindAllStringSubmatchIndex(line, -1) {
		name, from, to := "strong", m[2], m[3]
		if from < 0 {
			name, from, to = "em", m[4], m[5]
		}
		nodes = append(nodes, text(wording.Visible(line[at:m[0]])), said(name, wording.Visible(line[from:to])))
		at = m[1]
	}
	return append(nodes, text(wording.Visible(line[at:])))
}
