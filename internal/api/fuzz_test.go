package api

import (
	"errors"
	"net/http"
	"testing"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/issuer"
)

// FuzzRead: any body is read, or refused as the caller's fault.
func FuzzRead(f *testing.F) {
	f.Add([]byte(plainAchievement))
	f.Add([]byte(awardBody("a", "kim@example.org")))
	f.Add([]byte(`{"image":null,"tag":["a"],"resultDescription":[{"name":"n","resultType":"Percent","rubricCriterionLevel":[{"name":"l"}]}]}`))
	f.Add([]byte(`{"achievement":"a","recipient":{"hashed":false},"evidence":[{"id":""}],"result":[{"value":"1"}],"validFrom":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var achievement issuer.AchievementInput
		var award issuer.AwardInput
		var hashed bool
		for _, err := range []error{read(body, achievementMembers(&achievement), achievementRequired...), read(body, awardMembers(&award, &hashed))} {
			var refusal failure
			var malformed *strict.Error
			switch {
			case err == nil, errors.As(err, &malformed):
			case errors.As(err, &refusal):
				if refusal.status != http.StatusUnprocessableEntity || len(refusal.errors) == 0 || len(refusal.errors) > mostViolations {
					t.Errorf("%+v", refusal)
				}
			default:
				t.Errorf("%v", err)
			}
		}
	})
}

// FuzzTags: any field of a condition names versions of ours or none, never by accident all.
func FuzzTags(f *testing.F) {
	for _, field := range []string{`"v1"`, `W/"v1", "v2"`, "*", "", `"v01"`, `"v18446744073709551616"`, ",,"} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		named := versions([]string{field})
		if named == nil {
			for _, tag := range tags([]string{field}) {
				if tag == "*" {
					return
				}
			}
			t.Fatalf("%q lets any version be changed", field)
		}
		for _, version := range named {
			if tag := tagOf(version); tag == "" || !hasTag([]string{field}, tag) {
				t.Errorf("%q names version %d", field, version)
			}
		}
	})
}
