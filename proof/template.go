package proof

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// Template signs many unsecured credentials that are the same but for some texts, such as the awards of one achievement. The text
// that they share was read, walked and brought into canonical form once. For each credential its own texts are put into that, and
// what they change is put into order: the signed bytes are those that [Seal] and [SealJWT] write.
//
// A credential fits when it has the text of the template but for the texts that change, each of plain ASCII without escapes, and none of
// these gives two objects the same id. Any other has to be signed by itself. A Template is safe for concurrent use.
type Template struct {
	constant  [][]byte        // the text between the texts that change: one more than these
	pointers  []string        // of the texts that change
	ids       []int           // those of them that are the id of an object
	taken     map[string]bool // ids that do not change
	dataset   *rdf.Template
	processor *rdf.Processor
	hash      crypto.Hash
	contexts  any // @context of the document
	claims    []templateClaim

	rooms sync.Pool // *tokenRoom

	mu   sync.Mutex
	last templateProof // guarded by mu: credentials of one second have one configuration
}

// Fitted is a credential that fits a [Template]. It is read once for all that is done with it.
type Fitted struct {
	*Template
	document []byte
	texts    []string
}

// tokenRoom is where a token is written.
type tokenRoom struct{ payload, token []byte }

// templateClaim is a claim of the Open Badges form of a JWT, from what a credential says at a place.
type templateClaim struct {
	name   string
	from   int    // index of a text that changes, -1 for one that does not
	text   string // when it does not change
	isDate bool
}

// templateProof is a proof without its value, as it is written and as it is signed.
type templateProof struct {
	method, suite, created string

	text []byte // of the proof up to its value
	sum  []byte // hash of the configuration
}

// ErrShape says that a credential does not fit a [Template], or that none can be made of it: it has to be signed by itself.
var ErrShape = errors.New("the credential has another shape")

// NewTemplate makes a template of the JSON text of an unsecured credential. varying are JSON Pointers (RFC 6901) to the texts that
// change, with * for any place in an array; those that the document does not have are passed over. hash is that of the suite that
// will sign: SHA-256, or SHA-384 for a key of P-384. ErrShape when none can be made, or one that the document itself does not fit; other
// errors are those of [Seal].
func NewTemplate(ctx context.Context, document []byte, varying []string, hash crypto.Hash) (*Template, error) {
	t := &Template{hash: hash, processor: Options{}.processor(), taken: map[string]bool{}}
	if !bytes.HasPrefix(document, []byte("{")) || !bytes.HasSuffix(document, []byte("}")) || bytes.IndexByte(document, '\n') >= 0 {
		return nil, ErrShape // a proof is put at the end of it in another way
	}
	if err := t.cut(document, varying); err != nil {
		return nil, err
	}
	if t.Fit(document) == nil { // what follows takes a hundred times as long
		return nil, ErrShape
	}
	// Two sets of texts that stand nowhere in the document: with one the template is compiled, and with the other it is tried.
	first, second := t.example(document, "a"), t.example(document, "another")
	for _, text := range slices.Concat(first, second) {
		if bytes.Contains(document, []byte(text)) {
			return nil, ErrShape
		}
	}
	value, err := strict.Object(t.fill(first), credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	if _, signed := value["proof"]; signed {
		return nil, ErrShape
	}
	for _, name := range registeredClaims {
		if _, taken := value[name]; taken {
			return nil, ErrShape
		}
	}
	if err := strict.CheckNumbers(value, strict.Verbatim); err != nil {
		return nil, err
	}
	if err := strict.CheckNumbers(value, strict.Canonical); err != nil {
		return nil, err
	}
	t.contexts = value["@context"]
	if t.dataset, err = t.processor.Template(ctx, value, first, hash); err != nil {
		return nil, shape(err)
	}
	if err := t.readClaims(value, first); err != nil {
		return nil, err
	}
	return t, t.try(ctx, first, second)
}

// shape turns the error of the dataset into that of this package.
func shape(err error) error {
	if errors.Is(err, rdf.ErrShape) {
		return ErrShape
	}
	return wrapRDF(err)
}

// try holds the template against a full reading of two documents.
func (t *Template) try(ctx context.Context, examples ...[]string) error {
	for _, texts := range examples {
		value, err := strict.Object(t.fill(texts), credential.JSONLimits())
		if err != nil {
			return err
		}
		want, _, err := t.processor.Sum(ctx, value, t.hash)
		if err != nil {
			return wrapRDF(err)
		}
		got, err := t.dataset.Sum(ctx, texts)
		if err != nil {
			return shape(err)
		}
		if !bytes.Equal(got, want) {
			return ErrShape
		}
	}
	return nil
}

// cut finds the texts that change, and keeps what stands between them.
func (t *Template) cut(document []byte, varying []string) error {
	from := 0
	err := eachText(document, func(path []string, start, end int) {
		isID := path[len(path)-1] == "id"
		if !slices.ContainsFunc(varying, func(pattern string) bool { return matches(pattern, path) }) {
			if isID {
				t.taken[string(document[start+1:end-1])] = true
			}
			return
		}
		if isID {
			t.ids = append(t.ids, len(t.pointers))
		}
		t.constant = append(t.constant, bytes.Clone(document[from:start+1])) // with the quotation mark
		t.pointers = append(t.pointers, "/"+strings.Join(path, "/"))
		from = end - 1
	})
	t.constant = append(t.constant, bytes.Clone(document[from:]))
	return err
}

// example makes texts of the kind that the document has at the places of those that change.
func (t *Template) example(document []byte, name string) []string {
	now, _ := t.match(opened(document), false)
	texts := make([]string, len(t.pointers))
	for i := range texts {
		scheme := ""
		if i < len(now) {
			scheme = rdf.SchemeOf(now[i])
		}
		switch scheme {
		case "urn:uuid:":
			texts[i] = fmt.Sprintf("urn:uuid:%s-%d", name, i)
		case "":
			texts[i] = fmt.Sprintf("%s text %d", name, i)
		default:
			texts[i] = fmt.Sprintf("%s%s.invalid/%d", scheme, name, i)
		}
		if dated(t.pointers[i]) {
			texts[i] = fmt.Sprintf("19%02d-01-%02dT00:00:00Z", len(name), i%28+1)
		}
	}
	return texts
}

// dated says whether a date becomes a claim of a JWT.
func dated(pointer string) bool { return pointer == "/validFrom" || pointer == "/validUntil" }

// eachText tells the path and the place, with quotation marks, of each text in a JSON text that is a value.
func eachText(document []byte, tell func(path []string, start, end int)) error {
	reader := json.NewDecoder(bytes.NewReader(document))
	reader.UseNumber()
	var value func(path []string) error
	value = func(path []string) error {
		before := reader.InputOffset()
		token, err := reader.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case json.Delim:
			for i := 0; reader.More(); i++ {
				name := strconv.Itoa(i)
				if token == '{' {
					key, err := reader.Token()
					if err != nil {
						return err
					}
					name, _ = key.(string)
					name = strings.TrimPrefix(strict.Escape(name), "/")
				}
				if err := value(append(slices.Clip(path), name)); err != nil {
					return err
				}
			}
			_, err = reader.Token()
			return err
		case string:
			end := int(reader.InputOffset())
			tell(path, int(before)+bytes.IndexByte(document[before:], '"'), end)
		}
		return nil
	}
	return value(nil)
}

// matches says whether a path is one of those that a pointer with * stands for.
func matches(pattern string, path []string) bool {
	parts := strings.Split(strings.TrimPrefix(pattern, "/"), "/")
	return slices.EqualFunc(parts, path, func(part, name string) bool { return part == name || part == "*" })
}

// match takes the texts that change out of a document whose last byte, its closing brace, is left out. With plain they are of what stands
// the same in JSON, in N-Quads and in a reader's mind, and without it of anything that has no escapes.
func (t *Template) match(open []byte, plain bool) (texts []string, ok bool) {
	texts = make([]string, 0, len(t.pointers))
	for i, constant := range t.constant {
		if i == len(t.pointers) {
			return texts, bytes.Equal(open, constant[:len(constant)-1])
		}
		rest, same := bytes.CutPrefix(open, constant)
		if !same {
			return texts, false
		}
		end := 0
		for end < len(rest) && rest[end] != '"' {
			if c := rest[end]; c == '\\' || plain && (c < ' ' || c >= 0x7f) {
				return texts, false
			}
			end++
		}
		texts = append(texts, string(rest[:end]))
		open = rest[end:]
	}
	return texts, false
}

// opened is a document without its closing brace.
func opened(document []byte) []byte {
	open, _ := bytes.CutSuffix(document, []byte("}"))
	return open
}

// take takes the texts that change out of a document that fits. One in which two objects have the same id does not: what each of them
// says is told apart by its place alone, which a full reading judges.
func (t *Template) take(document []byte) (texts []string, fits bool) {
	if !bytes.HasSuffix(document, []byte("}")) {
		return nil, false
	}
	return t.takeOpen(opened(document))
}

// takeOpen is take for a document whose closing brace is left out.
func (t *Template) takeOpen(open []byte) (texts []string, fits bool) {
	texts, fits = t.match(open, true)
	for i := 0; fits && i < len(t.ids); i++ {
		id := texts[t.ids[i]]
		fits = !t.taken[id] && !slices.ContainsFunc(t.ids[:i], func(other int) bool { return texts[other] == id })
	}
	return texts, fits
}

// fill is the document with these texts, which need no escapes.
func (t *Template) fill(texts []string) []byte {
	var out []byte
	for i, constant := range t.constant {
		out = append(out, constant...)
		if i < len(texts) {
			out = append(out, texts[i]...)
		}
	}
	return out
}

// Fit takes a credential with this text, which must not change any more; nil where it cannot be signed with the template.
func (t *Template) Fit(document []byte) *Fitted {
	texts, fits := t.take(document)
	if !fits {
		return nil
	}
	return &Fitted{t, document, texts}
}

// Shapes says whether a document has the shape of the template, whatever its texts: where it does not fit all the same, no template for
// the likes of it does.
func (t *Template) Shapes(document []byte) bool {
	_, has := t.match(opened(document), false)
	return has && bytes.HasSuffix(document, []byte("}"))
}

// Seal is [Seal] with Signer, Suite and Created of o, whose other members have to be empty, and a suite that signs the canonical
// dataset.
func (f *Fitted) Seal(ctx context.Context, o SealOptions) ([]byte, error) {
	suite, head, err := f.configure(ctx, o)
	if err != nil {
		return nil, err
	}
	sum, err := f.dataset.Sum(ctx, f.texts)
	if err != nil {
		return nil, shape(err)
	}
	signature, err := suite.sign(o.Signer.Signer, append(slices.Clip(head.sum), sum...))
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", o.Signer.ID, err)
	}
	return head.around(f.document, signature), nil
}

// configure returns the proof as far as it is the same for all credentials that are signed in one second.
func (t *Template) configure(ctx context.Context, o SealOptions) (suite, templateProof, error) {
	suite, known := suites[o.Suite]
	if !known || suite.verifyOnly || suite.form != formRDFC || suite.hash(o.Signer.Signer.Public()) != t.hash {
		return suite, templateProof{}, ErrShape
	}
	created := second(o.Created)
	t.mu.Lock()
	head := t.last
	t.mu.Unlock()
	if head.method == o.Signer.ID && head.suite == o.Suite && head.created == created && head.text != nil {
		return suite, head, nil
	}
	s := &Secured{Form: DataIntegrity, signed: map[string]any{"@context": t.contexts}, jsonld: t.processor}
	written, err := s.configure(suite, SealOptions{Signer: o.Signer, Created: o.Created})
	if err != nil {
		return suite, head, err
	}
	configuration, err := written.object()
	if err != nil {
		return suite, head, err
	}
	head = templateProof{method: o.Signer.ID, suite: o.Suite, created: created}
	p := Proof{Pointer: "/proof", Type: written.Type, Suite: suite.name, raw: configuration}
	if head.sum, _, err = s.hashConfiguration(ctx, p, suite, t.hash); err != nil {
		return suite, head, err
	}
	text, err := marshal(written)
	if err != nil {
		return suite, head, err
	}
	head.text = append(text[:len(text)-1], `,"proofValue":"`...)
	t.mu.Lock()
	t.last = head
	t.mu.Unlock()
	return suite, head, nil
}

const (
	proofMember = `,"proof":`
	proofEnd    = `"}}`
)

// around puts the proof at the end of a document.
func (p templateProof) around(document, signature []byte) []byte {
	value := "z" + base58.Encode(signature)
	out := make([]byte, 0, len(document)+len(proofMember)+len(p.text)+len(value)+len(proofEnd))
	out = append(out, document[:len(document)-1]...)
	out = append(append(append(out, proofMember...), p.text...), value...)
	return append(out, proofEnd...)
}

// Verify checks the bytes that [Fitted.Seal] wrote, as somebody would who has them, the key, and the template: the document in
// them is hashed anew, and the signature checked with the key of o.Signer; it is left to together, where that takes it.
// It says nothing of any other document: that is ErrShape.
func (t *Template) Verify(ctx context.Context, sealed []byte, o SealOptions, together *keys.BatchVerifier) error {
	suite, head, err := t.configure(ctx, o)
	if err != nil {
		return err
	}
	at := bytes.LastIndex(sealed, []byte(proofMember))
	if at < 0 {
		return ErrShape
	}
	rest, same := bytes.CutPrefix(sealed[at+len(proofMember):], head.text)
	value, ended := bytes.CutSuffix(rest, []byte(proofEnd))
	if !same || !ended {
		return ErrShape
	}
	texts, fits := t.takeOpen(sealed[:at])
	if !fits {
		return ErrShape
	}
	sum, err := t.dataset.Sum(ctx, texts)
	if err != nil {
		return shape(err)
	}
	signature, err := decodeBase58(string(value))
	if err != nil {
		return unfit(suite.clause)
	}
	data := append(slices.Clip(head.sum), sum...)
	public := o.Signer.Signer.Public()
	if together.Add(public, data, signature) {
		return nil
	}
	if fault := suite.verify(public, data, signature); fault != nil {
		return fault
	}
	return nil
}

// readClaims finds where the claims of a JWT come from (Open Badges 3.0 section 8.2.4.1).
func (t *Template) readClaims(value map[string]any, texts []string) error {
	c, err := credential.FromValue(t.fill(texts), value)
	if err != nil {
		return err
	}
	if c.Issuer.ID == "" || c.ID == "" || c.ValidFrom == "" {
		return ErrShape
	}
	for _, claim := range []templateClaim{
		{name: "iss", text: c.Issuer.ID}, {name: "jti", text: c.ID}, {name: "sub", text: c.Subject.ID},
		{name: "nbf", text: c.ValidFrom, isDate: true}, {name: "exp", text: c.ValidUntil, isDate: true},
	} {
		if claim.text != "" {
			claim.from = slices.Index(texts, claim.text)
			t.claims = append(t.claims, claim)
		}
	}
	return nil
}

// inRoom calls use with the document and its claims, and with room for a token, of which use must not keep anything.
func (f *Fitted) inRoom(use func(room *tokenRoom) error) error {
	room, _ := f.rooms.Get().(*tokenRoom)
	if room == nil {
		room = &tokenRoom{}
	}
	defer f.rooms.Put(room)
	var err error
	if room.payload, err = f.payload(room.payload[:0], f.document, f.texts); err != nil {
		return err
	}
	return use(room)
}

// payload appends the document with its claims.
func (t *Template) payload(out, document []byte, texts []string) ([]byte, error) {
	out = slices.Grow(out, len(document)+2*claimsRoom)
	out = append(out, opened(document)...)
	for _, claim := range t.claims {
		text := claim.text
		if claim.from >= 0 {
			text = texts[claim.from]
		}
		out = append(append(append(out, `,"`...), claim.name...), `":`...)
		if !claim.isDate {
			written, err := marshal(text)
			if err != nil {
				return nil, err
			}
			out = append(out, written...)
			continue
		}
		at, err := credential.ParseDateTime(text)
		if err != nil {
			return nil, ErrShape
		}
		out = strconv.AppendInt(out, at.Unix(), 10)
	}
	return append(out, '}'), nil
}

// SealJWT is [SealJWT] of the credential.
func (f *Fitted) SealJWT(signer keys.Signer) (token string, err error) {
	err = f.inRoom(func(room *tokenRoom) (err error) {
		room.token, err = jose.AppendSign(room.token[:0], room.payload, openBadgesHeader(signer), signer.Signer)
		token = string(room.token)
		return err
	})
	return token, err
}

// VerifyJWT checks the token that [Fitted.SealJWT] wrote: what stands in it is the credential with its claims, and the signature is that of
// the key; it is left to together, where that takes it.
func (f *Fitted) VerifyJWT(token string, signer keys.Signer, together *keys.BatchVerifier) error {
	return f.inRoom(func(room *tokenRoom) error {
		header := openBadgesHeader(signer)
		header.Algorithm = keys.AlgorithmFor(signer.Signer.Public())
		read, err := jose.ParseWritten(token, room.payload, header, room.token)
		if err == nil {
			err = read.VerifyWith(signer.Signer.Public(), together)
		}
		return wrapJOSE(err)
	})
}
