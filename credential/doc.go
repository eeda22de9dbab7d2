// Package credential is the document itself: it reads Open Badges 3.0, CLR 2.0 and W3C Verifiable Credentials and presentations,
// builds unsigned Open Badges, and judges them against the rules of their data models.
//
// Start with [Parse], which keeps the received bytes and gives a typed view without judging anything; then ask [Check]. What is
// inside another document (endorsements, the credentials of a presentation or CLR) is a document of its own, to be read and
// judged by itself; [OpenEnvelope] takes a token out of the object that carries it.
// [Build] is the way back: from an [AchievementCredential] to the JSON text that is to be signed.
//
// The package is pure: bytes in, bytes and values out. It has no network, no clock and no keys, so that a signature, a
// date or a status is never judged here. What is exported may still change before version 1.
package credential
