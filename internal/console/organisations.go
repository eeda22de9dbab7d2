package console

import (
	"net/http"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// pathInstallation is where its administrators look after an installation: the owners of the first organisation.
const pathInstallation = pathConsole + "/installation"

type accountLine struct {
	Name, Email, State         string
	Since                      wording.Moment
	You                        bool
	Disable, Enable, EraseLink string
}

type installationPage struct {
	Ownerless   []nameLink // links to adopt
	New         string
	Accounts    []accountLine
	First, Next string
}

// installation lists the organisations that nobody looks after, and all accounts.
func (s *server) installation(v *visit) error {
	after := v.QueryParam("after")
	accounts, err := s.People.Accounts(v.ctx(), v.person.ID, after, listLength)
	if err != nil {
		return err
	}
	ownerless, err := s.People.Ownerless(v.ctx(), v.person.ID)
	if err != nil {
		return err
	}
	data := installationPage{New: pathInstallation + "/organisations/new"}
	for _, o := range ownerless {
		data.Ownerless = append(data.Ownerless, nameLink{wording.First(o.Name, o.ID), pathInstallation + "/organisations/" + o.ID + "/adopt"})
	}
	for _, a := range accounts.Accounts {
		at := pathInstallation + "/accounts/" + a.ID
		line := accountLine{Name: wording.First(a.Name, "Somebody"), Email: a.Email, State: "active", Since: v.day(a.Created), You: a.ID == v.person.ID, EraseLink: at + "/erase"}
		if line.Disable = at + "/disable"; !a.Disabled.IsZero() {
			line.State, line.Since, line.Disable, line.Enable = "disabled", v.day(a.Disabled), "", at+"/enable"
		}
		data.Accounts = append(data.Accounts, line)
	}
	data.First, data.Next = v.pages(after, accounts.Next)
	return v.ok("installation", page{Title: "This installation", Data: data, Up: nameLink{"Your account", pathAccount}})
}

// administrator refuses whoever does not administer the installation, before anything is told of it.
func (v *visit) administrator() error {
	is, err := v.server.People.Administers(v.ctx(), v.person.ID)
	if err == nil && !is {
		err = failure{status: http.StatusForbidden, title: "This is not yours to do", detail: "Only owners of the first organisation of this installation may do this."}
	}
	return err
}

// installed is a page below the one of the installation.
func installed(title string, f *form, data any) page {
	return page{Title: title, Form: f, Data: data, Up: nameLink{"This installation", pathInstallation}}
}

// newOrganisation makes an organisation, of which whoever makes it becomes the owner.
func (s *server) newOrganisation(v *visit) error {
	if err := v.administrator(); err != nil {
		return err
	}
	f, status := newForm(), http.StatusOK
	if v.Request().Method == http.MethodPost {
		var err error
		if f, err = v.readForm(); err != nil {
			return err
		}
		err = v.onlyOnce(f, func() error {
			o, err := s.People.CreateOrganisation(v.ctx(), v.person.ID, f.Get("name"), f.Get("email"))
			if err != nil {
				return err
			}
			return v.done("organisation-made", pathConsole+"/"+o.ID)
		})
		if err == nil {
			return nil
		}
		if err := f.refused(err, map[string]string{"name": "name", "email": "email"}); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "organisation-form", installed("Make an organisation", f.single(), pathInstallation))
}

// adopt makes an administrator the owner of an organisation that has none.
func (s *server) adopt(v *visit) error {
	ownerless, err := s.People.Ownerless(v.ctx(), v.person.ID)
	if err != nil {
		return err
	}
	for _, o := range ownerless {
		if o.ID != v.Param("organisation") {
			continue
		}
		return v.ask("confirm", installed("Look after "+wording.First(o.Name, o.ID), nil, confirmPage{
			Will:   []string{"You become an owner, and see everything that it has.", "You can then invite others, make one of them an owner, and leave.", "That you did so stands in its log."},
			Button: "Become its owner", Back: pathInstallation, Version: o.ID}), nil, func(*form) error {
			if err := s.People.Adopt(v.ctx(), v.person.ID, o.ID); err != nil {
				return err
			}
			return v.done("adopted", pathConsole+"/"+o.ID)
		})
	}
	return notFound()
}

// askAccount asks before something is done with the account in the address.
func (v *visit) askAccount(title, button string, danger bool, will func(name string, tokens []issuer.Token) []string, act func(account string) error) error {
	if err := v.administrator(); err != nil {
		return err
	}
	a, err := v.server.People.Account(v.ctx(), v.Param("account"))
	if err != nil {
		return err
	}
	seen := "active"
	if !a.Disabled.IsZero() {
		seen = "disabled"
	}
	name := wording.First(a.Name, "somebody")
	tokens, err := v.server.People.AllTokensOf(v.ctx(), v.person.ID, a.ID)
	if err != nil {
		return err
	}
	p := installed(title+" "+name, nil, confirmPage{Will: will(name+" ("+a.Email+")", tokens), Button: button, Danger: danger, Back: pathInstallation, Version: seen})
	return v.ask("confirm", p, nil, func(*form) error { return act(a.ID) })
}

// tokensEnd says which tokens end with an account.
func tokensEnd(tokens []issuer.Token) []string {
	if len(tokens) == 0 {
		return nil
	}
	return []string{"Tokens that they have made, or that were made with these, are revoked in every organisation: " + tokenWords(tokens) + ". The programs that have them stop working until they get another."}
}

func (s *server) disableAccount(v *visit) error {
	return v.askAccount("Disable the account of", "Disable", true, func(name string, tokens []issuer.Token) []string {
		return append([]string{name + " is signed out everywhere at once, and cannot sign in any more, in any organisation.", "Their roles stay, for when you enable the account again.",
			"Nobody is written to."}, tokensEnd(tokens)...)
	}, func(account string) error {
		if err := s.People.Once(v.keeping(ledTo("account-disabled", pathInstallation))).DisableAccount(v.ctx(), v.person.ID, account); err != nil {
			return err
		}
		return v.done("account-disabled", pathInstallation)
	})
}

func (s *server) enableAccount(v *visit) error {
	return v.askAccount("Enable the account of", "Enable", false, func(name string, _ []issuer.Token) []string {
		return []string{name + " can sign in again, with the roles that they had.", "Tokens of programs that ended when it was disabled stay revoked."}
	}, func(account string) error {
		if err := s.People.Once(v.keeping(ledTo("account-enabled", pathInstallation))).EnableAccount(v.ctx(), v.person.ID, account); err != nil {
			return err
		}
		return v.done("account-enabled", pathInstallation)
	})
}

func (s *server) eraseAccount(v *visit) error {
	return v.askAccount("Erase the account of", "Erase", true, func(name string, tokens []issuer.Token) []string {
		return append([]string{
			name + " is signed out everywhere, and is a member of no organisation any more.",
			"Name, address, passkeys and everything else that is kept of them as staff is erased. Badges that they have earned are not touched.",
			"What they did stays in the logs, as done by a former member.",
			"This cannot be undone.",
		}, tokensEnd(tokens)...)
	}, func(account string) error {
		said, next := notice("account-erased"), pathInstallation
		if account == v.person.ID {
			said, next = "signed-out", pathSignIn
		}
		if err := s.People.Once(v.keeping(ledTo(said, next))).DeleteAccount(v.ctx(), v.person.ID, account); err != nil {
			return err
		}
		if account == v.person.ID {
			v.forget(cookieSession)
		}
		return v.done(said, next)
	})
}
