package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

type organisationCommand struct {
	New  organisationNewCommand  `cmd:"" help:"Make a further issuing organisation with an identity and keys of its own."`
	List organisationListCommand `cmd:"" help:"List the issuing organisations."`
	Set  organisationSetCommand  `cmd:"" help:"Change what an organisation says of itself and how it works."`
}

type organisationNewCommand struct {
	Name  string `arg:"" help:"Name of the organisation, as it stands on badges."`
	Email string `help:"E-mail address of the organisation, which stands on badges." placeholder:"EMAIL"`
	JSON  bool   `name:"json" help:"Print the organisation as JSON and nothing else."`
}

// Run makes an organisation and says who it is.
func (c *organisationNewCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		made, err := o.CreateOrganisation(ctx, c.Name, c.Email, actor)
		if err != nil {
			return err
		}
		return printOrganisation(t, c.JSON, "Made", made)
	})
}

type organisationListCommand struct {
	JSON bool `name:"json" help:"Print the organisations as JSON and nothing else."`
}

// Run lists the organisations, the first made first.
func (c *organisationListCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		all, err := o.Organisations(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			list := make([]shownOrganisation, len(all))
			for i, one := range all {
				list[i] = shown(one)
			}
			return printJSON(t.out, list)
		}
		for _, one := range all {
			fmt.Fprintf(t.out, "%s  %s  %s\n", one.ID, one.DID, one.Name)
		}
		return nil
	})
}

type organisationSetCommand struct {
	Issuer         string  `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Name           *string `help:"Name, as it stands on badges from now on." placeholder:"NAME"`
	Email          *string `help:"E-mail address that stands on badges; empty for none." placeholder:"EMAIL"`
	Website        *string `help:"Address of its website; empty for none." placeholder:"URL"`
	Description    *string `help:"Who they are; empty for nothing." placeholder:"TEXT"`
	Language       *string `help:"Language in which earners are written to, such as en or es." placeholder:"TAG"`
	Zone           *string `help:"Time zone in which pages, files and certificates tell the days of its badges, such as America/Los_Angeles; empty for UTC." placeholder:"NAME"`
	Held           *bool   `negatable:"" help:"Show an award to nobody before its earner has claimed it, for badges of minors."`
	Second         *string `help:"What one person asks for and another allows: award, revoke, both with a comma between, or none." placeholder:"ACTS"`
	RevocationList *bool   `negatable:"" help:"Name the older 1EdTechRevocationList on badges too, for verifiers that know no other."`
	JSON           bool    `name:"json" help:"Print the organisation as JSON and nothing else."`
}

// Run changes what was named, and leaves the rest.
func (c *organisationSetCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	change := issuer.ConfigurationChange{Name: c.Name, Email: c.Email, Website: c.Website, Description: c.Description, Language: c.Language, Zone: c.Zone, Held: c.Held, RevocationList: c.RevocationList}
	if c.Second != nil {
		acts := []issuer.Act{}
		if *c.Second != "none" {
			for _, act := range strings.Split(*c.Second, ",") {
				acts = append(acts, issuer.Act(strings.TrimSpace(act)))
			}
		}
		change.Second = &acts
	}
	if change == (issuer.ConfigurationChange{}) {
		return fmt.Errorf("say what to change; laurel organisation set --help lists what there is")
	}
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		changed, err := o.Reconfigure(ctx, id, change, actor)
		if err != nil {
			return err
		}
		return printOrganisation(t, c.JSON, "Changed", changed)
	})
}

// shownOrganisation is what is printed of an organisation as JSON. Its keys have a command of their own.
type shownOrganisation struct {
	ID       string          `json:"id"`
	DID      string          `json:"did"`
	Name     string          `json:"name"`
	URL      string          `json:"url"`
	Email    string          `json:"email,omitempty"`
	Image    string          `json:"image,omitempty"`
	Settings issuer.Settings `json:"settings"`
}

func shown(o issuer.Organisation) shownOrganisation {
	return shownOrganisation{o.ID, o.DID, o.Name, o.URL, o.Email, o.Image, o.Settings}
}

func printOrganisation(t *terminal, asJSON bool, done string, o issuer.Organisation) error {
	if asJSON {
		return printJSON(t.out, shown(o))
	}
	fmt.Fprintf(t.out, "%s %s: %s\n  did   %s\n  page  %s\n", done, o.ID, o.Name, o.DID, o.URL)
	if second := o.Settings.Second; slices.Contains(second, issuer.ActAward) || slices.Contains(second, issuer.ActRevoke) {
		var words []string
		for _, act := range second {
			words = append(words, string(act))
		}
		fmt.Fprintf(t.out, "To %s needs a second person. This command line does not: whoever may use it is trusted.\n", strings.Join(words, " and to "))
	}
	return nil
}
