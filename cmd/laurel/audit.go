package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Find an entry that was changed, taken out or moved, in the store or in an export."`
	Export auditExportCommand `cmd:"" help:"Print the log as JSON Lines."`
	Head   auditHeadCommand   `cmd:"" help:"Print the end of the log, signed by the issuer, to be kept elsewhere."`
	Erase  auditEraseCommand  `cmd:"" name:"erase-reason" help:"Erase why something was done, where the reason speaks of a person; the chain stays whole."`
}

type auditVerifyCommand struct {
	File string `arg:"" optional:"" help:"An export to verify in place of the store; - for standard input."`
	Head string `help:"A signed head that was kept: the log must still hold that entry." type:"existingfile" placeholder:"FILE"`
	Deep bool   `help:"Hold every record against the newest entry about it, too."`
}

// Run recomputes the chain. The exit status is 1 when the log is not as it was written.
func (c *auditVerifyCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Deep && c.File != "" {
		return errors.New("--deep looks into the store; leave the file away")
	}
	head, err := c.head(ctx, g)
	if err == nil && c.File != "" {
		err = c.export(head, t)
	} else if err == nil {
		err = c.store(ctx, g, head, t)
	}
	var told *issuer.Error
	if errors.As(err, &told) && told.Kind == issuer.KindConflict {
		fmt.Fprintln(t.out, told.Detail)
		return finished(exitInvalid)
	}
	return err
}

// head reads the signed head that the log is held against; nil when none was given. Its key is looked for in the issuer's own document.
func (c *auditVerifyCommand) head(ctx context.Context, g *grammar) (*issuer.AuditHead, error) {
	if c.Head == "" {
		return nil, nil
	}
	token, err := os.ReadFile(c.Head)
	if err != nil {
		return nil, err
	}
	var source verifier.Fetcher = fetch.New(fetch.Options{})
	if own, closeOwn, err := openDocuments(ctx, g.place()); err == nil {
		defer func() { _ = closeOwn() }()
		source = ownDocuments{own, source}
	}
	head, _, err := issuer.VerifyAuditHead(strings.TrimSpace(string(token)), func(method string) (crypto.PublicKey, error) {
		return verifier.AssertionKey(ctx, method, verifier.Options{Fetch: source})
	})
	return &head, err
}

func (c *auditVerifyCommand) export(head *issuer.AuditHead, t *terminal) error {
	in := t.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	found, err := issuer.VerifyAuditLines(in, head)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "The chain of %d entries, from %d on, is unbroken. It ends at entry %d, %s.\n", found.Entries, found.First, found.Head.Sequence, found.Head.Hash)
	return err
}

func (c *auditVerifyCommand) store(ctx context.Context, g *grammar, head *issuer.AuditHead, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		verify, also := o.VerifyAudit, ""
		if c.Deep {
			verify, also = o.VerifyAuditDeep, ", and every record is as its newest entry says"
		}
		entries, err := verify(ctx)
		if err != nil {
			return err
		}
		if head != nil {
			if err := o.AuditHolds(ctx, *head); err != nil {
				return err
			}
			also += fmt.Sprintf(", and it holds the entry %d that was signed on %s", head.Sequence, head.At.Format(time.RFC3339))
		}
		_, err = fmt.Fprintf(t.out, "The chain of %d entries is unbroken%s.\n", entries, also)
		return err
	})
}

type auditExportCommand struct {
	From     uint64 `help:"Number of the first entry." default:"1" placeholder:"N"`
	Erasures bool   `help:"Print nothing but which awards were erased, for laurel erase --replay after a restore. It names ids only."`
}

// Run prints the log.
func (c *auditExportCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		export := func(w io.Writer) error {
			_, err := o.ExportAudit(ctx, c.From, w)
			return err
		}
		if c.Erasures {
			return onlyErasures(t.out, export)
		}
		return export(t.out)
	})
}

type auditEraseCommand struct {
	Number uint64 `arg:"" help:"Number of the entry, as laurel audit export shows it."`
}

// Run erases the text of one reason.
func (c *auditEraseCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		if err := o.EraseReason(ctx, c.Number, actor); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "The reason of entry %d is erased from the log. Where a page shows it, it stays: it belongs to the award.\n", c.Number)
		return err
	})
}

type auditHeadCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
}

// Run prints the head as a signed token.
func (c *auditHeadCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		token, err := o.SignedAuditHead(ctx, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(t.out, token)
		return err
	})
}
