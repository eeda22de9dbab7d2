//go:build !js

package rdf

import "github.com/piprate/json-gold/ld"

// expand is json-gold's reading of a document.
func (p *Processor) expand(doc map[string]any) (expanded []any, err error) {
	defer func() {
		if recover() != nil {
			expanded, err = nil, unsafe("the second reading of the document failed")
		}
	}()
	options := ld.NewJsonLdOptions("")
	options.ProcessingMode = ld.JsonLd_1_1
	options.DocumentLoader = secondLoader{p}
	options.SafeMode = true
	second := clone(doc)
	spellContexts(second)
	expanded, err = ld.NewJsonLdProcessor().Expand(second, options)
	if err != nil {
		return nil, unsafe("the second reading of the document refuses it: " + quote(err.Error()))
	}
	return expanded, nil
}

// secondLoader serves the known contexts to json-gold, and nothing else.
type secondLoader struct{ processor *Processor }

func (l secondLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	loaded, err := l.processor.load(url)
	if err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: loaded.second}, nil
}
