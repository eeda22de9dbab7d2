package backup

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// NewIdentity makes a pair for backups: the identity, which opens them and is kept far from them, and the recipient, for which
// they are made.
func NewIdentity() (identity, recipient string, err error) {
	made, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", fmt.Errorf("making an identity: %w", err)
	}
	return made.String(), made.Recipient().String(), nil
}

// Identities gives the identities in the text of an age identity file: one on a line, comments begin with #. What it holds is not
// repeated in errors.
func Identities(text string) ([]string, error) {
	var found []string
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "age-encryption.org/") || strings.HasPrefix(line, "-----BEGIN AGE"):
			return nil, errors.New("the identity is itself sealed with a passphrase; open it first: age -d -o identity.txt FILE")
		default:
			found = append(found, line)
		}
	}
	if _, err := parseIdentities(found); err != nil {
		return nil, err
	}
	return found, nil
}

func parseIdentities(texts []string) ([]age.Identity, error) {
	if len(texts) == 0 {
		return nil, errors.New("no identity was given that could open the backup")
	}
	identities := make([]age.Identity, len(texts))
	for i, text := range texts {
		identity, err := age.ParseX25519Identity(strings.TrimSpace(text))
		if err != nil { // its text could repeat the secret
			return nil, errors.New("an identity is not one of age; it begins with AGE-SECRET-KEY-1")
		}
		identities[i] = identity
	}
	return identities, nil
}

func parseRecipients(texts []string) ([]age.Recipient, error) {
	if len(texts) == 0 {
		return nil, errors.New("no recipient was given that could open the backup")
	}
	recipients := make([]age.Recipient, len(texts))
	for i, text := range texts {
		text = strings.TrimSpace(text)
		recipient, err := age.ParseX25519Recipient(text)
		switch {
		case strings.HasPrefix(strings.ToUpper(text), "AGE-SECRET-KEY-"):
			return nil, errors.New("a recipient is the identity that opens backups; keep that away from here, and give its recipient, which begins with age1 (age-keygen -y)")
		case err != nil:
			return nil, fmt.Errorf("the recipient %.80q is not one of age; it begins with age1", text)
		}
		recipients[i] = recipient
	}
	return recipients, nil
}

// CheckRecipients says what is wrong with the recipients of a backup.
func CheckRecipients(texts []string) error {
	_, err := parseRecipients(texts)
	return err
}
