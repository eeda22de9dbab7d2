package status

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Types of the specifications.
const (
	TypeEntry      = "BitstringStatusListEntry"      // a member of credentialStatus
	TypeCredential = "BitstringStatusListCredential" // a type of the list credential
	TypeList       = "BitstringStatusList"           // the credentialSubject of the list credential

	TypeEntry2021      = "StatusList2021Entry"
	TypeCredential2021 = "StatusList2021Credential"
	TypeList2021       = "StatusList2021"

	TypeRevocationList = "1EdTechRevocationList" // a member of credentialStatus; the list itself has no type
)

// Method is a way to keep the status of credentials, named by the type of its entries.
type Method string

const (
	Bitstring      Method = TypeEntry
	StatusList2021 Method = TypeEntry2021
	RevocationList Method = TypeRevocationList
)

// methodOf is the one method that types name; "" for none, and for several, which would read one text in two ways.
func methodOf(types []string, named map[string]Method) Method {
	var found Method
	for _, name := range types {
		switch method := named[name]; {
		case method == "" || method == found:
		case found == "":
			found = method
		default:
			return ""
		}
	}
	return found
}

// MethodOfList is the method of a list credential, by the types of the credential; "" when they name none, or more than one.
func MethodOfList(types []string) Method {
	return methodOf(types, map[string]Method{TypeCredential: Bitstring, TypeCredential2021: StatusList2021})
}

func methodOfSubject(types []string) Method {
	return methodOf(types, map[string]Method{TypeList: Bitstring, TypeList2021: StatusList2021})
}

// Purposes. The first two decide whether a credential is in force; the others are only shown, and Status List 2021 has none of
// them.
const (
	PurposeRevocation = "revocation"
	PurposeSuspension = "suspension"
	PurposeMessage    = "message"
	PurposeRefresh    = "refresh"
)

// maxSize bounds statusSize. An entry of n bits lists 2^n messages (section 2.1), so sizes beyond this do not occur.
const maxSize = 16

// Entry is one member of credentialStatus: where the status of a credential stands.
type Entry struct {
	Method   Method
	ID       string // "" when absent; nothing is looked up by it
	Purpose  string
	Index    int               // math.MaxInt when the number in the credential is beyond it, which is outside every list
	ListURL  string            // statusListCredential; of a RevocationList the id of the entry
	Size     int               // bits of one status; 0 for a RevocationList
	Messages map[uint32]string // what each value of the status means; nil when the entry does not say
}

// ParseEntry reads one member of credentialStatus, as strict.Parse returns it (numbers are json.Number): by the rules of Bitstring
// Status List section 2.1, by those of StatusList2021Entry, or as a 1EdTechRevocationList, which is a type and the address of the
// list. Every error is an [*Error], with CodeUnavailable for an entry of a type that is none of these and CodeInvalid for a
// malformed one.
func ParseEntry(entry map[string]any) (Entry, error) {
	types := texts(entry["type"])
	if len(types) == 0 {
		return Entry{}, invalid(clauseType, "/type", "the status entry has no type")
	}
	known := map[string]Method{TypeEntry: Bitstring, TypeEntry2021: StatusList2021, TypeRevocationList: RevocationList}
	e := Entry{Method: methodOf(types, known)}
	switch e.Method {
	case Bitstring, StatusList2021:
		if err := e.parse(entry); err != nil {
			return Entry{}, err
		}
		return e, nil
	case RevocationList:
		e.Purpose = PurposeRevocation
		if e.ListURL, _ = entry["id"].(string); !absolute(e.ListURL) {
			return Entry{}, invalid(clauseRevocations, "/id", "the status entry names no address of a list")
		}
		return e, nil
	}
	if slices.ContainsFunc(types, func(name string) bool { return known[name] != "" }) {
		return Entry{}, invalid(clauseType, "/type", "the status entry is of several types that are read in different ways")
	}
	return Entry{}, &Error{Code: CodeUnavailable, Pointer: "/type", Clause: clauseType, Detail: "the status is kept in a way that Laurel does not know"}
}

// parse reads what the two methods with signed lists share, and what the newer one adds.
func (e *Entry) parse(entry map[string]any) error {
	clause := clauseEntry
	if e.Method == StatusList2021 {
		clause = clauseEntry2021
	}
	e.Purpose, _ = entry["statusPurpose"].(string)
	if e.Purpose == "" {
		return invalid(clause, "/statusPurpose", "the status entry has no purpose")
	}
	index, _ := entry["statusListIndex"].(string)
	var ok bool
	if e.Index, ok = decimal(index); !ok {
		return invalid(clause, "/statusListIndex", "the index is not a whole number written as a string")
	}
	e.ListURL, _ = entry["statusListCredential"].(string)
	if !absolute(e.ListURL) {
		return invalid(clause, "/statusListCredential", "the status entry names no address of a list")
	}
	if id, present := entry["id"]; present {
		if e.ID, _ = id.(string); !absolute(e.ID) {
			return invalid(clause, "/id", "the id of the status entry is not a URL")
		}
		if e.ID == e.ListURL {
			return invalid(clause, "/id", "the id of the status entry is the address of the list")
		}
	}
	e.Size = 1
	if size, present := entry["statusSize"]; present {
		number, _ := size.(json.Number)
		e.Size, ok = decimal(string(number))
		switch {
		case !ok || e.Size < 1 || e.Size > maxSize:
			return invalid(clause, "/statusSize", "the status size is not a whole number from 1 to "+strconv.Itoa(maxSize))
		case e.Size > 1 && (e.Purpose == PurposeRevocation || e.Purpose == PurposeSuspension):
			return invalid(clause, "/statusSize", "a revocation or suspension has one bit, not more")
		case e.Size > 1 && e.Method == StatusList2021:
			return invalid(clause, "/statusSize", "a status of this kind has one bit, not more")
		}
	}
	if e.Method == StatusList2021 {
		return nil
	}
	if reference, present := entry["statusReference"]; present {
		addresses := texts(reference)
		if len(addresses) == 0 || slices.ContainsFunc(addresses, func(text string) bool { return !absolute(text) }) {
			return invalid(clause, "/statusReference", "the status reference is not a URL")
		}
	}
	return e.parseMessages(entry)
}

// parseMessages reads statusMessage (section 2.1): one message for each value that the status can have. It may be left out for a
// status of one bit.
func (e *Entry) parseMessages(entry map[string]any) error {
	const pointer = "/statusMessage"
	value, present := entry["statusMessage"]
	if !present && e.Size == 1 {
		return nil
	}
	list, _ := value.([]any)
	if len(list) != 1<<e.Size {
		return invalid(clauseEntry, pointer, "the status entry has not one message for each value of its status")
	}
	e.Messages = make(map[uint32]string, len(list))
	for _, member := range list {
		object, _ := member.(map[string]any)
		code, _ := object["status"].(string)
		message, isText := object["message"].(string)
		digits, prefixed := strings.CutPrefix(code, "0x")
		number, err := strconv.ParseUint(digits, 16, 32)
		_, twice := e.Messages[uint32(number)]
		if !isText || !prefixed || err != nil || number >= 1<<e.Size || twice {
			return invalid(clauseEntry, pointer, "a message of the status entry does not name its value, or not once")
		}
		e.Messages[uint32(number)] = message
	}
	return nil
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
