package issuer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/laurelbadges/laurel/credential/status"
)

const (
	listFresh = 12 * time.Hour     // a signed copy older than this is replaced
	listValid = 7 * 24 * time.Hour // from the signature to validUntil: outlasts a long weekend without the server
	listTTL   = 5 * time.Minute    // how long readers may go without asking again
)

// StatusDocument is a status list as it is to be served.
type StatusDocument struct {
	JSON    []byte    // the signed Bitstring Status List credential
	ETag    string    // with its quotation marks (RFC 9110 section 8.8.3)
	Expires time.Time // until when a cache may answer with it
}

// publishedList is the newest signed copy of a list.
type publishedList struct {
	List    string    `json:"list"`
	Version uint64    `json:"version"` // of the list, when it was signed
	Method  string    `json:"method"`  // the key that signed
	Signed  time.Time `json:"signed"`
	JSON    Text      `json:"json"`
}

var publishedLists = Table[publishedList]{
	Kind: Kind{Name: "published-list"},
	Key:  func(p *publishedList) string { return p.List },
}

func listURL(base, list string) string { return base + "/status/" + list }

// heldList is a status list in memory.
type heldList struct {
	signed atomic.Pointer[signedList] // the newest signed copy; nil: none yet

	turn chan struct{} // holds a value while the list is signed: what waits meanwhile shares the signature
	bits bitsInMemory  // for whoever has the turn

	mu     sync.Mutex
	headed time.Time // guarded by mu: when the head of the audit log was last signed with the list
}

func newHeldList() *heldList { return &heldList{turn: make(chan struct{}, 1)} }

// listPatience is how long a reader waits for the signature that another one makes: a store that hangs would let all of them wait,
// one after another.
const listPatience = 5 * time.Second

// take waits for the turn to sign, which the caller gives back by reading h.turn.
func (h *heldList) take(ctx context.Context) error {
	patience := time.NewTimer(listPatience)
	defer patience.Stop()
	select {
	case h.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return &Error{Kind: KindUnavailable, Code: "list_busy", Detail: "The status list could not be signed in time. Please try again in a moment."}
	}
}

// headDue says, at the instant of a signature of the list, whether the head of the audit log is to be signed with it: a list that
// changes all the time does not take it along each time.
func (h *heldList) headDue(at time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if age := at.Sub(h.headed); age >= 0 && age < listTTL {
		return false
	}
	h.headed = at
	return true
}

// signedList is a signed copy of a list, ready to be served.
type signedList struct {
	publishedList
	etag string
	seen atomic.Uint64 // the count of commits at which the copy was last found to say what the store says
}

func newSignedList(p publishedList) *signedList {
	sum := sha256.Sum256(p.JSON)
	return &signedList{publishedList: p, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}

// StatusList returns a status list, signed with the Data Integrity key of its organisation. It shows every change that was
// acknowledged before the call. It is signed anew when its bits or that key have changed, or after twelve hours, once for all
// who wait; otherwise the last copy is given, from memory. Kind missing when there is no such list.
func (s *Service) StatusList(ctx context.Context, id string) (StatusDocument, error) {
	p, err := s.current(Unwatched(ctx), id)
	w := WitnessOf(ctx)
	if err != nil {
		w.Spoil()
		return StatusDocument{}, err
	}
	list := StatusDocument{JSON: p.JSON, ETag: p.etag, Expires: s.instant().Add(listTTL)}
	if w != nil {
		w.note(reading{id: id, list: true}, sumOfList(list))
	}
	return list, nil
}

// PublishLists signs every status list that has changed since it was last signed, so that [Documents] can answer with it when
// no Service runs. What is signed already costs nothing but a look.
func (s *Service) PublishLists(ctx context.Context) error {
	var due []string
	err := s.store.View(ctx, func(tx Tx) error {
		due = nil
		all, err := every(tx, organisations)
		if err != nil {
			return err
		}
		signers := map[string]string{} // methods, by organisation
		for _, o := range all {
			k, _ := o.integrityKey() // without one its lists are due, and say so
			signers[o.ID] = k.Method
		}
		copies := map[string]signedCopy{}
		err = pages(ctx, tx, publishedLists.Kind, func(row Row) error {
			var c signedCopy
			err := json.Unmarshal(row.Body, &c)
			copies[row.ID] = c
			return err
		})
		if err != nil {
			return err
		}
		lists, err := every(tx, statusLists)
		for _, l := range lists {
			c := copies[l.ID]
			if c.Version != l.Version || c.Method != signers[l.Organisation] || c.Method == "" || !s.young(c.Signed) {
				due = append(due, l.ID)
			}
		}
		return err
	})
	if err != nil {
		return stored(err)
	}
	for _, id := range due {
		p, err := s.current(ctx, id)
		if err != nil {
			return err
		}
		if err := s.keepList(ctx, p.publishedList); err != nil {
			return err
		}
	}
	return nil
}

// signedCopy is what of a publishedList says whether it is due.
type signedCopy struct {
	Version uint64
	Method  string
	Signed  time.Time
}

// current returns a signed copy that says what the list says now. While nothing was committed since that was last made sure
// of, it does not look at the store, where no other process writes to that.
func (s *Service) current(ctx context.Context, id string) (*signedList, error) {
	commits := s.commits.Load() // before the look: what is committed after it will be looked for again
	if held, ok := s.lists.Load(id); ok && !s.store.Shared() {
		if p := held.(*heldList).signed.Load(); p != nil && p.seen.Load() == commits && s.young(p.Signed) {
			return p, nil
		}
	}
	var l statusList
	var k Key
	err := s.store.View(ctx, func(tx Tx) (err error) {
		l, k, err = listAndKey(tx, id)
		return err
	})
	if err != nil {
		return nil, stored(err)
	}
	held, _ := s.lists.LoadOrStore(id, newHeldList())
	h := held.(*heldList)
	p := h.signed.Load()
	if fresh := false; !s.shows(p, l, k) {
		if p, fresh, err = s.renew(ctx, h, l, k); err != nil {
			return nil, err
		}
		if fresh {
			// For readers of the store. This copy is good without it, on a full disk too; PublishLists tries again.
			_ = s.keepList(ctx, p.publishedList)
			if h.headDue(p.Signed) {
				_, _ = s.SignedAuditHead(ctx, l.Organisation) // a witness beside the list, and no part of it
			}
		}
	}
	p.seen.Store(commits)
	return p, nil
}

// shows says that the copy may be given to somebody who saw the list as l and its key as k.
func (s *Service) shows(p *signedList, l statusList, k Key) bool {
	return p != nil && p.Version >= l.Version && p.Method == k.Method && s.young(p.Signed)
}

// young says that a copy that was signed at an instant need not be replaced for its age. A clock that went back makes a copy of
// the future; that is replaced too.
func (s *Service) young(signed time.Time) bool {
	age := s.now().Sub(signed)
	return age < listFresh && age >= -time.Minute
}

// renew finds the copy that another goroutine made while this one waited, or that lies in the store, where another process may
// have put it just now, and signs a new one where neither will do; fresh says so.
func (s *Service) renew(ctx context.Context, h *heldList, l statusList, k Key) (p *signedList, fresh bool, err error) {
	if err := h.take(ctx); err != nil {
		return nil, false, err
	}
	defer func() { <-h.turn }()
	if p = h.signed.Load(); p == nil || s.store.Shared() && !s.shows(p, l, k) {
		var last publishedList
		err := s.store.View(ctx, func(tx Tx) (err error) {
			last, _, err = publishedLists.Get(tx, l.ID)
			return err
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, false, stored(err)
		}
		if err == nil {
			p = newSignedList(last)
		}
	}
	if fresh = !s.shows(p, l, k); fresh {
		signed, err := s.signList(ctx, h, l.ID)
		if err != nil {
			return nil, false, err
		}
		p = newSignedList(signed)
	}
	h.signed.Store(p)
	return p, fresh, nil
}

// keepList writes a signed copy to the store, unless that holds it, or one of newer bits.
func (s *Service) keepList(ctx context.Context, p publishedList) error {
	return stored(s.store.Update(ctx, func(tx Tx) error {
		there, version, err := publishedLists.Get(tx, p.List)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if there.Version > p.Version || bytes.Equal(there.JSON, p.JSON) {
			return nil
		}
		return publishedLists.Put(tx, &p, version)
	}))
}

// listAndKey reads a list and the key that signs it.
func listAndKey(tx Tx, id string) (statusList, Key, error) {
	l, _, err := statusLists.Get(tx, id)
	if err != nil {
		return l, Key{}, err
	}
	o, _, err := organisations.Get(tx, l.Organisation)
	if err != nil {
		return l, Key{}, err
	}
	k, err := o.integrityKey()
	return l, k, err
}

// signList signs a list as it stands now. The caller has the turn.
func (s *Service) signList(ctx context.Context, h *heldList, id string) (publishedList, error) {
	var l statusList
	var o Organisation
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if l, _, err = statusLists.Get(tx, id); err != nil {
			return err
		}
		if o, _, err = organisations.Get(tx, l.Organisation); err != nil {
			return err
		}
		return h.bits.read(tx, l)
	})
	if err != nil {
		return publishedList{}, stored(err)
	}
	now := s.instant()
	document, err := status.Credential(status.ListOptions{
		ID: listURL(s.base, id), Issuer: o.DID, Purpose: l.Purpose, ValidFrom: now, ValidUntil: now.Add(listValid), TTL: listTTL,
	}, h.bits.list)
	if err != nil {
		return publishedList{}, internal("document", "The status list could not be written.", err)
	}
	k, err := o.integrityKey()
	if err != nil {
		return publishedList{}, err
	}
	sealed, err := s.sealIntegrity(ctx, k, document, o.listSuite())
	if err != nil {
		return publishedList{}, err
	}
	return publishedList{List: id, Version: l.Version, Method: k.Method, Signed: now, JSON: sealed}, nil
}
