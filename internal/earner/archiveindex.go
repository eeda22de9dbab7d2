package earner

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

//go:embed archiveindex.html
var indexPage string

// listed is a badge, or a set, in the page that lists what an archive holds.
type listed struct {
	Picture, Name, Awarded string
	From                   string   // who awarded it, or who it says that it is from
	Lang                   string   // of Name, where it is known and not that of the page
	Known                  string   // how it stood, as far as this server knew
	Files                  []string // paths in the archive
}

// keptImport and keptSet are what an archive says of what a person has brought and put together here.
type keptImport struct {
	Folder  string `json:"folder,omitempty"`
	Award   string `json:"award,omitempty"` // address of somebody else's award of this installation: nothing more of it is kept
	Name    string `json:"name,omitempty"`
	Added   string `json:"added"`
	Address string `json:"address"`
	Link    string `json:"link,omitempty"` // where it was read
	Checked string `json:"checked,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

type keptSet struct {
	Page    string `json:"page"`
	Title   string `json:"title"`
	Text    string `json:"text,omitempty"`
	Name    string `json:"name,omitempty"`
	Shown   string `json:"shown"` // unlisted, public or off
	Badges  []Item `json:"badges"`
	Created string `json:"created"`
	Changed string `json:"changed"`
}

// list adds an award to the page that lists all.
func (a *archive) list(ctx context.Context, l wording.Language, award Award, folder string, names []string) error {
	state, err := a.service.stands(ctx, award)
	if err != nil {
		return err
	}
	line := listed{Picture: folder + "badge.png", Lang: l.Other(award.Achievement.Content.InLanguage), Name: wording.First(award.Achievement.Name, l.Say("credential.AchievementCredential")), From: indexWords[l]["from"] + " " + wording.Plain(award.Organisation.Name),
		Awarded: l.SignedDay(award.Awarded(), award.Zone).Words, Known: indexWords[l]["state."+string(state)]}
	for _, name := range names {
		line.Files = append(line.Files, folder+name)
	}
	a.listed = append(a.listed, line)
	return nil
}

// collection writes what the person in a session has brought, and the sets.
func (a *archive) collection(ctx context.Context, l wording.Language, session string) error {
	var brought []Imported
	var all []Set
	err := a.service.Store.View(ctx, func(tx issuer.Tx) error {
		_, ours, err := a.service.inside(tx, session)
		if err != nil {
			return err
		}
		if brought, err = importsOf(tx, ours); err != nil {
			return err
		}
		all, err = setsOf(tx, ours)
		return err
	})
	if err != nil {
		return stored(err)
	}
	reader := &Collection{CollectionConfig: CollectionConfig{Earners: a.service}}
	var kept struct {
		Imported []keptImport `json:"imported"`
		Sets     []keptSet    `json:"sets"`
	}
	for i := range brought {
		line, err := a.imported(ctx, l, reader, &brought[i])
		if err != nil {
			return err
		}
		kept.Imported = append(kept.Imported, line)
	}
	for _, set := range all {
		if err := a.set(ctx, reader, set); err != nil {
			return err
		}
		kept.Sets = append(kept.Sets, keptSet{Page: a.service.Base + "/s/" + set.ID, Title: set.Title, Text: set.Text, Name: set.Name,
			Shown: cmp.Or(string(set.Access), "unlisted"), Badges: set.Items, Created: stamp(set.Created), Changed: stamp(set.Changed)})
	}
	if len(brought)+len(all) == 0 {
		return nil
	}
	list, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	return a.file("what-i-brought-and-show.json", list)
}

// imported writes a badge from elsewhere as it came.
func (a *archive) imported(ctx context.Context, l wording.Language, c *Collection, i *Imported) (keptImport, error) {
	if i.Award != "" {
		return keptImport{Award: a.service.Base + "/c/" + i.Award, Added: stamp(i.Added), Address: i.Address}, nil
	}
	folder := "imported-" + i.ID + "/"
	f, err := c.file(ctx, i.ID)
	if err != nil {
		return keptImport{}, err
	}
	name := "badge.json"
	if i.Token {
		name = "badge.jwt"
	}
	if err := a.file(folder+name, []byte(f.Text)); err != nil {
		return keptImport{}, err
	}
	drawing, ending := f.Picture, ".png"
	if i.Picture != "image/png" {
		ending = ".svg"
	}
	if len(drawing) == 0 {
		if drawing, err = i.Art(); err != nil {
			return keptImport{}, err
		}
	}
	if err := a.file(folder+"picture"+ending, drawing); err != nil {
		return keptImport{}, err
	}
	awarded := l.SignedDate(i.Awarded).Words
	if at, err := credential.ParseDateTime(i.Awarded); err == nil {
		awarded = l.Day(at).Words
	}
	i.Report.Credentials = f.Inside // what is inside decides too
	from := l.SignerLine(i.Naming(i.Report), a.here)
	if i.Report.Authentic == verifier.Yes {
		from = indexWords[l]["from"] + " " + from
	}
	answer := l.Verdict(i.Report, wording.Standing{Dated: true, Here: a.here}).Line() + "."
	a.listed = append(a.listed, listed{Picture: folder + "picture" + ending, Name: i.Name, Lang: l.BadgeLanguage(i.Report.Credential), From: from, Awarded: awarded,
		Known: strings.NewReplacer("{date}", l.Day(i.Report.AsOf).Words, "{answer}", answer).Replace(indexWords[l]["imported"]), Files: []string{folder + name}})
	return keptImport{Folder: folder, Name: i.Name, Added: stamp(i.Added), Address: i.Address, Link: i.Link, Checked: stamp(i.Report.AsOf), Outcome: string(i.Report.Outcome)}, nil
}

// Art draws the picture of a badge that came without one, as SVG.
func (i *Imported) Art() ([]byte, error) {
	drawing, err := paper.ArtSVG(paper.ArtOf(credential.Achievement{Name: i.Name, AchievementType: i.Type}))
	if err != nil {
		return nil, fmt.Errorf("drawing a badge: %w", err)
	}
	return drawing, nil
}

// set writes a set as a presentation.
func (a *archive) set(ctx context.Context, c *Collection, set Set) error {
	shown, err := c.shown(ctx, set.ID, 0, func(issuer.Tx, Set) error { return nil })
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	document, _, err := c.Presentation(ctx, shown.Badges)
	if err != nil || document == nil {
		return err
	}
	name := "set-" + set.ID + "/presentation.json"
	a.sets = append(a.sets, listed{Name: set.Title, Files: []string{name}})
	return a.file(name, document)
}

// index writes the page that lists what is in the archive. It has no scripts and asks nobody for anything.
func (a *archive) index(l wording.Language) error {
	words, known := indexWords[l]
	if !known {
		l, words = wording.English, indexWords[wording.English]
	}
	page, err := template.New("index").Funcs(template.FuncMap{"file": func(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }}).Parse(indexPage)
	if err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{"Language": string(l), "Words": words, "Made": l.Instant(a.service.now()).Words, "Badges": a.listed, "Sets": a.sets, "Base": a.service.Base})
	if err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	return a.file("index.html", out.Bytes())
}

var indexWords = map[wording.Language]map[string]string{
	wording.English: {
		"title": "Your badges", "made": "Downloaded", "kept": "Everything here works without the server that it came from.", "from": "from",
		"sets": "Sets", "presentation": "Each is a Verifiable Presentation. Every badge in it is signed by its issuer. The presentation is signed with a key that was made for this one download and forgotten: its signature shows that the list was not changed since, not who holds it.",
		"check": "How anybody can check a badge", "how": "Give badge.json, badge.jwt or badge.png to any verifier for Open Badges 3.0. The signature is in the file: nobody has to be asked whether it is genuine.",
		"status": "Whether a badge is still in force is found out from a list that its issuer publishes. So what stands here of each badge was true on the day of the download, and has to be checked anew.",
		"here":   "One verifier is at", "picture": "Do not edit the pictures named badge.png: the badge is inside. More is in",
		"imported":      "From elsewhere. When last checked here, on {date}: {answer}",
		"state.waiting": "Not taken yet, when this was downloaded.", "state.in_force": "Authentic and in force, when this was downloaded.", "state.not_yet": "Not begun yet, when this was downloaded.",
		"state.suspended": "Suspended, when this was downloaded.", "state.revoked": "Revoked.", "state.replaced": "Replaced by a newer badge.", "state.expired": "Expired.",
		"state.not_authentic": "Not authentic, when this was downloaded.", "state.not_in_force": "No longer in force.", "state.not_known": "Not known, when this was downloaded.",
	},
	wording.Spanish: {
		"title": "Sus insignias", "made": "Descargado el", "kept": "Todo lo que hay aquí sirve sin el servidor del que viene.", "from": "de",
		"sets": "Conjuntos", "presentation": "Cada uno es una presentación verificable (Verifiable Presentation). Cada insignia está firmada por su emisor. La presentación está firmada con una clave que se creó solo para esta descarga y se olvidó: su firma muestra que la lista no se ha cambiado desde entonces, no de quién es.",
		"check": "Cómo puede cualquiera comprobar una insignia", "how": "Dé badge.json, badge.jwt o badge.png a cualquier verificador de Open Badges 3.0. La firma está en el archivo: no hay que preguntar a nadie si es auténtica.",
		"status": "Si una insignia sigue vigente se sabe por una lista que publica su emisor. Por eso lo que aquí se dice de cada insignia era cierto el día de la descarga y hay que volver a comprobarlo.",
		"here":   "Un verificador está en", "picture": "No edite las imágenes badge.png: la insignia va dentro. Hay más en",
		"imported":      "De otro lugar. Cuando se comprobó aquí por última vez, el {date}: {answer}",
		"state.waiting": "Sin aceptar todavía, cuando se descargó esto.", "state.in_force": "Auténtica y vigente, cuando se descargó esto.", "state.not_yet": "Todavía no había empezado, cuando se descargó esto.",
		"state.suspended": "Suspendida, cuando se descargó esto.", "state.revoked": "Revocada.", "state.replaced": "Sustituida por una insignia más nueva.", "state.expired": "Caducada.",
		"state.not_authentic": "No auténtica, cuando se descargó esto.", "state.not_in_force": "Ya no está vigente.", "state.not_known": "No se sabía, cuando se descargó esto.",
	},
}
