package console

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// fieldOnce is a hidden field of forms that make something: a text of the page's own, so that a form that is sent twice, by a second
// click or after a connection broke, does what it says once.
const fieldOnce = "once"

// single gives a form its text. A form that is shown again after it was refused keeps it.
func (f *form) single() *form {
	if f.Get(fieldOnce) == "" {
		f.Values.Set(fieldOnce, rand.Text())
	}
	return f
}

// outcome is how a form was answered whose act is of another room than the issuer: the name of a notice, and the address that it led
// to after a space. Without an address it was a page that is shown once.
type outcome string

// shownOnce is the outcome of a form that is answered with a page that is shown once.
const shownOnce outcome = "shown"

func ledTo(said notice, address string) outcome { return outcome(string(said) + " " + address) }

// once lets the write that a form asks for happen once. The caller ends what it gets. Where the form was sent before, the id of what it
// made then comes back.
func (v *visit) once(f *form) (once *issuer.Once, made string, err error) {
	f.single() // without its text a form is one of its own
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		for _, text := range f.Values[name] {
			sum.Write([]byte(name + "\x00" + text + "\x00"))
		}
	}
	key := issuer.OnceKey{Actor: v.actor(), Act: v.Request().URL.Path, Text: f.Get(fieldOnce)}
	space := v.space
	if v.organisation.ID == "" { // a page of the account, or of the installation
		space = v.server.Office.Workspace("")
	}
	once, err = space.Once(v.ctx(), key, sum.Sum(nil), func(value any, _ uint64) ([]byte, error) {
		if v.how != "" {
			return []byte(v.how), nil
		}
		switch made := value.(type) {
		case issuer.Achievement:
			return []byte(made.ID), nil
		case issuer.Credential:
			return []byte(made.ID), nil
		case issuer.Proposal:
			return []byte(made.ID), nil
		case issuer.Endorsement:
			return []byte(made.ID), nil
		case issuer.Token:
			return []byte(made.ID), nil
		case issuer.Batch:
			return []byte(made.ID), nil
		case issuer.Case:
			return []byte(made.ID), nil
		}
		return nil, errors.New("a form made something that has no page")
	})
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Code == "key_reused" {
		err = &issuer.Error{Kind: issuer.KindConflict, Code: refused.Code, Detail: "This form was sent before with something else in it, and that was done. Open a new form."}
	}
	if err != nil {
		return nil, "", err
	}
	return once, string(once.Answer), nil
}

// onlyOnce does what a form asks, and keeps how it was answered. act hands what keeping returns to the write, where that can be repeated;
// else done, or showSecret, keeps it after the write. What act refuses can be sent again. Where the form was sent before, nothing is
// done, and it leads to where it led then.
func (v *visit) onlyOnce(f *form, act func() error) error {
	once, before, err := v.once(f)
	if err != nil {
		return err
	}
	defer once.End()
	if before != "" {
		said, address, _ := strings.Cut(before, " ")
		if address == "" {
			return failure{status: http.StatusConflict, title: "This was done already", detail: "What it made was shown then, once, and cannot be shown again. If it is lost, make another from a new form."}
		}
		return v.done(notice(said), address)
	}
	v.open = once
	defer func() { v.open, v.how = nil, "" }()
	return act()
}

// keeping lets a write keep in its own transaction how the form is going to be answered.
func (v *visit) keeping(how outcome) *issuer.Once {
	once := v.open
	v.open, v.how = nil, how
	return once
}

// kept keeps how a form is answered, unless the write has done so, or nothing is kept of the form.
func (v *visit) kept(how outcome) error {
	return v.keeping(how).Keep(v.ctx(), nil, 0) // nil keeps nothing
}
