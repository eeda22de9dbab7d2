package issuer

import (
	"bytes"
	"sync"

	"github.com/laurelbadges/laurel/credential"
)

// often reads records that many acts begin with, such as the achievement of each award. The record is read each time; what its text says
// is remembered with the text, so that it is the store that decides and never what was read before. It is safe for concurrent use.
type often[T any] struct {
	table Table[T]

	mu    sync.Mutex
	known map[string]*remembered[T] // by id; guarded by mu
}

// remembered is a text and what it says.
type remembered[T any] struct {
	text  []byte
	value T
}

// Bounds of what is remembered of one table.
const (
	oftenRecords = 64
	oftenBytes   = 32 << 10 // of a record
)

// get is [Table.Get]. What it returns is shared: it is not to be changed, nor anything in it. The same text has the same address, until
// it is forgotten.
func (o *often[T]) get(tx Tx, id string) (*T, uint64, error) {
	row, err := tx.Get(o.table.Kind, id)
	if err != nil {
		return nil, 0, err
	}
	value, err := o.read(row)
	return value, row.Version, err
}

// read is get for a record that the store has just given.
func (o *often[T]) read(row Row) (*T, error) {
	o.mu.Lock()
	known := o.known[row.ID]
	o.mu.Unlock()
	if known != nil && bytes.Equal(known.text, row.Body) {
		return &known.value, nil
	}
	known = &remembered[T]{text: row.Body}
	var err error
	if known.value, _, err = o.table.read(row); err != nil || len(row.Body) > oftenBytes {
		return &known.value, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil || len(o.known) >= oftenRecords {
		o.known = map[string]*remembered[T]{}
	}
	o.known[row.ID] = known
	return &known.value, nil
}

// awardTexts keeps what the texts of the awards of an achievement share. It is safe for concurrent use.
type awardTexts struct {
	mu   sync.Mutex
	kept map[string]awardText // by Achievement.ID; guarded by mu
}

// awardText is what the text of an award takes from two records, as [often] has read them.
type awardText struct {
	organisation *Organisation
	achievement  *Achievement
	template     *credential.Template
}

// builder writes the texts of awards of an achievement. Each is read, and held against the rules, as what credential.Build writes.
func (k *awardTexts) builder(o *Organisation, a *Achievement) builder {
	return func(badge credential.AchievementCredential) ([]byte, error) {
		k.mu.Lock()
		known := k.kept[a.ID]
		k.mu.Unlock()
		if known.organisation == o && known.achievement == a {
			return known.template.Build(badge, true)
		}
		text, err := credential.Build(badge)
		if err != nil {
			return nil, err
		}
		if known.template, err = credential.NewTemplate(badge); err != nil {
			return nil, err
		}
		known.organisation, known.achievement = o, a
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.kept == nil || len(k.kept) >= oftenRecords {
			k.kept = map[string]awardText{}
		}
		k.kept[a.ID] = known
		return text, nil
	}
}
