// Command laurel issues Open Badges 3.0, serves them, and verifies those of anybody.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Exit statuses. They are a promise to scripts.
const (
	exitGood    = 0 // done; for verify: every input is valid; batch FILE: every row is awarded, or left out as was asked for
	exitInvalid = 1 // verify: at least one input is invalid; batch FILE: rows were rejected, or failed
	exitCannot  = 2 // the command could not run
	// verify: none is invalid, and at least one could not be decided; other commands: not done yet, or not to the end, as somebody has to
	// decide, or to wait
	exitOpen = 3
)

// grammar is the command line. Every flag has a twin in the environment: --public-url is LAUREL_PUBLIC_URL.
type grammar struct {
	Data           string `help:"Folder with the store and the keys; ./laurel-data when not given." placeholder:"DIR"`
	Store          string `help:"Database in place of the file in the folder: postgres://USER@HOST/NAME. Give it in the environment (LAUREL_STORE) when it holds a password." placeholder:"URL"`
	KeyStore       string `name:"keys" env:"LAUREL_KEYS" help:"Where private keys are, when not sealed beside the records: a PKCS#11 URI (pkcs11:token=...) or an AWS KMS (awskms:region=...)." placeholder:"URI"`
	PassphraseFile string `help:"File whose first line opens the key files. LAUREL_PASSPHRASE in the environment, or the systemd credential laurel.passphrase, do as well." placeholder:"FILE"`
	PassphraseFD   *int   `name:"passphrase-fd" help:"Descriptor that the passphrase is read from." placeholder:"N"`

	mailFlags `embed:""`

	Version kong.VersionFlag `help:"Print the version and stop."`

	Serve     serveCommand     `cmd:"" help:"Start the whole service."`
	Verify    verifyCommand    `cmd:"" help:"Say whether badges are authentic and in force."`
	Sign      signCommand      `cmd:"" help:"Secure an unsigned credential with a key file."`
	Derive    deriveCommand    `cmd:"" help:"Show parts of a credential under ecdsa-sd-2023."`
	Issue     issueCommand     `cmd:"" help:"Award a badge to a person."`
	Revoke    revokeCommand    `cmd:"" help:"Revoke an award for good."`
	Suspend   suspendCommand   `cmd:"" help:"Suspend an award until it is reinstated."`
	Reinstate reinstateCommand `cmd:"" help:"End the suspension of an award."`
	Erase     eraseCommand     `cmd:"" help:"Erase what is kept of a person, by award or by address; again after a restore."`
	Doctor    doctorCommand    `cmd:"" help:"Say how an installation is, and what to mend."`
	People    peopleCommand    `cmd:"" help:"Let the staff in."`
	Keys      keysCommand      `cmd:"" help:"Make, list, rotate and retire signing keys."`
	Token     tokenCommand     `cmd:"" help:"Make, list and revoke tokens for programs that use the API."`
	Bake      bakeCommand      `cmd:"" help:"Put a credential into a PNG or SVG."`
	Unbake    unbakeCommand    `cmd:"" help:"Take the credential out of a PNG or SVG."`
	Pack      packCommand      `cmd:"" help:"Write a signed file with which badges of this installation are checked without a network."`
	Canon     canonCommand     `cmd:"" help:"Print the canonical N-Quads of a document."`

	Backup  backupCommand  `cmd:"" help:"Write an encrypted backup, beside a running server too."`
	Restore restoreCommand `cmd:"" help:"Restore a backup into a new folder or an empty database."`
	Migrate migrateCommand `cmd:"" name:"migrate-store" help:"Copy everything into another store and check the copy."`
	Audit   auditCommand   `cmd:"" help:"Verify and export the log of what was done."`
	Batch   batchCommand   `cmd:"" help:"Award what a list says; see how work on many awards goes."`
	Jobs    jobsCommand    `cmd:"" help:"See the queue of jobs; retry those that failed."`

	Organisation organisationCommand `cmd:"" help:"Make, list and configure issuing organisations."`

	known *string // the passphrase, once it was read
}

// folder is where the store lies.
func (g *grammar) folder() string {
	if g.Data == "" {
		return "laurel-data"
	}
	return g.Data
}

// passphrase is what opens the keys, from the one place that holds it; "" without one. It is read once.
func (g *grammar) passphrase() (string, error) {
	if g.known == nil {
		descriptor := -1
		if g.PassphraseFD != nil {
			descriptor = *g.PassphraseFD
		}
		text, err := keys.Passphrase(keys.PassphraseSource{File: g.PassphraseFile, Descriptor: descriptor,
			Environment: "LAUREL_PASSPHRASE", Credentials: os.Getenv("CREDENTIALS_DIRECTORY")})
		if err != nil {
			return "", err
		}
		g.known = &text
	}
	return *g.known, nil
}

// terminal is what a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

// finished ends a command with an exit status of its own, when all has been said.
type finished int

func (f finished) Error() string { return fmt.Sprintf("exit status %d", int(f)) }

// run is main without the process around it.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	var g grammar
	done := false
	parser, err := kong.New(&g, kong.Name("laurel"),
		kong.Description("Issue Open Badges 3.0 and verify those of anybody."),
		kong.DefaultEnvars("LAUREL"), kong.Vars{"version": version(), "suites": strings.Join(proof.Suites(), ", ")}, kong.Writers(out, errOut), kong.UsageOnError(),
		kong.Exit(func(int) { done = true }),
		kong.BindTo(context.Background(), (*context.Context)(nil)), kong.Bind(&g, &terminal{in, out, errOut}))
	if err != nil {
		fmt.Fprintln(errOut, "laurel:", err)
		return exitCannot
	}
	command, err := parser.Parse(args)
	if done { // --help has answered
		return exitGood
	}
	if err != nil {
		fmt.Fprintf(errOut, "laurel: %v\nRun `laurel --help` to see the commands, or `laurel COMMAND --help` for one.\n", err)
		return exitCannot
	}
	err = command.Run()
	var status finished
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintf(errOut, "laurel: %s\n", explain(err))
	return exitCannot
}

// build is the version of the module, and the revision that it was built from.
func build() metrics.Build {
	b := metrics.Build{Version: "of an unknown version", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Revision = setting.Value
		}
	}
	return b
}

// version names the program for people.
func version() string {
	b := build()
	return strings.TrimSpace("laurel " + b.Version + " " + b.Revision)
}

// explain is what a person reads of an error: the detail that was written for people, where there is one.
func explain(err error) string {
	var told *issuer.Error
	if errors.As(err, &told) {
		return told.Detail
	}
	return err.Error()
}
