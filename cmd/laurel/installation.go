package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys/kms"
	"github.com/laurelbadges/laurel/verifier"
)

// installation is an office opened in this process.
type installation struct {
	*issuer.Service
	engine store.Engine
	queue  *jobs.Runner
	*rooms
	at    place
	alone bool // a command opened it, and no server does its jobs
}

// openInstallation opens store and keys in this process and makes them when they are not there. newKeys says that it made a
// key folder. counters, which may be nil, measure the changes of the store.
func openInstallation(ctx context.Context, g *grammar, base string, public bool, office officeFlags, counters *metrics.Metrics) (opened installation, newKeys bool, err error) {
	engine, err := g.place().open(ctx, false)
	if err != nil {
		return opened, false, err
	}
	var records issuer.Store = engine
	if counters != nil {
		records = countedStore{engine, counters}
	}
	opened = installation{engine: engine, at: g.place(), alone: base == ""}
	if err := notStrange(ctx, g, engine); err != nil { // before the keys are opened: that would write to the database
		return opened, false, errors.Join(err, engine.Close())
	}
	private, newKeys, err := g.openKeys(ctx, records)
	if err == nil {
		own := ownDocuments{issuer.NewDocuments(records), nil}
		memory := &verifier.Memory{}
		opened.queue = &jobs.Runner{Store: records, Now: time.Now, Lease: jobLease, Log: slog.New(slog.DiscardHandler)}
		enqueue := func(tx issuer.Tx, w issuer.Work) error {
			opened.queue.Wake()
			return jobs.Enqueue(tx, time.Now(), w)
		}
		if opened.rooms, err = newRooms(records, g.mailFlags, enqueue); err != nil {
			return opened, false, errors.Join(err, engine.Close())
		}
		opened.Service, err = issuer.Open(ctx, issuer.Config{Store: records, Keys: private, Now: time.Now, Base: base, Public: public,
			Enqueue: enqueue, Observe: opened.observe, Upgrade: earner.Anew,
			Check: func(ctx context.Context, sealed []byte) error {
				return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges, Fetch: own, Memory: memory})
			},
			CheckDocument: func(ctx context.Context, sealed []byte) error {
				return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.VerifiableCredentials, Fetch: own, Memory: memory})
			}})
		own.own = opened.Service // which remembers the documents with its keys
	}
	if err == nil {
		err = opened.rooms.open(opened.Service, g.mailFlags, office)
	}
	if err == nil && opened.Local() && strings.HasPrefix(g.KeyStore, kms.Scheme) {
		err = errLocalKMS
	}
	if err != nil {
		return opened, false, errors.Join(err, engine.Close())
	}
	return opened, newKeys, nil
}

// errLocalKMS: an issuer without a public address signs proofs and tokens with one Ed25519 key.
var errLocalKMS = errors.New("an AWS KMS signs 4,096 bytes at most with the kind of key that an issuer without a public address has, and tokens can be longer; give --public-url too")

// notStrange refuses an empty database beside the identity of an installation: a wrong address would make a second issuer of the same
// name, whose keys nobody's badges were signed with.
func notStrange(ctx context.Context, g *grammar, records issuer.Store) error {
	if g.Store == "" || g.KeyStore != "" || !exists(filepath.Join(g.folder(), "keys", identityName)) {
		return nil
	}
	_, err := issuer.NewDocuments(records).Base(ctx)
	if !errors.Is(err, issuer.ErrNotFound) {
		return err
	}
	return fmt.Errorf("the database that --store names is empty, and %s belongs to an installation: correct the address; "+
		"if this is a first start that was broken off, remove that folder and start again", filepath.Join(g.folder(), "keys"))
}

// Close signs the status lists that have changed, for readers of the store, and closes it.
func (i installation) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(i.PublishLists(ctx), i.engine.Close())
}

// serveJobs has the jobs of the installation done until ctx ends; it returns when none is under way.
func (i installation) serveJobs(ctx context.Context, log *slog.Logger) error {
	i.queue.Log = log
	i.queue.Handlers = i.handlers()
	i.queue.Handlers[issuer.WorkBatch] = i.doBatch
	i.queue.Workers = workers
	i.queue.Bounds = map[string]jobs.Bound{webhook.Work: {Most: workers / 2, Each: 1}} // who answers slowly must hold up nobody else
	i.queue.Every = append(i.every(), []jobs.Every{
		{Name: "drafts", Period: time.Minute, Do: func(ctx context.Context, _ jobs.Job) error {
			found, err := i.FinishDrafts(ctx, time.Minute) // of a server that was killed
			return errors.Join(err, found.Unfinished)
		}},
		{Name: "lists", Period: time.Hour, Do: func(ctx context.Context, _ jobs.Job) error { return i.PublishLists(ctx) }},
		{Name: "batches", Period: time.Hour, Do: func(ctx context.Context, _ jobs.Job) error { return i.SweepBatches(ctx) }},
		{Name: "proposals", Period: time.Hour, Do: func(ctx context.Context, _ jobs.Job) error { return i.SweepProposals(ctx) }},
	}...)
	return i.queue.Run(ctx)
}

const (
	turnOfBatch = 2 * time.Second  // how long a batch is worked on before others get their turn
	workers     = 4                // jobs that are done side by side
	jobLease    = 10 * time.Second // after which what a killed server did is taken over
)

func (i installation) doBatch(ctx context.Context, j jobs.Job) error {
	until := time.Now().Add(turnOfBatch)
	finished, err := i.RunBatch(ctx, string(j.Payload), func() bool { return time.Now().Before(until) })
	if err == nil && !finished {
		return jobs.ErrMore
	}
	// A row that cannot be signed is given up after tries in five different hours; the job must not be dead before that.
	var told *issuer.Error
	if errors.As(err, &told) && told.Code == "signing_failed" {
		err = errors.Join(err, jobs.ErrLater(time.Hour))
	}
	return err
}

// finish works on a batch until it is done, where no server does so.
func (i installation) finish(ctx context.Context, batch string) error {
	if !i.alone {
		return nil
	}
	_, err := i.RunBatch(ctx, batch, func() bool { return true })
	return err
}

// AuditHead is the end of the audit log, signed by the first issuer.
func (i installation) AuditHead(ctx context.Context) (string, error) {
	all, err := i.Organisations(ctx)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", issuer.ErrNotFound
	}
	return i.SignedAuditHead(ctx, all[0].ID)
}

// Backup implements [control.Keeper].
func (i installation) Backup(ctx context.Context, recipients []string, w io.Writer) error {
	return writeBackup(ctx, i.engine, i.at.folder, i.Base(), recipients, w)
}

// Place implements [control.Keeper].
func (i installation) Place(context.Context) (string, error) { return i.at.name() }

// mostFaults bounds how many things that are wrong with a store are told at once.
const mostFaults = 100

// CheckStore implements [control.Keeper].
func (i installation) CheckStore(ctx context.Context) ([]string, error) {
	return checkStore(ctx, i.engine)
}

func checkStore(ctx context.Context, engine store.Engine) (faults []string, err error) {
	more := 0
	err = engine.Check(ctx, kinds(), func(sentence string) {
		if len(faults) < mostFaults {
			faults = append(faults, sentence)
		} else {
			more++
		}
	})
	if more > 0 {
		faults = append(faults, fmt.Sprintf("There are %d more.", more))
	}
	return faults, err
}

// Queue implements [control.Keeper].
func (i installation) Queue(ctx context.Context, after string, limit int) (found control.Queue, err error) {
	if found.Counts, err = i.queue.Waiting(ctx); err != nil {
		return found, err
	}
	found.Dead, found.Next, err = i.queue.Dead(ctx, after, limit)
	for n := range found.Dead {
		found.Dead[n].Payload = nil // may say who somebody is
	}
	return found, err
}

// RetryJob implements [control.Keeper].
func (i installation) RetryJob(ctx context.Context, id string) error {
	return noSuchJob(i.queue.Retry(ctx, id))
}

// DeleteJob implements [control.Keeper].
func (i installation) DeleteJob(ctx context.Context, id string) error {
	return noSuchJob(i.queue.Delete(ctx, id))
}

// noSuchJob says so in a sentence that the socket hands on.
func noSuchJob(err error) error {
	if errors.Is(err, issuer.ErrNotFound) {
		return &issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "No job of this id has failed for good. laurel jobs lists those that have.", Err: err}
	}
	return err
}
