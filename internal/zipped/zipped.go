// Package zipped sends answers zipped to those who take them so.
package zipped

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// writers are of *gzip.Writer: 800 kB that are needed for the moment of zipping a page.
var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for levels that there are not
	return w
}}

// Page is a page as gzip (RFC 1952), quick rather than thorough: a page is zipped for each reader. Whoever calls it makes sure that a page
// with what only its reader may know says nothing that somebody else has chosen (the BREACH attack).
func Page(page []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(page) / 3)
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	_, err := w.Write(page)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("zipping a page: %w", err)
	}
	return out.Bytes(), nil
}

// Taken says whether an Accept-Encoding names gzip, or everything, with a weight above 0 (RFC 9110 section 12.5.3).
func Taken(accept string) bool {
	named, others := -1.0, -1.0
	for _, part := range strings.Split(accept, ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q="); found {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			named = weight
		case "*":
			others = weight
		}
	}
	if named >= 0 {
		return named > 0
	}
	return others > 0
}
