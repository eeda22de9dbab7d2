package issuer_test

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		" Ada.B@Cedar.Example ": "ada.b@cedar.example", "añá@example.org": "añá@example.org", "o'hara+x@example.org": "o'hara+x@example.org", "": "", "ada": "", "Ada <ada@example.org>": "",
		"\"a b\"@example.org": "", "a@example.org\r\nBcc: x@example.org": "", "a\u200bb@example.org": "", strings.Repeat("a", 250) + "@example.org": "", "a@b@example.org": "", "a\xff@example.org": "",
	} {
		if got, ok := issuer.Address(text); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestNewAddress: nothing is sent to an address that can be taken for another one.
func TestNewAddress(t *testing.T) {
	for text, want := range map[string]string{ // a part of the sentence
		"ada@example.org": "", "andr\u00e9@m\u00fcnchen.example": "", "\u7528\u6237@\u4f8b\u5b50.example": "", "\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.example": "",
		"\u0430da@example.org": "look like others", "ada@\u0430\u0440\u0440\u04cf\u0435.com": "look like others", "ada@\uff45xample.org": "look like others", "\u212aim@example.org": "look like others",
		"a\u200bda@example.org": "not visible", "ada@localhost": "no name of a mail server", "ada": "is not one", "": "is not one",
		"a@-x.example": "no name of a mail server", "a@x-.example": "no name of a mail server", "a@x_y.example": "no name of a mail server", "a@" + strings.Repeat("x", 64) + ".example": "no name of a mail server",
		strings.Repeat("a", 65) + "@example.org": "longer than 64", strings.Repeat("a", 64) + "@x-y.example": "",
	} {
		_, err := issuer.NewAddress(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestAwardToLookalike: single awards are held to the rules that lists are: names and addresses are what they seem.
func TestAwardToLookalike(t *testing.T) {
	o := newDesk(t, public)
	badge := o.publish(t).ID
	for name, test := range map[string]struct {
		in   issuer.AwardInput
		code string
	}{
		"an address":    {issuer.AwardInput{Recipient: "\u0430da@example.org", Name: "Ada"}, "email"},
		"a hidden sign": {issuer.AwardInput{Recipient: "a\u200bda@example.org", Name: "Ada"}, "email"},
		"two alphabets": {issuer.AwardInput{Recipient: "ada@example.org", Name: "\u0410da King"}, "name"},
		"piled marks":   {issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada" + strings.Repeat("\u0335", 199)}, "name"},
		"a turned name": {issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada\u202e gniK"}, "name"},
	} {
		test.in.Achievement, test.in.Actor = badge, "test"
		_, err := o.Issue(t.Context(), test.in)
		wantRefusal(t, name, err, issuer.KindInvalid, test.code)
	}
	for _, name := range []string{"\u0418\u0432\u0430\u043d", "\u5c71\u7530 Taro", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u00c5sa O\u2019Brien"} {
		if _, err := o.Issue(t.Context(), issuer.AwardInput{Achievement: badge, Recipient: "ada@example.org", Name: name, Actor: "test"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
