package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// auditedKinds are the kinds of record whose digests stand in the audit log, by the class of object that they are: the first
// part of the names of acts. A draft of an achievement and what is published of it are one object.
var auditedKinds = map[string]string{
	installations.Kind.Name:   "installation",
	organisations.Kind.Name:   "organisation",
	achievements.Kind.Name:    "achievement",
	drafts.Kind.Name:          "achievement",
	credentials.Kind.Name:     "credential",
	signedDocuments.Kind.Name: "document",
	tokens.Kind.Name:          "token",
	batches.Kind.Name:         "batch",
	endorsements.Kind.Name:    "endorsement",
	proposals.Kind.Name:       "proposal",
	cases.Kind.Name:           "case",
}

// classOf is the class of the object of an act. A key is part of its organisation.
func classOf(action string) string {
	class, _, _ := strings.Cut(action, ".")
	if class == "key" {
		return "organisation"
	}
	return class
}

// update runs fn in a transaction that notes what fn changes. Every act is recorded in one.
func update(ctx context.Context, store Store, fn func(Tx) error) error {
	return store.Update(ctx, func(tx Tx) error {
		n := &noting{Tx: tx}
		if err := fn(n); err != nil || !n.moved {
			return err
		}
		return auditHeads.Put(n.Tx, n.head, n.version)
	})
}

// noting is the transaction of one run of an update. It remembers how the objects were that the update changes and what became
// of them, so that the entry about an act has both, whoever records it.
type noting struct {
	Tx
	notes   map[object]*note
	head    *auditHead // once it was read: many acts write it, and it is put once at the end
	version uint64     // of head in the store
	moved   bool       // head is to be put
}

type object struct{ class, id string }

type note struct {
	before, after []byte // bodies, as they count for the digests; nil: there is no record
	changed       bool
}

// Get implements [Tx].
func (n *noting) Get(k Kind, id string) (Row, error) {
	row, err := n.Tx.Get(k, id)
	if class, audited := auditedKinds[k.Name]; audited && err == nil {
		n.begin(object{class, id}, row.Body)
	}
	return row, err
}

// Put implements [Tx].
func (n *noting) Put(k Kind, r Row) error {
	class, audited := auditedKinds[k.Name]
	if !audited {
		return n.Tx.Put(k, r)
	}
	seen, err := n.before(k, object{class, r.ID}, r.Version > 0)
	if err != nil {
		return err
	}
	if err := n.Tx.Put(k, r); err != nil {
		return err
	}
	seen.after, seen.changed = r.Body, true
	if k.Name == signedDocuments.Kind.Name { // acts name it by the digest of the document
		n.notes[object{class, documentDigest(r.Body)}] = seen
	}
	return nil
}

// end is the end of the audit log, as it will be put.
func (n *noting) end() (*auditHead, error) {
	if n.head == nil {
		head, version, err := storedHead(n.Tx)
		if err != nil {
			return nil, err
		}
		n.head, n.version = &head, version
	}
	return n.head, nil
}

// Delete implements [Tx].
func (n *noting) Delete(k Kind, id string) error {
	class, audited := auditedKinds[k.Name]
	if !audited {
		return n.Tx.Delete(k, id)
	}
	seen, err := n.before(k, object{class, id}, true)
	if err != nil {
		return err
	}
	if err := n.Tx.Delete(k, id); err != nil {
		return err
	}
	seen.after, seen.changed = nil, true
	return nil
}

// before returns the note of an object, and makes it from the record that is there when there is none yet.
func (n *noting) before(k Kind, o object, there bool) (*note, error) {
	if seen := n.notes[o]; seen != nil {
		return seen, nil
	}
	if !there {
		return n.begin(o, nil), nil
	}
	row, err := n.Tx.Get(k, o.id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return n.begin(o, row.Body), nil
}

func (n *noting) begin(o object, body []byte) *note {
	if seen := n.notes[o]; seen != nil {
		return seen
	}
	if n.notes == nil {
		n.notes = map[object]*note{}
	}
	n.notes[o] = &note{before: body, after: body}
	return n.notes[o]
}

// digests are those of the subject of an entry, "" where there is nothing to tell. The next entry about it in the same
// transaction begins where this one ends.
func (n *noting) digests(e AuditEntry) (before, after string) {
	class := classOf(e.Action)
	seen := n.notes[object{class, e.Subject}]
	if seen == nil || !seen.changed {
		return "", ""
	}
	before, after = recordDigest(class, seen.before), recordDigest(class, seen.after)
	seen.before, seen.changed = seen.after, false
	return before, after
}

// recordDigest is the digest of a stored record, "" for none. That a token was used is written down without an act.
func recordDigest(class string, body []byte) string {
	switch {
	case body == nil:
		return ""
	case class == "token":
		body = withoutMember(body, "lastUsed")
	}
	return digestOf(body)
}

// withoutMember writes a JSON object without one of its members, the others in the order of their names. What is no object
// comes back as it is.
func withoutMember(body []byte, name string) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return body
	}
	delete(members, name)
	text, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return text
}

// documentDigest reads the digest out of the record of a signed document.
func documentDigest(body []byte) string {
	var d struct {
		Digest string `json:"digest"`
	}
	_ = json.Unmarshal(body, &d) // what is no record has no digest, and no act is about it
	return d.Digest
}
