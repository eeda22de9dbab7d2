package people

import (
	"encoding/json"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Passkey is a key pair in a device of somebody, or in their password manager, which they sign in with.
type Passkey struct {
	ID      string    `json:"id"` // SHA-256 of the id that the device has given it, in base64url
	Account string    `json:"account"`
	Name    string    `json:"name"` // chosen by its owner
	Created time.Time `json:"created"`
	Used    time.Time `json:"used,omitzero"`   // when it was last signed in with
	Synced  bool      `json:"synced,omitzero"` // it can be on several devices
}

// passkey is the record of a Passkey.
type passkey struct {
	Passkey
	Credential json.RawMessage `json:"credential"` // the public key and the counter, as the library of passkeys writes them
}

var passkeys = issuer.Table[passkey]{
	Kind:    issuer.Kind{Name: "passkey", Lookups: []string{"account"}},
	Key:     func(k *passkey) string { return k.ID },
	Order:   func(k *passkey) string { return issuer.Sortable(k.Created) },
	Lookups: func(k *passkey) []string { return []string{k.Account} },
}

// Provider is a service of OpenID Connect that people sign in with, as the operator has set it up there, with Base + [PathProvider] as the
// address to send browsers back to. It is believed about the addresses that it calls verified.
type Provider struct {
	Name     string // on the button; no two have the same
	Issuer   string // its issuer identifier: https, or http on this machine
	ClientID string
	Secret   string // of the client
}

// Identity is an account of somebody with a provider, by which they sign in here.
type Identity struct {
	ID       string    `json:"id"` // digest of issuer and subject
	Account  string    `json:"account"`
	Provider string    `json:"provider"` // Provider.Name when it was first used
	Issuer   string    `json:"issuer"`
	Subject  string    `json:"subject"`
	Created  time.Time `json:"created"`
}

var identities = issuer.Table[Identity]{
	Kind:    issuer.Kind{Name: "identity", Lookups: []string{"account"}},
	Key:     func(i *Identity) string { return i.ID },
	Order:   func(i *Identity) string { return issuer.Sortable(i.Created) },
	Lookups: func(i *Identity) []string { return []string{i.Account} },
}
