package earner

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	mostAddresses = 20 // of a person
	asksMost      = 5  // messages of a kind that can be asked for to one address
	asksIn        = 24 * time.Hour
	asksApart     = 2 * time.Minute
	fromJoin      = purpose("from-join") // of an ask: what was asked for from an address, not to it
	resentApart   = 10 * time.Minute     // between two messages about one award that the staff has sent
)

// addressesOf are the addresses of whoever has one of them: that one, and those that were joined to it.
func addressesOf(tx issuer.Tx, of string) ([]string, error) {
	a, _, err := addressOf(tx, of)
	if err != nil || a.Person == "" {
		return []string{of}, err
	}
	joined, _, err := addresses.List(tx, issuer.Query{By: "person", Value: a.Person})
	if err != nil {
		return nil, err
	}
	all := make([]string, len(joined))
	for i := range joined {
		all[i] = joined[i].Address
	}
	slices.Sort(all)
	return all, nil
}

// mayAsk counts a message that was asked for to an address, of which nothing need be known, and says whether it may be sent.
func (s *Service) mayAsk(tx issuer.Tx, to string, what purpose) (bool, error) {
	now := s.now().UTC()
	a, version, err := optional(tx, asks, askID(to, what))
	if err != nil {
		return false, err
	}
	if version == 0 || now.Sub(a.Since) >= asksIn {
		a = ask{Digest: askID(to, what), Since: now}
	}
	if a.Count >= asksMost || a.Count > 0 && now.Sub(a.Last) < asksApart {
		return false, nil
	}
	a.Count, a.Last = a.Count+1, now
	return true, asks.Put(tx, &a, version)
}

// AskLink sends a link to their awards to whoever gets the messages for an address, when anything was awarded to it. The answer is the
// same when nothing was, and when too many were asked for: five a day. What is no address at all has kind invalid, code email.
func (s *Service) AskLink(ctx context.Context, email, language string) error {
	to, err := s.reached(email)
	if err != nil {
		return err
	}
	may := false
	err = s.Store.Update(ctx, func(tx issuer.Tx) (err error) {
		may, err = s.mayAsk(tx, to, toEnter)
		return err
	})
	if err != nil || !may {
		return stored(err)
	}
	if _, err := s.recognise(ctx, to, "", s.hashes); err != nil {
		return err
	}
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		held, err := holds(tx, to)
		if err != nil {
			return err
		}
		if !held {
			a, _, err := addressOf(tx, to)
			if err != nil || a.Person == "" {
				return err
			}
		}
		return s.send(tx, pass{Purpose: toEnter, Address: to}, mail.Message{Template: mail.Mine, Language: language})
	}))
}

// reached is an address to which a message can be sent.
func (s *Service) reached(email string) (string, error) {
	to, ok := mail.Address(email)
	switch {
	case !ok:
		return "", refused(issuer.KindInvalid, "email", "The e-mail address is not one. Write it as name@example.org.")
	case !s.mail.On:
		return "", refused(issuer.KindDenied, "no_mail", "This server sends no messages. Ask whoever awarded the badge for a link.")
	}
	return to, nil
}

// send queues a message with a link that holds a pass, to the address of the pass.
func (s *Service) send(tx issuer.Tx, p pass, m mail.Message) error {
	token, ends, err := s.Book.newPass(tx, p)
	if err != nil {
		return err
	}
	m.To, m.Link, m.Ends = p.Address, path[p.Purpose]+token, ends
	if p.Purpose == toJoin { // it goes with the pass, which holds the address that asks
		m.About = digest(token)
	}
	return s.mail.Queue(tx, m)
}

// Knock says whether the token of a link to one's awards is good, and changes nothing.
func (s *Service) Knock(ctx context.Context, token string) error {
	return stored(s.Store.View(ctx, func(tx issuer.Tx) error {
		_, err := s.readPass(tx, token, toEnter)
		return err
	}))
}

// Enter begins a session with the token of a link, which works once, and returns its token and when it ends.
func (s *Service) Enter(ctx context.Context, token string) (session string, ends time.Time, err error) {
	err = s.Store.Update(ctx, func(tx issuer.Tx) error {
		p, err := s.readPass(tx, token, toEnter)
		if err != nil {
			return err
		}
		if err := tx.Delete(passes.Kind, p.ID); err != nil {
			return err
		}
		session, ends, err = s.Book.newPass(tx, pass{Purpose: toSession, Address: p.Address})
		return err
	})
	return session, ends, stored(err)
}

// Leave ends a session.
func (s *Service) Leave(ctx context.Context, session string) error {
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		p, err := s.readPass(tx, session, toSession)
		if err != nil {
			return err
		}
		return tx.Delete(passes.Kind, p.ID)
	}))
}

// Person is an earner as a session sees them.
type Person struct {
	Address   string   // with which the session was begun
	Addresses []string // all of theirs, with that one
	Ends      time.Time
}

// Person returns whose session it is; kind missing for one that has ended.
func (s *Service) Person(ctx context.Context, session string) (p Person, err error) {
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		shown, err := s.readPass(tx, session, toSession)
		if err != nil {
			return err
		}
		p.Address, p.Ends = shown.Address, shown.Ends
		p.Addresses, err = addressesOf(tx, shown.Address)
		return err
	})
	return p, stored(err)
}

// Awards returns a page of the awards of a person, by address and the newest first, and the cursor of the next page, "" after the last.
func (s *Service) Awards(ctx context.Context, session, after string, limit int) (page []Award, next string, err error) {
	if limit <= 0 {
		limit = 50
	}
	var held []Holding
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		_, ours, err := s.inside(tx, session)
		if err != nil {
			return err
		}
		held, next, err = heldBy(tx, ours, after, limit)
		return err
	})
	if err != nil {
		return nil, "", stored(err)
	}
	for _, h := range held {
		a, err := s.award(ctx, h)
		if isMissing(err) { // still being made
			continue
		}
		if err != nil {
			return nil, "", err
		}
		page = append(page, a)
	}
	return page, next, nil
}

// heldBy is a page of what addresses hold, one address after the other.
func heldBy(tx issuer.Tx, ours []string, after string, limit int) (held []Holding, next string, err error) {
	at := 0
	if after != "" {
		number, cursor, ok := strings.Cut(after, "~")
		if at, err = strconv.Atoi(number); err != nil || !ok || at < 0 || at >= len(ours) {
			return nil, "", issuer.ErrCursor
		}
		after = cursor
	}
	for at < len(ours) {
		page, following, err := holdings.List(tx, issuer.Query{By: "address", Value: ours[at], After: after, Limit: limit - len(held), Backward: true})
		if err != nil {
			return nil, "", err
		}
		held = append(held, page...)
		if after = following; following == "" {
			at++
		}
		if at < len(ours) && len(held) >= limit {
			return held, strconv.Itoa(at) + "~" + after, nil
		}
	}
	return held, "", nil
}

// AddAddress sends to another address of a person the link that shows that it is theirs. Whether anything was awarded to it is not told.
func (s *Service) AddAddress(ctx context.Context, session, email, language string) error {
	to, err := s.reached(email)
	if err != nil {
		return err
	}
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		shown, ours, err := s.inside(tx, session)
		if err != nil {
			return err
		}
		switch {
		case slices.Contains(ours, to):
			return refused(issuer.KindConflict, "joined", "This address is in your list already.")
		case len(ours) >= mostAddresses:
			return tooMany()
		}
		if may, err := s.mayAsk(tx, to, toJoin); err != nil || !may {
			return err
		}
		if err := s.mayJoin(tx, ours); err != nil {
			return err
		}
		return s.send(tx, pass{Purpose: toJoin, Address: to, Other: shown.Address}, mail.Message{Template: mail.Join, Language: language})
	}))
}

func tooMany() error {
	return refused(issuer.KindConflict, "addresses", "Twenty addresses are the most that one person can join.")
}

// mayJoin counts what whoever has some addresses asks strangers, and refuses more than a person has addresses of their own.
func (s *Service) mayJoin(tx issuer.Tx, ours []string) error {
	now := s.now().UTC()
	for _, from := range ours { // whichever of them the session began with
		a, version, err := optional(tx, asks, askID(from, fromJoin))
		if err != nil {
			return err
		}
		if version == 0 || now.Sub(a.Since) >= asksIn {
			a = ask{Digest: askID(from, fromJoin), Since: now}
		}
		if a.Count >= asksMost {
			return refused(issuer.KindConflict, "joins", "You have asked for five addresses within a day. Open the messages that were sent, or go on tomorrow.")
		}
		a.Count, a.Last = a.Count+1, now
		if err := asks.Put(tx, &a, version); err != nil {
			return err
		}
	}
	return nil
}

// Joining returns the two addresses that a link would join, and changes nothing. here says that the session belongs to the first, as it
// has to: else a link that is followed in good faith would show one's awards to a stranger.
func (s *Service) Joining(ctx context.Context, token, session string) (first, second string, here bool, err error) {
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		p, err := s.readPass(tx, token, toJoin)
		if err != nil {
			return err
		}
		first, second = p.Other, p.Address
		here, err = s.inSession(tx, session, p.Other)
		return err
	})
	return first, second, here, stored(err)
}

// inSession says whether a session is one of whoever has an address.
func (s *Service) inSession(tx issuer.Tx, session, address string) (bool, error) {
	shown, err := s.readPass(tx, session, toSession)
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ours, err := addressesOf(tx, shown.Address)
	return slices.Contains(ours, address), err
}

// Join joins two addresses, and all that were joined to either, with the token of a link and the session in which it was asked for.
func (s *Service) Join(ctx context.Context, token, session string) error {
	if _, second, here, err := s.Joining(ctx, token, session); err != nil {
		return err
	} else if here {
		if _, err := s.recognise(ctx, second, "", 0); err != nil {
			return err
		}
	}
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		p, err := s.readPass(tx, token, toJoin)
		if err != nil {
			return err
		}
		here, err := s.inSession(tx, session, p.Other)
		if err != nil {
			return err
		}
		if !here {
			return refused(issuer.KindDenied, "session", "Open the list of your badges with the first address, in this browser. Then follow this link again.")
		}
		if err := tx.Delete(passes.Kind, p.ID); err != nil {
			return err
		}
		var all []string
		for _, a := range []string{p.Other, p.Address} {
			ours, err := addressesOf(tx, a)
			if err != nil {
				return err
			}
			all = append(all, ours...)
		}
		slices.Sort(all)
		if all = slices.Compact(all); len(all) > mostAddresses {
			return tooMany()
		}
		first, _, err := addressOf(tx, p.Other)
		if err != nil {
			return err
		}
		person := first.Person
		if person == "" {
			person = rand.Text()
		}
		for _, a := range all {
			kept, version, err := addressOf(tx, a)
			if err != nil {
				return err
			}
			if kept.Person == person {
				continue
			}
			kept.Address, kept.Person = a, person
			if err := addresses.Put(tx, &kept, version); err != nil {
				return err
			}
		}
		return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Actor: Actor, Action: "earner.joined", Subject: person})
	}))
}

// Part takes an address out of those of the person again. Its awards are then reached through that address alone.
func (s *Service) Part(ctx context.Context, session, email string) error {
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		out, ok := mail.Address(email)
		here, err := s.inSession(tx, session, out)
		if err != nil {
			return err
		}
		kept, _, err := addressOf(tx, out)
		if err != nil {
			return err
		}
		if !ok || !here || kept.Person == "" {
			return missing()
		}
		if err := part(tx, out); err != nil {
			return err
		}
		if err := s.Book.leaveBehind(tx, kept.Person); err != nil {
			return err
		}
		return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Actor: Actor, Action: "earner.parted", Subject: kept.Person})
	}))
}

// Stopping says whether the token of a link that ends reminders is good, and changes nothing.
func (s *Service) Stopping(ctx context.Context, token string) error {
	return stored(s.Store.View(ctx, func(tx issuer.Tx) error {
		_, err := s.readPass(tx, token, toStop)
		return err
	}))
}

// Stop ends reminders to the address of a link. The link goes on working, as mail programs may use it more than once.
func (s *Service) Stop(ctx context.Context, token string) error {
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		p, err := s.readPass(tx, token, toStop)
		if err != nil {
			return err
		}
		a, version, err := addressOf(tx, p.Address)
		if err != nil || a.Stopped {
			return err
		}
		a.Address, a.Stopped = p.Address, true
		return addresses.Put(tx, &a, version)
	}))
}
