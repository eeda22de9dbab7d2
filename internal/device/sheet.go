package device

import (
	"net/url"
	"regexp"
	"strings"

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
	for _, in := range inside {
		if in != nil {
			n.In = append(n.In, in)
		}
	}
	return n
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
func link(address, words string) *Node {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return said("bdi", words)
	}
	n := el("a", said("bdi", words))
	n.Link = u.String()
	return n
}

// sheet puts a report together as the page of POST /verify shows it, by its classes.
type sheet struct{ wording.Language }

// of is the sheet of a whole report.
func (s sheet) of(r *verifier.Report, json string) *Node {
	checks := s.Checks(r)
	verdict := s.Verdict(r, wording.Standing{})
	checks.Once(verdict.Advice)
	kind := el("p.kind", text(s.Say("page.report.found", "kind", s.Kind(r.Input))))
	if r.Input.Name != "" {
		kind.In = append(kind.In, text(" ("), said("bdi.code", wording.Plain(r.Input.Name)), text(")"))
	}
	n := el("article.device-report", kind,
		el("div.band.band-"+string(verdict.Shape), sign(wording.Sign(verdict.Shape, r, wording.Standing{})), el("div", append([]*Node{said("h2", verdict.Title)}, s.explained(r, verdict)...)...)))
	if len(checks.Changes) > 0 {
		n.In = append(n.In, el("section.changes", said("h3", s.Say("page.changes.heading")), s.list(checks.Changes)))
	}
	if s.shows(r) {
		n.In = append(n.In, el("section", s.badge(r.Credential, "h3.name")...))
		n.In = append(n.In, s.substance(r.Credential)...)
	}
	if len(r.Credentials) > 0 {
		section := el("section", said("h3", s.Say("page.report.inside")), said("p.soft", s.Say("page.report.inside.each")))
		section.In = append(section.In, s.inside(r)...)
		n.In = append(n.In, section)
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
	first := el("p")
	if v.Signer != "" {
		first.In = append(first.In, said("bdi", v.Signer), text(" "))
	}
	nodes := []*Node{first}
	if v.Detail != "" {
		first.In = append(first.In, text(v.Detail))
	}
	nodes = append(nodes, said("p", v.Cause))
	if v.Reason != "" {
		nodes = append(nodes, el("p", text(s.Say("page.verdict.reason")+" “"), said("bdi", v.Reason), text("”")))
	}
	return append(nodes, said("p.advice", v.Advice),
		el("p.checked", text(s.Say("page.device.checked")+" "), moment(s.Instant(r.AsOf)), text(".")))
}

// badge says what it is, whose, from whom and from when.
func (s sheet) badge(v *verifier.View, heading string) []*Node {
	kind := s.KindName(v.Kind)
	if v.Achievement != nil && v.Achievement.Type != "" {
		kind = s.TypeName(v.Achievement.Type)
	}
	nodes := []*Node{said("p.kind", kind), el(heading, said("bdi", s.BadgeName(v)))}
	return append(append(nodes, s.person(v)...), s.facts(v))
}

func (s sheet) person(v *verifier.View) []*Node {
	person := el("p.person")
	if name := recipientName(v); name != "" {
		person.In = append(person.In, text(s.Say("page.badge.to")+" "), said("bdi.who", name), text(" "+s.Say("page.badge.by")+" "))
	} else {
		person.In = append(person.In, text(s.Say("page.badge.awarded_by")+" "))
	}
	person.In = append(person.In, el("strong", link(v.Issuer.URL, s.PartyName(v.Issuer))))
	nodes := []*Node{person, el("p.soft.says", text(s.Say("page.badge.identified")+" "), el("span.code", said("bdi", wording.Plain(v.Issuer.ID))))}
	if v.Superseded != "" {
		nodes = append(nodes, el("p.notice", text(s.Say("page.badge.superseded")+" "), link(v.Superseded, wording.Plain(v.Superseded))))
	}
	return nodes
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
	add := func(label string, value *Node) { list.In = append(list.In, fact(s.Say(label), value)) }
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
		if a.Creator != nil && a.Creator.ID != v.Issuer.ID {
			add("page.badge.creator", link(a.Creator.URL, s.PartyName(*a.Creator)))
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
			all.In = append(all.In, text(", "))
		}
		all.In = append(all.In, said("bdi", s.Identity(identity, true)))
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
	a := v.Achievement
	if a == nil {
		a = &verifier.Award{}
	}
	if a.Description != "" || len(v.Results) > 0 {
		var marks *Node
		if len(v.Results) > 0 {
			marks = el("dl.marks")
			for _, mark := range v.Results {
				marks.In = append(marks.In, el("div", el("dt", said("bdi", wording.First(mark.Name, s.Say("page.badge.result")))), el("dd", said("bdi", s.Mark(mark)))))
			}
		}
		section("page.badge.shown", el("p", said("bdi", wording.Prose(a.Description))), marks)
	}
	if a.Criteria != "" || a.CriteriaURL != "" {
		var at *Node
		if a.CriteriaURL != "" {
			at = el("p", link(a.CriteriaURL, s.Say("page.badge.criteria.link")))
		}
		section("page.badge.criteria", narrative(a.Criteria), at)
	}
	if len(v.Evidence) > 0 {
		list := el("ul.items")
		for _, e := range v.Evidence {
			name := wording.First(e.Name, e.Genre, e.ID, s.Say("page.badge.evidence"))
			list.In = append(list.In, el("li", el("p", link(e.ID, name)), el("p.soft", said("bdi", wording.Prose(e.Description))), el("p.soft", said("bdi", wording.Prose(e.Narrative)))))
		}
		section("page.badge.evidence", list, said("p.soft", s.Say("page.badge.evidence.note")))
	}
	if len(v.Alignments) > 0 {
		list := el("ul.items")
		for _, a := range v.Alignments {
			list.In = append(list.In, el("li", el("p", link(a.URL, wording.First(a.Name, a.Code, s.Say("page.badge.alignment.unnamed")))),
				el("p.soft", said("bdi", strings.Join(wording.Present(wording.Plain(a.Framework), wording.Plain(a.Code)), ", ")))))
		}
		section("page.badge.aligned", list)
	}
	if len(v.Endorsements) > 0 {
		list := el("ul.items")
		for _, e := range v.Endorsements {
			list.In = append(list.In, el("li", el("p", link(e.URL, s.PartyName(e)))))
		}
		section("page.badge.endorsed", list)
	}
	return nodes
}

// inside are the credentials inside a presentation or a record, the outer before the inner.
func (s sheet) inside(r *verifier.Report) []*Node {
	var nodes []*Node
	for _, one := range r.Credentials {
		verdict := s.Verdict(one, wording.Standing{})
		name := s.Say("page.report.inside.unnamed")
		if one.Credential != nil {
			name = s.BadgeName(one.Credential)
		}
		within := el("div", el("h4", said("bdi", name)), el("p", said("strong", verdict.Title)))
		within.In = append(within.In, s.explained(one, verdict)...)
		if one.Credential != nil {
			within.In = append(append(within.In, s.person(one.Credential)...), s.facts(one.Credential))
		}
		checks := s.Checks(one)
		within.In = append(within.In, s.technical(checks.Steps))
		nodes = append(append(nodes, el("div.band.band-"+string(verdict.Shape)+".inside", sign(wording.Sign(verdict.Shape, one, wording.Standing{})), within)), s.inside(one)...)
	}
	return nodes
}

// list is what was found, for anybody.
func (s sheet) list(found []wording.Noted) *Node {
	list := el("ul.checks")
	for _, f := range found {
		title := el("p.check-title", el("span", text(f.Title+" "), said("span.unseen", "("+f.Word+")")))
		if f.Age != "" {
			title.In = append(title.In, text(" "), said("span.age", f.Age))
		}
		words := el("div", title)
		if f.Text != "" {
			words.In = append(words.In, el("p.soft", said("bdi", f.Text)))
		}
		if f.Advice != "" {
			words.In = append(words.In, said("p.advice", f.Advice))
		}
		list.In = append(list.In, el("li.check", sign(string(f.Shape)), words))
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
			{"page.checks.address", f.Address, "dd.code"}, {"page.checks.read", f.Read.Words, "dd"},
		} {
			if t.value != "" {
				terms.In = append(terms.In, el("div", said("dt", s.Say(t.label)), el(t.class, said("bdi", t.value))))
			}
		}
		if len(terms.In) > 0 {
			one.In = append(one.In, terms)
		}
		list.In = append(list.In, one)
	}
	return el("details.technical", said("summary", s.Say("page.checks.technical")), list)
}

// given says what was checked.
func (s sheet) given(r *verifier.Report) *Node {
	list := el("dl.terms.given")
	if r.Input.SHA256 != "" {
		list.In = append(list.In, el("div", said("dt", s.Say("page.record.hash")), said("dd.code", r.Input.SHA256)))
	}
	if r.Input.URL != "" {
		list.In = append(list.In, el("div", said("dt", s.Say("page.record.address")), el("dd.code", said("bdi", wording.Plain(r.Input.URL)))))
	}
	if r.Input.ReadAt != nil {
		list.In = append(list.In, el("div", said("dt", s.Say("page.record.read")), el("dd", moment(s.Instant(*r.Input.ReadAt)))))
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
				list.In = append(list.In, el("li", emphasised(item)...))
			case line != "":
				if list != nil {
					all.In, list = append(all.In, list), nil
				}
				paragraph.In = append(paragraph.In, el("span", emphasised(line+" ")...))
			}
		}
		if list != nil {
			all.In, list = append(all.In, list), nil
		}
		if len(paragraph.In) > 0 {
			all.In = append(all.In, paragraph)
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
