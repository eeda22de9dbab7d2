package verifier

import (
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/proof"
)

// A suite with RDFC-1.0 signs statements, and all objects of a graph with one id are one subject of them: members can be moved from
// one to the other, and the signature fits as before. So where several objects have one id, only one of them may say more than its
// place allows. What a place allows does no harm in another object of the same id: profiles say who somebody is wherever they stand,
// and one address may be that of an achievement, its criteria and a piece of evidence.
var (
	profilePlaces  = []string{"issuer", "creator", "source", "parentOrg"}
	profileMembers = words("id type name url phone description endorsement endorsementJwt image email address otherIdentifier official parentOrg " +
		"familyName givenName additionalName patronymicName honorificPrefix honorificSuffix familyNamePrefix dateOfBirth")
	placeMembers = map[string]map[string]bool{
		"image":    words("id type caption"),
		"criteria": words("id type narrative"),
		"evidence": words("id type name description narrative genre audience"),
		"related":  words("id type inLanguage version"),
	}
	endorsedMembers = words("id type endorsementComment") // of the subject of an endorsement inside
	bareMembers     = words("id type")
)

func words(all string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(all) {
		set[word] = true
	}
	return set
}

// graph is the objects of a document by id.
type graph struct {
	objects map[string][]placed
	mingled map[string]bool // ids of several objects of which it is not signed what stands where
}

type placed struct {
	place  string
	object map[string]any
	speaks bool // says more than its place allows
}

// graphOf reads the graph of a document. With inside the credentials in a record belong to it.
func graphOf(document map[string]any, inside bool) graph {
	g := graph{map[string][]placed{}, map[string]bool{}}
	g.read(document, "", "", inside)
	return g
}

// read takes up value, which stands under place in an object that stands under around.
func (g graph) read(value any, place, around string, inside bool) {
	switch value := value.(type) {
	case []any:
		for _, member := range value {
			switch member.(type) {
			case map[string]any, []any:
				g.read(member, place, around, inside)
			}
		}
	case map[string]any:
		if id, _ := value["id"].(string); id != "" {
			g.add(id, placed{place, value, speaks(value, place, around)})
		}
		for name, member := range value {
			switch member.(type) {
			case map[string]any, []any:
				if name != "proof" && name != "@context" && (inside || name != "verifiableCredential") {
					g.read(member, name, place, inside)
				}
			}
		}
	}
}

// sharedMost bounds the objects of one id that are compared with each other. A document with more says the same thing too often.
const sharedMost = 16

func (g graph) add(id string, own placed) {
	others := g.objects[id]
	if len(others) == sharedMost {
		if own.speaks {
			g.mingled[id] = true
		}
		return
	}
	for _, other := range others {
		if g.mingled[id] {
			break
		}
		if own.speaks && other.speaks && !reflect.DeepEqual(own.object, other.object) || own.contradicts(other) {
			g.mingled[id] = true
		}
	}
	g.objects[id] = append(others, own)
}

// contradicts says whether two objects of one id, in different places, have other values for the same member: the two could be
// exchanged. What is said of somebody in several places is said of them anyway.
func (p placed) contradicts(other placed) bool {
	if p.place == other.place || slices.Contains(profilePlaces, p.place) || slices.Contains(profilePlaces, other.place) {
		return false
	}
	for name, value := range p.object {
		if elsewhere, both := other.object[name]; both && !bareMembers[name] && !reflect.DeepEqual(value, elsewhere) {
			return true
		}
	}
	return false
}

// speaks says whether an object has members that its place does not explain.
func speaks(object map[string]any, place, around string) bool {
	allowed, known := placeMembers[place]
	switch {
	case known:
	case slices.Contains(profilePlaces, place):
		allowed = profileMembers
	case place == "credentialSubject" && around == "endorsement":
		allowed = endorsedMembers
	default:
		allowed = bareMembers
	}
	for name := range object {
		if !allowed[name] {
			return true
		}
	}
	return false
}

// grouped judges whether the signature says which of the document's parts belong together. One of the text does, as JCS and tokens
// make it.
func (r *run) grouped() {
	if r.secured.Form != proof.DataIntegrity || r.isPresentation() || slices.ContainsFunc(r.counted, ofText) {
		return
	}
	mingled := graphOf(r.document.Value(), false).mingled
	if len(mingled) == 0 {
		return
	}
	var ids []string
	for id := range mingled {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	r.fail("contexts", credential.CodeAmbiguous, "Two parts of it are about the same thing and say different things, and the signature does not say which stands where: "+quoted(ids[0])+".", "", "RDF 1.1 3.1")
}

// ofText says whether a proof covers the text of a document, and not its statements alone.
func ofText(p proof.Proof) bool { return p.Type == "JWT" || strings.Contains(p.Suite, "-jcs-") }

// minglesWith says whether a credential inside a record shares an object with something else in it. A record keeps all its objects in
// one graph.
func (r *run) minglesWith(inside *credential.Credential) bool {
	if r.isPresentation() || slices.ContainsFunc(r.counted, ofText) {
		return false
	}
	if r.mingled == nil {
		r.mingled = graphOf(r.document.Value(), true).mingled
	}
	for id, own := range graphOf(inside.Value(), true).objects {
		if r.mingled[id] && slices.ContainsFunc(own, func(p placed) bool { return p.speaks }) {
			return true
		}
	}
	return false
}

// said is what the profiles of a document say of somebody, wherever they stand: the first text of each member, in their order as texts.
func said(document map[string]any, id string) credential.Party {
	p := credential.Party{ID: id}
	var visit func(value any, place string)
	visit = func(value any, place string) {
		switch value := value.(type) {
		case []any:
			for _, member := range value {
				visit(member, place)
			}
		case map[string]any:
			if slices.Contains(profilePlaces, place) && value["id"] == id {
				for _, pair := range [...]struct {
					name string
					into *string
				}{{"name", &p.Name}, {"url", &p.URL}} {
					if text, _ := value[pair.name].(string); text != "" && (*pair.into == "" || text < *pair.into) {
						*pair.into = text
					}
				}
			}
			for name, member := range value {
				if name != "proof" && name != "@context" && name != "verifiableCredential" {
					visit(member, name)
				}
			}
		}
	}
	visit(document, "")
	return p
}
