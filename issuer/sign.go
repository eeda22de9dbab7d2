package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

// SignInput is a credential of somebody else's making, to be signed as it is.
type SignInput struct {
	Document  []byte   // JSON text of the unsecured credential
	Suite     string   // cryptographic suite; "" is that of the key
	Token     bool     // sign a JWT in the form of VC-JOSE-COSE and no Data Integrity proof
	Mandatory []string // JSON Pointers (RFC 6901) to what no holder may leave out; for ecdsa-sd-2023 alone
	Purposes  []string // of the status entries to be added: revocation, suspension, or both; none adds no entry
	Name      string   // by which its status is changed later; "" is the id of the credential
}

// Signed is a credential that was signed.
type Signed struct {
	JSON  []byte // with its Data Integrity proof; nil for a token
	Token string // "" for JSON
}

// signedDocument is the record of a credential that has a name. The credential itself is not kept.
type signedDocument struct {
	ID           string    `json:"id"` // digest of organisation and name
	Organisation string    `json:"organisation"`
	Slot         *Slot     `json:"slot,omitempty"` // nil: it has no status
	Purposes     []string  `json:"purposes,omitempty"`
	Intended     time.Time `json:"intended"`
	Signed       time.Time `json:"signed,omitzero"` // zero until it was signed
	Digest       string    `json:"digest"`          // SHA-256 of the document as it was to be signed, in base64url
	Revoked      *Change   `json:"revoked,omitempty"`
	Suspended    *Change   `json:"suspended,omitempty"`
}

var signedDocuments = Table[signedDocument]{
	Kind: Kind{Name: "signed-document"},
	Key:  func(d *signedDocument) string { return d.ID },
}

// signing is a document on its way to be signed.
type signing struct {
	SignInput
	id       string // of the record; "" for a document without a name
	document *credential.Credential
	issuer   string
}

const longestDocumentName = 2000 // bytes

// Sign signs a credential of the organisation that others have made. It has to keep the rules of the W3C data model; its issuer
// has to be the organisation, or the did:key of one of its active keys, which signs then. Dates are not judged. The order is
// that of an award: what is to be signed is recorded first, and what was signed is checked before it is given out. What cannot be
// signed is refused before that, and leaves no record.
//
// Kind denied, code second_person where awards need a second person: nobody can propose a document, which may say what an award says.
// A credential that breaks a rule has kind invalid, with [credential.Problems] or the finding of the reader or of the suite as its
// cause; a name that another credential or an award has already has kind conflict, code name_taken.
func (w Workspace) Sign(ctx context.Context, in SignInput, by Write) (Signed, error) {
	if w.service.checkDocument == nil {
		return Signed{}, &Error{Kind: KindUnavailable, Code: "no_check", Detail: "Documents of others are not signed here."}
	}
	g, err := w.read(in)
	if err != nil {
		return Signed{}, err
	}
	if err := w.service.rehearse(ctx, w.organisation, g); err != nil {
		return Signed{}, err
	}
	if err := w.service.intendDocument(ctx, w.organisation, &g, by); err != nil {
		return Signed{}, err
	}
	ctx = context.WithoutCancel(ctx) // what is begun is finished, also for a caller who has gone
	var signed Signed
	for range 3 {
		if signed, err = w.service.signDocument(ctx, w.organisation, g, by); !errors.Is(err, errKeyChanged) {
			break
		}
	}
	return signed, err
}

// read judges what depends on the input alone.
func (w Workspace) read(in SignInput) (signing, error) {
	g := signing{SignInput: in}
	var err error
	if g.document, err = credential.Parse(in.Document); err != nil {
		return g, unsignable(err)
	}
	if !slices.Contains(g.document.Types, credential.KindOther) { // VCDM 2.0 section 4.5
		return g, invalid("credential", "The document is not a Verifiable Credential.")
	}
	if _, secured := g.document.Value()["proof"]; secured {
		return g, invalid("proof", "The credential carries a proof already. Give it without one.")
	}
	var problems credential.Problems
	for _, problem := range credential.Check(g.document, credential.VerifiableCredentials) {
		if !problem.Warning {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return g, unsignable(problems)
	}
	g.issuer = g.document.Issuer.ID
	switch {
	case in.Token && g.document.DataModel != credential.DataModel20: // VC-JOSE-COSE section 3.1
		return g, invalid("envelope", "Only credentials of data model 2.0 become a vc+jwt.")
	case in.Token && (in.Suite != "" || len(in.Mandatory) > 0):
		return g, invalid("suite", "A JWT has no cryptographic suite and no mandatory pointers.")
	case len(in.Mandatory) > 0 && in.Suite == "":
		g.Suite = SuiteSelective
	case len(in.Mandatory) > 0 && in.Suite != SuiteSelective:
		return g, invalid("suite", "Mandatory pointers mean ecdsa-sd-2023, and another suite is asked for.")
	}
	for i, purpose := range in.Purposes {
		if purpose != status.PurposeRevocation && purpose != status.PurposeSuspension || slices.Contains(in.Purposes[:i], purpose) {
			return g, invalid("status", "A status entry is for revocation or for suspension, each at most once.")
		}
	}
	if len(in.Purposes) > 0 && in.Name == "" {
		if g.Name = g.document.ID; g.Name == "" {
			return g, invalid("name", "A credential whose status can change needs an id, or a name given beside it.")
		}
	}
	if len(g.Name) > longestDocumentName {
		return g, invalid("name", fmt.Sprintf("The name of a credential has at most %d bytes.", longestDocumentName))
	}
	if g.Name != "" {
		g.id = documentID(w.organisation, g.Name)
	}
	return g, nil
}

func documentID(organisation, name string) string {
	return digestOf([]byte(organisation + "\n" + name))
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// unsignable is a finding about the document that was to be signed.
func unsignable(err error) error {
	if err == nil {
		return nil
	}
	var problems credential.Problems
	var problem *credential.Problem
	var text *strict.Error
	var finding *proof.Error
	code := "credential"
	switch {
	case errors.As(err, &problems):
		code = problems[0].Code
	case errors.As(err, &problem):
		code = problem.Code
	case errors.As(err, &text):
		code = text.Code
	case errors.As(err, &finding):
		code = finding.Code
	default:
		return err
	}
	return &Error{Kind: KindInvalid, Code: code, Detail: "The credential cannot be signed as it is.", Err: err}
}

// intendDocument records what is about to be signed, gives it its place in the status lists, and completes the document. A try
// that ended before the signature has left its place to the next one.
func (s *Service) intendDocument(ctx context.Context, organisation string, g *signing, by Write) error {
	var text []byte
	err := s.store.Update(ctx, func(tx Tx) error {
		if err := s.clockHolds(tx); err != nil {
			return err
		}
		if err := needsSecond(tx, organisation, ActAward); err != nil {
			return aloneDocument(err, "Awards need a second person here, so no other documents are signed for a program alone. Propose the award instead.")
		}
		o, _, err := organisations.Get(tx, organisation)
		if err != nil {
			return err
		}
		k, suite, err := o.signerFor(g.issuer, g.Suite, g.Token)
		if err != nil {
			return err
		}
		if len(g.Purposes) > 0 && g.issuer != o.DID { // such an entry would clear nothing: the list is of another issuer
			return invalid("status", "The status lists here are those of the issuer's own identity. A credential of another of its keys cannot have an entry in them.")
		}
		// An award's status would be out of reach under this name, and nothing but the office speaks under the id of what it publishes.
		for _, name := range []string{g.Name, g.document.ID} {
			award, _, err := s.find(tx, name)
			if err == nil && award.Organisation == o.ID || strings.HasPrefix(name, listURL(s.base, "")) {
				return nameTaken()
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		var d signedDocument
		var version uint64
		if g.id != "" {
			d, version, err = signedDocuments.Get(tx, g.id)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		if len(g.Purposes) > 0 && d.Slot == nil && d.Signed.IsZero() {
			slot, err := takeSlot(tx, o.ID)
			if err != nil {
				return err
			}
			d.Slot = &slot
		}
		if len(g.Purposes) > 0 && d.Slot == nil || !d.Signed.IsZero() && !slices.Equal(d.Purposes, g.Purposes) {
			return nameTaken()
		}
		if text, err = s.completed(*g, suite, d.Slot); err != nil {
			return err
		}
		if !d.Signed.IsZero() && d.Digest != digestOf(text) {
			return nameTaken()
		}
		d.ID, d.Organisation, d.Purposes, d.Intended, d.Digest = g.id, o.ID, g.Purposes, s.now().UTC(), digestOf(text)
		if g.id != "" {
			if err := signedDocuments.Put(tx, &d, version); err != nil {
				return err
			}
		}
		return record(tx, AuditEntry{At: d.Intended, Actor: by.Actor, Action: "document.intended", Subject: d.Digest, Detail: k.Method})
	})
	g.SignInput.Document = text
	return stored(err)
}

// aloneDocument says in other words that one person does not do this: of documents there are no proposals.
func aloneDocument(err error, detail string) error {
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Code == codeSecond {
		return &Error{Kind: refusal.Kind, Code: refusal.Code, Detail: detail}
	}
	return err
}

func nameTaken() error {
	return conflict("name_taken", "Another credential here has this name. Give another credentialId.")
}

// What a credential of data model 1.1 needs beside its own contexts to carry a proof and a status: that of model 2.0 defines both.
const (
	contextIntegrity = "https://w3id.org/security/data-integrity/v2"
	contextEd2020    = "https://w3id.org/security/suites/ed25519-2020/v1"
	contextStatus    = "https://www.w3.org/ns/credentials/status/v1"
)

// completed is the document with its status entries, and with the contexts that the proof needs. A document that has both stays
// as it was written.
func (s *Service) completed(g signing, suite string, slot *Slot) ([]byte, error) {
	value := g.document.Value()
	changes := map[string]any{}
	if len(g.Purposes) > 0 {
		entries := listOf(value["credentialStatus"])
		for _, purpose := range g.Purposes {
			entries = append(entries, s.statusMember(purpose, *slot))
		}
		changes["credentialStatus"] = entries
	}
	if g.document.DataModel == credential.DataModel11 {
		needed := contextIntegrity
		if suite == "Ed25519Signature2020" {
			needed = contextEd2020
		}
		all := slices.Clone(g.document.Contexts)
		if !slices.Contains(all, any(needed)) && !(needed == contextIntegrity && slices.Contains(all, any("https://w3id.org/security/data-integrity/v1"))) {
			all = append(all, needed)
		}
		if len(g.Purposes) > 0 && !slices.Contains(all, any(contextStatus)) {
			all = append(all, contextStatus)
		}
		if len(all) > len(g.document.Contexts) {
			changes["@context"] = all
		}
	}
	if len(changes) == 0 {
		return g.Document, nil
	}
	changed := make(map[string]any, len(value)+1)
	for name, member := range value {
		changed[name] = member
	}
	for name, member := range changes {
		changed[name] = member
	}
	return indented(changed)
}

func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return slices.Clone(v)
	}
	return []any{v}
}

// statusMember is the entry of a place in a list, as JSON (Bitstring Status List 1.0 section 2.1).
func (s *Service) statusMember(purpose string, slot Slot) map[string]any {
	list := slot.Revocation
	if purpose == status.PurposeSuspension {
		list = slot.Suspension
	}
	e := s.entry(purpose, list, slot.Index)
	return map[string]any{"id": e.ID, "type": status.TypeEntry, "statusPurpose": e.Purpose,
		"statusListIndex": fmt.Sprint(e.Index), "statusListCredential": e.List}
}

// signDocument signs, has the result checked, and records that it was signed.
func (s *Service) signDocument(ctx context.Context, organisation string, g signing, by Write) (Signed, error) {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return Signed{}, err
	}
	k, suite, err := o.signerFor(g.issuer, g.Suite, g.Token)
	if err != nil {
		return Signed{}, err
	}
	signed, checked, err := s.secure(ctx, k, suite, g)
	if err != nil {
		return Signed{}, unsignable(err)
	}
	if err := s.checkDocument(ctx, checked); err != nil {
		return Signed{}, &Error{Kind: KindInvalid, Code: codeSelfCheck, Err: err,
			Detail: "The signed credential did not pass this program's own check, so it is not given out. " + err.Error()}
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		now, _, err := organisations.Get(tx, organisation)
		if err != nil {
			return err
		}
		if same, _, err := now.signerFor(g.issuer, g.Suite, g.Token); err != nil || same.Name != k.Name {
			return errKeyChanged
		}
		at := s.now().UTC()
		if g.id != "" {
			d, version, err := signedDocuments.Get(tx, g.id)
			if err != nil {
				return err
			}
			if d.Digest != digestOf(g.SignInput.Document) { // somebody else used the name meanwhile
				return nameTaken()
			}
			d.Signed = at
			if err := signedDocuments.Put(tx, &d, version); err != nil {
				return err
			}
		}
		return record(tx, AuditEntry{At: at, Actor: by.Actor, Action: "document.signed", Subject: digestOf(g.SignInput.Document), Detail: k.Method})
	})
	if err != nil {
		return Signed{}, stored(err)
	}
	return signed, nil
}

// secure signs the document, and gives the form in which it can be checked: nobody but a holder reads a base proof, so that is one
// derived from it.
func (s *Service) secure(ctx context.Context, k Key, suite string, g signing) (signed Signed, checked []byte, err error) {
	if g.Token {
		signer, err := s.signer(k)
		if err != nil {
			return Signed{}, nil, err
		}
		token, err := proof.SealVCJWT(g.SignInput.Document, signer)
		return Signed{Token: token}, []byte(token), err
	}
	sealed, err := s.sealIntegrity(ctx, k, g.SignInput.Document, suite, g.Mandatory...)
	if err != nil || suite != SuiteSelective {
		return Signed{JSON: sealed}, sealed, err
	}
	checked, err = revealed(ctx, sealed)
	return Signed{JSON: sealed}, checked, err
}
