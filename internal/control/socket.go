package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const socketName = "laurel.sock"

// Listen opens the socket of the data folder with mode 0600: only the owner of this process may connect. A socket that a
// killed server left behind is replaced. Where another server answers, which shares a database and this folder, a second name
// is taken, that of this host; a third server is refused. Any other file of these names is refused.
func Listen(folder string) (net.Listener, error) {
	for _, path := range sockets(folder) {
		if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("opening the private socket: %s is something else; move it away", path)
		}
		if answers(path) {
			continue
		}
		return listen(path)
	}
	return nil, fmt.Errorf("opening the private socket: other servers run in %s; give each one a folder of its own with --data", folder)
}

// sockets are the paths that a socket may have, the usual one first.
func sockets(folder string) []string {
	paths := []string{filepath.Join(folder, socketName)}
	if host, err := os.Hostname(); err == nil && host != "" && !strings.ContainsRune(host, filepath.Separator) {
		paths = append(paths, filepath.Join(folder, strings.TrimSuffix(socketName, ".sock")+"-"+host+".sock"))
	}
	return paths
}

// answers says whether somebody listens on a socket.
func answers(path string) bool {
	conn, err := net.DialTimeout("unix", path, 2*time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replacing the old socket: %w", err)
	}
	before := syscall.Umask(0o177) // from the moment it exists nobody else may open it
	listener, err := net.Listen("unix", path)
	syscall.Umask(before)
	if errors.Is(err, syscall.EINVAL) { // sun_path holds about 100 bytes
		return nil, fmt.Errorf("opening the private socket: the path %s is too long for one; use a folder with a shorter path", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the private socket: %w", err)
	}
	return listener, nil
}

// Dial connects to the server that holds the data folder: that of this host, where several share the folder. It returns nil when
// none is running there, or when the socket belongs to somebody else, who could answer what he likes.
func Dial(ctx context.Context, folder string) *Client {
	for _, path := range slices.Backward(sockets(folder)) {
		if client := dial(ctx, path); client != nil {
			return client
		}
	}
	return nil
}

func dial(ctx context.Context, path string) *Client {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return nil
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return nil
	}
	connect := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", path)
	}
	conn, err := connect(ctx, "", "")
	if err != nil { // a socket that a killed server left behind
		return nil
	}
	_ = conn.Close()
	return &Client{&http.Client{Transport: &http.Transport{DialContext: connect}}}
}
