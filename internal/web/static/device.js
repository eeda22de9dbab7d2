// The page that checks on this device. What is chosen here goes to a worker of this page and nowhere else.
'use strict';

const form = document.getElementById('device');
const field = document.getElementById('credential');
const text = document.getElementById('text');
const told = document.getElementById('sending');
const submit = form.querySelector('button[type=submit]');
const quiet = document.getElementById('quiet');
const results = document.getElementById('results');
const reports = document.getElementById('reports');
const words = form.dataset;

function say(where, what, state) {
  where.textContent = what;
  where.className = 'sending' + (state ? ' ' + state : '');
}

// The verifier, in its worker.
const worker = new Worker(words.worker);
const waiting = new Map();
let last = 0;
let busy = false;
worker.addEventListener('message', ({data: {id, answer, trouble}}) => {
  const {resolve, reject} = waiting.get(id);
  waiting.delete(id);
  trouble === undefined ? resolve(answer) : reject(new Error(trouble));
});
worker.addEventListener('error', () => {
  for(const {reject} of waiting.values()) {
    reject(new Error('worker'));
  }
  waiting.clear();
});

function ask(act, bytes, more) {
  const settings = {language: document.documentElement.lang, signer: words.signer, document: words.document,
    home: words.base, issuers: words.here ? JSON.parse(words.here) : null, ...more};
  // Own documents are read from the address that they have for everybody; seen from another one, that is somewhere else.
  settings.base = location.origin === words.base && navigator.onLine && !quiet?.checked ? words.base : '';
  return new Promise((resolve, reject) => {
    waiting.set(++last, {resolve, reject});
    worker.postMessage({id: last, act, bytes, settings}, bytes ? [bytes.buffer] : []);
  });
}

// What the verifier says of a page: elements by name, texts as texts.
const tags = new Set(['a', 'article', 'bdi', 'code', 'dd', 'details', 'div', 'dl', 'dt', 'em', 'h2', 'h3', 'h4', 'li', 'ol', 'p', 'pre', 'section', 'span',
  'strong', 'summary', 'time', 'ul']);

function build(node) {
  if(node.tag === 'sign') {
    return document.getElementById('sign-' + node.text).content.firstElementChild.cloneNode(true);
  }
  if(!tags.has(node.tag)) {
    throw new Error('element');
  }
  const element = document.createElement(node.tag);
  if(node.class) {
    element.className = node.class;
  }
  if(node.text) {
    element.textContent = node.text;
  }
  if(node.lang) {
    element.lang = node.lang;
  }
  if(node.tag === 'time') {
    element.dateTime = node.time;
  }
  if(node.tag === 'a' && /^https?:/.test(node.link)) {
    element.href = node.link;
    element.rel = 'noreferrer nofollow';
  }
  if(node.tag === 'pre') {
    element.tabIndex = 0;
  }
  if(node.tag === 'bdi' || node.class?.includes('device-text')) {
    element.dir = 'auto';
  }
  element.append(...(node.in ?? []).map(build));
  return element;
}

const size = bytes => new Intl.NumberFormat(document.documentElement.lang, {style: 'unit', unit: bytes < 1e6 ? 'kilobyte' : 'megabyte'})
  .format(bytes < 1e6 ? Math.ceil(bytes / 1e3) : Math.round(bytes / 1e5) / 10);

// The field keeps the focus and does not tell what it holds.
function chosen() {
  const files = [...field.files];
  if(!busy && !submit.disabled) {
    say(told, files.length ? words.chosen.replace('%n', files.length).replace('%s', size(files.reduce((sum, file) => sum + file.size, 0))) : words.ready);
  }
}
field.addEventListener('change', chosen);

async function inputs() {
  const all = [];
  for(const file of field.files) {
    if(file.size > Number(words.file)) {
      throw new RangeError(words.toolarge.replace('%s', size(file.size)));
    }
    all.push({name: file.name, bytes: async () => new Uint8Array(await file.arrayBuffer())});
  }
  if(text.value.trim()) {
    all.push({name: '', bytes: async () => new TextEncoder().encode(text.value.trim())});
  }
  return all;
}

async function check() {
  if(busy) {
    return;
  }
  let given;
  try {
    given = await inputs();
  } catch(error) {
    say(told, error.message, 'trouble');
    field.focus();
    return;
  }
  if(!given.length) {
    say(told, words.ready);
    field.focus();
    return;
  }
  busy = true;
  reports.replaceChildren();
  results.hidden = false;
  results.classList.add('at-work');
  let count = 0;
  for(const {name, bytes} of given) {
    say(told, words.working, 'at-work');
    try {
      for(const {page} of await ask('check', await bytes(), {name})) {
        reports.append(build(page));
        count++;
      }
    } catch {
      busy = false;
      results.classList.remove('at-work');
      results.hidden = count === 0;
      say(told, words.trouble, 'trouble');
      return;
    }
  }
  busy = false;
  say(told, words.result.replace('%n', count));
  results.classList.remove('at-work');
  document.getElementById('found').focus();
}

form.addEventListener('submit', event => {
  event.preventDefault();
  check();
});

// Files may be dropped anywhere on the page, or pasted.
function take(event, data) {
  if(data?.files.length) {
    event.preventDefault();
    field.files = data.files;
    chosen();
  }
}
for(const type of ['dragenter', 'dragover']) {
  document.addEventListener(type, event => {
    if(event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      form.classList.add('dropping');
    }
  });
}
document.addEventListener('dragleave', event => {
  if(!event.relatedTarget) {
    form.classList.remove('dropping');
  }
});
document.addEventListener('drop', event => {
  form.classList.remove('dropping');
  take(event, event.dataTransfer);
});
document.addEventListener('paste', event => take(event, event.clipboardData));

// The pack stays in the memory of the worker.
const pack = document.getElementById('pack');
if(pack) {
  const state = document.getElementById('pack-state');
  const forget = document.getElementById('pack-forget');
  const by = document.getElementById('pack-by');
  let loaded = ''; // when the pack was made that is in use
  // What is refused takes nothing away: the pack that was loaded before it is still used.
  const refused = why => say(state, loaded ? `${why} ${words.stays.replace('%m', loaded)}` : why, 'trouble');
  const open = async read => {
    try {
      say(state, words.working, 'at-work');
      const found = await ask('pack', new Uint8Array(await read()));
      if(found.problem) {
        refused(found.problem);
        return;
      }
      loaded = found.made;
      const values = {'%m': found.made, '%a': found.age, '%n': found.documents};
      say(state, words.have.replace(/%[man]/g, name => values[name]));
      [found.name, found.did, found.key].forEach((value, i) => { by.querySelectorAll('bdi')[i].textContent = value; });
      by.hidden = forget.hidden = false;
    } catch {
      refused(words.unread);
    }
  };
  document.getElementById('pack-get').addEventListener('click', () => open(async () => {
    const answer = await fetch(words.pack, {credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-cache'});
    if(!answer.ok) {
      throw new Error(String(answer.status));
    }
    return answer.arrayBuffer();
  }));
  const file = document.getElementById('pack-file');
  file.addEventListener('change', () => {
    if(file.files.length) {
      open(() => file.files[0].arrayBuffer());
    }
  });
  forget.addEventListener('click', async () => {
    await ask('forget');
    by.hidden = forget.hidden = true;
    loaded = '';
    file.value = '';
    say(state, words.gone);
    document.getElementById('pack-get').focus();
  });
}

ask('load', undefined, {program: words.program, runtime: words.runtime}).then(() => {
  submit.disabled = false;
  for(const part of pack?.querySelectorAll('[disabled]') ?? []) {
    part.disabled = false;
  }
  chosen();
}, () => say(told, words.trouble, 'trouble'));
