package vcapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/api"
)

// malformed is the refusal of a body that is no JSON as it is read here.
func malformed(code, detail string) error {
	return api.Refusal{Status: http.StatusBadRequest, Type: vcdm + "PARSING_ERROR", Code: code, Detail: detail}
}

// misshapen is the refusal of JSON of another shape than the request has.
func misshapen(pointer, detail string) error {
	return api.Refusal{Status: http.StatusUnprocessableEntity, Code: "shape", Wrong: []api.Violation{api.At(pointer, detail)},
		Detail: "The body is not as this request needs it; errors says where."}
}

// split reads the members of a JSON object, whose names have to be known. Values stay as they are written: writing them anew could
// hide what the strict reader of the credential refuses.
func split(body []byte, known ...string) (map[string]json.RawMessage, error) {
	unreadable := malformed(strict.CodeMalformed, "The body is not one JSON object.")
	if !utf8.Valid(body) || bytes.HasPrefix(body, []byte("\ufeff")) {
		return nil, malformed(strict.CodeEncoding, "The body is not UTF-8, or begins with a byte order mark.")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	open, err := decoder.Token()
	if err != nil {
		return nil, unreadable
	}
	if open != json.Delim('{') {
		return nil, misshapen("", "an object was expected")
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, unreadable
		}
		if !slices.Contains(known, name) {
			return nil, misshapen(strict.Escape(name), "there is no member of this name")
		}
		if _, twice := members[name]; twice {
			return nil, malformed(strict.CodeDuplicateKey, "A member of the body stands there twice.")
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, unreadable
		}
		members[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, unreadable
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, unreadable
	}
	return members, nil
}

// object is a member that has to be a JSON object, as it is written.
func object(members map[string]json.RawMessage, name string) ([]byte, error) {
	value, there := members[name]
	switch {
	case !there:
		return nil, misshapen(strict.Escape(name), "this member is missing")
	case !bytes.HasPrefix(value, []byte("{")): // a text that holds JSON is another thing
		return nil, misshapen(strict.Escape(name), "an object was expected")
	}
	return value, nil
}

// optionLimits bound what stands beside a credential.
var optionLimits = strict.Limits{Bytes: envelope, Depth: 8, Objects: 200, Values: 200}

// options reads the member of that name, whose members have to be known: what an option would have changed is not passed over
// (VCALM, "unknown option").
func options(members map[string]json.RawMessage, known ...string) (map[string]any, error) {
	if _, there := members["options"]; !there {
		return nil, nil
	}
	text, err := object(members, "options")
	if err != nil {
		return nil, err
	}
	values, err := strict.Object(text, optionLimits)
	var fault *strict.Error
	if errors.As(err, &fault) {
		return nil, api.Refusal{Status: http.StatusBadRequest, Type: vcdm + "PARSING_ERROR", Code: fault.Code, Detail: "The options are not JSON as it is read here.",
			Wrong: []api.Violation{api.At("/options"+fault.Pointer, fault.Detail)}}
	}
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			return nil, unknownOption("/options"+strict.Escape(name), fmt.Sprintf("The options here are %q.", known))
		}
	}
	return values, nil
}

const unknownOptionType = "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED"

func unknownOption(pointer, detail string) error {
	return api.Refusal{Status: http.StatusBadRequest, Type: unknownOptionType, Code: "unknown_option",
		Detail: "There is no such option. " + detail, Wrong: []api.Violation{api.At(pointer, "there is no such option")}}
}

// text, flag and texts read one option; an absent one is the zero value.

func text(values map[string]any, name string) (string, error) {
	value, there := values[name]
	s, ok := value.(string)
	if there && (!ok || s == "") {
		return "", misshapen("/options"+strict.Escape(name), "a text was expected")
	}
	return s, nil
}

func flag(values map[string]any, name string) (bool, error) {
	value, there := values[name]
	on, ok := value.(bool)
	if there && !ok {
		return false, misshapen("/options"+strict.Escape(name), "true or false was expected")
	}
	return on, nil
}

func texts(values map[string]any, name string) ([]string, error) {
	value, there := values[name]
	list, ok := value.([]any)
	if there && !ok {
		return nil, misshapen("/options"+strict.Escape(name), "a list of texts was expected")
	}
	all := make([]string, 0, len(list))
	for i, member := range list {
		s, ok := member.(string)
		if !ok {
			return nil, misshapen(fmt.Sprintf("/options%s/%d", strict.Escape(name), i), "a text was expected")
		}
		all = append(all, s)
	}
	return all, nil
}

// encode writes JSON as it is, without escapes for HTML.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}
