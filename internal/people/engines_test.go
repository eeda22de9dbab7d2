package people

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestOnPostgreSQL runs what touches every table on the other engine.
func TestOnPostgreSQL(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"deletion":       TestDeletedAccountLeavesIDs,
		"addresses":      TestAddressChanges,
		"administrators": TestAdministrators,
		"sessions":       TestSessionsAreEnded,
		"passkeys":       TestPasskey,
		"sweeping":       TestSweep,
		"two at once":    TestTwoAtOnce,
		"proposals":      TestProposalsAreTold,
	} {
		t.Run(name, test)
	}
}

// TestTwoAtOnce: of two who do at the same time what can be done once, one does it.
func TestTwoAtOnce(t *testing.T) {
	h := opened(t)
	ctx, id := t.Context(), h.first.ID
	together := func(acts ...func() error) (done int, refused []error) {
		var all sync.WaitGroup
		outcomes := make([]error, len(acts))
		for i, act := range acts {
			all.Go(func() { outcomes[i] = act() })
		}
		all.Wait()
		for _, err := range outcomes {
			if err == nil {
				done++
			} else {
				refused = append(refused, err)
			}
		}
		return done, refused
	}
	once := func(what, code string, act func(i int) error) {
		t.Helper()
		done, refused := together(func() error { return act(0) }, func() error { return act(1) })
		if done != 1 {
			t.Errorf("%s: %d did it, %v", what, done, refused)
			return
		}
		var e *issuer.Error
		if !errors.As(refused[0], &e) || !strings.Contains(code, e.Code) {
			t.Errorf("%s: the other is told %v", what, refused[0])
		}
	}
	link := h.link("ada@cedar.example")
	once("a link", "link_used", func(int) error { _, err := h.UseLink(ctx, link); return err })

	invitation := h.invite(id, h.owner, "bo@cedar.example", RoleOwner)
	once("an invitation", "not_found", func(int) error {
		_, _, err := h.AcceptInvitation(ctx, invitation, Acceptance{Person: PersonInput{Name: "Bo"}})
		return err
	})
	bo := h.member(id, "bo@cedar.example", "")
	owners := []string{h.owner, bo}
	once("the last two owners", "last_owner", func(i int) error { // each gives up being one
		_, err := h.SetRole(ctx, owners[i], id, owners[i], RoleIssuer)
		return err
	})
	if got := len(h.rows("account")); got != 2 {
		t.Errorf("there are %d accounts", got)
	}
}
