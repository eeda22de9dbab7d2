package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/layout"
	"github.com/laurelbadges/laurel/internal/markdown"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates by name, each with the layout around it.
type pages map[string]*template.Template

// loadPages reads every page there is. layout.html stands around each of them, and the files whose name begins with "part-" hold
// what they share.
func loadPages(asset func(string) (string, error)) (pages, error) {
	functions := template.FuncMap{
		"asset": asset, "field": newField, "plain": wording.Plain, "prose": wording.Prose, "rows": textRows, "counted": counted, "number": numberOf,
		"markdown": markdown.HTML,
		"plus":     func(i int) int { return i + 1 }, "row": newRowButton, "alignment": newRowPart,
		"instant": func(t time.Time) wording.Moment { return wording.English.Instant(t) },
	}
	set, err := template.New("layout.html").Funcs(functions).Option("missingkey=error").
		ParseFS(templateFiles, "templates/layout.html", "templates/part-*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the layout: %w", err)
	}
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	var names []string
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		if name != "layout" && !strings.HasPrefix(name, "part-") {
			names = append(names, name)
		}
	}
	return layout.Pages(set, names, func(name string) error {
		_, err := set.ParseFS(templateFiles, "templates/"+name+".html")
		return err
	})
}

// page is what the layout shows. A handler sets Title, and Data with what its template reads; show sets the rest.
type page struct {
	Title string   // the heading, and the title of the window
	Up    nameLink // the page above this one; zero for none
	Form  *form    // whose problems are told above the page; nil on pages without one
	Data  any

	Script  string // plain name of a static file; "" for none
	Refresh int    // seconds after which the page is asked for anew where there is no script; 0: never
	Notice  string // what was done just before
	Person  *people.Account
	Issuer  string // name of the organisation; "" on pages of none
	Home    string // address of its home
	Menu    []menuItem
	Local   bool
	Host    string
	Version string

	visit *visit
}

// Day writes the day of an instant where the organisation of the page is.
func (p page) Day(t time.Time) wording.Moment { return p.visit.day(t) }

// menuItem is one place of an organisation.
type menuItem struct {
	Name, Link string
	Here       bool   // the page is this one, or one below it
	Waiting    string // how much waits there; "" for nothing
}

// menu are the places of an organisation that a role may go to, in their order.
var menu = []struct {
	name, path string
	scope      issuer.Scope
}{
	{"Home", "", issuer.ScopeAchievementsRead},
	{"Achievements", "achievements", issuer.ScopeAchievementsRead},
	{"Awards", "awards", issuer.ScopeCredentialsRead},
	{"Batches", "batches", issuer.ScopeCredentialsRead},
	{"Unclaimed", "unclaimed", issuer.ScopeCredentialsRead},
	{"Proposals", "proposals", issuer.ScopeCredentialsRead},
	{"Cases", "cases", issuer.ScopeCasesRead},
	{"Office", "office", issuer.ScopeAchievementsRead},
}

// show renders a page as a whole before anything is sent, so that an error can still become an error page.
func (v *visit) show(status int, name string, p page) error {
	s := v.server
	_, p.Host, _ = strings.Cut(s.Base, "://")
	p.visit, p.Local, p.Version, p.Person = v, s.Local, s.Version, v.person
	if p.Form != nil && p.Form.Action == "" { // an address without the part of the page that a button for rows led to: what is wrong is to be seen
		p.Form.Action = v.Request().URL.RequestURI()
	}
	if v.organisation.ID != "" {
		p.Issuer, p.Home = wording.Plain(v.organisation.Name), strings.TrimSuffix(v.to(), "/")
		for _, m := range menu {
			if !v.may(m.scope) {
				continue
			}
			item := menuItem{Name: m.name, Link: strings.TrimSuffix(v.to(m.path), "/")}
			at := v.Request().URL.Path
			item.Here = at == item.Link || m.path != "" && strings.HasPrefix(at, item.Link+"/")
			if m.path == "proposals" {
				item.Waiting = v.waiting()
			}
			p.Menu = append(p.Menu, item)
		}
	}
	if said := notice(v.cookie(cookieNotice)); said != "" && status == http.StatusOK && v.Request().Method == http.MethodGet {
		p.Notice = notices[said]
		v.forget(cookieNotice)
	}
	pages, err := s.pages()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := pages[name].Execute(&out, p); err != nil {
		return fmt.Errorf("rendering the page %s: %w", name, err)
	}
	return v.HTMLBlob(status, out.Bytes())
}

// ok shows a page with status 200.
func (v *visit) ok(name string, p page) error { return v.show(http.StatusOK, name, p) }

// notice names what was done by the form before. A browser keeps the name, so that it can show no words but ours.
type notice string

// notices are the sentences that follow.
var notices = map[notice]string{
	"signed-out":           "You are signed out.",
	"joined":               "Welcome. You work here from now on.",
	"passkey-added":        "The passkey was added. You can sign in with it from now on.",
	"passkey-removed":      "The passkey was removed. It signs nobody in any more.",
	"sessions-ended":       "The sessions were ended.",
	"account-changed":      "What you changed was saved.",
	"address-changed":      "Your new address is in use from now on.",
	"achievement-drafted":  "The draft was saved. Nobody outside sees it before you publish it.",
	"achievement-imported": "The drafts were made. Read each of them before you publish it.",
	"achievement-changed":  "The draft was changed.",
	"version-drafted":      "The draft of the new version was made. Change it, and publish it when it is ready.",
	"settings-changed":     "The settings were changed. Awards that are there stay as they are.",
	"achievement-archived": "The achievement was archived. It is awarded no more; badges that were awarded keep their standing.",
	"achievement-public":   "The achievement was published. It can be awarded now.",
	"awarded":              "The award was made and signed.",
	"proposed":             "It was proposed. Nothing happens before another person allows it.",
	"corrected":            "The new award was made. The one before is revoked, and names it.",
	"renewed":              "The new award was made. The one before stays in force until it ends.",
	"revoked":              "The award was revoked. Whoever checks it is told from now on.",
	"suspended":            "The award was suspended. Whoever checks it is told from now on.",
	"reinstated":           "The award is in force again.",

	"invited":              "The invitation was sent.",
	"withdrawn":            "The invitation was withdrawn. Its link works no more.",
	"role-changed":         "The role was changed.",
	"member-removed":       "The member was removed.",
	"left":                 "You have left the organisation.",
	"token-revoked":        "The token was revoked. It opens nothing any more.",
	"organisation-changed": "The settings were saved.",
	"picture-changed":      "The picture was changed. Awards name the new one from now on.",
	"key-rotated":          "A new key signs from now on. The one before stays published.",
	"key-retired":          "The key was retired. It stays published.",
	"key-compromised":      "Everybody is told from now on that the key was stolen.",
	"reissue-begun":        "The awards are being signed anew.",
	"endorsed":             "The endorsement was signed and published.",
	"endorsement-revoked":  "The endorsement was revoked. Whoever checks it is told from now on.",
	"attached":             "The endorsement is shown from now on.",
	"detached":             "The endorsement is shown no more.",
	"webhook-changed":      "The webhook was changed.",
	"webhook-off":          "The webhook is turned off.",
	"webhook-on":           "The webhook is turned on. What waits is being sent.",
	"webhook-removed":      "The webhook was removed.",
	"webhook-pinged":       "The try is on its way. Open this page again in a moment.",
	"webhook-resent":       "The message is on its way again. Open this page again in a moment.",
	"webhook-replayed":     "The messages are on their way again. Open this page again in a moment.",
	"organisation-made":    "The organisation was made, with keys of its own. You are its owner.",
	"adopted":              "You look after this organisation from now on.",
	"account-disabled":     "The account was disabled. Nobody can sign in with it.",
	"account-enabled":      "The account can be used again.",
	"account-erased":       "The account was erased.",

	"batch-confirmed":    "The batch is under way. You can leave this page: it goes on without you.",
	"batch-discarded":    "The batch was discarded. Nothing of it was done.",
	"batch-ended":        "The batch was ended. What was under way is completed.",
	"batch-released":     "The batch goes on.",
	"rows-erased":        "The rows that were left out were erased.",
	"proposal-allowed":   "You allowed it, and it was done.",
	"proposal-refused":   "You refused it. Nothing was done.",
	"proposal-withdrawn": "You withdrew it. Nothing was done.",
	"proposal-failed":    "You allowed it, but it could not be done any more. The page says why.",
	"case-opened":        "The case was opened.",
	"case-noticed":       "It was recorded that the earner was told.",
	"case-answered":      "The answer was recorded.",
	"case-document":      "The document was recorded.",
	"case-voted":         "Your vote was recorded.",
	"case-decided":       "The case was decided, and what follows from it was done.",
	"case-closed":        "The case was closed.",
	"link-sent":          "The e-mail was sent on its way.",
	"award-erased":       "The award was erased.",
	"person-erased":      "The awards for that address were erased.",
}
