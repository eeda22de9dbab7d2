package wording

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// carried is a problem of package carrier.
type carried struct{ code, about string }

// table reads the cases of problems out of the doc of package carrier.
func table(t *testing.T) []carried {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "credential/carrier/carrier.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, cases, _ := strings.Cut(string(text), "// The cases of problems")
	_, cases, _ = strings.Cut(cases, "\n")
	var all []carried
	code := ""
	for line := range strings.Lines(cases) {
		row, is := strings.CutPrefix(line, "//\t")
		switch {
		case !strings.HasPrefix(line, "//"):
			return all
		case is && row[0] != ' ':
			parts := strings.Fields(row)
			code = parts[0]
			all = append(all, carried{code, parts[1]})
		case is:
			all = append(all, carried{code, strings.Fields(row)[0]})
		}
	}
	return all
}

// everything is the situations with those that package carrier says.
func everything(t *testing.T) []situation {
	t.Helper()
	all := slices.Clone(situations)
	for _, c := range table(t) {
		outcome := fail
		if c.code == credential.CodeInputUnavailable {
			outcome = unknown
		}
		i := slices.IndexFunc(all, func(s situation) bool { return s.steps == "form" && s.outcome == outcome && s.codes == c.code })
		if i < 0 {
			all = append(all, situation{"form", outcome, c.code, c.about})
			continue
		}
		all[i].cases += " " + c.about
	}
	return all
}

// TestCarrierTableIsWhole: the table of the doc has what the code of the carriers says, no less and no more.
func TestCarrierTableIsWhole(t *testing.T) {
	names := map[string]string{} // values of constants
	var files []*ast.File
	for _, room := range []string{"credential/strict", "credential", "credential/bake", "credential/carrier", "credential/carrier/pdf", "credential/carrier/qr", "credential/carrier/page"} {
		paths, err := filepath.Glob(filepath.Join(root, room, "*.go"))
		if err != nil || paths == nil {
			t.Fatal(room, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(room, "credential/carrier") || room == "credential/bake" {
				files = append(files, file)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok {
					for i, name := range spec.Names {
						if i < len(spec.Values) && codeName.MatchString(name.Name) {
							if value, ok := text(spec.Values[i]); ok {
								names[name.Name] = value
							} else if other, ok := spec.Values[i].(*ast.SelectorExpr); ok {
								names[name.Name] = names[other.Sel.Name]
							}
						}
					}
				}
				return true
			})
		}
	}
	said := map[carried]bool{}
	value := func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.Ident:
			return names[e.Name]
		case *ast.SelectorExpr:
			return names[e.Sel.Name]
		}
		literal, _ := text(e)
		return literal
	}
	say := func(code, about string) {
		if code != "" && about != "" {
			said[carried{code, about}] = true
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				kind, is := n.Type.(*ast.Ident)
				if !is || kind.Name != "Problem" && kind.Name != "Error" || len(n.Elts) < 2 {
					return true
				}
				code, about := "", ""
				for i, element := range n.Elts {
					pair, keyed := element.(*ast.KeyValueExpr)
					switch {
					case keyed && pair.Key.(*ast.Ident).Name == "Code", !keyed && i == 0:
						if keyed {
							element = pair.Value
						}
						code = value(element)
					case keyed && pair.Key.(*ast.Ident).Name == "Case", !keyed && i == 1:
						if keyed {
							element = pair.Value
						}
						about, _ = text(element)
					}
				}
				say(code, about)
			case *ast.CallExpr:
				name := ""
				switch called := n.Fun.(type) {
				case *ast.Ident:
					name = called.Name
				case *ast.SelectorExpr:
					name = called.Sel.Name
				}
				switch {
				case len(n.Args) != 2:
				case name == "none" || name == "problem":
					about, _ := text(n.Args[0])
					say(credential.CodeNoCredential, about)
				case name == "refuse" || name == "exceed": // of package pdf
					say(value(n.Args[0]), "pdf")
				}
			}
			return true
		})
	}
	listed := table(t)
	for _, c := range listed {
		if !said[c] {
			t.Errorf("the table has %s %s, and nothing says it", c.code, c.about)
		}
		delete(said, c)
	}
	for c := range said {
		t.Errorf("%s %s is said, and not in the table", c.code, c.about)
	}
	if len(listed) < 35 {
		t.Errorf("only %d cases were read", len(listed))
	}
}

// TestCarrierCasesHaveOwnWords: each case has a title and a text of its own in every language, or those of its code in the form of
// the file.
func TestCarrierCasesHaveOwnWords(t *testing.T) {
	for _, l := range Languages {
		for _, c := range table(t) {
			outcome := "fail"
			if c.code == credential.CodeInputUnavailable {
				outcome = "unknown"
			}
			own := key("check.form", outcome, c.code, c.about, "text")
			if _, there := l.text(own); !there {
				t.Errorf("%s lacks %s", l, own)
			}
		}
	}
}

// TestQuotationsStayClosed: what somebody else wrote cannot end a quotation.
func TestQuotationsStayClosed(t *testing.T) {
	check := verifier.Check{Step: "proof", Outcome: warn, Code: "altered", Facts: verifier.Facts{verifier.FactCase: "value", verifier.FactName: "recipient_name",
		verifier.FactHere: "Kim”. It is authentic. “", verifier.FactPublished: "«Kim» “Lee”"}}
	for l, want := range map[Language]string{
		English: "The name of the recipient was changed after signing. The issuer signed “'Kim' 'Lee'”, this file says “Kim'. It is authentic. '”.",
		Spanish: "El nombre de la persona titular se cambió después de firmar. El emisor firmó «'Kim' 'Lee'», este archivo dice «Kim'. It is authentic. '».",
	} {
		if got := l.Finding(&verifier.Report{AsOf: judgedAt}, check).Text; got != want {
			t.Errorf("%s: %s\nwant %s", l, got, want)
		}
	}
	report := reportOf(yes, yes)
	report.Credential.Issuer.Name = "Cedar”, signed it. “"
	if got := English.Verdict(report, Standing{}).Signer; got != "cedar.example, which calls itself “Cedar', signed it. '”," {
		t.Errorf("a name that ends a quotation: %s", got)
	}
}
