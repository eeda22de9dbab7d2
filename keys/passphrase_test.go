package keys

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipe returns a descriptor from which text can be read; its other end stays open when held.
func pipe(t *testing.T, text string, held bool) int {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	descriptor, err := syscall.Dup(int(r.Fd())) // Passphrase closes it, and r must not know
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if held {
		t.Cleanup(func() { w.Close() })
	} else {
		w.Close()
	}
	return descriptor
}

func TestPassphraseSources(t *testing.T) {
	const variable = "LAUREL_PASSPHRASE_TEST"
	for name, test := range map[string]struct{ text, want, fault string }{
		"one line":            {"correct horse\n", "correct horse", ""},
		"no line end":         {"correct horse", "correct horse", ""},
		"CRLF":                {"correct horse\r\nmore\r\n", "correct horse", ""},
		"a CR within":         {"correct\rhorse\n", "correct\rhorse", ""},
		"more lines":          {"correct horse\nbattery\n", "correct horse", ""},
		"blanks are kept":     {"  correct \n", "  correct ", ""},
		"the longest":         {strings.Repeat("é", 512) + "\r\n", strings.Repeat("é", 512), ""},
		"one byte too long":   {strings.Repeat("é", 512) + "a\n", "", "longer than 1024 bytes"},
		"far too long":        {strings.Repeat("a", 5000), "", "longer than 1024 bytes"},
		"long after the line": {"correct\n" + strings.Repeat("a", 5000), "correct", ""},
		"empty":               {"", "", "is empty"},
		"an empty first line": {"\ncorrect\n", "", "is empty"},
		"only CRLF":           {"\r\n", "", "is empty"},
	} {
		folder := t.TempDir()
		sources := map[string]PassphraseSource{
			"file":       {File: writeFile(t, filepath.Join(folder, "file"), []byte(test.text), 0o600), Descriptor: -1},
			"descriptor": {Descriptor: pipe(t, test.text, false)},
			"credential": {Credentials: folder, Descriptor: -1, Environment: variable},
		}
		if strings.IndexByte(test.text, 0) < 0 {
			sources["environment"] = PassphraseSource{Environment: variable, Descriptor: -1}
		}
		for kind, src := range sources {
			switch kind {
			case "credential":
				writeFile(t, filepath.Join(folder, Credential), []byte(test.text), 0o400)
			case "environment":
				t.Setenv(variable, test.text)
			}
			got, err := Passphrase(src)
			if got != test.want || (err == nil) != (test.fault == "") || err != nil && (!strings.Contains(err.Error(), test.fault) || strings.Contains(err.Error(), "correct")) {
				t.Errorf("%s from the %s: %q, %v", name, kind, got, err)
			}
			if _, there := os.LookupEnv(variable); there {
				t.Errorf("%s: the variable is still there", name)
			}
			if kind == "descriptor" {
				if err := syscall.Close(src.Descriptor); err == nil {
					t.Errorf("%s: the descriptor was left open", name)
				}
			}
		}
	}
}

func TestPassphraseOneSource(t *testing.T) {
	const variable = "LAUREL_PASSPHRASE_TEST"
	folder, empty := t.TempDir(), t.TempDir()
	file := writeFile(t, filepath.Join(folder, "file"), []byte("from the file\n"), 0o600)
	credential := writeFile(t, filepath.Join(folder, Credential), []byte("from systemd\n"), 0o400)
	link := filepath.Join(empty, "link")
	if err := os.Symlink(credential, link); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		src   PassphraseSource
		value string // of the variable
		want  string
		fault []string
	}{
		"none":                        {src: PassphraseSource{Descriptor: -1}},
		"none of those looked at":     {src: PassphraseSource{Descriptor: -1, Environment: variable, Credentials: empty}},
		"no folder of credentials":    {src: PassphraseSource{Descriptor: -1, Credentials: filepath.Join(empty, "absent")}},
		"file and nothing else":       {src: PassphraseSource{File: file, Descriptor: -1, Environment: variable, Credentials: empty}, want: "from the file"},
		"the credential as a file":    {src: PassphraseSource{File: credential, Descriptor: -1, Credentials: folder}, want: "from systemd"},
		"the credential through link": {src: PassphraseSource{File: link, Descriptor: -1, Credentials: folder}, want: "from systemd"},
		"another file and credential": {src: PassphraseSource{File: file, Descriptor: -1, Credentials: folder}, fault: []string{file, "credential " + Credential}},
		"file and descriptor":         {src: PassphraseSource{File: file, Descriptor: pipe(t, "from the pipe", false)}, fault: []string{file, "descriptor"}},
		"file and environment":        {src: PassphraseSource{File: file, Descriptor: -1, Environment: variable}, value: "secret", fault: []string{file, variable}},
		"environment and credential":  {src: PassphraseSource{Descriptor: -1, Environment: variable, Credentials: folder}, value: "secret", fault: []string{variable, Credential}},
	} {
		if test.value != "" {
			t.Setenv(variable, test.value)
		}
		got, err := Passphrase(test.src)
		if got != test.want || (err == nil) != (test.fault == nil) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		for _, part := range test.fault {
			if err != nil && (!strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, there := os.LookupEnv(variable); there {
			t.Errorf("%s: the variable is still there", name)
		}
	}
}

func TestPassphraseFiles(t *testing.T) {
	folder := t.TempDir()
	credentials := filepath.Join(folder, "credentials")
	if err := os.Mkdir(credentials, 0o700); err != nil {
		t.Fatal(err)
	}
	for mode, fine := range map[fs.FileMode][2]bool{ // below another folder, below that of credentials
		0o400: {true, true}, 0o600: {true, true}, 0o440: {false, true}, 0o640: {false, true},
		0o444: {}, 0o644: {}, 0o604: {}, 0o660: {}, 0o460: {}, 0o602: {}, 0o450: {},
	} {
		for i, below := range []string{folder, credentials} {
			file := writeFile(t, filepath.Join(below, fmt.Sprintf("%o", mode)), []byte("correct\n"), 0o600)
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
			got, err := Passphrase(PassphraseSource{File: file, Descriptor: -1, Credentials: credentials})
			if fine[i] != (err == nil) || fine[i] != (got == "correct") || err != nil && !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("%o in %s: %q, %v", mode, below, got, err)
			}
		}
	}
	// A link below the folder of credentials does not make its target one.
	link := filepath.Join(credentials, "link")
	if err := os.Symlink(filepath.Join(folder, "440"), link); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]PassphraseSource{
		"a link out of the folder": {File: link, Descriptor: -1, Credentials: credentials},
		"a name beside the folder": {File: filepath.Join(credentials, "..", "440"), Descriptor: -1, Credentials: credentials},
		"no file":                  {File: filepath.Join(folder, "absent"), Descriptor: -1},
		"a folder":                 {File: folder, Descriptor: -1},
		"a pipe":                   {File: fifo, Descriptor: -1},
		"standard output":          {Descriptor: 1},
		"a descriptor that is not": {Descriptor: 1 << 20},
	} {
		if got, err := Passphrase(src); err == nil || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestPassphraseDoesNotWait: a parent that has written a line and keeps its end open does not stop the start.
func TestPassphraseDoesNotWait(t *testing.T) {
	done := make(chan error, 1)
	descriptor := pipe(t, "correct\n", true)
	go func() {
		got, err := Passphrase(PassphraseSource{Descriptor: descriptor})
		if err == nil && got != "correct" {
			err = fmt.Errorf("%q", got)
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it waits")
	}
}
