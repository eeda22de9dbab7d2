package claim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// Fetch implements [verifier.Fetcher]: the issuers of the test are the whole network.
func (w *world) Fetch(ctx context.Context, address string, _ int) (verifier.Document, error) {
	for i, office := range append([]*issuer.Service{w.office}, w.others...) {
		if i > 0 && w.down {
			break
		}
		if text, err := office.Document(ctx, address); err == nil {
			origin := verifier.Installation
			if i > 0 {
				origin = verifier.Network
			}
			return verifier.Document{Bytes: text, URL: address, ReadAt: w.now, Origin: origin}, nil
		}
		if id, is := strings.CutPrefix(address, office.Base()+"/c/"); is {
			if c, err := office.Credential(ctx, id); err == nil {
				return verifier.Document{Bytes: c.JSON, URL: address, ReadAt: w.now, Origin: verifier.Network}, nil
			}
		}
	}
	return verifier.Document{}, verifier.ErrUnavailable
}

func (w *world) options() verifier.Options { return verifier.Options{At: w.now, Fetch: w} }

func (w *world) verify(ctx context.Context, text []byte) (*verifier.Report, error) {
	return verifier.Verify(ctx, text, w.options())
}

func (w *world) judge(ctx context.Context, c issuer.Credential) (*verifier.Report, error) {
	report, err := w.verify(ctx, c.JSON)
	if err == nil && w.own != nil {
		w.own(report)
	}
	return report, err
}

// crowded is the refusal of a limit.
type crowded struct{ error }

func (crowded) Status() int { return http.StatusTooManyRequests }

func (w *world) admit(*http.Request, bool) (func(), error) {
	if w.crowd {
		return nil, crowded{errors.New("too many")}
	}
	return func() {}, nil
}

// elsewhere is an issuer on another server, and what it awards.
func (w *world) elsewhere() (*issuer.Service, issuer.Achievement) {
	w.Helper()
	folder := w.TempDir()
	records, err := bolt.Open(folder)
	w.good(err)
	w.Cleanup(func() { _ = records.Close() })
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	w.good(err)
	office, err := issuer.Open(w.Context(), issuer.Config{Store: records, Keys: ring, Now: func() time.Time { return w.now }, Base: "https://elsewhere.example", Public: true,
		Enqueue: func(issuer.Tx, issuer.Work) error { return nil }, Check: func(context.Context, []byte) error { return nil }})
	w.good(err)
	o, err := office.CreateOrganisation(w.Context(), "Hillside <i>College</i>", "", "test")
	w.good(err)
	a, err := office.CreateAchievement(w.Context(), issuer.AchievementInput{Organisation: o.ID, Name: "Reading Recovery", Description: "Reads <i>along</i>.", Criteria: "Show it.", Actor: "test"})
	w.good(err)
	w.others = append(w.others, office)
	return office, a
}

func (w *world) good(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) awardElsewhere(office *issuer.Service, a issuer.Achievement, email string) issuer.Credential {
	w.Helper()
	c, err := office.Issue(w.Context(), issuer.AwardInput{Achievement: a.ID, Recipient: email, Name: "Ana", Actor: "account:1"})
	w.good(err)
	return c
}

// signIn begins a session with an address to which something was awarded.
func (w *world) signIn(email string) {
	w.Helper()
	w.now = w.now.Add(5 * time.Minute)
	w.ask("POST", "/mine", map[string][]string{"email": {email}}).want(w, 303)
	w.post(w.link(mail.Mine), nil).want(w, 200, "Sign out")
}

// bring sends the form with files, or with a text, and follows where it leads.
func (w *world) bring(text string, files ...[]byte) page {
	w.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i, f := range files {
		part, err := form.CreateFormFile("credential", fmt.Sprintf("badge-%d", i))
		w.good(err)
		_, _ = part.Write(f)
	}
	w.good(form.WriteField("text", text))
	w.good(form.Close())
	r := httptest.NewRequestWithContext(w.Context(), "POST", base+"/mine/add", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range w.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	recorder := httptest.NewRecorder()
	w.site.ServeHTTP(recorder, r)
	if recorder.Code == http.StatusSeeOther {
		return w.ask("GET", recorder.Header().Get("Location"), nil)
	}
	return page{recorder.Code, recorder.Header(), recorder.Body.String()}
}

// judgedAgain is after what is how long a judgement of a badge from elsewhere is shown again.
const judgedAgain = 2 * time.Minute

// askPublic is ask for a page that search engines may list.
func (w *world) askPublic(path string) page {
	w.Helper()
	recorder := httptest.NewRecorder()
	w.site.ServeHTTP(recorder, httptest.NewRequestWithContext(w.Context(), "GET", base+path, nil))
	return page{recorder.Code, recorder.Header(), recorder.Body.String()}
}
