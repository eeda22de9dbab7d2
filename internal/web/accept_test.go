package web

import "testing"

func TestNegotiate(t *testing.T) {
	offers := []string{mediaHTML, mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaJWT, mediaText}
	for name, test := range map[string]struct{ accept, want string }{
		"nothing asked":                        {"", mediaHTML},
		"anything":                             {"*/*", mediaHTML},
		"a browser":                            {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", mediaHTML},
		"a library that names JSON first":      {"application/json, text/plain, */*", mediaJSON},
		"credential":                           {"application/vc", mediaVC},
		"credential of the older name":         {"application/vc+ld+json", mediaVCLD},
		"upper case":                           {"Application/LD+JSON", mediaLD},
		"with a profile parameter":             {`application/ld+json; profile="https://www.w3.org/ns/credentials"`, mediaLD},
		"JWT":                                  {"application/jwt", mediaJWT},
		"JWT before JSON":                      {"application/jwt, application/json", mediaJWT},
		"quality decides":                      {"application/json;q=0.5, application/jwt;q=0.9", mediaJWT},
		"refused by q=0":                       {"text/html;q=0, */*;q=0.1", mediaVC},
		"specific over wildcard quality":       {"*/*;q=1, text/html;q=0.1", mediaVC},
		"kind wildcard":                        {"text/*", mediaHTML},
		"quality over one is no range":         {"application/jwt;q=2, application/json;q=0.1", mediaJSON},
		"quality with four decimals":           {"application/jwt;q=0.1234, application/json;q=0.1", mediaJSON},
		"broken entries are left out":          {"garbage, /, */json, application/vc", mediaVC},
		"none of ours":                         {"image/png", ""},
		"everything refused":                   {"*/*;q=0", ""},
		"a quality of three decimals is whole": {"application/json;q=0.001", mediaJSON},
	} {
		t.Run(name, func(t *testing.T) {
			if got := negotiate(test.accept, offers...); got != test.want {
				t.Errorf("negotiate(%q) = %q, want %q", test.accept, got, test.want)
			}
		})
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add("text/html;q=0.5,*/*;q=0.1")
	f.Add(";;,q=,/;q=1.")
	f.Fuzz(func(t *testing.T, header string) {
		got := negotiate(header, mediaHTML, mediaJSON)
		if got != "" && got != mediaHTML && got != mediaJSON {
			t.Errorf("negotiate(%q) = %q, which was not offered", header, got)
		}
		for _, r := range parseAccept(header) {
			if r.quality < 0 || r.quality > 1000 {
				t.Errorf("quality %d in %q", r.quality, header)
			}
		}
	})
}
