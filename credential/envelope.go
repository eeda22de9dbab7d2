package credential

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

const clauseEnvelope = "VCDM 2.0 4.13.1"

// OpenEnvelope takes the token out of an EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation (VCDM 2.0 sections
// 4.13.1 and 4.13.2), such as stands alone or in a presentation. An envelope has exactly that one type, the context of VC Data
// Model 2.0 first, no proof, and a data: URL (RFC 2397) of a compact JWS as its id. kind is [KindEnvelopedCredential] or
// [KindEnvelopedPresentation].
//
// Nothing else in an envelope is secured, and nothing of it but the token may be used. The error is a [*Problem], with pointers
// into value: no_credential for what is no envelope of a token, alg_not_allowed for one secured with SD-JWT or COSE, ambiguous,
// context_untrusted or schema_invalid.
func OpenEnvelope(value map[string]any) (token, kind string, err error) {
	problem := func(pointer, code, detail string) (string, string, error) {
		return "", "", &Problem{Pointer: pointer, Code: code, Clause: clauseEnvelope, Detail: detail}
	}
	types := strict.Texts(value["type"])
	kind = kindOf(types)
	switch {
	case kind != KindEnvelopedCredential && kind != KindEnvelopedPresentation:
		return problem("/type", CodeNoCredential, "it is not an enveloped credential or presentation")
	case len(strict.Values(value["type"])) != 1:
		return problem("/type", CodeAmbiguous, "an envelope claims to be something else as well")
	case value["proof"] != nil:
		return problem("/proof", CodeAmbiguous, "an envelope has a proof of its own beside the token in it")
	}
	if contexts := strict.Values(value["@context"]); len(contexts) == 0 || contexts[0] != any(contextV2) {
		return problem("/@context", CodeContextUntrusted, "the first context of an envelope is not the one of Verifiable Credentials 2.0")
	}
	id, _ := value["id"].(string)
	if !isDataURL(id) {
		return problem("/id", CodeSchemaInvalid, "the id of an envelope is not a data: URL")
	}
	head, _, _ := strings.Cut(id[len("data:"):], ",")
	if media, _, _ := strings.Cut(strings.ToLower(head), ";"); slices.Contains(otherSecuring, media) {
		return problem("/id", CodeAlgNotAllowed, "what is in the envelope is secured with SD-JWT or COSE, which are not supported")
	}
	data, err := readDataURL(id)
	if err != nil {
		return problem("/id", CodeNoCredential, "the data: URL of an envelope cannot be read")
	}
	own := map[string]string{KindEnvelopedCredential: "application/vc+jwt", KindEnvelopedPresentation: "application/vp+jwt"}
	if data.media != own[kind] && data.media != "application/jwt" || len(data.parameters) > 0 || !compactJWS.Match(data.bytes) {
		return problem("/id", CodeNoCredential, "the data: URL of an envelope does not hold a token of the kind that the envelope names")
	}
	return string(data.bytes), kind, nil
}

// otherSecuring are the media types of the securing mechanisms of VC-JOSE-COSE that Laurel does not read, and of IETF SD-JWT.
var otherSecuring = []string{"application/vc+sd-jwt", "application/vp+sd-jwt", "application/dc+sd-jwt", "application/sd-jwt",
	"application/vc+cose", "application/vp+cose", "application/cose"}

// dataURL is what a data: URL holds (RFC 2397).
type dataURL struct {
	media      string   // type and subtype, in lower case; text/plain when there is none
	parameters []string // such as charset=utf-8
	bytes      []byte
}

// longestMediaType bounds the media type of a data: URL with its parameters, in bytes; its two names have at most 127 each
// (RFC 6838 section 4.2).
const longestMediaType = 512

func isDataURL(s string) bool { return len(s) > 5 && strings.EqualFold(s[:5], "data:") }

// readDataURL reads a data: URL: the media type, then its parameters and maybe base64 (the alphabet of RFC 4648 section 4, with
// its padding), then a comma and the data, where any byte may be written as an escape. It refuses whatever a URL cannot hold,
// a fragment, and quoted parameters.
func readDataURL(s string) (dataURL, error) {
	if !isDataURL(s) {
		return dataURL{}, errors.New("reading a data: URL: it begins otherwise")
	}
	head, body, found := strings.Cut(s[5:], ",")
	if !found || len(head) > longestMediaType {
		return dataURL{}, errors.New("reading a data: URL: it has no comma, or not where a media type ends")
	}
	for _, c := range []byte(s) {
		if never[c] || c >= 0x80 || c == '#' {
			return dataURL{}, errors.New("reading a data: URL: it holds a character that no such URL has")
		}
	}
	fields := strings.Split(head, ";")
	last := len(fields) - 1
	inBase64 := last > 0 && strings.EqualFold(fields[last], "base64")
	if inBase64 {
		fields = fields[:last]
	}
	d := dataURL{media: strings.ToLower(fields[0]), parameters: fields[1:]}
	if d.media == "" {
		d.media = "text/plain" // RFC 2397 section 2
	} else if kind, sub, found := strings.Cut(d.media, "/"); !found || kind == "" || sub == "" || strings.Contains(sub, "/") {
		return dataURL{}, errors.New("reading a data: URL: its media type is not a type and a subtype")
	}
	for _, parameter := range d.parameters {
		if name, value, found := strings.Cut(parameter, "="); !found || name == "" || value == "" {
			return dataURL{}, errors.New("reading a data: URL: a parameter of its media type has no value")
		}
	}
	text, err := url.PathUnescape(body)
	if err != nil {
		return dataURL{}, errors.New("reading a data: URL: an escape in it is not whole")
	}
	d.bytes = []byte(text)
	if inBase64 {
		if strings.ContainsAny(text, "\r\n") { // the decoder would skip them
			return dataURL{}, errors.New("reading a data: URL: there is a line end in its base64")
		}
		if d.bytes, err = base64.StdEncoding.Strict().DecodeString(text); err != nil {
			return dataURL{}, errors.New("reading a data: URL: its data is not base64")
		}
	}
	return d, nil
}
