package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// AchievementCredential is an unsigned badge to be built: Open Badges 3.0 over VC Data Model 2.0. Empty members are left out.
type AchievementCredential struct {
	ID          string // URI, never used before
	Name        string
	Description string
	Image       Image
	Issuer      Party
	ValidFrom   time.Time // cut to whole seconds
	ValidUntil  time.Time // zero: without end
	Awarded     time.Time // when it was first awarded, if that is not ValidFrom
	Subject     AchievementSubject
	Evidence    []Evidence
	Status      []StatusEntry // one for each purpose; none: the badge cannot be revoked
}

// StatusEntry is a BitstringStatusListEntry (Bitstring Status List 1.0 section 2.1).
type StatusEntry struct {
	ID      string // URI, not that of the list; by custom the list's with the index as fragment
	Purpose string // revocation, suspension ...
	Index   int    // place in the list, from 0
	List    string // URL of the status list credential
}

// The JSON Schema of the class, which a credential names for those who want to check it (OB 3.0 B CredentialSchema).
const (
	schemaAchievementCredential = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
	schemaType                  = "1EdTechJsonSchemaValidator2019"
)

// Build writes the JSON text of a badge, ready to be signed. One badge has one text: members stand in a fixed order, dates are
// UTC in whole seconds, every property that may have several values is an array (OB 3.0 section 8, serialisation), and no
// null, no empty array and no HTML escape occurs. A badge that breaks a rule of [Check], if only by a warning, is refused
// with [Problems]; other errors say what could not be written.
func Build(badge AchievementCredential) ([]byte, error) {
	for _, entry := range badge.Status {
		if err := entry.check(); err != nil {
			return nil, err
		}
	}
	if badge.Subject.Name != "" {
		return nil, errors.New("building a badge: the recipient's name belongs into an identifier of type name")
	}
	for _, t := range []time.Time{badge.ValidFrom, badge.ValidUntil, badge.Awarded} {
		if year := t.UTC().Year(); year < 1 || year > 9999 {
			return nil, errors.New("building a badge: a date has a year of more than four digits")
		}
	}
	var text bytes.Buffer
	if err := write(&text, badge.members()); err != nil {
		return nil, err
	}
	c, err := Parse(text.Bytes())
	if err != nil {
		return nil, err
	}
	if problems := Check(c, OpenBadges); len(problems) > 0 {
		return nil, Problems(problems)
	}
	return text.Bytes(), nil
}

func (e StatusEntry) check() error {
	switch {
	case e.Purpose == "":
		return errors.New("building a badge: the status entry has no purpose")
	case e.Index < 0:
		return errors.New("building a badge: the index of the status entry is negative")
	case !absolute(e.List):
		return errors.New("building a badge: the address of the status list is not an absolute URL")
	case e.ID == e.List:
		return errors.New("building a badge: the id of the status entry is that of its list")
	}
	return nil
}

// member is one name and value of a JSON object: a string, bool, []string, members or []members.
type member struct {
	name  string
	value any
}

type members []member

func (b AchievementCredential) members() members {
	return members{
		{"@context", []string{contextV2, contextOB303, contextExtensions}},
		{"id", b.ID},
		{"type", []string{"VerifiableCredential", "OpenBadgeCredential"}},
		{"name", b.Name},
		{"description", b.Description},
		{"image", b.Image.members()},
		{"issuer", b.Issuer.members()},
		{"validFrom", formatDateTime(b.ValidFrom)},
		{"validUntil", formatDateTime(b.ValidUntil)},
		{"awardedDate", formatDateTime(b.Awarded)},
		{"credentialSubject", b.Subject.members()},
		{"evidence", each(b.Evidence)},
		{"credentialSchema", []members{{{"id", schemaAchievementCredential}, {"type", schemaType}}}},
		{"credentialStatus", each(b.Status)},
	}
}

func (e StatusEntry) members() members {
	return members{{"id", e.ID}, {"type", "BitstringStatusListEntry"}, {"statusPurpose", e.Purpose},
		{"statusListIndex", strconv.Itoa(e.Index)}, {"statusListCredential", e.List}}
}

func (i Image) members() members {
	if i == (Image{}) {
		return nil
	}
	return members{{"id", i.ID}, {"type", "Image"}, {"caption", i.Caption}}
}

func (p Party) members() members {
	return members{{"id", p.ID}, {"type", []string{"Profile"}}, {"name", p.Name}, {"url", p.URL}, {"description", p.Description},
		{"email", p.Email}, {"image", p.Image.members()}}
}

func (s AchievementSubject) members() members {
	all := members{{"id", s.ID}, {"type", []string{"AchievementSubject"}}, {"identifier", each(s.Identifiers)}}
	if s.Achievement != nil {
		all = append(all, member{"achievement", s.Achievement.members()})
	}
	return append(all, members{{"narrative", s.Narrative}, {"image", s.Image.members()}, {"result", each(s.Results)}}...)
}

func (o IdentityObject) members() members {
	return members{{"type", "IdentityObject"}, {"hashed", o.Hashed}, {"identityHash", o.Hash}, {"identityType", o.Type},
		{"salt", o.Salt}}
}

func (a *Achievement) members() members {
	all := members{{"id", a.ID}, {"type", []string{"Achievement"}}, {"achievementType", a.AchievementType}, {"name", a.Name},
		{"description", a.Description}, {"criteria", members{{"id", a.Criteria.ID}, {"narrative", a.Criteria.Narrative}}},
		{"image", a.Image.members()}, {"version", a.Version}, {"inLanguage", a.InLanguage}, {"tag", a.Tags}}
	if a.Creator != nil {
		all = append(all, member{"creator", a.Creator.members()})
	}
	return append(all, members{{"alignment", each(a.Alignments)}, {"resultDescription", each(a.ResultDescriptions)}}...)
}

func (a Alignment) members() members {
	return members{{"type", []string{"Alignment"}}, {"targetName", a.TargetName}, {"targetUrl", a.TargetURL},
		{"targetCode", a.TargetCode}, {"targetDescription", a.TargetDescription}, {"targetFramework", a.TargetFramework},
		{"targetType", a.TargetType}}
}

func (d ResultDescription) members() members {
	return members{{"id", d.ID}, {"type", []string{"ResultDescription"}}, {"name", d.Name}, {"resultType", d.ResultType},
		{"allowedValue", d.AllowedValues}, {"requiredLevel", d.RequiredLevel}, {"requiredValue", d.RequiredValue},
		{"valueMin", d.ValueMin}, {"valueMax", d.ValueMax}, {"rubricCriterionLevel", each(d.Levels)},
		{"alignment", each(d.Alignments)}}
}

func (l RubricCriterionLevel) members() members {
	return members{{"id", l.ID}, {"type", []string{"RubricCriterionLevel"}}, {"name", l.Name}, {"level", l.Level},
		{"points", l.Points}, {"description", l.Description}, {"alignment", each(l.Alignments)}}
}

func (r Result) members() members {
	return members{{"type", []string{"Result"}}, {"resultDescription", r.ResultDescription}, {"value", r.Value},
		{"achievedLevel", r.AchievedLevel}, {"status", r.Status}, {"alignment", each(r.Alignments)}}
}

func (e Evidence) members() members {
	return members{{"id", e.ID}, {"type", []string{"Evidence"}}, {"name", e.Name}, {"narrative", e.Narrative},
		{"description", e.Description}, {"genre", e.Genre}, {"audience", e.Audience}}
}

func each[T interface{ members() members }](list []T) []members {
	all := make([]members, len(list))
	for i, v := range list {
		all[i] = v.members()
	}
	return all
}

// write writes a value as JSON and leaves out members without a value.
func write(out *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case members:
		out.WriteByte('{')
		first := true
		for _, m := range v {
			if empty(m.value) {
				continue
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			out.WriteString(strconv.Quote(m.name) + ":") // names are ASCII letters
			if err := write(out, m.value); err != nil {
				return err
			}
		}
		out.WriteByte('}')
		return nil
	case []members:
		return writeArray(out, v)
	case []string:
		return writeArray(out, v)
	case bool:
		out.WriteString(strconv.FormatBool(v))
		return nil
	case string:
		if !utf8.ValidString(v) {
			return errors.New("building a badge: a text is not valid UTF-8")
		}
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(v)
		out.Truncate(out.Len() - 1) // the line feed of Encode
		return err
	}
	return fmt.Errorf("building a badge: a member of type %T cannot be written", v)
}

func writeArray[T any](out *bytes.Buffer, list []T) error {
	out.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := write(out, v); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

func empty(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case []string:
		return len(v) == 0
	case []members:
		return len(v) == 0
	case members:
		return v == nil
	}
	return false
}
