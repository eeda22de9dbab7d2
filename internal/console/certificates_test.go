package console

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/carrier/pdf"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestCertificates: a batch has its certificates in one file, with the badges in it; a name that cannot be printed is told and never
// printed otherwise, and what is taken back has no certificate.
func TestCertificates(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	list := "Email,Name\nada@example.org,Ada Example\nbo@example.org,Łukasz Ñandú\n"
	batch := func(text string) string {
		t.Helper()
		made := w.issuer_.upload(w.in("batches", "new"), "file", []byte(text), url.Values{"achievement": {achievement}}).want(t, 303)
		page := w.issuer_.follow(made).want(t, 200).lacks(t, "certificates.pdf")
		at := made.header.Get("Location")
		w.issuer_.post(at+"/confirm", url.Values{"version": {page.field("version")}}).want(t, 303)
		w.work()
		return at
	}
	at := batch(list)
	w.issuer_.get(at).want(t, 200, at+"/certificates.pdf?part=1", "Certificates (PDF)")
	file := w.roles[people.RoleAuditor].get(at + "/certificates.pdf?part=1&paper=a4")
	if file.status != 200 || file.header.Get("Content-Type") != "application/pdf" {
		t.Fatal(file.status, file.header)
	}
	read, err := pdf.Read([]byte(file.body))
	if err != nil || len(read.Attachments) != 2 || !bytes.Contains(read.Attachments[0].Data, []byte("proofValue")) {
		t.Fatalf("%d attachments, %v", len(read.Attachments), err)
	}
	all, _, err := w.service.Workspace(w.ours.ID).Credentials(t.Context(), issuer.CredentialFilter{}, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	w.notInForce = all[0].ID
	rest := w.issuer_.get(at + "/certificates.pdf")
	if read, err := pdf.Read([]byte(rest.body)); err != nil || len(read.Attachments) != 1 {
		t.Errorf("with one that is not in force: %d attachments, %v", len(read.Attachments), err)
	}
	for _, wrong := range []string{"?part=0", "?part=x", "?paper=a5"} {
		w.issuer_.get(at+"/certificates.pdf"+wrong).want(t, 404)
	}
	w.issuer_.get(at+"/certificates.pdf?part=2").want(t, 409, "There is nothing to print")

	at = batch("Email,Name\ncy@example.org,Cy\ndi@example.org,山田太郎\n")
	told := w.issuer_.get(at+"/certificates.pdf?paper=a4").want(t, 409, "山田太郎", "No text is printed otherwise", "Print the other one", ">Back to the batch<").lacks(t, "without=them at")
	var leads bool
	for _, found := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(told.body, -1) {
		link := html.UnescapeString(found[1])
		if strings.Contains(link, "/awards/") {
			w.issuer_.get(link).want(t, 200, "山田太郎")
			leads = true
		}
		if strings.Contains(link, "without=them") {
			rest = w.issuer_.get(link)
		}
	}
	if !leads {
		t.Error("the page does not lead to the badge that cannot be printed")
	}
	if read, err := pdf.Read([]byte(rest.body)); err != nil || len(read.Attachments) != 1 || strings.Contains(rest.body, "di@") {
		t.Errorf("%d attachments, %v", len(read.Attachments), err)
	}
}
