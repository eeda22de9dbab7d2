package proof_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// input is what a verifier is given, with the profile to judge it by.
type input struct {
	name    string
	bytes   []byte
	profile credential.Profile
}

// TestReportsOfBothPaths: whatever a verifier is given, its report is the same to the byte when every document takes the general
// path, where json-gold reads it too.
func TestReportsOfBothPaths(t *testing.T) {
	var inputs []input
	for _, profile := range []credential.Profile{credential.OpenBadges, credential.VerifiableCredentials} {
		inputs = append(inputs, corpus(t, profile)...)
		inputs = append(inputs, mutations(t, profile)...)
	}
	reports := func() []string {
		all := make([]string, len(inputs))
		for i, in := range inputs {
			report, err := verifier.Verify(context.Background(), in.bytes, verifier.Options{At: judgedAt, Profile: in.profile})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			all[i] = string(text)
		}
		return all
	}
	compiled := reports()
	var valid, authentic, refused int
	for _, report := range compiled {
		switch {
		case strings.Contains(report, `"outcome":"valid"`):
			valid++
		case strings.Contains(report, `"authentic":"yes"`):
			authentic++
		case strings.Contains(report, proof.CodeUnsafeJSONLD):
			refused++
		}
	}
	t.Logf("%d inputs: %d valid, %d authentic only, %d of which something would not be signed", len(inputs), valid, authentic, refused)
	if valid == 0 || refused == 0 {
		t.Error("the inputs are too much alike to show anything")
	}
	proof.UseGeneralPath(t)
	for i, report := range reports() {
		if report != compiled[i] {
			t.Errorf("%s (%v):\ncompiled %s\ngeneral  %s", inputs[i].name, inputs[i].profile, compiled[i], report)
		}
	}
}

var judgedAt = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// corpus is every real credential and every example of the reference data.
func corpus(t *testing.T, profile credential.Profile) (inputs []input) {
	root := referencedata.Folder(t)
	for _, folder := range []string{"corpus/files", "examples", "vectors/di-eddsa", "vectors/vcdm"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			inputs = append(inputs, input{strings.TrimPrefix(path, root), text, profile})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return inputs
}

// mutations are badges in which members were changed, moved or taken away; half of them were changed before they were signed, so
// that their signatures fit.
func mutations(t *testing.T, profile credential.Profile) (inputs []input) {
	count := 300
	if long, err := strconv.Atoi(os.Getenv("LAUREL_DIFFERENTIAL")); err == nil {
		count = long
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	key := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	badge := bytes.ReplaceAll(referencedata.Badge(1), []byte(referencedata.BadgeIssuer), []byte(did))
	random := rand.New(rand.NewPCG(4, uint64(profile)))
	change := func(text []byte, times int) []byte {
		var document map[string]any
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		for range times {
			mutate(random, document)
		}
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for i := range count {
		text := change(badge, i%2*(1+random.IntN(3)))
		sealed, err := proof.Seal(context.Background(), text, proof.SealOptions{Signer: key, Created: judgedAt})
		switch {
		case err != nil:
			sealed = text
		case i%2 == 0:
			sealed = change(sealed, 1+random.IntN(3))
		}
		inputs = append(inputs, input{fmt.Sprintf("mutation %d %s", i, sealed), sealed, profile})
	}
	return inputs
}

// mutate changes one thing somewhere in a document.
func mutate(random *rand.Rand, document map[string]any) {
	var objects []map[string]any
	var collect func(value any)
	collect = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			objects = append(objects, value)
			for _, name := range slices.Sorted(maps.Keys(value)) {
				collect(value[name])
			}
		case []any:
			for _, member := range value {
				collect(member)
			}
		}
	}
	collect(document)
	object := objects[random.IntN(len(objects))]
	name := "name"
	if names := slices.Sorted(maps.Keys(object)); len(names) > 0 {
		name = names[random.IntN(len(names))]
	}
	other := []string{"id", "@id", "type", "@type", "name", "image", "proof", "evidence", "unknown", "https://schema.org/name", "@graph", "@value", "@list", "@set", "@context", "endorsement", "narrative"}[random.IntN(17)]
	value := []any{nil, true, 1.5, 1e-7, "text", "urn:a", "_:b", "https://example.org/ a", []any{}, []any{"a", "a"}, map[string]any{}, map[string]any{"id": "_:b"},
		map[string]any{"@value": "a", "@language": "en"}, map[string]any{"@list": []any{"a"}}, map[string]any{"type": "Achievement", "name": "n"}, "\u0001\ufffe\U0001F600"}[random.IntN(16)]
	switch random.IntN(5) {
	case 0:
		delete(object, name)
	case 1:
		object[name] = value
	case 2:
		object[other] = value
	case 3:
		object[other] = object[name]
		delete(object, name)
	case 4:
		object[name] = []any{object[name], value}
	}
}
