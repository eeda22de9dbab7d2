package webhook

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The vector of the reference libraries of Standard Webhooks.
const (
	vectorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime   = 1614265330
	vectorBody   = `{"test": 2432232314}`
	vectorSigned = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func headers(id, timestamp, signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", signature)
	return h
}

func TestSignVector(t *testing.T) {
	secret, err := readSecret(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	if got := sign(secret, vectorID, "1614265330", []byte(vectorBody)); got != vectorSigned {
		t.Errorf("signed %s", got)
	}
	if text := secretText(secret); text != vectorSecret {
		t.Errorf("written %s", text)
	}
	if fresh, err := readSecret(secretText(newSecret())); err != nil || len(fresh) != 32 {
		t.Errorf("%d bytes, error %v", len(fresh), err)
	}
}

func TestVerify(t *testing.T) {
	at := time.Unix(vectorTime, 0)
	for name, test := range map[string]struct {
		secret string
		header http.Header
		body   string
		at     time.Time
		fine   bool
	}{
		"as it was sent":              {vectorSecret, headers(vectorID, "1614265330", vectorSigned), vectorBody, at, true},
		"one of several":              {vectorSecret, headers(vectorID, "1614265330", "v1a,AAAA v1,AAAA "+vectorSigned+" v2,x"), vectorBody, at, true},
		"five minutes later":          {vectorSecret, headers(vectorID, "1614265330", vectorSigned), vectorBody, at.Add(5 * time.Minute), true},
		"five minutes before":         {vectorSecret, headers(vectorID, "1614265330", vectorSigned), vectorBody, at.Add(-5 * time.Minute), true},
		"too late":                    {vectorSecret, headers(vectorID, "1614265330", vectorSigned), vectorBody, at.Add(5*time.Minute + 1), false},
		"too early":                   {vectorSecret, headers(vectorID, "1614265330", vectorSigned), vectorBody, at.Add(-5*time.Minute - 1), false},
		"another body":                {vectorSecret, headers(vectorID, "1614265330", vectorSigned), vectorBody + " ", at, false},
		"another id":                  {vectorSecret, headers("msg_x", "1614265330", vectorSigned), vectorBody, at, false},
		"another time":                {vectorSecret, headers(vectorID, "1614265331", vectorSigned), vectorBody, at, false},
		"another secret":              {"whsec_" + strings.Repeat("A", 44), headers(vectorID, "1614265330", vectorSigned), vectorBody, at, false},
		"another version":             {vectorSecret, headers(vectorID, "1614265330", strings.Replace(vectorSigned, "v1,", "v2,", 1)), vectorBody, at, false},
		"no signature":                {vectorSecret, headers(vectorID, "1614265330", ""), vectorBody, at, false},
		"no id":                       {vectorSecret, headers("", "1614265330", vectorSigned), vectorBody, at, false},
		"a time that is no number":    {vectorSecret, headers(vectorID, "noon", vectorSigned), vectorBody, at, false},
		"a secret that is too short":  {"whsec_AAAA", headers(vectorID, "1614265330", vectorSigned), vectorBody, at, false},
		"a secret of another form":    {"secret", headers(vectorID, "1614265330", vectorSigned), vectorBody, at, false},
		"a time beyond all calendars": {vectorSecret, headers(vectorID, "9223372036854775807", vectorSigned), vectorBody, at, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := Verify(test.secret, test.header, []byte(test.body), test.at)
			if (err == nil) != test.fine {
				t.Errorf("error %v", err)
			}
			if strings.HasPrefix(test.secret, "whsec_M") && err != nil && !errors.Is(err, ErrSignature) {
				t.Errorf("error %v", err)
			}
		})
	}
}
