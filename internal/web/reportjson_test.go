package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/verifier"
)

// TestAppendReport: the bytes are those of encoding/json, whatever stands in a report, and in every member that it has.
func TestAppendReport(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z]{0,5}`), rapid.String(), rapid.SampledFrom([]string{`\`, `"`, "{", "],", "\u2028\u2029", "<&>", "a\xffb", "\x00\x7f\b\f\n\r\t", "Ω"}))
	rapid.Check(t, func(t *rapid.T) {
		var report verifier.Report
		fill(t, text, reflect.ValueOf(&report).Elem(), 2)
		want, wantErr := standardJSON(&report)
		got, err := reportJSON(&report)
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("%s, %v\nwant %s, %v", got, err, want, wantErr)
		}
	})
}

// TestAppendReportYear: a year that RFC 3339 has no form for is an error.
func TestAppendReportYear(t *testing.T) {
	if _, err := reportJSON(&verifier.Report{AsOf: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("no error")
	}
}

func standardJSON(report *verifier.Report) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(report)
	return out.Bytes(), err
}

// fill draws every exported member that JSON has of a value; below the depth, no pointers to more.
func fill(t *rapid.T, text *rapid.Generator[string], v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		at := time.Unix(rapid.Int64Range(-1<<31, 1<<35).Draw(t, "seconds"), rapid.SampledFrom([]int64{0, 500_000_000}).Draw(t, "ns"))
		zone := time.FixedZone("", 60*rapid.IntRange(-700, 700).Draw(t, "zone"))
		v.Set(reflect.ValueOf(at.In(rapid.SampledFrom([]*time.Location{time.UTC, zone}).Draw(t, "location"))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text.Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(t, text, v.Field(i), depth)
			}
		}
	case reflect.Pointer:
		if depth == 0 && v.Type() == reflect.TypeFor[*verifier.Report]() {
			return
		}
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, text, v.Elem(), depth-1)
		}
	case reflect.Slice:
		length := rapid.IntRange(-1, 2).Draw(t, "length")
		if length < 0 || depth == 0 && v.Type().Elem().Kind() == reflect.Pointer {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), length, length))
		for i := range length {
			element := v.Index(i)
			if element.Kind() == reflect.Pointer {
				element.Set(reflect.New(element.Type().Elem()))
				element = element.Elem()
			}
			fill(t, text, element, depth-1)
		}
	case reflect.Map:
		if length := rapid.IntRange(-1, 3).Draw(t, "members"); length >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range length {
				v.SetMapIndex(reflect.ValueOf(text.Draw(t, "name")), reflect.ValueOf(text.Draw(t, "value")))
			}
		}
	default:
		panic(fmt.Sprintf("a report has a %s, which no test writes", v.Type()))
	}
}
