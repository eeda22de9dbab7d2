//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"syscall/js"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/device"
	"github.com/laurelbadges/laurel/internal/pack"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// settings are what the page says with each call, as JSON.
type settings struct {
	Language wording.Language `json:"language"`
	Name     string           `json:"name"`     // of the file
	Base     string           `json:"base"`     // public address of the server; "" reads nothing there
	At       time.Time        `json:"at"`       // zero: now
	Signer   string           `json:"signer"`   // DID of whoever signs the packs of this server
	Document string           `json:"document"` // its DID document; "" where the DID is its own
	Home     string           `json:"home"`     // public address of the server that the page came from
	Issuers  []wording.Issuer `json:"issuers"`  // of that server; null where they are not known
}

// packed is what the page tells of a pack.
type packed struct {
	Made      string `json:"made"` // in words
	Age       string `json:"age"`  // in words
	Name      string `json:"name"` // of whoever signed it
	DID       string `json:"did"`  // the same, as it is proven
	Key       string `json:"key"`  // that signed it
	Documents int    `json:"documents"`
	Problem   string `json:"problem,omitempty"` // instead of all: why it cannot be used, in words
}

// checker is the program. A worker of the page calls it, one call after the other.
type checker struct {
	pack   *pack.Pack // nil without one
	memory verifier.Memory
}

// main offers laurel.check(bytes, settings), laurel.pack(bytes, settings) and laurel.forget() to the script around it. The first two
// answer with a promise of JSON text.
func main() {
	debug.SetGCPercent(200) // a page has the memory, and a phone's processor has not the time
	c := &checker{}
	js.Global().Set("laurel", js.ValueOf(map[string]any{
		"check":  promised(c.check),
		"pack":   promised(c.open),
		"forget": js.FuncOf(func(js.Value, []js.Value) any { c.pack = nil; return nil }),
	}))
	select {}
}

// promised makes a function of JavaScript, of bytes and settings, that answers with a promise of JSON text.
func promised(do func(input []byte, s settings) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		input := make([]byte, args[0].Length())
		js.CopyBytesToGo(input, args[0])
		given := args[1].String()
		var start js.Func
		start = js.FuncOf(func(_ js.Value, ends []js.Value) any {
			go func() {
				defer start.Release()
				defer func() {
					if recover() != nil { // one input that ends in a fault must not take the page with it
						ends[1].Invoke("fault")
					}
				}()
				var s settings
				err := json.Unmarshal([]byte(given), &s)
				var answer any
				if err == nil {
					answer, err = do(input, s)
				}
				var text []byte
				if err == nil {
					text, err = json.Marshal(answer)
				}
				if err != nil {
					ends[1].Invoke(err.Error())
					return
				}
				ends[0].Invoke(string(text))
			}()
			return nil
		})
		return js.Global().Get("Promise").New(start)
	})
}

func (c *checker) check(input []byte, s settings) (any, error) {
	o := verifier.Options{At: s.At, Profile: credential.OpenBadges, Memory: &c.memory}
	if s.Base != "" {
		o.Fetch = (&device.Own{Base: s.Base, Read: read, Now: time.Now}).ForInput()
	}
	if c.pack != nil {
		o.Fetch = c.pack.After(o.Fetch)
	}
	page := device.Page{Language: s.Language}
	if s.Issuers != nil {
		page.Here = wording.NewHere(s.Home, s.Issuers)
	}
	if c.pack != nil {
		page.Pack = c.pack.Made
	}
	return device.Check(context.Background(), s.Name, input, page, o)
}

func (c *checker) open(text []byte, s settings) (any, error) {
	p, err := pack.Open(text, pack.Signer(s.Signer, []byte(s.Document)))
	if err != nil {
		return packed{Problem: s.Language.Say("page.device.pack." + pack.Why(err))}, nil
	}
	c.pack = p
	return packed{Made: s.Language.Instant(p.Made).Words, Age: s.Language.Age(&p.Made, time.Now(), ""), Name: wording.First(p.Name, p.Issuer), DID: p.Issuer, Key: p.Key, Documents: p.Len()}, nil
}

// readTime is how long the server may take to answer.
const readTime = 6 * time.Second

// read has the browser read an address of the server that the page came from: without cookies, without saying where from, and without
// following it elsewhere.
func read(ctx context.Context, address string, limit int) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	stop := js.Global().Get("AbortController").New()
	defer stop.Call("abort")
	answer, err := await(ctx, js.Global().Call("fetch", address, map[string]any{
		"mode": "same-origin", "credentials": "omit", "redirect": "error", "referrerPolicy": "no-referrer", "cache": "no-cache",
		"headers": map[string]any{"Accept": "application/vc, application/did+json, application/ld+json, application/json;q=0.9, */*;q=0.1"},
		"signal":  stop.Get("signal"),
	}))
	if err != nil {
		return nil, 0, err
	}
	status := answer.Get("status").Int()
	if status != 200 {
		return nil, status, nil
	}
	reader := answer.Get("body").Call("getReader")
	var body []byte
	for {
		part, err := await(ctx, reader.Call("read"))
		if err != nil {
			return nil, 0, err
		}
		if part.Get("done").Bool() {
			return body, status, nil
		}
		chunk := part.Get("value")
		if len(body)+chunk.Length() > limit {
			return nil, 0, device.ErrTooLong
		}
		at := len(body)
		body = append(body, make([]byte, chunk.Length())...)
		js.CopyBytesToGo(body[at:], chunk)
	}
}

// await waits for a promise.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	good, bad := make(chan js.Value, 1), make(chan struct{}, 1)
	done := js.FuncOf(func(_ js.Value, args []js.Value) any { good <- args[0]; return nil })
	failed := js.FuncOf(func(js.Value, []js.Value) any { bad <- struct{}{}; return nil })
	promise.Call("then", done, failed)
	select { // neither function is released before the promise is settled
	case v := <-good:
		done.Release()
		failed.Release()
		return v, nil
	case <-bad:
		done.Release()
		failed.Release()
		return js.Undefined(), errors.New("the browser could not read it")
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}
