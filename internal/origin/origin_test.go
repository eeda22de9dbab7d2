package origin

import (
	"net/http/httptest"
	"testing"
)

func TestCheck(t *testing.T) {
	const base = "https://badges.example.org"
	for name, c := range map[string]struct {
		base, method, from, site string
		passes                   bool
	}{
		"our page":                        {base, "POST", base, "same-origin", true},
		"our page in an old browser":      {base, "POST", base, "", true},
		"our page that hides where it is": {base, "POST", "null", "same-origin", true},
		"a program":                       {base, "POST", "", "", true},
		"an address that was typed":       {base, "POST", "", "none", true},
		"reading":                         {base, "GET", "https://evil.example", "cross-site", true},
		"our host without TLS":            {base, "POST", "http://badges.example.org", "", false},
		"the same, and it says ours":      {base, "POST", "http://badges.example.org", "same-origin", false},
		"our host at another port":        {base, "POST", "https://badges.example.org:8443", "", false},
		"another host of the site":        {base, "POST", "https://www.example.org", "same-site", false},
		"another site":                    {base, "POST", "https://evil.example", "cross-site", false},
		"another site that hides":         {base, "POST", "null", "cross-site", false},
		"a page of no origin":             {base, "POST", "null", "", false},
		"ours, from another site":         {base, "POST", "", "cross-site", false},
		"capitals":                        {"https://Badges.Example.ORG", "DELETE", base, "", true},
		"a port that goes without saying": {base + ":443", "POST", base, "same-origin", true},
		"a port of its own":               {"http://localhost:8080", "POST", "http://localhost:8080", "", true},
		"the same by number":              {"http://localhost:8080", "POST", "http://127.0.0.1:8080", "", false},
	} {
		g, err := New(c.base)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(c.method, "https://badges.example.org/form", nil)
		for header, value := range map[string]string{"Origin": c.from, "Sec-Fetch-Site": c.site} {
			if value != "" {
				r.Header.Set(header, value)
			}
		}
		if err := g.Check(r); (err == nil) != c.passes {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := httptest.NewRequest("POST", base, nil)
	twice.Header["Origin"] = []string{base, "https://evil.example"}
	if g, _ := New(base); g.Check(twice) == nil {
		t.Error("two origins pass")
	}
	for _, bad := range []string{"", "badges.example.org", "https://badges.example.org/", "ftp://badges.example.org"} {
		if _, err := New(bad); err == nil {
			t.Errorf("%q is a base", bad)
		}
	}
}
