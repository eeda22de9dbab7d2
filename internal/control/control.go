// Package control lets the command line act beside a running server: the store is open in one process only, and that process
// answers on a Unix socket in the data folder which its owner alone may use.
//
// Start with [Listen] and [Serve] in the server and [Dial] in a command. Both sides speak JSON over HTTP; nothing listens on
// a network.
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// Office is what can be done with an installation, whoever holds its store: [issuer.Service] here, a [Client] beside it.
type Office interface {
	Issue(ctx context.Context, in issuer.AwardInput) (issuer.Credential, error)
	Revoke(ctx context.Context, id, reason, actor string) (issuer.Credential, error)
	Suspend(ctx context.Context, id, reason, actor string) (issuer.Credential, error)
	RevokeFor(ctx context.Context, id string, cause issuer.Cause, actor string) (issuer.Credential, error)
	SuspendFor(ctx context.Context, id string, cause issuer.Cause, actor string) (issuer.Credential, error)
	Reinstate(ctx context.Context, id, actor string) (issuer.Credential, error)
	CreateOrganisation(ctx context.Context, name, email, actor string) (issuer.Organisation, error)
	Reconfigure(ctx context.Context, organisation string, change issuer.ConfigurationChange, actor string) (issuer.Organisation, error)
	Organisations(ctx context.Context) ([]issuer.Organisation, error)
	Keys(ctx context.Context) ([]issuer.Key, error)
	RotateKey(ctx context.Context, organisation, algorithm, actor string) (issuer.Key, error)
	RetireKey(ctx context.Context, organisation, method, actor string) error
	CompromiseKey(ctx context.Context, organisation, method string, since time.Time, actor string) error
	Affected(ctx context.Context, organisation, method, after string, limit int) (page []issuer.Credential, next string, err error)
	Reissue(ctx context.Context, organisation, method, actor string) (issuer.Batch, error)
	AddKey(ctx context.Context, organisation string, kind keys.Kind, actor string) (issuer.Key, error)
	SetSuite(ctx context.Context, organisation, suite, actor string) error
	CreateToken(ctx context.Context, in issuer.TokenInput) (issuer.NewToken, error)
	Tokens(ctx context.Context) ([]issuer.Token, error)
	RevokeToken(ctx context.Context, id, actor string) (issuer.Token, error)
	StartBatch(ctx context.Context, in issuer.BatchInput) (issuer.Batch, error)
	Batch(ctx context.Context, id string) (issuer.Batch, error)
	Batches(ctx context.Context, organisation, after string, limit int) (page []issuer.Batch, next string, err error)
	BatchRows(ctx context.Context, id, after string, limit int) (page []issuer.BatchRow, next string, err error)
	ReleaseBatch(ctx context.Context, id, actor string) (issuer.Batch, error)
	DropBatch(ctx context.Context, id, actor string) (issuer.Batch, error)
	VerifyAudit(ctx context.Context) (entries int, err error)
	VerifyAuditDeep(ctx context.Context) (entries int, err error)
	ExportAudit(ctx context.Context, from uint64, w io.Writer) (entries int, err error)
	SignedAuditHead(ctx context.Context, organisation string) (token string, err error)
	SignPack(ctx context.Context, organisation, digest string) (token string, err error)
	DeciderAddresses(ctx context.Context) ([]string, error)
	AuditHolds(ctx context.Context, head issuer.AuditHead) error
	EraseReason(ctx context.Context, sequence uint64, actor string) error
	Document(ctx context.Context, address string) ([]byte, error)
}

// Keeper is what can be done with the store of an installation as a whole and with its queue of jobs.
type Keeper interface {
	// Backup writes a backup for recipients to w. What was written before an error is none.
	Backup(ctx context.Context, recipients []string, w io.Writer) error
	// Place names where the records are, without a password.
	Place(ctx context.Context) (string, error)
	// SignInLink makes a link with which the member of the staff who has this address signs in; "" makes the link for the first account,
	// as long as there is none.
	SignInLink(ctx context.Context, email string) (string, error)
	// CheckStore reads everything and returns a sentence for each thing that is not as it was written, the first hundred of them.
	CheckStore(ctx context.Context) (faults []string, err error)
	// Queue says how many jobs there are, with a page of those that failed for good.
	Queue(ctx context.Context, after string, limit int) (Queue, error)
	RetryJob(ctx context.Context, id string) error
	DeleteJob(ctx context.Context, id string) error
}

// Queue is how the queue of jobs stands.
type Queue struct {
	Counts jobs.Counts `json:"counts"`
	Dead   []jobs.Job  `json:"dead"`           // failed for good; without payload
	Next   string      `json:"next,omitempty"` // cursor of the next page of them
}

// Condition is what a running server says of itself to the doctor.
type Condition struct {
	Version        string            `json:"version"`
	Listen         string            `json:"listen"`
	Proxies        int               `json:"proxies"`                 // networks named with --trusted-proxy
	TLS            bool              `json:"tls"`                     // it speaks TLS itself
	CertificateEnd time.Time         `json:"certificateEnd,omitzero"` // of the certificate in use
	NotReady       string            `json:"notReady,omitempty"`      // why it does not do its work; "" when it does
	Inspection     issuer.Inspection `json:"inspection"`
}

// Examined is an [Office] that can say how it is.
type Examined interface {
	Condition(ctx context.Context) (Condition, error)
}

const longestCall = 64 << 20 // bytes: a batch of awards, or a long answer

// call is one request: the arguments that its path takes.
type call struct {
	Award        *issuer.AwardInput `json:"award,omitempty"`
	Token        *issuer.TokenInput `json:"token,omitempty"`
	ID           string             `json:"id,omitempty"`
	Reason       string             `json:"reason,omitempty"`
	Actor        string             `json:"actor,omitempty"`
	Organisation string             `json:"organisation,omitempty"`
	Algorithm    string             `json:"algorithm,omitempty"`
	Method       string             `json:"method,omitempty"`
	Kind         keys.Kind          `json:"kind,omitempty"`
	Suite        string             `json:"suite,omitempty"`
	Address      string             `json:"address,omitempty"`
	Since        time.Time          `json:"since,omitzero"`
	After        string             `json:"after,omitempty"`
	Limit        int                `json:"limit,omitempty"`
	Batch        *issuer.BatchInput `json:"batch,omitempty"`
	From         uint64             `json:"from,omitempty"`
	Head         issuer.AuditHead   `json:"head,omitzero"`
	Recipients   []string           `json:"recipients,omitempty"`
	Cause        issuer.Cause       `json:"cause,omitzero"`
	Name         string             `json:"name,omitempty"`
	Email        string             `json:"email,omitempty"`
	Erasures     []issuer.Erasure   `json:"erasures,omitempty"`

	Change issuer.ConfigurationChange `json:"change,omitzero"`

	List List `json:"list,omitzero"`
	Skip bool `json:"skip,omitempty"`
}

// page is a part of a list on its way.
type page[T any] struct {
	Page []T    `json:"page"`
	Next string `json:"next,omitempty"`
}

func paged[T any](list []T, next string, err error) (any, error) { return page[T]{list, next}, err }

// fault is a refusal on its way back.
type fault struct {
	Kind   issuer.ErrorKind `json:"kind"`
	Code   string           `json:"code"`
	Detail string           `json:"detail"`
}

// Serve answers on the socket until ctx ends, and returns when what was asked before has its answer, at most five seconds
// later. It closes the socket. Faults of this side are logged, never what was asked or answered.
func Serve(ctx context.Context, socket net.Listener, office Office, log *slog.Logger) error {
	server := &http.Server{Handler: routes(office, log), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	stopped := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		defer close(stopped)
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(stopping)
	})()
	if err := server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the private socket: %w", err)
	}
	<-stopped
	return nil
}

func routes(o Office, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	accept := func(path string, most int, do func(ctx context.Context, c call) (any, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { answer(w, r, most, do, log) })
	}
	on := func(path string, do func(ctx context.Context, c call) (any, error)) {
		accept(path, credential.Limits.Body, do)
	}
	on("/issue", func(ctx context.Context, c call) (any, error) {
		if c.Award == nil {
			c.Award = &issuer.AwardInput{}
		}
		return o.Issue(ctx, *c.Award)
	})
	on("/revoke", func(ctx context.Context, c call) (any, error) { return o.Revoke(ctx, c.ID, c.Reason, c.Actor) })
	on("/suspend", func(ctx context.Context, c call) (any, error) { return o.Suspend(ctx, c.ID, c.Reason, c.Actor) })
	on("/revoke/for", func(ctx context.Context, c call) (any, error) { return o.RevokeFor(ctx, c.ID, c.Cause, c.Actor) })
	on("/suspend/for", func(ctx context.Context, c call) (any, error) { return o.SuspendFor(ctx, c.ID, c.Cause, c.Actor) })
	on("/reinstate", func(ctx context.Context, c call) (any, error) { return o.Reinstate(ctx, c.ID, c.Actor) })
	on("/organisations", func(ctx context.Context, c call) (any, error) { return o.Organisations(ctx) })
	on("/organisations/new", func(ctx context.Context, c call) (any, error) {
		return o.CreateOrganisation(ctx, c.Name, c.Email, c.Actor)
	})
	on("/organisations/set", func(ctx context.Context, c call) (any, error) {
		return o.Reconfigure(ctx, c.Organisation, c.Change, c.Actor)
	})
	on("/keys", func(ctx context.Context, c call) (any, error) { return o.Keys(ctx) })
	on("/keys/rotate", func(ctx context.Context, c call) (any, error) {
		return o.RotateKey(ctx, c.Organisation, c.Algorithm, c.Actor)
	})
	on("/keys/retire", func(ctx context.Context, c call) (any, error) {
		return nil, o.RetireKey(ctx, c.Organisation, c.Method, c.Actor)
	})
	on("/keys/compromise", func(ctx context.Context, c call) (any, error) {
		return nil, o.CompromiseKey(ctx, c.Organisation, c.Method, c.Since, c.Actor)
	})
	on("/keys/affected", func(ctx context.Context, c call) (any, error) {
		return paged(o.Affected(ctx, c.Organisation, c.Method, c.After, c.Limit))
	})
	on("/keys/reissue", func(ctx context.Context, c call) (any, error) {
		return o.Reissue(ctx, c.Organisation, c.Method, c.Actor)
	})
	on("/keys/add", func(ctx context.Context, c call) (any, error) { return o.AddKey(ctx, c.Organisation, c.Kind, c.Actor) })
	on("/keys/suite", func(ctx context.Context, c call) (any, error) {
		return nil, o.SetSuite(ctx, c.Organisation, c.Suite, c.Actor)
	})
	if l, ok := o.(Lists); ok {
		listRoutes(l, accept, credential.Limits.Body)
	}
	if e, ok := o.(Eraser); ok {
		eraseRoutes(e, on)
	}
	if e, ok := o.(Examined); ok {
		on("/condition", func(ctx context.Context, _ call) (any, error) { return e.Condition(ctx) })
	}
	on("/tokens", func(ctx context.Context, c call) (any, error) { return o.Tokens(ctx) })
	on("/tokens/new", func(ctx context.Context, c call) (any, error) {
		if c.Token == nil {
			c.Token = &issuer.TokenInput{}
		}
		return o.CreateToken(ctx, *c.Token)
	})
	on("/tokens/revoke", func(ctx context.Context, c call) (any, error) { return o.RevokeToken(ctx, c.ID, c.Actor) })
	accept("/batches/start", longestCall, func(ctx context.Context, c call) (any, error) {
		if c.Batch == nil {
			c.Batch = &issuer.BatchInput{}
		}
		return o.StartBatch(ctx, *c.Batch)
	})
	on("/batches", func(ctx context.Context, c call) (any, error) {
		return paged(o.Batches(ctx, c.Organisation, c.After, c.Limit))
	})
	on("/batches/release", func(ctx context.Context, c call) (any, error) { return o.ReleaseBatch(ctx, c.ID, c.Actor) })
	on("/batches/drop", func(ctx context.Context, c call) (any, error) { return o.DropBatch(ctx, c.ID, c.Actor) })
	on("/batches/one", func(ctx context.Context, c call) (any, error) { return o.Batch(ctx, c.ID) })
	on("/batches/rows", func(ctx context.Context, c call) (any, error) {
		return paged(o.BatchRows(ctx, c.ID, c.After, c.Limit))
	})
	on("/audit/verify", func(ctx context.Context, _ call) (any, error) { return o.VerifyAudit(ctx) })
	on("/audit/verify/deep", func(ctx context.Context, _ call) (any, error) { return o.VerifyAuditDeep(ctx) })
	on("/audit/head", func(ctx context.Context, c call) (any, error) { return o.SignedAuditHead(ctx, c.Organisation) })
	on("/pack/sign", func(ctx context.Context, c call) (any, error) { return o.SignPack(ctx, c.Organisation, c.ID) })
	on("/pack/addresses", func(ctx context.Context, _ call) (any, error) { return o.DeciderAddresses(ctx) })
	on("/audit/holds", func(ctx context.Context, c call) (any, error) { return nil, o.AuditHolds(ctx, c.Head) })
	on("/audit/erase", func(ctx context.Context, c call) (any, error) { return nil, o.EraseReason(ctx, c.From, c.Actor) })
	pour := func(path string, do func(ctx context.Context, c call, w io.Writer) error) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { stream(w, r, do, log) })
	}
	pour("/audit/export", func(ctx context.Context, c call, w io.Writer) error {
		_, err := o.ExportAudit(ctx, c.From, w)
		return err
	})
	if k, ok := o.(Keeper); ok {
		pour("/backup", func(ctx context.Context, c call, w io.Writer) error { return k.Backup(ctx, c.Recipients, w) })
		on("/store/place", func(ctx context.Context, _ call) (any, error) { return k.Place(ctx) })
		on("/people/link", func(ctx context.Context, c call) (any, error) { return k.SignInLink(ctx, c.Name) })
		on("/store/check", func(ctx context.Context, _ call) (any, error) { return k.CheckStore(ctx) })
		on("/jobs", func(ctx context.Context, c call) (any, error) { return k.Queue(ctx, c.After, c.Limit) })
		on("/jobs/retry", func(ctx context.Context, c call) (any, error) { return nil, k.RetryJob(ctx, c.ID) })
		on("/jobs/delete", func(ctx context.Context, c call) (any, error) { return nil, k.DeleteJob(ctx, c.ID) })
	}
	on("/document", func(ctx context.Context, c call) (any, error) { return o.Document(ctx, c.Address) })
	return mux
}

func answer(w http.ResponseWriter, r *http.Request, most int, do func(ctx context.Context, c call) (any, error), log *slog.Logger) {
	var result any
	c, err := asked(w, r, most)
	if err == nil {
		result, err = do(r.Context(), c)
	}
	if err != nil {
		refuse(w, r, err, log)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

// asked reads what is asked for, at most so many bytes, and lets the answer take its time: reading all that a store holds takes
// minutes.
func asked(w http.ResponseWriter, r *http.Request, most int) (c call, err error) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, int64(most))).Decode(&c); err != nil {
		return c, &issuer.Error{Kind: issuer.KindInvalid, Code: "request", Detail: "The request could not be read."}
	}
	return c, nil
}

func refuse(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	f := refusal(r, err, log)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(f)
}

// refusal is what the caller is told of an error. Faults of this side are logged.
func refusal(r *http.Request, err error, log *slog.Logger) fault {
	told := &issuer.Error{Kind: issuer.KindInternal, Code: "internal", Detail: "The server could not do it; its log says why."}
	errors.As(err, &told)
	if told.Kind == issuer.KindInternal && !errors.Is(err, context.Canceled) { // a command that was broken off is no fault
		log.Error("private socket", "path", r.URL.Path, "cause", err.Error())
	}
	return fault{told.Kind, told.Code, told.Detail}
}

// outcome is the trailer (RFC 9110 section 6.5) that says how an answer of many bytes ended: done, or why not. Without it the
// answer is not whole.
const (
	outcome = "Laurel-Outcome"
	done    = "done"
)

// stream answers with bytes as they come, and tells in the end how that went.
func stream(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, c call, w io.Writer) error, log *slog.Logger) {
	c, err := asked(w, r, credential.Limits.Body)
	began := &beginning{Writer: w}
	w.Header().Set("Trailer", outcome)
	if err == nil {
		err = do(r.Context(), c, began)
	}
	switch {
	case err == nil:
		w.Header().Set(outcome, done)
	case !began.wrote:
		w.Header().Del("Trailer")
		refuse(w, r, err, log)
	default:
		text, _ := json.Marshal(refusal(r, err, log)) // of three texts
		w.Header().Set(outcome, string(text))
	}
}

// beginning knows whether anything was written.
type beginning struct {
	io.Writer
	wrote bool
}

func (b *beginning) Write(p []byte) (int, error) {
	b.wrote = true
	return b.Writer.Write(p)
}

// Client is an [Office] in another process.
type Client struct{ http *http.Client }

// ask sends one call and reads the answer.
func ask[T any](ctx context.Context, c *Client, path string, with call) (T, error) {
	var result T
	answer, err := c.call(ctx, path, with)
	if err != nil {
		return result, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, longestCall))
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	if err != nil {
		return result, fmt.Errorf("asking the running server: %w", err)
	}
	return result, nil
}

// pour sends one call and writes the answer to w as it comes.
func pour(ctx context.Context, c *Client, path string, with call, w io.Writer) error {
	answer, err := c.call(ctx, path, with)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(w, answer.Body); err != nil {
		return fmt.Errorf("asking the running server: it stopped in the middle of its answer (%w)", err)
	}
	ended := answer.Trailer.Get(outcome)
	var f fault
	switch {
	case ended == done:
		return nil
	case json.Unmarshal([]byte(ended), &f) != nil:
		return errors.New("asking the running server: its answer has no end")
	}
	return f.error()
}

// error is the refusal that f was.
func (f fault) error() error {
	refusal := &issuer.Error{Kind: f.Kind, Code: f.Code, Detail: f.Detail}
	if f.Kind == issuer.KindMissing {
		refusal.Err = issuer.ErrNotFound
	}
	return refusal
}

// call sends one call and returns the answer to be read. Refusals come back as the [issuer.Error] that they were.
func (c *Client) call(ctx context.Context, path string, with call) (*http.Response, error) {
	body, err := json.Marshal(with)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://laurel"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the running server: it stopped before it answered, so whether it was done is not known; start it and look (%w)", err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	var f fault
	if err := json.NewDecoder(io.LimitReader(response.Body, int64(credential.Limits.Body))).Decode(&f); err != nil {
		return nil, fmt.Errorf("asking the running server: it answered %s", response.Status)
	}
	return nil, f.error()
}
