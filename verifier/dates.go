package verifier

import (
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/proof"
)

// dates judges when the credential begins and ends, and the claims of a JWT that say the same (Open Badges 3.0 section
// 8.2.4.2): all that are there must hold.
func (r *run) dates() {
	const clause = "VCDM 2.0 4.9"
	from, fromErr := r.date(r.document.ValidFrom)
	until, untilErr := r.date(r.document.ValidUntil)
	if fromErr != nil || untilErr != nil {
		r.unknown("dates", "schema_invalid", "The dates cannot be read.", "", clause, FactCase, "unreadable")
		return
	}
	claims := r.secured.Claims
	begins, ends := laterOf(from, claims.NotBefore), earlierOf(until, claims.Expires)
	if r.secured.Form == proof.OpenBadgesJWT && !r.isPresentation() {
		r.compareDates(from, claims.NotBefore, "nbf", "validFrom")
		r.compareDates(until, claims.Expires, "exp", "validUntil")
	}
	for _, p := range r.counted { // another that is dated so counts for nothing
		if p.Created.After(r.at.Add(clockSkew)) {
			r.fail("dates", "not_yet_valid", "The signature is dated "+day(p.Created)+", which is later than the time it is judged for.", p.Pointer+"/created", "VC-DATA-INTEGRITY 2.1", FactCase, "signature", FactDate, dateFact(p.Created))
			return
		}
	}
	switch {
	case !begins.IsZero() && begins.After(r.at.Add(clockSkew)):
		r.fail("dates", "not_yet_valid", "It begins on "+day(begins)+".", "/validFrom", clause, FactCase, "begins", FactDate, dateFact(begins))
	case !ends.IsZero() && !ends.After(r.at): // at the end itself it has ended (RFC 7519 section 4.1.4)
		r.fail("dates", "expired", "It ended on "+day(ends)+".", "/validUntil", clause, FactDate, dateFact(ends))
	case ends.IsZero():
		r.pass("dates", "It has begun, and it has no end date.", FactCase, "no_end")
	default:
		r.pass("dates", "It has begun, and it ends on "+day(ends)+".", FactCase, "ends", FactDate, dateFact(ends))
	}
}

func (r *run) compareDates(signed time.Time, claim *time.Time, name, member string) {
	switch {
	case claim == nil && !signed.IsZero():
		r.warn("dates", "claim_missing", "The token does not repeat the credential's "+member+" as the claim "+name+".", "/"+member, "OB 3.0 8.2.4.1", FactName, name)
	case claim != nil && claim.Sub(signed.Truncate(time.Second)).Abs() >= time.Second:
		r.warn("dates", "date_mismatch", "The token's claim "+name+" is not the credential's "+member+"; the stricter of the two counts.", "/"+member, "OB 3.0 8.2.4.2", FactName, name)
	}
}

// date reads a date of the credential; one that is absent is zero.
func (r *run) date(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return credential.ParseDateTime(text)
}

func laterOf(a time.Time, b *time.Time) time.Time {
	if b != nil && b.After(a) {
		return *b
	}
	return a
}

func earlierOf(a time.Time, b *time.Time) time.Time {
	if b != nil && (a.IsZero() || b.Before(a)) {
		return *b
	}
	return a
}

// dateFact is an instant as facts have it.
func dateFact(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func day(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
