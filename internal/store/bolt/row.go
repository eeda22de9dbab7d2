package bolt

import (
	"bytes"
	"encoding/binary"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// A row is stored as a byte sealed and its checksum (4 bytes), then its version (8 bytes), the order, the number of lookups and their
// values, each text after its length, and the body. Schema 1 had neither of the first two; its versions began with a byte 0.
const (
	sealed   = 2
	sealSize = 5
)

// A counter is stored as its value (8 bytes) and its checksum (4 bytes). Schema 1 had no checksum.
const counterSize = 12

func encode(k issuer.Kind, r issuer.Row) []byte {
	size := sealSize + 8 + 2*binary.MaxVarintLen16 + len(r.Order) + len(r.Body)
	for _, value := range r.Lookups {
		size += binary.MaxVarintLen16 + len(value)
	}
	out := make([]byte, 0, size)
	out = binary.BigEndian.AppendUint32(append(out, sealed), store.Sum(k, r))
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

// decode is read for a row that is given out: nothing in it shares memory with value, which bbolt takes back.
func decode(k issuer.Kind, id string, value []byte, old bool) (issuer.Row, error) {
	r, err := read(k, id, value, old)
	r.Body = bytes.Clone(r.Body)
	return r, err
}

// read reads what encode wrote, and with old also rows of schema 1. The body of the row lies in value.
func read(k issuer.Kind, id string, value []byte, old bool) (issuer.Row, error) {
	rest, isOld := value, len(value) > 0 && value[0] == 0
	if isOld && !old || !isOld && (len(value) < sealSize || value[0] != sealed) {
		return issuer.Row{}, damaged("%s %s has no checksum", k.Name, id)
	}
	if !isOld {
		rest = value[sealSize:]
	}
	r, ok := split(id, rest)
	if !ok {
		return issuer.Row{}, damaged("%s %s is cut short", k.Name, id)
	}
	if !isOld && store.Sum(k, r) != binary.BigEndian.Uint32(value[1:]) {
		return issuer.Row{}, damaged("%s %s does not fit its checksum", k.Name, id)
	}
	return r, nil
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
