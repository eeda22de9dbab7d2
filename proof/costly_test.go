package proof

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"strings"
	"testing"
)

// TestChainsShareTheirWork: each set of previous proofs is another canonical form, and all of them together are bounded, counted in
// units and not in time.
func TestChainsShareTheirWork(t *testing.T) {
	clique := func(size int) string { // objects that are all alike
		var objects []string
		for i := range size {
			var links []string
			for j := range size {
				if i != j {
					links = append(links, fmt.Sprintf(`{"id":"_:e%d"}`, j))
				}
			}
			objects = append(objects, fmt.Sprintf(`{"id":"_:e%d","type":["Profile"],"parentOrg":[%s]}`, i, strings.Join(links, ",")))
		}
		return strings.Join(objects, ",")
	}
	s := signer(t)
	var proofs []string
	for i := range 16 {
		proofs = append(proofs, fmt.Sprintf(`{"id":"urn:p%d","type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","verificationMethod":%q,"proofPurpose":"assertionMethod","proofValue":"z3","previousProof":["urn:p%d"]}`, i, s.ID, max(i-1, 0)))
	}
	proofs[0] = strings.Replace(proofs[0], `,"previousProof":["urn:p0"]`, "", 1)
	for name, c := range map[string]struct {
		size    int
		refused bool
	}{"alike": {4, false}, "too alike": {7, true}} {
		text := `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:c","type":["VerifiableCredential"],"evidence":[` + clique(c.size) + `],"proof":[` + strings.Join(proofs, ",") + `]}`
		secured, err := ReadIntegrity(object(t, []byte(text)), Options{VC: true})
		if err != nil {
			t.Fatal(err)
		}
		refused, ended := 0, 0
		for _, p := range secured.Proofs {
			_, _, err := secured.hashDocument(context.Background(), p.Previous, crypto.SHA256)
			if err != nil {
				refused++
				if strings.Contains(err.Error(), "cover each other") {
					ended++
				}
			}
		}
		if c.refused != (refused == 16) || c.refused != (ended > 10) {
			t.Errorf("%s: %d of 16 refused, %d without work", name, refused, ended)
		}
		if _, units, _ := secured.hashDocument(context.Background(), secured.Proofs[15].Previous, crypto.SHA256); units < 1000 || units > 3*unitsMost {
			t.Errorf("%s: %d units", name, units)
		}
		// Whoever asks for the last set first gets the same.
		again, err := ReadIntegrity(object(t, []byte(text)), Options{VC: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range again.Proofs {
			p := again.Proofs[len(again.Proofs)-1-i]
			want, wantUnits, wantErr := secured.hashDocument(context.Background(), p.Previous, crypto.SHA256)
			got, units, err := again.hashDocument(context.Background(), p.Previous, crypto.SHA256)
			if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) || units != wantUnits {
				t.Errorf("%s: %s comes out otherwise when asked for earlier: %v, %v", name, p.ID, err, wantErr)
			}
		}
	}
}

// TestLongSignature: a text that no signature has is not decoded.
func TestLongSignature(t *testing.T) {
	if _, err := decodeBase58("z" + strings.Repeat("z", 1<<20)); err == nil {
		t.Error("a text of a megabyte was decoded")
	}
	if got, err := decodeBase58("z" + strings.Repeat("1", base58Longest-1)); err != nil || len(got) != base58Longest-1 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
