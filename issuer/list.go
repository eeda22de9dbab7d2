package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
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
	JSON    []byte    `json:"json"`
}

var publishedLists = Table[publishedList]{
	Kind: Kind{Name: "published-list"},
	Key:  func(p *publishedList) string { return p.List },
}

func listURL(base, list string) string { return base + "/status/" + list }

// StatusList returns a status list, signed with the Data Integrity key of its organisation. It is signed anew when its bits or
// that key have changed, or after twelve hours; otherwise the last copy is given. Kind missing when there is no such list.
func (s *Service) StatusList(ctx context.Context, id string) (StatusDocument, error) {
	p, err := s.current(ctx, id)
	if err != nil {
		return StatusDocument{}, err
	}
	sum := sha256.Sum256(p.JSON)
	return StatusDocument{
		JSON:    p.JSON,
		ETag:    `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
		Expires: s.instant().Add(listTTL),
	}, nil
}

// PublishLists signs every status list that has changed since it was last signed, so that [Documents] can answer with it when
// no Service runs.
func (s *Service) PublishLists(ctx context.Context) error {
	var all []statusList
	err := s.store.View(ctx, func(tx Tx) (err error) {
		all, err = every(tx, statusLists)
		return err
	})
	if err != nil {
		return stored(err)
	}
	for _, l := range all {
		if _, err := s.current(ctx, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// current returns a signed copy that says what the list says now.
func (s *Service) current(ctx context.Context, id string) (publishedList, error) {
	if p, ok, err := s.held(ctx, id); ok || err != nil {
		return p, err
	}
	s.signing.Lock()
	defer s.signing.Unlock()
	if p, ok, err := s.held(ctx, id); ok || err != nil { // another goroutine was first
		return p, err
	}
	p, err := s.signList(ctx, id)
	if err != nil {
		return publishedList{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		_, version, err := publishedLists.Get(tx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		return publishedLists.Put(tx, &p, version)
	})
	if err != nil {
		return publishedList{}, stored(err)
	}
	s.lists.Store(id, p)
	return p, nil
}

// held returns the copy in memory or store, if it may still be given.
func (s *Service) held(ctx context.Context, id string) (p publishedList, ok bool, err error) {
	inMemory, cached := s.lists.Load(id)
	err = s.store.View(ctx, func(tx Tx) error {
		l, k, err := listAndKey(tx, id)
		if err != nil {
			return err
		}
		if cached {
			p = inMemory.(publishedList)
		} else if p, _, err = publishedLists.Get(tx, id); errors.Is(err, ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		// A clock that went back makes a copy of the future; that is replaced too.
		age := s.now().Sub(p.Signed)
		ok = p.Version == l.Version && p.Method == k.Method && age < listFresh && age >= -time.Minute
		return nil
	})
	if err != nil {
		return publishedList{}, false, stored(err)
	}
	if ok && !cached {
		s.lists.Store(id, p)
	}
	return p, ok, nil
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

// signList signs a list as it stands now.
func (s *Service) signList(ctx context.Context, id string) (publishedList, error) {
	var l statusList
	var o Organisation
	var list status.List
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if l, _, err = statusLists.Get(tx, id); err != nil {
			return err
		}
		if o, _, err = organisations.Get(tx, l.Organisation); err != nil {
			return err
		}
		list, err = readBits(tx, id)
		return err
	})
	if err != nil {
		return publishedList{}, stored(err)
	}
	now := s.instant()
	document, err := status.Credential(status.ListOptions{
		ID: listURL(s.base, id), Issuer: o.DID, Purpose: l.Purpose, ValidFrom: now, ValidUntil: now.Add(listValid), TTL: listTTL,
	}, list)
	if err != nil {
		return publishedList{}, internal("document", "The status list could not be written.", err)
	}
	k, err := o.integrityKey()
	if err != nil {
		return publishedList{}, err
	}
	sealed, err := s.sealIntegrity(ctx, o, document)
	if err != nil {
		return publishedList{}, err
	}
	return publishedList{List: id, Version: l.Version, Method: k.Method, Signed: now, JSON: sealed}, nil
}
