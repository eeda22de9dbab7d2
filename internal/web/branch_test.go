package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/faulty"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// branch is one process of an installation: the issuing half and its pages, over a store that can be made to fail.
type branch struct {
	*issuer.Service
	http.Handler
	faults *faulty.Store
	others *branch // another installation; nil: nobody else is reached
	log    bytes.Buffer
}

// scene is an installation with one badge.
type scene struct {
	organisation issuer.Organisation
	achievement  issuer.Achievement
	badge        issuer.Credential
	static       string // address of a file of the pages
	other        issuer.Organisation
	endorsement  issuer.Endorsement // by other, of achievement
}

// Fetch implements [verifier.Fetcher] as the program does: own documents come from the store, those of others from elsewhere.
func (b *branch) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	text, err := b.Document(ctx, address)
	switch {
	case err == nil:
		return verifier.Document{Bytes: text, URL: address, ReadAt: time.Now(), Origin: verifier.Installation}, nil
	case !errors.Is(err, issuer.ErrNotFound):
		return verifier.Document{}, fmt.Errorf("%w: %w", verifier.ErrUnavailable, err)
	case b.others == nil:
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return b.others.Fetch(ctx, address, limit)
}

// newBranches opens so many processes over one store, with their badge.
func newBranches(t testing.TB, base string, shared bool, n int) (scene, []*branch) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	store, err := bolt.Open(folder)
	must(err)
	t.Cleanup(func() { _ = store.Close() })
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	must(err)
	var all []*branch
	for range n {
		b := &branch{faults: faulty.New(store, shared)}
		b.Service, err = issuer.Open(t.Context(), issuer.Config{Store: b.faults, Keys: ring, Now: time.Now, Base: base, Public: true,
			Check: func(ctx context.Context, sealed []byte) error {
				return verifier.Authentic(ctx, sealed, verifier.Options{Fetch: b})
			}})
		must(err)
		known := verifier.Options{Fetch: b, Memory: &verifier.Memory{}}
		b.Handler, err = New(Config{
			Office: b.Service, Base: base, Log: slog.New(slog.NewJSONHandler(&b.log, nil)), Seal: bytes.Repeat([]byte("seal"), 8),
			Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
				return verifier.Verify(ctx, input, known)
			},
			Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
				return verifier.VerifyItem(ctx, item, known)
			}},
		})
		must(err)
		all = append(all, b)
	}
	var s scene
	s.organisation, _, err = all[0].EnsureOrganisation(t.Context(), "Cedar County Schools", "")
	must(err)
	picture, err := paper.QRPNG("picture", 1)
	must(err)
	s.achievement, err = all[0].CreateAchievement(t.Context(), issuer.AchievementInput{
		Name: "Small-Group Instruction", Description: "Plans lessons.", Criteria: "Four lessons.", Image: picture, Actor: "test"})
	must(err)
	s.badge, err = all[0].Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org", Name: testSubject, Actor: "test"})
	must(err)
	s.furnish(t, all[0], picture)
	s.static = regexp.MustCompile(`/static/[a-z]+\.[0-9a-f]{16}\.css`).FindString(all[0].get("/verify", mediaHTML).Body.String())
	return s, all
}

// furnish adds another organisation, with a list for older verifiers, that endorses the achievement, and pictures of both.
func (s *scene) furnish(t testing.TB, b *branch, picture []byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	by := issuer.Write{Actor: "test"}
	var err error
	s.other, err = b.CreateOrganisation(t.Context(), "Department of Education", "", "test")
	must(err)
	theirs := b.Workspace(s.other.ID)
	_, _, err = theirs.Configure(t.Context(), issuer.Configuration{Name: s.other.Name, Settings: issuer.Settings{RevocationList: true}}, by)
	must(err)
	_, _, err = theirs.SetPicture(t.Context(), []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><style>.a{fill:#1d5b43}</style><rect class="a" width="4" height="4"/></svg>`), by)
	must(err)
	s.organisation, _, err = b.Workspace(s.organisation.ID).SetPicture(t.Context(), picture, by)
	must(err)
	drawn, err := b.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: s.other.ID, Name: "Listening", Description: "Listens.", Criteria: "Once.", Actor: "test"})
	must(err)
	revoked, err := b.Issue(t.Context(), issuer.AwardInput{Organisation: s.other.ID, Achievement: drawn.ID, Recipient: "kim@example.org", Actor: "test"})
	must(err)
	_, err = b.RevokeFor(t.Context(), revoked.ID, issuer.Cause{Code: issuer.ReasonError}, "test")
	must(err)
	s.endorsement, err = theirs.Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: s.achievement.URL, Comment: "We **count** it."}, by)
	must(err)
	_, err = b.Workspace(s.organisation.ID).Attach(t.Context(), issuer.AttachInput{Document: s.endorsement.JSON,
		Check: func(ctx context.Context, document []byte) error {
			return verifier.Authentic(ctx, document, verifier.Options{Fetch: b})
		}}, by)
	must(err)
}

// ask sends a request; headers come as pairs.
func (b *branch) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b *branch) get(target, accept string) *httptest.ResponseRecorder {
	return b.ask(http.MethodGet, target, "", "Accept", accept)
}
