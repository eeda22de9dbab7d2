package issuer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Text is the text of a JSON object, such as a signed document, that is kept byte for byte as it was written. In a record it is a
// string that people can read and a database can search.
type Text []byte

// MarshalJSON writes the text as a JSON string; nil is null. It refuses what is no text of an object, as it could not be read back.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("null"), nil
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return json.Marshal(string(t))
}

func (t Text) check() error {
	if t != nil && (len(t) == 0 || t[0] != '{' || !utf8.Valid(t)) {
		return errors.New("a document that is to be kept is not the text of a JSON object")
	}
	return nil
}

// appendText appends a member with a text to the JSON of an object, before its end; none for "".
func appendText[T ~[]byte | ~string](object []byte, name string, text T) ([]byte, error) {
	if len(text) == 0 {
		return object, nil
	}
	out := object[:len(object)-1]
	out = append(append(append(out, `,"`...), name...), `":`...)
	start := len(out)
	out = append(out, '"')
	from := 0 // what is before is written
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < ' ' || c > '~': // rare in what is signed
			written, err := json.Marshal(string(text))
			if err != nil {
				return nil, err
			}
			return append(append(out[:start], written...), '}'), nil
		case c == '"' || c == '\\':
			out = append(append(out, text[from:i]...), '\\')
			from = i
		}
	}
	out = append(out, text[from:]...)
	return append(out, `"}`...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, and the base64 in which earlier releases kept documents: an object begins with a
// brace, and base64 never does.
func (t *Text) UnmarshalJSON(data []byte) error {
	var written *string
	if err := json.Unmarshal(data, &written); err != nil {
		return err
	}
	switch {
	case written == nil || *written == "":
		*t = nil
		return nil
	case (*written)[0] == '{':
		*t = Text(*written)
		return nil
	}
	var err error
	if *t, err = base64.StdEncoding.DecodeString(*written); err == nil && (len(*t) == 0 || (*t)[0] != '{') {
		err = errors.New("a document that was kept is not the text of a JSON object")
	}
	return err
}
