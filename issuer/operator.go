package issuer

import (
	"context"
	"slices"
)

// The operator of the machine is trusted, as whoever has the store and the keys can do everything: what is done through [Service], and not
// through a [Workspace], needs no second person. The audit log tells of it all the same.

// ConfigurationChange is what is to change in a [Configuration]; nil leaves a member as it is.
type ConfigurationChange struct {
	Name           *string `json:"name,omitempty"`
	Email          *string `json:"email,omitempty"`
	Website        *string `json:"website,omitempty"`
	Description    *string `json:"description,omitempty"`
	Language       *string `json:"language,omitempty"`
	Zone           *string `json:"zone,omitempty"` // see [Settings]
	Held           *bool   `json:"held,omitempty"`
	Second         *[]Act  `json:"second,omitempty"`
	RevocationList *bool   `json:"revocationList,omitempty"`
}

// Configure is [Workspace.Configure] for the operator, who may also take away that acts need a second person. change gets the
// configuration as it is, and may be called again.
func (s *Service) Configure(ctx context.Context, organisation string, change func(*Configuration), actor string) (Organisation, error) {
	o, _, err := s.configure(ctx, organisation, Write{Actor: actor}, func(_ Tx, o *Organisation) error {
		c := o.configuration()
		c.Settings.Second = slices.Clone(c.Settings.Second)
		change(&c)
		c, err := c.checked()
		if err != nil {
			return err
		}
		o.become(c)
		return nil
	})
	return o, err
}

// Reconfigure is [Service.Configure] for those who are elsewhere.
func (s *Service) Reconfigure(ctx context.Context, organisation string, change ConfigurationChange, actor string) (Organisation, error) {
	return s.Configure(ctx, organisation, change.into, actor)
}

func (change ConfigurationChange) into(c *Configuration) {
	for to, from := range map[*string]*string{&c.Name: change.Name, &c.Email: change.Email, &c.Settings.Website: change.Website,
		&c.Settings.Description: change.Description, &c.Settings.Language: change.Language, &c.Settings.Zone: change.Zone} {
		if from != nil {
			*to = *from
		}
	}
	if change.Held != nil {
		c.Settings.Held = *change.Held
	}
	if change.RevocationList != nil {
		c.Settings.RevocationList = *change.RevocationList
	}
	if change.Second != nil {
		c.Settings.Second = slices.Clone(*change.Second)
	}
}

// RevokeFor is [Service.Revoke] with all that a [Cause] says.
func (s *Service) RevokeFor(ctx context.Context, id string, cause Cause, actor string) (Credential, error) {
	c, _, err := s.revoke(ctx, s.anyName(id), cause, Write{Actor: actor})
	return c, err
}

// SuspendFor is [Service.Suspend] with all that a [Cause] says.
func (s *Service) SuspendFor(ctx context.Context, id string, cause Cause, actor string) (Credential, error) {
	c, _, err := s.suspend(ctx, s.anyName(id), cause, Write{Actor: actor})
	return c, err
}

// ConfirmBatch is [Workspace.ConfirmBatch] for the operator of the machine, who is trusted and needs no second person.
func (s *Service) ConfirmBatch(ctx context.Context, id string, skipRejected bool, actor string) (b Batch, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		b, err = s.confirmBatch(tx, anyBatch(id), skipRejected, Write{Actor: actor})
		return err
	})
	return b, stored(err)
}
