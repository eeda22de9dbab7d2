// Second implementations for the interoperability tests. Reads one JSON document from standard input:
//   {"contexts": {url: text}, "documents": {url: object}, "tasks": [{"do": …, …}, …]}
// and writes an array with one answer a task: {"ok": …} or {"error": text}. Nothing is fetched: the document loader knows the
// contexts and documents it was given, and did:key.
import {createHash} from 'node:crypto';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {cryptosuite as eddsaRDFC2022} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {cryptosuite as eddsa2022} from '@digitalbazaar/eddsa-2022-cryptosuite';
import * as eddsaJCS2022 from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as ecdsaRDFC2019} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as ecdsaJCS2019 from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import {checkStatus, createList, decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import * as jose from 'jose';
import jsigs from 'jsonld-signatures';

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

// The key pair of a seed for Ed25519, and a new one for the other curves.
async function signer({seed, curve}) {
  const pair = curve ? await EcdsaMultikey.generate({curve}) : await Ed25519Multikey.generate({seed: createHash('sha256').update(seed).digest()});
  const {publicKeyMultibase} = await pair.export({publicKey: true});
  pair.controller = `did:key:${publicKeyMultibase}`;
  pair.id = `${pair.controller}#${publicKeyMultibase}`;
  return pair;
}

// What makes a cryptosuite for signing, and for verifying.
const both = ({createSignCryptosuite, createVerifyCryptosuite}) => [createSignCryptosuite, createVerifyCryptosuite];
const cryptosuites = {
  'eddsa-rdfc-2022': [() => eddsaRDFC2022, () => eddsaRDFC2022],
  'eddsa-2022': [() => eddsa2022, () => eddsa2022],
  'eddsa-jcs-2022': both(eddsaJCS2022),
  'ecdsa-rdfc-2019': [() => ecdsaRDFC2019, () => ecdsaRDFC2019],
  'ecdsa-jcs-2019': both(ecdsaJCS2019),
};

function signing(name, pair) {
  return name === 'Ed25519Signature2020' ? new Ed25519Signature2020({key: pair}) :
    new DataIntegrityProof({signer: pair.signer(), cryptosuite: cryptosuites[name ?? 'eddsa-rdfc-2022'][0]()});
}

const verifying = () => [new Ed25519Signature2020(), ...Object.values(cryptosuites).map(([, create]) => new DataIntegrityProof({cryptosuite: create()}))];

const tasks = {
  // A credential with one proof for each of keys: {suite, seed or curve}. Its issuer is the first key.
  async issue({credential, keys}) {
    const pairs = await Promise.all(keys.map(signer));
    const issuer = typeof credential.issuer === 'string' ? pairs[0].controller : {...credential.issuer, id: pairs[0].controller};
    let issued = {...credential, issuer};
    for(const [i, pair] of pairs.entries()) {
      issued = await vc.issue({credential: issued, suite: signing(keys[i].suite, pair), documentLoader});
    }
    return issued;
  },
  // Whether one of the proofs verifies, and whether each does.
  async verify({credential}) {
    const entries = [].concat(credential.credentialStatus ?? []);
    const result = await vc.verifyCredential({credential, suite: verifying(), documentLoader,
      checkStatus: entries.length ? options => checkStatus({...options, suite: verifying(), verifyBitstringStatusListCredential: true}) : undefined});
    return {verified: result.verified, each: result.results?.map(r => r.verified), error: result.error?.errors?.map(String).join('; ') ?? result.error?.message,
      status: result.statusResult?.results?.map(r => ({purpose: r.credentialStatus?.statusPurpose, status: r.status}))};
  },
  // Each credential in a presentation, and its own proof for authentication, which answers no challenge.
  async present({presentation}) {
    const result = await vc.verify({presentation, suite: verifying(), documentLoader, presentationPurpose: new jsigs.purposes.ControllerProofPurpose({term: 'authentication'}),
      checkStatus: options => checkStatus({...options, suite: verifying(), verifyBitstringStatusListCredential: true})});
    return {verified: result.verified, signed: result.presentationResult?.verified, each: result.credentialResults?.map(r => r.verified),
      error: result.error?.errors?.map(String).join('; ') ?? result.error?.message};
  },
  // A status list credential of the seed's key with the given indexes set.
  async list({id, purpose, set, seed}) {
    const list = await createList({length: 131072});
    for(const index of set) {
      list.setStatus(index, true);
    }
    const pair = await signer({seed});
    return vc.issue({suite: signing('eddsa-rdfc-2022', pair), documentLoader, credential: {
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
