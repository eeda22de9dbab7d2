package rdf

import (
	"bytes"
	"context"
	"crypto"
	"strings"
)

// Configuration is a proof configuration with the members that nearly every proof has, and no other (Data Integrity 1.0
// section 2.1): a DataIntegrityProof for assertionMethod.
type Configuration struct {
	Context any    // @context of the document
	Suite   string // cryptosuite
	Created string // "" for none
	Method  string // verificationMethod
}

func (c Configuration) document() map[string]any {
	document := map[string]any{"@context": c.Context, "type": "DataIntegrityProof", "cryptosuite": c.Suite, "verificationMethod": c.Method, "proofPurpose": "assertionMethod"}
	if c.Created != "" {
		document["created"] = c.Created
	}
	return document
}

// SumConfiguration is [Processor.Sum] of a proof configuration. It comes to the same as for its document; for known contexts
// only the texts that vary are put into the canonical form of an earlier one.
func (p *Processor) SumConfiguration(ctx context.Context, c Configuration, hash crypto.Hash) ([]byte, error) {
	if t := p.template(ctx, c); t != nil && t.active.expandIRI(c.Method, false) == c.Method && isAbsolute(c.Method) {
		text := make([]byte, 0, 1024)
		for _, part := range t.parts {
			text = append(text, part.text...)
			switch part.hole {
			case holeCreated:
				text = nquadsAppendEscaped(text, c.Created)
			case holeMethod:
				text = append(text, c.Method...)
			}
		}
		return hashOf(text, hash), nil
	}
	sum, _, err := p.Sum(ctx, c.document(), hash)
	return sum, err
}

// template is the canonical form of configurations that differ in created and verificationMethod only. The order of its lines
// does not hang on these two, because each line has a property of its own.
type template struct {
	active *activeContext // in which the verification method stands
	parts  []templatePart
}

// templatePart is a text and what follows it.
type templatePart struct {
	text []byte
	hole hole
}

type hole uint8

const (
	holeNone hole = iota
	holeCreated
	holeMethod
)

// What stands for the two texts while a template is made. Neither needs an escape.
const (
	markCreated = "laurel-template-created"
	markMethod  = "laurel-template:method"
)

// template returns the template for a configuration, or nil where there is none.
func (p *Processor) template(ctx context.Context, c Configuration) *template {
	list, err := p.contexts(c.Context, "/@context")
	if err != nil || list.inline || p.general {
		return nil
	}
	active, err := p.compile(list)
	if err != nil {
		return nil
	}
	key := templateKey{c.Suite, c.Created != ""}
	if known, has := active.derived.Load(key); has {
		return known.(*template)
	}
	key.suite = strings.Clone(key.suite)
	made := p.makeTemplate(ctx, active, c)
	if ctx.Err() == nil {
		active.derived.Store(key, made)
	}
	return made
}

// templateKey is a key of activeContext.derived beside derivation.
type templateKey struct {
	suite   string
	created bool
}

func (p *Processor) makeTemplate(ctx context.Context, active *activeContext, c Configuration) *template {
	c.Method = markMethod
	if c.Created != "" {
		c.Created = markCreated
	}
	canonical, err := p.Canonicalize(ctx, c.document(), crypto.SHA256)
	proof := active.lookup("DataIntegrityProof")
	if err != nil || proof == nil || !proof.hasScoped {
		return nil
	}
	made := &template{}
	w := walk{processor: p}
	if made.active, err = w.scoped(active, proof, true); err != nil {
		return nil
	}
	if method := made.active.lookup("verificationMethod"); method == nil || method.hasScoped {
		return nil
	}
	properties := map[string]bool{}
	for line := range bytes.Lines(canonical.NQuads) {
		fields := bytes.SplitN(line, []byte(" "), 3)
		if string(fields[0]) != "_:c14n0" || properties[string(fields[1])] {
			return nil
		}
		properties[string(fields[1])] = true
	}
	rest := canonical.NQuads
	for len(rest) > 0 {
		part, end := templatePart{text: rest}, len(rest)
		for _, mark := range []struct {
			text string
			hole hole
		}{{markCreated, holeCreated}, {markMethod, holeMethod}} {
			if at := bytes.Index(part.text, []byte(mark.text)); at >= 0 {
				part, end = templatePart{rest[:at], mark.hole}, at+len(mark.text)
			}
		}
		made.parts, rest = append(made.parts, part), rest[end:]
	}
	if len(made.parts) != 2 && len(made.parts) != 3 || len(made.parts) == 3 != (c.Created != "") {
		return nil // a text is not there as it was given
	}
	return made
}
