package issuer

// RevocationsMost is how many awards name one list, for tests.
const RevocationsMost = revocationsMost
