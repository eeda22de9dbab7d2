package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// vectors returns the folder of the published examples, or skips the test.
func vectors(t *testing.T) string {
	t.Helper()
	return filepath.Join(referencedata.Folder(t), "vectors", "bitstring")
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors(t), name))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func pack(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&out)
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func multibase(data []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(data) }

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestRecommendationExamples(t *testing.T) {
	var list struct {
		CredentialSubject map[string]any `json:"credentialSubject"`
	}
	read(t, "rec-example-03.json.txt", &list)
	subject, err := ParseSubject(list.CredentialSubject)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := Decode(subject.EncodedList)
	if err != nil || !bytes.Equal(bits.bits, make([]byte, 16384)) {
		t.Error("the list is not 16,384 zero bytes")
	}
	if diff := cmp.Diff([]string{"revocation"}, subject.Purposes); diff != "" {
		t.Error(diff)
	}
	var badge struct {
		CredentialStatus []map[string]any `json:"credentialStatus"`
	}
	read(t, "rec-example-01.json.txt", &badge)
	var got []Entry
	for _, entry := range badge.CredentialStatus {
		e, err := ParseEntry(entry)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	want := []Entry{
		{Method: Bitstring, ID: "https://example.com/credentials/status/3#94567", Purpose: "revocation", Index: 94567, Size: 1, ListURL: "https://example.com/credentials/status/3"},
		{Method: Bitstring, ID: "https://example.com/credentials/status/4#23452", Purpose: "suspension", Index: 23452, Size: 1, ListURL: "https://example.com/credentials/status/4"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRecommendationFragments reads the examples of the Recommendation that are not JSON as they stand: they have an ellipsis, or a
// comment.
func TestRecommendationFragments(t *testing.T) {
	var entries []Entry
	for name, repair := range map[string]func(string) string{
		"rec-example-02.json.txt": func(s string) string {
			before, rest, _ := strings.Cut(s, "...")
			_, after, _ := strings.Cut(rest, "],")
			before += `{"status":"0x3", "message":"undefined"}],`
			after = strings.Replace(after, `"BillOfLading",`, `"BillOfLading"`, 1)
			return before + strings.Replace(after, "...", "", 1)
		},
		"rec-example-14.json.txt": func(s string) string { return regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(s, "") },
		"rec-example-15.json.txt": func(s string) string { return regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(s, "") },
	} {
		text, err := os.ReadFile(filepath.Join(vectors(t), name))
		if err != nil {
			t.Fatal(err)
		}
		badge, err := credential.Parse([]byte(repair(string(text))))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, part := range badge.Statuses {
			entry, err := ParseEntry(part.Value)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			entries = append(entries, entry)
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.ID+a.Purpose, b.ID+b.Purpose) })
	entry := func(list, index, purpose string) Entry {
		url := "https://example.com/credentials/status/" + list
		n, _ := decimal(index)
		return Entry{Method: Bitstring, ID: url + "#" + index, Purpose: purpose, Index: n, ListURL: url, Size: 1}
	}
	message := entry("8", "492847", "message")
	message.Size, message.Messages = 2, map[uint32]string{0: "pending_review", 1: "accepted", 2: "rejected", 3: "undefined"}
	want := []Entry{entry("3", "94567", "revocation"), entry("4", "12345", "suspension"),
		entry("5", "12345", "suspension"), entry("5", "94567", "revocation"), message}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Error(diff)
	}
}

func TestBitOrder(t *testing.T) {
	var vector struct {
		Cases []struct {
			Name        string            `json:"name"`
			StatusSize  int               `json:"statusSize"`
			Set         map[string]uint32 `json:"set"`
			EncodedList string            `json:"encodedList"`
		} `json:"cases"`
	}
	read(t, "derived-bit-order.json", &vector)
	if len(vector.Cases) == 0 {
		t.Fatal("the vector holds no cases")
	}
	for _, c := range vector.Cases {
		size := max(c.StatusSize, 1)
		list, err := Decode(c.EncodedList)
		if strings.Contains(c.Name, "STATUS_LIST_LENGTH_ERROR") {
			if err == nil {
				_, err = list.Value(Entry{Size: size})
			}
			if code(err) != CodeInvalid {
				t.Errorf("%s: %v, want %s", c.Name, err, CodeInvalid)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		want := New(list.Len())
		for text, value := range c.Set {
			index, ok := decimal(text)
			if !ok {
				t.Fatalf("%s: index %q", c.Name, text)
			}
			got, err := list.Value(Entry{Index: index, Size: size})
			if err != nil || got != value {
				t.Errorf("%s: value at %d is %d (%v), want %d", c.Name, index, got, err, value)
			}
			for bit := range size {
				if err := want.Set(index*size+bit, value>>(size-1-bit)&1 == 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !bytes.Equal(want.bits, list.bits) {
			t.Errorf("%s: the bits differ from a list built here", c.Name)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	smallest := make([]byte, 16384)
	good := multibase(pack(t, smallest))
	header := pack(t, smallest)
	damaged := bytes.Clone(header)
	damaged[len(damaged)-8] ^= 1 // first byte of the CRC-32
	cases := map[string]struct {
		encoded string
		code    string
	}{
		"smallest list":             {good, ""},
		"longest list":              {multibase(pack(t, make([]byte, credential.Limits.StatusList))), ""},
		"empty text":                {"", CodeInvalid},
		"prefix alone":              {"u", CodeInvalid},
		"no prefix":                 {good[1:], CodeInvalid},
		"base58 prefix":             {"z" + good[1:], CodeInvalid},
		"padding":                   {good + "=", CodeInvalid},
		"line end inside":           {good[:9] + "\n" + good[9:], CodeInvalid},
		"standard alphabet":         {"u+/" + good[3:], CodeInvalid},
		"loose trailing bits":       {"uH4sIAAAAAAAAB", CodeInvalid},
		"not gzip":                  {multibase(smallest), CodeInvalid},
		"cut short":                 {multibase(header[:len(header)-3]), CodeInvalid},
		"wrong checksum":            {multibase(damaged), CodeInvalid},
		"two members":               {multibase(pack(t, smallest, smallest)), CodeInvalid},
		"bytes after the member":    {multibase(append(bytes.Clone(header), 0)), CodeInvalid},
		"one byte below the least":  {multibase(pack(t, smallest[1:])), CodeInvalid},
		"one byte beyond the limit": {multibase(pack(t, make([]byte, credential.Limits.StatusList+1))), CodeTooLarge},
		"bomb of 300 MB":            {multibase(pack(t, make([]byte, 300<<20))), CodeTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			list, err := Decode(c.encoded)
			if code(err) != c.code {
				t.Errorf("got %v, want code %q", err, c.code)
			}
			if err != nil && list.Len() != 0 {
				t.Error("a refused list has bits")
			}
		})
	}
}

// TestDecode2021: a list of the older kind has no prefix and any of the four forms of base64, in its one right spelling.
func TestDecode2021(t *testing.T) {
	bits := make([]byte, 16384)
	for i := range 64 { // so that the text has characters of both alphabets
		bits[i*97] = byte(i * 37)
	}
	packed := pack(t, bits)
	for len(packed)%3 == 0 || !strings.ContainsAny(base64.StdEncoding.EncodeToString(packed), "+/") {
		bits[len(packed)] ^= 0x41
		packed = pack(t, bits)
	}
	bare := base64.RawURLEncoding.EncodeToString(packed)
	standard := base64.RawStdEncoding.EncodeToString(packed)
	for name, c := range map[string]struct{ encoded, code string }{
		"base64url":             {bare, ""},
		"base64url, padded":     {base64.URLEncoding.EncodeToString(packed), ""},
		"standard":              {standard, ""},
		"standard, padded":      {base64.StdEncoding.EncodeToString(packed), ""},
		"multibase":             {"u" + bare, CodeInvalid},
		"both alphabets":        {standard[:len(standard)-2] + "-_", CodeInvalid},
		"too much padding":      {bare + "====", CodeInvalid},
		"padding inside":        {bare[:4] + "=" + bare[4:], CodeInvalid},
		"line end":              {bare[:9] + "\n" + bare[9:], CodeInvalid},
		"line end at the end":   {bare + "\r\n", CodeInvalid},
		"space":                 {" " + bare, CodeInvalid},
		"loose trailing bits":   {"H4sIAAAAAAAAB", CodeInvalid},
		"empty":                 {"", CodeInvalid},
		"zlib":                  {"eJztwTEBAAAAwqD1T20MH6AAAAAAAAAAAAAAAAAAAACAtwGG0lSr", CodeInvalid},
		"two members":           {base64.RawURLEncoding.EncodeToString(pack(t, bits, bits)), CodeInvalid},
		"bytes after":           {base64.RawURLEncoding.EncodeToString(append(bytes.Clone(packed), 0)), CodeInvalid},
		"bomb":                  {base64.RawURLEncoding.EncodeToString(pack(t, make([]byte, 40<<20))), CodeTooLarge},
		"just as long as it is": {base64.RawURLEncoding.EncodeToString(pack(t, make([]byte, credential.Limits.StatusList))), ""},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := Subject{Method: StatusList2021, EncodedList: c.encoded}.Decode()
			if code(err) != c.code {
				t.Fatalf("got %v, want code %q", err, c.code)
			}
			if err == nil && name[:4] != "just" && !bytes.Equal(list.bits, bits) {
				t.Error("other bits")
			}
		})
	}
	if _, err := (Subject{EncodedList: bare}).Decode(); code(err) == "" {
		t.Error("a list of no kind was read")
	}
}

// TestReal2021 reads lists of others: standard base64 without padding, and base64url.
func TestReal2021(t *testing.T) {
	for encoded, want := range map[string][]int{
		"H4sIAAAAAAAA/+3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA":     nil,
		"H4sIAAAAAAAA_-3BMQ0AAAACIGf_0MbwARoAAAAAAAAAAAAAAAAAAADgbbmHB0sAQAAA":     {6},
		"H4sIAAAAAAAAA+3BMQEAAAjAoEWxf0pt4QPUmQAAAAAAAAAAAAAAAAAAAIBHCzOa7TAAQAAA": {42},
	} {
		list, err := Subject{Method: StatusList2021, EncodedList: encoded}.Decode()
		if err != nil {
			t.Errorf("%s: %v", encoded, err)
			continue
		}
		var set []int
		for i := range list.Len() {
			if value, err := list.Value(Entry{Index: i, Size: 1}); err != nil || value != 0 {
				set = append(set, i)
			}
		}
		if diff := cmp.Diff(want, set); diff != "" {
			t.Errorf("%s: %s", encoded, diff)
		}
	}
}

// TestShort: of a list that is too short what is set is given beside the error, and nothing beyond it.
func TestShort(t *testing.T) {
	bits := make([]byte, 12500)
	bits[1] = 0x80
	list, err := Subject{Method: Bitstring, EncodedList: multibase(pack(t, bits))}.Decode()
	if err != nil {
		t.Fatal(err)
	}
	for index, want := range map[int]uint32{8: 1, 9: 0, 99999: 0, 100000: 0, math.MaxInt: 0} {
		if value, err := list.Value(Entry{Index: index, Size: 1}); value != want || code(err) != CodeInvalid {
			t.Errorf("at %d: %d, %v", index, value, err)
		}
	}
	if value, err := list.Value(Entry{Index: 2, Size: 4}); value != 8 || code(err) != CodeInvalid {
		t.Errorf("four bits: %d, %v", value, err)
	}
}

func TestRange(t *testing.T) {
	list := New(0)
	for _, i := range []int{-1, list.Len(), math.MaxInt, math.MinInt} {
		if _, err := list.Get(i); code(err) != CodeInvalid {
			t.Errorf("Get(%d): %v", i, err)
		}
		if err := list.Set(i, true); code(err) != CodeInvalid {
			t.Errorf("Set(%d): %v", i, err)
		}
		if _, err := list.Value(Entry{Index: i, Size: 1}); code(err) != CodeInvalid {
			t.Errorf("Value(%d): %v", i, err)
		}
	}
	for _, size := range []int{0, -1, 2, maxSize + 1} { // 2: the list is then too short
		if _, err := list.Value(Entry{Size: size}); code(err) != CodeInvalid {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if got := New(131073).Len(); got != 131080 {
		t.Errorf("131,073 entries are rounded to %d", got)
	}
	if _, err := (List{}).Encode(); code(err) != CodeInvalid {
		t.Errorf("the zero list was encoded: %v", err)
	}
	if _, err := New(8*credential.Limits.StatusList + 1).Encode(); code(err) != CodeTooLarge {
		t.Errorf("a list beyond the limit was encoded: %v", err)
	}
}

func TestEncodeIsStable(t *testing.T) {
	a, b := New(0), New(0)
	for _, l := range []List{a, b} {
		if err := l.Set(77, true); err != nil {
			t.Fatal(err)
		}
	}
	first, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Encode()
	if err != nil || first != second {
		t.Errorf("equal lists have different texts (%v)", err)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := New(rapid.IntRange(0, 300000).Draw(t, "entries"))
		set := rapid.SliceOfDistinct(rapid.IntRange(0, list.Len()-1), rapid.ID[int]).Draw(t, "set")
		for _, i := range set {
			if err := list.Set(i, true); err != nil {
				t.Fatal(err)
			}
		}
		encoded, err := list.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(list.bits, got.bits) {
			t.Fatal("the bits changed on the way")
		}
		for _, i := range set {
			on, err := got.Get(i)
			value, errValue := got.Value(Entry{Index: i, Size: 1})
			if err != nil || errValue != nil || !on || value != 1 {
				t.Fatalf("bit %d was lost", i)
			}
			if err := got.Set(i, false); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got.bits, make([]byte, len(got.bits))) {
			t.Fatal("bits are set that nobody set")
		}
	})
}

// TestSizes: a value of any size is read from the place where it was written, by both kinds of list.
func TestSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, maxSize).Draw(t, "size")
		list := New(size * credential.Limits.StatusMinimum)
		values := rapid.MapOfN(rapid.IntRange(0, list.Len()/size-1), rapid.Uint32Range(0, 1<<size-1), 0, 20).Draw(t, "values")
		for index, value := range values {
			for bit := range size {
				if err := list.Set(index*size+bit, value>>(size-1-bit)&1 == 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		encoded, err := list.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Subject{{Method: Bitstring, EncodedList: encoded}, {Method: StatusList2021, EncodedList: encoded[1:]}} {
			got, err := s.Decode()
			if err != nil || !bytes.Equal(got.bits, list.bits) {
				t.Fatalf("other bits (%v)", err)
			}
			for index, value := range values {
				if read, err := got.Value(Entry{Index: index, Size: size}); err != nil || read != value {
					t.Fatalf("at %d of size %d: %d (%v), want %d", index, size, read, err, value)
				}
			}
			if _, err := got.Value(Entry{Index: got.Len() / size, Size: size}); code(err) != CodeInvalid {
				t.Fatalf("beyond the end: %v", err)
			}
		}
	})
}

// FuzzDecode2021: what is read is one of the four spellings of the same bytes.
func FuzzDecode2021(f *testing.F) {
	packed := pack(f, make([]byte, 16384))
	f.Add(base64.RawURLEncoding.EncodeToString(packed))
	f.Add(base64.StdEncoding.EncodeToString(packed))
	f.Add("H4sI")
	f.Fuzz(func(t *testing.T, encoded string) {
		packed, err := unpack(StatusList2021, encoded)
		if err != nil {
			if code(err) != CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		for _, form := range []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.StdEncoding} {
			if form.EncodeToString(packed) == encoded {
				list, err := Subject{Method: StatusList2021, EncodedList: encoded}.Decode()
				if err == nil && list.Len() > 8*credential.Limits.StatusList {
					t.Fatalf("%d bits", list.Len())
				}
				return
			}
		}
		t.Fatalf("another spelling was read: %q", encoded)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(multibase(pack(f, make([]byte, 16384))))
	f.Add(multibase(pack(f, make([]byte, 16384), make([]byte, 16384))))
	f.Add("uH4sI")
	f.Fuzz(func(t *testing.T, encoded string) {
		list, err := Decode(encoded)
		if err != nil {
			if c := code(err); c != CodeInvalid && c != CodeTooLarge {
				t.Fatalf("unknown code %q", c)
			}
			return
		}
		if n := list.Len(); n < credential.Limits.StatusMinimum || n > 8*credential.Limits.StatusList {
			t.Fatalf("a list of %d bits was accepted", n)
		}
	})
}
