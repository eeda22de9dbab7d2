package definition

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/laurelbadges/laurel/issuer"
)

// longestRich is how many bytes of rich text are turned into Markdown, and how many of Markdown are written. No text of an achievement
// may be so long, so it is refused later.
const longestRich = 100_000

// deepest is how many lists can stand in one another. What is deeper is written as if it were not.
const deepest = 8

// rich is text that an editor of rich text has written.
var rich = regexp.MustCompile(`(?i)</?(p|div|span|br|ul|ol|li|b|strong|i|em|u|a|h[1-6]|blockquote|pre|code)(\s[^<>]*)?/?>`)

var special = regexp.MustCompile("[\\\\`*_\\[\\]<>]")

func escape(text string) string { return special.ReplaceAllString(text, `\$0`) }

// markdown turns rich text into Markdown of paragraphs, headings, lists, emphasis and links. Other text stays as it is. Elements that
// Markdown has no word for are left, and their text stays; scripts and styles go.
func markdown(text string) string { return strings.Join(blocks(text), "\n\n") }

// blocks are the paragraphs of a text as Markdown. Lists are one block, with a line for each item.
func blocks(text string) []string {
	if len(text) > longestRich || !rich.MatchString(text) {
		if text = strings.TrimSpace(text); text == "" {
			return nil
		}
		return []string{text}
	}
	var all []string
	var line, block strings.Builder // of words, and of the list that goes on
	written := 0                    // bytes in all and block
	prefix, silent := "", 0
	var links []string // addresses of the links that are open
	var numbers []int  // of the lists that are open; -1: not numbered
	indent := func(one string, depth int) string { return strings.Repeat(one, min(depth, deepest)) }
	unlist := func() { // the list is over
		if block.Len() > 0 {
			all = append(all, block.String())
			block.Reset()
		}
	}
	end := func() {
		words := strings.TrimSpace(line.String())
		line.Reset()
		if words == "" {
			return
		}
		if prefix == "" && strings.ContainsRune("#+-", rune(words[0])) {
			words = `\` + words // or it would be a heading or an item
		}
		written += len(prefix) + len(words) + len("\n")
		if len(numbers) == 0 {
			unlist()
			all, prefix = append(all, prefix+words), ""
			return
		}
		if block.Len() > 0 {
			block.WriteByte('\n')
		}
		block.WriteString(prefix)
		block.WriteString(words)
		prefix = indent("  ", len(numbers)) // a further paragraph of the item
	}
	tokens := html.NewTokenizer(strings.NewReader(text))
	tokens.SetMaxBuf(1 << 20)
	for {
		next := tokens.Next()
		if written+line.Len() > longestRich {
			next = html.ErrorToken
		}
		switch next {
		case html.ErrorToken:
			end()
			unlist()
			return all
		case html.TextToken:
			if silent == 0 {
				words := string(tokens.Text())
				fields := strings.Join(strings.Fields(html.UnescapeString(words)), " ")
				switch {
				case fields == "":
					if words != "" {
						line.WriteString(" ")
					}
					continue
				case strings.TrimLeft(words, " \t\r\n") != words:
					line.WriteString(" ")
				}
				line.WriteString(escape(fields))
				if strings.TrimRight(words, " \t\r\n") != words {
					line.WriteString(" ")
				}
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			switch token.DataAtom {
			case atom.Script, atom.Style:
				if token.Type == html.StartTagToken {
					silent++
				}
			case atom.P, atom.Div, atom.Br, atom.Blockquote, atom.Pre:
				end()
			case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
				end()
				prefix = strings.Repeat("#", int(token.Data[1]-'0')) + " "
			case atom.Ul, atom.Ol:
				end()
				numbers = append(numbers, map[bool]int{true: 0, false: -1}[token.DataAtom == atom.Ol])
			case atom.Li:
				end()
				if len(numbers) == 0 {
					numbers = append(numbers, -1)
				}
				n := len(numbers) - 1
				prefix = indent("  ", n) + "- "
				if numbers[n] >= 0 {
					numbers[n]++
					prefix = indent("   ", n) + strconv.Itoa(numbers[n]) + ". "
				}
			case atom.B, atom.Strong:
				line.WriteString("**")
			case atom.I, atom.Em:
				line.WriteString("*")
			case atom.A:
				links = append(links, addressOf(token))
				if links[len(links)-1] != "" {
					line.WriteString("[")
				}
			}
		case html.EndTagToken:
			token := tokens.Token()
			switch token.DataAtom {
			case atom.Script, atom.Style:
				silent = max(0, silent-1)
			case atom.P, atom.Div, atom.Blockquote, atom.Pre, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
				end()
			case atom.Ul, atom.Ol:
				end()
				if len(numbers) > 0 {
					numbers = numbers[:len(numbers)-1]
				}
				if prefix = ""; len(numbers) == 0 {
					unlist()
				}
			case atom.B, atom.Strong:
				line.WriteString("**")
			case atom.I, atom.Em:
				line.WriteString("*")
			case atom.A:
				if n := len(links) - 1; n >= 0 {
					if links[n] != "" {
						line.WriteString("](" + links[n] + ")")
					}
					links = links[:n]
				}
			}
		}
	}
}

// addressOf is the web address of a link; "" is any other.
func addressOf(token html.Token) string {
	for _, a := range token.Attr {
		if address, _ := addressOrText(a.Val); a.Key == "href" && address != "" && !strings.ContainsAny(address, "()") {
			return address
		}
	}
	return ""
}

var (
	link    = regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)*)\]\(([^()\s]+)\)`)
	bare    = regexp.MustCompile(`https?://[^\s<>()\[\]"']+[^\s<>()\[\]"'.,;:]`)
	bullet  = regexp.MustCompile(`^\s*(?:-|\d+\.) `)
	escaped = regexp.MustCompile("\\\\([\\\\`*_\\[\\]<>#+-])")
)

// longestTitle is how many characters the title of a citation has; what is longer is its note, in full.
const longestTitle = 200

// citations reads what somebody has written under research or resources: each paragraph and each item of a list is one.
func citations(text string) (all []issuer.Citation) {
	for _, block := range blocks(strings.ToValidUTF8(text[:min(len(text), longestRich)], "")) {
		for item := range strings.SplitSeq(block, "\n") {
			item = strings.TrimSpace(bullet.ReplaceAllString(item, ""))
			if item == "" {
				continue
			}
			links := link.FindAllStringSubmatch(item, -1)
			plain := strings.NewReplacer("**", "", "*", "").Replace(link.ReplaceAllString(item, "$1"))
			plain = escaped.ReplaceAllString(plain, "$1")
			c := issuer.Citation{Title: cut(strings.TrimSpace(plain), longestTitle)}
			if len(links) > 0 {
				c.URL = links[0][2]
			} else if found := bare.FindString(plain); found != "" {
				c.URL = found
			}
			if len(links) > 1 || c.Title != strings.TrimSpace(plain) {
				c.Note = item
			}
			all = append(all, c)
		}
	}
	return all
}
