package credential

import (
	"errors"
	"regexp"
	"strconv"
	"time"
)

// ErrNoOffset reports a dateTime without a time zone. It is malformed, but a reader takes it as UTC (VCDM 2.0 section 5.8).
var ErrNoOffset = errors.New("reading a dateTime: it has no time zone")

// dateTime is the lexical form of xsd:dateTime (XML Schema 1.1 Part 2 section 3.3.7) with years of four digits.
var dateTime = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|([+-])(\d\d):(\d\d))?$`)

// ParseDateTime reads an xsd:dateTimeStamp (VCDM 2.0 section 4.9, XML Schema 1.1 Part 2 section 3.4.28) and returns the
// instant in UTC. Fractions of a second may have any length and are cut to nanoseconds; 24:00:00 is the first instant of the
// next day; offsets reach from -14:00 to +14:00. Refused are lower-case t and z, a leap second (:60, which no instant of
// [time.Time] stands for), and years beyond 9999 or before 1000 (which no badge needs, many readers misread, and the first of
// which is the zero time.Time).
//
// When only the time zone is missing, the error is [ErrNoOffset] and the time is the value read as UTC.
func ParseDateTime(s string) (time.Time, error) {
	parts := dateTime.FindStringSubmatch(s)
	if parts == nil {
		return time.Time{}, errors.New("reading a dateTime: it has not the form 2026-01-31T12:00:00Z")
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(parts[i]) // two or four digits, by the pattern
		return n
	}
	year, month, day, hour, minute, second := number(1), number(2), number(3), number(4), number(5), number(6)
	fraction := parts[7]
	if len(fraction) > 9 {
		fraction = fraction[:9]
	}
	nanoseconds := 0
	for i := range 9 {
		nanoseconds *= 10
		if i < len(fraction) {
			nanoseconds += int(fraction[i] - '0')
		}
	}
	switch {
	case year < 1000:
		return time.Time{}, errors.New("reading a dateTime: the year is before 1000")
	case month < 1 || month > 12 || day < 1 || day > daysIn(year, month):
		return time.Time{}, errors.New("reading a dateTime: there is no such day")
	case second == 60:
		return time.Time{}, errors.New("reading a dateTime: a leap second cannot be compared with other instants")
	case hour == 24 && (minute != 0 || second != 0 || nonZero(parts[7])):
		return time.Time{}, errors.New("reading a dateTime: hour 24 is midnight exactly")
	case hour > 24 || minute > 59 || second > 59:
		return time.Time{}, errors.New("reading a dateTime: there is no such time of day")
	}
	offset := time.Duration(number(10))*time.Hour + time.Duration(number(11))*time.Minute
	if offset > 14*time.Hour || number(11) > 59 {
		return time.Time{}, errors.New("reading a dateTime: the offset is beyond 14:00")
	}
	if parts[9] == "-" {
		offset = -offset
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds, time.UTC).Add(-offset)
	if parts[8] == "" {
		return t, ErrNoOffset
	}
	return t, nil
}

// formatDateTime writes an instant as Open Badges are issued: UTC, whole seconds, cut and not rounded, so that it equals the
// NumericDate of the same instant.
func formatDateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func nonZero(digits string) bool {
	for _, c := range digits {
		if c != '0' {
			return true
		}
	}
	return false
}
