package verifier

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

// sealed is the document that an input carries, in one of the two forms.
type sealed struct {
	bytes    []byte
	jwt      bool
	value    map[string]any // in place of bytes, for an object inside another document
	envelope string         // the kind of the envelope that it was taken out of; "" for none
}

// fault is why an input, or a part of it, could not be read.
type fault struct {
	code   string
	which  string // of the things that the code stands for
	detail string
	clause string
	values Facts // in the sentence
}

// refused records that there is nothing to judge.
func (r *run) refused(f *fault) {
	outcome := Fail
	if f.code == credential.CodeInputUnavailable || f.code == codeBlocked { // nothing was looked at
		outcome = NotKnown
	}
	r.add(Check{Step: "form", Outcome: outcome, Code: f.code, Detail: f.detail, Clause: f.clause, Facts: f.values.and(FactCase, f.which)})
}

// caseSeveral is the case of more than one credential where one is to stand.
const caseSeveral = "several"

// faultOf is what [carrier.Open] says of something without a credential.
func faultOf(p *carrier.Problem) *fault {
	values := Facts(nil)
	for name, value := range p.Facts {
		values = values.and(name, value)
	}
	return &fault{p.Code, p.Case, p.Detail, p.Clause, values}
}

// read takes the one credential out of an input, and says what the input is. Nothing is followed to an address.
func read(input []byte) (sealed, string, *fault) {
	if len(input) > credential.Limits.Upload {
		return sealed{}, "json", faultOf(carrier.TooLarge())
	}
	var kind, address string
	var text []byte
	var why *fault
	for item := range carrier.Open(input, "") {
		kind = cmp.Or(kind, item.Kind)
		switch {
		case len(item.Text) > 0 && text != nil:
			return sealed{}, kind, &fault{code: credential.CodeAmbiguous, which: caseSeveral, detail: "It holds several credentials, and one is judged at a time."}
		case len(item.Text) > 0:
			text, kind = item.Text, item.Kind
		case item.Problem != nil && (why == nil || item.Problem.Case == caseSeveral):
			why = faultOf(item.Problem)
		case len(item.Links) > 0 && address == "":
			address = item.Links[0]
		}
	}
	switch {
	case why != nil && why.which == caseSeveral: // one of them may be what the others mean
		return sealed{}, kind, why
	case text != nil:
		s, of, fault := readText(text)
		if kind == "json" || kind == "jwt" {
			kind = of
		}
		return s, kind, fault
	case address != "":
		return sealed{}, kind, &fault{code: credential.CodeNoCredential, which: "link",
			detail: "It holds no credential, only an address that may lead to one: " + quotedTo(address, maxAddress) + "."}
	case why != nil:
		return sealed{}, kind, why
	}
	return sealed{}, cmp.Or(kind, "json"), emptyInput
}

var emptyInput = &fault{code: credential.CodeNoCredential, which: "empty", detail: "There is nothing in it."}

// readText tells the two forms of a credential apart.
func readText(text []byte) (sealed, string, *fault) {
	if len(text) > credential.Limits.Document {
		most := strconv.Itoa(credential.Limits.Document >> 20)
		return sealed{}, "json", &fault{code: strict.CodeTooLarge, which: "credential", detail: "The credential is larger than " + most + " MiB.", values: Facts{FactMost: most}}
	}
	start := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(start) == 0:
		return sealed{}, "json", emptyInput
	case start[0] == '{', start[0] == '[', start[0] == '"', start[0] == 0xef, start[0] != 'e' && json.Valid(text): // no JSON begins as tokens do
		return sealed{bytes: text}, "json", nil
	case start[0] == '<':
		return sealed{}, "svg", &fault{code: credential.CodeNoCredential, which: "html", detail: "This is HTML or XML, and no SVG picture that Laurel can read. Give it the badge as JSON, JWT, PNG or SVG."}
	}
	// A text file ends with a line feed; inside a token it would be a second spelling of one signature.
	token := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if bytes.HasPrefix(start, []byte("eyJ")) || proof.IsCompactJWS(token) || bytes.HasPrefix(start, []byte("ey")) && bytes.Count(token, []byte(".")) >= 2 {
		return sealed{bytes: token, jwt: true}, "jwt", nil
	}
	return sealed{}, "json", &fault{code: credential.CodeNoCredential, which: "text", detail: "This is not a credential in a form that Laurel reads: JSON, JWT, or a PNG or SVG badge picture."}
}

// form reads the document of one sealed text and its proofs. It says whether there is a document for the other steps.
func (r *run) form(s sealed) bool {
	s, err := r.unwrapped(s)
	which := "" // of the things that a code stands for
	switch {
	case err != nil:
	case s.jwt:
		if r.secured, err = proof.ReadJWT(s.bytes, r.proofOptions()); err == nil {
			r.document, err = credential.FromValue(s.bytes, r.secured.Value)
		}
	case s.value != nil:
		r.document, err = credential.FromValue(nil, s.value)
	default:
		r.document, err = credential.Parse(s.bytes)
		if err != nil && isJSONSerialization(s.bytes) {
			err = &proof.Error{Code: strict.CodeMalformed, Clause: "RFC 7515 7.2", Detail: "It is a token in the JSON serialization, which is not allowed."}
			which = "json_token"
		}
	}
	if presentation := s.envelope == credential.KindEnvelopedPresentation; err == nil && s.envelope != "" && presentation != r.isPresentation() {
		err = &proof.Error{Code: strict.CodeMalformed, Pointer: "/type", Clause: "VCDM 2.0 4.13", Detail: "The envelope holds something else than it says."}
		which = "envelope"
	}
	if err != nil {
		r.document = nil
		r.failed("form", err, FactCase, which)
		return false
	}
	switch {
	case s.jwt:
		r.compareClaims()
	default:
		r.secured, err = proof.ReadIntegrity(r.document.Value(), r.proofOptions())
		if _, signed := r.document.Value()["proof"]; !signed && r.container != nil {
			r.unsigned = true
		} else if err != nil {
			if !signed {
				which = "no_proof"
			}
			r.failed("proof", err, FactCase, which) // the document is judged all the same
		}
	}
	for _, name := range []string{"issuer", "credentialSubject"} {
		if _, there := r.document.Value()[name]; there && r.isPresentation() {
			r.fail("form", credential.CodeAmbiguous, "The presentation speaks as if it were a credential.", "/"+name, "VCDM 2.0 4.13", FactCase, "presentation", FactHere, name)
		}
	}
	r.rules = credential.Check(r.document, r.Profile)
	r.problems("form")
	if !r.found(Fail, "form") {
		r.pass("form", "The file is whole and can be read in one way only.")
	}
	return true
}

// unwrapped takes the token out of an EnvelopedVerifiableCredential or an EnvelopedVerifiablePresentation (VC Data Model 2.0
// sections 4.12.1 and 4.13.2). Anything else comes back as it is; what cannot be read is for the other readers to refuse.
func (r *run) unwrapped(s sealed) (sealed, error) {
	if s.jwt {
		return s, nil
	}
	value := s.value
	if value == nil && bytes.Contains(s.bytes, []byte("Enveloped")) {
		value, _ = strict.Object(s.bytes, credential.JSONLimits())
	}
	c, err := credential.FromValue(nil, value)
	if err != nil || c.Kind != credential.KindEnvelopedCredential && c.Kind != credential.KindEnvelopedPresentation {
		return s, nil // what it is instead is for the other readers to say
	}
	token, kind, err := credential.OpenEnvelope(value)
	return sealed{bytes: []byte(token), jwt: true, envelope: kind}, err
}

// isJSONSerialization tells a JWS in JSON from a document: its signature is not that of a compact token.
func isJSONSerialization(text []byte) bool {
	object, err := strict.Object(text, credential.JSONLimits())
	return err == nil && object["payload"] != nil && (object["signature"] != nil || object["signatures"] != nil)
}

func (r *run) proofOptions() proof.Options {
	return proof.Options{VC: r.Profile == credential.VerifiableCredentials, AnyVersion: r.proofOnly}
}

// failed records an error of a lower room as a failed check of a step.
func (r *run) failed(step string, err error, facts ...string) {
	c := describe(err)
	c.Step, c.Outcome, c.Facts = step, Fail, Facts(nil).and(facts...)
	r.add(c)
}

// compareClaims holds the claims of a JWT against the credential that they stand beside (Open Badges 3.0 section 8.2.4.2).
func (r *run) compareClaims() {
	claims, c := r.secured.Claims, r.document
	for _, pair := range []struct {
		claim   *string
		name    string
		value   string
		pointer string
		step    string
		code    string
	}{
		{claims.Issuer, "iss", r.signer().id, "/" + r.signer().noun, "issuer", "issuer_mismatch"},
		{claims.ID, "jti", c.ID, "/id", "form", "id_mismatch"},
		{claims.Subject, "sub", c.Subject.ID, "/credentialSubject/id", "subject", "subject_mismatch"},
	} {
		switch {
		case r.isPresentation() && pair.name == "sub":
		case pair.claim == nil && pair.value != "":
			if r.secured.Form == proof.OpenBadgesJWT && !r.isPresentation() {
				r.warn("form", "claim_missing", "The token does not repeat the credential's "+pair.pointer[1:]+" as the claim "+pair.name+".", pair.pointer, "OB 3.0 8.2.4.1", FactName, pair.name)
			}
		case pair.claim != nil && *pair.claim != pair.value:
			r.fail(pair.step, pair.code, "The token's claim "+pair.name+" is not the credential's "+pair.pointer[1:]+".", pair.pointer, "OB 3.0 8.2.4.2", FactCase, "claim", FactName, pair.name)
		}
	}
}
