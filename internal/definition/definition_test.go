package definition

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/issuer"
)

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`

func inline() string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(drawing))
}

// badgeEngine is an achievement as Badge Engine shows it, with everything that its forms ask for.
const badgeEngine = `{"docId":"65a1","id":"https://engine.example/issuers/1/credentials/65a1","type":["Achievement"],"achievementType":"EventAttendance",
 "createdAt":"2024-01-05T10:00:00.000Z","updatedAt":"2024-01-05T10:00:00.000Z","creatorId":"1","creditsAvailable":null,"isPublic":true,"imageId":"9",
 "creator":{"docId":"1","id":"https://engine.example/issuers/1","type":["Profile"],"name":"Digital Promise","url":"https://promise.example","email":"a@b.example","phone":null},
 "criteria":{"id":"https://engine.example/issuers/1/credentials/65a1#Criteria","narrative":"<h2>Overview</h2><p>Show <strong>two</strong> lessons &amp; a <a href=\"https://promise.example/how\">reflection</a>.</p><ul><li>One</li><li>Two_b</li></ul>"},
 "description":"Uses questions well.","fieldOfStudy":null,"humanCode":null,"inLanguage":"en","name":"Asking Questions","tag":["questions"],"version":null,
 "image":{"docId":"9","id":"https://engine.example/x.png","type":"Image","caption":"A shield","encodedImageData":"PICTURE"},
 "alignment":[],"endorsement":[],"otherIdentifier":[],"related":[],
 "resultDescription":[{"docId":"7","id":"urn:uuid:1","type":["ResultDescription"],"name":"Lesson","resultType":"RubricCriterion","requiredLevel":"urn:uuid:3",
  "questionType":"FILEQUESTION","uiPlacement":"WorkExample","allowedValue":[],"alignmentIds":[],"achievementId":"65a1",
  "rubricCriterionLevel":[{"docId":"8","id":"urn:uuid:2","type":["RubricCriterionLevel"],"name":"Not yet","level":"Not yet","description":"<p>None</p>","points":null,"resultDescriptionId":"7"},
   {"docId":"8","id":"urn:uuid:3","type":["RubricCriterionLevel"],"name":"Demonstrated","level":"Demonstrated","description":"Two","points":null,"resultDescriptionId":"7"}]}],
 "extensions":[{"id":"4","achievementId":"65a1","assessmentExtensions":[{"id":"5","type":["Extension"],"context":[],"achievementId":"65a1","extensionsId":"4",
  "supportingResearchAndRationale":"<p>Questions work. See <a href=\"https://doi.example/1\">Smith (2019)</a> and <a href=\"https://doi.example/2\">Lee</a>.</p><ul><li><a href=\"https://doi.example/3\">Hall</a></li></ul>",
  "resources":"A plain page https://promise.example/guide."}]}],
 "validFor":{"id":"3","neverExpires":null,"specifiedPeriod":{"id":"3","numberInput":2,"duration":"YEARS"}},
 "awardHistory":[{"id":"someone"}]}`

func TestBadgeEngine(t *testing.T) {
	text := strings.Replace(badgeEngine, "PICTURE", inline(), 1)
	for name, file := range map[string]string{"alone": text, "listed": "[1,1,[" + text + "]]", "as an answer": `{"result":{"data":{"json":` + text + `}}}`} {
		all, err := Read([]byte(file))
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d definitions, error %v", name, len(all), err)
		}
		d := all[0]
		want := issuer.AchievementInput{
			Name: "Asking Questions", Description: "Uses questions well.", Type: "ext:EventAttendance", Language: "en", Tags: []string{"questions"},
			Criteria: "## Overview\n\nShow **two** lessons & a [reflection](https://promise.example/how).\n\n- One\n- Two\\_b",
			Image:    []byte(drawing), ImageCaption: "A shield", Months: 24,
			Creator: issuer.Creator{Name: "Digital Promise", ID: "https://engine.example/issuers/1", URL: "https://promise.example"},
			Results: []credential.ResultDescription{{ID: "result-1", Name: "Lesson", ResultType: "RubricCriterion", RequiredLevel: "result-1-level-2",
				Levels: []credential.RubricCriterionLevel{{ID: "result-1-level-1", Name: "Not yet", Level: "Not yet", Description: "None"},
					{ID: "result-1-level-2", Name: "Demonstrated", Level: "Demonstrated", Description: "Two"}}}},
			About: issuer.About{
				Submission: "To hand in:\n\n- Work example: Lesson (a file)",
				Research: []issuer.Citation{{Title: "Questions work. See Smith (2019) and Lee.", URL: "https://doi.example/1",
					Note: "Questions work. See [Smith (2019)](https://doi.example/1) and [Lee](https://doi.example/2)."}, {Title: "Hall", URL: "https://doi.example/3"}},
				Resources: []issuer.Citation{{Title: "A plain page https://promise.example/guide.", URL: "https://promise.example/guide"}},
			},
		}
		if diff := cmp.Diff(want, d.Input); diff != "" || d.Source != SourceBadgeEngine || d.Address != "https://engine.example/issuers/1/credentials/65a1" {
			t.Errorf("%s: %s %s\n%s", name, d.Source, d.Address, diff)
		}
		var fields []string
		for _, n := range d.Notes {
			fields = append(fields, n.Field[strings.LastIndexByte(n.Field, '/')+1:])
		}
		if slices.Sort(fields); !slices.Contains(fields, "email") || !slices.Contains(fields, "awardHistory") || len(fields) != 3 {
			t.Errorf("%s: notes %v", name, d.Notes)
		}
	}
}

func TestBadgeEngineForm(t *testing.T) {
	all, err := Read([]byte(`{"name":"N","description":"D","criteria":"https://promise.example/criteria","supportingResearchAndRationale":"R","resources":"S",
		"resultDescription":[{"name":"Part 1","requireFile":false,"rubricCriterionLevel":[{"level":"High","description":"All"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := issuer.AchievementInput{Name: "N", Description: "D", CriteriaURL: "https://promise.example/criteria",
		Results: []credential.ResultDescription{{ID: "result-1", Name: "Part 1", ResultType: "RubricCriterion",
			Levels: []credential.RubricCriterionLevel{{ID: "result-1-level-1", Name: "High", Description: "All"}}}},
		About: issuer.About{Submission: "To hand in:\n\n- Part 1 (a text)", Research: []issuer.Citation{{Title: "R"}}, Resources: []issuer.Citation{{Title: "S"}}}}
	if diff := cmp.Diff(want, all[0].Input); diff != "" || all[0].Notes != nil {
		t.Error(diff, all[0].Notes)
	}
}

func TestOpenBadges2(t *testing.T) {
	class := `{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","id":"https://old.example/b/1","name":"Reader","description":"Reads.","image":"` + inline() + `",
		"criteria":{"narrative":"Read *ten* books."},"tags":["reading"],"@language":"en","version":"2","related":{"type":"BadgeClass","id":"https://old.example/b/0","version":"1"},
		"alignment":[{"targetName":"RL.1","targetUrl":"https://core.example/1","targetCode":"RL.1","targetFramework":"Core"},{"name":"Old","url":"https://core.example/2"}],
		"issuer":{"id":"https://old.example/i","type":"Issuer","name":"Old School","url":"https://old.example","image":"https://old.example/logo.png"},
		"extensions:hours":{"type":["Extension"],"hours":3}}`
	for name, file := range map[string]string{"class": class,
		"assertion": `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://old.example/a/1","recipient":{"type":"email","identity":"ada@example.org"},"badge":` + class + `}`} {
		all, err := Read([]byte(file))
		if err != nil {
			t.Fatal(name, err)
		}
		want := issuer.AchievementInput{Name: "Reader", Description: "Reads.", Criteria: "Read *ten* books.", Type: "Badge", Version: "2", Language: "en", Tags: []string{"reading"},
			Image: []byte(drawing), Creator: issuer.Creator{Name: "Old School", ID: "https://old.example/i", URL: "https://old.example"},
			Related: []credential.Related{{ID: "https://old.example/b/0", Version: "1"}},
			Alignments: []credential.Alignment{{TargetName: "RL.1", TargetURL: "https://core.example/1", TargetCode: "RL.1", TargetFramework: "Core"},
				{TargetName: "Old", TargetURL: "https://core.example/2"}}}
		if diff := cmp.Diff(want, all[0].Input); diff != "" || all[0].Source != SourceOpenBadges2 {
			t.Error(name, all[0].Source, diff)
		}
		notes := fmt.Sprint(all[0].Notes)
		for _, want := range []string{"/extensions:hours", "/issuer/image", "/issuer "} {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: no note on %s in %s", name, want, notes)
			}
		}
		if strings.Contains(notes, "ada@") {
			t.Errorf("%s: the recipient stands in a note", name)
		}
	}
}

func TestCASE(t *testing.T) {
	const item = `{"identifier":"1b","uri":"https://case.example/uri/1b","fullStatement":"Ask and answer questions.","humanCodingScheme":"RL.1.1","CFItemType":"Standard",
		"CFDocumentURI":{"title":"Core","identifier":"2c","uri":"https://case.example/uri/2c"},"lastChangeDateTime":"2020-01-01T00:00:00Z"}`
	want := []credential.Alignment{{TargetName: "Ask and answer questions.", TargetURL: "https://case.example/uri/1b", TargetCode: "RL.1.1", TargetFramework: "Core", TargetType: "CFItem"}}
	for name, file := range map[string]string{"item": item, "answer": `{"CFItem":` + item + `}`, "items": `{"CFItems":[` + item + `]}`,
		"package": `{"CFDocument":{"identifier":"2c","uri":"https://case.example/uri/2c","title":"Core","creator":"State"},"CFItems":[` + item + `],"CFAssociations":[{"identifier":"3"}]}`} {
		all, err := Read([]byte(file))
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(issuer.AchievementInput{Alignments: want}, all[0].Input); diff != "" || all[0].Source != SourceCASE || len(all[0].Notes) == 0 {
			t.Error(name, diff, all[0].Notes)
		}
		if name == "package" && !strings.Contains(fmt.Sprint(all[0].Notes), "/CFAssociations") {
			t.Error("no note on associations:", all[0].Notes)
		}
	}
	all, err := Read([]byte(`{"CFDocument":{"title":"F"},"CFRubrics":[{"identifier":"1","CFRubricCriteria":[{"identifier":"c","uri":"https://case.example/c","category":"Voice",
		"description":"Speaks up.","CFRubricCriterionLevels":[{"quality":"Low","score":1,"description":"Seldom"},{"quality":"High","score":2.5}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	rubric := []credential.ResultDescription{{ID: "rubric-1-1", Name: "Voice", ResultType: "RubricCriterionLevel",
		Alignments: []credential.Alignment{{TargetName: "Voice", TargetURL: "https://case.example/c", TargetCode: "c", TargetDescription: "Speaks up.", TargetFramework: "F", TargetType: "CFRubricCriterion"}},
		Levels:     []credential.RubricCriterionLevel{{ID: "rubric-1-1-level-1", Name: "Low", Points: "1", Description: "Seldom"}, {ID: "rubric-1-1-level-2", Name: "High", Points: "2.5"}}}}
	if diff := cmp.Diff(rubric, all[0].Input.Results); diff != "" {
		t.Error(diff)
	}
}

func TestOpenBadges3(t *testing.T) {
	const achievement = `{"id":"https://other.example/a/1","type":["Achievement"],"name":{"es":"Lector","en":"Reader"},"description":"Reads.","criteria":{"id":"https://other.example/how"},
		"image":{"id":"https://other.example/i.png","type":"Image"},"creator":"https://state.example/","creditsAvailable":1.5,"resultDescription":[
		{"id":"https://other.example/a/1#voice","type":["ResultDescription"],"name":"Voice","resultType":"Status","requiredLevel":"urn:nowhere"}],"endorsementJwt":["a.b.c"],"custom":true}`
	for name, file := range map[string]string{"achievement": achievement, "badge": `{"@context":["x"],"type":["VerifiableCredential","OpenBadgeCredential"],
		"credentialSubject":{"type":"AchievementSubject","identifier":[{"identityHash":"ada@example.org"}],"achievement":` + achievement + `}}`} {
		all, err := Read([]byte(file))
		if err != nil {
			t.Fatal(name, err)
		}
		want := issuer.AchievementInput{Name: "Reader", Description: "Reads.", CriteriaURL: "https://other.example/how", CreditsAvailable: 1.5,
			Results: []credential.ResultDescription{{ID: "voice", Name: "Voice", ResultType: "Status"}}}
		if diff := cmp.Diff(want, all[0].Input); diff != "" || all[0].Source != SourceOpenBadges3 {
			t.Error(name, diff)
		}
		notes := fmt.Sprint(all[0].Notes)
		for _, want := range []string{"/name ", "/image ", "/creator ", "/requiredLevel ", "/endorsementJwt ", "/custom "} {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: no note on %s in %s", name, want, notes)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, file := range map[string]string{"nothing": ``, "no JSON": `name: x`, "a text": `"x"`, "another object": `{"name":"x"}`, "an empty list": `[]`, "twice a name": `{"type":"BadgeClass","name":"a","name":"b"}`,
		"a later format": `{"laurelAchievement":2,"achievement":{}}`, "another export": `{"laurelAchievement":1,"achievement":{},"about":{"unheard":1}}`,
		"an empty framework": `{"CFDocument":{"title":"x"}}`, "a hosted badge": `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","badge":"https://x.example/b"}`,
		"too many":       "[" + strings.Repeat(`{"type":"Achievement","name":"x"},`, 500) + `{"type":"Achievement","name":"x"}]`,
		"too many items": `{"CFItems":[` + strings.Repeat(`{},`, 5000) + `{}]}`} {
		if all, err := Read([]byte(file)); err == nil {
			t.Errorf("%s: %+v", name, all)
		}
	}
	if _, err := Read([]byte(`{"name":"x"}`)); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func TestMarkdown(t *testing.T) {
	for rich, want := range map[string]string{
		"a < b and *c*":                  "a < b and *c*",
		"<p>a *b* &lt;i&gt;</p><p>c</p>": "a \\*b\\* \\<i\\>\n\nc",
		"<p># no heading</p>":            "\\# no heading",
		"<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol><p>d</p>": "1. a\n2. b\n  - c\n\nd",
		"<p>x<script>alert(1)</script><style>p{}</style> y</p>":    "x y",
		`<p><a href="javascript:alert(1)">x</a></p>`:               "x",
		"</p></ul></a><p>": "",
		"a<br>b":           "a\n\nb",
	} {
		if got := markdown(rich); got != want {
			t.Errorf("%q: %q, want %q", rich, got, want)
		}
	}
}

var word = rapid.StringMatching(`[a-zA-Zéñ*<&][a-z ]{0,8}[a-z]`)

func optional[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	return rapid.Custom(func(t *rapid.T) (v T) {
		if rapid.Bool().Draw(t, "there") {
			v = g.Draw(t, "value")
		}
		return v
	})
}

func listOf[T any](t *rapid.T, name string, draw func(i int) T) (all []T) {
	for i := range rapid.IntRange(0, 3).Draw(t, name) {
		all = append(all, draw(i))
	}
	return all
}

func drawAchievement(t *rapid.T) issuer.Achievement {
	text := func(name string) string { return optional(word).Draw(t, name) }
	must := func(name string) string { return word.Draw(t, name) }
	alignments := func() []credential.Alignment {
		return listOf(t, "alignments", func(i int) credential.Alignment {
			return credential.Alignment{TargetName: must("target"), TargetURL: fmt.Sprintf("https://frame.example/%d", i), TargetCode: text("code"),
				TargetDescription: text("description"), TargetFramework: text("framework"), TargetType: optional(rapid.SampledFrom([]string{"CFItem", "ext:x"})).Draw(t, "type")}
		})
	}
	citations := func() []issuer.Citation {
		return listOf(t, "citations", func(int) issuer.Citation {
			return issuer.Citation{Title: must("title"), URL: "https://x.example/", Note: text("note")}
		})
	}
	a := issuer.Achievement{ID: "one", Organisation: "org", Name: must("name"), Created: time.Unix(1, 0).UTC(), Revision: 3,
		Series: text("series"), Replaces: text("replaces"), Months: rapid.IntRange(0, 9).Draw(t, "months"), Renewable: rapid.Bool().Draw(t, "renewable"),
		Duplicates: rapid.SampledFrom([]issuer.DuplicatePolicy{"", issuer.DuplicatesRefused}).Draw(t, "duplicates"),
		About: issuer.About{Competency: text("competency"), Method: text("method"), Components: text("components"), Research: citations(), Resources: citations(),
			Submission: text("submission"), Assessment: text("assessment"), Participation: text("participation"), Supervised: rapid.Bool().Draw(t, "supervised"),
			IdentityProof: rapid.Bool().Draw(t, "proof"), Hours: float64(rapid.IntRange(0, 99).Draw(t, "hours")) / 4, Level: text("level"), Quality: text("quality"),
			QualityURL: "https://q.example/", QualityAccount: text("account"), Stackable: rapid.Bool().Draw(t, "stackable")}}
	a.Content = credential.Achievement{Name: a.Name, Description: must("description"), Criteria: credential.Criteria{ID: "https://c.example/", Narrative: must("criteria")},
		AchievementType: "MicroCredential", Version: text("version"), InLanguage: optional(rapid.SampledFrom([]string{"en", "es-MX"})).Draw(t, "language"),
		Tags: listOf(t, "tags", func(int) string { return must("tag") }), Alignments: alignments(),
		Related: listOf(t, "related", func(i int) credential.Related {
			return credential.Related{ID: fmt.Sprintf("https://r.example/%d", i), Version: text("version"), InLanguage: "en"}
		}),
		CreditsAvailable: float64(rapid.IntRange(0, 99).Draw(t, "credits")) / 8, FieldOfStudy: text("field"), Specialization: text("specialization"), HumanCode: text("human"),
		OtherIdentifiers: listOf(t, "identifiers", func(int) credential.Identifier {
			return credential.Identifier{Type: "systemId", Value: must("identifier")}
		}),
		ResultDescriptions: listOf(t, "results", func(i int) credential.ResultDescription {
			d := credential.ResultDescription{ID: fmt.Sprintf("r%d", i), Name: must("result"), ResultType: "RubricCriterionLevel", AllowedValues: listOf(t, "values", func(int) string { return must("value") }),
				RequiredValue: text("required"), ValueMin: text("min"), ValueMax: text("max"), Alignments: alignments(),
				Levels: listOf(t, "levels", func(j int) credential.RubricCriterionLevel {
					return credential.RubricCriterionLevel{ID: fmt.Sprintf("r%d_%d", i, j), Name: must("name"), Level: text("level"), Points: text("points"), Description: text("description"), Alignments: alignments()}
				})}
			if len(d.Levels) > 0 {
				d.RequiredLevel = d.Levels[0].ID
			}
			return d
		})}
	if rapid.Bool().Draw(t, "creator") {
		a.Content.Creator = &credential.Party{ID: "did:web:state.example", Name: must("creator"), URL: "https://state.example/", Description: text("description")}
	}
	return a
}

// TestRoundTrip: what is exported comes back whole, also when it was published.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAchievement(t)
		var image []byte
		if rapid.Bool().Draw(t, "image") {
			image = []byte(drawing)
			a.Content.Image = credential.Image{ID: "image.svg", Caption: optional(word).Draw(t, "caption")}
		}
		if rapid.Bool().Draw(t, "published") {
			draft, err := a.OpenBadge()
			if err != nil {
				t.Fatal(err)
			}
			a.URL, a.Published = "https://here.example/a/one", time.Unix(2, 0).UTC()
			a.Document = []byte(strings.ReplaceAll(string(draft), "urn:laurel:achievement:one", a.URL))
		}
		text, err := Write(a, issuer.Organisation{ID: "org", DID: "did:web:here.example", Name: "Here"}, image)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Read(text)
		if err != nil || len(all) != 1 {
			t.Fatal(err)
		}
		want := Definition{Source: SourceLaurel, Address: a.URL, Input: a.Input(), Versions: Versions{ID: "one", State: a.State(), Series: a.Series, Replaces: a.Replaces,
			Created: a.Created, Published: a.Published}}
		want.Input.Image, want.Input.Organisation = image, ""
		if diff := cmp.Diff(want, all[0]); diff != "" {
			t.Fatal(diff)
		}
		if image != nil {
			if clean, media, _, _, err := picture.Clean(all[0].Input.Image); err != nil || media != picture.SVG || string(clean) != drawing {
				t.Fatal(media, err)
			}
		}
	})
}

// FuzzRead: no text makes it fail otherwise than by an error, and notes stay few.
func FuzzRead(f *testing.F) {
	f.Add([]byte(badgeEngine))
	f.Add([]byte(`{"type":"BadgeClass","name":["a","b"],"criteria":"<p>x","image":"data:,","alignment":[1,{}],"tags":[[]]}`))
	f.Add([]byte(`{"CFItems":[{"fullStatement":1}],"CFRubrics":{"CFRubricCriteria":[{"CFRubricCriterionLevels":{}}]}}`))
	f.Add([]byte(`{"laurelAchievement":1,"achievement":{"id":"a","type":"Achievement","image":{},"resultDescription":[{"id":"a#b"},{"id":"a#b","rubricCriterionLevel":{}}]},"versions":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := Read(data)
		if (err == nil) != (len(all) > 0) {
			t.Fatal(len(all), err)
		}
		for _, d := range all {
			if len(d.Notes) > mostNotes+1 {
				t.Fatal(len(d.Notes), "notes")
			}
		}
	})
}
