// The peers that `make bench-peers` measures beside Laurel: one long-lived process. The first line of standard input is a JSON
// object with what they work on:
//   {"contexts": {url: text}, "documents": {url: text}, "seed": base64, "unsigned": text, "sealed": text, "token": text, "payload": object}
// and each line after it asks for one run: {"run": name, "milliseconds": number}. Each is answered with one line: {"ready": true},
// then {"operations": number, "cpuMicroseconds": number, "p50": milliseconds, "p99": milliseconds}, or {"error": text}.
//
// Processor time is that of the process, with the threads that collect garbage and compile. Nothing is fetched. The loader of
// jsonld.js gets contexts with the tag "static", as their makers do, so that resolved contexts are shared between calls.
import {createInterface} from 'node:readline';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import * as jose from 'jose';

const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]();
const next = async () => {
  const {value, done} = await lines.next();
  return done ? undefined : JSON.parse(value);
};
const answer = object => process.stdout.write(JSON.stringify(object) + '\n');

// What a library prints is no answer.
console.log = console.warn = console.error = () => {};

const input = await next();

// verifier-core loads status lists and JSON Schemas by fetch and takes no loader: they are answered from memory.
globalThis.fetch = async request => {
  const url = String(request.url ?? request);
  const text = input.documents[url];
  if(text === undefined) {
    throw new Error(`not known: ${url}`);
  }
  return new Response(text, {headers: {'content-type': 'application/json'}});
};
const {verifyCredential} = await import('@digitalcredentials/verifier-core');

const contexts = new Map(Object.entries(input.contexts).map(([url, text]) =>
  [url, {contextUrl: null, documentUrl: url, document: JSON.parse(text), tag: 'static'}]));

async function documentLoader(url) {
  const context = contexts.get(url);
  if(context) {
    return context;
  }
  if(url in input.documents) {
    return {contextUrl: null, documentUrl: url, document: JSON.parse(input.documents[url])};
  }
  if(url.startsWith('did:key:')) {
    const [did, fragment] = url.split('#');
    const key = did.slice('did:key:'.length);
    const method = {id: `${did}#${key}`, type: 'Multikey', controller: did, publicKeyMultibase: key};
    const document = fragment ?
      {'@context': 'https://w3id.org/security/multikey/v1', ...method} :
      {'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id: did,
        verificationMethod: [method], assertionMethod: [method.id], authentication: [method.id]};
    return {contextUrl: null, documentUrl: url, document};
  }
  throw new Error(`not known: ${url}`);
}

const pair = await Ed25519Multikey.generate({seed: Buffer.from(input.seed, 'base64')});
pair.controller = `did:key:${pair.publicKeyMultibase}`;
pair.id = `${pair.controller}#${pair.publicKeyMultibase}`;
const signing = {suite: new DataIntegrityProof({signer: pair.signer(), cryptosuite}), documentLoader};
const checking = {suite: new DataIntegrityProof({cryptosuite}), documentLoader};

const raw = Buffer.from(input.seed, 'base64');
const jwk = {kty: 'OKP', crv: 'Ed25519', d: raw.toString('base64url'), x: Buffer.from((await pair.export({publicKey: true, raw: true})).publicKey).toString('base64url')};
const privateKey = await jose.importJWK(jwk, 'EdDSA');
const publicKey = await jose.importJWK({...jwk, d: undefined}, 'EdDSA');

function must(good, what) {
  if(!good) {
    throw new Error(JSON.stringify(what, (name, value) => value instanceof Error ? {name: value.name, message: value.message, errors: value.errors} : value));
  }
}

const contenders = {
  async issue() {
    return JSON.stringify(await vc.issue({credential: JSON.parse(input.unsigned), ...signing}));
  },
  async verify() {
    const result = await vc.verifyCredential({credential: JSON.parse(input.sealed), ...checking, checkStatus: () => ({verified: true})});
    must(result.verified, result);
  },
  async verifyWithStatus() {
    const result = await vc.verifyCredential({credential: JSON.parse(input.sealed), ...checking,
      checkStatus: options => checkStatus({...options, suite: checking.suite, verifyBitstringStatusListCredential: true})});
    must(result.verified, result);
  },
  async verifierCore() {
    const result = await verifyCredential({credential: JSON.parse(input.sealed), knownDIDRegistries: []});
    const passed = id => result.log?.find(step => step.id === id)?.valid === true;
    must(passed('valid_signature') && passed('expiration') && passed('revocation_status'), result);
    const schema = result.additionalInformation?.[0]?.results;
    must(Array.isArray(schema) && schema[0].result.valid, schema);
  },
  async joseSign() {
    return new jose.CompactSign(new TextEncoder().encode(JSON.stringify(input.payload)))
      .setProtectedHeader({alg: 'EdDSA', typ: 'JWT', kid: pair.id}).sign(privateKey);
  },
  async joseVerify() {
    return jose.jwtVerify(input.token, publicKey);
  },
};

async function run({run, milliseconds}) {
  const contender = contenders[run];
  const took = [];
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  for(let now = performance.now(); now < end;) {
    await contender();
    const then = performance.now();
    took.push(then - now);
    now = then;
  }
  const {user, system} = process.cpuUsage(before);
  took.sort((a, b) => a - b);
  const at = share => took[Math.min(took.length - 1, Math.floor(took.length * share))];
  return {operations: took.length, cpuMicroseconds: user + system, p50: at(0.5), p99: at(0.99)};
}

answer({ready: true});
for(let command = await next(); command; command = await next()) {
  try {
    answer(await run(command));
  } catch(e) {
    answer({error: String(e?.message ?? e).slice(0, 2000)});
  }
}
process.exit(0);
