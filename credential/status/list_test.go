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
		{ID: "https://example.com/credentials/status/3#94567", Purpose: "revocation", Index: 94567, Size: 1, ListURL: "https://example.com/credentials/status/3"},
		{ID: "https://example.com/credentials/status/4#23452", Purpose: "suspension", Index: 23452, Size: 1, ListURL: "https://example.com/credentials/status/4"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
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
