package credential_test

import (
	"fmt"

	"github.com/laurelbadges/laurel/credential"
)

// Reading takes what a document says; Check holds it against the rules. Neither looks at signatures.
func Example() {
	c, err := credential.Parse([]byte(`{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"id": "urn:uuid:0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33",
		"type": ["VerifiableCredential", "OpenBadgeCredential"],
		"issuer": {"id": "https://district.example", "type": ["Profile"], "name": "Example District"},
		"validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": {"id": "did:example:teacher", "type": ["AchievementSubject"], "achievement": {
			"id": "https://district.example/a/1", "type": ["Achievement"], "name": "Reading aloud",
			"criteria": {"narrative": "Ten minutes before a class."}}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Issuer.Name, "awards", c.Subject.Achievement.Name)
	for _, problem := range credential.Check(c, credential.OpenBadges) {
		fmt.Println(problem.Code, "at", problem.Pointer)
	}
	// Output:
	// Example District awards Reading aloud
	// schema_invalid at /credentialSubject/achievement/description
}
