package roster_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

// sample is a file of one platform with rows for people who are told apart by their numbers.
type sample struct {
	dialect   string
	delimiter rune
	header    []string
	row       func(i int) []string
	award     func(i int) issuer.AwardInput
	options   roster.Options
}

func address(i int) string { return fmt.Sprintf("p%d@example.org", i) }

func day(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// endOf is the last second of a day.
func endOf(at time.Time) time.Time { return at.Add(24*time.Hour - time.Second) }

var samples = []sample{
	{dialect: "Canvas Credentials", delimiter: ',',
		header: []string{"Badge Class ID", "Identifier", "First Name", "Last Name", "Narrative", "Evidence Narrative", "Evidence URL", "Issue Date", "Expiration Date"},
		row: func(i int) []string {
			return []string{"bc-1", address(i), "Ada", fmt.Sprintf("Nr %d", i), "Two lessons,\nwith \"notes\"", "What she did", "https://example.org/e", "2026-03-04", "2029-03-04"}
		},
		award: func(i int) issuer.AwardInput {
			return issuer.AwardInput{Achievement: "one", Recipient: address(i), Name: fmt.Sprintf("Ada Nr %d", i), Narrative: "Two lessons,\nwith \"notes\"",
				Evidence: []issuer.Evidence{{URL: "https://example.org/e", Narrative: "What she did"}}, AwardedDate: day(2026, 3, 4), ValidUntil: endOf(day(2029, 3, 4))}
		},
		options: roster.Options{Achievements: map[string]string{"BC-1": "one"}}},
	{dialect: "Credly", delimiter: ',',
		header: []string{"Badge Template ID", "Recipient Email", "First Name", "Last Name", "Issued at", "Expiration Date", "Issuer Earner ID", "Country", "State or Province",
			"Evidence Name", "Evidence URL", "Text Evidence Name", "Text Evidence URL", "ID Evidence Title", "ID Evidence Description", "Locale"},
		row: func(i int) []string {
			return []string{"t-9", address(i), "Ada", fmt.Sprintf("Nr %d", i), "03/04/26", "12/31/2029", fmt.Sprint(i), "US", "NV", "Portfolio", "https://example.org/p", "Essay",
				"https://example.org/t", "Talk", "An hour of it", "es-ES"}
		},
		award: func(i int) issuer.AwardInput {
			return issuer.AwardInput{Achievement: "one", Recipient: address(i), Name: fmt.Sprintf("Ada Nr %d", i), Language: "es-ES",
				Evidence: []issuer.Evidence{{URL: "https://example.org/p", Name: "Portfolio"}, {URL: "https://example.org/t", Name: "Essay"},
					{Name: "Talk", Narrative: "An hour of it"}}, AwardedDate: day(2026, 3, 4), ValidUntil: endOf(day(2029, 12, 31))}
		},
		options: roster.Options{Achievements: map[string]string{"t-9": "one"}}},
	{dialect: "Accredible", delimiter: ',',
		header: []string{"Recipient Name", "Recipient Email", "Issued on", "Favourite colour"},
		row:    func(i int) []string { return []string{fmt.Sprintf("Ada Nr %d", i), address(i), "2026-03-04", "green"} },
		award: func(i int) issuer.AwardInput {
			return issuer.AwardInput{Achievement: "one", Recipient: address(i), Name: fmt.Sprintf("Ada Nr %d", i), AwardedDate: day(2026, 3, 4)}
		},
		options: roster.Options{Achievement: "one"}},
	{dialect: "edubadges", delimiter: ';',
		header: []string{"Recipient mailadres", "Recipient EPPN", "Narrative (optional)", "Evidence URL (optional)", "Evidence NAME (optional)", "Evidence Description (optional)", "Grade (optional)"},
		row: func(i int) []string {
			return []string{address(i), fmt.Sprintf("p%d@uni", i), "Sehr schön", "https://example.org/e", "Portfolio", "Three pages; and one more", "8"}
		},
		award: func(i int) issuer.AwardInput {
			return issuer.AwardInput{Achievement: "one", Recipient: address(i), Narrative: "Sehr schön", Results: []credential.Result{{ResultDescription: "result-1", Value: "8"}},
				Evidence: []issuer.Evidence{{URL: "https://example.org/e", Name: "Portfolio", Narrative: "Three pages; and one more"}}}
		},
		options: roster.Options{Achievement: "one", Result: "result-1"}},
	{dialect: "Digital Credentials Consortium", delimiter: '\t',
		header: []string{"earnerName", "emailAddress", "credentialName"},
		row: func(i int) []string {
			return []string{fmt.Sprintf("=Ada Nr %d", i), address(i), "Formative Assessment"}
		},
		award: func(i int) issuer.AwardInput {
			return issuer.AwardInput{Achievement: "one", Recipient: address(i), Name: fmt.Sprintf("=Ada Nr %d", i)}
		},
		options: roster.Options{Achievements: map[string]string{"formative assessment": "one"}}},
	{dialect: "Badgr", delimiter: ',',
		header: []string{"email", "evidence"},
		row:    func(i int) []string { return []string{address(i), "https://example.org/e"} },
		award: func(i int) issuer.AwardInput {
			return issuer.AwardInput{Achievement: "one", Recipient: address(i), Evidence: []issuer.Evidence{{URL: "https://example.org/e"}}}
		},
		options: roster.Options{Achievement: "one"}},
}

const sampleRows = 500

// csv writes a sample with so many rows.
func (s *sample) csv(t testing.TB, rows int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = s.delimiter, true
	lines := [][]string{s.header}
	for i := range rows {
		lines = append(lines, s.row(i))
	}
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// workbook writes a sample as XLSX.
func (s *sample) workbook(t testing.TB, rows int) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: 14}) // a short date, as the language of the program writes it
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows + 1 {
		cells := s.header
		if i > 0 {
			cells = s.row(i - 1)
		}
		values := make([]any, len(cells))
		for j, cell := range cells {
			values[j] = cell
			if at, err := time.Parse(time.DateOnly, cell); err == nil {
				values[j] = excelize.Cell{StyleID: style, Value: at}
			}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDialects reads files as other platforms write them, in all encodings and as workbooks.
func TestDialects(t *testing.T) {
	for _, s := range samples {
		t.Run(s.dialect, func(t *testing.T) {
			text := s.csv(t, sampleRows)
			forms := map[string][]byte{"UTF-8": text, "with a mark": append([]byte("\xef\xbb\xbf"), text...), "with empty rows at its end": append(bytes.Clone(text), "\r\n\r\n"...),
				"a workbook": s.workbook(t, sampleRows)}
			for name, endian := range map[string]unicode.Endianness{"UTF-16LE": unicode.LittleEndian, "UTF-16BE": unicode.BigEndian} {
				for marked, policy := range map[string]unicode.BOMPolicy{" with a mark": unicode.UseBOM, "": unicode.IgnoreBOM} {
					wide, err := unicode.UTF16(endian, policy).NewEncoder().Bytes(text)
					if err != nil {
						t.Fatal(err)
					}
					forms[name+marked] = wide
				}
			}
			for name, data := range forms {
				got, err := roster.Read(data, s.options)
				if err != nil || got.Dialect != s.dialect || len(rowsOf(got)) != sampleRows || !got.Workbook && got.Delimiter != s.delimiter || !cmp.Equal(got.Header, s.header) {
					t.Fatalf("%s: dialect %q, %d rows, delimiter %q, header %q, error %v", name, got.Dialect, len(rowsOf(got)), got.Delimiter, got.Header, err)
				}
				for i, row := range rowsOf(got) {
					if diff := cmp.Diff(s.award(i), row.Award); diff != "" || len(row.Problems) > 0 || row.Number != i+2 {
						t.Fatalf("%s: row %d: problems %+v, -want +got:\n%s", name, row.Number, row.Problems, diff)
					}
				}
			}
			if got, err := roster.Read(text, s.options); err != nil || s.dialect == "Accredible" && !cmp.Equal(got.Unused(), []string{"Favourite colour"}) {
				t.Errorf("unused %q, error %v", got.Unused(), err)
			}
		})
	}
}

func read(t *testing.T, text string, o roster.Options) roster.Sheet {
	t.Helper()
	s, err := roster.Read([]byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestProblems: what is wrong is told by row and column, with the value.
func TestProblems(t *testing.T) {
	const email = "Recipient Email\n"
	cyrillic := "\u0430da@example.org"
	for name, test := range map[string]struct {
		text string
		want []issuer.RowProblem // Detail is a part of the sentence
	}{
		"no address":          {"Recipient Email,Name\n,Ada\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Code: "email", Detail: "missing"}}},
		"no address in a row": {"Name,Recipient Email\nAda\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Code: "email", Detail: "missing"}}},
		"not an address":      {email + "ada\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: "ada", Code: "email", Detail: "e-mail address is not one"}}},
		"a telephone number":  {"Identifier\n+1 702 555 0100\n", []issuer.RowProblem{{Row: 2, Column: "Identifier", Value: "+1 702 555 0100", Code: "email", Detail: "e-mail address is not one"}}},
		"a name with address": {email + "Ada <ada@example.org>\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: "Ada <ada@example.org>", Code: "email", Detail: "e-mail address is not one"}}},
		"no mail server":      {email + "ada@localhost\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: "ada@localhost", Code: "email", Detail: "no name of a mail server"}}},
		"mixed alphabets":     {email + cyrillic + "\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: cyrillic, Code: "email", Detail: "look like others"}}},
		"lookalike domain":    {email + "ada@\u0430\u0440\u0440\u04cf\u0435.com\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: "ada@\u0430\u0440\u0440\u04cf\u0435.com", Code: "email", Detail: "look like others"}}},
		"wide letters":        {email + "ada@\uff45xample.org\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: "ada@\uff45xample.org", Code: "email", Detail: "look like others"}}},
		"a hidden character":  {email + "a\u200bda@example.org\n", []issuer.RowProblem{{Row: 2, Column: "Recipient Email", Value: "a?da@example.org", Code: "email", Detail: "not visible"}}},
		"a hidden direction":  {"Name,Email\nAd\u202ea,ada@example.org\n", []issuer.RowProblem{{Row: 2, Column: "Name", Value: "Ad?a", Code: "hidden", Detail: "not visible"}}},
		"a name of two kinds": {"Name,Email\n\u0410da,ada@example.org\n", []issuer.RowProblem{{Row: 2, Column: "Name", Value: "\u0410da", Code: "name", Detail: "several alphabets"}}},
		"a date of two kinds": {"Email,Issue Date\nada@example.org,03/04/2026\n", []issuer.RowProblem{{Row: 2, Column: "Issue Date", Value: "03/04/2026", Code: "date", Detail: "two ways"}}},
		"a European date":     {"Email,Issue Date\nada@example.org,4.3.2026\n", []issuer.RowProblem{{Row: 2, Column: "Issue Date", Value: "4.3.2026", Code: "date", Detail: "two ways"}}},
		"no date":             {"Email,Issue Date\nada@example.org,soon\n", []issuer.RowProblem{{Row: 2, Column: "Issue Date", Value: "soon", Code: "date", Detail: "no date"}}},
		"a day that is not":   {"Email,Issue Date\nada@example.org,2026-02-30\n", []issuer.RowProblem{{Row: 2, Column: "Issue Date", Value: "2026-02-30", Code: "date", Detail: "no date"}}},
		"a number in CSV":     {"Email,Issue Date\nada@example.org,46085\n", []issuer.RowProblem{{Row: 2, Column: "Issue Date", Value: "46085", Code: "date", Detail: "no date"}}},
		"no evidence":         {"Email,Evidence URL\nada@example.org,javascript:alert(1)\n", []issuer.RowProblem{{Row: 2, Column: "Evidence URL", Value: "javascript:alert(1)", Code: "evidence", Detail: "https://"}}},
		"no language":         {"Email,Locale\nada@example.org,Klingon!\n", []issuer.RowProblem{{Row: 2, Column: "Locale", Value: "Klingon!", Code: "language", Detail: "no language"}}},
		"another achievement": {"Email,Badge Class ID\nada@example.org,two\n", []issuer.RowProblem{{Row: 2, Column: "Badge Class ID", Value: "two", Code: "achievement", Detail: "another achievement"}}},
		"too many cells":      {"Email,Name\nada@example.org,Ada,and,more\n", []issuer.RowProblem{{Row: 2, Value: "and more", Code: "cells", Detail: "4 cells"}}},
		"a stray quote":       {"Email,Name\nada@example.org,A\"da\nbob@example.org,Bob\n", []issuer.RowProblem{{Row: 2, Value: "ada@example.org,A\"da", Code: "cells", Detail: "quotation mark"}}},
		"another encoding":    {"Email,Name\nada@example.org,Ad\xe4\nbob@example.org,B\u00f6b\n", []issuer.RowProblem{{Row: 2, Column: "Name", Value: "Ad?", Code: "encoding", Detail: "cannot be read"}}},
		"a zero":              {"Email,Name\nada@example.org,Ad\x00a\n", []issuer.RowProblem{{Row: 2, Column: "Name", Value: "Ad?a", Code: "encoding", Detail: "cannot be read"}}},
		"the same twice":      {email + "ada@example.org\n\nADA@example.org\n", []issuer.RowProblem{{Row: 4, Column: "Recipient Email", Value: "ada@example.org", Code: "duplicate_row", Detail: "Rows 2 and 4"}}},
		"rows of several lines": {"Email,Narrative\nada@example.org,\"one\ntwo\n\nthree\"\n  \n,,\nbob\n",
			[]issuer.RowProblem{{Row: 5, Column: "Email", Value: "bob", Code: "email", Detail: "e-mail address is not one"}}},
		"two in one row": {"Email,Issue Date\nada,x\n", []issuer.RowProblem{{Row: 2, Column: "Email", Value: "ada", Code: "email", Detail: "e-mail address is not one"},
			{Row: 2, Column: "Issue Date", Value: "x", Code: "date", Detail: "no date"}}},
		"good addresses":       {email + "o'hara+badges@sub.example.org\nandr\u00e9@m\u00fcnchen.example\n\u7528\u6237@\u4f8b\u5b50.example\n", nil},
		"names of the world":   {"Email,Name\na@example.org,\u00c5sa O\u2019Brien-L\u00f3pez\nb@example.org,\u0418\u0432\u0430\u043d\nc@example.org,\u5c71\u7530 Taro\nd@example.org,\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n", nil},
		"many forms of a date": {"Email,Issued at\na@example.org,2026-03-04T10:00:00Z\nb@example.org,2026-03-04 10:00:00\nc@example.org,2026-03-04T10:00:00+02:00\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := read(t, test.text, roster.Options{Achievement: "one"})
			got := s.Problems()
			if len(got) != len(test.want) {
				t.Fatalf("problems %+v", got)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i].Detail, want.Detail) {
					t.Errorf("detail %q, want %q", got[i].Detail, want.Detail)
				}
				want.Detail, got[i].Detail = "", ""
				want.Value = strings.ReplaceAll(want.Value, "?", "\u25a1")
				if diff := cmp.Diff(want, got[i]); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// TestRefused: what cannot be read as a whole is refused in one sentence.
func TestRefused(t *testing.T) {
	many := "Email\n" + strings.Repeat("a@example.org\n", 1_000_000)
	for name, test := range map[string]struct{ text, code, detail string }{
		"nothing":               {"", "file_empty", "empty"},
		"a header alone":        {"Email\n\n", "file_empty", "no rows"},
		"no address":            {"Name,Date\nAda,2026-03-04\n", "file_header", `Found: "Name", "Date".`},
		"no header":             {"ada@example.org,Ada\n", "file_header", "has to name the columns"},
		"a header twice":        {"Email,E-mail\na@example.org,b@example.org\n", "file_header", `"Email" and "E-mail"`},
		"a header that is torn": {"Em\"ail,Name\na@example.org,Ada\n", "file_header", "cannot be read"},
		"another encoding":      {"Email,Pr\xe9nom\na@example.org,Ada\n", "file_text", "CSV UTF-8"},
		"an open quote":         {"Email,Name\na@example.org,\"Ada\nb@example.org,Bob\n", "file_text", "row 2"},
		"a million rows":        {many, "file_rows", "50000"},
		"20 MB and more":        {strings.Repeat("x", roster.MaxBytes+1), "file_size", "20"},
		"many columns":          {strings.Repeat("x,", 500) + "Email\n1\n", "file_header", "501 columns"},
		"a PDF":                 {"%PDF-1.7", "file_kind", "CSV nor XLSX"},
		"an old workbook":       {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_kind", "CSV nor XLSX"},
		"JSON":                  {"{\"a\": 1}", "file_kind", "CSV nor XLSX"},
		"no workbook":           {"PK\x03\x04 and something", "file_kind", "Save it again"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := roster.Read([]byte(test.text), roster.Options{})
			var refusal *issuer.Error
			if !errors.As(err, &refusal) || refusal.Kind != issuer.KindInvalid || refusal.Code != test.code || !strings.Contains(refusal.Detail, test.detail) {
				t.Errorf("got %v, want %s", err, test.code)
			}
		})
	}
}

// TestOptions: what the caller says of a file.
func TestOptions(t *testing.T) {
	s := read(t, "Wer,Wann,Note,E-mail\nada@example.org,3/4/2026,Good,x\n", roster.Options{Achievement: "one", AmericanDates: true, Result: "r", Levels: map[string]string{"good": "l"},
		Columns: map[string]roster.Field{"wer": roster.Recipient, "Wann": roster.Awarded, "Note": roster.Result, "E-Mail": roster.Ignored}})
	want := issuer.AwardInput{Achievement: "one", Recipient: "ada@example.org", AwardedDate: day(2026, 3, 4), Results: []credential.Result{{ResultDescription: "r", AchievedLevel: "l"}}}
	if diff := cmp.Diff(want, rowsOf(s)[0].Award); diff != "" || len(s.Problems()) > 0 || s.Columns["email"] != 0 {
		t.Errorf("%+v, columns %v:\n%s", s.Problems(), s.Columns, diff)
	}
	s = read(t, "email,badge\na@example.org,x\nb@example.org,Y \nb@example.org,x\nc@example.org,\n", roster.Options{Achievements: map[string]string{"X": "1", "y": "2"}})
	if a := rowsOf(s); a[0].Award.Achievement != "1" || a[1].Award.Achievement != "2" || a[2].Award.Achievement != "1" || a[3].Award.Achievement != "" || len(s.Problems()) > 0 || !cmp.Equal(s.Names, []string{"x", "Y"}) {
		t.Errorf("%+v, names %q", rowsOf(s), s.Names)
	}
	if s = read(t, "sep=;\nemail;name\na@example.org;Ada\n", roster.Options{}); s.Delimiter != ';' || rowsOf(s)[0].Number != 2 || rowsOf(s)[0].Award.Name != "Ada" {
		t.Errorf("%+v", s)
	}
	if s = read(t, "email,name\ra@example.org,Ada\r", roster.Options{}); rowsOf(s)[0].Award.Name != "Ada" {
		t.Errorf("%+v", s)
	}
	s = read(t, "email,evidence url 1,evidence name 1,evidence url 2,evidence name 2,evidence\na@example.org,https://a.example,A,https://b.example,B,in words\n", roster.Options{})
	if diff := cmp.Diff([]issuer.Evidence{{URL: "https://a.example", Name: "A", Narrative: "in words"}, {URL: "https://b.example", Name: "B"}}, rowsOf(s)[0].Award.Evidence); diff != "" {
		t.Error(diff)
	}
}

// TestRejected: the rows that are rejected come back as they were given, harmless to table programs, and can be read again.
func TestRejected(t *testing.T) {
	header := "Email,Name,Narrative\n"
	text := header + "good@example.org,Good,\n" + "bad,=HYPERLINK(\"x\"),\"a;=b,\n'c\"\n" + "worse,-1+1,@x\n" + "\"torn\"x\n"
	text = strings.Replace(text, `=HYPERLINK("x")`, `"=HYPERLINK(""x"")"`, 1)
	s := read(t, text, roster.Options{Achievement: "one"})
	var out bytes.Buffer
	if err := roster.WriteRejected(&out, s.Header, s.Rejected()); err != nil {
		t.Fatal(err)
	}
	want := "\ufeff\"Email\",\"Name\",\"Narrative\",\"Laurel row\",\"Laurel problem\"\r\n" +
		"\"bad\",\"'=HYPERLINK(\"\"x\"\")\",\"a;=b,\n'c\",\"3\",\"Email: The e-mail address is not one. Write it as name@example.org.\"\r\n" +
		"\"worse\",\"'-1+1\",\"'@x\",\"4\",\"Email: The e-mail address is not one. Write it as name@example.org.\"\r\n" +
		"\"\"\"torn\"\"x\",\"\",\"\",\"5\",\"A quotation mark stands where none may be. Inside of a quoted cell it is written twice.\"\r\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	again := read(t, strings.NewReplacer("\"bad\"", "bad@example.org", "\"worse\"", "\"worse@example.org\"").Replace(out.String()), roster.Options{Achievement: "one"})
	if rowsOf(again)[0].Award.Name != `=HYPERLINK("x")` || rowsOf(again)[1].Award.Name != "-1+1" || rowsOf(again)[1].Award.Narrative != "@x" || len(again.Unused()) > 0 || len(again.Problems()) != 1 {
		t.Errorf("%+v, unused %q", rowsOf(again), again.Unused())
	}
	failure := errors.New("no more")
	if err := roster.WriteRejected(&out, nil, func(yield func(issuer.RejectedRow, error) bool) { yield(issuer.RejectedRow{}, failure) }); !errors.Is(err, failure) {
		t.Error(err)
	}
}

// TestWorkbookBounds: a workbook that is large only unpacked is refused.
func TestWorkbookBounds(t *testing.T) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	text := strings.Repeat("x", 32_000)
	for i := range 2_200 { // kept once in the file
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &[]string{text}); err != nil {
			t.Fatal(err)
		}
	}
	var much bytes.Buffer
	if err := f.Write(&much); err != nil {
		t.Fatal(err)
	}
	bare := sample{header: []string{"Email"}, row: func(int) []string { return []string{"x"} }}
	for name, test := range map[string]struct {
		data []byte
		code string
	}{
		"much text":   {much.Bytes(), "file_size"},
		"many rows":   {bare.workbook(t, roster.MaxRows+1), "file_rows"},
		"a bare file": {(&sample{header: []string{""}}).workbook(t, 0), "file_empty"},
	} {
		_, err := roster.Read(test.data, roster.Options{})
		var refusal *issuer.Error
		if !errors.As(err, &refusal) || refusal.Code != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWorkbookDates: days are numbers in a workbook, also in a column whose meaning the caller gives.
func TestWorkbookDates(t *testing.T) {
	s := sample{header: []string{"Email", "Wann"}, row: func(i int) []string { return []string{address(i), "2026-03-04"} }}
	got, err := roster.Read(s.workbook(t, 1), roster.Options{Achievement: "one", Columns: map[string]roster.Field{"wann": roster.Awarded}})
	if err != nil || len(got.Problems()) > 0 || !rowsOf(got)[0].Award.AwardedDate.Equal(day(2026, 3, 4)) || rowsOf(got)[0].Cells[1] != "2026-03-04" {
		t.Errorf("%+v, error %v", rowsOf(got), err)
	}
}

// FuzzRead: whatever is read ends in rows or in a refusal; every row is numbered, says what it awards or what is wrong, and can be
// written out and read again.
func FuzzRead(f *testing.F) {
	for _, s := range samples {
		f.Add(s.csv(f, 2))
	}
	f.Add(samples[0].workbook(f, 2))
	f.Add([]byte("\xff\xfeE\x00m\x00a\x00i\x00l\x00\n\x00a\x00"))
	f.Add([]byte("Email,Name\n\"a\"b,c\n'=x@example.org,'=1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := roster.Read(data, roster.Options{Achievement: "one"})
		if err != nil {
			var refusal *issuer.Error
			if !errors.As(err, &refusal) || refusal.Kind != issuer.KindInvalid || refusal.Code == "" || refusal.Detail == "" {
				t.Fatal(err)
			}
			return
		}
		last, rejected := 1, 0
		for _, row := range rowsOf(s) {
			if row.Number <= last || len(row.Problems) == 0 && (row.Award.Recipient == "" || row.Award.Achievement != "one") {
				t.Fatalf("%+v after row %d", row, last)
			}
			if last = row.Number; len(row.Problems) > 0 {
				rejected++
			}
		}
		var out bytes.Buffer
		if err := roster.WriteRejected(&out, s.Header, s.Rejected()); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\ufeff")))).ReadAll()
		if err != nil || len(lines) != rejected+1 {
			t.Fatalf("%d lines for %d rejected rows, error %v", len(lines), rejected, err)
		}
		for _, line := range lines {
			for _, cell := range line {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
					t.Fatalf("a formula: %q", cell)
				}
			}
		}
	})
}

func rowsOf(s roster.Sheet) (rows []issuer.BatchRowInput) {
	for i := range s.Len() {
		rows = append(rows, s.Row(i))
	}
	return rows
}
