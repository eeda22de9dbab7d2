package issuer_test

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/proof"
)

// TestSelectiveStatus: no holder can leave out the status that was asked for.
func TestSelectiveStatus(t *testing.T) {
	d, o := signingDesk(t, public)
	for name, mandatory := range map[string][]string{"none": nil, "given too": {"/credentialStatus", "/issuer"}, "one of it": {"/credentialStatus/0"}} {
		signed, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: unsigned(o.DID), Suite: "ecdsa-sd-2023", Mandatory: mandatory,
			Name: "urn:" + name, Purposes: []string{"revocation", "suspension"}}, issuer.Write{Actor: "test"})
		if err != nil {
			t.Fatal(name, err)
		}
		derived, err := proof.Derive(t.Context(), signed.JSON, []string{"/issuer", "/credentialSubject"}, proof.Options{VC: true})
		if err != nil || strings.Count(string(derived), `"statusPurpose"`) != 2 {
			t.Errorf("%s: %s, error %v", name, derived, err)
		}
	}
}
