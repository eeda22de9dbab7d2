package earner

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "Ana García-López": "ana garcia lopez", "O’Brien": "obrien", "STRASSE Straße": "strasse strasse", "  İpek  ": "ipek", "Łukasz": "łukasz",
		"Ｆｕｌｌ": "full", "毛 泽东": "毛 泽东", "a b c d e f g h i j": "a b c d e f g j", "--": "",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	if got := words(strings.Repeat("é", 1000)); len(got) != 1 || len(got[0]) > wordMost {
		t.Error(got)
	}
}

// TestSearch: by address, by words of the name, by the names of the award; never what belongs to others.
func TestSearch(t *testing.T) {
	w := newWorld(t)
	theirs := w.published(w.theirs.ID, "Reading Aloud")
	id := map[string]string{}
	for _, name := range []string{"Ana García", "Ana María López García", "Ben García", "López Ana"} {
		id[name] = w.award(strings.ToLower(strings.Fields(name)[0])+"@example.org", name).ID
	}
	foreign := w.awardBy(issuer.AwardInput{Achievement: theirs.ID, Organisation: w.theirs.ID, Recipient: "ana@example.org", Name: "Ana García"})
	for asked, want := range map[string][]string{
		"garcia":           {"Ana García", "Ana María López García", "Ben García"},
		"GARCÍA ana":       {"Ana García", "Ana María López García"},
		"ana":              {"Ana García", "Ana María López García", "López Ana"},
		"ana lopez":        {"Ana María López García", "López Ana"},
		"maría":            {"Ana María López García"},
		"lopez maria":      {"Ana María López García"},
		"lopez":            {"Ana María López García", "López Ana"},
		"ana ana":          {"Ana García", "Ana María López García", "López Ana"},
		"ben ana":          {},
		"nobody":           {},
		" BEN@example.org": {"Ben García"},
		"x@example.org":    {},
		"":                 {},
		"...":              {},
		"%":                {},
		id["Ben García"]:   {"Ben García"},
		base + "/c/" + id["Ben García"] + ".json": {"Ben García"},
		base + "/c/" + id["Ben García"] + "?x#y":  {"Ben García"},
		foreign.ID:  {},
		foreign.URL: {},
	} {
		for _, limit := range []int{1, 100} {
			var got []string
			for after, more, pages := "", true, 0; more && pages < 200; pages++ {
				ids, next, err := w.earners.Search(t.Context(), w.ours.ID, asked, after, limit)
				if err != nil || len(ids) > limit {
					t.Fatal(asked, ids, err)
				}
				got = append(got, ids...)
				after, more = next, next != ""
			}
			var wanted []string
			for _, name := range want {
				wanted = append(wanted, id[name])
			}
			slices.Sort(got)
			slices.Sort(wanted)
			if !slices.Equal(got, wanted) {
				t.Errorf("%q by %d: %d found, want %v", asked, limit, len(got), want)
			}
		}
	}
	for _, after := range []string{"x", "9~", "-1~", "0~x", "8~"} {
		_, _, err := w.earners.Search(t.Context(), w.ours.ID, "ana", after, 1)
		w.bad(err, "cursor")
	}
}

// BenchmarkSearch searches 100,000 holdings, of which each name has many.
func BenchmarkSearch(b *testing.B) {
	store, err := bolt.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	hold(b, store, "o", 100_000, func(i int) Holding {
		return Holding{Address: fmt.Sprintf("p%d@example.org", i), Name: fmt.Sprintf("Given%d Middle%d Family%d", i%200, i%7, i%1000), Created: began.Add(time.Duration(i) * time.Second)}
	})
	s := &Service{Config: Config{Store: store, Base: base}, mail: &mail.Outbox{}, now: func() time.Time { return began }}
	for _, asked := range []string{"p77777@example.org", "family77", "given77 family77", "given77 middle3", "given77 nobody"} {
		b.Run(strings.ReplaceAll(asked, " ", "_"), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Search(b.Context(), "o", asked, "", 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
