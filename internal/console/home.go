package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

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
	Acts   []nameLink // what is done most; the first one before all
	Find   string     // address to which a search for awards is sent; "" where the role sees none
	Waits  []nameLink // what waits for whoever looks
	Tended bool       // something can wait for them, and nothing does
	Counts []numberLink
	Latest []nameLink
	More   string // address of all achievements; "" where Latest has them all
	Public string
	Zone   string // address where whoever looks can say in which time zone days are told; "" where that was said, or is not theirs to say
}

type nameLink struct{ Name, Link string }

// numberLink says how many of something there are, and where they are listed.
type numberLink struct{ Number, Name, Link string }

const (
	latest     = 8   // achievements that the home of an organisation shows
	mostAtHome = 100 // of anything that it counts; then it says that there are more
	monthLasts = 30 * 24 * time.Hour
)

// number says how many there are: all that were read, and more where there is a next page.
func number(read int, next string) string {
	if next != "" {
		return strconv.Itoa(read) + "+"
	}
	return strconv.Itoa(read)
}

// home says what waits, and what was done; and what to do next, until there is nothing to be taught.
func (s *server) home(v *visit) error {
	published, more, err := v.space.Achievements(v.ctx(), issuer.AchievementPublished, "", mostAtHome)
	if err != nil {
		return err
	}
	data := homePage{Public: "/i/" + v.organisation.ID}
	sees := v.may(issuer.ScopeCredentialsRead)
	if v.organisation.Settings.Zone == "" && v.may(issuer.ScopeIssuerWrite) {
		data.Zone = v.inOffice("settings")
	}
	awarded := false
	if sees {
		awards, _, err := v.space.Credentials(v.ctx(), issuer.CredentialFilter{}, "", 1)
		if err != nil {
			return err
		}
		awarded = len(awards) > 0
	}
	if data.Waits, err = s.waits(v); err != nil {
		return err
	}
	data.Tended = awarded && len(data.Waits) == 0 && v.may(issuer.ScopeCredentialsPropose)
	if awarded {
		data.Find = v.to("awards")
		if data.Counts, err = s.counts(v); err != nil {
			return err
		}
	} else if data.Steps, err = v.steps(len(published) > 0); err != nil {
		return err
	}
	if len(published) > 0 {
		data.Acts = v.firstActs(awarded)
		data.Counts = append(data.Counts, numberLink{number(len(published), more), plural(len(published), "achievement that can be awarded", "achievements that can be awarded"), v.to("achievements") + "?state=published"})
	}
	for _, a := range published[:min(len(published), latest)] {
		data.Latest = append(data.Latest, nameLink{versionOf(a), v.to("achievements", a.ID)})
	}
	if len(published) > latest {
		data.More = v.to("achievements") + "?state=published"
	}
	return v.ok("home", page{Title: "Home", Data: data})
}

// firstActs are what somebody does most, as far as their role allows it.
func (v *visit) firstActs(awarded bool) (acts []nameLink) {
	if v.may(issuer.ScopeCredentialsPropose) {
		one, many := "Award an achievement", "Award many at once"
		if v.proposes(issuer.ActAward) {
			one, many = "Propose an award", "Propose many at once"
		}
		if awarded { // before that the steps lead there
			acts = append(acts, nameLink{one, v.to("awards", "new")})
		}
		acts = append(acts, nameLink{many, v.to("batches", "new")})
	}
	if v.may(issuer.ScopeAchievementsWrite) {
		acts = append(acts, nameLink{"Define an achievement", v.to("achievements", "new")})
	}
	return acts
}

// steps are those in which an organisation begins.
func (v *visit) steps(published bool) ([]step, error) {
	any, _, err := v.space.Achievements(v.ctx(), "", "", 1)
	if err != nil {
		return nil, err
	}
	steps := []step{
		{Title: "Say what can be earned", Done: len(any) > 0, Label: "Define an achievement", Link: v.to("achievements", "new"),
			About: "An achievement has a name, what somebody must show to earn it, and a rubric if you use one. You can also import one from another platform."},
		{Title: "Publish it", Done: published, Label: "Look at your drafts", Link: v.to("achievements") + "?state=draft",
			About: "A draft is seen by your colleagues alone. What is published has an address of its own and never changes; later you make a new version."},
		{Title: "Award it", Label: "Award an achievement", Link: v.to("awards", "new"),
			About: "Each award is a signed file that anybody can check, also when this server is gone. Begin with one person; a whole list comes next."},
	}
	next := true
	for i := range steps {
		one := &steps[i]
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
	return steps, nil
}

// counts say how many awards there are, as far as they are counted at home.
func (s *server) counts(v *visit) (all []numberLink, err error) {
	for _, one := range []struct {
		f         issuer.CredentialFilter
		one, many string
		state     issuer.CredentialState
		always    bool
	}{
		{issuer.CredentialFilter{IssuedFrom: s.Now().Add(-monthLasts), Newest: true}, "award in the last 30 days", "awards in the last 30 days", "", true},
		{issuer.CredentialFilter{State: issuer.CredentialSuspended}, "award is suspended", "awards are suspended", issuer.CredentialSuspended, false},
		{issuer.CredentialFilter{State: issuer.CredentialPending}, "award is being made", "awards are being made", issuer.CredentialPending, false},
	} {
		page, next, err := v.space.Credentials(v.ctx(), one.f, "", mostAtHome)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 && !one.always {
			continue
		}
		link := v.to("awards")
		if one.state != "" {
			link += "?state=" + string(one.state)
		}
		all = append(all, numberLink{number(len(page), next), plural(len(page), one.one, one.many), link})
	}
	page, next, err := s.Earners.Unclaimed(v.ctx(), v.organisation.ID, "", mostAtHome)
	if err != nil {
		return nil, err
	}
	return append(all, numberLink{number(len(page), next), "not claimed yet", v.to("unclaimed")}), nil
}

// batchesLooked is how many batches are looked through for those that wait for somebody.
const batchesLooked = 20

// waits are what whoever looks at the home of an organisation has to do.
func (s *server) waits(v *visit) (links []nameLink, err error) {
	if !v.may(issuer.ScopeCredentialsPropose) {
		return nil, nil
	}
	writes := v.may(issuer.ScopeCredentialsWrite)
	open, more, err := v.space.Proposals(v.ctx(), issuer.ProposalOpen, "", mostWaiting)
	if err != nil {
		return nil, err
	}
	decide, mine, proposed := 0, 0, make(map[string]bool)
	for _, p := range open {
		if v.proposalState(&p) != issuer.ProposalOpen {
			continue
		}
		proposed[p.Batch] = true
		if p.By == v.actor() {
			mine++
		} else if v.decides(&p) {
			decide++
		}
	}
	if decide > 0 {
		links = append(links, nameLink{counted(decide, "A proposal waits for your decision", "%d proposals wait for your decision"), v.to("proposals")})
	}
	if mine > 0 {
		links = append(links, nameLink{counted(mine, "A proposal of yours waits for somebody else", "%d proposals of yours wait for somebody else"), v.to("proposals")})
	}
	if more != "" {
		links = append(links, nameLink{"There are more proposals", v.to("proposals")})
	}
	page, _, err := v.space.Batches(v.ctx(), "", batchesLooked)
	if err != nil {
		return nil, err
	}
	for _, b := range page {
		name := wording.First(b.Name, "a batch")
		switch {
		case b.State == issuer.BatchPrepared && !proposed[b.ID] && v.own(true, &b):
			links = append(links, nameLink{"To be confirmed: " + name + ", " + counted(b.Total, "one row", "%d rows"), v.to("batches", b.ID)})
		case b.State == issuer.BatchHeld && writes:
			links = append(links, nameLink{"On hold: " + name + ". It goes on only if you let it.", v.to("batches", b.ID)})
		}
	}
	if v.may(issuer.ScopeCasesRead) && writes {
		for _, c := range []struct {
			state     issuer.CaseState
			one, many string
		}{
			{issuer.CaseOpen, "A case was opened, and the earner is to be told", "%d cases were opened, and the earners are to be told"},
			{issuer.CaseNoticed, "In a case the time to answer is over, and it is to be decided", "In %d cases the time to answer is over, and they are to be decided"},
			{issuer.CaseAnswered, "In a case the earner has answered, and it is to be decided", "In %d cases the earner has answered, and they are to be decided"},
			{issuer.CaseDecided, "A case is decided, and to be closed", "%d cases are decided, and to be closed"},
		} {
			files, _, err := v.space.Cases(v.ctx(), issuer.CaseFilter{State: c.state}, "", mostAtHome)
			if err != nil {
				return nil, err
			}
			if c.state == issuer.CaseNoticed {
				files = slices.DeleteFunc(files, func(file issuer.Case) bool { return s.Now().Before(file.Due) })
			}
			if len(files) > 0 {
				links = append(links, nameLink{counted(len(files), c.one, c.many), v.to("cases") + "?state=" + string(c.state)})
			}
		}
	}
	if v.may(issuer.ScopeAchievementsWrite) {
		drafts, _, err := v.space.Achievements(v.ctx(), issuer.AchievementDraft, "", mostAtHome)
		if err != nil {
			return nil, err
		}
		if len(drafts) > 0 {
			links = append(links, nameLink{counted(len(drafts), "A draft is not published yet", "%d drafts are not published yet"), v.to("achievements") + "?state=draft"})
		}
	}
	return links, nil
}
