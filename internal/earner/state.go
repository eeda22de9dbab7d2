package earner

import (
	"github.com/laurelbadges/laurel/credential"
)

// State says how an award stands by the records of its issuer and its dates. It is no judgement of its signature.
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
)

// State says how an award stands now.
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
