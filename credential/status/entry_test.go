package status

import (
	"encoding/json"
	"maps"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

func with(base map[string]any, name string, value any) map[string]any {
	changed := maps.Clone(base)
	if value == nil {
		delete(changed, name)
	} else {
		changed[name] = value
	}
	return changed
}

func TestParseEntry(t *testing.T) {
	const list = "https://example.com/status/3"
	base := map[string]any{
		"id": list + "#9", "type": TypeEntry, "statusPurpose": "revocation", "statusListIndex": "9", "statusListCredential": list,
	}
	message := with(base, "statusPurpose", "message")
	type outcome struct {
		entry   map[string]any
		pointer string // "" when the entry is good
	}
	cases := map[string]outcome{
		"good":                        {base, ""},
		"types in an array":           {with(base, "type", []any{"Other", TypeEntry}), ""},
		"without id":                  {with(base, "id", nil), ""},
		"index zero":                  {with(base, "statusListIndex", "0"), ""},
		"index beyond an int":         {with(base, "statusListIndex", "99999999999999999999999999"), ""},
		"size one":                    {with(base, "statusSize", json.Number("1")), ""},
		"message of two bits":         {with(message, "statusSize", json.Number("2")), ""},
		"other type":                  {with(base, "type", "StatusList2021Entry"), "/type"},
		"no type":                     {with(base, "type", nil), "/type"},
		"type not text":               {with(base, "type", []any{TypeEntry, true}), "/type"},
		"no purpose":                  {with(base, "statusPurpose", nil), "/statusPurpose"},
		"empty purpose":               {with(base, "statusPurpose", ""), "/statusPurpose"},
		"purposes in an array":        {with(base, "statusPurpose", []any{"revocation"}), "/statusPurpose"},
		"no index":                    {with(base, "statusListIndex", nil), "/statusListIndex"},
		"index as a number":           {with(base, "statusListIndex", json.Number("9")), "/statusListIndex"},
		"empty index":                 {with(base, "statusListIndex", ""), "/statusListIndex"},
		"negative index":              {with(base, "statusListIndex", "-1"), "/statusListIndex"},
		"index with a plus":           {with(base, "statusListIndex", "+1"), "/statusListIndex"},
		"index with an exponent":      {with(base, "statusListIndex", "5e0"), "/statusListIndex"},
		"index with a fraction":       {with(base, "statusListIndex", "5.0"), "/statusListIndex"},
		"index with a leading zero":   {with(base, "statusListIndex", "05"), "/statusListIndex"},
		"index with a space":          {with(base, "statusListIndex", " 5"), "/statusListIndex"},
		"index in hexadecimal":        {with(base, "statusListIndex", "0x5"), "/statusListIndex"},
		"index in other digits":       {with(base, "statusListIndex", "٥"), "/statusListIndex"},
		"no list":                     {with(base, "statusListCredential", nil), "/statusListCredential"},
		"relative list":               {with(base, "statusListCredential", "/status/3"), "/statusListCredential"},
		"id not text":                 {with(base, "id", json.Number("3")), "/id"},
		"id is the list":              {with(base, "id", list), "/id"},
		"size as text":                {with(base, "statusSize", "1"), "/statusSize"},
		"size zero":                   {with(base, "statusSize", json.Number("0")), "/statusSize"},
		"negative size":               {with(message, "statusSize", json.Number("-2")), "/statusSize"},
		"huge size":                   {with(message, "statusSize", json.Number("9999999999999999999999")), "/statusSize"},
		"revocation of two bits":      {with(base, "statusSize", json.Number("2")), "/statusSize"},
		"suspension of two bits":      {with(with(base, "statusPurpose", "suspension"), "statusSize", json.Number("2")), "/statusSize"},
		"size with a fraction of one": {with(base, "statusSize", json.Number("1.5")), "/statusSize"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ParseEntry(c.entry)
			if c.pointer == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e, ok := err.(*Error)
			if !ok || e.Code != CodeInvalid || e.Pointer != c.pointer || e.Clause == "" {
				t.Errorf("got %#v, want %s at %s", err, CodeInvalid, c.pointer)
			}
		})
	}
	huge, err := ParseEntry(cases["index beyond an int"].entry)
	if err != nil || huge.Index != math.MaxInt {
		t.Errorf("a huge index became %d (%v)", huge.Index, err)
	}
}

func TestParseSubject(t *testing.T) {
	encoded, err := New(0).Encode()
	if err != nil {
		t.Fatal(err)
	}
	base := map[string]any{"id": "https://example.com/status/3#list", "type": TypeList, "statusPurpose": "revocation", "encodedList": encoded}
	good := map[string]map[string]any{
		"one purpose":  base,
		"two purposes": with(base, "statusPurpose", []any{"revocation", "suspension"}),
		"without id":   with(base, "id", nil),
		"ttl":          with(base, "ttl", json.Number("300000")),
		"endless ttl":  with(base, "ttl", json.Number("99999999999999999999999")),
	}
	for name, subject := range good {
		s, err := ParseSubject(subject)
		if err != nil || s.TTL < 0 || s.EncodedList != encoded {
			t.Errorf("%s: %+v, %v", name, s.TTL, err)
		}
	}
	bad := map[string]struct {
		subject map[string]any
		pointer string
	}{
		"other type":        {with(base, "type", "AchievementSubject"), "/type"},
		"no purpose":        {with(base, "statusPurpose", nil), "/statusPurpose"},
		"empty purposes":    {with(base, "statusPurpose", []any{}), "/statusPurpose"},
		"purpose of 7":      {with(base, "statusPurpose", []any{json.Number("7")}), "/statusPurpose"},
		"no list":           {with(base, "encodedList", nil), "/encodedList"},
		"list not text":     {with(base, "encodedList", json.Number("7")), "/encodedList"},
		"ttl as text":       {with(base, "ttl", "300000"), "/ttl"},
		"ttl with fraction": {with(base, "ttl", json.Number("1.5")), "/ttl"},
		"id not a URL":      {with(base, "id", "list"), "/id"},
	}
	for name, c := range bad {
		_, err := ParseSubject(c.subject)
		if e, ok := err.(*Error); !ok || e.Code != CodeInvalid || e.Pointer != c.pointer {
			t.Errorf("%s: got %v, want %s at %s", name, err, CodeInvalid, c.pointer)
		}
	}
}

func TestCredential(t *testing.T) {
	list := New(0)
	if err := list.Set(9, true); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 22, 10, 0, 0, 500, time.FixedZone("", 3600))
	options := ListOptions{
		ID: "https://example.org/status/1", Issuer: "did:web:example.org", Purpose: "revocation",
		ValidFrom: from, ValidUntil: from.Add(48 * time.Hour), TTL: 5 * time.Minute,
	}
	document, err := Credential(options, list)
	if err != nil {
		t.Fatal(err)
	}
	object, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := list.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"@context":   []any{"https://www.w3.org/ns/credentials/v2"},
		"id":         options.ID,
		"type":       []any{"VerifiableCredential", TypeCredential},
		"issuer":     options.Issuer,
		"validFrom":  "2026-11-22T09:00:00Z",
		"validUntil": "2026-11-24T09:00:00Z",
		"credentialSubject": map[string]any{
			"id": options.ID + "#list", "type": TypeList, "statusPurpose": "revocation", "encodedList": encoded, "ttl": json.Number("300000"),
		},
	}
	if diff := cmp.Diff(want, object); diff != "" {
		t.Error(diff)
	}
	subject, err := ParseSubject(object["credentialSubject"].(map[string]any))
	if err != nil || subject.TTL != options.TTL {
		t.Errorf("own list is not read back: %+v, %v", subject.TTL, err)
	}

	for name, change := range map[string]func(*ListOptions){
		"no id":       func(o *ListOptions) { o.ID = "" },
		"no issuer":   func(o *ListOptions) { o.Issuer = "" },
		"no purpose":  func(o *ListOptions) { o.Purpose = "" },
		"no begin":    func(o *ListOptions) { o.ValidFrom = time.Time{} },
		"ends before": func(o *ListOptions) { o.ValidUntil = o.ValidFrom },
	} {
		changed := options
		change(&changed)
		if _, err := Credential(changed, list); err == nil {
			t.Errorf("%s: a list credential was built", name)
		}
	}
}
