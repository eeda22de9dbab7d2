package record

import (
	"reflect"

	"github.com/laurelbadges/laurel/verifier"
)

// short is a report with no more of each text than a record tells, so that long ones are not cleaned again and again. The
// credentials inside it stay as they are.
func short(r *verifier.Report) *verifier.Report {
	s := *r
	s.Document, s.Text, s.Credentials = nil, nil, nil
	s = cut(reflect.ValueOf(s)).Interface().(verifier.Report)
	s.Credentials = r.Credentials
	return &s
}

// head is the beginning of a text: more than is told of any.
func head(text string) string {
	const most = 4 * (mostText + 1) // bytes of so many characters, at most
	return text[:min(len(text), most)]
}

// cut is a copy of a value in which every text is its head. What is no text stays.
func cut(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(head(v.String())).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(cut(v.Elem()))
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if c.Field(i).CanSet() { // those of a time.Time are its own
				c.Field(i).Set(cut(v.Field(i)))
			}
		}
		return c
	case reflect.Slice:
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(cut(v.Index(i)))
		}
		return c
	case reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			c.SetMapIndex(key, cut(value))
		}
		return c
	}
	return v
}
