package console

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"

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
	key := v.Request().URL.Path + " " + v.actor() + " " + f.Get(fieldOnce)
	once, err = v.space.Once(v.ctx(), key, sum.Sum(nil), func(value any, _ uint64) ([]byte, error) {
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
