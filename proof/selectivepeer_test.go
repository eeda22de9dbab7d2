package proof

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// peerAnswer is what @digitalbazaar/ecdsa-sd-2023-cryptosuite says to one task of testdata/npm/selective.mjs.
type peerAnswer struct {
	OK    json.RawMessage `json:"ok"`
	Error string          `json:"error"`
}

// askPeer runs tasks there.
func askPeer(t *testing.T, tasks []map[string]any) []peerAnswer {
	t.Helper()
	home := filepath.Join("..", "testdata", "npm")
	if _, err := os.Stat(filepath.Join(home, "node_modules", "@digitalbazaar", "ecdsa-sd-2023-cryptosuite")); err != nil {
		t.Skip("skipped: the npm packages of testdata/npm are not installed (`make tools`)")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: node is not installed")
	}
	texts := map[string]string{}
	for _, c := range contexts.All() {
		texts[c.URL] = string(c.JSON)
	}
	input, err := json.Marshal(map[string]any{"contexts": texts, "tasks": tasks})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", filepath.Join(home, "selective.mjs"))
	command.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, said.String())
	}
	var answers []peerAnswer
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(tasks) {
		t.Fatalf("%d answers to %d tasks", len(answers), len(tasks))
	}
	return answers
}

// selectiveCase is a credential with pointers to what is mandatory and what its holder shows.
type selectiveCase struct {
	name                string
	credential          string
	mandatory, selected []string
	list                bool // it has an ordered list, which the peer verifies but cannot take apart
}

const (
	selectiveV2 = `"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]`
	selectiveV1 = `"@context":["https://www.w3.org/2018/credentials/v1","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json","https://w3id.org/security/data-integrity/v2"]`
)

var selectiveCases = []selectiveCase{
	{name: "badge of 3 kB", credential: string(referencedata.Badge(1)), list: true,
		mandatory: []string{"/issuer", "/validFrom", "/credentialSubject/identifier"}, selected: []string{"/evidence/0/name", "/credentialSubject/achievement/alignment/1"}},
	{name: "badge with 10 alignments", credential: string(referencedata.Badge(10)), list: true,
		mandatory: []string{"/issuer/id"}, selected: []string{"/credentialSubject/achievement/resultDescription", "/credentialSubject/achievement/alignment/7/targetUrl"}},
	{name: "a list that is not shown", credential: string(referencedata.Badge(1)), list: true, mandatory: []string{"/issuer"}, selected: []string{"/name"}},
	{name: "rubric", credential: `{` + selectiveV2 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000001","type":["VerifiableCredential","OpenBadgeCredential"],"name":"Rubric",
		"issuer":{"id":"https://example.org/i","type":["Profile"],"name":"I"},"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"type":["AchievementSubject"],"id":"did:example:s",
		"result":[{"type":["Result"],"resultDescription":"urn:uuid:00000000-0000-4000-8000-00000000000a","achievedLevel":"urn:uuid:00000000-0000-4000-8000-00000000000b"},{"type":["Result"],"value":"B"}],
		"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"},"resultDescription":[{"id":"urn:uuid:00000000-0000-4000-8000-00000000000a",
		"type":["ResultDescription"],"name":"R","resultType":"RubricCriterionLevel","rubricCriterionLevel":[{"id":"urn:uuid:00000000-0000-4000-8000-00000000000b","type":["RubricCriterionLevel"],"name":"Good","level":"1"},
		{"id":"urn:uuid:00000000-0000-4000-8000-00000000000c","type":["RubricCriterionLevel"],"name":"Better","alignment":[{"type":["Alignment"],"targetName":"N","targetUrl":"https://example.org/t"}]}]}]}}}`,
		mandatory: []string{"/issuer/name", "/credentialSubject/achievement/criteria"}, selected: []string{"/credentialSubject/result/1", "/credentialSubject/achievement/resultDescription/0/rubricCriterionLevel/1/alignment"}},
	{name: "results without names", credential: `{` + selectiveV2 + `,"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"https://example.org/i","type":["Profile"]},"validFrom":"2026-01-01T00:00:00Z",
		"credentialSubject":{"type":["AchievementSubject"],"result":[{"type":["Result"],"value":"1"},{"type":["Result"],"value":"2"},{"type":["Result"],"value":"2"},{"type":["Result","Related"],"value":"3","status":"Completed"}],
		"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"}}}}`,
		mandatory: []string{"/validFrom"}, selected: []string{"/credentialSubject/result/0", "/credentialSubject/result/2/value"}},
	{name: "profiles without ids", credential: `{` + selectiveV2 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000002","type":["VerifiableCredential","OpenBadgeCredential"],
		"issuer":{"id":"https://example.org/i","type":["Profile"],"name":"I","address":{"type":["Address"],"addressLocality":"X","geo":{"type":["GeoCoordinates"],"latitude":1.5,"longitude":-2}},
		"parentOrg":{"id":"https://example.org/p","type":["Profile"],"name":"P","otherIdentifier":[{"type":"IdentifierEntry","identifier":"1","identifierType":"name"},{"type":"IdentifierEntry","identifier":"2","identifierType":"name"}]}},
		"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"type":["AchievementSubject"],"identifier":[{"type":"IdentityObject","hashed":false,"identityHash":"a","identityType":"name"},
		{"type":"IdentityObject","hashed":true,"identityHash":"sha256$b","identityType":"emailAddress","salt":"s"}],"source":{"id":"https://example.org/s","type":["Profile"],"name":"S"},
		"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"},"creator":{"id":"https://example.org/i","type":["Profile"],"name":"I again"}}}}`,
		mandatory: []string{"/issuer/address/addressLocality", "/credentialSubject/identifier/0"}, selected: []string{"/issuer/parentOrg/otherIdentifier/1/identifier", "/credentialSubject/achievement/creator/name"}},
	{name: "evidence and types", credential: `{` + selectiveV2 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000003","type":["VerifiableCredential","OpenBadgeCredential"],"name":"n","description":"d","issuer":"https://example.org/i",
		"validFrom":"2026-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00Z","credentialStatus":[{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"1","statusListCredential":"https://example.org/l/1"},
		{"type":"BitstringStatusListEntry","statusPurpose":"suspension","statusListIndex":"1","statusListCredential":"https://example.org/l/2"}],"image":{"id":"https://example.org/i.png","type":"Image","caption":"c"},
		"evidence":[{"type":["Evidence"],"name":"one"},{"type":["Evidence"],"id":"https://example.org/e","name":"two","narrative":"n"},{"type":["Evidence"],"name":"three"}],"credentialSubject":{"id":"did:example:s","type":["AchievementSubject"],
		"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"id":"https://example.org/c"},"tag":["x","y","x"],"inLanguage":"en"}}}`,
		mandatory: []string{"/issuer", "/credentialStatus", "/validUntil"}, selected: []string{"/evidence/2", "/evidence/0/name", "/credentialSubject/achievement/tag/1", "/image"}},
	{name: "data model 1.1", credential: `{` + selectiveV1 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000004","type":["VerifiableCredential","OpenBadgeCredential"],"name":"n","issuer":{"id":"https://example.org/i","type":["Profile"],"name":"I"},
		"issuanceDate":"2026-01-01T00:00:00Z","expirationDate":"2027-01-01T00:00:00Z","credentialSubject":{"type":["AchievementSubject"],"identifier":{"type":"IdentityObject","hashed":false,"identityHash":"a","identityType":"name"},
		"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"},"alignment":[{"type":["Alignment"],"targetName":"N","targetUrl":"https://example.org/t"},
		{"type":["Alignment"],"targetName":"M","targetUrl":"https://example.org/u"}]}}}`,
		mandatory: []string{"/issuer", "/issuanceDate", "/expirationDate", "/credentialSubject/identifier"}, selected: []string{"/credentialSubject/achievement/alignment/1/targetUrl", "/name"}},
	{name: "data model 1.1 with nothing mandatory", credential: `{` + selectiveV1 + `,"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"https://example.org/i","type":"Profile"},"issuanceDate":"2026-01-01T00:00:00Z",
		"credentialSubject":{"type":"AchievementSubject","achievement":{"id":"https://example.org/a","type":"Achievement","name":"A","description":"D","criteria":{"narrative":"C"}}}}`,
		selected: []string{"/credentialSubject/achievement/criteria/narrative"}},
	{name: "terms of the examples context", credential: `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"type":["VerifiableCredential","UniversityDegreeCredential"],
		"issuer":"https://example.org/i","credentialSubject":[{"id":"did:example:a","degree":{"type":"BachelorDegree","name":"x"}},{"degree":{"type":["BachelorDegree","Other"],"name":"y","spouses":[1,2.5,true]}}]}`,
		mandatory: []string{"/issuer"}, selected: []string{"/credentialSubject/1/degree/spouses"}},
	{name: "a vocabulary of its own", credential: `{"@context":["https://www.w3.org/ns/credentials/v2",{"@vocab":"https://example.org/v#"}],"type":["VerifiableCredential"],"issuer":"https://example.org/i","credentialSubject":{"sailNumber":"Earth101",
		"sails":[{"size":5.5,"sailName":"Kihei","year":2023},{"size":6.1,"sailName":"Lahaina","year":2023},{"size":7,"sailName":"Lahaina","year":2020},{"size":7.8,"sailName":"Lahaina","year":2023}],
		"boards":[{"boardName":"CompFoil170","brand":"Wailea","year":2022},{"boardName":"Kanaha Custom","brand":"Wailea","year":2019}]}}`,
		mandatory: []string{"/issuer", "/credentialSubject/sailNumber", "/credentialSubject/sails/1", "/credentialSubject/boards/0/year", "/credentialSubject/sails/2"}, selected: []string{"/credentialSubject/boards/0", "/credentialSubject/boards/1"}},
	{name: "endorsement inside", credential: `{` + selectiveV2 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000005","type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"https://example.org/i","type":["Profile"]},
		"validFrom":"2026-01-01T00:00:00Z","endorsement":[{` + selectiveV2 + `,"id":"urn:uuid:00000000-0000-4000-8000-000000000006","type":["VerifiableCredential","EndorsementCredential"],"issuer":{"id":"https://example.org/e","type":["Profile"]},
		"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":"https://example.org/a","type":["EndorsementSubject"],"endorsementComment":"good"}}],
		"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"}}}}`,
		mandatory: []string{"/issuer"}, selected: []string{"/endorsement"}},
	{name: "texts of all scripts", credential: `{` + selectiveV2 + `,"type":["VerifiableCredential","OpenBadgeCredential"],"name":"\u00e4\u0161\u05e9\u6f22\ud83d\udc69 \"q\" \\ \n\t <b>&amp;","issuer":{"id":"https://example.org/i","type":["Profile"],"name":"\ud83c\udfeb"},
		"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"type":["AchievementSubject"],"narrative":"c14n0 not a _ : label","achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"~/~0","description":"\u2028","criteria":{"narrative":"C"}}}}`,
		mandatory: []string{"/name"}, selected: []string{"/issuer/name", "/credentialSubject/narrative"}},
	{name: "languages", credential: `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"name":[{"@value":"a","@language":"en"},{"@value":"b","@language":"de","@direction":"ltr"}],"description":{"@value":"c","@language":"ar","@direction":"rtl"},
		"issuer":{"id":"https://example.org/i","name":{"@value":"I","@language":"en"}},"credentialSubject":{"id":"did:example:s"}}`,
		mandatory: []string{"/name/1"}, selected: []string{"/description", "/issuer/name"}},
	{name: "whole document", credential: `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"https://example.org/i","validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s"}}`,
		mandatory: []string{"/issuer"}, selected: []string{""}},
	{name: "all mandatory", credential: `{` + selectiveV2 + `,"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"https://example.org/i","type":["Profile"]},"validFrom":"2026-01-01T00:00:00Z",
		"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"https://example.org/a","type":["Achievement"],"name":"A","description":"D","criteria":{"narrative":"C"}}}}`,
		mandatory: []string{"/issuer", "/validFrom", "/credentialSubject"}},
	{name: "two alike", credential: `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"type":["VerifiableCredential"],"issuer":"https://example.org/i",
		"credentialSubject":{"knows":[{"type":"Person","knows":{"type":"Person","name":"a"}},{"type":"Person","knows":{"type":"Person","name":"a"}},{"type":"Person"}]}}`,
		mandatory: []string{"/credentialSubject/knows/0/knows"}, selected: []string{"/credentialSubject/knows/1"}},
}

func newP256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sealBase is a credential with a base proof of ours, by the did:key of signer, which becomes its issuer.
func sealBase(t testing.TB, signer *ecdsa.PrivateKey, text string, pointers []string) ([]byte, error) {
	t.Helper()
	value := object(t, []byte(text))
	did, err := keys.DIDKey(&signer.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if issuer, isObject := value["issuer"].(map[string]any); isObject {
		issuer["id"] = did
	} else {
		value["issuer"] = did
	}
	document, err := marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	jsonld := Options{VC: true}.processor()
	if _, _, err := jsonld.Sum(t.Context(), value, crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	method := did + "#" + strings.TrimPrefix(did, "did:key:")
	configuration, err := jsonld.SumConfiguration(t.Context(), rdf.Configuration{Context: value["@context"], Suite: ecdsaSD2023, Created: "2026-01-01T00:00:00Z", Method: method}, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	proofValue, err := sealSelective(t.Context(), signer, document, value, pointers, configuration, jsonld)
	if err != nil {
		return nil, err
	}
	proof, err := marshal(map[string]any{"type": "DataIntegrityProof", "cryptosuite": ecdsaSD2023, "created": "2026-01-01T00:00:00Z",
		"verificationMethod": method, "proofPurpose": "assertionMethod", "proofValue": proofValue})
	if err != nil {
		t.Fatal(err)
	}
	return addMember(document, "proof", proof), nil
}

// verifyDerived checks a document with the did:key that its proof names.
func verifyDerived(t testing.TB, text []byte) error {
	t.Helper()
	s, p := readSelective(t, text, Options{VC: true})
	_, fragment, _ := strings.Cut(p.Method, "#")
	key, err := keys.ParseMultikey(fragment)
	if err != nil {
		t.Fatal(err)
	}
	return s.Verify(context.Background(), p, key)
}

func peerVerified(t *testing.T, what string, a peerAnswer) {
	t.Helper()
	var result struct {
		Verified bool
		Error    string
	}
	if a.Error == "" {
		if err := json.Unmarshal(a.OK, &result); err != nil {
			t.Fatal(err)
		}
	}
	if !result.Verified {
		t.Errorf("%s: the peer does not verify it: %s%s", what, a.Error, result.Error)
	}
}

// TestSelectivePeer: base proofs and derived proofs of ours and of the peer go both ways, each step by either.
func TestSelectivePeer(t *testing.T) {
	signer := newP256(t)
	var first, second, third []map[string]any
	ours := make([][]byte, len(selectiveCases))
	for i, c := range selectiveCases {
		var err error
		if ours[i], err = sealBase(t, signer, c.credential, c.mandatory); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		first = append(first,
			map[string]any{"do": "base", "credential": json.RawMessage(c.credential), "pointers": append([]string{}, c.mandatory...)},
			map[string]any{"do": "derive", "credential": json.RawMessage(ours[i]), "pointers": append([]string{}, c.selected...)})
	}
	answers := askPeer(t, first)
	var names []string
	for i, c := range selectiveCases {
		theirBase, theirDerived := answers[2*i], answers[2*i+1]
		derived, err := Derive(t.Context(), ours[i], c.selected, Options{VC: true})
		if err != nil {
			t.Errorf("%s: deriving from our base proof: %v", c.name, err)
			continue
		}
		if err := verifyDerived(t, derived); err != nil {
			t.Errorf("%s: our derived proof: %v", c.name, err)
		}
		names = append(names, c.name+": ours throughout")
		second = append(second, map[string]any{"do": "verify", "credential": json.RawMessage(derived)})
		if c.list {
			t.Logf("%s: the peer cannot take it apart: %s", c.name, theirBase.Error)
			if theirBase.Error == "" || theirDerived.Error == "" {
				t.Errorf("%s: the peer takes lists apart now: compare with it", c.name)
			}
			continue
		}
		if theirBase.Error != "" || theirDerived.Error != "" {
			t.Errorf("%s: the peer refuses it: %s%s", c.name, theirBase.Error, theirDerived.Error)
			continue
		}
		if err := verifyDerived(t, theirDerived.OK); err != nil {
			t.Errorf("%s: their derived proof from our base proof: %v", c.name, err)
		}
		if diff := cmp.Diff(without(object(t, theirDerived.OK), "proof"), without(object(t, derived), "proof")); diff != "" {
			t.Errorf("%s: what is revealed (-peer +ours):\n%s", c.name, diff)
		}
		derived, err = Derive(t.Context(), theirBase.OK, c.selected, Options{VC: true})
		if err != nil {
			t.Errorf("%s: deriving from their base proof: %v", c.name, err)
			continue
		}
		if err := verifyDerived(t, derived); err != nil {
			t.Errorf("%s: our derived proof from their base proof: %v", c.name, err)
		}
		names = append(names, c.name+": their base proof")
		second = append(second, map[string]any{"do": "verify", "credential": json.RawMessage(derived)})
		third = append(third, map[string]any{"do": "derive", "credential": theirBase.OK, "pointers": append([]string{}, c.selected...)})
	}
	for i, a := range askPeer(t, second) {
		peerVerified(t, names[i], a)
	}
	for _, a := range askPeer(t, third) {
		if a.Error != "" {
			t.Errorf("the peer refuses its own: %s", a.Error)
		} else if err := verifyDerived(t, a.OK); err != nil {
			t.Errorf("theirs throughout: %v", err)
		}
	}
}

// TestSelectivePeerMandatory: what is mandatory without being asked for stands in the base proof, so that the peer reveals it too.
func TestSelectivePeerMandatory(t *testing.T) {
	_, signer := selectiveSigner(t)
	var cases []selectiveCase
	var tasks []map[string]any
	for _, c := range selectiveCases {
		if c.list {
			continue
		}
		base, err := Seal(t.Context(), []byte(c.credential), SealOptions{Signer: signer, Suite: ecdsaSD2023, Mandatory: c.mandatory})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		c.credential = string(base)
		cases = append(cases, c)
		tasks = append(tasks, map[string]any{"do": "derive", "credential": json.RawMessage(base), "pointers": append([]string{}, c.selected...)})
	}
	for i, a := range askPeer(t, tasks) {
		c := cases[i]
		if geo := strings.Contains(c.credential, `"geo"`); a.Error != "" || geo { // which the peer cannot select, by whatever pointer, once it has compacted the document
			if geo != (a.Error != "") {
				t.Errorf("%s: the peer: %q", c.name, a.Error)
			}
			continue
		}
		derived, err := Derive(t.Context(), []byte(c.credential), c.selected, Options{VC: true})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		theirs := object(t, a.OK)
		if diff := cmp.Diff(without(theirs, "proof"), without(object(t, derived), "proof")); diff != "" {
			t.Errorf("%s: what is revealed (-peer +ours):\n%s", c.name, diff)
		}
		sealed := object(t, []byte(c.credential))
		for _, kept := range alwaysMandatory {
			if diff := cmp.Diff(sealed[kept], theirs[kept]); diff != "" {
				t.Errorf("%s: the peer leaves out %s:\n%s", c.name, kept, diff)
			}
		}
		for what, text := range map[string][]byte{"ours": derived, "theirs": a.OK} {
			if err := verifyDerived(t, text); err != nil {
				t.Errorf("%s, %s: %v", c.name, what, err)
			}
		}
	}
}

// pointersOf are the pointers to every value of a document.
func pointersOf(value any, at string) []string {
	pointers := []string{at}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			pointers = append(pointers, pointersOf(value[name], at+strict.Escape(name))...)
		}
	case []any:
		for i, item := range value {
			pointers = append(pointers, pointersOf(item, at+"/"+strconv.Itoa(i))...)
		}
	}
	return pointers
}

// TestSelectivePeerGroups: with every pointer of the documents alone, and with several at once, we select the statements that the
// peer selects, or refuse where it has no answer.
func TestSelectivePeerGroups(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(5, 2023))
	type asked struct {
		c        selectiveCase
		value    map[string]any
		pointers []string
	}
	var all []asked
	var tasks []map[string]any
	for _, c := range selectiveCases {
		if c.list {
			continue
		}
		value := object(t, []byte(c.credential))
		every := pointersOf(value, "")
		var sets [][]string
		for _, pointer := range every {
			sets = append(sets, []string{pointer})
		}
		if os.Getenv("LAUREL_DIFFERENTIAL") == "" { // the long form asks for every pointer
			random.Shuffle(len(sets), func(i, j int) { sets[i], sets[j] = sets[j], sets[i] })
			sets = sets[:min(len(sets), 10)]
		}
		for range 6 {
			var set []string
			for range 1 + random.IntN(4) {
				set = append(set, every[1+random.IntN(len(every)-1)])
			}
			sets = append(sets, set)
		}
		for _, set := range sets {
			all = append(all, asked{c, value, set})
			tasks = append(tasks, map[string]any{"do": "group", "credential": json.RawMessage(c.credential), "pointers": set, "key": "k"})
		}
	}
	key := sha256.Sum256([]byte("k"))
	jsonld := Options{VC: true}.processor()
	same, refused, silent := 0, 0, 0
	for i, a := range askPeer(t, tasks) {
		c := all[i]
		selection, err := selectPointers(c.value, c.pointers)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := jsonld.Statements(t.Context(), c.value, []*rdf.Selection{selection}, hmacLabels(key[:]))
		if err != nil {
			t.Fatal(err)
		}
		_, err = revealed(t.Context(), []byte(c.c.credential), c.value, c.pointers, selection, ours.Selected, jsonld)
		if a.Error != "" {
			silent++ // where compaction has given the document another shape, or a type is not in an array any more
			continue
		}
		if err != nil {
			refused++
			// The peer drops a part of a value without a word: it is none of the statements that it has.
			if !slices.ContainsFunc(c.pointers, func(pointer string) bool { return strings.Contains(pointer, "/@") }) {
				t.Errorf("%s %q: only we refuse: %v", c.c.name, c.pointers, err)
			}
			continue
		}
		var theirs struct {
			All      []string
			Selected []int
		}
		if err := json.Unmarshal(a.OK, &theirs); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(theirs.All, lines(ours.All)); diff != "" {
			t.Fatalf("%s: statements (-peer +ours):\n%s", c.c.name, diff)
		}
		var selected []int
		for i, s := range ours.All {
			if s.By != 0 {
				selected = append(selected, i)
			}
		}
		if diff := cmp.Diff(append([]int{}, theirs.Selected...), append([]int{}, selected...)); diff != "" {
			t.Errorf("%s %q selects other statements (-peer +ours):\n%s", c.c.name, c.pointers, diff)
		}
		same++
	}
	if same < 2*silent {
		t.Errorf("only %d selections compared", same)
	}
	t.Logf("%d selections alike; %d that only we refuse; %d that the peer refuses", same, refused, silent)
}
