package batch

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// marks are what a row is recognised by: rows that share one are of the same credential, the same award. "" is no key.
type marks struct {
	file       string // the same file handed in again
	credential string // the same credential, whatever carries it
	award      string // another award of the same thing to the same person
}

// place tells the findings on one file apart that have no text of their own: two addresses in one document that cannot be read
// are two things. The same file handed in again gives the same places.
type place struct{ item, report int }

// whereabouts numbers the items of a source that stand in the same file.
type whereabouts struct {
	file   *byte
	length int
	at     place
}

func (w *whereabouts) next(item carrier.Item) place {
	var file *byte
	if len(item.Bytes) > 0 {
		file = &item.Bytes[0]
	}
	if file == nil || file != w.file || len(item.Bytes) != w.length {
		*w = whereabouts{file: file, length: len(item.Bytes)}
		return w.at
	}
	w.at.item++
	return w.at
}

// marksOf reads the marks of a report. What a credential says of itself counts only where its issuer signed it: everybody else may
// claim to be any other.
func marksOf(r *verifier.Report, at place) marks {
	var k marks
	if r.Input.SHA256 != "" {
		if len(r.Text) > 0 {
			k.file = key(r.Input.SHA256, digest(r.Text))
		} else {
			k.file = key(r.Input.SHA256, strconv.Itoa(at.item), strconv.Itoa(at.report))
		}
	}
	v := r.Credential
	if r.Authentic != verifier.Yes || v == nil {
		return k
	}
	if v.ID != "" && v.Issuer.ID != "" {
		k.credential = key("id", v.Issuer.ID, v.ID)
	} else if r.Document != nil {
		k.credential = documentKey(r.Document)
	}
	if v.Achievement != nil && v.Issuer.ID != "" {
		thing, recipient := cmp.Or(v.Achievement.ID, v.Achievement.Name), recipientKey(v.Recipient)
		if thing != "" && recipient != "" {
			k.award = key(v.Issuer.ID, thing, recipient)
		}
	}
	return k
}

// documentKey is the digest of a secured document. Its proof is left out: it may have been made anew.
func documentKey(document map[string]any) string {
	without := make(map[string]any, len(document))
	for name, value := range document {
		if name != "proof" {
			without[name] = value
		}
	}
	text, err := json.Marshal(without) // sorts the members
	if err != nil {
		return ""
	}
	return key("document", digest(text))
}

// recipientKey is made of the identifiers that a recipient has in clear, else of their hashes, which are the same only where their
// salts are. A name is anybody's, and identifies nobody.
func recipientKey(recipient []verifier.Identity) string {
	var clear, hashed []string
	for _, id := range recipient {
		switch {
		case id.Hashed:
			hashed = append(hashed, key(id.Value))
		case id.Type != "name":
			clear = append(clear, key(id.Type, id.Value))
		}
	}
	if len(clear) == 0 {
		clear = hashed
	}
	if len(clear) == 0 {
		return ""
	}
	slices.Sort(clear)
	return key(clear...)
}

// key joins texts so that no others give the same.
func key(parts ...string) string {
	var out []byte
	for _, part := range parts {
		out = strconv.AppendInt(out, int64(len(part)), 10)
		out = append(append(out, ':'), part...)
	}
	return digest(out)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return string(sum[:])
}

// earlier are the rows so far: the number of the first with a key.
type earlier map[string]int

// compare finds the first row with the same credential or file, else the first with another award of the same thing.
func (e earlier) compare(number int, k marks) (sameAs, like int) {
	for _, key := range []string{k.file, k.credential} {
		if first := e[key]; key != "" && first != 0 && (sameAs == 0 || first < sameAs) {
			sameAs = first
		}
	}
	if sameAs == 0 && k.award != "" {
		like = e[k.award]
	}
	for _, key := range []string{k.file, k.credential, k.award} {
		if key != "" && e[key] == 0 {
			e[key] = cmp.Or(sameAs, number)
		}
	}
	return sameAs, like
}
