package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
)

// short is the first half of a digest: enough to tell objects and their states apart, and a million of them fit into memory.
type short [16]byte

func shortOf(text string) (s short) {
	sum := sha256.Sum256([]byte(text))
	copy(s[:], sum[:])
	return s
}

// state is what the newest entry about an object says of its record: unknown, gone, or the first half of its digest.
type state short

var (
	unknown state // the zero value: entries tell of the object, but not how its record was
	gone    = state{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

func stateOf(digest string) (s state) {
	if digest == "" {
		return gone
	}
	bits, _ := base64.RawURLEncoding.DecodeString(digest) // what is no digest is equal to none
	copy(s[:], bits)
	return s
}

// comparedKinds are the kinds whose records never change without an act.
var comparedKinds = []Kind{organisations.Kind, achievements.Kind, drafts.Kind, credentials.Kind, tokens.Kind, signedDocuments.Kind, endorsements.Kind,
	proposals.Kind, cases.Kind}

// deepAudit holds what the entries say against what there is.
type deepAudit struct {
	objects map[string]map[short]state // by class and id. A document is kept by the digest of its record, as acts do not name that
	told    bool                       // an entry with digests was read: releases since then write them all
	anew    bool                       // after that an upgrade put every record anew: what became of documents is not known
	heads   map[uint64]string          // hashes of the entries that signed heads are kept of
}

func newDeepAudit() *deepAudit {
	d := &deepAudit{objects: map[string]map[short]state{}, heads: map[uint64]string{}}
	for _, k := range comparedKinds {
		d.objects[auditedKinds[k.Name]] = map[short]state{}
	}
	return d
}

// readHeads reads the signed heads that are kept.
func (d *deepAudit) readHeads(tx Tx) error {
	for q := (Query{Limit: 1000}); ; {
		page, next, err := signedHeads.List(tx, q)
		if err != nil {
			return err
		}
		for _, h := range page {
			if hash, twice := d.heads[h.Head.Sequence]; twice && hash != h.Head.Hash {
				return broken(fmt.Sprintf("two heads with different hashes are kept of entry %d", h.Head.Sequence))
			}
			d.heads[h.Head.Sequence] = h.Head.Hash
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

// follow takes the next entry.
func (d *deepAudit) follow(e AuditEntry) error {
	if hash, kept := d.heads[e.Sequence]; kept && hash != e.Hash {
		return broken(fmt.Sprintf("entry %d is another than the one that was signed", e.Sequence))
	}
	delete(d.heads, e.Sequence)
	switch e.Action {
	case actionPublished: // it gave them other addresses
		d.forget("organisation", "achievement")
	case actionUpgraded: // it put every record anew
		d.anew = d.anew || d.told
		d.forget(slices.Collect(maps.Keys(d.objects))...)
	}
	class := classOf(e.Action)
	known, compared := d.objects[class]
	if !compared {
		return nil
	}
	silent := e.Before == "" && e.After == ""
	d.told = d.told || !silent
	if class == "document" {
		switch {
		case !silent:
			delete(known, shortOf("record "+e.Before))
			known[shortOf("record "+e.After)] = stateOf(e.After)
		case !d.told: // an earlier release recorded it
			known[shortOf(e.Subject)] = unknown
		}
		return nil
	}
	id := shortOf(e.Subject)
	last, told := known[id]
	switch {
	case silent && !told:
		known[id] = unknown
	case silent:
	case told && last != unknown && last != stateOf(e.Before):
		return differs(fmt.Sprintf("the %s %s was changed without an act before entry %d", class, e.Subject, e.Sequence))
	default:
		known[id] = stateOf(e.After)
	}
	return nil
}

// forget takes the records of objects for unknown.
func (d *deepAudit) forget(classes ...string) {
	for _, class := range classes {
		for id := range d.objects[class] {
			d.objects[class][id] = unknown
		}
	}
}

// compare holds every record against the newest entry about it, and looks for what is left.
func (d *deepAudit) compare(ctx context.Context, tx Tx) error {
	if len(d.heads) > 0 {
		return broken("a signed head is kept of an entry that is not there")
	}
	for _, k := range comparedKinds {
		class := auditedKinds[k.Name]
		known := d.objects[class]
		err := pages(ctx, tx, k, func(row Row) error {
			digest, id := recordDigest(class, row.Body), shortOf(row.ID)
			if class == "document" {
				if _, old := known[shortOf(documentDigest(row.Body))]; old || d.anew && known[shortOf("record "+digest)] == unknown {
					return nil
				}
				id = shortOf("record " + digest)
			}
			last, told := known[id]
			delete(known, id)
			switch {
			case !told:
				return differs(fmt.Sprintf("no act tells of the %s %s as it is", class, row.ID))
			case last != unknown && last != stateOf(digest):
				return differs(fmt.Sprintf("the %s %s is not as the newest act about it left it", class, row.ID))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return d.lost(ctx, tx)
}

// lost names an object whose record should be there and is not.
func (d *deepAudit) lost(ctx context.Context, tx Tx) error {
	left := false
	for _, known := range d.objects {
		for id, last := range known {
			if last == unknown || last == gone {
				delete(known, id)
			}
		}
		left = left || len(known) > 0
	}
	if !left {
		return nil
	}
	return auditRows(ctx, tx, func(_ Row, e AuditEntry) error {
		id := shortOf(e.Subject)
		if classOf(e.Action) == "document" {
			id = shortOf("record " + e.After)
		}
		if _, lost := d.objects[classOf(e.Action)][id]; lost {
			return differs(fmt.Sprintf("the record of the %s %s is not there, and no act took it out", classOf(e.Action), e.Subject))
		}
		return nil
	})
}

func differs(fault string) error {
	return conflict("audit_differs", "What is stored is not what the audit log says: "+fault+". It was changed beside this program.")
}
