package roster_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

// book is a workbook as a table program writes it.
func book(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	fill(f)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// swap is a workbook with other parts. change is told every part, and "" at the end, and returns what it becomes.
func swap(t testing.TB, data []byte, change func(name, text string) string, more ...string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	put := func(name, text string) {
		part, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(part, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		put(f.Name, change(f.Name, string(text)))
	}
	for _, name := range more {
		put(name, "")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func small(t testing.TB) []byte {
	return book(t, func(f *excelize.File) {
		_ = f.SetSheetRow("Sheet1", "A1", &[]any{"Email", "Name"})
		_ = f.SetSheetRow("Sheet1", "A2", &[]any{"a@example.org", "Ada"})
	})
}

// TestBombs: what is small and becomes large is refused before it does.
func TestBombs(t *testing.T) {
	inside := func(part, before, text string) []byte {
		return swap(t, small(t), func(name, old string) string {
			if strings.HasSuffix(name, part) {
				if !strings.Contains(old, before) {
					t.Fatalf("no %s in %s", before, old)
				}
				return strings.Replace(old, before, text+before, 1)
			}
			return old
		})
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf("xl/worksheets/sheet%d.xml", i+2)
	}
	const mb = 1 << 20
	for name, test := range map[string]struct {
		data []byte
		code string
	}{
		"empty texts":           {inside("sharedStrings.xml", "</sst>", strings.Repeat("<si/>", 30*mb/5)), "file_size"},
		"empty cells":           {inside("sheet1.xml", "</sheetData>", `<row r="9">`+strings.Repeat("<c/>", 30*mb/4)+"</row>"), "file_kind"},
		"empty styles":          {inside("styles.xml", "</cellXfs>", strings.Repeat("<xf/>", mb)), "file_size"},
		"one attribute":         {inside("sheet1.xml", "</sheetData>", `<row r="9" x="`+strings.Repeat("x", 8*mb)+`"/>`), "file_size"},
		"many attributes":       {inside("sheet1.xml", "</sheetData>", `<row`+strings.Repeat(` a=""`, 2*mb)+`/>`), "file_size"},
		"a text in many pieces": {inside("sharedStrings.xml", "</sst>", "<si><t>"+strings.Repeat("x<!---->", 2*mb)+"</t></si>"), "file_size"},
		"many parts":            {swap(t, small(t), func(_, old string) string { return old }, many...), "file_size"},
		"rows out of order":     {inside("sheet1.xml", "</sheetData>", `<row r="1"/>`), "file_kind"},
		"cells out of order":    {inside("sheet1.xml", "</sheetData>", `<row r="9"><c r="B9"/><c r="A9"/></row>`), "file_kind"},
		"a text that is not":    {inside("sheet1.xml", "</sheetData>", `<row r="9"><c t="s"><v>77</v></c></row>`), "file_kind"},
		"nested":                {inside("sheet1.xml", "</sheetData>", strings.Repeat("<x>", 100)), "file_kind"},
		"torn":                  {swap(t, small(t), func(_, old string) string { return old[:len(old)/2] }), "file_kind"},
		"entities": {swap(t, small(t), func(name, old string) string {
			if strings.HasSuffix(name, "sharedStrings.xml") {
				return `<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("x", 1000) + `">]><sst><si><t>&a;</t></si></sst>`
			}
			return old
		}), "file_kind"},
		"a line without end":  {[]byte("email,name\n" + strings.Repeat("a,", (roster.MaxBytes-100)/2) + "\n"), "file_text"},
		"a header of columns": {[]byte(strings.Repeat("a,", (roster.MaxBytes-100)/2) + "\n"), "file_header"},
		"a long cell":         {[]byte("email,name\na@example.org,\"" + strings.Repeat("x\n", roster.MaxBytes/2-100) + "\"\n"), "file_text"},
		"long rows":           {[]byte("email,name\n" + strings.Repeat(strings.Repeat("a,", 205)+"\n", 49_000)), "file_text"},
		"many cells":          {[]byte("email" + strings.Repeat(",x", 199) + "\n" + strings.Repeat(strings.Repeat("a,", 199)+"\n", 49_000)), "file_size"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := roster.Read(test.data, roster.Options{Achievement: "one"})
			runtime.ReadMemStats(&after)
			var refusal *issuer.Error
			if !errors.As(err, &refusal) || refusal.Code != test.code {
				t.Errorf("error %v, want %s", err, test.code)
			}
			if grown := int64(after.HeapSys-before.HeapSys) >> 20; grown > 300 {
				t.Errorf("%d bytes took %d MB", len(test.data), grown)
			}
		})
	}
}

// TestWorkbookNumbers: a number is awarded as its cell shows it.
func TestWorkbookNumbers(t *testing.T) {
	type cell struct {
		value float64
		code  string
	}
	cells := []struct {
		cell
		want string
	}{
		{cell{4.1, ""}, "4.1"}, {cell{100, ""}, "100"}, {cell{0.95, "0%"}, "95%"}, {cell{0.955, "0.0%"}, "95.5%"}, {cell{123, "00000"}, "00123"}, {cell{3, "0.00"}, "3.00"},
		{cell{2.5, "0.0#"}, "2.5"}, {cell{1234.5, "#,##0.00"}, "1234.50"}, {cell{7, `"A-"000`}, "A-007"}, {cell{9, `0" of 10"`}, "9 of 10"}, {cell{46085, "d/m/yyyy"}, "2026-03-04"},
		{cell{46085.5, "yyyy-mm-dd hh:mm"}, "2026-03-04T12:00:00Z"}, {cell{1.005, "0.00"}, "1.00"}, {cell{-2.5, "0;(0)"}, "-2"}, {cell{1.5, "[h]:mm"}, "1.5"}, {cell{0.5, "# ?/?"}, "0.5"},
		{cell{12, `[$€-2] 0.00`}, "€ 12.00"}, {cell{12345678, "0.0,,"}, "12345678"}, {cell{0.00001, ""}, "0.00001"}, {cell{1, `"`}, "1"}, {cell{1, "[Red]0"}, "1"},
	}
	data := book(t, func(f *excelize.File) {
		header, row := []any{"Email"}, []any{"a@example.org"}
		for i, c := range cells {
			header, row = append(header, fmt.Sprintf("Column %d", i)), append(row, c.value)
			if c.code != "" {
				style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &c.code})
				name, _ := excelize.CoordinatesToCellName(i+2, 2)
				if err == nil {
					err = f.SetCellStyle("Sheet1", name, name, style)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		_, _ = f.SetSheetRow("Sheet1", "A1", &header), f.SetSheetRow("Sheet1", "A2", &row)
	})
	data = swap(t, data, func(_, text string) string { // as Excel writes it
		return strings.ReplaceAll(text, "<v>4.1</v>", "<v>4.0999999999999996</v>")
	})
	s, err := roster.Read(data, roster.Options{Achievement: "one"})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cells {
		if got := rowsOf(s)[0].Cells[i+1]; got != c.want {
			t.Errorf("%v as %q: %q, want %q", c.value, c.code, got, c.want)
		}
	}
	data = book(t, func(f *excelize.File) {
		_ = f.SetSheetRow("Sheet1", "A1", &[]any{"Email", "Awarded", "Grade"})
		_ = f.SetSheetRow("Sheet1", "A2", &[]any{"a@example.org", 2026, true})
	})
	s, err = roster.Read(data, roster.Options{Achievement: "one", Result: "r"})
	if err != nil || len(s.Problems()) != 1 || s.Problems()[0].Code != "date" || s.Problems()[0].Value != "2026" || rowsOf(s)[0].Award.Results[0].Value != "TRUE" {
		t.Errorf("a year as a day: %+v, error %v", rowsOf(s), err)
	}
}

// TestWorkbookTexts: the texts of a workbook are read in every form that they have.
func TestWorkbookTexts(t *testing.T) {
	data := swap(t, small(t), func(name, text string) string {
		switch {
		case strings.HasSuffix(name, "sharedStrings.xml"):
			return `<x:sst xmlns:x="u"><x:si><x:t>Email</x:t></x:si><x:si><x:r><x:t>Na</x:t></x:r><x:r><x:t xml:space="preserve">me</x:t></x:r><x:rPh><x:t>naa</x:t></x:rPh></x:si>` +
				`<x:si><x:t>A_x0064_a &amp; B_x_</x:t></x:si></x:sst>`
		case strings.HasSuffix(name, "sheet1.xml"):
			return `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>` +
				`<row r="4"><c t="inlineStr"><is><r><t>a@</t></r><t>example.org</t></is></c><c t="s"><f>A1</f><v>2</v></c></row>` +
				`<row><c r="A5" t="str"><v>b@example.org</v></c><c r="XFD5" t="e"><v>#N/A</v></c></row></sheetData></worksheet>`
		}
		return text
	})
	s, err := roster.Read(data, roster.Options{Achievement: "one"})
	if err != nil || len(rowsOf(s)) != 2 || len(s.Problems()) > 0 {
		t.Fatalf("%+v, error %v", s, err)
	}
	if diff := cmp.Diff([][]string{{"a@example.org", "Ada & B_x_"}, {"b@example.org"}}, [][]string{rowsOf(s)[0].Cells, rowsOf(s)[1].Cells}); diff != "" || rowsOf(s)[0].Number != 4 || rowsOf(s)[1].Number != 5 {
		t.Error(diff, rowsOf(s))
	}
}

// TestEvidenceTwice: of two addresses of one piece of evidence none is left out.
func TestEvidenceTwice(t *testing.T) {
	s := read(t, "email,evidence,Evidence URL\na@example.org,https://one.example/,https://two.example/\nb@example.org,https://one.example/,https://one.example/\nc@example.org,in words,https://two.example/\n",
		roster.Options{Achievement: "one"})
	if p := s.Problems(); len(p) != 1 || p[0].Row != 2 || p[0].Code != "evidence" || p[0].Column != "Evidence URL" {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff([]issuer.Evidence{{URL: "https://two.example/", Narrative: "in words"}}, rowsOf(s)[2].Award.Evidence); diff != "" {
		t.Error(diff)
	}
}
