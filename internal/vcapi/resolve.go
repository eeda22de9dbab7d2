package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// resolution is the result of resolving a DID (DID Resolution 0.3 section 4), also of one that fails.
type resolution struct {
	Document any        `json:"didDocument"` // null on failure; the one method where the DID URL has a fragment
	Metadata resolving  `json:"didResolutionMetadata"`
	About    emptyAbout `json:"didDocumentMetadata"`
}

type emptyAbout struct{}

type resolving struct {
	ContentType string `json:"contentType,omitempty"`
	Error       string `json:"error,omitempty"`
	Detail      string `json:"detail,omitempty"`
}

const mediaResolution = `application/ld+json;profile="https://w3id.org/did-resolution"`

// unresolved is why a DID has no document: an error of DID Resolution 0.3 section 9 or did:key 0.9 section 3.1, with the status.
type unresolved struct {
	status int
	name   string
	detail string
}

func (u unresolved) Error() string { return u.detail }

func bad(name, detail string) error { return unresolved{http.StatusBadRequest, name, detail} }

// resolve answers GET /identifiers/{did}.
func (s *server) resolve(c echo.Context) error {
	status := http.StatusOK
	answer := resolution{Metadata: resolving{ContentType: "application/did+ld+json"}}
	document, err := s.document(c.Request())
	var why unresolved
	switch {
	case errors.As(err, &why):
		status, answer.Metadata = why.status, resolving{Error: why.name, Detail: why.detail}
	case err != nil:
		return err
	default:
		answer.Document = document
	}
	text, err := encode(answer)
	if err != nil {
		return err
	}
	return c.Blob(status, mediaResolution, text)
}

// document is that of the DID, or the method of the DID URL, that a request asks for.
func (s *server) document(r *http.Request) (any, error) {
	text, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), prefix+"/identifiers/"))
	if err != nil {
		return nil, bad("invalidDid", "The address cannot be read.")
	}
	did, fragment, err := parseDIDURL(text)
	if err != nil {
		return nil, err
	}
	format, err := parseFormat(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	var document *didDocument
	switch {
	case strings.HasPrefix(did, "did:key:"):
		document, err = keyDocument(did, format)
	case strings.HasPrefix(did, "did:jwk:"):
		document, err = jwkDocument(did, format)
	case strings.HasPrefix(did, "did:web:"):
		if r.URL.RawQuery != "" {
			return nil, bad("invalidOptions", "Options are for did:key and did:jwk: the document of a did:web is given as its owner has written it.")
		}
		return s.webDocument(r.Context(), did, fragment)
	default:
		return nil, bad("methodNotSupported", "The methods that are resolved here are did:key, did:jwk and did:web.")
	}
	if err != nil || fragment == "" {
		return document, err
	}
	for _, method := range document.Methods {
		if method.ID == did+"#"+fragment {
			return method, nil
		}
	}
	return nil, noMethod()
}

func noMethod() error {
	return unresolved{http.StatusNotFound, "notFound", "The document has no verification method of this name."}
}

// parseDIDURL reads a DID, with a fragment where there is one (DID Core 1.0 sections 3.1 and 3.2). A path or a query leads nowhere
// here.
func parseDIDURL(text string) (did, fragment string, err error) {
	rest, fragment, _ := strings.Cut(text, "#")
	did = rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		did = rest[:end]
	}
	path := rest[len(did):]
	name, isDID := strings.CutPrefix(did, "did:")
	method, id, _ := strings.Cut(name, ":")
	switch {
	case !isDID, method == "", strings.Trim(method, lower+digits) != "",
		id == "", strings.HasSuffix(id, ":"), strings.Trim(id, lower+upper+digits+".-_:%") != "":
		return "", "", bad("invalidDid", "This is not a DID.")
	case strings.ContainsFunc(path+fragment, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\"<>\\^`{|}[]#", c) }):
		return "", "", bad("invalidDidUrl", "This is not a DID URL.")
	case path != "":
		return "", "", unresolved{http.StatusNotFound, "notFound", "A path or a query of a DID URL leads nowhere here."}
	}
	return did, fragment, nil
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// formats are the types of verification methods that a key can be written as, with their contexts; the zero format is Multikey.
var formats = map[string]string{
	"Multikey":                   "https://w3id.org/security/multikey/v1",
	"JsonWebKey":                 "https://w3id.org/security/jwk/v1",
	"JsonWebKey2020":             "https://w3id.org/security/suites/jws-2020/v1",
	"Ed25519VerificationKey2020": "https://w3id.org/security/suites/ed25519-2020/v1",
}

// experimental are formats of did:key 0.9 section 3.1 that are asked for by enableExperimentalPublicKeyTypes, and never written here.
var experimental = map[string]bool{"Ed25519VerificationKey2018": true, "EcdsaSecp256k1VerificationKey2019": true, "X25519KeyAgreementKey2019": true,
	"Bls12381G2Key2020": true, "JwsVerificationKey2020": true}

// parseFormat reads the options of a resolution.
func parseFormat(query string) (format string, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", bad("invalidOptions", "The options cannot be read.")
	}
	for name, all := range values {
		if name != "publicKeyFormat" && name != "enableExperimentalPublicKeyTypes" || len(all) > 1 {
			return "", bad("invalidOptions", "The options here are publicKeyFormat and enableExperimentalPublicKeyTypes, each once.")
		}
	}
	format = values.Get("publicKeyFormat")
	if _, known := formats[format]; format == "" || known {
		return format, nil
	}
	if experimental[format] && values.Get("enableExperimentalPublicKeyTypes") != "true" { // did:key 0.9 section 3.1.2
		return "", bad("invalidPublicKeyType", "This type of verification method is experimental and was not asked for as such.")
	}
	return "", bad("unsupportedPublicKeyType", "Keys are not written as this type of verification method here.")
}

// webDocument reads the document of a did:web through the one door, own ones from the store.
func (s *server) webDocument(ctx context.Context, did, fragment string) (any, error) {
	address, err := keys.WebURL(did)
	if err != nil {
		return nil, bad("invalidDid", "The did:web names no address that can be called.")
	}
	source, err := s.Fetch.Fetch(ctx, address, credential.Limits.Body)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, verifier.ErrBlocked) {
		return nil, bad("notAllowed", "The address of the document is not a public https address, so it was not called.")
	}
	var told *issuer.Error
	if errors.As(err, &told) && told.Kind == issuer.KindUnavailable { // ours, and cannot be read now, which does not mean that it is not there
		return nil, told
	}
	if err != nil || !sameHost(source.URL, address) {
		return nil, unresolved{http.StatusNotFound, "notFound", "No document could be read at the address of this DID."}
	}
	document, err := keys.ParseDocument(source.Bytes)
	if err != nil || document.ID != did { // CID 1.0 section 2.1: such a document says nothing about this identifier
		return nil, bad("invalidDidDocument", "What stands at the address of this DID is not its document.")
	}
	if fragment == "" {
		return json.RawMessage(source.Bytes), nil
	}
	var read struct {
		Methods []map[string]any `json:"verificationMethod"`
	}
	if err := json.Unmarshal(source.Bytes, &read); err == nil {
		for _, method := range read.Methods {
			if method["id"] == did+"#"+fragment || method["id"] == "#"+fragment {
				return method, nil
			}
		}
	}
	return nil, noMethod()
}

// sameHost says whether an answer came from the host that was asked: another may not speak for it.
func sameHost(a, b string) bool {
	first, errA := url.Parse(a)
	second, errB := url.Parse(b)
	return errA == nil && errB == nil && strings.EqualFold(first.Host, second.Host)
}
