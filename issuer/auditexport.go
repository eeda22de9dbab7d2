package issuer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// auditLine is an entry in an export: its members, and beside them the text whose digest it has.
type auditLine struct {
	AuditEntry
	Text   string `json:"reasonText,omitempty"`
	Salt   string `json:"reasonSalt,omitempty"`
	Erased bool   `json:"reasonErased,omitempty"`
}

// headLine is the last line of an export. An export without one was cut.
type headLine struct {
	Head AuditHead `json:"head"`
}

// ExportAudit writes the log from the entry of this sequence on (0 and 1: all of it) as JSON Lines: each entry with the text of its
// reason, or reasonErased, and at last the head of the chain as it was when the export began. It returns the number of entries. No
// snapshot of the store is held while w is written to. [VerifyAuditLines] checks what it writes.
func (s *Service) ExportAudit(ctx context.Context, from uint64, w io.Writer) (n int, err error) {
	return s.documents.ExportAudit(ctx, from, w)
}

// ExportAudit is [Service.ExportAudit] by the store alone.
func (d *Documents) ExportAudit(ctx context.Context, from uint64, w io.Writer) (n int, err error) {
	var head auditHead
	err = d.store.View(ctx, func(tx Tx) (err error) {
		head, err = readHead(tx)
		return err
	})
	if err != nil {
		return 0, stored(err)
	}
	out := bufio.NewWriter(w)
	for q, ended := (Query{Limit: 1000}), false; !ended; {
		var lines []auditLine
		err := d.store.View(ctx, func(tx Tx) error {
			lines = lines[:0]
			page, next, err := auditEntries.List(tx, q)
			if err != nil {
				return err
			}
			for _, e := range page {
				if e.Sequence < from || e.Sequence > head.Sequence {
					continue
				}
				line, err := lineOf(tx, e)
				if err != nil {
					return err
				}
				lines = append(lines, line)
			}
			q.After = next
			ended = next == "" || page[len(page)-1].Sequence >= head.Sequence
			return nil
		})
		if err != nil {
			return n, stored(err)
		}
		for _, line := range lines {
			if err := writeLine(out, line); err != nil {
				return n, err
			}
			n++
		}
	}
	if err := writeLine(out, headLine{head.public()}); err != nil {
		return n, err
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("writing the audit log: %w", err)
	}
	return n, nil
}

func lineOf(tx Tx, e AuditEntry) (auditLine, error) {
	line := auditLine{AuditEntry: e}
	if e.Reason == "" {
		return line, nil
	}
	r, _, err := auditReasons.Get(tx, sequenced(e.Sequence))
	if errors.Is(err, ErrNotFound) {
		line.Erased, err = true, nil
	}
	line.Text, line.Salt = r.Text, r.Salt
	return line, err
}

func writeLine(w *bufio.Writer, line any) error {
	text, err := json.Marshal(line)
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	return nil
}

// AuditLines is what an export of the log holds.
type AuditLines struct {
	First   uint64    // sequence of the first entry; 0: there are none
	Entries int       //
	Erased  int       // entries whose reason was erased
	Head    AuditHead // the end of the chain, as its last line has it
}

// longestLine bounds a line of an export in bytes: far more than any entry has.
const longestLine = 64 << 10

// VerifyAuditLines checks what ExportAudit wrote, to the byte, without a store: hashes, order, gaps, reasons, and that the last
// line is there. An export that begins in the middle of the chain is good for what follows from there: First says so. Where the
// head of the chain is known from elsewhere, as from a signed one, the file has to hold that entry. A file at fault has kind
// conflict, code audit_broken; the sentence names the first fault. It is read line by line and never as a whole.
func VerifyAuditLines(r io.Reader, head *AuditHead) (AuditLines, error) {
	in := bufio.NewReaderSize(r, longestLine)
	c, found := chain{}, AuditLines{}
	held := head == nil || head.Sequence == 0
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return found, broken(fmt.Sprintf("the file is cut after entry %d", c.last.Sequence))
		case errors.Is(err, bufio.ErrBufferFull):
			return found, broken(fmt.Sprintf("the line after entry %d is longer than 64 KiB", c.last.Sequence))
		case err != nil:
			return found, fmt.Errorf("reading the audit log: %w", err)
		}
		line = line[:len(line)-1]
		if bytes.HasPrefix(line, []byte(`{"head":`)) {
			var last headLine
			if !exactly(line, &last) {
				return found, broken("the last line of the file was changed")
			}
			found.Head = last.Head
			break
		}
		var l auditLine
		if !exactly(line, &l) {
			return found, broken(fmt.Sprintf("the line after entry %d was changed", c.last.Sequence))
		}
		fault, err := c.line(l)
		if err != nil {
			return found, err
		}
		if fault != "" {
			return found, broken(fault)
		}
		if found.First, found.Entries = c.first, c.entries; l.Erased {
			found.Erased++
		}
		if head != nil && head.Sequence == l.Sequence {
			if held = true; head.Hash != l.Hash {
				return found, broken(fmt.Sprintf("entry %d is another than the one whose hash was published", l.Sequence))
			}
		}
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return found, broken("something follows the last line of the file")
	}
	return found, c.endOfFile(found.Head, head, held)
}

// line takes the next line of an export.
func (c *chain) line(l auditLine) (fault string, err error) {
	text, err := json.Marshal(l.AuditEntry)
	if err != nil {
		return "", err
	}
	if fault, err = c.follow(l.AuditEntry, "", text); fault != "" || err != nil {
		return fault, err
	}
	r := auditReason{Salt: l.Salt, Text: l.Text}
	given, wanted := l.Text != "" || l.Salt != "", l.Reason != ""
	if given == l.Erased && wanted || !wanted && (given || l.Erased) || given && !r.fits(l.Reason) {
		return fmt.Sprintf("the reason beside entry %d is not the one that it was recorded with", l.Sequence), nil
	}
	return "", nil
}

// endOfFile holds the chain against the last line of the file, and against a head from elsewhere.
func (c *chain) endOfFile(end AuditHead, head *AuditHead, held bool) error {
	switch {
	case c.entries > 0 && (end.Sequence != c.last.Sequence || end.Hash != c.last.Hash):
		return broken(fmt.Sprintf("the last line of the file does not fit entry %d", c.last.Sequence))
	case c.first == 1 && !end.At.Equal(c.latest):
		return broken("the last line of the file says what no entry says")
	case !held && c.entries == 0 && *head == end:
	case !held:
		return broken(fmt.Sprintf("entry %d, whose hash was published, is not in the file", head.Sequence))
	}
	return nil
}

// readEntry reads an entry. What else it may hold than members of an entry shows when it is written again.
func readEntry(text []byte) (e AuditEntry, err error) {
	err = json.Unmarshal(text, &e)
	return e, err
}

// exactly reads JSON into a value, and says whether it is what would be written of that value, to the byte.
func exactly(text []byte, into any) bool {
	if json.Unmarshal(text, into) != nil {
		return false
	}
	again, err := json.Marshal(into)
	return err == nil && bytes.Equal(text, again)
}
