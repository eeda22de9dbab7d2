package verifier

import (
	"container/list"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"sync"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// Memory keeps what status lists and endorsements say of themselves, for verifications that meet the same text again. It holds
// only what follows from the text alone: how it reads, which rules it breaks, whether a given key made its signature, its bits.
// Whose key that is, what the issuer says of it now, dates and revocation are judged anew by each verification, so a report is
// the same with a Memory and without.
//
// It keeps as well how documents that list keys read, but not those of texts of more than 16 KiB.
//
// The zero value is empty and ready. It is safe for concurrent use, and holds at most 1,024 documents and 16 MiB, the least
// recently used going first, and 256 that list keys. It must not be copied.
type Memory struct {
	mu    sync.Mutex
	known map[memoryKey]*list.Element // of *remembered
	order list.List                   // the most recently used first
	bytes int

	lists, before map[[sha256.Size]byte]*keys.Document // that list keys, by their text; guarded by mu. Two generations of keyDocuments
}

// Bounds of a Memory. A list of the usual 131,072 entries takes some 50 kB; the longest that is read takes 16 MiB and is not kept.
const (
	memoryEntries = 1024
	memoryBytes   = 16 << 20
)

// Bounds of the documents that list keys.
const (
	keyDocuments     = 128
	keyDocumentBytes = 16 << 10
)

// keyDocument is [keys.ParseDocument], once for each text. The document is not changed. Errors are not kept; m may be nil.
func (m *Memory) keyDocument(text []byte) (*keys.Document, error) {
	if m == nil || len(text) > keyDocumentBytes {
		return keys.ParseDocument(text)
	}
	sum := sha256.Sum256(text)
	m.mu.Lock()
	document, here := m.lists[sum]
	if !here {
		if document, here = m.before[sum]; here {
			m.keepKeys(sum, document)
		}
	}
	m.mu.Unlock()
	if here {
		return document, nil
	}
	document, err := keys.ParseDocument(text)
	if err == nil {
		m.mu.Lock()
		m.keepKeys(sum, document)
		m.mu.Unlock()
	}
	return document, err
}

// keepKeys stores a document. The caller holds the lock.
func (m *Memory) keepKeys(sum [sha256.Size]byte, document *keys.Document) {
	if m.lists == nil || len(m.lists) >= keyDocuments {
		m.lists, m.before = map[[sha256.Size]byte]*keys.Document{}, m.lists
	}
	m.lists[sum] = document
}

// memoryKey is all that the facts of a text depend on.
type memoryKey struct {
	sum     [sha256.Size]byte
	jwt     bool // whether it was read as a token
	profile credential.Profile
}

type remembered struct {
	key   memoryKey
	facts *facts
	bytes int
}

func (m *Memory) recall(key memoryKey) *facts {
	m.mu.Lock()
	defer m.mu.Unlock()
	element, here := m.known[key]
	if !here {
		return nil
	}
	m.order.MoveToFront(element)
	return element.Value.(*remembered).facts
}

// keep stores facts, or learns that those it holds have grown.
func (m *Memory) keep(key memoryKey, f *facts) {
	size := f.size()
	m.mu.Lock()
	defer m.mu.Unlock()
	if element, here := m.known[key]; here {
		if old := element.Value.(*remembered); old.facts == f && old.bytes == size {
			return
		}
		m.forget(element)
	}
	if size > memoryBytes {
		return
	}
	if m.known == nil {
		m.known = map[memoryKey]*list.Element{}
	}
	m.known[key] = m.order.PushFront(&remembered{key, f, size})
	for m.bytes += size; m.bytes > memoryBytes || m.order.Len() > memoryEntries; {
		m.forget(m.order.Back())
	}
}

func (m *Memory) forget(element *list.Element) {
	old := m.order.Remove(element).(*remembered)
	delete(m.known, old.key)
	m.bytes -= old.bytes
}

// facts are what a text says of itself, whoever reads it and when. What stands in the first group is not changed once it is made.
type facts struct {
	checks   []Check // of form, vocabulary and rules, and of the comparison of claims
	whole    bool    // whether there is a document for the other steps
	secured  *proof.Secured
	document *credential.Credential
	rules    []credential.Problem
	length   int // of the text, in bytes
	units    int // of the canonical form of the document, see work

	mu         sync.Mutex // for what follows, and for secured, which remembers hashes
	signatures []signatureFact
	list       *listFact
}

// signatureFact is whether a key made the signature of the proof at pointer.
type signatureFact struct {
	pointer string
	key     crypto.PublicKey
	err     error
	shared  int // and own: what the check cost, as of [proof.Secured.VerifyCounting]
	own     int
}

// maxSignatures bounds the signatures that facts hold: a list has one, and its key may change while it stands.
const maxSignatures = 4

// factsOf takes the steps that depend on the text alone. The run that takes them knows nothing else.
func factsOf(ctx context.Context, text sealed, profile credential.Profile) *facts {
	r := &run{Options: Options{Profile: profile}}
	f := &facts{whole: r.judgeText(ctx, text), length: len(text.bytes)}
	f.checks, f.secured, f.document, f.rules = r.checks, r.secured, r.document, r.rules
	if f.secured != nil {
		f.units = f.secured.Units()
	}
	return f
}

// remember puts what this run found in the text into the Memory. What the caller broke off may come out otherwise another time,
// and is no fact.
func (r *run) remember(ctx context.Context) {
	if r.key != (memoryKey{}) && r.facts.whole && ctx.Err() == nil {
		r.Memory.keep(r.key, r.facts)
	}
}

// verify is [proof.Secured.VerifyCounting], once for each proof and key.
func (f *facts) verify(ctx context.Context, p proof.Proof, key crypto.PublicKey) (shared, own int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, known := range f.signatures {
		if known.pointer == p.Pointer && sameKey(known.key, key) {
			return known.shared, known.own, known.err
		}
	}
	shared, own, err = f.secured.VerifyCounting(context.WithoutCancel(ctx), p, key) // others wait for what is found: its work is bounded, and nobody breaks it off
	if len(f.signatures) < maxSignatures {
		f.signatures = append(f.signatures, signatureFact{p.Pointer, key, err, shared, own})
	}
	return shared, own, err
}

// listFact is the status list in a document, or why there is none.
type listFact struct {
	subject status.Subject
	bits    status.List
	fault   *fault
}

func (f *facts) statusList() *listFact {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.list == nil {
		f.list = readList(f.document)
	}
	return f.list
}

// readList takes the list out of a status list credential. That the list is too short is found when it is asked.
func readList(c *credential.Credential) *listFact {
	method := status.MethodOfList(c.Types)
	if method == "" {
		return &listFact{fault: &fault{code: "status_invalid", which: "other_credential", detail: "What stands at the status list's address is another credential"}}
	}
	subject, err := status.ParseSubject(onlySubject(c.Value()["credentialSubject"]))
	if err != nil || subject.Method != method {
		return &listFact{fault: &fault{code: "status_invalid", which: "malformed", detail: "The status list is malformed"}}
	}
	bits, err := subject.Decode()
	var refusal *status.Error
	if errors.As(err, &refusal) {
		return &listFact{fault: &fault{code: refusal.Code, which: "undecodable", detail: "The status list cannot be decoded"}}
	}
	return &listFact{subject: subject, bits: bits}
}

// onlySubject is the subject of a credential that has one, alone or in an array (VCDM 2.0 section 4.8).
func onlySubject(value any) map[string]any {
	if all, isArray := value.([]any); isArray && len(all) == 1 {
		value = all[0]
	}
	object, _ := value.(map[string]any)
	return object
}

// size is what facts take in memory at most, in bytes: the text as received, as decoded and as read, and its values, which for
// JSON of nothing but small ones are some twenty times as large. The text of a list is most of it and one value.
func (f *facts) size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	const each, copies, growth = 4 << 10, 3, 24
	encoded, bits := 0, 0
	if f.list != nil {
		encoded, bits = len(f.list.subject.EncodedList), f.list.bits.Len()/8
	}
	return each + copies*f.length + growth*(f.length-encoded) + bits
}
