package proof

import (
	"maps"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential/strict"
)

// OpenBadgeMandatory gives the JSON Pointers that an issuer of Open Badges makes mandatory with ecdsa-sd-2023, so that whatever its
// holder derives is still a whole badge by the rules of Open Badges 3.0: who issued it, when it holds, how its status is learned,
// whom it is about, and what the achievement is (OB 3.0 B AchievementCredential, AchievementSubject, Achievement; VC Data Model
// 1.1 has other names for the dates). value is the strictly parsed document. Members that Laurel does not know are mandatory too.
//
// What is left to the holder: of the badge its description, image, date of the award, evidence and endorsements; of the subject
// all but id, type and identifier; of the achievement all but id, type, name, description and criteria, and, where the subject has
// results, what they are measured by.
func OpenBadgeMandatory(value map[string]any) []string {
	var pointers []string
	for _, name := range slices.Sorted(maps.Keys(value)) {
		switch name {
		case "@context", "id", "type": // of the document go with every selection
		case "proof", "description", "image", "awardedDate", "evidence", "endorsement", "endorsementJwt":
		case "credentialSubject":
			pointers = append(pointers, mandatoryOfEach(value[name], "/"+name, mandatoryOfSubject)...)
		default:
			pointers = append(pointers, strict.Escape(name))
		}
	}
	return pointers
}

// mandatoryOfEach is what of says of an object, or of each object in an array.
func mandatoryOfEach(value any, at string, of func(object map[string]any, at string) []string) []string {
	switch value := value.(type) {
	case map[string]any:
		return of(value, at)
	case []any:
		var pointers []string
		for i, item := range value {
			pointers = append(pointers, mandatoryOfEach(item, at+"/"+strconv.Itoa(i), of)...)
		}
		return pointers
	}
	return []string{at}
}

func mandatoryOfSubject(subject map[string]any, at string) []string {
	pointers := mandatoryMembers(subject, at, "id", "type", "identifier")
	if achievement, there := subject["achievement"]; there {
		members := []string{"id", "type", "name", "description", "criteria"}
		if _, results := subject["result"]; results {
			members = append(members, "resultDescription") // which a result has to find in the achievement (OB 3.0 B Result)
		}
		pointers = append(pointers, mandatoryOfEach(achievement, at+"/achievement", func(object map[string]any, at string) []string {
			return mandatoryMembers(object, at, members...)
		})...)
	}
	return pointers
}

// mandatoryMembers are the pointers to those of the named members that are there, and the object itself when it has none of them.
func mandatoryMembers(object map[string]any, at string, names ...string) []string {
	var pointers []string
	for _, name := range names {
		if _, there := object[name]; there {
			pointers = append(pointers, at+"/"+name)
		}
	}
	if pointers == nil {
		return []string{at}
	}
	return pointers
}
