package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// deeds say what an action is: the words between who did it and what it was done to, and what follows.
var deeds = map[string][2]string{
	"credential.intended": {"began", ""}, "credential.issued": {"signed", ""}, "credential.revoked": {"revoked", ""},
	"credential.suspended": {"suspended", ""}, "credential.reinstated": {"reinstated", ""}, "credential.claimed": {"claimed", ""},
	"credential.access": {"changed who sees", ""}, "credential.renewed": {"renewed", ""}, "credential.superseded": {"put another award in the place of", ""},
	"credential.erased": {"erased what was said in", ""}, "credential.reissued": {"signed", " anew"}, "batch.row_erased": {"erased a row of", ""}, "credential.burned": {"gave up", " before it was made"},
	"credential.tried": {"could not sign", " yet"},

	"achievement.drafted": {"drafted", ""}, "achievement.changed": {"changed", ""}, "achievement.published": {"published", ""}, "achievement.archived": {"archived", ""},
	"achievement.set": {"changed the settings of", ""}, "achievement.replaced": {"published a new version of", ""},

	"batch.prepared": {"prepared", ""}, "batch.started": {"confirmed", ""}, "batch.finished": {"finished", ""}, "batch.undone": {"undid", ""}, "batch.dropped": {"ended", " before it was done"},
	"batch.discarded": {"discarded", ""}, "batch.released": {"let", " go on"}, "batch.held": {"put", " on hold"}, "batch.forgotten": {"took away what was kept of", ""},

	"proposal.made": {"made", ""}, "proposal.allowed": {"allowed", ""}, "proposal.refused": {"refused", ""}, "proposal.withdrawn": {"took back", ""},
	"proposal.expired": {"ended", ", as nobody decided"}, "proposal.failed": {"allowed", ", and it could not be done"}, "proposal.erased": {"erased what was said in", ""},

	"case.opened": {"opened", ""}, "case.notice": {"told the earner of", ""}, "case.answer": {"recorded an answer in", ""}, "case.document": {"added a document to", ""},
	"case.vote": {"voted in", ""}, "case.decided": {"decided", ""}, "case.closed": {"closed", ""}, "case.erased": {"erased what was said in", ""},

	"invitation.made": {"invited somebody", ""}, "invitation.accepted": {"accepted an invitation", ""}, "invitation.withdrawn": {"withdrew an invitation", ""},
	"member.joined": {"made", " a member"}, "member.changed": {"gave", " another role"}, "member.removed": {"removed", ""},

	"token.created": {"made", ""}, "token.revoked": {"revoked", ""},
	"organisation.created": {"made", ""}, "organisation.configured": {"changed the settings of", ""}, "organisation.suite": {"changed how awards are signed by", ""},
	"key.added": {"added a key to", ""}, "key.rotated": {"replaced a key of", ""}, "key.retired": {"retired a key of", ""}, "key.compromised": {"said that a key was stolen from", ""},

	"endorsement.intended": {"began", ""}, "endorsement.issued": {"signed", ""}, "endorsement.revoked": {"revoked", ""}, "endorsement.burned": {"gave up", " before it was made"}, "endorsement.erased": {"erased what was said in", ""},
	"endorsement.attached": {"began to show", ""}, "endorsement.detached": {"took away", ""},

	"webhook.created": {"made", ""}, "webhook.changed": {"changed", ""}, "webhook.rotated": {"changed the secret of", ""}, "webhook.disabled": {"turned off", ""},
	"webhook.enabled": {"turned on", ""}, "webhook.removed": {"removed", ""}, "webhook.pinged": {"tried", ""}, "webhook.redelivered": {"sent messages again to", ""},

	"document.intended": {"began to sign", ""}, "document.signed": {"signed", ""}, "document.revoked": {"revoked", ""}, "document.suspended": {"suspended", ""},
	"document.reinstated": {"reinstated", ""}, "document.displaced": {"put another document in the place of", ""},
	"reason.erased": {"erased a reason", ""}, "person.erased": {"erased what was kept for an address", ""},
}

// deed is one line of the log as a sentence.
type deed struct {
	At               wording.Moment
	Who, Did, Rest   string
	What             nameLink
	Why              string
	Erased           bool // there was a reason
	Subject          string
	Number           uint64
	History, WhoActs string // addresses: what else was done to it, or by them; "" for none
}

// teller makes sentences of entries of the audit log, with the names of what they speak of. It looks each of them up once.
type teller struct {
	v      *visit
	who    func(actor string) string
	known  map[string]nameLink
	batch  map[string]string // Batch.ID by the id of an award that was looked up
	tokens map[string]string // names by id; nil before they were read
}

func (v *visit) teller() *teller {
	return &teller{v: v, who: v.server.namesOf(v), known: make(map[string]nameLink), batch: make(map[string]string)}
}

// actor names who did something, as it stands within a sentence.
func (t *teller) actor(actor string) (string, error) {
	id, ok := issuer.TokenOf(actor)
	if !ok {
		return t.who(actor), nil
	}
	if err := t.readTokens(); err != nil {
		return "", err
	}
	if name := t.tokens[id]; name != "" {
		return "the program " + name, nil
	}
	return "a program whose token is gone", nil
}

// beginning writes who did something as it begins a sentence: people spell their names as they like.
func beginning(name, actor string) string {
	if person := strings.HasPrefix(actor, "account:") && name != formerMember; !person && name != "" {
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return name
}

func (t *teller) readTokens() error {
	if t.tokens != nil {
		return nil
	}
	all, err := t.v.space.Tokens(t.v.ctx())
	t.tokens = make(map[string]string)
	for _, token := range all {
		t.tokens[token.ID] = wording.First(token.Name, "without a name")
	}
	return err
}

// subject names what something was done to. What is gone, or is not of this organisation, has a name of its kind alone.
func (t *teller) subject(action, id string) (nameLink, error) {
	class, _, _ := strings.Cut(action, ".")
	key := class + " " + id
	if found, ok := t.known[key]; ok {
		return found, nil
	}
	found, err := t.look(class, id)
	if missing(err) {
		err = nil
	}
	t.known[key] = found
	return found, err
}

func (t *teller) look(class, id string) (nameLink, error) {
	v := t.v
	switch class {
	case "credential":
		c, _, err := v.space.Credential(v.ctx(), id)
		if err != nil {
			return nameLink{"an award", ""}, err
		}
		t.batch[id] = c.Batch
		name := "the award of " + earnerOf(&c)
		if c.Erased != nil {
			name = "an award that was erased"
		}
		return nameLink{name, v.to("awards", id)}, nil
	case "achievement":
		a, err := v.space.Achievement(v.ctx(), id)
		if err != nil {
			return nameLink{"an achievement", ""}, err
		}
		return nameLink{"the achievement " + versionOf(a), v.to("achievements", id)}, nil
	case "batch":
		b, _, err := v.space.Batch(v.ctx(), id)
		if err != nil {
			return nameLink{"a batch", ""}, err
		}
		return nameLink{"the batch " + wording.First(b.Name, b.ID), v.to("batches", id)}, nil
	case "proposal":
		return nameLink{"a proposal", v.to("proposals", id)}, nil
	case "case":
		return nameLink{"a case", v.to("cases", id)}, nil
	case "member":
		return nameLink{t.who("account:" + id), ""}, nil
	case "token":
		err := t.readTokens()
		return nameLink{strings.TrimSpace("the token " + t.tokens[id]), v.inOffice("tokens")}, err
	case "organisation", "key":
		return nameLink{wording.First(v.organisation.Name, "this organisation"), ""}, nil
	case "endorsement":
		e, _, err := v.space.Endorsement(v.ctx(), id)
		if err != nil {
			return nameLink{"an endorsement", ""}, err
		}
		return nameLink{wording.First(e.Name, "an endorsement"), v.inOffice("endorsements", id)}, nil
	case "webhook":
		if v.server.Hooks == nil {
			return nameLink{"a webhook", ""}, nil
		}
		e, err := v.server.Hooks.Endpoint(v.ctx(), v.organisation.ID, id)
		if err != nil {
			return nameLink{"a webhook", ""}, err
		}
		return nameLink{"the webhook at " + wording.Host(e.URL), v.inOffice("webhooks", id)}, nil
	case "document":
		return nameLink{"a document of a program", ""}, nil
	}
	return nameLink{}, nil
}

// tell makes a sentence of an entry.
func (t *teller) tell(e issuer.Activity) (deed, error) {
	d := deed{At: wording.English.Instant(e.At), Why: e.Text, Erased: e.Erased, Subject: e.Subject, Number: e.Sequence}
	who, err := t.actor(e.Actor)
	if err != nil {
		return d, err
	}
	d.Who = beginning(who, e.Actor)
	words, ok := deeds[e.Action]
	d.Did, d.Rest = words[0], words[1]
	if !ok {
		d.Did = "did: " + actionWords(e.Action)
		return d, nil
	}
	if d.What, err = t.subject(e.Action, e.Subject); err != nil {
		return d, err
	}
	switch e.Action {
	case "member.joined", "member.changed", "invitation.made":
		d.Rest += roleAs(e.Detail)
	}
	if e.Actor == "account:"+e.Subject {
		switch e.Action {
		case "member.joined":
			d.Did, d.What, d.Rest = "became a member", nameLink{}, roleAs(e.Detail)
		case "member.removed":
			d.Did, d.What = "left", nameLink{}
		}
	}
	switch class, _, _ := strings.Cut(e.Action, "."); class {
	case "invitation", "reason":
		d.What = nameLink{}
	}
	return d, nil
}

// roleAs says a role that stands in an entry.
func roleAs(detail string) string {
	for _, role := range people.Roles() {
		if detail == string(role) {
			return ", as " + detail
		}
	}
	return ""
}

type activityPage struct {
	Find        *form
	Actors      []choice
	Lines       []deedLine
	First, Next string
	Filtered    bool
	Export      string
	Head        string
	Base        string
}

// deedLine is one line of the log: an entry, or those of the rows of a batch, one after the other, of which the same was done.
type deedLine struct {
	deed
	Actor, Action string
	Batch         nameLink // none: it is one entry
	Awards        int      // awards of the batch that it is about
	Rows          []deed   // the first of the entries
}

const (
	mostTold   = 300 // entries that are read for a page whose lines hold several
	mostFolded = 20  // entries of a line that are shown when it is opened
)

// add makes a line of an entry, or adds it to the line before.
func (t *teller) add(lines *[]deedLine, e issuer.Activity, about string) error {
	d, err := t.tell(e)
	if err != nil {
		return err
	}
	v, batch := t.v, ""
	if e.Subject != "" && e.Subject != about && e.Subject != v.organisation.ID && d.What.Name != "" {
		d.History = v.inOffice("activity") + "?subject=" + url.QueryEscape(e.Subject)
	}
	if strings.HasPrefix(e.Action, "credential.") && about == "" {
		batch = t.batch[e.Subject]
	}
	line := deedLine{deed: d, Actor: e.Actor, Action: e.Action, Awards: 1, Rows: []deed{d}}
	if batch != "" {
		if line.Batch, err = t.subject("batch.", batch); err != nil {
			return err
		}
	}
	if n := len(*lines); n > 0 && batch != "" {
		if last := &(*lines)[n-1]; last.Batch == line.Batch && last.Action == e.Action && last.Actor == e.Actor {
			last.Awards++
			if len(last.Rows) < mostFolded {
				last.Rows = append(last.Rows, d)
			}
			return nil
		}
	}
	*lines = append(*lines, line)
	return nil
}

// Folded says that a line holds several entries.
func (l deedLine) Folded() bool { return l.Awards > 1 }

// activity lists what was done in the organisation, the newest first.
func (s *server) activity(v *visit) error {
	find := newForm()
	find.Set("actor", strings.TrimSpace(v.QueryParam("actor")))
	find.Set("subject", strings.TrimSpace(v.QueryParam("subject")))
	after := v.QueryParam("after")
	data := activityPage{Find: find, Filtered: len(find.Values) > 0, Export: v.inOffice("activity", "export"), Head: v.inOffice("activity", "head")}
	var err error
	if data.Actors, err = s.actors(v, find.Get("actor")); err != nil {
		return err
	}
	f := v.activityFilter(find)
	next, t := after, v.teller()
	for read := 0; read == 0 || next != "" && len(data.Lines) < listLength && read < mostTold; {
		var found []issuer.Activity
		if found, next, err = s.Office.Activity(v.ctx(), f, next, max(listLength-len(data.Lines), listLength/2)); err != nil {
			return err
		}
		for _, e := range found {
			if err := t.add(&data.Lines, e, f.Subject); err != nil {
				return err
			}
		}
		read += max(len(found), 1)
	}
	data.First, data.Next = v.pages(after, next)
	return v.ok("activity", v.officePage("Activity", nil, data, "", ""))
}

// activityFilter asks for what was done in this organisation and in no other. What was done to something may be asked for by its id or
// by its address.
func (v *visit) activityFilter(find *form) issuer.ActivityFilter {
	subject := find.Get("subject")
	if path, ok := strings.CutPrefix(subject, v.server.Base+"/"); ok {
		if _, id, ok := strings.Cut(path, "/"); ok {
			subject = id
		}
	}
	return issuer.ActivityFilter{Organisation: v.organisation.ID, Subject: subject, Actor: find.Get("actor")}
}

// actors are whose acts can be asked for. chosen is among them.
func (s *server) actors(v *visit, chosen string) ([]choice, error) {
	all := []choice{{"", "everybody"}}
	if v.may(issuer.ScopePeopleRead) {
		members, err := s.People.Members(v.ctx(), v.person.ID, v.organisation.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			all = append(all, choice{"account:" + m.Account.ID, wording.First(m.Account.Name, "Somebody")})
		}
	}
	tokens, err := v.space.Tokens(v.ctx())
	if err != nil {
		return nil, err
	}
	for _, t := range tokens {
		all = append(all, choice{t.Actor(), "The program " + wording.First(t.Name, "without a name")})
	}
	all = append(all, choice{"earner", "Earners"}, choice{"laurel", "This program by itself"})
	for _, c := range all {
		if c.Value == chosen {
			return all, nil
		}
	}
	name, err := v.teller().actor(chosen)
	return append(all, choice{chosen, beginning(name, chosen)}), err
}

// exportActivity writes the entries of the organisation as JSON Lines, the newest first, and at last how many there were, so that a
// file that was cut short is known. The log as a whole, which can be checked link by link, is exported by whoever runs the server.
func (s *server) exportActivity(v *visit) error {
	const read = 500 // entries at once
	found, next, err := s.Office.Activity(v.ctx(), issuer.ActivityFilter{Organisation: v.organisation.ID}, "", read)
	if err != nil {
		return err
	}
	h := v.Response().Header()
	h.Set("Content-Type", "application/jsonl; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="activity.jsonl"`)
	v.Response().WriteHeader(http.StatusOK)
	if v.Request().Method == http.MethodHead {
		return nil
	}
	out := json.NewEncoder(v.Response())
	count := 0
	for {
		for _, e := range found {
			if err := out.Encode(e); err != nil {
				return err
			}
			count++
		}
		if next == "" {
			return out.Encode(map[string]int{"entries": count})
		}
		if found, next, err = s.Office.Activity(v.ctx(), issuer.ActivityFilter{Organisation: v.organisation.ID}, next, read); err != nil {
			return err
		}
	}
}
