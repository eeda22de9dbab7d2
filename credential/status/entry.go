package status

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Types of the specification.
const (
	TypeEntry      = "BitstringStatusListEntry"      // a member of credentialStatus
	TypeCredential = "BitstringStatusListCredential" // a type of the list credential
	TypeList       = "BitstringStatusList"           // the credentialSubject of the list credential
)

// Purposes that decide whether a credential is in force. Others (refresh, message) are only shown.
const (
	PurposeRevocation = "revocation"
	PurposeSuspension = "suspension"
)

// maxSize bounds statusSize. An entry of n bits lists 2^n messages (section 2.1), so sizes beyond this do not occur.
const maxSize = 16

// Entry is one BitstringStatusListEntry: where the status of a credential stands.
type Entry struct {
	ID      string // "" when absent; nothing is looked up by it
	Purpose string
	Index   int    // math.MaxInt when the number in the credential is beyond it, which is outside every list
	ListURL string // statusListCredential
	Size    int    // bits of one status
}

// IsEntry says whether a member of credentialStatus, as strict.Parse returns it, is of the type of this specification.
func IsEntry(entry map[string]any) bool { return slices.Contains(texts(entry["type"]), TypeEntry) }

// ParseEntry reads one member of credentialStatus, as strict.Parse returns it (numbers are json.Number), by the rules of
// section 2.1. statusMessage and statusReference are not read. Every error is an [*Error] with CodeInvalid.
func ParseEntry(entry map[string]any) (Entry, error) {
	e := Entry{Size: 1}
	if !IsEntry(entry) {
		return Entry{}, invalid(clauseEntry, "/type", "the status entry is not a "+TypeEntry)
	}
	e.Purpose, _ = entry["statusPurpose"].(string)
	if e.Purpose == "" {
		return Entry{}, invalid(clauseEntry, "/statusPurpose", "the status entry has no purpose")
	}
	index, _ := entry["statusListIndex"].(string)
	var ok bool
	if e.Index, ok = decimal(index); !ok {
		return Entry{}, invalid(clauseEntry, "/statusListIndex", "the index is not a whole number written as a string")
	}
	e.ListURL, _ = entry["statusListCredential"].(string)
	if !absolute(e.ListURL) {
		return Entry{}, invalid(clauseEntry, "/statusListCredential", "the status entry names no address of a list")
	}
	if id, present := entry["id"]; present {
		if e.ID, _ = id.(string); !absolute(e.ID) {
			return Entry{}, invalid(clauseEntry, "/id", "the id of the status entry is not a URL")
		}
		if e.ID == e.ListURL {
			return Entry{}, invalid(clauseEntry, "/id", "the id of the status entry is the address of the list")
		}
	}
	if size, present := entry["statusSize"]; present {
		number, _ := size.(json.Number)
		if e.Size, ok = decimal(string(number)); !ok || e.Size < 1 || e.Size > maxSize {
			return Entry{}, invalid(clauseEntry, "/statusSize", "the status size is not a whole number from 1 to "+strconv.Itoa(maxSize))
		}
		if e.Size > 1 && (e.Purpose == PurposeRevocation || e.Purpose == PurposeSuspension) {
			return Entry{}, invalid(clauseEntry, "/statusSize", "a revocation or suspension has one bit, not more")
		}
	}
	return e, nil
}

// decimal reads digits without sign, exponent, fraction or leading zeros. A number beyond an int becomes math.MaxInt.
func decimal(text string) (int, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" || (text[0] == '0' && text != "0") {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return math.MaxInt, true
	}
	return n, true
}

// absolute tells whether text is a URL with a scheme.
func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != ""
}

// texts reads a string or an array of strings; it returns nil for anything else.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		out := make([]string, len(v))
		for i, member := range v {
			text, ok := member.(string)
			if !ok {
				return nil
			}
			out[i] = text
		}
		return out
	}
	return nil
}
