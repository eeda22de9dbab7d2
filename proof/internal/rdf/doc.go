// Package rdf turns JSON-LD into an RDF dataset, and a dataset into the one text that is signed.
//
// Start with [ToRDF], then [Canonicalize]. A Data Integrity proof signs the canonical text of a dataset, not the JSON text,
// so whatever does not reach the dataset is not signed and could be added or changed by anyone (Data Integrity 1.0 section
// 2.4.1). ToRDF therefore refuses a document of which any part would be lost, and names the place.
//
// A document is read twice: by this package's own expansion, which knows what it loses, and by json-gold. Both expanded
// forms must be equal. json-gold is used for nothing else and only here: its conversion to RDF and its canonical form lose
// data, write what is no RDF, and have no limit on their work.
//
// The steps stand in files of their own: contexts.go (which contexts), context.go (JSON-LD API 1.1 section 4), walk.go and
// values.go (section 5), expand.go (the two readings), tordf.go and literal.go (sections 7 and 8), canon.go (RDFC-1.0).
package rdf
