package status

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// Subject is the credentialSubject of a status list credential.
type Subject struct {
	Method      Method // Bitstring or StatusList2021
	ID          string // "" when absent
	Purposes    []string
	Size        int           // bits of one status; 0 when the list does not say
	EncodedList string        // for [Subject.Decode]
	TTL         time.Duration // how long the issuer lets readers keep the list; 0 when it says nothing
}

// ParseSubject reads the credentialSubject of a list credential, as strict.Parse returns it: by the rules of Bitstring Status List
// section 2.2, or by those of StatusList2021Credential. Every error is an [*Error] with CodeInvalid.
func ParseSubject(subject map[string]any) (Subject, error) {
	s := Subject{Method: methodOfSubject(texts(subject["type"]))}
	clause := clauseList
	switch s.Method {
	case "":
		return Subject{}, invalid(clauseList, "/type", "the subject of the list is not a "+TypeList)
	case StatusList2021:
		clause = clauseList2021
	}
	s.Purposes = texts(subject["statusPurpose"])
	if len(s.Purposes) == 0 || slices.Contains(s.Purposes, "") {
		return Subject{}, invalid(clause, "/statusPurpose", "the list has no purpose")
	}
	if id, present := subject["id"]; present && s.Method == Bitstring { // of the older lists the id is often no URL, and nothing is looked up by it
		if s.ID, _ = id.(string); !absolute(s.ID) {
			return Subject{}, invalid(clause, "/id", "the id of the list is not a URL")
		}
	}
	if ttl, present := subject["ttl"]; present {
		number, _ := ttl.(json.Number)
		milliseconds, ok := decimal(string(number))
		if !ok {
			return Subject{}, invalid(clause, "/ttl", "ttl is not a whole number of milliseconds")
		}
		const longest = 365 * 24 * time.Hour // keeps the product within a Duration; readers keep a list far shorter
		s.TTL = time.Duration(min(milliseconds, int(longest/time.Millisecond))) * time.Millisecond
	}
	if size, present := subject["statusSize"]; present {
		number, _ := size.(json.Number)
		var ok bool
		if s.Size, ok = decimal(string(number)); !ok || s.Size < 1 {
			return Subject{}, invalid(clause, "/statusSize", "the status size of the list is not a whole number above zero")
		}
	}
	if s.EncodedList, _ = subject["encodedList"].(string); s.EncodedList == "" {
		return Subject{}, invalid(clause, "/encodedList", "the subject has no encoded list")
	}
	return s, nil
}

// Decode takes the list out, as [Decode] does, also one that is too short: [List.Value] says so. The encodedList of Status List
// 2021 is base64url without a prefix; the padded form and standard base64 of old issuers are read too. Every error is an [*Error].
func (s Subject) Decode() (List, error) {
	packed, err := unpack(s.Method, s.EncodedList)
	if err != nil {
		return List{}, err
	}
	clause := clauseInflate
	if s.Method == StatusList2021 {
		clause = clauseInflate2021
	}
	bits, err := inflate(clause, packed)
	if err != nil {
		return List{}, err
	}
	return List{bits: bits}, nil
}

// ListOptions names a list credential. All members but TTL are required.
type ListOptions struct {
	ID         string        // the address where the list is published, an absolute URL
	Issuer     string        // id of the issuer
	Purpose    string        // revocation, suspension ...
	ValidFrom  time.Time     // written in whole seconds
	ValidUntil time.Time     // after ValidFrom
	TTL        time.Duration // how long readers may keep the list; 0 says nothing
}

// Credential returns the unsigned list credential as JSON (section 2.2, VC Data Model 2.0 section 4). Equal input gives
// equal bytes. The caller secures it.
func Credential(o ListOptions, list List) ([]byte, error) {
	switch {
	case !absolute(o.ID) || !absolute(o.Issuer):
		return nil, errors.New("building a status list credential: its id and issuer have to be URLs")
	case o.Purpose == "":
		return nil, errors.New("building a status list credential: it has no purpose")
	case o.ValidFrom.IsZero() || !o.ValidFrom.Before(o.ValidUntil):
		return nil, errors.New("building a status list credential: it has to end after it begins")
	}
	encoded, err := list.Encode()
	if err != nil {
		return nil, fmt.Errorf("building a status list credential: %w", err)
	}
	subject := map[string]any{
		"id":            o.ID + "#list",
		"type":          TypeList,
		"statusPurpose": o.Purpose,
		"encodedList":   encoded,
	}
	if o.TTL > 0 {
		subject["ttl"] = o.TTL.Milliseconds()
	}
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	err = w.Encode(map[string]any{
		"@context":          []string{"https://www.w3.org/ns/credentials/v2"},
		"id":                o.ID,
		"type":              []string{"VerifiableCredential", TypeCredential},
		"issuer":            o.Issuer,
		"validFrom":         o.ValidFrom.UTC().Format(time.RFC3339),
		"validUntil":        o.ValidUntil.UTC().Format(time.RFC3339),
		"credentialSubject": subject,
	})
	if err != nil {
		return nil, fmt.Errorf("building a status list credential: %w", err)
	}
	if out.Len() > credential.Limits.Document {
		return nil, fmt.Errorf("building a status list credential: it is longer than %d bytes", credential.Limits.Document)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
