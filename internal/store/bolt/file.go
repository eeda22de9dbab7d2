package bolt

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// A meta page says, behind the head of a page, in 4 bytes each: what the file is, the version of bbolt's format, the bytes of a
// page and flags; in 8 bytes each: the page of the root bucket and its sequence, the page of the list of free pages, the first
// page that was never used, the number of the transaction, and FNV-1a over all this.
const (
	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	smallPage   = 1 << 10 // bytes
	largePage   = 16 << 20
)

const bringBack = "Bring back a backup, as docs/operate.md says"

// meta is a sound meta page.
type meta struct {
	pageSize                       int
	root, free, limit, transaction uint64
}

func parseMeta(number uint64, data []byte) (m meta, ok bool) {
	if len(data) < pageHeader+metaSize || order.Uint64(data) != number {
		return m, false
	}
	d := data[pageHeader : pageHeader+metaSize]
	sum := fnv.New64a()
	_, _ = sum.Write(d[:metaSize-8])
	m = meta{
		pageSize: int(order.Uint32(d[8:])), root: order.Uint64(d[16:]), free: order.Uint64(d[32:]),
		limit: order.Uint64(d[40:]), transaction: order.Uint64(d[48:]),
	}
	return m, order.Uint16(data[8:]) == 0x04 && order.Uint32(d) == metaMagic && order.Uint32(d[4:]) == metaVersion &&
		order.Uint64(d[56:]) == sum.Sum64() && m.pageSize >= smallPage && m.pageSize <= largePage && m.pageSize&(m.pageSize-1) == 0 &&
		m.root >= 2 && m.root < m.limit && m.free >= 2 && m.free < m.limit
}

// readMetas reads both meta pages; those that are damaged are left out. The second lies where the first ends, which the first
// says: without it every size is tried.
func readMetas(file *os.File) (found []meta) {
	head := make([]byte, pageHeader+metaSize)
	if n, _ := file.ReadAt(head, 0); n == len(head) {
		if m, ok := parseMeta(0, head); ok {
			found = append(found, m)
		}
	}
	for size := smallPage; size <= largePage; size *= 2 {
		if n, _ := file.ReadAt(head, int64(size)); n == len(head) {
			if m, ok := parseMeta(1, head); ok && m.pageSize == size && (len(found) == 0 || found[0].pageSize == size) {
				found = append(found, m)
			}
		}
	}
	return found
}

// openFile gives bbolt its file: locked, and looked at before it is mapped. bbolt trusts what it finds.
func openFile(path string, flag int, mode os.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if err = lock(file, flag); err == nil {
		err = inspect(file, flag&os.O_RDWR == 0)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// lock takes the lock that bbolt takes once more, with no effect.
func lock(file *os.File, flag int) error {
	how := syscall.LOCK_SH | syscall.LOCK_NB
	if flag&os.O_RDWR != 0 {
		how = syscall.LOCK_EX | syscall.LOCK_NB
	}
	for start := time.Now(); ; time.Sleep(lockWait / 20) {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if time.Since(start) > lockWait {
			return store.ErrLocked
		}
	}
}

// inspect refuses a file that bbolt must not map. For looking one sound meta page is enough: what the other said last may then
// be missing.
func inspect(file *os.File, looking bool) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 && !looking {
		return nil // a new one
	}
	metas := readMetas(file)
	switch {
	case len(metas) == 0:
		return damaged("neither of the two pages that say what the file holds is sound. %s", bringBack)
	case len(metas) == 1 && !looking:
		return damaged("one of the two pages that say what the file holds is damaged, so its last change may be missing. "+
			"Make a backup of what is left and restore that, or %s", strings.ToLower(bringBack[:1])+bringBack[1:])
	}
	newest := slices.MaxFunc(metas, func(a, b meta) int { return int(int64(a.transaction - b.transaction)) })
	if whole := int64(newest.limit) * int64(newest.pageSize); info.Size() < whole || newest.limit > 1<<40 {
		return damaged("the file has %d bytes, but %d were written: its end is missing. %s", info.Size(), whole, bringBack)
	}
	if _, _, err := newest.freePages(file); err != nil {
		return fmt.Errorf("%w. %s", err, bringBack)
	}
	return nil
}

// freePages reads the list of free pages, and says how many pages that takes. From a wrong one bbolt would give pages away that
// are in use.
func (m meta) freePages(file *os.File) (ids []uint64, pages uint64, err error) {
	wrong := damaged("the list of free pages is damaged")
	head := make([]byte, pageHeader+8)
	at := int64(m.free) * int64(m.pageSize)
	if _, err := file.ReadAt(head, at); err != nil {
		return nil, 0, wrong
	}
	count, first := uint64(order.Uint16(head[10:])), int64(pageHeader)
	pages = 1 + uint64(order.Uint32(head[12:]))
	if count == 0xFFFF {
		count, first = order.Uint64(head[pageHeader:]), pageHeader+8
	}
	room := pages*uint64(m.pageSize) - uint64(first)
	if order.Uint64(head) != m.free || order.Uint16(head[8:]) != freePage || pages > m.limit-m.free || count > room/8 {
		return nil, 0, wrong
	}
	data := make([]byte, 8*count)
	if _, err := file.ReadAt(data, at+first); err != nil {
		return nil, 0, wrong
	}
	ids = make([]uint64, count)
	before := uint64(1)
	for i := range ids {
		ids[i] = order.Uint64(data[8*i:])
		if ids[i] <= before || ids[i] >= m.limit || ids[i] == m.root || ids[i] >= m.free && ids[i] < m.free+pages {
			return nil, 0, wrong
		}
		before = ids[i]
	}
	return ids, pages, nil
}

// full says whether an error of a write says that there is no room. bbolt gives some on as text alone.
func full(err error) bool {
	for _, cause := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, cause) || strings.HasSuffix(err.Error(), cause.Error()) {
			return true
		}
	}
	return false
}

// failed says what an engine's error at a commit means.
func failed(err error) error {
	if full(err) {
		return fmt.Errorf("%w: %w", issuer.ErrFull, err)
	}
	return fmt.Errorf("%w: %w", issuer.ErrUnavailable, err)
}
