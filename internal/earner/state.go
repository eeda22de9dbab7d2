package earner

import (
	"context"
	"slices"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// State says how an award stands.
type State string

// What an award can be.
const (
	StateWaiting   State = "waiting" // its earner has not taken it yet
	StateInForce   State = "in_force"
	StateNotYet    State = "not_yet"
	StateSuspended State = "suspended"
	StateRevoked   State = "revoked"
	StateReplaced  State = "replaced" // revoked, and another took its place
	StateExpired   State = "expired"
	StateFalse     State = "not_authentic" // as after the key that signed it was given up
	StateEnded     State = "not_in_force"  // for a cause that the records do not know
	StateUnknown   State = "not_known"
)

// Stands says how an award stands by its report and, where that does not say why, by the records of its issuer. An award that was not
// taken is waiting, whatever else it is, unless it is known not to be authentic or has ended.
func (s *Service) Stands(a Award, r *verifier.Report) State {
	by := s.State(a)
	early := slices.ContainsFunc(r.Checks, func(c verifier.Check) bool { return c.Outcome == verifier.Fail && c.Code == "not_yet_valid" })
	switch {
	case r.Authentic == verifier.No:
		return StateFalse
	case by != StateInForce && by != StateNotYet:
		return by
	case r.Authentic == verifier.Yes && r.InForce == verifier.Yes && r.Outcome == verifier.Valid:
		return StateInForce
	case r.Authentic == verifier.Yes && r.InForce == verifier.No && early:
		return StateNotYet
	case r.Authentic == verifier.Yes && r.InForce == verifier.No:
		return StateEnded
	}
	return StateUnknown
}

// stands is Stands by a report that is made now. Where nobody judges awards, none is said to be in force.
func (s *Service) stands(ctx context.Context, a Award) (State, error) {
	if s.own == nil {
		return s.Stands(a, &verifier.Report{}), nil
	}
	report, err := s.own(ctx, a.Credential)
	if err != nil {
		return "", err
	}
	return s.Stands(a, report), nil
}

// State says how an award stands by the records of its issuer and its dates. It is no judgement of its signature.
func (s *Service) State(a Award) State {
	c := a.Credential
	switch {
	case c.Revoked != nil && c.SupersededBy != "":
		return StateReplaced
	case c.Revoked != nil:
		return StateRevoked
	case c.Suspended != nil:
		return StateSuspended
	}
	badge, err := credential.Parse(c.JSON)
	if err == nil {
		now := s.now()
		if until, err := credential.ParseDateTime(badge.ValidUntil); err == nil && !now.Before(until) {
			return StateExpired
		}
		if from, err := credential.ParseDateTime(badge.ValidFrom); err == nil && now.Before(from) && !c.Claimed.IsZero() {
			return StateNotYet
		}
	}
	if c.Claimed.IsZero() {
		return StateWaiting
	}
	return StateInForce
}
