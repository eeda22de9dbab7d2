package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/paper"
)

// oEmbed is an answer of type rich (oEmbed 1.0, section 2.3.4.4).
type oEmbed struct {
	Type            string `json:"type"`
	Version         string `json:"version"`
	Title           string `json:"title"`
	AuthorName      string `json:"author_name"`
	AuthorURL       string `json:"author_url"`
	ProviderName    string `json:"provider_name"`
	ProviderURL     string `json:"provider_url"`
	CacheAge        int    `json:"cache_age"` // seconds; the card itself says what holds now
	ThumbnailURL    string `json:"thumbnail_url,omitempty"`
	ThumbnailWidth  int    `json:"thumbnail_width,omitempty"`
	ThumbnailHeight int    `json:"thumbnail_height,omitempty"`
	HTML            string `json:"html"`
	Width           int    `json:"width"`
	Height          int    `json:"height"`
}

// oembed answers with the card of the award whose address is asked for (oEmbed 1.0).
func (s *server) oembed(c echo.Context) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex") // like everything of an award
	if format := c.QueryParam("format"); format != "" && format != "json" {
		return failure{status: http.StatusNotImplemented, code: "bad_request", key: "oembed_format"}
	}
	widest, err := most(c, "maxwidth")
	if err != nil {
		return err
	}
	highest, err := most(c, "maxheight")
	if err != nil {
		return err
	}
	asked, err := url.Parse(c.QueryParam("url"))
	if err != nil || asked.Scheme+"://"+asked.Host != s.Base {
		return notFound()
	}
	id, found := strings.CutPrefix(asked.EscapedPath(), "/c/")
	if !found {
		return notFound()
	}
	c.SetParamNames("id")
	c.SetParamValues(id)
	a, err := s.askedAward(c)
	if err != nil {
		return err
	}
	l, query := languageIn(asked.Query())
	width := min(cardWidth, widest)
	height := min(cardHeight(width), highest)
	answer := oEmbed{
		Type: "rich", Version: "1.0", Title: a.name(l), AuthorName: a.from(), AuthorURL: s.Base + "/i/" + a.organisation.ID, ProviderName: siteName, ProviderURL: s.Base + "/",
		CacheAge: 86400, HTML: s.frameOf(l, a, query, width, height), Width: width, Height: height,
	}
	if widest >= paper.PreviewWidth && highest >= paper.PreviewHeight { // a picture may not be larger than what is asked for
		answer.ThumbnailURL, answer.ThumbnailWidth, answer.ThumbnailHeight = s.awardPicture(l, a).address, paper.PreviewWidth, paper.PreviewHeight
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("writing oEmbed: %w", err)
	}
	return send(c, mediaJSON, cacheAsk, body)
}

// most reads a bound of the size of a card; without one there is none that matters.
func most(c echo.Context, name string) (int, error) {
	text := c.QueryParam(name)
	if text == "" {
		return 1 << 20, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, failure{status: http.StatusBadRequest, code: "bad_request"}
	}
	return n, nil
}

// discovery is the address at which programs learn how to show the page of an award (oEmbed 1.0, section 4).
func (s *server) discovery(pageURL string) string {
	return s.Base + "/oembed?" + url.Values{"format": {"json"}, "url": {pageURL}}.Encode()
}
