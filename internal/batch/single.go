package batch

import (
	"context"

	"github.com/laurelbadges/laurel/credential/carrier"
)

// singleMost is the length in bytes of what Single looks at.
const singleMost = 64 << 10

// Single judges a source that is nothing but the text of one credential, which most are, without beginning anything beside the caller:
// the row is the one that [Checker.Run] gives. It is not ok for every other source; nothing was judged of that. The error is that of ctx.
func (c *Checker) Single(ctx context.Context, source Source) (row Row, ok bool, err error) {
	if source.Problem != nil || source.Read != nil || source.URL != "" || source.More > 0 || len(source.Bytes) > singleMost || !carrier.Light(source.Bytes) {
		return Row{}, false, nil
	}
	item, ok := onlyText(source.Bytes)
	if !ok {
		return Row{}, false, nil
	}
	if c.Begin != nil {
		ctx = c.Begin(ctx)
	}
	found := (&run{Checker: c, alone: true}).judge(ctx, item, nameOf(source), place{})
	if err := ctx.Err(); err != nil {
		return Row{}, true, err // what was found may be that the context has ended
	}
	return Row{Number: 1, Report: found[0].report}, true, nil
}

// onlyText is the text of a credential where an input holds that and nothing else. A fault in opening is left to whoever tells of it.
func onlyText(input []byte) (only carrier.Item, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	count := 0
	for item := range carrier.Open(input, "") {
		if count++; count > 1 {
			return only, false
		}
		only = item
	}
	return only, count == 1 && only.Problem == nil && len(only.Text) > 0
}
