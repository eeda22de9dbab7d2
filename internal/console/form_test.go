package console

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// TestRows: rows of lists are added and removed by buttons, and nothing that was typed is lost.
func TestRows(t *testing.T) {
	w := newWorld(t)
	path := w.in("achievements", "new")
	fields := defined("Small-Group Instruction")
	fields.Set("add", "alignment")
	page := w.issuer_.post(path, fields).want(t, 200, "Alignment 1", `value="Small-Group Instruction"`, "Proficient")
	page.lacks(t, "Nothing was done yet")
	fields.Set("add", "resultDescription.0.rubricCriterionLevel")
	w.issuer_.post(path, fields).want(t, 200, "Level 3")
	fields.Del("add")
	fields.Set("remove", "resultDescription.0.rubricCriterionLevel.0")
	w.issuer_.post(path, fields).want(t, 200, `name="resultDescription.0.rubricCriterionLevel.0.name" type="text" value="Proficient"`).lacks(t, "Developing", "Level 2")
	fields.Set("remove", "name.0")
	fields.Set("resultDescription.999999.name", "far away")
	w.issuer_.post(path, fields).want(t, 303) // no such list: it is saved
	all, _, err := w.service.Workspace(w.ours.ID).Achievements(t.Context(), issuer.AchievementDraft, "", 10)
	if err != nil || len(all) != 1 || len(all[0].Content.ResultDescriptions) != 1 || len(all[0].Content.ResultDescriptions[0].Levels) != 2 {
		t.Fatal(all, err)
	}
}

func TestForm(t *testing.T) {
	f := newForm()
	for i, name := range []string{"a", "b", "c"} {
		f.row("list", i, "name", name)
	}
	f.removeRow("list", 1)
	f.addRow("list")
	f.Values.Set("list.2.inner.0.new", "1")
	f.Values.Set("list.2.someType", "chosen")
	if f.Rows("list") != 3 || f.Get("list.1.name") != "c" || !f.blank("list.2") {
		t.Errorf("%v", f.Values)
	}
	f.tidy("list", "list.inner")
	want := url.Values{"list.0.new": {"1"}, "list.0.name": {"a"}, "list.1.new": {"1"}, "list.1.name": {"c"}}
	if diff := cmp.Diff(want, f.Values); diff != "" {
		t.Error(diff)
	}
}

// upload is a form with a file.
func (b *browser) upload(path, field string, file []byte, fields url.Values) reply {
	b.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, text := range values {
			_ = form.WriteField(name, text)
		}
	}
	part, _ := form.CreateFormFile(field, "file")
	_, _ = part.Write(file)
	_ = form.Close()
	return b.send(http.MethodPost, path, body.String(), http.Header{"Content-Type": {form.FormDataContentType()}, "Origin": {base}})
}

// TestPicture: a picture that was chosen is kept while the form is filled in, and one that is none is refused.
func TestPicture(t *testing.T) {
	w := newWorld(t)
	path := w.in("achievements", "new")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	fields := defined("Small-Group Instruction")
	fields.Set("add", "alignment")
	page := w.issuer_.upload(path, "image", picture.Bytes(), fields).want(t, 200, "A picture was chosen")
	fields.Del("add")
	fields.Set("image.kept", page.field("image.kept"))
	id := w.issuer_.upload(path, "image", nil, fields).want(t, 303).id()
	a, err := w.service.Workspace(w.ours.ID).Achievement(t.Context(), id)
	if err != nil || a.Content.Image.ID != "image.png" {
		t.Fatal(a.Content.Image, err)
	}
	page = w.issuer_.get(w.in("achievements", id, "edit")).want(t, 200, "There is a picture already")
	fields.Del("image.kept")
	fields.Set("version-seen", page.field("version-seen"))
	fields.Set("image.remove", "yes")
	w.issuer_.upload(w.in("achievements", id, "edit"), "image", nil, fields).want(t, 303)
	if a, _ = w.service.Workspace(w.ours.ID).Achievement(t.Context(), id); a.Content.Image.ID != "" {
		t.Error("the picture is still there")
	}

	fields = defined("Small-Group Instruction")
	w.issuer_.upload(path, "image", []byte("GIF89a"), fields).want(t, 422, `href="#f-image"`, "neither a PNG nor an SVG")
	w.issuer_.upload(path, "image", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), fields).lacks(t, "<script>alert")
	w.issuer_.upload(path, "image", make([]byte, 3<<20), fields).want(t, 422, "larger than 2 MB")
	w.issuer_.upload(path, "image", make([]byte, 20<<20), fields).want(t, 413, "At most 6 MB")
	w.issuer_.upload(w.in("awards", "new")+"?achievement=none", "x", make([]byte, 2<<20), nil).want(t, 413)
}

// TestImport: what was exported comes back as it was, and a file of several becomes as many drafts, once.
func TestImport(t *testing.T) {
	w := newWorld(t)
	id := w.published("Small-Group Instruction")
	exported := w.issuer_.get(w.in("achievements", id, "export")).want(t, 200, "laurelAchievement")
	if got := exported.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Error(got)
	}
	path := w.in("achievements", "import")
	page := w.issuer_.upload(path, "file", []byte(exported.body), nil).want(t, 200, `value="Small-Group Instruction"`, `action="`+w.in("achievements", "new"), `formaction="`+w.in("achievements", "new")+`#rubric"`)
	if page.field("once") == "" {
		t.Error("the form can be sent twice")
	}
	w.issuer_.upload(path, "file", []byte(`{"any": "thing"}`), nil).want(t, 422, "no definition of an achievement")
	w.issuer_.upload(path, "file", []byte(`{"any": `), nil).want(t, 422, "not whole and correct JSON")
	w.issuer_.post(path, nil).want(t, 422, "Choose a file")

	var one any
	if err := json.Unmarshal([]byte(exported.body), &one); err != nil {
		t.Fatal(err)
	}
	several, _ := json.Marshal([]any{one, one})
	page = w.issuer_.upload(path, "file", several, nil).want(t, 200, "several definitions", "Make drafts of all")
	fields := url.Values{"kept": {page.field("kept")}, "once": {page.field("once")}, "all": {"yes"}}
	for range 2 {
		w.issuer_.post(path, fields).want(t, 200, "The draft")
	}
	all, _, err := w.service.Workspace(w.ours.ID).Achievements(t.Context(), issuer.AchievementDraft, "", 10)
	if err != nil || len(all) != 2 {
		t.Errorf("%d drafts, %v", len(all), err)
	}
	w.issuer_.post(path, url.Values{"kept": {page.field("kept")}, "open": {"1"}}).want(t, 200, `value="Small-Group Instruction"`)
}

// TestHostile: texts of others are shown as texts.
func TestHostile(t *testing.T) {
	w := newWorld(t)
	const script = `<script>alert(1)</script>`
	fields := defined("Small " + script)
	fields.Set("description", script)
	fields.Set("criteria.narrative", script+"[x](javascript:alert(1))")
	fields.Set("alignment.0.targetName", script)
	fields.Set("alignment.0.targetUrl", "https://standards.example/"+url.PathEscape(script))
	id := w.issuer_.post(w.in("achievements", "new"), fields).want(t, 303).id()
	for _, path := range []string{w.in("achievements"), w.in("achievements", id), w.in("achievements", id, "edit"), w.in("achievements", id, "publish")} {
		w.issuer_.get(path).want(t, 200, "&lt;script&gt;").lacks(t, script, `href="javascript:`)
	}
	page := w.issuer_.get(w.in("achievements", id, "publish"))
	w.issuer_.post(w.in("achievements", id, "publish"), url.Values{"version": {page.field("version")}}).want(t, 303)
	award := w.awarded(id, "ada@example.org", "Ada "+script)
	for _, path := range []string{w.in("awards"), w.in("awards", award), w.in("awards", award, "revoke"), w.in("awards", award, "correct")} {
		w.issuer_.get(path).want(t, 200).lacks(t, script)
	}
	w.issuer_.search(script).want(t, 200).lacks(t, script)
	for _, path := range []string{w.in("awards") + "?state=none", w.in("achievements") + "?state=none", w.in("awards", "..%2f"+award)} {
		w.issuer_.get(path).want(t, 404)
	}
	w.issuer_.get(w.in("awards")+"?after=none").want(t, 400)
	long := url.Values{}
	for i := range mostFields + 1 {
		long.Set("f"+strings.Repeat("x", i%9)+string(rune('a'+i%26))+string(rune('A'+i/26%26))+string(rune('A'+i/676)), "")
	}
	if len(long) > mostFields {
		w.issuer_.post(w.in("achievements", "new"), long).want(t, 413)
	}
}

// TestLabels: every field has a label, and every id stands once on its page.
func TestLabels(t *testing.T) {
	w := newWorld(t)
	id := w.published("Small-Group Instruction")
	award := w.awarded(id, "ada@example.org", "Ada")
	day := w.dayThings(id)
	for _, path := range []string{w.in("batches"), w.in("batches", "new"), w.in("batches", day.batch), w.in("batches", day.batch, "discard"), w.in("revocations"), w.in("proposals"), w.in("proposals", day.proposal),
		w.in("cases"), w.in("cases", day.file), w.in("cases", day.file, "notice"), w.in("cases", day.file, "document"), w.in("cases", day.file, "decide"), w.in("unclaimed"), w.in("erase"),
		w.in("awards", award, "case"), w.in("awards", award, "erase"), w.in("awards", award, "link"), w.in("achievements", "new"), w.in("achievements"), w.in("achievements", "import"), w.in("achievements", id, "settings"),
		w.in("awards"), w.in("awards", "new") + "?achievement=" + id, w.in("awards", award), w.in("awards", award, "revoke"), w.in("awards", award, "correct"),
		w.in("awards", award, "renew"), "/console/account"} {
		body := w.issuer_.get(path).want(t, 200).body
		if strings.Count(body, "<h1>") != 1 || !strings.Contains(body, `<main id="main"`) || !strings.Contains(body, `class="skip"`) {
			t.Errorf("%s: heading, main or skip link", path)
		}
		ids := map[string]int{}
		for part := range strings.SplitSeq(body, ` id="`) {
			found, _, _ := strings.Cut(part, `"`)
			ids[found]++
		}
		for found, times := range ids {
			if times > 1 && !strings.Contains(found, "<") {
				t.Errorf("%s: the id %s stands there %d times", path, found, times)
			}
		}
		for part := range strings.SplitSeq(body, "<input ") {
			name, _, _ := strings.Cut(strings.TrimPrefix(part, `id="`), `"`)
			if strings.HasPrefix(part, `id="`) && !strings.Contains(body, `<label for="`+name+`"`) {
				t.Errorf("%s: the field %s has no label", path, name)
			}
		}
	}
}
