package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// eventWords say what a webhook is told of.
var eventWords = map[issuer.EventType]string{
	issuer.EventIntended: "An award was begun", issuer.EventIssued: "An award was made", issuer.EventClaimed: "An earner claimed an award",
	issuer.EventRevoked: "An award was revoked", issuer.EventSuspended: "An award was suspended", issuer.EventReinstated: "An award was reinstated",
	issuer.EventRenewed: "An award was renewed", issuer.EventSuperseded: "Another award took the place of one", issuer.EventErased: "What an award says was erased",
	issuer.EventPublished: "An achievement was published", issuer.EventArchived: "An achievement was archived", issuer.EventBatchEnded: "A batch was finished",
	webhook.EventPing: "A try",
}

func eventName(e issuer.EventType) string {
	if words := eventWords[e]; words != "" {
		return words
	}
	return wording.Plain(string(e))
}

type webhookLine struct {
	URL, Link, State string
	Events           []string
	Since            wording.Moment // when it was made or, of one that fails, since when
	Failures         int
}

type webhooksPage struct {
	Lines []webhookLine
	New   string
}

// webhooked hands on to a handler where the installation has webhooks.
func (s *server) webhooked(next handler) handler {
	return func(v *visit) error {
		if s.Hooks == nil {
			return notFound()
		}
		return next(v)
	}
}

// woken wakes whoever does the work that was just queued.
func (s *server) woken() {
	if s.Wake != nil {
		s.Wake()
	}
}

func (v *visit) webhookLineOf(e *webhook.Endpoint) webhookLine {
	line := webhookLine{URL: wording.Plain(e.URL), State: "active", Since: v.day(e.Created), Failures: e.Failures}
	switch {
	case e.Disabled != nil:
		line.State, line.Since = "turned off", v.day(e.Disabled.At)
	case !e.Failing.IsZero():
		line.State, line.Since = "failing", wording.English.Instant(e.Failing)
	}
	for _, event := range e.Events {
		line.Events = append(line.Events, eventName(event))
	}
	return line
}

// webhooks lists the endpoints.
func (s *server) webhooks(v *visit) error {
	all, err := s.Hooks.Endpoints(v.ctx(), v.organisation.ID)
	if err != nil {
		return err
	}
	var data webhooksPage
	for i := range all {
		line := v.webhookLineOf(&all[i])
		line.Link = v.inOffice("webhooks", all[i].ID)
		data.Lines = append(data.Lines, line)
	}
	if v.may(issuer.ScopeWebhooksWrite) {
		data.New = v.inOffice("webhooks", "new")
	}
	return v.ok("webhooks", v.officePage("Webhooks", nil, data, "", ""))
}

type webhookFormPage struct {
	Events       []choice
	Button, Back string
}

func (s *server) webhookForm(v *visit, status int, f *form, title, button, back string) error {
	data := webhookFormPage{Button: button, Back: back}
	for _, e := range webhook.Types() {
		data.Events = append(data.Events, choice{"event." + string(e), eventName(e)})
	}
	return v.show(status, "webhook-form", v.officePage(title, f.single(), data, "Webhooks", "webhooks"))
}

func webhookInput(f *form) webhook.Input {
	in := webhook.Input{URL: f.Get("url")}
	for _, e := range webhook.Types() {
		if f.Get("event."+string(e)) != "" {
			in.Events = append(in.Events, e)
		}
	}
	return in
}

var webhookCodes = map[string]string{"url": "url", "events": "events"}

// newWebhook makes an endpoint, and shows its secret.
func (s *server) newWebhook(v *visit) error {
	f, status := newForm(), http.StatusOK
	if v.Request().Method == http.MethodPost {
		var err error
		if f, err = v.readForm(); err != nil {
			return err
		}
		err = v.onlyOnce(f, func() error {
			made, err := s.Hooks.Once(v.keeping(shownOnce)).Create(v.ctx(), v.organisation.ID, webhookInput(f), v.actor())
			if err != nil {
				return err
			}
			return v.showSecret("The webhook was made", webhookSecret(made, v.inOffice("webhooks", made.ID)))
		})
		if err == nil {
			return nil
		}
		if err := f.refused(err, webhookCodes); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	return s.webhookForm(v, status, f, "Make a webhook", "Make the webhook", v.inOffice("webhooks"))
}

func webhookSecret(made webhook.NewEndpoint, back string) secretPage {
	return secretPage{About: "Copy the secret into the program at " + wording.Plain(made.URL) + " now. With it the program knows that a message comes from here.",
		Label: "Secret", Secret: made.Secret, Back: back, Notes: []string{
			"It is shown this once. If it is lost, change it.",
			"Messages are signed by the rules of Standard Webhooks, for which most languages have a library.",
		}}
}

// changeWebhook changes the address of an endpoint, or what it is told of.
func (s *server) changeWebhook(v *visit) error {
	e, err := s.Hooks.Endpoint(v.ctx(), v.organisation.ID, v.Param("id"))
	if err != nil {
		return err
	}
	f, status := newForm(), http.StatusOK
	f.Set("url", e.URL)
	for _, event := range e.Events {
		f.Set("event."+string(event), "yes")
	}
	if v.Request().Method == http.MethodPost {
		if f, err = v.readForm(); err != nil {
			return err
		}
		err := v.onlyOnce(f, func() error {
			if _, err := s.Hooks.Once(v.keeping(ledTo("webhook-changed", v.inOffice("webhooks", e.ID)))).Change(v.ctx(), v.organisation.ID, e.ID, webhookInput(f), v.actor()); err != nil {
				return err
			}
			return v.done("webhook-changed", v.inOffice("webhooks", e.ID))
		})
		if err == nil {
			return nil
		}
		if err := f.refused(err, webhookCodes); err != nil {
			return err
		}
		status = http.StatusUnprocessableEntity
	}
	return s.webhookForm(v, status, f, "Change the webhook", "Save", v.inOffice("webhooks", e.ID))
}

type deliveryLine struct {
	Event, State string
	At           wording.Moment
	Tries        int
	Link         string
}

type webhookPage struct {
	webhookLine
	Off         string // why it is turned off; "" where it is not
	Rotated     wording.Moment
	Failed      bool // only what failed is listed
	All, Only   string
	Lines       []deliveryLine
	First, Next string
	Write       bool
	At          string // its address, below which its acts are
	Ping        bool
}

// webhook shows an endpoint, and what became of what was sent to it.
func (s *server) webhook(v *visit) error {
	e, err := s.Hooks.Endpoint(v.ctx(), v.organisation.ID, v.Param("id"))
	if err != nil {
		return err
	}
	failed, after := v.QueryParam("show") == "failed", v.QueryParam("after")
	sent, next, err := s.Hooks.Deliveries(v.ctx(), v.organisation.ID, e.ID, failed, after, listLength)
	if err != nil {
		return err
	}
	data := webhookPage{webhookLine: v.webhookLineOf(&e), Failed: failed, Write: v.may(issuer.ScopeWebhooksWrite), At: v.inOffice("webhooks", e.ID), Ping: e.Disabled == nil}
	data.All, data.Only = data.At, data.At+"?show=failed"
	if e.Disabled != nil {
		data.Off = wording.Plain(e.Disabled.Reason)
	}
	if !e.Rotated.IsZero() {
		data.Rotated = wording.English.Instant(e.Rotated)
	}
	for _, d := range sent {
		data.Lines = append(data.Lines, deliveryLine{Event: eventName(d.Type), State: string(d.State), At: wording.English.Instant(d.At), Tries: len(d.Attempts), Link: v.inOffice("webhooks", e.ID, "deliveries", d.ID)})
	}
	data.First, data.Next = v.pages(after, next)
	return v.ok("webhook", v.officePage("Webhook", nil, data, "Webhooks", "webhooks"))
}

// askWebhook asks before something is done with an endpoint.
func (v *visit) askWebhook(title, button string, danger bool, will []string, act func(e webhook.Endpoint) error) error {
	e, err := v.server.Hooks.Endpoint(v.ctx(), v.organisation.ID, v.Param("id"))
	if err != nil {
		return err
	}
	seen := "on"
	if e.Disabled != nil {
		seen = "off"
	}
	if !e.Rotated.IsZero() {
		seen += " " + e.Rotated.UTC().Format(time.RFC3339)
	}
	p := confirmPage{Will: append([]string{"It is about the webhook at " + wording.Plain(e.URL) + "."}, will...), Button: button, Danger: danger, Back: v.inOffice("webhooks", e.ID), Version: seen}
	return v.ask("confirm", v.officePage(title, nil, p, "Webhooks", "webhooks"), nil, func(*form) error { return act(e) })
}

func (s *server) rotateWebhook(v *visit) error {
	return v.askWebhook("Change the secret", "Change the secret", false, []string{
		"A new secret is made, and shown once.", "For 24 hours messages are signed with both, so that you have time to change the program.",
	}, func(e webhook.Endpoint) error {
		made, err := s.Hooks.Once(v.keeping(shownOnce)).Rotate(v.ctx(), v.organisation.ID, e.ID, v.actor(), e.Rotated)
		if err != nil {
			return err
		}
		return v.showSecret("The new secret", webhookSecret(made, v.inOffice("webhooks", e.ID)))
	})
}

func (s *server) disableWebhook(v *visit) error {
	return v.askWebhook("Turn the webhook off", "Turn it off", true, []string{
		"Nothing is sent to it any more.", "What waits goes on waiting. What happens meanwhile is not told later.",
	}, func(e webhook.Endpoint) error {
		if _, err := s.Hooks.Once(v.keeping(ledTo("webhook-off", v.inOffice("webhooks", e.ID)))).Disable(v.ctx(), v.organisation.ID, e.ID, "Somebody turned it off.", v.actor()); err != nil {
			return err
		}
		return v.done("webhook-off", v.inOffice("webhooks", e.ID))
	})
}

func (s *server) enableWebhook(v *visit) error {
	return v.askWebhook("Turn the webhook on", "Turn it on", false, []string{"What waits is sent now, and what happens from now on is told."}, func(e webhook.Endpoint) error {
		if _, err := s.Hooks.Once(v.keeping(ledTo("webhook-on", v.inOffice("webhooks", e.ID)))).Enable(v.ctx(), v.organisation.ID, e.ID, v.actor()); err != nil {
			return err
		}
		s.woken()
		return v.done("webhook-on", v.inOffice("webhooks", e.ID))
	})
}

func (s *server) removeWebhook(v *visit) error {
	return v.askWebhook("Remove the webhook", "Remove", true, []string{
		"Nothing is sent to it any more, and its secret is forgotten.", "What was sent to it cannot be seen here any more.", "This cannot be undone. You can make another.",
	}, func(e webhook.Endpoint) error {
		if err := s.Hooks.Once(v.keeping(ledTo("webhook-removed", v.inOffice("webhooks")))).Remove(v.ctx(), v.organisation.ID, e.ID, v.actor()); err != nil {
			return err
		}
		return v.done("webhook-removed", v.inOffice("webhooks"))
	})
}

func (s *server) pingWebhook(v *visit) error {
	return v.askWebhook("Try the webhook", "Send it", false, []string{
		"A message is sent that says nothing but that it is a try.", "You see below what became of it.",
	}, func(e webhook.Endpoint) error {
		if _, err := s.Hooks.Once(v.keeping(ledTo("webhook-pinged", v.inOffice("webhooks", e.ID)))).Ping(v.ctx(), v.organisation.ID, e.ID, v.actor()); err != nil {
			return err
		}
		s.woken()
		return v.done("webhook-pinged", v.inOffice("webhooks", e.ID))
	})
}

// replayWebhook sends again what has failed for good.
func (s *server) replayWebhook(v *visit) error {
	e, err := s.Hooks.Endpoint(v.ctx(), v.organisation.ID, v.Param("id"))
	if err != nil {
		return err
	}
	data := confirmPage{Will: []string{
		"Every message that failed for good, about something that happened on that day or later, is sent again to " + wording.Plain(e.URL) + ".",
		"Each has the id that it had before, so that a program that keeps ids does nothing twice.",
	}, Button: "Send them again", Back: v.inOffice("webhooks", e.ID), Version: "failed"}
	return v.ask("webhook-replay", v.officePage("Send again what failed", nil, data, "Webhooks", "webhooks"), nil, func(f *form) error {
		since := f.date("since")
		if f.Get("since") == "" {
			f.refuse("since", "Say since when.")
		}
		if len(f.problems) > 0 {
			return errAgain
		}
		count, err := s.Hooks.RedeliverFailed(v.ctx(), v.organisation.ID, e.ID, since, v.actor())
		if err != nil {
			return err
		}
		if count == 0 {
			f.refuse("since", "Nothing has failed since then.")
			return errAgain
		}
		s.woken()
		return v.done("webhook-replayed", v.inOffice("webhooks", e.ID))
	})
}

type attemptLine struct {
	At   wording.Moment
	What string
}

type deliveryPage struct {
	confirmPage
	Event, State string
	At, Next     wording.Moment
	Waits        bool
	Attempts     []attemptLine
	Text         string
	ID           string
	Write        bool
}

// delivery shows one message, and sends it again when it is told to.
func (s *server) delivery(v *visit) error {
	d, err := s.Hooks.Delivery(v.ctx(), v.organisation.ID, v.Param("delivery"))
	if err != nil {
		return err
	}
	if d.Endpoint != v.Param("id") {
		return notFound()
	}
	text, err := s.Hooks.Text(d)
	if err != nil {
		return err
	}
	back := v.inOffice("webhooks", d.Endpoint)
	data := deliveryPage{Event: eventName(d.Type), State: string(d.State), At: wording.English.Instant(d.At), Next: wording.English.Instant(d.Next), Waits: d.State == webhook.Waiting,
		Text: string(text), ID: d.ID, Write: v.may(issuer.ScopeWebhooksWrite), confirmPage: confirmPage{Back: back, Button: "Send it again", Version: "seen",
			Will: []string{"It is sent now, with the id and the text that it had before.", "If it is not taken, it is tried again for some days."}}}
	for _, a := range slices.Backward(d.Attempts) {
		what := "The program took it."
		switch {
		case a.Cause != "" && a.Status != 0:
			what = fmt.Sprintf("Answered with %d: %s", a.Status, wording.Plain(a.Cause))
		case a.Cause != "":
			what = wording.Plain(a.Cause)
		case a.Status != 0:
			what = fmt.Sprintf("The program took it, and answered with %d.", a.Status)
		}
		data.Attempts = append(data.Attempts, attemptLine{wording.English.Instant(a.At), what})
	}
	p := v.officePage(data.Event, nil, data, "Webhook", "webhooks/"+url.PathEscape(d.Endpoint))
	return v.ask("delivery", p, nil, func(*form) error {
		if _, err := s.Hooks.Once(v.keeping(ledTo("webhook-resent", back))).Redeliver(v.ctx(), v.organisation.ID, d.ID, v.actor()); err != nil {
			return err
		}
		s.woken()
		return v.done("webhook-resent", back)
	})
}
