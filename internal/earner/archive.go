package earner

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// kept is what an archive says of what is kept about its earner here.
type kept struct {
	Award     string `json:"award"` // address of its page
	Name      string `json:"name,omitempty"`
	Address   string `json:"address"`
	Language  string `json:"language,omitempty"`
	Awarded   string `json:"awarded"`
	Delivered string `json:"delivered,omitempty"`
	Claimed   string `json:"claimed,omitempty"`
	Shown     string `json:"shown"` // unlisted, public or off
}

// mostPacked is how many awards one archive holds.
const mostPacked = 200

// Parts says how many archives hold everything of the person in a session.
func (s *Service) Parts(ctx context.Context, session string) (int, error) {
	held, err := s.everything(ctx, session)
	return max(1, (len(held)+mostPacked-1)/mostPacked), err
}

// everything are the holdings of the person in a session, the oldest first of each address.
func (s *Service) everything(ctx context.Context, session string) (held []Holding, err error) {
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		p, err := s.readPass(tx, session, toSession)
		if err != nil {
			return err
		}
		ours, err := addressesOf(tx, p.Address)
		if err != nil {
			return err
		}
		held, err = all(tx, "address", ours...)
		return err
	})
	return held, stored(err)
}

// Archive writes a zip file with an award, or with a part of everything of a person, the first of which is 1, to w: every signed form, the
// picture with the badge in it, the identity document of the issuer, what is kept about the earner, and a text that explains them. It
// needs nothing from this server to be of use. here is what the installation knows of its issuers; nil for nothing. An error after the
// first bytes leaves a file that does not open. Kind conflict, code packing: the same bearer has one written already.
func (s *Service) Archive(ctx context.Context, b Bearer, part int, l wording.Language, here *wording.Here, w io.Writer) error {
	var held []Holding
	if b.Session != "" && b.Credential == "" {
		all, err := s.everything(ctx, b.Session)
		if err != nil {
			return err
		}
		if part < 1 || part > 1 && part > (len(all)+mostPacked-1)/mostPacked {
			return missing()
		}
		held = all[(part-1)*mostPacked : min(len(all), part*mostPacked)]
	} else {
		h, _, err := s.holding(ctx, b)
		if err != nil {
			return err
		}
		held = []Holding{h}
	}
	bearer := digest(b.Session + b.Token)
	if _, busy := s.packing.LoadOrStore(bearer, true); busy {
		return refused(issuer.KindConflict, "packing", "Your badges are being packed already. Please wait until that has ended.")
	}
	defer s.packing.Delete(bearer)
	a := &archive{zip: zip.NewWriter(w), identities: map[string]bool{}, service: s, here: here}
	for _, h := range held {
		award, err := s.award(ctx, h)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := a.add(ctx, award, l); err != nil {
			return err
		}
	}
	if b.Session != "" && b.Credential == "" && part == 1 {
		if err := a.collection(ctx, l, b.Session); err != nil {
			return err
		}
	}
	return a.end(l)
}

// archive is a zip file under way.
type archive struct {
	service    *Service
	here       *wording.Here
	zip        *zip.Writer
	kept       []kept
	identities map[string]bool   // organisations whose identity documents are in it
	pictures   map[string][]byte // of achievements, while they are few
	size       int               // of pictures
	listed     []listed          // badges, for the page that lists them
	sets       []listed
}

func (a *archive) file(name string, content []byte) error {
	f, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.service.now().UTC()})
	if err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	return nil
}

// add writes all of one award.
func (a *archive) add(ctx context.Context, award Award, l wording.Language) error {
	c, folder := award.Credential, "badge-"+award.Credential.ID+"/"
	files := map[string][]byte{"badge.json": c.JSON, "badge.jwt": []byte(c.JWT), "badge-for-disclosure.json": c.Base}
	token, err := a.service.Office.CredentialVCJWT(ctx, c.ID)
	switch {
	case err == nil:
		files["badge.vc.jwt"] = []byte(token)
	case !isMissing(err) && !isKind(err, issuer.KindConflict): // there is none of every award
		return err
	}
	if files["badge.png"], err = a.picture(ctx, c); err != nil {
		return err
	}
	names := make([]string, 0, len(files))
	for name, content := range files {
		if len(content) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if err := a.list(ctx, l, award, folder, names); err != nil {
		return err
	}
	for _, name := range names {
		if err := a.file(folder+name, files[name]); err != nil {
			return err
		}
	}
	if o := award.Organisation; !a.identities[o.ID] {
		a.identities[o.ID] = true
		document, err := a.service.Office.Document(ctx, o.URL+"/did.json")
		if err != nil && !isMissing(err) { // a did:key is its own document
			return err
		}
		if err == nil {
			if err := a.file("issuer-"+o.ID+"/did.json", document); err != nil {
				return err
			}
		}
	}
	h := award.Holding
	line := kept{Award: c.URL, Name: h.Name, Address: h.Address, Language: h.Language, Awarded: stamp(h.Created), Delivered: stamp(h.Delivered), Claimed: stamp(c.Claimed), Shown: string(c.Access)}
	if c.Access == issuer.AccessUnlisted {
		line.Shown = "unlisted"
	}
	a.kept = append(a.kept, line)
	return nil
}

// end writes what explains the rest.
func (a *archive) end(l wording.Language) error {
	list, err := json.MarshalIndent(a.kept, "", "  ")
	if err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	if err := a.file("what-is-kept-about-me.json", list); err != nil {
		return err
	}
	if err := a.index(l); err != nil {
		return err
	}
	text, known := readme[l]
	if !known {
		text = readme[wording.English]
	}
	if err := a.file("README.txt", []byte(strings.ReplaceAll(text, "{base}", a.service.Base))); err != nil {
		return err
	}
	if err := a.zip.Close(); err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	return nil
}

// picture is the picture of the achievement, or the badge art, with the award in it.
func (a *archive) picture(ctx context.Context, c issuer.Credential) ([]byte, error) {
	const most = 16 << 20 // bytes of pictures that are kept for the next award
	art, known := a.pictures[c.Achievement]
	if !known {
		var err error
		art, err = a.service.Office.Document(ctx, a.service.Base+"/a/"+c.Achievement+"/image.png")
		if isMissing(err) {
			art, err = a.service.art()
		}
		if err != nil {
			return nil, fmt.Errorf("drawing a badge: %w", err)
		}
		if a.pictures == nil || a.size+len(art) > most {
			a.pictures, a.size = map[string][]byte{}, 0
		}
		a.pictures[c.Achievement] = art
		a.size += len(art)
	}
	baked, err := bake.Bake(art, c.JSON)
	if err != nil {
		return nil, fmt.Errorf("drawing a badge: %w", err)
	}
	return baked, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func isKind(err error, kind issuer.ErrorKind) bool {
	var told *issuer.Error
	return errors.As(err, &told) && told.Kind == kind
}

var readme = map[wording.Language]string{
	wording.English: `Your badges

Open index.html to see them. Each folder whose name begins with "badge" is one badge (Open Badges 3.0), in several forms. Any of them is
enough. Folders that begin with "imported" hold badges from elsewhere as they came; those that begin with "set" hold a set of badges as one
file (Verifiable Presentation). It is signed with a key that was made for this one download and forgotten: the signature shows that the list
was not changed since, not who holds it.

badge.json                 the badge, signed (Data Integrity)
badge.jwt                  the badge as a signed token, for programs that ask for one
badge.vc.jwt               the same in the form of VC-JOSE-COSE
badge.png                  a picture that carries the badge inside. Do not edit it: editing takes the badge out
badge-for-disclosure.json  only for some badges, and for you alone: from it you can show parts of the badge without the others
issuer-.../did.json        the public keys of the issuer, as they were when you downloaded this

what-is-kept-about-me.json and what-i-brought-and-show.json say what this server keeps about you.

Anybody can check a badge with any Open Badges 3.0 verifier, or at {base}/verify. Whether a badge was revoked is found out
from a list that the issuer publishes; everything else is in the file.
`,
	wording.Spanish: `Sus insignias

Abra index.html para verlas. Cada carpeta cuyo nombre empieza por "badge" es una insignia (Open Badges 3.0), en varias formas. Basta con
cualquiera de ellas. Las carpetas que empiezan por "imported" contienen insignias de otros lugares tal como llegaron; las que empiezan por
"set", un conjunto de insignias en un solo archivo (Verifiable Presentation). Está firmado con una clave que se creó solo para esta descarga
y se olvidó: la firma muestra que la lista no se ha cambiado desde entonces, no de quién es.

badge.json                 la insignia, firmada (Data Integrity)
badge.jwt                  la insignia como token firmado, para programas que lo piden
badge.vc.jwt               lo mismo en la forma de VC-JOSE-COSE
badge.png                  una imagen que lleva dentro la insignia. No la edite: al editarla se pierde la insignia
badge-for-disclosure.json  solo en algunas insignias, y solo para usted: con ella puede mostrar partes de la insignia sin las otras
issuer-.../did.json        las claves públicas del emisor, como eran cuando usted descargó esto

what-is-kept-about-me.json y what-i-brought-and-show.json dicen lo que este servidor guarda sobre usted.

Cualquiera puede comprobar una insignia con cualquier verificador de Open Badges 3.0, o en {base}/verify. Si una insignia fue
revocada se sabe por una lista que publica el emisor; todo lo demás está en el archivo.
`,
}
