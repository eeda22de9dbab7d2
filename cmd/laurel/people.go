package main

import (
	"context"
	"fmt"
)

type peopleCommand struct {
	Link peopleLinkCommand `cmd:"" help:"Print a link with which a member of the staff signs in, for where no mail is sent or arrives."`
}

type peopleLinkCommand struct {
	Address string `arg:"" optional:"" help:"E-mail address of the account. Left out: the link for the first account, as long as there is none."`
}

// Run prints the link.
func (c *peopleLinkCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		link, err := o.SignInLink(ctx, c.Address)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(t.out, link)
		return err
	})
}

// SignInLink implements [control.Keeper].
func (i installation) SignInLink(ctx context.Context, email string) (string, error) {
	if email == "" {
		return i.people.FirstOwner(ctx)
	}
	return i.people.OperatorLink(ctx, email)
}
