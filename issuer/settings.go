package issuer

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// Configuration is what an organisation says of itself, and how its people want to work.
type Configuration struct {
	Name     string
	Email    string // "" is none
	Settings Settings
}

// acts are all acts that can need a second person.
var acts = []Act{ActAward, ActRevoke}

const (
	longestDescription = 2000 // bytes
	longestAddress     = 2000 // bytes of a web address
)

const longestZone = 64 // bytes of the name of a time zone

// colourCode is a colour as style sheets write it.
var colourCode = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// pageNumber is what LinkedIn calls the page of a company by, in the address of its administration.
var pageNumber = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

// letterLanguage is a BCP 47 tag of a language, and where it matters a script and a region: in what letters can be written in.
var letterLanguage = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)

// Configure changes what an organisation says of itself and how it works. What is signed stays as it is: a new name stands in the
// awards from now on, in the issuer's documents and on its pages. Where the change would let one person do what needs two until now,
// it needs a second person itself (kind denied, code second_person): see [Workspace.Propose]. by.Once gets the [Organisation].
func (w Workspace) Configure(ctx context.Context, c Configuration, by Write) (Organisation, uint64, error) {
	c, err := c.checked()
	if err != nil {
		return Organisation{}, 0, err
	}
	return w.service.configure(ctx, w.organisation, by, func(tx Tx, o *Organisation) error {
		if o.loosenedBy(c) {
			return secondPerson()
		}
		if err := renamed(tx, o, c); err != nil {
			return err
		}
		o.become(c)
		return nil
	})
}

// configure runs change on the organisation in one transaction with its audit entry.
func (s *Service) configure(ctx context.Context, organisation string, by Write, change func(Tx, *Organisation) error) (o Organisation, version uint64, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		o, version, err = s.configureIn(tx, organisation, by, change)
		return err
	})
	return o, version, stored(err)
}

func (s *Service) configureIn(tx Tx, organisation string, by Write, change func(Tx, *Organisation) error) (Organisation, uint64, error) {
	o, version, err := organisations.Get(tx, organisation)
	if err != nil {
		return o, 0, err
	}
	if err := by.on(version); err != nil {
		return o, 0, err
	}
	if err := change(tx, &o); err != nil {
		return o, 0, err
	}
	if err := organisations.Put(tx, &o, version); err != nil {
		return o, 0, err
	}
	version++
	if err := by.Once.keep(tx, "", o, version); err != nil {
		return o, 0, err
	}
	return o, version, record(tx, AuditEntry{At: s.now(), Actor: by.Actor, Action: "organisation.configured", Subject: o.ID})
}

// configuration is what the organisation says of itself now.
func (o *Organisation) configuration() Configuration {
	return Configuration{Name: o.Name, Email: o.Email, Settings: o.Settings}
}

// become takes over a configuration that was checked.
func (o *Organisation) become(c Configuration) {
	o.Name, o.Email, o.Settings = c.Name, c.Email, c.Settings
}

// loosenedBy says that a configuration lets one person do what needs two now.
func (o *Organisation) loosenedBy(c Configuration) bool {
	return slices.ContainsFunc(o.Settings.Second, func(act Act) bool { return !slices.Contains(c.Settings.Second, act) })
}

// checked returns the configuration as it is kept.
func (c Configuration) checked() (Configuration, error) {
	c.Name = plainName(c.Name)
	if err := checkLength(c.Name, "The issuer"); err != nil {
		return c, err
	}
	if c.Email = strings.TrimSpace(c.Email); c.Email != "" {
		var err error
		if c.Email, err = NewAddress(c.Email); err != nil {
			return c, err
		}
	}
	set := &c.Settings
	set.Accent = strings.ToLower(strings.TrimSpace(set.Accent))
	set.LinkedIn, set.Zone = strings.TrimSpace(set.LinkedIn), strings.TrimSpace(set.Zone)
	set.Website, set.Description, set.Language = strings.TrimSpace(set.Website), strings.TrimSpace(set.Description), strings.TrimSpace(set.Language)
	switch {
	case set.Website != "" && (!isWebAddress(set.Website) || len(set.Website) > longestAddress || !validText(set.Website)):
		return c, invalid("website", "The address of the website has to begin with https:// or http://, and may have 2000 bytes.")
	case len(set.Description) > longestDescription || !plainText(set.Description):
		return c, invalid("description", "The description is longer than 2000 bytes or not valid text.")
	case set.Language != "" && !letterLanguage.MatchString(set.Language):
		return c, invalid("language", "The language is not a tag such as en, es or pt-BR.")
	case set.LinkedIn != "" && !pageNumber.MatchString(set.LinkedIn):
		return c, invalid("linkedin", "The number of the LinkedIn page has to have 1 to 19 digits.")
	case set.Accent != "" && !colourCode.MatchString(set.Accent):
		return c, invalid("accent", "The colour has to be # and six hexadecimal digits, such as #1d5b43.")
	case !isZone(set.Zone):
		return c, invalid("zone", "The time zone is not a name such as America/Los_Angeles or Europe/Madrid.")
	case slices.ContainsFunc(set.Second, func(act Act) bool { return !slices.Contains(acts, act) }):
		return c, invalid("second", "A second person can be asked for to award and to revoke, and for nothing else.")
	}
	if set.Second = slices.Compact(slices.Sorted(slices.Values(set.Second))); len(set.Second) == 0 {
		set.Second = nil
	}
	return c, nil
}

// isZone says that a text is a name in the IANA time zone database, or empty. The zone of this machine is none of them: the pages of
// all machines of an installation say the same.
func isZone(name string) bool {
	if len(name) > longestZone || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// Location is the time zone in which the organisation tells its days: UTC where none is set, and where this machine does not know it.
func (s Settings) Location() *time.Location {
	if zone, err := time.LoadLocation(s.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// party is the issuer as it stands in awards.
func (o *Organisation) party() credential.Party {
	p := credential.Party{ID: o.DID, Name: o.Name, URL: o.URL, Email: o.Email}
	if o.Image != "" {
		p.Image = credential.Image{ID: o.URL + "/" + o.Image}
	}
	return p
}

// profileOf is the issuer as JSON-LD (OB 3.0 B Profile).
func profileOf(o Organisation) ([]byte, error) {
	type image struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	profile := struct {
		Context     []string `json:"@context"`
		ID          string   `json:"id"`
		Type        []string `json:"type"`
		Name        string   `json:"name"`
		URL         string   `json:"url"`
		Description string   `json:"description,omitempty"`
		Image       *image   `json:"image,omitempty"`
		Email       string   `json:"email,omitempty"`
	}{publishedContexts, o.DID, []string{"Profile"}, o.Name, o.URL, o.Settings.Description, nil, o.Email}
	if o.Image != "" {
		profile.Image = &image{o.URL + "/" + o.Image, "Image"}
	}
	return indented(profile)
}

// hostOrganisation is the organisation whose identity is the did:web of the host: the first, as every later one has a path of its own.
func hostOrganisation(tx Tx) (Organisation, error) {
	first, _, err := organisations.List(tx, Query{By: "all", Value: inAll, Limit: 1})
	if err != nil {
		return Organisation{}, err
	}
	if len(first) == 0 || !strings.HasPrefix(first[0].DID, "did:web:") || strings.Count(first[0].DID, ":") != 2 {
		return Organisation{}, ErrNotFound
	}
	return first[0], nil
}

// logos are the pictures of organisations.
var logos = Table[keptPicture]{
	Kind: Kind{Name: "organisation-picture"},
	Key:  func(p *keptPicture) string { return p.Of },
}

// SetPicture gives the organisation a picture, PNG or SVG, which is cleaned as credential/picture does; no bytes take it away. It is served
// under the address of the organisation by the name Organisation.Image, and awards name it from now on. by.Once gets the [Organisation].
func (w Workspace) SetPicture(ctx context.Context, image []byte, by Write) (Organisation, uint64, error) {
	var safe []byte
	name := ""
	if len(image) > 0 {
		var err error
		if name, safe, err = cleaned(image); err != nil {
			return Organisation{}, 0, err
		}
	}
	return w.service.configure(ctx, w.organisation, by, func(tx Tx, o *Organisation) error {
		o.Image = name
		return putPicture(tx, logos, pictureOf(o.ID, name, safe))
	})
}

// OrganisationPicture returns the picture that stands under the address of an organisation by this name, image.png or image.svg. Kind
// missing when there is none.
func (s *Service) OrganisationPicture(ctx context.Context, id, name string) (image []byte, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		image, err = organisationPicture(tx, id, name)
		return err
	})
	return image, stored(err)
}

func organisationPicture(tx Tx, id, name string) ([]byte, error) {
	o, _, err := organisations.Get(tx, id)
	if err != nil {
		return nil, err
	}
	if name == "" || o.Image != name {
		return nil, ErrNotFound
	}
	return pictureAt(tx, logos, id, name)
}
