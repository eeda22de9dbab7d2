package people

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/laurelbadges/laurel/issuer"
)

// Session is a browser in which somebody is signed in.
type Session struct {
	ID       string    `json:"id"` // SHA-256 of its token in base64url
	Account  string    `json:"account"`
	How      Method    `json:"how"`      // the last way in which they proved who they are
	SignedIn time.Time `json:"signedIn"` // when they last did
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"seen"`    // the hour in which it was last used, about
	Browser  string    `json:"browser"` // in words, such as Firefox on Windows
	Current  bool      `json:"-"`       // it is the one that asks
}

// Recent says whether somebody proved who they are within a time, as acts that are hard to undo ask for.
func (x *Session) Recent(now time.Time, within time.Duration) bool {
	return !x.SignedIn.IsZero() && now.Sub(x.SignedIn) < within
}

// session is the record of a session.
type session struct {
	Session
	Expires time.Time       `json:"expires"`
	Data    json.RawMessage `json:"data,omitempty"` // as the codec writes it
	// Ended says that it was ended. The record stays until it would have expired: a request that is under way must not bring it back.
	Ended bool `json:"ended,omitempty"`
}

var sessions = issuer.Table[session]{
	Kind:    issuer.Kind{Name: "session", Lookups: []string{"all", "account"}},
	Key:     func(x *session) string { return x.ID },
	Order:   func(x *session) string { return issuer.Sortable(x.Expires) },
	Lookups: func(x *session) []string { return []string{inAll, x.Account} },
}

const (
	sessionIdle  = 12 * time.Hour     // without a request, to within sessionSlack
	sessionLasts = 7 * 24 * time.Hour // whatever happens
	sessionSlack = time.Hour          // how long requests that change nothing are not written down
	sessionMost  = 16 << 10           // bytes of data

	keyAccount, keyHow, keySignedIn, keyBegun, keyBrowser = "people.account", "people.how", "people.signedIn", "people.begun", "people.browser"
)

// newManager makes the manager of sessions, which makes tokens and keeps time, by the clock of the machine. Cookies are not its business.
// [scs.New] would start a goroutine for a store of its own.
func (s *Service) newManager() *scs.SessionManager {
	return &scs.SessionManager{IdleTimeout: sessionIdle, Lifetime: sessionLasts, Store: sessionStore{s}, Codec: sessionCodec{}}
}

// Begin begins a session for whoever has proven who they are, and returns its token, for a cookie, and when it ends at the latest. The
// session of the token before, that the browser had until now, ends; "" is none. userAgent is the header of that name.
func (s *Service) Begin(ctx context.Context, p Proof, userAgent, before string) (token string, expires time.Time, err error) {
	if p.account == "" {
		return "", time.Time{}, signIn()
	}
	if before != "" {
		if err := s.SignOut(ctx, before); err != nil {
			return "", time.Time{}, err
		}
	}
	if ctx, err = s.sessions.Load(ctx, ""); err != nil {
		return "", time.Time{}, issuer.Stored(err)
	}
	now := s.instant().Format(time.RFC3339)
	for key, value := range map[string]string{keyAccount: p.account, keyHow: string(p.how), keySignedIn: now, keyBegun: now, keyBrowser: browser(userAgent)} {
		s.sessions.Put(ctx, key, value)
	}
	if token, _, err = s.sessions.Commit(ctx); err != nil {
		return "", time.Time{}, issuer.Stored(err)
	}
	return token, s.sessions.Deadline(ctx), nil
}

// Visit returns the session of a token and its account, and notes that it is in use: kind denied, code sign_in, when there is no such
// session any more, or code account_disabled.
func (s *Service) Visit(ctx context.Context, token string) (Session, Account, error) {
	if token == "" {
		return Session{}, Account{}, signIn()
	}
	loaded, err := s.sessions.Load(ctx, token)
	if err != nil {
		return Session{}, Account{}, issuer.Stored(err)
	}
	values := map[string]any{}
	for _, key := range s.sessions.Keys(loaded) {
		values[key] = s.sessions.Get(loaded, key)
	}
	x := described(values)
	if x.Account == "" {
		return Session{}, Account{}, signIn()
	}
	x.ID, x.Seen, x.Current = digestOf(token), s.now().UTC().Truncate(time.Hour), true
	var a Account
	err = s.view(ctx, func(tx issuer.Tx) (err error) {
		a, _, err = active(tx, x.Account)
		return err
	})
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Kind == issuer.KindMissing {
		err = signIn()
	}
	if err == nil {
		_, _, err = s.sessions.Commit(loaded)
	}
	if err != nil {
		return Session{}, Account{}, issuer.Stored(err)
	}
	return x, a, nil
}

func signIn() error { return denied("sign_in", "Please sign in.") }

// described reads what Begin has put.
func described(values map[string]any) Session {
	text := func(key string) string { value, _ := values[key].(string); return value }
	at := func(key string) time.Time { t, _ := time.Parse(time.RFC3339, text(key)); return t }
	return Session{Account: text(keyAccount), How: Method(text(keyHow)), SignedIn: at(keySignedIn), Created: at(keyBegun), Browser: text(keyBrowser)}
}

// SignOut ends the session of a token. That it has ended before is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return issuer.Stored(sessionStore{s}.DeleteCtx(ctx, token))
}

// Sessions returns the live sessions of an account, the one that ends first first; current is the [Session.ID] of the one to mark.
func (s *Service) Sessions(ctx context.Context, account, current string) (list []Session, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		all, err := issuer.Every(tx, sessions, "account", account)
		list = nil
		for _, x := range all {
			if s.now().Before(x.Expires) {
				x.Current = x.ID == current
				list = append(list, x.Session)
			}
		}
		return err
	})
	return list, err
}

// EndSession ends a session of an account; another's is missing.
func (s *Service) EndSession(ctx context.Context, account, id string) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		x, version, err := sessions.Get(tx, id)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		if err != nil || account == "" || x.Account != account {
			return missing("There is no session of this id here.")
		}
		if err := end(tx, x, version); err != nil {
			return err
		}
		return s.record(tx, actor(account), "account.session-ended", account, "")
	})
}

// EndSessions ends all sessions of an account but one, that of this browser; "" is none.
func (s *Service) EndSessions(ctx context.Context, account, but string) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		if _, _, err := active(tx, account); err != nil {
			return err
		}
		if err := endSessions(tx, account, but); err != nil {
			return err
		}
		return s.record(tx, actor(account), "account.sessions-ended", account, "")
	})
}

func endSessions(tx issuer.Tx, account, but string) error {
	all, err := issuer.Every(tx, sessions, "account", account)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.ID == but {
			continue
		}
		_, version, err := sessions.Get(tx, x.ID)
		if err != nil {
			return err
		}
		if err := end(tx, x, version); err != nil {
			return err
		}
	}
	return nil
}

// end leaves of a session that it has ended.
func end(tx issuer.Tx, x session, version uint64) error {
	return sessions.Put(tx, &session{Session: Session{ID: x.ID}, Expires: x.Expires, Ended: true}, version)
}

// sessionStore keeps sessions for scs, shared by all programs on the store: [scs.CtxStore].
type sessionStore struct{ *Service }

// FindCtx returns the data of a live session.
func (s sessionStore) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		x, _, err := sessions.Get(tx, digestOf(token))
		if errors.Is(err, issuer.ErrNotFound) {
			return nil
		}
		data, found = x.Data, err == nil && !x.Ended && s.now().Before(x.Expires)
		return err
	})
	return data, found, err
}

// CommitCtx keeps a session. One that was ended stays so, and one that says the same as before is written once in sessionSlack.
func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	var held heldSession
	if err := json.Unmarshal(data, &held); err != nil {
		return err
	}
	fresh := session{Session: described(held.Values), Expires: expires.UTC(), Data: data}
	fresh.ID, fresh.Seen = digestOf(token), s.now().UTC().Truncate(time.Hour)
	written := func(tx issuer.Tx) (version uint64, enough bool, err error) {
		old, version, err := sessions.Get(tx, fresh.ID)
		if errors.Is(err, issuer.ErrNotFound) {
			return 0, false, nil
		}
		return version, old.Ended || bytes.Equal(old.Data, data) && fresh.Expires.Sub(old.Expires) < sessionSlack, err
	}
	var enough bool
	err := s.view(ctx, func(tx issuer.Tx) (err error) {
		_, enough, err = written(tx)
		return err
	})
	if err != nil || enough {
		return err
	}
	return s.update(ctx, func(tx issuer.Tx) error {
		version, enough, err := written(tx)
		if err != nil || enough {
			return err
		}
		return sessions.Put(tx, &fresh, version)
	})
}

// DeleteCtx ends a session.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		x, version, err := sessions.Get(tx, digestOf(token))
		if errors.Is(err, issuer.ErrNotFound) || x.Ended {
			return nil
		} else if err != nil {
			return err
		}
		return end(tx, x, version)
	})
}

// Find implements [scs.Store], which is asked of a store as well. The manager calls FindCtx in its place.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements [scs.Store]; the manager calls CommitCtx.
func (s sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

// Delete implements [scs.Store]; the manager calls DeleteCtx.
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// heldSession is what a session holds, as the codec writes it.
type heldSession struct {
	Deadline time.Time      `json:"deadline"`
	Values   map[string]any `json:"values"` // strings
}

// sessionCodec writes sessions as JSON, so that the store can read whose they are and every release can read them: [scs.Codec].
type sessionCodec struct{}

// Encode implements [scs.Codec].
func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	for key, value := range values {
		if _, text := value.(string); !text {
			return nil, errors.New("keeping a session: " + key + " is no text")
		}
	}
	data, err := json.Marshal(heldSession{deadline.UTC(), values})
	if err == nil && len(data) > sessionMost {
		err = errors.New("keeping a session: it holds too much")
	}
	return data, err
}

// Decode implements [scs.Codec].
func (sessionCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	held := heldSession{Values: map[string]any{}}
	err := json.Unmarshal(data, &held)
	return held.Deadline, held.Values, err
}
