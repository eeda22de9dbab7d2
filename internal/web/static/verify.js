// Makes the form of /verify more comfortable; it works without. Files, folders and pictures may be dropped anywhere on the page or
// pasted; the form says what it holds, and that it is being sent.
'use strict';

const form = document.getElementById('check');
const field = document.getElementById('credential');
const told = document.getElementById('sending');
const most = Number(form.dataset.most), mostBytes = Number(form.dataset.bytes), mostFile = Number(form.dataset.file);

function say(text, state) {
  told.textContent = text;
  told.className = 'sending' + (state ? ' ' + state : '');
}

function size(bytes) {
  const unit = bytes < 1e6 ? 'kilobyte' : 'megabyte';
  const number = bytes < 1e6 ? Math.ceil(bytes / 1e3) : Math.round(bytes / 1e5) / 10;
  return new Intl.NumberFormat(document.documentElement.lang, {style: 'unit', unit}).format(number);
}

function fill(text, files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return text.replace('%n', files.length).replace('%s', size(bytes));
}

// What would be refused is said before it is sent.
function check() {
  const files = [...field.files];
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if(files.length > most) {
    say(fill(form.dataset.toomany, files), 'trouble');
  } else if(bytes > mostBytes) {
    say(fill(form.dataset.toomuch, files), 'trouble');
  } else if(files.length === 1 && bytes > mostFile) {
    say(fill(form.dataset.toolarge, files), 'trouble');
  } else {
    say(files.length ? fill(form.dataset.chosen, files) : '');
    return true;
  }
  return false;
}

function add(files) {
  if(!files.length) {
    return;
  }
  const all = new DataTransfer();
  for(const file of [...field.files, ...files]) {
    all.items.add(file);
  }
  field.files = all.files;
  check();
}

// Gathers all files below what was dropped, a few more than may be sent at most, and counts what cannot be read. A folder tells its
// files in portions. Hidden files are what a computer added.
async function gather(entry, found) {
  if(found.files.length > most || entry.name.startsWith('.')) {
    return;
  }
  try {
    if(entry.isFile) {
      found.files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for(;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if(!some.length || found.files.length > most) {
        return;
      }
      for(const inside of some) {
        await gather(inside, found);
      }
    }
  } catch {
    found.unread++;
  }
}

field.addEventListener('change', check);

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
document.addEventListener('drop', async event => {
  form.classList.remove('dropping');
  if(!event.dataTransfer?.types.includes('Files')) {
    return;
  }
  event.preventDefault();
  const entries = [...event.dataTransfer.items].filter(item => item.kind === 'file').map(item => item.webkitGetAsEntry?.());
  if(!entries.length || entries.includes(null) || entries.includes(undefined)) {
    add([...event.dataTransfer.files]);
    return;
  }
  const found = {files: [], unread: 0};
  for(const entry of entries) {
    await gather(entry, found);
  }
  add(found.files);
  if(found.unread) {
    say(form.dataset.unread.replace('%n', found.unread), 'trouble');
  }
});

document.addEventListener('paste', event => {
  const files = [...event.clipboardData?.files ?? []];
  if(files.length) {
    event.preventDefault();
    add(files);
  }
});

form.addEventListener('submit', event => {
  if(!check()) {
    event.preventDefault();
    field.focus();
    return;
  }
  say(field.files.length ? fill(form.dataset.sending, [...field.files]) : form.dataset.text, 'at-work');
});
// Whoever comes back to the page finds it at rest.
window.addEventListener('pageshow', check);

// The camera: what reads a code is loaded when somebody chooses to.
const scan = document.getElementById('scan'), scanner = document.getElementById('scanner'), aim = document.getElementById('aim');
let stop;

function rest(words, state) {
  stop?.abort();
  stop = undefined;
  scanner.hidden = true;
  scan.hidden = false;
  say(words, state);
}

async function look() {
  const camera = document.getElementById('camera');
  stop = new AbortController();
  const signal = stop.signal;
  scan.hidden = true;
  scanner.hidden = false;
  aim.textContent = form.dataset.aim;
  document.getElementById('scan-stop').focus();
  let found;
  try {
    const {read} = await import(form.dataset.scan);
    found = await read(camera, form.dataset.decoder, signal);
  } catch(error) {
    if(!signal.aborted) {
      rest(error.name === 'NotAllowedError' ? form.dataset.denied : form.dataset.nocamera, 'trouble');
      scan.focus();
    }
    return;
  }
  if(found) {
    rest(form.dataset.found);
    document.getElementById('text').value = found;
    field.value = '';
    form.requestSubmit();
  }
}

if(!navigator.mediaDevices?.getUserMedia) {
  scan.classList.add('away');
} else {
  scan.addEventListener('click', look);
  document.getElementById('scan-stop').addEventListener('click', () => {
    rest('');
    scan.focus();
  });
  window.addEventListener('pagehide', () => rest(''));
  document.addEventListener('visibilitychange', () => {
    if(document.hidden && stop) {
      rest('');
    }
  });
}
