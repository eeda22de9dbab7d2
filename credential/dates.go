package credential

import (
	"errors"
	"strings"
	"time"
)

// ErrNoOffset reports a dateTime without a time zone. It is malformed, but a reader takes it as UTC (VCDM 2.0 section 5.8).
var ErrNoOffset = errors.New("reading a dateTime: it has no time zone")

// ParseDateTime reads an xsd:dateTimeStamp (VCDM 2.0 section 4.9, XML Schema 1.1 Part 2 section 3.4.28) and returns the
// instant in UTC. Fractions of a second may have any length and are cut to nanoseconds; 24:00:00 is the first instant of the
// next day; offsets reach from -14:00 to +14:00. Refused are lower-case t and z, a leap second (:60, which no instant of
// [time.Time] stands for), and years beyond 9999 or before 1000 (which no badge needs, many readers misread, and the first of
// which is the zero time.Time).
//
// When only the time zone is missing, the error is [ErrNoOffset] and the time is the value read as UTC.
func ParseDateTime(s string) (time.Time, error) {
	fields, tail, ok := fixedFields(s)
	year, month, day, hour, minute, second := fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]
	fraction, zone, zoned := splitZone(tail)
	if !ok || !zoned {
		return time.Time{}, errors.New("reading a dateTime: it has not the form 2026-01-31T12:00:00Z")
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
	case hour == 24 && (minute != 0 || second != 0 || strings.Trim(fraction, "0") != ""):
		return time.Time{}, errors.New("reading a dateTime: hour 24 is midnight exactly")
	case hour > 24 || minute > 59 || second > 59:
		return time.Time{}, errors.New("reading a dateTime: there is no such time of day")
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds, time.UTC)
	switch zone {
	case "":
		return t, ErrNoOffset
	case "Z":
		return t, nil
	}
	digits := func(i int) int { return 10*int(zone[i]-'0') + int(zone[i+1]-'0') }
	hours, minutes := digits(1), digits(4)
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if offset > 14*time.Hour || minutes > 59 {
		return time.Time{}, errors.New("reading a dateTime: the offset is beyond 14:00")
	}
	if zone[0] == '-' {
		offset = -offset
	}
	return t.Add(-offset), nil
}

// fixedFields reads year to second out of the lexical form of xsd:dateTime (XML Schema 1.1 Part 2 section 3.3.7) with a year of
// four digits, without judging the numbers, and gives what follows them.
func fixedFields(s string) (fields [6]int, tail string, ok bool) {
	const form = "0000-00-00T00:00:00"
	if len(s) < len(form) {
		return fields, "", false
	}
	n := 0
	for i := range len(form) {
		switch digit := s[i] >= '0' && s[i] <= '9'; {
		case form[i] == '0' && digit:
			fields[n] = 10*fields[n] + int(s[i]-'0')
		case form[i] != '0' && s[i] == form[i]:
			n++
		default:
			return fields, "", false
		}
	}
	return fields, s[len(form):], true
}

// splitZone parts the fraction of a second, which begins with a point, from the time zone: "", "Z" or an offset of six characters.
func splitZone(tail string) (fraction, zone string, ok bool) {
	if strings.HasPrefix(tail, ".") {
		end := 1
		for end < len(tail) && tail[end] >= '0' && tail[end] <= '9' {
			end++
		}
		if end == 1 {
			return "", "", false
		}
		fraction, tail = tail[1:end], tail[end:]
	}
	if tail == "" || tail == "Z" {
		return fraction, tail, true
	}
	if len(tail) != 6 || tail[0] != '+' && tail[0] != '-' || tail[3] != ':' {
		return "", "", false
	}
	for _, i := range [...]int{1, 2, 4, 5} {
		if tail[i] < '0' || tail[i] > '9' {
			return "", "", false
		}
	}
	return fraction, tail, true
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
