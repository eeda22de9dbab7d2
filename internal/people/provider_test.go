package people

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// npm is where the packages of the tests lie, from here.
const npm = "../../testdata/npm/node_modules"

// provided is a house with a provider, which is a process of its own, that knows these people by their claims. The clock is that of the
// machine, as the provider's is.
func provided(t *testing.T, people map[string]map[string]any) *house {
	t.Helper()
	if _, err := os.Stat(filepath.Join(npm, "oidc-provider")); err != nil {
		t.Skip("skipped: the npm packages of testdata/npm are not installed (`make tools`)")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	input, err := json.Marshal(map[string]any{"redirect": testBase + PathProvider, "people": people})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "oidc.mjs"), npm, string(input))
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	open, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = open.Close()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the provider says:\n%s", said.String())
		}
	})
	port, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider did not start: %v\n%s", err, said.String())
	}
	h := empty(t, func(c *Config) {
		c.Now, c.Client = time.Now, &http.Client{Timeout: 2 * time.Minute}
		c.Providers = []Provider{{Name: "District", Issuer: "http://127.0.0.1:" + strings.TrimSpace(port), ClientID: "laurel", Secret: "a secret of the test"}}
	})
	h.owner = h.settle()
	return h
}

// visit is a browser that goes to the provider as somebody, and returns with the query that it is sent back with and what it keeps.
func (h *house) visit(subject string) (browser string, query url.Values) {
	h.t.Helper()
	address, browser, err := h.BeginProvider(h.t.Context(), "District", anywhere)
	ok(h.t, err)
	u, err := url.Parse(address)
	ok(h.t, err)
	asked := u.Query()
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(asked.Get(name)) < 43 {
			h.t.Errorf("%s is %q", name, asked.Get(name))
		}
	}
	if asked.Get("code_challenge_method") != "S256" || asked.Get("response_type") != "code" {
		h.t.Errorf("it asks %v", asked)
	}
	asked.Set("login_hint", subject)
	u.RawQuery = asked.Encode()
	jar, err := cookiejar.New(nil)
	ok(h.t, err)
	var back *url.URL
	client := http.Client{Jar: jar, Timeout: 2 * time.Minute, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), testBase) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	answer, err := client.Get(u.String())
	ok(h.t, err)
	_ = answer.Body.Close()
	if back == nil {
		h.t.Fatalf("the provider answers %s", answer.Status)
	}
	return browser, back.Query()
}

// come signs in as somebody.
func (h *house) come(subject string) (Proof, error) {
	h.t.Helper()
	browser, query := h.visit(subject)
	return h.UseProvider(h.t.Context(), browser, query)
}

func TestProvider(t *testing.T) {
	h := provided(t, map[string]map[string]any{
		"ada":   {"email": "Ada@cedar.example", "email_verified": true, "name": "Ada at the district"},
		"bo":    {"email": "bo@cedar.example", "email_verified": true, "name": "Bo Example", "locale": "es"},
		"cleo":  {"email": "cleo@cedar.example", "email_verified": true},
		"dan":   {"email": "dan@cedar.example", "email_verified": false, "name": "Dan"},
		"eve":   {"email": "ada@cedar.example", "email_verified": false},
		"fay":   {"email": "ada@cedar.example", "email_verified": "true"},
		"gil":   {"name": "Gil"},
		"known": {"email": "someone.else@cedar.example", "email_verified": true},
	})
	ctx, id := t.Context(), h.first.ID
	if names := h.Providers(); len(names) != 1 || names[0] != "District" {
		t.Errorf("the providers are %v", names)
	}

	t.Run("an account of the verified address", func(t *testing.T) {
		for range 2 {
			proof, err := h.come("ada")
			if err != nil || proof != (Proof{h.owner, ByProvider}) {
				t.Fatalf("it signs in %+v, %v", proof, err)
			}
		}
		list, err := h.Identities(ctx, h.owner)
		if err != nil || len(list) != 1 || list[0].Subject != "ada" {
			t.Errorf("its identities are %+v, %v", list, err)
		}
	})
	t.Run("an invitation of the verified address", func(t *testing.T) {
		h.invite(id, h.owner, "bo@cedar.example", RoleIssuer)
		proof, err := h.come("bo")
		ok(t, err)
		a, err := h.Account(ctx, proof.Account())
		if err != nil || a.Name != "Bo Example" || a.Email != "bo@cedar.example" || a.Language != "es" || !a.Proven {
			t.Errorf("the account is %+v, %v", a, err)
		}
		if m, err := h.Authorize(ctx, a.ID, id, issuer.ScopeCredentialsWrite); err != nil || m.Role != RoleIssuer {
			t.Errorf("it is %+v, %v", m, err)
		}
		if open, err := h.Invitations(ctx, h.owner, id); err != nil || len(open) != 0 {
			t.Errorf("still open are %v, %v", open, err)
		}
	})
	t.Run("a known identity whatever its address", func(t *testing.T) {
		ok(t, h.store.Update(ctx, func(tx issuer.Tx) error {
			i := Identity{ID: identityID(h.providers[0].Issuer, "known"), Account: h.owner}
			return identities.Put(tx, &i, 0)
		}))
		proof, err := h.come("known")
		if err != nil || proof.Account() != h.owner {
			t.Errorf("it signs in %+v, %v", proof, err)
		}
		ok(t, h.RemoveIdentity(ctx, h.owner, identityID(h.providers[0].Issuer, "known")))
		_, err = h.come("known")
		is(t, err, issuer.KindDenied, "not_invited")
	})
	h.invite(id, h.owner, "dan@cedar.example", RoleIssuer)
	for name, subject := range map[string]string{
		"who was not invited": "cleo", "whose invited address is not verified": "dan", "whose address, of an account, is not verified": "eve",
		"whose address is verified by a word": "fay", "without an address": "gil",
	} {
		t.Run("nobody "+name, func(t *testing.T) {
			browser, query := h.visit(subject)
			before := len(h.rows("account")) + len(h.rows("identity")) + len(h.rows("membership"))
			_, err := h.UseProvider(ctx, browser, query)
			is(t, err, issuer.KindDenied, "not_invited")
			if len(h.rows("account"))+len(h.rows("identity"))+len(h.rows("membership")) != before {
				t.Error("something came of it")
			}
		})
	}
}

func TestProviderRefused(t *testing.T) {
	h := provided(t, map[string]map[string]any{"ada": {"email": "ada@cedar.example", "email_verified": true}})
	ctx := t.Context()
	_, err := h.come("ada")
	ok(t, err)
	// spoil changes what was kept of a sign-in that has begun.
	spoil := func(query url.Values, change func(c *ceremony)) {
		ok(t, h.store.Update(ctx, func(tx issuer.Tx) error {
			c, version, err := ceremonies.Get(tx, digestOf(query.Get("state")))
			if err != nil {
				return err
			}
			change(&c)
			return ceremonies.Put(tx, &c, version)
		}))
	}
	for name, test := range map[string]struct {
		change func(browser *string, query url.Values)
		kind   issuer.ErrorKind
		code   string
	}{
		"another browser":      {func(browser *string, _ url.Values) { *browser, _ = newToken() }, issuer.KindDenied, "provider_refused"},
		"no browser":           {func(browser *string, _ url.Values) { *browser = "" }, issuer.KindDenied, "provider_refused"},
		"another state":        {func(_ *string, q url.Values) { q.Set("state", "guessed") }, issuer.KindMissing, "not_found"},
		"no state":             {func(_ *string, q url.Values) { q.Del("state") }, issuer.KindMissing, "not_found"},
		"another code":         {func(_ *string, q url.Values) { q.Set("code", "guessed") }, issuer.KindDenied, "provider_refused"},
		"another provider":     {func(_ *string, q url.Values) { q.Set("iss", "https://evil.example") }, issuer.KindDenied, "provider_refused"},
		"an unnamed provider":  {func(_ *string, q url.Values) { q.Del("iss") }, issuer.KindDenied, "provider_refused"},
		"another nonce":        {func(_ *string, q url.Values) { spoil(q, func(c *ceremony) { c.Nonce = "other" }) }, issuer.KindDenied, "provider_refused"},
		"another verifier":     {func(_ *string, q url.Values) { spoil(q, func(c *ceremony) { c.Verifier = strings.Repeat("a", 43) }) }, issuer.KindDenied, "provider_refused"},
		"too late":             {func(_ *string, q url.Values) { spoil(q, func(c *ceremony) { c.Expires = time.Now() }) }, issuer.KindMissing, "not_found"},
		"a forgotten provider": {func(_ *string, q url.Values) { spoil(q, func(c *ceremony) { c.Provider = "Gone" }) }, issuer.KindMissing, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			browser, query := h.visit("ada")
			test.change(&browser, query)
			proof, err := h.UseProvider(ctx, browser, query)
			is(t, err, test.kind, test.code)
			if proof.Account() != "" {
				t.Error("it signs in")
			}
		})
	}
	t.Run("replayed", func(t *testing.T) {
		browser, query := h.visit("ada")
		_, err := h.UseProvider(ctx, browser, query)
		ok(t, err)
		_, err = h.UseProvider(ctx, browser, query)
		is(t, err, issuer.KindMissing, "not_found")
	})
	t.Run("refused there", func(t *testing.T) {
		_, err := h.come("refuse")
		is(t, err, issuer.KindDenied, "provider_refused")
	})
	t.Run("account disabled", func(t *testing.T) {
		bo := h.member(h.first.ID, "bo@cedar.example", RoleOwner)
		ok(t, h.DisableAccount(ctx, bo, h.owner))
		_, err := h.come("ada")
		is(t, err, issuer.KindDenied, "account_disabled")
	})
	_, _, err = h.BeginProvider(ctx, "Another", anywhere)
	is(t, err, issuer.KindMissing, "not_found")
}

func TestProvidersAreChecked(t *testing.T) {
	good := Provider{Name: "District", Issuer: "https://id.cedar.example", ClientID: "laurel"}
	c := Config{Client: &http.Client{}, Providers: []Provider{good}}
	if _, err := newProviders(c); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(p *Provider){
		"plain http":    func(p *Provider) { p.Issuer = "http://id.cedar.example" },
		"no address":    func(p *Provider) { p.Issuer = "id.cedar.example" },
		"no name":       func(p *Provider) { p.Name = "" },
		"no client":     func(p *Provider) { p.ClientID = "" },
		"the same name": func(*Provider) { c.Providers = []Provider{good, good} },
	} {
		bad := good
		c.Providers = nil
		spoil(&bad)
		if c.Providers == nil {
			c.Providers = []Provider{bad}
		}
		if _, err := newProviders(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestProviderAway: a provider that does not answer is no refusal, and is asked again the next time.
func TestProviderAway(t *testing.T) {
	away := roundTrip(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("nobody is there") })
	h := empty(t, func(c *Config) {
		c.Client, c.Providers = &http.Client{Transport: away}, []Provider{{Name: "District", Issuer: "https://id.cedar.example", ClientID: "laurel"}}
	})
	for range 2 {
		_, _, err := h.BeginProvider(t.Context(), "District", anywhere)
		is(t, err, issuer.KindUnavailable, "provider")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestProviderIsAskedOnce: those who come while a provider has not answered yet share one question, and nobody waits for longer than
// their request lasts.
func TestProviderIsAskedOnce(t *testing.T) {
	asked, answer := make(chan struct{}, 10), make(chan struct{})
	slow := roundTrip(func(*http.Request) (*http.Response, error) {
		asked <- struct{}{}
		<-answer
		return nil, fmt.Errorf("nobody is there")
	})
	h := empty(t, func(c *Config) {
		c.Client, c.Providers = &http.Client{Transport: slow}, []Provider{{Name: "District", Issuer: "https://id.cedar.example", ClientID: "laurel"}}
	})
	begin := func(ctx context.Context, ended chan<- error) {
		_, _, err := h.BeginProvider(ctx, "District", anywhere)
		ended <- err
	}
	ctx, cancel := context.WithCancel(t.Context())
	first, others := make(chan error, 1), make(chan error, 2)
	go begin(ctx, first)
	<-asked
	cancel()
	is(t, <-first, issuer.KindUnavailable, "provider") // while the provider says nothing
	for range 2 {
		go begin(t.Context(), others)
	}
	close(answer)
	for range 2 {
		is(t, <-others, issuer.KindUnavailable, "provider")
	}
	if p := h.providers[0]; p.asking != nil || p.discovered != nil {
		t.Error("it is still being asked, or has answered")
	}
}
