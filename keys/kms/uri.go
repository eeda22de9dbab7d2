package kms

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Scheme begins the names of services that [Open] takes.
const Scheme = "awskms:"

const (
	defaultPrefix = "alias/laurel/"
	prefixLongest = 256 - 64 // an alias has at most 256 characters, the name of a key 64

	callWait  = 5 * time.Second        // of one use of a key, with all tries
	pauseMost = 500 * time.Millisecond // between two tries
)

// settings are what a URI says.
type settings struct {
	region   string
	endpoint string // "" for the one of the region
	prefix   string // an alias is prefix and name
	wait     time.Duration
	pause    time.Duration
}

// parse reads "awskms:" and parts of the form name=value between semicolons: region, and at most once each endpoint and prefix.
func parse(uri string) (settings, error) {
	refuse := func(format string, values ...any) (settings, error) {
		return settings{}, fmt.Errorf("reading the name of the key service: "+format, values...)
	}
	text, ok := strings.CutPrefix(uri, Scheme)
	if !ok {
		return refuse("it does not begin with %s", Scheme)
	}
	s := settings{prefix: defaultPrefix, wait: callWait, pause: pauseMost}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, found := strings.Cut(part, "=")
		if !found || value == "" {
			return refuse("it is written %sregion=REGION, then perhaps ;endpoint=URL and ;prefix=alias/NAME", Scheme)
		}
		if seen[name] {
			return refuse("%s is there twice", name)
		}
		seen[name] = true
		switch name {
		case "region":
			if strings.Trim(value, "-0123456789abcdefghijklmnopqrstuvwxyz") != "" || len(value) > 32 {
				return refuse("the region is no region of AWS, such as eu-west-1")
			}
			s.region = value
		case "endpoint":
			if err := checkEndpoint(value); err != nil {
				return refuse("%w", err)
			}
			s.endpoint = value
		case "prefix":
			rest, ok := strings.CutPrefix(value, "alias/")
			if !ok || rest == "" || strings.HasPrefix(rest, "aws/") || len(value) > prefixLongest ||
				strings.Trim(rest, "/_-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
				return refuse("the prefix is alias/ and up to %d letters, digits, \"/\", \"_\" and \"-\", and does not begin with alias/aws/", prefixLongest-len("alias/"))
			}
			s.prefix = value
		default: // not repeated: it could be a secret in the wrong place
			return refuse("it has a part that is neither region nor endpoint nor prefix; credentials come from the environment or the files of AWS")
		}
	}
	if s.region == "" {
		return refuse("it names no region")
	}
	return s, nil
}

// checkEndpoint lets requests go to https only, or to this machine.
func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("the endpoint is a URL of scheme and host only, such as https://vpce-1.kms.eu-west-1.vpce.amazonaws.com")
	}
	address, _ := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || !address.IsLoopback() && u.Hostname() != "localhost") {
		return errors.New("the endpoint begins with https://; http:// is for 127.0.0.1 and other addresses of this machine only")
	}
	return nil
}
