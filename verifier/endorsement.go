package verifier

import "context"

// endorsementStanding says why an authentic endorsement does not count today, and nil when it does. Its dates have been judged;
// its status is judged here, with the lists and the work of the verification that it belongs to (Open Badges 3.0 section 9.1:
// steps 1 to 4 for each).
func (r *run) endorsementStanding(ctx context.Context, own *run) *Check {
	own.status(ctx)
	switch own.answerInForce(Yes) {
	case Yes:
		return nil
	case No:
		against := own.against("dates", "status")
		return &Check{Outcome: Warn, Code: against.Code, AsOf: against.AsOf, Detail: "An endorsement is not in force; it counts for nothing.",
			Facts: own.about("dates", "status").and(FactCase, "not_in_force")}
	}
	against := own.against("dates", "status")
	return &Check{Outcome: NotKnown, Code: against.Code, AsOf: against.AsOf, Detail: "Whether an endorsement is in force is not known; it counts for nothing.",
		Facts: own.about("dates", "status").and(FactCase, "in_force")}
}
