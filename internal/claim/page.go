package claim

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/layout"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/internal/zipped"
)

//go:embed templates words
var files embed.FS

// tongue says the texts of these pages in one language. What is common to all pages is in package wording.
type tongue struct {
	language wording.Language
	texts    map[string]string
}

// tongues are all of them. They are part of the program, so one that cannot be read is a fault of its build.
var tongues = sync.OnceValue(func() map[wording.Language]tongue {
	all := map[wording.Language]tongue{}
	for _, l := range wording.Languages {
		file, err := files.ReadFile("words/" + string(l) + ".json")
		if err != nil {
			panic(err)
		}
		t := tongue{language: l}
		if err := json.Unmarshal(file, &t.texts); err != nil {
			panic(fmt.Errorf("reading words/%s.json: %w", l, err))
		}
		all[l] = t
	}
	return all
})

func speak(l wording.Language) tongue {
	if t, known := tongues()[l]; known {
		return t
	}
	return tongues()[wording.English]
}

// say is the text of a key with each {name} replaced by the value that follows the name, made safe to show. A key without a text comes
// back as it is.
func (t tongue) say(key string, pairs ...any) string {
	text, known := t.texts[key]
	if !known {
		return key
	}
	var values []string
	for i := 0; i+1 < len(pairs); i += 2 {
		values = append(values, "{"+fmt.Sprint(pairs[i])+"}", wording.Plain(fmt.Sprint(pairs[i+1])))
	}
	return strings.NewReplacer(values...).Replace(text)
}

// pages are the templates of one language, by name.
type pages map[string]*template.Template

func loadPages(l wording.Language, asset func(string) string) (pages, error) {
	t := speak(l)
	functions := template.FuncMap{
		"say": t.say, "shared": func(key string) string { return l.Say(key) }, "asset": asset, "lang": func() string { return string(l) },
		"plain": wording.Plain, "prose": wording.Prose, "day": func(at time.Time) string { return l.Day(at).Words },
		"dayIn": func(at time.Time, zone *time.Location) string { return l.DayIn(at, zone).Words }, "awarded": func(a earner.Award) string { return l.SignedDay(a.Awarded(), a.Zone).Words },
		"instant": func(at time.Time) string { return l.Instant(at).Words },
	}
	set, err := template.New("layout.html").Funcs(functions).ParseFS(files, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("reading the layout: %w", err)
	}
	return layout.Pages(set, []string{"award", "ask", "mine", "confirm", "erasing", "message", "add", "brought", "imported", "set", "shared"}, func(name string) error {
		_, err := set.ParseFS(files, "templates/"+name+".html")
		return err
	})
}

// frame is what all pages have.
type frame struct {
	Title  string
	Query  string  // that keeps the language in links and forms; "" where none was chosen
	Others []other // languages
	Said   string  // what was just done
	Listed bool    // search engines may list the page
	Mine   bool    // it is a page of whoever is signed in

	Preview *preview // what a link to the page is shown with; nil for nothing
}

// other is a language in which the page can be read as well.
type other struct{ Code, Name, Link string }

// saids are what pages say after a form was sent; any other word in their address says nothing.
var saids = map[string]bool{"taken": true, "shown": true, "erase_sent": true, "erase_asked": true, "sent": true, "join_sent": true, "joined": true, "parted": true, "out": true,
	"added": true, "known": true, "own": true, "checked": true, "removed": true, "set_saved": true, "set_removed": true}

func (s *site) frame(r *http.Request, title string) frame {
	now, named := language(r)
	f := frame{Title: title, Mine: true}
	if named {
		f.Query = "?lang=" + string(now)
	}
	for _, l := range wording.Languages {
		if l != now && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			f.Others = append(f.Others, other{Code: string(l), Name: l.Name(), Link: elsewhereIn(r, l)})
		}
	}
	if said := r.URL.Query().Get("said"); saids[said] {
		f.Said = speak(now).say("said." + said)
	}
	return f
}

// elsewhereIn is the address of a page in another language. What the page shows stays the same; what was just done is not said again.
func elsewhereIn(r *http.Request, l wording.Language) string {
	query := url.Values{"lang": {string(l)}}
	for _, name := range []string{"by", "q", "after", "page"} {
		if value := r.URL.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	return r.URL.EscapedPath() + "?" + query.Encode()
}

// message is a page that says one thing.
type message struct {
	frame
	Text string
	Back string // path of the page whose form was sent; "" where there is none to go back to
}

// keptPage writes a page that everybody may see who has its address. It may be kept, and is asked about before each use: as long as it says
// the same, the answer is that it does. The time of the day of checked is in passing; the day is not. Such a page holds nothing that its
// reader has sent, so it can be zipped (the BREACH attack needs that).
func (s *site) keptPage(w http.ResponseWriter, r *http.Request, name string, data any, checked wording.Moment) error {
	l, _ := language(r)
	body, err := s.rendered(l, name, data)
	if err != nil {
		return err
	}
	day := []byte(l.Day(s.Now()).Words)
	said := bytes.ReplaceAll(bytes.ReplaceAll(body, []byte(checked.Words), day), []byte(checked.Machine), nil)
	h := w.Header()
	h.Set("Vary", "Accept-Language, Accept-Encoding")
	h.Set("Content-Language", string(l))
	if same(w, r, "W/"+tagOf(kept.Of("page", said))) {
		return nil
	}
	if zipped.Taken(r.Header.Get("Accept-Encoding")) {
		packed, err := zipped.Page(body)
		if err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // whoever has gone reads no error either
	}
	return nil
}

// rendered is a page as a whole.
func (s *site) rendered(l wording.Language, name string, data any) ([]byte, error) {
	pages, err := s.pages[l]()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := pages[name].Execute(&out, data); err != nil {
		return nil, fmt.Errorf("writing a page: %w", err)
	}
	return out.Bytes(), nil
}

// page writes a page.
func (s *site) page(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	l, _ := language(r)
	body, err := s.rendered(l, name, data)
	if err != nil {
		s.Log.Error("failed", "route", r.Pattern, "cause", err.Error())
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(l))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // whoever has gone reads no error either
	}
}
