package opinion

import (
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// Parts of VerifierPlus and of the packages verifier-core and vc that it stands on.
const (
	dccPage      = "app/page.tsx"
	dccStatus    = "src/credentialStatus.ts"
	dccIndicator = "app/components/VerifyIndicator/VerifyIndicator.tsx"
	dccLog       = "registered_issuer"
	dccDates     = "expiration"
	dccContext   = "no_vc_context"
	dccSelective = "SD (SD-JWT / ecdsa-sd / BBS)"
	dccList      = "status_list_not_found"
)

// passedOver are the types of status entries that are taken for good without a look.
var passedOver = []string{"StatusList2021Entry", "1EdTechRevocationList"}

var dccRules = []rule{
	{"verifierplus_tokens", dccPage, Refuses, func(in *input) bool { return in.stands() && in.token() }},
	{"verifierplus_reads_files", dccPage, Refuses, func(in *input) bool {
		return in.stands() && slices.Contains([]string{"svg", "pdf", "zip", "html"}, in.report.Input.Kind)
	}},
	{"verifierplus_first_credential", dccPage, Accepts, func(in *input) bool {
		all := in.report.Credentials
		return in.presentation() && len(all) > 1 && all[0].Outcome == verifier.Valid &&
			slices.ContainsFunc(all[1:], func(r *verifier.Report) bool { return r.Outcome != verifier.Valid })
	}},
	{"verifierplus_open_badges_2", dccContext, Refuses, func(in *input) bool { return in.stands() && in.older }},
	{"verifierplus_selective_disclosure", dccSelective, Refuses, func(in *input) bool {
		return in.stands() && in.json() && slices.ContainsFunc(in.proofs, func(p proof.Proof) bool { return p.Suite == "ecdsa-sd-2023" })
	}},
	{"verifierplus_old_status_types", dccStatus, Accepts, func(in *input) bool {
		types := in.statuses()
		return in.undecided() && len(types) > 0 && old(types[0])
	}},
	{"verifierplus_first_status", dccStatus, Accepts, func(in *input) bool {
		types := in.statuses()
		return len(types) > 1 && old(types[0]) && slices.ContainsFunc(in.credential.Statuses[1:], func(p credential.Part) bool {
			return p.Value["type"] == "BitstringStatusListEntry" && in.failsAt("status", p.Pointer)
		})
	}},
	{"verifierplus_suspension", dccIndicator, Accepts, func(in *input) bool {
		return in.newer() && in.fails("status", "suspended") && !in.fails("status", "revoked")
	}},
	{"verifierplus_ended", dccDates, Warns, func(in *input) bool {
		return in.newer() && in.fails("dates", "expired")
	}},
	{"verifierplus_status_unread", dccList, Refuses, func(in *input) bool {
		types := in.statuses()
		return in.against("status", "status_unavailable") && in.report.Outcome == verifier.Unknown && len(types) > 0 && types[0] == "BitstringStatusListEntry"
	}},
	{"verifierplus_issuer_registry", dccLog, Warns, func(in *input) bool {
		return in.report.Outcome == verifier.Valid && in.json() && !in.presentation() && strings.HasPrefix(in.credential.Issuer.ID, "did:")
	}},
}

func old(kind string) bool { return slices.Contains(passedOver, kind) }
