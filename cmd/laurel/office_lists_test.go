package main

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"strings"
	"unicode/utf16"
)

// peopleList is a list of people as a platform writes it.
type peopleList struct {
	platform, name string
	data           []byte
	names          bool           // it names the achievement
	bad            map[int]string // rows that cannot be issued, as a table program counts them, and what is wrong with them
}

// pupil is the address of a person in a list.
func pupil(list, n int) string { return fmt.Sprintf("pupil%d.%d@example.org", list, n) }

// peopleLists are lists of so many people in the columns of five platforms, in different encodings and with different signs between the cells.
// In one of them there are more rows, which are wrong.
func peopleLists(rows int) []peopleList {
	first := []string{"Zoë", "Bo", "Łucja", "Grace", "山田", "José", "O'Neil", "Ann-Marie"}
	last := []string{"Ångström", "Lee", "de la Cruz", "Hopper", "太郎", "Müller", "\"Kit\" Carson", "Smith, Jr."}
	name := func(n int) (string, string) { return first[n%len(first)], fmt.Sprint(last[n/3%len(last)], " ", n) }
	written := func(comma rune, crlf bool, head []string, row func(n int) []string, more ...[]string) string {
		var out strings.Builder
		w := csv.NewWriter(&out)
		w.Comma, w.UseCRLF = comma, crlf
		_ = w.Write(head)
		for n := range rows {
			_ = w.Write(row(n))
		}
		_ = w.WriteAll(more)
		return out.String()
	}
	canvas := written(',', true, []string{"Badge Class ID", "Identifier", "First Name", "Last Name", "Narrative", "Evidence Narrative", "Evidence URL", "Issue Date", "Expiration Date"},
		func(n int) []string {
			given, family := name(n)
			return []string{"bc-17", pupil(0, n), given, family, "Taught **four** lessons.", "A portfolio", fmt.Sprint("https://work.example.org/", n), "2024-05-07", "2034-05-07"}
		})
	credly := written('\t', true, []string{"Badge Template ID", "Recipient Email", "First Name", "Last Name", "Issued at", "Evidence Name", "Evidence URL", "Locale"},
		func(n int) []string {
			given, family := name(n)
			return []string{"tpl-9", pupil(1, n), given, family, "05/14/24", "Lesson plans", "https://work.example.org/plans", []string{"en", "es"}[n%2]}
		})
	accredible := written(',', false, []string{"Recipient Name", "Recipient Email", "Issued on"},
		func(n int) []string {
			given, family := name(n)
			return []string{given + " " + family, pupil(2, n), "2024-06-01"}
		},
		[]string{"=HYPERLINK(\"https://evil.example\")", "nobody", "2024-06-01"},
		[]string{"Feb Ruary", "feb@example.org", "2024-02-30"},
		[]string{"No Address", "", "2024-06-01"})
	edubadges := written(';', false, []string{"Recipient mailadres", "Recipient EPPN", "Narrative (optional)", "Evidence URL (optional)", "Evidence NAME (optional)", "Evidence Description (optional)", "Grade (optional)"},
		func(n int) []string {
			return []string{pupil(3, n), fmt.Sprintf("p%d@uni.example", n), "Goed gedaan", "https://work.example.org/nl", "Les", "Vier lessen", ""}
		})
	consortium := written(',', false, []string{"earnerName", "emailAddress", "credentialName"},
		func(n int) []string {
			given, family := name(n)
			return []string{given + " " + family, pupil(4, n), lessonName}
		})
	return []peopleList{
		{platform: "Canvas Credentials", names: true, name: "canvas.csv", data: []byte("\ufeff" + canvas)},
		{platform: "Credly", names: true, name: "credly.txt", data: asUTF16(credly)},
		{platform: "Accredible", name: "accredible.csv", data: []byte(accredible), bad: map[int]string{
			rows + 2: "nobody", rows + 3: "2024-02-30", rows + 4: "Recipient Email"}},
		{platform: "edubadges", name: "edubadges.csv", data: []byte(edubadges)},
		{platform: "Digital Credentials Consortium", names: true, name: "dcc.csv", data: []byte(consortium)},
	}
}

// asUTF16 writes a text as table programs on Windows do, with a byte order mark.
func asUTF16(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}
