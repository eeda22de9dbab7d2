package issuer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// wantRefusal says that err is the refusal of this kind and code; "" is none.
func wantRefusal(t testing.TB, what string, err error, kind issuer.ErrorKind, code string) {
	t.Helper()
	var got *issuer.Error
	switch {
	case kind == "" && err == nil:
	case kind == "" || !errors.As(err, &got) || got.Kind != kind || got.Code != code:
		t.Errorf("%s: error %v, want %s %s", what, err, kind, code)
	}
}

func TestConfigure(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	before := d.award(t)
	was, version, err := w.Organisation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 2001)
	for name, c := range map[string]struct {
		configuration issuer.Configuration
		code          string
	}{
		"no name":              {issuer.Configuration{Name: " "}, "name"},
		"a name of two lines":  {issuer.Configuration{Name: "A\nB"}, "name"},
		"no e-mail address":    {issuer.Configuration{Name: "A", Email: "someone"}, "email"},
		"a website of another": {issuer.Configuration{Name: "A", Settings: issuer.Settings{Website: "javascript:alert(1)"}}, "website"},
		"a colour by name":     {issuer.Configuration{Name: "A", Settings: issuer.Settings{Accent: "red"}}, "accent"},
		"a colour that runs":   {issuer.Configuration{Name: "A", Settings: issuer.Settings{Accent: "#1d5b43;}"}}, "accent"},
		"a long website":       {issuer.Configuration{Name: "A", Settings: issuer.Settings{Website: "https://example.org/" + long}}, "website"},
		"a long description":   {issuer.Configuration{Name: "A", Settings: issuer.Settings{Description: long}}, "description"},
		"a hidden character":   {issuer.Configuration{Name: "A", Settings: issuer.Settings{Description: "a\x00b"}}, "description"},
		"one above ASCII":      {issuer.Configuration{Name: "A", Settings: issuer.Settings{Description: "a\u0085b"}}, "description"},
		"no language":          {issuer.Configuration{Name: "A", Settings: issuer.Settings{Language: "English"}}, "language"},
		"no time zone":         {issuer.Configuration{Name: "A", Settings: issuer.Settings{Zone: "Local"}}, "zone"},
		"an unknown act":       {issuer.Configuration{Name: "A", Settings: issuer.Settings{Second: []issuer.Act{"suspend"}}}, "second"},
	} {
		_, _, err := w.Configure(t.Context(), c.configuration, issuer.Write{Actor: "account:a"})
		wantRefusal(t, name, err, issuer.KindInvalid, c.code)
	}
	wanted := issuer.Configuration{Name: " Lakeside District ", Email: "Office@Example.org", Settings: issuer.Settings{Website: "https://lakeside.example", Description: "Schools by the lake.",
		Language: "es", Held: true, Second: []issuer.Act{issuer.ActRevoke, issuer.ActRevoke}, RevocationList: true}}
	_, _, err = w.Configure(t.Context(), wanted, issuer.Write{Actor: "account:a", Versions: []uint64{version + 1}})
	wantRefusal(t, "another version", err, issuer.KindConflict, "version")
	now, after, err := w.Configure(t.Context(), wanted, issuer.Write{Actor: "account:a", Versions: []uint64{version}})
	if err != nil || after != version+1 || now.Name != "Lakeside District" || now.Email != "office@example.org" || now.DID != was.DID || !slices.Equal(now.Settings.Second, []issuer.Act{issuer.ActRevoke}) {
		t.Fatalf("%+v, version %d, error %v", now, after, err)
	}
	if read, _, err := w.Organisation(t.Context()); err != nil || read.Settings.Description != "Schools by the lake." || !read.Settings.Held || len(read.Keys) != len(was.Keys) {
		t.Errorf("%+v, error %v", read, err)
	}

	// What is signed stays; what is signed from now on, and the profile, have the new name.
	if kept, err := d.Credential(t.Context(), before.ID); err != nil || !bytes.Equal(kept.JSON, before.JSON) {
		t.Errorf("an award changed: %v", err)
	}
	fresh, err := w.Issue(t.Context(), issuer.AwardInput{Achievement: a.ID, Recipient: "bo@example.org"}, issuer.Write{Actor: "account:a"})
	if err != nil || !bytes.Contains(fresh.JSON, []byte(`"name":"Lakeside District"`)) {
		t.Errorf("%s, error %v", fresh.JSON, err)
	}
	profile, err := d.Document(t.Context(), now.URL)
	if err != nil || !bytes.Contains(profile, []byte("Lakeside District")) || !bytes.Contains(profile, []byte("Schools by the lake.")) {
		t.Errorf("%s, error %v", profile, err)
	}

	// One person does not take away what protects against one person; the operator of the machine may.
	wanted.Settings.Second = nil
	_, _, err = w.Configure(t.Context(), wanted, issuer.Write{Actor: "account:a"})
	wantRefusal(t, "no second person any more", err, issuer.KindDenied, "second_person")
	wanted.Settings.Second = []issuer.Act{issuer.ActAward, issuer.ActRevoke}
	if _, _, err = w.Configure(t.Context(), wanted, issuer.Write{Actor: "account:a"}); err != nil {
		t.Error(err)
	}
	if o, err := d.Reconfigure(t.Context(), was.ID, issuer.ConfigurationChange{Second: new([]issuer.Act)}, "command line"); err != nil || o.Settings.Second != nil || o.Settings.Language != "es" {
		t.Errorf("%+v, error %v", o, err)
	}
	_, err = d.Reconfigure(t.Context(), "nobody", issuer.ConfigurationChange{}, "command line")
	wantRefusal(t, "an organisation that is not there", err, issuer.KindMissing, "not_found")
	if n := d.actions(t, "organisation.configured"); n != 3 {
		t.Errorf("%d entries", n)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSetPicture(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	o := d.organisation(t)
	var pixels bytes.Buffer
	if err := png.Encode(&pixels, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	by := issuer.Write{Actor: "account:a"}
	for what, bad := range map[string]string{"no picture": "GIF89a", "a broken PNG": pixels.String()[:30], "no SVG": "<html></html>"} {
		_, _, err := w.SetPicture(t.Context(), []byte(bad), by)
		wantRefusal(t, what, err, issuer.KindInvalid, "image")
	}
	for _, one := range []struct{ name, other, data string }{
		{"image.png", "image.svg", pixels.String()},
		{"image.svg", "image.png", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script><rect width="1" height="1"/></svg>`},
	} {
		now, _, err := w.SetPicture(t.Context(), []byte(one.data), by)
		if err != nil || now.Image != one.name {
			t.Fatalf("%q, error %v", now.Image, err)
		}
		served, err := d.OrganisationPicture(t.Context(), o.ID, one.name)
		if err != nil || bytes.Contains(served, []byte("script")) || len(served) == 0 {
			t.Errorf("%.80s, error %v", served, err)
		}
		if public, err := d.Document(t.Context(), o.URL+"/"+one.name); err != nil || !bytes.Equal(public, served) {
			t.Errorf("the document is another: %v", err)
		}
		_, err = d.OrganisationPicture(t.Context(), o.ID, one.other)
		wantRefusal(t, "the other name", err, issuer.KindMissing, "not_found")
		var profile struct {
			Image struct{ ID, Type string } `json:"image"`
		}
		text, err := d.Document(t.Context(), o.URL)
		if err != nil || json.Unmarshal(text, &profile) != nil || profile.Image.ID != o.URL+"/"+one.name || profile.Image.Type != "Image" {
			t.Errorf("%s, error %v", text, err)
		}
		if c := d.award(t); !bytes.Contains(c.JSON, []byte(`"image":{"id":"`+o.URL+"/"+one.name)) {
			t.Errorf("%s", c.JSON)
		}
	}
	if now, _, err := w.SetPicture(t.Context(), nil, by); err != nil || now.Image != "" || d.count(t, "organisation-picture") != 0 {
		t.Errorf("%q, error %v", now.Image, err)
	}
	if c := d.award(t); bytes.Contains(c.JSON, []byte(o.URL+"/image")) {
		t.Errorf("%s", c.JSON)
	}
}

// TestManyOrganisations: each of many issuers on one host has its own identity, keys and documents, and the host that of the first.
func TestManyOrganisations(t *testing.T) {
	many := 50
	if testing.Short() {
		many = 10
	}
	d := newDesk(t, public)
	for i := 1; i < many; i++ {
		if _, err := d.CreateOrganisation(t.Context(), fmt.Sprintf("District %03d", i), "", "command line"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.Organisations(t.Context())
	if err != nil || len(all) != many {
		t.Fatal(len(all), err)
	}
	var document struct{ ID string }
	text, err := d.Document(t.Context(), public+"/.well-known/did.json")
	if err != nil || json.Unmarshal(text, &document) != nil || document.ID != all[0].DID || document.ID != "did:web:badges.example.org" {
		t.Fatalf("%s, error %v", text, err)
	}
	keys := map[string]string{}
	for _, o := range all {
		text, err := d.Document(t.Context(), o.URL+"/did.json")
		if err != nil || json.Unmarshal(text, &document) != nil || document.ID != o.DID {
			t.Fatalf("%s, error %v", text, err)
		}
		for _, k := range o.Keys {
			if other := keys[k.Multikey]; other != "" || !strings.HasPrefix(k.Method, o.DID+"#") {
				t.Errorf("the key %s of %s is that of %s too", k.Method, o.DID, other)
			}
			keys[k.Multikey] = o.DID
		}
	}
	var set struct{ Keys []map[string]any }
	if text, err = d.Document(t.Context(), public+"/.well-known/jwks.json"); err != nil || json.Unmarshal(text, &set) != nil || len(set.Keys) != len(keys) {
		t.Fatalf("%d keys, error %v", len(set.Keys), err)
	}
	for _, k := range set.Keys {
		if id := fmt.Sprint(k["iss"]); !strings.HasPrefix(fmt.Sprint(k["kid"]), id+"#") {
			t.Errorf("the key %v says %v", k["kid"], k["iss"])
		}
	}

	// The last one awards what is its own, and nothing of the first.
	last := all[many-1]
	theirs := d.Workspace(all[0].ID)
	a, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: last.ID, Name: "Lab Safety", Description: "d", Criteria: "c", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Workspace(last.ID).Issue(t.Context(), issuer.AwardInput{Achievement: a.ID, Recipient: "bo@example.org"}, issuer.Write{Actor: "account:a"})
	if err != nil || !bytes.Contains(c.JSON, []byte(last.DID)) {
		t.Fatal(err)
	}
	_, err = theirs.Issue(t.Context(), issuer.AwardInput{Achievement: a.ID, Recipient: "bo@example.org"}, issuer.Write{Actor: "account:b"})
	wantRefusal(t, "an achievement of another", err, issuer.KindMissing, "achievement")
	if err := d.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
