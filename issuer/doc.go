// Package issuer is the issuing half: organisations and their keys, achievements, awards and their standing, status lists,
// and the documents that an installation publishes about them. Start with [Open].
//
// Every act is one transaction of the [Store], with an entry in the audit chain beside what it changes. An award is two:
// its intent, with id and place in the status lists, is on disk before anything is signed. The package never imports the
// verifier; it is given a function that checks what it signed. What is exported may still change before version 1.
package issuer
