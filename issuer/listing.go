package issuer

import "context"

// OrganisationsFrom returns a page of all organisations, the first created first, and the cursor of the next page, "" after the last. A
// cursor of another list has kind invalid, code cursor.
func (s *Service) OrganisationsFrom(ctx context.Context, after string, limit int) (page []Organisation, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		page, next, err = organisations.List(tx, Query{By: "all", Value: inAll, After: after, Limit: limit})
		return err
	})
	return page, next, stored(err)
}

// mostPassedOver bounds how many archived achievements are read for a page of others.
const mostPassedOver = 1000

// AchievementsFrom returns a page of the achievements that can be earned, of one organisation or, for "", of all: the first published
// first, and the cursor of the next page, "" after the last. A page may be shorter than limit. A cursor of another list has kind
// invalid, code cursor.
func (s *Service) AchievementsFrom(ctx context.Context, organisation, after string, limit int) (page []Achievement, next string, err error) {
	limit = max(limit, 1)
	q := Query{By: "all", Value: inAll}
	if organisation != "" {
		q.By, q.Value = "state", organisation+"/"+string(AchievementPublished)
	}
	err = s.store.View(ctx, func(tx Tx) error {
		page, next = nil, after
		for read := 0; read < mostPassedOver && len(page) < limit; {
			q.After, q.Limit = next, limit-len(page)
			some, more, err := achievements.List(tx, q)
			if err != nil {
				return err
			}
			for _, a := range some {
				if a.Archived == nil {
					page = append(page, a)
				}
			}
			read += len(some)
			if next = more; next == "" {
				return nil
			}
		}
		return nil
	})
	return page, next, stored(err)
}
