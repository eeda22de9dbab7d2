// Writes the files of other people's making that the program carries, from the installed packages, so that each has a source with a
// version: the fonts of certificates and link previews, and the decoder of QR codes for cameras. Run from the root of the repository
// after `npm ci` in testdata/npm:
//
//   node testdata/npm/vendored.mjs           writes the files (the decoder is bundled by esbuild, which go run fetches)
//   node testdata/npm/vendored.mjs --check   writes nothing; exit status 1 and a line per file that differs from its package
import {createHash} from 'node:crypto';
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = new URL('../../', import.meta.url);
const packages = new URL('node_modules/', import.meta.url);
const esbuild = 'github.com/evanw/esbuild/cmd/esbuild@v0.28.2';

const serif = '@expo-google-fonts/source-serif-4/';
const sans = '@expo-google-fonts/source-sans-3/';
const copied = {
  'internal/paper/fonts/SourceSerif4-SemiBold.ttf': serif + '600SemiBold/SourceSerif4_600SemiBold.ttf',
  'internal/paper/fonts/SourceSerif4-LICENSE.txt': serif + 'LICENSE_FONT',
  'internal/paper/fonts/SourceSans3-Regular.ttf': sans + '400Regular/SourceSans3_400Regular.ttf',
  'internal/paper/fonts/SourceSans3-SemiBold.ttf': sans + '600SemiBold/SourceSans3_600SemiBold.ttf',
  'internal/paper/fonts/SourceSans3-LICENSE.txt': sans + 'LICENSE_FONT',
};
const decoder = 'internal/web/static/qr.js';

const read = path => readFileSync(new URL(path, packages));
const digest = path => createHash('sha256').update(read(path)).digest('hex');

// head says where the decoder comes from: the package, its modules with their hashes, its licence.
function head() {
  const {version} = JSON.parse(read('qr/package.json'));
  return `/*! npm qr ${version}, bundled and made smaller by esbuild from\n` +
    `decode.js ${digest('qr/decode.js')}\nindex.js ${digest('qr/index.js')}\n\n${read('qr/LICENSE-MIT')}*/\n`;
}

function bundle() {
  return execFileSync('go', ['run', esbuild, '--bundle', '--minify', '--format=esm', '--legal-comments=none'], {
    input: `export {default as decodeQR} from ${JSON.stringify(fileURLToPath(new URL('qr/decode.js', packages)))};`,
    cwd: fileURLToPath(root), maxBuffer: 1 << 24,
  });
}

const current = path => {
  try {
    return readFileSync(new URL(path, root));
  } catch {
    return Buffer.alloc(0);
  }
};

if(process.argv.includes('--check')) {
  const wrong = Object.keys(copied).filter(path => !current(path).equals(read(copied[path])));
  if(!current(decoder).toString().startsWith(head())) {
    wrong.push(decoder);
  }
  wrong.forEach(path => console.log(`${path} differs from its package; run make vendored`));
  process.exitCode = wrong.length ? 1 : 0;
} else {
  mkdirSync(new URL('internal/paper/fonts/', root), {recursive: true});
  for(const [path, from] of Object.entries(copied)) {
    writeFileSync(new URL(path, root), read(from));
  }
  writeFileSync(new URL(decoder, root), head() + bundle());
}
