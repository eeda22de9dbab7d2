package console

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// form is a form as it was typed, and what is wrong with it. Its fields have flat names; those of a list carry their row, from 0:
// alignment.2.targetUrl, result.0.level.1.name.
type form struct {
	Values   url.Values
	Action   string // where it is sent to; "" becomes the address of its page
	problems []problem
	files    map[string][]*multipart.FileHeader
}

// problem is one thing that is wrong.
type problem struct {
	Field  string // "" when it is about the form as a whole
	Detail string
}

const mostFields = 4000 // of a form

// readForm reads what was sent. Texts lose the white space around them and get the line ends that documents have.
func (v *visit) readForm() (*form, error) {
	r := v.Request()
	f := &form{}
	err := r.ParseForm()
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); err == nil && strings.EqualFold(media, "multipart/form-data") {
		err = r.ParseMultipartForm(max(largeForm, v.body)) // in memory: what is larger was refused before
	}
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, failure{status: http.StatusBadRequest, title: "This form could not be read", detail: "Go back, and send it once more."}
	}
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
	}
	f.Values = r.PostForm
	if len(f.Values) > mostFields {
		return nil, failure{status: http.StatusRequestEntityTooLarge, title: "That is too much", detail: "The form has more fields than one can be read with."}
	}
	for _, values := range f.Values {
		for i, text := range values {
			values[i] = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n"))
		}
	}
	return f, nil
}

// newForm is an empty one.
func newForm() *form { return &form{Values: url.Values{}} }

// Get is what a field says.
func (f *form) Get(name string) string { return f.Values.Get(name) }

// Set fills a field.
func (f *form) Set(name, text string) {
	if text != "" {
		f.Values.Set(name, text)
	}
}

// Problems are all that is wrong, in the order in which it was found.
func (f *form) Problems() []problem { return f.problems }

// Problem is what is wrong with one field; "" for nothing.
func (f *form) Problem(name string) string {
	for _, p := range f.problems {
		if p.Field == name {
			return p.Detail
		}
	}
	return ""
}

// refuse notes that something is wrong with a field; "" for the form as a whole.
func (f *form) refuse(field, detail string) {
	f.problems = append(f.problems, problem{field, detail})
}

// refused notes what the issuer has against a form, beside the field that the pointer of the error leads to, or else the one that its
// code stands for. It returns the error itself where the form cannot help, such as a store that cannot be reached.
func (f *form) refused(err error, fields map[string]string) error {
	var known *issuer.Error
	if !errors.As(err, &known) || known.Kind != issuer.KindInvalid && known.Kind != issuer.KindConflict && known.Code != "second_person" {
		return err
	}
	at := fields[known.Code]
	var problems credential.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		pointer := strings.Trim(problems[0].Pointer, "/")
		for _, root := range []string{"credentialSubject/achievement/", "credentialSubject/"} {
			pointer = strings.TrimPrefix(pointer, root)
		}
		if name := strings.ReplaceAll(pointer, "/", "."); f.Values.Has(name) { // fields are named after the members of the document
			at = name
		}
	}
	f.refuse(at, known.Detail)
	return nil
}

// Rows is how many rows a list has.
func (f *form) Rows(list string) int {
	rows := 0
	for name := range f.Values {
		rest, ok := strings.CutPrefix(name, list+".")
		if !ok {
			continue
		}
		number, _, ok := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(number); ok && err == nil && n >= rows && n < mostListed {
			rows = n + 1
		}
	}
	return rows
}

// Each are the numbers of the rows of a list, for templates.
func (f *form) Each(list string) []int {
	rows := make([]int, f.Rows(list))
	for i := range rows {
		rows[i] = i
	}
	return rows
}

const mostListed = 100 // rows of one list

// addRow appends an empty row.
func (f *form) addRow(list string) {
	if n := f.Rows(list); n < mostListed {
		f.Values.Set(rowName(list, n)+".new", "1")
	}
}

// removeRow takes a row out; those behind it move up.
func (f *form) removeRow(list string, row int) {
	moved := url.Values{}
	for name, values := range f.Values {
		rest, ok := strings.CutPrefix(name, list+".")
		number, tail, dotted := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		switch {
		case !ok || !dotted || err != nil || n < row:
			moved[name] = values
		case n > row:
			moved[rowName(list, n-1)+"."+tail] = values
		}
	}
	f.Values = moved
}

func rowName(list string, row int) string { return list + "." + strconv.Itoa(row) }

// changeRows does what a button for rows of a list asks for, which works without JavaScript: "add" holds the name of a list, and
// "remove" that of a row. It says whether there was such a button; the form is then shown again, and nothing else happens.
func (f *form) changeRows(lists ...string) bool {
	add, remove := f.Get("add"), f.Get("remove")
	f.Values.Del("add")
	f.Values.Del("remove")
	if add != "" && slices.Contains(lists, listKind(add)) {
		f.addRow(add)
		return true
	}
	if i := strings.LastIndexByte(remove, '.'); i > 0 && slices.Contains(lists, listKind(remove[:i])) {
		if row, err := strconv.Atoi(remove[i+1:]); err == nil && row >= 0 {
			f.removeRow(remove[:i], row)
			return true
		}
	}
	return false
}

// listKind is the name of a list without the rows in it: result.level of result.0.level.
func listKind(list string) string {
	parts := slices.DeleteFunc(strings.Split(list, "."), func(part string) bool { _, err := strconv.Atoi(part); return err == nil })
	return strings.Join(parts, ".")
}

// blank says whether nothing was typed into any field of a row: what a choice says without being touched, the mark of the row and its
// hidden name are not typed.
func (f *form) blank(row string) bool {
	for name, values := range f.Values {
		tail, ok := strings.CutPrefix(name, row+".")
		last := tail[strings.LastIndexByte(tail, '.')+1:]
		typed := ok && last != "new" && last != "short" && !strings.HasSuffix(last, "Type")
		if typed && strings.Join(values, "") != "" {
			return false
		}
	}
	return true
}

// file reads what was chosen in a field for files; nil when nothing was.
func (f *form) file(name string, most int64) ([]byte, error) {
	headers := f.files[name]
	if len(headers) == 0 || headers[0].Size == 0 {
		return nil, nil
	}
	if headers[0].Size > most {
		f.refuse(name, fmt.Sprintf("The file is larger than %s.", size(most)))
		return nil, nil
	}
	opened, err := headers[0].Open()
	if err != nil {
		return nil, fmt.Errorf("reading a file of a form: %w", err)
	}
	defer func() { _ = opened.Close() }()
	body, err := io.ReadAll(io.LimitReader(opened, most))
	if err != nil {
		return nil, fmt.Errorf("reading a file of a form: %w", err)
	}
	return body, nil
}

// date reads a field with a day; the zero time where it is empty.
func (f *form) date(name string) time.Time {
	text := f.Get(name)
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		f.refuse(name, "This is not a date. Write it as 2026-09-30.")
	}
	return day
}

// whole reads a field with a whole number; 0 where it is empty.
func (f *form) whole(name string) int {
	text := f.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		f.refuse(name, "This is not a whole number.")
	}
	return n
}

// number reads a field with a number that may have a fraction; 0 where it is empty.
func (f *form) number(name string) float64 {
	text := f.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		f.refuse(name, "This is not a number. Write it as 1.5.")
	}
	return n
}

// numberOf writes a number for a field; "" for 0.
func numberOf(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// field is one field as a template shows it.
type field struct {
	Name, ID, Label, Hint, Problem, Value string
	Type                                  string // of an input; "text" unless said
	Rows                                  int    // of a text of several lines
	Required, Checked                     bool
	Autocomplete                          string
	Most                                  int // characters; 0: no bound here
	Choices                               []choice
}

// choice is one of those that a field offers.
type choice struct{ Value, Label string }

// newField prepares a field. options are names and values in turn: hint, type, rows, required, autocomplete, most, choices.
func newField(f *form, name, label string, options ...any) (field, error) {
	made := field{Name: name, ID: fieldID(name), Label: label, Problem: f.Problem(name), Value: f.Get(name), Type: "text", Rows: 4}
	made.Checked = made.Value != ""
	for i := 0; i+1 < len(options); i += 2 {
		ok := true
		switch options[i] {
		case "hint":
			made.Hint, ok = options[i+1].(string)
		case "type":
			made.Type, ok = options[i+1].(string)
		case "autocomplete":
			made.Autocomplete, ok = options[i+1].(string)
		case "rows":
			made.Rows, ok = options[i+1].(int)
		case "most":
			made.Most, ok = options[i+1].(int)
		case "required":
			made.Required, ok = options[i+1].(bool)
		case "choices":
			made.Choices, ok = options[i+1].([]choice)
		default:
			ok = false
		}
		if !ok {
			return made, fmt.Errorf("the field %s has no option %v of this kind", name, options[i])
		}
	}
	return made, nil
}

// ID is where a problem of a field leads.
func (p problem) ID() string { return fieldID(p.Field) }

func fieldID(name string) string { return "f-" + strings.ReplaceAll(name, ".", "-") }

// DescribedBy names what else is read out with the field.
func (f field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Problem != "" {
		ids = append(ids, f.ID+"-problem")
	}
	return strings.Join(ids, " ")
}

// textRows is how high a text of several lines is shown.
func textRows(text string, least int) int {
	return cmp.Or(min(max(strings.Count(text, "\n")+2, least), 30), least)
}

// list reads a field that holds several texts with commas between.
func (f *form) list(name string) (all []string) {
	for text := range strings.SplitSeq(f.Get(name), ",") {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// tidy takes the rows out in which nothing was typed. What a choice says without being touched is not typed.
func (f *form) tidy(lists ...string) {
	var tidied func(list string, rest []string)
	tidied = func(list string, rest []string) {
		for row := f.Rows(list) - 1; row >= 0; row-- {
			for _, inner := range rest {
				if name, ok := strings.CutPrefix(inner, listKind(list)+"."); ok && listKind(rowName(list, row)+"."+name) == inner {
					tidied(rowName(list, row)+"."+name, nil)
				}
			}
			if f.blank(rowName(list, row)) {
				f.removeRow(list, row)
			}
		}
	}
	for _, list := range lists {
		if !slices.ContainsFunc(lists, func(outer string) bool { return strings.HasPrefix(list, outer+".") }) {
			tidied(list, lists)
		}
	}
}

// rowButton is a button that adds a row to a list, or removes one.
type rowButton struct {
	Row    string // name of the list, or of the row
	Action string // of the form
	At     string // id of where the page is to stand afterwards
	What   string
}

func newRowButton(f *form, row, at, what string) rowButton { return rowButton{row, f.Action, at, what} }

// rowPart is a row of a list for a template that several lists share.
type rowPart struct {
	Form    *form
	At      string // name of the row
	Choices []choice
}

func newRowPart(f *form, at string, choices []choice) rowPart { return rowPart{f, at, choices} }

// Any says whether something was typed into one of these fields of a row.
func (f *form) Any(row string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f.Get(row+"."+name) != "" })
}
