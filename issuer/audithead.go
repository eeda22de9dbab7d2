package issuer

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/keys/jose"
)

// AuditHead is the end of the audit log at some time. Whoever keeps one can tell later whether what came before was changed.
type AuditHead struct {
	Sequence uint64    `json:"sequence"`
	Hash     string    `json:"hash"`
	At       time.Time `json:"at,omitzero"` // the latest instant of any entry; of a signed head, when it was signed
}

func (h auditHead) public() AuditHead { return AuditHead{h.Sequence, h.Hash, h.Latest} }

// TypeAuditHead is the type (typ) of a signed head. No reader of credentials takes such a token for one (RFC 8725 section 3.11).
const TypeAuditHead = "laurel-audit-head+jwt"

// signedHead is a signed head that was given out.
type signedHead struct {
	Organisation string    `json:"organisation"`
	Number       uint64    `json:"number"` // its place among those that are kept
	Head         AuditHead `json:"head"`
	Method       string    `json:"method"` // the key that signed
	Token        string    `json:"token"`
}

var signedHeads = Table[signedHead]{
	Kind:    Kind{Name: "audit-head-signed", Lookups: []string{"organisation"}},
	Key:     func(h *signedHead) string { return fmt.Sprintf("%s/%03d", h.Organisation, h.Number) },
	Order:   func(h *signedHead) string { return sequenced(h.Head.Sequence) },
	Lookups: func(h *signedHead) []string { return []string{h.Organisation} },
}

// keptHeads is how many signed heads of an organisation are kept: the newest take the places of the oldest.
const keptHeads = 400

// headClaims are the payload of a signed head.
type headClaims struct {
	Issuer   string `json:"iss"` // DID of the organisation
	IssuedAt int64  `json:"iat"` // seconds since 1970
	Sequence uint64 `json:"sequence"`
	Hash     string `json:"hash"`
}

// SignedAuditHead returns the end of the audit log of the whole installation, signed by an organisation with its key for tokens: a
// compact JWS of the type [TypeAuditHead]. While acts go on it may be five minutes old, so that asking often costs nothing. A copy
// is kept. One is made when a status list is signed as well, so whoever keeps what is published has a witness. Kind missing when
// there is no such organisation.
func (s *Service) SignedAuditHead(ctx context.Context, organisation string) (token string, err error) {
	var o Organisation
	var last []signedHead
	var head auditHead
	err = s.store.View(ctx, func(tx Tx) error {
		var err error
		if o, _, err = organisations.Get(tx, organisation); err != nil {
			return err
		}
		if head, err = readHead(tx); err != nil {
			return err
		}
		last, _, err = signedHeads.List(tx, Query{By: "organisation", Value: organisation, Backward: true, Limit: 1})
		return err
	})
	if err != nil {
		return "", stored(err)
	}
	k, err := o.jwtKey()
	if err != nil {
		return "", err
	}
	now := s.instant()
	if len(last) > 0 && last[0].Method == k.Method {
		kept := last[0].Head
		age := now.Sub(kept.At)
		same := kept.Sequence == head.Sequence && kept.Hash == head.Hash
		if same || kept.Sequence < head.Sequence && age < listTTL && age >= -time.Minute {
			return last[0].Token, nil
		}
	}
	signer, err := s.signer(k)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(headClaims{Issuer: o.DID, IssuedAt: now.Unix(), Sequence: head.Sequence, Hash: head.Hash})
	if err == nil {
		token, err = jose.SignTyped(payload, TypeAuditHead, k.Method, signer.Signer)
	}
	if err != nil {
		return "", internal(codeSigning, "The head of the audit log could not be signed.", err)
	}
	// The token is good without the copy, on a full disk too.
	_ = s.store.Update(ctx, func(tx Tx) error {
		number, err := tx.Next("audit-head/" + organisation)
		if err != nil {
			return err
		}
		h := signedHead{Organisation: organisation, Number: number % keptHeads, Method: k.Method, Token: token,
			Head: AuditHead{Sequence: head.Sequence, Hash: head.Hash, At: now}}
		row, err := tx.Get(signedHeads.Kind, signedHeads.Key(&h))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		return signedHeads.Put(tx, &h, row.Version)
	})
	return token, nil
}

const longestHead = 4096 // bytes of a token; an RSA signature has 700

// VerifyAuditHead checks a signed head without any store. keyFor gives the public key of a verification method, from the document of
// the issuer that it belongs to. It returns the head, with the instant of the signature, and the DID of the organisation. A token
// that is anything else, or whose signature does not fit, has kind invalid, code audit_head. [Documents.AuditHolds] says whether
// a log still has that entry.
func VerifyAuditHead(token string, keyFor func(method string) (crypto.PublicKey, error)) (head AuditHead, issuer string, err error) {
	refuse := func(cause error) (AuditHead, string, error) {
		return AuditHead{}, "", &Error{Kind: KindInvalid, Code: "audit_head", Detail: "This is not a signed head of an audit log.", Err: cause}
	}
	if len(token) > longestHead {
		return refuse(nil)
	}
	parsed, err := jose.ParseTyped([]byte(token), TypeAuditHead)
	if err != nil {
		return refuse(err)
	}
	var claims headClaims
	if !exactly(parsed.Payload, &claims) || claims.Sequence == 0 || !strings.HasPrefix(parsed.Header.KeyID, claims.Issuer+"#") {
		return refuse(nil)
	}
	public, err := keyFor(parsed.Header.KeyID)
	if err != nil {
		return refuse(err)
	}
	if err := parsed.Verify(public); err != nil {
		return refuse(err)
	}
	return AuditHead{Sequence: claims.Sequence, Hash: claims.Hash, At: time.Unix(claims.IssuedAt, 0).UTC()}, claims.Issuer, nil
}
