package credential

import (
	"fmt"
	"slices"

	"github.com/laurelbadges/laurel/credential/strict"
)

// presentation checks what the table of classes cannot say of a presentation: which credentials it holds, and whether those
// without a proof of their own are its holder's (VCDM 2.0 section 4.13).
func (w *walk) presentation(c *Credential, profile Profile) {
	const at = "/verifiableCredential"
	clause := "VCDM 2.0 4.13"
	if w.legacy {
		clause = "VCDM 1.1 4.10"
	}
	if profile == OpenBadges && len(c.Nested) == 0 {
		w.fail(at, "OB 3.0 B AchievementCredential", "the presentation holds no badge")
	}
	for _, nested := range c.Nested {
		if nested.Value == nil {
			w.unread(nested)
			continue
		}
		w.typed(nested, clause)
		if nested.Value["proof"] != nil {
			continue
		}
		switch holder := c.Holder.ID; {
		case holder == "":
			w.fail("/holder", "VCDM 2.0 4.13", "a credential inside has no proof of its own, and the presentation does not say who its holder is")
		case readParty(nested.Value["issuer"]).ID != holder:
			w.fail(nested.Pointer+"/issuer", "VCDM 2.0 4.13", "a credential inside has no proof of its own, and its issuer is not the holder of the presentation")
		}
	}
}

// record checks what the table of classes cannot say of a CLR: which credentials it holds, and that its associations name
// achievements in it.
func (w *walk) record(c *Credential) {
	for _, nested := range c.Nested {
		if nested.Value == nil {
			w.unread(nested)
		} else {
			w.typed(nested, "CLR 2.0 ClrSubject")
		}
	}
	if len(c.Associations) == 0 {
		return
	}
	ids, whole := c.namedInside()
	if !whole {
		return
	}
	for _, association := range c.Associations {
		for _, end := range [...]struct{ name, id string }{{"sourceId", association.Source}, {"targetId", association.Target}} {
			if _, there := slices.BinarySearch(ids, end.id); end.id != "" && !there {
				w.warn(association.Pointer+"/"+end.name, "CLR 2.0 Association", "the association names no achievement or credential of the record")
			}
		}
	}
}

// bounded checks that no credential inside a presentation or CLR was left out of c.Nested, in any profile.
func (w *walk) bounded(c *Credential) {
	count := 0
	for _, carrier := range c.carriersOfCredentials() {
		if count += len(strict.Values(carrier.Value["verifiableCredential"])); count > Limits.Nested {
			w.report(Problem{Pointer: carrier.Pointer + "/verifiableCredential", Code: strict.CodeTooComplex,
				Detail: fmt.Sprintf("there are more than %d credentials inside", Limits.Nested)})
			return
		}
	}
}

// unread reports a credential inside that is written in no allowed form. What a good envelope holds is its own matter.
func (w *walk) unread(nested Nested) {
	if p := nested.Problem; p != nil && p.Code != CodeNoCredential && p.Code != CodeAlgNotAllowed {
		w.report(*p)
	}
}

// typed checks that an object inside says that it is a credential.
func (w *walk) typed(nested Nested, clause string) {
	if !slices.Contains(strict.Texts(nested.Value["type"]), KindOther) {
		w.fail(nested.Pointer+"/type", clause, "an object inside is not of the type VerifiableCredential or EnvelopedVerifiableCredential")
	}
}
