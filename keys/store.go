package keys

import "crypto"

// Store makes private keys and finds them again by name: a [Folder], a hardware module or a cloud service. It may be used by
// several goroutines.
type Store interface {
	// Create makes a private key under a name of 1 to 64 letters, digits, "-" and "_", and returns it once it is there to stay. A
	// name that is taken is refused, and so is a kind that the store cannot make.
	Create(kind Kind, name string) (crypto.Signer, error)
	// Load returns the key of this name. It wraps [fs.ErrNotExist] when there is none.
	Load(name string) (crypto.Signer, error)
	// List returns the names of the keys that were made here, sorted.
	List() ([]string, error)
}
