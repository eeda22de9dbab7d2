package credential

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Contexts of Open Badges 3.0, in the order of their versions.
const (
	contextOB300      = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
	contextOB301      = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
	contextOB302      = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
	contextOB303      = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	contextExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
	contextCLR201     = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
)

// pairs are the contexts of Open Badges that may stand second, or third in a CLR, by the first one. The two oldest redefine protected terms of
// credentials/v2, which is an error of JSON-LD.
var pairs = map[string][]string{
	contextV2: {contextOB302, contextOB303},
	contextV1: {contextOB300, contextOB301, contextOB302, contextOB303},
}

// contexts checks @context (VCDM 2.0 section 4.3, OB 3.0 B). byAddress says that the document is for profile openbadges. Whether each address is one that Laurel knows is for the reader of
// the contexts themselves to say.
func (w *walk) contexts(c *Credential, byAddress bool) {
	untrusted := func(pointer, detail string) {
		clause := "VCDM 2.0 4.3"
		if byAddress && c.Kind != KindPresentation {
			clause = clauseOB(c.Kind, "@context")
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
		case byAddress && inline:
			untrusted(at, "a context is written into the document, where only addresses are allowed")
		case !isText && !inline:
			untrusted(at, "a context is neither an address nor an object")
		}
	}
	if !byAddress {
		return
	}
	if c.Kind != KindPresentation {
		ofOpenBadges(c, untrusted)
	}
	if !w.holds.contexts {
		return
	}
	w.eachObject(c, c.value, func(object map[string]any) {
		context, there := object["@context"]
		// In a proof it may repeat the beginning of the document's own (VC-DI-EDDSA section 3.3.1 puts it there).
		if there && len(w.path) > 0 && !(w.within("proof") && begins(c.Contexts, strict.Values(context))) {
			untrusted(w.member("@context"), "a part of the document has a context of its own")
		}
	})
}

// ofOpenBadges checks the places of the contexts of Open Badges and of CLR.
func ofOpenBadges(c *Credential, untrusted func(pointer, detail string)) {
	first, _ := c.Contexts[0].(string)
	at := 1
	if c.Kind == KindCLR {
		if len(c.Contexts) < 2 {
			untrusted("/@context", "the context of CLR 2.0 is missing from the second place")
			return
		}
		if c.Contexts[1] != any(contextCLR201) {
			untrusted("/@context/1", "the second context is not the one of CLR 2.0")
		}
		at = 2
	}
	ordinal := [...]string{1: "second", 2: "third"}[at]
	if len(c.Contexts) <= at {
		untrusted("/@context", "the context of Open Badges is missing from the "+ordinal+" place")
	} else if context, _ := c.Contexts[at].(string); pairs[first] != nil && !slices.Contains(pairs[first], context) {
		untrusted("/@context/"+strconv.Itoa(at), "the "+ordinal+" context is not one of Open Badges 3.0 that fits the first")
	}
}

// found says what a document holds that most documents do not.
type found struct {
	contexts bool // a @context below the outermost object
	digests  bool // a digest beside the id of an object
}

// scan looks through a whole document, but for endorsements, so that the members of most documents need not be brought into an
// order. It may find what eachObject does not visit.
func scan(document map[string]any) found {
	var f found
	f.object(document, true)
	return f
}

func (f *found) object(object map[string]any, outermost bool) {
	for name, member := range object {
		switch name {
		case "@context":
			f.contexts = f.contexts || !outermost
			continue
		case "digestSRI", "digestMultibase":
			f.digests = true
		case "endorsement":
			continue
		}
		switch member := member.(type) {
		case map[string]any:
			f.object(member, false)
		case []any:
			f.array(member)
		}
	}
}

func (f *found) array(array []any) {
	for _, member := range array {
		switch member := member.(type) {
		case map[string]any:
			f.object(member, false)
		case []any:
			f.array(member)
		}
	}
}

func begins(own, start []any) bool {
	return len(start) <= len(own) && slices.EqualFunc(own[:len(start)], start, func(a, b any) bool {
		s, ok := b.(string)
		return ok && a == any(s)
	})
}
