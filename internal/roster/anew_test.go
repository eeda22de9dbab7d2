package roster

import (
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestRowsAreMadeAnew: of a list only its texts are kept, and each look at a row gives the same, with the row that is the same person.
func TestRowsAreMadeAnew(t *testing.T) {
	s, err := Read([]byte("email,achievement,issued on\na@example.org,x,2026-01-02\na@example.org,x,1/2/2026\nb@example.org,y,2026-01-02\n"),
		Options{Achievements: map[string]string{"x": "1"}, Access: issuer.AccessHeld})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var codes []string
		for i := range s.Len() {
			row := s.Row(i)
			if row.Award.Access != issuer.AccessHeld {
				t.Errorf("row %d: access %q", i, row.Award.Access)
			}
			for _, p := range row.Problems {
				codes = append(codes, p.Code)
			}
		}
		if got := len(codes); got != 3 || codes[0] != "date" || codes[1] != "duplicate_row" || codes[2] != "achievement" || s.Unclear != 1 || len(s.Names) != 2 {
			t.Errorf("%q, %d unclear, names %q", codes, s.Unclear, s.Names)
		}
	}
}
