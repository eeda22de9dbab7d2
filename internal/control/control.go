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
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// Office is what can be done with an installation, whoever holds its store: [issuer.Service] here, a [Client] beside it.
type Office interface {
	Issue(ctx context.Context, in issuer.AwardInput) (issuer.Credential, error)
	Revoke(ctx context.Context, id, reason, actor string) (issuer.Credential, error)
	Suspend(ctx context.Context, id, reason, actor string) (issuer.Credential, error)
	Reinstate(ctx context.Context, id, actor string) (issuer.Credential, error)
	Organisations(ctx context.Context) ([]issuer.Organisation, error)
	Keys(ctx context.Context) ([]issuer.Key, error)
	RotateKey(ctx context.Context, organisation, algorithm, actor string) (issuer.Key, error)
	RetireKey(ctx context.Context, organisation, method, actor string) error
	CompromiseKey(ctx context.Context, organisation, method, actor string) error
	AddKey(ctx context.Context, organisation string, kind keys.Kind, actor string) (issuer.Key, error)
	SetSuite(ctx context.Context, organisation, suite, actor string) error
	CreateToken(ctx context.Context, in issuer.TokenInput) (issuer.NewToken, error)
	Tokens(ctx context.Context) ([]issuer.Token, error)
	RevokeToken(ctx context.Context, id, actor string) (issuer.Token, error)
	Document(ctx context.Context, address string) ([]byte, error)
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

const socketName = "laurel.sock"

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
}

// fault is a refusal on its way back.
type fault struct {
	Kind   issuer.ErrorKind `json:"kind"`
	Code   string           `json:"code"`
	Detail string           `json:"detail"`
}

// Listen opens the socket of the data folder with mode 0600: only the owner of this process may connect. A socket that a
// killed server left behind is replaced; the caller holds the store, so no other server can be using it. Any other file of
// that name is refused.
func Listen(folder string) (net.Listener, error) {
	path := filepath.Join(folder, socketName)
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("opening the private socket: %s is something else; move it away", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replacing the old socket: %w", err)
	}
	before := syscall.Umask(0o177) // from the moment it exists nobody else may open it
	listener, err := net.Listen("unix", path)
	syscall.Umask(before)
	if errors.Is(err, syscall.EINVAL) { // sun_path holds about 100 bytes
		return nil, fmt.Errorf("opening the private socket: the path %s is too long for one; use a folder with a shorter path", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the private socket: %w", err)
	}
	return listener, nil
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
	on := func(path string, do func(ctx context.Context, c call) (any, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { answer(w, r, do, log) })
	}
	on("/issue", func(ctx context.Context, c call) (any, error) {
		if c.Award == nil {
			c.Award = &issuer.AwardInput{}
		}
		return o.Issue(ctx, *c.Award)
	})
	on("/revoke", func(ctx context.Context, c call) (any, error) { return o.Revoke(ctx, c.ID, c.Reason, c.Actor) })
	on("/suspend", func(ctx context.Context, c call) (any, error) { return o.Suspend(ctx, c.ID, c.Reason, c.Actor) })
	on("/reinstate", func(ctx context.Context, c call) (any, error) { return o.Reinstate(ctx, c.ID, c.Actor) })
	on("/organisations", func(ctx context.Context, c call) (any, error) { return o.Organisations(ctx) })
	on("/keys", func(ctx context.Context, c call) (any, error) { return o.Keys(ctx) })
	on("/keys/rotate", func(ctx context.Context, c call) (any, error) {
		return o.RotateKey(ctx, c.Organisation, c.Algorithm, c.Actor)
	})
	on("/keys/retire", func(ctx context.Context, c call) (any, error) {
		return nil, o.RetireKey(ctx, c.Organisation, c.Method, c.Actor)
	})
	on("/keys/compromise", func(ctx context.Context, c call) (any, error) {
		return nil, o.CompromiseKey(ctx, c.Organisation, c.Method, c.Actor)
	})
	on("/keys/add", func(ctx context.Context, c call) (any, error) { return o.AddKey(ctx, c.Organisation, c.Kind, c.Actor) })
	on("/keys/suite", func(ctx context.Context, c call) (any, error) {
		return nil, o.SetSuite(ctx, c.Organisation, c.Suite, c.Actor)
	})
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
	on("/document", func(ctx context.Context, c call) (any, error) { return o.Document(ctx, c.Address) })
	return mux
}

func answer(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, c call) (any, error), log *slog.Logger) {
	var c call
	var result any
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, int64(credential.Limits.Body))).Decode(&c)
	if err != nil {
		err = &issuer.Error{Kind: issuer.KindInvalid, Code: "request", Detail: "The request could not be read."}
	} else {
		result, err = do(r.Context(), c)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		told := &issuer.Error{Kind: issuer.KindInternal, Code: "internal", Detail: "The server could not do it; its log says why."}
		errors.As(err, &told)
		if told.Kind == issuer.KindInternal && !errors.Is(err, context.Canceled) { // a command that was broken off is no fault
			log.Error("private socket", "path", r.URL.Path, "cause", err.Error())
		}
		w.WriteHeader(http.StatusConflict)
		result = fault{told.Kind, told.Code, told.Detail}
	}
	_ = json.NewEncoder(w).Encode(result)
}

// Client is an [Office] in another process.
type Client struct{ http *http.Client }

// Dial connects to the server that holds the data folder. It returns nil when none is running there, or when the socket
// belongs to somebody else, who could answer what he likes.
func Dial(ctx context.Context, folder string) *Client {
	path := filepath.Join(folder, socketName)
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return nil
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return nil
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if err != nil { // a socket that a killed server left behind
		return nil
	}
	_ = conn.Close()
	return &Client{&http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: time.Minute}}
}

// ask sends one call and reads the answer. Refusals come back as the [issuer.Error] that they were.
func ask[T any](ctx context.Context, c *Client, path string, with call) (T, error) {
	var result T
	body, err := json.Marshal(with)
	if err != nil {
		return result, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://laurel"+path, bytes.NewReader(body))
	if err != nil {
		return result, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return result, fmt.Errorf("asking the running server: it stopped before it answered, so whether it was done is not known; start it and look (%w)", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, int64(credential.Limits.Upload)))
	if err != nil {
		return result, fmt.Errorf("asking the running server: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var f fault
		if err := json.Unmarshal(text, &f); err != nil {
			return result, fmt.Errorf("asking the running server: it answered %s", response.Status)
		}
		refusal := &issuer.Error{Kind: f.Kind, Code: f.Code, Detail: f.Detail}
		if f.Kind == issuer.KindMissing {
			refusal.Err = issuer.ErrNotFound
		}
		return result, refusal
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return result, fmt.Errorf("asking the running server: %w", err)
	}
	return result, nil
}
