package client

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Achievement is a micro-credential of the organisation, as far as this package tells.
type Achievement struct {
	ID    string `json:"id"`
	State string `json:"state"` // draft, published or archived
	Name  string `json:"name"`
	URL   string `json:"url"`
}

// Achievements lists the achievements in a state, "" for all.
func (c *Client) Achievements(ctx context.Context, state string) ([]Achievement, error) {
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	var all []Achievement
	err := every(ctx, c, "/achievements", query, func(a Achievement) error {
		all = append(all, a)
		return nil
	})
	return all, err
}

// Award is an award to be made.
type Award struct {
	Achievement   string     `json:"achievement"` // id or address
	Recipient     Recipient  `json:"recipient"`
	Narrative     string     `json:"narrative,omitempty"` // Markdown
	Evidence      []Evidence `json:"evidence,omitempty"`
	AwardedDate   time.Time  `json:"awardedDate,omitzero"` // when it was earned, if that was before it is in force
	ValidFrom     time.Time  `json:"validFrom,omitzero"`   // zero: now
	ValidUntil    time.Time  `json:"validUntil,omitzero"`  // zero: as the achievement says
	Role          string     `json:"role,omitempty"`
	Term          string     `json:"term,omitempty"`
	LicenseNumber string     `json:"licenseNumber,omitempty"`
	Why           string     `json:"why,omitempty"` // for whoever decides, where it comes to a proposal
}

// Recipient is whom an award is for.
type Recipient struct {
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"` // BCP 47, in which they are written to
}

// Evidence is something that the recipient showed.
type Evidence struct {
	URL       string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	Narrative string `json:"narrative,omitempty"` // Markdown
}

// Credential is an award as the API shows it: everything about it but the person.
type Credential struct {
	ID         string            `json:"id"`
	Identifier string            `json:"identifier"` // the id inside the credential
	URL        string            `json:"url"`
	State      string            `json:"state"`
	Files      map[string]string `json:"files,omitempty"` // addresses by form: json, jwt, png, svg
	Revoked    *Change           `json:"revoked,omitempty"`
	Suspended  *Change           `json:"suspended,omitempty"`
}

// Change says when and why the standing of an award changed.
type Change struct {
	At     time.Time `json:"at"`
	Code   string    `json:"code,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Cause is why the standing of an award changes.
type Cause struct {
	Code   string `json:"code,omitempty"`   // public: error, evidence, policy, request, superseded, inquiry; "" is other
	Reason string `json:"reason,omitempty"` // public; of a revocation it may be empty only where the code says more than other
	Note   string `json:"note,omitempty"`   // for the issuer alone
}

// Issue makes an award.
func (c *Client) Issue(ctx context.Context, a Award) (made Credential, err error) {
	err = c.send(ctx, http.MethodPost, "/credentials", a, &made)
	return made, err
}

// Revoke ends an award for good; name is its id, the address of its page, or the id in the credential.
func (c *Client) Revoke(ctx context.Context, name string, cause Cause) (Credential, error) {
	return c.stand(ctx, name, "revoke", cause)
}

// Suspend takes an award out of force until Reinstate; name is as in Revoke.
func (c *Client) Suspend(ctx context.Context, name string, cause Cause) (Credential, error) {
	return c.stand(ctx, name, "suspend", cause)
}

// Reinstate ends a suspension; name is as in Revoke.
func (c *Client) Reinstate(ctx context.Context, name string) (Credential, error) {
	return c.stand(ctx, name, "reinstate", struct{}{})
}

// Erase takes away for good what an award says of a person; name is as in Revoke. What stays is its id and its place in the lists.
func (c *Client) Erase(ctx context.Context, name, reason string) error {
	id, err := idOf(name)
	if err != nil {
		return err
	}
	return c.send(ctx, http.MethodDelete, "/credentials/"+url.PathEscape(id)+"/personal-data", struct {
		Reason string `json:"reason,omitempty"`
	}{reason}, nil)
}

// EraseFor is Erase for every award of the organisation of the token to an e-mail address, and for what is planned for it. It returns how
// many awards were erased.
func (c *Client) EraseFor(ctx context.Context, email, reason string) (int, error) {
	type person struct {
		Email string `json:"email"`
	}
	var erased struct{ Count int }
	err := c.send(ctx, http.MethodPost, "/erasures", struct {
		Recipient person `json:"recipient"`
		Reason    string `json:"reason,omitempty"`
	}{person{email}, reason}, &erased)
	return erased.Count, err
}

func (c *Client) stand(ctx context.Context, name, step string, body any) (changed Credential, err error) {
	id, err := idOf(name)
	if err != nil {
		return Credential{}, err
	}
	err = c.send(ctx, http.MethodPost, "/credentials/"+url.PathEscape(id)+"/"+step, body, &changed)
	return changed, err
}

// idOf is the id of an award in any of its names.
func idOf(name string) (string, error) {
	if digits, is := strings.CutPrefix(name, "urn:uuid:"); is {
		bits, err := hex.DecodeString(strings.ReplaceAll(digits, "-", ""))
		if err != nil || len(bits) != 16 {
			return "", fmt.Errorf("%q is no id of an award", name)
		}
		return base64.RawURLEncoding.EncodeToString(bits), nil
	}
	id := name[strings.LastIndexByte(name, '/')+1:]
	if id == "" || strings.Trim(id, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		return "", fmt.Errorf("%q is no id of an award", name)
	}
	return id, nil
}

// File reads a published form of an award by its address, without the token. It has to be https, or on this machine.
func (c *Client) File(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || !private(u) {
		return nil, errors.New("the address of a file has to begin with https://")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading a file: %w", &Error{Status: answer.StatusCode, Code: "no_file", Detail: fmt.Sprintf("the server answers %q", answer.Status)})
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	if err == nil && len(text) > mostAnswer {
		err = errors.New("it is larger than is read here")
	}
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	return text, nil
}
