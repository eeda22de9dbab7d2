package credential

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHashIdentity(t *testing.T) {
	const want = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
	if got := HashIdentity("a@example.com", "Kosher"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMatchesIdentity(t *testing.T) {
	const sha = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
	const md = "md5$77f55e6a0cbb97e0ae7e4efdd1af4d9d" // not the hash of anything here
	for name, c := range map[string]struct {
		object IdentityObject
		value  string
		want   bool
	}{
		"sha256 matches":                {IdentityObject{Hashed: true, Hash: sha, Salt: "Kosher"}, "a@example.com", true},
		"upper-case digits match":       {IdentityObject{Hashed: true, Hash: "sha256$" + strings.ToUpper(sha[7:]), Salt: "Kosher"}, "a@example.com", true},
		"typed in capitals matches":     {IdentityObject{Hashed: true, Hash: sha, Salt: "Kosher"}, "A@Example.com", true},
		"other salt differs":            {IdentityObject{Hashed: true, Hash: sha, Salt: "kosher"}, "a@example.com", false},
		"no salt differs":               {IdentityObject{Hashed: true, Hash: sha}, "a@example.com", false},
		"other value differs":           {IdentityObject{Hashed: true, Hash: sha, Salt: "Kosher"}, "b@example.com", false},
		"md5 matches":                   {IdentityObject{Hashed: true, Hash: "md5$900150983cd24fb0d6963f7d28e17f72"}, "abc", true},
		"md5 with salt matches":         {IdentityObject{Hashed: true, Hash: "md5$900150983CD24FB0D6963F7D28E17F72", Salt: "bc"}, "a", true},
		"md5 of another value differs":  {IdentityObject{Hashed: true, Hash: md}, "abc", false},
		"unknown algorithm differs":     {IdentityObject{Hashed: true, Hash: "sha1$a9993e364706816aba3e25717850c26c9cd0d89d"}, "abc", false},
		"algorithm in capitals differs": {IdentityObject{Hashed: true, Hash: "SHA256$" + sha[7:], Salt: "Kosher"}, "a@example.com", false},
		"hash is not the identifier":    {IdentityObject{Hashed: true, Hash: "a@example.com"}, "a@example.com", false},
		"cut hash differs":              {IdentityObject{Hashed: true, Hash: sha[:20], Salt: "Kosher"}, "a@example.com", false},
		"empty hash differs":            {IdentityObject{Hashed: true}, "a@example.com", false},
		"plain matches":                 {IdentityObject{Hash: "a@example.com"}, "a@example.com", true},
		"plain in capitals matches":     {IdentityObject{Hash: "a@example.com"}, "A@EXAMPLE.COM", true},
		"plain differs":                 {IdentityObject{Hash: "a@example.com"}, "b@example.com", false},
		"plain hash is no hash":         {IdentityObject{Hash: sha, Salt: "Kosher"}, "a@example.com", false},
		"empty matches nothing":         {IdentityObject{}, "", false},
	} {
		if got := MatchesIdentity(c.object, c.value); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestHashedIdentityMatchesItsValueOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringN(1, 40, -1).Draw(t, "value")
		other := rapid.StringN(1, 40, -1).Draw(t, "other")
		object := HashedIdentity("emailAddress", value)
		if !MatchesIdentity(object, value) {
			t.Fatal("does not match its own value")
		}
		lower := strings.ToLower(other)
		if lower != strings.ToLower(value) && MatchesIdentity(object, other) {
			t.Fatalf("matches %q too", other)
		}
		if len(object.Salt) < 16 || object.Salt == HashedIdentity("emailAddress", value).Salt {
			t.Fatalf("salt %q", object.Salt)
		}
	})
}
