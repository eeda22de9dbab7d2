package console

import (
	"errors"
	"net/http"
	"slices"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type organisationPage struct {
	Groups    []factGroup // for whoever may not change anything
	Languages []choice
	Picture   string // address; "" for none
	Version   string // of the organisation, for the form of the picture
	Awards    string // name of the field that says that awards need a second person
	Revokes   string
	Second    bool // something needs a second person now
	Write     bool
}

const (
	fieldSecondAward  = "second." + string(issuer.ActAward)
	fieldSecondRevoke = "second." + string(issuer.ActRevoke)
)

// ownLanguages are those in which earners can be written to.
var ownLanguages = []choice{{"", "English"}, {"es", "Spanish"}}

// organisationPage shows what the organisation says of itself, and how its people work.
func (s *server) organisationPage(v *visit) error {
	o, version, err := v.space.Organisation(v.ctx())
	if err != nil {
		return err
	}
	f := newForm()
	f.Set("version", versionText(version))
	for name, value := range map[string]string{"name": o.Name, "email": o.Email, "website": o.Settings.Website, "description": o.Settings.Description, "language": o.Settings.Language, "accent": o.Settings.Accent, "linkedin": o.Settings.LinkedIn, "zone": o.Settings.Zone,
		"held": ticked(o.Settings.Held), "revocationList": ticked(o.Settings.RevocationList),
		fieldSecondAward: ticked(slices.Contains(o.Settings.Second, issuer.ActAward)), fieldSecondRevoke: ticked(slices.Contains(o.Settings.Second, issuer.ActRevoke))} {
		f.Set(name, value)
	}
	return s.organisationForm(v, http.StatusOK, f)
}

func (s *server) organisationForm(v *visit, status int, f *form) error {
	o, version, err := v.space.Organisation(v.ctx())
	if err != nil {
		return err
	}
	data := organisationPage{Languages: ownLanguages, Version: versionText(version), Awards: fieldSecondAward, Revokes: fieldSecondRevoke,
		Second: len(o.Settings.Second) > 0, Write: v.may(issuer.ScopeIssuerWrite)}
	if o.Settings.Language != "" && !slices.ContainsFunc(data.Languages, func(c choice) bool { return c.Value == o.Settings.Language }) {
		data.Languages = append(slices.Clone(data.Languages), choice{o.Settings.Language, wording.Plain(o.Settings.Language)})
	}
	if o.Image != "" {
		data.Picture = "/i/" + o.ID + "/" + o.Image
	}
	if !data.Write {
		data.Groups = settingsFacts(o)
	}
	return v.show(status, "settings", v.officePage("Settings", f.single(), data, "", ""))
}

// settingsFacts are the settings for somebody who may only look at them.
func settingsFacts(o issuer.Organisation) []factGroup {
	var says, works facts
	says.text("Name", o.Name)
	says.text("E-mail address", o.Email)
	says.link("Website", "", o.Settings.Website)
	says.long("Description", o.Settings.Description)
	says.text("Colour of its pages", o.Settings.Accent)
	says.text("Number of its LinkedIn page", o.Settings.LinkedIn)
	says.text("Time zone of its days", wording.First(o.Settings.Zone, "UTC"))
	says.text("Identifier", o.DID)
	for _, one := range []struct {
		label    string
		is       bool
		yes, not string
	}{
		{"An award is seen", o.Settings.Held, "once its earner has claimed it", "by whoever has its address"},
		{"To award takes", slices.Contains(o.Settings.Second, issuer.ActAward), "two people", "one person"},
		{"To revoke takes", slices.Contains(o.Settings.Second, issuer.ActRevoke), "two people", "one person"},
		{"The 1EdTech revocation list", o.Settings.RevocationList, "is named in awards", "is not named in awards"},
	} {
		if text := one.not; one.is {
			works.text(one.label, one.yes)
		} else {
			works.text(one.label, text)
		}
	}
	return []factGroup{{"says", "What the organisation says of itself", says}, {"works", "How its people work", works}}
}

// organisationCodes are the fields of what the issuer has against settings.
var organisationCodes = map[string]string{"name": "name", "email": "email", "website": "website", "description": "description", "language": "language", "accent": "accent", "linkedin": "linkedin", "zone": "zone", "second": fieldSecondAward}

// changeOrganisation saves the settings. Where that takes a second person, it proposes them.
func (s *server) changeOrganisation(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	c := issuer.Configuration{Name: f.Get("name"), Email: f.Get("email"), Settings: issuer.Settings{Website: f.Get("website"), Description: f.Get("description"),
		Language: f.Get("language"), Accent: f.Get("accent"), LinkedIn: f.Get("linkedin"), Zone: f.Get("zone"), Held: f.Get("held") != "", RevocationList: f.Get("revocationList") != ""}}
	for name, act := range map[string]issuer.Act{fieldSecondAward: issuer.ActAward, fieldSecondRevoke: issuer.ActRevoke} {
		if f.Get(name) != "" {
			c.Settings.Second = append(c.Settings.Second, act)
		}
	}
	_, _, err = v.space.Configure(v.ctx(), c, by)
	if err == nil {
		return v.done("organisation-changed", v.inOffice("settings"))
	}
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Code == "second_person" {
		return v.propose(f, by, issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &c, Why: f.Get("why")}, v.inOffice("settings"), s.organisationForm)
	}
	if err := f.refused(err, organisationCodes); err != nil {
		return err
	}
	return s.organisationForm(v, http.StatusUnprocessableEntity, f)
}

// largestPicture bounds the picture of an organisation, in bytes.
const largestPicture = 2 << 20

// changePicture gives the organisation a picture, or takes it away.
func (s *server) changePicture(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	image, err := f.file("image", largestPicture)
	if err != nil {
		return err
	}
	if remove := f.Get("remove") != ""; remove {
		image = nil
	} else if image == nil && len(f.problems) == 0 {
		f.refuse("image", "Choose a picture first.")
	}
	if len(f.problems) == 0 {
		if _, _, err = v.space.SetPicture(v.ctx(), image, by); err == nil {
			return v.done("picture-changed", v.inOffice("settings"))
		}
		if err := f.refused(err, map[string]string{"image": "image"}); err != nil {
			return err
		}
	}
	return v.show(http.StatusUnprocessableEntity, "settings-picture", v.officePage("The picture", f, v.inOffice("settings", "picture"), "Settings", "settings"))
}
