package credential

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Real badges with a good signature break no rule, except those of which the reason stands here.
func TestRealBadges(t *testing.T) {
	breaks := map[string]string{
		"inspector-vc_src_test_resources_ob30_simple-err-issued.json": "/credentialSubject/achievement", // a test of the validator
		"listOfTestVCs~3.json": "/@context/2", // a context written into the document, and no validFrom
		"xamples_src_commonMain_kotlin_id_walt_credentials_examples_W3CExamples~4.jwt": "/@context/1", // credentials/v2 over 3.0.0
		"-api_src_main_kotlin_id_walt_verifier_openapi_PresentedCredentialsDocs~2.jwt": "/name",       // dates stand in the claims
	}
	root := referenceFile(t, "corpus")
	var items []struct {
		File, Profile, Kind string
		Truth               string `json:"ground_truth_2026_11_22"`
	}
	readJSON(t, filepath.Join(root, "manifest.json"), &items)
	judged := 0
	for _, item := range items {
		if item.Profile == "none" || !strings.HasPrefix(item.Truth, "valid") || strings.HasPrefix(item.Kind, "ob2") || strings.HasPrefix(item.Kind, "clr") {
			continue
		}
		text := document(t, filepath.Join(root, item.File))
		if text == nil {
			continue // in a picture
		}
		judged++
		profile := OpenBadges
		if item.Profile == "vc" {
			profile = VerifiableCredentials
		}
		found := failures(Check(mustParse(t, text), profile))
		switch pointer, excepted := breaks[filepath.Base(item.File)]; {
		case !excepted && len(found) > 0:
			t.Errorf("%s (%s): %v", item.File, item.Truth, lines(found))
		case excepted && !strings.Contains(strings.Join(lines(found), ";")+";", " "+pointer+";"):
			t.Errorf("%s: no problem at %s: %v", item.File, pointer, lines(found))
		}
	}
	if judged < 70 {
		t.Errorf("only %d documents were judged", judged)
	}
}

// Badges with a good signature that nobody should take for valid break a rule here, but for one whose claims do not fit it.
func TestBadgesThatBreakRules(t *testing.T) {
	root := referenceFile(t, "corpus")
	var items []struct {
		File  string
		Truth string `json:"ground_truth_2026_11_22"`
	}
	readJSON(t, filepath.Join(root, "manifest.json"), &items)
	judged := 0
	for _, item := range items {
		if !strings.HasPrefix(item.Truth, "signature fits, document breaks") {
			continue
		}
		judged++
		found := failures(Check(mustParse(t, document(t, filepath.Join(root, item.File))), OpenBadges))
		other := strings.Contains(item.File, "openbadgecredential_sample.signed") // iss is another issuer
		if (len(found) == 0) != other {
			t.Errorf("%s: %v", item.File, lines(found))
		}
	}
	if judged < 4 {
		t.Errorf("only %d badges were judged", judged)
	}
}

// The credentials among the examples of Open Badges 3.0, with the rules that they break.
func TestExamples(t *testing.T) {
	breaks := map[string]string{
		"docformat__an-example-of-a-well-baked-svg-with-embedded-proof.json": "/credentialSubject/achievement", // a sketch
		"examples__untitled.json":                                           "/issuer/type",                   // a sketch
		"examples__untitled-2.json":                                         "/issuer/type",                   // a sketch
		"readme__sample-assertion-credential.json":                          "/credentialSubject/achievement", // an early draft
		"migrating__upgraded-ob-2-0-assertion-included-within-clr-2-0.json": "/issuer/otherIdentifier/0/type", // array
	}
	paths, err := filepath.Glob(filepath.Join(referenceFile(t, "examples"), "spec-*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, path := range paths {
		c, err := Parse(readFile(t, path))
		if err != nil || c.Value()["credentialSubject"] == nil {
			continue
		}
		judged++
		found := failures(Check(c, OpenBadges))
		if pointer := breaks[filepath.Base(path)]; (pointer == "") != (len(found) == 0) ||
			!strings.Contains(strings.Join(lines(found), ";")+";", pointer+";") {
			t.Errorf("%s: %v", filepath.Base(path), lines(found))
		}
	}
	if judged < 25 {
		t.Errorf("only %d documents were judged", judged)
	}
}

// The documents of the VC Data Model 2.0 test suite: the name says whether one is good.
func TestDataModelSuite(t *testing.T) {
	elsewhere := []string{ // JSON-LD sees these in the contexts step: redefined terms, types that no context maps to a URL
		"credential-redef-type-fail.json", "credential-redef-type2-fail.json",
		"credential-type-mapped-nonurl-fail.json", "credential-type-unmapped-fail.json",
	}
	root := referenceFile(t, "vectors/vcdm/test-suite-input")
	judged := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		name := filepath.Base(path)
		if err != nil || entry.IsDir() {
			return err
		}
		text := strings.NewReplacer("FUTURE DATE", "2999-01-01T00:00:00Z", "PAST DATE", "1999-01-01T00:00:00Z").Replace(string(readFile(t, path)))
		if name == "credential-validUntil-validFrom-ok.json" {
			text = edited(t, text, "/validFrom", `"1999-01-01T00:00:00Z"`, "/validUntil", `"2999-01-01T00:00:00Z"`)
		}
		good := strings.HasSuffix(name, "-ok.json")
		switch { // the suite fills in the issuer under test, and signs what is not self-asserted
		case strings.HasPrefix(name, "presentation"):
			text = signedInside(t, text, name)
		case strings.Contains(text, `"issuer"`) && good:
			if strings.Contains(text, `"issuer": {`) {
				text = edited(t, text, "/issuer/id", `"did:example:issuer"`)
			}
		case !strings.HasPrefix(name, "credential-no-issuer") && !strings.Contains(text, `"issuer"`):
			text = edited(t, text, "/issuer", `"did:example:issuer"`)
		}
		judged++
		found := Check(mustParse(t, []byte(text)), VerifiableCredentials)
		good = good || slices.Contains(elsewhere, name)
		if good != (len(found) == 0) {
			t.Errorf("%s: %v", name, lines(found))
		}
		return nil
	})
	if err != nil || judged < 80 {
		t.Errorf("%d documents were judged: %v", judged, err)
	}
}

// signedInside gives the credentials in a presentation of the suite a proof, as the suite does unless the presentation is to secure
// them.
func signedInside(t *testing.T, text, name string) string {
	t.Helper()
	for _, nested := range mustParse(t, []byte(text)).Nested {
		if nested.Value != nil && nested.Value["issuer"] != nil && !strings.Contains(name, "self-asserted") {
			text = edited(t, text, nested.Pointer+"/proof", `{"type":"DataIntegrityProof"}`)
		}
	}
	return text
}

func edited(t *testing.T, text string, changes ...string) string {
	t.Helper()
	data := []byte(text)
	for i := 0; i < len(changes); i += 2 {
		data = edit(t, data, changes[i], changes[i+1])
	}
	return string(data)
}
