package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"time"

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
	Image   []byte // PNG of at most 1 MiB, served under the address of the achievement; optional
	Actor   string // who publishes it, for the audit log; no e-mail address
}

const (
	defaultType  = "MicroCredential"
	largestImage = 1 << 20
	widestImage  = 4096 // pixels of a side
	imageName    = "image.png"
)

var achievements = Table[Achievement]{
	Kind:  Kind{Name: "achievement", Lookups: []string{"all", "organisation", "state"}},
	Key:   func(a *Achievement) string { return a.ID },
	Order: func(a *Achievement) string { return sequenced(a.Sequence) },
	Lookups: func(a *Achievement) []string {
		return []string{inAll, a.Organisation, a.Organisation + "/" + string(a.State())}
	},
}

// picture is the image of an achievement.
type picture struct {
	Achievement string `json:"achievement"`
	PNG         []byte `json:"png"`
}

var pictures = Table[picture]{
	Kind: Kind{Name: "picture"},
	Key:  func(p *picture) string { return p.Achievement },
}

// CreateAchievement publishes an achievement. It never changes afterwards.
func (s *Service) CreateAchievement(ctx context.Context, in AchievementInput) (Achievement, error) {
	content, err := in.content()
	if err != nil {
		return Achievement{}, err
	}
	a := Achievement{ID: newID(), Name: content.Name, Content: content, Published: s.now().UTC(), Revision: 1}
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
		return s.publish(tx, &a, in.Image, in.Actor)
	})
	return a, stored(err)
}

// publish records a published achievement with its picture.
func (s *Service) publish(tx Tx, a *Achievement, png []byte, actor string) (err error) {
	if a.Sequence, err = tx.Next("achievement"); err != nil {
		return err
	}
	if err := putPicture(tx, pictures, a.ID, png); err != nil {
		return err
	}
	if err := achievements.Put(tx, a, 0); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "achievement.published", Subject: a.ID, Detail: a.Organisation})
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
		a, _, err := achievements.Get(tx, id[strings.LastIndexByte(id, '/')+1:])
		switch {
		case errors.Is(err, ErrNotFound), err == nil && id != a.ID && id != a.URL, err == nil && organisation != "" && organisation != a.Organisation:
			return a, &Error{Kind: KindMissing, Code: "achievement", Detail: "No achievement of this name is published here.", Err: ErrNotFound}
		case err == nil && a.Archived != nil:
			return a, conflict("archived", "The achievement was archived on "+day(*a.Archived)+" and is awarded no more.")
		}
		return a, err
	}
	all, err := every(tx, achievements)
	if err != nil {
		return Achievement{}, err
	}
	all = slices.DeleteFunc(all, func(a Achievement) bool {
		return a.Archived != nil || organisation != "" && organisation != a.Organisation
	})
	switch len(all) {
	case 0:
		return Achievement{}, missing("No achievement is published here yet. Publish one through the API (/openapi.json describes it, laurel token new opens it), or start with --sample to try.")
	case 1:
		return all[0], nil
	}
	return Achievement{}, invalid("achievement", "Several achievements are published here. Say which one.")
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

// content checks the input as far as the rules of Open Badges, which the builder knows, do not, and gives every part of the
// rubric its short name.
func (in AchievementInput) content() (credential.Achievement, error) {
	in.Name = strings.TrimSpace(in.Name)
	if err := checkName(in.Name, "The achievement"); err != nil {
		return credential.Achievement{}, err
	}
	if in.CriteriaURL != "" && !isWebAddress(in.CriteriaURL) {
		return credential.Achievement{}, invalid("criteria_url", "The address of the criteria has to begin with https:// or http://.")
	}
	c := credential.Achievement{
		Name: in.Name, Description: strings.TrimSpace(in.Description), AchievementType: in.Type, Version: in.Version,
		InLanguage: in.Language, Tags: in.Tags, Alignments: in.Alignments,
		Criteria: credential.Criteria{ID: in.CriteriaURL, Narrative: strings.TrimSpace(in.Criteria)},
	}
	if c.AchievementType == "" {
		c.AchievementType = defaultType
	}
	if len(in.Image) > 0 {
		// Only the header is read: no pixel of a picture is ever decoded here.
		header, err := png.DecodeConfig(bytes.NewReader(in.Image))
		if err != nil || len(in.Image) > largestImage || header.Width > widestImage || header.Height > widestImage {
			return credential.Achievement{}, invalid("image", "The picture has to be a PNG of at most 1 MiB and 4096 pixels a side.")
		}
		c.Image = credential.Image{ID: imageName}
	}
	taken := map[string]bool{}
	name := func(given, otherwise string) (string, error) {
		if given == "" {
			given = otherwise
		}
		if !isShortName(given) || taken[given] {
			return "", invalid("result_name", "The parts of the rubric need names of letters, digits, - and _, each used once.")
		}
		taken[given] = true
		return given, nil
	}
	for i, d := range in.Results {
		var err error
		if d.ID, err = name(d.ID, fmt.Sprintf("result-%d", i+1)); err != nil {
			return credential.Achievement{}, err
		}
		d.Levels = slices.Clone(d.Levels)
		for j := range d.Levels {
			if d.Levels[j].ID, err = name(d.Levels[j].ID, fmt.Sprintf("%s-level-%d", d.ID, j+1)); err != nil {
				return credential.Achievement{}, err
			}
		}
		c.ResultDescriptions = append(c.ResultDescriptions, d)
	}
	return c, nil
}

func isShortName(name string) bool {
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}

// placed returns content with the ids that it has at address.
func placed(content credential.Achievement, address string) *credential.Achievement {
	content.ID = address
	if content.Image.ID != "" {
		content.Image.ID = address + "/" + content.Image.ID
	}
	content.ResultDescriptions = slices.Clone(content.ResultDescriptions)
	for i := range content.ResultDescriptions {
		d := &content.ResultDescriptions[i]
		d.ID, d.RequiredLevel = place(address, d.ID), place(address, d.RequiredLevel)
		d.Levels = slices.Clone(d.Levels)
		for j := range d.Levels {
			d.Levels[j].ID = place(address, d.Levels[j].ID)
		}
	}
	return &content
}

// place makes the id of a part of the achievement at address from its short name. An id stays as it is.
func place(address, name string) string {
	if name == "" || strings.HasPrefix(name, address+"#") {
		return name
	}
	return address + "#" + name
}

// achievementDocument returns the JSON-LD of an achievement. It is taken out of a badge that is built with it: so it is the
// same text as in credentials, and what could not be awarded is not published.
func achievementDocument(content credential.Achievement, address string) ([]byte, error) {
	badge, err := credential.Build(credential.AchievementCredential{
		ID:        "urn:uuid:00000000-0000-4000-8000-000000000000",
		Name:      content.Name,
		Issuer:    credential.Party{ID: address, Name: content.Name, URL: address},
		ValidFrom: time.Unix(0, 0),
		Subject:   credential.AchievementSubject{ID: address, Achievement: placed(content, address)},
	})
	if err != nil {
		return nil, unbuildable(err)
	}
	var built struct {
		Subject struct {
			Achievement json.RawMessage `json:"achievement"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(badge, &built); err != nil {
		return nil, internal("document", "The achievement could not be written.", err)
	}
	return withContexts(built.Subject.Achievement), nil
}

// unbuildable says what is wrong with the content of a badge.
func unbuildable(err error) error {
	var problems credential.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		p := problems[0]
		return &Error{Kind: KindInvalid, Code: p.Code, Detail: "A badge of this content would break the rules of Open Badges: " + p.Error() + ".", Err: err}
	}
	return &Error{Kind: KindInvalid, Code: credential.CodeSchemaInvalid, Detail: "A badge of this content cannot be written.", Err: err}
}
