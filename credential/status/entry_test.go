package status

import (
	"encoding/json"
	"fmt"
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
	older := with(base, "type", TypeEntry2021)
	revocations := map[string]any{"id": list, "type": TypeRevocationList}
	texts := func(codes ...string) []any {
		var all []any
		for _, code := range codes {
			all = append(all, map[string]any{"status": code, "message": "as " + code})
		}
		return all
	}
	two := func(codes ...string) map[string]any {
		return with(with(message, "statusSize", json.Number("2")), "statusMessage", texts(codes...))
	}
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
		"message of two bits":         {two("0x0", "0x1", "0x2", "0x3"), ""},
		"messages in another order":   {two("0x3", "0x02", "0x0", "0x1"), ""},
		"messages for one bit":        {with(base, "statusMessage", texts("0x1", "0x0")), ""},
		"message of sixteen bits":     {with(with(message, "statusSize", json.Number("16")), "statusMessage", every(16)), ""},
		"one reference":               {with(base, "statusReference", "https://example.com/words"), ""},
		"two references":              {with(base, "statusReference", []any{"https://example.com/words", "urn:x:1"}), ""},
		"older":                       {older, ""},
		"older, without id":           {with(older, "id", nil), ""},
		"older, of another purpose":   {with(older, "statusPurpose", "message"), ""},
		"older, size one":             {with(older, "statusSize", json.Number("1")), ""},
		"revocation list":             {revocations, ""},
		"named twice":                 {with(base, "type", []any{TypeEntry, TypeEntry}), ""},
		"two ways at once":            {with(base, "type", []any{TypeEntry, TypeEntry2021}), "/type"},
		"three ways at once":          {with(base, "type", []any{TypeEntry, TypeRevocationList, TypeEntry}), "/type"},
		"empty types":                 {with(base, "type", []any{}), "/type"},
		"two bits without messages":   {with(message, "statusSize", json.Number("2")), "/statusMessage"},
		"too few messages":            {two("0x0", "0x1", "0x2"), "/statusMessage"},
		"too many messages":           {two("0x0", "0x1", "0x2", "0x3", "0x3"), "/statusMessage"},
		"a message twice":             {two("0x0", "0x1", "0x2", "0x02"), "/statusMessage"},
		"a value beyond the size":     {two("0x0", "0x1", "0x2", "0x4"), "/statusMessage"},
		"a value beyond 32 bits":      {two("0x0", "0x1", "0x2", "0x100000003"), "/statusMessage"},
		"a value without prefix":      {two("0x0", "0x1", "0x2", "3"), "/statusMessage"},
		"a value without digits":      {two("0x0", "0x1", "0x2", "0x"), "/statusMessage"},
		"a negative value":            {two("0x0", "0x1", "0x2", "0x-3"), "/statusMessage"},
		"a value with an underscore":  {two("0x0", "0x1", "0x2", "0x0_3"), "/statusMessage"},
		"a value that is a number":    {with(base, "statusMessage", []any{map[string]any{"status": json.Number("0"), "message": "x"}, map[string]any{"status": "0x1", "message": "y"}}), "/statusMessage"},
		"a message that is no text":   {with(base, "statusMessage", []any{map[string]any{"status": "0x0", "message": true}, map[string]any{"status": "0x1", "message": "y"}}), "/statusMessage"},
		"messages not objects":        {with(base, "statusMessage", []any{"0x0", "0x1"}), "/statusMessage"},
		"messages not an array":       {with(base, "statusMessage", "accepted"), "/statusMessage"},
		"no messages":                 {with(base, "statusMessage", []any{}), "/statusMessage"},
		"relative reference":          {with(base, "statusReference", "words"), "/statusReference"},
		"no reference":                {with(base, "statusReference", []any{}), "/statusReference"},
		"reference not text":          {with(base, "statusReference", json.Number("1")), "/statusReference"},
		"older, id is the list":       {with(older, "id", list), "/id"},
		"older, two bits":             {with(with(older, "statusPurpose", "x"), "statusSize", json.Number("2")), "/statusSize"},
		"older, no purpose":           {with(older, "statusPurpose", nil), "/statusPurpose"},
		"older, exponent":             {with(older, "statusListIndex", "5e0"), "/statusListIndex"},
		"older, relative list":        {with(older, "statusListCredential", "status/3"), "/statusListCredential"},
		"revocation list, no address": {with(revocations, "id", nil), "/id"},
		"revocation list, relative":   {with(revocations, "id", "revocations"), "/id"},
		"revocation list, a number":   {with(revocations, "id", json.Number("1")), "/id"},
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
	for _, name := range []any{"RevocationList2020Status", "StatusList2021", "bitstringstatuslistentry", "https://www.w3.org/ns/credentials/status#BitstringStatusListEntry", []any{"A", "B"}} {
		_, err := ParseEntry(with(base, "type", name))
		if e, ok := err.(*Error); !ok || e.Code != CodeUnavailable || e.Pointer != "/type" {
			t.Errorf("type %v: got %v, want %s", name, err, CodeUnavailable)
		}
	}
	read, err := ParseEntry(two("0x3", "0x02", "0x0", "0x1"))
	if diff := cmp.Diff(map[uint32]string{0: "as 0x0", 1: "as 0x1", 2: "as 0x02", 3: "as 0x3"}, read.Messages); diff != "" || err != nil {
		t.Error(diff, err)
	}
	read, err = ParseEntry(revocations)
	if diff := cmp.Diff(Entry{Method: RevocationList, Purpose: PurposeRevocation, ListURL: list}, read); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if older, err := ParseEntry(older); err != nil || older.Method != StatusList2021 || older.Index != 9 || older.Size != 1 {
		t.Errorf("%+v, %v", older, err)
	}
	huge, err := ParseEntry(cases["index beyond an int"].entry)
	if err != nil || huge.Index != math.MaxInt {
		t.Errorf("a huge index became %d (%v)", huge.Index, err)
	}
}

// every is a message for each value of a status of so many bits.
func every(size int) []any {
	all := make([]any, 1<<size)
	for i := range all {
		all[i] = map[string]any{"status": fmt.Sprintf("0x%x", i), "message": "m"}
	}
	return all
}

// FuzzParseEntry: an entry of any kind is refused with a place and a clause, or says all that a lookup needs.
func FuzzParseEntry(f *testing.F) {
	for _, seed := range []string{
		`{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"9","statusListCredential":"https://e.example/1"}`,
		`{"type":"BitstringStatusListEntry","statusPurpose":"message","statusListIndex":"9","statusListCredential":"https://e.example/1","statusSize":1,"statusMessage":[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"}],"statusReference":"urn:a:b"}`,
		`{"type":"StatusList2021Entry","id":"https://e.example/1#9","statusPurpose":"suspension","statusListIndex":"9","statusListCredential":"https://e.example/1"}`,
		`{"type":["1EdTechRevocationList"],"id":"https://e.example/1"}`,
		`{"type":["BitstringStatusListEntry","StatusList2021Entry"]}`,
		`{"type":"RevocationList2020Status"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := strict.Object(text, credential.JSONLimits())
		if err != nil {
			return
		}
		e, err := ParseEntry(object)
		if err != nil {
			refusal, ok := err.(*Error)
			if !ok || refusal.Clause == "" || refusal.Pointer == "" || refusal.Code != CodeInvalid && refusal.Code != CodeUnavailable {
				t.Fatalf("%#v", err)
			}
			if diff := cmp.Diff(Entry{}, e); diff != "" {
				t.Fatalf("a refused entry says something: %s", diff)
			}
			return
		}
		switch {
		case !absolute(e.ListURL), e.Purpose == "", e.Index < 0:
		case e.Method == RevocationList && e.Size == 0, e.Method == StatusList2021 && e.Size == 1:
			return
		case e.Method == Bitstring && e.Size >= 1 && e.Size <= maxSize && (e.Messages == nil && e.Size == 1 || len(e.Messages) == 1<<e.Size):
			return
		}
		t.Fatalf("%+v", e)
	})
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
		"two bits":     with(base, "statusSize", json.Number("2")),
		"older":        with(base, "type", TypeList2021),
		"older, named": with(with(base, "type", TypeList2021), "id", "list"),
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
		"of both kinds":     {with(base, "type", []any{TypeList, TypeList2021}), "/type"},
		"size zero":         {with(base, "statusSize", json.Number("0")), "/statusSize"},
		"size as text":      {with(base, "statusSize", "1"), "/statusSize"},
		"older, no purpose": {with(with(base, "type", TypeList2021), "statusPurpose", nil), "/statusPurpose"},
	}
	for name, c := range bad {
		_, err := ParseSubject(c.subject)
		if e, ok := err.(*Error); !ok || e.Code != CodeInvalid || e.Pointer != c.pointer {
			t.Errorf("%s: got %v, want %s at %s", name, err, CodeInvalid, c.pointer)
		}
	}
}

func TestMethodOfList(t *testing.T) {
	for want, types := range map[Method][]string{
		Bitstring:      {"VerifiableCredential", TypeCredential},
		StatusList2021: {TypeCredential2021, "VerifiableCredential", TypeCredential2021},
		"":             {"VerifiableCredential", TypeCredential2021, TypeCredential},
	} {
		if got := MethodOfList(types); got != want {
			t.Errorf("%v is %q", types, got)
		}
	}
	if got := MethodOfList([]string{TypeList, TypeEntry}); got != "" {
		t.Errorf("a subject and an entry are %q", got)
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
