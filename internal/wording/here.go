package wording

import (
	"net/url"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/lookalike"
	"github.com/laurelbadges/laurel/verifier"
)

// Issuer is an issuer of an installation.
type Issuer struct {
	ID   string `json:"id"` // its DID or https address
	Name string `json:"name"`
	URL  string `json:"url,omitempty"` // of its page here
}

// Here is what an installation knows of itself. It keeps the names of its issuers apart, so it may use them, and it can tell who only
// uses them. Nil knows nothing, and then all that is said of a signer is what the signature proves: a host, or a key.
type Here struct {
	base   string
	byID   map[string]Issuer
	byURL  map[string]Issuer
	byLook map[string][]Issuer
}

// NewHere takes the public address of an installation, without a slash at the end, and its issuers.
func NewHere(base string, issuers []Issuer) *Here {
	h := &Here{base: base, byID: map[string]Issuer{}, byURL: map[string]Issuer{}, byLook: map[string][]Issuer{}}
	for _, i := range issuers {
		h.byID[i.ID] = i
		if i.URL != "" {
			h.byURL[i.URL] = i
		}
		if look := lookalike.Of(i.Name); look != "" {
			h.byLook[look] = append(h.byLook[look], i)
		}
	}
	return h
}

// issuer is the issuer of the installation that an identifier names.
func (h *Here) issuer(id string) (Issuer, bool) {
	if h == nil {
		return Issuer{}, false
	}
	i, known := h.byID[id]
	return i, known
}

// own says that an address lies on the server of the installation.
func (h *Here) own(address string) bool {
	if h.base == "" {
		return false
	}
	u, err := url.Parse(address)
	base, bad := url.Parse(h.base)
	return err == nil && bad == nil && u.Host != "" && strings.EqualFold(u.Host, base.Host)
}

// borrowing is what a document has of the installation that did not sign it.
type borrowing struct {
	of          Issuer // whose it is; without a name where that is not known
	named       bool   // it is the name; otherwise an identifier or a page
	achievement bool   // its achievement has it; otherwise whoever it says that it is from
}

// borrowed says that a document is said to be from an issuer of the installation that did not sign it, by its name or its pages, or that
// its achievement is. The first claims to be somebody; the second may well be allowed, as a state defines what its districts award. It
// is nil for one that does neither.
func (h *Here) borrowed(v *verifier.View) *borrowing {
	if h == nil || v == nil || v.Kind == credential.KindPresentation {
		return nil
	}
	signer, here := h.issuer(v.Issuer.ID)
	alike := h.byLook[lookalike.Of(v.Issuer.Name)]
	switch {
	case here && slices.ContainsFunc(alike, func(other Issuer) bool { return other.ID == signer.ID }):
		return nil
	case len(alike) > 0:
		return &borrowing{of: alike[0], named: true}
	case here || h.own("https://"+Host(v.Issuer.ID)):
		return nil
	}
	if page := h.leads(v.Issuer.URL, v.Issuer.Image); page != nil || v.Achievement == nil {
		return page
	}
	found := h.defined(v.Achievement)
	if found != nil {
		found.achievement = true
	}
	return found
}

// defined is what an achievement has of the installation; nil for nothing.
func (h *Here) defined(a *verifier.Award) *borrowing {
	var creator verifier.Party
	if a.Creator != nil {
		creator = *a.Creator
	}
	if of, known := h.issuer(creator.ID); known {
		return &borrowing{of: of}
	}
	if alike := h.byLook[lookalike.Of(creator.Name)]; len(alike) > 0 {
		return &borrowing{of: alike[0], named: true}
	}
	return h.leads(a.ID, a.Image, creator.URL, creator.ID, a.CriteriaURL)
}

// leads is whose the first of these addresses is that lies here, by their name where it is their page; nil where none does.
func (h *Here) leads(addresses ...string) (found *borrowing) {
	for _, address := range addresses {
		if of, known := h.byURL[address]; known {
			return &borrowing{of: of}
		}
		if h.own(address) {
			found = &borrowing{}
		}
	}
	return found
}

// borrowed says what an authentic document of somebody else has of the installation; nil for nothing.
func (s Standing) borrowed(r *verifier.Report) *borrowing {
	if s.Own || r.Authentic != verifier.Yes {
		return nil
	}
	return s.Here.borrowed(r.Credential)
}

// host is the host of the installation.
func (h *Here) host() string { return Host(h.base) }

// Link is the address behind the name of a party, "" for none: the page of an issuer of the installation, whatever a document says of it,
// and of anybody else an address on the host that their identifier names. Any other would lend the name of somebody else a door.
func (h *Here) Link(p verifier.Party) string {
	if own, known := h.issuer(p.ID); known {
		return WebLink(own.URL)
	}
	link := WebLink(p.URL)
	if host := Host(p.ID); host != "" && strings.EqualFold(host, Host(link)) {
		return link
	}
	return ""
}

// Newer names the badge in the place of another by where it is found.
func (l Language) Newer(address string) string {
	return l.Say("page.badge.newer.at", "host", Host(address))
}

// signer names who signed an authentic document by what is proven: an issuer of the installation by its name, any other by the host or the
// key that its identifier names, with the name that the document gives itself as its own word. more is a sentence that goes with that, ""
// for none.
func (l Language) signer(r *verifier.Report, known Standing) (who, more string) {
	v, party := r.Credential, SignedBy(r.Credential)
	switch {
	case v == nil:
		return l.Say("noun.The_issuer"), ""
	case v.Kind == credential.KindPresentation && v.Holder == nil:
		return l.Say("noun.The_holder"), ""
	case known.Own:
		return l.PartyName(party), ""
	}
	if own, here := known.Here.issuer(party.ID); here {
		who = First(own.Name, own.ID)
	} else {
		who, more = l.proven(party)
	}
	switch b := known.borrowed(r); {
	case b == nil:
	case b.achievement:
		more = joined(more, l.Say(b.text(), b.pairs(known.Here)...))
	default:
		more = l.Say(b.text(), b.pairs(known.Here)...)
	}
	return who, more
}

// mostNamed is how many characters of a name a sentence has room for.
const mostNamed = 120

// proven is who controls an identifier, and says that they go by a name of their own choice.
func (l Language) proven(p verifier.Party) (who, more string) {
	host, name := Host(p.ID), Cut(Plain(p.Name), mostNamed)
	kind, who := "host", host
	switch {
	case p.ID == "":
		who = l.Say("noun.The_issuer")
	case host == "":
		kind, who, more = "key", l.Say("noun.Keyholder", "key", ShortID(p.ID)), l.Say("verdict.claims.unknown")
	}
	if name != "" && !strings.EqualFold(name, host) {
		who = l.Say("verdict.claims."+kind, "who", who, "name", name)
	}
	return who, more
}

// Called is a party by its host or its key, with the name that it gives itself as its own word.
func (l Language) Called(p verifier.Party) string {
	who, name := First(Host(p.ID), ShortID(p.ID), l.Say("noun.The_issuer")), Cut(Plain(p.Name), mostNamed)
	if name == "" || strings.EqualFold(name, who) {
		return who
	}
	return strings.TrimSuffix(l.Say("verdict.claims.host", "who", who, "name", name), ",") // a sentence goes on behind the comma
}

// Named is what somebody goes by whom a document names beside its signer: an issuer of the installation by the name that it has here,
// whatever the document calls it, and anybody else as [Language.Called] says.
func (l Language) Named(p verifier.Party, h *Here) string {
	if own, here := h.issuer(p.ID); here {
		return First(own.Name, own.ID)
	}
	return l.Called(p)
}

// OtherCreator is who is said to have written the achievement, where that is somebody else than whom the document says that it is from, or
// goes by another name; nil where it is not.
func OtherCreator(v *verifier.View) *verifier.Party {
	if v.Achievement == nil || v.Achievement.Creator == nil {
		return nil
	}
	c := v.Achievement.Creator
	if name := Plain(c.Name); c.ID == v.Issuer.ID && (name == "" || name == Plain(v.Issuer.Name)) {
		return nil
	}
	return c
}

// SignerName is what whoever a document says that it is from goes by, behind words that say whether that is proven. Where it is, that is an
// issuer of the installation by its name, and any other as in [Language.Called]; where it is not, the name that the document gives. It
// is "" where a report has no document.
func (l Language) SignerName(r *verifier.Report, h *Here) string {
	if r.Credential == nil {
		return ""
	}
	party := SignedBy(r.Credential)
	if _, here := h.issuer(party.ID); here || r.Authentic == verifier.Yes && (party.ID != "" || party.Name != "") {
		return l.Named(party, h)
	}
	return l.PartyName(party)
}

// SignerLine is the same for where it stands alone, and so says itself what is not proven.
func (l Language) SignerLine(r *verifier.Report, h *Here) string {
	name := l.SignerName(r, h)
	if party := SignedBy(r.Credential); r.Authentic == verifier.Yes || party.ID == "" && party.Name == "" {
		return name
	}
	return l.Say("signer.unproven", "name", Cut(name, mostNamed))
}

// ShortID is an identifier with its beginning and its end, where two of a kind differ.
func ShortID(id string) string {
	const begin, end = 12, 8
	text := []rune(Plain(id))
	if len(text) <= begin+end+8 {
		return string(text)
	}
	return string(text[:begin]) + "…" + string(text[len(text)-end:])
}

// borrow turns the words for an authentic document into those for one that has something of an issuer here. Where it is said to be from
// them it is never good. Where only its achievement is theirs it stays what it is, and says beside it that they did not sign it.
func (l Language) borrow(v Verdict, h *Here, b *borrowing) Verdict {
	if v.Shape == ShapeNo {
		return v
	}
	advice := l.Say(b.key()+"advice", b.pairs(h)...)
	if b.achievement {
		v.Remark, v.Advice = l.Say(b.key()+"remark", b.pairs(h)...), joined(advice, v.Advice)
		return v
	}
	v.Shape, v.Remark, v.Newer, v.Title, v.Advice = ShapeUnknown, "", "", l.Say(b.key()+"title", b.pairs(h)...), advice
	return v
}

// key is the beginning of the keys of the words for it.
func (b *borrowing) key() string {
	key := "verdict.borrowed."
	if b.achievement {
		key = "verdict.achievement."
	}
	if b.of.Name == "" {
		key += "site."
	}
	return key
}

// text is the key of the sentence that says what it is.
func (b *borrowing) text() string {
	switch {
	case b.of.Name == "":
		return b.key() + "text"
	case b.named:
		return b.key() + "name.text"
	}
	return b.key() + "page.text"
}

// pairs are the values in these words.
func (b *borrowing) pairs(h *Here) []string {
	return []string{"name", Cut(Plain(b.of.Name), mostNamed), "host", h.host()}
}
