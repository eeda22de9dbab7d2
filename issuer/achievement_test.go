package issuer_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	ctid   = "ce-01234567-89ab-cdef-0123-456789abcdef"
	vector = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>alert(1)</script><rect width="8" onload="x()"/></svg>`
	clean  = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8"/></svg>`
)

func pixels(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// everything is an achievement with all that there is to say of one.
func everything() issuer.AchievementInput {
	align := []credential.Alignment{{TargetName: "RL.1", TargetURL: "https://case.example/1", TargetCode: "RL.1", TargetDescription: "Asks.", TargetFramework: "Core", TargetType: "CFItem"}}
	return issuer.AchievementInput{
		Name: "Asking Questions", Description: "Uses questions well.", Criteria: "Two lessons.\n\n- One", CriteriaURL: "https://state.example/criteria",
		Type: "ext:Institute", Version: "1.0", Language: "es-MX", Tags: []string{"questions", "talk"},
		Alignments: append(align, credential.Alignment{TargetName: "In the registry", TargetCode: ctid}),
		Results: []credential.ResultDescription{
			{ID: "voice", Name: "Voice", ResultType: "RubricCriterionLevel", RequiredLevel: "voice-high", Alignments: slices.Clone(align), Levels: []credential.RubricCriterionLevel{
				{ID: "voice-low", Name: "Low", Level: "1", Points: "1", Description: "Seldom."}, {ID: "voice-high", Name: "High", Level: "2", Points: "2", Alignments: slices.Clone(align)}}},
			{Name: "Grade", ResultType: "LetterGrade", AllowedValues: []string{"C", "B", "A"}, RequiredValue: "B"},
			{Name: "Points", ResultType: "Percent", ValueMin: "0", ValueMax: "100"}},
		Image: []byte(vector), ImageCaption: "A question mark", Actor: "test",
		Creator: issuer.Creator{Name: "State of Example", URL: "https://state.example/", Description: "The state's department"},
		Related: []credential.Related{{ID: "https://state.example/a/en", InLanguage: "en", Version: "1"}}, CreditsAvailable: 1.5,
		FieldOfStudy: "Education", Specialization: "Reading", HumanCode: "RC 101", OtherIdentifiers: []credential.Identifier{{Type: "identifier", Value: "77"}},
		About: issuer.About{Competency: "Asks", Method: "Wait time", Research: []issuer.Citation{{Title: "Smith 2019", URL: "https://doi.example/1"}}, Hours: 12.5,
			Quality: "State", QualityURL: "https://state.example/quality", Stackable: true},
		Duplicates: issuer.DuplicatesRefused, Months: 36, Renewable: true,
	}
}

// TestEverything: an achievement with all that there is to say of one is awarded, and the verifier agrees with every form of it.
func TestEverything(t *testing.T) {
	d := newDesk(t, public)
	d.check = func(ctx context.Context, sealed []byte) error {
		return verifier.Authentic(ctx, sealed, verifier.Options{At: d.clock.Now(), Fetch: own{d}})
	}
	in := everything()
	a, err := d.CreateAchievement(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := in
	want.Organisation, want.Image, want.Actor = a.Organisation, nil, ""
	want.Alignments = slices.Clone(in.Alignments)
	want.Alignments[1], _ = credential.AlignmentOfCTID(ctid, "In the registry")
	want.Creator.ID = want.Creator.URL
	want.Results = slices.Clone(in.Results)
	want.Results[1].ID, want.Results[2].ID = "result-2", "result-3"
	if diff := cmp.Diff(want, a.Input()); diff != "" {
		t.Errorf("read back: %s", diff)
	}
	if badge, err := a.OpenBadge(); err != nil || string(badge) != string(a.Document) {
		t.Errorf("%s, error %v", badge, err)
	}
	c := d.award(t)
	parsed, err := credential.Parse(c.JSON)
	if err != nil {
		t.Fatal(err)
	}
	got := parsed.Subject.Achievement
	if got.Creator == nil || got.Creator.Name != "State of Example" || parsed.Issuer.Name != "Riverside District" || got.CreditsAvailable != 1.5 ||
		got.Alignments[1].TargetURL != "https://credentialfinder.org/credential/"+ctid || got.Image.ID != a.URL+"/image.svg" || got.Image.Caption != "A question mark" {
		t.Errorf("awarded %+v", got)
	}
	for name, form := range map[string][]byte{"JSON": c.JSON, "JWT": []byte(c.JWT)} {
		report, err := verifier.Verify(t.Context(), form, verifier.Options{At: d.clock.Now(), Fetch: own{d}})
		if err != nil || report.Outcome != verifier.Valid {
			t.Errorf("%s: %+v, error %v", name, report.Checks, err)
		}
	}
}

func TestPicture(t *testing.T) {
	d := newDesk(t, public)
	space := d.space(t)
	in := issuer.AchievementInput{Name: "N", Description: "D", Criteria: "C", Image: []byte(vector)}
	a, err := space.Draft(t.Context(), in, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	in.Image, in.ImageCaption = nil, "A square"
	if a, err = space.Redraft(t.Context(), a.ID, in, issuer.Write{Actor: "test"}); err != nil || a.Content.Image != (credential.Image{ID: "image.svg", Caption: "A square"}) {
		t.Fatal(a.Content.Image, err)
	}
	if a, err = space.Publish(t.Context(), a.ID, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Document(t.Context(), a.URL+"/image.svg"); err != nil || string(got) != clean {
		t.Errorf("%s, error %v", got, err)
	}
	if _, err := d.Document(t.Context(), a.URL+"/image.png"); err == nil {
		t.Error("the drawing is served as a PNG too")
	}
	in.Image = pixels(t)
	b, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Name: "N", Description: "D", Criteria: "C", Image: in.Image, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Document(t.Context(), b.URL+"/image.png"); err != nil || !bytes.HasPrefix(got, []byte("\x89PNG")) {
		t.Errorf("%x, error %v", got, err)
	}
	if _, err := d.Document(t.Context(), b.URL+"/image.svg"); err == nil {
		t.Error("the PNG is served as a drawing too")
	}
	// A picture of the other kind takes the place of the one before, and an empty one takes it away.
	draft, err := space.NewVersion(t.Context(), a.ID, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if draft, err = space.Redraft(t.Context(), draft.ID, in, issuer.Write{Actor: "test"}); err != nil || draft.Content.Image.ID != "image.png" {
		t.Fatal(draft.Content.Image, err)
	}
	in.Image = []byte{}
	if draft, err = space.Redraft(t.Context(), draft.ID, in, issuer.Write{Actor: "test"}); err != nil || draft.Content.Image.ID != "" {
		t.Fatal(draft.Content.Image, err)
	}
}

func TestAchievementRefuses(t *testing.T) {
	d := newDesk(t, public)
	long := strings.Repeat("x", 30_000)
	many := func(n int) []string { return slices.Repeat([]string{"x"}, n) }
	level := func(in *issuer.AchievementInput, change func(*credential.RubricCriterionLevel)) {
		change(&in.Results[0].Levels[1])
	}
	for name, test := range map[string]struct {
		change func(*issuer.AchievementInput)
		code   string
		detail string // begins so
	}{
		"a name that turns":         {func(in *issuer.AchievementInput) { in.Name = "abc\u202egnp" }, "name", "The name has to be one line"},
		"no description":            {func(in *issuer.AchievementInput) { in.Description = " " }, "description", "The achievement needs a description."},
		"a long description":        {func(in *issuer.AchievementInput) { in.Description = long }, "description", "The description may have at most 20000"},
		"no criteria":               {func(in *issuer.AchievementInput) { in.Criteria, in.CriteriaURL = "", "" }, "criteria", "Say how it is earned"},
		"criteria with a bell":      {func(in *issuer.AchievementInput) { in.Criteria = "\a" }, "criteria", "The text of the criteria"},
		"criteria nowhere":          {func(in *issuer.AchievementInput) { in.CriteriaURL = "ftp://x.example" }, "criteria_url", "The address of the criteria"},
		"an unknown type":           {func(in *issuer.AchievementInput) { in.Type = "Trophy" }, "type", "The type has to be one"},
		"a language":                {func(in *issuer.AchievementInput) { in.Language = "Spanish" }, "language", "The language has to be"},
		"an empty tag":              {func(in *issuer.AchievementInput) { in.Tags[1] = " " }, "tag", "Tag 2 is empty."},
		"many tags":                 {func(in *issuer.AchievementInput) { in.Tags = many(51) }, "tag", "There may be at most 50 tags."},
		"a bad text in a tag":       {func(in *issuer.AchievementInput) { in.Tags[0] = "\xff" }, "tag", "Tag 1 has to be"},
		"an alignment to a script":  {func(in *issuer.AchievementInput) { in.Alignments[0].TargetURL = "javascript:alert(1)" }, "alignment", "Alignment 1: the address"},
		"an alignment to nothing":   {func(in *issuer.AchievementInput) { in.Alignments[1].TargetCode = "ce-1" }, "alignment", "Alignment 2: it needs the web address"},
		"an alignment without name": {func(in *issuer.AchievementInput) { in.Alignments[1].TargetName = "" }, "alignment", "Alignment 2: it needs a name."},
		"an alignment of no type":   {func(in *issuer.AchievementInput) { in.Alignments[0].TargetType = "Standard" }, "alignment", "Alignment 1: what it aligns to has to be"},
		"many alignments":           {func(in *issuer.AchievementInput) { in.Alignments = slices.Repeat(in.Alignments, 100) }, "alignment", "There may be at most 200 alignments"},
		"a deep alignment": {func(in *issuer.AchievementInput) {
			level(in, func(l *credential.RubricCriterionLevel) { l.Alignments[0].TargetURL = "x" })
		}, "result", "Result 1, level 2, alignment 1: the address"},
		"a deep alignment's type": {func(in *issuer.AchievementInput) {
			level(in, func(l *credential.RubricCriterionLevel) { l.Alignments[0].TargetType = "x" })
		}, "result", "Result 1, level 2, alignment 1: what it"},
		"a result without name":     {func(in *issuer.AchievementInput) { in.Results[1].Name = "" }, "result", "Result 2 needs a name."},
		"a result of no kind":       {func(in *issuer.AchievementInput) { in.Results[1].ResultType = "Colour" }, "result", "Result 2: the kind of result"},
		"a level that is not there": {func(in *issuer.AchievementInput) { in.Results[0].RequiredLevel = "x" }, "result", "Result 1: the level that is required"},
		"a level without name":      {func(in *issuer.AchievementInput) { level(in, func(l *credential.RubricCriterionLevel) { l.Name = "" }) }, "result", "Result 1, level 2 needs a name."},
		"many levels":               {func(in *issuer.AchievementInput) { in.Results[0].Levels = make([]credential.RubricCriterionLevel, 21) }, "result", "There may be at most 20"},
		"a value that is not":       {func(in *issuer.AchievementInput) { in.Results[1].RequiredValue = "D" }, "result", "Result 2: the value that is required"},
		"bounds the wrong way":      {func(in *issuer.AchievementInput) { in.Results[2].ValueMin = "101" }, "result", "Result 3: the lowest value"},
		"a name of a part":          {func(in *issuer.AchievementInput) { in.Results[1].ID = "a b" }, "result_name", "The parts of the rubric"},
		"no picture":                {func(in *issuer.AchievementInput) { in.Image = []byte("GIF89a") }, "image", "The picture is neither"},
		"20 MB":                     {func(in *issuer.AchievementInput) { in.Image = make([]byte, 20<<20) }, "image", "The picture is larger than 2 MiB."},
		"a creator without name":    {func(in *issuer.AchievementInput) { in.Creator.Name = "" }, "creator", "The creator needs a name."},
		"a creator without address": {func(in *issuer.AchievementInput) { in.Creator.URL = "" }, "creator", "The creator needs a web address"},
		"a creator of a script":     {func(in *issuer.AchievementInput) { in.Creator.ID = "javascript:x" }, "creator", "The identifier of the creator"},
		"a relation to nothing":     {func(in *issuer.AchievementInput) { in.Related[0].ID = "x" }, "related", "Related achievement 1: its address"},
		"a relation twice":          {func(in *issuer.AchievementInput) { in.Related = slices.Repeat(in.Related, 2) }, "related", "Related achievement 2 is listed twice."},
		"a relation's language":     {func(in *issuer.AchievementInput) { in.Related[0].InLanguage = "x" }, "related", "Related achievement 1: the language"},
		"credits below nothing":     {func(in *issuer.AchievementInput) { in.CreditsAvailable = -1 }, "credits", "The credits have to be"},
		"no number of credits":      {func(in *issuer.AchievementInput) { in.CreditsAvailable = math.NaN() }, "credits", "The credits have to be"},
		"a code of two lines":       {func(in *issuer.AchievementInput) { in.HumanCode = "a\nb" }, "human_code", "The code has to be one line"},
		"an identifier of no kind":  {func(in *issuer.AchievementInput) { in.OtherIdentifiers[0].Type = "x" }, "other_identifier", "Identifier 1: the kind of identifier"},
		"an empty identifier":       {func(in *issuer.AchievementInput) { in.OtherIdentifiers[0].Value = "" }, "other_identifier", "Identifier 1 is empty."},
		"research without title":    {func(in *issuer.AchievementInput) { in.About.Research[0].Title = "" }, "about", "Research 1 needs a title."},
		"research in a script":      {func(in *issuer.AchievementInput) { in.About.Research[0].URL = "javascript:x" }, "about", "Research 1: its address"},
		"endless work":              {func(in *issuer.AchievementInput) { in.About.Hours = math.Inf(1) }, "about", "The hours have to be"},
		"a long method":             {func(in *issuer.AchievementInput) { in.About.Method = long }, "about", "The method may have at most"},
		"a policy that is none":     {func(in *issuer.AchievementInput) { in.Duplicates = "perhaps" }, "duplicates", "Say allow, replace or refuse"},
		"months below nothing":      {func(in *issuer.AchievementInput) { in.Months = -1 }, "months", "The time after which"},
		"all within bounds, but all": {func(in *issuer.AchievementInput) {
			in.Results = nil
			for i := range 20 {
				in.Results = append(in.Results, credential.ResultDescription{Name: fmt.Sprint(i), ResultType: "Result",
					Levels: []credential.RubricCriterionLevel{{Name: "x", Description: long[:15_000]}}})
			}
		}, "too_large", "With all its parts"},
	} {
		t.Run(name, func(t *testing.T) {
			in := everything()
			test.change(&in)
			_, err := d.CreateAchievement(t.Context(), in)
			wantCode(t, err, issuer.KindInvalid, test.code)
			if detail := err.(*issuer.Error).Detail; !strings.HasPrefix(detail, test.detail) || !strings.HasSuffix(detail, ".") || strings.Contains(detail, "  ") {
				t.Errorf("told %q", detail)
			}
		})
	}
	if all, err := d.Achievements(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d published, error %v", len(all), err)
	}
}

// watching opens the installation of d again with an observer.
func (d *desk) watching(t testing.TB, observe func(issuer.Tx, issuer.Event) error) *issuer.Service {
	t.Helper()
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := issuer.Open(t.Context(), issuer.Config{Store: d.store, Keys: folder, Now: d.clock.Now, Check: accept, Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVersions(t *testing.T) {
	d := newDesk(t, public)
	var events []string
	s := d.watching(t, func(_ issuer.Tx, e issuer.Event) error {
		events = append(events, string(e.Type)+" "+e.Subject)
		return nil
	})
	by := issuer.Write{Actor: "account:1"}
	in := everything()
	first, err := s.CreateAchievement(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	space := s.Workspace(first.Organisation)
	c := d.award(t)
	draft, err := space.NewVersion(t.Context(), first.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	related := credential.Related{ID: first.URL, InLanguage: "es-MX", Version: "1.0"}
	want := first.Input()
	want.Version = "1.1"
	if diff := cmp.Diff(want, draft.Input()); diff != "" || draft.State() != issuer.AchievementDraft || draft.Series != first.ID || draft.Replaces != first.ID ||
		draft.Content.Related[0] != related || len(draft.Content.Related) != 2 {
		t.Errorf("%+v\n%s", draft, diff)
	}
	_, err = space.NewVersion(t.Context(), draft.ID, by)
	wantCode(t, err, issuer.KindConflict, "not_published")
	rival, err := space.NewVersion(t.Context(), first.ID, by) // two people begin at once
	if err != nil {
		t.Fatal(err)
	}
	changed := draft.Input()
	changed.Related, changed.Description = nil, "Uses more questions."
	if draft, err = space.Redraft(t.Context(), draft.ID, changed, by); err != nil || len(draft.Content.Related) != 1 || draft.Content.Related[0] != related {
		t.Fatal(draft.Content.Related, err)
	}
	events = nil
	second, err := space.Publish(t.Context(), draft.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	if old, err := s.Achievement(t.Context(), first.ID); err != nil || old.ReplacedBy != second.ID || old.State() != issuer.AchievementArchived || string(old.Document) != string(first.Document) {
		t.Errorf("%+v, error %v", old, err)
	}
	if got, err := s.Document(t.Context(), second.URL+"/image.svg"); err != nil || string(got) != clean {
		t.Errorf("the picture is %s, error %v", got, err)
	}
	if slices.Sort(events); !slices.Equal(events, []string{"achievement.archived " + first.ID, "achievement.published " + second.ID}) {
		t.Errorf("told of %v", events)
	}
	if parsed, err := credential.Parse(c.JSON); err != nil || parsed.Subject.Achievement.ID != first.URL {
		t.Errorf("the award is of %v, error %v", parsed.Subject.Achievement, err)
	}
	_, err = space.Publish(t.Context(), rival.ID, by)
	wantCode(t, err, issuer.KindConflict, "replaced")
	_, err = space.NewVersion(t.Context(), first.ID, by)
	wantCode(t, err, issuer.KindConflict, "replaced")
	draft, err = space.NewVersion(t.Context(), second.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	third, err := space.PublishBeside(t.Context(), draft.ID, by)
	if err != nil || third.Series != first.ID || third.Content.Version != "1.2" {
		t.Fatal(third, err)
	}
	if old, err := s.Achievement(t.Context(), second.ID); err != nil || old.ReplacedBy != third.ID || old.State() != issuer.AchievementPublished {
		t.Errorf("%+v, error %v", old, err)
	}
	for _, id := range []string{first.ID, second.ID, third.ID} {
		all, err := s.Versions(t.Context(), id)
		var ids []string
		for _, a := range all {
			ids = append(ids, a.ID)
		}
		if err != nil || !slices.Equal(ids, []string{first.ID, second.ID, third.ID}) {
			t.Errorf("the versions of %s: %v, error %v", id, ids, err)
		}
	}
	// What belongs to another organisation is like what never was.
	other, err := s.CreateOrganisation(t.Context(), "Other", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	stranger := s.Workspace(other.ID)
	_, err = stranger.NewVersion(t.Context(), third.ID, by)
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = stranger.SetAchievement(t.Context(), third.ID, issuer.AchievementSettings{}, by)
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = stranger.PublishBeside(t.Context(), rival.ID, by)
	wantCode(t, err, issuer.KindMissing, "not_found")
}

func TestSetAchievement(t *testing.T) {
	d := newDesk(t, public)
	space := d.space(t)
	draft, err := space.Draft(t.Context(), everything(), issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	published := d.publish(t)
	settings := issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced, Months: 12, Renewable: true}
	for _, id := range []string{draft.ID, published.ID} {
		before, err := space.Achievement(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		_, err = space.SetAchievement(t.Context(), id, settings, issuer.Write{Actor: "test", Versions: []uint64{before.Revision + 1}})
		wantCode(t, err, issuer.KindConflict, "version")
		if _, err := space.SetAchievement(t.Context(), id, settings, issuer.Write{Actor: "test", Versions: []uint64{before.Revision}}); err != nil {
			t.Fatal(err)
		}
		after, err := space.Achievement(t.Context(), id)
		want := before
		want.Duplicates, want.Months, want.Renewable, want.Revision = settings.Duplicates, 12, true, before.Revision+1
		if diff := cmp.Diff(want, after); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	_, err = space.SetAchievement(t.Context(), published.ID, issuer.AchievementSettings{Months: 1201}, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindInvalid, "months")
	if n := d.actions(t, "achievement.set"); n != 2 {
		t.Errorf("%d entries in the audit log", n)
	}
}

func TestNextVersion(t *testing.T) {
	d := newDesk(t, public)
	for version, want := range map[string]string{"": "2", "1": "2", "1.0": "1.1", "2026": "2027", "v9": "v10", "first": "first.2"} {
		a, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Name: "N", Description: "D", Criteria: "C", Version: version, Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if next, err := d.space(t).NewVersion(t.Context(), a.ID, issuer.Write{Actor: "test"}); err != nil || next.Content.Version != want {
			t.Errorf("after %q: %q, error %v", version, next.Content.Version, err)
		}
	}
}

// reading counts how many achievements are read from lists.
type reading struct {
	issuer.Store
	n *int
}

func (s reading) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.Store.Update(ctx, func(tx issuer.Tx) error { return fn(readingTx{tx, s.n}) })
}

type readingTx struct {
	issuer.Tx
	n *int
}

func (tx readingTx) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	rows, next, err := tx.Tx.List(k, q)
	if k.Name == "achievement" {
		*tx.n += len(rows)
	}
	return rows, next, err
}

// TestTheOnlyAchievement: which achievement is meant where none is named is found by reading two at most, however many there are; those
// that are archived, or another organisation's, do not count.
func TestTheOnlyAchievement(t *testing.T) {
	d := newDesk(t, public)
	o := d.organisation(t)
	for range 3 {
		a := d.publish(t)
		if _, err := d.space(t).Archive(t.Context(), a.ID, staff); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
	wantCode(t, err, issuer.KindMissing, "not_found")
	ours := d.publish(t)
	other, err := d.CreateOrganisation(t.Context(), "Hillside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}); err != nil || c.Achievement != ours.ID {
		t.Errorf("%+v, error %v", c, err)
	}
	in := issuer.AchievementInput{Organisation: other.ID, Name: "N", Description: "D", Criteria: "C", Actor: "test"}
	for range 3 {
		if _, err := d.CreateAchievement(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	s := d.beside(t, reading{d.store, &n})
	c, err := s.Workspace(o.ID).Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}, staff)
	if err != nil || c.Achievement != ours.ID || n != 1 {
		t.Errorf("%d achievements were read, error %v", n, err)
	}
	for organisation, want := range map[string]int{other.ID: 2, "": 3} {
		n = 0
		_, err = s.Issue(t.Context(), issuer.AwardInput{Organisation: organisation, Recipient: "ada@example.org"})
		if wantCode(t, err, issuer.KindInvalid, "achievement"); n > want {
			t.Errorf("%d achievements were read", n)
		}
	}
	lists, err := s.Workspace(other.ID).StatusLists(t.Context())
	if err != nil || len(lists) != 0 {
		t.Errorf("%+v, error %v", lists, err)
	}
	if lists, err = s.Workspace(o.ID).StatusLists(t.Context()); err != nil || len(lists) != 2 {
		t.Errorf("%+v, error %v", lists, err)
	}
}
