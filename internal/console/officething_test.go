package console

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
)

// checkEndorsement takes every endorsement for authentic but those that say that they are not.
func checkEndorsement(_ context.Context, document []byte) error {
	if bytes.Contains(document, []byte("forged")) {
		return errors.New("the signature does not fit")
	}
	return nil
}

// things are what the office of our organisation has one of, for addresses that name it.
type things struct{ account, invitation, token, key, given, received, webhook, delivery, pictured string }

// officeThings makes them.
func (w *world) officeThings() things {
	w.t.Helper()
	ctx, by := w.t.Context(), w.account(w.owner)
	space, write := w.service.Workspace(w.ours.ID), issuer.Write{Actor: "account:" + by}
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	i, _, err := w.people.Invite(ctx, by, people.InvitationInput{Organisation: w.ours.ID, Email: "new@ours.example", Role: people.RoleIssuer})
	must(err)
	token, err := w.service.CreateToken(ctx, issuer.TokenInput{Organisation: w.ours.ID, Name: "Moodle", Scopes: []issuer.Scope{issuer.ScopeCredentialsRead}, Actor: write.Actor})
	must(err)
	given, err := space.Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: w.theirs.DID, Comment: "They **issue** well."}, write)
	must(err)
	back, err := w.service.Workspace(w.theirs.ID).Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: w.ours.DID, Comment: "Good <b>work</b>"}, issuer.Write{Actor: "test"})
	must(err)
	received, err := space.Attach(ctx, issuer.AttachInput{Document: back.JSON, Check: checkEndorsement}, write)
	must(err)
	hook, err := w.hooks.Create(ctx, w.ours.ID, webhook.Input{URL: "https://hr.example/hook"}, write.Actor)
	must(err)
	sent, err := w.hooks.Ping(ctx, w.ours.ID, hook.ID, write.Actor)
	must(err)
	draft, err := space.Draft(ctx, issuer.AchievementInput{Name: "Drawn", Description: "d", Criteria: "c", Image: []byte(drawing)}, write)
	must(err)
	o, _, err := space.Organisation(ctx)
	must(err)
	return things{w.account(w.roles[people.RoleAuditor]), i.ID, token.ID, o.Keys[0].Name, given.ID, received.ID, hook.ID, sent.ID, draft.ID}
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="#123456"/></svg>`

// of is what :id stands for in a path of the office; "" elsewhere.
func (t things) of(path string) string {
	switch {
	case strings.Contains(path, "/office/tokens/"):
		return t.token
	case strings.HasSuffix(path, "/detach"):
		return t.received
	case strings.Contains(path, "/office/endorsements/"):
		return t.given
	case strings.Contains(path, "/office/webhooks/"):
		return t.webhook
	case strings.HasSuffix(path, "/picture"):
		return t.pictured
	}
	return ""
}

// in puts the other names into a path.
func (t things) in(path string) string {
	return strings.NewReplacer(":account", t.account, ":invitation", t.invitation, ":key", t.key, ":delivery", t.delivery).Replace(path)
}
