package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Config says through which mail server messages go, and from whom. Server, From and Base must be set.
type Config struct {
	// Server is smtp://USER:PASSWORD@HOST:587 (STARTTLS is required, but not on loopback, where nothing is encrypted),
	// smtps://USER:PASSWORD@HOST:465 (TLS from the start), or either without user and password. The ports shown may be left out; on
	// loopback that of smtp is 25.
	Server string
	From   string         // address, with or without a name: Badge office <badges@example.org>
	Base   string         // scheme and host that the links in messages begin with
	Roots  *x509.CertPool // that vouch for the certificate of the server; nil: those of the system
	// Timeout is how long one message may take. Zero: 30 seconds.
	Timeout time.Duration
}

// Sender sends messages, each over a connection of its own. It may be used by several goroutines.
type Sender struct {
	from    *netmail.Address
	base    string
	name    string // of this host, for HELO and the ids of messages
	host    string
	options []gomail.Option
}

// ErrRefused says that a message will never be taken, as the mailbox that it is to is not there, or it cannot be written at all.
var ErrRefused = errors.New("the mail server refused the message for good")

// New checks a configuration. Nothing is connected.
func New(c Config) (*Sender, error) {
	server, err := url.Parse(c.Server)
	if err != nil || (server.Scheme != "smtp" && server.Scheme != "smtps") || server.Hostname() == "" || strings.Trim(server.Path, "/") != "" ||
		server.RawQuery != "" || server.Fragment != "" {
		return nil, errors.New("setting up mail: the mail server has to be smtp://user:password@host:587 or smtps://user:password@host:465") // the cause could hold the password
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, errors.New("setting up mail: the sender has to be an e-mail address, with or without a name before it")
	}
	base, err := url.Parse(c.Base)
	if err != nil || base.Hostname() == "" {
		return nil, fmt.Errorf("setting up mail: %q is no address that links could begin with", c.Base)
	}
	s := &Sender{from: from, base: strings.TrimSuffix(c.Base, "/"), name: base.Hostname(), host: server.Hostname()}
	if address, err := netip.ParseAddr(s.name); err == nil { // RFC 5321 section 4.1.3
		s.name = "[" + address.String() + "]"
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	local := loopback(s.host)
	port := map[string]int{"smtp": 587, "smtps": 465}[server.Scheme]
	if local && server.Scheme == "smtp" {
		port = 25
	}
	if p := server.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("setting up mail: the port of the mail server is not a number that a port can have")
		}
	}
	s.options = []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(c.Timeout), gomail.WithHELO(s.name), gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}),
	}
	switch {
	case server.Scheme == "smtps":
		s.options = append(s.options, gomail.WithSSL())
	case local:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if user := server.User.Username(); user != "" {
		password, _ := server.User.Password()
		method := gomail.SMTPAuthAutoDiscover
		if local && server.Scheme == "smtp" { // in the clear, but it leaves the machine only if the server lets it
			method = gomail.SMTPAuthPlainNoEnc
		}
		s.options = append(s.options, gomail.WithSMTPAuth(method), gomail.WithUsername(user), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, errors.New("setting up mail: the mail server is not one that can be used")
	}
	return s, nil
}

// loopback says that a host is this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// Send puts a message into words and hands it to the mail server. The error wraps [ErrRefused] when there is no use in trying again.
// It names neither the addressee nor what the message says.
func (s *Sender) Send(ctx context.Context, m Message) error {
	written, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return errors.New("sending a message: the mail server is not one that can be used")
	}
	err = client.DialAndSendWithContext(ctx, written)
	switch {
	case err == nil, written.IsDelivered(): // the server has it; how the connection ended is of no matter
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return failure(err)
}

// failure says of what came back from the server what can be kept in a log: answers of servers repeat the address.
func failure(err error) error {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			return errors.New("sending a message: the mail server did not answer in time")
		}
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &certificate) {
			return errors.New("sending a message: the certificate of the mail server could not be verified")
		}
		return errors.New("sending a message: the mail server could not be reached, or did not accept our sign-in or encryption")
	}
	answer := fmt.Errorf("sending a message: the mail server answered %d", sent.ErrorCode())
	if hopeless(sent) {
		return fmt.Errorf("%w: %w", ErrRefused, answer)
	}
	return answer
}

// enhanced finds an enhanced status code (RFC 3463 section 2) of a lasting failure, which is no part of an IP address.
var enhanced = regexp.MustCompile(`(?:^|[^0-9.])5\.([0-9]{1,3})\.([0-9]{1,3})(?:[^0-9.]|$)`)

// hopeless says that an answer is about the mailbox of the addressee, and lasts. Everything else, such as a relay that does not know us,
// a quota or a rule against junk, is about this installation or its mail server, and can be mended there while the message waits.
func hopeless(sent *gomail.SendError) bool {
	code := sent.ErrorCode()
	switch sent.Reason {
	case gomail.ErrGetRcpts: // of ourselves: the message has no addressee
		return true
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		if code < 500 || code > 599 {
			return false
		}
	default: // what is said of the sender
		return false
	}
	text := sent.Error()
	if status := enhanced.FindStringSubmatch(text); status != nil {
		switch subject, detail := status[1], status[2]; subject {
		case "1": // addressing, RFC 3463 section 3.2
			return detail != "7" && detail != "8" // of the sender
		case "2": // the mailbox, section 3.3
			return detail == "1" // disabled; when it is full there will be room again
		}
		return false
	}
	// RFC 5321 section 4.2.3. Servers without enhanced codes refuse with 550 to relay, too.
	unknown := code == 550 || code == 551 || code == 553
	return unknown && sent.Reason == gomail.ErrSMTPRcptTo && !strings.Contains(strings.ToLower(text), "relay")
}

// compose writes a message with its headers.
func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	to, ok := Address(m.To)
	if !ok {
		return nil, errors.New("the address of the person is none that can be written to")
	}
	text, err := write(m, s.base)
	if err != nil {
		return nil, err
	}
	html, err := text.html()
	if err != nil {
		return nil, err
	}
	id := m.ID
	if id == "" {
		id = rand.Text()
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
	out.FromMailAddress(s.from)
	if err := out.To(to); err != nil {
		return nil, errors.New("the address of the person is none that can be written to")
	}
	out.Subject(text.Subject)
	out.SetDate()
	out.SetMessageIDWithValue(id + "@" + s.name)
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5: no automatic answers
	out.SetGenHeader("Content-Language", string(text.Language))
	if text.Stop != "" {
		if err := out.SetListUnsubscribeOneClick(text.Stop); err != nil { // RFC 8058 asks for https
			out.SetListUnsubscribe(text.Stop)
		}
	}
	out.SetBodyString(gomail.TypeTextPlain, text.plain())
	out.AddAlternativeString(gomail.TypeTextHTML, html)
	return out, nil
}
