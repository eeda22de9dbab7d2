package credential

import (
	"strconv"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Endorsement is an endorsement that a document carries. It is a credential of its own, to be judged by itself: a bad
// endorsement does not make the badge bad (OB 3.0 section 9.1). Exactly one of Value and JWT is set.
type Endorsement struct {
	Pointer string         // JSON Pointer (RFC 6901) into the document
	Carrier string         // id of the credential, achievement or profile that carries it: what it has to endorse
	Value   map[string]any // endorsement: an EndorsementCredential with its own proof, for [FromValue]
	JWT     string         // endorsementJwt: a compact JWS
}

// carriers are the members that lead to the objects which may carry endorsements: profiles and achievements (OB 3.0 B).
var carriers = []string{"issuer", "credentialSubject", "achievement", "creator", "source", "parentOrg"}

// endorsements collects the endorsements of a document, outermost first.
func endorsements(document map[string]any) []Endorsement {
	var all []Endorsement
	var collect func(object map[string]any, pointer string)
	collect = func(object map[string]any, pointer string) {
		carrier := text(object["id"])
		for _, part := range parts(object, pointer, "endorsement") {
			all = append(all, Endorsement{Pointer: part.Pointer, Carrier: carrier, Value: part.Value})
		}
		if tokens, there := object["endorsementJwt"]; there {
			_, several := tokens.([]any)
			for i, v := range strict.Values(tokens) {
				at := place(pointer, "endorsementJwt")
				if several {
					at += "/" + strconv.Itoa(i)
				}
				if jwt, ok := v.(string); ok {
					all = append(all, Endorsement{Pointer: at, Carrier: carrier, JWT: jwt})
				}
			}
		}
		for _, name := range carriers {
			for _, part := range parts(object, pointer, name) {
				collect(part.Value, part.Pointer)
			}
		}
	}
	collect(document, "")
	return all
}
