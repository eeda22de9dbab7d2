package credential

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDateTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-31T12:00:00Z":                     "2026-01-31T12:00:00Z",
		"2026-01-31T12:00:00.5+02:00":              "2026-01-31T10:00:00.5Z",
		"2026-01-31T12:00:00-14:00":                "2026-02-01T02:00:00Z",
		"2026-01-31T12:00:00-00:00":                "2026-01-31T12:00:00Z",
		"2026-12-31T24:00:00Z":                     "2027-01-01T00:00:00Z",
		"2026-12-31T24:00:00.000Z":                 "2027-01-01T00:00:00Z",
		"2024-02-29T00:00:00Z":                     "2024-02-29T00:00:00Z",
		"2026-01-31T12:00:00.1234567891234567890Z": "2026-01-31T12:00:00.123456789Z",
		"9999-12-31T23:59:59Z":                     "9999-12-31T23:59:59Z",
		"1000-01-01T00:00:00+00:00":                "1000-01-01T00:00:00Z",
	} {
		got, err := ParseDateTime(text)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %s, %v; want %s", text, got.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestParseDateTimeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "date only": "2026-01-31", "lower-case t": "2026-01-31t12:00:00Z", "lower-case z": "2026-01-31T12:00:00z",
		"space": "2026-01-31 12:00:00Z", "no seconds": "2026-01-31T12:00Z", "leap second": "2016-12-31T23:59:60Z",
		"five-digit year": "12026-01-31T12:00:00Z", "negative year": "-0001-01-31T12:00:00Z", "year 1": "0001-01-01T00:00:00Z", "year 999": "0999-12-31T23:59:59Z", "February 29": "2026-02-29T12:00:00Z",
		"day 0": "2026-01-00T12:00:00Z", "month 13": "2026-13-01T12:00:00Z", "hour 25": "2026-01-31T25:00:00Z",
		"after 24:00": "2026-01-31T24:00:01Z", "fraction after 24:00": "2026-01-31T24:00:00.0000000000001Z",
		"minute 60": "2026-01-31T12:60:00Z", "second 61": "2026-01-31T12:00:61Z", "offset 14:01": "2026-01-31T12:00:00+14:01",
		"offset minute 60": "2026-01-31T12:00:00+10:60", "offset without colon": "2026-01-31T12:00:00+0200",
		"empty fraction": "2026-01-31T12:00:00.Z", "comma": "2026-01-31T12:00:00,5Z", "trailing text": "2026-01-31T12:00:00Z ",
		"line feed": "2026-01-31T12:00:00Z\n", "text": "Sat 25 Feb 2023 07:16:31 PM CST", "other digits": "２026-01-31T12:00:00Z",
	} {
		if got, err := ParseDateTime(text); err == nil || errors.Is(err, ErrNoOffset) {
			t.Errorf("%s: read as %s", name, got)
		}
	}
}

func TestParseDateTimeWithoutOffsetIsUTC(t *testing.T) {
	got, err := ParseDateTime("2026-01-31T12:00:00")
	if !errors.Is(err, ErrNoOffset) || !got.Equal(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%s, %v", got, err)
	}
}

// Every instant that time.Time writes in RFC 3339 is read back, in any zone.
func TestParseDateTimeReadsRFC3339(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "offset in minutes"))
		seconds := rapid.Int64Range(-30610137600, 253402214400).Draw(t, "seconds") // years 1000 to 9999 in every zone
		want := time.Unix(seconds, rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds")).In(zone)
		got, err := ParseDateTime(want.Format(time.RFC3339Nano))
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Fatalf("%s: %s, %v", want.Format(time.RFC3339Nano), got, err)
		}
		written := formatDateTime(want)
		if back, err := ParseDateTime(written); err != nil || back.Unix() != want.Unix() || back.Nanosecond() != 0 {
			t.Fatalf("%s: %s, %v", written, back, err)
		}
	})
}

// Whatever is accepted agrees with time.Parse, where that can read it at all.
func TestParseDateTimeAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[1-9][0-9]{3}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-]0[0-9]:[0-5][0-9])`).Draw(t, "text")
		want, errWant := time.Parse(time.RFC3339, text)
		got, err := ParseDateTime(text)
		if errWant == nil && (err != nil || !got.Equal(want)) {
			t.Fatalf("%s: %s, %v; want %s", text, got, err, want)
		}
		if errWant != nil && err == nil && text[11:19] != "24:00:00" {
			t.Fatalf("%s: accepted, while time.Parse says %v", text, errWant)
		}
	})
}

// A text is read, or refused for what it says, exactly when it has the lexical form of xsd:dateTime with a year of four digits.
func TestParseDateTimeForm(t *testing.T) {
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`\d{4}-\d\d-[0-3]\dT[0-2]\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-][01]\d:\d\d)?`), rapid.String()).Draw(t, "text")
		if at := rapid.IntRange(0, len(text)).Draw(t, "at"); rapid.Bool().Draw(t, "changed") {
			text = text[:at] + rapid.SampledFrom([]string{"", "0", ":", "-", "+", ".", "Z", "T", " ", "\n", "\u0660"}).Draw(t, "put in") + text[min(len(text), at+rapid.IntRange(0, 1).Draw(t, "cut")):]
		}
		_, err := ParseDateTime(text)
		if refused := err != nil && strings.Contains(err.Error(), "it has not the form"); refused == form.MatchString(text) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
