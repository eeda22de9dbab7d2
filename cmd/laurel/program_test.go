package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// program speaks to the API as other programs do.
type program struct {
	token       string
	achievement string // that can be awarded
	client      *http.Client
}

// program makes a token on a running server that has the worked example.
func (g *ground) program(t testing.TB, p *process) program {
	t.Helper()
	made, err := g.office(t).CreateToken(t.Context(), issuer.TokenInput{Name: "faults", Actor: "test",
		Scopes: []issuer.Scope{issuer.ScopeAchievementsRead, issuer.ScopeCredentialsRead, issuer.ScopeCredentialsWrite}})
	if err != nil {
		t.Fatal(err)
	}
	c := program{token: made.Text, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	t.Cleanup(c.client.CloseIdleConnections)
	answer, err := c.send(t.Context(), http.MethodGet, p.address+"/api/v1/achievements", "", "")
	var list struct{ Items []struct{ ID string } }
	if err == nil {
		err = json.Unmarshal(answer.body, &list)
	}
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("achievements: %v %s", err, answer.body)
	}
	c.achievement = list.Items[0].ID
	return c
}

// reply is an answer of a server, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send makes one request to the API. key "" sends no Idempotency-Key.
func (c program) send(ctx context.Context, method, address, body, key string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return exchange(c.client, request)
}

func exchange(client *http.Client, request *http.Request) (reply, error) {
	response, err := client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, body}, err
}

// award asks for an award of a recipient.
func (c program) award(ctx context.Context, p *process, recipient, key string) (reply, error) {
	return c.send(ctx, http.MethodPost, p.address+"/api/v1/credentials", fmt.Sprintf(`{"achievement":%q,"recipient":{"email":%q,"name":"Kim Lee"}}`, c.achievement, recipient), key)
}

func (c program) step(ctx context.Context, p *process, id, step string) (reply, error) {
	body := ""
	if step != "reinstate" {
		body = `{"reason":"Given by mistake."}`
	}
	return c.send(ctx, http.MethodPost, p.address+"/api/v1/credentials/"+id+"/"+step, body, "")
}

// id is that of the award in an answer.
func (r reply) id() string {
	var award struct{ ID string }
	_ = json.Unmarshal(r.body, &award)
	return award.ID
}

// refusal says whether an answer is a problem of this status, as every API here words them.
func (r reply) refusal(status int) error {
	var told struct {
		Status int
		Detail string
		Title  string
	}
	switch err := json.Unmarshal(r.body, &told); {
	case r.status != status || err != nil || told.Status != status || told.Detail == "" || told.Title == "" || r.header.Get("Content-Type") != "application/problem+json":
		return fmt.Errorf("answered %d %s, want the problem %d: %s", r.status, r.header.Get("Content-Type"), status, r.body)
	case status == http.StatusServiceUnavailable && r.header.Get("Retry-After") == "":
		return errors.New("a 503 without Retry-After")
	}
	return nil
}

// ask reads what stands at a path, whatever the answer is.
func (p *process) ask(t testing.TB, path, accept string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	answer, err := exchange(http.DefaultClient, request)
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return answer
}

// judge hands a file in to be verified, and gives the outcome.
func (p *process) judge(t testing.TB, media string, file []byte) (told, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+"/verify", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Accept", "application/json")
	answer, err := exchange(http.DefaultClient, request)
	var report told
	if err == nil && answer.status != http.StatusOK {
		err = fmt.Errorf("POST /verify answers %d: %s", answer.status, answer.body)
	}
	if err == nil {
		err = json.Unmarshal(answer.body, &report)
	}
	return report, err
}

// within waits until something holds, and gives how long that took.
func within(t testing.TB, limit time.Duration, what string, holds func() error) time.Duration {
	t.Helper()
	begun := time.Now()
	for {
		err := holds()
		if err == nil {
			return time.Since(begun)
		}
		if time.Since(begun) > limit {
			t.Errorf("%s: not within %v: %v", what, limit, err)
			return limit
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// foreign is a badge of somebody else, who is known by a did:key: nothing has to be read to check it.
func foreign(t testing.TB) []byte {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := proof.Seal(t.Context(), []byte(strings.ReplaceAll(carried, "ISSUER", did)), proof.SealOptions{
		Signer: keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}, Created: time.Now().Add(-time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}
