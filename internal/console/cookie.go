package console

import (
	"encoding/base64"
	"net/http"
	"time"
)

// cookieName is a cookie of the console. All are for this site alone, out of reach of scripts, and sent with links from elsewhere but
// not with forms. On https their names begin with __Host-, so that no other host of the domain can set one.
type cookieName string

const (
	cookieSession  cookieName = "laurel-session"  // the token of the session
	cookieNotice   cookieName = "laurel-notice"   // what was done by the form before: shown once
	cookieNext     cookieName = "laurel-next"     // where to go once signed in
	cookiePasskey  cookieName = "laurel-passkey"  // a ceremony with a passkey that has begun
	cookieProvider cookieName = "laurel-provider" // a visit to a provider that has begun
)

// briefly is how long all cookies but that of the session are kept.
const briefly = 15 * time.Minute

func (v *visit) cookieNamed(name cookieName) string {
	if v.server.secure {
		return "__Host-" + string(name)
	}
	return string(name)
}

// cookie is what the browser keeps under a name, "" for nothing.
func (v *visit) cookie(name cookieName) string {
	c, err := v.Cookie(v.cookieNamed(name))
	if err != nil || len(c.Value) > 2048 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return ""
	}
	return string(text)
}

// keep lets the browser keep a text for a few minutes.
func (v *visit) keep(name cookieName, text string) {
	if len(text) <= 1024 {
		v.set(name, text, v.server.Now().Add(briefly))
	}
}

// forget takes it away.
func (v *visit) forget(name cookieName) { v.set(name, "", time.Unix(1, 0)) }

func (v *visit) set(name cookieName, text string, expires time.Time) {
	c := &http.Cookie{Name: v.cookieNamed(name), Value: base64.RawURLEncoding.EncodeToString([]byte(text)), Path: "/",
		Expires: expires.UTC(), HttpOnly: true, Secure: v.server.secure, SameSite: http.SameSiteLaxMode}
	if text == "" {
		c.MaxAge = -1
	}
	v.SetCookie(c)
}
