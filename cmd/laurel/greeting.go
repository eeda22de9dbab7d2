package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
)

// greeting is what serve prints when it has started: what was made, what to open and what to try. Nothing in it is secret but the link
// for the first account, which works for a day and until there is one.
type greeting struct {
	here             installation
	issuer           issuer.Organisation
	plan             plan
	front            *front
	counting         net.Listener // nil: no metrics
	data             string       // as given; "" for the default
	newKeys, created bool
	awards           []sampleAward
	first            string // address of the page on which the first person of the staff makes an account; "" once there is one
}

func (g greeting) print(out io.Writer) {
	if g.newKeys {
		folder := g.data
		if folder == "" {
			folder = (&grammar{}).folder()
		}
		fmt.Fprintf(out, "Made %s with new keys. They are sealed; identity.age-key beside them opens them, so keep that folder to yourself.\n", folder)
	}
	if g.created {
		fmt.Fprintf(out, "Made the issuer %q: %s\n", g.issuer.Name, g.issuer.DID)
	}
	done := g.here.Opening()
	if done.Upgraded > 0 {
		fmt.Fprintf(out, "Put %d records of an earlier release into the form of this one.\n", done.Upgraded)
	}
	if done.Finished > 0 {
		fmt.Fprintf(out, "Finished %d awards that an earlier stop had left half done.\n", done.Finished)
	}
	if done.Burned > 0 {
		fmt.Fprintf(out, "Gave up %d awards whose signing failed five times, an hour apart, or whose predecessor was revoked meanwhile; the audit log names them.\n", done.Burned)
	}
	if done.Unfinished != nil {
		fmt.Fprintf(out, "Some awards could not be finished: %v\n", done.Unfinished)
	}
	scheme := "http"
	if g.plan.certificate != nil {
		scheme = "https"
	}
	fmt.Fprintf(out, "\nLaurel is running on %s://%s\n\n", scheme, g.front.listener.Addr())
	lines := [][2]string{{"verify a badge", g.here.Base() + "/verify"}, {"the issuer", g.issuer.URL}}
	for _, a := range g.awards {
		lines = append(lines, [2]string{a.standing, a.URL})
	}
	if g.counting != nil {
		lines = append(lines, [2]string{"metrics", "http://" + g.counting.Addr().String() + "/metrics"})
	}
	for _, line := range lines {
		fmt.Fprintf(out, "  %-17s %s\n", line[0], line[1])
	}
	if g.first != "" {
		fmt.Fprintf(out, "\nSign in: nobody has an account yet. Whoever opens this link within a day becomes the owner:\n  %s\n", g.first)
	} else {
		fmt.Fprintf(out, "  %-17s %s\n", "sign in", g.here.Base()+"/sign-in")
	}
	if g.here.Local() {
		fmt.Fprintf(out, "\nThese addresses work on this machine only.\n")
	}
	g.try(out)
	for _, note := range g.notes() {
		fmt.Fprintf(out, "\n%s\n", note)
	}
	fmt.Fprintf(out, "Stop with Ctrl-C.\n")
}

// notes are what whoever runs a public server should mend.
func (g greeting) notes() []string {
	var notes []string
	if address := g.here.at.address; address != "" {
		if exposed, err := postgres.Exposure(address); err == nil && exposed != "" {
			notes = append(notes, exposed)
		}
	}
	return append(notes, g.publicNotes()...)
}

func (g greeting) publicNotes() []string {
	if g.here.Local() {
		return nil
	}
	if c := g.plan.certificate; c != nil {
		base, err := url.Parse(g.here.Base())
		if err != nil {
			return nil
		}
		if fault := c.fault(base.Hostname(), time.Now()); fault != "" {
			return []string{fault}
		}
		return nil
	}
	if len(g.plan.proxies) == 0 {
		return []string{"This server speaks plain HTTP: put a proxy with TLS before it and name that with --trusted-proxy, or all its visitors share one rate limit."}
	}
	return nil
}

// try prints commands that can be pasted into a second terminal, in an order that tells a story.
func (g greeting) try(out io.Writer) {
	if len(g.awards) == 0 {
		return
	}
	program := word(os.Args[0])
	data := ""
	if g.data != "" {
		data = " --data " + word(g.data)
	}
	inForce := g.awards[0]
	fmt.Fprintf(out, "\nTry next, in a second terminal:\n\n")
	for _, line := range []string{
		"issue" + data + ` --recipient teacher@example.org --name "Kim Lee" --output badges`,
		"verify" + data + " " + inForce.URL,
		"revoke" + data + ` --reason "The portfolio was withdrawn." ` + inForce.ID,
		"verify" + data + " " + inForce.URL,
		"doctor" + data,
	} {
		fmt.Fprintf(out, "  %s %s\n", program, line)
	}
	fmt.Fprintln(out)
}

// word writes one word for a POSIX shell.
func word(text string) string {
	if text != "" && text[0] != '#' && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,#") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
