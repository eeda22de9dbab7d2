// Package definition reads definitions of achievements that were written elsewhere, and writes our own for elsewhere.
//
// Start with [Read] and [Write]. What a file says and an achievement here has no place for is told in notes, and never left out in
// silence. Nothing is fetched.
package definition

import (
	"errors"
	"fmt"
	"time"

	"github.com/laurelbadges/laurel/credential/openbadges2"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/issuer"
)

// Source is what a definition was written in.
type Source string

// All sources there are.
const (
	SourceLaurel      Source = "laurel" // what [Write] writes
	SourceBadgeEngine Source = "badge-engine"
	SourceOpenBadges3 Source = "open-badges-3.0"
	SourceOpenBadges2 Source = "open-badges-2.0"
	SourceCASE        Source = "case" // of an item nothing but the alignment is filled in, and of a package all that it holds
)

// Definition is an achievement to be drafted.
type Definition struct {
	Source   Source
	Address  string // of the definition where it comes from; "" when it has none
	Input    issuer.AchievementInput
	Versions Versions // of SourceLaurel alone
	Notes    []Note
}

// Versions says where in its life an achievement stood when it was exported. Ids are those of the installation that it comes from.
type Versions struct {
	ID         string                  `json:"id"`
	State      issuer.AchievementState `json:"state"`
	Series     string                  `json:"series,omitempty"`
	Replaces   string                  `json:"replaces,omitempty"`
	ReplacedBy string                  `json:"replacedBy,omitempty"`
	Created    time.Time               `json:"created,omitzero"`
	Published  time.Time               `json:"published,omitzero"`
	Archived   time.Time               `json:"archived,omitzero"`
}

// Note tells of something in the file that is not in the definition as it stood there.
type Note struct {
	Field  string // JSON Pointer (RFC 6901) into the file; a * stands for every place of a list
	Reason string // one sentence for a person
}

const (
	mostBytes       = 8 << 20
	mostDefinitions = 500
	mostItems       = 5000 // of a CASE package
	mostNotes       = 200
)

var limits = strict.Limits{Bytes: mostBytes, Depth: 64, Objects: 100_000, Values: 50_000, Members: 1_000_000}

// ErrUnknown says that a file is JSON, but no definition that is known here.
var ErrUnknown = errors.New("this is no definition of an achievement: files of Badge Engine, Open Badges 2.0 and 3.0, CASE, and exports of this program are read")

// Read reads the definitions in a JSON file, which it tells apart by what they hold: one, or a list of them. It judges no rule of an
// achievement: that is for whoever drafts it. Errors are those of the package strict, [ErrUnknown], and a file of too many definitions.
func Read(data []byte) ([]Definition, error) {
	value, err := strict.Parse(data, limits)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	var all []Definition
	if err := read(value, "", 0, &all); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrUnknown
	}
	return all, nil
}

// read reads a definition, or the definitions in a list or in the envelope of an answer.
func read(value any, at string, depth int, all *[]Definition) error {
	if list, is := value.([]any); is && depth < 3 {
		for i, member := range list {
			switch member.(type) {
			case map[string]any, []any: // Badge Engine puts counts beside the list
				if err := read(member, fmt.Sprintf("%s/%d", at, i), depth+1, all); err != nil {
					return err
				}
			}
		}
		return nil
	}
	object, is := value.(map[string]any)
	if !is {
		return ErrUnknown
	}
	for _, envelope := range []string{"result", "data", "json"} { // of the answers of Badge Engine
		if inner := object[envelope]; inner != nil && len(object) <= 2 && depth < 6 {
			return read(inner, at+"/"+envelope, depth+1, all)
		}
	}
	if len(*all) == mostDefinitions {
		return fmt.Errorf("reading the definitions: the file holds more than %d", mostDefinitions)
	}
	r := &reader{seen: map[Note]bool{}}
	d, err := r.definition(object, at)
	if err != nil {
		return err
	}
	d.Notes = r.notes
	*all = append(*all, d)
	return nil
}

// definition tells what the object is, and reads it.
func (r *reader) definition(value map[string]any, at string) (Definition, error) {
	o := r.object(value, at)
	has := func(names ...string) bool {
		for _, name := range names {
			if value[name] != nil {
				return true
			}
		}
		return false
	}
	typed := func(name string) bool {
		for _, t := range strict.Texts(value["type"]) {
			if t == name {
				return true
			}
		}
		return false
	}
	switch {
	case has(formatMember):
		return r.laurel(o)
	case has("CFDocument", "CFItems", "CFItem", "fullStatement"):
		return r.caseFramework(o)
	case openbadges2.VersionOf(value) != openbadges2.Other || typed("BadgeClass"):
		return r.openBadges2(o)
	case typed("Achievement") && !has("docId", "assessmentExtensions", "extensions"):
		return r.openBadges3(o, SourceOpenBadges3), nil
	case has("name") && has("docId", "assessmentExtensions", "extensions", "supportingResearchAndRationale"):
		return r.badgeEngine(o), nil
	case has("credentialSubject"):
		return r.credential(o)
	}
	return Definition{}, ErrUnknown
}

// credential reads the achievement out of a badge that was awarded, and nothing of whom it was awarded to.
func (r *reader) credential(o *object) (Definition, error) {
	subject := o.member("credentialSubject")
	achievement := subject.member("achievement")
	if achievement == nil {
		return Definition{}, ErrUnknown
	}
	r.note(o.at, "This is a badge that was awarded: the achievement was taken out of it, and nothing of its recipient.")
	return r.openBadges3(achievement, SourceOpenBadges3), nil
}
