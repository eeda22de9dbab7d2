package credential

import "github.com/laurelbadges/laurel/credential/strict"

// Limits are the bounds of what Laurel reads. They are the same everywhere and no option changes them.
var Limits = struct {
	Document      int // bytes of a credential or presentation
	Upload        int // bytes of a file given to verify: a picture may carry the document
	Body          int // bytes of any other request body, and of a fetched DID document or JSON
	Depth         int // nesting of JSON values
	Contexts      int // entries of one @context
	Objects       int // JSON objects in one document
	Members       int // members of all JSON objects in one document together
	BlankNodes    int // blank nodes of the RDF dataset of one document
	Values        int // values of one property
	Proofs        int // proofs of one document
	Nested        int // credentials inside one presentation or CLR
	StatusList    int // bytes of a status list after inflating
	StatusMinimum int // entries that a Bitstring Status List has at least (Bitstring Status List 1.0 section 2.2)
}{
	Document:      4 << 20,
	Upload:        12 << 20,
	Body:          1 << 20,
	Depth:         64,
	Contexts:      8,
	Objects:       5000,
	Members:       60000,
	BlankNodes:    2000,
	Values:        2000,
	Proofs:        16,
	Nested:        64,
	StatusList:    16 << 20,
	StatusMinimum: 131072,
}

// JSONLimits are the bounds of one credential document for the strict reader.
func JSONLimits() strict.Limits {
	return strict.Limits{Bytes: Limits.Document, Depth: Limits.Depth, Objects: Limits.Objects, Values: Limits.Values, Members: Limits.Members}
}
