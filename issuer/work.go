package issuer

import "time"

// Work is something to be done by a job soon, which [Config.Enqueue] puts into the queue in the transaction of its cause: it is there
// when that is committed, and only then.
type Work struct {
	Name         string    // of what is to be done, such as WorkBatch
	Organisation string    // Organisation.ID, between which the queue is fair; "" is the installation itself
	Payload      []byte    // what the job is told; ids only, no personal data
	After        time.Time // not before this instant; zero: at once
}

// WorkBatch is the name of the work that [Service.RunBatch] does. Its payload is the id of the batch.
const WorkBatch = "batch"
