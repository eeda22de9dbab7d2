package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/client"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/issuer"
)

type eraseCommand struct {
	serverFlags `embed:""`

	Who    []string `arg:"" optional:"" help:"Ids of awards, or addresses of their pages; or an e-mail address: then every award to it."`
	Replay string   `help:"Erase again what this log says was erased: what laurel audit export has written, with or without --erasures; - reads standard input." placeholder:"FILE"`
	Issuer string   `help:"Id of the organisation whose awards to an e-mail address are erased; may be left out where there is one." placeholder:"ID"`
	Reason string   `help:"Why, for the audit log; it is better to name nobody." placeholder:"TEXT"`
	Yes    bool     `short:"y" help:"Do not ask before erasing."`
	JSON   bool     `name:"json" help:"Print what became of it as JSON and nothing else."`
}

// Help says what stays.
func (c *eraseCommand) Help() string {
	return `Erasing is for good. What stays of an award is its id, its place in the status lists and the bits there, so that whoever has
the file can still check it.

After a backup was restored, laurel erase --replay LOG erases those again who were erased after it was made.`
}

// erased is what `erase --json` prints.
type erased struct {
	Erased  int `json:"erased"`
	Before  int `json:"before"`  // that were erased already
	Unknown int `json:"unknown"` // that are not here
	// Proposed are erasures that wait for a second person, of an award or of a person.
	Proposed int `json:"proposed,omitempty"`
	// People are those of whom a log says that they were erased, and who were forgotten again; Left those whom a server cannot forget again.
	People int `json:"people,omitempty"`
	Left   int `json:"left,omitempty"`
}

// doomed is what is to be erased.
type doomed struct {
	who    []string         // ids and addresses of awards, or e-mail addresses
	people []issuer.Erasure // of a log
}

// eraser erases, here or on a server.
type eraser struct {
	award func(id string) (before bool, err error)
	all   func(email string) (int, error)
	again func([]issuer.Erasure) (int, error) // nil where it cannot be done
}

// Run erases what is named, or what a log names.
func (c *eraseCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	who, err := c.named(t.in)
	if err != nil {
		return err
	}
	if len(who.who)+len(who.people) == 0 {
		return c.print(t, erased{})
	}
	if c.Server != "" {
		server, err := c.connect(t.in)
		if err != nil {
			return err
		}
		return c.erase(t, who, eraser{
			award: func(id string) (bool, error) { return false, server.Erase(ctx, id, c.Reason) },
			all:   func(email string) (int, error) { return server.EraseFor(ctx, email, c.Reason) },
		})
	}
	return withOffice(ctx, g, func(o office) error {
		erasing, ok := o.(control.Eraser)
		if !ok {
			return errors.New("the running server erases nothing for a command; it is of an earlier version")
		}
		return c.erase(t, who, eraser{
			award: func(id string) (bool, error) { return erasing.EraseAward(ctx, id, c.Reason, actor) },
			all: func(email string) (count int, err error) {
				err = inOrganisation(ctx, o, c.Issuer, func(id string) error {
					count, err = erasing.EraseFor(ctx, id, email, c.Reason, actor)
					return err
				})
				return count, err
			},
			again: func(people []issuer.Erasure) (int, error) { return erasing.EraseAgain(ctx, people, actor) },
		})
	})
}

// named is what is to be erased.
func (c *eraseCommand) named(in io.Reader) (what doomed, err error) {
	switch {
	case (c.Replay == "") == (len(c.Who) == 0):
		return what, errors.New("say what to erase: ids of awards, an e-mail address, or with --replay FILE what a log says was erased")
	case c.Replay == "":
		return doomed{who: c.Who}, nil
	case c.Replay == "-" && (c.TokenFile == "-" || !c.Yes):
		return what, errors.New("a log from standard input cannot be asked about, and no token comes from there; say --yes to erase what it names")
	case c.Replay == "-":
		return replayed(in)
	}
	f, err := os.Open(c.Replay)
	if err != nil {
		return what, err
	}
	defer f.Close()
	return replayed(f)
}

// erase erases people, whose addresses their awards hold, and then awards, one by one. One that is not here is counted where a log names it,
// and refused where a person does.
func (c *eraseCommand) erase(t *terminal, what doomed, by eraser) (err error) {
	if !c.Yes && !asked(t, "Erase "+what.words()+" for good? Nothing brings it back.") {
		fmt.Fprintln(t.out, "Nothing was erased. Say --yes not to be asked.")
		return finished(exitOpen)
	}
	var done erased
	if by.again == nil {
		done.Left = len(what.people)
	} else if len(what.people) > 0 {
		if done.People, err = by.again(what.people); err != nil {
			return done.broken(err)
		}
	}
	for _, name := range what.who {
		count, before := 1, false
		if strings.Contains(name, "@") {
			count, err = by.all(name)
		} else {
			before, err = by.award(name)
		}
		switch {
		case waits(err):
			done.Proposed++
		case c.Replay != "" && isAbsent(err):
			done.Unknown++
		case err != nil:
			if strings.Contains(name, "@") {
				done.Erased += count // before it failed
			}
			return done.broken(err)
		case before:
			done.Before++
		default:
			done.Erased += count
		}
	}
	if err := c.print(t, done); err != nil || done.Proposed+done.Left == 0 {
		return err
	}
	return finished(exitOpen)
}

// waits says that an erasure needs a second person, who was asked just now or before.
func waits(err error) bool {
	var refused *client.Error
	return errors.As(err, new(*client.Proposed)) || errors.As(err, &refused) && refused.Code == "proposed"
}

// broken is an error with how far it came.
func (e erased) broken(err error) error {
	if e.Erased+e.Proposed+e.People == 0 {
		return err
	}
	return fmt.Errorf("%s erased, and then it failed; the same command erases the rest: %s", counted(e.Erased, "award"), explain(err))
}

// words say what is to be erased, and repeat no address.
func (d doomed) words() string {
	for _, name := range d.who {
		if strings.Contains(name, "@") {
			return "every award to this address"
		}
	}
	if len(d.people) > 0 {
		return counted(len(d.who), "award") + ", and what is kept of people beside awards,"
	}
	return counted(len(d.who), "award")
}

func (c *eraseCommand) print(t *terminal, done erased) error {
	if c.JSON {
		return printJSON(t.out, done)
	}
	text := fmt.Sprintf("%s erased; %d erased before; %d not here.\n", counted(done.Erased, "award"), done.Before, done.Unknown)
	if done.Proposed > 0 {
		text += fmt.Sprintf("Not done yet: %s for another person to allow.\n", counted(done.Proposed, "proposal"))
	}
	if done.People > 0 {
		text += fmt.Sprintf("Erasures of people done again: %d.\n", done.People)
	}
	if done.Left > 0 {
		text += fmt.Sprintf("Erasures of people not done: %d. That is done on the machine of the server alone, without --server.\n", done.Left)
	}
	_, err := io.WriteString(t.out, text)
	return err
}

// isAbsent says that what was to be erased is not here.
func isAbsent(err error) bool {
	var told *issuer.Error
	var refused *client.Error
	return errors.As(err, &told) && told.Kind == issuer.KindMissing || errors.As(err, &refused) && refused.Status == http.StatusNotFound
}

// erasure is an entry of the audit log that says that an award was erased.
type erasure struct {
	At           time.Time
	Action       string
	Subject      string
	Detail       string
	Organisation string
}

// isPerson says that what was kept of a person was erased; the subject is a digest of the address.
func (e erasure) isPerson() bool { return e.Action == issuer.ActionPersonErased }

// is says that the entry is one. An award that was erased before it was signed was given up.
func (e erasure) is() bool {
	return e.isPerson() || e.Action == string(issuer.EventErased) || e.Action == string(issuer.EventBurned) && e.Detail == "erased"
}

var (
	awardID  = regexp.MustCompile(`^[\w-]{22}$`)
	digestID = regexp.MustCompile(`^[\w-]{43}$`) // of an address
)

// eachErasure calls each for the lines of an export of the audit log that tell of erasures.
func eachErasure(in io.Reader, each func(line []byte, e erasure) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var e erasure
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d is none that laurel audit export writes; if it is the last, the file was cut: take that line out", number)
		}
		if !e.is() {
			continue
		}
		if e.isPerson() && (!digestID.MatchString(e.Subject) || e.At.IsZero()) {
			return fmt.Errorf("line %d names nobody", number)
		}
		if !e.isPerson() && !awardID.MatchString(e.Subject) {
			return fmt.Errorf("line %d names no award", number)
		}
		if err := each(line, e); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	return nil
}

// replayed are the awards that a log says were erased, each once, and the people.
func replayed(in io.Reader) (what doomed, err error) {
	seen := map[string]bool{}
	err = eachErasure(in, func(_ []byte, e erasure) error {
		if e.isPerson() {
			what.people = append(what.people, issuer.Erasure{Organisation: e.Organisation, Digest: e.Subject, At: e.At})
		} else if !seen[e.Subject] {
			seen[e.Subject] = true
			what.who = append(what.who, e.Subject)
		}
		return nil
	})
	return what, err
}

// onlyErasures passes on of an export what tells of erasures, without the texts of reasons.
func onlyErasures(out io.Writer, export func(io.Writer) error) error {
	from, to := io.Pipe()
	go func() { _ = to.CloseWithError(export(to)) }()
	err := eachErasure(from, func(line []byte, _ erasure) error {
		var kept struct {
			Sequence uint64 `json:"sequence"`
			At       string `json:"at"`
			Actor    string `json:"actor"`
			Action   string `json:"action"`
			Subject  string `json:"subject"`
			Detail   string `json:"detail,omitempty"`

			Organisation string `json:"organisation,omitempty"`
		}
		if err := json.Unmarshal(line, &kept); err != nil {
			return err
		}
		text, err := json.Marshal(kept)
		if err == nil {
			_, err = out.Write(append(text, '\n'))
		}
		return err
	})
	_ = from.CloseWithError(err)
	return err
}

var _ control.Eraser = installation{}

// EraseAward implements [control.Eraser].
func (i installation) EraseAward(ctx context.Context, id, reason, by string) (before bool, err error) {
	c, err := i.Credential(ctx, id)
	if isAbsent(err) && awardID.MatchString(id) { // of an award that is younger than this store there may be copies in it
		if failed := i.earners.ForgetCopies(ctx, id); failed != nil {
			return false, failed
		}
	}
	if err != nil {
		return false, err
	}
	_, err = i.Erase(ctx, c.ID, reason, by) // also one that was erased: of that something may be left
	return c.Erased != nil, err
}

// EraseFor implements [control.Eraser].
func (i installation) EraseFor(ctx context.Context, organisation, email, reason, by string) (int, error) {
	if _, err := i.Organisation(ctx, organisation); err != nil {
		return 0, err
	}
	return i.earners.EraseFor(ctx, organisation, email, reason, by)
}

// EraseAgain implements [control.Eraser].
func (i installation) EraseAgain(ctx context.Context, erasures []issuer.Erasure, by string) (int, error) {
	return i.earners.EraseAgain(ctx, erasures, by)
}
