package console

import (
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type membershipLine struct{ Name, Role, Link string }

// choose lets somebody who works for several organisations choose one. Who works for one goes there.
func (s *server) choose(v *visit) error {
	all, err := s.People.Memberships(v.ctx(), v.person.ID)
	if err != nil {
		return err
	}
	var lines []membershipLine
	for _, m := range all {
		o, err := s.Office.Organisation(v.ctx(), m.Organisation)
		if err != nil {
			return err
		}
		lines = append(lines, membershipLine{wording.Plain(o.Name), string(m.Role), pathConsole + "/" + o.ID})
	}
	if len(lines) == 1 {
		return v.Redirect(http.StatusSeeOther, lines[0].Link)
	}
	administers, err := s.People.Administers(v.ctx(), v.person.ID)
	if err != nil {
		return err
	}
	p := page{Title: "Choose an organisation", Data: lines}
	if administers {
		p.Up = nameLink{"This installation", pathInstallation}
	}
	return v.ok("choose", p)
}

// step is one of those in which an organisation begins.
type step struct {
	Title, About string
	Done         bool
	First        bool   // it is the next one to do
	Label, Link  string // "" where the role cannot do it, or it is done
}

type homePage struct {
	Steps  []step
	Latest []nameLink
	Public string
	Waits  []nameLink // what waits for somebody
}

type nameLink struct{ Name, Link string }

// latest is how many achievements the home of an organisation shows.
const latest = 8

// home says what to do next, until there is nothing to be taught.
func (s *server) home(v *visit) error {
	published, _, err := v.space.Achievements(v.ctx(), issuer.AchievementPublished, "", latest)
	if err != nil {
		return err
	}
	any, _, err := v.space.Achievements(v.ctx(), "", "", 1)
	if err != nil {
		return err
	}
	awards, _, err := v.space.Credentials(v.ctx(), issuer.CredentialFilter{}, "", 1)
	if err != nil {
		return err
	}
	data := homePage{Public: "/i/" + v.organisation.ID}
	if data.Waits, err = s.waits(v); err != nil {
		return err
	}
	if len(awards) == 0 {
		data.Steps = []step{
			{Title: "Say what can be earned", Done: len(any) > 0, Label: "Define an achievement", Link: v.to("achievements", "new"),
				About: "An achievement has a name, what somebody must show to earn it, and a rubric if you use one. You can also import one from another platform."},
			{Title: "Publish it", Done: len(published) > 0, Label: "Look at your drafts", Link: v.to("achievements") + "?state=draft",
				About: "A draft is seen by your colleagues alone. What is published has an address of its own and never changes; later you make a new version."},
			{Title: "Award it", Label: "Award an achievement", Link: v.to("awards", "new"),
				About: "Each award is a signed file that anybody can check, also when this server is gone."},
		}
		next := true
		for i := range data.Steps {
			one := &data.Steps[i]
			allowed := v.may(issuer.ScopeAchievementsWrite)
			if i == 2 {
				allowed = v.may(issuer.ScopeCredentialsWrite)
			}
			if one.Done || !next || !allowed {
				one.Link = ""
			}
			if !one.Done && next {
				one.First, next = true, false
			}
		}
	}
	for _, a := range published {
		data.Latest = append(data.Latest, nameLink{wording.Plain(a.Name), strings.TrimSuffix(v.to("achievements", a.ID), "/")})
	}
	return v.ok("home", page{Title: "Home", Data: data})
}
