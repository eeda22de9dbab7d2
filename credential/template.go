package credential

import "bytes"

// Template writes many badges of one issuer and achievement. What they share is written once.
type Template struct {
	name, issuer, achievement written
	odd                       int // bytes in these that are not plain
}

// written is JSON as [Build] writes it.
type written []byte

// NewTemplate makes a template for badges with the name, the issuer and the achievement of this one.
func NewTemplate(badge AchievementCredential) (*Template, error) {
	t := &Template{}
	for _, part := range []struct {
		into  *written
		value any
	}{{&t.name, badge.Name}, {&t.issuer, badge.Issuer.members()}, {&t.achievement, badge.Subject.Achievement.optional()}} {
		if empty(part.value) {
			continue
		}
		var text bytes.Buffer
		if err := write(&text, part.value); err != nil {
			return nil, err
		}
		*part.into = text.Bytes()
		t.odd += odd(text.Bytes())
	}
	return t, nil
}

// Build is [Build] for a badge with the name, the issuer and the achievement of the template, whatever it has of its own. Where all else
// is plain ASCII the text is not read again and held against the rules of [Check], unless whole says so: that is for who has had the same
// badge built before, with other ids, dates and places in status lists.
func (t *Template) Build(badge AchievementCredential, whole bool) ([]byte, error) {
	badge.Name, badge.Issuer, badge.Subject.Achievement = "", Party{}, nil
	if err := badge.check(); err != nil {
		return nil, err
	}
	all := badge.members()
	all.set("name", t.name)
	all.set("issuer", t.issuer)
	subject := badge.Subject.members()
	subject.set("achievement", t.achievement)
	all.set("credentialSubject", subject)
	text := bytes.NewBuffer(make([]byte, 0, len(t.name)+len(t.issuer)+len(t.achievement)+ownRoom))
	if err := write(text, all); err != nil {
		return nil, err
	}
	if !whole && odd(text.Bytes()) == t.odd {
		return text.Bytes(), nil
	}
	return built(text.Bytes())
}

// ownRoom is what most badges need beside the text that they share, in bytes.
const ownRoom = 2 << 10

// set replaces the value of a member.
func (m members) set(name string, value any) {
	for i := range m {
		if m[i].name == name {
			m[i].value = value
		}
	}
}

// odd counts the bytes of a JSON text that are not plain, see [isPlain].
func odd(text []byte) (n int) {
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			n++
		}
	}
	return n
}
