package rdf

import (
	"context"
	"crypto"
)

// ToRDF is the dataset of a document, read back from its canonical form.
func ToRDF(doc map[string]any, opts Options) ([]Quad, error) { return NewProcessor(opts).ToRDF(doc) }

// ToRDF is the function of the same name.
func (p *Processor) ToRDF(doc map[string]any) ([]Quad, error) {
	canonical, err := p.Canonicalize(context.Background(), doc, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return ParseNQuads(canonical.NQuads)
}

// AppendNQuad appends q in canonical form, with its final line feed, to dst (RDF Dataset Canonicalization appendix A). The
// terms are written as they are: it is for [ParseNQuads] and [Canonicalize] to refuse terms that no statement may hold.
func AppendNQuad(dst []byte, q Quad) []byte {
	dst = append(nquadsAppendTerm(dst, &q.Subject), ' ')
	dst = append(nquadsAppendTerm(dst, &q.Predicate), ' ')
	dst = append(nquadsAppendTerm(dst, &q.Object), ' ')
	if q.Graph.Kind != None {
		dst = append(nquadsAppendTerm(dst, &q.Graph), ' ')
	}
	return append(dst, ".\n"...)
}

func nquadsAppendTerm(dst []byte, t *Term) []byte {
	switch t.Kind {
	case IRI:
		return nquadsAppendIRI(dst, t.Value)
	case Blank:
		return append(append(dst, "_:"...), t.Value...)
	}
	return nquadsAppendLiteral(dst, t.Value, t.Datatype, t.Language)
}
