package console

import (
	"errors"
	"net/http"

	"github.com/laurelbadges/laurel/issuer"
)

// officePlace is one of the places behind "Office" in the menu.
type officePlace struct{ Name, Link, About string }

// office leads to everything that is about the organisation itself, as far as the role may see it.
func (s *server) office(v *visit) error {
	var places []officePlace
	for _, p := range []struct {
		name, path, about string
		scope             issuer.Scope
		there             bool
	}{
		{"People", "people", "Who works here, and what each of them may do. Invite somebody, change a role, remove a member.", issuer.ScopePeopleRead, true},
		{"Activity", "activity", "Who did what, and when. Nothing in this log can be changed without a trace.", issuer.ScopeAuditRead, true},
		{"Endorsements", "endorsements", "What you say of others, and what others say of you.", issuer.ScopeAchievementsRead, true},
		{"Settings", "settings", "Name, picture and description; what an earner has to do first; what takes two people.", issuer.ScopeAchievementsRead, true},
		{"Keys", "keys", "What your badges are signed with. Change a key, or say that it was stolen.", issuer.ScopeKeysRead, true},
		{"Tokens", "tokens", "Let a program of yours, such as a learning platform, award badges.", issuer.ScopePeopleRead, true},
		{"Webhooks", "webhooks", "Let a program of yours be told of what happens here.", issuer.ScopeWebhooksRead, s.Hooks != nil},
	} {
		if p.there && v.may(p.scope) {
			places = append(places, officePlace{p.name, v.to("office", p.path), p.about})
		}
	}
	return v.ok("office", newPage("Office", places))
}

// inOffice is an address below the office.
func (v *visit) inOffice(parts ...string) string {
	return v.to(append([]string{"office"}, parts...)...)
}

// officePage is a page below a place of the office.
func (v *visit) officePage(title string, f *form, data any, place, path string) page {
	up := nameLink{"Office", v.to("office")}
	if place != "" {
		up = nameLink{place, v.inOffice(path)}
	}
	return page{Title: title, Form: f, Data: data, Up: up}
}

// asked is what a page says that asks before it acts.
func (p confirmPage) asked() confirmPage { return p }

// errAgain says that a form has problems, which stand in it, and is to be shown again.
var errAgain = errors.New("the form is to be shown again")

// ask shows a page that says what will happen. When its form comes back, and what it speaks of is still as it was seen, act does it and
// answers; a form that is sent twice does so once. data has the [confirmPage] in it, whose Version is what was seen. codes are as in
// refused.
func (v *visit) ask(name string, p page, codes map[string]string, act func(f *form) error) error {
	status := http.StatusOK
	asked, ok := p.Data.(interface{ asked() confirmPage })
	if !ok {
		return errors.New("a page that asks does not say what")
	}
	if p.Form == nil {
		p.Form = newForm()
	}
	if v.Request().Method == http.MethodPost {
		f, err := v.readForm()
		if err != nil {
			return err
		}
		p.Form = f
		if f.Get("version") == "" {
			return failure{status: http.StatusBadRequest, title: "This form could not be read", detail: "Go back, and send it once more."}
		}
		changed := false
		err = v.onlyOnce(f, func() error {
			if changed = f.Get("version") != asked.asked().Version; changed {
				return errAgain
			}
			return act(f)
		})
		status = http.StatusUnprocessableEntity
		switch {
		case err == nil:
			return nil
		case changed:
			f.refuse("", "It was changed since you looked. This is how it stands now.")
			status = http.StatusConflict
		case !errors.Is(err, errAgain):
			if err := f.refused(err, codes); err != nil {
				return err
			}
		}
	}
	p.Form.single()
	return v.show(status, name, p)
}

// secretPage shows something that is shown once.
type secretPage struct {
	About, Label, Secret string
	Notes                []string
	Back                 string
}

// showSecret answers the form that made a secret with the one page on which it stands. It has no address to open again.
func (v *visit) showSecret(title string, data secretPage) error {
	if err := v.kept(shownOnce); err != nil {
		return err
	}
	return v.ok("secret", newPage(title, data))
}

// namesOf finds the names of accounts, each once.
func (s *server) namesOf(v *visit) func(actor string) string {
	known := make(map[string]string)
	return func(actor string) string {
		if known[actor] == "" {
			known[actor] = s.actorName(v.ctx(), actor)
		}
		return known[actor]
	}
}
