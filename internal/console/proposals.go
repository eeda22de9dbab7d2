package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type proposalLine struct {
	Link, What, Who string
	State           issuer.ProposalState
	On, Ends        wording.Moment
}

type proposalsPage struct {
	Find        *form
	States      []choice
	Lines       []proposalLine
	First, Next string
	Open        bool // those that wait are shown
}

// proposalStates are what a list of proposals can be asked for; the first one is shown unless another is chosen.
var proposalStates = []choice{{string(issuer.ProposalOpen), "those that wait"}, {string(issuer.ProposalAllowed), "allowed"}, {string(issuer.ProposalRefused), "refused"},
	{string(issuer.ProposalWithdrawn), "withdrawn"}, {string(issuer.ProposalExpired), "expired"}, {string(issuer.ProposalFailed), "allowed, and could not be done"}, {"all", "all"}}

// proposals lists what one person asked for and another has to allow, the newest first.
func (s *server) proposals(v *visit) error {
	find := newForm()
	find.Set("state", orWord(strings.TrimSpace(v.QueryParam("state")), string(issuer.ProposalOpen)))
	if !among(proposalStates, find.Get("state")) {
		return notFound()
	}
	state := issuer.ProposalState(find.Get("state"))
	data := proposalsPage{Find: find, States: proposalStates, Open: state == issuer.ProposalOpen}
	if state == "all" {
		state = ""
	}
	after := v.QueryParam("after")
	page, next, err := v.space.Proposals(v.ctx(), state, after, listLength)
	if err != nil {
		return err
	}
	for _, p := range page {
		what, err := s.proposed(v, &p)
		if err != nil {
			return err
		}
		data.Lines = append(data.Lines, proposalLine{Link: v.to("proposals", p.ID), What: what, Who: s.actorName(v.ctx(), p.By), State: v.proposalState(&p), On: v.day(p.At), Ends: v.day(p.Expires)})
	}
	data.First, data.Next = v.pages(after, next)
	return v.ok("proposals", newPage("Proposals", data))
}

// proposalState is that of a proposal; one whose time has passed is expired before that is written down.
func (v *visit) proposalState(p *issuer.Proposal) issuer.ProposalState {
	if p.State == issuer.ProposalOpen && !v.server.Now().Before(p.Expires) {
		return issuer.ProposalExpired
	}
	return p.State
}

// proposed says in a few words what is asked for.
func (s *server) proposed(v *visit, p *issuer.Proposal) (string, error) {
	verb, about := map[issuer.ProposalKind]string{issuer.ProposalAward: "Award", issuer.ProposalRevoke: "Revoke", issuer.ProposalErase: "Erase", issuer.ProposalAmend: "Correct", issuer.ProposalRenew: "Renew",
		issuer.ProposalSettings: "Change the settings", issuer.ProposalBatch: "Confirm the batch"}[p.Kind], ""
	switch {
	case p.Award != nil:
		a, err := v.space.Achievement(v.ctx(), p.Award.Achievement)
		if err != nil && !missing(err) {
			return "", err
		}
		to := p.Award.Name
		if v.sees(p) {
			to = wording.First(to, p.Award.Recipient)
		}
		return verb + " " + versionOf(a) + " to " + wording.First(to, "somebody"), nil
	case p.Kind == issuer.ProposalAward:
		return "Award an achievement", nil
	case p.Address != "":
		if len(p.Awards) == 0 {
			return "Erase a person", nil
		}
		return "Erase " + counted(len(p.Awards), "the award", "the %d awards") + " of a person", nil
	case p.Kind == issuer.ProposalErase && p.Credential == "":
		return "Erase a person", nil
	case p.Credential != "":
		c, _, err := v.space.Credential(v.ctx(), p.Credential)
		if err != nil && !missing(err) {
			return "", err
		}
		about = " the award of " + earnerOf(&c)
	case p.Batch != "":
		b, _, err := v.space.Batch(v.ctx(), p.Batch)
		if err != nil && !missing(err) {
			return "", err
		}
		if b.Kind == issuer.BatchRevoke {
			verb = "Revoke the awards of the batch"
		} else if b.ID != "" {
			verb = "Award the batch"
		}
		about = " " + wording.First(b.Name, "that was discarded")
	}
	return verb + about, nil
}

// proposedBatch is the address of the open proposal to confirm a batch; "" where there is none.
func (v *visit) proposedBatch(id string) (string, error) {
	for after := ""; ; {
		page, next, err := v.space.Proposals(v.ctx(), issuer.ProposalOpen, after, 100)
		if err != nil {
			return "", err
		}
		for _, p := range page {
			if p.Batch == id && v.proposalState(&p) == issuer.ProposalOpen {
				return v.to("proposals", p.ID), nil
			}
		}
		if after = next; next == "" {
			return "", nil
		}
	}
}

// mostWaiting is how many proposals the menu counts.
const mostWaiting = 50

// waiting says how many proposals wait for somebody; "" for none, or where they cannot be counted.
func (v *visit) waiting() string {
	page, next, err := v.space.Proposals(v.ctx(), issuer.ProposalOpen, "", mostWaiting)
	if err != nil {
		return "" // what the page is about matters more
	}
	count := 0
	for _, p := range page {
		if v.proposalState(&p) == issuer.ProposalOpen {
			count++
		}
	}
	switch {
	case count == 0:
		return ""
	case next != "":
		return strconv.Itoa(count) + "+"
	}
	return strconv.Itoa(count)
}

type proposalPage struct {
	issuer.Proposal
	State       issuer.ProposalState
	Who         string
	Handed      string // who made the link over which the earner asked; "" for none
	Asked, Ends wording.Moment
	Decider     string
	On          wording.Moment // when it was decided
	Groups      []factGroup
	Links       []nameLink
	Will        []string
	Mine        bool // the person made it, and can withdraw it
	Decides     bool // the person can allow or refuse it
	Owner       bool // only an owner can
	Danger      bool
	Seen        string // version
	At          string // address, before /allow, /refuse and /withdraw
	StepUp      string // where to sign in once more before it is allowed; "" where that is not asked for
}

// proposal shows one: what is asked for, by whom, and what will happen.
func (s *server) proposal(v *visit) error { return s.proposalForm(v, http.StatusOK, newForm()) }

func (s *server) proposalForm(v *visit, status int, f *form) error {
	p, version, err := v.space.Proposal(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	title, err := s.proposed(v, &p)
	if err != nil {
		return err
	}
	data := proposalPage{Proposal: p, State: v.proposalState(&p), Who: s.actorName(v.ctx(), p.By), Asked: wording.English.Instant(p.At), Ends: v.day(p.Expires), Seen: versionText(version), At: v.to("proposals", p.ID)}
	if p.DecidedBy != "" {
		data.Decider, data.On = s.actorName(v.ctx(), p.DecidedBy), wording.English.Instant(p.Decided)
	}
	if data.State == issuer.ProposalOpen {
		data.Mine = p.By == v.actor()
		data.Decides = !data.Mine && v.decides(&p)
		if data.Decides && v.stepsUp(&p) {
			data.StepUp = v.to("proposals", p.ID, "allow")
		}
		data.Owner = p.Kind == issuer.ProposalSettings && !data.Mine && !data.Decides
		if data.Will, err = s.willBe(v, &p); err != nil {
			return err
		}
	}
	if p.Handed != "" {
		data.Handed = s.actorName(v.ctx(), p.Handed)
	}
	data.Danger = p.Act == issuer.ActRevoke
	if data.Groups, err = s.proposalFacts(v, &p); err != nil {
		return err
	}
	data.Links = v.proposalLinks(&p)
	return v.show(status, "proposal", page{Title: title, Up: nameLink{"Proposals", v.to("proposals")}, Form: f, Data: data})
}

// decides says that the role of the person is one that could do itself what is asked for, but for the second person.
func (v *visit) decides(p *issuer.Proposal) bool { return v.may(p.Scope()) }

func (v *visit) proposalLinks(p *issuer.Proposal) (links []nameLink) {
	add := func(label, place, id string) {
		if id != "" {
			links = append(links, nameLink{label, v.to(place, id)})
		}
	}
	add("The award that it is about", "awards", p.Credential)
	add("The batch, row by row", "batches", p.Batch)
	if p.Result != p.Credential && p.Result != p.Batch {
		add("The award that was made", "awards", p.Result)
	}
	return links
}

// willBe says what allowing a proposal does.
func (s *server) willBe(v *visit, p *issuer.Proposal) ([]string, error) {
	mail := "Nobody is written to: this installation sends no mail."
	if s.Earners.Mails() {
		mail = "The earner gets an e-mail."
	}
	switch p.Kind {
	case issuer.ProposalAward:
		return []string{"The award is signed at once, in the name of " + wording.Plain(v.organisation.Name) + ".", mail}, nil
	case issuer.ProposalRevoke:
		return []string{"The award ends for good, at once. It can only be awarded anew.", "Whoever checks the badge from then on is told that it was revoked, when, and why.", mail}, nil
	case issuer.ProposalErase:
		will := []string{"The badge, the name, the address, and what was written about the award are erased here, for good. Its page is gone.", erasedInForce}
		if p.Address != "" {
			will = append(eraseWill(len(p.Awards)), erasedInForce)
		}
		return append(will, linksEnd), nil
	case issuer.ProposalAmend:
		return []string{"A new award is made with the right name and address, and the one before is revoked, because another one takes its place.", mail}, nil
	case issuer.ProposalRenew:
		return []string{"A new award is made of the newest version of the achievement. The one before stays in force until it ends.", mail}, nil
	case issuer.ProposalSettings:
		return []string{"The settings of the organisation become what stands here, all of them. If they were changed since it was proposed, nothing happens, and it has to be proposed anew.", "Awards that are there stay as they are."}, nil
	case issuer.ProposalBatch:
		b, _, err := v.space.Batch(v.ctx(), p.Batch)
		if missing(err) {
			return []string{"The batch was discarded, so nothing can be done any more."}, nil
		} else if err != nil {
			return nil, err
		}
		return s.willOf(v, &b), nil
	}
	return nil, nil
}

// sees says that the person is shown the address of the earner in a proposal: because they decide, or wrote it themselves.
func (v *visit) sees(p *issuer.Proposal) bool { return p.By == v.actor() || v.decides(p) }

// proposalFacts are what is asked for, as long as that is written down.
func (s *server) proposalFacts(v *visit, p *issuer.Proposal) ([]factGroup, error) {
	var found facts
	address := v.sees(p)
	day := func(label string, at time.Time) {
		if !at.IsZero() {
			found.text(label, v.day(at).Words)
		}
	}
	shown := func(all []issuer.Evidence) {
		for _, e := range all {
			found.link("Evidence", orWord(wording.Plain(e.Name), e.URL), e.URL)
			found.markdown("About it", e.Narrative)
		}
	}
	switch {
	case p.Award != nil:
		a, err := v.space.Achievement(v.ctx(), p.Award.Achievement)
		if err != nil && !missing(err) {
			return nil, err
		}
		found.text("Achievement", versionOf(a))
		found.text("To", wording.Plain(p.Award.Name))
		if address {
			found.text("E-mail address", wording.Plain(p.Award.Recipient))
		}
		if p.Award.PlainRecipient {
			found.text("In the badge", "The address can be read by everybody who sees it.")
		}
		day("Earned on", p.Award.AwardedDate)
		day("In force from", p.Award.ValidFrom)
		day("Ends on", p.Award.ValidUntil)
		for _, r := range p.Award.Results {
			found.text(resultIn(a, r))
		}
		found.text("Role", p.Award.Role)
		found.text("Term", p.Award.Term)
		found.text("License number", p.Award.LicenseNumber)
		found.markdown("Narrative", p.Award.Narrative)
		shown(p.Award.Evidence)
	case p.Kind == issuer.ProposalErase && p.Cause != nil:
		if address {
			found.text("E-mail address", wording.Plain(p.Address))
		}
		found.long("Why, for the log", p.Cause.Reason)
	case p.Cause != nil:
		found.text("Why, for everybody", reasonWords[p.Cause.Code])
		found.long("In words", p.Cause.Reason)
		found.long("Note for colleagues", p.Cause.Note)
	case p.Amendment != nil:
		if p.Amendment.Name != nil {
			found.text("The right name", orWord(wording.Plain(*p.Amendment.Name), "none"))
		}
		if p.Amendment.Recipient != nil && address {
			found.text("The right e-mail address", wording.Plain(*p.Amendment.Recipient))
		}
		found.long("Note for colleagues", p.Amendment.Note)
	case p.Renewal != nil:
		if address {
			found.text("E-mail address", wording.Plain(p.Renewal.Recipient))
		}
		day("In force from", p.Renewal.ValidFrom)
		day("Ends on", p.Renewal.ValidUntil)
		found.markdown("Narrative", p.Renewal.Narrative)
		shown(p.Renewal.Evidence)
		found.long("Note for colleagues", p.Renewal.Note)
	case p.Configuration != nil:
		settingFacts(&found, issuer.Configuration{Name: v.organisation.Name, Email: v.organisation.Email, Settings: v.organisation.Settings}, *p.Configuration)
		if len(found) == 0 {
			found.text("Nothing", "The settings are as proposed already.")
		}
	}
	found.long("Why it is proposed", p.Why)
	if len(found) == 0 {
		return nil, nil
	}
	return []factGroup{{"asked", "What is asked for", found}}, nil
}

// settingFacts are what differs between two configurations.
func settingFacts(found *facts, now, then issuer.Configuration) {
	differs := func(label, before, after string) {
		if before != after {
			found.text(label, orWord(wording.Plain(after), "none")+", in place of "+orWord(wording.Plain(before), "none"))
		}
	}
	second := func(acts []issuer.Act) string {
		words := map[issuer.Act]string{issuer.ActAward: "awarding", issuer.ActRevoke: "revoking"}
		var all []string
		for _, act := range []issuer.Act{issuer.ActAward, issuer.ActRevoke} {
			if slices.Contains(acts, act) {
				all = append(all, words[act])
			}
		}
		return strings.Join(all, " and ")
	}
	yes := map[bool]string{true: "yes", false: "no"}
	differs("Name", now.Name, then.Name)
	differs("E-mail address", now.Email, then.Email)
	differs("Website", now.Settings.Website, then.Settings.Website)
	differs("Colour of its pages", now.Settings.Accent, then.Settings.Accent)
	differs("Number of its LinkedIn page", now.Settings.LinkedIn, then.Settings.LinkedIn)
	differs("Time zone of its days", now.Settings.Zone, then.Settings.Zone)
	differs("Description", now.Settings.Description, then.Settings.Description)
	differs("Language", now.Settings.Language, then.Settings.Language)
	differs("Nobody sees an award before it is claimed", yes[now.Settings.Held], yes[then.Settings.Held])
	differs("What needs a second person", second(now.Settings.Second), second(then.Settings.Second))
	differs("A list for verifiers of the standard before", yes[now.Settings.RevocationList], yes[then.Settings.RevocationList])
}

// decide ends a proposal as its page has shown it.
func (s *server) decide(v *visit, may func(*issuer.Proposal) bool, act func(*form, issuer.Write) (issuer.Proposal, error), said notice) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	p, _, err := v.space.Proposal(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	if !may(&p) {
		return notAllowed()
	}
	if said == "proposal-allowed" && v.stepsUp(&p) {
		return v.again()
	}
	p, err = act(f, by)
	if err == nil {
		return v.done(said, v.to("proposals", p.ID))
	}
	if p.State == issuer.ProposalFailed { // it was allowed, and its page says why nothing came of it
		return v.done("proposal-failed", v.to("proposals", p.ID))
	}
	if err := f.refused(err, map[string]string{"note": "note"}); err != nil {
		return err
	}
	return s.proposalForm(v, http.StatusUnprocessableEntity, f)
}

// stepsUp says that whoever allows a proposal is asked to sign in once more: it revokes many awards at once, or erases.
func (v *visit) stepsUp(p *issuer.Proposal) bool {
	return (p.Kind == issuer.ProposalBatch && p.Act == issuer.ActRevoke || p.Kind == issuer.ProposalErase) && !v.recent()
}

// toProposal is where somebody comes back to who was asked to sign in once more before they allow a proposal.
func (s *server) toProposal(v *visit) error {
	p, _, err := v.space.Proposal(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, v.to("proposals", p.ID))
}

func (s *server) allowProposal(v *visit) error {
	return s.decide(v, v.decides, func(_ *form, by issuer.Write) (issuer.Proposal, error) {
		return v.space.Allow(v.ctx(), v.Param("id"), by)
	}, "proposal-allowed")
}

func (s *server) refuseProposal(v *visit) error {
	return s.decide(v, v.decides, func(f *form, by issuer.Write) (issuer.Proposal, error) {
		return v.space.Refuse(v.ctx(), v.Param("id"), f.Get("note"), by)
	}, "proposal-refused")
}

func (s *server) withdrawProposal(v *visit) error {
	return s.decide(v, func(*issuer.Proposal) bool { return true },
		func(_ *form, by issuer.Write) (issuer.Proposal, error) {
			return v.space.Withdraw(v.ctx(), v.Param("id"), by)
		}, "proposal-withdrawn")
}
