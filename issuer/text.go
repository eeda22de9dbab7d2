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
	switch {
	case t == nil:
		return []byte("null"), nil
	case len(t) == 0 || t[0] != '{' || !utf8.Valid(t):
		return nil, errors.New("a document that is to be kept is not the text of a JSON object")
	}
	return json.Marshal(string(t))
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
