package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// publicWeb is how the doctor looks at the installation from outside; fetch.Client fulfils it.
type publicWeb interface {
	verifier.Fetcher
	CertificateEnd(ctx context.Context, address string) (time.Time, error)
}

const (
	endsSoon   = 14 * 24 * time.Hour // a certificate that ends within this is to be renewed
	clockSlack = 5 * time.Minute     // beyond it the issuer stops awarding
	leastFree  = 1 << 30             // bytes; less is too little on any disk
	leastShare = 20                  // nor may a disk have less than one part in so many of itself left,
	enoughFree = 4 << 30             // unless this many bytes are: as much as some hundred thousand awards take
)

// modes looks at who may use the files: their owner alone, who must be whoever runs the program.
func (d *doctor) modes() {
	files := 0
	var faults []string
	look := func(path string, allowed fs.FileMode) {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s cannot be looked at: %v", path, cause(err)))
			return
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		switch {
		case ok && int(stat.Uid) != os.Geteuid() && os.Geteuid() != 0:
			faults = append(faults, fmt.Sprintf("%s belongs to another user; run laurel as its owner, or give it to yourself with chown", path))
		case info.Mode().Perm()&^allowed != 0:
			faults = append(faults, fmt.Sprintf("others than the owner can use %s; run: chmod %o %q", path, allowed, path))
		}
	}
	look(d.folder, 0o700)
	look(filepath.Join(d.folder, bolt.FileName), 0o600)
	folder := filepath.Join(d.folder, "keys")
	look(folder, 0o700)
	entries, _ := os.ReadDir(folder) // a folder that is away is found with the keys
	for _, entry := range entries {
		if !entry.IsDir() {
			files++
			look(filepath.Join(folder, entry.Name()), 0o600)
		}
	}
	for _, fault := range faults {
		d.say("permissions", mend, "%s.", strings.ToUpper(fault[:1])+fault[1:])
	}
	if len(faults) == 0 {
		d.say("permissions", fine, "Only the owner can use the data folder, the store and the %d files of keys.", files)
	}
}

const (
	identityName  = "identity.age-key"
	identityIntro = "AGE-SECRET-KEY-" // how it begins when it is not sealed
)

// identity looks whether what opens the keys lies open beside them.
func (d *doctor) identity(public bool) {
	if scheme, _, _ := strings.Cut(d.keyStore, ":"); scheme != "" {
		d.say("identity", fine, "Private keys are kept elsewhere (%s).", scheme)
		return
	}
	name := filepath.Join(d.folder, "keys", identityName)
	f, err := os.Open(name)
	if err != nil {
		d.say("identity", mend, "%s, which opens the keys, cannot be read; bring it back from your backup (%v).", name, cause(err))
		return
	}
	defer f.Close()
	intro := make([]byte, len(identityIntro))
	_, err = io.ReadFull(f, intro)
	switch {
	case err != nil:
		d.say("identity", mend, "%s, which opens the keys, is not whole; bring it back from your backup.", name)
	case string(intro) != identityIntro:
		d.say("identity", fine, "A passphrase protects the keys; keep it where the backup of this folder is not.")
	case public:
		d.say("identity", mend, "%s opens the keys and lies beside them without a passphrase, so a copy of the folder can sign; "+
			"seal it with one as docs/operate.md shows, and start with --passphrase-file.", name)
	default:
		d.say("identity", note, "%s opens the keys and lies beside them without a passphrase; seal it before badges matter (docs/operate.md).", name)
	}
}

// store says whether the records are whole, and whether they travel unseen.
func (d *doctor) store(found issuer.Inspection) {
	if exposed, err := postgres.Exposure(d.address); d.address != "" && err == nil && exposed != "" {
		d.say("database", mend, "%s", exposed)
	}
	switch {
	case found.Moved != "":
		d.say("moved", mend, "This installation was moved to %s, and nothing is issued from here any more; look at it there.", found.Moved)
	case found.Unsettled:
		d.say("restore", mend, "A restore of a backup was broken off here; run laurel restore --recovered, or empty the folder or drop the database, and restore again.")
	}
	if found.Broken != "" {
		d.say("audit log", mend, "%s Keep a copy of the folder, find out who could write to it, and restore a backup from before (laurel restore).", found.Broken)
	} else {
		d.say("audit log", fine, "The store opens, and the chain of its %d acts is unbroken.", found.Acts)
	}
	if found.Drafts > 0 {
		d.say("drafts", mend, "Awards that were begun and are not finished: %d; start laurel serve again, which finishes them, and read what it prints.", found.Drafts)
	} else {
		d.say("drafts", fine, "No award is half done.")
	}
}

// clock compares the clock with the latest act.
func (d *doctor) clock(found issuer.Inspection) {
	now := d.now.UTC().Format(time.RFC3339)
	if found.Latest.After(d.now.Add(clockSlack)) {
		d.say("clock", mend, "The clock says %s, before the latest act of %s; set it, as nothing is awarded until then.", now, found.Latest.UTC().Format(time.RFC3339))
		return
	}
	d.say("clock", fine, "The clock says %s, after the latest act.", now)
}

// keys looks whether the key files are there, and opens them where it can. A running server has opened them itself.
func (d *doctor) keys(found *condition) {
	if found.running && found.NotReady == "" {
		d.say("keys", fine, "The server has opened the keys that sign.")
		return
	}
	folder, err := d.keyFolder()
	switch {
	case errors.Is(err, keys.ErrPassphrase) && d.passphrase == "":
		d.say("keys", note, "A passphrase protects the keys; give --passphrase-file to see whether it opens them.")
		return
	case errors.Is(err, keys.ErrPassphrase):
		d.say("keys", mend, "The keys cannot be opened with what --passphrase-file holds (%v).", err)
		return
	case err != nil:
		d.say("keys", mend, "The key folder cannot be opened, so nothing can be signed (%v).", err)
		return
	}
	count, faults := 0, 0
	for _, o := range found.Inspection.Organisations {
		for _, k := range o.Keys {
			if k.State != issuer.KeyActive {
				continue
			}
			count++
			if err := tryKey(folder, k); err != nil {
				faults++
				d.say("keys", mend, "A key of %q cannot be opened, so nothing can be signed; bring the key folder back from your backup (%v).", o.Name, err)
			}
		}
	}
	if faults == 0 {
		d.say("keys", fine, "The keys that sign can be opened and are those of the issuer: %d.", count)
	}
}

// keyFolder opens the keys, and makes none.
func (d *doctor) keyFolder() (keys.Store, error) {
	if d.keyStore != "" {
		private, _, err := (&grammar{Data: d.folder, KeyStore: d.keyStore, known: &d.passphrase}).openKeys(context.Background(), d.engine)
		return private, err
	}
	path := filepath.Join(d.folder, "keys")
	if _, err := os.Stat(filepath.Join(path, identityName)); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(path, identityName), cause(err))
	}
	if d.address != "" && d.engine != nil {
		folder, _, err := keys.OpenSealed(path, d.passphrase, issuer.KeyFiles(d.engine))
		return folder, err
	}
	folder, _, err := keys.OpenFolder(path, d.passphrase)
	return folder, err
}

func tryKey(private keys.Store, k issuer.Key) error {
	key, err := private.Load(k.Name)
	if err != nil {
		return err
	}
	public, err := keys.Multikey(key.Public())
	if err == nil && public != k.Multikey {
		err = fmt.Errorf("%s.age holds another key", k.Name)
	}
	return err
}

// lists says whether readers get status lists that are signed and not too old.
func (d *doctor) lists(found *condition) {
	i := found.Inspection
	switch {
	case i.Lists == 0:
		d.say("status lists", fine, "There are none yet; the first award makes them.")
	case found.running && found.NotReady != "":
		d.say("status lists", note, "Whether they are fresh is known when the server does its work.")
	case i.Unsigned > 0 && !found.running:
		d.say("status lists", mend, "Lists that have changed since they were last signed: %d; start laurel serve, which signs them.", i.Unsigned)
	case !i.ListsEnd.IsZero() && i.ListsEnd.Before(d.now):
		d.say("status lists", mend, "The newest signed copies ended on %s; start laurel serve, which signs them anew.", i.ListsEnd.UTC().Format(time.DateOnly))
	default:
		d.say("status lists", fine, "All %d are signed as they stand.", i.Lists)
	}
}

// public looks at the installation as everybody sees it.
func (d *doctor) public(ctx context.Context, found *condition, own documents) {
	i := found.Inspection
	if !i.Public {
		d.say("public URL", note, "This installation works on this machine only (%s); start with --public-url in a new folder to share badges.", i.Base)
		return
	}
	d.proxy(found)
	switch {
	case d.web == nil:
		d.say("public URL", note, "Whether everybody reaches %s was not tried (--offline).", i.Base)
		return
	case !found.running:
		d.say("public URL", note, "Whether everybody reaches %s can be tried while the server runs.", i.Base)
		return
	}
	for _, o := range i.Organisations {
		if strings.HasPrefix(o.DID, "did:web:") {
			d.did(ctx, o, i.Base, own)
		}
	}
	end, err := d.web.CertificateEnd(ctx, i.Base)
	if err != nil {
		d.say("certificate", mend, "No trusted TLS connection to %s can be made: %s.", i.Base, reason(err))
		return
	}
	d.ends(end)
}

// proxy says whether the server can tell its visitors apart, and how long its own certificate lasts.
func (d *doctor) proxy(found *condition) {
	switch {
	case !found.running:
	case found.TLS:
		d.say("proxy", fine, "The server speaks TLS itself.")
		if d.web == nil {
			d.ends(found.CertificateEnd)
		}
	case found.Proxies == 0:
		d.say("proxy", mend, "The server speaks plain HTTP and knows no proxy, so all its visitors share one rate limit; name the proxy with --trusted-proxy, or give --tls-cert and --tls-key.")
	default:
		d.say("proxy", fine, "Visitors are told apart by what the named proxy says.")
	}
}

func (d *doctor) ends(end time.Time) {
	left := end.Sub(d.now)
	day := end.UTC().Format(time.DateOnly)
	switch {
	case left < 0:
		d.say("certificate", mend, "The TLS certificate ended on %s; renew it, then send SIGHUP to whoever uses it.", day)
	case left < endsSoon:
		d.say("certificate", mend, "The TLS certificate ends on %s; renew it now, and see why that did not happen by itself.", day)
	default:
		d.say("certificate", fine, "The TLS certificate lasts until %s.", day)
	}
}

// did reads the issuer's identity document as a verifier elsewhere would.
func (d *doctor) did(ctx context.Context, o issuer.Organisation, base string, own documents) {
	address := base + "/.well-known/did.json"
	if strings.Count(o.DID, ":") > 2 {
		address = base + "/i/" + o.ID + "/did.json"
	}
	expected, err := own.Document(ctx, address)
	if err != nil {
		d.say("public URL", mend, "The identity document of %q cannot be made: %s", o.Name, explain(err))
		return
	}
	seen, err := d.web.Fetch(ctx, address, credential.Limits.Document)
	switch {
	case errors.Is(err, verifier.ErrBlocked):
		d.say("public URL", note, "From this machine the name leads into a private network, so whether everybody reads %s has to be tried from elsewhere.", address)
	case err != nil:
		d.say("public URL", mend, "Nobody can read %s, so no badge can be checked: %s; look at DNS, the proxy and the firewall.", address, reason(err))
	case !bytes.Equal(bytes.TrimSpace(seen.Bytes), bytes.TrimSpace(expected)):
		d.say("public URL", mend, "%s answers with another document than this installation's; the proxy or the name leads elsewhere.", address)
	default:
		d.say("public URL", fine, "Everybody can read %s.", address)
	}
}

// reason is what was found on the way, without the name of the class of errors.
func reason(err error) string {
	text := err.Error()
	for _, class := range []error{verifier.ErrUnavailable, verifier.ErrBlocked, verifier.ErrTooLarge} {
		text = strings.TrimPrefix(text, class.Error()+": ")
	}
	return text
}

// disk looks at the space that is left.
func (d *doctor) disk() {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(d.folder, &stat); err != nil {
		d.say("disk", note, "How much space is left cannot be read: %v.", err)
		return
	}
	d.space(stat.Bavail*uint64(stat.Bsize), stat.Blocks*uint64(stat.Bsize))
}

func (d *doctor) space(free, whole uint64) {
	if free < max(leastFree, min(whole/leastShare, enoughFree)) {
		d.say("disk", mend, "Only %.1f GiB of %.1f GiB are free; when the disk is full, nothing can be awarded or revoked.", gibibytes(free), gibibytes(whole))
		return
	}
	d.say("disk", fine, "%.0f GiB are free.", gibibytes(free))
}

func gibibytes(n uint64) float64 { return float64(n) / (1 << 30) }
