package console

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// BenchmarkAwards: a page of the list over 100,000 awards, at the beginning, in the middle and at the end, and with filters.
func BenchmarkAwards(b *testing.B) {
	const many = 100_000
	w := newWorld(b)
	achievement := w.published("Small-Group Instruction")
	award := w.awarded(achievement, "ada@example.org", "Ada Example")
	var kind issuer.Kind
	for _, k := range issuer.Kinds() {
		if k.Name == "credential" {
			kind = k
		}
	}
	for from := 0; from < many; from += 5000 { // copies of one record, as only the list counts here
		err := w.service.Records().Update(b.Context(), func(tx issuer.Tx) error {
			row, err := tx.Get(kind, award)
			if err != nil {
				return err
			}
			for i := from; i < from+5000; i++ {
				id := fmt.Sprintf("%022d", i)
				copied := issuer.Row{ID: id, Order: fmt.Sprintf("%020d", 10+i), Lookups: row.Lookups, Body: []byte(strings.ReplaceAll(string(row.Body), award, id))}
				if err := tx.Put(kind, copied); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	middle := w.issuer_.get(w.in("awards"))
	for range 20 {
		middle = w.issuer_.get(middle.link("Next page"))
	}
	for name, path := range map[string]string{"first": w.in("awards"), "middle": middle.link("Next page"), "state": w.in("awards") + "?state=issued",
		"achievement": w.in("awards") + "?achievement=" + achievement, "none": w.in("awards") + "?state=revoked", "id": w.issuer_.post(w.in("awards"), url.Values{"q": {award}}).header.Get("Location")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w.issuer_.get(path).want(b, 200)
			}
		})
	}
}

// link is the address of a link by its words.
func (r reply) link(words string) string {
	before, _, _ := strings.Cut(r.body, ">"+words+"<")
	_, address, _ := strings.Cut(before[strings.LastIndex(before, "<a "):], `href="`)
	address, _, _ = strings.Cut(address, `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}
