package console

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// Awards are searched for by whom they are for. An address of a page is written down in many places: by proxies, in the history of a
// browser, in the messages of those who share it. So the words of a search are sent in a form, and stand in addresses only sealed for
// the session in which they were asked.

const (
	fieldQuery  = "q"    // of the form: what is searched for
	queryFind   = "find" // of an address: the same, sealed
	longestFind = 320    // bytes: an e-mail address, and then some
)

// sealer seals texts of one organisation for the session that asks: no other session can open them, and nobody without one.
func (v *visit) sealer() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(v.cookie(cookieSession)), nil, "laurel console search "+v.organisation.ID, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal hides a text for an address; "" stays "".
func (v *visit) seal(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	sealer, err := v.sealer()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealer.Seal(nil, nil, []byte(text), nil)), nil
}

// unseal reads what seal has written; ok is false for what was sealed for another session, and for anything else.
func (v *visit) unseal(sealed string) (text string, ok bool) {
	if sealed == "" {
		return "", true
	}
	closed, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", false
	}
	sealer, err := v.sealer()
	if err != nil {
		return "", false
	}
	open, err := sealer.Open(nil, nil, closed, nil)
	return string(open), err == nil
}

// awardFilters are the fields that a list of awards is narrowed by, and that say nothing of people.
var awardFilters = []string{"state", "achievement", "batch"}

// searchAwards takes what is searched for, and goes to the page that lists what is found.
func (s *server) searchAwards(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	return s.findIn(v, f.Values)
}

// findIn goes to the list of the awards that fields ask for.
func (s *server) findIn(v *visit, fields url.Values) error {
	values := url.Values{}
	for _, name := range awardFilters {
		if text := strings.TrimSpace(fields.Get(name)); text != "" {
			values.Set(name, text)
		}
	}
	query := strings.TrimSpace(strings.ToValidUTF8(fields.Get(fieldQuery), ""))
	if len(query) > longestFind {
		return failure{status: http.StatusUnprocessableEntity, title: "That is too long to search for", detail: "Search for one e-mail address, a name, or the id or web address of one award."}
	}
	sealed, err := v.seal(query)
	if err != nil {
		return err
	}
	if sealed != "" {
		values.Set(queryFind, sealed)
	}
	address := v.to("awards")
	if len(values) > 0 {
		address += "?" + values.Encode()
	}
	return v.Redirect(http.StatusSeeOther, address)
}

// awardFilter reads what a list of awards is asked for by its address, with the open words of the search in its form. lost says that
// there was a search that only another session can read.
func (v *visit) awardFilter() (find *form, f issuer.CredentialFilter, lost bool) {
	find = newForm()
	for _, name := range awardFilters {
		find.Set(name, strings.TrimSpace(v.QueryParam(name)))
	}
	query, ok := v.unseal(v.QueryParam(queryFind))
	find.Set(fieldQuery, query)
	f = issuer.CredentialFilter{Achievement: find.Get("achievement"), State: issuer.CredentialState(find.Get("state")), Batch: find.Get("batch"), Newest: true}
	return find, f, !ok
}

// returnable is the address of a request as a browser may keep it, to come back to: without what can name a person.
func returnable(r *http.Request) string {
	if strings.Contains(r.URL.Path, "@") {
		return pathConsole
	}
	values := r.URL.Query()
	values.Del(fieldQuery)
	for name, given := range values {
		if strings.Contains(name+strings.Join(given, ""), "@") {
			values.Del(name)
		}
	}
	if len(values) == 0 {
		return r.URL.EscapedPath()
	}
	return r.URL.EscapedPath() + "?" + values.Encode()
}
