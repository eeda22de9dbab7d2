package credential

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/contexts"
)

// Digests of the context of VC Data Model 2.0, by other libraries.
const (
	sri384v2       = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"
	multibase256v2 = "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"
	base58v2       = "zQmUNM6HqwZxuJ5k6cYRKAiqjUkx1qxWJe4WTqsg7ZJtEFm"
)

func sri(name string, sum []byte) string { return name + "-" + base64.StdEncoding.EncodeToString(sum) }

func multibase(code byte, sum []byte) string {
	return "u" + base64.RawURLEncoding.EncodeToString(append([]byte{code, byte(len(sum))}, sum...))
}

func TestDigests(t *testing.T) {
	published, err := contexts.Get(contextV2)
	if err != nil {
		t.Fatal(err)
	}
	v2 := []byte(fromHex(published.Published))
	embedded := sha256.Sum256(published.JSON) // the same JSON, but not the bytes that are published
	v2in512 := []byte(fromHex(published.Published512))
	badges, err := contexts.Get(contextOB303)
	if err != nil {
		t.Fatal(err)
	}
	hello256, hello384, hello512 := sha256.Sum256([]byte("hello")), sha512.Sum384([]byte("hello")), sha512.Sum512([]byte("hello"))
	other := sha256.Sum256(nil)
	const context, data, far = contextV2, "data:text/plain,hello", "https://school.example/far"
	const fails, unsure = "schema_invalid", "warning schema_invalid"
	for _, c := range []struct{ name, id, member, value, want string }{
		{"SRI of a context", context, "digestSRI", sri384v2, ""},
		{"SRI in SHA-256", context, "digestSRI", sri("sha256", v2), ""},
		{"SRI in SHA-512", context, "digestSRI", sri("sha512", v2in512), ""},
		{"SRI of another text", context, "digestSRI", "sha384-" + strings.Repeat("A", 64), fails},
		{"SRI of the text as it is laid out here", context, "digestSRI", sri("sha256", embedded[:]), fails},
		{"SRI with a letter too many, as the examples of the specification", context, "digestSRI", strings.Replace(sri384v2, "-", "-M", 1), fails},
		{"SRI under another name", context, "digestSRI", strings.Replace(sri384v2, "384", "512", 1), fails},
		{"SRI with one of two that fits", context, "digestSRI", "sha384-" + strings.Repeat("A", 64) + " " + sri384v2, ""},
		{"SRI of which the weaker fits", context, "digestSRI", sri("sha256", v2) + " sha384-" + strings.Repeat("A", 64), fails},
		{"SRI of which the weaker fits, behind", context, "digestSRI", "sha384-" + strings.Repeat("A", 64) + " " + sri("sha256", v2), fails},
		{"SRI of which the stronger fits, before", context, "digestSRI", sri("sha512", v2in512) + " sha384-" + strings.Repeat("A", 64), ""},
		{"SRI of which the stronger fits", context, "digestSRI", "sha384-" + strings.Repeat("A", 64) + " " + sri("sha512", v2in512), ""},
		{"Multihash of a context", context, "digestMultibase", multibase256v2, ""},
		{"Multihash in base58", context, "digestMultibase", base58v2, ""},
		{"Multihash in base58 with a leading zero", context, "digestMultibase", "z1" + base58v2[1:], fails},
		{"Multihash in base58 of another text", context, "digestMultibase", base58v2[:len(base58v2)-1] + "n", fails},
		{"a very long digest", context, "digestMultibase", base58v2 + strings.Repeat("2", 1<<16), fails},
		{"Multihash of another text", context, "digestMultibase", multibase(0x12, other[:]), fails},
		{"Multihash in SHA-512", context, "digestMultibase", multibase(0x13, v2in512), ""},
		{"Multihash under another code", context, "digestMultibase", multibase(0x20, v2), fails},
		{"Multihash in SHA-3", context, "digestMultibase", multibase(0x16, v2), unsure},
		{"a digest without the head of a Multihash", context, "digestMultibase", "uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k", fails},
		{"a digest that is cut short", context, "digestMultibase", multibase(0x12, v2[:31]), fails},
		{"a context of Open Badges", contextOB303, "digestMultibase", multibase(0x12, []byte(fromHex(badges.Published))), ""},
		{"its older text", contextOB303, "digestMultibase", multibase(0x12, []byte(fromHex(badges.Older[0]))), ""},
		{"data, SHA-256", data, "digestMultibase", multibase(0x12, hello256[:]), ""},
		{"data, SHA-384", data, "digestSRI", sri("sha384", hello384[:]), ""},
		{"data, SHA-512", data, "digestSRI", sri("sha512", hello512[:]), ""},
		{"data in base64", "data:;base64,aGVsbG8=", "digestSRI", sri("sha512", hello512[:]), ""},
		{"data that is other", data, "digestSRI", sri("sha384", other[:]), fails},
		{"data that cannot be read", "data:text,hello", "digestMultibase", multibase(0x12, hello256[:]), fails},
		{"data that cannot be read and the digest of nothing", "data:text,hello", "digestMultibase", multibase(0x12, other[:]), fails},
		{"something that is not at hand", far, "digestSRI", "sha384-AAAA", ""},
	} {
		for _, place := range []struct{ pointer, object string }{
			{"/relatedResource", `[{"id":%q,%q:%q}]`},
			{"/evidence", `{"type":"E","id":%q,"x":{},%q:%q}`},
			{"/credentialSubject/0/image", `{"id":%q,%q:%q}`},
		} {
			text := edit(t, []byte(credentialText), place.pointer, fmt.Sprintf(place.object, c.id, c.member, c.value))
			var got []string
			for _, p := range Check(mustParse(t, text), VerifiableCredentials) {
				if !strings.HasPrefix(p.Pointer, place.pointer) || !strings.HasSuffix(p.Pointer, "/"+c.member) || p.Clause != clauseDigest {
					t.Errorf("%s: %+v", c.name, p)
				}
				line, _, _ := strings.Cut(lines([]Problem{p})[0], " /")
				got = append(got, line)
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("%s at %s: %q, want %q", c.name, place.pointer, got, c.want)
			}
		}
	}
}

// A digest has one text: decoders that pass over line breaks, or take other letters for those of the alphabet, would give it more.
func TestTextsOfMultibase(t *testing.T) {
	r, _ := resourceOf(contextV2)
	for text, want := range map[string]comparison{
		multibase256v2: fits, base58v2: fits,
		multibase256v2 + "\n": differs, multibase256v2[:20] + "\r\n" + multibase256v2[20:]: differs, multibase256v2 + "=": differs,
		base58v2 + "\n": differs, strings.Replace(base58v2, "H", "0", 1): differs, strings.Replace(base58v2, "H", "é", 1): differs, "z": differs, "u": differs, "": differs,
	} {
		if got := r.compareMultibase(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// A badge has related resources as any credential has, and what an endorsement says in it is its own matter.
func TestDigestsInBadges(t *testing.T) {
	for _, c := range []struct{ name, pointer, value, want string }{
		{"one that fits", "/relatedResource", `[{"id":"` + contextV2 + `","digestSRI":"` + sri384v2 + `"}]`, ""},
		{"one that does not", "/relatedResource", `{"id":"` + contextV2 + `","digestMultibase":"` + base58v2[:40] + `"}`, "schema_invalid /relatedResource/digestMultibase"},
		{"without id", "/relatedResource", `[{"digestSRI":"` + sri384v2 + `"}]`, "schema_invalid /relatedResource/0/id"},
		{"without digest", "/relatedResource", `[{"id":"urn:x:1"}]`, "schema_invalid /relatedResource/0"},
		{"twice", "/relatedResource", `[{"id":"urn:x:1","digestSRI":"sha384-AAAA"},{"id":"urn:x:1","digestSRI":"sha384-AAAA"}]`, "schema_invalid /relatedResource/1/id"},
		{"an address alone", "/relatedResource", `"urn:x:1"`, "schema_invalid /relatedResource"},
		{"an image", "/image", `{"id":"data:image/png;base64,AAAA","type":"Image","digestSRI":"sha384-AAAA"}`, "schema_invalid /image/digestSRI; schema_invalid /image/digestSRI"},
		{"in an endorsement", "/endorsement", `{"id":"data:,x","digestSRI":"sha384-AAAA"}`, ""},
	} {
		got := strings.Join(lines(Check(mustParse(t, edit(t, []byte(badgeText), c.pointer, c.value)), OpenBadges)), "; ")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Each hash of one resource is computed once, however many digests are claimed of it.
func TestDigestsAreComputedOnce(t *testing.T) {
	r, _ := resourceOf("data:,x")
	for range 3 {
		r.compareSRI("sha256-AAAA sha384-AAAA sha512-AAAA")
		r.compareMultibase("uEiAAAA")
	}
	if len(r.sums) > 3 || r.sums[crypto.SHA512] == "" {
		t.Errorf("%d hashes", len(r.sums))
	}
}

func FuzzCompareDigests(f *testing.F) {
	f.Add("data:,x", sri384v2, multibase256v2)
	f.Add(contextV2, sri384v2, base58v2)
	f.Fuzz(func(t *testing.T, id, metadata, digest string) {
		if r, atHand := resourceOf(id); atHand {
			own := sha256.Sum256(r.data)
			if r.data != nil && !r.opaque && (r.compareSRI(sri("sha256", own[:])) != fits || r.compareMultibase(multibase(0x12, own[:])) != fits) {
				t.Errorf("%q has not its own digest", id)
			}
			r.compareSRI(metadata)
			r.compareMultibase(digest)
		}
	})
}
