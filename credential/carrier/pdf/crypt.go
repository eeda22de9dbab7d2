package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/md5" // #nosec G501: prescribed by the format, to undo encryption that keeps nothing secret
	"crypto/rc4" // #nosec G503: likewise
	"slices"
)

// Files are opened with the user password that is empty: the standard security handler (7.6.4) in versions 1, 2, 4 and 5, which are
// revisions 2 to 6. A file that asks for a password, or is encrypted for certain persons (7.6.5), stays closed.
//
// MD5, RC4 and AES without authentication are what these files are made with, and protect nothing here: whoever has the file can
// open it. Whether what comes out is genuine is told by the signature of the credential alone.
//
// The permissions of a file (P, 7.6.4.2) are not consulted: they bind a reader as to what it lets the person who opened the file
// print, copy, extract or change, and here a holder hands in the file to have the holder's own credential in it checked.

// method is how strings or streams are encrypted: the CFM of a crypt filter (table 25).
type method name

const (
	plain  method = "None"
	rc4128 method = "V2"
	aes128 method = "AESV2"
	aes256 method = "AESV3"
)

// crypt undoes the encryption of one file. It does not change once it is there.
type crypt struct {
	key      []byte // the file encryption key
	version  int
	filters  dict   // crypt filters by their names (CF)
	streams  method // StmF
	strings  method // StrF
	files    method // EFF, of embedded files
	metadata bool   // the metadata of the document is encrypted, as is everything else
}

// unlock finds out how the file is encrypted, when a trailer says that it is. It is nothing to call it again.
func (r *reader) unlock() {
	if r.sealed == nil || r.crypt != nil || r.locked != nil {
		return
	}
	c, locked := r.handler(r.sealed)
	if r.crypt != nil || r.locked != nil || r.over != nil { // to read the dictionary took a search for objects, which did this
		return
	}
	r.crypt, r.locked = c, locked
	r.streams, r.held = nil, 0
}

// handler reads the encryption dictionary (7.6.2, 7.6.4.2) that a trailer names. Its strings are not encrypted.
func (r *reader) handler(trailer dict) (*crypt, *Error) {
	unknown := refuse(codeEncrypted, "the PDF file is encrypted in a way that is not known")
	broken := refuse(codeMalformed, "the PDF file is encrypted, and what it says about that is damaged")
	d := r.dictionary(trailer, "Encrypt")
	if handler, _ := r.get(d, "Filter").(name); handler != "Standard" {
		if handler == "" {
			return nil, broken
		}
		return nil, refuse(codeEncrypted, "the PDF file is encrypted for certain persons or programs")
	}
	p := password{revision: r.integer(d, "R", 0, 2, 6)}
	c := &crypt{version: r.integer(d, "V", 0, 1, 5), metadata: true}
	switch {
	case c.version == 1:
		p.length = 5
	case c.version == 2:
		p.length = r.integer(d, "Length", 40, 40, 128) / 8
		if r.integer(d, "Length", 40, 40, 128)%8 != 0 || p.length < 5 {
			return nil, broken
		}
	case c.version == 4:
		p.length = 16
	case c.version == 5:
		p.length = 32
	default:
		return nil, unknown
	}
	if p.revision < 2 || c.version == 5 != (p.revision >= 5) || c.version < 5 && fips140.Enforced() { // which forbids MD5 and RC4
		return nil, unknown
	}
	if c.version < 4 {
		c.streams, c.strings, c.files = rc4128, rc4128, rc4128
	} else {
		if encrypted, ok := r.get(d, "EncryptMetadata").(bool); ok {
			c.metadata = encrypted
		}
		c.filters = r.dictionary(d, "CF")
		var ok [3]bool
		c.streams, ok[0] = r.method(c, r.get(d, "StmF"))
		c.strings, ok[1] = r.method(c, r.get(d, "StrF"))
		c.files, ok[2] = c.streams, true
		if own := r.get(d, "EFF"); own != nil {
			c.files, ok[2] = r.method(c, own)
		}
		if !ok[0] || !ok[1] || !ok[2] {
			return nil, unknown
		}
	}
	p.owner, _ = r.get(d, "O").(text)
	p.user, _ = r.get(d, "U").(text)
	p.sealedKey, _ = r.get(d, "UE").(text)
	permissions, ok := r.get(d, "P").(float64)
	if p.permissions = uint32(int64(permissions)); !ok && p.revision < 5 {
		return nil, broken
	}
	if ids, _ := r.get(trailer, "ID").(array); len(ids) > 0 {
		p.id, _ = r.resolve(ids[0]).(text)
	}
	p.metadata = c.metadata
	var whole bool
	if c.key, whole = p.key(r); !whole {
		return nil, broken
	}
	if c.key == nil {
		return nil, &Error{Code: codeEncrypted, Case: "pdf_password", Detail: "the PDF file asks for a password"}
	}
	return c, nil
}

// method is that of the crypt filter with a name, Identity without one (7.6.6). It is not known when the file does not say, or says
// what does not belong to its version.
func (r *reader) method(c *crypt, filter any) (m method, known bool) {
	n, named := filter.(name)
	if filter == nil || named && n == "Identity" {
		return plain, true
	}
	f, _ := r.get(c.filters, n).(dict)
	if !named || f == nil {
		return "", false
	}
	cfm, given := r.get(f, "CFM").(name)
	if !given {
		return plain, r.get(f, "CFM") == nil
	}
	switch m := method(cfm); {
	case m == plain, c.version == 4 && (m == rc4128 || m == aes128), c.version == 5 && m == aes256:
		return m, true
	}
	return "", false
}

// objectKey is the key for the strings or the stream of an object (7.6.3, algorithms 1 and 1.A).
func (c *crypt) objectKey(m method, number, generation int) []byte {
	if m == aes256 {
		return c.key
	}
	in := append(slices.Clip(c.key), byte(number), byte(number>>8), byte(number>>16), byte(generation), byte(generation>>8))
	if m == aes128 {
		in = append(in, "sAlT"...)
	}
	sum := md5.Sum(in) // #nosec G401: see the import
	return sum[:min(len(c.key)+5, 16)]
}

func applyRC4(key, in []byte) []byte {
	c, err := rc4.NewCipher(key) // #nosec G405: see the import
	if err != nil {
		return nil
	}
	out := make([]byte, len(in))
	c.XORKeyStream(out, in)
	return out
}

// decrypt undoes one string or stream. With errDamaged come the whole blocks that there are.
func (m method) decrypt(key, in []byte) ([]byte, error) {
	switch m {
	case plain:
		return in, nil
	case rc4128:
		return applyRC4(key, in), nil
	}
	if len(in) <= aes.BlockSize { // nothing, or a vector for nothing
		if len(in)%aes.BlockSize != 0 {
			return nil, errDamaged
		}
		return nil, nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errDamaged
	}
	vector, body := in[:aes.BlockSize], in[aes.BlockSize:]
	out := make([]byte, len(body)/aes.BlockSize*aes.BlockSize)
	cipher.NewCBCDecrypter(block, vector).CryptBlocks(out, body[:len(out)])
	if len(out) < len(body) || len(out) == 0 {
		return out, errDamaged
	}
	// The padding of RFC 8018, 6.1.1: as many bytes as each of them says.
	n := int(out[len(out)-1])
	if n == 0 || n > aes.BlockSize || !bytes.Equal(out[len(out)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return out, errDamaged
	}
	return out[:len(out)-n], nil
}

const stringWork = 320 // to set up the decryption of a string

// decrypted is an object of the file itself with its strings decrypted, and its stream marked as one to decrypt. What stands in an
// object stream is encrypted with that alone (7.6.2). A string that is damaged is null.
func (r *reader) decrypted(number, generation int, v any) any {
	if r.crypt == nil {
		return v
	}
	if s, ok := v.(*stream); ok {
		s.generation, s.sealed = generation, true
	}
	m := r.crypt.strings
	if m == plain {
		return v
	}
	var key []byte
	var visit func(v any) any
	visit = func(v any) any {
		switch v := v.(type) {
		case text:
			if len(v) == 0 || !r.spend(stringWork+len(v)) {
				return text(nil)
			}
			if key == nil {
				key = r.crypt.objectKey(m, number, generation)
			}
			out, err := m.decrypt(key, v)
			if err != nil {
				return nil
			}
			return text(out)
		case array:
			for i := range v {
				v[i] = visit(v[i])
			}
		case dict:
			for i := range v {
				v[i].value = visit(v[i].value)
			}
		case *stream:
			visit(v.dict)
		}
		return v
	}
	return visit(v)
}

// body is the bytes of a stream before its filters, decrypted. With errDamaged come those that could be; errUnknownFilter is that
// of a crypt filter.
func (r *reader) body(s *stream, filters []filter) ([]byte, error) {
	raw := r.raw(s)
	if !s.sealed || r.crypt == nil {
		return raw, nil
	}
	c := r.crypt
	m := c.streams
	switch {
	case len(filters) > 0 && filters[0].name == "Crypt": // the stream's own, which is the first (7.4.10)
		var known bool
		if m, known = r.method(c, r.get(filters[0].parameters, "Name")); !known {
			return nil, errUnknownFilter
		}
	case !c.metadata && s.dict.at("Type") == name("Metadata"):
		m = plain
	case s.embedded || s.dict.at("Type") == name("EmbeddedFile"):
		m = c.files
	}
	if m == plain {
		return raw, nil
	}
	if r.left.inflated -= len(raw); r.left.inflated < 0 {
		r.exceed(codeTooLarge, "the PDF file holds too much after decrypting")
	}
	if !r.spend(256 + len(raw)) {
		return nil, errDamaged
	}
	return m.decrypt(c.objectKey(m, s.number, s.generation), raw)
}
