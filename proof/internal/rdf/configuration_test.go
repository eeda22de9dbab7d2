package rdf

import (
	"bytes"
	"context"
	"crypto"
	"testing"

	"pgregory.net/rapid"
)

// TestConfigurationIsItsDocument: what is put into a template has the hash of the document that it stands for, or its refusal.
func TestConfigurationIsItsDocument(t *testing.T) {
	options := referenceOptions(t)
	options.loose = false
	processor := NewProcessor(options)
	general := options
	general.General = true
	slow := NewProcessor(general)
	lists := [][]any{
		{contextV2}, {contextV2, contextOB}, {contextV1, "https://w3id.org/security/data-integrity/v2"},
		{contextV1, "https://w3id.org/security/data-integrity/v1"}, {"https://w3id.org/security/data-integrity/v2"}, {contextV1}, {"https://example.org/unknown"},
		{contextV2, "https://www.w3.org/ns/credentials/examples/v2"}, {contextV2, "https://www.w3.org/ns/did/v1"},
	}
	templates := 0
	rapid.Check(t, func(t *rapid.T) {
		c := Configuration{
			Context: rapid.SampledFrom(lists).Draw(t, "context"),
			Suite:   rapid.SampledFrom([]string{"eddsa-rdfc-2022", "ecdsa-rdfc-2019", "a \"b\"\n"}).Draw(t, "suite"),
			Created: rapid.OneOf(rapid.Just(""), rapid.Just("2026-01-01T00:00:00Z"), rapid.String()).Draw(t, "created"),
			Method: rapid.OneOf(rapid.SampledFrom([]string{"did:key:z6Mk#z6Mk", "https://example.org/k#1", "_:b", "type", "cred:x", "@id", "", "relative", "urn:<", markMethod, markCreated}),
				rapid.String()).Draw(t, "method"),
		}
		got, err := processor.SumConfiguration(context.Background(), c, crypto.SHA256)
		want, _, wantErr := slow.Sum(context.Background(), c.document(), crypto.SHA256)
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%+v: %x %v, want %x %v", c, got, err, want, wantErr)
		}
		if processor.template(context.Background(), c) != nil {
			templates++
		}
	})
	if templates == 0 {
		t.Error("no template was used")
	}
}
