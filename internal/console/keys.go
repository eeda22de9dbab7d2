package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type keyLine struct {
	Name, Algorithm, About string
	State                  string
	Created, Ended         wording.Moment
	Acts                   []nameLink
}

type keysPage struct {
	Lines []keyLine
	DID   string
	Fixed bool   // the identity is the key itself, which cannot change
	Head  string // address of the signed end of the audit log; "" where the role does not allow it
}

// algorithmWords say what keys are for.
var algorithmWords = map[string]string{
	"EdDSA": "Ed25519: signs badges as files", "ES256": "P-256: signs badges as files or tokens", "ES384": "P-384: signs badges as files", "RS256": "RSA: signs badges as tokens",
}

// ownKey says that a key is an identity of its own, beside that of the organisation.
func ownKey(o *issuer.Organisation, k issuer.Key) bool { return !o.Owns(k) }

// fixedIdentity says that the identity of the organisation is a key, and can have no other.
func fixedIdentity(o *issuer.Organisation) bool { return strings.HasPrefix(o.DID, "did:key:") }

// keysPage lists the keys, those in use first.
func (s *server) keysPage(v *visit) error {
	o := v.organisation
	data := keysPage{DID: o.DID, Fixed: fixedIdentity(&o)}
	if v.may(issuer.ScopeAuditRead) {
		data.Head = v.inOffice("activity", "head")
	}
	for _, active := range []bool{true, false} {
		for _, k := range slices.Backward(o.Keys) {
			if (k.State == issuer.KeyActive) != active {
				continue
			}
			line := keyLine{Name: keyName(k.Method), Algorithm: wording.First(algorithmWords[k.Algorithm], k.Algorithm), State: string(k.State), Created: v.day(k.Created)}
			if k.Ended != nil {
				line.Ended = v.day(*k.Ended)
			}
			if ownKey(&o, k) {
				line.About = "An identity of its own: it signs documents of programs as " + k.Method + "."
			}
			if v.may(issuer.ScopeKeysWrite) {
				line.Acts = v.keyActs(&o, k)
			}
			data.Lines = append(data.Lines, line)
		}
	}
	return v.ok("keys", v.officePage("Keys", nil, data, "", ""))
}

// keyActs are what can be done with a key.
func (v *visit) keyActs(o *issuer.Organisation, k issuer.Key) (acts []nameLink) {
	to := func(name, act string) { acts = append(acts, nameLink{name, v.inOffice("keys", k.Name, act)}) }
	changes := !fixedIdentity(o) || ownKey(o, k)
	if k.State == issuer.KeyActive && changes {
		if !ownKey(o, k) {
			to("Replace", "rotate")
		}
		to("Retire", "retire")
	}
	if k.State != issuer.KeyCompromised && changes {
		to("It was stolen", "compromise")
	}
	if k.State != issuer.KeyActive {
		to("Sign its awards anew", "reissue")
	}
	return acts
}

// keyName is the end of the name of a key, by which people tell keys apart.
func keyName(method string) string {
	name := method[strings.LastIndexAny(method, "#:")+1:]
	if len(name) > 14 {
		name = name[:6] + "…" + name[len(name)-6:]
	}
	return wording.Plain(name)
}

// key is the one in the address.
func (v *visit) key() (issuer.Key, error) {
	for _, k := range v.organisation.Keys {
		if k.Name == v.Param("key") {
			return k, nil
		}
	}
	return issuer.Key{}, notFound()
}

// askKey asks before something is done with a key.
func (v *visit) askKey(title, button string, danger bool, will []string, act func(k issuer.Key) error) error {
	k, err := v.key()
	if err != nil {
		return err
	}
	return v.ask("confirm", v.officePage(title+" "+keyName(k.Method), nil, confirmPage{Will: will, Button: button, Danger: danger, Back: v.inOffice("keys"), Version: string(k.State)},
		"Keys", "keys"), nil, func(*form) error { return act(k) })
}

func (s *server) rotateKey(v *visit) error {
	return v.askKey("Replace the key", "Replace", false, []string{
		"A new key of the same kind is made, and signs from now on.",
		"This key signs no more. It stays published, so that everything that it signed stays authentic.",
		"Nobody who has a badge has to do anything.",
	}, func(k issuer.Key) error {
		by := v.by()
		by.Once = v.keeping(ledTo("key-rotated", v.inOffice("keys")))
		if _, err := v.space.RotateKey(v.ctx(), k.Method, by); err != nil {
			return err
		}
		return v.done("key-rotated", v.inOffice("keys"))
	})
}

func (s *server) retireKey(v *visit) error {
	return v.askKey("Retire the key", "Retire", true, []string{
		"This key signs no more, and no other takes its place.",
		"It stays published, so that everything that it signed stays authentic.",
		"It cannot be taken into use again.",
	}, func(k issuer.Key) error {
		by := v.by()
		by.Once = v.keeping(ledTo("key-retired", v.inOffice("keys")))
		if _, err := v.space.RetireKey(v.ctx(), k.Method, by); err != nil {
			return err
		}
		return v.done("key-retired", v.inOffice("keys"))
	})
}

const mostCounted = 1000 // awards of a key that are counted before the page says that there are more

// signedBy says how many awards a key has signed.
func (v *visit) signedBy(k issuer.Key) (count int, words string, err error) {
	for after := ""; ; {
		page, next, err := v.server.Office.Affected(v.ctx(), v.organisation.ID, k.Method, after, 200)
		if err != nil {
			return 0, "", err
		}
		count += len(page)
		if after = next; next == "" || count >= mostCounted {
			break
		}
	}
	words = counted(count, "one award", "%d awards")
	switch {
	case count == 0:
		words = "no award"
	case count >= mostCounted:
		words = "at least " + words
	}
	return count, words, nil
}

// compromiseKey says that others have a key.
func (s *server) compromiseKey(v *visit) error {
	k, err := v.key()
	if err != nil {
		return err
	}
	count, words, err := v.signedBy(k)
	if err != nil {
		return err
	}
	will := []string{
		"From now on everybody is told that others may have had this key, and since when.",
		"Everything that it signed is no longer authentic, of whatever date: whoever has the key can write any date. That is " + words + " of yours.",
	}
	if count > 0 {
		will = append(will, "You can then sign these awards anew, with the same addresses. Until that is done, whoever checks one is told that it is not authentic.",
			"Files that earners have saved have to be downloaded again.")
	}
	if k.State == issuer.KeyActive && v.organisation.Owns(k) {
		will = append(will, "A new key takes its place at once.")
	}
	will = append(will, "This cannot be undone.")
	return v.ask("key-compromise", v.officePage("Say that the key "+keyName(k.Method)+" was stolen", nil, confirmPage{Will: will, Button: "Say that it was stolen", Danger: true,
		Back: v.inOffice("keys"), Version: string(k.State)}, "Keys", "keys"), map[string]string{"since": "since"}, func(f *form) error {
		since := f.date("since")
		if len(f.problems) > 0 {
			return errAgain
		}
		next := v.inOffice("keys")
		if count > 0 {
			next = v.inOffice("keys", k.Name, "reissue")
		}
		by := v.by()
		by.Once = v.keeping(ledTo("key-compromised", next))
		if _, err := v.space.CompromiseKey(v.ctx(), k.Method, since, by); err != nil {
			return err
		}
		return v.done("key-compromised", next)
	})
}

// reissueKey signs anew what a key has signed that is in use no more.
func (s *server) reissueKey(v *visit) error {
	k, err := v.key()
	if err != nil {
		return err
	}
	if k.State == issuer.KeyActive {
		return failure{status: http.StatusConflict, title: "This key is in use", detail: "Only what a key has signed that is in use no more can be signed anew."}
	}
	count, words, err := v.signedBy(k)
	if err != nil {
		return err
	}
	will := []string{
		"A batch signs " + words + " of this key anew, with the keys that sign now: the same text, at the same addresses.",
		"Awards that are revoked or suspended stay so.",
		"Files that earners have saved stay as they are. They have to download them again.",
		"Nobody is written to.",
	}
	if count == 0 {
		return v.ok("nothing", v.officePage("Nothing to sign anew", nil, secretPage{About: "No award carries a signature of this key.", Back: v.inOffice("keys")}, "Keys", "keys"))
	}
	return v.ask("confirm", v.officePage("Sign the awards of the key "+keyName(k.Method)+" anew", nil, confirmPage{Will: will, Button: "Sign them anew",
		Back: v.inOffice("keys"), Version: string(k.State)}, "Keys", "keys"), nil, func(*form) error {
		b, err := s.Office.Reissue(v.ctx(), v.organisation.ID, k.Method, v.actor())
		if err != nil {
			return err
		}
		s.woken()
		return v.done("reissue-begun", v.to("batches", b.ID))
	})
}

// auditHead hands out the end of the audit log, signed by the organisation.
func (s *server) auditHead(v *visit) error {
	token, err := s.Office.SignedAuditHead(v.ctx(), v.organisation.ID)
	if err != nil {
		return err
	}
	v.Response().Header().Set("Content-Disposition", `attachment; filename="audit-head.jwt"`)
	return v.Blob(http.StatusOK, "application/jwt", []byte(token))
}
