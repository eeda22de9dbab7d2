package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

	RevocationList string `json:",omitempty"` // URL of an unsigned 1EdTechRevocationList beside Status, for verifiers that know no other; "": none
	RefreshService string `json:",omitempty"` // URL that gives the newest version of the badge (1EdTechCredentialRefresh); "": none
	Endorsed       `json:",omitzero"`
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

	// Types that only the third context defines (OB 3.0, extensions.json).
	revocationListType = "1EdTechRevocationList"
	refreshType        = "1EdTechCredentialRefresh"
)

// Build writes the JSON text of a badge, ready to be signed. One badge has one text: members stand in a fixed order, dates are
// UTC in whole seconds, every property that may have several values is an array (OB 3.0 section 8, serialisation), and no
// null, no empty array and no HTML escape occurs. A badge that breaks a rule of [Check], if only by a warning, is refused
// with [Problems]; other errors say what could not be written.
func Build(badge AchievementCredential) ([]byte, error) {
	if err := badge.check(); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := write(&text, badge.members()); err != nil {
		return nil, err
	}
	return built(text.Bytes())
}

// built is the text of a badge that keeps the rules.
func built(text []byte) ([]byte, error) {
	c, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if problems := Check(c, OpenBadges); len(problems) > 0 {
		return nil, Problems(problems)
	}
	return text, nil
}

// check finds what no text of a badge would show to be wrong.
func (badge AchievementCredential) check() error {
	for _, entry := range badge.Status {
		if err := entry.check(); err != nil {
			return err
		}
	}
	if badge.Subject.Name != "" {
		return errors.New("building a badge: the recipient's name belongs into an identifier of type name")
	}
	if badge.Subject.CreditsEarned != 0 {
		return errors.New("building a badge: what it counts for is said by whoever recognises it")
	}
	if list := badge.RevocationList; list != "" && slices.ContainsFunc(badge.Status, func(e StatusEntry) bool { return e.ID == list || e.List == list }) {
		return errors.New("building a badge: the revocation list has the address of another list")
	}
	if err := badge.endorsed(); err != nil {
		return err
	}
	for _, t := range []time.Time{badge.ValidFrom, badge.ValidUntil, badge.Awarded} {
		if year := t.UTC().Year(); year < 1 || year > 9999 {
			return errors.New("building a badge: a date has a year of more than four digits")
		}
	}
	return nil
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

// endorsed checks the endorsements of the badge, its issuer, its achievement and the creator of that: each is about what carries it
// (OB 3.0 B EndorsementSubject). Those of other parties are checked by nobody but who reads them.
func (b AchievementCredential) endorsed() error {
	carriers := map[string][]Endorsed{b.ID: {b.Endorsed}}
	add := func(id string, e Endorsed) { carriers[id] = append(carriers[id], e) }
	add(b.Issuer.ID, b.Issuer.Endorsed)
	if a := b.Subject.Achievement; a != nil {
		add(a.ID, a.Endorsed)
		if a.Creator != nil {
			add(a.Creator.ID, a.Creator.Endorsed)
		}
	}
	for id, all := range carriers {
		for _, e := range all {
			for _, raw := range e.Endorsements {
				endorsement, err := Parse(raw)
				switch {
				case err != nil:
					return fmt.Errorf("building a badge: reading an endorsement: %w", err)
				case endorsement.Kind != KindEndorsement || len(endorsement.Proofs) == 0:
					return errors.New("building a badge: an endorsement is no EndorsementCredential with a proof of its own")
				case endorsement.Subject.ID != id:
					return errors.New("building a badge: an endorsement is about something else than what carries it")
				}
			}
		}
	}
	return nil
}

// member is one name and value of a JSON object: a string, bool, number, []string, members, []members, JSON as it was signed, or JSON
// as it is written here.
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
		{"credentialStatus", b.statuses()},
		{"refreshService", typed1EdTech(b.RefreshService, refreshType)},
		{"endorsement", b.Endorsements},
		{"endorsementJwt", b.EndorsementJWTs},
	}
}

func (b AchievementCredential) statuses() []members {
	all := each(b.Status)
	if b.RevocationList != "" {
		all = append(all, typed1EdTech(b.RevocationList, revocationListType))
	}
	return all
}

func typed1EdTech(id, name string) members {
	if id == "" {
		return nil
	}
	return members{{"id", id}, {"type", name}}
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
		{"email", p.Email}, {"image", p.Image.members()}, {"official", p.Official}, {"address", p.Address.members()},
		{"otherIdentifier", each(p.OtherIdentifiers)}, {"parentOrg", p.ParentOrg.optional()},
		{"endorsement", p.Endorsements}, {"endorsementJwt", p.EndorsementJWTs}}
}

func (p *Party) optional() members {
	if p == nil {
		return nil
	}
	return p.members()
}

func (a *Address) members() members {
	if a == nil {
		return nil
	}
	return members{{"type", []string{"Address"}}, {"addressCountry", a.Country}, {"addressCountryCode", a.CountryCode},
		{"addressRegion", a.Region}, {"addressLocality", a.Locality}, {"streetAddress", a.Street},
		{"postOfficeBoxNumber", a.PostOfficeBox}, {"postalCode", a.PostalCode}}
}

func (i Identifier) members() members {
	return members{{"type", "IdentifierEntry"}, {"identifier", i.Value}, {"identifierType", i.Type}}
}

func (r Related) members() members {
	return members{{"id", r.ID}, {"type", []string{"Related"}}, {"inLanguage", r.InLanguage}, {"version", r.Version}}
}

func (s AchievementSubject) members() members {
	return members{{"id", s.ID}, {"type", []string{"AchievementSubject"}}, {"identifier", each(s.Identifiers)},
		{"achievement", s.Achievement.optional()}, {"narrative", s.Narrative}, {"image", s.Image.members()}, {"result", each(s.Results)},
		{"role", s.Role}, {"term", s.Term}, {"licenseNumber", s.LicenseNumber}, {"activityStartDate", s.ActivityStartDate},
		{"activityEndDate", s.ActivityEndDate}, {"source", s.Source.optional()}}
}

func (o IdentityObject) members() members {
	return members{{"type", "IdentityObject"}, {"hashed", o.Hashed}, {"identityHash", o.Hash}, {"identityType", o.Type},
		{"salt", o.Salt}}
}

func (a *Achievement) optional() members {
	if a == nil {
		return nil
	}
	return a.members()
}

func (a *Achievement) members() members {
	return members{{"id", a.ID}, {"type", []string{"Achievement"}}, {"achievementType", a.AchievementType}, {"name", a.Name},
		{"description", a.Description}, {"criteria", members{{"id", a.Criteria.ID}, {"narrative", a.Criteria.Narrative}}},
		{"image", a.Image.members()}, {"version", a.Version}, {"inLanguage", a.InLanguage}, {"tag", a.Tags},
		{"creator", a.Creator.optional()}, {"alignment", each(a.Alignments)}, {"resultDescription", each(a.ResultDescriptions)},
		{"related", each(a.Related)}, {"creditsAvailable", a.CreditsAvailable}, {"fieldOfStudy", a.FieldOfStudy},
		{"specialization", a.Specialization}, {"humanCode", a.HumanCode}, {"otherIdentifier", each(a.OtherIdentifiers)},
		{"endorsement", a.Endorsements}, {"endorsementJwt", a.EndorsementJWTs}}
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
			out.WriteByte('"') // names are ASCII letters
			out.WriteString(m.name)
			out.WriteString(`":`)
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
	case []json.RawMessage:
		return writeArray(out, v)
	case json.RawMessage:
		return json.Compact(out, v)
	case written:
		out.Write(v)
		return nil
	case float64:
		number, err := json.Marshal(v) // one number has one text there
		if err != nil {
			return errors.New("building a badge: a number is not finite")
		}
		out.Write(number)
		return nil
	case bool:
		out.WriteString(strconv.FormatBool(v))
		return nil
	case string:
		if isPlain(v) {
			out.WriteByte('"')
			out.WriteString(v)
			out.WriteByte('"')
			return nil
		}
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

// isPlain says that a text is printable ASCII that JSON needs no escapes for.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func empty(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case float64:
		return v == 0
	case []string:
		return len(v) == 0
	case []json.RawMessage:
		return len(v) == 0
	case []members:
		return len(v) == 0
	case members:
		return v == nil
	case written:
		return v == nil
	}
	return false
}
