package earner

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/issuer"
)

// Bounds of what is looked at inside one text. What goes beyond them is not kept.
const (
	insideDeepest = 8
	insideBytes   = 16 << 20 // of all that is unpacked
	insideMost    = 256      // ids
)

// inside are the ids of the credentials in a text.
type inside struct {
	ids  map[string]bool
	left int  // bytes that may still be looked at
	over bool // there is more than that
}

// idsIn are the ids of all credentials in a text, at whatever place and depth: in records and presentations, as JSON, in tokens and
// envelopes, and in pictures and documents that stand in it as data. whole is false where there is more than is looked at. Whoever makes a
// text decides where in it a badge of somebody else stands, so no member is left out by its name.
func idsIn(text []byte) (ids []string, whole bool) {
	in := inside{ids: map[string]bool{}, left: insideBytes}
	in.text(string(text), 0)
	for id := range in.ids {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, !in.over
}

// text looks at JSON, a token, or a data: address. There is nothing in any other text.
func (in *inside) text(text string, depth int) {
	text = strings.TrimSpace(text)
	data, is := cutScheme(text)
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '~' })
	packed := text != "" && (text[0] == '{' || text[0] == '[')
	if !packed && !is && len(parts) < 3 {
		return
	}
	if in.left -= len(text); in.left < 0 || depth > insideDeepest {
		in.over = true
		return
	}
	switch {
	case is:
		in.data(data, depth+1)
	case packed:
		var value any
		if json.Unmarshal([]byte(text), &value) == nil { // whatever the verifier thinks of it
			in.value(value, depth)
		}
	default: // a token (RFC 7515), and what one discloses; other texts have no such parts
		for _, part := range parts {
			if decoded, err := base64.RawURLEncoding.DecodeString(part); err == nil {
				in.text(string(decoded), depth+1)
			}
		}
	}
}

// cutScheme cuts data: off an address.
func cutScheme(address string) (rest string, is bool) {
	const scheme = "data:"
	if len(address) < len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
		return "", false
	}
	return address[len(scheme):], true
}

func (in *inside) value(value any, depth int) {
	switch value := value.(type) {
	case map[string]any:
		in.object(value)
		for _, member := range value {
			in.value(member, depth)
		}
	case []any:
		for _, member := range value {
			in.value(member, depth)
		}
	case string:
		in.text(value, depth+1)
	}
}

// object takes down the id of an object that has what only a credential has.
func (in *inside) object(value map[string]any) {
	for _, name := range []string{"credentialSubject", "issuer", "proof", "verification", "recipient"} {
		if _, has := value[name]; has {
			in.add(value["id"])
			in.add(value["@id"])
			break
		}
	}
	in.add(value["jti"])
}

func (in *inside) add(id any) {
	text, _ := id.(string)
	switch {
	case text == "" || len(text) > 512 || in.ids[text]:
	case len(in.ids) == insideMost:
		in.over = true
	default:
		in.ids[text] = true
	}
}

// data looks at what stands in a data: address after the scheme (RFC 2397). Nothing is drawn: codes in pictures hold no more than an address.
func (in *inside) data(address string, depth int) {
	head, rest, _ := strings.Cut(address, ",")
	content := []byte(rest)
	if strings.HasSuffix(head, ";base64") {
		decoded, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			decoded, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(rest, "="))
		}
		if err != nil {
			return
		}
		content = decoded
	} else if decoded, err := url.PathUnescape(rest); err == nil {
		content = []byte(decoded)
	}
	if strings.HasPrefix(head, "image/") || bake.IsPNG(content) || bake.IsSVG(content) {
		texts, _ := bake.UnbakeAll(content) // a picture that cannot be read holds nothing that can be
		for _, text := range texts {
			in.text(string(text), depth)
		}
		return
	}
	for item := range carrier.Open(content, "") {
		if in.left -= len(item.Bytes); in.left < 0 {
			in.over = true
			return
		}
		in.text(string(item.Text), depth)
	}
}

// awardIn is the id that an award of this installation of some name would have here; "" where none has such a name.
func awardIn(name string) string {
	id := name[strings.LastIndexByte(name, '/')+1:]
	if hex, is := strings.CutPrefix(strings.ToLower(name), "urn:uuid:"); is {
		id = idOfUUID(hex)
	}
	if bits, err := base64.RawURLEncoding.DecodeString(id); err != nil || len(bits) != 16 {
		return ""
	}
	return id
}

func idOfUUID(text string) string {
	var bits []byte
	if _, err := fmt.Sscanf(strings.ReplaceAll(text, "-", ""), "%x", &bits); err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(bits)
}

// copied says by which id a credential inside a badge that was brought is found, when that credential is erased.
type copied struct {
	Import  string `json:"import"` // Imported.ID
	Name    string `json:"name"`   // digest of the id, as of namesOf
	Address string `json:"address"`
}

var copies = issuer.Table[copied]{
	Kind:    issuer.Kind{Name: "earner-copy", Lookups: []string{"import", "name", "address"}},
	Key:     func(c *copied) string { return c.Import + "." + c.Name },
	Lookups: func(c *copied) []string { return []string{c.Import, c.Name, c.Address} },
}

// enterCopies enters the ids inside a badge that is kept.
func enterCopies(tx issuer.Tx, i *Imported, ids []string) error {
	for name := range namesIn(ids) {
		c := copied{Import: i.ID, Name: name, Address: i.Address}
		_, version, err := optional(tx, copies, copies.Key(&c))
		if err != nil {
			return err
		}
		if err := copies.Put(tx, &c, version); err != nil {
			return err
		}
	}
	return nil
}

func namesIn(ids []string) map[string]bool {
	all := map[string]bool{}
	for _, id := range ids {
		all[namesOf(id)] = true
	}
	return all
}

// theirsInside says whether all awards in a badge are held by whoever has some addresses.
func theirsInside(tx issuer.Tx, ours, awards []string) (bool, error) {
	for _, id := range awards {
		h, version, err := optional(tx, holdings, id)
		if err != nil || version == 0 || !slices.Contains(ours, h.Address) {
			return false, err
		}
	}
	return true, nil
}

// awardsIn are those of some ids that are awards of this installation, or were.
func (s *Service) awardsIn(ctx context.Context, ids []string) (awards []string, err error) {
	for _, id := range ids {
		if awardIn(id) == "" {
			continue
		}
		c, err := s.Office.Credential(ctx, id)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(awards, c.ID) {
			awards = append(awards, c.ID)
		}
	}
	return awards, nil
}

// shownInside says whether everybody may see all awards in a badge that was brought. Their earner decides that anew at any time.
func (s *Service) shownInside(ctx context.Context, i *Imported) (bool, error) {
	for _, id := range i.Holds {
		c, err := s.Office.Credential(ctx, id)
		if isMissing(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if c.Erased != nil || !c.Visible() {
			return false, nil
		}
	}
	return true, nil
}

// importsAnew looks into a page of the badges that were brought before it was known what they hold. Those in which somebody else's award
// stands are taken away.
func importsAnew(tx issuer.Tx, after string) (count int, next string, err error) {
	page, next, err := imports.List(tx, issuer.Query{After: after, Limit: 20})
	if err != nil {
		return 0, "", err
	}
	for n := range page {
		if err := lookInto(tx, page[n].ID); err != nil {
			return 0, "", err
		}
	}
	if next != "" {
		next = inImports + next
	}
	return len(page), next, nil
}

// inImports begins the cursors of importsAnew.
const inImports = "imports "

func lookInto(tx issuer.Tx, id string) error {
	i, version, err := imports.Get(tx, id)
	if err != nil || i.Award != "" {
		return err
	}
	f, _, err := optional(tx, files, id)
	if err != nil {
		return err
	}
	ids, whole := idsIn([]byte(f.Text))
	i.Holds = nil
	for _, name := range ids {
		award := awardIn(name)
		if award == "" {
			continue
		}
		if _, known, err := optional(tx, holdings, award); err != nil {
			return err
		} else if known > 0 && !slices.Contains(i.Holds, award) {
			i.Holds = append(i.Holds, award)
		}
	}
	ours, err := addressesOf(tx, i.Address)
	if err != nil {
		return err
	}
	fine, err := theirsInside(tx, ours, i.Holds)
	if err != nil {
		return err
	}
	if !fine || !whole {
		return discard(tx, id)
	}
	if err := enterCopies(tx, &i, ids); err != nil {
		return err
	}
	return imports.Put(tx, &i, version)
}
