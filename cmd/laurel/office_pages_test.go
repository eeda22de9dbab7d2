package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// person is somebody at a browser without JavaScript: it keeps cookies, sends what the forms of pages hold, and follows where they lead.
type person struct {
	t      testing.TB
	name   string
	base   string // the address that everybody knows the installation by
	client *http.Client
}

// person sits down before a public installation. TLS ends before the server, as behind a proxy.
func (p *process) person(t testing.TB, name, base string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	direct := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(p.address, "http://"))
	}
	transport := &http.Transport{DialTLSContext: direct, DialContext: direct, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &person{t: t, name: name, base: base, client: &http.Client{Jar: jar, Timeout: time.Minute, Transport: transport,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if !strings.HasPrefix(r.URL.String(), base+"/") {
				return errors.New("the page leads away from the server")
			}
			return nil
		}}}
}

// webPage is what a browser shows.
type webPage struct {
	person *person
	url    *url.URL
	status int
	header http.Header
	body   string
	root   *html.Node
}

// open opens an address, or a path of the installation.
func (b *person) open(address string) webPage {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.base + address
	}
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(request)
}

func (b *person) send(request *http.Request) webPage {
	b.t.Helper()
	request.Header.Set("Accept", "text/html,*/*;q=0.8")
	request.Header.Set("Accept-Language", "en")
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatalf("%s: %s %s: %v", b.name, request.Method, request.URL.Path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	w := webPage{person: b, url: response.Request.URL, status: response.StatusCode, header: response.Header, body: string(body)}
	if strings.HasPrefix(w.header.Get("Content-Type"), "text/html") {
		if w.root, err = html.Parse(bytes.NewReader(body)); err != nil {
			b.t.Fatal(err)
		}
	}
	if w.status >= http.StatusInternalServerError {
		b.t.Fatalf("%s: %s %s answers %d:\n%s", b.name, request.Method, request.URL.Path, w.status, w.text())
	}
	return w
}

// want checks the status of a page, and that a reader finds some texts on it.
func (w webPage) want(status int, texts ...string) webPage {
	w.person.t.Helper()
	text := w.text()
	if w.status != status {
		w.person.t.Fatalf("%s: %s answers %d, want %d:\n%s", w.person.name, w.url.Path, w.status, status, text)
	}
	for _, wanted := range texts {
		if !strings.Contains(text, wanted) {
			w.person.t.Fatalf("%s: %s does not say %q:\n%s", w.person.name, w.url.Path, wanted, text)
		}
	}
	return w
}

// lacks checks that some texts are nowhere in a page, its source included.
func (w webPage) lacks(texts ...string) webPage {
	w.person.t.Helper()
	for _, text := range texts {
		if strings.Contains(w.body, text) {
			w.person.t.Fatalf("%s: %s holds %q:\n%s", w.person.name, w.url.Path, text, w.text())
		}
	}
	return w
}

// text is what a reader finds on a page, with single spaces.
func (w webPage) text() string {
	if w.root == nil {
		return w.body
	}
	return textOf(w.root)
}

// last is the last part of the path of a page: the id of what it shows.
func (w webPage) last() string { return w.url.Path[strings.LastIndexByte(w.url.Path, '/')+1:] }

// follow opens the first link whose text holds what is given.
func (w webPage) follow(text string) webPage {
	w.person.t.Helper()
	return w.person.open(w.href(text))
}

// href is the address of the first link whose text holds what is given.
func (w webPage) href(text string) string {
	w.person.t.Helper()
	for _, a := range all(w.root, "a") {
		if href := attribute(a, "href"); href != "" && strings.Contains(textOf(a), text) {
			address, err := w.url.Parse(href)
			if err != nil {
				w.person.t.Fatal(err)
			}
			return address.String()
		}
	}
	w.person.t.Fatalf("%s: %s has no link %q:\n%s", w.person.name, w.url.Path, text, w.text())
	return ""
}

// webFile is a file that is chosen in a form.
type webFile struct {
	name string
	data []byte
}

// submit fills the form that has a button of this text, presses the button, and gives the page that this leads to. Only fields that the
// form has can be filled: names and values in turn, a value being a text, or a webFile. "-" empties a tick.
func (w webPage) submit(button string, pairs ...any) webPage {
	w.person.t.Helper()
	fail := func(format string, arguments ...any) {
		w.person.t.Helper()
		w.person.t.Fatalf("%s: %s: "+format+":\n%s", append(append([]any{w.person.name, w.url.Path}, arguments...), w.text())...)
	}
	form, pressed := w.formWith(button)
	if form == nil {
		fail("no form has a button %q", button)
	}
	values := fieldsOf(form)
	files := map[string]webFile{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i].(string)
		if !has(form, name) {
			fail("the form has no field %q", name)
		}
		switch value := pairs[i+1].(type) {
		case webFile:
			files[name] = value
		case string:
			if value == "-" {
				delete(values, name)
				continue
			}
			if offered := choicesOf(form, name); offered != nil && !slices.Contains(offered, value) {
				fail("the field %q offers %q, not %q", name, offered, value)
			}
			values.Set(name, value)
		default:
			fail("%T is no value of a field", value)
		}
	}
	if name := attribute(pressed, "name"); name != "" {
		values.Set(name, attribute(pressed, "value"))
	}
	action := attribute(form, "action")
	if own := attribute(pressed, "formaction"); own != "" {
		action = own
	}
	address, err := w.url.Parse(action)
	if err != nil {
		fail("%v", err)
	}
	if !strings.EqualFold(attribute(form, "method"), "post") {
		address.RawQuery = values.Encode()
		return w.person.open(address.String())
	}
	media, body := "application/x-www-form-urlencoded", []byte(values.Encode())
	if attribute(form, "enctype") == "multipart/form-data" {
		media, body = w.multipart(values, files)
	} else if len(files) > 0 {
		fail("the form takes no files")
	}
	request, err := http.NewRequestWithContext(w.person.t.Context(), http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		fail("%v", err)
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Origin", w.person.base)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return w.person.send(request)
}

func (w webPage) multipart(values url.Values, files map[string]webFile) (media string, body []byte) {
	w.person.t.Helper()
	var out bytes.Buffer
	m := multipart.NewWriter(&out)
	var failed error
	for name, texts := range values {
		for _, text := range texts {
			failed = errors.Join(failed, m.WriteField(name, text))
		}
	}
	for name, file := range files {
		part, err := m.CreateFormFile(name, file.name)
		if err == nil {
			_, err = part.Write(file.data)
		}
		failed = errors.Join(failed, err)
	}
	if err := errors.Join(failed, m.Close()); err != nil {
		w.person.t.Fatal(err)
	}
	return m.FormDataContentType(), out.Bytes()
}

// formWith is the first form with a button whose text holds what is given. A form in which nothing but its first, hidden button has that
// text does not count twice: both do the same.
func (w webPage) formWith(button string) (form, pressed *html.Node) {
	for _, f := range all(w.root, "form") {
		for _, b := range all(f, "button") {
			if attribute(b, "type") != "button" && strings.Contains(textOf(b), button) {
				return f, b
			}
		}
	}
	return nil, nil
}

// offers says whether a page has a form with a button of this text.
func (w webPage) offers(button string) bool {
	form, _ := w.formWith(button)
	return form != nil
}

// fieldsOf are the fields of a form as its page has filled them.
func fieldsOf(form *html.Node) url.Values {
	values := url.Values{}
	for _, n := range all(form, "input", "textarea", "select") {
		name := attribute(n, "name")
		switch {
		case name == "":
		case n.Data == "textarea":
			values.Add(name, strings.TrimPrefix(rawText(n), "\n"))
		case n.Data == "select":
			options := all(n, "option")
			chosen := slices.IndexFunc(options, func(o *html.Node) bool { return hasAttribute(o, "selected") })
			if len(options) > 0 {
				values.Add(name, attribute(options[max(chosen, 0)], "value"))
			}
		case attribute(n, "type") == "checkbox", attribute(n, "type") == "radio":
			if hasAttribute(n, "checked") {
				values.Add(name, attribute(n, "value"))
			}
		case attribute(n, "type") == "file":
		default:
			values.Add(name, attribute(n, "value"))
		}
	}
	return values
}

// has says whether a form has a field.
func has(form *html.Node, name string) bool {
	return slices.ContainsFunc(all(form, "input", "textarea", "select"), func(n *html.Node) bool { return attribute(n, "name") == name })
}

// choicesOf are the values that a field offers; nil where anything can be typed.
func choicesOf(form *html.Node, name string) (values []string) {
	for _, n := range all(form, "input", "select") {
		if attribute(n, "name") != name {
			continue
		}
		switch kind := attribute(n, "type"); {
		case n.Data == "select":
			for _, o := range all(n, "option") {
				values = append(values, attribute(o, "value"))
			}
		case kind == "radio", kind == "checkbox":
			values = append(values, attribute(n, "value"))
		}
	}
	return values
}

// choice is the value of the option of a field whose text holds what is given.
func (w webPage) choice(field, text string) string {
	w.person.t.Helper()
	for _, n := range all(w.root, "select") {
		if attribute(n, "name") != field {
			continue
		}
		for _, o := range all(n, "option") {
			if strings.Contains(textOf(o), text) {
				return attribute(o, "value")
			}
		}
	}
	w.person.t.Fatalf("%s: %s offers no %q in %s:\n%s", w.person.name, w.url.Path, text, field, w.body)
	return ""
}

func all(n *html.Node, names ...string) (found []*html.Node) {
	if n == nil {
		return nil
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && slices.Contains(names, d.Data) {
			found = append(found, d)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

var spaces = regexp.MustCompile(`\s+`)

// textOf is the text of an element, with single spaces.
func textOf(n *html.Node) string {
	return strings.TrimSpace(spaces.ReplaceAllString(rawText(n), " "))
}

func rawText(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && (d.Parent == nil || d.Parent.Data != "style" && d.Parent.Data != "script" && d.Parent.Data != "noscript") {
			out.WriteString(d.Data)
		}
		if d.Type == html.ElementNode && slices.Contains([]string{"p", "li", "dt", "dd", "div", "td", "th", "option", "h1", "h2", "br", "label", "button"}, d.Data) {
			out.WriteByte(' ')
		}
	}
	return out.String()
}
