package console

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/laurelbadges/laurel/internal/intake"
	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// Bounds of forms with a list of awards.
const (
	listForm = roster.MaxBytes + 64<<10    // a file, and the few fields beside it
	keptForm = roster.MaxBytes/3*4 + 1<<20 // a file as a form keeps it, and what its columns mean
)

const (
	fieldKept  = "kept"   // the file between two pages: nothing of it stays on the server before it was checked
	fieldSeen  = "seen"   // the person has said what the columns mean
	listColumn = "column" // list of the columns: head, field
	listNamed  = "named"  // list of the texts that name achievements: text, achievement
	fileNames  = "what the file names"
)

// fieldWords say what a column can be, in the order in which that is offered.
var fieldWords = []choice{
	{string(roster.Ignored), "leave it out"}, {string(roster.Recipient), "E-mail address"}, {string(roster.Name), "Whole name"}, {string(roster.FirstName), "First name"},
	{string(roster.LastName), "Last name"}, {string(roster.Achievement), "Achievement"}, {string(roster.Awarded), "Day on which it was earned"},
	{string(roster.Expires), "Last day on which it is in force"}, {string(roster.Narrative), "Narrative"}, {string(roster.EvidenceURL), "Evidence: web address"},
	{string(roster.EvidenceName), "Evidence: name"}, {string(roster.EvidenceDescription), "Evidence: description"}, {string(roster.EvidenceNarrative), "Evidence: narrative"},
	{string(roster.EvidenceAny), "Evidence: address or text"}, {string(roster.Result), "Grade or level"}, {string(roster.Language), "Language to write in"},
	{string(roster.License), "License number"}, {string(roster.External), "Number in another system (it is not used)"},
}

// listCodes are the fields that errors are about.
var listCodes = map[string]string{"name": "name", "batch_size": "file", "achievement": "achievement", "archived": "achievement"}

type uploadPage struct {
	Achievements []choice
	Held         bool // the organisation holds every award until it is claimed
	Nothing      bool // nothing can be awarded yet
	Back         string
}

type columnLine struct {
	Name, Head, Sample string
}

type columnsPage struct {
	Rows         int
	Dialect      string
	Delimiter    string // in words; "" of a workbook
	Achievements []choice
	Columns      []columnLine
	Fields       []choice
	Named        []columnLine
	Offered      []choice // for what the file names
	Results      []choice // that grades can be of; none: there is nothing to choose
	Dates        bool     // there are columns of dates
	Unclear      int      // dates that can be read in two ways
	Unused       int      // columns that are not known
	Hidden       []string // names of the fields that are handed on
	Back         string
}

// list is a list of awards that is being read.
type list struct {
	form      *form
	published []issuer.Achievement
	options   roster.Options
	sheet     roster.Sheet
	unclear   int    // dates that could be American ones
	file      []byte // that the form does not keep yet; nil: it does
}

func (s *server) uploadPage(v *visit) error {
	f := newForm()
	f.Set("achievement", v.QueryParam("achievement"))
	return s.uploadForm(v, http.StatusOK, f)
}

func (s *server) uploadForm(v *visit, status int, f *form) error {
	offered, err := v.awardable(issuer.AchievementPublished, "")
	if err != nil {
		return err
	}
	return v.show(status, "batch-upload", page{Title: "Award many at once", Up: v.upBatches(), Form: f.single(), Data: uploadPage{
		Achievements: append([]choice{{"", fileNames}}, offered...), Held: v.organisation.Settings.Held, Nothing: len(offered) == 0, Back: v.to("batches")}})
}

// takeList has a form with a list read, and then worked on, when there is room for that and within the time that it takes: the server
// as a whole is set to what small forms take.
//
// size is what the list counts for until it has a place; negative is the most.
func (s *server) takeList(v *visit, size int64, read func(f *form) (*list, []byte, error)) error {
	r := v.Request()
	entry, err := s.Lists.Enter(v.organisation.ID, size)
	if err != nil {
		return err
	}
	defer entry.End()
	control := http.NewResponseController(v.Response())
	r.Body = intake.Receive(r.Body, r.ContentLength, control)
	f, err := v.readForm()
	if err != nil {
		return err
	}
	l, file, err := read(f)
	if err != nil || l == nil {
		return err
	}
	if err := entry.Work(v.ctx(), len(file)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(v.ctx(), intake.WorkMost)
	defer cancel()
	defer func() { _ = control.SetWriteDeadline(time.Now().Add(intake.AnswerWait)) }()
	v.SetRequest(r.WithContext(ctx))
	return s.readList(v, l, file)
}

// upload takes a file, and asks what its columns mean where that is not plain.
func (s *server) upload(v *visit) error {
	return s.takeList(v, v.Request().ContentLength, func(f *form) (*list, []byte, error) { return s.uploaded(v, f) })
}

// uploaded is the file of a form; nil where the form was shown again.
func (s *server) uploaded(v *visit, f *form) (*list, []byte, error) {
	file, err := f.file("file", roster.MaxBytes)
	if err != nil {
		return nil, nil, err
	}
	if len(file) == 0 && len(f.problems) == 0 {
		f.refuse("file", "Choose a file, CSV or XLSX.")
	}
	if len(f.problems) > 0 {
		return nil, nil, s.uploadForm(v, http.StatusUnprocessableEntity, f)
	}
	if f.Get("name") == "" {
		given := f.files["file"][0].Filename
		f.Set("name", wording.Plain(strings.TrimSuffix(path.Base(given), path.Ext(given))))
	}
	sum := sha256.Sum256(file)
	f.Values.Set(fieldKept, hex.EncodeToString(sum[:])) // stands for the file until a form has to keep it
	f.Values.Del(fieldSeen)
	return &list{form: f, file: file}, file, nil
}

// sayColumns takes the same file again, with what its columns mean.
func (s *server) sayColumns(v *visit) error {
	// What a form has kept is larger than what is sent.
	return s.takeList(v, -1, func(f *form) (*list, []byte, error) {
		file, err := unpacked(f.Get(fieldKept))
		if err != nil {
			return nil, nil, failure{status: http.StatusBadRequest, title: "The file did not come back whole", detail: "Choose it once more."}
		}
		return &list{form: f}, file, nil
	})
}

// packed is a file as a form keeps it.
func packed(file []byte) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(file) // into memory: there is no error
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

func unpacked(text string) ([]byte, error) {
	text64, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("reading a file that a form kept: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(text64))
	if err != nil {
		return nil, fmt.Errorf("reading a file that a form kept: %w", err)
	}
	file, err := io.ReadAll(io.LimitReader(r, roster.MaxBytes+1)) // what is larger is refused by the reader of lists
	if err != nil {
		return nil, fmt.Errorf("reading a file that a form kept: %w", err)
	}
	return file, nil
}

// readList reads a file after what the form says of it. It goes on to the batch, or asks what is not plain.
func (s *server) readList(v *visit, l *list, file []byte) (err error) {
	f := l.form
	if l.published, _, err = v.space.Achievements(v.ctx(), issuer.AchievementPublished, "", mostOffered); err != nil {
		return err
	}
	l.say()
	err = l.read(file)
	var refused *issuer.Error
	switch {
	case errors.As(err, &refused) && refused.Code == "file_header" && len(l.sheet.Header) > 0:
		f.refuse("", refused.Detail)
	case errors.As(err, &refused):
		f.refuse("file", refused.Detail)
		return s.uploadForm(v, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	case f.Get("achievement") == "" && !slices.Contains(l.sheet.Fields, roster.Achievement) && f.Problem("achievement") == "":
		f.refuse("achievement", "The file does not say what is awarded. Choose it here.")
	}
	if len(f.problems) > 0 {
		return s.columnsForm(v, http.StatusUnprocessableEntity, l)
	}
	asked := f.Get(fieldSeen) != ""
	if !asked && (len(l.sheet.Unused()) > 0 || l.unclear > 0 || l.grades()) || len(l.unnamed()) > 0 {
		return s.columnsForm(v, http.StatusOK, l)
	}
	in := issuer.PrepareInput{Name: f.Get("name"), List: &l.sheet, Header: l.sheet.Header, Columns: l.sheet.Columns}
	return v.prepare(f, listCodes, func(by issuer.Write) (issuer.Batch, error) { return v.space.PrepareBatch(v.ctx(), in, by) },
		func(v *visit, status int, _ *form) error { return s.columnsForm(v, status, l) })
}

// read reads the file.
func (l *list) read(file []byte) (err error) {
	if l.sheet, err = roster.Read(file, l.options); err != nil || l.options.AmericanDates || l.sheet.Unclear == 0 {
		return err
	}
	american := l.options
	american.AmericanDates = true
	if other, err := roster.Read(file, american); err == nil {
		l.unclear = l.sheet.Unclear - other.Unclear
	}
	return nil
}

// say reads from the form how the file is to be read.
func (l *list) say() {
	f := l.form
	l.options = roster.Options{AmericanDates: f.Get("american") != "", Achievements: map[string]string{}, Columns: map[string]roster.Field{}}
	if f.Get("held") != "" {
		l.options.Access = issuer.AccessHeld
	}
	for _, i := range f.Each(listColumn) {
		at := rowName(listColumn, i)
		if head := f.Get(at + ".head"); sayable(head) {
			l.options.Columns[head] = roster.Ignored
			if meant := f.Get(at + ".field"); among(fieldWords, meant) {
				l.options.Columns[head] = roster.Field(meant)
			}
		}
	}
	chosen := f.Get("achievement")
	found := chosen == ""
	for _, a := range l.published {
		if chosen == "" || chosen == a.ID {
			l.accept(a)
		}
		if chosen == a.ID {
			found = true
			l.options.Achievement = a.ID
			l.sayResult(a)
		}
	}
	maps.DeleteFunc(l.options.Achievements, func(_, id string) bool { return id == "" })
	if !found {
		f.refuse("achievement", "Choose one of the list.")
	}
	for _, i := range f.Each(listNamed) {
		at := rowName(listNamed, i)
		id := f.Get(at + ".achievement")
		if slices.ContainsFunc(l.published, func(a issuer.Achievement) bool { return a.ID == id }) {
			l.options.Achievements[f.Get(at+".text")] = id
		}
	}
}

// accept takes the texts by which a file can name an achievement. One that names two of them names none.
func (l *list) accept(a issuer.Achievement) {
	for _, text := range []string{a.ID, a.URL, a.Name, versionOf(a), a.Content.HumanCode} {
		text = strings.ToLower(strings.TrimSpace(text))
		if before, twice := l.options.Achievements[text]; text != "" && (!twice || before == a.ID) {
			l.options.Achievements[text] = a.ID
		} else if twice {
			l.options.Achievements[text] = "" // and known to be so, for a third one
		}
	}
}

// sayResult says what grades are of: what the form says, or else the first result of the rubric.
func (l *list) sayResult(a issuer.Achievement) {
	for i, d := range a.Content.ResultDescriptions {
		if i > 0 && d.ID != l.form.Get("result") {
			continue
		}
		l.options.Result, l.options.Levels = d.ID, map[string]string{}
		for _, level := range d.Levels {
			for _, text := range []string{level.Level, level.Name} {
				if text != "" {
					l.options.Levels[strings.ToLower(strings.TrimSpace(text))] = level.ID
				}
			}
		}
	}
}

// sayable tells a head by which a column can be named.
func sayable(head string) bool {
	return strings.ContainsFunc(head, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

func among(choices []choice, value string) bool {
	return slices.ContainsFunc(choices, func(c choice) bool { return c.Value == value })
}

// results are what a grade can be of where the rubric of the achievement has several.
func (l *list) results() (all []choice) {
	for _, a := range l.published {
		if a.ID == l.options.Achievement && len(a.Content.ResultDescriptions) > 1 {
			for _, d := range a.Content.ResultDescriptions {
				all = append(all, choice{d.ID, wording.First(d.Name, "Result")})
			}
		}
	}
	return all
}

// grades says that there are grades, and several results that they can be of.
func (l *list) grades() bool {
	return slices.Contains(l.sheet.Fields, roster.Result) && len(l.results()) > 0
}

// unnamed are the texts of the file that name no achievement, and which the person was not asked about.
func (l *list) unnamed() (texts []string) {
	for _, text := range l.sheet.Names {
		known := l.options.Achievements[strings.ToLower(strings.TrimSpace(text))] != ""
		asked := slices.ContainsFunc(l.form.Each(listNamed), func(i int) bool { return l.form.Get(rowName(listNamed, i)+".text") == text })
		if !known && !asked {
			texts = append(texts, text)
		}
	}
	return texts
}

// columnsForm asks what the columns mean, and what else is not plain.
func (s *server) columnsForm(v *visit, status int, l *list) error {
	f, sheet := l.form.single(), &l.sheet
	if l.file != nil {
		f.Values.Set(fieldKept, packed(l.file))
	}
	data := columnsPage{Rows: sheet.Len(), Dialect: sheet.Dialect, Fields: fieldWords, Achievements: []choice{{"", fileNames}}, Offered: []choice{{"", "leave these rows out"}},
		Results: l.results(), Unclear: l.unclear, Unused: len(sheet.Unused()), Back: v.to("batches", "new"), Hidden: []string{fieldOnce, fieldKept, fieldSeen, "name", "held"}}
	data.Delimiter = map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}[sheet.Delimiter]
	for _, a := range l.published {
		c := choice{a.ID, versionOf(a)}
		data.Achievements, data.Offered = append(data.Achievements, c), append(data.Offered, c)
	}
	for i, head := range sheet.Header[:min(len(sheet.Header), mostListed)] {
		if !sayable(head) {
			continue
		}
		at := rowName(listColumn, i)
		f.Values.Set(at+".head", head)
		if i < len(sheet.Fields) {
			f.Values.Set(at+".field", orWord(string(sheet.Fields[i]), string(roster.Ignored)))
			data.Dates = data.Dates || sheet.Fields[i] == roster.Awarded || sheet.Fields[i] == roster.Expires
		} else if f.Get(at+".field") == "" { // the header was refused
			f.Values.Set(at+".field", string(roster.Ignored))
		}
		data.Columns = append(data.Columns, columnLine{Name: at, Head: wording.Plain(head), Sample: sample(sheet, i)})
	}
	for _, text := range l.unnamed() {
		at := rowName(listNamed, f.Rows(listNamed))
		f.Values.Set(at+".text", text)
		for _, a := range l.published {
			if strings.EqualFold(a.Name, strings.TrimSpace(text)) {
				f.Values.Set(at+".achievement", a.ID)
			}
		}
	}
	for _, i := range f.Each(listNamed) {
		at := rowName(listNamed, i)
		data.Named = append(data.Named, columnLine{Name: at, Head: wording.Plain(f.Get(at + ".text"))})
	}
	f.Values.Set(fieldSeen, "yes")
	f.Action = v.to("batches", "columns")
	return v.show(status, "batch-columns", page{Title: "What the columns mean", Up: v.upBatches(), Form: f, Data: data})
}

// sample is what stands in the first rows of a column.
func sample(sheet *roster.Sheet, column int) string {
	var texts []string
	for i := range min(sheet.Len(), 20) {
		row := sheet.Row(i)
		if column < len(row.Cells) && strings.TrimSpace(row.Cells[column]) != "" && len(texts) < 2 {
			texts = append(texts, "“"+wording.Cut(wording.Plain(row.Cells[column]), 40)+"”")
		}
	}
	if len(texts) == 0 {
		return "Nothing stands in its first rows."
	}
	return "Such as " + strings.Join(texts, ", ")
}

// prepare records a batch that is not confirmed, once, and goes to its page.
func (v *visit) prepare(f *form, codes map[string]string, make func(issuer.Write) (issuer.Batch, error), again func(*visit, int, *form) error) error {
	once, made, err := v.once(f)
	if err == nil {
		defer once.End()
		if made == "" {
			by := v.by()
			by.Once = once
			var b issuer.Batch
			b, err = make(by)
			made = b.ID
		}
		if err == nil {
			return v.Redirect(http.StatusSeeOther, v.to("batches", made))
		}
	}
	if err := f.refused(err, codes); err != nil {
		return err
	}
	return again(v, http.StatusUnprocessableEntity, f.single())
}
