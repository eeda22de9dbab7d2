package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// profileEntry is what LinkedIn's form "Add to Profile" is filled with.
type profileEntry struct {
	Name    string // of the achievement
	Company string // name of the issuer
	Page    string // numeric id of the issuer's LinkedIn page, which is told in place of its name; "" where it is not known
	Issued  time.Time
	Expires time.Time // zero for never
	URL     string    // permanent address of the award
	Code    string    // its code for people
}

// link is the address of the form. Months and years are those of the dates in the zone that they are given in.
func (p profileEntry) link() string {
	fields := url.Values{
		"startTask": {"CERTIFICATION_NAME"}, "name": {p.Name}, "certUrl": {p.URL}, "certId": {p.Code},
		"issueYear": {strconv.Itoa(p.Issued.Year())}, "issueMonth": {strconv.Itoa(int(p.Issued.Month()))},
	}
	if p.Page != "" {
		fields.Set("organizationId", p.Page)
	} else {
		fields.Set("organizationName", p.Company)
	}
	if !p.Expires.IsZero() {
		fields.Set("expirationYear", strconv.Itoa(p.Expires.Year()))
		fields.Set("expirationMonth", strconv.Itoa(int(p.Expires.Month())))
	}
	return "https://www.linkedin.com/profile/add?" + fields.Encode()
}

// postLink is the address of LinkedIn's form for a post about an address.
func postLink(address string) string {
	return "https://www.linkedin.com/sharing/share-offsite/?" + url.Values{"url": {address}}.Encode()
}

// mailLink is a link that begins a message (RFC 6068). Lines of the body are divided by line feeds.
func mailLink(subject, body string) string {
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") } // a plus sign is one in such a link
	return "mailto:?subject=" + escape(subject) + "&body=" + escape(strings.ReplaceAll(body, "\n", "\r\n"))
}
