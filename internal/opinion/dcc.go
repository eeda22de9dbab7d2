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
	{dccPage, Refuses, "It does not read tokens.", func(in *input) bool { return in.stands() && in.token() }},
	{dccPage, Refuses, "It reads JSON, and JSON in a PNG picture; not SVG, PDF or archives.", func(in *input) bool {
		return in.stands() && slices.Contains([]string{"svg", "pdf", "zip", "html"}, in.report.Input.Kind)
	}},
	{dccPage, Accepts, "Of a presentation it looks at the first credential only.", func(in *input) bool {
		all := in.report.Credentials
		return in.presentation() && len(all) > 1 && all[0].Outcome == verifier.Valid &&
			slices.ContainsFunc(all[1:], func(r *verifier.Report) bool { return r.Outcome != verifier.Valid })
	}},
	{dccContext, Refuses, "It does not read badges of Open Badges 2.0.", func(in *input) bool { return in.stands() && in.older }},
	{dccSelective, Refuses, "It does not check signatures with selective disclosure.", func(in *input) bool {
		return in.stands() && in.json() && slices.ContainsFunc(in.proofs, func(p proof.Proof) bool { return p.Suite == "ecdsa-sd-2023" })
	}},
	{dccStatus, Accepts, "It takes a status entry of type StatusList2021Entry or 1EdTechRevocationList for good without looking it up.", func(in *input) bool {
		types := in.statuses()
		return in.undecided() && len(types) > 0 && old(types[0])
	}},
	{dccStatus, Accepts, "Of several status entries the first decides how they are looked up: behind one of an old type the others are not.", func(in *input) bool {
		types := in.statuses()
		return len(types) > 1 && old(types[0]) && slices.ContainsFunc(in.credential.Statuses[1:], func(p credential.Part) bool {
			return p.Value["type"] == "BitstringStatusListEntry" && in.failsAt("status", p.Pointer)
		})
	}},
	{dccIndicator, Accepts, "A suspended badge has the same heading as a good one; that it is suspended stands below.", func(in *input) bool {
		return in.newer() && in.fails("status", "suspended") && !in.fails("status", "revoked")
	}},
	{dccDates, Warns, "A badge that has ended is a warning there.", func(in *input) bool {
		return in.newer() && in.fails("dates", "expired")
	}},
	{dccList, Refuses, "A status list that cannot be read counts against the badge; Laurel says that it is not known.", func(in *input) bool {
		types := in.statuses()
		return in.against("status", "status_unavailable") && in.report.Outcome == verifier.Unknown && len(types) > 0 && types[0] == "BitstringStatusListEntry"
	}},
	{dccLog, Warns, "An issuer is known there only when a registry that it asks names it; any other is a warning.", func(in *input) bool {
		return in.report.Outcome == verifier.Valid && in.json() && !in.presentation() && strings.HasPrefix(in.credential.Issuer.ID, "did:")
	}},
}

func old(kind string) bool { return slices.Contains(passedOver, kind) }
