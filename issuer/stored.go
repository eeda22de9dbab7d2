package issuer

// Stored gives what came out of a transaction of [Service.Records] the kind, code and sentence that an error of a Service has. An
// [*Error] and an error of the context stay as they are.
func Stored(err error) error { return stored(err) }
