package rdf

// expand refuses: a page leaves json-gold out, which with the web client that it brings along is a fifth of the program. Only documents
// that define terms themselves are read twice, and a page judges Open Badges, in which nothing may.
func (p *Processor) expand(map[string]any) ([]any, error) {
	return nil, unsafe("the document defines terms itself, and is not read twice in a browser")
}
