package claim

import (
	"net/http"
	"strconv"
)

// onPage is how many badges one page shows: with long texts it still has less than 60 kB.
const onPage = 24

// paging says which page of several is shown.
type paging struct {
	Page, Pages    int    // from 1; Pages is 1 where everything is on one
	Before, Behind string // paths of the pages around it; "" for none
}

// Several says whether there is more than one page.
func (p paging) Several() bool { return p.Pages > 1 || p.Before != "" || p.Behind != "" }

// Previous is the number of the page before this one; 0 for none.
func (p paging) Previous() int { return p.Page - 1 }

// Next is the number of the page after this one; 0 for none.
func (p paging) Next() int {
	if p.Page == p.Pages {
		return 0
	}
	return p.Page + 1
}

// pagingOf is the page that is asked for by a number, or the nearest that there is, of so many things.
func pagingOf(asked string, things int) paging {
	return pagingAt(asked, max(1, (things+onPage-1)/onPage))
}

// pagingAt is the page that is asked for by a number, or the nearest that there is, of so many pages.
func pagingAt(asked string, pages int) paging {
	page, err := strconv.Atoi(asked)
	if err != nil {
		page = 1
	}
	return paging{Page: min(max(page, 1), pages), Pages: pages}
}

// linked adds the paths of the pages around it. pairs are what else the address says.
func (p paging) linked(r *http.Request, path string, pairs ...string) paging {
	if n := p.Previous(); n > 0 {
		p.Before = here(r, path, append(pairsOf(pairs...), "page", strconv.Itoa(n))...)
	}
	if n := p.Next(); n > 0 {
		p.Behind = here(r, path, append(pairsOf(pairs...), "page", strconv.Itoa(n))...)
	}
	return p
}

// partOf is what the page has of all.
func partOf[T any](p paging, all []T) []T {
	return all[min(len(all), (p.Page-1)*onPage):min(len(all), p.Page*onPage)]
}
