package issuer

import "time"

// Event is something that happened to an award, an achievement, a batch or a proposal. [Config.Observe] is told of it in the transaction in which
// it happened, so that what follows from it, such as a message to the earner, is asked for exactly when it did happen.
type Event struct {
	Type         EventType
	At           time.Time
	Organisation string      // Organisation.ID
	Subject      string      // id of the award, achievement, batch, case or proposal
	Actor        string      // who did it, as in the audit log
	Credential   *Credential // the award after the event; nil when the event is about something else. Not to be changed
	Recipient    *Recipient  // of EventIntended alone
	Until        time.Time   // of EventNoticed alone: until when the earner may answer
	Proposal     *Proposal   // of EventProposed and EventDecided alone, with what it says of people. Not to be changed
}

// Recipient is whom an award is for. It is told to whoever delivers awards, and kept nowhere in this package.
type Recipient struct {
	Email    string // in lower case
	Name     string // "" when it is not known
	Language string // BCP 47, in which to write to them; "" is that of the organisation
}

// EventType names an event.
type EventType string

// All events there are.
const (
	EventIntended   EventType = "credential.intended" // begun, with its place in the lists, and not yet signed
	EventIssued     EventType = "credential.issued"
	EventClaimed    EventType = "credential.claimed"
	EventRevoked    EventType = "credential.revoked"
	EventSuspended  EventType = "credential.suspended"
	EventReinstated EventType = "credential.reinstated"
	EventRenewed    EventType = "credential.renewed"    // another award takes its place, and it stays in force until it ends
	EventSuperseded EventType = "credential.superseded" // another award takes its place at once
	EventErased     EventType = "credential.erased"
	EventBurned     EventType = "credential.burned"    // given up before it was signed: nobody has received it
	EventInherited  EventType = "credential.inherited" // made by a release that told nobody; an upgrade tells of it, once
	EventNoticed    EventType = "case.noticed"         // the earner is told of a case on the award; Subject is the id of the case
	EventPublished  EventType = "achievement.published"
	EventArchived   EventType = "achievement.archived"
	EventBatchEnded EventType = "batch.finished"
	EventProposed   EventType = "proposal.made"
	EventDecided    EventType = "proposal.decided" // allowed, refused, withdrawn, expired or failed, as its State says
)

// observe tells of an event.
func (s *Service) observe(tx Tx, e Event) error {
	if s.observer == nil {
		return nil
	}
	e.At = s.now().UTC()
	return s.observer(tx, e)
}

// Records are the records of the installation, for rooms that keep some of their own beside those of the issuer. In its updates
// [Record] can be called.
func (s *Service) Records() Store { return s.store }

// Record appends one act to the audit log, in the transaction of the act, which has to be one of [Service.Records].
func Record(tx Tx, e AuditEntry) error { return record(tx, e) }
