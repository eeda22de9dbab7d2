package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// mostViolations is how many faults of one request are told.
const mostViolations = 32

// form reads the members of a request body into variables and notes what is wrong. A member that it does not know is wrong.
type form struct{ wrong []violation }

// reader reads one value, which stands at a pointer.
type reader func(pointer string, value any)

// decode reads a body, which has to be one JSON object, with the members given. An empty body is one without members, where none is
// required.
func decode(r *http.Request, fill func(*form) map[string]reader, required ...string) ([]byte, error) {
	body, err := ReadBody(r, len(required) == 0)
	if err != nil || len(body) == 0 && len(required) == 0 {
		return nil, err
	}
	return body, read(body, fill, required...)
}

// raw reads a body of one of these media types as it is.
func raw(r *http.Request, types ...string) (body []byte, media string, err error) {
	media, _, err = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, media) || len(r.Header.Values("Content-Type")) != 1 || r.Header.Get("Content-Encoding") != "" {
		return nil, "", failure{status: http.StatusUnsupportedMediaType, code: "media_type",
			detail: fmt.Sprintf("The body has to be one of these, without a content encoding: %s.", strings.Join(types, ", "))}
	}
	body, err = whole(r)
	return body, media, err
}

// whole reads a body to its end.
func whole(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, large
	} else if err != nil {
		return nil, failure{status: http.StatusBadRequest, code: "body", detail: "The body could not be read to its end."}
	}
	return body, nil
}

// ReadBody reads the body of a request to its end. It has to be announced as JSON in UTF-8, unless it is empty and may be so.
func ReadBody(r *http.Request, mayBeEmpty bool) ([]byte, error) {
	body, err := whole(r)
	if err != nil || len(body) == 0 && mayBeEmpty {
		return nil, err
	}
	if !isJSON(r.Header) {
		return nil, failure{status: http.StatusUnsupportedMediaType, code: "media_type",
			detail: "The body has to be application/json in UTF-8, without a content encoding."}
	}
	return body, nil
}

// isJSON says whether the headers announce JSON in the one encoding it has (RFC 8259 section 8.1).
func isJSON(h http.Header) bool {
	media, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := parameters["charset"]
	return err == nil && media == mediaJSON && (charset == "" || strings.EqualFold(charset, "utf-8")) &&
		len(h.Values("Content-Type")) == 1 && h.Get("Content-Encoding") == ""
}

// read is decode for the bytes of a body.
func read(body []byte, fill func(*form) map[string]reader, required ...string) error {
	limits := credential.JSONLimits()
	limits.Bytes = credential.Limits.Body
	value, err := strict.Parse(body, limits)
	if err != nil {
		return err
	}
	var f form
	f.members(fill(&f), required...)("", value)
	if len(f.wrong) == 0 {
		return nil
	}
	return wrongMembers(f.wrong...)
}

func wrongMembers(wrong ...violation) failure {
	return failure{status: http.StatusUnprocessableEntity, code: "members", errors: wrong,
		detail: "The body is not as this request needs it; errors says where."}
}

func (f *form) refuse(pointer, detail string) {
	if len(f.wrong) < mostViolations {
		f.wrong = append(f.wrong, at(pointer, detail))
	}
}

// members reads an object.
func (f *form) members(known map[string]reader, required ...string) reader {
	return func(pointer string, value any) {
		object, ok := value.(map[string]any)
		if !ok {
			f.refuse(pointer, "an object was expected")
			return
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			inside := pointer + strict.Escape(name)
			if read, ok := known[name]; ok {
				read(inside, object[name])
			} else {
				f.refuse(inside, "there is no member of this name")
			}
		}
		for _, name := range required {
			if _, ok := object[name]; !ok {
				f.refuse(pointer+strict.Escape(name), "this member is missing")
			}
		}
	}
}

func (f *form) text(into *string) reader {
	return func(pointer string, value any) {
		text, ok := value.(string)
		if !ok {
			f.refuse(pointer, "a text was expected")
			return
		}
		// It stands for nothing in a text, and not every store can hold it.
		if strings.ContainsRune(text, 0) {
			f.refuse(pointer, "the text holds a character U+0000")
			return
		}
		*into = text
	}
}

// word is text for a type of its own, whose values somebody else judges.
func word[T ~string](f *form, into *T) reader {
	return func(pointer string, value any) {
		var text string
		f.text(&text)(pointer, value)
		*into = T(text)
	}
}

// number reads a number that is finite.
func (f *form) number(into *float64) reader {
	return func(pointer string, value any) {
		number, _ := value.(json.Number)
		var err error
		if *into, err = number.Float64(); err != nil {
			f.refuse(pointer, "a number was expected")
		}
	}
}

// whole reads a whole number.
func (f *form) whole(into *int) reader {
	return func(pointer string, value any) {
		number, _ := value.(json.Number)
		var err error
		if *into, err = strconv.Atoi(string(number)); err != nil {
			f.refuse(pointer, "a whole number was expected")
		}
	}
}

// given notes that a member is there, and reads it.
func given(is *bool, read reader) reader {
	return func(pointer string, value any) {
		*is = true
		read(pointer, value)
	}
}

func (f *form) boolean(into *bool) reader {
	return func(pointer string, value any) {
		var ok bool
		if *into, ok = value.(bool); !ok {
			f.refuse(pointer, "true or false was expected")
		}
	}
}

// instant reads a date and time (RFC 3339).
func (f *form) instant(into *time.Time) reader {
	return func(pointer string, value any) {
		text, _ := value.(string)
		var err error
		if *into, err = time.Parse(time.RFC3339, text); err != nil || into.UTC().Year() < 1 || into.UTC().Year() > 9999 {
			f.refuse(pointer, "a date and time was expected, such as 2031-12-31T12:00:00Z")
		}
	}
}

// day reads a date (RFC 3339 full-date), as its beginning in UTC.
func (f *form) day(into *time.Time) reader {
	return func(pointer string, value any) {
		text, _ := value.(string)
		var err error
		if *into, err = time.Parse(time.DateOnly, text); err != nil {
			f.refuse(pointer, "a date was expected, such as 2026-11-22")
		}
	}
}

func (f *form) texts(into *[]string) reader {
	return list(f, into, func(one *string) reader { return f.text(one) })
}

// objects reads an array of objects.
func objects[T any](f *form, into *[]T, members func(one *T) map[string]reader, required ...string) reader {
	return list(f, into, func(one *T) reader { return f.members(members(one), required...) })
}

func list[T any](f *form, into *[]T, each func(one *T) reader) reader {
	return func(pointer string, value any) {
		values, ok := value.([]any)
		if !ok {
			f.refuse(pointer, "an array was expected")
			return
		}
		all := make([]T, len(values))
		for i, v := range values {
			each(&all[i])(pointer+"/"+strconv.Itoa(i), v)
		}
		*into = all
	}
}

const (
	usualPage   = 50
	largestPage = 100
)

// queryOf reads the query of what is no list. filters are its parameters, each with a check.
func queryOf(r *http.Request, filters map[string]func(string) bool) (map[string]string, error) {
	for _, name := range []string{"cursor", "limit"} {
		if _, is := filters[name]; !is && r.URL.Query().Has(name) {
			return nil, wrongParameters(violation{Parameter: name, Detail: noParameter})
		}
	}
	p, err := pageOf(r, filters)
	return p.filters, err
}

const noParameter = "there is no parameter of this name"

func wrongParameters(wrong ...violation) failure {
	return failure{status: http.StatusBadRequest, code: "parameters", detail: "The parameters are not as this address needs them; errors says which.", errors: wrong}
}

// page is what a list is asked for.
type page struct {
	cursor  string
	limit   int
	filters map[string]string
}

// pageOf reads the query of a list. filters are its parameters beside cursor and limit, each with a check.
func pageOf(r *http.Request, filters map[string]func(string) bool) (page, error) {
	p := page{limit: usualPage, filters: map[string]string{}}
	query, err := parseQuery(r)
	if err != nil {
		return p, err
	}
	var wrong []violation
	refuse := func(name, detail string) { wrong = append(wrong, violation{Parameter: name, Detail: detail}) }
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query[name][0]
		check, known := filters[name]
		switch {
		case len(query[name]) > 1:
			refuse(name, "the parameter is given more than once")
		case name == "cursor":
			p.cursor = value
		case name == "limit":
			if p.limit, err = strconv.Atoi(value); err != nil || p.limit < 1 || p.limit > largestPage {
				refuse(name, fmt.Sprintf("a number from 1 to %d was expected", largestPage))
			}
		case !known:
			refuse(name, noParameter)
		case !check(value):
			refuse(name, "this value is not one that the parameter can have")
		default:
			p.filters[name] = value
		}
		if len(wrong) == mostViolations {
			break
		}
	}
	if len(wrong) > 0 {
		return p, wrongParameters(wrong...)
	}
	return p, nil
}
