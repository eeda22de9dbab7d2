package proof

import (
	"maps"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// alwaysMandatory are the members that no holder may leave out: who issued the credential, when it holds, and how its status is
// learned, by the names of both data models (VC Data Model 2.0 sections 4.7, 4.9 and 4.10, 1.1 sections 4.5, 4.6, 4.8 and 4.9).
var alwaysMandatory = [...]string{"issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate", "credentialStatus"}

// mandatoryPointers are those that an issuer asks for, and what is mandatory all the same. value is a document without proofs.
func mandatoryPointers(value map[string]any, asked []string) []string {
	if len(asked) == 0 {
		if c, err := credential.FromValue(nil, value); err == nil && c.Kind == credential.KindAchievement {
			asked = OpenBadgeMandatory(value)
		}
	}
	pointers := slices.Clone(asked)
	for _, name := range alwaysMandatory {
		if _, there := value[name]; there && !slices.Contains(asked, "/"+name) {
			pointers = append(pointers, "/"+name)
		}
	}
	return pointers
}

// OpenBadgeMandatory gives the JSON Pointers that an issuer of Open Badges makes mandatory with ecdsa-sd-2023, so that whatever its
// holder derives is still a whole badge by the rules of Open Badges 3.0: who issued it, when it holds, how its status is learned,
// whom it is about, what the achievement is, and that a result is one of a failure or not final (OB 3.0 B AchievementCredential,
// AchievementSubject, Achievement, Result). value is the strictly parsed document. Members that Laurel does not know are mandatory too.
//
// What is left to the holder: of the badge its description, image, date of the award, evidence and endorsements; of the subject
// all but id, type and identifier; of a result with a status all but that and what it is a result of; of the achievement all but
// id, type, name, description and criteria, and, where the subject has results, what they are measured by.
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
	if results, there := subject["result"]; there {
		pointers = append(pointers, mandatoryOfEach(results, at+"/result", func(result map[string]any, at string) []string {
			if _, there := result["status"]; !there {
				return nil
			}
			return mandatoryMembers(result, at, "status", "resultDescription")
		})...)
	}
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
