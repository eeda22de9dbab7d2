package earner

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// purpose is what a pass is good for.
type purpose string

const (
	toAward   purpose = "award"   // look after one award
	toEnter   purpose = "enter"   // begin a session, once
	toSession purpose = "session" // look after all awards of a person
	toJoin    purpose = "join"    // show that an address is one's own, once
	toErase   purpose = "erase"   // have something erased, once
	toStop    purpose = "stop"    // end reminders to an address
)

// lasts is how long a pass can be used. Whoever comes too late asks for another.
var lasts = map[purpose]time.Duration{
	toAward:   180 * 24 * time.Hour,
	toEnter:   30 * time.Minute,
	toSession: time.Hour,
	toJoin:    time.Hour,
	toErase:   24 * time.Hour,
	toStop:    365 * 24 * time.Hour,
}

// path is where links with a pass lead.
var path = map[purpose]string{toAward: "/claim/", toEnter: "/mine/in/", toJoin: "/mine/join/", toErase: "/mine/erase/", toStop: "/mine/stop/"}

// pass is the record of a token of 256 random bits. Its id is the digest of the token. Only its bearer has the token, and the message that
// takes it there, until that is delivered.
type pass struct {
	ID         string    `json:"id"`
	Purpose    purpose   `json:"purpose"`
	Address    string    `json:"address"`              // whose it is
	Credential string    `json:"credential,omitempty"` // of one award; of toErase "" means everything of the person
	Other      string    `json:"other,omitempty"`      // of toJoin: the address to which it is joined, which the message does not hold
	By         string    `json:"by,omitempty"`         // of toAward: who of the staff made the link to hand it over; "" for one that went to Address
	Ends       time.Time `json:"ends"`
}

var passes = issuer.Table[pass]{
	Kind:    issuer.Kind{Name: "earner-pass", Lookups: []string{"credential", "address", "all", "other"}},
	Key:     func(p *pass) string { return p.ID },
	Order:   func(p *pass) string { return issuer.Sortable(p.Ends) },
	Lookups: func(p *pass) []string { return []string{p.Credential, p.Address, inAll, p.Other} },
}

const tokenLength = 43 // characters of 256 bits in base64url

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// newPass keeps a pass and returns its token, which the pass does not hold.
func (b *Book) newPass(tx issuer.Tx, p pass) (token string, ends time.Time, err error) {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(bits[:])
	p.ID, p.Ends = digest(token), b.Now().UTC().Add(lasts[p.Purpose])
	return token, p.Ends, passes.Put(tx, &p, 0)
}

// readPass finds the pass of a token. One that is over, or good for something else, is not there.
func (s *Service) readPass(tx issuer.Tx, token string, good purpose) (pass, error) {
	if len(token) != tokenLength {
		return pass{}, missing()
	}
	p, _, err := passes.Get(tx, digest(token))
	switch {
	case errors.Is(err, issuer.ErrNotFound), err == nil && (p.Purpose != good || !s.now().Before(p.Ends)):
		return pass{}, missing()
	}
	return p, err
}
