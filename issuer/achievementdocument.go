package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

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
		return nil, unbuildableAchievement(err)
	}
	var built struct {
		Subject struct {
			Achievement json.RawMessage `json:"achievement"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(badge, &built); err != nil {
		return nil, internal("document", "The achievement could not be written.", err)
	}
	if len(built.Subject.Achievement) > longestDocument {
		return nil, wrongField("too_large", "", "With all its parts the achievement is too long: it may have at most %d kilobytes.", longestDocument/1000)
	}
	return withContexts(built.Subject.Achievement), nil
}

// achievementFields are the codes of refusals by the member of an achievement that they are about.
var achievementFields = map[string]string{"name": "name", "description": "description", "criteria": "criteria", "achievementType": "type",
	"version": "version", "inLanguage": "language", "image": "image", "tag": "tag", "alignment": "alignment", "resultDescription": "result",
	"creator": "creator", "related": "related", "creditsAvailable": "credits", "otherIdentifier": "other_identifier"}

// achievementSentences say what is wrong with a member that breaks a rule of Open Badges.
var achievementSentences = map[string]string{
	"description":     "The achievement needs a description.",
	"criteria":        "Say how it is earned: in words, or by the address where that is published.",
	"achievementType": "The type has to be one of the list of Open Badges, or begin with ext:.",
	"inLanguage":      "The language has to be written as a tag such as en or es-MX.",
	"targetType":      "What it aligns to has to be of a type in the list of Open Badges, or of one that begins with ext:.",
	"resultType":      "The kind of result has to be one of the list of Open Badges, or begin with ext:.",
	"requiredLevel":   "The level that is required is not one of the levels of the result.",
	"identifierType":  "The kind of identifier has to be one of the list of Open Badges, or begin with ext:.",
}

// achievementParts are what members of an achievement that stand in lists are called.
var achievementParts = map[string]string{"alignment": "alignment", "resultDescription": "result", "rubricCriterionLevel": "level", "related": "related achievement",
	"otherIdentifier": "identifier", "tag": "tag"}

// unbuildableAchievement says what is wrong with an achievement, by field and, where that is a list, by place.
func unbuildableAchievement(err error) error {
	var problems credential.Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		return unbuildable(err)
	}
	path, inside := strings.CutPrefix(problems[0].Pointer, atAchievement+"/")
	steps := strings.Split(path, "/")
	code := achievementFields[steps[0]]
	if !inside || code == "" {
		return unbuildable(err)
	}
	var where []string
	for i := 0; i+1 < len(steps); i += 2 {
		number, err := strconv.Atoi(steps[i+1])
		if name := achievementParts[steps[i]]; err == nil && name != "" {
			where = append(where, fmt.Sprintf("%s %d", name, number+1))
		}
	}
	detail := achievementSentences[steps[len(steps)-1]]
	if detail == "" {
		detail = "A badge of this content would break the rules of Open Badges: " + problems[0].Detail + "."
	}
	if place := strings.Join(where, ", "); place != "" {
		detail = strings.ToUpper(place[:1]) + place[1:] + ": " + strings.ToLower(detail[:1]) + detail[1:]
	}
	return &Error{Kind: KindInvalid, Code: code, Detail: detail, Err: err}
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

// OpenBadge returns the achievement as an Open Badges 3.0 Achievement in JSON-LD: the document of a published one, and of a draft what it
// would be, with a urn in place of the address that it does not have yet.
func (a *Achievement) OpenBadge() ([]byte, error) {
	if a.State() != AchievementDraft {
		return a.Document, nil
	}
	return achievementDocument(a.Content, "urn:laurel:achievement:"+a.ID)
}
