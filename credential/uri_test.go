package credential

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

func TestAbsolute(t *testing.T) {
	for text, want := range map[string]bool{
		"https://school.example/a?b#c": true, "http://[::1]:8080/": true, "urn:uuid:1": true, "did:example:a": true, "mailto:a@b.example": true,
		"data:image/png;base64,AAAA==": true, "https://schule.example/für": true, "x-1+a.b:c": true, "HTTPS://a.example": true,
		"": false, "school": false, "/a": false, "//school.example": false, ":a": false, "a:": false, "1a:b": false, "https ://a": false,
		"https://a b": false, "https://": false, "https:a": false, "https:///a": false, "http://a:port/": false, "urn:a\n": false,
		"urn:<a>": false, "é:a": false, "[:a": false, "did example:a": false, "a_b:c": false,
	} {
		if got := absolute(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// TestPlainHost: what is called plain is a URL with a host to net/url too.
func TestPlainHost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rest := rapid.OneOf(rapid.StringMatching(`//[a-zA-Z0-9.-]{0,9}([/?#:@][!-~ü]{0,9}){0,3}`), rapid.String()).Draw(t, "rest")
		for _, scheme := range []string{"http:", "HTTPS:"} {
			s := scheme + rest
			if u, err := url.Parse(s); absolute(s) && plainHost(rest) && (err != nil || u.Host == "") {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
	if !plainHost("//school.example/a?b#c") || plainHost("//school.example/%zz") || plainHost("//") || plainHost("//a@b") || plainHost("//a:1") {
		t.Error("plain is something else")
	}
}
