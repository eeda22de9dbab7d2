package issuer

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// signChunk signs the awards of a chunk, each on one of the processors, and has them checked. problem is why some are left for
// another time. When the check finds one to be wrong, the batch is put on hold, and nothing of the chunk is to be recorded: held.
func (s *Service) signChunk(ctx context.Context, c *chunk) (problem error, held bool, err error) {
	if len(c.rows) == 0 {
		return nil, false, nil
	}
	s.afterSingles(ctx)
	for range 3 {
		if problem, held, err = s.signChunkOnce(ctx, c); !errors.Is(err, errKeyChanged) {
			break
		}
	}
	return problem, held, err
}

func (s *Service) signChunkOnce(ctx context.Context, c *chunk) (problem error, held bool, err error) {
	o, err := s.Organisation(ctx, c.batch.Organisation)
	if err != nil {
		return nil, false, err
	}
	faults := make([]error, len(c.rows))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(c.rows)) {
		workers.Go(func() {
			together := s.known.Batch()
			var rowOf []int // of each signature that it has
			for i := next.Add(1) - 1; i < int64(len(c.rows)); i = next.Add(1) - 1 {
				c.rows[i].whole = i == 0
				faults[i] = s.signTask(ctx, &o, c.batch.Kind, &c.rows[i], together)
				for len(rowOf) < together.Len() {
					rowOf = append(rowOf, int(i))
				}
				runtime.Gosched() // or whoever makes a single award waits until the chunk is signed
			}
			for _, wrong := range together.Verify() {
				i := rowOf[wrong]
				s.press.distrust(c.rows[i].award.Achievement)
				faults[i] = signedWrongly()
			}
		})
	}
	workers.Wait()
	if i := slices.IndexFunc(c.rows, func(t task) bool { return t.refused == nil }); i > 0 && faults[i] == nil { // the first was not signed
		faults[i] = s.checkWhole(ctx, &c.rows[i].signed)
	}
	var later error // may work at another time, and would go wrong for other awards as well
	for i, fault := range faults {
		t := &c.rows[i]
		switch t.failed = nil; {
		case fault == nil:
		case !errors.As(fault, &t.failed):
			later = fault
		case t.failed.Code == codeSelfCheck:
			held = true
		case t.failed.Code != codeSigning && t.failed.Code != codeStoredAward:
			later = fault
		}
	}
	switch {
	case held:
		now, err := s.Organisation(ctx, o.ID)
		if err == nil && !slices.EqualFunc(now.Keys, o.Keys, func(a, b Key) bool { return a.Name == b.Name && a.State == b.State }) {
			err = errKeyChanged // what a key signed that is compromised now does not pass
		}
		if err == nil {
			err = s.hold(ctx, c)
		}
		return nil, err == nil, err
	case later != nil:
		return nil, false, later
	case c.batch.Kind == BatchReissue: // their rows say what went wrong, and the awards stay as they are
		return nil, false, nil
	}
	if err := s.draftFailed(ctx, c); err != nil {
		return nil, false, err
	}
	for i := range c.rows {
		t := &c.rows[i]
		if t.failed == nil {
			continue
		}
		problem = fmt.Errorf("completing the award %s: %w", t.award.ID, t.failed)
		if _, err := s.burn(ctx, t.award, t.failed); err != nil {
			return nil, false, stored(err)
		}
	}
	return problem, false, nil
}

// hold puts a batch on hold of which the check found something wrong. An award that is to be signed anew stays as it is, and its row says
// why; for one that is to be made it counts as a try.
func (s *Service) hold(ctx context.Context, c *chunk) error {
	if err := s.draftFailed(ctx, c); err != nil {
		return err
	}
	for i := range c.rows {
		t := &c.rows[i]
		if t.failed == nil || t.failed.Code != codeSelfCheck || c.batch.Kind == BatchReissue {
			continue
		}
		if _, err := s.burn(ctx, t.award, t.failed); err != nil {
			return stored(err)
		}
	}
	return stored(s.store.Update(ctx, func(tx Tx) error {
		b, version, err := anyBatch(c.batch.ID)(tx)
		if c.batch = b; err != nil || b.State != BatchOpen {
			return err
		}
		wrong := 0
		for i := range c.rows {
			t := &c.rows[i]
			if t.failed == nil || t.failed.Code != codeSelfCheck {
				continue
			}
			if wrong == 0 {
				wrong = t.row
			}
			if b.Kind != BatchReissue {
				continue
			}
			row, version, err := batchRows.Get(tx, rowID(b.ID, t.row))
			if err != nil {
				return err
			}
			if row.Done {
				continue
			}
			row.fail(t.failed)
			b.count(&row)
			if err := batchRows.Put(tx, &row, version); err != nil {
				return err
			}
		}
		c.batch = b
		if b.left() == 0 {
			return s.putBatch(tx, &c.batch, version)
		}
		c.batch.State, c.batch.Problem = BatchHeld, fmt.Sprintf("What was signed for row %d did not pass this program's own check, so the batch "+
			"stopped, and nothing of what was signed together with it was given out. Somebody who looks after this program should know.", wrong)
		if err := batches.Put(tx, &c.batch, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: "laurel", Action: actionHeld, Subject: b.ID, Detail: codeSelfCheck})
	}))
}

// draftFailed records the awards of a chunk that could not be signed as drafts: their tries are counted there, until they are given up.
func (s *Service) draftFailed(ctx context.Context, c *chunk) error {
	failed := func(t task) bool { return t.failed != nil && t.held != nil }
	if !slices.ContainsFunc(c.rows, failed) {
		return nil
	}
	return stored(s.store.Update(ctx, func(tx Tx) error {
		b, version, err := anyBatch(c.batch.ID)(tx)
		if err != nil {
			return err
		}
		ended := b.Done + b.Failed
		w := batchWork{service: s, tx: tx, batch: &b}
		for i := range c.rows {
			if t := &c.rows[i]; failed(*t) {
				if err := w.draft(t); err != nil {
					return err
				}
			}
		}
		if b.Done+b.Failed == ended {
			return nil
		}
		return s.putBatch(tx, &b, version)
	}))
}

// draft records the award of a row that has its plan as a draft.
func (w *batchWork) draft(t *task) error {
	stored, err := w.tx.Get(batchRows.Kind, rowID(w.batch.ID, t.row))
	if err != nil || stored.Version != t.version {
		return err
	}
	return w.endPlanned(t, func(draft *Credential, _ bool) error {
		if err := credentials.Put(w.tx, draft, 0); err != nil {
			return err
		}
		return w.service.recordBegun(w.tx, draft, t.held.Plan.recipient(), "")
	}, false)
}

// notStopped leaves out the awards of batches that the check has stopped: nothing of them is given out before somebody lets them go on.
func notStopped(tx Tx, drafts []Credential) ([]Credential, error) {
	stopped := map[string]bool{"": false} // by Batch.ID
	var left []Credential
	for _, c := range drafts {
		is, known := stopped[c.Batch]
		if !known {
			b, _, err := batches.Get(tx, c.Batch)
			if err != nil && !errors.Is(err, ErrNotFound) && unreadable(err) == nil {
				return nil, err
			}
			is = err == nil && b.State == BatchHeld && b.Problem != ""
			stopped[c.Batch] = is
		}
		if !is {
			left = append(left, c)
		}
	}
	return left, nil
}

// signTask signs one award of a batch, and writes its record where it is a draft. Its signatures are left to together.
func (s *Service) signTask(ctx context.Context, o *Organisation, kind BatchKind, t *task, together *keys.BatchVerifier) error {
	if kind == BatchReissue {
		document, err := t.award.document()
		if err != nil {
			return err
		}
		return s.signDocumentOf(ctx, o, t, document, together)
	}
	if t.in != nil {
		if err := s.describe(&t.award, t.in); err != nil && !isRefusal(err, &t.refused) {
			return err
		}
		t.in = nil
	}
	if t.refused != nil {
		return nil
	}
	if err := s.signDocumentOf(ctx, o, t, t.award.Unsigned, together); err != nil {
		return err
	}
	t.done = t.award
	t.done.Issued, t.done.Unsigned, t.done.Tried = s.now().UTC(), nil, Tries{}
	t.signed.fill(&t.done)
	var err error
	if t.body, err = credentials.body(&t.done); err != nil || t.held == nil {
		return err
	}
	row := t.held.without()
	row.Award, row.Done = t.award.ID, true
	t.ended, err = batchRows.body(&row)
	return err
}

// signDocumentOf signs the document of an award, with a template where there is one.
func (s *Service) signDocumentOf(ctx context.Context, o *Organisation, t *task, document []byte, together *keys.BatchVerifier) (err error) {
	suite := o.suiteOf(&t.award)
	if p, fresh := s.press.find(ctx, t.award.Achievement, document, suite, o); p != nil {
		t.signed, err = s.signPressed(ctx, o, p, suite, fresh || t.whole, together)
		if refusal := (*Error)(nil); errors.As(err, &refusal) && refusal.Code == codeSelfCheck {
			s.press.distrust(t.award.Achievement)
			return err
		}
		if !errors.Is(err, proof.ErrShape) {
			return err
		}
	}
	t.signed, err = s.sign(ctx, *o, document, suite)
	return err
}

// signPressed signs with a template, and checks each signature over the bytes that are going to be stored; those that together takes are left
// to it, and nothing is to be recorded before it has verified them. whole has the verifier read and check them besides, as all that is signed
// one by one. ErrShape when they do not fit the template.
func (s *Service) signPressed(ctx context.Context, o *Organisation, p *proof.Fitted, suite string, whole bool, together *keys.BatchVerifier) (signed forms, err error) {
	integrity, token, err := s.signersFor(o, suite)
	if err != nil {
		return forms{}, err
	}
	signed = forms{suite: suite}
	signed.integrityKey, _ = o.keyFor(suite)
	signed.tokenKey, _ = o.jwtKey()
	options := proof.SealOptions{Signer: integrity, Suite: suite, Created: s.instant()}
	if signed.published, err = p.Seal(ctx, options); err == nil {
		signed.token, err = p.SealJWT(token)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return forms{}, ctx.Err()
	case errors.Is(err, proof.ErrShape):
		return forms{}, err
	case err != nil:
		return forms{}, unsigned("The badge could not be signed.", err)
	}
	err = p.Verify(ctx, signed.published, options, together)
	if err == nil {
		err = p.VerifyJWT(signed.token, token, together)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return forms{}, ctx.Err()
	case err != nil:
		return forms{}, internal(codeSelfCheck, selfCheckFailed, err)
	case whole:
		if err := s.checkWhole(ctx, &signed); err != nil {
			return forms{}, err
		}
	}
	return signed, nil
}

// checkWhole has the verifier read and check both forms.
func (s *Service) checkWhole(ctx context.Context, signed *forms) error {
	err := s.check(ctx, signed.published)
	if err == nil {
		err = s.check(ctx, []byte(signed.token))
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return internal(codeSelfCheck, selfCheckFailed, err)
	}
	return nil
}

// signedWrongly is the fault of a signature that does not fit.
func signedWrongly() error {
	return internal(codeSelfCheck, selfCheckFailed, errors.New("the signature does not fit"))
}

// signersFor are the keys that sign an award in both forms.
func (s *Service) signersFor(o *Organisation, suite string) (integrity, token keys.Signer, err error) {
	k, ok := o.keyFor(suite)
	if !ok {
		return integrity, token, noKey(suite)
	}
	forToken, err := o.jwtKey()
	if err != nil {
		return integrity, token, err
	}
	if integrity, err = s.signer(k); err != nil {
		return integrity, token, err
	}
	integrity.ID = k.integrityMethod()
	token, err = s.signer(forToken)
	return integrity, token, err
}

// press keeps templates of the documents that batches sign. A template signs what has its text and nothing else, so an old one does
// no harm.
type press struct {
	mu        sync.Mutex
	templates map[string][]*proof.Template // by achievement and hash
	wrong     map[string]bool              // achievements of which a template was wrong: they are signed one by one until the next start
}

// Bounds of a press. An achievement has a template for each set of members that its awards have: with evidence and without.
const (
	pressAchievements = 64
	pressShapes       = 16
)

// find fits the document to a template, which it makes if need be; fresh says so. nil where there is none.
func (p *press) find(ctx context.Context, achievement string, document []byte, suite string, o *Organisation) (found *proof.Fitted, fresh bool) {
	k, ok := o.keyFor(suite)
	if !ok || suite == SuiteSelective {
		return nil, false
	}
	hash := crypto.SHA256
	if k.Algorithm == keys.ES384 {
		hash = crypto.SHA384
	}
	name := achievement + "/" + hash.String()
	p.mu.Lock()
	known, wrong := p.templates[name], p.wrong[achievement]
	p.mu.Unlock()
	if wrong {
		return nil, false
	}
	if found = fitting(known, document); found != nil || len(known) >= pressShapes {
		return found, false
	}
	if slices.ContainsFunc(known, func(t *proof.Template) bool { return t.Shapes(document) }) { // it has texts that are signed one by one
		return nil, false
	}
	// While it is made others wait: they mostly want the same.
	p.mu.Lock()
	defer p.mu.Unlock()
	if found = fitting(p.templates[name], document); found != nil {
		return found, false
	}
	t, err := proof.NewTemplate(ctx, document, varying, hash)
	if err == nil {
		found = t.Fit(document)
	}
	if found == nil { // whatever is wrong with the document is told by whoever signs it by itself
		return nil, false
	}
	if p.templates == nil || len(p.templates) >= pressAchievements {
		p.templates = map[string][]*proof.Template{}
	}
	p.templates[name] = append(p.templates[name], t)
	return found, true
}

func fitting(templates []*proof.Template, document []byte) *proof.Fitted {
	for _, t := range templates {
		if found := t.Fit(document); found != nil {
			return found
		}
	}
	return nil
}

// distrust has the awards of an achievement signed one by one from here on.
func (p *press) distrust(achievement string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrong == nil {
		p.wrong = map[string]bool{}
	}
	p.wrong[achievement] = true
}

// varying is what differs between the awards of an achievement.
var varying = []string{
	"/id", "/validFrom", "/validUntil", "/awardedDate", "/refreshService/id",
	"/credentialSubject/id", "/credentialSubject/narrative", "/credentialSubject/role", "/credentialSubject/term", "/credentialSubject/licenseNumber",
	"/credentialSubject/activityStartDate", "/credentialSubject/activityEndDate",
	"/credentialSubject/identifier/*/identityHash", "/credentialSubject/identifier/*/salt",
	"/credentialSubject/result/*/value", "/credentialSubject/result/*/achievedLevel", "/credentialSubject/result/*/status",
	"/evidence/*/id", "/evidence/*/name", "/evidence/*/narrative", "/evidence/*/description", "/evidence/*/genre", "/evidence/*/audience",
	"/credentialStatus/*/id", "/credentialStatus/*/statusListIndex", "/credentialStatus/*/statusListCredential",
}
