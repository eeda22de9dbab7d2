// Walks through pages as people do: with and without colour, wide and narrow, by keyboard, without JavaScript. Reads one JSON
// document from standard input:
//   {"origin": "http://127.0.0.1:…", "stops": {name: {"path": …, "text": …, "files": [{"name": …, "text": …}], "status": …}},
//    "pictures": folder or ""}
// A stop with a text or files is reached through the form at its path. Writes {"looks": number, "pictures": number, "heaviest": {"bytes": number, "name": text}, "findings": [text, …]}.
import {readFileSync} from 'node:fs';
import {Eyes, comesAbout, empty, launch, resize, sizes} from './looks.mjs';

const parts = [];
for await (const part of process.stdin) {
  parts.push(part);
}
const {origin, stops, pictures} = JSON.parse(Buffer.concat(parts).toString());
const eyes = new Eyes(origin, pictures);
const browser = await launch();
const {findings} = eyes;

const asFile = ({name, text}) => ({name, mimeType: 'application/octet-stream', buffer: Buffer.from(text)});

// Opens a stop and notes everything that a browser complains about.
async function open(page, name, stop) {
  const status = response => {
    if(response.status() !== stop.status) {
      findings.push(`${name}: status ${response.status()}, not ${stop.status}`);
    }
  };
  if(!stop.text && !stop.files) {
    status(await page.goto(origin + stop.path));
    return;
  }
  await page.goto(origin + stop.path);
  await page.fill('textarea', stop.text ?? '');
  await page.setInputFiles('input[type=file]', (stop.files ?? []).map(asFile));
  const [response] = await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
  status(response);
}

const framed = /^card(-|$)/, cards = [[480, 264], [300, 440]]; // what HTML of ours gives a card

// One worker walks through some of the stops.
async function walk(names) {
  let name = '', turn = 0;
  const page = await eyes.page(browser, () => name);
  for(name of names) {
    const spanish = name.endsWith('-es');
    if(spanish) {
      await resize(page, sizes[turn++ % 2 ? 'narrow' : 'phone']);
    }
    await open(page, name, stops[name]);
    if(spanish) {
      await eyes.calm(page, name);
    }
    if(name === 'badge-unclaimed') {
      const sheets = (await page.pdf({format: 'Letter'})).toString('latin1').match(/\/Type\s*\/Page\b/g)?.length;
      if(sheets !== 1) {
        findings.push(`${name}: prints on ${sheets} pages`);
      }
    }
    await (spanish ? eyes.glance(page, name) : eyes.look(page, name));
    if(!spanish && !stops[name].text && !stops[name].files && await page.locator('script[src]').count()) {
      await eyes.comes(page, name, 'phone');
    }
    for(const [width, height] of framed.test(name) ? cards : []) { // as other sites show it
      await resize(page, {width, height});
      await page.reload();
      await eyes.calm(page, `${name}-${width}`);
      await eyes.picture(page, `${name}-${width}x${height}`);
      const cut = await page.evaluate(() => [document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth]);
      if(cut.some(much => much > 0)) {
        findings.push(`${name}: of ${width}x${height}, ${cut} are cut off`);
      }
      await resize(page, sizes.wide);
    }
    if(pictures) {
      await resize(page, {width: 760, height: 1000}); // A4 between its margins
      await page.emulateMedia({media: 'print'});
      await eyes.picture(page, `${name}-print`);
      await page.emulateMedia({media: null});
      await resize(page, sizes.wide);
    }
  }
  await page.context().close();
}

// Without JavaScript, by keyboard alone: from the front page to the form, a badge pasted and judged, its details unfolded, and a
// file chosen.
async function without() {
  const page = await empty(browser, {javaScriptEnabled: false, viewport: sizes.narrow});
  eyes.listen(page, () => 'without JavaScript');
  const expect = (what, locator) => eyes.expect(`without JavaScript: ${what} is not there`, async () => await locator.count() === 1 && await locator.isVisible());
  await page.goto(`${origin}/`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // over the links of the site, into the content
  await eyes.expect('without JavaScript: the first Tab does not lead into the content', () => page.url().endsWith('#main'));
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  await expect('the form', page.locator('form'));
  await page.locator('textarea').focus();
  await page.keyboard.type('{"exhibit":"revoked"}');
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  await expect('the verdict', page.locator('h1', {hasText: 'Authentic, but revoked'}));
  await page.locator('summary', {hasText: 'Technical report'}).focus();
  await page.keyboard.press('Enter');
  await expect('the technical report', page.locator('.steps'));
  await page.goto(`${origin}/verify`);
  await page.locator('input[type=file]').setInputFiles({name: 'badge.json', mimeType: 'application/json', buffer: Buffer.from('{"exhibit":"expired"}')});
  await Promise.all([page.waitForNavigation(), page.locator('button[type=submit]').press('Enter')]);
  await expect('the verdict on a file', page.locator('h1', {hasText: 'Authentic, but expired'}));
  await page.context().close();
}

// The table, with JavaScript or without: answers are told apart, a report is one click away, and what is saved is a file. With it,
// the columns are sorted.
async function table(javaScriptEnabled) {
  const how = javaScriptEnabled ? 'the table' : 'the table without JavaScript';
  const expect = (what, so) => eyes.expect(`${how}: ${what}`, so);
  for(const size of ['wide', 'narrow']) {
    const page = await empty(browser, {javaScriptEnabled, viewport: sizes[size], acceptDownloads: true});
    eyes.listen(page, () => how);
    const stop = stops.table;
    await open(page, how, stop);
    const shown = () => page.locator('tbody:visible').count();
    const all = stop.files.length + 1;
    await expect(`there are not ${all} rows for the files and a link`, async () => await shown() === all);
    await expect('it is still at work', async () => !await page.locator('.busy').isVisible());
    await expect('the counts are not above the rows', async () => {
      const counts = await page.locator('.counts').boundingBox(), rows = await page.locator('#rows').boundingBox();
      return counts.y + counts.height <= rows.y;
    });
    await page.locator('#show-no').check();
    await expect('the filter shows other answers', async () => await shown() === await page.locator('tbody.r-no').count() && await shown() < all);
    await eyes.picture(page, `${javaScriptEnabled ? 'table' : 'table-plain'}-filtered-${size}`);
    await page.locator('#show-all').check();
    await page.locator('tbody:nth-of-type(2) .pill').click();
    await expect('the report is not shown', async () => await page.locator('#report-2').isVisible() && await page.locator('.report:visible').count() === 1);
    await page.locator('#report-2 summary').click();
    await expect('the technical report is not shown', () => page.locator('#report-2 .steps').isVisible());
    if(javaScriptEnabled) {
      await eyes.judge(page, `table-report-${size}`);
      await eyes.fits(page, `table-report-${size}`);
    }
    await eyes.picture(page, `${javaScriptEnabled ? 'table' : 'table-plain'}-report-${size}`);
    for(const [what, locator] of Object.entries({
      csv: page.locator('a[download$=".csv"]'), xlsx: page.locator('a[download$=".xlsx"]'), json: page.locator('a[download$=".json"]'),
      pdf: page.locator('#record button[value=pdf]'), txt: page.locator('#record button[value=text]'), 'pdf of a row': page.locator('#report-2 button[value="2.pdf"]')})) {
      const [download] = await Promise.all([page.waitForEvent('download'), locator.click()]);
      const file = readFileSync(await download.path());
      await expect(`${what} is not a file`, () => download.suggestedFilename().endsWith('.' + what.slice(0, 4).split(' ')[0]) && file.length > 200);
    }
    if(javaScriptEnabled) {
      const names = () => page.locator('tbody th').allTextContents();
      const before = await names();
      const heads = page.locator('thead button');
      await heads.nth(1).focus();
      await page.keyboard.press('Enter');
      const up = [...before].sort(new Intl.Collator('en', {numeric: true, sensitivity: 'base'}).compare);
      await expect('files are not sorted', async () => (await names()).join() === up.join());
      await expect('the sorted column does not say so', async () => await page.locator('th[aria-sort=ascending]').count() === 1 && await page.locator('th').nth(1).getAttribute('aria-sort') === 'ascending');
      await page.keyboard.press('Space');
      await expect('files are not sorted the other way', async () => (await names()).join() === [...up].reverse().join());
      await heads.nth(0).click();
      await expect('the first order does not come back', async () => (await names()).join() === before.join());
    } else {
      await expect('there is something to sort with', async () => await page.locator('thead button').count() === 0);
    }
    await Promise.all([page.waitForNavigation(), page.locator('.tongue').click()]);
    await expect('it does not speak Spanish', async () => await page.locator('html').getAttribute('lang') === 'es' && await shown() === all);
    await page.context().close();
  }
}

// With JavaScript the form takes what is dropped and pasted, and says what it holds before and while it is sent.
async function comfort() {
  const page = await empty(browser, {viewport: sizes.wide, locale: 'en-US'});
  eyes.listen(page, () => 'the form');
  const posts = [];
  page.on('request', request => request.method() === 'POST' && posts.push(request.url()));
  const expect = (what, so) => eyes.expect(`the form: ${what}`, so);
  await page.goto(`${origin}/verify`);
  const holds = names => expect(`it does not hold ${names}`, async () => await page.locator('#credential').evaluate(field => [...field.files].map(file => file.name).join()) === names);
  const give = (type, names) => page.evaluate(([type, names]) => {
    const data = new DataTransfer();
    for(const name of names) {
      data.items.add(new File([`{"exhibit":"revoked"}`], name));
    }
    const event = type === 'paste' ? new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}) :
      new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true});
    document.querySelector('main').dispatchEvent(event);
  }, [type, names]);
  await give('dragenter', ['a.json']);
  await expect('it does not show where files fall', async () => await page.locator('form.dropping').count() === 1);
  await eyes.picture(page, 'form-dropping');
  await give('drop', ['a.json', 'b.json']);
  await holds('a.json,b.json');
  await give('paste', ['image.png']);
  await holds('a.json,b.json,image.png');
  await expect('it does not say what it holds', async () => /3 .*63 bytes|3 \(1 kB\)|: 3 /.test(await page.locator('#sending').textContent()));
  await eyes.judge(page, 'form-chosen');
  await eyes.picture(page, 'form-chosen');
  await page.locator('#credential').evaluate(field => {
    const data = new DataTransfer();
    for(let i = 0; i < 501; i++) {
      data.items.add(new File(['{}'], `${i}.json`));
    }
    field.files = data.files;
    field.dispatchEvent(new Event('change'));
  });
  await page.locator('button[type=submit]').click();
  await expect('501 files are not refused', () => page.evaluate(() => document.activeElement.id === 'credential' && document.querySelector('#sending').classList.contains('trouble')));
  await eyes.judge(page, 'form-too-many');
  await expect('501 files were sent', () => posts.length === 0);
  await eyes.picture(page, 'form-too-many');
  await page.setInputFiles('#credential', [asFile({name: 'a.json', text: '{"exhibit":"in-force"}'})]);
  await page.evaluate(() => document.querySelector('form').addEventListener('submit', () => {
    sessionStorage.told = document.querySelector('#sending.at-work')?.textContent;
  }));
  await Promise.all([page.waitForNavigation(), page.locator('button[type=submit]').click()]);
  await expect('it did not say that it sends', async () => /Sending/.test(await page.evaluate(() => sessionStorage.told)));
  await expect('there is no answer', async () => await page.locator('h1', {hasText: 'Authentic, and in force today'}).count() === 1);
  const [pdf] = await Promise.all([page.waitForEvent('download'), page.locator('button[value=pdf]').click()]);
  await expect('the record is no PDF', async () => readFileSync(await pdf.path()).subarray(0, 5).toString() === '%PDF-');
  await Promise.all([page.waitForNavigation(), page.locator('.tongue').click()]);
  await expect('the report does not speak Spanish', async () => await page.locator('h1', {hasText: 'Auténtica y vigente hoy'}).count() === 1);
  // What cannot be read in a folder is told, and takes nothing else with it; what a computer added is left out.
  await page.goto(`${origin}/verify`);
  await page.evaluate(() => {
    const file = name => ({name, isFile: true, file: done => done(new File(['{}'], name))});
    const entries = [file('a.json'), {name: 'locked.json', isFile: true, file: (_, fail) => fail(new Error('locked'))}, file('.DS_Store'), file('b.json')];
    DataTransferItem.prototype.webkitGetAsEntry = () => ({name: 'folder', isFile: false, createReader: () => ({readEntries: done => done(entries.splice(0))})});
  });
  await give('drop', ['folder']);
  await holds('a.json,b.json');
  await expect('it does not count what cannot be read', async () => /^1 /.test(await page.locator('#sending.trouble').textContent()));
  await page.context().close();
}

// The card stands in a page of another site, whole and with all of its look, and no other page of ours does. Texts to share are copied.
async function shared() {
  const page = await empty(browser, {viewport: sizes.wide, permissions: ['clipboard-read', 'clipboard-write']});
  const expect = (what, so) => eyes.expect(`what is shared: ${what}`, so);
  await page.goto(origin + stops.share.path);
  const text = await page.locator('#text').inputValue();
  await page.locator('[data-copy=text]').press('Enter');
  await expect('a text is not copied', async () => await page.locator('#copied').textContent() !== '' && await page.evaluate(() => navigator.clipboard.readText()) === text);
  const html = await page.locator('#frame').inputValue();
  const base = html.match(/src="(https:\/\/[^/"]+)/)[1];
  const pages = ['in-force', 'revoked', 'status-unknown', 'long-words'].map(name => `/c/${name}/embed`);
  const frame = (path, other = '') => html.replace(/src="[^"]+"/, `src="${origin}${path}"`).replace('loading="lazy"', other);
  await page.route('http://elsewhere.example/', route => route.fulfill({contentType: 'text/html', body: '<!DOCTYPE html><title>x</title>' +
    pages.map(path => frame(path)).join('') + frame(pages[0] + '?lang=es').replace(/width="\d+" height="\d+"/, 'width="300" height="440"') + frame('/c/in-force')}));
  await expect(`the card is at ${base}`, () => /^https:/.test(base));
  await page.goto('http://elsewhere.example/');
  await expect(`there are not ${pages.length + 2} frames`, () => page.frames().length === pages.length + 3);
  for(const child of page.frames().slice(1)) {
    await expect('a frame stays empty', () => !['', 'about:blank'].includes(child.url()));
    await child.waitForLoadState();
    const path = child.url().replace(origin, '');
    if(!path.includes('/embed')) {
      await expect(`${path} is shown in a page of another site`, async () => await child.locator('main').count() === 0);
      continue;
    }
    let look;
    const whole = await comesAbout(async () => {
      look = await child.evaluate(() => ({
        verdict: document.querySelector('.pill').textContent.trim(), high: document.documentElement.scrollHeight - innerHeight, wide: document.documentElement.scrollWidth - innerWidth,
        art: document.querySelector('img').naturalWidth, styled: getComputedStyle(document.querySelector('main')).display}));
      return look.verdict !== '' && look.high <= 0 && look.wide <= 0 && look.art > 0 && look.styled === 'flex';
    });
    if(!whole) {
      findings.push(`what is shared: ${path}: ${JSON.stringify(look)}`);
    }
  }
  await page.context().close();
}

const names = Object.keys(stops).sort();
await Promise.all([...[0, 1].map(worker => walk(names.filter((_, i) => i % 2 === worker))), without().then(shared).then(() => table(true)).then(() => table(false)).then(comfort)]);
await browser.close();
console.log(JSON.stringify({looks: eyes.looks, pictures: eyes.taken, heaviest: eyes.heaviest, findings}));
