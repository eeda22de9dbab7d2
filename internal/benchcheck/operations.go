package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// operations are the fixed set, on a badge of 3 kB and on an installation in the folder. end closes it.
func operations(ctx context.Context, folder string) (all []operation, end func(), err error) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		return nil, nil, err
	}
	signer := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	badge := bytes.ReplaceAll(referencedata.Badge(1), []byte(referencedata.BadgeIssuer), []byte(did))
	seal := func(document []byte) ([]byte, error) {
		return proof.Seal(ctx, document, proof.SealOptions{Signer: signer, Created: time.Now()})
	}
	sealed, err := seal(badge)
	if err != nil {
		return nil, nil, err
	}
	token, err := proof.SealJWT(badge, signer)
	if err != nil {
		return nil, nil, err
	}
	value, err := strict.Object(badge, credential.JSONLimits())
	if err != nil {
		return nil, nil, err
	}
	template, err := proof.NewTemplate(ctx, badge, []string{"/id", "/validFrom", "/credentialSubject/identifier/*/identityHash",
		"/credentialSubject/identifier/*/salt", "/evidence/*/id", "/credentialStatus/*/id", "/credentialStatus/*/statusListIndex"}, crypto.SHA256)
	if err != nil {
		return nil, nil, err
	}
	list := status.New(credential.Limits.StatusMinimum)
	published := func() ([]byte, error) {
		set, err := list.Get(0)
		if err := errors.Join(err, list.Set(0, !set)); err != nil {
			return nil, err
		}
		document, err := status.Credential(status.ListOptions{ID: referencedata.BadgeList, Issuer: did, Purpose: status.PurposeRevocation,
			ValidFrom: time.Now().Add(-time.Hour), ValidUntil: time.Now().AddDate(1, 0, 0)}, list)
		if err != nil {
			return nil, err
		}
		return seal(document)
	}
	served, err := published()
	if err != nil {
		return nil, nil, err
	}
	cold := verifier.Options{Fetch: oneDocument(served)}
	warm := cold
	warm.Memory = &verifier.Memory{}
	h, err := newHouse(ctx, filepath.Join(folder, "house"))
	if err != nil {
		return nil, nil, err
	}
	rows, err := newShelf(ctx, filepath.Join(folder, "rows"), sealed)
	if err != nil {
		return nil, nil, err
	}
	award, err := h.award(ctx)
	if err != nil {
		return nil, nil, err
	}
	svg, err := bake.Bake([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`), bytes.TrimSpace(award.JSON))
	if err != nil {
		return nil, nil, err
	}
	signature, text := signatureFloor(private), textFloor(badge)
	page, revocations := "/c/"+award.ID, "/status/"+award.Slot.Revocation
	tag := h.ask(http.MethodGet, page, nil, "Accept", "text/html").Header().Get("ETag")
	answer := func(want int, method, path string, body []byte, headers ...string) func() error {
		return func() error {
			if w := h.ask(method, path, body, headers...); w.Code != want {
				return fmt.Errorf("%s %s: %d: %.300s", method, path, w.Code, w.Body)
			}
			return nil
		}
	}
	random := uint32(1)
	return []operation{
		{"strict reading", text, func() error { _, err := strict.Object(badge, credential.JSONLimits()); return err }},
		{"canonical form", text, func() error {
			_, err := proof.Canonical(ctx, value, crypto.SHA256, proof.Options{VC: true})
			return err
		}},
		{"integrity issue", signature, func() error { _, err := seal(badge); return err }},
		{"integrity verify", signature, func() error { return valid(verifier.Verify(ctx, sealed, warm)) }},
		{"integrity verify, list anew", signature, func() error { return valid(verifier.Verify(ctx, sealed, cold)) }},
		{"token issue", signature, func() error { _, err := proof.SealJWT(badge, signer); return err }},
		{"token verify", signature, func() error { return valid(verifier.Verify(ctx, []byte(token), warm)) }},
		{"template issue", signature, func() error {
			_, err := template.Fit(badge).Seal(ctx, proof.SealOptions{Signer: signer, Suite: "eddsa-rdfc-2022", Created: time.Now()})
			return err
		}},
		{"template token", signature, func() error { _, err := template.Fit(badge).SealJWT(signer); return err }},
		{"poison refused", signature, func() error {
			if _, err := proof.CanonicalNQuads(ctx, poison, crypto.SHA256); err == nil {
				return errors.New("it was not refused")
			}
			return nil
		}},
		{"status, 1,000 checks", signature, func() error {
			for range 1000 {
				random = random*1664525 + 1013904223
				if _, err := list.Value(status.Entry{Index: int(random>>8) % list.Len(), Size: 1}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"status, flip and publish", signature, func() error { _, err := published(); return err }},
		{"store put", text, func() error { return rows.again(ctx, sealed) }},
		{"store get", text, func() error {
			return rows.View(ctx, func(tx issuer.Tx) error { _, err := tx.Get(kept, rowID(7)); return err })
		}},
		{"store page of 100", text, func() error {
			return rows.View(ctx, func(tx issuer.Tx) error {
				_, _, err := tx.List(kept, issuer.Query{By: "all", Value: "yes"})
				return err
			})
		}},
		{"award", signature, func() error { _, err := h.award(ctx); return err }},
		{"batch of 100 awards", signature, func() error { return h.batch(ctx, 100) }},
		{"GET badge page", text, answer(http.StatusOK, http.MethodGet, page, nil, "Accept", "text/html")},
		{"GET badge page, unchanged", text, answer(http.StatusNotModified, http.MethodGet, page, nil, "Accept", "text/html", "If-None-Match", tag)},
		{"GET badge JSON", text, answer(http.StatusOK, http.MethodGet, page+".json", nil)},
		{"GET status list", text, answer(http.StatusOK, http.MethodGet, revocations, nil)},
		{"POST /verify, JSON", signature, answer(http.StatusOK, http.MethodPost, "/verify", award.JSON, "Content-Type", "application/vc", "Accept", "application/json")},
		{"POST /verify, token", signature, answer(http.StatusOK, http.MethodPost, "/verify", []byte(award.JWT), "Content-Type", "application/jwt", "Accept", "application/json")},
		{"POST /verify, SVG", signature, answer(http.StatusOK, http.MethodPost, "/verify", svg, "Content-Type", "image/svg+xml", "Accept", "application/json")},
		{"POST /verify, page", signature, answer(http.StatusOK, http.MethodPost, "/verify", award.JSON, "Content-Type", "application/vc", "Accept", "text/html")},
	}, func() { h.close(); rows.close() }, nil
}

// poison are ten blank nodes, each linked to all others.
var poison = func() []byte {
	var quads bytes.Buffer
	for i := range 10 {
		for j := range 10 {
			if i != j {
				fmt.Fprintf(&quads, "_:e%d <https://example.org/p> _:e%d .\n", i, j)
			}
		}
	}
	return quads.Bytes()
}()

// The two floors: what nobody can leave out, and does not change with Laurel.

func signatureFloor(private ed25519.PrivateKey) func() error {
	message, public := make([]byte, 3000), private.Public().(ed25519.PublicKey)
	return func() error {
		digest := sha256.Sum256(message)
		if !ed25519.Verify(public, digest[:], ed25519.Sign(private, digest[:])) {
			return errors.New("the signature does not fit")
		}
		return nil
	}
}

func textFloor(document []byte) func() error {
	return func() error {
		var value map[string]any
		if err := json.Unmarshal(document, &value); err != nil {
			return err
		}
		text, err := json.Marshal(value)
		sha256.Sum256(text)
		return err
	}
}

func valid(report *verifier.Report, err error) error {
	if err == nil && report.Outcome != verifier.Valid {
		err = fmt.Errorf("%+v", report.Checks)
	}
	return err
}

// oneDocument serves the status list of the badge, and nothing else.
type oneDocument []byte

// Fetch implements [verifier.Fetcher].
func (d oneDocument) Fetch(ctx context.Context, url string, limit int) (verifier.Document, error) {
	if url != referencedata.BadgeList {
		return fetch.Offline{}.Fetch(ctx, url, limit)
	}
	return verifier.Document{Bytes: d, URL: url, ReadAt: time.Now(), Origin: verifier.Network}, nil
}
