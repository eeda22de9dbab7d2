package console

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// badgeName is what files call the achievement of these tests.
const badgeName = "Small-Group Instruction"

// lists are as other platforms write them.
var lists = map[string]struct {
	comma   rune
	header  []string
	row     func(i int) []string
	unknown string            // a column that has to be asked about
	named   bool              // the file says what is awarded
	says    map[string]string // on the page about columns
}{
	"Canvas Credentials": {',', []string{"Badge Class ID", "Identifier", "First Name", "Last Name", "Narrative", "Evidence Narrative", "Evidence URL", "Issue Date", "Expiration Date"},
		func(i int) []string {
			return []string{badgeName, address(i), "Ada", fmt.Sprintf("Nr %d", i), "Taught", "A lesson", "https://work.example/1", "2025-03-04", "2031-03-04"}
		}, "", true, nil},
	"Credly": {',', []string{"Badge Template ID", "Recipient Email", "First Name", "Last Name", "Issued at", "Country"},
		func(i int) []string {
			return []string{"t-9", address(i), "Ada", fmt.Sprintf("Nr %d", i), "3/4/2025", "US"}
		}, "Country", true, map[string]string{"t-9": badgeName}},
	"Accredible": {',', []string{"Recipient Name", "Recipient Email", "Issued on", "Favourite colour"},
		func(i int) []string {
			return []string{fmt.Sprintf("Ada Nr %d", i), address(i), "2025-03-04", "green"}
		}, "Favourite colour", false, nil},
	"edubadges": {';', []string{"Recipient mailadres", "Recipient EPPN", "Narrative (optional)", "Grade (optional)"},
		func(i int) []string {
			return []string{address(i), fmt.Sprintf("p%d@uni", i), "Sehr schön; wirklich", "Proficient"}
		}, "", false, nil},
	"Digital Credentials Consortium": {'\t', []string{"earnerName", "emailAddress", "credentialName"},
		func(i int) []string { return []string{fmt.Sprintf("Ada Nr %d", i), address(i), badgeName} }, "", true, nil},
}

func address(i int) string { return fmt.Sprintf("ada%d@example.org", i) }

func table(comma rune, lines ...[]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma = comma
	_ = w.WriteAll(lines)
	return out.Bytes()
}

// fields are all fields of the form of a page as they would be sent, but for what a person types.
func (r reply) fields() url.Values {
	all := url.Values{}
	for _, found := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(r.body, -1) {
		all.Set(found[1], strings.NewReplacer("&#43;", "+", "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(found[2]))
	}
	for _, found := range regexp.MustCompile(`(?s)<select id="[^"]*" name="([^"]*)".*?</select>`).FindAllStringSubmatch(r.body, -1) {
		if chosen := regexp.MustCompile(`<option value="([^"]*)" selected`).FindStringSubmatch(found[0]); chosen != nil {
			all.Set(found[1], chosen[1])
		}
	}
	return all
}

// TestLists awards twenty people from a list of each platform.
func TestLists(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	w.published("Another One")
	for name, l := range lists {
		lines := [][]string{l.header}
		for i := range 20 {
			lines = append(lines, l.row(i))
		}
		fields := url.Values{"once": {w.issuer_.get(w.in("batches", "new")).want(t, 200, "What can be read").field("once")}}
		if !l.named {
			fields.Set("achievement", achievement)
		}
		got := w.issuer_.upload(w.in("batches", "new"), "file", table(l.comma, lines...), fields)
		if l.unknown != "" || l.says != nil {
			got.want(t, 200, "What the columns mean", "20 rows", "<strong>"+name+"</strong>", "Nothing was issued yet", l.unknown)
			said := got.fields()
			for i := range said {
				if text, ok := strings.CutSuffix(i, ".text"); ok && l.says[said.Get(i)] != "" {
					said.Set(text+".achievement", achievement)
				}
			}
			got = w.issuer_.upload(w.in("batches", "columns"), "none", nil, said)
		}
		got.want(t, http.StatusSeeOther)
		page := w.issuer_.follow(got).want(t, 200, "Check before you issue", "Nothing was issued yet", "<dd>20</dd>", "<dd>0</dd>", "ada0@example.org", "Nobody is written to", "Issue 20 badges")
		if name != "edubadges" {
			page.want(t, 200, "Ada Nr 0")
		}
		if name == "Credly" || name == "Accredible" {
			page.want(t, 200, "4 March 2025")
		}
		at := got.header.Get("Location")
		w.issuer_.follow(w.issuer_.post(at+"/confirm", url.Values{"version": {page.field("version")}})).want(t, 200, "under way", "/static/batch.", `http-equiv="refresh"`, `value="0"`)
		w.work()
		w.issuer_.get(at).want(t, 200, "finished", `value="100"`, "Undo it").lacks(t, "http-equiv")
		w.issuer_.get(at+"?state=done").want(t, 200, "/awards/")
		w.issuer_.get(at+"?state=failed").want(t, 200, "There are no such rows")
		w.issuer_.get(at+"?state=none").want(t, 404)
	}
	w.issuer_.get(w.in("batches")).want(t, 200, "awards", "finished")
	page, _, err := w.service.Workspace(w.ours.ID).Credentials(t.Context(), issuer.CredentialFilter{}, "", 1000)
	if err != nil || len(page) != 100 {
		t.Fatalf("%d awards, %v", len(page), err)
	}
	for _, c := range page {
		if c.State() != issuer.CredentialIssued || c.Achievement != achievement {
			t.Fatalf("%s: %s", c.ID, c.State())
		}
	}
	if w.woken == 0 {
		t.Error("nobody was woken")
	}
}

// TestBadLists: what is wrong with a file is told, and nothing is recorded of it.
func TestBadLists(t *testing.T) {
	w := newWorld(t)
	w.issuer_.get(w.in("batches", "new")).want(t, 200, "Nothing can be awarded yet")
	achievement := w.published(badgeName)
	path := w.in("batches", "new")
	fields := url.Values{"achievement": {achievement}}
	w.issuer_.post(path, fields).want(t, 422, `href="#f-file"`, "Choose a file")
	for text, want := range map[string]string{"": "Choose a file", "Email\n": "no rows", "%PDF-1.7": "CSV nor XLSX", "Email,E-mail\na@example.org,b\n": "Two columns say the same"} {
		w.issuer_.upload(path, "file", []byte(text), fields).want(t, 422, want)
	}
	w.issuer_.upload(path, "file", make([]byte, 21<<20), fields).want(t, 413, "At most 20 MB")
	w.issuer_.upload(path, "file", []byte("Email\na@example.org\n"), url.Values{"achievement": {"none"}}).want(t, 422, "Choose one of the list")
	w.issuer_.upload(path, "file", []byte("Email\na@example.org\n"), nil).want(t, 422, "does not say what is awarded", `href="#f-achievement"`)
	w.issuer_.upload(w.in("batches", "columns"), "none", nil, url.Values{"kept": {"AAAA"}}).want(t, 400, "Choose it once more")

	// Columns that nobody knows, dates that can be read in two ways, an achievement by another name.
	page := w.issuer_.upload(path, "file", []byte("Wer,Wann,Was,<b>\na@example.org,3/4/2025,Small Groups,x\nb@example.org,4/3/2025,Else,y\n"), nil).
		want(t, 422, "e-mail address of the recipient", "Wer", "&lt;b&gt;").lacks(t, "<b>")
	said := page.fields()
	for i, meant := range []string{"recipient", "awarded", "achievement", "ignored"} {
		said.Set(fmt.Sprintf("column.%d.field", i), meant)
	}
	page = w.issuer_.upload(w.in("batches", "columns"), "none", nil, said).want(t, 200, "Small Groups", "Else", "These texts stand in the column", "2 dates", "Such as “a@example.org”, “b@example.org”")
	said = page.fields()
	said.Set("named.0.achievement", achievement)
	said.Set("american", "yes")
	done := w.issuer_.upload(w.in("batches", "columns"), "none", nil, said).want(t, 303)
	twice := w.issuer_.upload(w.in("batches", "columns"), "none", nil, said).want(t, 303)
	if done.id() != twice.id() {
		t.Error("a form that was sent twice made two batches")
	}
	page = w.issuer_.follow(done).want(t, 200, "4 March 2025", "Column “<bdi>Was</bdi>”, “<bdi>Else</bdi>”", "Leave out the row", "Issue one badge")
	at := done.header.Get("Location")
	confirm := url.Values{"version": {page.field("version")}}
	w.issuer_.post(at+"/confirm", confirm).want(t, 422, `href="#f-skip"`, "Of 2 rows 1 cannot be awarded")
	w.issuer_.get(at+"?show=fix").want(t, 200, "Else")
	w.issuer_.get(at+"?show=ready").want(t, 200, "a@example.org").lacks(t, "Else")
	w.issuer_.get(at+"?show=none").want(t, 404)
	w.issuer_.get("/console/"+w.ours.ID).want(t, 200, "To be confirmed")
	discard := w.issuer_.get(at+"/discard").want(t, 200, "Nothing of the batch is done")
	w.issuer_.post(at+"/confirm", url.Values{"version": {"77"}, "skip": {"yes"}}).want(t, 422, "changed since you looked")
	w.issuer_.follow(w.issuer_.post(at+"/discard", url.Values{"version": {discard.field("version")}})).want(t, 200, "was discarded", "There are no batches yet")
	w.issuer_.get(at).want(t, 404)
	if awards, _, err := w.service.Workspace(w.ours.ID).Credentials(t.Context(), issuer.CredentialFilter{}, "", 10); err != nil || len(awards) > 0 {
		t.Error(awards, err)
	}
}

// TestRejectedRows: rows that are to be fixed come as a file, harmless to table programs, which can be chosen again once it is corrected.
func TestRejectedRows(t *testing.T) {
	w := newWorld(t)
	fields := url.Values{"achievement": {w.published(badgeName)}}
	text := "Email,Name\nada@example.org,Ada\nbad,=1+1\n,Nobody\nADA@example.org,Ada\n"
	made := w.issuer_.upload(w.in("batches", "new"), "file", []byte(text), fields).want(t, 303)
	page := w.issuer_.follow(made).want(t, 200, "<dd>1</dd>", "<dd>3</dd>", "Leave out the 3 rows", "“<bdi>bad</bdi>”: <bdi>The e-mail address is not one", "Rows 2 and 5")
	at := made.header.Get("Location")
	file := w.issuer_.get(at+"/rejected.csv").want(t, 200)
	if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") || strings.Contains(file.body, `"=1+1"`) || !strings.Contains(file.body, `"'=1+1"`) {
		t.Error(file.header, file.body)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 4 {
		t.Fatal(lines, err)
	}
	w.issuer_.post(at+"/confirm", url.Values{"version": {page.field("version")}, "skip": {"yes"}}).want(t, 303)
	w.work()
	w.issuer_.get(at+"?state=rejected").want(t, 200, "left out", "The e-mail address is not one", "Download the rows")

	corrected := strings.NewReplacer(`"bad"`, `"bob@example.org"`, `"","Nobody"`, `"cy@example.org","Cy"`, `"ADA@`, `"ada2@`).Replace(file.body)
	again := w.issuer_.upload(w.in("batches", "new"), "file", []byte(corrected), fields).want(t, 303)
	w.issuer_.follow(again).want(t, 200, "<dd>3</dd>", "<dd>0</dd>", "=1&#43;1", "Issue 3 badges")

	// The rows can be erased before their time.
	page = w.issuer_.get(at+"/discard").want(t, 200, "3 rows that were left out are erased")
	w.issuer_.follow(w.issuer_.post(at+"/discard", url.Values{"version": {page.field("version")}})).want(t, 200, "were erased")
	w.issuer_.get(at+"/rejected.csv").want(t, 409, "kept for 30 days")
	w.issuer_.get(at+"?state=rejected").want(t, 200).lacks(t, "<bdi>bad</bdi>")
}

// batchOf makes a batch of so many awards by the pages, and has it done.
func (w *world) batchOf(achievement string, people int) (at string) {
	w.t.Helper()
	lines := [][]string{{"Email", "Name"}}
	for i := range people {
		lines = append(lines, []string{address(i), fmt.Sprintf("Ada Nr %d", i)})
	}
	made := w.issuer_.upload(w.in("batches", "new"), "file", table(',', lines...), url.Values{"achievement": {achievement}}).want(w.t, 303)
	at = made.header.Get("Location")
	page := w.issuer_.get(at)
	w.issuer_.post(at+"/confirm", url.Values{"version": {page.field("version")}}).want(w.t, 303)
	w.work()
	return at
}

// TestUndo: a batch is undone as one, with a reason, after it was said how many awards that are.
func TestUndo(t *testing.T) {
	w := newWorld(t)
	w.outbox.On = true
	at := w.batchOf(w.published(badgeName), 20)
	if len(w.sent) != 20 {
		t.Errorf("%d messages", len(w.sent))
	}
	w.issuer_.get(at+"/undo").want(t, 200, "at most 20", "Nothing happens until you confirm")
	w.issuer_.post(at+"/undo", nil).want(t, 422, `href="#f-code"`)
	made := w.issuer_.post(at+"/undo", url.Values{"code": {"error"}, "reason": {"the wrong list"}, "note": {"by Ivy"}}).want(t, 303)
	page := w.issuer_.follow(made).want(t, 200, "Check before you revoke", "20 awards end", "the wrong list", "Ada Nr 0", "Revoke 20 awards", "get an e-mail that says it was revoked")
	undo := made.header.Get("Location")
	w.issuer_.follow(w.issuer_.post(undo+"/confirm", url.Values{"version": {page.field("version")}})).want(t, 200, "under way", "It revokes")
	w.work()
	w.roles[people.RoleAuditor].get(w.at("activity")).want(t, 200, "issuer of ours</bdi> signed 20 awards of <bdi>the batch file", "issuer of ours</bdi> revoked 20 awards of <bdi>the batch file", "The batch, row by row", "the award of Ada Nr 7")
	w.issuer_.get(undo).want(t, 200, "finished", "The batch whose awards it revokes", "It was awarded by mistake", "by Ivy")
	w.issuer_.get(at).want(t, 200, "The batch that revokes these awards")
	w.issuer_.get(w.in("awards")+"?state=issued").want(t, 200, "Nothing here fits")
	w.issuer_.post(at+"/undo", url.Values{"code": {"error"}}).want(t, 422, "nothing to be done")
	if len(w.sent) != 40 {
		t.Errorf("%d messages", len(w.sent))
	}
}

// TestRevocations: awards that have something in common are revoked together, after a look at them.
func TestRevocations(t *testing.T) {
	w := newWorld(t)
	one, other := w.published(badgeName), w.published("Another One")
	w.batchOf(one, 3)
	kept := w.awarded(other, "ben@example.org", "Ben Ortiz")
	path := w.in("revocations")
	w.issuer_.get(w.in("awards")+"?achievement="+one).want(t, 200, `href="`+path+`?achievement=`+one)
	form := w.issuer_.get(path+"?achievement="+one).want(t, 200, `value="`+one+`" selected`)
	fields := form.fields()
	w.issuer_.post(path, fields).want(t, 422, `href="#f-code"`)
	fields.Set("code", "policy")
	w.issuer_.post(path, url.Values{"code": {"policy"}}).want(t, 422, "either by what they have in common or by their names")
	w.issuer_.post(path, url.Values{"code": {"policy"}, "from": {"2020-01-02"}, "until": {"2020-01-01"}}).want(t, 422, "before the first")
	w.issuer_.post(path, url.Values{"code": {"policy"}, "from": {"yesterday"}}).want(t, 422, "not a date")
	w.issuer_.post(path, url.Values{"code": {"policy"}, "achievement": {one}, "ids": {kept}}).want(t, 422, "not both")
	w.issuer_.get(path+"?batch=AAAAAAAAAAAAAAAAAAAAAA").want(t, 404)
	made := w.issuer_.post(path, fields).want(t, 303)
	page := w.issuer_.follow(made).want(t, 200, "3 awards end", "A rule of the issuer was broken", "Ada Nr 2").lacks(t, "Ben Ortiz")
	w.issuer_.post(made.header.Get("Location")+"/confirm", url.Values{"version": {page.field("version")}}).want(t, 303)
	w.work()
	w.issuer_.get(w.in("awards")+"?state=issued").want(t, 200, "Ben Ortiz").lacks(t, "Ada Nr")

	named := w.issuer_.post(path, url.Values{"code": {"request"}, "ids": {base + "/c/" + kept + "\nnothing"}}).want(t, 303)
	w.issuer_.follow(named).want(t, 200, "One award ends", "Ben Ortiz", "There is no award of this name here")
	w.issuer_.get(named.header.Get("Location")+"/rejected.csv").want(t, 200, `"award"`, `"nothing"`)
}

// TestSecondForBatches: where an act needs a second person, a batch is proposed, and its page says so.
func TestSecondForBatches(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	assessor := w.roles[people.RoleAssessor]
	made := assessor.upload(w.in("batches", "new"), "file", []byte("Email\nada@example.org\nbad\n"), url.Values{"achievement": {achievement}}).want(t, 303)
	at := made.header.Get("Location")
	page := assessor.get(at).want(t, 200, "once another person allows it", "Propose it", "Why you propose it")
	fields := url.Values{"version": {page.field("version")}, "once": {page.field("once")}, "why": {"they are done"}}
	assessor.post(at+"/confirm", fields).want(t, 422, `href="#f-skip"`)
	fields.Set("skip", "yes")
	assessor.follow(assessor.post(at+"/confirm", fields)).want(t, 200, "It was proposed", "waits for another person").lacks(t, "Propose it")
	for _, role := range []people.Role{people.RoleAssessor, people.RoleAuditor} {
		w.roles[role].get(w.in("proposals")).want(t, 200, `Award the batch`, `class="count">1<`)
	}
	id := w.issuer_.get(w.in("proposals")).link("<bdi>Award the batch file</bdi>")
	proposal := w.issuer_.get(id).want(t, 200, "assessor of ours", "they are done", "One award is signed", "Allow it")
	assessor.get(id).want(t, 200, "another person has to allow it", "Withdraw it").lacks(t, "Allow it")
	w.roles[people.RoleAuditor].get(id).want(t, 200, "Somebody who issues awards here").lacks(t, "Allow it", "Withdraw it")
	w.issuer_.post(id+"/withdraw", url.Values{"version": {proposal.field("version")}}).want(t, 403)
	w.issuer_.follow(w.issuer_.post(id+"/allow", url.Values{"version": {proposal.field("version")}})).want(t, 200, "it was done", "allowed", "issuer of ours")
	w.work()
	w.issuer_.get(at).want(t, 200, "finished")
	w.issuer_.get(w.in("proposals")).want(t, 200, "Nothing waits").lacks(t, `class="count"`)
	w.issuer_.get(w.in("proposals")+"?state=allowed").want(t, 200, "Award the batch")
	w.issuer_.get(w.in("proposals")+"?state=none").want(t, 404)
	w.issuer_.post(id+"/refuse", url.Values{"version": {"9"}}).want(t, 422, "not open any more")
}

// TestDrop: a batch that is under way is ended, and what is not begun is not done.
func TestDrop(t *testing.T) {
	w := newWorld(t)
	fields := url.Values{"achievement": {w.published(badgeName)}}
	at := w.issuer_.upload(w.in("batches", "new"), "file", []byte("Email\na@example.org\nb@example.org\n"), fields).want(t, 303).header.Get("Location")
	w.issuer_.post(at+"/confirm", url.Values{"version": {w.issuer_.get(at).field("version")}}).want(t, 303)
	w.issuer_.post(at+"/confirm", url.Values{"version": {"1"}}).want(t, 303) // sent twice
	w.issuer_.get(at).want(t, 200, "under way", "End it").lacks(t, "Let it go on", "Discard it", "Undo it")
	page := w.issuer_.get(at+"/drop").want(t, 200, "Nothing is done for the 2 rows that are left")
	release := w.issuer_.get(at+"/release").want(t, 200, "a second time")
	w.issuer_.post(at+"/release", url.Values{"version": {release.field("version")}}).want(t, 422, "not on hold")
	w.issuer_.post(at+"/discard", url.Values{"version": {page.field("version")}}).want(t, 422, "being worked on")
	w.roles[people.RoleAssessor].post(at+"/discard", url.Values{"version": {page.field("version")}}).want(t, 403)
	w.issuer_.follow(w.issuer_.post(at+"/drop", url.Values{"version": {page.field("version")}})).want(t, 200, "was ended")
	w.work()
	w.issuer_.get(at).want(t, 200, "finished", "ended before this row was begun").lacks(t, "Undo it", "End it")
}
