package web

import (
	"context"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Judge judges an award of this installation as its own page does, for pages that show it among others. What the installation has
// changed shows at once.
func (s *Site) Judge(ctx context.Context, record issuer.Credential) (*verifier.Report, error) {
	newer, _, err := s.server.neighbours(ctx, record)
	if err != nil {
		return nil, err
	}
	return s.server.judgeOwn(ctx, record, newer)
}
