package record

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurelbadges/laurel/verifier"
)

// filled puts a text of its own into every text of a value, and one element into every list.
func filled(v reflect.Value, n *int) {
	switch v.Kind() {
	case reflect.String:
		*n++
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), n)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(time.Date(2026, 1, *n%28+1, 0, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			filled(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		if v.Type().Elem() != reflect.TypeFor[*verifier.Report]() {
			filled(v.Index(0), n)
		}
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf("name"), reflect.ValueOf("value"))
		}
	}
}

// TestShort: every text of a report is there, and none is longer than any that is told.
func TestShort(t *testing.T) {
	var r verifier.Report
	n := 0
	filled(reflect.ValueOf(&r).Elem(), &n)
	r.Text = nil
	if n < 40 {
		t.Fatalf("%d texts", n)
	}
	got := short(&r)
	if diff := cmp.Diff(&r, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	r.Credential.Achievement.Description = strings.Repeat("a", 1<<20)
	if cutTo := len(short(&r).Credential.Achievement.Description); cutTo > 1<<13 || len(r.Credential.Achievement.Description) != 1<<20 {
		t.Errorf("%d bytes", cutTo)
	}
}

// TestRepeat: what changes an answer stands in the command that repeats a check, as a shell reads it.
func TestRepeat(t *testing.T) {
	for _, r := range reports(t) {
		o := options("en")
		o.Arguments = []string{"--profile", "vc", "--status-issuer", "did:web:a b's", "--offline"}
		if text := string(Text([]*verifier.Report{r}, o)); !strings.Contains(text, `--at 2026-11-22T10:00:00Z --profile vc --status-issuer 'did:web:a b'\''s' --offline `) {
			t.Error(text)
		}
	}
}
