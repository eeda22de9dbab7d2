package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" // #nosec G501: prescribed by the format, to undo encryption that keeps nothing secret
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
)

// password is what tells whether the empty user password opens a file.
type password struct {
	revision    int
	length      int // of the file encryption key, in bytes
	owner, user text
	sealedKey   text // UE
	permissions uint32
	id          text // first part of the file identifier (14.4)
	metadata    bool
}

// padding stands for what a password lacks to 32 bytes (7.6.4.3.2).
const padding = "\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a"

// key is the file encryption key, nil when the empty password is not the user password. It tells whether what that takes is there.
func (p *password) key(r *reader) (key []byte, whole bool) {
	if p.revision >= 5 {
		return p.key256(r)
	}
	if len(p.owner) < 32 || len(p.user) < 32 || !r.spend(4000+len(p.id)) {
		return nil, false
	}
	// Algorithm 2 (7.6.4.3.2).
	in := append([]byte(padding), p.owner[:32]...)
	in = binary.LittleEndian.AppendUint32(in, p.permissions)
	in = append(in, p.id...)
	if p.revision >= 4 && !p.metadata {
		in = append(in, 0xff, 0xff, 0xff, 0xff)
	}
	sum := md5.Sum(in) // #nosec G401: see the import
	if p.revision == 2 {
		// Algorithm 4 (7.6.4.4.3).
		key = sum[:5]
		return fitting(key, applyRC4(key, []byte(padding)), p.user[:32]), true
	}
	for range 50 {
		sum = md5.Sum(sum[:p.length]) // #nosec G401: see the import
	}
	key = sum[:p.length]
	// Algorithm 5 (7.6.4.4.4).
	check := md5.Sum(append([]byte(padding), p.id...)) // #nosec G401: see the import
	want := check[:]
	for i := range byte(20) {
		turn := bytes.Clone(key)
		for j := range turn {
			turn[j] ^= i
		}
		want = applyRC4(turn, want)
	}
	return fitting(key, want, p.user[:16]), true
}

// fitting is the key when what was computed is what the file has, else nil.
func fitting(key, computed, written []byte) []byte {
	if subtle.ConstantTimeCompare(computed, written) != 1 {
		return nil
	}
	return key
}

// key256 is the file encryption key of revisions 5 and 6 (algorithms 2.A and 11, 7.6.4.3.3 and 7.6.4.4.10).
func (p *password) key256(r *reader) (key []byte, whole bool) {
	if len(p.user) < 48 || len(p.sealedKey) < 32 {
		return nil, false
	}
	hash := func(salt []byte) []byte {
		sum := sha256.Sum256(salt)
		if p.revision == 5 { // of Adobe's extension level 3
			return sum[:]
		}
		return harden(r, sum[:])
	}
	computed := hash(p.user[32:40])
	if fitting(computed, computed, p.user[:32]) == nil {
		return nil, r.over == nil
	}
	block, err := aes.NewCipher(hash(p.user[40:48]))
	if err != nil {
		return nil, false
	}
	key = make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(key, p.sealedKey[:32])
	return key, r.over == nil
}

// mostRounds is the most that there can be: they end when the last byte of one, at most 255, is at most their number less 32.
const mostRounds = 255 + 32

// harden is algorithm 2.B (7.6.4.3.4) for the empty password. Once the budget is exceeded it gives what it has.
func harden(r *reader, k []byte) []byte {
	for round := 1; round <= mostRounds && r.spend(64*len(k)); round++ {
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			break
		}
		e := bytes.Repeat(k, 64)
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		rest := 0 // of the first 16 bytes as a number, divided by 3, as 256 leaves 1
		for _, c := range e[:16] {
			rest += int(c)
		}
		switch rest % 3 {
		case 0:
			sum := sha256.Sum256(e)
			k = sum[:]
		case 1:
			sum := sha512.Sum384(e)
			k = sum[:]
		default:
			sum := sha512.Sum512(e)
			k = sum[:]
		}
		if last := int(e[len(e)-1]); round >= 64 && last <= round-32 {
			break
		}
	}
	return k[:32]
}
