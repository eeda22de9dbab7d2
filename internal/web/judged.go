package web

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	judgedFor = time.Minute // how long what was found is shown again
	maxJudged = 128         // of one generation; two are kept
)

// judgements remembers for a minute what was found about the credentials of this installation, so that a badge that is
// shown around is judged once and not for each visitor. What this installation can change is part of the key, so a
// revocation shows at once.
type judgements struct {
	mu    sync.Mutex
	known recent[[sha256.Size]byte, judgement] // guarded by mu
}

type judgement struct {
	report *verifier.Report // never changed
	from   time.Time
	until  time.Time
}

func newJudgements() *judgements {
	return &judgements{known: newRecent[[sha256.Size]byte, judgement](maxJudged)}
}

// find returns what is remembered and still to be shown; without a report when there is nothing.
func (j *judgements) find(key [sha256.Size]byte, now time.Time) judgement {
	j.mu.Lock()
	defer j.mu.Unlock()
	if known, ok := j.known.get(key); ok && !now.Before(known.from) && now.Before(known.until) {
		return known
	}
	return judgement{}
}

// keep remembers a report until a minute has gone, or until the credential begins or ends. One that left something open is
// not kept: the next visitor may be luckier.
func (j *judgements) keep(key [sha256.Size]byte, report *verifier.Report, now time.Time) (until time.Time, kept bool) {
	if report.Outcome == verifier.Unknown || report.Credential == nil {
		return until, false
	}
	until = now.Add(judgedFor)
	for _, date := range []string{report.Credential.ValidFrom, report.Credential.ValidUntil} {
		if at, err := credential.ParseDateTime(date); err == nil && at.After(now) && at.Before(until) {
			until = at
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known.put(key, judgement{report: report, from: now, until: until})
	return until, true
}

// forget forgets everything: something was erased.
func (j *judgements) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known = newRecent[[sha256.Size]byte, judgement](maxJudged)
}

// ownDocument is a credential of this installation and what its judgement rests on that the installation can change.
type ownDocument struct {
	text         []byte   // as it is offered for download
	organisation string   // whose keys signed it
	lists        []string // ids of the status lists that it names
	newest       string   // what its refreshService answers with, in so many words; "" for nothing but itself
}

// ownOf is what the judgement of a credential of this installation rests on. newer is what stands in its place and is to be seen; nil for
// nothing.
func ownOf(record issuer.Credential, newer *issuer.Credential) ownDocument {
	own := ownDocument{text: record.JSON, organisation: record.Organisation, lists: []string{record.Slot.Revocation, record.Slot.Suspension}, newest: record.SupersededBy}
	if newer != nil {
		own.newest = newer.ID + " " + string(newer.State())
	}
	return own
}

// judgeOwn judges a credential of this installation.
func (s *server) judgeOwn(ctx context.Context, record issuer.Credential, newer *issuer.Credential) (*verifier.Report, error) {
	return s.judgeDocument(ctx, ownOf(record, newer))
}

func (s *server) judgeDocument(ctx context.Context, own ownDocument) (*verifier.Report, error) {
	now, witness := s.Now(), issuer.WitnessOf(ctx)
	key, unread := s.judgedBy(ctx, own)
	if unread == nil {
		if known := s.judged.find(key, now); known.report != nil {
			witness.Until(known.until)
			return known.report, nil
		}
	}
	report, err := s.Verify(issuer.Unwatched(ctx), own.text) // what it rests on is in the key
	if err != nil {
		return nil, fmt.Errorf("verifying: %w", err)
	}
	if unread == nil {
		if until, kept := s.judged.keep(key, report, now); kept {
			witness.Until(until)
			return report, nil
		}
	}
	witness.Spoil()
	return report, nil
}

// judgedBy is a digest of all that a judgement rests on and this installation can change: the credential, its status lists, the
// keys of its issuer and what took its place. Where one of these cannot be read nothing is remembered, and the report says what is
// missing.
func (s *server) judgedBy(ctx context.Context, own ownDocument) (key [sha256.Size]byte, err error) {
	organisation, err := s.Office.Organisation(ctx, own.organisation)
	if err != nil {
		return key, err
	}
	digest := sha256.New()
	for _, k := range organisation.Keys {
		_, _ = io.WriteString(digest, k.Method+" "+k.Multikey+" "+string(k.State)+"\n") // a digest takes every write
	}
	for _, id := range own.lists {
		if id == "" {
			continue // an award without a place in a list
		}
		list, err := s.Office.StatusList(ctx, id)
		if err != nil {
			return key, err
		}
		_, _ = io.WriteString(digest, id+" "+list.ETag+"\n")
	}
	_, _ = io.WriteString(digest, own.newest+"\n")
	_, _ = digest.Write(own.text)
	return [sha256.Size]byte(digest.Sum(nil)), nil
}
