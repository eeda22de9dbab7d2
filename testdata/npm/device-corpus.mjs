// Runs the verifier for browsers outside of one. Reads one JSON document from standard input:
//   {"runtime": path of wasm_exec.js, "program": path of the zipped verifier, "pack": path, "signer": DID, "at": RFC 3339, "files": [path, …]}
// Writes the reports of each file as texts: [[text, …], …].
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {runInThisContext} from 'node:vm';

const {runtime, program, pack, signer, at, files} = JSON.parse(readFileSync(0, 'utf8'));
runInThisContext(readFileSync(runtime, 'utf8'));
const go = new Go();
const {instance} = await WebAssembly.instantiate(gunzipSync(readFileSync(program)), go.importObject);
go.run(instance);
const opened = JSON.parse(await laurel.pack(new Uint8Array(readFileSync(pack)), JSON.stringify({language: 'en', signer})));
if(opened.problem) {
  throw new Error(opened.problem);
}
const all = [];
for(const file of files) {
  const shown = JSON.parse(await laurel.check(new Uint8Array(readFileSync(file)), JSON.stringify({language: 'es', name: basename(file), at})));
  all.push(shown.map(({json}) => json));
}
process.stdout.write(JSON.stringify(all), () => process.exit(0));
