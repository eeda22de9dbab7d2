package earner

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Award is the award of this installation that a badge in a collection refers to, as everybody may see it who has its address: its earner
// decides that anew at any time, and it is the issuer's to judge. Kind missing where there is none, or nobody may see it.
func (c *Collection) Award(ctx context.Context, i *Imported) (Award, error) {
	if i.Award == "" {
		return Award{}, missing()
	}
	a, err := c.Earners.award(ctx, Holding{Credential: i.Award})
	if err == nil && !a.Credential.Visible() {
		err = missing()
	}
	if err != nil {
		return Award{}, err
	}
	a.Holding = Holding{Credential: i.Award, Created: a.Credential.Intended} // nothing of its earner, nor whether they have taken it
	a.Credential.Claimed = a.Credential.Intended
	return a, nil
}

// Whose compares the recipient that an award names with addresses.
func (a *Award) Whose(addresses []string) Whose {
	badge, err := credential.Parse(a.Credential.JSON)
	if err != nil {
		return WhoseUnclear
	}
	i := Imported{Recipient: badge.Subject.Identifiers, Report: &verifier.Report{Authentic: verifier.Yes}}
	return i.Whose(addresses)
}

// Show fills in what a page shows of a badge that refers to an award. It is never written back.
func (i *Imported) Show(a *Award, l wording.Language) {
	i.Name, i.Kind = wording.First(a.Achievement.Name, l.Say("credential.AchievementCredential")), "AchievementCredential"
	i.Type, i.Narrative = a.Achievement.Content.AchievementType, wording.Prose(a.Achievement.Content.Description)
	i.Standard = "Open Badges 3.0"
	i.Issuer, i.IssuerID, i.Awarded = wording.Plain(a.Organisation.Name), a.Organisation.DID, a.Awarded()
}

// namesOf is the digest under which copies of a badge are found by the id that it gives itself; "" for none.
func namesOf(id string) string {
	if id == "" {
		return ""
	}
	return digest("credential " + strings.ToLower(id))
}

// ForgetCopies takes away what people have in their collections of an award that was erased, where the store does not know the award any
// more. name is its id here, or its address. It can be done over and over.
func (s *Service) ForgetCopies(ctx context.Context, name string) error {
	id := strings.TrimPrefix(name, s.Base+"/c/")
	names := []string{name, s.Base + "/c/" + id}
	if bits, err := base64.RawURLEncoding.DecodeString(id); err == nil && len(bits) == 16 {
		names = append(names, fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", bits[:4], bits[4:6], bits[6:8], bits[8:10], bits[10:]))
	}
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error { return s.Book.dropCopies(tx, names...) }))
}

// dropCopies takes away every badge in a collection that is an award of one of these names, refers to it, or holds it at any depth, with its
// file. All signed forms of an award give its name, those that are derived from it as well.
func (b *Book) dropCopies(tx issuer.Tx, names ...string) error {
	b.judged.clear()
	for _, name := range names {
		if name == "" {
			continue
		}
		same, err := issuer.Every(tx, imports, "names", namesOf(name))
		if err != nil {
			return err
		}
		for _, i := range same {
			if err := discard(tx, i.ID); err != nil {
				return err
			}
		}
		around, err := issuer.Every(tx, copies, "name", namesOf(name))
		if err != nil {
			return err
		}
		for _, c := range around { // gone already where it was both
			if _, version, err := optional(tx, imports, c.Import); err != nil {
				return err
			} else if version > 0 {
				if err := discard(tx, c.Import); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
