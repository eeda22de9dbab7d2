package credential

import (
	"strings"
	"testing"
)

const endorsementText = `{
 "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
 "id": "urn:uuid:2", "type": ["VerifiableCredential", "EndorsementCredential"], "name": "Endorsement",
 "issuer": "https://board.example/", "validFrom": "2026-01-31T12:00:00Z",
 "credentialSubject": {"id": "https://school.example/i/1", "type": ["EndorsementSubject"], "endorsementComment": "Good"}
}`

// legacyText is a badge in the flavour of VC Data Model 1.1.
const legacyText = `{
 "@context": ["https://www.w3.org/2018/credentials/v1", "https://purl.imsglobal.org/spec/ob/v3p0/context.json"],
 "id": "urn:uuid:3", "type": ["VerifiableCredential", "AchievementCredential"], "name": "Badge",
 "issuer": {"id": "did:example:i", "type": "Profile"}, "issuanceDate": "2020-01-31T12:00:00Z",
 "credentialSubject": {"id": "did:example:s", "type": ["AchievementSubject"], "achievement": {"id": "urn:a:1", "type": ["Achievement"],
  "name": "A", "description": "D", "criteria": {"id": "https://school.example/c"}}}
}`

const credentialText = `{
 "@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "https://example.org/#"}], "type": "VerifiableCredential",
 "issuer": {"id": "did:example:i", "name": [{"@value": "I", "@language": "en", "@direction": "ltr"}]},
 "credentialSubject": [{"id": "did:example:s"}, {"given": "Ada"}],
 "relatedResource": [{"id": "https://example.org/a", "digestSRI": "sha384-AAAA", "mediaType": "text/plain"}],
 "credentialStatus": [{"type": "A"}, {"id": "urn:s:1", "type": ["B"]}], "evidence": {"type": "C"}
}`

// Each case edits one place of a document that is good and says what Check finds then.
func TestCheck(t *testing.T) {
	texts := map[string]string{"badge": badgeText, "endorsement": endorsementText, "legacy": legacyText, "credential": credentialText}
	const subject, achievement, result = "/credentialSubject", "/credentialSubject/achievement", "/credentialSubject/result/0"
	const ambiguous, schema, context, recipient = CodeAmbiguous + " ", CodeSchemaInvalid + " ", CodeContextUntrusted + " ", "warning " + CodeNoRecipient + " "
	for _, c := range []struct{ name, text, pointer, value, want string }{
		{"a good badge", "badge", "/name", `"Other"`, ""},
		{"a good endorsement", "endorsement", "/name", `"Other"`, ""},
		{"a good 1.1 badge", "legacy", "/name", `"Other"`, ""},
		{"a good credential", "credential", "/name", `"Other"`, ""},

		{"contexts absent", "badge", "/@context", "", context + "/@context"},
		{"contexts no array", "badge", "/@context", `"https://www.w3.org/ns/credentials/v2"`, context + "/@context"},
		{"contexts swapped", "badge", "/@context/0", `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`, context + "/@context/0"},
		{"first context in other case", "badge", "/@context/0", `"https://www.w3.org/NS/credentials/v2"`, context + "/@context/0"},
		{"second context missing", "badge", "/@context", `["https://www.w3.org/ns/credentials/v2"]`, context + "/@context"},
		{"2.0 over the first Open Badges context", "badge", "/@context/1", `"https://purl.imsglobal.org/spec/ob/v3p0/context.json"`, context + "/@context/1"},
		{"2.0 over 3.0.1", "badge", "/@context/1", `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"`, context + "/@context/1"},
		{"2.0 over 3.0.2", "badge", "/@context/1", `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"`, ""},
		{"an unheard-of version", "badge", "/@context/1", `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.9.json"`, context + "/@context/1"},
		{"context with a query", "badge", "/@context/1", `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json?a"`, context + "/@context/1"},
		{"1.1 over 3.0.3", "legacy", "/@context/1", `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`, ""},
		{"context null", "badge", "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",null]`, context + "/@context/2"},
		{"context inline in a badge", "badge", "/@context", `["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",{}]`, context + "/@context/2"},
		{"too many contexts", "badge", "/@context", `["https://www.w3.org/ns/credentials/v2","a:","a:","a:","a:","a:","a:","a:","a:"]`, "too_complex /@context"},
		{"context inside a part", "badge", achievement + "/@context", `{"name":"https://x.example/"}`, context + achievement + "/@context"},
		{"context inside an endorsement is its own matter", "badge", "/endorsement/@context", `{}`, ""},
		{"proof repeats the contexts", "badge", "/proof/0/@context", `["https://www.w3.org/ns/credentials/v2"]`, ""},
		{"proof has another context", "badge", "/proof/0/@context", `"https://w3id.org/security/suites/ed25519-2020/v1"`, context + "/proof/0/@context"},
		{"context that is no URL", "credential", "/@context/1", `"https ://x"`, context + "/@context/1"},
		{"context that is a number", "credential", "/@context/1", `7`, context + "/@context/1"},

		{"type without VerifiableCredential", "badge", "/type", `["OpenBadgeCredential"]`, schema + "/type"},
		{"another type beside", "badge", "/type", `["VerifiableCredential","OpenBadgeCredential","https://x.example/T"]`, ""},
		{"badge and endorsement at once", "badge", "/type", `["VerifiableCredential","OpenBadgeCredential","EndorsementCredential"]`, ambiguous + "/type"},
		{"no Open Badge", "credential-as-badge", "/name", `"x"`, schema + "/type"},
		{"type that is a number", "credential", "/type", `["VerifiableCredential",2]`, schema + "/type"},
		{"id missing", "badge", "/id", "", schema + "/id"},
		{"id null", "badge", "/id", "null", schema + "/id"},
		{"id relative", "badge", "/id", `"credentials/1"`, schema + "/id"},
		{"two ids", "credential", "/id", `["urn:1","urn:2"]`, schema + "/id"},
		{"issuer by address", "badge", "/issuer", `"https://school.example/i/1"`, ""},
		{"issuer without type", "badge", "/issuer/type", "", schema + "/issuer/type"},
		{"issuer with another type", "badge", "/issuer/type", `["Person"]`, schema + "/issuer/type"},
		{"issuer null", "credential", "/issuer", "null", schema + "/issuer"},
		{"issuer is no URL", "credential", "/issuer", `"school"`, schema + "/issuer"},
		{"issuer url without scheme", "badge", "/issuer/url", `"school.example"`, "warning " + schema + "/issuer/url"},
		{"1.1 issuer by address", "legacy", "/issuer", `"did:example:i"`, "warning " + schema + "/issuer"},
		{"1.1 image by address", "legacy", "/image", `"https://x.example/i.png"`, "warning " + schema + "/image"},
		{"2.0 image by address", "badge", "/image", `"https://x.example/i.png"`, schema + "/image"},
		{"1.1 name missing", "legacy", "/name", "", schema + "/name"},
		{"endorsement name missing", "endorsement", "/name", "", schema + "/name"},
		{"name missing", "badge", "/name", "", ""},
		{"name as language map", "badge", "/name", `{"en":"Badge","de-AT":"Abzeichen"}`, ""},
		{"name as number", "badge", "/name", `7`, schema + "/name"},

		{"validFrom missing", "badge", "/validFrom", "", schema + "/validFrom"},
		{"validFrom without zone", "badge", "/validFrom", `"2026-01-31T12:00:00"`, schema + "/validFrom"},
		{"validUntil before validFrom", "badge", "/validUntil", `"2026-01-31T12:59:59+01:00"`, schema + "/validUntil"},
		{"validUntil at validFrom", "badge", "/validUntil", `"2026-01-31T13:00:00+01:00"`, ""},
		{"1.1 ends before it begins", "legacy", "/expirationDate", `"2019-01-31T12:00:00Z"`, schema + "/expirationDate"},
		{"activity without zone", "badge", subject + "/activityStartDate", `"2026-01-31T12:00:00"`, ""},
		{"activity without time", "badge", subject + "/activityStartDate", `"2026-01-31"`, schema + subject + "/activityStartDate"},
		{"birth with time", "badge", "/issuer/dateOfBirth", `"2000-01-31T12:00:00Z"`, schema + "/issuer/dateOfBirth"},

		{"subject in an array", "badge", subject, `[{"id":"urn:s","type":["AchievementSubject"]}]`, schema + subject},
		{"subject without id and identifier", "legacy", subject + "/id", "", recipient + subject},
		{"subject with identifier only", "badge", subject + "/id", "", ""},
		{"subject without claim", "credential", subject + "/0", `{}`, schema + subject + "/0"},
		{"subject missing", "credential", subject, "", schema + subject},
		{"no subjects", "credential", subject, `[]`, schema + subject},
		{"achievement missing", "badge", achievement, "", schema + achievement},
		{"achievement as address", "legacy", achievement, `"https://school.example/a/1"`, schema + achievement},
		{"achievement without criteria", "badge", achievement + "/criteria", "", schema + achievement + "/criteria"},
		{"criteria empty", "badge", achievement + "/criteria", `{"type":"Criteria"}`, schema + achievement + "/criteria"},
		{"achievementType of another word", "badge", achievement + "/achievementType", `"Module"`, "warning " + schema + achievement + "/achievementType"},
		{"achievementType extended", "badge", achievement + "/achievementType", `"ext:Module"`, ""},
		{"achievementType of another kind", "badge", achievement + "/achievementType", `["Badge"]`, schema + achievement + "/achievementType"},
		{"targetType of another word", "badge", achievement + "/alignment/targetType", `"Skill"`, schema + achievement + "/alignment/targetType"},
		{"empty array", "badge", achievement + "/tag", `[]`, "warning " + schema + achievement + "/tag"},
		{"number as text", "badge", achievement + "/creditsAvailable", `"3"`, schema + achievement + "/creditsAvailable"},
		{"language tag", "badge", achievement + "/inLanguage", `"English"`, schema + achievement + "/inLanguage"},
		{"identifier with a member too many", "badge", subject + "/identifier/note", `"x"`, schema + subject + "/identifier/note"},
		{"identifier type in an array", "badge", subject + "/identifier/type", `["IdentityObject"]`, schema + subject + "/identifier/type"},
		{"hashed as text", "badge", subject + "/identifier/hashed", `"false"`, schema + subject + "/identifier/hashed"},
		{"points as number", "badge", achievement + "/resultDescription/0/rubricCriterionLevel/0/points", `2`, schema + achievement + "/resultDescription/0/rubricCriterionLevel/0/points"},
		{"required level not in the rubric", "badge", achievement + "/resultDescription/0/requiredLevel", `"urn:l:9"`, schema + achievement + "/resultDescription/0/requiredLevel"},
		{"result of no description", "badge", result + "/resultDescription", `"urn:r:9"`, schema + result + "/resultDescription"},
		{"result without description", "badge", result + "/resultDescription", "", ""},
		{"level of no rubric", "badge", result + "/achievedLevel", `"urn:l:9"`, schema + result + "/achievedLevel"},
		{"level of another rubric", "badge", achievement + "/resultDescription",
			`[{"id":"urn:r:1","type":["ResultDescription"],"name":"N","resultType":"Result"},{"id":"urn:r:2","type":["ResultDescription"],"name":"N",` +
				`"resultType":"Result","rubricCriterionLevel":{"id":"urn:l:1","type":["RubricCriterionLevel"],"name":"N"}}]`, "warning " + schema + result + "/achievedLevel"},
		{"a name that a pointer escapes", "badge", subject + "/identifier/a~b", `1`, schema + subject + "/identifier/a~0b"},
		{"result without status", "badge", achievement + "/resultDescription/0/resultType", `"Status"`, schema + result + "/status"},
		{"status of another word", "badge", result + "/status", `"ext:Done"`, schema + result + "/status"},

		{"status without type", "badge", "/credentialStatus/type", "", schema + "/credentialStatus/type"},
		{"schema without id", "badge", "/credentialSchema/0/id", "", schema + "/credentialSchema/0/id"},
		{"one schema without array", "badge", "/credentialSchema", `{"id":"urn:s","type":"T"}`, ""},
		{"endorsement that is no object", "badge", "/endorsement", `["urn:e"]`, schema + "/endorsement/0"},
		{"endorsementJwt that is none", "badge", "/endorsementJwt", `"a.b"`, schema + "/endorsementJwt"},
		{"endorsement is not judged here", "badge", "/endorsement", `{"anything":1}`, ""},
		{"evidence without its type", "badge", "/evidence/0/type", `["Other"]`, schema + "/evidence/0/type"},

		{"endorsement of nothing", "endorsement", subject + "/id", "", schema + subject + "/id"},
		{"endorsement subject of another type", "endorsement", subject + "/type", `"AchievementSubject"`, schema + subject + "/type"},
		{"name with a foreign member", "credential", "/name", `{"@value":"x","url":"y"}`, schema + "/name"},
		{"name in two languages", "credential", "/name", `[{"@value":"x","@language":"en"},{"@value":"y"}]`, ""},
		{"direction of another word", "credential", "/issuer/name/0/@direction", `"up"`, schema + "/issuer/name/0"},
		{"related resource without digest", "credential", "/relatedResource/0/digestSRI", "", schema + "/relatedResource/0"},
		{"related resource with a bad digest", "credential", "/relatedResource/0/digestSRI", `"md5-AAAA"`, schema + "/relatedResource/0/digestSRI"},
		{"related resource in Multibase", "credential", "/relatedResource/0/digestMultibase", `"uEiAAAA"`, ""},
		{"related resource twice", "credential", "/relatedResource", `[{"id":"urn:1","digestSRI":"sha256-A"},{"id":"urn:1","digestSRI":"sha256-A"}]`, schema + "/relatedResource/1/id"},
		{"evidence without type", "credential", "/evidence/type", "", schema + "/evidence/type"},
	} {
		profile := OpenBadges
		if strings.HasPrefix(c.text, "credential") {
			profile = VerifiableCredentials
		}
		text := texts[c.text]
		if c.text == "credential-as-badge" {
			text, profile = texts["credential"], OpenBadges
		}
		got := strings.Join(lines(Check(mustParse(t, edit(t, []byte(text), c.pointer, c.value)), profile)), "; ")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCheckKeepsFailuresBesideManyWarnings(t *testing.T) {
	many := "[" + strings.Repeat(`{"type":["Alignment"],"targetName":"x","targetUrl":"relative"},`, 100) + `{"type":["Alignment"]}]`
	problems := Check(mustParse(t, edit(t, []byte(badgeText), "/credentialSubject/achievement/alignment", many)), OpenBadges)
	if len(problems) != mostProblems+2 || len(failures(problems)) != 2 {
		t.Errorf("%d problems, %d of them failures", len(problems), len(failures(problems)))
	}
}

func TestProblem(t *testing.T) {
	for code, step := range map[string]string{CodeContextUntrusted: "contexts", CodeNoRecipient: "subject", CodeSchemaInvalid: "schema",
		CodeAmbiguous: "schema", CodeNoCredential: "form", "too_complex": "form"} {
		if got := (Problem{Code: code}).Step(); got != step {
			t.Errorf("%s: step %s", code, got)
		}
	}
	two := Problems{{Detail: "the first", Pointer: "/a"}, {Detail: "the second"}}
	if two.Error() != "the first (at /a), and 1 more problems" || two[1:].Error() != "the second" {
		t.Errorf("%s; %s", two, two[1:])
	}
}
