package definition

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/issuer"
)

// formatMember is the member by which an export is known; its value is the version of the format.
const (
	formatMember  = "laurelAchievement"
	formatVersion = 1
)

// export is the one JSON document that [Write] writes. achievement is read by anybody who reads Open Badges 3.0.
type export struct {
	Format      int                        `json:"laurelAchievement"`
	Achievement json.RawMessage            `json:"achievement"`
	About       issuer.About               `json:"about,omitzero"`
	Settings    issuer.AchievementSettings `json:"settings,omitzero"`
	Versions    Versions                   `json:"versions"`
	Issuer      *party                     `json:"issuer,omitempty"`
	Picture     string                     `json:"picture,omitempty"` // data: URL
}

type party struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// Write exports an achievement in any state, with everything that there is to know of it but its awards: the Open Badges 3.0 Achievement
// as it is signed, what its page says besides, its settings, its place among its versions, whose it is, and its picture as cleaned; nil is
// none. [Read] takes it back.
func Write(a issuer.Achievement, o issuer.Organisation, image []byte) ([]byte, error) {
	badge, err := a.OpenBadge()
	if err != nil {
		return nil, fmt.Errorf("exporting the achievement: %w", err)
	}
	e := export{Format: formatVersion, Achievement: badge, About: a.About,
		Settings: issuer.AchievementSettings{Duplicates: a.Duplicates, Months: a.Months, Renewable: a.Renewable},
		Versions: Versions{ID: a.ID, State: a.State(), Series: a.Series, Replaces: a.Replaces, ReplacedBy: a.ReplacedBy, Created: a.Created, Published: a.Published}}
	if a.Archived != nil {
		e.Versions.Archived = a.Archived.At
	}
	if o.ID != "" {
		e.Issuer = &party{o.DID, o.Name, o.URL}
	}
	if len(image) > 0 {
		media := picture.SVG
		if bytes.HasPrefix(image, []byte("\x89PNG")) {
			media = picture.PNG
		}
		e.Picture = "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(image)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("exporting the achievement: %w", err)
	}
	return out.Bytes(), nil
}

// laurel reads what [Write] wrote. An export of a later format is refused: what it says could be lost.
func (r *reader) laurel(o *object) (Definition, error) {
	if version := o.number(formatMember); version != formatVersion {
		return Definition{}, fmt.Errorf("reading the definition: it was exported by another version of the program, in format %v", version)
	}
	achievement := o.member("achievement")
	if achievement == nil {
		return Definition{}, ErrUnknown
	}
	var caption string
	if image := achievement.member("image"); image != nil { // its address there; the picture itself lies beside the achievement
		caption = image.text("caption")
	}
	delete(achievement.value, "image")
	d := r.openBadges3(achievement, SourceOpenBadges3)
	d.Source = SourceLaurel
	d.Input.Image, _ = o.picture("picture")
	d.Input.ImageCaption = caption
	var settings issuer.AchievementSettings
	for name, into := range map[string]any{"about": &d.Input.About, "settings": &settings, "versions": &d.Versions} {
		if err := o.into(name, into); err != nil {
			return Definition{}, err
		}
	}
	d.Input.Duplicates, d.Input.Months, d.Input.Renewable = settings.Duplicates, settings.Months, settings.Renewable
	if d.Versions.State == issuer.AchievementDraft {
		d.Address = "" // a urn, for want of one
	}
	if owner := o.member("issuer"); owner != nil {
		owner.ignore("id", "name", "url")
		owner.rest()
	}
	o.rest()
	return d, nil
}

// into reads a member that was written from a Go value. A member that it does not know is an error: the export is of another format.
func (o *object) into(name string, value any) error {
	v := o.take(name)
	if v == nil {
		return nil
	}
	text, err := json.Marshal(v)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(value)
	}
	if err != nil {
		return fmt.Errorf("reading the definition: the member %s is not as it was exported: %w", name, err)
	}
	return nil
}
