package issuer_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func TestCredentialFilter(t *testing.T) {
	l := newLife(t, public)
	second := l.publish(t)
	var all []issuer.Credential
	for i := range 12 { // two a day on six days, three days apart
		who, what := "ada@example.org", l.a.ID
		if i%2 == 1 {
			who = "bo@example.org"
		}
		if i%3 == 0 {
			what = second.ID
		}
		if all = append(all, l.issue(t, issuer.AwardInput{Recipient: who, Achievement: what, Batch: []string{"", "b"}[i/6]})); i%2 == 1 {
			l.clock.Add(72 * time.Hour)
		}
	}
	for _, i := range []int{1, 4} {
		if _, _, err := l.Workspace.Revoke(t.Context(), all[i].ID, issuer.Cause{Code: issuer.ReasonError}, staff); err != nil {
			t.Fatal(err)
		}
	}
	ada, err := l.RecipientKey(t.Context(), l.organisation(t).ID, "ADA@example.org ")
	if err != nil {
		t.Fatal(err)
	}
	start := noon
	for name, test := range map[string]struct {
		f    issuer.CredentialFilter
		want []int
	}{
		"all":              {issuer.CredentialFilter{}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"newest":           {issuer.CredentialFilter{Newest: true}, []int{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		"revoked":          {issuer.CredentialFilter{State: issuer.CredentialRevoked}, []int{1, 4}},
		"of one":           {issuer.CredentialFilter{Achievement: second.ID}, []int{0, 3, 6, 9}},
		"a person":         {issuer.CredentialFilter{Recipient: ada}, []int{0, 2, 4, 6, 8, 10}},
		"a person, in one": {issuer.CredentialFilter{Recipient: ada, Achievement: second.ID}, []int{0, 6}},
		"a person's good":  {issuer.CredentialFilter{Recipient: ada, State: issuer.CredentialIssued}, []int{0, 2, 6, 8, 10}},
		"a batch":          {issuer.CredentialFilter{Batch: "b", Newest: true}, []int{11, 10, 9, 8, 7, 6}},
		"a batch, a day":   {issuer.CredentialFilter{Batch: "b", IssuedFrom: start.AddDate(0, 0, 12)}, []int{8, 9, 10, 11}},
		"from":             {issuer.CredentialFilter{IssuedFrom: start.AddDate(0, 0, 10)}, []int{8, 9, 10, 11}},
		"until":            {issuer.CredentialFilter{IssuedUntil: start.AddDate(0, 0, 3).Add(-time.Hour)}, []int{0, 1, 2, 3}},
		"between":          {issuer.CredentialFilter{IssuedFrom: start.AddDate(0, 0, 3), IssuedUntil: start.AddDate(0, 0, 6), Newest: true}, []int{5, 4, 3, 2}},
		"between, revoked": {issuer.CredentialFilter{IssuedFrom: start, IssuedUntil: start.AddDate(0, 0, 3), State: issuer.CredentialRevoked}, []int{1}},
		"never":            {issuer.CredentialFilter{IssuedFrom: start.AddDate(1, 0, 0)}, nil},
		"the wrong way":    {issuer.CredentialFilter{IssuedFrom: start.AddDate(0, 0, 6), IssuedUntil: start}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int{1, 2, 3, 100} {
				var got []string
				for after, turns := "", 0; ; turns++ {
					page, next, err := l.Workspace.Credentials(t.Context(), test.f, after, limit)
					if err != nil || len(page) > limit || turns > 50 {
						t.Fatalf("%d on a page, error %v", len(page), err)
					}
					for _, c := range page {
						got = append(got, c.ID)
					}
					if after = next; next == "" {
						break
					}
				}
				var want []string
				for _, i := range test.want {
					want = append(want, all[i].ID)
				}
				if !slices.Equal(got, want) {
					t.Errorf("limit %d: %d of %d awards: %v", limit, len(got), len(want), got)
				}
			}
		})
	}
	for _, f := range []issuer.CredentialFilter{{}, {IssuedFrom: start}, {Recipient: ada}} {
		_, _, err := l.Workspace.Credentials(t.Context(), f, "x.y", 10)
		wantCode(t, err, issuer.KindInvalid, "cursor")
	}
	other, err := l.CreateOrganisation(t.Context(), "Hillside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []issuer.CredentialFilter{{}, {Recipient: ada}, {Batch: "b"}, {IssuedFrom: start}} {
		page, _, err := l.Service.Workspace(other.ID).Credentials(context.Background(), f, "", 10)
		if err != nil || len(page) > 0 {
			t.Errorf("%d awards of another, error %v", len(page), err)
		}
	}
}
