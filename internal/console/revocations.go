package console

import (
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

type revocationsPage struct {
	Achievements, States, Reasons []choice
	Batch                         nameLink
	Back                          string
	Second                        bool
}

// revocationCodes are the fields that errors are about.
var revocationCodes = map[string]string{"code": "code", "reason": "reason", "note": "note", "name": "name", "batch_size": "achievement", "filter": "achievement"}

// revocable are the states of awards that can be revoked together.
var revocable = []choice{{"", "in force or suspended"}, {string(issuer.CredentialIssued), "in force"}, {string(issuer.CredentialSuspended), "suspended"}}

// revocationsPage asks which awards are to be revoked together; the filter of the list of awards is taken over.
func (s *server) revocationsPage(v *visit) error {
	f := newForm()
	for _, name := range []string{"achievement", "state", "batch"} {
		f.Set(name, strings.TrimSpace(v.QueryParam(name)))
	}
	if !among(revocable, f.Get("state")) {
		f.Values.Del("state")
	}
	return s.revocationsForm(v, http.StatusOK, f)
}

func (s *server) revocationsForm(v *visit, status int, f *form) error {
	defined, err := v.awardable("", "")
	if err != nil {
		return err
	}
	data := revocationsPage{Achievements: append([]choice{{"", "any"}}, defined...), States: revocable, Reasons: revocationReasons(),
		Back: v.to("awards"), Second: v.proposes(issuer.ActRevoke)}
	if id := f.Get("batch"); id != "" {
		b, _, err := v.space.Batch(v.ctx(), id)
		if err != nil {
			return err
		}
		data.Batch = nameLink{orWord(b.Name, "A batch"), v.to("batches", b.ID)}
	}
	return v.show(status, "revocations", page{Title: "Revoke several awards", Up: nameLink{"Awards", v.to("awards")}, Form: f.single(), Data: data})
}

// findRevocations finds the awards, and goes to a batch that is confirmed there.
func (s *server) findRevocations(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	in := issuer.RevokeInput{Name: f.Get("name"), Cause: causeOf(f)}
	if in.Name == "" {
		in.Name = "Revocation of " + v.day(s.Now()).Words
	}
	state := f.Get("state")
	if !among(revocable, state) {
		f.refuse("state", "Choose one of the list.")
	}
	in.Filter = issuer.CredentialFilter{Achievement: f.Get("achievement"), State: issuer.CredentialState(state), Batch: f.Get("batch"), IssuedFrom: f.date("from"), IssuedUntil: f.date("until")}
	for line := range strings.FieldsSeq(f.Get("ids")) {
		in.IDs = append(in.IDs, strings.TrimSuffix(strings.TrimPrefix(line, s.Base+"/c/"), ","))
	}
	if in.Filter != (issuer.CredentialFilter{}) && len(in.IDs) > 0 {
		f.refuse("ids", "Say either what the awards have in common or name them, not both.")
	}
	if from, until := in.Filter.IssuedFrom, in.Filter.IssuedUntil; !until.IsZero() && until.Before(from) {
		f.refuse("until", "The last day lies before the first.")
	}
	if len(f.problems) > 0 {
		return s.revocationsForm(v, http.StatusUnprocessableEntity, f)
	}
	return v.prepare(f, revocationCodes, func(by issuer.Write) (issuer.Batch, error) {
		return v.space.PrepareRevocation(v.ctx(), in, by)
	}, s.revocationsForm)
}
