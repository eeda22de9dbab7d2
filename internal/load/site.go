package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// site is the server under load, with the worked example in it.
type site struct {
	command *exec.Cmd
	binary  string
	folder  string // its data
	address string // host and port
	metrics string // address of its counters
	award   string // id of a badge in force
}

// startSite starts the program on one processor, 0 for the first; on all for -1. It listens as behind a proxy on this machine.
func startSite(binary, folder string, processor int, flags ...string) (*site, error) {
	s := &site{binary: binary, folder: folder}
	arguments := append([]string{binary, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--sample",
		"--public-url", "https://badges.example.org", "--trusted-proxy", "127.0.0.0/8"}, flags...)
	log, err := os.OpenFile(filepath.Join(filepath.Dir(folder), "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	defer log.Close()
	var out io.ReadCloser
	if s.command, out, err = start(processor, log, arguments); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if _, address, found := strings.Cut(line, "running on http://"); found {
			s.address = strings.TrimSpace(address)
		}
		if _, address, found := strings.Cut(line, " metrics "); found {
			s.metrics = strings.TrimSpace(address)
		}
		if _, id, found := strings.Cut(line, "a badge in force"); found {
			_, s.award, _ = strings.Cut(id, "/c/")
		}
		if line == "Stop with Ctrl-C." {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the server did not start; its log lies beside its data"), end(s.command))
}

// start starts a program on one processor.
func start(processor int, log io.Writer, arguments []string) (*exec.Cmd, io.ReadCloser, error) {
	if processor >= 0 {
		arguments = append([]string{"taskset", "-c", strconv.Itoa(processor)}, arguments...)
	}
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	command.Stderr = log
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("starting %s: %w", arguments[0], err)
	}
	return command, out, nil
}

// end stops a program and waits for it.
func end(command *exec.Cmd) error {
	if err := command.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = command.Process.Kill() })
	defer late.Stop()
	if err := command.Wait(); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

// laurel runs a command of the program beside the server, and returns what it prints.
func (s *site) laurel(arguments ...string) (string, error) {
	command := exec.Command(s.binary, append(arguments, "--data", s.folder)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("running laurel %s: %w", arguments[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// built is the program to be measured: the one that is named, or else one that is built into folder.
func built(binary, folder string) (string, error) {
	if binary != "" {
		return filepath.Abs(binary)
	}
	path := filepath.Join(folder, "laurel")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/laurel").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return path, nil
}

// hello is the least that a server of net/http does: it prints its address and answers everything with a greeting.
func hello([]string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello, world\n")
	})}
	return server.Serve(listener)
}
