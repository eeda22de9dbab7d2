package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// awardMembers are the members of a request for an award. hashed is true unless it says otherwise.
func awardMembers(in *issuer.AwardInput, hashed *bool) func(*form) map[string]reader {
	return func(f *form) map[string]reader {
		return map[string]reader{
			"achievement": f.text(&in.Achievement),
			"recipient": f.members(map[string]reader{"email": f.text(&in.Recipient), "name": f.text(&in.Name), "hashed": f.boolean(hashed),
				"language": f.text(&in.Language)}, "email"),
			"narrative": f.text(&in.Narrative), "evidence": f.evidence(&in.Evidence), "result": f.results(&in.Results),
			"validFrom": f.instant(&in.ValidFrom), "validUntil": f.instant(&in.ValidUntil), "awardedDate": f.instant(&in.AwardedDate),
			"role": f.text(&in.Role), "term": f.text(&in.Term), "licenseNumber": f.text(&in.LicenseNumber), "access": word(f, &in.Access),
		}
	}
}

func (f *form) evidence(into *[]issuer.Evidence) reader {
	return objects(f, into, func(e *issuer.Evidence) map[string]reader {
		return map[string]reader{"id": f.text(&e.URL), "name": f.text(&e.Name), "narrative": f.text(&e.Narrative)}
	})
}

func (f *form) results(into *[]credential.Result) reader {
	return objects(f, into, func(r *credential.Result) map[string]reader {
		return map[string]reader{"resultDescription": f.text(&r.ResultDescription), "achievedLevel": f.text(&r.AchievedLevel),
			"value": f.text(&r.Value), "status": f.text(&r.Status)}
	})
}

var credentialPlaces = places{strips: "/credentialSubject", codes: map[string]string{"achievement": "/achievement", "email": "/recipient/email",
	"name": "/recipient/name", "evidence": "/evidence", "dates": "/validUntil", "awarded": "/awardedDate", "access": "/access", "code": "/code",
	"reason": "/reason", "note": "/note", "why": "/why",
	"narrative": "/narrative", "role": "/role", "term": "/term", "license": "/licenseNumber", "result": "/result", "language": "/language"}}

func (s *server) award(c echo.Context) error {
	var in issuer.AwardInput
	var why string
	hashed := true
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		members := awardMembers(&in, &hashed)(f)
		members["why"] = f.text(&why)
		return members
	}, "achievement", "recipient")
	if err != nil {
		return err
	}
	if in.Achievement == "" { // to the issuer it would mean the only one
		return failure{status: http.StatusUnprocessableEntity, code: "achievement", detail: "Say which achievement is awarded.",
			errors: []violation{at("/achievement", "the text is empty")}}
	}
	in.PlainRecipient = !hashed
	return s.changeCredential(c, http.StatusCreated, body, func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		return s.orPropose(c, w, by, issuer.ScopeCredentialsWrite, issuer.Proposal{Kind: issuer.ProposalAward, Award: &in, Why: why}, func() (any, uint64, error) {
			award, err := w.Issue(c.Request().Context(), in, by)
			return award, 0, err
		})
	})
}

// orPropose acts, or proposes the act: where the token may not act but only ask, and where the organisation wants a second person.
func (s *server) orPropose(c echo.Context, w issuer.Workspace, by issuer.Write, scope issuer.Scope, p issuer.Proposal, act func() (any, uint64, error)) (any, uint64, error) {
	if token := Token(c); token.May(scope) {
		value, version, err := act()
		if !needsSecond(err) {
			return value, version, err
		}
	}
	ctx := c.Request().Context()
	if err := seenSubject(ctx, w, p, by.Versions); err != nil {
		return nil, 0, err
	}
	made, err := w.Propose(ctx, p, by)
	return made, 1, err
}

// needsSecond says that an act was refused because the organisation wants a second person for it.
func needsSecond(err error) bool {
	var refusal *issuer.Error
	return errors.As(err, &refusal) && refusal.Code == "second_person"
}

// seenSubject refuses a proposal about what has changed since it was seen: a proposal is not on a version, but what was asked for is.
func seenSubject(ctx context.Context, w issuer.Workspace, p issuer.Proposal, versions []uint64) (err error) {
	var version uint64
	switch {
	case versions == nil:
		return nil
	case p.Credential != "":
		_, version, err = w.Credential(ctx, p.Credential)
	case p.Batch != "":
		_, version, err = w.Batch(ctx, p.Batch)
	default:
		return nil
	}
	if err == nil && !slices.Contains(versions, version) {
		err = &issuer.Error{Kind: issuer.KindConflict, Code: "version", Detail: "It was changed since you looked at it. Please look again."}
	}
	return err
}

// amend corrects whom an award is for.
func (s *server) amend(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var in issuer.Amendment
	var name, email, why string
	var named, addressed bool
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"recipient": f.members(map[string]reader{"email": given(&addressed, f.text(&email)), "name": given(&named, f.text(&name)),
			"language": f.text(&in.Language)}), "note": f.text(&in.Note), "why": f.text(&why)}
	}, "recipient")
	if err != nil {
		return err
	}
	if named {
		in.Name = &name
	}
	if addressed {
		in.Recipient = &email
	}
	return s.changeCredential(c, http.StatusCreated, body, func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		return s.orPropose(c, w, by, issuer.ScopeCredentialsWrite, issuer.Proposal{Kind: issuer.ProposalAmend, Credential: id, Amendment: &in, Why: why}, func() (any, uint64, error) {
			award, err := w.Amend(c.Request().Context(), id, in, by)
			return award, 0, err
		})
	})
}

// renew makes an award in the place of one that ends.
func (s *server) renew(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var in issuer.Renewal
	var why string
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"recipient": f.members(map[string]reader{"email": f.text(&in.Recipient), "language": f.text(&in.Language)}),
			"narrative": f.text(&in.Narrative), "evidence": f.evidence(&in.Evidence), "result": f.results(&in.Results),
			"validFrom": f.instant(&in.ValidFrom), "validUntil": f.instant(&in.ValidUntil), "note": f.text(&in.Note), "why": f.text(&why)}
	})
	if err != nil {
		return err
	}
	return s.changeCredential(c, http.StatusCreated, body, func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		return s.orPropose(c, w, by, issuer.ScopeCredentialsWrite, issuer.Proposal{Kind: issuer.ProposalRenew, Credential: id, Renewal: &in, Why: why}, func() (any, uint64, error) {
			award, err := w.Renew(c.Request().Context(), id, in, by)
			return award, 0, err
		})
	})
}

// causeMembers are those of why something is done. The code is other unless it says more.
func causeMembers(f *form, in *issuer.Cause) map[string]reader {
	in.Code = issuer.ReasonOther
	return map[string]reader{"code": word(f, &in.Code), "reason": f.text(&in.Reason), "note": f.text(&in.Note)}
}

// decodeCause reads a body that says why something is revoked: with a reason in words, where the code does not say it.
func decodeCause(r *http.Request, in *issuer.Cause, fill func(*form) map[string]reader, required ...string) ([]byte, error) {
	body, err := ReadBody(r, false)
	if err != nil {
		return nil, err
	}
	var reasoned bool
	err = read(body, func(f *form) map[string]reader {
		members := fill(f)
		for name, reader := range causeMembers(f, in) {
			members[name] = reader
		}
		members["reason"] = given(&reasoned, members["reason"])
		return members
	}, required...)
	if err == nil && in.Code == issuer.ReasonOther && !reasoned {
		err = wrongMembers(at("/reason", "this member is missing"))
	}
	return body, err
}

func (s *server) revoke(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var cause issuer.Cause
	var why string
	body, err := decodeCause(c.Request(), &cause, func(f *form) map[string]reader { return map[string]reader{"why": f.text(&why)} })
	if err != nil {
		return err
	}
	return s.changeCredential(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		return s.orPropose(c, w, by, issuer.ScopeCredentialsWrite, issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: id, Cause: &cause, Why: why}, func() (any, uint64, error) {
			award, version, err := w.Revoke(c.Request().Context(), id, cause, by)
			return award, version, err
		})
	})
}

func (s *server) suspend(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	cause := issuer.Cause{Code: issuer.ReasonOther}
	body, err := decode(c.Request(), func(f *form) map[string]reader { return causeMembers(f, &cause) })
	if err != nil {
		return err
	}
	return s.changeCredential(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		award, version, err := w.Suspend(c.Request().Context(), id, cause, by)
		return award, version, err
	})
}

func (s *server) reinstate(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changeCredential(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		award, version, err := w.Reinstate(c.Request().Context(), id, by)
		return award, version, err
	})
}

// changeCredential does something to an award, or what comes out of orPropose.
func (s *server) changeCredential(c echo.Context, status int, body []byte, do func(issuer.Workspace, issuer.Write) (any, uint64, error)) error {
	return s.change(c, write{status: status, body: body, proposes: true, places: credentialPlaces, do: do,
		shown: func(value any) any { return showCredential(value.(issuer.Credential)) }})
}

// erase takes away what an award says of a person.
func (s *server) erase(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var reason, why string
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"reason": f.text(&reason), "why": f.text(&why)}
	})
	if err != nil {
		return err
	}
	return s.change(c, write{status: http.StatusOK, body: body, untagged: true, proposes: true, places: credentialPlaces,
		shown: func(value any) any { return showCredential(value.(issuer.Credential)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			p := issuer.Proposal{Kind: issuer.ProposalErase, Credential: id, Cause: &issuer.Cause{Reason: reason}, Why: why}
			return s.orPropose(c, w, by, issuer.ScopeCredentialsErase, p, func() (any, uint64, error) {
				award, err := w.EraseAward(c.Request().Context(), id, reason, by)
				return award, 0, err
			})
		}})
}
