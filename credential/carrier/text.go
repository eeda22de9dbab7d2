package carrier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier/page"
)

const (
	maxLinks   = 8    // addresses of one item
	maxListed  = 64   // addresses and tokens in one list
	maxAddress = 4096 // bytes of one address; a QR code holds 4,296 characters at most (ISO/IEC 18004)
)

// read tells what a text is. Whoever took the text out of something else overwrites the kind.
func read(text []byte, at string) Item {
	if len(text) > credential.Limits.Document {
		return Item{Kind: "json", Problem: longCredential()}
	}
	start := bytes.TrimLeft(text, space)
	if len(start) == 0 {
		return Item{Kind: "json", Problem: none("empty", "There is nothing in it.")}
	}
	if item, is := address(bytes.Trim(bytes.TrimPrefix(start, byteOrderMark), space), at); is {
		return item
	}
	switch {
	case start[0] == '{', start[0] == '[', start[0] == '"', bytes.HasPrefix(start, byteOrderMark), start[0] != 'e' && json.Valid(text): // no JSON begins as tokens do
		return Item{Kind: "json", Text: text}
	case isToken(start):
		// A text file ends with a line feed; inside a token it would be a second spelling of one signature.
		return Item{Kind: "jwt", Text: bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))}
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return Item{Kind: "json", Problem: none("binary", "This is a kind of file that Laurel does not read. Give it the badge as JSON, JWT, PNG, SVG or PDF.")}
	}
	return Item{Kind: "json", Problem: none("text", "This text is neither a credential (JSON or JWT) nor the address of one.")}
}

func longCredential() *Problem {
	return &Problem{Code: codeTooLarge, Case: "credential", Detail: fmt.Sprintf("The credential is larger than %d MiB.", credential.Limits.Document>>20),
		Facts: most(credential.Limits.Document >> 20)}
}

// carried is [read] for a text that was taken out of a file of that kind. Space around it is not part of it.
func carried(text []byte, kind string) Item {
	item := read(bytes.Trim(text, space), "")
	item.Kind = kind
	return item
}

// isToken tells whether a text means to be a compact JWS. What is wrong with it is for its reader to say.
func isToken(start []byte) bool {
	token := bytes.TrimRight(start, "\r\n")
	points := bytes.Count(token, []byte("."))
	return bytes.HasPrefix(start, []byte("eyJ")) || bytes.HasPrefix(start, []byte("ey")) && points >= 2 ||
		points == 2 && !bytes.ContainsFunc(token, neverInToken)
}

// neverInToken tells whether a character is in no compact JWS (RFC 7515 section 7.1), however it is padded.
func neverInToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_=", r))
}

var (
	scheme  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]{0,40}:`)
	visible = regexp.MustCompile(`^[^\s\p{C}]+$`)

	// Schemes of addresses that have no "//".
	opaque = []string{"javascript", "data", "vbscript", "file", "blob", "about", "mailto", "tel", "sms", "did", "urn", "http", "https"}

	// Schemes that call a wallet: OpenID for Verifiable Credential Issuance and Presentations, and deep links of wallets.
	wallets = []string{"openid-credential-offer", "openid-initiate-issuance", "openid-vc", "openid", "openid4vp", "haip", "mdoc-openid4vp", "dccrequest", "walletapp"}
)

// address tells whether a text is an address, or something else of a QR code that leads elsewhere, and where it leads.
func address(whole []byte, at string) (Item, bool) {
	if !bytes.HasPrefix(whole, []byte("VP1-")) && !scheme.Match(whole[:min(len(whole), maxAddress+1)]) {
		return Item{}, false // most texts are credentials
	}
	text := string(whole[:min(len(whole), maxAddress+1)])
	if strings.HasPrefix(text, "VP1-") && visible.MatchString(text) {
		return Item{Kind: "json", Problem: none("cbor_ld", "This is a credential in the compact form for QR codes (CBOR-LD), which Laurel does not read. Ask for the badge as a file or for its address.")}, true
	}
	name := strings.ToLower(strings.TrimSuffix(scheme.FindString(text), ":"))
	if name == "" || !strings.HasPrefix(text[len(name)+1:], "//") && !slices.Contains(opaque, name) || !visible.MatchString(text) && name != "javascript" {
		return Item{}, false
	}
	problem := func(what, detail string) (Item, bool) {
		p := none(what, detail)
		p.Facts = map[string]string{"name": name}
		return Item{Kind: "url", Problem: p}, true
	}
	switch {
	case slices.Contains(wallets, name):
		return problem("wallet_offer", "This is an invitation for a wallet and no badge. Open it with the wallet app, and hand in the badge from there.")
	case name != "https" && name != "http": // whether an address without TLS is asked is for the fetcher to say: that of this machine may be
		return problem("other_address", "This is an address of a kind that Laurel never follows: only https leads to a badge.")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || len(text) > maxAddress:
		return problem("other_address", "This address is not one that a badge can be read at.")
	case isOffer(u):
		return problem("wallet_offer", "This is an invitation for a wallet and no badge. Open it with the wallet app, and hand in the badge from there.")
	}
	u.Host = strings.ToLower(u.Host) // QR codes are smaller when everything is in capitals
	known := page.Known(u.String())
	u.Fragment, u.RawFragment = "", ""
	found := links(at, known, []string{u.String()})
	if len(found) == 0 {
		return problem("other_address", "This address leads back to where it was found.")
	}
	return Item{Kind: "url", Links: found}, true
}

// Lines are the inputs in a text that was pasted, or stands in a file: each line where all of them are addresses or whole tokens,
// else the text as it is; none in an empty text. Space around a line is no part of it, and an empty line is none.
func Lines(text string) []string {
	var lines []string
	known := map[string]bool{}
	for line := range strings.Lines(strings.TrimPrefix(text, string(byteOrderMark))) {
		line = strings.Trim(line, space)
		switch {
		case line == "":
			continue
		case !known[line]:
			if item, is := address([]byte(line), ""); !isWholeToken(line) && !(is && item.Kind == "url") {
				return []string{text}
			}
			known[line] = true
		}
		lines = append(lines, line)
	}
	return lines
}

// IsLink tells whether a text is an https or http address and nothing else.
func IsLink(text string) bool {
	item, is := address([]byte(text), "")
	return is && item.Kind == "url" && strings.HasPrefix(strings.ToLower(text[:min(len(text), 4)]), "http")
}

// isWholeToken tells a whole token: a line of one that was broken over several lines is none.
func isWholeToken(line string) bool {
	return strings.HasPrefix(line, "eyJ") && strings.Count(line, ".") == 2 && !strings.HasSuffix(line, ".") && !strings.ContainsFunc(line, neverInToken)
}

// list reads a text of several [Lines], each of which holds or leads to a credential, each once; nil for any other text. In what
// was read at an address there is no such list: who wrote it is not who handed it in.
func list(text []byte, at string) []Item {
	if at != "" || len(text) > credential.Limits.Document {
		return nil
	}
	if inside := bytes.Trim(text, space); bytes.IndexByte(inside, '\n') < 0 && bytes.IndexByte(inside, '\r') < 0 {
		return nil
	}
	lines := Lines(string(text))
	if len(lines) < 2 {
		return nil
	}
	var items []Item
	seen := map[string]bool{}
	for _, line := range lines {
		switch {
		case seen[line]:
			continue
		case len(items) == maxListed:
			return append(items, rest("url", "There are more addresses in this text than are followed.", maxListed))
		}
		seen[line] = true
		items = append(items, read([]byte(line), ""))
	}
	return items
}

// isOffer tells whether an https address calls a wallet: OpenID for Verifiable Credential Issuance 1.0 section 4.1, and the
// Learner Credential Wallet.
func isOffer(u *url.URL) bool {
	query := u.Query()
	return query.Has("credential_offer") || query.Has("credential_offer_uri") ||
		strings.EqualFold(u.Hostname(), "lcw.app") && strings.HasPrefix(u.Path, "/request")
}

// links puts addresses in one list, the first ones first, none twice, not at, and not too many.
func links(at string, lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		for _, link := range list {
			if len(all) < maxLinks && link != at && !slices.Contains(all, link) {
				all = append(all, link)
			}
		}
	}
	return all
}
