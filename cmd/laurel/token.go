package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

type tokenCommand struct {
	New    tokenNewCommand    `cmd:"" help:"Make a token for a program that uses the API, and show it once."`
	List   tokenListCommand   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCommand `cmd:"" help:"End a token for good."`
}

// Scopes that stand for several.
var (
	readScopes  = []issuer.Scope{issuer.ScopeAchievementsRead, issuer.ScopeCredentialsRead, issuer.ScopeKeysRead}
	writeScopes = []issuer.Scope{issuer.ScopeAchievementsWrite, issuer.ScopeCredentialsWrite, issuer.ScopeCredentialsSign}
)

type tokenNewCommand struct {
	Issuer  string   `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Name    string   `help:"What the token is for." placeholder:"NAME"`
	Scope   []string `help:"What it may do: read, write (which is read too), or single scopes such as credentials:write." default:"write" placeholder:"SCOPE"`
	Expires string   `help:"When it ends: a date, or a time from now such as 90d or 12h, or never." default:"365d" placeholder:"WHEN"`
	Rate    int      `help:"How many requests a minute it may make; 0: as many as it likes." placeholder:"N"`
	JSON    bool     `name:"json" help:"Print the token as JSON and nothing else."`
}

// Run prints the token alone on standard output, for scripts, and all about it beside.
func (c *tokenNewCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	ends, err := tokenEnd(c.Expires, time.Now())
	if err != nil {
		return err
	}
	in := issuer.TokenInput{Organisation: c.Issuer, Name: c.Name, Expires: ends, Rate: c.Rate, Actor: actor}
	for _, scope := range c.Scope {
		switch scope {
		case "read":
			in.Scopes = append(in.Scopes, readScopes...)
		case "write":
			in.Scopes = append(append(in.Scopes, readScopes...), writeScopes...)
		default:
			in.Scopes = append(in.Scopes, issuer.Scope(scope))
		}
	}
	return withOffice(ctx, g, func(o office) error {
		made, err := o.CreateToken(ctx, in)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.out, made)
		}
		fmt.Fprintf(t.err, "Token %s: %s\n  may   %s\n  ends  %s\n", made.ID, made.Name, scopeWords(made.Scopes), endWords(made.Expires))
		if made.Rate > 0 {
			fmt.Fprintf(t.err, "  rate  %d requests a minute\n", made.Rate)
		}
		fmt.Fprintln(t.err, "It is shown this once. Keep it like a password.")
		_, err = fmt.Fprintln(t.out, made.Text)
		return err
	})
}

// tokenEnd reads when a token ends. A token that ends on a date works until that day is over (UTC).
func tokenEnd(text string, now time.Time) (time.Time, error) {
	if text == "never" {
		return time.Time{}, nil
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if wait, err := time.ParseDuration(text); err == nil && wait > 0 {
		return now.Add(wait), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.AddDate(0, 0, 1).After(now) {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Time{}, fmt.Errorf("--expires %q is no coming date such as 2031-12-31 and no time such as 90d or 12h", text)
}

type tokenListCommand struct {
	JSON bool `name:"json" help:"Print the tokens as JSON and nothing else."`
}

// Run lists the tokens with what they may do.
func (c *tokenListCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		all, err := o.Tokens(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			if all == nil {
				all = []issuer.Token{}
			}
			return printJSON(t.out, all)
		}
		for _, token := range all {
			state, used := "ends "+endWords(token.Expires), "never used"
			if !token.LastUsed.IsZero() {
				used = "used " + token.LastUsed.Format(time.DateOnly)
			}
			switch {
			case token.Revoked != nil:
				state = "revoked " + token.Revoked.At.Format(time.DateOnly)
			case !token.Expires.IsZero() && !time.Now().Before(token.Expires):
				state = "ended " + endWords(token.Expires)
			}
			fmt.Fprintf(t.out, "%s  %-18s %-15s  %s  %s\n", token.ID, state, used, scopeWords(token.Scopes), token.Name)
		}
		return nil
	})
}

type tokenRevokeCommand struct {
	ID   string `arg:"" help:"Id of the token, as laurel token list shows it."`
	JSON bool   `name:"json" help:"Print the token as JSON and nothing else."`
}

// Run ends a token.
func (c *tokenRevokeCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		token, err := o.RevokeToken(ctx, c.ID, actor)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.out, token)
		}
		_, err = fmt.Fprintf(t.out, "Revoked %s. Whoever still uses it is refused from now on.\n", token.ID)
		return err
	})
}

// endWords is the last day of a token.
func endWords(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Add(-time.Second).UTC().Format(time.DateOnly)
}

func scopeWords(scopes []issuer.Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, " ")
}
