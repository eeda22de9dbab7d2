// Second implementations for the interoperability tests. Reads one JSON document from standard input:
//   {"contexts": {url: text}, "documents": {url: object}, "tasks": [{"do": …, …}, …]}
// and writes an array with one answer a task: {"ok": …} or {"error": text}. Nothing is fetched: the document loader knows the
// contexts and documents it was given, and did:key.
import {createHash} from 'node:crypto';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {checkStatus, createList, decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import * as jose from 'jose';

const input = JSON.parse(await new Promise((resolve, reject) => {
  const parts = [];
  process.stdin.on('data', part => parts.push(part)).on('end', () => resolve(Buffer.concat(parts).toString())).on('error', reject);
}));

async function documentLoader(url) {
  const found = document => ({contextUrl: null, documentUrl: url, document});
  if(input.contexts[url]) {
    return found(JSON.parse(input.contexts[url]));
  }
  if(input.documents?.[url]) {
    return found(input.documents[url]);
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

async function signer(seed) {
  const pair = await Ed25519Multikey.generate({seed: createHash('sha256').update(seed).digest()});
  pair.controller = `did:key:${pair.publicKeyMultibase}`;
  pair.id = `${pair.controller}#${pair.publicKeyMultibase}`;
  return pair;
}

const suite = pair => new DataIntegrityProof({signer: pair?.signer(), cryptosuite});

const tasks = {
  // A credential with the key of a seed; its issuer is set to that key.
  async issue({credential, seed}) {
    const pair = await signer(seed);
    const issuer = typeof credential.issuer === 'string' ? pair.controller : {...credential.issuer, id: pair.controller};
    return vc.issue({credential: {...credential, issuer}, suite: suite(pair), documentLoader});
  },
  async verify({credential}) {
    const entries = [].concat(credential.credentialStatus ?? []);
    const result = await vc.verifyCredential({credential, suite: suite(), documentLoader,
      checkStatus: entries.length ? options => checkStatus({...options, suite: suite(), verifyBitstringStatusListCredential: true}) : undefined});
    return {verified: result.verified, error: result.error?.errors?.map(String).join('; ') ?? result.error?.message,
      status: result.statusResult?.results?.map(r => ({purpose: r.credentialStatus?.statusPurpose, status: r.status}))};
  },
  // A status list credential of the seed's key with the given indexes set.
  async list({id, purpose, set, seed}) {
    const list = await createList({length: 131072});
    for(const index of set) {
      list.setStatus(index, true);
    }
    const pair = await signer(seed);
    return vc.issue({suite: suite(pair), documentLoader, credential: {
      '@context': ['https://www.w3.org/ns/credentials/v2'], id, type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      issuer: pair.controller, credentialSubject: {id: `${id}#list`, type: 'BitstringStatusList', statusPurpose: purpose, encodedList: await list.encode()},
    }});
  },
  async bits({encodedList, indexes}) {
    const list = await decodeList({encodedList});
    return indexes.map(i => list.getStatus(i));
  },
  async jwtSign({payload, header, jwk}) {
    return new jose.CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader(header).sign(await jose.importJWK(jwk, header.alg));
  },
  async jwtVerify({token, jwk}) {
    const {payload, protectedHeader} = await jose.jwtVerify(token, await jose.importJWK(jwk, jose.decodeProtectedHeader(token).alg));
    return {payload, header: protectedHeader};
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
