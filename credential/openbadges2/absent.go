package openbadges2

import "github.com/laurelbadges/laurel/credential/strict"

// absent says whether an optional member for people says nothing: null, which is as if it were not there (JSON-LD 1.1 API section 5.1.2),
// or an empty text, which platforms write for a field that nobody filled in.
func absent(v any) bool {
	all := strict.Values(v)
	return len(all) == 0 || len(all) == 1 && (all[0] == nil || all[0] == "")
}

// optional judges a member as judge does, unless it is [absent]. It is for texts and images only: an empty date or address of a
// revocation list is no way to say that there is none.
func optional(judge func(*problems, any, string)) func(*problems, any, string) {
	return func(p *problems, v any, pointer string) {
		if !absent(v) {
			judge(p, v, pointer)
		}
	}
}

// texts judges optional texts of an object.
func (p *problems) texts(object map[string]any, pointer string, names ...string) {
	for _, name := range names {
		optional(text)(p, object[name], pointer+"/"+name)
	}
}
