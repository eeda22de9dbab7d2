package issuer

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// AchievementInput is a micro-credential to be published.
type AchievementInput struct {
	Organisation string // Organisation.ID; "" where there is exactly one
	Name         string
	Description  string
	Criteria     string // how it is earned, Markdown
	CriteriaURL  string // where that is published too; optional
	Type         string // achievementType; "" is MicroCredential
	Version      string
	Language     string // BCP 47
	Tags         []string
	Alignments   []credential.Alignment
	// Results is the rubric. The ID of a description or level is a short name here, of letters, digits, "-" and "_", unique
	// in the achievement; "" numbers it. RequiredLevel names a level so.
	Results []credential.ResultDescription
	// Image is a PNG or SVG within the bounds of credential/picture, which cleans it; it is served under the address of the
	// achievement. Optional.
	Image        []byte
	ImageCaption string // what the picture shows, for those who do not see it
	Actor        string // who publishes it, for the audit log; no e-mail address

	Creator Creator // who wrote the definition, where that is not the organisation: both are shown
	Related []credential.Related
	// CreditsAvailable are the hours or credits that the definition comes with, by the word of who wrote it; 0: none are stated. What
	// they count for elsewhere is for others to say.
	CreditsAvailable float64
	FieldOfStudy     string
	Specialization   string
	HumanCode        string // as in a catalogue
	OtherIdentifiers []credential.Identifier
	About            About

	Duplicates DuplicatePolicy // "" is DuplicatesAllowed
	Months     int             // after which an award ends, unless it says otherwise; 0: it does not end
	Renewable  bool
}

// Creator is who wrote the definition of an achievement. The zero value is nobody but the organisation.
type Creator struct {
	Name        string
	ID          string // https or http address, did: or urn:; "" is URL
	URL         string // https or http; optional
	Description string
}

// Input returns what the achievement was made of, to be changed and given again. The picture, which stays as it is where none is given,
// is not in it, nor is the version that it replaces, which is always named.
func (a *Achievement) Input() AchievementInput {
	c := a.Content
	in := AchievementInput{Organisation: a.Organisation, Name: c.Name, Description: c.Description, Criteria: c.Criteria.Narrative,
		CriteriaURL: c.Criteria.ID, Type: c.AchievementType, Version: c.Version, Language: c.InLanguage, Tags: slices.Clone(c.Tags),
		Alignments: slices.Clone(c.Alignments), Results: slices.Clone(c.ResultDescriptions), ImageCaption: c.Image.Caption,
		Related: slices.Clone(c.Related), CreditsAvailable: c.CreditsAvailable, FieldOfStudy: c.FieldOfStudy, Specialization: c.Specialization,
		HumanCode: c.HumanCode, OtherIdentifiers: slices.Clone(c.OtherIdentifiers), About: a.About,
		Duplicates: a.Duplicates, Months: a.Months, Renewable: a.Renewable}
	if a.Replaces != "" {
		in.Related = slices.DeleteFunc(in.Related, a.follows)
	}
	if p := c.Creator; p != nil {
		in.Creator = Creator{Name: p.Name, ID: p.ID, URL: p.URL, Description: p.Description}
	}
	return in
}

var achievements = Table[Achievement]{
	Kind:  Kind{Name: "achievement", Lookups: []string{"all", "organisation", "state"}},
	Key:   func(a *Achievement) string { return a.ID },
	Order: func(a *Achievement) string { return sequenced(a.Sequence) },
	Lookups: func(a *Achievement) []string {
		return []string{inAll, a.Organisation, a.Organisation + "/" + string(a.State())}
	},
}

// keptPicture is the picture of an achievement or organisation.
type keptPicture struct {
	Of  string `json:"achievement"` // its id
	PNG []byte `json:"png,omitempty"`
	SVG []byte `json:"svg,omitempty"` // in place of PNG
}

var pictures = Table[keptPicture]{
	Kind: Kind{Name: "picture"},
	Key:  func(p *keptPicture) string { return p.Of },
}

// pictureOf wraps a picture that was cleaned; what goes by the name of an SVG is one.
func pictureOf(id, name string, clean []byte) keptPicture {
	if name == imageSVG {
		return keptPicture{Of: id, SVG: clean}
	}
	return keptPicture{Of: id, PNG: clean}
}

// pictureAt reads a picture by its name under the address of what has it.
func pictureAt(tx Tx, t Table[keptPicture], id, name string) ([]byte, error) {
	p, _, err := t.Get(tx, id)
	data := p.PNG
	if name == imageSVG {
		data = p.SVG
	}
	if err == nil && data == nil {
		err = ErrNotFound
	}
	return data, err
}

// CreateAchievement publishes an achievement. What it says never changes afterwards.
func (s *Service) CreateAchievement(ctx context.Context, in AchievementInput) (Achievement, error) {
	content, clean, err := in.content()
	if err != nil {
		return Achievement{}, err
	}
	a := Achievement{ID: newID(), Published: s.now().UTC(), Revision: 1}
	a.fill(in, content)
	a.Created, a.URL = a.Published, s.base+"/a/"+a.ID
	if a.Document, err = achievementDocument(content, a.URL); err != nil {
		return Achievement{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		o, err := organisation(tx, in.Organisation)
		if err != nil {
			return err
		}
		a.Organisation = o.ID
		return s.publish(tx, &a, pictureOf(a.ID, a.Content.Image.ID, clean), in.Actor)
	})
	return a, stored(err)
}

// publish records a published achievement with its picture.
func (s *Service) publish(tx Tx, a *Achievement, p keptPicture, actor string) (err error) {
	if a.Sequence, err = tx.Next("achievement"); err != nil {
		return err
	}
	if err := putPicture(tx, pictures, p); err != nil {
		return err
	}
	if err := achievements.Put(tx, a, 0); err != nil {
		return err
	}
	if err := record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "achievement.published", Subject: a.ID, Detail: a.Organisation}); err != nil {
		return err
	}
	return s.observe(tx, Event{Type: EventPublished, Organisation: a.Organisation, Subject: a.ID, Actor: actor})
}

// fill takes over what an input says. content is what it was found to say in the badge.
func (a *Achievement) fill(in AchievementInput, content credential.Achievement) {
	a.Name, a.Content, a.About = content.Name, content, in.About
	a.Duplicates, a.Months, a.Renewable = in.Duplicates, in.Months, in.Renewable
}

// Achievement returns the published achievement with this id (kind missing when there is none).
func (s *Service) Achievement(ctx context.Context, id string) (a Achievement, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		a, _, err = achievements.Get(tx, id)
		return err
	})
	return a, stored(err)
}

// Achievements returns all published achievements, the archived too, the first published first.
func (s *Service) Achievements(ctx context.Context) (all []Achievement, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		all, err = every(tx, achievements)
		return err
	})
	return all, stored(err)
}

// awardable reads an achievement that can be awarded, by id or address, or the only one when id is "". With an organisation
// it has to be one of that.
func awardable(tx Tx, organisation, id string) (Achievement, error) {
	if id != "" {
		a, _, err := achievements.Get(tx, achievementID(id))
		return a, judgeAwardable(&a, err, organisation, id)
	}
	all, err := someAwardable(tx, organisation)
	if err != nil {
		return Achievement{}, err
	}
	switch len(all) {
	case 0:
		return Achievement{}, missing("No achievement is published here yet. Publish one through the API (/openapi.json describes it, laurel token new opens it), or start with --sample to try.")
	case 1:
		return all[0], nil
	}
	return Achievement{}, invalid("achievement", "Several achievements are published here. Say which one.")
}

// awardable is the function of this name, for what is awarded often. What it returns is not to be changed, see [often].
func (s *Service) awardable(tx Tx, organisation, id string) (*Achievement, error) {
	if id == "" {
		a, err := awardable(tx, organisation, id)
		return &a, err
	}
	a, _, err := s.achievements.get(tx, achievementID(id))
	return a, judgeAwardable(a, err, organisation, id)
}

// achievementID is the id of an achievement that is named by its id or its address.
func achievementID(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// judgeAwardable says why an achievement that was read under a name is not awarded.
func judgeAwardable(a *Achievement, err error, organisation, name string) error {
	switch {
	case errors.Is(err, ErrNotFound), err == nil && name != a.ID && name != a.URL, err == nil && organisation != "" && organisation != a.Organisation:
		return &Error{Kind: KindMissing, Code: "achievement", Detail: "No achievement of this name is published here.", Err: ErrNotFound}
	case err == nil && a.Archived != nil:
		return conflict("archived", "The achievement was archived on "+day(*a.Archived)+" and is awarded no more.")
	}
	return err
}

// someAwardable reads up to two achievements that can be awarded, of an organisation or, with "", of any.
func someAwardable(tx Tx, organisation string) (some []Achievement, err error) {
	ours := []Organisation{{ID: organisation}}
	if organisation == "" {
		if ours, err = every(tx, organisations); err != nil {
			return nil, err
		}
	}
	for _, o := range ours {
		page, _, err := achievements.List(tx, Query{By: "state", Value: o.ID + "/" + string(AchievementPublished), Limit: 2})
		if some = append(some, page...); err != nil || len(some) > 1 {
			return some, err
		}
	}
	return some, nil
}

// organisation reads one by id, or the only one when id is "".
func organisation(tx Tx, id string) (Organisation, error) {
	if id != "" {
		o, _, err := organisations.Get(tx, id)
		if errors.Is(err, ErrNotFound) {
			return o, missing("There is no issuer of this name here.")
		}
		return o, err
	}
	all, _, err := organisations.List(tx, Query{Limit: 2})
	switch {
	case err != nil:
		return Organisation{}, err
	case len(all) == 0:
		return Organisation{}, missing("There is no issuer here yet. Start `laurel serve` once: it creates one.")
	case len(all) > 1:
		return Organisation{}, invalid("organisation", "There are several issuers here. Say which one.")
	}
	return all[0], nil
}
