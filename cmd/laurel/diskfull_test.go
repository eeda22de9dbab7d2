package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestDiskFull fills the disk under a server. Awards and revocations are then answered 507, pages, documents, lists and checks go
// on, and once there is room everything works again without a new start: nothing is half written, nothing there twice.
func TestDiskFull(t *testing.T) {
	faulty(t)
	t.Run("bbolt", func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 16, "")
		fullDisk(t, &ground{folder: filepath.Join(disk, "data")}, disk)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		g := onServer(t)
		disk := smallDisk(t, 48, serverUser(t))
		fullDisk(t, g.on(t, disk), disk)
	})
}

// smallDisk mounts a file system of so many MiB, for a user; "" is the one that runs the test.
func smallDisk(t *testing.T, size int, owner string) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "laurel-disk-") // another user has to reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700%s", size, owner)); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	return folder
}

// serverUser is who runs the database server of a test that root runs, as an option of mount.
func serverUser(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return ""
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	return ",uid=" + account.Uid + ",gid=" + account.Gid
}

// on is a ground whose database keeps its tables on a disk of their own. Without room for its own log PostgreSQL stops instead,
// which is the fault of TestKilledDatabase.
func (g *ground) on(t *testing.T, disk string) *ground {
	t.Helper()
	conn := g.connect(t)
	defer conn.Close(t.Context())
	for _, statement := range []string{"CREATE TABLESPACE small LOCATION '" + disk + "'", "CREATE DATABASE small TEMPLATE template0 TABLESPACE small"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	other := *g
	other.address = strings.Replace(g.address, "/test1?", "/small?", 1)
	return &other
}

func fullDisk(t *testing.T, g *ground, disk string) {
	p := g.start(t, "--sample", "--verify-rate", "0")
	client, l := g.program(t, p), newLedger(g)
	office := g.office(t)
	var kept []issuer.Credential
	for range 40 {
		c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.add(c); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, c)
	}
	room := fillDisk(t, disk)

	// What is left inside the file is used up first.
	keys, refused, revoking := 0, 0, 0
	award := func(n int) reply {
		answer, err := client.award(t.Context(), p, "kim@example.org", fmt.Sprintf("key-%d", n))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for ; refused < 20 && keys < 5000; keys++ {
		if answer := award(keys); answer.status != http.StatusCreated {
			if refused++; answer.refusal(http.StatusInsufficientStorage) != nil {
				t.Fatal(answer.refusal(http.StatusInsufficientStorage))
			}
		}
	}
	for n := 0; revoking < 5 && n < len(kept); n++ {
		answer, err := client.step(t.Context(), p, kept[n].ID, "revoke")
		if err == nil && answer.status == http.StatusOK {
			l.awards[kept[n].ID].standing = issuer.CredentialRevoked
			continue
		}
		if revoking++; err != nil || answer.refusal(http.StatusInsufficientStorage) != nil {
			t.Errorf("a revocation: %v, %v", err, answer.refusal(http.StatusInsufficientStorage))
		}
	}
	if refused < 20 || revoking == 0 {
		t.Errorf("nothing was tested: %d of %d awards and %d revocations were refused", refused, keys, revoking)
	}
	var err error
	for n := 0; err == nil && n < 100; n++ { // a small one may still find room in a page
		var c issuer.Credential
		if c, err = office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "test"}); err == nil {
			_, err = l.add(c)
			kept = append(kept, c)
		}
	}
	if told := (*issuer.Error)(nil); !errors.As(err, &told) || told.Kind != issuer.KindFull {
		t.Errorf("over the private socket: %v", err)
	}
	good := kept[len(kept)-1]
	for path, accept := range map[string]string{"/c/" + good.ID: "text/html", "/c/" + good.ID + ".json": "", "/c/" + good.ID + ".png": "",
		"/status/" + good.Slot.Revocation: "", "/status/" + good.Slot.Suspension: "", "/healthz": "", "/verify": "text/html"} {
		if answer := p.ask(t, path, accept); answer.status != http.StatusOK {
			t.Errorf("%s answers %d", path, answer.status)
		}
	}
	if report, err := p.judge(t, "application/vc", good.JSON); err != nil || report.Outcome != "valid" {
		t.Errorf("a badge is %q, error %v: %s", report.Outcome, err, report.codes())
	}
	if err := os.Remove(room); err != nil {
		t.Fatal(err)
	}
	took := within(t, healsWithin, "awards are made again", func() error {
		if answer := award(0); answer.status != http.StatusCreated {
			return fmt.Errorf("%d %s", answer.status, answer.body)
		}
		answer, err := client.award(t.Context(), p, "kim@example.org", "after")
		if err == nil && answer.status != http.StatusCreated {
			err = fmt.Errorf("%d %s", answer.status, answer.body)
		}
		return err
	})
	ids := map[string]int{}
	for n := range keys {
		answer := award(n)
		if ids[answer.id()]++; answer.status != http.StatusCreated || ids[answer.id()] > 1 {
			t.Errorf("the key %d, asked for again: %d %s", n, answer.status, answer.body)
		}
	}
	answer, err := client.step(t.Context(), p, good.ID, "revoke")
	if err != nil || answer.status != http.StatusOK {
		t.Errorf("a revocation: %d, %v", answer.status, err)
	}
	l.awards[good.ID].standing = issuer.CredentialRevoked
	p.kill(t)
	l.inspect(t)
	// The worked example has three, and one was made after there was room. That of the private socket may have been begun.
	if want := 3 + len(kept) + keys + 1; len(l.awards) != want && len(l.awards) != want+1 {
		t.Errorf("%d awards are there, want %d", len(l.awards), want)
	}
	p = g.start(t)
	l.check(t, p)
	g.laurel(t, "audit", "verify", "--deep").well(t)
	p.kill(t)
	l.inspect(t)
	t.Logf("of %d awards %d were refused, and %d revocations; all worked again %v after there was room", keys, refused, revoking, took)
}

// fillDisk leaves next to no room on a disk: where the last of it goes is not known beforehand.
func fillDisk(t *testing.T, disk string) string {
	t.Helper()
	const left = 128 << 10
	path := filepath.Join(disk, "filling")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	filled := int64(0)
	for size := 1 << 20; size > 0; {
		n, err := f.Write(make([]byte, size))
		if filled += int64(n); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(filled - left); err != nil {
		t.Fatal(err)
	}
	return path
}
