package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// Codes of explanations: warnings beside a failure, which say what can be proven about how the input came to differ from what was
// signed. They change no answer.
const (
	codeAltered     = "altered"           // the issuer's own copy has the very signature of the input, and says something else
	codeDiffers     = "published_differs" // the issuer's own copy, with a signature of its own, says something else
	codeAddedMember = "added_member"      // without one member the signature fits
	codeEncoding    = "altered_encoding"  // with every text written as it was the signature fits
	codeCutOff      = "cut_off"           // the end of something is missing
)

// Bounds of what is tried for explanations, beside those of the verification itself: for a document and all inside it together.
const (
	trialsMost   = 24           // further checks of one signature
	explainMost  = workMost     // units, by the length of what is tried, so that one document is always explained alike
	trialUnits   = 8 * workMost // units as counted, from which on nothing else is begun, however short the document is
	triedPerUnit = 4            // bytes of a document that are tried in one unit
)

// explaining is what a verification knows of signatures that do not fit.
type explaining struct {
	misfits []misfit
	spent   *spent // shared with the documents around and inside this one
}

// spent is what was spent on trials, in units.
type spent struct {
	byLength int
	counted  int
}

// misfit is a proof whose signature does not fit, and the key that it was checked with.
type misfit struct {
	proof proof.Proof
	key   crypto.PublicKey
	about string // JSON Pointer to what cannot have been signed as it stands; "" when nothing in particular is to blame
	alone bool   // whether nothing but what stands at about is to blame
}

// note takes down a proof that a key did not fit. A member without a meaning is a reason too: nobody can have signed it.
func (e *explaining) note(p proof.Proof, key crypto.PublicKey, c Check) {
	switch c.Code {
	case proof.CodeSignatureInvalid:
		m := misfit{proof: p, key: key}
		if c.Pointer != "" && !strings.HasPrefix(c.Pointer, "/proof") { // of selective disclosure: the statement that was not signed
			m.about, m.alone = c.Pointer, true
		}
		e.misfits = append(e.misfits, m)
	case proof.CodeUnsafeJSONLD:
		e.misfits = append(e.misfits, misfit{proof: p, key: key, about: c.Pointer})
	}
}

// explain adds what can be proven about why the document does not come with a signature that fits. Each further finding rests on a
// signature that does fit: that of the document with a change undone, or that of the issuer's own copy. Nothing is guessed, and the
// answers stay as they are.
func (r *run) explain(ctx context.Context, s sealed) {
	if r.isInner || r.proofOnly {
		return
	}
	if r.document == nil {
		r.explainText(ctx, s)
		return
	}
	if len(r.explaining.misfits) == 0 {
		return
	}
	m := r.explaining.misfits[0]
	if m.alone {
		path := tokens(m.about)
		_, here := lookUp(r.document.Value(), path)
		what, key := memberWords(r.document.Value(), path)
		r.explained("proof", codeAltered, m.about, what+" is not what the issuer signed; what every copy of this badge has to show is.",
			Facts(nil).and(FactCase, "statement", FactName, key, FactHere, scalar(here)))
		return
	}
	_ = r.explainCut(m, s) || r.explainChange(ctx, m) || r.explainCopy(ctx, m, s)
}

// explained adds an explanation.
func (r *run) explained(step, code, pointer, detail string, facts Facts) {
	r.add(Check{Step: step, Outcome: Warn, Code: code, Pointer: pointer, Detail: detail, Facts: facts})
}

// explainText explains a text that could not be read as a document: one whose end is missing, and a token that was wrapped.
func (r *run) explainText(ctx context.Context, s sealed) {
	if !r.found(Fail, "form") || s.bytes == nil {
		return
	}
	if text, marked := bytes.CutPrefix(s.bytes, []byte("\ufeff")); marked && r.container == nil {
		whole, _, unreadable := readText(text)
		if own := r.trial(); unreadable == nil {
			own.judgeInner(ctx, whole)
			if own.answerAuthentic() == Yes {
				r.explained("form", codeEncoding, "", "A program has put a byte order mark before the text, as some editors do. Without it it is authentic: ask for the file itself.", named("order_mark", ""))
			}
		}
		return
	}
	if !s.jwt {
		var refusal *strict.Error
		text := bytes.TrimRight(s.bytes, " \t\r\n")
		_, err := strict.Object(text, credential.JSONLimits())
		if errors.As(err, &refusal) && refusal.Code == strict.CodeMalformed && refusal.Offset >= len(text) {
			r.explained("form", codeCutOff, "", "The end of the file is missing: its text breaks off. Ask for the whole file.", named("text", ""))
		}
		return
	}
	if !bytes.ContainsAny(s.bytes, " \t\r\n") {
		if parts := bytes.Split(s.bytes, []byte(".")); len(parts) == 2 && headerAlgorithm(parts[0]) != "" {
			r.explained("form", codeCutOff, "", "The end of the token is missing: it has no signature any more. Ask for the whole token.", named("token", headerAlgorithm(parts[0])))
		}
		return
	}
	if r.container != nil {
		return // nobody wraps a text inside a document
	}
	whole := sealed{bytes: unwrapped(s.bytes), jwt: true}
	if own := r.trial(); whole.bytes != nil {
		own.judgeInner(ctx, whole)
		if own.answerAuthentic() == Yes {
			r.explained("form", codeEncoding, "", "A program, such as one for e-mail, has put line breaks or spaces into the token. Without them it is authentic: ask for the file itself.", named("line_breaks", ""))
		}
	}
}

// headerAlgorithm is what the first part of a token names as its algorithm; "" when it cannot be read.
func headerAlgorithm(part []byte) string {
	text, err := base64.RawURLEncoding.DecodeString(string(part))
	if err != nil {
		return ""
	}
	header, err := strict.Object(text, strict.Limits{Bytes: 16 << 10, Depth: 8, Objects: 16, Values: 64})
	if err != nil {
		return ""
	}
	algorithm, _ := header["alg"].(string)
	return algorithm
}

// unwrapped takes out of a token what programs put in when they wrap lines: white space, and the "=" before a line break of
// quoted-printable text (RFC 2045 section 6.7). It is nil when what is left is no token.
func unwrapped(token []byte) []byte {
	text := strings.NewReplacer("=\r\n", "", "=\n", "").Replace(string(token))
	text = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(text)
	if !proof.IsCompactJWS([]byte(text)) {
		return nil
	}
	return []byte(text)
}

// trial is a verification for an explanation, whose work counts for no answer.
func (r *run) trial() *run {
	own := r.inner(r.Profile)
	own.work = &work{most: workMost, read: r.work.read}
	return own
}

// explainCut says whether the signature is shorter than one of its kind is.
func (r *run) explainCut(m misfit, s sealed) bool {
	size := 0 // of a signature, in bytes
	switch algorithm := keys.AlgorithmFor(m.key); algorithm {
	case keys.EdDSA, keys.ES256:
		size = 64
	case keys.ES384:
		size = 96
	case keys.RS256:
		if key, ok := m.key.(*rsa.PublicKey); ok {
			size = key.Size()
		}
	}
	short := false
	if r.secured.Form != proof.DataIntegrity {
		last := s.bytes[bytes.LastIndexByte(s.bytes, '.')+1:]
		short = s.bytes != nil && m.proof.Suite == keys.AlgorithmFor(m.key) && len(last) < base64.RawURLEncoding.EncodedLen(size)
	} else if !strings.HasPrefix(m.proof.Suite, "ecdsa-sd-") {
		text, found := strings.CutPrefix(r.proofValue(m.proof.Pointer), "z")
		short = found && base58Most(text) < size
	}
	if short {
		pointer := ""
		if m.proof.Pointer != "" {
			pointer = m.proof.Pointer + "/proofValue"
		}
		r.explained("proof", codeCutOff, pointer, "The end of the signature is missing: it is shorter than any of its kind ("+m.proof.Suite+"). Ask for the whole file.", named("signature", m.proof.Suite))
	}
	return short
}

// base58Most is how many bytes a base58 text can stand for at most: one for each leading 1, and log 58 to the base of 256 for every
// other letter.
func base58Most(text string) int {
	rest := strings.TrimLeft(text, "1")
	return len(text) - len(rest) + int(math.Ceil(float64(len(rest))*math.Log(58)/math.Log(256)))
}

// proofValue is the signature of the proof at pointer.
func (r *run) proofValue(pointer string) string {
	for _, p := range r.document.Proofs {
		if p.Pointer == pointer {
			value, _ := p.Value["proofValue"].(string)
			return value
		}
	}
	return ""
}

// explainChange undoes one change at a time, until the very same signature fits. Of a token there is nothing to undo: a text that
// was read and written again is another, whatever it says.
func (r *run) explainChange(ctx context.Context, m misfit) bool {
	if r.secured.Form != proof.DataIntegrity || m.proof.Fault() != nil {
		return false
	}
	t := &trials{run: r, misfit: m, value: r.document.Value()}
	if t.size = sizeOf(t.value); t.price() > explainMost {
		return false
	}
	return t.spellings(ctx) || t.members(ctx)
}

// trials checks one signature over changed documents.
type trials struct {
	*run
	misfit misfit
	value  map[string]any // the document with its proofs
	made   int
	size   int // of the document, in bytes
}

// sizeOf is about how long a value is as text.
func sizeOf(value any) int {
	const each = 4 // of punctuation
	size := each
	switch value := value.(type) {
	case string:
		size += len(value)
	case json.Number:
		size += len(value)
	case []any:
		for _, member := range value {
			size += sizeOf(member)
		}
	case map[string]any:
		for name, member := range value {
			size += len(name) + sizeOf(member)
		}
	}
	return size
}

// price is what one check costs, in units by length.
func (t *trials) price() int { return signatureUnits + t.size/triedPerUnit }

// afford says whether so many units may be spent, and spends them.
func (t *trials) afford(units int) bool {
	spent := t.explaining.spent
	if spent.byLength+units > explainMost || spent.counted > trialUnits {
		return false
	}
	spent.byLength += units
	return true
}

// fits says whether the signature is that of another form of the document.
func (t *trials) fits(ctx context.Context, value map[string]any) bool {
	if t.made == trialsMost || ctx.Err() != nil || !t.afford(t.price()) {
		return false
	}
	t.made++
	secured, err := proof.ReadIntegrity(value, t.proofOptions())
	if err != nil {
		return false
	}
	i := slices.IndexFunc(secured.Proofs, func(p proof.Proof) bool { return p.Pointer == t.misfit.proof.Pointer })
	if i < 0 || secured.Proofs[i].Fault() != nil {
		return false
	}
	shared, own, err := secured.VerifyCounting(ctx, secured.Proofs[i], t.misfit.key)
	t.explaining.spent.counted += signatureUnits + shared + own
	return err == nil
}

// required are the members without which there is no document to sign, so that nobody can have added them.
var required = words("@context type issuer credentialSubject achievement criteria proof")

// likely are the members that are tried before the others, in this order.
var likely = []string{"evidence", "result", "identifier", "endorsement", "alignment", "validUntil", "expirationDate", "awardedDate", "image"}

// members leaves out one member at a time: of the credential, its subject, the achievement and the issuer, and the last entry of a
// list of each.
func (t *trials) members(ctx context.Context) bool {
	var paths [][]string
	if t.misfit.about != "" {
		paths = append(paths, tokens(t.misfit.about))
	}
	objects := [][]string{nil, {"credentialSubject"}, {"credentialSubject", "achievement"}, {"issuer"}}
	var lists [][]string
	for _, path := range objects {
		path, value := single(t.value, path)
		object, _ := value.(map[string]any)
		for name, member := range object {
			at := append(slices.Clone(path), name)
			if list, _ := member.([]any); len(list) > 1 && !required[name] {
				lists = append(lists, append(slices.Clone(at), strconv.Itoa(len(list)-1)))
			}
			if !required[name] {
				paths = append(paths, at)
			}
		}
	}
	rank := func(path []string) int {
		if t.misfit.about != "" && pointerOf(path) == t.misfit.about {
			return -1
		}
		if i := slices.Index(likely, path[len(path)-1]); i >= 0 {
			return i
		}
		return len(likely)
	}
	paths = append(paths, lists...)
	slices.SortStableFunc(paths, func(a, b []string) int {
		if order := rank(a) - rank(b); order != 0 {
			return order
		}
		return slices.Compare(a, b)
	})
	paths = slices.CompactFunc(paths, slices.Equal)
	for _, path := range paths {
		changed, _ := without(t.value, path).(map[string]any)
		if changed == nil || !t.fits(ctx, changed) {
			continue
		}
		_, member := lookUp(t.value, path)
		what, key := memberWords(t.value, path)
		detail, name := what+" was added after signing: without it the signature fits.", "member"
		if isIndex(path[len(path)-1]) {
			name, detail = "item", "An entry was added after signing ("+strings.ToLower(what[:1])+what[1:]+"): without it the signature fits."
		}
		t.explained("proof", codeAddedMember, pointerOf(path), detail, Facts(nil).and(FactCase, name, FactName, key, FactHere, scalar(member)))
		return true
	}
	return false
}

// scalar is the text of a value that has one: a string, a number, true or false. Other values have none.
func scalar(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		if value {
			return "true"
		}
		return "false"
	}
	return ""
}
