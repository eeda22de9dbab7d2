package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"
)

// What the files that the tests encrypt are made with: version 1 (revision 2) with RC4, and version 5 (revision 5) with AES.
var (
	testOwner, testID = strings.Repeat("o", 32), "0123456789abcdef"
	testKey1          = func() []byte {
		sum := md5.Sum([]byte(padding + testOwner + "\xfc\xff\xff\xff" + testID))
		return sum[:5]
	}()
	testKey5 = []byte(strings.Repeat("k", 32))
)

// sealedText is a string or the body of a stream, encrypted for the object in which it stands.
func sealedText(m method, number, generation int, body string) string {
	if m == rc4128 {
		sum := md5.Sum(append(slices.Clip(testKey1), byte(number), byte(number>>8), 0, byte(generation), 0))
		return string(applyRC4(sum[:10], []byte(body)))
	}
	n := aes.BlockSize - len(body)%aes.BlockSize
	return sealedBlocks(body + strings.Repeat(string(rune(n)), n))
}

// sealedBlocks are whole blocks in AES with a key of version 5, behind their vector.
func sealedBlocks(body string) string {
	block, err := aes.NewCipher(testKey5)
	if err != nil {
		panic(err)
	}
	vector := []byte("\x80vector of 16 by")
	out := make([]byte, len(body))
	cipher.NewCBCEncrypter(block, vector).CryptBlocks(out, []byte(body))
	return string(vector) + string(out)
}

// filtersOf are the entries of an encryption dictionary for crypt filters: Std is AES, Old is RC4, None says nothing, Own is unknown.
func filtersOf(streams, stringsAre, files, more string) string {
	out := "/CF << /Std << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> /Old << /CFM /V2 >> /None << >> /Own << /CFM /Own >> >> " + more
	for key, filter := range map[string]string{"StmF": streams, "StrF": stringsAre, "EFF": files} {
		if filter != "" {
			out += fmt.Sprintf(" /%s /%s", key, filter)
		}
	}
	return out
}

// encryption is an encryption dictionary of version 1 or 5 for the empty password. Later entries count.
func encryption(version int, more string) string {
	if version == 1 {
		return fmt.Sprintf("<< /Filter /Standard /V 1 /R 2 /P -4 /O <%x> /U <%x> %s >>", testOwner, applyRC4(testKey1, []byte(padding)), more)
	}
	validation, salt := "validate", "key salt"
	check, wrap := sha256.Sum256([]byte(validation)), sha256.Sum256([]byte(salt))
	block, err := aes.NewCipher(wrap[:])
	if err != nil {
		panic(err)
	}
	key := bytes.Clone(testKey5)
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(key, key)
	return fmt.Sprintf("<< /Filter /Standard /V 5 /R 5 /P -4 /O <%x> /U <%x%x%x> /UE <%x> %s >>", strings.Repeat("o", 48), check, validation, salt, key, more)
}

// sealedFile is a file of objects that are encrypted already.
func sealedFile(version int, more string, objects ...string) []byte {
	return revised(nil, fmt.Sprintf("/Root 1 0 R /ID [<%x> <%x>] /Encrypt %s", testID, testID, encryption(version, more)), objects...)
}

// TestEncryptedFiles reads files as a tool for PDF encrypts them with an owner password alone. Those with an attachment are in
// TestRealFiles.
func TestEncryptedFiles(t *testing.T) {
	want := []string{"https://badges.example.org/link", "https://badges.example.org/in/the/metadata", "https://badges.example.org/in/the/text"}
	for name, outcomes := range map[string]string{"rc4-128": "read", "cleartext": "read", "revision5": "read", "password": "encrypted"} {
		data, err := os.ReadFile("testdata/" + name + ".pdf")
		if err != nil {
			t.Fatal(err)
		}
		for how, data := range map[string][]byte{
			"as it is":          data,
			"without startxref": bytes.ReplaceAll(data, []byte("startxref"), []byte("startxxxx")),
			"text in front":     append([]byte("\n\n"), data...),
			// An update that forgets to say that the file is encrypted changes nothing of that.
			"updated": revised(data, "/Root 1 0 R", "", "", "", "", "", "", "", "", "(new)"),
		} {
			d, err := Read(data)
			if got := outcome(t, err); got != outcomes {
				t.Errorf("%s, %s: %v", name, how, err)
			} else if err == nil {
				if diff := cmp.Diff(want, d.Links); diff != "" {
					t.Errorf("%s, %s: %s", name, how, diff)
				}
			} else if err.Error() != "the PDF file asks for a password" {
				t.Error(err)
			}
		}
	}
}

// TestEncryptedLibraryFile reads what a library for PDF encrypts.
func TestEncryptedLibraryFile(t *testing.T) {
	for password, want := range map[string]string{"": "read", "secret": "encrypted"} {
		f := fpdf.New("P", "mm", "A4", "")
		f.SetProtection(fpdf.CnProtectPrint, password, "owner")
		f.AddPage()
		f.LinkString(10, 10, 20, 20, address)
		f.RegisterImageOptionsReader("a", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(symbolPNG(t, address, 330)))
		f.ImageOptions("a", 40, 40, 30, 30, false, fpdf.ImageOptions{}, 0, "")
		var out bytes.Buffer
		if err := f.Output(&out); err != nil {
			t.Fatal(err)
		}
		d, err := Read(out.Bytes())
		if outcome(t, err) != want {
			t.Errorf("%q: %v", password, err)
		}
		if err != nil {
			continue
		}
		texts, _ := scanned(d)
		if diff := cmp.Diff([]string{address}, texts); diff != "" || !slices.Equal(d.Links, []string{address}) {
			t.Error(d.Links, diff)
		}
	}
}

// TestEncryptionDictionary: what is not said, not said rightly or not known leaves the file closed.
func TestEncryptionDictionary(t *testing.T) {
	const password, unknown, damaged, others = "the PDF file asks for a password", "the PDF file is encrypted in a way that is not known",
		"the PDF file is encrypted, and what it says about that is damaged", "the PDF file is encrypted for certain persons or programs"
	codes := map[string]string{password: "encrypted", unknown: "encrypted", damaged: "malformed", others: "encrypted"}
	std := filtersOf("Std", "Std", "", "")
	for name, c := range map[string]struct {
		version    int
		more, want string
	}{
		"version 1":                   {1, "", ""},
		"version 5":                   {5, std, ""},
		"no crypt filter":             {5, "", ""}, // then nothing is encrypted (7.6.6)
		"a crypt filter without CFM":  {5, filtersOf("None", "None", "None", ""), ""},
		"version 2 with 40 bits":      {1, "/V 2", ""},
		"version 0":                   {1, "/V 0", unknown},
		"version 3":                   {1, "/V 3", unknown},
		"version 9":                   {1, "/V 9", unknown},
		"no version":                  {1, "/V null", unknown},
		"a version in words":          {1, "/V (one)", unknown},
		"revision 7":                  {5, std + "/R 7", unknown},
		"revision 1":                  {1, "/R 1", unknown},
		"revision 6 of version 1":     {1, "/R 6", unknown},
		"revision 4 of version 5":     {5, std + "/R 4", unknown},
		"revision 6, hash of 5":       {5, std + "/R 6", password},
		"another handler":             {1, "/Filter /Adobe.PubSec", others},
		"no handler":                  {1, "/Filter null", damaged},
		"Length -1":                   {1, "/V 2 /R 3 /Length -1", damaged},
		"Length 0":                    {1, "/V 2 /R 3 /Length 0", damaged},
		"Length 44":                   {1, "/V 2 /R 3 /Length 44", damaged},
		"huge Length":                 {1, "/V 2 /R 3 /Length 2000000000", damaged},
		"Length in a circle":          {1, "/V 2 /R 3 /Length 4 0 R", password},
		"O too short":                 {1, "/O <00>", damaged},
		"U too short":                 {1, "/U (" + strings.Repeat("u", 31) + ")", damaged},
		"O of 12,000 bytes":           {1, "/O (" + strings.Repeat("o", 12000) + ")", ""}, // of which 32 count
		"another U":                   {1, "/U (" + strings.Repeat("u", 32) + ")", password},
		"another O":                   {1, "/O (" + strings.Repeat("u", 32) + ")", password},
		"other permissions":           {1, "/P -8", password},
		"permissions without sign":    {1, "/P 4294967292", ""},
		"no permissions":              {1, "/P null", damaged},
		"huge permissions":            {1, "/P 99999999999999999999999", password},
		"U of version 1":              {5, std + "/U (" + strings.Repeat("u", 32) + ")", damaged},
		"no UE":                       {5, std + "/UE null", damaged},
		"UE too short":                {5, std + "/UE (short)", damaged},
		"a crypt filter that is none": {5, filtersOf("Missing", "Std", "", ""), unknown},
		"a method not known":          {5, filtersOf("Std", "Own", "", ""), unknown},
		"a method of version 4":       {5, filtersOf("Std", "Std", "Old", ""), unknown},
		"StmF no name":                {5, std + "/StmF 7", unknown},
		"no CF":                       {5, std + "/CF null", unknown},
		"CF in a circle":              {5, std + "/CF 4 0 R", unknown},
		"a crypt filter in a circle":  {5, std + "/CF << /Std 5 0 R >>", unknown},
		"CFM in a circle":             {5, std + "/CF << /Std << /CFM 4 0 R >> >>", ""}, // null: there is none
		"CF of itself":                {5, std + "/CF 6 0 R", ""},                       // a crypt filter without CFM
	} {
		t.Run(name, func(t *testing.T) {
			data := sealedFile(c.version, c.more, catalog, onePageTree, emptyPage, "4 0 R", "<< /CFM 5 0 R /Std 4 0 R >>", "<< /Std 6 0 R /CF 6 0 R >>")
			for _, data := range [][]byte{data, bytes.ReplaceAll(data, []byte("startxref"), []byte("startxxxx"))} {
				_, err := Read(data)
				switch got := outcome(t, err); {
				case c.want == "" && err != nil, c.want != "" && (got != codes[c.want] || err.Error() != c.want):
					t.Errorf("%v, want %q", err, c.want)
				}
			}
		})
	}
	for name, trailer := range map[string]string{
		"that is missing": "9 0 R", "that is a stream": "4 0 R", "that is a number": "7", "that is the catalog": "1 0 R", "in a circle": "5 0 R",
	} {
		if _, err := Read(revised(nil, "/Root 1 0 R /Encrypt "+trailer, catalog, onePageTree, emptyPage, streamOf("", []byte("x")), "5 0 R")); outcome(t, err) != "malformed" {
			t.Errorf("a dictionary %s: %v", name, err)
		}
	}
	// A dictionary where the table does not lead is searched for, and its strings are not decrypted.
	data := revised(nil, fmt.Sprintf("/Root 1 0 R /ID [<%x>] /Encrypt 4 0 R", testID), catalog, onePageTree, emptyPage, encryption(1, ""))
	at := fmt.Sprintf("%010d", bytes.Index(data, []byte("4 0 obj")))
	if d := read(t, bytes.Replace(data, []byte(at), []byte("0000000003"), 1)); !d.reader.rebuilt || d.reader.crypt == nil {
		t.Error("not searched for")
	}
}

// TestDecryption: which strings and streams are decrypted, how, and what becomes of those that are damaged.
func TestDecryption(t *testing.T) {
	list := func(m method, entries string) string {
		return "<< /Pages 2 0 R /AF [<< /F (" + escaped(sealedText(m, 1, 0, "a")) + ") /EF << /F 4 0 R >> >>] " + entries + " >>"
	}
	attachment := func(version int, more, first, stream string) []byte {
		return sealedFile(version, more, first, onePageTree, emptyPage, stream)
	}
	std := filtersOf("Std", "Std", "", "")
	sealed := sealedText(aes256, 4, 0, "one")
	deflated := sealedText(aes256, 4, 0, string(deflate(t, []byte("one"))))
	bad := sealedBlocks("sixteen bytes ..and no padding..")
	inPlain := "<< /Pages 2 0 R /AF [<< /F (a) /EF << /F 4 0 R >> >>] >>"
	packed := sealedText(aes256, 4, 0, "8 0 << /Pages 2 0 R /AF [<< /F (a) /EF << /F 6 0 R >> >>] >>")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"RC4": {attachment(1, "", list(rc4128, ""), streamOf("", []byte(sealedText(rc4128, 4, 0, "one")))), "a: one"},
		"RC4, generation 3": {bytes.Replace(attachment(1, "", list(rc4128, ""), streamOf("", []byte(sealedText(rc4128, 4, 3, "one")))),
			[]byte("4 0 obj"), []byte("4 3 obj"), 1), "a: one"},
		"AES":                            {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealed))), "a: one"},
		"strings alone":                  {attachment(5, filtersOf("Identity", "Std", "", ""), list(aes256, ""), streamOf("", []byte("one"))), "a: one"},
		"streams alone":                  {attachment(5, filtersOf("Std", "Identity", "", ""), inPlain, streamOf("", []byte(sealed))), "a: one"},
		"embedded files alone":           {attachment(5, filtersOf("", "", "Std", ""), inPlain, streamOf("", []byte(sealed))), "a: one"},
		"embedded files left out":        {attachment(5, filtersOf("Std", "Std", "Identity", ""), list(aes256, ""), streamOf("", []byte("one"))), "a: one"},
		"own crypt filter Identity":      {attachment(5, std, list(aes256, ""), streamOf("/Filter /Crypt /DecodeParms << /Name /Identity >>", []byte("one"))), "a: one"},
		"own crypt filter without name":  {attachment(5, std, list(aes256, ""), streamOf("/Filter [/Crypt]", []byte("one"))), "a: one"},
		"own crypt filter":               {attachment(5, filtersOf("", "", "", ""), inPlain, streamOf("/Filter /Crypt /DecodeParms << /Name /Std >>", []byte(sealed))), "a: one"},
		"own crypt filter and another":   {attachment(5, filtersOf("", "", "", ""), inPlain, streamOf("/Filter [/Crypt /Fl] /DecodeParms [<< /Name /Std >> null]", []byte(deflated))), "a: one"},
		"own crypt filter, not known":    {attachment(5, std, list(aes256, ""), streamOf("/Filter /Crypt /DecodeParms << /Name /Own >>", []byte(sealed))), "a: encrypted"},
		"own crypt filter, not there":    {attachment(5, std, list(aes256, ""), streamOf("/Filter /Crypt /DecodeParms << /Name /Other >>", []byte(sealed))), "a: encrypted"},
		"a crypt filter, not the first":  {attachment(5, std, list(aes256, ""), streamOf("/Filter [/Fl /Crypt] /DecodeParms [null << /Name /Std >>]", []byte(deflated))), "a: encrypted"},
		"nothing":                        {attachment(5, std, list(aes256, ""), streamOf("", nil)), "a: "},
		"nothing but a vector":           {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealed[:16]))), "a: "},
		"one byte":                       {attachment(5, std, list(aes256, ""), streamOf("", []byte("x"))), "a: malformed"},
		"31 bytes":                       {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealed[:31]))), "a: malformed"},
		"33 bytes":                       {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealed+"x"))), "a: malformed"},
		"bad padding":                    {attachment(5, std, list(aes256, ""), streamOf("", []byte(bad))), "a: malformed"},
		"padding of zero":                {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealedBlocks(strings.Repeat("\x00", 16))))), "a: malformed"},
		"padding of 17":                  {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealedBlocks(strings.Repeat("\x11", 32))))), "a: malformed"},
		"padding that is uneven":         {attachment(5, std, list(aes256, ""), streamOf("", []byte(sealedBlocks(strings.Repeat("\x01", 14)+"\x01\x02")))), "a: malformed"},
		"bad padding after deflate data": {attachment(5, std, list(aes256, ""), streamOf("/Filter /Fl", []byte(sealedBlocks(string(deflate(t, []byte("one")))+strings.Repeat("?", 16-len(deflate(t, []byte("one")))%16))))), "a: one"},
		"cut within deflate data":        {attachment(5, std, list(aes256, ""), streamOf("/Filter /Fl", []byte(sealedText(aes256, 4, 0, string(deflate(t, []byte(strings.Repeat("one", 4)+"two and three"))))[:32]))), "a: malformed"},
		"a name that is damaged":         {attachment(5, std, inPlain, streamOf("", []byte(sealed))), ": one"},
		"a wrong Length":                 {bytes.Replace(attachment(5, std, list(aes256, ""), streamOf("", []byte(sealed))), []byte("/Length 32 >>\nstream"), []byte("/Length 99 >>\nstream"), 1), "a: one"},
		"changed on the way":             {attachment(5, std, list(aes256, ""), streamOf("", []byte("\x81"+sealed[1:]))), "a: nne"},
		"in an object stream": {bytes.Replace(sealedFile(5, std, "", onePageTree, emptyPage, streamOf("/Type /ObjStm /N 1 /First 4", []byte(packed)), "", streamOf("", []byte(sealed))),
			[]byte("/Root 1 0 R"), []byte("/Root 8 0 R"), 1), "a: one"},
		"object stream with crypt filter": {bytes.Replace(sealedFile(5, std, "", onePageTree, emptyPage,
			streamOf("/Type /ObjStm /N 1 /First 4 /Filter /Crypt", []byte("8 0 << /Pages 2 0 R /AF [<< /F (a) /EF << /F 6 0 R >> >>] >>")), "", streamOf("", []byte(sealed))),
			[]byte("/Root 1 0 R"), []byte("/Root 8 0 R"), 1), "a: one"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, data := range [][]byte{c.data, bytes.ReplaceAll(c.data, []byte("startxref"), []byte("startxxxx"))} {
				if diff := cmp.Diff([]string{c.want}, attached(read(t, data))); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// escaped is a string as it stands in parentheses.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, "\r", `\r`).Replace(s)
}

// TestHarden: the rounds of revision 6 end, whatever is hashed, and are taken off the budget.
func TestHarden(t *testing.T) {
	for i := range 50 {
		sum := sha256.Sum256([]byte{byte(i)})
		r := &reader{left: budget{work: readWork}}
		if got := harden(r, sum[:]); len(got) != 32 || r.left.work > readWork-64*64*32 || r.left.work < readWork-mostRounds*64*64 {
			t.Errorf("%d bytes, %d steps", len(got), readWork-r.left.work)
		}
		r = &reader{left: budget{work: 100_000}}
		if harden(r, sum[:]); r.over == nil || r.over.Code != codeTooComplex {
			t.Error(r.over)
		}
	}
}
