package proof

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// selectPointers is the selection of JSON Pointers, each of which has to name a value of the document; nil for none.
func selectPointers(document map[string]any, pointers []string) (*rdf.Selection, error) {
	if len(pointers) > selectivePointers {
		return nil, &Error{Code: CodeTooComplex, Clause: clauseSelection, Detail: fmt.Sprintf("There are more than %d JSON pointers.", selectivePointers)}
	}
	if len(pointers) == 0 {
		return nil, nil
	}
	selection := &rdf.Selection{}
	for _, pointer := range pointers {
		tokens, err := readPointer(pointer)
		if err != nil {
			return nil, err
		}
		if !names(document, tokens) {
			return nil, pointerFault(pointer, "does not match document")
		}
		selection.Add(tokens)
	}
	return selection, nil
}

// readPointer takes a JSON Pointer apart into its reference tokens (RFC 6901 sections 3 and 4).
func readPointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	rest, rooted := strings.CutPrefix(pointer, "/")
	if !rooted {
		return nil, pointerFault(pointer, "does not begin with a slash")
	}
	if strings.Count(rest, "/") >= credential.Limits.Depth { // before they are made
		return nil, pointerFault(pointer, "does not match document")
	}
	tokens := strings.Split(rest, "/")
	for i, token := range tokens {
		for _, part := range strings.Split(token, "~")[1:] {
			if !strings.HasPrefix(part, "0") && !strings.HasPrefix(part, "1") {
				return nil, pointerFault(pointer, "has a ~ that is not followed by 0 or 1")
			}
		}
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens, nil
}

// names says whether reference tokens lead to a value.
func names(value any, tokens []string) bool {
	for _, token := range tokens {
		switch parent := value.(type) {
		case map[string]any:
			member, there := parent[token]
			if !there {
				return false
			}
			value = member
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil || n < 0 || n >= len(parent) || strconv.Itoa(n) != token {
				return false
			}
			value = parent[n]
		default:
			return false
		}
	}
	return true
}

// revealed is the part of a document without its proofs that a selection selects, as a document of its own (selectJsonLd, VC-DI-ECDSA section 3.4),
// with its members in the order of the document. It has to make the statements that the selection selects, and no others:
// whatever means something else on its own, as a part of a list does, is refused with the first pointer at fault.
func revealed(ctx context.Context, document []byte, value map[string]any, pointers []string, selection *rdf.Selection, selected []byte, jsonld *rdf.Processor) ([]byte, error) {
	document = withoutProof(document)
	text := reveal(nil, document, selection)
	same, err := means(ctx, text, selected, jsonld)
	if err != nil || same {
		return text, err
	}
	units := 0
	for _, pointer := range pointers {
		one, err := selectPointers(value, []string{pointer})
		if err != nil {
			return nil, err
		}
		alone, err := jsonld.Statements(ctx, value, []*rdf.Selection{one}, unlabelled)
		if err != nil {
			return nil, wrapRDF(err)
		}
		same, err := means(ctx, reveal(nil, document, one), alone.Selected, jsonld)
		if err != nil {
			return nil, err
		}
		if !same {
			return nil, pointerFault(pointer, "selects a part that means something else without the rest")
		}
		if units += 2 * alone.Units; units > unitsMost { // the search may end without the pointer at fault
			break
		}
	}
	return nil, &Error{Code: CodeMalformed, Clause: clauseSelection, Detail: "The JSON pointers select parts that mean something else without the rest."}
}

func unlabelled(blanks int) ([]string, error) {
	labels := make([]string, blanks)
	for i := range labels {
		labels[i] = strconv.Itoa(i)
	}
	return labels, nil
}

// means says whether a document makes the statements of a canonical form. The error is that of ctx.
func means(ctx context.Context, text, canonical []byte, jsonld *rdf.Processor) (bool, error) {
	value, err := strict.Object(text, credential.JSONLimits())
	if err != nil {
		return false, nil
	}
	own, err := jsonld.Canonicalize(ctx, value, crypto.SHA256)
	return err == nil && bytes.Equal(own.NQuads, canonical), ctx.Err()
}

// reveal appends to out what s selects of a JSON text that the strict reader has let through: a value that is selected as it
// stands; of an object on the way to one its id and type, and the @context of the document; of an array the items that are
// selected or on the way.
func reveal(out, text []byte, s *rdf.Selection) []byte { return revealPart(out, text, s, true) }

func revealPart(out, text []byte, s *rdf.Selection, top bool) []byte {
	kind := text[0]
	if s.Whole() || kind != '{' && kind != '[' {
		return append(out, text...)
	}
	out = append(out, kind)
	first := true
	for i, m := range parts(text) {
		token := m.name
		if kind == '[' {
			token = strconv.Itoa(i)
		}
		inner := s.Part(token)
		if kind == '{' && (token == "id" || token == "type" || top && token == "@context") {
			inner = &rdf.Selection{}
			inner.Add(nil)
		}
		if inner == nil {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		if first = false; kind == '{' {
			out = append(append(out, m.key...), ':')
		}
		out = revealPart(out, m.value, inner, false)
	}
	return append(out, kind+2) // the closing bracket of either kind
}

// part is a member of a JSON object, or an item of an array.
type part struct {
	name  string // of a member
	key   []byte // as written
	value []byte
}

// parts takes the text of an object or an array apart, which the strict reader has let through.
func parts(text []byte) []part {
	var all []part
	isObject := text[0] == '{'
	for at := space(text, 1); text[at] != '}' && text[at] != ']'; {
		var p part
		if isObject {
			end := skip(text, at)
			p.key = text[at:end]
			_ = json.Unmarshal(p.key, &p.name) // a string, as the strict reader knows
			at = space(text, space(text, end)+len(":"))
		}
		end := skip(text, at)
		p.value = text[at:end]
		all = append(all, p)
		if at = space(text, end); text[at] == ',' {
			at = space(text, at+1)
		}
	}
	return all
}

// space is where the white space at a place ends.
func space(text []byte, at int) int {
	for at < len(text) && strings.IndexByte(" \t\r\n", text[at]) >= 0 {
		at++
	}
	return at
}

// skip is where the value at a place ends.
func skip(text []byte, at int) int {
	depth := 0
	for ; ; at++ {
		switch text[at] {
		case '"':
			for at++; text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth == 0 {
				for at < len(text) && strings.IndexByte(",]} \t\r\n", text[at]) < 0 {
					at++
				}
				return at
			}
			continue
		}
		if depth == 0 {
			return at + 1
		}
	}
}
