package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// endorsingDesk is an installation that checks with the verifier what it signs, as a server does.
func endorsingDesk(t testing.TB, base string) (*desk, issuer.Organisation) {
	t.Helper()
	d := newDesk(t, base)
	d.check = func(ctx context.Context, sealed []byte) error {
		return verifier.Authentic(ctx, sealed, verifier.Options{At: d.clock.Now(), Profile: credential.OpenBadges, Fetch: own{d}})
	}
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d, all[0]
}

// endorsed are the endorsements in a document.
type endorsed struct {
	Endorsement    []json.RawMessage `json:"endorsement"`
	EndorsementJWT []string          `json:"endorsementJwt"`
}

func (d *desk) endorsedAt(t testing.TB, address string) (e endorsed) {
	t.Helper()
	text, err := d.Document(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return e
}

// judged is what the verifier says of a document today.
func (d *desk) judged(t testing.TB, sealed []byte) *verifier.Report {
	t.Helper()
	r, err := verifier.Verify(t.Context(), sealed, verifier.Options{At: d.clock.Now(), Profile: credential.OpenBadges, Fetch: own{d}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEndorseOnce: an endorsement that was begun under a key is completed when it is asked for again, and not given twice; what was given
// is answered as it was then.
func TestEndorseOnce(t *testing.T) {
	d := newDesk(t, public)
	w, a := d.space(t), d.publish(t)
	try := func() (issuer.Endorsement, error) {
		o := once(t, w, "key", "request")
		defer o.End()
		if o.Answer != nil {
			t.Fatalf("answered %s", o.Answer)
		}
		return w.Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: a.URL}, issuer.Write{Actor: "token:x", Once: o})
	}
	d.check = func(context.Context, []byte) error { return errors.New("a crash") }
	for range 2 {
		_, err := try()
		wantCode(t, err, issuer.KindInternal, "self_check_failed")
	}
	d.check = accept
	first, err := try()
	if err != nil || first.Issued.IsZero() {
		t.Fatalf("%+v, error %v", first, err)
	}
	if _, err := w.RevokeEndorsement(t.Context(), first.ID, "It does not hold.", staff); err != nil {
		t.Fatal(err)
	}
	again, err := try()
	if err != nil || again.ID != first.ID || again.Revoked != nil {
		t.Errorf("%+v, error %v", again, err)
	}
	if _, err := d.FinishDrafts(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if n := d.count(t, "endorsement"); n != 1 {
		t.Errorf("%d endorsements", n)
	}
}

// TestSignedIsNotMoved: once anything is signed whose addresses work on this machine only, the installation gets no public address.
func TestSignedIsNotMoved(t *testing.T) {
	for name, sign := range map[string]func(*desk) error{
		"an endorsement": func(d *desk) error {
			_, err := d.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: d.publish(t).URL}, staff)
			return err
		},
		"an endorsement that is being made": func(d *desk) error {
			d.check = func(context.Context, []byte) error { return errors.New("a crash") }
			_, err := d.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: d.publish(t).URL}, staff)
			d.check = accept
			wantCode(t, err, issuer.KindInternal, "self_check_failed")
			return nil
		},
		"a document with a status": func(d *desk) error {
			_, err := d.space(t).Sign(t.Context(), issuer.SignInput{Document: unsigned(d.organisation(t).DID), Purposes: []string{"revocation"}}, staff)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "")
			if err := sign(d); err != nil {
				t.Fatal(err)
			}
			wantCode(t, d.tryOpen(t, public), issuer.KindDenied, "base_changed")
			if err := d.tryOpen(t, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEndorse: an endorsement is signed in both forms with a place in the list, published at its address, authentic and in force to the
// verifier, and revoked for good.
func TestEndorse(t *testing.T) {
	for name, base := range map[string]string{"did:web": public, "did:key": ""} {
		t.Run(name, func(t *testing.T) {
			d, _ := endorsingDesk(t, base)
			space := d.space(t)
			e, err := space.Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: "https://state.example/a/1",
				Comment: "We count it for **15 points**.", ValidUntil: noon.AddDate(1, 0, 0)}, issuer.Write{Actor: "account:1"})
			if err != nil {
				t.Fatal(err)
			}
			if e.Issued.IsZero() || e.Unsigned != nil || e.Slot == nil || e.Name != "Endorsement by Riverside District" || e.Subject != "https://state.example/a/1" {
				t.Errorf("%+v", e)
			}
			for form, sealed := range map[string][]byte{"JSON": e.JSON, "JWT": []byte(e.JWT)} {
				if r := d.judged(t, sealed); r.Authentic != verifier.Yes || r.InForce != verifier.Yes {
					t.Errorf("%s: %+v", form, r)
				}
			}
			if text, err := d.Document(t.Context(), e.URL); err != nil || string(text) != string(e.JSON) {
				t.Errorf("published %s, error %v", text, err)
			}
			revoked, err := space.RevokeEndorsement(t.Context(), e.ID, "It was changed", issuer.Write{Actor: "account:1"})
			if err != nil || revoked.Revoked == nil || revoked.Revoked.By != "account:1" {
				t.Fatalf("%+v, error %v", revoked, err)
			}
			for form, sealed := range map[string][]byte{"JSON": e.JSON, "JWT": []byte(e.JWT)} {
				if r := d.judged(t, sealed); r.Authentic != verifier.Yes || r.InForce != verifier.No {
					t.Errorf("%s after it was revoked: %+v", form, r)
				}
			}
			_, err = space.RevokeEndorsement(t.Context(), e.ID, "Again", issuer.Write{})
			wantCode(t, err, issuer.KindConflict, "already_revoked")
			if n, err := d.VerifyAuditDeep(t.Context()); err != nil || n == 0 {
				t.Errorf("%d entries, error %v", n, err)
			}
			if list, _, err := space.Endorsements(t.Context(), "https://state.example/a/1", "", 0); err != nil || len(list) != 1 || list[0].ID != e.ID {
				t.Errorf("by its subject %+v, error %v", list, err)
			}
		})
	}
}

// TestEndorseSuite: an issuer with selective disclosure signs endorsements that show all they say.
func TestEndorseSuite(t *testing.T) {
	d, o := endorsingDesk(t, public)
	if err := d.SetSuite(t.Context(), o.ID, issuer.SuiteSelective, "test"); err != nil {
		t.Fatal(err)
	}
	e, err := d.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: "did:web:other.example"}, issuer.Write{Actor: "test"})
	if err != nil || !strings.Contains(string(e.JSON), `"ecdsa-rdfc-2019"`) {
		t.Errorf("%s, error %v", e.JSON, err)
	}
	if _, err := d.RotateKey(t.Context(), o.ID, keys.ES256, "test"); err != nil {
		t.Fatal(err)
	}
	if r := d.judged(t, e.JSON); r.Authentic != verifier.Yes {
		t.Errorf("after its key was rotated %+v", r)
	}
}

// TestEndorseOwn: what is of this installation is named by its address or id, has to be there, and is published with the endorsement
// until that is revoked or the office looks at a day when it has ended. Awards stay as they are.
func TestEndorseOwn(t *testing.T) {
	d, o := endorsingDesk(t, public)
	space := d.space(t)
	a, c := d.publish(t), issuer.Credential{}
	if c = d.award(t); c.Issued.IsZero() {
		t.Fatal("not issued")
	}
	before, err := d.Document(t.Context(), a.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		kind          issuer.EndorsementSubject
		given, wanted string
	}{
		{issuer.EndorsesAchievement, a.URL, a.URL}, {issuer.EndorsesIssuer, o.URL, o.DID}, {issuer.EndorsesCredential, c.URL, c.Identifier},
	} {
		e, err := space.Endorse(t.Context(), issuer.EndorseInput{Kind: test.kind, Subject: test.given, ValidUntil: noon.Add(time.Hour)}, issuer.Write{Actor: "test"})
		if err != nil || e.Subject != test.wanted {
			t.Fatalf("%s: %+v, error %v", test.kind, e, err)
		}
		if test.kind == issuer.EndorsesCredential {
			continue
		}
		address := map[issuer.EndorsementSubject]string{issuer.EndorsesAchievement: a.URL, issuer.EndorsesIssuer: o.URL}[test.kind]
		if got := d.endorsedAt(t, address); len(got.Endorsement) != 1 || d.judged(t, got.Endorsement[0]).Authentic != verifier.Yes {
			t.Errorf("%s is published with %s", test.kind, got)
		}
		if list, err := d.EndorsementsOf(t.Context(), o.ID, e.Subject); err != nil || len(list) != 1 {
			t.Errorf("%s: %+v, error %v", test.kind, list, err)
		}
		d.clock.Add(2 * time.Hour)
		if list, err := d.EndorsementsOf(t.Context(), o.ID, e.Subject); err != nil || len(list) != 0 {
			t.Errorf("%s after its end: %+v, error %v", test.kind, list, err)
		}
		d.clock.Add(-2 * time.Hour)
		if _, err := space.RevokeEndorsement(t.Context(), e.ID, "A mistake", issuer.Write{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
		if got := d.endorsedAt(t, address); len(got.Endorsement) != 0 {
			t.Errorf("%s is published with what was revoked", test.kind)
		}
	}
	if after, err := d.Document(t.Context(), a.URL); err != nil || string(after) != string(before) {
		t.Errorf("the achievement is %s, error %v", after, err)
	}
	if after, err := d.Credential(t.Context(), c.ID); err != nil || string(after.JSON) != string(c.JSON) {
		t.Errorf("the award was changed, error %v", err)
	}
}

// TestEndorseRefused: what breaks a rule is refused, and nothing is recorded of it.
func TestEndorseRefused(t *testing.T) {
	d, o := endorsingDesk(t, public)
	good := func() issuer.EndorseInput {
		return issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: "https://state.example/a/1"}
	}
	for name, test := range map[string]struct {
		change func(*issuer.EndorseInput)
		kind   issuer.ErrorKind
		code   string
	}{
		"no kind":                       {func(in *issuer.EndorseInput) { in.Kind = "" }, issuer.KindInvalid, "kind"},
		"another kind":                  {func(in *issuer.EndorseInput) { in.Kind = "person" }, issuer.KindInvalid, "kind"},
		"no subject":                    {func(in *issuer.EndorseInput) { in.Subject = " " }, issuer.KindInvalid, "subject"},
		"a subject that is no URI":      {func(in *issuer.EndorseInput) { in.Subject = "achievement 1" }, issuer.KindInvalid, "schema_invalid"},
		"a relative subject":            {func(in *issuer.EndorseInput) { in.Subject = "/a/1" }, issuer.KindInvalid, "schema_invalid"},
		"an achievement not known here": {func(in *issuer.EndorseInput) { in.Subject = public + "/a/none" }, issuer.KindMissing, "subject"},
		"an issuer as an achievement":   {func(in *issuer.EndorseInput) { in.Subject = o.URL }, issuer.KindMissing, "subject"},
		"an award not known here":       {func(in *issuer.EndorseInput) { in.Kind, in.Subject = issuer.EndorsesCredential, public+"/c/none" }, issuer.KindMissing, "subject"},
		"another address of ours":       {func(in *issuer.EndorseInput) { in.Subject = public + "/status/x" }, issuer.KindMissing, "subject"},
		"a name of two lines":           {func(in *issuer.EndorseInput) { in.Name = "a\nb" }, issuer.KindInvalid, "name"},
		"a comment without end":         {func(in *issuer.EndorseInput) { in.Comment = strings.Repeat("x", 10_001) }, issuer.KindInvalid, "comment"},
		"a comment that is no text":     {func(in *issuer.EndorseInput) { in.Comment = "\xff" }, issuer.KindInvalid, "comment"},
		"an end before the beginning":   {func(in *issuer.EndorseInput) { in.ValidUntil = noon.Add(-time.Hour) }, issuer.KindInvalid, "dates"},
	} {
		t.Run(name, func(t *testing.T) {
			in := good()
			test.change(&in)
			_, err := d.space(t).Endorse(t.Context(), in, issuer.Write{Actor: "test"})
			wantCode(t, err, test.kind, test.code)
		})
	}
	if list, _, err := d.space(t).Endorsements(t.Context(), "", "", 0); err != nil || len(list) != 0 {
		t.Errorf("%+v, error %v", list, err)
	}
}

// TestEndorseAgain: what a crash left between intent and signature is completed under the same id and at the same place; what cannot be
// signed is given up.
func TestEndorseAgain(t *testing.T) {
	d, _ := endorsingDesk(t, public)
	check := d.check
	d.check = func(context.Context, []byte) error { return errors.New("a crash") }
	_, err := d.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: "https://state.example/a/1"}, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindInternal, "self_check_failed")
	pending, _, err := d.space(t).Endorsements(t.Context(), "", "", 0)
	if err != nil || len(pending) != 1 || !pending[0].Issued.IsZero() {
		t.Fatalf("%d endorsements, error %v", len(pending), err)
	}
	if _, err := d.Service.Endorsement(t.Context(), pending[0].ID); !errors.Is(err, issuer.ErrNotFound) {
		t.Errorf("one that is still being made: error %v", err)
	}
	_, err = d.space(t).RevokeEndorsement(t.Context(), pending[0].ID, "Why", issuer.Write{})
	wantCode(t, err, issuer.KindConflict, "not_issued")
	d.check = accept // the other asks a Service, and at the next start there is none yet
	d.open(t, public)
	d.check = check
	done, _, err := d.space(t).Endorsement(t.Context(), pending[0].ID)
	if err != nil || done.Issued.IsZero() || *done.Slot != *pending[0].Slot || d.judged(t, done.JSON).Authentic != verifier.Yes {
		t.Errorf("issued %v, error %v", done.Issued, err)
	}
	d.check = func(context.Context, []byte) error { return errors.New("a fault") }
	if _, err = d.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: "https://state.example/a/2"}, issuer.Write{Actor: "test"}); err == nil {
		t.Fatal("signed")
	}
	d.clock.Add(2 * time.Minute)
	if found, err := d.FinishDrafts(t.Context(), time.Minute); err != nil || found.Unfinished == nil {
		t.Errorf("%+v, error %v", found, err)
	}
	if list, _, err := d.space(t).Endorsements(t.Context(), "", "", 0); err != nil || len(list) != 1 {
		t.Errorf("%d endorsements, error %v", len(list), err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAttach: an endorsement of another installation is published with what it is about, in the form in which it came, until it is
// taken away.
func TestAttach(t *testing.T) {
	d, o := endorsingDesk(t, public)
	a := d.publish(t)
	other, _ := endorsingDesk(t, "https://state.example")
	authentic := func(ctx context.Context, document []byte) error { return other.check(ctx, document) }
	space := d.space(t)
	give := func(kind issuer.EndorsementSubject, subject string) issuer.Endorsement {
		t.Helper()
		e, err := other.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: kind, Subject: subject, Comment: "Good"}, issuer.Write{Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first, second, third := give(issuer.EndorsesAchievement, a.URL), give(issuer.EndorsesAchievement, a.URL), give(issuer.EndorsesIssuer, o.DID)
	attached, err := space.Attach(t.Context(), issuer.AttachInput{Document: first.JSON, Check: authentic}, issuer.Write{Actor: "account:2"})
	if err != nil || !attached.Received || attached.Kind != issuer.EndorsesAchievement || attached.Comment != "Good" || attached.IssuerName != "Riverside District" || attached.URL != "" {
		t.Fatalf("%+v, error %v", attached, err)
	}
	if _, err := space.Attach(t.Context(), issuer.AttachInput{Document: []byte(" " + second.JWT + "\n"), Check: authentic}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if got, err := space.Attach(t.Context(), issuer.AttachInput{Document: third.JSON, Check: authentic}, issuer.Write{Actor: "test"}); err != nil || got.Kind != issuer.EndorsesIssuer {
		t.Fatalf("%+v, error %v", got, err)
	}
	got := d.endorsedAt(t, a.URL)
	if len(got.Endorsement) != 1 || other.judged(t, got.Endorsement[0]).Authentic != verifier.Yes {
		t.Errorf("the achievement is published with %s", got.Endorsement)
	}
	if diff := cmp.Diff([]string{second.JWT}, got.EndorsementJWT); diff != "" {
		t.Error(diff)
	}
	if got := d.endorsedAt(t, o.URL); len(got.Endorsement) != 1 {
		t.Errorf("the issuer is published with %s", got.Endorsement)
	}
	if _, err := d.Document(t.Context(), public+"/e/"+attached.ID); !errors.Is(err, issuer.ErrNotFound) {
		t.Errorf("what others have given is published as ours: error %v", err)
	}
	_, err = space.Attach(t.Context(), issuer.AttachInput{Document: []byte(first.JWT), Check: authentic}, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindConflict, "attached")
	wantMissing := func(err error) {
		t.Helper()
		if !errors.Is(err, issuer.ErrNotFound) {
			t.Errorf("error %v", err)
		}
	}
	foreign, err := d.CreateOrganisation(t.Context(), "Another", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	wantMissing(d.Workspace(foreign.ID).Detach(t.Context(), attached.ID, issuer.Write{Actor: "test"}))
	_, err = space.RevokeEndorsement(t.Context(), attached.ID, "Why", issuer.Write{Actor: "test"})
	wantMissing(err)
	_, _, err = d.Workspace(foreign.ID).Endorsement(t.Context(), attached.ID)
	wantMissing(err)
	if err := space.Detach(t.Context(), attached.ID, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	if got := d.endorsedAt(t, a.URL); len(got.Endorsement) != 0 || len(got.EndorsementJWT) != 1 {
		t.Errorf("the achievement is published with %s", got)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAttachRefused: what is no endorsement, is about something else, has ended or is not authentic is published nowhere.
func TestAttachRefused(t *testing.T) {
	d, _ := endorsingDesk(t, public)
	a, c := d.publish(t), issuer.Credential{}
	c = d.award(t)
	other, _ := endorsingDesk(t, "https://state.example")
	give := func(in issuer.EndorseInput) issuer.Endorsement {
		t.Helper()
		in.Kind = issuer.EndorsesAchievement
		e, err := other.space(t).Endorse(t.Context(), in, issuer.Write{Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	good := give(issuer.EndorseInput{Subject: a.URL})
	foreign, err := d.CreateOrganisation(t.Context(), "Another", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: foreign.ID, Name: "N", Description: "D", Criteria: "C", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	unsecured := strings.Replace(string(good.JSON), `"proof"`, `"evidenceOf"`, 1)
	for name, test := range map[string]struct {
		document []byte
		code     string
	}{
		"nothing":                          {nil, "endorsement"},
		"no JSON":                          {[]byte("{"), "endorsement"},
		"no token":                         {[]byte("a.b.c"), "endorsement"},
		"an award":                         {c.JSON, "endorsement"},
		"one without a proof":              {[]byte(unsecured), "endorsement"},
		"too much":                         {[]byte(strings.Replace(string(good.JSON), `"name":"`, `"name":"`+strings.Repeat("x", 64<<10), 1)), "endorsement"},
		"two of one member":                {[]byte(strings.Replace(string(good.JSON), `"name":"`, `"name":"x","name":"`, 1)), "endorsement"},
		"one of something else":            {give(issuer.EndorseInput{Subject: "https://elsewhere.example/a/1"}).JSON, "subject"},
		"one of another organisation here": {give(issuer.EndorseInput{Subject: theirs.URL}).JSON, "subject"},
		"one of nothing here":              {give(issuer.EndorseInput{Subject: public + "/a/none"}).JSON, "subject"},
		"one that was changed":             {[]byte(strings.Replace(string(good.JSON), `"name":"`, `"name":"x`, 1)), "not_authentic"},
		"one that has ended":               {give(issuer.EndorseInput{Subject: a.URL, ValidFrom: noon.AddDate(-1, 0, 0), ValidUntil: noon.Add(-time.Hour)}).JSON, "ended"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.space(t).Attach(t.Context(), issuer.AttachInput{Document: test.document, Check: other.check}, issuer.Write{Actor: "test"})
			wantCode(t, err, issuer.KindInvalid, test.code)
		})
	}
	_, err = d.space(t).Attach(t.Context(), issuer.AttachInput{Document: good.JSON}, issuer.Write{Actor: "test"})
	wantCode(t, err, issuer.KindUnavailable, "no_check")
	if list, _, err := d.space(t).Endorsements(t.Context(), "", "", 0); err != nil || len(list) != 0 {
		t.Errorf("%+v, error %v", list, err)
	}
}

// TestEndorsementForms: the token of an endorsement has the claims that Open Badges asks for (OB 3.0 section 8.2.4).
func TestEndorsementForms(t *testing.T) {
	d, o := endorsingDesk(t, public)
	e, err := d.space(t).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: "did:web:other.example"}, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := proof.ReadJWT([]byte(e.JWT), proof.Options{})
	if err != nil || token.Value["id"] != e.URL || *token.Claims.Issuer != o.DID || *token.Claims.Subject != "did:web:other.example" {
		t.Errorf("%+v, error %v", token, err)
	}
}
