package rdf

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential"
)

const (
	rdfType  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
	rdfFirst = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"
	rdfRest  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest"
	rdfNil   = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil"
)

// conversion turns expanded JSON-LD into quads. Node map generation (JSON-LD API 1.1 section 7.2) and the conversion of the
// map (section 8.1) are one step here: a dataset is a set, so nodes with one identifier merge by themselves.
type conversion struct {
	quads  []Quad
	seen   map[Quad]struct{}
	labels map[string]string // labels of the document to issued ones
	issued int
}

func datasetOf(expanded []any) ([]Quad, error) {
	c := &conversion{seen: map[Quad]struct{}{}, labels: map[string]string{}}
	for _, node := range expanded {
		if _, err := c.node(node.(map[string]any), Term{}); err != nil {
			return nil, err
		}
	}
	return c.quads, nil
}

func (c *conversion) add(subject Term, predicate string, object, graph Term) {
	quad := Quad{Subject: subject, Predicate: Term{Kind: IRI, Value: predicate}, Object: object, Graph: graph}
	if _, known := c.seen[quad]; !known {
		c.seen[quad] = struct{}{}
		c.quads = append(c.quads, quad)
	}
}

// fresh issues a blank node (section 7.4). A label of the document is replaced, so that it cannot meet an issued one.
func (c *conversion) fresh() (Term, error) {
	if c.issued == credential.Limits.BlankNodes {
		return Term{}, &Error{Code: CodeTooComplex, Detail: fmt.Sprintf("the document has more than %d objects without an identifier", credential.Limits.BlankNodes)}
	}
	c.issued++
	return Term{Kind: Blank, Value: "b" + strconv.Itoa(c.issued-1)}, nil
}

func (c *conversion) name(node map[string]any) (Term, error) {
	id, named := node["@id"].(string)
	if named && !isBlankLabel(id) {
		return Term{Kind: IRI, Value: id}, nil
	}
	if label, known := c.labels[id]; named && known {
		return Term{Kind: Blank, Value: label}, nil
	}
	term, err := c.fresh()
	if named && err == nil {
		c.labels[id] = term.Value
	}
	return term, err
}

// node adds the statements of a node object, and of all below it, and returns its name.
func (c *conversion) node(node map[string]any, graph Term) (Term, error) {
	subject, err := c.name(node)
	if err != nil {
		return Term{}, err
	}
	for _, property := range slices.Sorted(maps.Keys(node)) {
		values, _ := node[property].([]any)
		for _, value := range values {
			switch property {
			case "@type":
				c.add(subject, rdfType, Term{Kind: IRI, Value: value.(string)}, graph)
			case "@graph":
				_, err = c.node(value.(map[string]any), subject)
			default:
				var object Term
				if object, err = c.object(value.(map[string]any), graph); err == nil {
					c.add(subject, property, object, graph)
				}
			}
			if err != nil {
				return Term{}, err
			}
		}
	}
	return subject, nil
}

// object converts one expanded value (section 8.2).
func (c *conversion) object(value map[string]any, graph Term) (Term, error) {
	if _, isValue := value["@value"]; isValue {
		return literal(value)
	}
	if list, isList := value["@list"].([]any); isList {
		return c.list(list, graph)
	}
	return c.node(value, graph)
}

// list converts a list to a chain of rdf:first and rdf:rest (section 8.3).
func (c *conversion) list(list []any, graph Term) (Term, error) {
	end := Term{Kind: IRI, Value: rdfNil}
	if len(list) == 0 {
		return end, nil
	}
	head, err := c.fresh()
	if err != nil {
		return Term{}, err
	}
	for at, i := head, 0; i < len(list); i++ {
		object, err := c.object(list[i].(map[string]any), graph)
		if err != nil {
			return Term{}, err
		}
		next := end
		if i < len(list)-1 {
			if next, err = c.fresh(); err != nil {
				return Term{}, err
			}
		}
		c.add(at, rdfFirst, object, graph)
		c.add(at, rdfRest, next, graph)
		at = next
	}
	return head, nil
}
