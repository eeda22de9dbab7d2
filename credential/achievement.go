package credential

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"

	"github.com/laurelbadges/laurel/credential/strict"
)

// The classes below serve reading and building alike: [Parse] fills them as far as the document goes, and [Build] writes the
// members that are not empty. Texts named Markdown are shown only after sanitising. Endorsements are read by [Credential] alone, which
// knows whom each of them is about; here they are only built.

// AchievementSubject is the recipient of a badge and what was achieved (OB 3.0 B AchievementSubject).
type AchievementSubject struct {
	ID          string // URI
	Identifiers []IdentityObject
	Name        string // read only: Open Badges puts the name into an identifier of type name
	Narrative   string // Markdown
	Image       Image
	Achievement *Achievement // nil when there is none
	Results     []Result

	Role              string `json:",omitempty"` // of the recipient in what was achieved
	Term              string `json:",omitempty"` // academic term
	LicenseNumber     string `json:",omitempty"`
	ActivityStartDate string `json:",omitempty"` // date and time, with or without a time zone
	ActivityEndDate   string `json:",omitempty"`
	Source            *Party `json:",omitempty"` // who assessed it on behalf of the issuer
	// CreditsEarned is read only. What an award counts for is said by whoever recognises it, by rules of their own that change: an
	// issuer who signs a number says for good, and in the name of others, what may hold with one of them and not with the next.
	CreditsEarned float64 `json:"-"`
}

// Achievement is what a badge is given for (OB 3.0 B Achievement).
type Achievement struct {
	ID                 string // URI
	Name               string
	Description        string
	Criteria           Criteria
	AchievementType    string // a term of the vocabulary, or one that begins with "ext:"
	Version            string
	InLanguage         string // BCP 47
	Image              Image
	Creator            *Party
	Tags               []string
	Alignments         []Alignment
	ResultDescriptions []ResultDescription

	Related []Related `json:",omitempty"`
	// CreditsAvailable are the hours or credits that the definition itself comes with, finite; 0: it says nothing of them.
	CreditsAvailable float64      `json:",omitempty"`
	FieldOfStudy     string       `json:",omitempty"`
	Specialization   string       `json:",omitempty"`
	HumanCode        string       `json:",omitempty"` // as in a catalogue of courses
	OtherIdentifiers []Identifier `json:",omitempty"`
	Endorsed         `json:",omitzero"`
}

// Related is another achievement that counts as the same for most purposes: another language, or the version before (OB 3.0 B
// Related).
type Related struct {
	ID         string // URI
	InLanguage string `json:",omitempty"` // BCP 47
	Version    string `json:",omitempty"`
}

// Identifier is a name that something has elsewhere (OB 3.0 B IdentifierEntry).
type Identifier struct {
	Type  string // a term of the vocabulary, or one that begins with "ext:"
	Value string
}

// Endorsed are the endorsements that a badge, achievement or profile carries. [Build] takes each as it was signed.
type Endorsed struct {
	Endorsements    []json.RawMessage `json:",omitempty"` // EndorsementCredentials with proofs of their own
	EndorsementJWTs []string          `json:",omitempty"` // compact JWS
}

// Criteria is how the achievement is earned (OB 3.0 B Criteria). At least one member is not empty.
type Criteria struct {
	ID        string // URI of the published criteria
	Narrative string // Markdown
}

// Alignment is a node of a framework that something stands for (OB 3.0 B Alignment).
type Alignment struct {
	TargetName        string
	TargetURL         string
	TargetCode        string
	TargetDescription string
	TargetFramework   string
	TargetType        string
}

// ResultDescription says what kind of result an achievement can have (OB 3.0 B ResultDescription).
type ResultDescription struct {
	ID            string // URI
	Name          string
	ResultType    string
	AllowedValues []string // from low to high
	RequiredLevel string   // ID of one of Levels
	RequiredValue string
	ValueMin      string
	ValueMax      string
	Levels        []RubricCriterionLevel // from low to high
	Alignments    []Alignment
}

// RubricCriterionLevel is one level of a rubric (OB 3.0 B RubricCriterionLevel).
type RubricCriterionLevel struct {
	ID          string // URI
	Name        string
	Level       string
	Points      string // a number, written as text
	Description string
	Alignments  []Alignment
}

// Result is what this recipient reached (OB 3.0 B Result).
type Result struct {
	ResultDescription string // ID of a ResultDescription of the achievement
	Value             string
	AchievedLevel     string // ID of a RubricCriterionLevel of that description
	Status            string
	Alignments        []Alignment
}

// Evidence is something that the recipient showed (OB 3.0 B Evidence).
type Evidence struct {
	ID          string // URI
	Name        string
	Narrative   string // Markdown
	Description string
	Genre       string
	Audience    string
}

func readSubject(o map[string]any) AchievementSubject {
	subject := AchievementSubject{ID: text(o["id"]), Name: text(o["name"]), Narrative: text(o["narrative"]),
		Image: readImage(o["image"]), Identifiers: readAll(o["identifier"], readIdentity), Results: readAll(o["result"], readResult),
		Role: text(o["role"]), Term: text(o["term"]), LicenseNumber: text(o["licenseNumber"]), ActivityStartDate: text(o["activityStartDate"]),
		ActivityEndDate: text(o["activityEndDate"]), Source: readPartyAt(o["source"]), CreditsEarned: readNumber(o["creditsEarned"])}
	if achievements := readAll(o["achievement"], readAchievement); len(achievements) > 0 {
		subject.Achievement = &achievements[0]
	}
	return subject
}

func readIdentity(o map[string]any) IdentityObject {
	hashed, _ := o["hashed"].(bool)
	return IdentityObject{Type: text(o["identityType"]), Hash: text(o["identityHash"]), Hashed: hashed, Salt: text(o["salt"])}
}

func readAchievement(o map[string]any) Achievement {
	a := Achievement{ID: text(o["id"]), Name: text(o["name"]), Description: text(o["description"]),
		AchievementType: text(o["achievementType"]), Version: text(o["version"]), InLanguage: text(o["inLanguage"]),
		Image: readImage(o["image"]), Tags: strict.Texts(o["tag"]), Alignments: readAll(o["alignment"], readAlignment),
		ResultDescriptions: readAll(o["resultDescription"], readResultDescription), Creator: readPartyAt(o["creator"]),
		Related: readAll(o["related"], readRelated), CreditsAvailable: readNumber(o["creditsAvailable"]), FieldOfStudy: text(o["fieldOfStudy"]),
		Specialization: text(o["specialization"]), HumanCode: text(o["humanCode"]), OtherIdentifiers: readAll(o["otherIdentifier"], readIdentifier)}
	if criteria, ok := o["criteria"].(map[string]any); ok {
		a.Criteria = Criteria{ID: text(criteria["id"]), Narrative: text(criteria["narrative"])}
	}
	return a
}

func readRelated(o map[string]any) Related {
	return Related{ID: text(o["id"]), InLanguage: text(o["inLanguage"]), Version: text(o["version"])}
}

func readIdentifier(o map[string]any) Identifier {
	return Identifier{Type: text(o["identifierType"]), Value: text(o["identifier"])}
}

// readNumber reads a number; one that is out of range is none.
func readNumber(v any) float64 {
	number, _ := v.(json.Number)
	if f, err := number.Float64(); err == nil && !math.IsInf(f, 0) {
		return f
	}
	return 0
}

func readAlignment(o map[string]any) Alignment {
	return Alignment{TargetName: text(o["targetName"]), TargetURL: text(o["targetUrl"]), TargetCode: text(o["targetCode"]),
		TargetDescription: text(o["targetDescription"]), TargetFramework: text(o["targetFramework"]), TargetType: text(o["targetType"])}
}

func readResultDescription(o map[string]any) ResultDescription {
	return ResultDescription{ID: text(o["id"]), Name: text(o["name"]), ResultType: text(o["resultType"]),
		AllowedValues: strict.Texts(o["allowedValue"]), RequiredLevel: text(o["requiredLevel"]), RequiredValue: text(o["requiredValue"]),
		ValueMin: text(o["valueMin"]), ValueMax: text(o["valueMax"]), Levels: readAll(o["rubricCriterionLevel"], readLevel),
		Alignments: readAll(o["alignment"], readAlignment)}
}

func readLevel(o map[string]any) RubricCriterionLevel {
	return RubricCriterionLevel{ID: text(o["id"]), Name: text(o["name"]), Level: text(o["level"]), Points: text(o["points"]),
		Description: text(o["description"]), Alignments: readAll(o["alignment"], readAlignment)}
}

func readResult(o map[string]any) Result {
	return Result{ResultDescription: text(o["resultDescription"]), Value: text(o["value"]), AchievedLevel: text(o["achievedLevel"]),
		Status: text(o["status"]), Alignments: readAll(o["alignment"], readAlignment)}
}

func readEvidence(o map[string]any) Evidence {
	return Evidence{ID: text(o["id"]), Name: text(o["name"]), Narrative: text(o["narrative"]), Description: text(o["description"]),
		Genre: text(o["genre"]), Audience: text(o["audience"])}
}

// ctid is an identifier of the Credential Engine Registry (CTDL, ceterms:ctid).
var ctid = regexp.MustCompile(`^ce-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// IsCTID says whether text is an identifier of the Credential Engine Registry: ce- and a UUID in lower case.
func IsCTID(text string) bool { return ctid.MatchString(text) }

// AlignmentOfCTID returns the alignment to the credential that is described in the Credential Engine Registry under that identifier.
func AlignmentOfCTID(id, name string) (Alignment, error) {
	if !IsCTID(id) {
		return Alignment{}, fmt.Errorf("aligning to the Credential Engine Registry: %q is not ce- and a UUID in lower case", id)
	}
	return Alignment{TargetName: name, TargetURL: "https://credentialfinder.org/credential/" + id, TargetCode: id,
		TargetFramework: "Credential Engine Registry", TargetType: "ceterms:Credential"}, nil
}
