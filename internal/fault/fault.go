// Package fault says how HTTP answers tell that this side cannot do what was asked: where the kind of problem is described, and
// after how long it is worth while to ask again. Every API and the pages take both from here.
package fault

// What an answer says of a store without room (507, RFC 4918 section 11.5): the type and the title of a problem (RFC 9457
// section 3.1). The type leads to the description of the answer.
const (
	FullType  = "/openapi.json#/components/responses/Full"
	FullTitle = "No room left to write"
)

// RetryAfter is the field Retry-After (RFC 9110 section 10.2.3), in seconds, of an answer with this status and this code of its
// cause; "" for none. A 507 has none: it is not to be repeated until a person asks for it again (RFC 4918 section 11.5).
func RetryAfter(status int, code string) string {
	switch {
	case code == "under_way", status == 429: // the first try is at work; the account of an address fills again
		return "1"
	case status != 503:
		return ""
	}
	switch code {
	case "record_damaged", "clock_back", "no_check", "no_queue": // somebody has to do something first
		return "60"
	}
	return "5" // store_unavailable, key_unavailable, key_changed, busy: it comes back by itself
}
