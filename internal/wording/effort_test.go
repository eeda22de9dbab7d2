package wording

import (
	"slices"
	"testing"
)

// TestEffort: amounts are written as the language writes numbers, and short where they stand among other facts.
func TestEffort(t *testing.T) {
	for _, test := range []struct {
		l              Language
		credits, hours float64
		long, short    []string
	}{
		{English, 1.5, 12.5, []string{"1.5 credits or hours", "12.5 hours of work on average"}, []string{"12.5 hours", "1.5 credits"}},
		{Spanish, 1.5, 12.5, []string{"1,5 créditos u horas", "12,5 horas de trabajo de promedio"}, []string{"12,5 horas", "1,5 créditos"}},
		{English, 0, 1, []string{"1 hour of work on average"}, []string{"1 hour"}},
		{Spanish, 1, 0, []string{"1 crédito u hora"}, []string{"1 crédito"}},
		{English, 0, -2, nil, nil},
	} {
		if long := test.l.Effort(test.credits, test.hours); !slices.Equal(long, test.long) {
			t.Errorf("%q", long)
		}
		if short := test.l.ShortEffort(test.credits, test.hours); !slices.Equal(short, test.short) {
			t.Errorf("%q", short)
		}
	}
}
