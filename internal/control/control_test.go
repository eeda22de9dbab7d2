package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// recorder is an Office that notes what it was asked and answers as it was told.
type recorder struct {
	asked  []any
	answer any
	err    error
	hold   chan struct{} // when not nil, an answer waits until it is closed
	asking chan struct{} // when not nil, gets a value when a call arrives
}

func note[T any](r *recorder, asked ...any) (T, error) {
	r.asked = asked
	if r.asking != nil {
		r.asking <- struct{}{}
	}
	if r.hold != nil {
		<-r.hold
	}
	answer, _ := r.answer.(T)
	return answer, r.err
}

func (r *recorder) Issue(_ context.Context, in issuer.AwardInput) (issuer.Credential, error) {
	return note[issuer.Credential](r, "issue", in)
}

func (r *recorder) Revoke(_ context.Context, id, reason, actor string) (issuer.Credential, error) {
	return note[issuer.Credential](r, "revoke", id, reason, actor)
}

func (r *recorder) Suspend(_ context.Context, id, reason, actor string) (issuer.Credential, error) {
	return note[issuer.Credential](r, "suspend", id, reason, actor)
}

func (r *recorder) RevokeFor(_ context.Context, id string, cause issuer.Cause, actor string) (issuer.Credential, error) {
	return note[issuer.Credential](r, "revoke for", id, cause, actor)
}

func (r *recorder) SuspendFor(_ context.Context, id string, cause issuer.Cause, actor string) (issuer.Credential, error) {
	return note[issuer.Credential](r, "suspend for", id, cause, actor)
}

func (r *recorder) CreateOrganisation(_ context.Context, name, email, actor string) (issuer.Organisation, error) {
	return note[issuer.Organisation](r, "new organisation", name, email, actor)
}

func (r *recorder) Reconfigure(_ context.Context, organisation string, change issuer.ConfigurationChange, actor string) (issuer.Organisation, error) {
	return note[issuer.Organisation](r, "configure", organisation, change, actor)
}

func (r *recorder) Reinstate(_ context.Context, id, actor string) (issuer.Credential, error) {
	return note[issuer.Credential](r, "reinstate", id, actor)
}

func (r *recorder) Organisations(context.Context) ([]issuer.Organisation, error) {
	return note[[]issuer.Organisation](r, "organisations")
}

func (r *recorder) Keys(context.Context) ([]issuer.Key, error) {
	return note[[]issuer.Key](r, "keys")
}

func (r *recorder) RotateKey(_ context.Context, organisation, algorithm, actor string) (issuer.Key, error) {
	return note[issuer.Key](r, "rotate", organisation, algorithm, actor)
}

func (r *recorder) RetireKey(_ context.Context, organisation, method, actor string) error {
	_, err := note[any](r, "retire", organisation, method, actor)
	return err
}

func (r *recorder) CompromiseKey(_ context.Context, organisation, method string, since time.Time, actor string) error {
	_, err := note[any](r, "compromise", organisation, method, since, actor)
	return err
}

func (r *recorder) Affected(_ context.Context, organisation, method, after string, limit int) ([]issuer.Credential, string, error) {
	page, err := note[[]issuer.Credential](r, "affected", organisation, method, after, limit)
	return page, "next", err
}

func (r *recorder) Reissue(_ context.Context, organisation, method, actor string) (issuer.Batch, error) {
	return note[issuer.Batch](r, "reissue", organisation, method, actor)
}

func (r *recorder) StartBatch(_ context.Context, in issuer.BatchInput) (issuer.Batch, error) {
	return note[issuer.Batch](r, "start batch", in)
}

func (r *recorder) Batch(_ context.Context, id string) (issuer.Batch, error) {
	return note[issuer.Batch](r, "batch", id)
}

func (r *recorder) Batches(_ context.Context, organisation, after string, limit int) ([]issuer.Batch, string, error) {
	page, err := note[[]issuer.Batch](r, "batches", organisation, after, limit)
	return page, "next", err
}

func (r *recorder) BatchRows(_ context.Context, id, after string, limit int) ([]issuer.BatchRow, string, error) {
	page, err := note[[]issuer.BatchRow](r, "batch rows", id, after, limit)
	return page, "next", err
}

func (r *recorder) ReleaseBatch(_ context.Context, id, actor string) (issuer.Batch, error) {
	return note[issuer.Batch](r, "release batch", id, actor)
}

func (r *recorder) DropBatch(_ context.Context, id, actor string) (issuer.Batch, error) {
	return note[issuer.Batch](r, "drop batch", id, actor)
}

func (r *recorder) VerifyAudit(context.Context) (int, error) { return note[int](r, "verify audit") }

func (r *recorder) VerifyAuditDeep(context.Context) (int, error) {
	return note[int](r, "verify audit deep")
}

func (r *recorder) ExportAudit(_ context.Context, from uint64, w io.Writer) (int, error) {
	text, err := note[string](r, "export audit", from)
	_, _ = io.WriteString(w, text)
	return 0, err
}

func (r *recorder) SignPack(_ context.Context, organisation, digest string) (string, error) {
	return note[string](r, "pack sign", organisation, digest)
}

func (r *recorder) DeciderAddresses(context.Context) ([]string, error) {
	return note[[]string](r, "pack addresses")
}

func (r *recorder) SignedAuditHead(_ context.Context, organisation string) (string, error) {
	return note[string](r, "audit head", organisation)
}

func (r *recorder) AuditHolds(_ context.Context, head issuer.AuditHead) error {
	_, err := note[any](r, "audit holds", head)
	return err
}

func (r *recorder) EraseReason(_ context.Context, sequence uint64, actor string) error {
	_, err := note[any](r, "erase reason", sequence, actor)
	return err
}

func (r *recorder) Backup(_ context.Context, recipients []string, w io.Writer) error {
	text, err := note[string](r, "backup", recipients)
	if text != "" {
		_, _ = io.WriteString(w, text)
	}
	return err
}

func (r *recorder) SignInLink(_ context.Context, email string) (string, error) {
	return note[string](r, "link", email)
}

func (r *recorder) Place(context.Context) (string, error) { return note[string](r, "place") }

func (r *recorder) CheckStore(context.Context) ([]string, error) { return note[[]string](r, "check") }

func (r *recorder) Queue(_ context.Context, after string, limit int) (Queue, error) {
	return note[Queue](r, "queue", after, limit)
}

func (r *recorder) RetryJob(_ context.Context, id string) error {
	_, err := note[any](r, "retry", id)
	return err
}

func (r *recorder) DeleteJob(_ context.Context, id string) error {
	_, err := note[any](r, "delete", id)
	return err
}

func (r *recorder) AddKey(_ context.Context, organisation string, kind keys.Kind, actor string) (issuer.Key, error) {
	return note[issuer.Key](r, "add", organisation, kind, actor)
}

func (r *recorder) SetSuite(_ context.Context, organisation, suite, actor string) error {
	_, err := note[any](r, "suite", organisation, suite, actor)
	return err
}

func (r *recorder) CreateToken(_ context.Context, in issuer.TokenInput) (issuer.NewToken, error) {
	return note[issuer.NewToken](r, "new token", in)
}

func (r *recorder) Tokens(context.Context) ([]issuer.Token, error) {
	return note[[]issuer.Token](r, "tokens")
}

func (r *recorder) RevokeToken(_ context.Context, id, actor string) (issuer.Token, error) {
	return note[issuer.Token](r, "revoke token", id, actor)
}

func (r *recorder) Document(_ context.Context, address string) ([]byte, error) {
	return note[[]byte](r, "document", address)
}

// start serves the office in a folder of its own. stop ends it as the server does and returns when Serve has.
func start(t *testing.T, office Office) (folder string, stop func()) {
	t.Helper()
	folder = t.TempDir()
	socket, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := Serve(ctx, socket, office, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return folder, stop
}

func dialed(t *testing.T, folder string) *Client {
	t.Helper()
	client := Dial(t.Context(), folder)
	if client == nil {
		t.Fatal("no server was found")
	}
	return client
}

// TestCalls: arguments and answers cross the socket whole.
func TestCalls(t *testing.T) {
	instant := time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC)
	award := issuer.Credential{ID: "a", Identifier: "urn:uuid:a", URL: "http://localhost/c/a", Organisation: "o", Achievement: "b",
		Slot: issuer.Slot{Revocation: "r", Suspension: "s", Index: 7}, Intended: instant, Issued: instant, By: "command line",
		JSON: []byte("{\"name\":\"<Jos\u00e9 & \U0001f393>\"}\n"), JWT: "a.b.c",
		Revoked: &issuer.Change{At: instant, By: "x", Reason: "<b>\"\u2028"}, Suspended: &issuer.Change{At: instant, By: "y"}}
	key := issuer.Key{Name: "n", Method: "did:web:a#b", Algorithm: "EdDSA", Multikey: "z", State: issuer.KeyRetired, Created: instant, Ended: &instant}
	organisation := issuer.Organisation{ID: "o", DID: "did:web:a", Name: "Cedar", URL: "u", Email: "e", Keys: []issuer.Key{key}, Created: instant}
	input := issuer.AwardInput{Achievement: "b", Recipient: "kim@example.org", PlainRecipient: true, Name: "Kim <Lee>", Narrative: "Well done.",
		Evidence:  []issuer.Evidence{{URL: "https://example.org", Name: "n", Narrative: "t"}},
		Results:   []credential.Result{{ResultDescription: "practice", AchievedLevel: "exemplary"}},
		ValidFrom: instant, ValidUntil: instant.Add(time.Hour), Actor: "command line"}
	token := issuer.Token{ID: "t", Organisation: "o", Name: "n", Scopes: []issuer.Scope{issuer.ScopeKeysRead}, Created: instant, Expires: instant,
		LastUsed: instant, Revoked: &issuer.Change{At: instant, By: "x"}}
	wanted := issuer.TokenInput{Organisation: "o", Name: "n", Scopes: []issuer.Scope{issuer.ScopeKeysRead}, Expires: instant, Actor: "a"}
	batch := issuer.Batch{ID: "b", Organisation: "o", Kind: issuer.BatchReissue, Name: "m", State: issuer.BatchOpen, Total: 3, Done: 1, Created: instant, By: "a"}
	many := issuer.BatchInput{Organisation: "o", Name: "n", Awards: []issuer.AwardInput{input, input}, Actor: "a"}
	rows := []issuer.BatchRow{{Number: 1, Award: "a", Done: true}, {Number: 2, Code: "email", Problem: "No."}}
	head := issuer.AuditHead{Sequence: 7, Hash: "h", At: instant}
	queue := Queue{Counts: jobs.Counts{Ready: 1, Dead: 1, Oldest: instant}, Dead: []jobs.Job{{ID: "j", Name: "batch", Due: instant, Attempts: 12, Cause: "c"}}, Next: "n"}
	list := []byte{0, 1, 0xfe, 0xff, '"', '\n'}

	office := &recorder{}
	folder, _ := start(t, office)
	client, ctx := dialed(t, folder), t.Context()
	none := func(err error) (any, error) { return nil, err }
	text := func(do func(w io.Writer) error) (any, error) {
		var out strings.Builder
		err := do(&out)
		return out.String(), err
	}
	cause := issuer.Cause{Code: issuer.ReasonPolicy, Reason: "r", Note: "n"}
	name, held := "District", true
	change := issuer.ConfigurationChange{Name: &name, Held: &held, Second: &[]issuer.Act{issuer.ActAward}}
	for _, c := range []struct {
		asked  []any
		answer any
		do     func() (any, error)
	}{
		{[]any{"issue", input}, award, func() (any, error) { return client.Issue(ctx, input) }},
		{[]any{"issue", issuer.AwardInput{}}, award, func() (any, error) { return client.Issue(ctx, issuer.AwardInput{}) }},
		{[]any{"revoke", "i", "r", "a"}, award, func() (any, error) { return client.Revoke(ctx, "i", "r", "a") }},
		{[]any{"suspend", "i", "", "a"}, award, func() (any, error) { return client.Suspend(ctx, "i", "", "a") }},
		{[]any{"revoke for", "i", cause, "a"}, award, func() (any, error) { return client.RevokeFor(ctx, "i", cause, "a") }},
		{[]any{"suspend for", "i", cause, "a"}, award, func() (any, error) { return client.SuspendFor(ctx, "i", cause, "a") }},
		{[]any{"new organisation", "n", "e", "a"}, organisation, func() (any, error) { return client.CreateOrganisation(ctx, "n", "e", "a") }},
		{[]any{"configure", "o", change, "a"}, organisation, func() (any, error) { return client.Reconfigure(ctx, "o", change, "a") }},
		{[]any{"reinstate", "i", "a"}, award, func() (any, error) { return client.Reinstate(ctx, "i", "a") }},
		{[]any{"organisations"}, []issuer.Organisation{organisation}, func() (any, error) { return client.Organisations(ctx) }},
		{[]any{"keys"}, []issuer.Key{key, key}, func() (any, error) { return client.Keys(ctx) }},
		{[]any{"rotate", "o", "ES256", "a"}, key, func() (any, error) { return client.RotateKey(ctx, "o", "ES256", "a") }},
		{[]any{"retire", "o", "m", "a"}, nil, func() (any, error) { return none(client.RetireKey(ctx, "o", "m", "a")) }},
		{[]any{"add", "o", keys.P384, "a"}, key, func() (any, error) { return client.AddKey(ctx, "o", keys.P384, "a") }},
		{[]any{"suite", "o", "s", "a"}, nil, func() (any, error) { return none(client.SetSuite(ctx, "o", "s", "a")) }},
		{[]any{"compromise", "o", "m", instant, "a"}, nil, func() (any, error) { return none(client.CompromiseKey(ctx, "o", "m", instant, "a")) }},
		{[]any{"affected", "o", "m", "x", 5}, []issuer.Credential{award}, func() (any, error) { return nextPage(client.Affected(ctx, "o", "m", "x", 5)) }},
		{[]any{"reissue", "o", "m", "a"}, batch, func() (any, error) { return client.Reissue(ctx, "o", "m", "a") }},
		{[]any{"start batch", many}, batch, func() (any, error) { return client.StartBatch(ctx, many) }},
		{[]any{"batch", "b"}, batch, func() (any, error) { return client.Batch(ctx, "b") }},
		{[]any{"release batch", "b", "a"}, batch, func() (any, error) { return client.ReleaseBatch(ctx, "b", "a") }},
		{[]any{"drop batch", "b", "a"}, batch, func() (any, error) { return client.DropBatch(ctx, "b", "a") }},
		{[]any{"batches", "o", "x", 5}, []issuer.Batch{batch}, func() (any, error) { return nextPage(client.Batches(ctx, "o", "x", 5)) }},
		{[]any{"batch rows", "b", "x", 5}, rows, func() (any, error) { return nextPage(client.BatchRows(ctx, "b", "x", 5)) }},
		{[]any{"verify audit"}, 7, func() (any, error) { return client.VerifyAudit(ctx) }},
		{[]any{"verify audit deep"}, 7, func() (any, error) { return client.VerifyAuditDeep(ctx) }},
		{[]any{"pack sign", "o", "00"}, "a.b.c", func() (any, error) { return client.SignPack(ctx, "o", "00") }},
		{[]any{"pack addresses"}, []string{"https://x.example/status/1"}, func() (any, error) { return client.DeciderAddresses(ctx) }},
		{[]any{"audit head", "o"}, "a.b.c", func() (any, error) { return client.SignedAuditHead(ctx, "o") }},
		{[]any{"audit holds", head}, nil, func() (any, error) { return none(client.AuditHolds(ctx, head)) }},
		{[]any{"export audit", uint64(3)}, "{}\n{}\n", func() (any, error) {
			return text(func(w io.Writer) error { _, err := client.ExportAudit(ctx, 3, w); return err })
		}},
		{[]any{"backup", []string{"age1x"}}, "\x00\xffsealed", func() (any, error) {
			return text(func(w io.Writer) error { return client.Backup(ctx, []string{"age1x"}, w) })
		}},
		{[]any{"erase reason", uint64(3), "a"}, nil, func() (any, error) { return none(client.EraseReason(ctx, 3, "a")) }},
		{[]any{"place"}, "laurel at db.example.org", func() (any, error) { return client.Place(ctx) }},
		{[]any{"link", "ada@example.org"}, "https://badges.example.org/sign-in/link?token=x", func() (any, error) { return client.SignInLink(ctx, "ada@example.org") }},
		{[]any{"check"}, []string{"A record is damaged."}, func() (any, error) { return client.CheckStore(ctx) }},
		{[]any{"queue", "x", 5}, queue, func() (any, error) { return client.Queue(ctx, "x", 5) }},
		{[]any{"retry", "j"}, nil, func() (any, error) { return none(client.RetryJob(ctx, "j")) }},
		{[]any{"delete", "j"}, nil, func() (any, error) { return none(client.DeleteJob(ctx, "j")) }},
		{[]any{"new token", wanted}, issuer.NewToken{Token: token, Text: "laurel_00"}, func() (any, error) { return client.CreateToken(ctx, wanted) }},
		{[]any{"new token", issuer.TokenInput{}}, issuer.NewToken{Token: token}, func() (any, error) { return client.CreateToken(ctx, issuer.TokenInput{}) }},
		{[]any{"tokens"}, []issuer.Token{token, {ID: "u"}}, func() (any, error) { return client.Tokens(ctx) }},
		{[]any{"revoke token", "t", "a"}, token, func() (any, error) { return client.RevokeToken(ctx, "t", "a") }},
		{[]any{"document", "http://localhost/status/r"}, list, func() (any, error) { return client.Document(ctx, "http://localhost/status/r") }},
	} {
		office.answer = c.answer
		got, err := c.do()
		if err != nil {
			t.Errorf("%s: %v", c.asked[0], err)
		}
		if diff := cmp.Diff(c.asked, office.asked); diff != "" {
			t.Errorf("%s: arguments (-sent +received)\n%s", c.asked[0], diff)
		}
		if diff := cmp.Diff(c.answer, got); diff != "" {
			t.Errorf("%s: answer (-given +received)\n%s", c.asked[0], diff)
		}
	}
}

// nextPage holds a page against the cursor that the recorder gives.
func nextPage[T any](page []T, next string, err error) (any, error) {
	if err == nil && next != "next" {
		err = fmt.Errorf("cursor %q", next)
	}
	return page, err
}

// TestBrokenStream: what failed before its first byte is a refusal, and what failed later is no answer.
func TestBrokenStream(t *testing.T) {
	office := &recorder{err: &issuer.Error{Kind: issuer.KindUnavailable, Code: "record_damaged", Detail: "A record is damaged."}}
	folder, _ := start(t, office)
	client := dialed(t, folder)
	var out strings.Builder
	var refused *issuer.Error
	if err := client.Backup(t.Context(), nil, &out); !errors.As(err, &refused) || refused.Code != "record_damaged" || out.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, out.Len())
	}
	office.answer = strings.Repeat("a", 1<<20)
	refused = nil
	if err := client.Backup(t.Context(), nil, &out); !errors.As(err, &refused) || refused.Code != "record_damaged" || out.Len() == 0 {
		t.Errorf("a stream that broke off: error %v, %d bytes", err, out.Len())
	}
}

// TestRefusals: a refusal keeps kind, code and sentence; a fault on the other side shows nothing of its cause.
func TestRefusals(t *testing.T) {
	office := &recorder{}
	folder, _ := start(t, office)
	client := dialed(t, folder)
	secret := errors.New("open /var/lib/laurel/keys/issuer.age: permission denied")
	for name, c := range map[string]struct {
		err     error
		want    issuer.Error
		missing bool
	}{
		"conflict":   {&issuer.Error{Kind: issuer.KindConflict, Code: "already_revoked", Detail: "Already, on <1 May>."}, issuer.Error{Kind: issuer.KindConflict, Code: "already_revoked", Detail: "Already, on <1 May>."}, false},
		"missing":    {&issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "None.", Err: issuer.ErrNotFound}, issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "None."}, true},
		"wrapped":    {fmt.Errorf("doing: %w", &issuer.Error{Kind: issuer.KindInvalid, Code: "email", Detail: "No."}), issuer.Error{Kind: issuer.KindInvalid, Code: "email", Detail: "No."}, false},
		"with cause": {&issuer.Error{Kind: issuer.KindUnavailable, Code: "key_unavailable", Detail: "The key could not be opened.", Err: secret}, issuer.Error{Kind: issuer.KindUnavailable, Code: "key_unavailable", Detail: "The key could not be opened."}, false},
		"any other":  {secret, issuer.Error{Kind: issuer.KindInternal, Code: "internal", Detail: "The server could not do it; its log says why."}, false},
		"deadline":   {context.DeadlineExceeded, issuer.Error{Kind: issuer.KindInternal, Code: "internal", Detail: "The server could not do it; its log says why."}, false},
	} {
		t.Run(name, func(t *testing.T) {
			office.err = c.err
			for what, err := range map[string]error{
				"revoke": func() error { _, err := client.Revoke(t.Context(), "i", "r", "a"); return err }(),
				"retire": client.RetireKey(t.Context(), "o", "m", "a"),
			} {
				var got *issuer.Error
				if !errors.As(err, &got) {
					t.Fatalf("%s: %v is no refusal", what, err)
				}
				if got.Kind != c.want.Kind || got.Code != c.want.Code || got.Detail != c.want.Detail {
					t.Errorf("%s: got %+v, want %+v", what, *got, c.want)
				}
				if errors.Is(err, issuer.ErrNotFound) != c.missing {
					t.Errorf("%s: whether it is not found: %v", what, !c.missing)
				}
				if strings.Contains(err.Error(), "/var/lib") {
					t.Errorf("%s: the cause is shown: %v", what, err)
				}
			}
		})
	}
}

// TestRequests: what is no call of this program is refused without touching the office.
func TestRequests(t *testing.T) {
	office := &recorder{}
	folder, _ := start(t, office)
	client := dialed(t, folder)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"not JSON":  {http.MethodPost, "/revoke", "{", http.StatusConflict},
		"too large": {http.MethodPost, "/revoke", `{"reason":"` + strings.Repeat("a", credential.Limits.Body) + `"}`, http.StatusConflict},
		"read only": {http.MethodGet, "/revoke", "", http.StatusMethodNotAllowed},
		"unknown":   {http.MethodPost, "/reboot", "{}", http.StatusNotFound},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, "http://laurel"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.http.Do(request)
		if err != nil {
			t.Fatal(name, err)
		}
		response.Body.Close()
		if response.StatusCode != c.status || office.asked != nil {
			t.Errorf("%s: status %d, want %d; asked %v", name, response.StatusCode, c.status, office.asked)
		}
	}
	// A server of another version that does not know a call.
	if _, err := ask[any](t.Context(), client, "/reboot", call{}); err == nil || !strings.Contains(err.Error(), "it answered 404 Not Found") {
		t.Error(err)
	}
}

// TestSocketMode: nobody but the owner may connect, whatever the umask, which stays as it was.
func TestSocketMode(t *testing.T) {
	folder, stop := start(t, &recorder{})
	path := filepath.Join(folder, socketName)
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket has mode %v, want 0600: %v", info.Mode(), err)
	}
	beside := filepath.Join(folder, "file")
	if err := os.WriteFile(beside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(beside); err != nil || info.Mode().Perm()&0o400 == 0 || info.Mode().Perm()&0o044 == 0 {
		t.Errorf("the umask was not put back: %v, %v", info.Mode(), err)
	}
	stop()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if Dial(t.Context(), folder) != nil {
		t.Error("a server was found after its end")
	}
}

// abandoned makes the socket that a killed server leaves behind.
func abandoned(t *testing.T, folder string) {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, socketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
}

func TestAbandonedSocket(t *testing.T) {
	folder := t.TempDir()
	abandoned(t, folder)
	if Dial(t.Context(), folder) != nil {
		t.Error("a server was found where none is")
	}
	socket, err := Listen(folder)
	if err != nil {
		t.Fatalf("an abandoned socket stands in the way: %v", err)
	}
	defer socket.Close()
	if Dial(t.Context(), folder) == nil { // its call waits until Serve runs
		t.Error("the new socket is not found")
	}
}

// TestForeignFile: what is not a socket is neither connected to nor replaced.
func TestForeignFile(t *testing.T) {
	elsewhere := t.TempDir()
	abandoned(t, elsewhere)
	for name, put := range map[string]func(path string) error{
		"file":   func(path string) error { return os.WriteFile(path, []byte("note"), 0o600) },
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"link":   func(path string) error { return os.Symlink(filepath.Join(elsewhere, socketName), path) },
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, socketName)
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		if Dial(t.Context(), folder) != nil {
			t.Errorf("%s: taken for a server", name)
		}
		socket, err := Listen(folder)
		if err == nil || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s: %v", name, err)
		}
		if socket != nil {
			socket.Close()
		}
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s: replaced: %v", name, err)
		}
	}
}

// TestForeignOwner: a socket of somebody else could answer what he likes.
func TestForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to somebody else")
	}
	folder, _ := start(t, &recorder{})
	if err := os.Lchown(filepath.Join(folder, socketName), 12345, -1); err != nil {
		t.Skip(err)
	}
	if Dial(t.Context(), folder) != nil {
		t.Error("the socket of another user was trusted")
	}
}

// TestFolders: where there is no socket there is no server, and where none can be, the sentence says why.
func TestFolders(t *testing.T) {
	if Dial(t.Context(), t.TempDir()) != nil || Dial(t.Context(), filepath.Join(t.TempDir(), "absent")) != nil {
		t.Error("a server was found where none is")
	}
	if _, err := Listen(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("opened in a folder that is not there")
	}
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(deep); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path too long for a socket: %v", err)
	}
}

// TestStop: what was asked before the end is answered, and Serve returns only then.
func TestStop(t *testing.T) {
	office := &recorder{answer: issuer.Key{Name: "n"}, hold: make(chan struct{}), asking: make(chan struct{}, 1)}
	folder, stop := start(t, office)
	client := dialed(t, folder)
	answered := make(chan error, 1)
	go func() {
		_, err := client.RotateKey(context.Background(), "o", "EdDSA", "a")
		answered <- err
	}()
	<-office.asking
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Fatal("Serve returned while a call was under way")
	case <-time.After(50 * time.Millisecond):
	}
	close(office.hold)
	<-stopped
	if err := <-answered; err != nil {
		t.Errorf("the call was cut off: %v", err)
	}
	// The server is gone, and says so.
	if _, err := client.Keys(t.Context()); err == nil || !strings.Contains(err.Error(), "asking the running server") {
		t.Error(err)
	}
}
