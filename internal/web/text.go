package web

import "github.com/laurelbadges/laurel/internal/wording"

// webLink is the address when it is one that a page may link to: absolute, http or https. Else it is "".
func webLink(address string) string { return wording.WebLink(address) }
