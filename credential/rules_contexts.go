package credential

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Contexts of Open Badges 3.0, in the order of their versions.
const (
	contextOB300      = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
	contextOB301      = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
	contextOB302      = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
	contextOB303      = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	contextExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
)

// pairs are the contexts of Open Badges that may stand second, by the first one. The two oldest redefine protected terms of
// credentials/v2, which is an error of JSON-LD.
var pairs = map[string][]string{
	contextV2: {contextOB302, contextOB303},
	contextV1: {contextOB300, contextOB301, contextOB302, contextOB303},
}

// contexts checks @context (VCDM 2.0 section 4.3, OB 3.0 B). Whether each address is one that Laurel knows is for the reader of
// the contexts themselves to say.
func (w *walk) contexts(c *Credential, openBadge bool) {
	untrusted := func(pointer, detail string) {
		clause := "VCDM 2.0 4.3"
		if openBadge {
			clause = "OB 3.0 B " + c.Kind
		}
		w.report(Problem{Pointer: pointer, Code: CodeContextUntrusted, Clause: clause, Detail: detail})
	}
	if _, array := c.value["@context"].([]any); !array || len(c.Contexts) == 0 {
		untrusted("/@context", "@context is not a list of contexts")
		return
	}
	if len(c.Contexts) > Limits.Contexts {
		w.report(Problem{Pointer: "/@context", Code: strict.CodeTooComplex,
			Detail: fmt.Sprintf("@context has more than %d entries", Limits.Contexts)})
		return
	}
	if c.DataModel == "" {
		untrusted("/@context/0", "the first context is not the one of Verifiable Credentials")
	}
	for i, v := range c.Contexts {
		at := "/@context/" + strconv.Itoa(i)
		s, isText := v.(string)
		_, inline := v.(map[string]any)
		switch {
		case isText && !absolute(s):
			untrusted(at, "a context is not an absolute URL")
		case openBadge && inline:
			untrusted(at, "a context is written into the document, where only addresses are allowed")
		case !isText && !inline:
			untrusted(at, "a context is neither an address nor an object")
		}
	}
	if !openBadge {
		return
	}
	first, _ := c.Contexts[0].(string)
	if len(c.Contexts) < 2 {
		untrusted("/@context", "the context of Open Badges is missing from the second place")
	} else if second, _ := c.Contexts[1].(string); pairs[first] != nil && !slices.Contains(pairs[first], second) {
		untrusted("/@context/1", "the second context is not one of Open Badges 3.0 that fits the first")
	}
	if mayNest(c.value, true) {
		w.nested(c.value, "", c.Contexts, untrusted)
	}
}

// mayNest says whether there is a @context below the outermost object that nested has to judge. Most documents have none, and
// then their members need not be brought into an order.
func mayNest(v any, outermost bool) bool {
	switch v := v.(type) {
	case []any:
		for _, member := range v {
			if mayNest(member, false) {
				return true
			}
		}
	case map[string]any:
		if _, there := v["@context"]; there && !outermost {
			return true
		}
		for name, member := range v {
			switch member.(type) {
			case map[string]any, []any:
				if name != "endorsement" && mayNest(member, false) {
					return true
				}
			}
		}
	}
	return false
}

// nested reports every @context inside the document, except in endorsements, which are documents of their own, and in a proof
// where it repeats the beginning of the document's own (VC-DI-EDDSA section 3.3.1 puts it there).
func (w *walk) nested(v any, pointer string, own []any, untrusted func(pointer, detail string)) {
	switch v := v.(type) {
	case []any:
		for i, member := range v {
			w.nested(member, pointer+"/"+strconv.Itoa(i), own, untrusted)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			at := place(pointer, name)
			switch {
			case name == "endorsement", name == "@context" && pointer == "":
			case name == "@context" && !(inProof(pointer) && begins(own, values(v[name]))):
				untrusted(at, "a part of the document has a context of its own")
			default:
				w.nested(v[name], at, own, untrusted)
			}
		}
	}
}

// inProof says whether pointer is that of a proof: /proof, or /proof/0 and so on.
func inProof(pointer string) bool {
	index, found := strings.CutPrefix(pointer, "/proof")
	return found && !strings.Contains(strings.TrimPrefix(index, "/"), "/")
}

func begins(own, start []any) bool {
	return len(start) <= len(own) && slices.EqualFunc(own[:len(start)], start, func(a, b any) bool {
		s, ok := b.(string)
		return ok && a == any(s)
	})
}
