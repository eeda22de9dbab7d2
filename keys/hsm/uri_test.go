package hsm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for uri, want := range map[string]address{
		"pkcs11:token=badges?module-name=softhsm2":               {token: "badges", moduleName: "softhsm2"},
		"pkcs11:token=a%20b%3Bc;serial=00ff?module-path=/l/x.so": {token: "a b;c", serial: "00ff", modulePath: "/l/x.so"},
		"pkcs11:slot-id=4294967295?module-name=a":                {slot: 1<<32 - 1, hasSlot: true, moduleName: "a"},
		"pkcs11:slot-id=0?module-name=a&pin-source=/run/pin":     {hasSlot: true, moduleName: "a", pinSource: "/run/pin"},
		"pkcs11:serial=1?pin-source=file:/run/p&module-name=a":   {serial: "1", moduleName: "a", pinSource: "/run/p"},
		"pkcs11:serial=1?pin-source=file:///run/p&module-name=a": {serial: "1", moduleName: "a", pinSource: "/run/p"},
		"pkcs11:token=a+b?module-name=a":                         {token: "a+b", moduleName: "a"},
	} {
		got, err := parse(uri)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(address{})); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", uri, err, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const secret = "98765secret"
	for uri, want := range map[string]string{
		"":                              "does not begin",
		"token=a?module-name=a":         "does not begin",
		"PKCS11:token=a?module-name=a":  "does not begin",
		"pkcs11:":                       "names no token",
		"pkcs11:?module-name=a":         "names no token",
		"pkcs11:token=a":                "module-path and module-name",
		"pkcs11:token=a?module-name=":   "no value",
		"pkcs11:token=?module-name=a":   "no value",
		"pkcs11:token?module-name=a":    "no value",
		"pkcs11:token=a;?module-name=a": "no value",
		"pkcs11:token=a?module-name=a&module-path=/a.so":               "module-path and module-name",
		"pkcs11:token=a;token=b?module-name=a":                         "twice",
		"pkcs11:token=a?module-name=a&module-name=b":                   "twice",
		"pkcs11:token=a%zz?module-name=a":                              "percent-encoded",
		"pkcs11:token=a%ff?module-name=a":                              "percent-encoded",
		"pkcs11:token=a%00?module-name=a":                              "percent-encoded",
		"pkcs11:object=a;token=a?module-name=a":                        `"object" is not understood`,
		"pkcs11:Token=a?module-name=a":                                 `"Token" is not understood`,
		"pkcs11:token=a;x-vendor=a?module-name=a":                      `"x-vendor" is not understood`,
		"pkcs11:token=a?module-name=a&x-vendor=a":                      `"x-vendor" is not understood`,
		"pkcs11:token=a;module-name=a":                                 "after a question mark",
		"pkcs11:slot-id=-1?module-name=a":                              "not a number",
		"pkcs11:slot-id=99999999999?module-name=a":                     "not a number",
		"pkcs11:token=a?module-path=a.so":                              "absolute",
		"pkcs11:token=a?module-name=../a":                              "without folder",
		"pkcs11:token=a?module-name=a.so":                              "without folder",
		"pkcs11:token=a?module-name=a&pin-source=pin":                  "pin-source",
		"pkcs11:token=a?module-name=a&pin-source=|" + secret:           "pin-source",
		"pkcs11:token=a?module-name=a&pin-source=file://host/pin":      "pin-source",
		"pkcs11:token=a?module-name=a&pin-source=https://host/pin":     "pin-source",
		"pkcs11:token=a?module-name=a&pin-value=" + secret:             "seen by every user",
		"pkcs11:token=a;pin-value=" + secret + "?module-name=a":        "seen by every user",
		"pkcs11:token=a?module-name=a?pin-value=" + secret:             "seen by every user",
		"pkcs11:token=a?module-name=a&pin-valu=" + secret:              `"pin-valu" is not understood`,
		"pkcs11:token=" + secret + "%?module-name=a":                   "percent-encoded",
		"pkcs11:token=a;pin=" + secret + ";slot-id=x" + "?a=" + secret: `"pin" is not understood`,
	} {
		if _, err := parse(uri); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("pkcs11:token=a%20b;serial=1;slot-id=3?module-path=/a.so&pin-source=file:/b")
	f.Add("pkcs11:token=a?module-name=b")
	f.Fuzz(func(t *testing.T, uri string) {
		a, err := parse(uri)
		if err != nil {
			return
		}
		if a.token == "" && a.serial == "" && !a.hasSlot || (a.modulePath == "") == (a.moduleName == "") || strings.Contains(uri, "pin-value") {
			t.Errorf("%q: %+v", uri, a)
		}
	})
}
