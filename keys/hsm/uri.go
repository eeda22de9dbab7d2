package hsm

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// address is what a PKCS#11 URI says (RFC 7512 section 2.3).
type address struct {
	token, serial string // of the token; "" is any
	slot          uint   // where it is, when hasSlot
	hasSlot       bool

	modulePath string // of the module, absolute; else moduleName
	moduleName string // of the module without folder and suffix
	pinSource  string // path of the file with the PIN; "" when the caller knows it
}

// parse reads a URI that names one token and the module to reach it by. Nothing is passed over: an attribute that would be ignored
// could be the one that keeps the keys out of the wrong token. No error repeats a value, which may be a PIN.
func parse(uri string) (address, error) {
	fault := func(format string, args ...any) (address, error) {
		return address{}, fmt.Errorf("reading the PKCS#11 URI: "+format, args...)
	}
	rest, ok := strings.CutPrefix(uri, "pkcs11:")
	if !ok {
		return fault("it does not begin with pkcs11:")
	}
	if strings.Contains(rest, "pin-value") {
		return fault("a PIN on a command line is seen by every user of the machine: leave pin-value away, and put the PIN into the " +
			"first line of a file for pin-source, or where Laurel takes a passphrase from")
	}
	var a address
	where, how, _ := strings.Cut(rest, "?")
	seen := map[string]bool{}
	for _, part := range []struct {
		text, separator string
		take            func(name, value string) error
	}{{where, ";", a.takePath}, {how, "&", a.takeQuery}} {
		if part.text == "" {
			continue
		}
		for text := range strings.SplitSeq(part.text, part.separator) {
			name, encoded, _ := strings.Cut(text, "=")
			value, err := url.PathUnescape(encoded)
			switch {
			case err != nil || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
				return fault("the value of %q is not percent-encoded text", name)
			case value == "":
				return fault("%q has no value", name)
			case seen[name]:
				return fault("%q is there twice", name)
			}
			seen[name] = true
			if err := part.take(name, value); err != nil {
				return fault("%w", err)
			}
		}
	}
	if a.token == "" && a.serial == "" && !a.hasSlot {
		return fault("it names no token; give token, serial or slot-id")
	}
	if (a.modulePath == "") == (a.moduleName == "") {
		return fault("one of module-path and module-name has to be given, after a question mark: the library that reaches the token")
	}
	return a, nil
}

// takePath takes an attribute of the path, which says what token is meant.
func (a *address) takePath(name, value string) error {
	switch name {
	case "token":
		a.token = value
	case "serial":
		a.serial = value
	case "slot-id":
		slot, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return errors.New(`"slot-id" is not a number`)
		}
		a.slot, a.hasSlot = uint(slot), true
	case "module-path", "module-name", "pin-source":
		return fmt.Errorf("%q stands after a question mark (RFC 7512 section 2.3)", name)
	default:
		return fmt.Errorf("%q is not understood; before the question mark token, serial and slot-id are", name)
	}
	return nil
}

// takeQuery takes an attribute of the query, which says how the token is reached.
func (a *address) takeQuery(name, value string) error {
	switch name {
	case "module-path":
		if !path.IsAbs(value) {
			return errors.New(`"module-path" is not an absolute path`)
		}
		a.modulePath = value
	case "module-name":
		if strings.ContainsAny(value, "/.") {
			return errors.New(`"module-name" is a name without folder and suffix, such as softhsm2`)
		}
		a.moduleName = value
	case "pin-source":
		// RFC 7512 section 2.4 also has commands, behind a "|", and other addresses.
		file := strings.TrimPrefix(strings.TrimPrefix(value, "file:"), "//")
		if !path.IsAbs(file) {
			return errors.New(`"pin-source" is neither the absolute path of a file nor its file: address`)
		}
		a.pinSource = file
	default:
		return fmt.Errorf("%q is not understood; after the question mark module-path, module-name and pin-source are", name)
	}
	return nil
}
