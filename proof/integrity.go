package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// ReadIntegrity reads the Data Integrity proofs of value, a strictly parsed document (see [strict.Object]). The document
// itself is not judged; see [Secured.CheckDocument], which works beside an error too. An [*Error] with code malformed says that the proofs as a whole cannot be
// read: none there, too many, two with one id, a chain that does not close (Data Integrity 1.0 section 4.5).
func ReadIntegrity(value map[string]any, o Options) (*Secured, error) {
	s := &Secured{Form: DataIntegrity, Value: maps.Clone(value), signed: value, jsonld: o.processor(), hashes: map[string]hashed{}}
	s.verify = s.verifyIntegrity
	delete(s.Value, "proof")

	var raws []any
	var base = "/proof"
	switch p := value["proof"].(type) {
	case nil:
	case []any:
		raws = p
		base = "/proof/"
	default:
		raws = []any{p}
	}
	if len(raws) == 0 {
		return s, &Error{Code: CodeMalformed, Pointer: "/proof", Clause: "VCDM 2.0 4.12", Detail: "The document carries no proof, so nobody has signed it."}
	}
	if len(raws) > credential.Limits.Proofs {
		return s, &Error{Code: CodeTooComplex, Pointer: "/proof", Detail: fmt.Sprintf("The document carries more than %d proofs.", credential.Limits.Proofs)}
	}
	for i, raw := range raws {
		pointer := base
		if base == "/proof/" {
			pointer += strconv.Itoa(i)
		}
		s.Proofs = append(s.Proofs, readProof(raw, pointer))
	}
	return s, checkChain(s.Proofs)
}

// readProof reads one proof object (Data Integrity 1.0 section 2.1).
func readProof(raw any, pointer string) Proof {
	p := Proof{Pointer: pointer}
	fault := func(code, member, detail string) {
		if p.err == nil {
			p.err = &Error{Code: code, Pointer: pointer + member, Clause: "VC-DATA-INTEGRITY 2.1", Detail: detail}
		}
	}
	object, ok := raw.(map[string]any)
	if !ok {
		fault(CodeMalformed, "", "The proof is not a JSON object.")
		return p
	}
	p.raw = object
	text := func(name string, needed bool) string {
		v, there := object[name]
		s, isText := v.(string)
		switch {
		case there && !isText:
			fault(CodeMalformed, "/"+name, "The proof's "+name+" is not a text.")
		case there && s == "": // which would be signed, and count as absent
			fault(CodeMalformed, "/"+name, "The proof's "+name+" is empty.")
		case needed && !there:
			fault(CodeMalformed, "", "The proof has no "+name+".")
		}
		return s
	}
	texts := func(name string) []string {
		list, isList := object[name].([]any)
		if !isList {
			if s := text(name, false); s != "" {
				return []string{s}
			}
			return nil
		}
		var all []string
		for _, v := range list {
			s, _ := v.(string)
			if s == "" {
				fault(CodeMalformed, "/"+name, "The proof's "+name+" is not a list of texts.")
			}
			all = append(all, s)
		}
		return all
	}
	instant := func(name string) time.Time {
		s := text(name, false)
		if s == "" {
			return time.Time{}
		}
		at, err := credential.ParseDateTime(s)
		if err != nil {
			fault(CodeMalformed, "/"+name, "The proof's "+name+" is not a date and time with a zone.")
		}
		return at
	}
	p.ID, p.Type, p.Purpose = text("id", false), text("type", true), text("proofPurpose", false)
	named, known := findSuite(p.Type, "")
	if p.Type != typeDataIntegrity && !known {
		fault(CodeAlgNotAllowed, "/type", "The proof is of a type that Laurel does not check.")
	}
	if p.Suite = named.name; !known {
		p.Suite = text("cryptosuite", true)
		if named, known = findSuite(p.Type, p.Suite); !known {
			fault(CodeAlgNotAllowed, "/cryptosuite", "The proof uses a cryptosuite that Laurel does not check.")
		}
	} else if _, there := object["cryptosuite"]; there {
		fault(CodeMalformed, "/cryptosuite", "The proof is of a type that is a suite of its own, and names another.")
	}
	p.Method = text("verificationMethod", true)
	value := text("proofValue", true)
	p.Created, p.Expires = instant("created"), instant("expires")
	if named.dated && p.Created.IsZero() {
		fault(CodeMalformed, "", "The proof has no created.") // VC-DI-EDDSA 2.2.2
	}
	p.Domain, p.Previous = texts("domain"), texts("previousProof")
	p.Challenge = text("challenge", false)
	text("nonce", false) // which is signed, and no rule asks for
	if own, there := object["@context"]; there {
		p.Contexts = contextList(own)
	}
	if named.form == formSelective && p.err == nil {
		p.err = baseProofFault(value, pointer)
		p.base = p.err != nil
	}
	return p
}

// checkChain refuses two proofs with one id, a previousProof that names no proof here, and a circle: without these rules
// the algorithm of Data Integrity 1.0 section 4.5 has no single outcome.
func checkChain(proofs []Proof) error {
	fault := func(pointer, detail string) error {
		return &Error{Code: CodeMalformed, Pointer: pointer, Clause: "VC-DATA-INTEGRITY 4.5", Detail: detail}
	}
	byID := map[string]Proof{}
	for _, p := range proofs {
		if _, twice := byID[p.ID]; twice && p.ID != "" {
			return fault(p.Pointer+"/id", "Two proofs have the same id.")
		}
		byID[p.ID] = p
	}
	delete(byID, "")
	for _, p := range proofs {
		for _, id := range p.Previous {
			if _, here := byID[id]; !here {
				return fault(p.Pointer+"/previousProof", "The proof covers another proof that is not in this document.")
			}
		}
	}
	closed := map[string]bool{} // false while its own chain is being followed
	var follow func(p Proof) error
	follow = func(p Proof) error {
		if done, seen := closed[p.ID]; seen && !done {
			return fault(p.Pointer+"/previousProof", "The proofs cover each other in a circle.")
		} else if done {
			return nil
		}
		closed[p.ID] = false
		for _, id := range p.Previous {
			if err := follow(byID[id]); err != nil {
				return err
			}
		}
		closed[p.ID] = true
		return nil
	}
	for _, p := range byID {
		if err := follow(p); err != nil {
			return err
		}
	}
	return nil
}

// CheckDocument says whether the document, without its proofs, reaches a signature whole: its contexts are built in, every
// term, type and value arrives in the RDF dataset, and no number changes on the way. For a JWT, whose text is signed as it
// stands, the finding is the same but costs nothing of its authenticity unless the contexts themselves are at fault. It
// returns nil, an [*Error] (context_untrusted, unsafe_jsonld, too_complex, malformed), or the error of ctx.
func (s *Secured) CheckDocument(ctx context.Context) error {
	if s.Form == DataIntegrity {
		_, _, err := s.hashDocument(ctx, nil, crypto.SHA256)
		return err
	}
	return wrapRDF(s.jsonld.Check(s.Value))
}

func (s *Secured) verifyIntegrity(ctx context.Context, p Proof, key crypto.PublicKey) (shared, own int, err error) {
	suite := suites[p.Suite]
	hash := suite.hash(key)
	if hash == 0 {
		return 0, 0, &Error{Code: CodeKeyMismatch, Pointer: p.Pointer, Clause: suite.clause, Detail: "The key is not of the kind that this cryptosuite uses."}
	}
	if suite.form == formSelective {
		return s.verifySelective(ctx, p, key.(*ecdsa.PublicKey))
	}
	signature, err := decodeBase58(p.raw["proofValue"].(string))
	if err != nil {
		return 0, 0, &Error{Code: CodeSignatureInvalid, Pointer: p.Pointer + "/proofValue", Clause: suite.clause, Detail: "The proof value is not base58btc text with the prefix z."}
	}
	data, shared, own, err := s.signedData(ctx, p, suite, hash)
	if err != nil {
		return shared, own, err
	}
	if fault := suite.verify(key, data, signature); fault != nil {
		fault.Pointer = p.Pointer
		return shared, own, fault
	}
	return shared, own, nil
}

func wrapRDF(err error) error {
	var fault *rdf.Error
	if !errors.As(err, &fault) {
		return err
	}
	clause := "VC-DATA-INTEGRITY 2.4.1"
	switch fault.Code {
	case CodeMalformed:
		clause = "JSON-LD 1.1 API 8.6" // a number
	case CodeTooComplex:
		clause = "RDF-CANON 7"
	case CodeContextUntrusted:
		clause = "VC-DATA-INTEGRITY 2.4.2"
	}
	return &Error{Code: fault.Code, Pointer: fault.Pointer, Clause: clause, Detail: fault.Detail}
}

// base58Longest bounds the text of a signature: decoding takes time with the square of its length. The longest signature of the
// suites has 96 bytes.
const base58Longest = 256

func decodeBase58(multibase string) ([]byte, error) {
	if multibase == "" || multibase[0] != 'z' {
		return nil, errors.New("the prefix is not z")
	}
	if len(multibase) > base58Longest {
		return nil, errors.New("the text is too long for a signature")
	}
	return base58.Decode(multibase[1:]) // exactly one z is the prefix: the text may begin with another
}

// Canonical is the canonical form of a JSON-LD document: RDFC-1.0 with SHA-256 or SHA-384, as the suites hash it. Nothing of
// the document may be lost on the way.
func Canonical(ctx context.Context, document map[string]any, hash crypto.Hash, o Options) ([]byte, error) {
	canonical, err := o.processor().Canonicalize(ctx, document, hash)
	if err != nil {
		return nil, wrapRDF(err)
	}
	return canonical.NQuads, nil
}

// CanonicalNQuads is [Canonical] for a dataset in N-Quads.
func CanonicalNQuads(ctx context.Context, nquads []byte, hash crypto.Hash) ([]byte, error) {
	quads, err := rdf.ParseNQuads(nquads)
	if err != nil {
		return nil, wrapNQuads(err)
	}
	canonical, err := rdf.Canonicalize(ctx, quads, hash)
	if err != nil {
		return nil, wrapNQuads(err)
	}
	return canonical.NQuads, nil
}

func wrapNQuads(err error) error {
	err = wrapRDF(err)
	if fault, ok := err.(*Error); ok && fault.Code == CodeMalformed {
		fault.Clause = "RDF 1.1 N-Quads 4"
	}
	return err
}
