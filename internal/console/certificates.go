package console

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/internal/certificate"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// certificatesAtOnce is how many certificates one file of a batch holds: a class, a faculty. Larger batches have several files.
const certificatesAtOnce = 100

// certificateFiles are the addresses of the files with the certificates of a batch.
func (v *visit) certificateFiles(b *issuer.Batch) (files []nameLink) {
	if b.Kind != issuer.BatchAward || b.Done == 0 {
		return nil
	}
	for part := 1; (part-1)*certificatesAtOnce < b.Done; part++ {
		name := "Certificates (PDF)"
		if b.Done > certificatesAtOnce {
			name = fmt.Sprintf("Certificates %d to %d (PDF)", (part-1)*certificatesAtOnce+1, min(part*certificatesAtOnce, b.Done))
		}
		files = append(files, nameLink{name, v.to("batches", b.ID, "certificates.pdf") + "?part=" + strconv.Itoa(part)})
	}
	return files
}

// certificates sends a part of the certificates of a batch as one file, a page each in the order of its rows: in the language in which
// the earners are written to, and on the paper that ?paper= names or that is at hand where the request comes from. What has been taken
// back since or erased has no page. Awards whose texts cannot be printed are named, and left out only where ?without=them says so.
func (s *server) certificates(v *visit) error {
	b, _, err := v.space.Batch(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	part := 1
	if text := v.QueryParam("part"); text != "" {
		if part, err = strconv.Atoi(text); err != nil || part < 1 {
			return notFound()
		}
	}
	options := certificate.Options{Language: wording.Language(v.organisation.Settings.Language), Paper: certificate.PaperFor(v.Request().Header.Get("Accept-Language"))}
	if named := v.QueryParam("paper"); named != "" {
		var known bool
		if options.Paper, known = certificate.PaperNamed(named); !known {
			return notFound()
		}
	}
	var pages []certificate.Certificate
	var unprintable []string
	number := 0
	for row, err := range v.doneRows(b.ID) {
		if err != nil {
			return err
		}
		if number++; number <= (part-1)*certificatesAtOnce || number > part*certificatesAtOnce {
			continue
		}
		page, err := s.certificateOf(v, row.Award, options.Language)
		switch {
		case err != nil:
			return err
		case page == nil:
		case page.Check() != nil:
			unprintable = append(unprintable, wording.First(page.Recipient, noName))
		default:
			pages = append(pages, *page)
		}
	}
	if len(unprintable) > 0 && v.QueryParam("without") != "them" {
		return failure{status: http.StatusConflict, title: "Not every certificate can be printed", detail: "No typeface of ours has the letters of these names: " +
			strings.Join(unprintable, ", ") + ". No name is printed otherwise than it is written. Print the pages of these badges by hand; the address of this page with &without=them at its end gives the file for all others."}
	}
	if len(pages) == 0 {
		return failure{status: http.StatusConflict, title: "There is nothing to print", detail: "None of these awards is in force and can be printed."}
	}
	var out bytes.Buffer
	err = certificate.Ceremony(&out, func(yield func(certificate.Certificate) bool) {
		for _, page := range pages {
			if !yield(page) {
				return
			}
		}
	}, options)
	if errors.Is(err, certificate.ErrTooLong) {
		return failure{status: http.StatusConflict, title: "Not every certificate can be printed", detail: "The texts of one of them are too long for one page."}
	}
	if err != nil {
		return fmt.Errorf("printing certificates: %w", err)
	}
	v.Response().Header().Set("Content-Disposition", `inline; filename="certificates-`+strconv.Itoa(part)+`.pdf"`)
	return v.Blob(http.StatusOK, "application/pdf", out.Bytes())
}

// doneRows are the rows of a batch that are done, in their order.
func (v *visit) doneRows(id string) iter.Seq2[issuer.BatchRow, error] {
	return func(yield func(issuer.BatchRow, error) bool) {
		for after := ""; ; {
			page, next, err := v.space.BatchRows(v.ctx(), id, issuer.RowDone, after, 500)
			if err != nil {
				yield(issuer.BatchRow{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			if after = next; next == "" {
				return
			}
		}
	}
}

// certificateOf is the certificate of an award; nil where it is to have none.
func (s *server) certificateOf(v *visit, id string, l wording.Language) (*certificate.Certificate, error) {
	award, _, err := v.space.Credential(v.ctx(), id)
	if missing(err) || err == nil && (award.State() != issuer.CredentialIssued || s.InForce == nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// Paper lasts: what is printed was in force when it was printed.
	if good, err := s.InForce(v.ctx(), award); err != nil || !good {
		return nil, err
	}
	a, err := v.space.Achievement(v.ctx(), award.Achievement)
	if err != nil {
		return nil, err
	}
	var picture []byte
	if strings.HasSuffix(a.Content.Image.ID, "image.png") {
		if picture, err = s.Office.Document(v.ctx(), a.URL+"/image.png"); err != nil && !missing(err) {
			return nil, err
		}
	}
	o, _, err := v.space.Organisation(v.ctx())
	if err != nil {
		return nil, err
	}
	page, err := certificate.Of(l, award, a, picture, o.Settings.Location())
	return &page, err
}
