package intake

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

type deadlines struct{ read, write []time.Time }

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.read = append(d.read, at)
	return nil
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.write = append(d.write, at)
	return nil
}

// TestPace: what was announced gives no time to read, only what has come does; there is time to work on it and to answer.
func TestPace(t *testing.T) {
	var d deadlines
	began := time.Now()
	body := Receive(io.NopCloser(iotest.OneByteReader(strings.NewReader("abc"))), 1<<40, &d)
	began2 := time.Now()
	if latest := began2.Add(firstWait); len(d.read) != 1 || d.read[0].After(latest) {
		t.Errorf("may begin until %v, later than %v", d.read, latest)
	}
	if _, err := io.ReadAll(body); err != nil {
		t.Fatal(err)
	}
	if last := d.read[len(d.read)-1]; last.After(began2.Add(firstWait+time.Second)) || last.Before(d.read[0]) {
		t.Errorf("three bytes may take until %v", last)
	}
	if len(d.write) != 1 || d.write[0].Before(began.Add(PlaceWait+WorkMost+AnswerWait)) || d.write[0].After(began2.Add(readTime(sentOne)+PlaceWait+WorkMost+AnswerWait)) {
		t.Errorf("may be answered until %v", d.write)
	}
	if got := readTime(4 << 20); got != firstWait+16*time.Second {
		t.Errorf("four megabytes may take %v", got)
	}
}
