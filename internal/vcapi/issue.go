package vcapi

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	credentialstatus "github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/api"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/proof"
)

const (
	mediaJSON = "application/json"
	contextV2 = "https://www.w3.org/ns/credentials/v2"
)

// workspace is what the token opens, if it belongs to the issuer that the address names. Others look like none.
func (s *server) workspace(c echo.Context) (issuer.Workspace, issuer.Write, error) {
	token := api.Token(c)
	if token.Organisation != c.Param("issuer") {
		return issuer.Workspace{}, issuer.Write{}, echo.ErrNotFound
	}
	return s.Service.Workspace(token.Organisation), issuer.Write{Actor: token.Actor()}, nil
}

// enveloped is a credential in an envelope (VCDM 2.0 section 4.13 EnvelopedVerifiableCredential).
type enveloped struct {
	Context string `json:"@context"`
	ID      string `json:"id"`
	Type    string `json:"type"`
}

// issue answers POST …/credentials/issue.
func (s *server) issue(c echo.Context) error {
	space, by, err := s.workspace(c)
	if err != nil {
		return err
	}
	body, err := api.ReadBody(c.Request(), false)
	if err != nil {
		return err
	}
	members, err := split(body, "credential", "options")
	if err != nil {
		return err
	}
	in, err := signInput(members, c.Param("suite"))
	if err != nil {
		return err
	}
	signed, err := space.Sign(c.Request().Context(), in, by)
	if err != nil {
		return told(err, "/credential")
	}
	answer := struct {
		Credential any `json:"verifiableCredential"`
	}{json.RawMessage(signed.JSON)}
	if in.Token {
		answer.Credential = enveloped{contextV2, "data:application/vc+jwt," + signed.Token, "EnvelopedVerifiableCredential"}
	}
	text, err := encode(answer)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusCreated, mediaJSON, text)
}

// signInput reads what is to be signed and how. suite is that of the address, which the options may change.
func signInput(members map[string]json.RawMessage, suite string) (in issuer.SignInput, err error) {
	if in.Document, err = object(members, "credential"); err != nil {
		return in, err
	}
	values, err := options(members, "cryptosuite", "envelope", "credentialStatus", "mandatoryPointers", "credentialId")
	if err != nil {
		return in, err
	}
	if in.Suite, err = text(values, "cryptosuite"); err != nil {
		return in, err
	}
	if in.Suite == "" {
		in.Suite = suite
	}
	if in.Name, err = text(values, "credentialId"); err != nil {
		return in, err
	}
	kind, err := text(values, "envelope")
	if err != nil {
		return in, err
	}
	if in.Token = kind == "vc+jwt"; kind != "" && !in.Token {
		return in, unknownOption("/options/envelope", `The one envelope here is "vc+jwt".`)
	}
	if _, there := values["mandatoryPointers"]; there {
		if in.Suite == "" {
			in.Suite = issuer.SuiteSelective
		}
		if in.Suite != issuer.SuiteSelective {
			return in, unknownOption("/options/mandatoryPointers", "Mandatory pointers go with ecdsa-sd-2023 alone.")
		}
		if in.Mandatory, err = texts(values, "mandatoryPointers"); err != nil {
			return in, err
		}
	}
	in.Purposes, err = purposes(values)
	return in, err
}

// purposes reads the option credentialStatus: one status entry to be added, or a list of them, by type and purpose; without a
// purpose it is for revocation.
func purposes(values map[string]any) (all []string, err error) {
	value, there := values["credentialStatus"]
	entries, several := value.([]any)
	if !several && there {
		entries = []any{value}
	}
	for _, v := range entries {
		const at = "/options/credentialStatus"
		entry, ok := v.(map[string]any)
		if !ok {
			return nil, misshapen(at, "an object with type and statusPurpose was expected")
		}
		for name := range entry {
			if name != "type" && name != "statusPurpose" {
				return nil, unknownOption(at+strict.Escape(name), "A status entry to be added has type and statusPurpose; its place is chosen here.")
			}
		}
		purpose, given := entry["statusPurpose"]
		if !given {
			purpose = credentialstatus.PurposeRevocation
		}
		name, _ := purpose.(string)
		if entry["type"] != credentialstatus.TypeEntry || name != credentialstatus.PurposeRevocation && name != credentialstatus.PurposeSuspension {
			return nil, unknownOption(at, "A status entry has the type BitstringStatusListEntry and is for revocation or suspension.")
		}
		all = append(all, name)
	}
	return all, nil
}

// told words a refusal of the issuer for this API: what breaks a rule is 400 here, with the places in the body. at is where the
// document stands.
func told(err error, at string) error {
	var refusal *issuer.Error
	if !errors.As(err, &refusal) || refusal.Kind != issuer.KindInvalid {
		return err
	}
	r := api.Refusal{Status: http.StatusBadRequest, Code: refusal.Code, Detail: refusal.Detail}
	var problems credential.Problems
	var problem *credential.Problem
	var fault *strict.Error
	var finding *proof.Error
	switch {
	case errors.As(refusal.Err, &problems):
		r.Type = vcdm + "MALFORMED_VALUE_ERROR"
		for _, p := range problems {
			r.Wrong = append(r.Wrong, api.At(at+p.Pointer, p.Detail))
		}
	case errors.As(refusal.Err, &problem):
		r.Type, r.Wrong = vcdm+"MALFORMED_VALUE_ERROR", []api.Violation{api.At(at+problem.Pointer, problem.Detail)}
	case errors.As(refusal.Err, &fault):
		r.Type, r.Wrong = vcdm+"PARSING_ERROR", []api.Violation{api.At(at+fault.Pointer, fault.Detail)}
	case errors.As(refusal.Err, &finding):
		r.Type, r.Wrong = security+"PROOF_GENERATION_ERROR", []api.Violation{api.At(at+finding.Pointer, finding.Detail)}
	}
	return r
}

// status answers POST …/credentials/status.
func (s *server) status(c echo.Context) error {
	space, by, err := s.workspace(c)
	if err != nil {
		return err
	}
	body, err := api.ReadBody(c.Request(), false)
	if err != nil {
		return err
	}
	change, err := statusChange(body)
	if err != nil {
		return err
	}
	if err := space.SetStatus(c.Request().Context(), change, by); err != nil {
		return told(err, "")
	}
	text, err := encode(struct {
		ID  string `json:"credentialId"`
		Set bool   `json:"status"`
	}{change.Name, change.Set})
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, text)
}

func statusChange(body []byte) (change issuer.StatusChange, err error) {
	members, err := split(body, "credentialId", "credentialStatus", "status")
	if err != nil {
		return change, err
	}
	text, err := object(members, "credentialStatus")
	if err != nil {
		return change, err
	}
	entry, err := strict.Object(text, optionLimits)
	if err != nil {
		return change, err
	}
	for _, name := range slices.Sorted(maps.Keys(entry)) {
		if !slices.Contains([]string{"id", "type", "statusPurpose", "statusListIndex", "statusListCredential"}, name) {
			return change, misshapen("/credentialStatus"+strict.Escape(name), "there is no member of this name")
		}
	}
	member := func(name string, required bool, into *string) {
		v, there := entry[name]
		s, ok := v.(string)
		if err == nil && (there || required) && (!ok || s == "") {
			err = misshapen("/credentialStatus/"+name, "a text was expected")
		}
		*into = s
	}
	var kind, id string
	member("id", false, &id)
	member("type", true, &kind)
	member("statusPurpose", true, &change.Purpose)
	member("statusListIndex", false, &change.Index)
	member("statusListCredential", false, &change.List)
	if err != nil {
		return change, err
	}
	if kind != credentialstatus.TypeEntry {
		return change, api.Refusal{Status: http.StatusBadRequest, Code: "status_type", Detail: "Statuses here are entries of the type BitstringStatusListEntry."}
	}
	if json.Unmarshal(members["credentialId"], &change.Name) != nil || change.Name == "" {
		return change, misshapen("/credentialId", "a text was expected")
	}
	switch string(members["status"]) {
	case "true":
		change.Set = true
	case "false":
	default:
		return change, misshapen("/status", "true or false was expected")
	}
	return change, nil
}
