package page

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const here = "https://badges.example.edu/c/42?lang=en"

func texts(in ...string) [][]byte {
	var out [][]byte
	for _, text := range in {
		out = append(out, []byte(text))
	}
	return out
}

func TestRead(t *testing.T) {
	const (
		badge = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"type":["VerifiableCredential","OpenBadgeCredential"]}`
		older = `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion"}`
	)
	for name, c := range map[string]struct {
		page, at string
		want     Found
	}{
		"nothing":        {"", here, Found{}},
		"only text":      {"hello <b>there</b>", here, Found{}},
		"our own page":   {`<link rel="alternate" type="application/vc" href="/c/42.json">`, here, Found{Links: []string{"https://badges.example.edu/c/42.json"}}},
		"types in order": {`<link rel=alternate type=application/json href=/j><link rel=alternate type="application/ld+json; profile=x" href=/ld><link rel=alternate type=application/jwt href=/t><link rel=ALTERNATE type=Application/VC+JWT href=/v>`, here, Found{Links: []string{"https://badges.example.edu/t", "https://badges.example.edu/v", "https://badges.example.edu/j", "https://badges.example.edu/ld"}}},
		"ranks in order": {`<meta property=og:image content=https://cdn.example/badge.png><a href=/files/x.json download>Get it</a><link rel=canonical href=/c/42><link rel=alternate type=application/vc href=42.vc>`, here,
			Found{Links: []string{"https://badges.example.edu/c/42.vc", "https://badges.example.edu/c/42", "https://badges.example.edu/files/x.json", "https://cdn.example/badge.png"}}},
		"other alternates":             {`<link rel=alternate type=application/rss+xml href=/r><link rel=alternate hreflang=es href=/es><link rel=stylesheet type=application/json href=/s>`, here, Found{}},
		"itself":                       {`<link rel=canonical href="https://BADGES.example.edu/c/42?lang=en#top"><meta property=og:url content="/c/42?lang=en">`, here, Found{}},
		"a base":                       {`<link rel=alternate type=application/vc href=b.json><base href="https://files.example/x/"><base href=https://second.example/>`, here, Found{Links: []string{"https://files.example/x/b.json"}}},
		"a base that is not https":     {`<base href="http://files.example/x/"><link rel=alternate type=application/vc href=b.json>`, here, Found{Links: []string{"https://badges.example.edu/c/b.json"}}},
		"a base that is relative":      {`<base href="/x/"><link rel=alternate type=application/vc href=b.json>`, here, Found{Links: []string{"https://badges.example.edu/x/b.json"}}},
		"a page without an address":    {`<link rel=alternate type=application/vc href=/b.json><link rel=alternate type=application/vc href=https://b.example/b.json>`, "", Found{Links: []string{"https://b.example/b.json"}}},
		"without an address, its base": {`<base href=https://b.example/><link rel=alternate type=application/vc href=/b.json>`, "", Found{Links: []string{"https://b.example/b.json"}}},
		"entities":                     {`<link rel=alternate type=application/vc href="/b?x=1&amp;y=&#50;">`, here, Found{Links: []string{"https://badges.example.edu/b?x=1&y=2"}}},
		"space around":                 {"<link rel=alternate type=application/vc href=' \n /b\t'>", here, Found{Links: []string{"https://badges.example.edu/b"}}},
		"one address twice":            {`<link rel=alternate type=application/vc href=/b><link rel=alternate type=application/vc href=/b#x><link rel=alternate type=application/json href=//badges.example.edu/b>`, here, Found{Links: []string{"https://badges.example.edu/b"}}},
		"other schemes":                {`<link rel=alternate type=application/vc href=javascript:alert(1)><link rel=alternate type=application/vc href=data:application/json,{}><link rel=alternate type=application/vc href=file:///etc/passwd><link rel=alternate type=application/vc href=http://b.example/><link rel=alternate type=application/vc href=mailto:a@b.example><link rel=alternate type=application/vc href=https:b.json>`, here, Found{}},
		"schemes in disguise":          {"<link rel=alternate type=application/vc href='java&#10;script:alert(1)'><link rel=alternate type=application/vc href='&#1;javascript:x'>", here, Found{}},
		"a user name":                  {`<link rel=alternate type=application/vc href=https://a:b@b.example/x.json>`, here, Found{}},
		"characters of no URL":         {`<link rel=alternate type=application/vc href='https://b.example\@c.example/'><link rel=alternate type=application/vc href='https://bücher.example/'>`, here, Found{}},
		"an address that is too long":  {`<link rel=alternate type=application/vc href=/` + strings.Repeat("a", mostAddress) + `>`, here, Found{}},
		"in a comment":                 {`<!-- <link rel=alternate type=application/vc href=/b> -->`, here, Found{}},
		"in a script":                  {`<script>var x = '<link rel=alternate type=application/vc href=/b>'</script>`, here, Found{}},
		"a credential in the page":     {`<script type="application/ld+json"> ` + badge + ` </script>`, here, Found{Texts: texts(badge)}},
		"as its own type":              {`<script type=application/vc>` + badge + `</script>`, here, Found{Texts: texts(badge)}},
		"an older badge in the page":   {`<script type=application/ld+json>` + older + `</script>`, here, Found{Texts: texts(older)}},
		"a list in the page":           {`<script type=application/ld+json>[{"@context":"https://schema.org"},` + badge + `,` + older + `]</script>`, here, Found{Texts: texts(badge, older)}},
		"a token in the page":          {`<script type=application/vc+jwt> eyJh.eyJi.c2ln </script>`, here, Found{Texts: texts("eyJh.eyJi.c2ln")}},
		"what is no token":             {`<script type=application/jwt>{"a.b.c":1}</script>`, here, Found{}},
		"schema.org":                   {`<script type=application/ld+json>{"@context":"https://schema.org","@type":"EducationalOccupationalCredential"}</script>`, here, Found{}},
		"an issuer in the page":        {`<script type=application/ld+json>{"@context":"https://w3id.org/openbadges/v2","type":"Issuer"}</script>`, here, Found{}},
		"broken JSON in the page":      {`<script type=application/ld+json>` + badge[:40] + `</script><script type=application/ld+json>[1,</script><script type=application/ld+json></script>`, here, Found{}},
		"a script of code":             {`<script>` + badge + `</script>`, here, Found{}},
		"links to files": {`<a href=/x.json>Download this badge</a><a href=/badge/y.PNG?s=1>picture</a><a href=/z.svg title="Credential">z</a><a href=/w.pdf aria-label="the assertion"></a><a href=/v.jwt download>v</a>` +
			`<a href=/logo.png>logo</a><a href=/badge.html>badge</a><a href=/terms.pdf>terms</a>`, here,
			Found{Links: []string{"https://badges.example.edu/x.json", "https://badges.example.edu/badge/y.PNG?s=1", "https://badges.example.edu/z.svg", "https://badges.example.edu/w.pdf", "https://badges.example.edu/v.jwt"}}},
		"a link that is not closed":   {`<a href=/x.json>badge`, here, Found{Links: []string{"https://badges.example.edu/x.json"}}},
		"words of the next link":      {`<a href=/x.json>file<a href=/y.json>badge</a>`, here, Found{Links: []string{"https://badges.example.edu/y.json"}}},
		"the first attribute counts":  {`<link rel=alternate type=application/vc href=/a href=/b>`, here, Found{Links: []string{"https://badges.example.edu/a"}}},
		"a known host":                {``, "https://www.credly.com/badges/0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11/public_url", Found{Links: []string{"https://api.credly.com/v1/obi/v2/badge_assertions/0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11"}}},
		"a saved page of such a host": {`<meta property=og:url content=https://www.credly.com/badges/0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11>`, "", Found{Links: []string{"https://www.credly.com/badges/0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11", "https://api.credly.com/v1/obi/v2/badge_assertions/0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Read([]byte(c.page), c.at), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKnown(t *testing.T) {
	const id, hash = "0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11", "3f0c9b8e6d1a4a579a0f0f3b2f7b8d113f0c9b8e"
	for at, want := range map[string][]string{
		"https://www.credly.com/badges/" + id:                                                         {"https://api.credly.com/v1/obi/v2/badge_assertions/" + id},
		"https://WWW.credly.com/badges/" + id + "/linked_in_profile?t=abc":                            {"https://api.credly.com/v1/obi/v2/badge_assertions/" + id},
		"https://www.credly.com/earner/earned/badge/" + id:                                            {"https://api.credly.com/v1/obi/v2/badge_assertions/" + id},
		"https://www.youracclaim.com/badges/" + id:                                                    {"https://api.credly.com/v1/obi/v2/badge_assertions/" + id},
		"https://badgr.com/public/assertions/Am9EN643SZ-r9SaA90pssg":                                  {"https://api.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg"},
		"https://eu.badgr.com/public/assertions/Am9EN643SZ-r9SaA90pssg?identity__email=a%40b.example": {"https://api.eu.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg"},
		"https://badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg":                                   {"https://api.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg"},
		"https://api.eu.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg":                            {"https://api.eu.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg.json"},
		"https://badges.parchment.com/public/assertions/Am9EN643SZ-r9SaA90pssg":                       {"https://api.badges.parchment.com/public/assertions/Am9EN643SZ-r9SaA90pssg", "https://api.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg"},
		"https://badges.parchment.eu/public/assertions/Am9EN643SZ-r9SaA90pssg":                        {"https://api.badges.parchment.eu/public/assertions/Am9EN643SZ-r9SaA90pssg", "https://api.eu.badgr.io/public/assertions/Am9EN643SZ-r9SaA90pssg"},
		"https://openbadges.education/public/assertions/DwwWNnYoQ9aiBjnPMhPcxQ":                       {"https://api.openbadges.education/public/assertions/DwwWNnYoQ9aiBjnPMhPcxQ?v=3_0", "https://api.openbadges.education/public/assertions/DwwWNnYoQ9aiBjnPMhPcxQ"},
		"https://www.edubadges.nl/public/assertions/a41jSgmsSh6Sa1xcVUku5Q":                           {"https://api.edubadges.nl/public/assertions/a41jSgmsSh6Sa1xcVUku5Q"},
		"https://verifierplus.org/credentials/" + id:                                                  {"https://verifierplus.org/api/credentials/" + id},
		"https://verifierplus.org/#verify?vc=https://b.example/c.json?x=1&y=2":                        {"https://b.example/c.json?x=1&y=2"},
		"https://verifierplus.org/#verify?vc=https%3A%2F%2Fb.example%2Fc.json":                        {"https://b.example/c.json"},
		"https://moodle.example.edu/badges/badge.php?hash=" + hash:                                    {"https://moodle.example.edu/badges/assertion.php?b=" + hash + "&obversion=2", "https://moodle.example.edu/badges/assertion.php?b=" + hash},
		"https://example.edu:8443/a/moodle/badges/badge.php?hash=" + hash + "&lang=en":                {"https://example.edu:8443/a/moodle/badges/assertion.php?b=" + hash + "&obversion=2", "https://example.edu:8443/a/moodle/badges/assertion.php?b=" + hash},

		"":                                   nil,
		"https://example.edu/":               nil,
		"http://www.credly.com/badges/" + id: nil,
		"https://www.credly.com.evil.example/badges/" + id:                             nil,
		"https://evilcredly.com/badges/" + id:                                          nil,
		"https://a@www.credly.com/badges/" + id:                                        nil,
		"https://www.credly.com:8443/badges/" + id:                                     nil,
		"https://www.credly.com/badges/" + id + "/../../x":                             nil,
		"https://www.credly.com/badges/0e7b6a3c":                                       nil,
		"https://www.credly.com/badges/" + id + "%2f..%2fx":                            nil,
		"https://badgr.com/public/assertions/..%2f..%2fadmin":                          nil,
		"https://badgr.com/public/badges/Am9EN643SZ-r9SaA90pssg":                       nil,
		"https://moodle.example.edu/badges/badge.php?hash=" + hash[:39] + "%26":        nil,
		"https://moodle.example.edu/badges/badge.php?hash=../../etc":                   nil,
		"https://moodle.example.edu/badges/badge.php":                                  nil,
		"https://moodle.example.edu/a/../badges/badge.php?hash=" + hash:                nil,
		"https://verifierplus.org/#verify?vc=javascript:alert(1)":                      nil,
		"https://verifierplus.org/#verify?vc=http://b.example/":                        nil,
		"https://verifierplus.org/#verify?vc=https://a:b@b.example/":                   nil,
		"https://verifierplus.org/credentials/x":                                       nil,
		"https://www.credly.com/#verify?vc=https://b.example/c.json":                   nil,
		"https://www.credly.com/badges/" + id + "?" + strings.Repeat("a", mostAddress): nil,
	} {
		if diff := cmp.Diff(want, Known(at), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", at, diff)
		}
	}
}

func TestUnwrap(t *testing.T) {
	const at = "https://verifierplus.org/api/credentials/0e7b6a3c-6b0e-4a5b-9a0a-0f3b2f7b8d11"
	const badge = `{"@context":["https://www.w3.org/2018/credentials/v1"], "type":["VerifiableCredential"]}`
	for name, c := range map[string]struct {
		answer, at string
		want       [][]byte
	}{
		"a list":       {`{"credential":[` + badge + `,{"a":1}],"vp":{},"shared":true}`, at, texts(badge)},
		"one":          {`{"credential":` + badge + `}`, at, texts(badge)},
		"nothing":      {`{"credential":[]}`, at, nil},
		"no JSON":      {`<html>`, at, nil},
		"a credential": {badge, at, nil},
		"another host": {`{"credential":` + badge + `}`, "https://b.example/api/credentials/1", nil},
		"another path": {`{"credential":` + badge + `}`, "https://verifierplus.org/x", nil},
	} {
		if diff := cmp.Diff(c.want, Unwrap([]byte(c.answer), c.at)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestHostile: pages that are made to take long or to lead far.
func TestHostile(t *testing.T) {
	repeat := func(f func(i int) string) string {
		var out strings.Builder
		for i := 0; out.Len() < MostBytes+1000; i++ {
			out.WriteString(f(i))
		}
		return out.String()
	}
	for name, page := range map[string]string{
		"alternates":           repeat(func(i int) string { return fmt.Sprintf("<link rel=alternate type=application/vc href=/%d>", i) }),
		"alternates of JSON":   repeat(func(i int) string { return fmt.Sprintf("<link rel=alternate type=application/json href=/%d>", i) }),
		"links":                repeat(func(i int) string { return fmt.Sprintf("<a href=/badge%d.json>", i) }),
		"links, one address":   repeat(func(int) string { return "<a href=/badge.json>" }),
		"pictures":             repeat(func(i int) string { return fmt.Sprintf("<meta property=og:image content=/%d>", i) }),
		"addresses that fail":  repeat(func(i int) string { return fmt.Sprintf("<link rel=alternate type=application/vc href=http://%d/>", i) }),
		"bases":                repeat(func(i int) string { return fmt.Sprintf("<base href=https://%d.example/>", i) }),
		"one tag":              "<a " + repeat(func(i int) string { return fmt.Sprintf("a%d=1 ", i) }),
		"one tag, one name":    "<a " + repeat(func(int) string { return "href=/badge.json " }) + ">",
		"one attribute":        `<a href="` + repeat(func(int) string { return "&amp;" }) + `">`,
		"tags without end":     repeat(func(int) string { return "<" }),
		"tags without a name":  repeat(func(int) string { return "</>" }),
		"comments":             repeat(func(int) string { return "<!--" }),
		"comments, empty":      repeat(func(int) string { return "<!>" }),
		"a comment of dashes":  "<!--" + repeat(func(int) string { return "-" }),
		"declarations":         repeat(func(int) string { return "<!DOCTYPE" }),
		"sections":             repeat(func(int) string { return "<![CDATA[" }),
		"scripts":              repeat(func(int) string { return "<script type=application/ld+json>{}</script>" }),
		"a script of scripts":  "<script type=application/ld+json>" + repeat(func(int) string { return "<!--<script>" }),
		"script ends":          "<script type=application/ld+json>" + repeat(func(int) string { return "</scrip" }),
		"a list in a script":   "<script type=application/ld+json>[" + repeat(func(int) string { return "1," })[:MostBytes-200] + "1]</script>",
		"depth in a script":    "<script type=application/ld+json>" + repeat(func(int) string { return "[" }),
		"objects in a script":  "<script type=application/ld+json>" + strings.Repeat(`{"@context":`, 300_000) + "</script>",
		"contexts in a script": `<script type=application/ld+json>{"@context":[` + strings.Repeat(`"a",`, 900_000) + `"b"]}</script>`,
		"titles":               repeat(func(int) string { return "<title>" }),
		"references":           repeat(func(int) string { return "&CounterClockwiseContourIntegral" }),
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			found := Read([]byte(page), here)
			took := time.Since(started)
			t.Logf("%d links, %d texts, %v", len(found.Links), len(found.Texts), took.Round(time.Millisecond))
			if len(found.Links) > mostLinks || len(found.Texts) > MostTexts || took > time.Minute {
				t.Errorf("%d links, %d texts, %v", len(found.Links), len(found.Texts), took)
			}
		})
	}
}

// FuzzRead: whatever a page says, only whole https addresses come out, few, none twice, and never the page's own.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`<base href=/x/><link rel=alternate type=application/vc href=a.json><a href=badge.png download>b</a>`), here)
	f.Add([]byte(`<script type=application/ld+json>[{"@context":"https://w3id.org/openbadges/v2","type":"Assertion"}]</script>`), "")
	f.Add([]byte(`<meta property=og:url content=https://moodle.example/badges/badge.php?hash=0123456789012345678901234567890123456789>`), here)
	f.Fuzz(func(t *testing.T, page []byte, at string) {
		found := Read(page, at)
		if len(found.Links) > mostLinks || len(found.Texts) > MostTexts {
			t.Fatal("too much came out")
		}
		for i, link := range append(found.Links, Known(at)...) {
			u, err := url.Parse(link)
			if err != nil || !strings.HasPrefix(link, "https://") || u.Host == "" || u.User != nil || u.Fragment != "" || link == at {
				t.Fatalf("%q came out", link)
			}
			if i < len(found.Links) && slices.Contains(found.Links[:i], link) {
				t.Fatalf("%q came out twice", link)
			}
		}
	})
}
