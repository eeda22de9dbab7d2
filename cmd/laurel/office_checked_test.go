package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/contexts"
)

// checks looks at every badge that was issued, and at the log.
func (d *officeDay) checks() {
	listed := d.listed()
	if want := 5*d.rows + 4; len(listed) != want { // those of the lists, two of Ada, one of Bo and of Moodle; what was erased keeps its place
		d.Errorf("%d awards are listed, not %d", len(listed), want)
	}
	revoked := map[string]bool{}
	var open []string
	byBatch := map[string][]string{}
	for _, a := range listed {
		if slices.Contains(d.gone, a.ID) {
			continue
		}
		open = append(open, a.ID)
		revoked[a.ID] = slices.Contains(d.ended, a.ID) || a.Batch == d.undone
		if a.Batch != "" {
			byBatch[a.Batch] = append(byBatch[a.Batch], a.ID)
		}
	}
	if os.Getenv("LAUREL_OFFICE") != "" {
		d.sample = open
	} else {
		for _, ids := range byBatch { // the first and the last of each
			d.sample = append(append(d.sample, ids[:6]...), ids[len(ids)-6:]...)
		}
	}
	folder := d.TempDir()
	documents := d.download(open, folder)
	for part := range slices.Chunk(open, 500) {
		var names []string
		for _, id := range part {
			names = append(names, filepath.Join(folder, id+".json"))
		}
		run := d.laurel(d, append([]string{"verify", "--offline", "--json"}, names...)...)
		var reports []told
		if err := json.Unmarshal([]byte(run.out), &reports); err != nil || len(reports) != len(part) {
			d.Fatalf("%v %d reports for %d files: %s", err, len(reports), len(part), run.err)
		}
		for i, report := range reports {
			if want := map[bool]string{true: "invalid", false: "valid"}[revoked[part[i]]]; report.Outcome != want || revoked[part[i]] != strings.Contains(report.codes(), "revoked") {
				d.Fatalf("%s, revoked %v, is judged %s: %s", part[i], revoked[part[i]], report.Outcome, report.codes())
			}
		}
	}
	d.elsewhere(documents, revoked)
	if out := d.laurel(d, "audit", "verify", "--deep").well(d).out; !strings.Contains(out, "unbroken") {
		d.Error(out)
	}
	d.auditor.open(d.in("office", "activity")).want(http.StatusOK, "Olive Owner")
	if said := d.process.log.String(); said != "" {
		d.Errorf("the server complained:\n%s", said)
	}
}

// listedAward is an award as the API lists it.
type listedAward struct{ ID, Batch string }

// listed are all awards of the organisation.
func (d *officeDay) listed() (awards []listedAward) {
	d.Helper()
	reader := program{token: d.token, client: http.DefaultClient}
	for next := d.process.address + "/api/v1/credentials?limit=100"; next != ""; {
		answer, err := reader.send(d.Context(), http.MethodGet, next, "", "")
		var page struct{ Items []listedAward }
		if err == nil {
			err = json.Unmarshal(answer.body, &page)
		}
		if err != nil || answer.status != http.StatusOK {
			d.Fatalf("%d %s, error %v", answer.status, answer.body, err)
		}
		awards, next = append(awards, page.Items...), ""
		if found := nextLink.FindStringSubmatch(answer.header.Get("Link")); found != nil {
			next = d.process.address + found[1]
		}
	}
	return awards
}

var nextLink = regexp.MustCompile(`<([^>]+)>; rel="next"`)

// download keeps the files of awards in a folder.
func (d *officeDay) download(ids []string, folder string) map[string][]byte {
	d.Helper()
	documents := map[string][]byte{}
	for _, id := range ids {
		body := []byte(d.public.open("/c/" + id + ".json").want(http.StatusOK).body)
		if err := os.WriteFile(filepath.Join(folder, id+".json"), body, 0o600); err != nil {
			d.Fatal(err)
		}
		documents[id] = body
	}
	return documents
}

// elsewhere has another implementation verify a sample, with LAUREL_OFFICE set all of them: the signature and, by the signed lists, the standing.
func (d *officeDay) elsewhere(documents map[string][]byte, revoked map[string]bool) {
	d.Helper()
	const home = "../../testdata/npm"
	node, err := exec.LookPath("node")
	if _, absent := os.Stat(home + "/node_modules"); err != nil || absent != nil {
		d.Log("not checked by another implementation: Node.js or the npm packages of testdata/npm are not installed (`make tools`)")
		return
	}
	given := map[string]any{}
	did := d.object("/.well-known/did.json")
	given[did["id"].(string)] = did
	for _, m := range did["verificationMethod"].([]any) {
		method := m.(map[string]any)
		method["@context"] = map[string]string{"Multikey": "https://w3id.org/security/multikey/v1", "JsonWebKey": "https://w3id.org/security/jwk/v1"}[method["type"].(string)]
		given[method["id"].(string)] = method
	}
	texts := map[string]string{}
	for _, c := range contexts.All() {
		texts[c.URL] = string(c.JSON)
	}
	var tasks []map[string]any
	var ids []string
	for _, id := range d.sample {
		if documents[id] == nil { // erased
			continue
		}
		ids = append(ids, id)
		tasks = append(tasks, map[string]any{"do": "verify", "credential": json.RawMessage(documents[id])})
		var c struct {
			CredentialStatus []struct{ StatusListCredential string }
		}
		if err := json.Unmarshal(documents[id], &c); err != nil {
			d.Fatal(err)
		}
		for _, s := range c.CredentialStatus {
			if list := s.StatusListCredential; list != "" && given[list] == nil {
				given[list] = d.object(strings.TrimPrefix(list, publicBase))
			}
		}
	}
	if len(ids) < 60 {
		d.Errorf("only %d badges go to another implementation", len(ids))
	}
	input, err := json.Marshal(map[string]any{"contexts": texts, "documents": given, "tasks": tasks})
	if err != nil {
		d.Fatal(err)
	}
	command := exec.CommandContext(d.Context(), node, home+"/interop.mjs")
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		d.Fatal(err)
	}
	var answers []struct {
		OK struct {
			Verified bool
			Each     []bool
			Error    string
			Status   []struct {
				Purpose string
				Status  bool
			}
		}
		Error string
	}
	if err := json.Unmarshal(output, &answers); err != nil || len(answers) != len(ids) {
		d.Fatalf("%d answers, error %v: %s", len(answers), err, output)
	}
	for i, a := range answers {
		signed := len(a.OK.Each) > 0 && !slices.Contains(a.OK.Each, false)
		ended := slices.ContainsFunc(a.OK.Status, func(s struct {
			Purpose string
			Status  bool
		}) bool {
			return s.Purpose == "revocation" && s.Status
		})
		if a.Error != "" || !signed || ended != revoked[ids[i]] || len(a.OK.Status) == 0 {
			d.Errorf("%s, revoked %v, elsewhere: %+v", ids[i], revoked[ids[i]], a)
		}
	}
}

// object reads a public document.
func (d *officeDay) object(path string) (o map[string]any) {
	d.Helper()
	if err := json.Unmarshal([]byte(d.public.open(path).want(http.StatusOK).body), &o); err != nil {
		d.Fatal(err)
	}
	return o
}
