package bolt

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

const bodyPrefix = "bodies/"

func bodyName(k issuer.Kind) string { return bodyPrefix + k.Name }

func bodyKey(at uint64) []byte { return binary.BigEndian.AppendUint64(nil, at) }

// body finds the body of a row, which is valid until the next call for one of this kind.
func (sn *snapshot) body(k issuer.Kind, h *held) ([]byte, error) {
	if h.at == 0 {
		return h.Body, nil
	}
	b, err := sn.bucket(bodyName(k))
	if err != nil {
		return nil, err
	}
	var body []byte
	if b != nil {
		if body, err = sn.get(b, bodyKey(h.at), func([]byte, []byte) error { return nil }); err != nil {
			return nil, err
		}
	}
	switch {
	case body == nil:
		return nil, damaged("the text of %s %s is missing", k.Name, h.ID)
	case uint64(len(body)) != uint64(h.size) || store.SumBody(body) != h.sum:
		return nil, damaged("the text of %s %s does not fit its checksum", k.Name, h.ID)
	}
	return body, nil
}

// decode reads a row that is given out: nothing in it shares memory with value, which bbolt takes back.
func (sn *snapshot) decode(k issuer.Kind, id string, value []byte) (issuer.Row, error) {
	h, err := read(k, id, value, sn.old)
	if err != nil {
		return issuer.Row{}, err
	}
	return sn.whole(k, h)
}

// whole is a row with a body of its own.
func (sn *snapshot) whole(k issuer.Kind, h held) (issuer.Row, error) {
	body, err := sn.body(k, &h)
	if err != nil {
		return issuer.Row{}, err
	}
	h.Body = bytes.Clone(body)
	return h.Row, nil
}

// encode writes the body of a row where it belongs, and gives what is to be written as the row. old is the row as it was.
func (t *tx) encode(k issuer.Kind, old held, r issuer.Row) ([]byte, error) {
	if len(r.Body) <= longestInside {
		return encode(k, r), t.drop(k, old)
	}
	b, err := t.create(bodyName(k))
	if err != nil {
		return nil, err
	}
	at := old.at
	var before []byte
	if at != 0 { // bytes as they were, so that they can come back; whether they are sound is asked by who reads them
		before, err = t.get(b, bodyKey(at), func([]byte, []byte) error { return nil })
	} else if at, err = b.next(); err == nil {
		err = b.reach(bodyKey(at))
	}
	if err != nil {
		return nil, err
	}
	return encodeApart(k, r, at), t.set(b, bodyKey(at), before, r.Body)
}

// drop takes away the body of a row that lies apart.
func (t *tx) drop(k issuer.Kind, old held) error {
	if old.at == 0 {
		return nil
	}
	b, err := t.bucket(bodyName(k))
	if b == nil || err != nil {
		return err
	}
	before, err := t.get(b, bodyKey(old.at), func([]byte, []byte) error { return nil })
	if before == nil || err != nil {
		return err
	}
	return t.set(b, bodyKey(old.at), before, nil)
}

// next is a key beyond all that the bucket of bodies holds.
func (b *bucket) next() (uint64, error) {
	if b.last == 0 {
		p := b.small
		if b.walk != nil {
			s, err := b.walk.down(nil, true)
			if err != nil {
				return 0, err
			}
			p = &s.page
		}
		if p != nil && p.count > 0 {
			key := p.key(p.count - 1)
			if len(key) != 8 {
				return 0, damaged("the bucket %s holds %q", b.name, key)
			}
			b.last = binary.BigEndian.Uint64(key)
		}
	}
	if b.last == math.MaxUint64 {
		return 0, damaged("the bucket %s is full", b.name)
	}
	b.last++
	return b.last, nil
}
