package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/laurelbadges/laurel/client"
)

// serverFlags name a server to act on in place of the data folder. The token is better given in the environment or a file: what stands on
// a command line can be read by everybody on the machine.
type serverFlags struct {
	Server    string `help:"Act on this server, by its API, instead of on the data folder." placeholder:"URL"`
	Token     string `help:"Token for the server; better in the environment (LAUREL_TOKEN) or a file." placeholder:"TOKEN"`
	TokenFile string `help:"File whose first line is the token; - reads standard input." placeholder:"FILE"`
}

// connect makes a client for the server.
func (s serverFlags) connect(in io.Reader) (*client.Client, error) {
	token := s.Token
	if s.TokenFile != "" {
		from := in
		if s.TokenFile != "-" {
			f, err := os.Open(s.TokenFile)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			from = f
		}
		line, err := bufio.NewReader(io.LimitReader(from, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		token = strings.TrimSpace(line)
	}
	if token == "" {
		return nil, errors.New("--server needs a token: give LAUREL_TOKEN in the environment, or --token-file")
	}
	return client.New(s.Server, token, client.Options{})
}

// issueAt awards a badge on a server.
func (c *issueCommand) issueAt(ctx context.Context, t *terminal) error {
	server, err := c.connect(t.in)
	if err != nil {
		return err
	}
	award := client.Award{Achievement: c.Achievement, Recipient: client.Recipient{Email: c.Recipient, Name: c.Name}}
	for _, address := range c.Evidence {
		award.Evidence = append(award.Evidence, client.Evidence{URL: address})
	}
	if award.Achievement == "" {
		if award.Achievement, err = onlyAchievement(ctx, server); err != nil {
			return err
		}
	}
	made, err := server.Issue(ctx, award)
	if err != nil {
		return proposed(t, c.JSON, err)
	}
	answer := issued{ID: made.ID, URL: made.URL, Identifier: made.Identifier, Files: map[string]string{}}
	for _, form := range forms {
		answer.Files[form] = made.Files[form]
	}
	if c.Output != "" {
		written, err := fetchForms(ctx, server, c.Output, made)
		var refused *client.Error
		if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
			answer.Note = heldBack
			return errors.Join(answer.print(t, c.JSON), finished(exitOpen))
		}
		if err != nil {
			return fmt.Errorf("the badge %s is awarded, but could not be written: %w", made.ID, err)
		}
		answer.Files = written
	}
	return answer.print(t, c.JSON)
}

// heldBack is said of an award whose files its server does not give out.
const heldBack = "nothing was written, as the badge is held until its earner takes it, or its page is turned off; from then on its files are at these addresses"

// onlyAchievement is the one that is published, where there is exactly one.
func onlyAchievement(ctx context.Context, server *client.Client) (string, error) {
	all, err := server.Achievements(ctx, "published")
	if err != nil {
		return "", err
	}
	if len(all) != 1 {
		return "", fmt.Errorf("%d achievements are published there; say which one with --achievement", len(all))
	}
	return all[0].ID, nil
}

// fetchForms writes an award in every form, as its server publishes them.
func fetchForms(ctx context.Context, server *client.Client, folder string, award client.Credential) (map[string]string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, form := range forms {
		text, err := server.File(ctx, award.Files[form])
		if err != nil {
			return nil, err
		}
		files[form] = filepath.Join(folder, award.ID+"."+form)
		if err := os.WriteFile(files[form], text, 0o600); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// standAt changes the standing of an award on a server.
func (s serverFlags) standAt(ctx context.Context, t *terminal, asJSON bool, done string, change func(*client.Client) (client.Credential, error)) error {
	server, err := s.connect(t.in)
	if err != nil {
		return err
	}
	award, err := change(server)
	if err != nil {
		return proposed(t, asJSON, err)
	}
	if asJSON {
		return printJSON(t.out, struct {
			ID        string         `json:"id"`
			URL       string         `json:"url"`
			Revoked   *client.Change `json:"revoked,omitempty"`
			Suspended *client.Change `json:"suspended,omitempty"`
		}{award.ID, award.URL, award.Revoked, award.Suspended})
	}
	_, err = fmt.Fprintf(t.out, "%s %s\n  page  %s\n", done, award.ID, award.URL)
	return err
}

// proposed tells of an act that waits for a second person; any other error stays as it is.
func proposed(t *terminal, asJSON bool, err error) error {
	var waits *client.Proposed
	if !errors.As(err, &waits) {
		return err
	}
	if asJSON {
		return errors.Join(printJSON(t.out, struct {
			Proposal string `json:"proposal"`
		}{waits.ID}), finished(exitOpen))
	}
	_, err = fmt.Fprintf(t.out, "Nothing is done yet: another person has to allow it. Proposal %s.\n", waits.ID)
	return errors.Join(err, finished(exitOpen))
}
