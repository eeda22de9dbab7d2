package keys

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Bounds of the text of a DID in characters: a did:jwk may carry an RSA key.
const (
	didJWKLongest = 8 << 10
	didWebLongest = 2 << 10
)

// DIDKey returns the did:key of an Ed25519, P-256 or P-384 key, or of an RSA key of up to 4096 bits (did:key 0.9 section 3.1).
// Errors wrap [ErrKey] or [ErrWeakKey].
func DIDKey(pub crypto.PublicKey) (string, error) {
	multikey, err := Multikey(pub)
	if err != nil {
		return "", err
	}
	return "did:key:" + multikey, nil
}

// DIDKeyDocument returns the document of a did:key, which is given without a fragment: one method, named by the DID with its own
// value as fragment, for assertions and authentication (did:key 0.9 section 3.1.1). Errors wrap [ErrKey] or [ErrWeakKey].
func DIDKeyDocument(did string) (*Document, error) {
	value, ok := strings.CutPrefix(did, "did:key:")
	if !ok {
		return nil, fmt.Errorf("%w: it is no did:key", ErrKey)
	}
	pub, err := ParseMultikey(value)
	if err != nil {
		return nil, err
	}
	return single(Method{ID: did + "#" + value, Type: "Multikey", Controller: did, Key: pub}, AssertionMethod, Authentication), nil
}

// DIDJWKDocument returns the document of a did:jwk, which is given without a fragment: one method, always named #0 whatever kid
// the key has (did:jwk, "Read"). A key whose use is enc may be used for nothing here. Errors are a [*strict.Error], or
// wrap [ErrKey] or [ErrWeakKey].
func DIDJWKDocument(did string) (*Document, error) {
	value, ok := strings.CutPrefix(did, "did:jwk:")
	if !ok || len(did) > didJWKLongest {
		return nil, fmt.Errorf("%w: it is no did:jwk, or too long", ErrKey)
	}
	data, err := decodeBase64URL(value)
	if err != nil {
		return nil, fmt.Errorf("%w: the did:jwk is not base64url", ErrKey)
	}
	members, err := strict.Object(data, documentLimits)
	if err != nil {
		return nil, err
	}
	jwk, err := ParseJWK(members)
	if err != nil {
		return nil, err
	}
	m := Method{ID: did + "#0", Type: "JsonWebKey2020", Controller: did, Key: jwk.Key, KeyID: jwk.KeyID}
	if jwk.Use == "enc" {
		return single(m), nil
	}
	return single(m, AssertionMethod, Authentication), nil
}

// WebURL returns the https address of the document of a did:web, which is given without a fragment (did:web section 2.5.2). The DID
// is never run through net/url, which would encode it a second time. Refused are names that could leave their place on the
// host: empty and dot segments, encoded slashes, queries, user names. Whether the host may be called at all (an address, a
// local name, an odd port) is judged where the call is made. Errors wrap [ErrKey].
func WebURL(did string) (string, error) {
	value, ok := strings.CutPrefix(did, "did:web:")
	if !ok || len(did) > didWebLongest {
		return "", fmt.Errorf("%w: it is no did:web, or too long", ErrKey)
	}
	segments := strings.Split(value, ":")
	host, port, hasPort := cutPort(segments[0])
	if !isHost(host) {
		return "", fmt.Errorf("%w: the host of the did:web is not a domain name", ErrKey)
	}
	if hasPort {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return "", fmt.Errorf("%w: the port of the did:web is not a number from 1 to 65535", ErrKey)
		}
		host += ":" + port
	}
	for _, segment := range segments[1:] {
		if !isSegment(segment) {
			return "", fmt.Errorf("%w: a path segment of the did:web is not allowed", ErrKey)
		}
	}
	if len(segments) == 1 {
		return "https://" + host + "/.well-known/did.json", nil
	}
	return "https://" + host + "/" + strings.Join(segments[1:], "/") + "/did.json", nil
}

// cutPort parts the first segment at its encoded colon.
func cutPort(segment string) (host, port string, found bool) {
	if host, port, found = strings.Cut(segment, "%3A"); !found {
		host, port, found = strings.Cut(segment, "%3a")
	}
	return host, port, found
}

// isHost allows the letters of a domain name, or of an IPv4 address. Internationalised names come in their ASCII form.
func isHost(host string) bool {
	return host != "" && !strings.HasPrefix(host, ".") && !strings.Contains(host, "..") &&
		strings.Trim(host, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// isSegment allows what DID Core section 3.1 calls idchar, as long as the escapes hide nothing that has a meaning in a URL.
func isSegment(segment string) bool {
	if strings.ContainsFunc(segment, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._%", r)
	}) {
		return false
	}
	text, err := url.PathUnescape(segment)
	return err == nil && text != "" && text != "." && text != ".." && utf8.ValidString(text) &&
		!strings.ContainsAny(text, `/\?#%:@`) && !strings.ContainsFunc(text, unicode.IsControl)
}

// WebDID returns the did:web of a host, with a port where it has one ("example.com:8443"), and of the segments of a path. It is the
// reverse of [WebURL] and gives its errors.
func WebDID(host string, path ...string) (string, error) {
	did := strings.Join(append([]string{"did:web:" + strings.Replace(host, ":", "%3A", 1)}, path...), ":")
	if _, err := WebURL(did); err != nil {
		return "", err
	}
	return did, nil
}

// webMethod and webDocument are the JSON of a document that we publish; the order of fields is the order of members.
type webMethod struct {
	ID                 string         `json:"id"`
	Type               string         `json:"type"`
	Controller         string         `json:"controller"`
	Expires            string         `json:"expires,omitempty"`
	Revoked            string         `json:"revoked,omitempty"`
	PublicKeyMultibase string         `json:"publicKeyMultibase,omitempty"`
	PublicKeyJwk       map[string]any `json:"publicKeyJwk,omitempty"`
}

type webDocument struct {
	Context            []string    `json:"@context"`
	ID                 string      `json:"id"`
	VerificationMethod []webMethod `json:"verificationMethod"`
	Authentication     []string    `json:"authentication"`
	AssertionMethod    []string    `json:"assertionMethod"`
}

// WebDocument returns the JSON of the document of did, which is a did:web: every method under its ID for assertions and
// authentication, but those with Revoked, which stand there to say so and are for nothing (CID 1.0 section 2.2). An Ed25519 key is
// written as Multikey, any other as JsonWebKey with the ID as kid. Of a method the ID, which begins with the DID and "#", the Key,
// Expires and Revoked are used. The same input gives the same bytes. Errors wrap [ErrKey] or [ErrWeakKey].
func WebDocument(did string, methods []Method) ([]byte, error) {
	if _, err := WebURL(did); err != nil {
		return nil, err
	}
	document := webDocument{Context: []string{"https://www.w3.org/ns/did/v1"}, ID: did,
		VerificationMethod: []webMethod{}, Authentication: []string{}, AssertionMethod: []string{}}
	contexts := map[string]string{}
	for _, m := range methods {
		if fragment, ok := strings.CutPrefix(m.ID, did+"#"); !ok || fragment == "" {
			return nil, fmt.Errorf("%w: a method of the document is not named after its DID", ErrKey)
		}
		method := webMethod{ID: m.ID, Controller: did, Expires: stamp(m.Expires), Revoked: stamp(m.Revoked)}
		var err error
		if AlgorithmFor(m.Key) == EdDSA || m.Type == "Multikey" {
			method.Type = "Multikey"
			method.PublicKeyMultibase, err = Multikey(m.Key)
			contexts[method.Type] = "https://w3id.org/security/multikey/v1"
		} else if method.PublicKeyJwk, err = MarshalJWK(m.Key); err == nil {
			method.Type = "JsonWebKey"
			method.PublicKeyJwk["kid"], method.PublicKeyJwk["alg"] = m.ID, AlgorithmFor(m.Key)
			contexts[method.Type] = "https://w3id.org/security/jwk/v1"
		}
		if err != nil {
			return nil, err
		}
		document.VerificationMethod = append(document.VerificationMethod, method)
		if m.Revoked.IsZero() {
			document.Authentication = append(document.Authentication, m.ID)
			document.AssertionMethod = append(document.AssertionMethod, m.ID)
		}
	}
	for _, kind := range []string{"Multikey", "JsonWebKey"} {
		if contexts[kind] != "" {
			document.Context = append(document.Context, contexts[kind])
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("writing a did:web document: %w", err)
	}
	// Our own reader is the check that no two methods share an ID.
	if read, err := ParseDocument(text.Bytes()); err != nil {
		return nil, err
	} else if len(read.Methods) != len(methods) {
		return nil, fmt.Errorf("%w: two methods of the document have one id", ErrKey)
	}
	return text.Bytes(), nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
