package proof

import (
	"bytes"
	"context"
	"crypto"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// FuzzSelectiveValue: a proof value is refused, or is written again as something that reads the same.
func FuzzSelectiveValue(f *testing.F) {
	_, base, derived := selectiveBadge(f, []string{"/issuer"}, []string{"/name", "/evidence"})
	for _, text := range [][]byte{base, derived} {
		f.Add(object(f, text)["proof"].(map[string]any)["proofValue"].(string))
	}
	for _, text := range []string{"", "u", "u2V0A", "u2V0B", "u2V0BhUBAgKCA", "z" + strings.Repeat("1", 64), "u2V0Bn_8", "u2V0BmgD_____"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := readDerivedValue(text); err == nil {
			again, err := d.encode()
			if err != nil {
				t.Fatal(err)
			}
			if second, err := readDerivedValue(again); err != nil || !reflect.DeepEqual(d, second) {
				t.Fatalf("read back as another: %v", err)
			}
		}
		if b, err := readBaseValue(text); err == nil {
			again, err := b.encode()
			if err != nil {
				t.Fatal(err)
			}
			if second, err := readBaseValue(again); err != nil || !reflect.DeepEqual(b, second) {
				t.Fatalf("read back as another: %v", err)
			}
		}
	})
}

// FuzzSelectivePointer: of whatever document, what two pointers select is a JSON document that makes the statements which they
// select, or they are refused; and what is written of a document selected whole is that document.
func FuzzSelectivePointer(f *testing.F) {
	f.Add(referencedata.Badge(1), "/issuer", "/credentialSubject/achievement/alignment/0")
	for _, c := range selectiveCases {
		f.Add([]byte(c.credential), strings.Join(c.mandatory[:min(1, len(c.mandatory))], ""), strings.Join(c.selected[:min(1, len(c.selected))], ""))
	}
	f.Add([]byte(" {\"a~/\" : [ 1 , \"\\\"]\" , { } ] }\n"), "/a~0~1/1", "/a~0~1/2")
	jsonld := Options{VC: true}.processor()
	f.Fuzz(func(t *testing.T, text []byte, first, second string) {
		value, err := strict.Object(text, credential.JSONLimits())
		if err != nil || len(text) > 1<<14 {
			return
		}
		whole := &rdf.Selection{}
		whole.Add(nil)
		proofless := without(value, "proof")
		if again, err := strict.Object(reveal(nil, withoutProof(text), whole), credential.JSONLimits()); err != nil || !cmp.Equal(proofless, again) {
			t.Fatalf("%s: %v", text, err)
		}
		pointers := []string{first, second}
		selection, err := selectPointers(proofless, pointers)
		if err != nil {
			return
		}
		part, err := strict.Object(reveal(nil, withoutProof(text), selection), credential.JSONLimits())
		if err != nil || !within(part, proofless) {
			t.Fatalf("%s %q: %v", text, pointers, err)
		}
		if _, _, err := jsonld.Sum(context.Background(), proofless, crypto.SHA256); err != nil {
			return
		}
		all, err := jsonld.Statements(context.Background(), proofless, []*rdf.Selection{selection}, unlabelled)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := revealed(context.Background(), text, proofless, pointers, selection, all.Selected, jsonld)
		if err != nil {
			return
		}
		canonical, err := Canonical(context.Background(), object(t, shown), crypto.SHA256, Options{VC: true})
		if err != nil || !bytes.Equal(canonical, all.Selected) {
			t.Fatalf("%s %q: %s: %v", text, pointers, shown, err)
		}
	})
}

// within says whether a value is a part of another: of an object some members, of an array some items in their order.
func within(part, whole any) bool {
	switch part := part.(type) {
	case map[string]any:
		object, isObject := whole.(map[string]any)
		for name, member := range part {
			if other, there := object[name]; !there || !within(member, other) {
				return false
			}
		}
		return isObject
	case []any:
		rest, isArray := whole.([]any)
		for _, item := range part {
			for len(rest) > 0 && !within(item, rest[0]) {
				rest = rest[1:]
			}
			if len(rest) == 0 {
				return false
			}
			rest = rest[1:]
		}
		return isArray
	}
	return part == whole
}
