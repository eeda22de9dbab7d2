// Package hsm keeps private keys in a hardware security module that speaks PKCS#11: they are made in it, sign in it and never leave
// it. [Open] is the beginning; a [Token] is a [keys.Store].
//
// The module is a library in C, so the package needs cgo and the build tag pkcs11. Built without them it is there all the same and
// Open says what to do.
package hsm
