package wording

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the packages that make findings.
var rooms = []string{"verifier", "proof", "credential", "keys/jose", "internal/batch"}

// callers are packages in which only a carrier.Problem becomes a finding: what else they call a code is none.
var callers = []string{"cmd/laurel", "internal/web"}

// problems are the problems of inputs that the callers make.
func problems(t *testing.T) (all []*ast.CompositeLit) {
	t.Helper()
	for _, file := range parsed(t, callers) {
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok {
				if named, ok := literal.Type.(*ast.SelectorExpr); ok && named.Sel.Name == "Problem" {
					all = append(all, literal)
				}
			}
			return true
		})
	}
	return all
}

// syntax is the parsed Go of the rooms.
func syntax(t *testing.T) []*ast.File {
	t.Helper()
	return parsed(t, rooms)
}

// parsed is the Go of folders, without tests and without what they keep for tests.
func parsed(t *testing.T, folders []string) []*ast.File {
	t.Helper()
	var all []*ast.File
	for _, room := range folders {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return filepath.SkipDir
			case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			all = append(all, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// text is the value of a literal text.
func text(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

var (
	codeName    = regexp.MustCompile(`^[cC]ode[A-Z]`)
	codeLetters = regexp.MustCompile(`^[a-z0-9_]+$`)
	codeForm    = regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)+$`)
)

// taking are the functions that take a code, and where among their arguments.
var taking = map[string]int{"fail": 1, "warn": 1, "unknown": 1, "refuse": 0, "refuseList": 1, "schemaUnknown": 1, "why": 1, "unread": 1}

// codes are all codes that the program may write into a report: constants that are named so, fields of that name, and arguments of
// the functions that make findings.
func codes(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	add := func(e ast.Expr) {
		if code, ok := text(e); ok && codeLetters.MatchString(code) {
			found[code] = true
		}
	}
	for _, problem := range problems(t) {
		for _, element := range problem.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok && pair.Key.(*ast.Ident).Name == "Code" {
				add(pair.Value)
			}
		}
	}
	for _, file := range syntax(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if codeName.MatchString(name.Name) && i < len(n.Values) {
						add(n.Values[i])
					}
				}
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && (name.Name == "Code" || name.Name == "code") {
					add(n.Value)
				}
			case *ast.AssignStmt: // c.Outcome, c.Code, c.Detail = ...
				for i, left := range n.Lhs {
					if field, ok := left.(*ast.SelectorExpr); ok && field.Sel.Name == "Code" && len(n.Lhs) == len(n.Rhs) {
						add(n.Rhs[i])
					}
				}
			case *ast.FuncDecl: // func answers(...) (code, detail string)
				if results := n.Type.Results; results == nil || len(results.List[0].Names) == 0 || results.List[0].Names[0].Name != "code" {
					return true
				}
				ast.Inspect(n, func(inner ast.Node) bool {
					if given, ok := inner.(*ast.ReturnStmt); ok && len(given.Results) > 0 {
						add(given.Results[0])
					}
					return true
				})
			case *ast.CallExpr:
				name := ""
				switch called := n.Fun.(type) {
				case *ast.SelectorExpr:
					name = called.Sel.Name
				case *ast.Ident:
					name = called.Name
				}
				if at, ok := taking[name]; ok && at < len(n.Args) {
					if code, _ := text(n.Args[at]); codeForm.MatchString(code) || name != "unread" {
						add(n.Args[at])
					}
				}
				if name == "Or" { // cmp.Or(own.cause(), "status_unavailable")
					for _, argument := range n.Args {
						if code, _ := text(argument); codeForm.MatchString(code) {
							add(argument)
						}
					}
				}
			}
			return true
		})
	}
	var all []string
	for code := range found {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}

// TestEveryCodeHasWords fails when somebody adds a code without words for it.
func TestEveryCodeHasWords(t *testing.T) {
	all := codes(t)
	for _, known := range words("malformed no_credential revoked status_unavailable id_mismatch date_mismatch refresh_unavailable challenge_mismatch") {
		if !slices.Contains(all, known) {
			t.Errorf("the search for codes does not find %s", known)
		}
	}
	for _, l := range Languages {
		for _, code := range all {
			title, said := false, false
			for key := range texts()[l] {
				parts := strings.Split(key, ".")
				if parts[0] == "check" && len(parts) > 4 && parts[3] == code {
					title = title || parts[len(parts)-1] == "title"
					said = said || parts[len(parts)-1] == "text"
				}
			}
			if !title || !said {
				t.Errorf("%s: the code %s has no words: add check.STEP.OUTCOME.%s.title and .text", l, code, code)
			}
		}
	}
}

// TestEveryCaseHasWords fails when somebody adds a case that the table of situations does not know.
func TestEveryCaseHasWords(t *testing.T) {
	known := map[string]bool{}
	for _, s := range everything(t) {
		for _, about := range words(s.cases) {
			known[about] = true
		}
	}
	literal := func(e ast.Expr) {
		if about, ok := text(e); ok && about != "" && !known[about] {
			t.Errorf("the case %q is new: add it to the situations, and words for it", about)
		}
	}
	isCase := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name == "FactCase" || e.Name == "Case"
		case *ast.SelectorExpr:
			return e.Sel.Name == "FactCase"
		}
		return false
	}
	for _, file := range parsed(t, callers) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec: // const caseFile = "file"
				if len(n.Values) == 1 && strings.HasPrefix(n.Names[0].Name, "case") {
					literal(n.Values[0])
				}
			case *ast.KeyValueExpr:
				if isCase(n.Key) {
					literal(n.Value)
				}
			}
			return true
		})
	}
	for _, file := range syntax(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch called := n.Fun.(type) {
				case *ast.Ident:
					if len(n.Args) > 1 && (called.Name == "named" || called.Name == "none") { // named("no_key", suite), none("html", "This is ...")
						literal(n.Args[0])
					}
				case *ast.SelectorExpr:
					if called.Sel.Name == "refuse" && len(n.Args) == 3 { // s.refuse(code, "not_held", "The issuer's ...")
						literal(n.Args[1])
					}
				}
				for i := range len(n.Args) - 1 {
					if isCase(n.Args[i]) {
						literal(n.Args[i+1])
					}
				}
			case *ast.KeyValueExpr:
				if isCase(n.Key) {
					literal(n.Value)
				}
			}
			return true
		})
	}
}
