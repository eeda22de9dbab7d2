package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const lessonName = "Small-Group Instruction"

// TestOfficeDay walks through the whole office by its pages, as the people in it do, against the program as it is shipped and a real mail
// server: the first owner, colleagues, a definition, batches, earners, mistakes and their mending, a new key, an erasure. At its end every
// badge that was issued is checked, by the program and by another implementation, and so is the audit log.
func TestOfficeDay(t *testing.T) {
	t.Parallel()
	rows := map[string]int{"bbolt": 500, "PostgreSQL": 40}
	grounds := map[string]func(testing.TB) *ground{"bbolt": onFile, "PostgreSQL": onServer}
	if testing.Short() { // beside the race detector
		rows["bbolt"] = 100
		delete(grounds, "PostgreSQL")
	}
	for name, make := range grounds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail := startPost(t)
			d := &officeDay{TB: t, ground: make(t), mail: mail, rows: rows[name]}
			d.process = d.start(t, append(mail.flags(), "--public-url", publicBase, "--organisation", "Riverside District", "--verify-rate", "0")...)
			d.walk()
		})
	}
}

// officeDay is a day in an office.
type officeDay struct {
	testing.TB
	*ground
	process *process
	mail    *postOffice
	rows    int // of each batch

	owner, issuer, auditor, public *person
	home                           string   // path of the organisation in the console
	lesson                         string   // id of the achievement
	ada                            string   // id of the award that Ada has
	sample                         []string // awards that another implementation looks at as well
	ended                          []string // awards that were revoked one by one
	undone                         string   // id of the batch that was undone
	gone                           []string // awards that were erased
	token                          string   // of the API
}

func (d *officeDay) walk() {
	d.opens()
	d.invites()
	d.defines()
	d.single()
	d.claims()
	batches := d.batches()
	d.revokes()
	d.gathers()
	d.undoes(batches[1])
	d.renewsKey()
	d.erases()
	d.serves()
	d.checks()
}

// in is a path of the organisation in the console.
func (d *officeDay) in(parts ...string) string { return d.home + "/" + strings.Join(parts, "/") }

// opens makes the owner by the printed link, who signs in by a mailed one.
func (d *officeDay) opens() {
	d.public, d.owner = d.process.person(d, "the public", publicBase), d.process.person(d, "owner", publicBase)
	d.owner.open("/console").want(http.StatusOK, "Sign in")
	first := d.owner.open(d.process.first).want(http.StatusOK, "Riverside District", "Whoever fills in this form becomes the owner")
	home := first.submit("Make the first account", "name", "Olive Owner", "email", "olive@example.org").want(http.StatusOK, "Say what can be earned")
	d.home = home.url.Path
	d.process.person(d, "late comer", publicBase).open(d.process.first).want(http.StatusConflict, "cannot be used")

	home.submit("Sign out")
	d.owner.open(d.home).want(http.StatusOK, "Sign in")
	d.signIn(d.owner, "olive@example.org").want(http.StatusOK, "Say what can be earned")
}

// signIn signs somebody in by a mailed link, which works once.
func (d *officeDay) signIn(who *person, email string) webPage {
	d.Helper()
	who.open("/sign-in").submit("Send me a link", "email", email).want(http.StatusOK, "Look into your mail")
	link := d.mail.wait(d, email, "link to sign in").link(d, "/sign-in/")
	page := who.open(link).want(http.StatusOK, email).submit("Sign in")
	d.process.person(d, "thief", publicBase).open(link).want(http.StatusConflict, "cannot be used")
	return page
}

// invites brings in an issuer and an auditor by mailed links, and holds what each may do.
func (d *officeDay) invites() {
	invite := func(role, email, name string) *person {
		form := d.owner.open(d.in("office", "people")).follow("Invite somebody").want(http.StatusOK, "They get a link by e-mail")
		form.submit("Invite", "email", email, "role", role).want(http.StatusOK, email)
		who := d.process.person(d, name, publicBase)
		link := d.mail.wait(d, email, "invites you").link(d, "/invitation/")
		who.open(link).want(http.StatusOK, "Riverside District", role).submit("Accept the invitation", "name", name).want(http.StatusOK, "Riverside District")
		d.process.person(d, "thief", publicBase).open(link).want(http.StatusNotFound, "cannot be used")
		return who
	}
	d.issuer = invite("issuer", "ivy@example.org", "Ivy Issuer")
	d.auditor = invite("auditor", "arno@example.org", "Arno Auditor")
	d.owner.open(d.in("office", "people")).want(http.StatusOK, "Olive Owner", "Ivy Issuer", "Arno Auditor")
	d.auditor.open(d.in("achievements", "new")).want(http.StatusForbidden)
	d.issuer.open(d.in("office", "people", "invite")).want(http.StatusForbidden)
	d.public.open(d.in("awards")).want(http.StatusOK, "Sign in")
}

// square is a picture with something hidden in it.
func square(t testing.TB) []byte {
	t.Helper()
	drawn := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		drawn.Set(i%64, i/64, color.NRGBA{uint8(i), 90, uint8(i / 64), 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, drawn); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// defines writes a definition with everything in it, and publishes it.
func (d *officeDay) defines() {
	form := d.issuer.open(d.in("achievements")).follow("Define").want(http.StatusOK, "Rubric")
	form = form.submit("Add an alignment", "name", "Small-Group Instruction").submit("Add a level to result 1").submit("Add a level to result 1").want(http.StatusOK)
	filled := []any{"description", "Plans and teaches lessons to groups of three to six.", "criteria.narrative", "Shows **four** lessons and what pupils learnt in them.",
		"alignment.0.targetName", "Standard IV", "alignment.0.targetFramework", "Teaching standards", "alignment.0.targetCode", "IV.a",
		"resultDescription.0.name", "Reads evidence", "resultDescription.0.rubricCriterionLevel.0.name", "Developing",
		"resultDescription.0.rubricCriterionLevel.1.name", "Proficient", "resultDescription.0.rubricCriterionLevel.1.required", "yes",
		"image.caption", "A square of many colours", "tag", "reading, groups", "about.competency", "Teaches small groups by what evidence says.", "about.hours", "12"}
	form = form.submit("Save the draft", append(filled, "alignment.0.targetUrl", "javascript:alert(1)", "image", webFile{"square.png", square(d)})...).
		want(http.StatusUnprocessableEntity, "Nothing was done yet", "A picture was chosen")
	draft := form.submit("Save the draft", append(filled, "alignment.0.targetUrl", "https://standards.example.org/iv")...).
		want(http.StatusOK, "Standard IV", "Proficient, required", "draft")
	d.lesson = draft.last()
	d.public.open("/a/" + d.lesson).want(http.StatusNotFound)
	draft.follow("Publish").want(http.StatusOK, "permanent address").submit("Publish").want(http.StatusOK, "published")
	d.public.open("/a/"+d.lesson).want(http.StatusOK, "Small-Group Instruction", "Standard IV", "Proficient", "Riverside District")
}

// single awards one badge, with a level of the rubric and evidence, and corrects it.
func (d *officeDay) single() {
	form := d.issuer.open(d.in("awards", "new")).follow("Small-Group Instruction").want(http.StatusOK, "Reads evidence")
	made := form.submit("Award", "recipient", "ada@example.org", "name", "Ada Exampel", "result.0.achievedLevel", form.choice("result.0.achievedLevel", "Proficient"),
		"evidence.0.name", "Lesson plans", "evidence.0.id", "https://work.example.org/ada", "awardedDate", "2024-05-01", "narrative", "Four lessons in spring.").
		want(http.StatusOK, "The award was made", "Ada Exampel", "Proficient", "Lesson plans")
	corrected := made.follow("Correct").want(http.StatusOK, "Ada Exampel").
		submit("Correct", "name", "Ada Example", "recipient", "ada@example.org").want(http.StatusOK, "Ada Example")
	d.ada = corrected.last()
	d.sample, d.ended = append(d.sample, d.ada, made.last()), append(d.ended, made.last())
	d.issuer.open(d.in("awards", made.last())).want(http.StatusOK, "revoked")
	d.public.open("/c/"+made.last()).want(http.StatusOK, "revoked")
}

// claims takes an award from the delivered mail, makes its page public, and turns it off.
func (d *officeDay) claims() {
	ada := d.process.person(d, "ada", publicBase)
	d.public.open("/c/"+d.ada).want(http.StatusOK, "Ada Example")
	link := d.mail.wait(d, "ada@example.org", "takes the place of one").link(d, "/claim/") // not of the award that was corrected
	page := ada.open(link).want(http.StatusOK, "Small-Group Instruction", "Ada Example", "ada@example.org")
	page = page.submit("Take this badge").want(http.StatusOK, "You took it on", "Who sees its page")
	page = page.submit("Save", "access", "public").want(http.StatusOK)
	if d.public.open("/c/"+d.ada).want(http.StatusOK).header.Get("X-Robots-Tag") != "" {
		d.Error("a page that its earner made public is hidden from search engines")
	}
	page = page.submit("Save", "access", "off").want(http.StatusOK)
	d.public.open("/c/" + d.ada).want(http.StatusNotFound).lacks("Ada Example")
	if len(page.follow("JSON").want(http.StatusOK).body) < 1000 {
		d.Error("the earner cannot download the badge")
	}
	page.submit("Save", "access", "unlisted").want(http.StatusOK)
	d.public.open("/c/"+d.ada).want(http.StatusOK, "Ada Example")
}

// batches uploads a list in the columns of each of five platforms, and issues what is good in it.
func (d *officeDay) batches() (ids []string) {
	for i, l := range peopleLists(d.rows) {
		form := d.issuer.open(d.in("batches", "new")).want(http.StatusOK, "nothing is issued before you confirm")
		awards := d.lesson
		if l.names {
			awards = form.choice("achievement", "names")
		}
		page := form.submit("Check the list", "file", webFile{l.name, l.data}, "achievement", awards).want(http.StatusOK)
		if page.offers("Check the list") { // what the file calls the achievement has to be told
			page = page.want(http.StatusOK, l.platform).submit("Check the list", "named.0.achievement", d.lesson)
		}
		issue := fmt.Sprintf("Issue %d badges", d.rows)
		page = page.want(http.StatusOK, "Nothing was issued yet", fmt.Sprintf("%d awards are signed", d.rows), issue, pupil(i, 0))
		ids = append(ids, page.last())
		if d.auditor.open(page.url.Path).want(http.StatusOK).offers(issue) {
			d.Error("an auditor is offered to issue a batch")
		}
		if l.bad != nil {
			d.corrects(page, l)
			page = page.submit(issue).want(http.StatusUnprocessableEntity).submit(issue, "skip", "yes")
		} else {
			page = page.submit(issue)
		}
		page.want(http.StatusOK)
		d.finished(page.last(), d.rows)
		if page.last() != ids[i] {
			d.Errorf("confirming the batch %s led to %s", ids[i], page.url)
		}
	}
	return ids
}

// corrects looks at what is wrong with a list, of which nothing is issued yet.
func (d *officeDay) corrects(page webPage, l peopleList) {
	d.Helper()
	page.want(http.StatusOK, "Leave out the 3 rows", "To fix")
	for row, wrong := range l.bad {
		page.want(http.StatusOK, strconv.Itoa(row), wrong)
	}
	file := page.follow("Download the rows to fix").want(http.StatusOK)
	rejected, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
	if err != nil || len(rejected) != 1+len(l.bad) || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
		d.Fatalf("%v, error %v: %s", file.header, err, file.body)
	}
	for _, row := range rejected {
		if slices.ContainsFunc(row, func(cell string) bool { return strings.HasPrefix(cell, "=") }) {
			d.Errorf("a table program would compute something in %q", row)
		}
	}
	d.issuer.open(d.in("awards")+"?batch="+page.last()).want(http.StatusOK, "Nothing here fits")
}

// finished waits until a batch is finished.
func (d *officeDay) finished(id string, done int) {
	d.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		page := d.issuer.open(d.in("batches", id))
		if strings.Contains(page.body, `data-state="finished"`) {
			page.want(http.StatusOK, fmt.Sprintf("done %d", done), "failed 0")
			return
		}
		if time.Since(begun) > 3*time.Minute {
			d.Fatalf("the batch is not finished:\n%s", page.text())
		}
	}
}

// award finds the award of somebody by their address.
func (d *officeDay) award(email string) webPage {
	d.Helper()
	found := d.issuer.open(d.in("awards")).submit("Find", "q", email).want(http.StatusOK, "issued")
	for _, a := range all(found.root, "th") {
		if links := all(a, "a"); len(links) == 1 {
			return d.issuer.open(attribute(links[0], "href")).want(http.StatusOK)
		}
	}
	d.Fatalf("no award of %s is found:\n%s", email, found.text())
	return webPage{}
}

// revokes ends one award of a batch.
func (d *officeDay) revokes() {
	page := d.award(pupil(0, 1))
	id := page.last()
	page = page.follow("Revoke").want(http.StatusOK, "This is what will happen")
	page.submit("Revoke", "code", "evidence", "reason", "The portfolio was withdrawn.", "note", "see the file of 3 May").
		want(http.StatusOK, "revoked", "The portfolio was withdrawn.", "see the file of 3 May")
	d.ended, d.sample = append(d.ended, id), append(d.sample, id)
	d.public.open("/c/"+id).want(http.StatusOK, "revoked", "The portfolio was withdrawn.").lacks("see the file of 3 May")
	if said := d.mail.wait(d, pupil(0, 1), "was revoked").text; !strings.Contains(said, "The portfolio was withdrawn.") || strings.Contains(said, "3 May") {
		d.Errorf("the earner is told:\n%s", said)
	}
}

// gathers has somebody from two lists find both awards under one roof, by links that are sent to both addresses, and leave again.
func (d *officeDay) gathers() {
	first, second := pupil(3, 2), pupil(4, 2)
	who := d.process.person(d, "pupil", publicBase)
	d.mail.wait(d, second, lessonName) // an award of a list is told by mail as well
	who.open("/mine").submit("Send me a link", "email", first).want(http.StatusOK)
	page := who.open(d.mail.wait(d, first, "link to your badges").link(d, "/mine/in/")).submit("See my badges").want(http.StatusOK, lessonName, first)
	page.submit("Send a link to it", "email", second).want(http.StatusOK)
	page = who.open(d.mail.wait(d, second, "Confirm that this address is yours").link(d, "/mine/join/")).want(http.StatusOK, first, second).submit("Yes, both are mine").want(http.StatusOK, second)
	if got := strings.Count(page.text(), lessonName); got != 2 {
		d.Errorf("%d awards are shown for two addresses:\n%s", got, page.text())
	}
	if file := page.follow("Download").want(http.StatusOK); file.header.Get("Content-Type") != "application/zip" {
		d.Errorf("all badges come as %s", file.header.Get("Content-Type"))
	}
	page.submit("Sign out").want(http.StatusOK)
}

// undoes takes a whole batch back.
func (d *officeDay) undoes(batch string) {
	page := d.issuer.open(d.in("batches", batch)).follow("Undo it").want(http.StatusOK)
	page = page.submit("Find the awards", "code", "error", "reason", "The wrong list was used.").want(http.StatusOK, "Check before you revoke", "The wrong list was used.")
	page = page.submit(fmt.Sprintf("Revoke %d awards", d.rows)).want(http.StatusOK)
	d.finished(page.last(), d.rows)
	d.undone = batch
	d.issuer.open(d.in("batches", batch)).want(http.StatusOK, "The batch that revokes these awards")
}

// renewsKey replaces the key that signs. What the old one has signed stays authentic.
func (d *officeDay) renewsKey() {
	before := d.signer(d.ada)
	keys := d.owner.open(d.in("office", "keys")).want(http.StatusOK, "Ed25519", "P-256")
	for _, row := range all(keys.root, "tr") {
		links := all(row, "a")
		if strings.Contains(textOf(row), "Ed25519") && len(links) > 0 {
			d.owner.open(attribute(links[0], "href")).want(http.StatusOK, "A new key of the same kind is made").submit("Replace").want(http.StatusOK, "retired")
			break
		}
	}
	form := d.issuer.open(d.in("awards", "new") + "?achievement=" + d.lesson)
	made := form.submit("Award", "recipient", "bo@example.org", "name", "Bo Lee").want(http.StatusOK, "The award was made").last()
	d.sample = append(d.sample, made)
	if after := d.signer(made); after == before || after == "" {
		d.Errorf("after the key was replaced %q signs, as before", after)
	}
}

// signer is the key that has signed an award.
func (d *officeDay) signer(id string) string {
	d.Helper()
	var document struct{ Proof json.RawMessage }
	if err := json.Unmarshal([]byte(d.public.open("/c/"+id+".json").want(http.StatusOK).body), &document); err != nil {
		d.Fatal(err)
	}
	var proof struct{ VerificationMethod string }
	if err := json.Unmarshal(document.Proof, &proof); err != nil {
		d.Fatalf("%v: %s", err, document.Proof)
	}
	return proof.VerificationMethod
}

// erases takes away two people: one who asks for it, and one for whom the office does it. Only their places in the lists stay.
func (d *officeDay) erases() {
	ada := d.process.person(d, "ada", publicBase)
	page := ada.open(d.mail.wait(d, "ada@example.org", "takes the place of one").link(d, "/claim/")).want(http.StatusOK)
	page.submit("Ask for it to be erased").want(http.StatusOK, "Nothing was erased yet")
	page = ada.open(d.mail.wait(d, "ada@example.org", "are to be erased").link(d, "/mine/erase/")).want(http.StatusOK, lessonName)
	page.submit("Erase for good").want(http.StatusBadRequest, "Nothing was erased")
	page.submit("Erase for good", "sure", "yes").want(http.StatusOK, "gone from this server")

	pupilsAward := d.award(pupil(2, 3)).last()
	page = d.owner.open(d.in("erase")).want(http.StatusOK).submit("Look for awards", "email", pupil(2, 3)).want(http.StatusOK, "What stays", "One award")
	page.submit("Erase", "sure", "yes", "reason", "Asked for by telephone.").want(http.StatusOK)
	d.gone = append(d.gone, d.ada, pupilsAward)
	for _, id := range d.gone {
		for _, form := range []string{"", ".json", ".jwt", ".png", ".svg"} {
			d.public.open("/c/"+id+form).want(http.StatusGone).lacks("Ada ", "Example", "pupil", "Grace", "Hopper")
		}
	}
	d.issuer.open(d.in("awards")).submit("Find", "q", pupil(2, 3)).lacks(pupilsAward)
}

// serves makes a token in the console, and acts by the API with it.
func (d *officeDay) serves() {
	form := d.owner.open(d.in("office", "tokens")).follow("Make a token").want(http.StatusOK)
	made := form.submit("Make the token", "name", "Moodle", "scope.achievements:read", "yes", "scope.credentials:read", "yes", "scope.credentials:write", "yes").want(http.StatusOK)
	for _, area := range all(made.root, "textarea") {
		d.token = strings.TrimSpace(rawText(area))
	}
	d.owner.open(made.url.Path).lacks(d.token)
	other := d.owner.open("/console/installation/organisations/new").
		submit("Make the organisation", "name", "Hillside District", "email", "badges@hillside.example").want(http.StatusOK, "Hillside District")
	theirs := d.owner.open(other.url.Path+"/achievements/new").
		submit("Save the draft", "name", "Theirs", "description", "Of others.", "criteria.narrative", "None.").want(http.StatusOK, "Theirs").last()
	d.issuer.open(other.url.Path).want(http.StatusNotFound)
	d.issuer.open(d.in("achievements", theirs)).want(http.StatusNotFound)

	moodle := program{token: d.token, achievement: d.lesson, client: http.DefaultClient}
	answer, err := moodle.award(d.Context(), d.process, "moodle@example.org", "one")
	if err != nil || answer.status != http.StatusCreated {
		d.Fatalf("%d %s, error %v", answer.status, answer.body, err)
	}
	d.sample = append(d.sample, answer.id())
	var bodies []string
	for _, id := range []string{theirs, "AAAAAAAAAAAAAAAAAAAAAA"} {
		answer, err := moodle.send(d.Context(), http.MethodGet, d.process.address+"/api/v1/achievements/"+id, "", "")
		if err != nil || answer.refusal(http.StatusNotFound) != nil {
			d.Fatalf("%d %s, error %v", answer.status, answer.body, err)
		}
		bodies = append(bodies, instance.ReplaceAllString(strings.ReplaceAll(string(answer.body), id, "ID"), ""))
	}
	if bodies[0] != bodies[1] {
		d.Errorf("what belongs to others is told from what there is not: %s", bodies)
	}
}

var instance = regexp.MustCompile(`"instance":"[^"]*"`)
