// Package register keeps the register of checks that an operator may turn on: which file was judged when, and what the answers
// were. It holds no name, no address and nothing of what was in a file; who has the file finds its line by the hash.
package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// Entry is one line of the register.
type Entry struct {
	At        time.Time        `json:"at"`               // when the check was made
	SHA256    string           `json:"sha256,omitempty"` // hex digest of what was handed in; absent where there was nothing to read
	Kind      string           `json:"kind"`             // json, png, pdf ...
	Outcome   verifier.Outcome `json:"outcome"`
	Authentic verifier.Answer  `json:"authentic"`
	InForce   verifier.Answer  `json:"inForce"`
	JudgedAt  time.Time        `json:"asOf"`            // the instant that the answers are for
	Codes     []string         `json:"codes,omitempty"` // of the checks that failed or could not decide, in their order, each once; not of those that were not looked at
}

// Register appends entries to one file a month in its folder: 2026-11.jsonl, a JSON object a line. It is safe for concurrent use.
//
// A line is written whole and handed to the operating system at once; what a power cut takes back are the last seconds. Old files
// may be moved or deleted at any time.
type Register struct {
	folder string

	mu    sync.Mutex
	month string   // of file; this and what follows is guarded by mu
	file  *os.File // nil before the first entry
	torn  bool     // the last line of file is not whole: the disk was full, or the power went
}

// Open makes the folder where it is absent, for this user only, and finds out whether a register can be kept there.
func Open(folder string) (*Register, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the register: %w", err)
	}
	r := &Register{folder: folder}
	if err := r.turn(time.Now()); err != nil {
		return nil, err
	}
	return r, nil
}

// Enter adds the check that a report is about, made at an instant.
func (r *Register) Enter(at time.Time, report *verifier.Report) error {
	e := Entry{At: at.UTC(), SHA256: report.Input.SHA256, Kind: report.Input.Kind, Outcome: report.Outcome, Authentic: report.Authentic,
		InForce: report.InForce, JudgedAt: report.AsOf}
	for _, c := range report.Checks {
		if (c.Outcome == verifier.Fail || c.Outcome == verifier.NotKnown) && c.Code != "" && !c.Skipped() && !slices.Contains(e.Codes, c.Code) {
			e.Codes = append(e.Codes, c.Code)
		}
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing the register: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.turn(at); err != nil {
		return err
	}
	line = append(line, '\n')
	if r.torn { // what was begun spoils no other line
		line = append([]byte{'\n'}, line...)
	}
	n, err := r.file.Write(line)
	if n > 0 {
		r.torn = n < len(line)
	}
	if err != nil {
		return fmt.Errorf("writing the register: %w", err)
	}
	return nil
}

// turn opens the file of the month. The caller holds the lock, or nobody else knows of the register yet.
func (r *Register) turn(at time.Time) error {
	month := at.UTC().Format("2006-01")
	if r.file != nil && month == r.month {
		return nil
	}
	file, err := os.OpenFile(filepath.Join(r.folder, month+".jsonl"), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the register: %w", err)
	}
	end := []byte{'\n'}
	if info, err := file.Stat(); err == nil && info.Size() > 0 {
		_, _ = file.ReadAt(end, info.Size()-1) // what cannot be read is taken for whole
	}
	if r.file != nil {
		_ = r.file.Close() // every line was written already
	}
	r.file, r.month, r.torn = file, month, end[0] != '\n'
	return nil
}

// Close ends the register; what was entered is on the disk then.
func (r *Register) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.file.Sync(), r.file.Close())
	r.file = nil
	if err != nil {
		return fmt.Errorf("closing the register: %w", err)
	}
	return nil
}
