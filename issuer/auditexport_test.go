package issuer_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
)

// TestExportAudit: what is exported can be checked without the store, from any entry on and against a head from elsewhere.
func TestExportAudit(t *testing.T) {
	d := lived(t)
	text, lines := d.exported(t)
	all, err := issuer.VerifyAuditLines(bytes.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := d.VerifyAudit(t.Context())
	want := issuer.AuditLines{First: 1, Entries: n, Head: issuer.AuditHead{Sequence: uint64(n), Hash: all.Head.Hash, At: noon}}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if len(lines) != n || !strings.Contains(string(text), `"reasonText":"a second look"`) {
		t.Errorf("%d lines for %d entries:\n%s", len(lines), n, text)
	}

	var tail bytes.Buffer
	if written, err := d.ExportAudit(t.Context(), 5, &tail); err != nil || written != n-4 {
		t.Errorf("%d entries, error %v", written, err)
	}
	found, err := issuer.VerifyAuditLines(bytes.NewReader(tail.Bytes()), &all.Head)
	if err != nil || found.First != 5 || found.Head != all.Head {
		t.Errorf("%+v, error %v", found, err)
	}
	early := issuer.AuditHead{Sequence: 3, Hash: hashOf(t, text, 3)}
	if _, err := issuer.VerifyAuditLines(bytes.NewReader(text), &early); err != nil {
		t.Error(err)
	}
	for name, head := range map[string]issuer.AuditHead{
		"not in the file": {Sequence: 3, Hash: early.Hash}, "of the future": {Sequence: 1000, Hash: early.Hash}, "of another log": {Sequence: 7, Hash: early.Hash},
	} {
		_, err := issuer.VerifyAuditLines(bytes.NewReader(tail.Bytes()), &head)
		var got *issuer.Error
		if !errors.As(err, &got) || got.Code != "audit_broken" {
			t.Errorf("a head %s: %v", name, err)
		}
	}
	var none bytes.Buffer
	if written, err := d.ExportAudit(t.Context(), 1000, &none); err != nil || written != 0 {
		t.Errorf("%d entries, error %v", written, err)
	}
	if found, err := issuer.VerifyAuditLines(&none, &all.Head); err != nil || found.Head != all.Head {
		t.Errorf("%+v, error %v", found, err)
	}
	full := errors.New("no space left on device")
	if _, err := d.ExportAudit(t.Context(), 0, failing{full}); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func hashOf(t testing.TB, export []byte, n int) string {
	t.Helper()
	return object(t, bytes.Split(export, []byte("\n"))[n-1])["hash"].(string)
}

// TestExportTampering: no byte of an export can be another, and no line missing, doubled, swapped or cut.
func TestExportTampering(t *testing.T) {
	d := lived(t)
	text, _ := d.exported(t)
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines = lines[:len(lines)-1]
	rapid.Check(t, func(r *rapid.T) {
		one, other := rapid.IntRange(0, len(lines)-1).Draw(r, "line"), rapid.IntRange(0, len(lines)-1).Draw(r, "other")
		changed := append([][]byte{}, lines...)
		act := rapid.SampledFrom([]string{"another byte", "one more byte", "without", "twice", "swapped", "cut"}).Draw(r, "act")
		switch act {
		case "another byte", "one more byte":
			at := rapid.IntRange(0, len(lines[one])-1).Draw(r, "at")
			old, put := lines[one][at], rapid.Byte().Draw(r, "byte")
			after := bytes.Clone(lines[one][at+1:])
			if act == "one more byte" {
				after = append([]byte{old}, after...)
			} else if old == put {
				return
			}
			changed[one] = append(append(bytes.Clone(lines[one][:at]), put), after...)
		case "without":
			if one == 0 { // then it begins with the second
				return
			}
			changed = append(changed[:one], changed[one+1:]...)
		case "twice":
			changed = append(changed[:one+1], lines[one:]...)
		case "swapped":
			if one == other {
				return
			}
			changed[one], changed[other] = changed[other], changed[one]
		case "cut":
			changed = [][]byte{text[:rapid.IntRange(0, len(text)-1).Draw(r, "length")]}
		}
		_, err := issuer.VerifyAuditLines(bytes.NewReader(bytes.Join(changed, nil)), nil)
		var got *issuer.Error
		if !errors.As(err, &got) || got.Code != "audit_broken" {
			r.Fatalf("%s: %v", act, err)
		}
	})
	long := fmt.Sprintf(`{"sequence":1,"actor":"%s"}`, strings.Repeat("x", 1<<20))
	if _, err := issuer.VerifyAuditLines(strings.NewReader(long), nil); err == nil || !strings.Contains(err.Error(), "longer than 64 KiB") {
		t.Error(err)
	}
}

// FuzzVerifyAuditLines: whatever is read, a file is good only when its entries are what is said of them.
func FuzzVerifyAuditLines(f *testing.F) {
	d := newDesk(f, "")
	d.publish(f)
	if _, err := d.Revoke(f.Context(), d.award(f).ID, "why", "test"); err != nil {
		f.Fatal(err)
	}
	text, _ := d.exported(f)
	f.Add(text)
	f.Add(text[bytes.IndexByte(text, '\n')+1:])
	f.Add([]byte(`{"head":{"sequence":0,"hash":""}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := issuer.VerifyAuditLines(bytes.NewReader(text), nil)
		if err != nil {
			return
		}
		if lines := bytes.Count(text, []byte("\n")); found.Entries != lines-1 || found.Entries > 0 && found.Head.Sequence-found.First != uint64(found.Entries-1) {
			t.Errorf("%+v for %d lines", found, lines)
		}
	})
}
