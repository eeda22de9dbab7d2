package console

import (
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// acts are what can be done with an award that is there.
var acts = []struct {
	name, path string
	scope      issuer.Scope
	fits       func(*issuer.Credential, issuer.Achievement) bool
}{
	{"Correct name or address", "correct", issuer.ScopeCredentialsPropose, func(c *issuer.Credential, _ issuer.Achievement) bool { return stands(c) && c.Suspended == nil }},
	{"Renew", "renew", issuer.ScopeCredentialsPropose, func(c *issuer.Credential, a issuer.Achievement) bool {
		return stands(c) && c.Suspended == nil && a.Renewable
	}},
	{"Suspend", "suspend", issuer.ScopeCredentialsWrite, func(c *issuer.Credential, _ issuer.Achievement) bool { return stands(c) && c.Suspended == nil }},
	{"Reinstate", "reinstate", issuer.ScopeCredentialsWrite, func(c *issuer.Credential, _ issuer.Achievement) bool { return stands(c) && c.Suspended != nil }},
	{"Revoke", "revoke", issuer.ScopeCredentialsPropose, func(c *issuer.Credential, _ issuer.Achievement) bool { return stands(c) }},
	{"Open a case", "case", issuer.ScopeCredentialsWrite, func(c *issuer.Credential, _ issuer.Achievement) bool { return stands(c) }},
	{"Erase", "erase", issuer.ScopeCredentialsErase, func(c *issuer.Credential, _ issuer.Achievement) bool { return !c.Issued.IsZero() && c.Erased == nil }},
}

// stands says that an award can still change its standing.
func stands(c *issuer.Credential) bool {
	return !c.Issued.IsZero() && c.Revoked == nil && c.Erased == nil
}

type standingPage struct {
	Will         []string
	Reasons      []choice // none: no reason is asked for
	Second       bool     // another person has to allow it
	Button, Back string
	Danger       bool
	Languages    []choice
}

// reasons are the codes that a person may choose. That another award takes its place is said where that is so.
func reasons(codes ...issuer.ReasonCode) []choice {
	all := []choice{{"", "choose one"}}
	for _, code := range codes {
		all = append(all, choice{string(code), reasonWords[code]})
	}
	return all
}

// seenAward is the award in the address; the form is made to remember its version.
func (v *visit) seenAward(f *form) (issuer.Credential, error) {
	c, version, err := v.space.Credential(v.ctx(), v.Param("id"))
	if err == nil && f.Get("version") == "" {
		f.Set("version", versionText(version))
	}
	return c, err
}

// tells says who learns of a change.
func (v *visit) tells(c *issuer.Credential) string {
	if c.Recipient == "" {
		return "Nobody is written to: the address of the earner is not known here."
	}
	return "The earner, " + earnerOf(c) + ", is written to, if this installation sends mail."
}

func (s *server) revokePage(v *visit) error { return s.revokeForm(v, http.StatusOK, newForm()) }

func (s *server) revokeForm(v *visit, status int, f *form) error {
	c, err := v.seenAward(f)
	if err != nil {
		return err
	}
	data := standingPage{Danger: true, Button: "Revoke", Back: v.to("awards", c.ID), Second: v.proposes(issuer.ActRevoke),
		Reasons: reasons(issuer.ReasonError, issuer.ReasonEvidence, issuer.ReasonPolicy, issuer.ReasonRequest, issuer.ReasonOther),
		Will: []string{
			"The award of " + earnerOf(&c) + " ends for good. It cannot be undone; it can only be awarded anew.",
			"Whoever checks the badge from then on is told that it was revoked, when, and the reason that you choose.",
			v.tells(&c),
		}}
	return v.show(status, "standing", page{Title: "Revoke the award of " + earnerOf(&c), Form: f.single(), Data: data.proposed("revoke")})
}

func causeOf(f *form) issuer.Cause {
	return issuer.Cause{Code: issuer.ReasonCode(f.Get("code")), Reason: f.Get("reason"), Note: f.Get("note")}
}

func (s *server) revoke(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	cause := causeOf(f)
	if v.proposes(issuer.ActRevoke) {
		by, err := v.seen(f)
		if err != nil {
			return err
		}
		return v.propose(f, by, issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: v.Param("id"), Cause: &cause, Why: f.Get("why")}, v.to("awards", v.Param("id")), s.revokeForm)
	}
	return v.change(f, func(by issuer.Write) (issuer.Credential, uint64, error) {
		return v.space.Revoke(v.ctx(), v.Param("id"), cause, by)
	}, "revoked", s.revokeForm)
}

// change changes the standing of the award that the page has shown.
func (v *visit) change(f *form, act func(issuer.Write) (issuer.Credential, uint64, error), said notice, again func(*visit, int, *form) error) error {
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	err = v.onlyOnce(f, func() error {
		c, _, err := act(by)
		if err != nil {
			return err
		}
		return v.done(said, v.to("awards", c.ID))
	})
	if err == nil {
		return nil
	}
	if err := f.refused(err, awardCodes); err != nil {
		return err
	}
	return again(v, http.StatusUnprocessableEntity, f)
}

func (s *server) suspendPage(v *visit) error { return s.suspendForm(v, http.StatusOK, newForm()) }

func (s *server) suspendForm(v *visit, status int, f *form) error {
	c, err := v.seenAward(f)
	if err != nil {
		return err
	}
	return v.show(status, "standing", page{Title: "Suspend the award of " + earnerOf(&c), Form: f.single(), Data: standingPage{
		Button: "Suspend", Back: v.to("awards", c.ID),
		Reasons: reasons(issuer.ReasonInquiry, issuer.ReasonEvidence, issuer.ReasonPolicy, issuer.ReasonRequest, issuer.ReasonError, issuer.ReasonOther),
		Will: []string{
			"The award of " + earnerOf(&c) + " is not in force until somebody reinstates it.",
			"Whoever checks the badge from then on is told that it is suspended, and since when.",
			v.tells(&c),
		}}})
}

func (s *server) suspend(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	return v.change(f, func(by issuer.Write) (issuer.Credential, uint64, error) {
		return v.space.Suspend(v.ctx(), v.Param("id"), causeOf(f), by)
	}, "suspended", s.suspendForm)
}

func (s *server) reinstatePage(v *visit) error { return s.reinstateForm(v, http.StatusOK, newForm()) }

func (s *server) reinstateForm(v *visit, status int, f *form) error {
	c, err := v.seenAward(f)
	if err != nil {
		return err
	}
	return v.show(status, "standing", page{Title: "Reinstate the award of " + earnerOf(&c), Form: f.single(), Data: standingPage{
		Button: "Reinstate", Back: v.to("awards", c.ID),
		Will: []string{
			"The award of " + earnerOf(&c) + " is in force again, as if it had never been suspended.",
			"The suspension stays in the history of the award, which your colleagues see.",
			v.tells(&c),
		}}})
}

func (s *server) reinstate(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	return v.change(f, func(by issuer.Write) (issuer.Credential, uint64, error) {
		return v.space.Reinstate(v.ctx(), v.Param("id"), by)
	}, "reinstated", s.reinstateForm)
}

// correctPage asks for the right name and address. A signed award cannot change, so another one takes its place.
func (s *server) correctPage(v *visit) error {
	f := newForm()
	c, err := v.seenAward(f)
	if err != nil {
		return err
	}
	if c.Erased == nil && earnerOf(&c) != noName {
		f.Set("name", earnerOf(&c))
	}
	// The badge holds a hash of the address alone. Who looks after awards may see whom this one was sent to.
	if !v.may(issuer.ScopeCredentialsWrite) {
		return s.correctForm(v, http.StatusOK, f)
	}
	held, err := s.Earners.Holders(v.ctx(), v.organisation.ID, []string{c.ID})
	if err != nil {
		return err
	}
	if h, known := held[c.ID]; known {
		f.Set("recipient", h.Address)
	}
	return s.correctForm(v, http.StatusOK, f)
}

func (s *server) correctForm(v *visit, status int, f *form) error {
	c, err := v.seenAward(f)
	if err != nil {
		return err
	}
	data := standingPage{Button: "Correct", Back: v.to("awards", c.ID), Languages: languages,
		Second: v.proposes(issuer.ActAward) || v.proposes(issuer.ActRevoke), // one award is made, and one revoked
		Will: []string{
			"A new award is made with the right name and address, and with the evidence, results and dates of this one.",
			"This award is revoked, because another one takes its place. Each names the other, so that nothing is lost.",
			"The earner is sent the new award, if this installation sends mail.",
		}}
	return v.show(status, "award-correct", page{Title: "Correct the award of " + earnerOf(&c), Form: f.single(), Data: data.proposed("correct")})
}

// proposed is the page where somebody else has to allow what it does.
func (p standingPage) proposed(to string) standingPage {
	if p.Second {
		p.Button = "Propose to " + to
		p.Will = append([]string{"Nothing changes until another person allows it."}, p.Will...)
	}
	return p
}

func (s *server) correct(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	name, address := f.Get("name"), f.Get("recipient")
	in := issuer.Amendment{Name: &name, Language: f.Get("language"), Note: f.Get("note")}
	if address != "" {
		in.Recipient = &address
	}
	if v.proposes(issuer.ActAward) || v.proposes(issuer.ActRevoke) {
		return v.propose(f, by, issuer.Proposal{Kind: issuer.ProposalAmend, Credential: v.Param("id"), Amendment: &in, Why: f.Get("why")}, v.to("awards", v.Param("id")), s.correctForm)
	}
	return v.award(f, func(once issuer.Write) (issuer.Credential, error) {
		once.Versions = by.Versions
		return v.space.Amend(v.ctx(), v.Param("id"), in, once)
	}, "corrected", s.correctForm)
}

func (s *server) renewPage(v *visit) error {
	f := newForm()
	f.addRow("evidence")
	return s.renewForm(v, http.StatusOK, f)
}

func (s *server) renewForm(v *visit, status int, f *form) error {
	c, err := v.seenAward(f)
	if err != nil {
		return err
	}
	ends := "the new award has the end that the achievement gives it"
	if until := f.Get("validUntil"); until != "" {
		ends = "the new award ends on " + wording.Plain(until)
	}
	data := standingPage{Button: "Renew", Back: v.to("awards", c.ID), Languages: languages, Second: v.proposes(issuer.ActAward),
		Will: []string{
			"A new award is made of the newest version of the achievement; " + ends + ".",
			"This award stays in force until it ends. Each names the other.",
			"The earner is sent the new award, if this installation sends mail.",
		}}
	return v.show(status, "award-renew", page{Title: "Renew the award of " + earnerOf(&c), Form: f.single(), Data: data.proposed("renew")})
}

func (s *server) renew(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if f.changeRows(awardLists...) {
		return s.renewForm(v, http.StatusOK, f)
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	in := issuer.Renewal{Recipient: f.Get("recipient"), Language: f.Get("language"), Narrative: f.Get("narrative"), Evidence: readEvidence(f),
		ValidFrom: f.date("validFrom"), ValidUntil: f.date("validUntil"), Note: strings.TrimSpace(f.Get("note"))}
	if len(f.problems) > 0 {
		return s.renewForm(v, http.StatusUnprocessableEntity, f)
	}
	if v.proposes(issuer.ActAward) {
		return v.propose(f, by, issuer.Proposal{Kind: issuer.ProposalRenew, Credential: v.Param("id"), Renewal: &in, Why: f.Get("why")}, v.to("awards", v.Param("id")), s.renewForm)
	}
	return v.award(f, func(once issuer.Write) (issuer.Credential, error) {
		once.Versions = by.Versions
		return v.space.Renew(v.ctx(), v.Param("id"), in, once)
	}, "renewed", s.renewForm)
}
