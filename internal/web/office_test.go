package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	testBase    = "https://badges.cedar.example"
	testID      = "AAAAAAAAAAAAAAAAAAAAAA"
	revokedID   = "BBBBBBBBBBBBBBBBBBBBBB"
	pendingID   = "CCCCCCCCCCCCCCCCCCCCCC"
	testJSON    = `{"type":["VerifiableCredential"],"n":1.10}`
	testJWT     = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
	testIssuer  = "did:web:badges.cedar.example:i:cedar"
	testSubject = "Ada Example"
)

var judgedAt = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

var _ Office = (*issuer.Service)(nil)

// office is an issuing half of three awards, held in memory.
type office struct{}

func missing() error {
	return &issuer.Error{Kind: issuer.KindMissing, Code: "missing", Detail: "no such record"}
}

func (office) Credential(_ context.Context, id string) (issuer.Credential, error) {
	c := issuer.Credential{
		ID: id, Identifier: testBase + "/c/" + id, URL: testBase + "/c/" + id, Organisation: "cedar", Achievement: "groups",
		Issued: judgedAt, JSON: []byte(testJSON), JWT: testJWT,
	}
	switch id {
	case testID:
	case revokedID:
		c.Revoked = &issuer.Change{At: time.Date(2026, 9, 3, 8, 0, 0, 0, time.UTC), By: "clerk", Reason: "evidence was <not> the earner's own work"}
	case pendingID:
		c.Issued, c.JSON, c.JWT = time.Time{}, nil, ""
	default:
		return issuer.Credential{}, missing()
	}
	return c, nil
}

func (office) Achievement(_ context.Context, id string) (issuer.Achievement, error) {
	if id != "groups" {
		return issuer.Achievement{}, missing()
	}
	return issuer.Achievement{
		ID: id, Organisation: "cedar", URL: testBase + "/a/groups", Name: "Small-Group Instruction from Evidence", Published: judgedAt,
		Document: []byte(`{"id":"https://badges.cedar.example/a/groups"}`),
		Content: credential.Achievement{
			Name:            "Small-Group Instruction from Evidence",
			AchievementType: "MicroCredential", Description: "Plans lessons.", Criteria: credential.Criteria{Narrative: "Shows **four** lessons."},
			ResultDescriptions: []credential.ResultDescription{
				{Name: "Reads evidence", Levels: []credential.RubricCriterionLevel{{Name: "Proficient", Points: "3", Description: "Steady."}}},
				{Name: "Hours", ValueMin: "1", ValueMax: "20"},
			},
			Alignments: []credential.Alignment{{TargetName: "Standard IV", TargetURL: "https://standards.example/4"}},
		},
	}, nil
}

func (o office) AchievementsFrom(ctx context.Context, _, _ string, _ int) ([]issuer.Achievement, string, error) {
	a, err := o.Achievement(ctx, "groups")
	return []issuer.Achievement{a}, "", err
}

func (office) Organisation(_ context.Context, id string) (issuer.Organisation, error) {
	if id != "cedar" {
		return issuer.Organisation{}, missing()
	}
	return issuer.Organisation{
		ID: id, DID: testIssuer, Name: "Cedar County Schools", URL: testBase + "/i/cedar",
		Keys: []issuer.Key{{Method: testIssuer + "#key-1", Algorithm: "EdDSA", State: issuer.KeyActive}},
	}, nil
}

func (o office) OrganisationsFrom(ctx context.Context, _ string, _ int) ([]issuer.Organisation, string, error) {
	org, err := o.Organisation(ctx, "cedar")
	return []issuer.Organisation{org}, "", err
}

func (o office) Newest(ctx context.Context, id string) (issuer.Credential, error) {
	return o.Credential(ctx, id)
}

func (office) Endorsement(context.Context, string) (issuer.Endorsement, error) {
	return issuer.Endorsement{}, missing()
}

func (office) EndorsementsOf(context.Context, string, string) ([]issuer.Endorsement, error) {
	return nil, nil
}

func (office) RevocationList(context.Context, string, int) (issuer.StatusDocument, error) {
	return issuer.StatusDocument{}, missing()
}

func (office) StatusList(_ context.Context, id string) (issuer.StatusDocument, error) {
	if id != "list1" {
		return issuer.StatusDocument{}, missing()
	}
	return issuer.StatusDocument{JSON: []byte(`{"at":"` + testBase + `/status/list1"}`), ETag: `"version-1"`}, nil
}

func (office) CredentialVCJWT(_ context.Context, id string) (string, error) { return testVCJWT, nil }

func (office) StatusListVCJWT(_ context.Context, id string) (string, error) { return testVCJWT, nil }

// testVCJWT stands for a token of the form vc+jwt.
const testVCJWT = "e30.e30.AA"

func (office) Document(_ context.Context, url string) ([]byte, error) {
	switch strings.TrimPrefix(url, testBase) {
	case "/.well-known/did.json", "/i/cedar/did.json", "/i/cedar/jwks.json", "/.well-known/jwks.json", "/i/cedar", "/a/groups":
		return []byte(`{"at":"` + url + `"}`), nil
	}
	return nil, missing()
}

// goodReport is the report of a badge that is authentic and in force.
func goodReport() *verifier.Report {
	read := judgedAt.Add(-3 * time.Minute)
	return &verifier.Report{
		Outcome: verifier.Valid, Authentic: verifier.Yes, InForce: verifier.Yes, AsOf: judgedAt,
		Input: verifier.Input{Kind: "json", SHA256: strings.Repeat("ab", 32)},
		Checks: []verifier.Check{
			{Step: "form", Outcome: verifier.Pass, Title: "Form", Detail: "This is an Open Badge."},
			{Step: "issuer", Outcome: verifier.Pass, Title: "Issuer", Detail: "The key is the issuer's own.", AsOf: &read},
			{Step: "proof", Outcome: verifier.Pass, Title: "Signature", Detail: "Nothing was changed.", Clause: "VC-DI-EDDSA 3.2.2"},
			{Step: "dates", Outcome: verifier.Pass, Title: "Dates", Detail: "It has begun."},
			{Step: "status", Outcome: verifier.Pass, Title: "Revocation", Detail: "It is on no list."},
			{Step: "endorsement", Outcome: verifier.NotApplicable, Title: "Endorsements", Detail: "There is none."},
		},
		Credential: &verifier.View{
			Standard: "Open Badges 3.0", Kind: "AchievementCredential",
			Issuer: verifier.Party{ID: testIssuer, Name: "Cedar County Schools", URL: testBase + "/i/cedar"},
			Recipient: []verifier.Identity{
				{Type: "name", Value: testSubject}, {Type: "emailAddress", Value: "sha256$0123", Hashed: true},
			},
			Achievement: &verifier.Award{
				ID: testBase + "/a/groups", Name: "Small-Group Instruction from Evidence", Type: "MicroCredential",
				Description: "Plans small-group lessons.", Criteria: "Shows *four* lessons.",
			},
			Awarded: "2026-05-14T00:00:00Z", ValidFrom: "2026-05-14T00:00:00Z", ValidUntil: "2031-05-14T12:30:00Z",
			Results:    []verifier.Mark{{Name: "Reads evidence", Value: "4", AchievedLevel: "Distinguished"}},
			Alignments: []verifier.Alignment{{Name: "Standard IV", URL: "https://standards.example/4", Framework: "Teaching Standards"}},
			Evidence:   []verifier.Evidence{{ID: "https://work.example/ada", Name: "Lesson sequence"}},
		},
	}
}

// fixture is a server over the office whose verifier gives one report and keeps what it was given. Each look at its clock is
// an hour later, so that nothing is remembered from one page to the next.
type fixture struct {
	http.Handler
	looks  int
	report *verifier.Report
	log    bytes.Buffer

	mu     sync.Mutex // several files are judged at a time
	inputs [][]byte
}

// keep notes what was to be judged.
func (f *fixture) keep(input []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inputs = append(f.inputs, bytes.Clone(input))
}

func newFixture(t testing.TB, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{report: goodReport()}
	config := Config{
		Office: office{},
		Verify: func(_ context.Context, input []byte) (*verifier.Report, error) {
			f.keep(input)
			return f.report, nil
		},
		Check: &batch.Checker{Verify: func(_ context.Context, item carrier.Item) ([]*verifier.Report, error) {
			if len(item.Links) == 0 {
				f.keep(item.Bytes)
				return []*verifier.Report{copied(f.report)}, nil
			}
			switch link := item.Links[0]; {
			case strings.Contains(link, "blocked"):
				return []*verifier.Report{unreadReport("ssrf_blocked", verifier.CauseBlocked)}, nil
			case strings.Contains(link, "gone"):
				return []*verifier.Report{unreadReport("input_unavailable", verifier.CauseTimeout)}, nil
			case strings.Contains(link, "large"):
				return []*verifier.Report{unreadReport("input_unavailable", verifier.CauseTooLarge)}, nil
			default:
				f.keep([]byte("read at " + link))
				return []*verifier.Report{copied(f.report)}, nil
			}
		}},
		Base:       testBase,
		VerifyRate: 120,
		Now: func() time.Time {
			f.looks++
			return judgedAt.Add(time.Duration(f.looks) * time.Hour)
		},
		Log: slog.New(slog.NewJSONHandler(&f.log, nil)),
	}
	if change != nil {
		change(&config)
	}
	handler, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	f.Handler = handler
	return f
}

// call sends a request; headers come as pairs.
func (f *fixture) call(method, target string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, body)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func (f *fixture) get(target, accept string) *httptest.ResponseRecorder {
	if accept == "" {
		return f.call(http.MethodGet, target, nil)
	}
	return f.call(http.MethodGet, target, nil, "Accept", accept)
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d; body: %.300s", w.Code, status, w.Body)
	}
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the answer lacks %q", text)
		}
	}
}

func wantNoText(t *testing.T, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(w.Body.String(), text) {
			t.Errorf("the answer holds %q", text)
		}
	}
}

func panicking(context.Context, []byte) (*verifier.Report, error) { panic("secret of the house") }

// unchecked is a checker that nobody should ask.
func unchecked() *batch.Checker {
	return &batch.Checker{Verify: func(context.Context, carrier.Item) ([]*verifier.Report, error) { panic("secret of the house") }}
}

// copied is a report that may be changed, as what is handed in gives a new one each time.
func copied(r *verifier.Report) *verifier.Report {
	again := *r
	return &again
}

// unreadReport is the report on a link at which nothing could be read.
func unreadReport(code, cause string) *verifier.Report {
	return &verifier.Report{
		Outcome: verifier.Unknown, Authentic: verifier.Undecided, InForce: verifier.Undecided, AsOf: judgedAt, Input: verifier.Input{Kind: "url"},
		Checks: []verifier.Check{{
			Step: "form", Outcome: verifier.NotKnown, Code: code, Title: "Form", Detail: "Nothing could be read there.",
			Facts: verifier.Facts{verifier.FactAddress: "https://school.example/badge", verifier.FactCause: cause},
		}},
	}
}
