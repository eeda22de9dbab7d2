package definition

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// reader collects the notes of one definition.
type reader struct {
	notes []Note
	seen  map[Note]bool
}

func (r *reader) note(at, reason string) {
	n := Note{at, reason}
	if !r.seen[n] && len(r.notes) <= mostNotes {
		if len(r.notes) == mostNotes {
			n = Note{"", fmt.Sprintf("There is more that was left out; only the first %d notes are kept.", mostNotes)}
		}
		r.seen[n] = true
		r.notes = append(r.notes, n)
	}
}

// object is a JSON object that knows which of its members were read. A nil one has no members.
type object struct {
	r     *reader
	at    string // JSON Pointer
	value map[string]any
	used  map[string]bool
}

func (r *reader) object(value map[string]any, at string) *object {
	return &object{r, at, value, map[string]bool{}}
}

func (o *object) take(name string) any {
	if o == nil {
		return nil
	}
	o.used[name] = true
	return o.value[name]
}

func (o *object) pointer(name string) string { return o.at + strict.Escape(name) }

// ignore marks members that are known to say nothing of the achievement.
func (o *object) ignore(names ...string) {
	for _, name := range names {
		o.take(name)
	}
}

// leave marks members that are left out together, for a reason that is told with the names of those that say something.
func (o *object) leave(reason string, names ...string) {
	var left []string
	for _, name := range names {
		if says(o.take(name)) {
			left = append(left, name)
		}
	}
	if left != nil {
		o.r.note(o.at, reason+": "+strings.Join(left, ", ")+".")
	}
}

// rest tells of all members that were not read and say something.
func (o *object) rest() {
	if o == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o.value)) {
		if !o.used[name] && says(o.value[name]) {
			o.r.note(o.pointer(name), "There is no place for this in an achievement here, so it was left out.")
		}
	}
}

// says tells a value from null, "", [] and {}.
func says(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return slices.ContainsFunc(v, says)
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// text reads a text; of one in several languages English, or else the first.
func (o *object) text(name string) string { return o.textOf(o.take(name), name) }

func (o *object) textOf(v any, name string) string {
	switch v := v.(type) {
	case nil:
	case string:
		return v
	case json.Number:
		return v.String()
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		slices.SortStableFunc(keys, func(a, b string) int { return languageRank(a) - languageRank(b) })
		for _, key := range keys {
			if s, is := v[key].(string); is {
				if len(keys) > 1 {
					o.r.note(o.pointer(name), "It is written in several ways; one of them was taken.")
				}
				return s
			}
		}
		o.r.note(o.pointer(name), "A text was expected, so it was left out.")
	case []any:
		if len(v) > 0 {
			if len(v) > 1 {
				o.r.note(o.pointer(name), "There is more than one; the first was taken.")
			}
			return o.textOf(v[0], name)
		}
	default:
		o.r.note(o.pointer(name), "A text was expected, so it was left out.")
	}
	return ""
}

func languageRank(key string) int {
	switch {
	case key == "@value":
		return 0
	case key == "en" || strings.HasPrefix(key, "en-"):
		return 1
	case strings.HasPrefix(key, "@"):
		return 3
	}
	return 2
}

func (o *object) texts(name string) (all []string) {
	for i, v := range strict.Values(o.take(name)) {
		if s := o.textOf(v, name+"/"+strconv.Itoa(i)); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func (o *object) number(name string) float64 {
	v := o.take(name)
	if v == nil {
		return 0
	}
	text, _ := v.(string)
	if n, is := v.(json.Number); is {
		text = n.String()
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		o.r.note(o.pointer(name), "A number was expected, so it was left out.")
		return 0
	}
	return f
}

func (o *object) flag(name string) bool {
	v := o.take(name)
	b, is := v.(bool)
	if v != nil && !is {
		o.r.note(o.pointer(name), "True or false was expected, so it was left out.")
	}
	return b
}

// member reads an object, or nil where there is none.
func (o *object) member(name string) *object {
	v := o.take(name)
	if list, is := v.([]any); is && len(list) == 1 {
		v = list[0]
	}
	value, is := v.(map[string]any)
	if !is {
		if says(v) {
			o.r.note(o.pointer(name), "An object was expected, so it was left out.")
		}
		return nil
	}
	return o.r.object(value, o.pointer(name))
}

// members reads the objects of a list, or the only one without a list. place writes the place of each into its pointer.
func (o *object) members(name string, place func(int) string) (all []*object) {
	for i, v := range strict.Values(o.take(name)) {
		at := o.pointer(name) + "/" + place(i)
		if value, is := v.(map[string]any); is {
			all = append(all, o.r.object(value, at))
		} else if says(v) {
			o.r.note(at, "An object was expected, so it was left out.")
		}
	}
	return all
}

func anyPlace(int) string { return "*" }

// picture reads the address or the object of a picture.
func (o *object) picture(name string) (data []byte, caption string) {
	address, at := "", o.pointer(name)
	if _, is := o.value[name].(map[string]any); is {
		image := o.member(name)
		address, caption = image.text("id"), image.text("caption")
		if encoded := image.text("encodedImageData"); encoded != "" {
			address = encoded
			if !strings.HasPrefix(encoded, "data:") {
				address = "data:;base64," + encoded
			}
		}
		image.ignore("type", "docId", "@context")
		image.rest()
	} else {
		address = o.text(name)
	}
	if address == "" {
		return nil, caption
	}
	media, encoded, is := strings.Cut(address, ",")
	if !strings.HasPrefix(media, "data:") || !is {
		o.r.note(at, "The picture is not in the file: save it from where it lies and upload it.")
		return nil, caption
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if !strings.HasSuffix(media, ";base64") || err != nil {
		o.r.note(at, "The picture cannot be read: upload it by itself.")
		return nil, caption
	}
	return data, caption
}

// criteria reads the criteria: an address, a text, or an object with both.
func (o *object) criteria() (address, narrative string) {
	if text, is := o.value["criteria"].(string); is {
		o.take("criteria")
		return addressOrText(text)
	}
	criteria := o.member("criteria")
	if criteria == nil {
		return "", ""
	}
	address, narrative = criteria.text("id"), criteria.text("narrative")
	criteria.ignore("type")
	criteria.rest()
	return address, narrative
}
