package postgres_test

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store/postgres"
)

func TestExposure(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for address, says := range map[string]string{
		"postgres://laurel@db.example.org/laurel":                                      "plain text",
		"postgres://laurel@db.example.org/laurel?sslmode=allow":                        "plain text",
		"postgres://laurel@127.0.0.1,192.0.2.7/laurel":                                 "plain text",
		"postgres://laurel@db.example.org/laurel?sslmode=require":                      "nobody looks",
		"postgres://laurel@db.example.org/laurel?sslmode=verify-ca":                    "nobody looks",
		"postgres://laurel@db.example.org/laurel?sslmode=verify-full":                  "",
		"postgres://laurel@db.example.org/laurel?sslmode=disable":                      "",
		"postgres://laurel@127.0.0.1/laurel":                                           "",
		"postgres://laurel@[::1]/laurel":                                               "",
		"postgres://laurel@localhost/laurel":                                           "",
		"postgres:///laurel?host=/run/postgresql":                                      "",
		"postgres://laurel@/laurel?host=/run/postgresql,db.example.org&port=5432,5432": "plain text",
	} {
		said, err := postgres.Exposure(address)
		if err != nil || (said == "") != (says == "") || !strings.Contains(said, says) {
			t.Errorf("%s: %q, error %v", address, said, err)
		}
	}
	if said, err := postgres.Exposure("postgres://laurel@h/d?sslmode=perhaps"); err == nil {
		t.Errorf("a broken address: %q", said)
	}
}
