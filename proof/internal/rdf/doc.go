// Package rdf turns JSON-LD into an RDF dataset, and a dataset into the one text that is signed.
//
// Start with [Processor.Canonicalize]. A Data Integrity proof signs the canonical text of a dataset, not the JSON text, so whatever
// does not reach the dataset is not signed and could be added or changed by anyone (Data Integrity 1.0 section 2.4.1). A document of
// which any part would be lost is therefore refused, with the place.
//
// The compiled path is one pass. The contexts of a document, which are known beforehand, are compiled once for each list of their
// URLs into tables of terms in layers; the contexts that types and properties bring are made from them once and remembered. The walk
// goes over the document with these tables and writes statements at once, as spans of one text that already has the form of N-Quads;
// RDFC-1.0 sorts and numbers them. The general path is for documents that define terms themselves: the same walk, with tables for
// that document alone, and json-gold's reading beside it, which has to come to the same text. The tests send every document down
// both, and to jsonld.js.
//
// The steps stand in files of their own: contexts.go (which contexts), context.go (JSON-LD API 1.1 section 4), walk.go and
// values.go (sections 5, 7 and 8), literal.go and jcs.go (numbers and JSON literals), dataset.go (the statements), canon.go and
// canon_ndegree.go (RDFC-1.0), configuration.go (proofs of the usual form), general.go (the second reading), processor.go (the two
// paths), quads.go and nquads.go (datasets that come as text).
package rdf
