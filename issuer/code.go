package issuer

import (
	"crypto/sha256"
	"encoding/base32"
)

// readable are the digits and letters of codes: without I, L, O and U, which are taken for others or for words.
var readable = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Code is the code of an award for people, such as 7K4M-92XQ: eight characters that the same award always has, to compare a paper, a
// profile and its page by. It opens nothing and nothing is found by it: addresses stay impossible to guess.
func (c *Credential) Code() string {
	digest := sha256.Sum256([]byte("laurel badge code\n" + c.ID))
	code := readable.EncodeToString(digest[:5])
	return code[:4] + "-" + code[4:]
}
