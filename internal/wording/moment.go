package wording

import (
	"fmt"
	"strconv"
	"time"
)

// Moment is an instant in words for people, and as machines read it.
type Moment struct {
	Words   string
	Machine string // RFC 3339, or "" when the text was no date
}

// Calendar is an instant as the calendars of a zone have it; nil is UTC. Where a day begins in UTC, it was the day that was given, and it
// is the same day everywhere.
func Calendar(t time.Time, zone *time.Location) time.Time {
	if zone == nil || isDay(t) {
		return t.UTC()
	}
	return t.In(zone)
}

// isDay says that a date is where a day begins in UTC.
func isDay(t time.Time) bool {
	h, m, s := t.UTC().Clock()
	return h == 0 && m == 0 && s == 0
}

// Day writes the day in UTC.
func (l Language) Day(t time.Time) Moment { return l.DayIn(t, nil) }

// DayIn writes the day as in [Calendar].
func (l Language) DayIn(t time.Time, zone *time.Location) Moment {
	t = Calendar(t, zone)
	month := l.Say("month." + strconv.Itoa(int(t.Month())))
	return Moment{
		Words:   l.Say("date.day", "day", strconv.Itoa(t.Day()), "month", month, "year", fmt.Sprintf("%04d", t.Year())),
		Machine: t.Format(time.RFC3339),
	}
}

// MonthIn writes the month and the year as in [Calendar].
func (l Language) MonthIn(t time.Time, zone *time.Location) string {
	t = Calendar(t, zone)
	return l.Say("date.month", "month", l.Say("month."+strconv.Itoa(int(t.Month()))), "year", fmt.Sprintf("%04d", t.Year()))
}

// Instant writes the day and the time in UTC.
func (l Language) Instant(t time.Time) Moment {
	day := l.Day(t)
	return Moment{Words: l.Say("date.instant", "day", day.Words, "time", t.UTC().Format("15:04")), Machine: day.Machine}
}

// SignedDate writes a date as it was signed: the day, with the time where the day does not begin then. A text that is no RFC 3339
// date stays as it is.
func (l Language) SignedDate(s string) Moment {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Moment{Words: Plain(s)}
	}
	if isDay(t) {
		return l.Day(t)
	}
	return l.Instant(t)
}

// SignedDay writes the day of a date as it was signed, as in [Calendar]. A text that is no RFC 3339 date stays as it is.
func (l Language) SignedDay(s string, zone *time.Location) Moment {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Moment{Words: Plain(s)}
	}
	return l.DayIn(t, zone)
}

// signedIn is [Language.SignedDay] in a zone, and [Language.SignedDate] without one.
func (l Language) signedIn(s string, zone *time.Location) Moment {
	if zone == nil {
		return l.SignedDate(s)
	}
	return l.SignedDay(s, zone)
}

// Age says how long before asOf a fact was read, and from where: origin is the fact of that name of a check, "" when it is not
// known. It is "" for a fact that was not read anywhere.
func (l Language) Age(read *time.Time, asOf time.Time, origin string) string {
	if read == nil || read.IsZero() {
		return ""
	}
	words := ""
	switch d := asOf.Sub(*read); {
	case d < -time.Hour: // judged for an instant in the past
		words = l.Say("age.on", "date", l.Instant(*read).Words)
	case d < time.Minute:
		words = l.Say("age.now")
	case d < time.Hour:
		words = l.Count("age.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		words = l.Count("age.hours", int(d.Hours()))
	default:
		words = l.Count("age.days", int(d.Hours()/24))
	}
	if _, known := l.text("origin." + origin); known {
		words += ", " + l.Say("origin."+origin, "date", l.Day(*read).Words)
	}
	return words
}
