package verifier

import (
	"errors"

	"github.com/laurelbadges/laurel/credential/status"
)

// revocationUnit is how many bytes of an unsigned list are read in one unit of work.
const revocationUnit = 32

// revocationList reads an unsigned list. There is nothing in it to check but its form.
func (r *run) revocationList(source Document) *statusList {
	r.work.units += len(source.Bytes) / revocationUnit
	revocations, err := status.ParseRevocations(source.Bytes)
	var refusal *status.Error
	if errors.As(err, &refusal) {
		return refuseList(source, refusal.Code, "malformed", "The list of revoked badges cannot be read: "+refusal.Detail)
	}
	source.Bytes = nil
	return &statusList{revocations: revocations, source: source}
}

// sayRevoked looks the credential up in an unsigned list. That the list names it is believed. That it does not is an answer only where
// nobody but the issuer can have said so: the list calls itself the issuer's and the one at this address, and it came from the
// issuer's own host by https, or from this installation.
func (l *statusList) sayRevoked(entry status.Entry, r *run) standing {
	c := Check{AsOf: instant(l.source.ReadAt), Facts: factsOfSource(l.source)}
	issuer := r.document.Issuer.ID
	host := ownHost(issuer)
	own := l.revocations.Issuer == issuer && issuer != ""
	if reason, revoked := l.revocations.Find(r.document.ID); revoked {
		c.Outcome, c.Code, c.Detail = Fail, "revoked", "It has been revoked, says the issuer, in a list that is not signed"
		which := "unsigned"
		if !own {
			which = "other"
			c.Detail = "It has been revoked, says a list that is not signed and not the issuer's own"
		}
		if reason = quoted(reason); reason != "" {
			c.Detail += `, with the reason "` + reason + `"`
		}
		c.Detail += "."
		c.Facts = c.Facts.and(FactCase, which, FactReason, reason)
		return standing{Check: c}
	}
	doubt := ""
	switch {
	case l.revocations.Fault != nil:
		doubt = "it breaks the rules of its own form: " + l.revocations.Fault.Detail
	case !own:
		doubt = "it does not say that it is the issuer's"
	case l.revocations.ID != "" && l.revocations.ID != entry.ListURL:
		doubt = "it says that it is another list"
	case l.source.Origin != Installation && (host == "" || host != ownHost(entry.ListURL) || host != ownHost(l.source.URL)):
		doubt = "it does not stand on the issuer's own host"
	}
	if doubt == "" {
		c.Outcome, c.Detail = Pass, "Not revoked, says the issuer's list, read "+string(l.source.Origin)+"; the list is not signed."
		c.Facts = c.Facts.and(FactCase, "unsigned")
		return standing{Check: c}
	}
	c.Outcome, c.Code = NotKnown, "status_invalid"
	c.Facts = c.Facts.and(FactCase, "unsigned_doubt")
	c.Detail = "The list of revoked badges does not name it, but the list is not signed, and " + doubt + "; whether it is in force is not known."
	return standing{Check: c, silent: l.revocations.Fault == nil}
}
