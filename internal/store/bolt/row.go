package bolt

import (
	"encoding/binary"
	"slices"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// A row is stored as a byte sealed and its checksum (4 bytes), then its version (8 bytes), the order, the number of lookups and their
// values, each text after its length, and the body. Schema 1 had neither of the first two; its versions began with a byte 0.
const (
	sealed   = 2
	sealSize = 5
)

// A row with a long body is stored as a byte apart and what follows in a row that is sealed, with a reference in place of the body: its
// key in the bucket of bodies (8 bytes), its length and its checksum (4 bytes each). Bodies lie in the order in which they came, so that
// what is written at a time lies together, and the rows, which lie in the order of their ids, are short.
const (
	apart         = 3
	referenceSize = 16
	longestInside = 2048 // bytes of a body that lies in its row
)

// held is a row as it was read, with the place of its body where that lies apart.
type held struct {
	issuer.Row        // without its body where that lies apart
	at         uint64 // key in the bucket of bodies; 0: the body is here
	size, sum  uint32 // of the body there
}

// A counter is stored as its value (8 bytes) and its checksum (4 bytes). Schema 1 had no checksum.
const counterSize = 12

// encode writes a row with its body in it.
func encode(k issuer.Kind, r issuer.Row) []byte { return seal(sealed, store.Sum(k, r), r) }

// encodeApart writes a row whose body lies apart, under the key at.
func encodeApart(k issuer.Kind, r issuer.Row, at uint64) []byte {
	reference := binary.BigEndian.AppendUint64(make([]byte, 0, referenceSize+1), at)
	reference = binary.BigEndian.AppendUint32(reference, uint32(len(r.Body)))
	r.Body = binary.BigEndian.AppendUint32(reference, store.SumBody(r.Body))
	return seal(apart, sumApart(k, r), r)
}

// sumApart is the checksum of a row whose body is a reference: never that of a row with such a body, which holds no byte 0.
func sumApart(k issuer.Kind, r issuer.Row) uint32 {
	r.Body = append(slices.Clip(r.Body), 0)
	return store.Sum(k, r)
}

func seal(form byte, sum uint32, r issuer.Row) []byte {
	size := sealSize + 8 + 2*binary.MaxVarintLen16 + len(r.Order) + len(r.Body)
	for _, value := range r.Lookups {
		size += binary.MaxVarintLen16 + len(value)
	}
	out := make([]byte, 0, size)
	out = binary.BigEndian.AppendUint32(append(out, form), sum)
	out = binary.BigEndian.AppendUint64(out, r.Version)
	out = appendText(out, r.Order)
	out = binary.AppendUvarint(out, uint64(len(r.Lookups)))
	for _, value := range r.Lookups {
		out = appendText(out, value)
	}
	return append(out, r.Body...)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// read reads what encode or encodeApart wrote, and with old also rows of schema 1. A body that is in the row lies in value.
func read(k issuer.Kind, id string, value []byte, old bool) (held, error) {
	form := byte(0) // of schema 1
	rest := value
	switch {
	case len(value) >= sealSize && (value[0] == sealed || value[0] == apart):
		form, rest = value[0], value[sealSize:]
	case !old || len(value) == 0 || value[0] != 0:
		return held{}, damaged("%s %s has no checksum", k.Name, id)
	}
	r, ok := split(id, rest)
	if !ok || form == apart && len(r.Body) != referenceSize {
		return held{}, damaged("%s %s is cut short", k.Name, id)
	}
	h := held{Row: r}
	fits := true
	switch form {
	case sealed:
		fits = store.Sum(k, r) == binary.BigEndian.Uint32(value[1:])
	case apart:
		fits = sumApart(k, r) == binary.BigEndian.Uint32(value[1:])
		h.at, h.size, h.sum = binary.BigEndian.Uint64(r.Body), binary.BigEndian.Uint32(r.Body[8:]), binary.BigEndian.Uint32(r.Body[12:])
		h.Body = nil
	}
	if !fits || form == apart && h.at == 0 {
		return held{}, damaged("%s %s does not fit its checksum", k.Name, id)
	}
	return h, nil
}

func split(id string, value []byte) (r issuer.Row, ok bool) {
	if len(value) < 8 {
		return r, false
	}
	r = issuer.Row{ID: id, Version: binary.BigEndian.Uint64(value)}
	rest := value[8:]
	if r.Order, rest, ok = cutText(rest); !ok {
		return r, false
	}
	count, n := binary.Uvarint(rest)
	if n <= 0 || count > uint64(len(rest)) {
		return r, false
	}
	rest = rest[n:]
	r.Lookups = make([]string, count)
	for i := range r.Lookups {
		if r.Lookups[i], rest, ok = cutText(rest); !ok {
			return r, false
		}
	}
	r.Body = rest
	return r, true
}

func cutText(rest []byte) (text string, after []byte, ok bool) {
	length, n := binary.Uvarint(rest)
	if n <= 0 || length > uint64(len(rest)-n) {
		return "", nil, false
	}
	end := n + int(length)
	return string(rest[n:end]), rest[end:], true
}

func encodeCounter(name string, value uint64) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, value), store.SumCounter(name, value))
}

// decodeCounter reads what encodeCounter wrote, and with old also counters of schema 1.
func decodeCounter(name string, stored []byte, old bool) (uint64, error) {
	if old && len(stored) == 8 {
		return binary.BigEndian.Uint64(stored), nil
	}
	if len(stored) != counterSize {
		return 0, damaged("the counter %s is cut short", name)
	}
	value := binary.BigEndian.Uint64(stored)
	if store.SumCounter(name, value) != binary.BigEndian.Uint32(stored[8:]) {
		return 0, damaged("the counter %s does not fit its checksum", name)
	}
	return value, nil
}
