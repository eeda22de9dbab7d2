package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/issuer"
)

// settingsResource is what an organisation says of itself, and how its people want to work.
type settingsResource struct {
	Name           string       `json:"name"`
	Email          string       `json:"email,omitempty"`
	Website        string       `json:"website,omitempty"`
	Description    string       `json:"description,omitempty"`
	Language       string       `json:"language,omitempty"`
	Accent         string       `json:"accent,omitempty"`
	LinkedIn       string       `json:"linkedIn,omitempty"`
	Zone           string       `json:"zone,omitempty"`
	Held           bool         `json:"held"`
	Second         []issuer.Act `json:"second"`
	RevocationList bool         `json:"revocationList"`
	// RevocationListURL is the address of the first 1EdTechRevocationList that awards name.
	RevocationListURL string `json:"revocationListUrl,omitempty"`
	Image             string `json:"image,omitempty"` // address of the picture
}

func showSettings(o issuer.Organisation) settingsResource {
	set := o.Settings
	r := settingsResource{Name: o.Name, Email: o.Email, Website: set.Website, Description: set.Description, Language: set.Language, Accent: set.Accent, LinkedIn: set.LinkedIn, Zone: set.Zone, Held: set.Held,
		Second: append([]issuer.Act{}, set.Second...), RevocationList: set.RevocationList}
	if set.RevocationList {
		r.RevocationListURL = o.URL + "/revocations"
	}
	if o.Image != "" {
		r.Image = o.URL + "/" + o.Image
	}
	return r
}

var settingsPlaces = places{codes: map[string]string{"name": "/name", "email": "/email", "website": "/website", "description": "/description",
	"language": "/language", "accent": "/accent", "linkedin": "/linkedIn", "zone": "/zone", "second": "/second", "image": "", "why": "/why"}}

func (s *server) settings(c echo.Context) error {
	o, version, err := s.own(c)
	if err != nil {
		return err
	}
	return give(c, version, showSettings(o))
}

// configure changes the settings that are given, and leaves the others.
func (s *server) configure(c echo.Context) error {
	if err := s.ownAddress(c); err != nil {
		return err
	}
	var change []func(*issuer.Configuration)
	var why string
	var fresh issuer.Configuration
	set := &fresh.Settings
	member := func(read reader, apply func(*issuer.Configuration)) reader {
		return func(pointer string, value any) {
			read(pointer, value)
			change = append(change, apply)
		}
	}
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{
			"name":           member(f.text(&fresh.Name), func(c *issuer.Configuration) { c.Name = fresh.Name }),
			"email":          member(f.text(&fresh.Email), func(c *issuer.Configuration) { c.Email = fresh.Email }),
			"website":        member(f.text(&set.Website), func(c *issuer.Configuration) { c.Settings.Website = set.Website }),
			"description":    member(f.text(&set.Description), func(c *issuer.Configuration) { c.Settings.Description = set.Description }),
			"language":       member(f.text(&set.Language), func(c *issuer.Configuration) { c.Settings.Language = set.Language }),
			"linkedIn":       member(f.text(&set.LinkedIn), func(c *issuer.Configuration) { c.Settings.LinkedIn = set.LinkedIn }),
			"accent":         member(f.text(&set.Accent), func(c *issuer.Configuration) { c.Settings.Accent = set.Accent }),
			"zone":           member(f.text(&set.Zone), func(c *issuer.Configuration) { c.Settings.Zone = set.Zone }),
			"held":           member(f.boolean(&set.Held), func(c *issuer.Configuration) { c.Settings.Held = set.Held }),
			"revocationList": member(f.boolean(&set.RevocationList), func(c *issuer.Configuration) { c.Settings.RevocationList = set.RevocationList }),
			"second": member(list(f, &set.Second, func(act *issuer.Act) reader { return word(f, act) }),
				func(c *issuer.Configuration) { c.Settings.Second = set.Second }),
			"why": f.text(&why),
		}
	})
	if err == nil {
		err = seen(c)
	}
	if err != nil {
		return err
	}
	return s.changeSettings(c, body, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		o, version, err := w.Organisation(ctx)
		if err != nil {
			return nil, 0, err
		}
		if by.Versions == nil { // any, but not one that comes in between
			by.Versions = []uint64{version}
		}
		configuration := issuer.Configuration{Name: o.Name, Email: o.Email, Settings: o.Settings}
		for _, apply := range change {
			apply(&configuration)
		}
		return s.orPropose(c, w, by, issuer.ScopeIssuerWrite, issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &configuration, Why: why}, func() (any, uint64, error) {
			o, version, err := w.Configure(ctx, configuration, by)
			return o, version, err
		})
	})
}

func (s *server) changeSettings(c echo.Context, body []byte, do func(context.Context, issuer.Workspace, issuer.Write) (any, uint64, error)) error {
	return s.change(c, write{status: http.StatusOK, body: body, proposes: true, places: settingsPlaces,
		shown: func(value any) any { return showSettings(value.(issuer.Organisation)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			return do(c.Request().Context(), w, by)
		}})
}

// setLogo gives the organisation a picture.
func (s *server) setLogo(c echo.Context) error {
	if err := s.ownAddress(c); err != nil {
		return err
	}
	image, _, err := raw(c.Request(), picture.PNG, picture.SVG)
	if err != nil {
		return err
	}
	if len(image) == 0 {
		return failure{status: http.StatusUnprocessableEntity, code: "image", detail: "The picture is empty."}
	}
	return s.changeLogo(c, image)
}

// removeLogo takes the picture of the organisation away.
func (s *server) removeLogo(c echo.Context) error {
	if err := s.ownAddress(c); err != nil {
		return err
	}
	if _, err := decode(c.Request(), nothing); err != nil {
		return err
	}
	return s.changeLogo(c, nil)
}

func (s *server) changeLogo(c echo.Context, image []byte) error {
	return s.changeSettings(c, image, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		o, version, err := w.SetPicture(ctx, image, by)
		return o, version, err
	})
}
