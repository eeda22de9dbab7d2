package issuer_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestListings: what the public sees of issuers and achievements comes in pages that together hold all of it once, in order, and no
// achievement that is awarded no more.
func TestListings(t *testing.T) {
	d := newDesk(t, public)
	first, _, err := d.EnsureOrganisation(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.CreateOrganisation(t.Context(), "Lakeside District", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	var want, ours []string
	for i := range 12 {
		owner := []string{first.ID, second.ID}[i%2]
		a, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: owner, Name: fmt.Sprint(i), Description: "d", Criteria: "c", Actor: "test"})
		if err == nil && i >= 3 && i < 9 { // more than a page of them, one after another
			_, err = d.Workspace(owner).Archive(t.Context(), a.ID, issuer.Write{Actor: "test"})
		} else if want = append(want, a.ID); owner == second.ID {
			ours = append(ours, a.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 2, 5, 100} {
		for owner, want := range map[string][]string{"": want, second.ID: ours, "nobody": nil} {
			var got []string
			for after, pages := "", 0; pages == 0 || after != ""; pages++ {
				page, next, err := d.AchievementsFrom(t.Context(), owner, after, limit)
				if err != nil || len(page) > limit || pages > 20 {
					t.Fatalf("%d by %d: %d, %v", pages, limit, len(page), err)
				}
				for _, a := range page {
					got = append(got, a.ID)
				}
				after = next
			}
			if !slices.Equal(got, want) {
				t.Errorf("by %d of %q: %v, want %v", limit, owner, got, want)
			}
		}
	}
	one, next, err := d.OrganisationsFrom(t.Context(), "", 1)
	if err != nil || len(one) != 1 || one[0].ID != first.ID || next == "" {
		t.Fatalf("%v, %q, %v", one, next, err)
	}
	rest, next, err := d.OrganisationsFrom(t.Context(), next, 10)
	if err != nil || len(rest) != 1 || rest[0].ID != second.ID || next != "" {
		t.Errorf("%v, %q, %v", rest, next, err)
	}
	_, _, err = d.OrganisationsFrom(t.Context(), "x", 1)
	wantCode(t, err, issuer.KindInvalid, "cursor")
	_, _, err = d.AchievementsFrom(t.Context(), "", "x", 1)
	wantCode(t, err, issuer.KindInvalid, "cursor")
}
