package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// letter is a message as a mail server has taken it.
type letter struct {
	to, subject, text string
}

// postOffice is a mail server on loopback, as a process of its own, with all that it has taken.
type postOffice struct {
	port int

	mu      sync.Mutex
	letters map[string][]letter // by addressee; guarded by mu
	broken  error               // what could not be read; guarded by mu
}

// startPost starts a mail server, or skips the test where there is none.
func startPost(t testing.TB) *postOffice {
	t.Helper()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import aiosmtpd").Run() != nil {
		t.Skip("skipped: the mail server for this test, Debian's python3-aiosmtpd, is not installed")
	}
	o := &postOffice{letters: map[string][]letter{}}
	command := exec.Command(python, "-B", "../../internal/mail/testdata/server.py", "plain", "", "", "")
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	lines := bufio.NewReader(out)
	var first struct{ Port int }
	line, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.port = first.Port
	go o.take(lines)
	return o
}

// flags have a server send its mail here.
func (o *postOffice) flags() []string {
	return []string{"--mail-server", "smtp://127.0.0.1:" + strconv.Itoa(o.port), "--mail-from", "Badge office <badges@example.org>"}
}

// take keeps what the server says that it has taken, until it ends.
func (o *postOffice) take(lines *bufio.Reader) {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var taken struct {
			To   []string
			Data []byte
		}
		var l letter
		if err = json.Unmarshal(line, &taken); err == nil {
			l, err = readLetter(taken.Data)
		}
		o.mu.Lock()
		if err != nil {
			o.broken = err
		}
		for _, to := range taken.To {
			l.to = to
			o.letters[to] = append(o.letters[to], l)
		}
		o.mu.Unlock()
	}
}

// readLetter reads the text for people of a message.
func readLetter(data []byte) (l letter, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return l, err
	}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return l, err
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	part, err := parts.NextRawPart() // text before HTML (RFC 2046 section 5.1.4)
	if err != nil {
		return l, err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	l.text = string(text)
	return l, err
}

// wait waits for a message to somebody whose subject or text holds what is given, and gives the newest.
func (o *postOffice) wait(t testing.TB, to, says string) letter {
	t.Helper()
	var got letter
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		o.mu.Lock()
		broken := o.broken
		for _, l := range o.letters[to] {
			if strings.Contains(l.subject+"\n"+l.text, says) {
				got = l
			}
		}
		o.mu.Unlock()
		switch {
		case broken != nil:
			t.Fatalf("a message cannot be read: %v", broken)
		case got.to != "":
			return got
		case time.Since(begun) > 2*time.Minute:
			t.Fatalf("no message that says %q came to %s", says, to)
		}
	}
}

var linkInLetter = regexp.MustCompile(`https?://[^\s<>"]+`)

// link is the first link of a message that leads below a path of the installation.
func (l letter) link(t testing.TB, path string) string {
	t.Helper()
	for _, link := range linkInLetter.FindAllString(l.text, -1) {
		if strings.Contains(link, path) {
			return link
		}
	}
	t.Fatalf("the message %q has no link to %s:\n%s", l.subject, path, l.text)
	return ""
}
