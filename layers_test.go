package laurel

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/laurelbadges/laurel/"

// layers from the floor up. A package may import packages of lower layers, and those below its own folder.
var layers = [][]string{
	{"credential/strict"},
	{"contexts", "keys", "credential/lookalike", "internal/paper/fonts", "internal/referencedata"}, // reference serves tests only
	{"keys/jose"},
	{"credential"},
	{"credential/status", "credential/bake", "credential/openbadges2", "credential/jsonschema", "credential/picture", "credential/carrier/internal/jpeg"},
	{"credential/carrier/pdf", "credential/carrier/qr", "credential/carrier/page"},
	{"credential/carrier"},
	{"proof/internal/rdf"},
	{"proof"},
	{"issuer", "verifier"}, // the two halves: neither imports the other
	{"internal/dial", "internal/kept", "internal/zipped", "internal/layout", "internal/origin", "internal/typeset", "internal/fault", "internal/store", "internal/store/faulty", "internal/store/pgtest", "keys/hsm", "keys/kms"},
	{"internal/store/group"},
	{"internal/paper", "internal/fetch", "internal/store/bolt", "internal/store/postgres", "internal/store/storetest", "internal/jobs", "internal/backup", "internal/register", "internal/wording", "internal/scale", "internal/growth", "internal/pack", "internal/kept", "internal/zipped"},
	{"internal/batch", "internal/intake", "internal/roster", "internal/record", "internal/certificate", "internal/opinion", "internal/markdown", "internal/device"},
	{"internal/mail"},
	{"internal/people", "internal/earner", "internal/webhook", "internal/definition"},
	{"internal/web", "internal/api", "internal/control", "internal/metrics", "internal/console", "internal/claim", "client"},
	{"internal/vcapi"},
	{"internal/load/attack"},
	{"cmd/laurel", "cmd/laurel-device", "internal/benchcheck", "internal/load"},
}

// homes are the only packages that may import an outside library (or net/http as a client).
var homes = map[string][]string{
	"github.com/lestrrat-go/jwx":      {"keys/jose"},
	"github.com/piprate/json-gold":    {"proof/internal/rdf"},
	"github.com/gowebpki/jcs":         {}, // tests only
	"github.com/fxamacker/cbor":       {"proof"},
	"github.com/santhosh-tekuri":      {"credential/jsonschema"},
	"github.com/labstack/echo":        {"internal/web", "internal/api", "internal/vcapi", "internal/console", "internal/claim"},
	"github.com/prometheus":           {"internal/metrics"},
	"github.com/yuin/goldmark":        {"internal/markdown"},
	"github.com/microcosm-cc":         {"internal/markdown"},
	"golang.org/x/time":               {"internal/web"},
	"go.etcd.io/bbolt":                {"internal/store/bolt"},
	"github.com/jackc/pgx":            {"internal/store/postgres"},
	"github.com/pressly/goose":        {"internal/store/postgres"},
	"github.com/miekg/pkcs11":         {"keys/hsm"},
	"github.com/aws":                  {"keys/kms"},
	"github.com/skip2/go-qrcode":      {"internal/paper"},
	"github.com/alecthomas/kong":      {"cmd/laurel"},
	"github.com/wneessen/go-mail":     {"internal/mail"},
	"github.com/alexedwards/scs":      {"internal/people"},
	"github.com/go-webauthn":          {"internal/people"},
	"github.com/coreos/go-oidc":       {"internal/people"},
	"golang.org/x/oauth2":             {"internal/people"},
	"github.com/google/uuid":          {"issuer"},
	"filippo.io/age":                  {"keys", "internal/backup"},
	"filippo.io/edwards25519":         {"keys"},
	"filippo.io/nistec":               {"keys"},
	"github.com/mr-tron/base58":       {"credential", "keys", "proof"},
	"net/http":                        {"keys/kms", "internal/fetch", "internal/origin", "internal/web", "internal/api", "internal/vcapi", "internal/control", "internal/metrics", "internal/people", "internal/webhook", "internal/console", "internal/claim", "client", "cmd/laurel", "internal/benchcheck", "internal/load", "internal/load/attack"},
	"github.com/klauspost/compress":   {"credential/status"},
	"golang.org/x/net":                {"credential/carrier/page", "internal/definition"},
	"golang.org/x/image":              {"credential/carrier/pdf", "credential/carrier/qr", "internal/record", "internal/typeset", "internal/paper", "internal/certificate"},
	"golang.org/x/text":               {"credential/lookalike", "issuer", "verifier", "internal/record", "internal/typeset", "internal/roster", "internal/earner", "internal/web"},
	"github.com/makiuchi-d/gozxing":   {"credential/carrier/qr"},
	"codeberg.org/go-pdf/fpdf":        {"internal/record", "internal/certificate"},
	"github.com/xuri/excelize":        {"internal/batch"},
	"github.com/getkin/kin-openapi":   {}, // tests only
	"github.com/google/go-cmp":        {},
	"pgregory.net/rapid":              {"internal/store/storetest"},
	"github.com/rogpeppe/go-internal": {},
}

// clockless packages get every instant from their caller.
var clockless = []string{"credential", "credential/picture", "internal/roster", "internal/definition", "credential/carrier", "credential/carrier/internal/jpeg", "credential/carrier/pdf", "credential/carrier/qr", "credential/carrier/page", "internal/wording", "internal/record", "internal/opinion", "internal/scale", "internal/growth", "credential/strict", "credential/status", "credential/bake", "credential/openbadges2", "credential/jsonschema", "contexts", "keys", "keys/jose", "proof", "proof/internal/rdf", "internal/paper", "internal/paper/fonts", "internal/typeset", "internal/certificate"}

type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
}

func packages(t *testing.T) map[string]listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if name, inside := strings.CutPrefix(p.ImportPath, module); inside {
			all[name] = p
		}
	}
}

// TestLayers: imports point down only, and every package has its place.
func TestLayers(t *testing.T) {
	place := map[string]int{}
	for i, layer := range layers {
		for _, name := range layer {
			place[name] = i
		}
	}
	for name, p := range packages(t) {
		at, known := place[name]
		if !known {
			t.Errorf("%s has no layer: give it one here and in docs/architecture.md", name)
		}
		for _, imported := range p.Imports {
			if lower, inside := strings.CutPrefix(imported, module); inside && place[lower] >= at {
				t.Errorf("%s imports %s, which is not below it", name, lower)
			}
		}
	}
}

// TestHomes: each outside library has its one home.
func TestHomes(t *testing.T) {
	for name, p := range packages(t) {
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) {
				continue
			}
			for library, allowed := range homes {
				if strings.HasPrefix(imported, library) && !slices.Contains(allowed, name) {
					t.Errorf("%s imports %s, which lives in %v", name, imported, allowed)
				}
			}
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") && !homed(imported) {
				t.Errorf("%s imports %s, which has no home: add one here and a line in docs/dependencies.md", name, imported)
			}
		}
	}
}

func homed(imported string) bool {
	for library := range homes {
		if strings.HasPrefix(imported, library) {
			return true
		}
	}
	return false
}

// TestClock: the pure packages never read the clock.
func TestClock(t *testing.T) {
	all := packages(t)
	for _, name := range clockless {
		for _, file := range all[name].GoFiles {
			path := filepath.Join(all[name].Dir, file)
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "Sleep"}, s.Sel.Name) {
						t.Errorf("%s/%s calls time.%s", name, file, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
