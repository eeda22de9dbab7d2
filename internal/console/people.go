package console

import (
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type memberLine struct {
	Name, Email, Role string
	Since             wording.Moment
	You, Disabled     bool
	Change, Remove    string // addresses; "" where the role does not allow it
	Acts              string // address of what they did
}

type invitationLine struct {
	Email, Role, By string
	Until           wording.Moment
	Shown           bool // whoever invited them has the link
	Withdraw        string
}

type peoplePage struct {
	Members     []memberLine
	Invitations []invitationLine
	Invite      string
	Roles       []choice
}

// peoplePage lists who works here, and who is asked to.
func (s *server) peoplePage(v *visit) error {
	members, err := s.People.Members(v.ctx(), v.person.ID, v.organisation.ID)
	if err != nil {
		return err
	}
	open, err := s.People.Invitations(v.ctx(), v.person.ID, v.organisation.ID)
	if err != nil {
		return err
	}
	data := peoplePage{Roles: roleChoices()}
	writes := v.may(issuer.ScopePeopleWrite)
	for _, m := range members {
		line := memberLine{Name: wording.First(m.Account.Name, "Somebody"), Email: m.Account.Email, Role: string(m.Role), Since: v.day(m.Since),
			You: m.Account.ID == v.person.ID, Disabled: !m.Account.Disabled.IsZero()}
		if writes {
			line.Change, line.Remove = v.inOffice("people", m.Account.ID, "role"), v.inOffice("people", m.Account.ID, "remove")
		}
		if v.may(issuer.ScopeAuditRead) {
			line.Acts = v.inOffice("activity") + "?actor=account:" + m.Account.ID
		}
		data.Members = append(data.Members, line)
	}
	name := s.namesOf(v)
	for _, i := range open {
		line := invitationLine{Email: i.Email, Role: string(i.Role), By: name("account:" + i.By), Until: v.day(i.Expires), Shown: i.Shown}
		if writes {
			line.Withdraw = v.inOffice("people", "invitations", i.ID, "withdraw")
		}
		data.Invitations = append(data.Invitations, line)
	}
	if writes {
		data.Invite = v.inOffice("people", "invite")
	}
	return v.ok("people", v.officePage("People", nil, data, "", ""))
}

// roleChoices are all roles, each with what it may do.
func roleChoices() (all []choice) {
	for _, role := range people.Roles() {
		all = append(all, choice{string(role), roleWords[role]})
	}
	return all
}

type invitePage struct {
	Roles, Languages []choice
	Mails            bool
	Second           bool // something needs two people
	Back             string
}

func (s *server) invitePage(v *visit) error {
	f := newForm()
	f.Set("role", string(people.RoleAssessor))
	return s.inviteForm(v, http.StatusOK, f)
}

func (s *server) inviteForm(v *visit, status int, f *form) error {
	data := invitePage{Roles: roleChoices(), Languages: languages, Mails: s.People.Mails(), Second: len(v.organisation.Settings.Second) > 0, Back: v.inOffice("people")}
	return v.show(status, "invite", v.officePage("Invite somebody", f.single(), data, "People", "people"))
}

// invite sends an invitation or, where no mail is sent, shows its link.
func (s *server) invite(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	err = v.onlyOnce(f, func() error {
		kept := shownOnce
		if s.People.Mails() {
			kept = ledTo("invited", v.inOffice("people"))
		}
		made, link, err := s.People.Once(v.keeping(kept)).Invite(v.ctx(), v.person.ID, people.InvitationInput{Organisation: v.organisation.ID, Email: f.Get("email"),
			Role: people.Role(f.Get("role")), Language: f.Get("language")})
		if err != nil {
			return err
		}
		if link == "" {
			return v.done("invited", v.inOffice("people"))
		}
		return v.showInvitation(made, link)
	})
	if err == nil {
		return nil
	}
	if err := f.refused(err, map[string]string{"email": "email", "role": "role", "language": "language", "already_member": "email", "invited_often": "email"}); err != nil {
		return err
	}
	return s.inviteForm(v, http.StatusUnprocessableEntity, f)
}

// showInvitation shows the link of an invitation that is not sent by mail.
func (v *visit) showInvitation(made people.Invitation, link string) error {
	return v.showSecret("The invitation", secretPage{About: "Give this link to " + made.Email + ", and to nobody else: whoever has it can join as " + string(made.Role) + ".",
		Label: "Link", Secret: link, Back: v.inOffice("people"), Notes: []string{
			"It is shown this once. If it is lost, invite the same address again: the link before then ends.",
			"It works once, until " + v.day(made.Expires).Words + ".",
		}})
}

// withdraw ends an invitation.
func (s *server) withdraw(v *visit) error {
	open, err := s.People.Invitations(v.ctx(), v.person.ID, v.organisation.ID)
	if err != nil {
		return err
	}
	for _, i := range open {
		if i.ID != v.Param("invitation") {
			continue
		}
		return v.ask("confirm", v.officePage("Withdraw the invitation of "+i.Email, nil, confirmPage{
			Will:   []string{"The link of the invitation works no more.", "Nobody is told.", "You can invite the same address again at any time."},
			Button: "Withdraw", Back: v.inOffice("people"), Version: i.ID}, "People", "people"), nil, func(*form) error {
			if err := s.People.Once(v.keeping(ledTo("withdrawn", v.inOffice("people")))).Withdraw(v.ctx(), v.person.ID, v.organisation.ID, i.ID); err != nil {
				return err
			}
			return v.done("withdrawn", v.inOffice("people"))
		})
	}
	return notFound()
}

// member is the one in the address.
func (s *server) member(v *visit) (people.Member, error) {
	members, err := s.People.Members(v.ctx(), v.person.ID, v.organisation.ID)
	if err != nil {
		return people.Member{}, err
	}
	for _, m := range members {
		if m.Account.ID == v.Param("account") {
			return m, nil
		}
	}
	return people.Member{}, notFound()
}

// tokenWords name tokens by what they are for, as far as a sentence bears it.
func tokenWords(tokens []issuer.Token) string {
	const most = 10
	var names []string
	for _, t := range tokens[:min(len(tokens), most)] {
		names = append(names, wording.First(wording.Plain(t.Name), "one without a name"))
	}
	if more := len(tokens) - most; more > 0 {
		names = append(names, counted(more, "one more", "%d more"))
	}
	return strings.Join(names, ", ")
}

type memberRolePage struct {
	confirmPage
	Roles []choice
}

// changeRole gives a member another role.
func (s *server) changeRole(v *visit) error {
	m, err := s.member(v)
	if err != nil {
		return err
	}
	tokens, err := s.People.TokensOf(v.ctx(), v.person.ID, v.organisation.ID, m.Account.ID)
	if err != nil {
		return err
	}
	f := newForm()
	f.Set("role", string(m.Role))
	will := []string{"What they may do changes at once, on every page that they have open.", "They are not written to. Tell them yourself.", "What they did before stays as it is."}
	if len(tokens) > 0 {
		will = append(will, "Of the tokens that they have made, or that were made with these, those are revoked that may do more than the new role: all or some of "+tokenWords(tokens)+
			". The programs that have them stop working until they get another.")
	}
	data := memberRolePage{Roles: roleChoices(), confirmPage: confirmPage{Button: "Change the role", Back: v.inOffice("people"), Version: string(m.Role), Will: will}}
	return v.ask("member-role", v.officePage("The role of "+wording.First(m.Account.Name, "a member"), f, data, "People", "people"), map[string]string{"role": "role"}, func(f *form) error {
		next := v.inOffice("people")
		if m.Account.ID == v.person.ID {
			next = strings.TrimSuffix(v.to(), "/")
		}
		if _, err := s.People.Once(v.keeping(ledTo("role-changed", next))).SetRole(v.ctx(), v.person.ID, v.organisation.ID, m.Account.ID, people.Role(f.Get("role"))); err != nil {
			return err
		}
		return v.done("role-changed", next)
	})
}

// removeMember ends a membership.
func (s *server) removeMember(v *visit) error {
	m, err := s.member(v)
	if err != nil {
		return err
	}
	tokens, err := s.People.TokensOf(v.ctx(), v.person.ID, v.organisation.ID, m.Account.ID)
	if err != nil {
		return err
	}
	name := wording.First(m.Account.Name, "a member")
	title, back := "Remove "+name, v.inOffice("people")
	will := []string{
		name + " can no longer see or do anything here, and is signed out if they work for no other organisation on this server.",
		"Invitations that they made and nobody has accepted are withdrawn.",
		"What they did stays, with their name as long as they have an account on this server.",
		"No token of a program ends with this.",
	}
	if len(tokens) > 0 {
		will[len(will)-1] = "Tokens that they have made, or that were made with these, are revoked: " + tokenWords(tokens) + ". The programs that have them stop working until they get another."
	}
	said, next := notice("member-removed"), back
	if m.Account.ID == v.person.ID {
		title, will[0] = "Leave "+wording.First(v.organisation.Name, "the organisation"), "You can no longer see or do anything here, and are signed out."
		all, err := s.People.Memberships(v.ctx(), v.person.ID)
		if err != nil {
			return err
		}
		if said, next = "signed-out", pathSignIn; len(all) > 1 {
			will[0], said, next = "You can no longer see or do anything here. You stay signed in, for the other organisations that you work for.", "left", pathConsole
		}
	}
	return v.ask("confirm", v.officePage(title, nil, confirmPage{Will: will, Button: title, Danger: true, Back: back, Version: string(m.Role)}, "People", "people"), nil, func(*form) error {
		if err := s.People.Once(v.keeping(ledTo(said, next))).RemoveMember(v.ctx(), v.person.ID, v.organisation.ID, m.Account.ID); err != nil {
			return err
		}
		if said == "signed-out" {
			v.forget(cookieSession)
		}
		return v.done(said, next)
	})
}
