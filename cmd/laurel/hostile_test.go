package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/internal/load/attack"
)

// slowSockets are held open by clients that hardly send; twice what the server accepts at a time.
const (
	slowSockets      = 2000 // in a long run
	slowSocketsShort = 600  // as part of all tests, on whatever else the machine does
)

// attacks are all that is done to the server beside the slow sockets.
func (s *scene) attacks() []attack.Shape {
	return attack.Shapes(attack.Badge{ID: s.inForce.ID, List: s.inForce.Slot.Revocation, JSON: s.inForce.JSON, JWT: s.inForce.JWT})
}

func (p *process) host() string { return strings.TrimPrefix(p.address, "http://") }

// strike sends a request of an attack and looks at the status of the answer.
func (s *scene) strike(ctx context.Context, t *testing.T, a attack.Shape, turn int) {
	request := a.Requests[turn%len(a.Requests)]
	status, err := attack.Strike(ctx, nil, s.process.host(), request, a.Half)
	if ctx.Err() != nil { // broken off from here
		return
	}
	if err != nil {
		t.Errorf("%s: %v", a.Name, err)
		return
	}
	// A server with more sockets than it has room for may hang up on anybody; one with room has to answer.
	hungUp := status == 0 && os.Getenv("LAUREL_LOAD_SECONDS") != ""
	if !a.Half && !hungUp && !slices.Contains(a.Answers, status) {
		t.Errorf("%s: answered with %d, want one of %v: %.80q", a.Name, status, a.Answers, request)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.struck++
	if s.answers[a.Name] == nil {
		s.answers[a.Name] = map[int]struct{}{}
	}
	s.answers[a.Name][status] = struct{}{}
}

// holdSockets opens connections that send next to nothing, until ctx ends. It returns their number, which the system may limit.
func (s *scene) holdSockets(ctx context.Context, t *testing.T, group *sync.WaitGroup) int {
	t.Helper()
	count := slowSocketsShort
	if os.Getenv("LAUREL_LOAD_SECONDS") != "" {
		count = slowSockets
	}
	if room := openFiles() - 500; room < count {
		count = max(0, room)
		t.Logf("only %d slow sockets: the system allows no more open files", count)
	}
	attack.Crowd(ctx, s.process.host(), count, group)
	return count
}
