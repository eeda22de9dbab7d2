package page

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// host is a publisher of badges: where its pages are, and where it publishes the credential that a page shows.
type host struct {
	names     []string                       // host names of its pages; "" for software that anybody may run
	page      *regexp.Regexp                 // paths of its pages; the first group is the id of a badge
	addresses func(name, id string) []string // https addresses, the best first
}

const uuid = `([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})`

var (
	badgrPage        = regexp.MustCompile(`^/public/assertions/([A-Za-z0-9_-]{8,64})/?$`)
	credlyPage       = regexp.MustCompile(`^/(?:badges|earner/earned/badge)/` + uuid + `(?:/[a-z_]*)?$`)
	verifierPlusPage = regexp.MustCompile(`^/credentials/` + uuid + `/?$`)
	moodlePage       = regexp.MustCompile(`^((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){0,8}/badges)/badge\.php$`)
	moodleHash       = regexp.MustCompile(`^[0-9A-Za-z]{32,64}$`)
)

// hosts is built anew for each question, so that nobody can change it.
func hosts() []host {
	return []host{
		{
			// Credly, Acclaim before: api.credly.com/docs/obi_specified_endpoints, "Get Badge Assertion".
			names: []string{"credly.com", "www.credly.com", "youracclaim.com", "www.youracclaim.com"}, page: credlyPage,
			addresses: func(_, id string) []string {
				return []string{"https://api.credly.com/v1/obi/v2/badge_assertions/" + id}
			},
		},
		{
			// Badgr, Canvas Credentials. The hosts: developerdocs.instructure.com/services/credentials, "Environments". That a badge
			// has the path of its page: badgr-server, apps/issuer/public_api.py, get_badgrapp_redirect.
			names: []string{"badgr.com", "eu.badgr.com", "au.badgr.com", "ca.badgr.com", "sg.badgr.com", "badgr.io"}, page: badgrPage,
			addresses: func(name, id string) []string {
				region := strings.TrimSuffix(strings.TrimSuffix(name, "badgr.com"), "badgr.io") // "eu." or nothing
				return []string{"https://api." + region + "badgr.io/public/assertions/" + id}
			},
		},
		{
			// The same, where the address of the badge itself was opened in a browser and sent on to its page: badgr-server,
			// apps/issuer/public_api.py, is_requesting_html.
			names: []string{"api.badgr.io", "api.eu.badgr.io", "api.au.badgr.io", "api.ca.badgr.io", "api.sg.badgr.io"}, page: badgrPage,
			addresses: func(name, id string) []string {
				return []string{"https://" + name + "/public/assertions/" + id, "https://" + name + "/public/assertions/" + id + ".json"}
			},
		},
		{
			// Parchment Digital Badges: developerdocs.instructure.com/services/parchment-digital-badges, "Environments". Its badges
			// keep the ids that they had in Badgr: the same, under "Assertions".
			names: []string{"badges.parchment.com", "badges.parchment.eu", "badges.parchment.au", "badges.parchment.ca", "badges.parchment.sg"},
			page:  badgrPage,
			addresses: func(name, id string) []string {
				region, _ := strings.CutPrefix(name, "badges.parchment.")
				before := "api." + region + ".badgr.io"
				if region == "com" {
					before = "api.badgr.io"
				}
				return []string{"https://api." + name + "/public/assertions/" + id, "https://" + before + "/public/assertions/" + id}
			},
		},
		{
			// Open Educational Badges, which runs badgr-server and gives Open Badges 3.0 as version 3_0: github.com/mint-o-badges,
			// badgr-server, apps/issuer/public_api.py, _get_request_obi_version and get_badgrapp_redirect.
			names: []string{"openbadges.education", "www.openbadges.education", "api.openbadges.education"}, page: badgrPage,
			addresses: func(_, id string) []string {
				const at = "https://api.openbadges.education/public/assertions/"
				return []string{at + id + "?v=3_0", at + id}
			},
		},
		{
			// edubadges of SURF: github.com/edubadges, edubadges-server, apps/issuer/public_api.py; its ids begin with this address.
			names: []string{"edubadges.nl", "www.edubadges.nl"}, page: badgrPage,
			addresses: func(_, id string) []string { return []string{"https://api.edubadges.nl/public/assertions/" + id} },
		},
		{
			// VerifierPlus: github.com/digitalcredentials/verifier-plus, app/lib/credentials.ts, StoreCredentialResult. The answer
			// has to be taken out of its wrapping, see Unwrap.
			names: []string{"verifierplus.org", "www.verifierplus.org"}, page: verifierPlusPage,
			addresses: func(name, id string) []string { return []string{"https://" + name + "/api/credentials/" + id} },
		},
	}
}

// Known returns https addresses at which a known host of badges publishes the credential behind the page at an address, the best
// first, at most [mostLinks] and never the address itself. Of the address only what names the badge gets into them. It returns nil
// for a host that is not known.
func Known(at string) []string {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" || len(at) > mostAddress {
		return nil
	}
	name, path := strings.ToLower(u.Host), u.EscapedPath()
	var links []string
	for _, h := range hosts() {
		if slices.Contains(h.names, name) {
			if id := h.page.FindStringSubmatch(path); id != nil {
				links = append(links, h.addresses(name, id[1])...)
			}
			if asked := inFragment(h, u); asked != "" {
				links = append(links, asked)
			}
		}
	}
	links = append(links, moodle(u, name, path)...)
	self := absolute(&url.URL{}, at)
	return slices.DeleteFunc(links, func(link string) bool { return link == self })
}

// inFragment is the address that VerifierPlus is asked to open: verifierplus.org/#verify?vc=, encoded or as it is
// (github.com/digitalcredentials/vc-test-fixtures, README.md).
func inFragment(h host, u *url.URL) string {
	asked, ok := strings.CutPrefix(u.EscapedFragment(), "verify?vc=")
	if h.page != verifierPlusPage || !ok {
		return ""
	}
	if plain, err := url.QueryUnescape(asked); err == nil && !strings.Contains(asked, "://") {
		asked = plain
	}
	return absolute(&url.URL{}, asked)
}

// moodle returns the address of the assertion beside badges/badge.php?hash=, on whatever host Moodle runs: github.com/moodle/moodle,
// badges/assertion.php and badges/classes/assertion.php. Version 2 of Open Badges is asked for first.
func moodle(u *url.URL, name, path string) []string {
	folder, hash := moodlePage.FindStringSubmatch(path), u.Query().Get("hash")
	if folder == nil || !moodleHash.MatchString(hash) || strings.Trim(name, hostCharacters) != "" {
		return nil
	}
	assertion := "https://" + name + folder[1] + "/assertion.php?b=" + hash
	return []string{assertion + "&obversion=2", assertion}
}

// Unwrap returns the credentials in an answer from the address at, where its host is known to wrap them in JSON of its own
// (VerifierPlus, see [Known]), each as it stands there; nil for any other answer, which is then to be taken as it is.
func Unwrap(answer []byte, at string) [][]byte {
	u, err := url.Parse(at)
	if err != nil || !slices.Contains([]string{"verifierplus.org", "www.verifierplus.org"}, strings.ToLower(u.Host)) || !strings.HasPrefix(u.Path, "/api/credentials/") {
		return nil
	}
	var wrapped struct {
		Credential json.RawMessage `json:"credential"`
	}
	if json.Unmarshal(answer, &wrapped) != nil || len(wrapped.Credential) == 0 {
		return nil
	}
	var out [][]byte
	for _, object := range objects(wrapped.Credential) {
		if len(out) < MostTexts && credential(object) {
			out = append(out, object)
		}
	}
	return out
}
