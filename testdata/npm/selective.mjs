// @digitalbazaar/ecdsa-sd-2023-cryptosuite for the interoperability tests of selective disclosure. Reads one JSON document from
// standard input: {"contexts": {url: text}, "tasks": [{"do": …, …}, …]} and writes an array with one answer a task: {"ok": …} or
// {"error": text}. Nothing is fetched: the document loader knows the contexts that it was given, and did:key.
import {createDiscloseCryptosuite, createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as primitives from '@digitalbazaar/di-sd-primitives';
import * as vc from '@digitalbazaar/vc';
import jsigs from 'jsonld-signatures';
import {createHash} from 'node:crypto';

const input = JSON.parse(await new Promise((resolve, reject) => {
  const parts = [];
  process.stdin.on('data', part => parts.push(part)).on('end', () => resolve(Buffer.concat(parts).toString())).on('error', reject);
}));

async function documentLoader(url) {
  const found = document => ({contextUrl: null, documentUrl: url, document});
  if(input.contexts[url]) {
    return found(JSON.parse(input.contexts[url]));
  }
  if(url.startsWith('did:key:')) {
    const [did, fragment] = url.split('#');
    const key = did.slice('did:key:'.length);
    const method = {id: `${did}#${key}`, type: 'Multikey', controller: did, publicKeyMultibase: key};
    if(fragment) {
      return found({'@context': 'https://w3id.org/security/multikey/v1', ...method});
    }
    return found({'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id: did,
      verificationMethod: [method], assertionMethod: [method.id], authentication: [method.id]});
  }
  throw new Error(`not known: ${url}`);
}

const tasks = {
  // A base proof with a key of its own; the credential's issuer is set to that key.
  async base({credential, pointers}) {
    const pair = await EcdsaMultikey.generate({curve: 'P-256'});
    const {publicKeyMultibase} = await pair.export({publicKey: true});
    const issuer = `did:key:${publicKeyMultibase}`;
    pair.controller = issuer;
    pair.id = `${issuer}#${publicKeyMultibase}`;
    const named = typeof credential.issuer === 'string' ? issuer : {...credential.issuer, id: issuer};
    const suite = new DataIntegrityProof({signer: pair.signer(), cryptosuite: createSignCryptosuite({mandatoryPointers: pointers})});
    return vc.issue({credential: {...credential, issuer: named}, suite, documentLoader});
  },
  async derive({credential, pointers}) {
    const suite = new DataIntegrityProof({cryptosuite: createDiscloseCryptosuite({selectivePointers: pointers})});
    return vc.derive({verifiableCredential: credential, suite, documentLoader});
  },
  async verify({credential}) {
    const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
    // Not as a credential: what is revealed need not be a whole one.
    const result = await jsigs.verify(credential, {suite, purpose: new jsigs.purposes.AssertionProofPurpose(), documentLoader});
    return {verified: result.verified, error: result.error?.errors?.map(e => String(e?.message ?? e)).join('; ') ?? result.error?.message};
  },
  // The statements of a document, and which of them pointers select, under labels of a key.
  async group({credential, pointers, key}) {
    const hmac = await primitives.createHmac({key: createHash('sha256').update(key).digest()});
    const {groups, nquads} = await primitives.canonicalizeAndGroup({
      document: credential, labelMapFactoryFunction: primitives.createHmacIdLabelMapFunction({hmac}), groups: {mandatory: pointers}, options: {documentLoader}});
    return {all: nquads, selected: [...groups.mandatory.matching.keys()]};
  },
};

const answers = [];
for(const task of input.tasks) {
  try {
    answers.push({ok: await tasks[task.do](task)});
  } catch(e) {
    answers.push({error: String(e?.details?.event?.message ?? e?.message ?? e)});
  }
}
process.stdout.write(JSON.stringify(answers));
