package storetest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

func reopen(t *testing.T, open Opener) {
	folder := t.TempDir()
	s, closeStore := open(t, folder)
	put(t, s, note{ID: "a", Topic: "x", Text: "lasting"})
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		_, err := tx.Next("serial")
		return err
	}))
	closeStore()
	if err := s.Update(t.Context(), func(issuer.Tx) error { return nil }); err == nil {
		t.Error("a closed store accepts updates")
	}
	if err := s.View(t.Context(), func(issuer.Tx) error { return nil }); err == nil {
		t.Error("a closed store accepts views")
	}
	s, closeStore = open(t, folder)
	defer closeStore()
	got, err := get(t, s, "a")
	must(t, err)
	if got.Text != "lasting" {
		t.Errorf("text %q, want lasting", got.Text)
	}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		n, err := tx.Next("serial")
		if n != 2 {
			t.Errorf("the counter gave %d, want 2", n)
		}
		return err
	}))
}

// killVariable names the folder to the process that is to be killed.
const killVariable = "LAUREL_TEST_STORE_KILL"

// RunKill ends processes that write without warning, and looks for every write that they had been told was durable. It starts
// the running test again in them, so t is a test of the top level, and all that it does before is to skip. LAUREL_CRASH_ROUNDS sets
// how many.
func RunKill(t *testing.T, open Opener) {
	if folder := os.Getenv(killVariable); folder != "" {
		writeUntilKilled(t, open, folder)
		return
	}
	folder := t.TempDir()
	_, closeStore := open(t, folder) // what the store needs beside its folder outlives the children
	closeStore()
	acknowledged := map[string]bool{}
	rounds := 4
	if text := os.Getenv("LAUREL_CRASH_ROUNDS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		must(t, err)
	} else if testing.Short() {
		rounds = 2
	}
	for range rounds {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), killVariable+"="+folder)
		out, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if id, ok := strings.CutPrefix(lines.Text(), "wrote "); ok {
				acknowledged[id] = true
			} else {
				t.Log(lines.Text())
			}
			if n == 200 {
				must(t, child.Process.Kill())
			}
		}
		if child.Wait() == nil {
			t.Fatal("the writer ended by itself")
		}
	}
	if len(acknowledged) < rounds*200 {
		t.Fatalf("%d writes were acknowledged", len(acknowledged))
	}
	s, closeStore := open(t, folder)
	defer closeStore()
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		for id := range acknowledged {
			if row, err := tx.Get(notes.Kind, id); err != nil || row.Version != 2 {
				t.Errorf("%s was acknowledged in version 2: version %d, %v", id, row.Version, err)
			}
		}
		byID, _, err := tx.List(notes.Kind, issuer.Query{Limit: 1 << 20})
		if err != nil {
			return err
		}
		listed := 0
		for _, value := range []string{"no", "yes"} { // after the first update of a record, after the second
			byLookup, _, err := tx.List(notes.Kind, issuer.Query{By: "topic", Value: value, Limit: 1 << 20})
			if err != nil {
				return err
			}
			listed += len(byLookup)
		}
		if len(byID) != listed || len(byID) < len(acknowledged) {
			t.Errorf("%d records, %d of them in the lists, %d acknowledged", len(byID), listed, len(acknowledged))
		}
		return nil
	}))
}

// writeUntilKilled makes records in two updates each and says so after the second.
func writeUntilKilled(t *testing.T, open Opener, folder string) {
	s, _ := open(t, folder)
	body := fmt.Appendf(nil, "%q", strings.Repeat("x", 2000))
	write := func() (id string, err error) {
		err = s.Update(t.Context(), func(tx issuer.Tx) error {
			n, err := tx.Next("note")
			if err != nil {
				return err
			}
			id = fmt.Sprintf("%09d", n)
			return tx.Put(notes.Kind, issuer.Row{ID: id, Lookups: []string{"no"}, Body: body})
		})
		if err != nil {
			return "", err
		}
		return id, s.Update(t.Context(), func(tx issuer.Tx) error {
			return tx.Put(notes.Kind, issuer.Row{ID: id, Version: 1, Lookups: []string{"yes"}, Body: body})
		})
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for {
				id, err := write()
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Println("wrote " + id)
			}
		})
	}
	group.Wait()
}
