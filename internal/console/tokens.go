package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// scopeWords say what a scope allows.
var scopeWords = map[issuer.Scope]string{
	issuer.ScopeAchievementsRead:   "See achievements",
	issuer.ScopeAchievementsWrite:  "Define, publish and archive achievements",
	issuer.ScopeCredentialsRead:    "See awards",
	issuer.ScopeCredentialsWrite:   "Award, revoke, suspend and reinstate",
	issuer.ScopeCredentialsErase:   "Erase what awards say of people",
	issuer.ScopeCredentialsPropose: "Propose awards and revocations, which a person then allows",
	issuer.ScopeCredentialsSign:    "Sign documents of its own making in your name, whatever they say",
	issuer.ScopeKeysRead:           "See keys",
	issuer.ScopeKeysWrite:          "Replace and retire keys, and say that one was stolen",
	issuer.ScopeIssuerWrite:        "Change settings, and endorse",
	issuer.ScopePeopleRead:         "See members and invitations",
	issuer.ScopePeopleWrite:        "Invite and remove people, change roles, make tokens",
	issuer.ScopeAuditRead:          "See what was done",
	issuer.ScopeWebhooksRead:       "See webhooks",
	issuer.ScopeWebhooksWrite:      "Change webhooks",
}

// lives are the lives of a token to choose from, in days; the first is chosen unless another is.
var lives = []choice{{"365", "a year"}, {"90", "90 days"}, {"30", "30 days"}, {"0", "without end"}}

type tokenLine struct {
	Name                string
	Scopes              []string
	State               string
	Created, Ends, Used wording.Moment
	Revoke              string
}

type tokensPage struct {
	Lines []tokenLine
	New   string
}

// tokens lists them, the last made first.
func (s *server) tokens(v *visit) error {
	all, err := v.space.Tokens(v.ctx())
	if err != nil {
		return err
	}
	var data tokensPage
	for _, t := range slices.Backward(all) {
		line := tokenLine{Name: wording.First(t.Name, "Without a name"), State: "active", Created: v.day(t.Created)}
		for _, scope := range issuer.Scopes() {
			if t.May(scope) {
				line.Scopes = append(line.Scopes, wording.First(scopeWords[scope], string(scope)))
			}
		}
		if t.Rate > 0 {
			line.Scopes = append(line.Scopes, counted(t.Rate, "At most one request a minute", "At most %d requests a minute"))
		}
		if !t.Expires.IsZero() {
			line.Ends = v.day(t.Expires)
		}
		if !t.LastUsed.IsZero() {
			line.Used = v.day(t.LastUsed)
		}
		switch {
		case t.Revoked != nil:
			line.State, line.Ends = "revoked", v.day(t.Revoked.At)
		case !t.Expires.IsZero() && !s.Now().Before(t.Expires):
			line.State = "ended"
		case v.may(issuer.ScopePeopleWrite):
			line.Revoke = v.inOffice("tokens", t.ID, "revoke")
		}
		data.Lines = append(data.Lines, line)
	}
	if v.may(issuer.ScopePeopleWrite) {
		data.New = v.inOffice("tokens", "new")
	}
	return v.ok("tokens", v.officePage("Tokens", nil, data, "", ""))
}

// fieldScope begins the names of the fields that choose a scope.
const fieldScope = "scope."

type tokenFormPage struct {
	Scopes []choice // that the person has
	Lives  []choice
	Back   string
}

func (s *server) newToken(v *visit) error { return s.tokenForm(v, http.StatusOK, newForm().single()) }

func (s *server) tokenForm(v *visit, status int, f *form) error {
	data := tokenFormPage{Lives: lives, Back: v.inOffice("tokens")}
	for _, scope := range v.role.Scopes() {
		data.Scopes = append(data.Scopes, choice{fieldScope + string(scope), wording.First(scopeWords[scope], string(scope))})
	}
	return v.show(status, "token-form", v.officePage("Make a token", f, data, "Tokens", "tokens"))
}

// makeToken makes a token that may do no more than whoever makes it.
func (s *server) makeToken(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	in := issuer.TokenInput{Name: f.Get("name"), Rate: f.whole("rate")}
	for _, scope := range issuer.Scopes() {
		if f.Get(fieldScope+string(scope)) != "" {
			in.Scopes = append(in.Scopes, scope)
		}
	}
	days, err := strconv.Atoi(f.Get("days"))
	if err != nil || !slices.ContainsFunc(lives, func(c choice) bool { return c.Value == f.Get("days") }) {
		f.refuse("days", "Choose how long the token is to work.")
	} else if days > 0 {
		in.Expires = s.Now().Add(time.Duration(days) * 24 * time.Hour).UTC().Truncate(time.Second)
	}
	if in.Name == "" {
		f.refuse("name", "Give the token a name, so that you know later which program has it.")
	}
	if len(in.Scopes) == 0 {
		f.refuse(fieldScope+string(issuer.ScopeAchievementsRead), "Choose something that the program may do.")
	}
	if len(f.problems) == 0 {
		once, made, err := v.once(f)
		if err == nil {
			defer once.End()
			if made != "" {
				return failure{status: http.StatusConflict, title: "This token was made already", detail: "Its text was shown then, and is kept nowhere. If it is lost, revoke the token and make another."}
			}
			by := v.by()
			by.Once = once
			in.Allow = s.People.MayMake(v.person.ID, v.organisation.ID, in.Scopes)
			var token issuer.NewToken
			if token, err = v.space.CreateToken(v.ctx(), in, issuer.Token{Scopes: v.role.Scopes()}, by); err == nil {
				return v.showSecret("The token "+wording.First(token.Name, ""), secretPage{About: "Copy the token into the program now. Whoever has it can do what you have chosen.",
					Label: "Token", Secret: token.Text, Back: v.inOffice("tokens"), Notes: []string{
						"It is shown this once, and kept nowhere. If it is lost, revoke it and make another.",
						"Do not send it by mail, and do not write it into a document.",
					}})
			}
		}
		if err := f.refused(err, map[string]string{"name": "name", "scopes": fieldScope + string(issuer.ScopeAchievementsRead), "expires": "days", "rate": "rate"}); err != nil {
			return err
		}
	}
	return s.tokenForm(v, http.StatusUnprocessableEntity, f.single())
}

// revokeToken ends a token.
func (s *server) revokeToken(v *visit) error {
	all, err := v.space.Tokens(v.ctx())
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.ID != v.Param("id") {
			continue
		}
		return v.ask("confirm", v.officePage("Revoke the token "+wording.First(t.Name, ""), nil, confirmPage{
			Will: []string{
				"The program that has it can do nothing more here, from now on.",
				"This cannot be undone. You can make another token.",
				"What the program did stays as it is.",
			}, Button: "Revoke", Danger: true, Back: v.inOffice("tokens"), Version: t.ID}, "Tokens", "tokens"), nil, func(*form) error {
			by := v.by()
			by.Once = v.keeping(ledTo("token-revoked", v.inOffice("tokens")))
			if _, err := v.space.RevokeToken(v.ctx(), t.ID, issuer.Token{Scopes: v.role.Scopes()}, by); err != nil {
				return err
			}
			return v.done("token-revoked", v.inOffice("tokens"))
		})
	}
	return notFound()
}
