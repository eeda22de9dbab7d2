package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// credentialResource is an award as the API shows it: everything about it but the person, who stands in its files.
type credentialResource struct {
	ID           string                 `json:"id"`
	Identifier   string                 `json:"identifier"` // the id inside the credential
	URL          string                 `json:"url"`
	Issuer       string                 `json:"issuer"`
	Achievement  string                 `json:"achievement"`
	State        issuer.CredentialState `json:"state"`
	Issued       *timestamp             `json:"issued,omitempty"`
	AwardedDate  string                 `json:"awardedDate,omitempty"`
	ValidFrom    string                 `json:"validFrom,omitempty"`
	ValidUntil   string                 `json:"validUntil,omitempty"`
	Access       string                 `json:"access"`
	Claimed      *timestamp             `json:"claimed,omitempty"`
	Batch        string                 `json:"batch,omitempty"`
	Supersedes   string                 `json:"supersedes,omitempty"`
	SupersededBy string                 `json:"supersededBy,omitempty"`
	Renewal      bool                   `json:"renewal,omitempty"` // the award that it supersedes stays in force until it ends
	Revoked      *changeResource        `json:"revoked,omitempty"`
	Suspended    *changeResource        `json:"suspended,omitempty"`
	Erased       *timestamp             `json:"erased,omitempty"`
	Files        *files                 `json:"files,omitempty"`
}

func (r credentialResource) address() string { return prefix + "/credentials/" + r.ID }

// changeResource says when and why the standing of an award changed: what of it is public.
type changeResource struct {
	At     timestamp         `json:"at"`
	Code   issuer.ReasonCode `json:"code,omitempty"`
	Reason string            `json:"reason,omitempty"`
}

// files are the addresses of an award in its forms.
type files struct {
	JSON string `json:"json"`
	JWT  string `json:"jwt"`
	PNG  string `json:"png"`
	SVG  string `json:"svg"`
	Base string `json:"base,omitempty"` // under this API alone: for the holder, who derives from it what he shows
}

func showCredential(c issuer.Credential) credentialResource {
	r := credentialResource{ID: c.ID, Identifier: c.Identifier, URL: c.URL, Issuer: c.Organisation, Achievement: c.Achievement,
		State: c.State(), Access: cmp.Or(string(c.Access), "unlisted"), Batch: c.Batch, Supersedes: c.Supersedes, SupersededBy: c.SupersededBy,
		Renewal: c.Renewal, Revoked: showChange(c.Revoked), Suspended: showChange(c.Suspended)}
	if !c.Claimed.IsZero() {
		r.Claimed = optional(&c.Claimed)
	}
	document := c.JSON
	if c.Issued.IsZero() {
		document = c.Unsigned
	} else {
		r.Issued = optional(&c.Issued)
	}
	switch {
	case c.Erased != nil:
		r.Erased = optional(&c.Erased.At)
	case !c.Issued.IsZero():
		r.Files = &files{JSON: c.URL + ".json", JWT: c.URL + ".jwt", PNG: c.URL + ".png", SVG: c.URL + ".svg"}
		if c.Base != nil {
			r.Files.Base = r.address() + "/base"
		}
	}
	r.AwardedDate, r.ValidFrom, r.ValidUntil = textOf(document, "awardedDate"), textOf(document, "validFrom"), textOf(document, "validUntil")
	return r
}

// textOf is the text of a member of a JSON object that this program wrote, of its own and not of an object in it, as it stands there: for
// dates, which have no escapes. "" where there is none.
func textOf(object []byte, name string) string {
	depth := 0
	for i := 0; i < len(object); i++ {
		switch object[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			from := i + 1
			if i = endOfText(object, from); i < 0 {
				return ""
			}
			if depth != 1 || string(object[from:i]) != name {
				continue
			}
			value, isName := bytes.CutPrefix(bytes.TrimLeft(object[i+1:], space), []byte(":"))
			if text, isText := bytes.CutPrefix(bytes.TrimLeft(value, space), []byte(`"`)); isName && isText {
				return string(text[:max(endOfText(text, 0), 0)])
			}
		}
	}
	return ""
}

const space = " \t\r\n" // between the parts of a JSON text

// endOfText is where the quotation mark stands that ends a text; below 0 where there is none.
func endOfText(object []byte, from int) int {
	for i := from; i < len(object); i++ {
		switch object[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func showChange(c *issuer.Change) *changeResource {
	if c == nil {
		return nil
	}
	return &changeResource{timestamp{c.At}, c.Code, c.Reason}
}

// timestamp is an instant in UTC, in whole seconds, as documents have it.
type timestamp struct{ time.Time }

// MarshalJSON writes RFC 3339.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.UTC().Format(time.RFC3339) + `"`), nil
}

func optional(t *time.Time) *timestamp {
	if t == nil {
		return nil
	}
	return &timestamp{*t}
}

// credentialStates are those by which awards can be listed.
var credentialStates = []issuer.CredentialState{issuer.CredentialPending, issuer.CredentialIssued, issuer.CredentialSuspended, issuer.CredentialRevoked, issuer.CredentialErased}

func isCredentialState(text string) bool {
	return slices.Contains(credentialStates, issuer.CredentialState(text))
}

// isDay tells a date (RFC 3339 full-date).
func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func (s *server) credentials(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"achievement": isID, "state": isCredentialState, "batch": isID,
		"issued_from": isDay, "issued_until": isDay, "newest": isBoolean})
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	filter := issuer.CredentialFilter{Achievement: p.filters["achievement"], State: issuer.CredentialState(p.filters["state"]), Batch: p.filters["batch"],
		Newest: p.filters["newest"] == "true"}
	filter.IssuedFrom, _ = time.Parse(time.DateOnly, p.filters["issued_from"]) // they were checked, or are not there
	filter.IssuedUntil, _ = time.Parse(time.DateOnly, p.filters["issued_until"])
	all, next, err := space.Credentials(c.Request().Context(), filter, p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showCredential, p, next)
}

// sought is what awards are looked for by.
type sought struct {
	filter    issuer.CredentialFilter
	recipient string // address
	text      string
	cursor    string
	limit     int
}

// filterMembers are those of a filter of awards.
func filterMembers(f *form, in *issuer.CredentialFilter, recipient *string) map[string]reader {
	return map[string]reader{
		"achievement": f.text(&in.Achievement), "batch": f.text(&in.Batch),
		"state": func(pointer string, value any) {
			if word(f, &in.State)(pointer, value); in.State != "" && !isCredentialState(string(in.State)) {
				f.refuse(pointer, fmt.Sprintf("one of these was expected: %v", credentialStates))
			}
		},
		"recipient": f.members(map[string]reader{"email": f.text(recipient)}, "email"), "issuedFrom": f.day(&in.IssuedFrom), "issuedUntil": f.day(&in.IssuedUntil),
	}
}

// filled looks up what a filter names by the address of a person.
func (s *server) filled(c echo.Context, filter issuer.CredentialFilter, recipient string) (issuer.CredentialFilter, error) {
	if recipient == "" {
		return filter, nil
	}
	var err error
	filter.Recipient, err = s.office.RecipientKey(c.Request().Context(), Token(c).Organisation, recipient)
	return filter, err
}

// search lists awards by what must not stand in an address: whom they are for.
func (s *server) search(c echo.Context) error {
	q := sought{limit: usualPage}
	_, err := decode(c.Request(), func(f *form) map[string]reader {
		members := filterMembers(f, &q.filter, &q.recipient)
		members["text"], members["cursor"], members["newest"] = f.text(&q.text), f.text(&q.cursor), f.boolean(&q.filter.Newest)
		members["limit"] = func(pointer string, value any) {
			if f.whole(&q.limit)(pointer, value); q.limit < 1 || q.limit > largestPage {
				f.refuse(pointer, fmt.Sprintf("a number from 1 to %d was expected", largestPage))
			}
		}
		return members
	})
	if err == nil {
		err = noQuery(c)
	}
	if err != nil {
		return err
	}
	space, token := s.workspace(c)
	ctx := c.Request().Context()
	filter, err := s.filled(c, q.filter, q.recipient)
	if err != nil {
		return err
	}
	var found []issuer.Credential
	var next string
	switch {
	case q.text == "":
		found, next, err = space.Credentials(ctx, filter, q.cursor, q.limit)
	case filter != (issuer.CredentialFilter{}):
		return wrongMembers(at("/text", "a text cannot be sought together with anything else"))
	case s.earners == nil:
		return notHere()
	default:
		found, next, err = s.searchText(ctx, space, token.Organisation, q)
	}
	if err != nil {
		return err
	}
	list := struct {
		items[credentialResource]
		Next string `json:"next,omitempty"`
	}{items[credentialResource]{[]credentialResource{}}, next}
	for _, one := range found {
		list.Items = append(list.Items, showCredential(one))
	}
	body, err := encode(list)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, body)
}

// searchText finds awards by the name or address of their earner, or by a name of the award.
func (s *server) searchText(ctx context.Context, space issuer.Workspace, organisation string, q sought) (found []issuer.Credential, next string, err error) {
	ids, next, err := s.earners.Search(ctx, organisation, q.text, q.cursor, q.limit)
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		award, _, err := space.Credential(ctx, id)
		if errors.Is(err, issuer.ErrNotFound) { // erased in between
			continue
		}
		if err != nil {
			return nil, "", err
		}
		found = append(found, award)
	}
	return found, next, nil
}

func (s *server) credential(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	award, version, err := space.Credential(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, version, showCredential(award))
}

// base gives the form of an award from which its holder derives others. Whoever may award hands it on; it is published nowhere.
func (s *server) base(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	award, _, err := space.Credential(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if award.Base == nil {
		return notFound()
	}
	return c.Blob(http.StatusOK, mediaCredential, award.Base)
}
