package web

import (
	"testing"
	"time"
)

// TestProfileLink: LinkedIn's form "Add to Profile" is filled as LinkedIn wants it, whatever stands in names.
func TestProfileLink(t *testing.T) {
	day := func(year int, month time.Month, date int) time.Time {
		return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	}
	const url, code = "https://badges.cedar.example/c/7K4M92", "7K4M-92XQ"
	const rest = "&startTask=CERTIFICATION_NAME"
	for name, test := range map[string]struct {
		entry profileEntry
		want  string
	}{
		"in January, without an end": {
			profileEntry{Name: "Small-Group Instruction", Company: "Cedar County Schools", Issued: day(2026, time.January, 1), URL: url, Code: code},
			"certId=7K4M-92XQ&certUrl=https%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92&issueMonth=1&issueYear=2026&name=Small-Group+Instruction&organizationName=Cedar+County+Schools" + rest,
		},
		"in December, with an end": {
			profileEntry{Name: "Small-Group Instruction", Company: "Cedar County Schools", Issued: day(2026, time.December, 31), Expires: day(2031, time.January, 2), URL: url, Code: code},
			"certId=7K4M-92XQ&certUrl=https%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92&expirationMonth=1&expirationYear=2031&issueMonth=12&issueYear=2026&name=Small-Group+Instruction&organizationName=Cedar+County+Schools" + rest,
		},
		"with a page, which has the logo": {
			profileEntry{Name: "Groups", Company: "Cedar County Schools", Page: "1337", Issued: day(2026, time.May, 14), URL: url, Code: code},
			"certId=7K4M-92XQ&certUrl=https%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92&issueMonth=5&issueYear=2026&name=Groups&organizationId=1337" + rest,
		},
		"ampersand, number sign, percent, plus and emoji": {
			profileEntry{Name: "R&D #1: 100% + 🎓 “Ñ”", Company: "A=B & C", Issued: day(2026, time.May, 14), URL: url + "?lang=es#x", Code: code},
			"certId=7K4M-92XQ&certUrl=https%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92%3Flang%3Des%23x&issueMonth=5&issueYear=2026&name=R%26D+%231%3A+100%25+%2B+%F0%9F%8E%93+%E2%80%9C%C3%91%E2%80%9D&organizationName=A%3DB+%26+C" + rest,
		},
		"in the zone of the date": {
			profileEntry{Name: "Groups", Company: "C", Issued: day(2027, time.January, 1).In(time.FixedZone("west", -5*3600)), URL: url, Code: code},
			"certId=7K4M-92XQ&certUrl=https%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92&issueMonth=12&issueYear=2026&name=Groups&organizationName=C" + rest,
		},
	} {
		if got := test.entry.link(); got != "https://www.linkedin.com/profile/add?"+test.want {
			t.Errorf("%s:\n%s\n%s", name, got, test.want)
		}
	}
	if got := postLink(url); got != "https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92" {
		t.Error(got)
	}
	if got := mailLink("R&D + 1", "See\n"+url+"?a=b&c"); got != "mailto:?subject=R%26D%20%2B%201&body=See%0D%0Ahttps%3A%2F%2Fbadges.cedar.example%2Fc%2F7K4M92%3Fa%3Db%26c" {
		t.Error(got)
	}
}
