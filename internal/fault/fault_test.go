package fault

import "testing"

func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		want   string
	}{
		{503, "store_unavailable", "5"},
		{503, "key_unavailable", "5"},
		{503, "key_changed", "5"},
		{503, "busy", "5"},
		{503, "record_damaged", "60"},
		{503, "clock_back", "60"},
		{503, "no_queue", "60"},
		{409, "under_way", "1"},
		{409, "already_revoked", ""},
		{429, "rate_limited", "1"},
		{507, "store_full", ""}, // RFC 4918 section 11.5
		{500, "internal", ""},
		{404, "not_found", ""},
	} {
		if got := RetryAfter(test.status, test.code); got != test.want {
			t.Errorf("%d %s: %q, want %q", test.status, test.code, got, test.want)
		}
	}
}
