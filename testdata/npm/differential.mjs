// The second reading of the differential test: jsonld with rdf-canonize. The first line of standard input is
//   {"contexts": {url: {"@context": …}, …}}
// and each line after it {"document": {…}, "hash": "sha256" or "sha384", "kept": boolean}; each is answered by one line: {"ok": canonical
// N-Quads} or {"error": text}.
//
// jsonld keeps the contexts it has processed, and with them the warnings of the document for which it did so: for these it
// refuses the next document too. A document that is refused is therefore read again with nothing kept, unless "kept" is true.
import {createInterface} from 'node:readline';
import jsonld from 'jsonld';
import ContextResolver from 'jsonld/lib/ContextResolver.js';
import * as canonize from 'rdf-canonize';

const lines = createInterface({input: process.stdin, crlfDelay: Infinity})[Symbol.asyncIterator]();
const {contexts} = JSON.parse((await lines.next()).value);

async function documentLoader(url) {
  if(!Object.hasOwn(contexts, url)) {
    throw new Error(`not known: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document: contexts[url]};
}

// Work is not limited by rdf-canonize's count, which refuses three blank nodes that are alike, but by time.
async function canonical({document, hash}, options) {
  const dataset = await jsonld.toRDF(document, {documentLoader, safe: true, base: null, rdfDirection: 'i18n-datatype', ...options});
  return canonize.canonize(dataset, {algorithm: 'RDFC-1.0', format: 'application/n-quads', messageDigestAlgorithm: hash,
    maxWorkFactor: Infinity, signal: AbortSignal.timeout(5000)});
}

async function answer(task) {
  try {
    try {
      return {ok: await canonical(task, {})};
    } catch(e) {
      if(task.kept) {
        throw e;
      }
      return {ok: await canonical(task, {contextResolver: new ContextResolver({sharedCache: new Map()})})};
    }
  } catch(e) {
    return {error: [e?.message, e?.details?.event?.message, e?.details?.code].filter(Boolean).join(' / ') || String(e)};
  }
}

for await (const line of lines) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n');
}
