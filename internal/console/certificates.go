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

// certificateParts are the files with the certificates of a batch, and where they are.
type certificateParts struct {
	Link  string // of the one file; "" where there are several
	Form  *form  // that chooses among several
	At    string
	Parts []choice
}

func (v *visit) certificateFiles(b *issuer.Batch) *certificateParts {
	if b.Kind != issuer.BatchAward || b.Done == 0 {
		return nil
	}
	files := certificateParts{At: v.to("batches", b.ID, "certificates.pdf")}
	if b.Done <= certificatesAtOnce {
		files.Link = files.At + "?part=1"
		return &files
	}
	files.Form = newForm()
	for part := 1; (part-1)*certificatesAtOnce < b.Done; part++ {
		files.Parts = append(files.Parts, choice{strconv.Itoa(part), fmt.Sprintf("%d to %d", (part-1)*certificatesAtOnce+1, min(part*certificatesAtOnce, b.Done))})
	}
	return &files
}

// unprinted is an award whose certificate cannot be printed.
type unprinted struct{ Name, Link, Why string }

// unprintedPage names them, and leads to the file of all others.
type unprintedPage struct {
	Some   []unprinted
	Others string // words of the link to the file; "" where nothing else is in it
	Link   string
	Back   string
}

// leave are the words by which whoever asks leaves out what cannot be printed.
const leave = "them"

// certificates sends a part of the certificates of a batch as one file, a page each in the order of its rows: in the language in which
// the earners are written to, and on the paper that ?paper= names or that is at hand where the request comes from. What has been taken
// back since or erased has no page. Awards whose texts cannot be printed are named on a page, and left out only where ?without=them says so, as its button does.
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
	var some []unprinted
	number := 0
	for row, err := range v.doneRows(b.ID) {
		if err != nil {
			return err
		}
		if number++; number <= (part-1)*certificatesAtOnce || number > part*certificatesAtOnce {
			continue
		}
		page, err := s.certificateOf(v, row.Award, options.Language)
		if err != nil {
			return err
		}
		if page == nil {
			continue
		}
		var letters *certificate.LettersError
		switch err := page.Check(options); {
		case errors.As(err, &letters):
			some = append(some, unprinted{wording.First(page.Recipient, noName), v.to("awards", row.Award), "No typeface of ours has these letters: " + wording.Plain(letters.Letters)})
		case errors.Is(err, certificate.ErrTooLong):
			some = append(some, unprinted{wording.First(page.Recipient, noName), v.to("awards", row.Award), "Its texts are too long for one page."})
		case err != nil:
			return err
		default:
			pages = append(pages, *page)
		}
	}
	if len(some) > 0 && v.QueryParam("without") != leave {
		data := unprintedPage{Some: some, Back: v.to("batches", b.ID)}
		if len(pages) > 0 {
			asked := v.QueryParams()
			asked.Set("without", leave)
			data.Others, data.Link = counted(len(pages), "Print the other one", "Print all others (%d)"), v.Request().URL.Path+"?"+asked.Encode()
		}
		return v.show(http.StatusConflict, "certificates", page{Title: "Not every certificate can be printed", Up: nameLink{wording.First(b.Name, "A batch"), data.Back}, Data: data})
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
