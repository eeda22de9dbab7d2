package rdf

// Kind tells the four things that may stand in a quad apart.
type Kind uint8

const (
	None    Kind = iota // the default graph, where a graph name would stand
	IRI                 // Value is an absolute IRI
	Blank               // Value is the label without "_:"
	Literal             // Value is the lexical form; Datatype is set; Language is set for rdf:langString only
)

// Datatypes that the abstract syntax itself names (RDF 1.1 Concepts section 3.3).
const (
	xsdString  = "http://www.w3.org/2001/XMLSchema#string"
	langString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
)

// Term is a node, a predicate, a literal or a graph name. Terms compare with ==.
type Term struct {
	Kind     Kind
	Value    string
	Datatype string // datatype IRI of a literal, never empty for one
	Language string // language tag of an rdf:langString, as written
}

// Quad is one statement. Graph has kind None in the default graph.
type Quad struct {
	Subject, Predicate, Object, Graph Term
}

// load adds quads, which may repeat themselves, to a dataset. It refuses terms that no statement may hold.
func (d *dataset) load(quads []Quad) error {
	for i := range quads {
		q := &quads[i]
		if fault := nquadsCheck(q); fault != "" {
			return &Error{Code: CodeMalformed, Detail: "canonicalizing a dataset: " + fault}
		}
		var nodes [4]node
		for place, t := range [...]*Term{&q.Subject, &q.Predicate, &q.Object, &q.Graph} {
			var err error
			d.reads(len(t.Value) + len(t.Datatype))
			switch t.Kind {
			case IRI:
				nodes[place] = d.iri(t.Value)
			case Blank:
				nodes[place], err = d.labelled(t.Value)
			case Literal:
				nodes[place] = d.literal(t.Value, t.Datatype, t.Language)
			default:
				nodes[place] = defaultGraph
			}
			if err != nil {
				return err
			}
		}
		d.add(nodes[0], nodes[1], nodes[2], nodes[3])
	}
	return d.whole()
}
