package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// TestLife goes the way of a badge through the real program, over HTTP: a token, an achievement, an award, its page and QR
// code, checks by upload and by link, a suspension, its end, a revocation, a restart, and the checks again.
func TestLife(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a server of its own")
	}
	binary, folder := buildBinary(t), t.TempDir()
	p := startBinary(t, binary, folder)
	command := exec.Command(binary, "token", "new", "--data", folder)
	text, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	client := apiClient{p, strings.TrimSpace(string(text))}

	achievement := client.ask(t, "POST", "/api/v1/achievements", `{"name":"Reading aloud","description":"Reads so that a class listens.","criteria":{"narrative":"Ten **minutes**."}}`, 201)
	id := fmt.Sprint(achievement["id"])
	client.ask(t, "POST", "/api/v1/achievements/"+id+"/publish", "", 200)
	award := client.ask(t, "POST", "/api/v1/credentials", `{"achievement":"`+id+`","recipient":{"email":"kim@example.org","name":"Kim Lee"}}`, 201)
	credential := "/c/" + fmt.Sprint(award["id"])

	page := string(p.get(t, credential))
	if !strings.Contains(page, "Authentic, and in force today") || !strings.Contains(page, "Kim Lee") || strings.Contains(page, "kim@example.org") {
		t.Errorf("the page:\n%s", page)
	}
	picture, err := png.Decode(bytes.NewReader(p.get(t, credential+"/qr.png")))
	if err != nil {
		t.Fatal(err)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		t.Fatal(err)
	}
	link := code.GetText()
	if link != fmt.Sprint(award["url"]) || !strings.HasSuffix(link, credential) {
		t.Errorf("the QR code leads to %q, the award is at %v", link, award["url"])
	}

	forms := map[string][]byte{}
	for _, form := range []string{"json", "jwt", "png", "svg"} {
		forms[form] = p.get(t, credential+"."+form)
	}
	forms["vc+jwt"] = p.accepting(t, credential, "application/vc+jwt")
	forms["pdf"] = attachedPDF(t, forms["json"])
	forms["zip"] = zipped(t, "for the file/badge.png", forms["png"])
	forms["presentation"] = presented(t, forms["jwt"])
	forms["photo"] = p.get(t, credential+"/qr.png")
	forms["printed"] = picturePDF(t, forms["photo"])
	everywhere := func(when, outcome, code string) {
		t.Helper()
		for form, file := range forms {
			report := p.upload(t, form, file)
			if report.Outcome != outcome || !strings.Contains(report.codes(), code) {
				t.Errorf("%s, uploaded as %s: %s with %s", when, form, report.Outcome, report.codes())
			}
		}
		if report := p.byLink(t, link); report.Outcome != outcome {
			t.Errorf("%s, by link: %s with %s", when, report.Outcome, report.codes())
		}
		if good := strings.Contains(string(p.get(t, credential)), "Authentic, and in force today"); good != (outcome == "valid") {
			t.Errorf("%s: the page says in force: %v", when, good)
		}
	}
	everywhere("fresh", "valid", "")
	api := "/api/v1/credentials/" + fmt.Sprint(award["id"])
	client.ask(t, "POST", api+"/suspend", `{"reason":"Being looked into."}`, 200)
	everywhere("suspended", "invalid", "suspended")
	client.ask(t, "POST", api+"/reinstate", "", 200)
	everywhere("reinstated", "valid", "")
	client.ask(t, "POST", api+"/revoke", `{"reason":"Given by mistake."}`, 200)
	everywhere("revoked", "invalid", "revoked")
	if page := string(p.get(t, credential)); !strings.Contains(page, "Given by mistake.") {
		t.Error("the page does not say why")
	}

	p.kill(t)
	restarted := startBinary(t, binary, folder)
	p, client.process = restarted, restarted
	everywhere("after a restart", "invalid", "revoked")
	client.ask(t, "POST", api+"/reinstate", "", 409)
}

// apiClient speaks to the API of a process.
type apiClient struct {
	*process
	token string
}

func (c apiClient) ask(t *testing.T, method, path, body string, status int) map[string]any {
	t.Helper()
	request, err := http.NewRequest(method, c.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Idempotency-Key", fmt.Sprintf("%s%s-%d", method, path, status))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d, error %v\n%s", method, path, response.Status, status, err, text)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}

// accepting reads one of several forms of what stands at a path.
func (p *process) accepting(t *testing.T, path, media string) []byte {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, p.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", media)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != media {
		t.Fatalf("%s as %s: %s of %s, error %v", path, media, response.Status, response.Header.Get("Content-Type"), err)
	}
	return body
}

// told is what this test looks at in a report.
type told struct {
	Outcome string
	Checks  []struct{ Step, Code, Outcome string }
}

func (r told) codes() string {
	var all []string
	for _, c := range r.Checks {
		if c.Code != "" {
			all = append(all, c.Step+" "+c.Outcome+" "+c.Code)
		}
	}
	return strings.Join(all, ", ")
}

func (p *process) upload(t *testing.T, form string, file []byte) told {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("credential", "badge."+form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return p.report(t, w.FormDataContentType(), &body)
}

func (p *process) byLink(t *testing.T, link string) told {
	t.Helper()
	body, err := json.Marshal(map[string]string{"url": link})
	if err != nil {
		t.Fatal(err)
	}
	return p.report(t, "application/json", bytes.NewReader(body))
}

func (p *process) report(t *testing.T, media string, body io.Reader) told {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, p.address+"/verify", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var report told
	if err := json.NewDecoder(response.Body).Decode(&report); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("POST /verify: %s, error %v", response.Status, err)
	}
	return report
}
