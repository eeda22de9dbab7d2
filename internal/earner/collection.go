package earner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// CollectionConfig is what a Collection works with. All must be set.
type CollectionConfig struct {
	Earners *Service
	// Check opens and judges what a person brings, and Verify judges the text of one credential.
	Check  *batch.Checker
	Verify func(ctx context.Context, text []byte) (*verifier.Report, error)
	// Own judges an award of this installation. What the installation has changed shows at once.
	Own func(ctx context.Context, c issuer.Credential) (*verifier.Report, error)
}

// Collection is what a person has beside awards of this installation: badges from elsewhere, each judged before it is kept, and sets
// that are shown as one page. It may be used by several goroutines.
type Collection struct {
	CollectionConfig
	judged *judged
}

// NewCollection returns the collection of an installation. From now on archives of its earners say of each award what Own finds.
func NewCollection(c CollectionConfig) (*Collection, error) {
	if c.Earners == nil || c.Check == nil || c.Verify == nil || c.Own == nil {
		return nil, errors.New("setting up the collections of earners: something is not set")
	}
	c.Earners.own = c.Own
	return &Collection{CollectionConfig: c, judged: &c.Earners.Book.judged}, nil
}

// MostBrought is how many badges one request can bring.
const MostBrought = 20

// Brought is what became of one thing that a person brought.
type Brought struct {
	Name     string           // as it was handed in
	Report   *verifier.Report // as it was just judged
	Imported Imported         // where it is kept
	Award    string           // Credential.ID of the person's own award that it is; "" for none
	// Code says what became of it: "" it is kept, known it was there already, own it is an award in the list, and for what is not kept
	// not_authentic, unread (nothing could be read there), none (there is no badge in it), other_kind (a credential of another kind), many
	// (the request brought more), full (there is no room for it), hidden (an award of this installation that its earner shows to nobody),
	// holds_other (somebody else's award of this installation stands in it), holds_many (there is more in it than is looked at).
	Code string
}

// Kept says whether it is in the collection now.
func (b Brought) Kept() bool { return b.Code == "" || b.Code == "known" || b.Code == "own" }

// Bring judges what the person in a session brings, and keeps those badges that are not found to be false, each once.
func (c *Collection) Bring(ctx context.Context, session string, sources []batch.Source) (all []Brought, err error) {
	if _, err := c.Earners.Person(ctx, session); err != nil {
		return nil, err
	}
	ctx = fetch.WithBatch(ctx)
	pictures := map[int][]byte{}
	for i, s := range sources {
		if s.URL == "" {
			pictures[i] = s.Bytes
		}
	}
	for row, err := range c.Check.Run(ctx, sources) {
		if err != nil {
			return nil, fmt.Errorf("judging what was brought: %w", err)
		}
		if batch.IsFault(row.Report) {
			return nil, errors.New("judging what was brought: the check ended in a fault")
		}
		texts, inside := [][]byte{row.Report.Text}, presented(row.Report.Text)
		if inside != nil {
			texts = inside
		}
		for _, text := range texts {
			if len(all) == MostBrought {
				return append(all, Brought{Name: row.Input.Name, Report: row.Report, Code: "many"}), nil
			}
			b := brought{name: row.Input.Name, found: row.Report, text: text}
			if kind := row.Input.Kind; inside == nil && (kind == "png" || kind == "svg") {
				b.picture = pictures[row.Source]
			}
			done, err := c.take(ctx, session, b)
			if err != nil {
				return nil, err
			}
			all = append(all, done)
		}
	}
	return all, nil
}

// presented are the credentials inside a presentation, each as a text of its own; nil for anything else. Who presents them is of no
// account here: each is judged by itself.
func presented(text []byte) (texts [][]byte) {
	if len(text) == 0 || text[0] != '{' {
		return nil
	}
	c, err := credential.Parse(text)
	if err != nil || c.Kind != credential.KindPresentation {
		return nil
	}
	for _, inside := range c.Nested {
		if inside.JWT != "" {
			texts = append(texts, []byte(inside.JWT))
		} else if text := written(inside.Value); text != nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// written is the JSON text of a value, always the same; nil for none.
func written(value map[string]any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if value == nil || encoder.Encode(value) != nil {
		return nil
	}
	return bytes.TrimSpace(out.Bytes())
}

// digestOf tells one badge from another, however its JSON is laid out.
func digestOf(text []byte) string {
	if c, err := credential.Parse(text); err == nil {
		text = written(c.Value())
	}
	return digest(string(text))
}

// brought is one text on its way into a collection.
type brought struct {
	name    string
	found   *verifier.Report // of what it was found in
	text    []byte
	picture []byte // the file that it was in, where that is a picture
}

// take judges one text, and keeps it where it can be kept.
func (c *Collection) take(ctx context.Context, session string, b brought) (Brought, error) {
	done := Brought{Name: b.name, Report: b.found}
	if len(b.text) == 0 {
		done.Code = "none"
		if _, unread := b.found.Unread(); unread {
			done.Code = "unread"
		}
		return done, nil
	}
	report, err := c.Verify(c.begin(ctx), b.text)
	if err != nil {
		return done, err
	}
	report.Input.Kind, report.Input.URL = b.found.Input.Kind, b.found.Input.URL
	done.Report = report
	switch {
	case report.Authentic == verifier.No:
		done.Code = "not_authentic"
		return done, nil
	case report.Credential == nil:
		done.Code = "none"
		return done, nil
	case report.Credential.Kind == credential.KindEndorsement || report.Credential.Kind == credential.KindPresentation:
		done.Code = "other_kind"
		return done, nil
	}
	done.Imported = c.read(report, b)
	file := File{Text: string(b.text), Inside: apart(done.Imported.Report)}
	if file.Picture, done.Imported.Picture = drawn(b.picture, report); file.Picture != nil {
		done.Imported.Size += len(file.Picture)
	}
	var own issuer.Credential
	if id := report.Credential.ID; id != "" && len(id) <= 512 {
		if own, err = c.Earners.Office.Credential(ctx, id); err != nil && !isMissing(err) { // by any of its names
			return done, err
		}
	}
	var ids []string
	if own.ID == "" { // of an award nothing is kept
		whole := false
		if ids, whole = idsIn(b.text); !whole {
			done.Code = "holds_many"
			return done, nil
		}
		if done.Imported.Holds, err = c.Earners.awardsIn(ctx, ids); err != nil {
			return done, err
		}
	}
	err = c.Earners.Store.Update(ctx, func(tx issuer.Tx) error { return c.keep(tx, session, own, ids, &done, file) })
	return done, stored(err)
}

// begin gives an input its share of what may be read from elsewhere.
func (c *Collection) begin(ctx context.Context) context.Context {
	if c.Check.Begin == nil {
		return ctx
	}
	return c.Check.Begin(ctx)
}

// read is what is kept of a badge beside its text.
func (c *Collection) read(report *verifier.Report, b brought) Imported {
	v := report.Credential
	i := Imported{
		ID: issuer.NewID(), Digest: digestOf(b.text), Names: namesOf(v.ID), Added: c.Earners.now().UTC(), Carrier: b.found.Input.Kind, Link: wording.Cut(b.found.Input.URL, 2048),
		Token: b.text[0] != '{', Size: len(b.text), Name: wording.Plain(wording.English.BadgeName(v)), Kind: v.Kind, Standard: v.Standard, Issuer: wording.Plain(v.Issuer.Name),
		IssuerID: wording.Cut(wording.Prose(v.Issuer.ID), 2048), Awarded: wording.Cut(cmp.Or(v.Awarded, v.ValidFrom), 64), Until: wording.Cut(v.ValidUntil, 64),
		Recipient: recipientOf(b.text, report), Report: lean(report),
	}
	if a := v.Achievement; a != nil {
		i.Type, i.Narrative = wording.Cut(a.Type, 100), wording.Cut(wording.Prose(a.Description), 1000)
	}
	return i
}

// drawn is the picture of a badge, made safe to show: the file that it came in, or the one that stands in it. Nothing is fetched.
func drawn(file []byte, report *verifier.Report) (clean []byte, media string) {
	candidates := [][]byte{file}
	if a := report.Credential.Achievement; a != nil {
		if head, data, ok := strings.Cut(a.Image, ","); ok && strings.HasPrefix(head, "data:image/") && strings.HasSuffix(head, ";base64") && len(data) < 2*picture.MaxInput {
			if decoded, err := base64.StdEncoding.DecodeString(data); err == nil {
				candidates = append(candidates, decoded)
			}
		}
	}
	for _, candidate := range candidates {
		if len(candidate) == 0 {
			continue
		}
		if clean, media, _, _, err := picture.Clean(candidate); err == nil && len(clean) <= mostPicture {
			return clean, media
		}
	}
	return nil, ""
}

// keep writes a badge into the collection of whoever is in a session, unless it is there or there is no room. own is the award of this
// installation that it is; of one that is somebody else's only the id is written. ids are those of the credentials in it.
func (c *Collection) keep(tx issuer.Tx, session string, own issuer.Credential, ids []string, done *Brought, file File) error {
	p, err := c.Earners.readPass(tx, session, toSession)
	if err != nil {
		return err
	}
	ours, err := addressesOf(tx, p.Address)
	if err != nil {
		return err
	}
	if own.ID != "" {
		h, version, err := optional(tx, holdings, own.ID)
		if err != nil {
			return err
		}
		for _, a := range ours {
			if version > 0 && a == h.Address {
				done.Code, done.Award = "own", own.ID
				return nil
			}
		}
		if !own.Visible() {
			done.Code = "hidden"
			return nil
		}
		i := done.Imported
		done.Imported = Imported{ID: i.ID, Digest: digest("award " + own.ID), Added: i.Added, Award: own.ID, Names: namesOf(own.Identifier), Carrier: i.Carrier}
	}
	if fine, err := theirsInside(tx, ours, done.Imported.Holds); err != nil {
		return err
	} else if !fine {
		done.Code, done.Imported = "holds_other", Imported{}
		return nil
	}
	have, size := 0, 0
	for _, a := range ours {
		some, err := issuer.Every(tx, imports, "address", a)
		if err != nil {
			return err
		}
		for _, i := range some {
			if i.Digest == done.Imported.Digest {
				done.Code, done.Imported = "known", i
				return nil
			}
			size += i.Size
		}
		have += len(some)
	}
	if have >= MostImported || size+done.Imported.Size > MostKept {
		done.Code = "full"
		return nil
	}
	done.Code, done.Imported.Address = "", p.Address
	if file.ID, file.Address = done.Imported.ID, p.Address; done.Imported.Award == "" {
		if err := files.Put(tx, &file, 0); err != nil {
			return err
		}
	}
	if err := enterCopies(tx, &done.Imported, ids); err != nil {
		return err
	}
	return imports.Put(tx, &done.Imported, 0)
}

// Imports are all badges that the person in a session has brought, the newest first.
func (c *Collection) Imports(ctx context.Context, session string) (all []Imported, err error) {
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		all, err = importsOf(tx, ours)
		return err
	})
	return all, stored(err)
}

// inside is the person in a session, with all addresses.
func (s *Service) inside(tx issuer.Tx, session string) (p pass, ours []string, err error) {
	if p, err = s.readPass(tx, session, toSession); err != nil {
		return p, nil, err
	}
	ours, err = addressesOf(tx, p.Address)
	return p, ours, err
}

func importsOf(tx issuer.Tx, ours []string) (all []Imported, err error) {
	for _, a := range ours {
		for q := (issuer.Query{By: "address", Value: a, Limit: MostImported, Backward: true}); ; {
			page, next, err := imports.List(tx, q)
			if err != nil {
				return nil, err
			}
			all = append(all, page...)
			if q.After = next; next == "" {
				break
			}
		}
	}
	return all, nil
}

// Imported returns one of the badges that the person in a session has brought, whose it is, and its file. Its report has those of the
// credentials inside. Where it is somebody else's award
// of this installation there is no file, and whose it is stands in what [Collection.Award] returns.
func (c *Collection) Imported(ctx context.Context, session, id string) (i Imported, whose Whose, f File, err error) {
	err = c.Earners.Store.View(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		if i, _, err = importOf(tx, ours, id); err != nil {
			return err
		}
		if i.Award != "" {
			whose = WhoseUnclear
			return nil
		}
		whose = i.Whose(ours)
		if f, _, err = files.Get(tx, id); err == nil && i.Report != nil {
			i.Report.Credentials = f.Inside
		}
		return err
	})
	return i, whose, f, stored(err)
}

// importOf is a badge that was brought with one of these addresses. What is somebody else's is not there.
func importOf(tx issuer.Tx, ours []string, id string) (Imported, uint64, error) {
	if id == "" || len(id) > 64 {
		return Imported{}, 0, missing()
	}
	i, version, err := imports.Get(tx, id)
	if err != nil {
		return i, 0, err
	}
	for _, a := range ours {
		if a == i.Address {
			return i, version, nil
		}
	}
	return Imported{}, 0, missing()
}

// CheckAgain judges a badge that was brought anew, and keeps what was found. It stays also when it is no longer authentic.
func (c *Collection) CheckAgain(ctx context.Context, session, id string) error {
	i, _, f, err := c.Imported(ctx, session, id)
	if err != nil || i.Award != "" { // that is judged at each view
		return err
	}
	report, err := c.Verify(c.begin(fetch.WithBatch(ctx)), []byte(f.Text))
	if err != nil {
		return err
	}
	c.judged.forget(id)
	return stored(c.Earners.Store.Update(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		i, version, err := importOf(tx, ours, id)
		if err != nil {
			return err
		}
		f, was, err := files.Get(tx, id)
		if err != nil {
			return err
		}
		i.Report = lean(report)
		f.Inside = apart(i.Report)
		if err := files.Put(tx, &f, was); err != nil {
			return err
		}
		if known := recipientOf([]byte(f.Text), report); known != nil {
			i.Recipient = known
		}
		return imports.Put(tx, &i, version)
	}))
}

// Remove takes a badge that was brought out of the collection of the person in a session. Sets that name it show it no more.
func (c *Collection) Remove(ctx context.Context, session, id string) error {
	c.judged.forget(id)
	return stored(c.Earners.Store.Update(ctx, func(tx issuer.Tx) error {
		_, ours, err := c.Earners.inside(tx, session)
		if err != nil {
			return err
		}
		if _, _, err := importOf(tx, ours, id); err != nil {
			return err
		}
		return discard(tx, id)
	}))
}

// discard takes away a badge that was brought, with its file where it has one, and the ids of what stands in it.
func discard(tx issuer.Tx, id string) error {
	_, version, err := optional(tx, files, id)
	if err == nil && version > 0 {
		err = tx.Delete(files.Kind, id)
	}
	if err != nil {
		return err
	}
	if err := drain(tx, copies, "import", id); err != nil {
		return err
	}
	return tx.Delete(imports.Kind, id)
}

// abandon takes away all that an address has in its collection.
func abandon(tx issuer.Tx, address string) error {
	if err := drain(tx, sets, "address", address); err != nil {
		return err
	}
	if err := drain(tx, copies, "address", address); err != nil {
		return err
	}
	if err := drain(tx, imports, "address", address); err != nil {
		return err
	}
	return drain(tx, files, "address", address)
}

// Bounds of what is remembered of judgements.
const (
	judgedFor  = time.Minute
	mostJudged = 512 // reports, with those inside
)

// judged remembers for a minute what was found about badges from elsewhere, so that a page that is shown around is judged once. What
// rests on this installation is judged each time.
type judged struct {
	mu    sync.Mutex
	known map[string]*verifier.Report // by Imported.ID; guarded by mu
	held  int                         // reports in known, with those inside; guarded by mu
}

func (j *judged) find(id string, now time.Time) *verifier.Report {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.known[id]; r != nil && !now.Before(r.AsOf) && now.Sub(r.AsOf) < judgedFor {
		return r
	}
	return nil
}

func (j *judged) keep(id string, r *verifier.Report) {
	if r.Outcome == verifier.Unknown {
		return // the next visitor may be luckier
	}
	count, here := looked(r)
	if here {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.known == nil || j.held+count > mostJudged {
		j.known, j.held = map[string]*verifier.Report{}, 0
	}
	j.known[id] = r
	j.held += count
}

// looked counts a report and those inside it, and says whether one of them rests on this installation.
func looked(r *verifier.Report) (count int, here bool) {
	here = slices.ContainsFunc(r.Checks, func(c verifier.Check) bool { return c.Facts[verifier.FactOrigin] == verifier.Installation.Fact() })
	for _, within := range r.Credentials {
		n, rests := looked(within)
		count, here = count+n, here || rests
	}
	return count + 1, here
}

func (j *judged) forget(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.known, id) // held stays: it may be too high, never too low
}

// clear forgets everything: something was erased, and what is remembered of it is not told from the rest.
func (j *judged) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known, j.held = nil, 0
}

// collected counts what some addresses have in their collection.
func collected(tx issuer.Tx, ours []string) (brought, shown int, err error) {
	all, err := importsOf(tx, ours)
	if err != nil {
		return 0, 0, err
	}
	some, err := setsOf(tx, ours)
	return len(all), len(some), err
}
