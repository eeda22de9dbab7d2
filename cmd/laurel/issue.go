package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/laurelbadges/laurel/client"
	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
)

type issueCommand struct {
	serverFlags `embed:""`

	Achievement string   `help:"Id of the achievement; may be left out where exactly one is published." placeholder:"ID"`
	Recipient   string   `required:"" help:"E-mail address of the recipient; the badge carries its salted hash." placeholder:"EMAIL"`
	Name        string   `help:"Name of the recipient, shown on the badge." placeholder:"NAME"`
	Evidence    []string `help:"Address of something that the recipient showed." placeholder:"URL"`
	Output      string   `short:"o" help:"Folder to write the badge into, as JSON, JWT, PNG and SVG; with selective disclosure also the JSON for the recipient alone." placeholder:"DIR"`
	JSON        bool     `name:"json" help:"Print id, url and files as JSON and nothing else."`
}

// issued is what `issue --json` prints.
type issued struct {
	ID         string            `json:"id"`
	URL        string            `json:"url"`
	Identifier string            `json:"identifier"` // the id inside the credential
	Files      map[string]string `json:"files"`      // by form: paths with --output, else addresses
	Note       string            `json:"note,omitempty"`
}

// forms are those that a badge is there in, named as its files end.
var forms = [...]string{"json", "jwt", "png", "svg"}

// formBase is the one from which its recipient derives others, where the badge has one. It is published nowhere.
const formBase = "base"

// Run awards the badge and says where it is.
func (c *issueCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Server != "" {
		return c.issueAt(ctx, t)
	}
	in := issuer.AwardInput{Achievement: c.Achievement, Recipient: c.Recipient, Name: c.Name, Actor: actor}
	for _, address := range c.Evidence {
		in.Evidence = append(in.Evidence, issuer.Evidence{URL: address})
	}
	o, err := openOffice(ctx, g)
	if err != nil {
		return err
	}
	defer o.Close()
	award, err := o.Issue(ctx, in)
	if err != nil {
		return err
	}
	answer := issued{ID: award.ID, URL: award.URL, Identifier: award.Identifier, Files: map[string]string{}}
	if c.Output != "" {
		if answer.Files, err = writeForms(ctx, o, c.Output, award); err != nil {
			return fmt.Errorf("the badge %s is awarded, but could not be written: %w", award.ID, err)
		}
	} else {
		for _, form := range forms {
			answer.Files[form] = award.URL + "." + form
		}
	}
	return answer.print(t, c.JSON)
}

// print says where a badge is that was awarded.
func (answer issued) print(t *terminal, asJSON bool) error {
	if isLocal(answer.URL) {
		if answer.Note != "" {
			answer.Note += "; "
		}
		answer.Note += localOnly
	}
	if asJSON {
		return printJSON(t.out, answer)
	}
	fmt.Fprintf(t.out, "Awarded %s\n  page  %s\n", answer.ID, answer.URL)
	for _, form := range forms {
		fmt.Fprintf(t.out, "  %-4s  %s\n", form, answer.Files[form])
	}
	if base := answer.Files[formBase]; base != "" {
		fmt.Fprintf(t.out, "  %-4s  %s\nThe last file is for the recipient alone: laurel derive makes of it what can be shown.\n", formBase, base)
	}
	if answer.Note != "" {
		fmt.Fprintf(t.out, "Note: %s.\n", answer.Note)
	}
	return nil
}

// writeForms writes an award in every form. The files are the owner's: they hold a person's name.
func writeForms(ctx context.Context, own documents, folder string, award issuer.Credential) (map[string]string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	content := map[string][]byte{"json": award.JSON, "jwt": []byte(award.JWT)}
	for _, form := range []string{"png", "svg"} {
		unbaked, err := artOf(ctx, own, award, form)
		if err != nil {
			return nil, err
		}
		if content[form], err = bake.Bake(unbaked, award.JSON); err != nil {
			return nil, err
		}
	}
	files := map[string]string{}
	for _, form := range forms {
		files[form] = filepath.Join(folder, award.ID+"."+form)
	}
	if award.Base != nil {
		content[formBase], files[formBase] = award.Base, filepath.Join(folder, award.ID+".base.json")
	}
	for form, path := range files {
		if err := os.WriteFile(path, content[form], 0o600); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// artOf is the picture of the achievement of an award in a form, or badge art where it has none in that form.
func artOf(ctx context.Context, own documents, award issuer.Credential, form string) ([]byte, error) {
	uploaded, err := own.Document(ctx, strings.TrimSuffix(award.URL, "/c/"+award.ID)+"/a/"+award.Achievement+"/image."+form)
	if !errors.Is(err, issuer.ErrNotFound) {
		return uploaded, err
	}
	if form == "png" {
		return paper.ArtPNG()
	}
	document, err := credential.Parse(award.JSON)
	if err != nil {
		return nil, err
	}
	var art paper.Art
	if document.Subject.Achievement != nil {
		art = paper.ArtOf(*document.Subject.Achievement)
	}
	return paper.ArtSVG(art)
}

type revokeCommand struct {
	serverFlags `embed:""`

	ID     string `arg:"" help:"Id of the award, the address of its page, or the id in the credential."`
	Reason string `required:"" help:"Why; everybody who looks at the badge sees it." placeholder:"TEXT"`
	Code   string `help:"Why in a word, which everybody sees: ${enum}." enum:"error,evidence,policy,request,superseded,inquiry,other" default:"other" placeholder:"CODE"`
	Note   string `help:"What else there is to say of it; only the issuer sees it." placeholder:"TEXT"`
	JSON   bool   `name:"json" help:"Print the answer as JSON and nothing else."`
}

// Run revokes for good.
func (c *revokeCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Server != "" {
		return c.standAt(ctx, t, c.JSON, "Revoked", func(s *client.Client) (client.Credential, error) {
			return s.Revoke(ctx, c.ID, client.Cause{Code: c.Code, Reason: c.Reason, Note: c.Note})
		})
	}
	return changeStanding(ctx, g, t, c.JSON, "Revoked", func(o office) (issuer.Credential, error) {
		return o.RevokeFor(ctx, c.ID, issuer.Cause{Code: issuer.ReasonCode(c.Code), Reason: c.Reason, Note: c.Note}, actor)
	})
}

type suspendCommand struct {
	serverFlags `embed:""`

	ID     string `arg:"" help:"Id of the award, the address of its page, or the id in the credential."`
	Reason string `help:"Why; everybody who looks at the badge sees it." placeholder:"TEXT"`
	Code   string `help:"Why in a word, which everybody sees: ${enum}." enum:"error,evidence,policy,request,superseded,inquiry,other" default:"other" placeholder:"CODE"`
	Note   string `help:"What else there is to say of it; only the issuer sees it." placeholder:"TEXT"`
	JSON   bool   `name:"json" help:"Print the answer as JSON and nothing else."`
}

// Run suspends until reinstated.
func (c *suspendCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Server != "" {
		return c.standAt(ctx, t, c.JSON, "Suspended", func(s *client.Client) (client.Credential, error) {
			return s.Suspend(ctx, c.ID, client.Cause{Code: c.Code, Reason: c.Reason, Note: c.Note})
		})
	}
	return changeStanding(ctx, g, t, c.JSON, "Suspended", func(o office) (issuer.Credential, error) {
		return o.SuspendFor(ctx, c.ID, issuer.Cause{Code: issuer.ReasonCode(c.Code), Reason: c.Reason, Note: c.Note}, actor)
	})
}

type reinstateCommand struct {
	serverFlags `embed:""`

	ID   string `arg:"" help:"Id of the award, the address of its page, or the id in the credential."`
	JSON bool   `name:"json" help:"Print the answer as JSON and nothing else."`
}

// Run ends a suspension.
func (c *reinstateCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Server != "" {
		return c.standAt(ctx, t, c.JSON, "Reinstated", func(s *client.Client) (client.Credential, error) { return s.Reinstate(ctx, c.ID) })
	}
	return changeStanding(ctx, g, t, c.JSON, "Reinstated", func(o office) (issuer.Credential, error) {
		return o.Reinstate(ctx, c.ID, actor)
	})
}

func changeStanding(ctx context.Context, g *grammar, t *terminal, asJSON bool, done string, change func(office) (issuer.Credential, error)) error {
	o, err := openOffice(ctx, g)
	if err != nil {
		return err
	}
	defer o.Close()
	award, err := change(o)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(t.out, struct {
			ID        string         `json:"id"`
			URL       string         `json:"url"`
			Revoked   *issuer.Change `json:"revoked,omitempty"`
			Suspended *issuer.Change `json:"suspended,omitempty"`
		}{award.ID, award.URL, award.Revoked, award.Suspended})
	}
	_, err = fmt.Fprintf(t.out, "%s %s\n  page  %s\n", done, award.ID, award.URL)
	return err
}

func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
