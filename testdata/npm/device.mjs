// Checks badges in Chromium, on the page that does so without a server, and scans one with a camera. Reads one JSON document from standard
// input:
//   {"origin": "http://localhost:…", "good": id, "revoked": id, "folder": for what is made on the way, "before": pack of before the revocation, "pictures": folder or ""}
// Writes {"looks": number, "times": {what: milliseconds}, "reports": {what: [here, of the server]}, "findings": [text, …]}.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Eyes, launch, show, sizes} from './looks.mjs';

const parts = [];
for await (const part of process.stdin) {
  parts.push(part);
}
const {origin, good, revoked, folder, before: stale, pictures} = JSON.parse(Buffer.concat(parts).toString());
const eyes = new Eyes(origin, pictures);
const reports = {}, times = {};
const film = join(folder, 'camera.y4m');
const browser = await launch('--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`);

// Notes what is wrong in something that is settled; what is yet to come about is for eyes.expect.
const expect = (what, holds) => {
  if(!holds) {
    eyes.note(what);
  }
};
const bytes = async (path, headers) => Buffer.from(await (await fetch(origin + path, {headers})).arrayBuffer());
const badge = await bytes(`/c/${good}.json`), bad = await bytes(`/c/${revoked}.json`), picture = await bytes(`/c/${good}.png`);
const altered = Buffer.from(badge.toString().replace('"validFrom": "20', '"validFrom": "19').replace('"validFrom":"20', '"validFrom":"19'));
expect('nothing was altered', !altered.equals(badge));

const page = await eyes.page(browser, () => 'device', {locale: 'en', permissions: []});
const context = page.context();
// Every request, of the worker too: all are GETs of this server without a body, and none names a badge.
const asked = [];
context.on('request', request => {
  asked.push(new URL(request.url()).pathname);
  expect(`sends ${request.method()} ${request.url()}`, request.method() === 'GET' && request.postData() === null && request.url().startsWith(origin + '/'));
});

const ready = () => page.waitForFunction(() => !document.querySelector('#device button[type=submit]').disabled);
const online = async on => {
  await context.setOffline(!on);
  await page.waitForFunction(on => navigator.onLine === on, on);
};
// Checks a file. The reports of the one before are marked, so that they are not taken for its own.
async function check(name, body) {
  await page.setInputFiles('#credential', {name, mimeType: 'application/octet-stream', buffer: body});
  await page.focus('#device button[type=submit]');
  await page.evaluate(() => [...document.querySelector('#reports').children].forEach(e => { e.dataset.old = ''; }));
  const begun = Date.now();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.querySelector('#sending').classList.contains('at-work') && document.querySelector('#reports > :not([data-old])'));
  times[name] = Date.now() - begun;
  return page.locator('#reports').innerText();
}
async function server(name, body) {
  const form = new FormData();
  form.append('credential', new Blob([body]), name);
  return await (await fetch(`${origin}/verify`, {method: 'POST', body: form, headers: {Accept: 'application/json'}})).text();
}
const both = async (name, body) => { reports[name] = [await page.locator('#reports pre code').first().textContent(), await server(name, body)]; };

// By keyboard from the form to the page.
await page.goto(`${origin}/verify`);
await page.locator('a[href="/verify/device"]').focus();
let begun = Date.now();
await Promise.all([page.waitForURL('**/verify/device'), page.keyboard.press('Enter')]);
await ready();
times.load = Date.now() - begun;
await eyes.calm(page, 'device');
await eyes.judge(page, 'device-wide-light');
await eyes.pose(page, 'device');
await eyes.comes(page, 'device', 'phone', ready);
await eyes.comes(page, 'device', 'narrow', ready);
await page.reload();
await ready();
// A report in all of its looks: nothing moves while it comes, and axe reads it by day and by night, wide and narrow.
const seen = async name => {
  await eyes.calm(page, name);
  await eyes.pose(page, name);
  await eyes.judge(page, await show(page, name, 'wide', 'light'));
  const narrow = await show(page, name, 'narrow', 'dark');
  await eyes.fits(page, narrow);
  await eyes.judge(page, narrow);
  await show(page, name, 'wide', 'light');
};
let said = await check('badge.json', badge);
expect(`a good badge: ${said}`, said.includes('Authentic, and in force today') && said.includes('from this installation'));
await eyes.expect('nobody is told that it is done', async () => /Nothing was uploaded/.test(await page.locator('#sending').textContent()));
await eyes.expect('the keyboard is not led to what was found', () => page.evaluate(() => document.activeElement.id === 'found'));
await both('badge.json', badge);
await eyes.calm(page, 'device-good');
await eyes.pose(page, 'device-good');
said = await check('revoked.json', bad);
expect(`a revoked badge: ${said}`, said.includes('Authentic, but revoked'));
await both('revoked.json', bad);
await seen('device-revoked');
said = await check('altered.json', altered);
expect(`an altered badge: ${said}`, await page.locator('.band-no').count() === 1 && await page.locator('.band-yes').count() === 0);
await both('altered.json', altered);
await eyes.pose(page, 'device-altered');
said = await check('badge.png', picture);
expect(`a picture: ${said}`, said.includes('Authentic, and in force today') && said.includes('badge.png'));
await both('badge.png', picture);
said = await check('cat.png', await bytes('/nothing.png'));
expect(`no badge: ${said}`, await page.locator('.band-no, .band-unknown').count() === 1);
expect(`asks for ${asked.join(' ')}`, asked.every(path => /^\/(static|status|i)\/|^\/verify(\/device)?$/.test(path)));
expect('the files were named', !asked.some(path => path.includes(good) || path.includes(revoked)));

// A pack that was changed, or is none, is refused; the good one stands in for the network.
const pack = await bytes('/offline-pack');
const broken = Buffer.concat([pack.subarray(0, -20), Buffer.from(' '), pack.subarray(-20)]);
const give = async body => {
  await page.evaluate(() => { document.querySelector('#pack-state').textContent = ''; });
  await page.setInputFiles('#pack-file', {name: 'laurel.pack', mimeType: 'application/octet-stream', buffer: body});
  await page.waitForFunction(() => !document.querySelector('#pack-state').classList.contains('at-work') && document.querySelector('#pack-state').textContent);
  const told = await page.locator('#pack-state').textContent();
  await page.setInputFiles('#pack-file', []);
  return told;
};
await page.locator('.pack > summary').press('Enter');
await page.waitForSelector('#pack-get:visible');
expect('a changed pack', (await give(broken)).includes('changed or cut off'));
expect('no pack', (await give(badge)).includes('no offline pack'));
await page.locator('#pack-get').focus();
await page.keyboard.press('Enter');
await page.waitForSelector('#pack-forget:visible');
await eyes.expect('the pack does not tell its age', async () => (await page.locator('#pack-state').textContent()).includes('read just now'));
const signer = await page.locator('#pack-by').innerText();
expect(`who signed the pack is told as ${signer}`, /did:/.test(signer) && !/did:/.test(await page.locator('#pack-state').textContent()));
let refused = await give(broken);
expect(`a pack that is refused after a good one: ${refused}`, refused.includes('changed or cut off') && refused.includes('The pack of') && refused.includes('stays loaded'));
expect('the good pack is not told any more', await page.locator('#pack-by').innerText() === signer && await page.locator('#pack-forget').isVisible());
said = await check('badge.json', badge);
expect(`a good badge by a pack: ${said}`, said.includes('from this installation') && said.includes('The offline pack of') && !said.includes('from the offline pack'));
await eyes.look(page, 'device-pack');
await online(false);
let before = asked.length;
said = await check('badge.json', badge);
expect(`a good badge without a network: ${said}`, said.includes('Authentic, and in force today') && said.includes('from the offline pack of'));
said = await check('revoked.json', bad);
expect(`a revoked badge without a network: ${said}`, said.includes('Authentic, but revoked'));
expect(`asks without a network: ${asked.slice(before)}`, asked.length === before);
await online(true);
await give(readFileSync(stale));
said = await check('revoked.json', bad);
expect(`a badge revoked since the pack: ${said}`, said.includes('Authentic, but revoked') && await page.locator('.band-yes').count() === 0);
await online(false);
before = asked.length;
await page.locator('#pack-forget').click();
await page.waitForSelector('#pack-forget', {state: 'hidden'});
await page.locator('#quiet').check();
said = await check('badge.json', badge);
expect(`without a pack: ${said}`, await page.locator('.band-unknown').count() === 1 && await page.locator('.band-yes').count() === 0);
refused = await give(broken);
expect(`a pack that is refused after none: ${refused}`, !refused.includes('stays'));
await seen('device-unknown');
expect(`asks without a network: ${asked.slice(before)}`, asked.length === before);
await online(true);
await page.goto(`${origin}/verify/device?lang=es`);
await ready();
said = await check('badge.json', badge);
expect(`in Spanish: ${said}`, said.includes('Auténtica y vigente hoy'));
expect('details of checks are not marked as English', await page.locator('.steps p[lang="en"]').count() > 0);
await seen('device-es');
await check('revoked.json', bad);
await eyes.judge(page, 'device-es-revoked');
await eyes.pose(page, 'device-es-revoked');
await context.close();

// The camera: refused, and then a code before it.
const scan = await eyes.page(browser, () => 'scan', {viewport: sizes.narrow, locale: 'en'});
const eye = scan.context();
await scan.goto(`${origin}/c/${good}`);
const plane = await scan.evaluate(async address => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, 640, 480);
  context.drawImage(image, 140, 60, 360, 360);
  return [...context.getImageData(0, 0, 640, 480).data].filter((_, i) => i % 4 === 0);
}, `/c/${good}/qr.png`);
writeFileSync(film, Buffer.concat([Buffer.from('YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n'), ...Array(2).fill(Buffer.concat([Buffer.from('FRAME\n'), Buffer.from(plane), Buffer.alloc(2 * 320 * 240, 128)]))]));
await scan.goto(`${origin}/verify`);
const decoder = [];
scan.on('request', request => decoder.push(request.url()));
await scan.evaluate(() => {
  window.ask = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };
});
await scan.locator('#scan').focus();
await scan.keyboard.press('Enter');
await scan.waitForSelector('#sending.trouble');
await eyes.expect('a refused camera is not told', async () => (await scan.locator('#sending').textContent()).includes('does not let this page use the camera') && await scan.evaluate(() => document.activeElement.id === 'scan'));
await scan.evaluate(() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotFoundError'); }; });
await scan.keyboard.press('Enter');
await scan.waitForFunction(() => document.querySelector('#sending').textContent.includes('No camera was found') && document.activeElement.id === 'scan');
expect('the decoder is loaded without need', !decoder.some(address => address.includes('/qr.')));
await scan.evaluate(() => { delete navigator.mediaDevices.getUserMedia; });
await eye.grantPermissions(['camera'], {origin});
if(pictures) {
  await scan.evaluate(() => {
    const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async wanted => { window.stream = await get(wanted); return window.stream; };
  });
}
await scan.evaluate(() => { // the picture may be gone before anybody waits for it
  const scanner = document.querySelector('#scanner');
  new MutationObserver(() => scanner.checkVisibility() && sessionStorage.setItem('aimed', 'yes')).observe(scanner, {attributeFilter: ['hidden']});
});
begun = Date.now();
await scan.keyboard.press('Enter');
await scan.waitForSelector('h1:has-text("Authentic, and in force today")').catch(() => eyes.note('the camera reads nothing'));
times.scan = Date.now() - begun;
await eyes.expect('what the camera sees is not shown', () => scan.evaluate(() => sessionStorage.getItem('aimed') === 'yes'));
await eyes.expect('the code does not lead to its badge', async () => await scan.locator('.band-yes').count() === 1);
await browser.close();
console.log(JSON.stringify({looks: eyes.looks, times, reports, findings: eyes.findings}));
