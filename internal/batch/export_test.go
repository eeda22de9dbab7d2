package batch

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// hostileRows are rows whose values are those of somebody who would like to be a formula.
func hostileRows(value string) []Row {
	report := &verifier.Report{Outcome: verifier.Valid, Authentic: verifier.Yes, InForce: verifier.Yes, AsOf: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
		Input: verifier.Input{Kind: "json", Name: value, SHA256: "00ff", URL: value},
		Credential: &verifier.View{Standard: value, Kind: value, ID: value, Name: value, Issuer: verifier.Party{ID: value, Name: value},
			Recipient: []verifier.Identity{{Type: value, Value: value}}, Achievement: &verifier.Award{Name: value}, Awarded: value, ValidUntil: value}}
	other := *report
	other.Outcome, other.InForce = verifier.Invalid, verifier.No
	other.Checks = []verifier.Check{{Step: "status", Code: "revoked", Outcome: verifier.Fail, Detail: value, Facts: verifier.Facts{verifier.FactReason: value}}}
	return []Row{{Number: 1, Report: report}, {Number: 2, Report: &other, SameAs: 1, Like: 1}}
}

func realRows(t *testing.T) []Row {
	reading := award{id: "urn:uuid:0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33", name: "Reading aloud", achievement: "urn:uuid:7f0c4a44-39f0-4c9c-8f0f-0f9c6a3d2f10", email: "maria@example.org"}
	badge := reading.seal(t, false)
	return rowsOf(t, checker(), []Source{{Name: "a.json", Bytes: badge}, {Name: "b.json", Bytes: []byte("{}")}, {Name: "c.json", Bytes: badge}})
}

func csvOf(t testing.TB, rows []Row, l wording.Language, here *wording.Here) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := CSV(&out, rows, l, here); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(out.String(), "\ufeff")
	if !marked || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("no byte order mark, or lines that do not end with CRLF")
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func xlsxOf(t testing.TB, rows []Row, l wording.Language, here *wording.Here) (*excelize.File, string) {
	t.Helper()
	var out bytes.Buffer
	if err := XLSX(&out, rows, l, here); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file, file.GetSheetName(0)
}

// TestCSV: one line for each row under a head in the language.
func TestCSV(t *testing.T) {
	rows := realRows(t)
	for _, l := range wording.Languages {
		lines := csvOf(t, rows, l, nil)
		if len(lines) != 4 || len(lines[0]) != len(columns) {
			t.Fatalf("%q", lines)
		}
		cell := func(row int, head string) string {
			for i, name := range lines[0] {
				if name == l.Say(head) {
					return lines[row][i]
				}
			}
			t.Fatalf("no column %s in %q", head, lines[0])
			return ""
		}
		got := []string{cell(1, "export.number"), cell(1, "export.file"), cell(1, "export.answer"), cell(1, "export.outcome"), cell(1, "export.badge"), cell(1, "export.issuer"),
			cell(1, "export.awarded"), cell(1, "export.checked"), cell(1, "export.sameas"), cell(3, "export.sameas"), cell(3, "export.like"), cell(2, "export.outcome"), cell(2, "export.badge")}
		want := []string{"1", "a.json", l.Verdict(rows[0].Report, wording.Standing{Dated: true}).Title, l.Say("export.outcome.valid"), "Reading aloud", l.SignerLine(rows[0].Report, nil),
			"2026-01-01", "2026-06-01T12:00:00Z", "", "1", "", l.Say("export.outcome.invalid"), ""}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for i, head := range lines[0] {
			if head == "" || strings.HasPrefix(head, "export.") {
				t.Errorf("column %d has no head", i)
			}
		}
	}
}

// TestForgedExports: a badge in the name of an issuer here that did not sign it is good in no cell that a clerk sorts by, and one for an
// achievement of theirs says beside its answer that they did not sign it.
func TestForgedExports(t *testing.T) {
	here := wording.NewHere("https://badges.example", []wording.Issuer{{ID: "did:web:badges.example:i:cedar", Name: "Cedar County Schools"}})
	of := func(p verifier.Party, a *verifier.Award) *verifier.Report {
		return &verifier.Report{Outcome: verifier.Valid, Authentic: verifier.Yes, InForce: verifier.Yes, AsOf: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Credential: &verifier.View{Kind: "AchievementCredential", Issuer: p, Achievement: a}}
	}
	old := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	aged := of(verifier.Party{ID: "did:web:north.example", Name: "North District"}, nil)
	aged.Checks = []verifier.Check{{Step: "status", Outcome: verifier.Pass, AsOf: &old}}
	if lines := csvOf(t, []Row{{Number: 1, Report: aged}}, wording.English, here); lines[1][slices.Index(lines[0], "Result")] != "not known" {
		t.Errorf("what was good a month before: %q", lines[1])
	}
	unproven := of(verifier.Party{ID: "did:web:elsewhere.example", Name: "Harvard University"}, nil)
	unproven.Authentic, unproven.Outcome = verifier.Undecided, verifier.Unknown
	for l, want := range map[wording.Language]string{wording.English: "Says that it is from “Harvard University”", wording.Spanish: "Dice que es de «Harvard University»"} {
		if lines := csvOf(t, []Row{{Number: 1, Report: unproven}}, l, here); lines[1][slices.Index(lines[0], l.Say("export.issuer"))] != want {
			t.Errorf("where nothing is proven: %q", lines[1])
		}
	}
	rows := []Row{
		{Number: 1, Report: of(verifier.Party{ID: "did:web:elsewhere.example", Name: "Cedar C\u043eunty Schools"}, nil)},
		{Number: 2, Report: of(verifier.Party{ID: "did:web:north.example", Name: "North District"}, &verifier.Award{Creator: &verifier.Party{ID: "did:web:badges.example:i:cedar"}})},
	}
	for l, want := range map[wording.Language][2][]string{
		wording.English: {{"Signed, but not by Cedar County Schools of badges.example", "not known", "elsewhere.example, which calls itself “Cedar C\u043eunty Schools”"},
			{"Authentic, and in force on 1 June 2026. Not signed by Cedar County Schools, whom it names", "valid, with a remark", "north.example, which calls itself “North District”"}},
		wording.Spanish: {{"Firmada, pero no por Cedar County Schools de badges.example", "no se sabe", "elsewhere.example, que dice llamarse «Cedar C\u043eunty Schools»"},
			{"Auténtica y vigente el 1 de junio de 2026. No la firmó Cedar County Schools, a quien nombra", "válida, con una observación", "north.example, que dice llamarse «North District»"}},
	} {
		file, sheet := xlsxOf(t, rows, l, here)
		cells, err := file.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for form, lines := range map[string][][]string{"CSV": csvOf(t, rows, l, here), "XLSX": cells} {
			for i := range rows {
				var got []string
				for _, head := range []string{"export.answer", "export.outcome", "export.issuer"} {
					got = append(got, lines[i+1][slices.Index(lines[0], l.Say(head))])
				}
				if diff := cmp.Diff(want[i], got); diff != "" {
					t.Errorf("%s %s row %d: %s", l, form, i+1, diff)
				}
			}
		}
	}
}

// TestHarmless: what a table program would take for a formula begins with an apostrophe.
func TestHarmless(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\rx": "'\rx", "\tx": "'\tx",
		"  =1": "'  =1", `"=1`: `'"=1`, `' =1`: `'' =1`, "\u201c=1": "'\u201c=1", "\u00a0=1": "'\u00a0=1", "\u200b=1": "'\u200b=1",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠a": "'＠a", "−1": "'−1",
		"a;=1+1": "a;'=1+1", "a; @b;c": "a;' @b;c", "a=b": "a=b", "maria@example.org": "maria@example.org", "": "", " ": " ", "a-b;c": "a-b;c",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q: %q, not %q", cell, got, want)
		}
	}
}

// TestFormulas: no value makes a cell a formula, in either form.
func TestFormulas(t *testing.T) {
	for _, value := range []string{`=HYPERLINK("https://a.example","x")`, "+1", "-1+1|cmd", "@SUM(1)", "\t=1", "\r=1", " =1", `"=1`, "＝1", "a;=1", "=1\x00\x01\ufffe", "_x003D_1", "'=1", "\u202e=1", strings.Repeat("=", 100000)} {
		rows := hostileRows(value)
		for _, line := range csvOf(t, rows, wording.English, nil)[1:] {
			for i, cell := range line {
				for part := range strings.SplitSeq(cell, ";") {
					if part = strings.TrimLeft(part, " \"\u00a0"); part != "" && strings.ContainsRune(formula, []rune(part)[0]) {
						t.Errorf("%q: column %d is %q", value, i, cell)
					}
				}
			}
		}
		file, sheet := xlsxOf(t, rows, wording.English, nil)
		for i := range columns {
			for row := 2; row <= 3; row++ {
				name, err := excelize.CoordinatesToCellName(i+1, row)
				if err != nil {
					t.Fatal(err)
				}
				text, err := file.GetCellFormula(sheet, name)
				kind, err2 := file.GetCellType(sheet, name)
				if text != "" || err != nil || err2 != nil || kind == excelize.CellTypeFormula {
					t.Errorf("%q: %s is a formula %q %v %v", value, name, text, err, err2)
				}
			}
		}
	}
}

func TestFormulasAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOfN(rapid.RuneFrom([]rune("=+-@;'\" \t\rab＝\u00a0")), 0, 12, -1).Draw(t, "cell")
		safe := harmless(cell)
		if strings.ReplaceAll(safe, "'", "") != strings.ReplaceAll(cell, "'", "") {
			t.Fatalf("%q lost something: %q", cell, safe)
		}
		for part := range strings.SplitSeq(safe, ";") {
			if strings.HasPrefix(part, "\t") || strings.HasPrefix(part, "\r") {
				t.Fatalf("%q: %q", cell, safe)
			}
			if part = strings.TrimLeft(part, "\" \t\r\u00a0"); part != "" && strings.ContainsRune(formula, []rune(part)[0]) {
				t.Fatalf("%q: %q", cell, safe)
			}
		}
	})
}

// TestXLSX: the workbook reads back as it was written: texts as texts, numbers as numbers, a head that stays, filters.
func TestXLSX(t *testing.T) {
	rows := realRows(t)
	for _, l := range wording.Languages {
		file, sheet := xlsxOf(t, rows, l, nil)
		if sheet != l.Say("export.sheet") {
			t.Errorf("the sheet is %q", sheet)
		}
		got, err := file.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		want := append([][]string{heads(l)}, table(rows, l, nil)...)
		for i := range got { // trailing empty cells are not there
			for len(got[i]) < len(want[i]) {
				got[i] = append(got[i], "")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for cell, kind := range map[string]excelize.CellType{"A2": excelize.CellTypeUnset, "B2": excelize.CellTypeInlineString, "A1": excelize.CellTypeInlineString} {
			if got, err := file.GetCellType(sheet, cell); err != nil || got != kind {
				t.Errorf("%s is of type %v: %v", cell, got, err)
			}
		}
		panes, err := file.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%+v %v", panes, err)
		}
		tables, err := file.GetTables(sheet)
		if err != nil || len(tables) != 1 || tables[0].Range != "A1:T"+strconv.Itoa(len(rows)+1) {
			t.Errorf("%+v %v", tables, err)
		}
	}
	if file, sheet := xlsxOf(t, nil, wording.English, nil); sheet == "" {
		t.Error("no sheet without rows", file)
	}
}

// TestLong: what somebody else wrote is cut, so that no cell is longer than a workbook may have.
func TestLong(t *testing.T) {
	long := strings.Repeat("Wü", 2<<20)
	for _, line := range csvOf(t, hostileRows(long), wording.English, nil) {
		for i, cell := range line {
			if len([]rune(cell)) > 2100 {
				t.Errorf("column %d has %d characters", i, len(cell))
			}
		}
	}
	if cell, _ := workbookCell(long, false).(string); len([]rune(cell)) > mostCell {
		t.Errorf("%d characters", len([]rune(cell)))
	}
}

func TestJSON(t *testing.T) {
	rows := realRows(t)
	var out bytes.Buffer
	if err := JSON(&out, rows); err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Number, SameAs, Like int
		Outcome              string
		Input                verifier.Input
		Checks               []verifier.Check
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[2].Number != 3 || got[2].SameAs != 1 || got[0].Outcome != "valid" || got[1].Outcome != "invalid" || got[0].Input.Name != "a.json" || len(got[0].Checks) < 11 {
		t.Errorf("%+v", got)
	}
	if strings.Contains(out.String(), `"like"`) {
		t.Error("a row that is like none says so")
	}
	out.Reset()
	if err := JSON(&out, nil); err != nil || out.String() != "[]\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}
