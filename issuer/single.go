package issuer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/proof"
)

// Where several single awards are being made at a time they are signed with templates, as those of a batch are: each signature is checked
// over the bytes that are stored, and the verifier reads and checks them whole besides unless it has done so just now with another award of
// the same template and keys. By itself, an award is signed and checked without a template.
const (
	vouchedFor  = time.Second // how long one whole check is enough
	vouchedMost = 99          // and for how many awards after it
)

// vouched remembers what the verifier has found right.
type vouched struct {
	mu        sync.Mutex
	templates map[*proof.Template]vouchedTemplate // the last award of it that was checked whole; guarded by mu
}

type vouchedTemplate struct {
	integrityKey, tokenKey string // names of those that have signed it
	at                     time.Time
	since                  int // awards since then
}

// due says whether what a template signs now with these keys is to be checked whole.
func (v *vouched) due(t *proof.Template, signed *forms, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, known := v.templates[t]
	if !known || last.integrityKey != signed.integrityKey.Name || last.tokenKey != signed.tokenKey.Name ||
		now.Sub(last.at).Abs() >= vouchedFor || last.since >= vouchedMost {
		return true
	}
	last.since++
	v.templates[t] = last
	return false
}

// vouch notes that what a template has signed was found right.
func (v *vouched) vouch(t *proof.Template, signed *forms, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.templates == nil || len(v.templates) >= pressAchievements*pressShapes {
		v.templates = map[*proof.Template]vouchedTemplate{}
	}
	v.templates[t] = vouchedTemplate{integrityKey: signed.integrityKey.Name, tokenKey: signed.tokenKey.Name, at: now}
}

// signSingle signs the document of an award that is made by itself in all its forms, and has them checked.
func (s *Service) signSingle(ctx context.Context, o *Organisation, achievement string, document []byte, suite string) (signed forms, err error) {
	if s.singles.Load() < 2 {
		return s.sign(ctx, *o, document, suite)
	}
	p, _ := s.press.find(ctx, achievement, document, suite, o)
	if p == nil {
		return s.sign(ctx, *o, document, suite)
	}
	whole := s.vouched.due(p.Template, s.willSign(o, suite), s.now())
	together := s.known.Batch()
	if signed, err = s.signPressed(ctx, o, p, suite, whole, together); err == nil && len(together.Verify()) > 0 {
		err = signedWrongly()
	}
	switch refusal := (*Error)(nil); {
	case err == nil && whole:
		s.vouched.vouch(p.Template, &signed, s.now())
	case errors.As(err, &refusal) && refusal.Code == codeSelfCheck:
		s.press.distrust(achievement)
	case errors.Is(err, proof.ErrShape):
		return s.sign(ctx, *o, document, suite)
	}
	return signed, err
}

// willSign are forms that name the keys alone with which they will be signed.
func (s *Service) willSign(o *Organisation, suite string) *forms {
	signed := &forms{suite: suite}
	signed.integrityKey, _ = o.keyFor(suite)
	signed.tokenKey, _ = o.jwtKey()
	return signed
}
