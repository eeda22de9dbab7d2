package verifier

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

// item is a real credential with what is known about it.
type item struct {
	File, Kind, Format, Profile string
	Version                     string `json:"vc_version"`
	Truth                       string `json:"ground_truth_2026_11_22"`
}

// corpus is the real credentials, where they lie, and the documents that stand for the network.
func corpus(t testing.TB) (items []item, folder string, documents library) {
	t.Helper()
	folder = filepath.Join(referencedata.Folder(t), "corpus")
	if err := json.Unmarshal(referencedata.File(t, "corpus/manifest.json"), &items); err != nil {
		t.Fatal(err)
	}
	var files map[string]string
	if err := json.Unmarshal(referencedata.File(t, "corpus/offline-map.json"), &files); err != nil {
		t.Fatal(err)
	}
	documents = library{}
	for name, file := range files {
		if at, err := keys.WebURL(name); err == nil {
			name = at
		}
		documents[name] = referencedata.File(t, "corpus/"+file)
	}
	return items, folder, documents
}

// specimen of an item: how it has to be judged.
func (i item) specimen(t testing.TB, folder string, documents library) specimen {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, i.File))
	if err != nil {
		t.Fatal(err)
	}
	options := Options{At: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Fetch: documents}
	if i.Profile == "vc" {
		options.Profile = credential.VerifiableCredentials
	}
	return specimen{text, options}
}

// TestCorpus: every real credential gets its verdict, as of 2026-11-22 and without a network.
func TestCorpus(t *testing.T) {
	items, folder, documents := corpus(t)
	judged := 0
	for _, item := range items {
		if item.Profile == "none" || strings.HasPrefix(item.Kind, "ob2") && item.Kind != "ob2-assertion" && item.Kind != "ob2-signed" {
			continue
		}
		judged++
		s := item.specimen(t, folder, documents)
		report := s.verify(t, s.text)
		want := map[Outcome]bool{Invalid: true, Unknown: true}
		switch {
		case item.Truth == "valid":
			want = map[Outcome]bool{Valid: true}
		case strings.HasPrefix(item.Kind, "ob2"), strings.Contains(item.Format, "iTXt:openbadges "): // its issuer's server would have to be asked
		case strings.HasPrefix(item.Truth, "bad signature"), strings.HasPrefix(item.Truth, "unsigned"), strings.HasPrefix(item.Truth, "valid but"), strings.HasPrefix(item.Truth, "signature fits"):
			want = map[Outcome]bool{Invalid: true}
		}
		if !want[report.Outcome] {
			t.Errorf("%s (%s, %s): %s %s", item.File, item.Format, item.Truth, report.Outcome, findings(report))
		} else if testing.Verbose() {
			t.Logf("%s (%s, %s): %s %s", filepath.Base(item.File), item.Format, item.Truth, report.Outcome, findings(report))
		}
	}
	if judged < 240 {
		t.Errorf("only %d credentials judged", judged)
	}
}

// findings lists what is not good in a report.
func findings(r *Report) string {
	var all []string
	for _, c := range r.Checks {
		if c.Outcome == Fail || c.Outcome == NotKnown || c.Outcome == Warn {
			all = append(all, c.Step+" "+string(c.Outcome)+" "+c.Code+" "+c.Pointer)
		}
	}
	return strings.Join(all, "; ")
}
