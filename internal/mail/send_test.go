package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// server is a mail server as a process of its own.
type server struct {
	port  int
	roots *x509.CertPool
	taken chan taken
}

type taken struct {
	From, Helo string
	To         []string
	TLS, User  bool
	Data       []byte
	Port       int
}

// start starts a server, or skips the test where there is none.
func start(t *testing.T, mode, host, password string) *server {
	t.Helper()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import aiosmtpd").Run() != nil {
		t.Skip("the mail server for this test, Debian's python3-aiosmtpd, is not installed")
	}
	s := &server{taken: make(chan taken, 100)}
	certificate, key := "", ""
	if mode != "plain" {
		certificate, key, s.roots = certify(t, host)
	}
	command := exec.Command(python, "-B", "testdata/server.py", mode, certificate, key, password)
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	next := func() (told taken, err error) {
		line, err := lines.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &told)
		}
		return told, err
	}
	first, err := next()
	if err != nil {
		t.Fatal(err)
	}
	s.port = first.Port
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			told, err := next()
			if err != nil {
				return
			}
			s.taken <- told
		}
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Process.Kill()
		<-ended
		_ = command.Wait()
	})
	return s
}

// certify makes a certificate for a host.
func certify(t *testing.T, host string) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, block := range map[string]*pem.Block{"c.pem": {Type: "CERTIFICATE", Bytes: der}, "k.pem": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return filepath.Join(folder, "c.pem"), filepath.Join(folder, "k.pem"), roots
}

const (
	from = "Oficina de insignias ñ <badges@example.org>"
	base = "https://badges.example.org"
)

func (s *server) address(scheme, user string) string {
	return scheme + "://" + user + "127.0.0.1:" + strconv.Itoa(s.port)
}

func sender(t *testing.T, c Config) *Sender {
	t.Helper()
	c.From, c.Base = from, base
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parts are the text and the HTML of a message.
func parts(t *testing.T, m *netmail.Message) map[string]string {
	t.Helper()
	media, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatal(media, err)
	}
	found := map[string]string{}
	for r := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		media, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		found[media] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}

// TestSend: messages come out of a mail server as they were meant.
func TestSend(t *testing.T) {
	s := start(t, "plain", "", "")
	post := sender(t, Config{Server: s.address("smtp", "")})
	send := func(m Message) (*netmail.Message, taken) {
		t.Helper()
		if err := post.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		told := <-s.taken
		read, err := netmail.ReadMessage(strings.NewReader(string(told.Data)))
		if err != nil {
			t.Fatal(err)
		}
		return read, told
	}
	decode := func(header string) string {
		text, err := new(mime.WordDecoder).DecodeHeader(header)
		if err != nil {
			t.Error(err)
		}
		return text
	}
	hostile := Message{ID: "ID1", Template: Award, To: "Ana.Garcia@example.org", Language: "es-MX", Name: "Ana\r\nBcc: all@example.org\r\n\r\n<script>x</script>",
		Issuer: "Distrito \u202eRío", Title: "Enseñar \"á\" & <b>leer</b> {{.Link}}", Link: "/claim/abc", Ends: time.Date(2027, 5, 21, 10, 0, 0, 0, time.UTC)}
	m, told := send(hostile)
	if len(told.To) != 1 || told.To[0] != "ana.garcia@example.org" || told.From != "badges@example.org" || told.Helo != "badges.example.org" {
		t.Errorf("%+v", told)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "Message-Id": "<ID1@badges.example.org>", "Content-Language": "es", "Bcc": "", "To": "<ana.garcia@example.org>",
		"List-Unsubscribe": "", "Subject": "Distrito Río le otorgó «Enseñar \"á\" & <b>leer</b> {{.Link}}»", "From": "Oficina de insignias ñ <badges@example.org>", "X-Mailer": "", "User-Agent": "",
	} {
		if got := decode(m.Header.Get(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := m.Header.Date(); err != nil {
		t.Error(err)
	}
	p := parts(t, m)
	for _, want := range []string{"Acepte su insignia:\nhttps://badges.example.org/claim/abc\n", "Ana Bcc: all@example.org <script>x</script>", "21 de mayo de 2027"} {
		if !strings.Contains(p["text/plain"], want) {
			t.Errorf("no %q in\n%s", want, p["text/plain"])
		}
	}
	html := p["text/html"]
	for _, not := range []string{"<script", "<b>", "<img", "src=", "<link", "<style", "@import"} {
		if strings.Contains(html, not) {
			t.Errorf("%q in\n%s", not, html)
		}
	}
	if !strings.Contains(html, `href="https://badges.example.org/claim/abc"`) || !strings.Contains(html, `lang="es"`) {
		t.Error(html)
	}
	m, _ = send(Message{Template: Reminder, To: "ana@example.org", Stop: "/mine/stop/abc", Link: "/claim/abc"})
	if m.Header.Get("List-Unsubscribe") != "<https://badges.example.org/mine/stop/abc>" || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Error(m.Header)
	}
}

// TestRefusals: what a mailbox that is not there refuses is not tried again, all else is, so that a mail server which is not set up well
// for a day loses nothing; no error names anybody.
func TestRefusals(t *testing.T) {
	s := start(t, "plain", "", "")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	good := s.address("smtp", "")
	for name, c := range map[string]struct {
		server, from, to string
		template         Template
		refused          bool
	}{
		"unknown":            {good, from, "refused@example.org", Award, true},
		"unknown, no code":   {good, from, "unknown@example.org", Award, true},
		"moved":              {good, from, "moved@example.org", Award, true},
		"disabled":           {good, from, "disabled@example.org", Award, true},
		"unknown later":      {good, from, "gone@example.org", Award, true},
		"not wanted":         {good, from, "spam@example.org", Award, false},
		"not wanted either":  {good, from, "plain@example.org", Award, false},
		"policy":             {good, from, "dmarc@example.org", Award, false},
		"full":               {good, from, "full@example.org", Award, false},
		"no relay":           {good, from, "relay@example.org", Award, false},
		"no relay, no code":  {good, from, "relay2@example.org", Award, false},
		"over quota":         {good, from, "quota@example.org", Award, false},
		"blocked":            {good, from, "blocked@example.org", Award, false},
		"bad sender":         {good, from, "sender@example.org", Award, false},
		"no address":         {good, from, "ana@example.org\r\nDATA", Award, true},
		"no template":        {good, from, "ana@example.org", "other", true},
		"later":              {good, from, "later@example.org", Award, false},
		"unwelcome sender":   {good, "unwelcome@example.org", "ana@example.org", Award, false},
		"server away":        {"smtp://" + closed.Addr().String(), from, "ana@example.org", Award, false},
		"no TLS there":       {s.address("smtps", ""), from, "ana@example.org", Award, false},
		"no sign-in there":   {s.address("smtp", "u:p@"), from, "ana@example.org", Award, false},
		"names that is none": {"smtp://u:p@[::1]:1", from, "ana@example.org", Award, false},
	} {
		t.Run(name, func(t *testing.T) {
			post, err := New(Config{Server: c.server, From: c.from, Base: base, Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			err = post.Send(t.Context(), Message{Template: c.template, To: c.to, Title: "T", Link: "/claim/secret"})
			if err == nil || errors.Is(err, ErrRefused) != c.refused || strings.Contains(err.Error(), "example") || strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender(t, Config{Server: good}).Send(ctx, Message{Template: Award, To: "ana@example.org"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(s.taken) != 0 {
		t.Error("something was taken")
	}
}

// TestEncryption: with another machine nothing is said in the clear, and its certificate has to be good.
func TestEncryption(t *testing.T) {
	m := Message{Template: SignIn, To: "ana@example.org", Link: "/sign-in/abc"}
	const host = "mail.example.org"
	elsewhere := func(t *testing.T, s *server, c Config) *Sender { // a host of another name, which is here
		t.Helper()
		post := sender(t, c)
		post.options = append(post.options, gomail.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
		}))
		return post
	}
	t.Run("STARTTLS", func(t *testing.T) {
		s := start(t, "starttls", host, "p:ss")
		if err := elsewhere(t, s, Config{Server: "smtp://u:p%3Ass@" + host, Roots: s.roots}).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if told := <-s.taken; !told.TLS || !told.User {
			t.Errorf("%+v", told)
		}
		for _, c := range []Config{{Server: "smtp://u:p%3Ass@" + host}, {Server: "smtp://u:p%3Ass@other.example.org", Roots: s.roots}, {Server: "smtp://u:wrong@" + host, Roots: s.roots}} {
			if err := elsewhere(t, s, c).Send(t.Context(), m); err == nil || errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "wrong") {
				t.Error(err)
			}
		}
	})
	t.Run("no STARTTLS there", func(t *testing.T) {
		s := start(t, "plain", host, "")
		if err := elsewhere(t, s, Config{Server: "smtp://" + host}).Send(t.Context(), m); err == nil || len(s.taken) != 0 {
			t.Error(err)
		}
	})
	t.Run("TLS", func(t *testing.T) {
		s := start(t, "tls", host, "p")
		if err := sender(t, Config{Server: s.address("smtps", "u:p@"), Roots: s.roots}).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if told := <-s.taken; !told.TLS || !told.User {
			t.Errorf("%+v", told)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, server := range []string{"", "localhost:25", "http://localhost", "smtp://", "smtp://h/path", "smtp://h?x=1", "smtp://h#x", "smtp://h:0", "smtp://h:99999", "smtp://u:secret@h:x"} {
		if _, err := New(Config{Server: server, From: from, Base: base}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", server, err)
		}
	}
	for _, c := range []Config{{Server: "smtp://h", From: "nobody", Base: base}, {Server: "smtp://h", From: from, Base: "badges"}, {Server: "smtp://h", Base: base}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// TestSendProposals: what names of issuers and people hold writes no headers, no markup and no direction into a message about proposals.
func TestSendProposals(t *testing.T) {
	s := start(t, "plain", "", "")
	post := sender(t, Config{Server: s.address("smtp", "")})
	for _, template := range []Template{Waiting, Decided} {
		err := post.Send(t.Context(), Message{Template: template, To: "ana@example.org", Language: "es", Issuer: "R\u00edo\r\nBcc: all@example.org\r\n\r\n<script>x</script>", By: "account",
			Other: "Bo \u202eeeL\n\n<b>", Title: "<b>\r\nLeer", Code: "award", Awards: 2, Count: 1, State: "refused", Link: "/console/o/proposals/p"})
		if err != nil {
			t.Fatal(err)
		}
		told := <-s.taken
		m, err := netmail.ReadMessage(strings.NewReader(string(told.Data)))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || m.Header.Get("Bcc") != "" || len(told.To) != 1 || !strings.HasPrefix(subject, "R\u00edo Bcc: all@example.org <script>x</script>: ") {
			t.Errorf("%q %+v, error %v", subject, m.Header, err)
		}
		p := parts(t, m)
		if text := p["text/plain"]; strings.ContainsAny(text, "\r\u202e") || !strings.Contains(text, "2 insignias de «<b> Leer»") {
			t.Errorf("%q", text)
		}
		if html := p["text/html"]; strings.Contains(html, "<script") || strings.Contains(html, "<b>") || !strings.Contains(html, `href="https://badges.example.org/console/o/proposals/p"`) {
			t.Errorf("%s", html)
		}
	}
}
