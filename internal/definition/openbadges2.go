package definition

import (
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// openBadges2 reads a BadgeClass, or the one in an Assertion (Open Badges 2.0, BadgeClass).
func (r *reader) openBadges2(o *object) (Definition, error) {
	if o.value["badge"] != nil {
		badge := o.member("badge")
		if badge == nil {
			return Definition{}, ErrUnknown
		}
		r.note(o.at, "This is a badge that was awarded: the achievement was taken out of it, and nothing of its recipient.")
		o = badge
	}
	if o.value["name"] == nil {
		return Definition{}, ErrUnknown
	}
	d := Definition{Source: SourceOpenBadges2, Address: o.text("id")}
	in := &d.Input
	in.Name, in.Description, in.Version, in.Language = o.text("name"), o.text("description"), o.text("version"), o.text("@language")
	in.Type, in.Tags = "Badge", o.texts("tags")
	in.CriteriaURL, in.Criteria = o.criteria()
	if !strings.HasPrefix(in.CriteriaURL, "http") && in.CriteriaURL != "" {
		r.note(o.pointer("criteria"), "The criteria are not at a web address, so that was left out.")
		in.CriteriaURL = ""
	}
	in.Image, in.ImageCaption = o.picture("image")
	in.Creator = o.creator("issuer")
	if in.Creator.Name != "" {
		r.note(o.pointer("issuer"), "Its issuer is taken for who wrote the definition: leave that out where it is you.")
	}
	for _, a := range o.members("alignment", strconv.Itoa) {
		one := credential.Alignment{TargetName: a.text("targetName"), TargetURL: a.text("targetUrl"), TargetCode: a.text("targetCode"),
			TargetDescription: a.text("targetDescription"), TargetFramework: a.text("targetFramework")}
		if one.TargetName == "" { // as in Open Badges 1.1
			one.TargetName, one.TargetURL, one.TargetDescription = a.text("name"), a.text("url"), a.text("description")
		}
		a.ignore("type")
		a.rest()
		in.Alignments = append(in.Alignments, one)
	}
	for _, related := range o.members("related", strconv.Itoa) {
		in.Related = append(in.Related, credential.Related{ID: related.text("id"), InLanguage: related.text("@language"), Version: related.text("version")})
		related.ignore("type")
		related.rest()
	}
	if says(o.take("endorsement")) {
		r.note(o.pointer("endorsement"), "Endorsements are about the achievement at its address there: ask for new ones.")
	}
	o.ignore("@context", "type")
	o.rest()
	return d, nil
}
