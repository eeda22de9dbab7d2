// Looks at pages of the console as somebody who is signed in. Reads one JSON document from standard input:
//   {"origin": "http://127.0.0.1:…", "stops": {name: {"path": …, "status": …, "press": text of a button or ""}}, "pictures": folder or ""}
// The server knows by itself who asks. Writes {"looks": number, "findings": [text, …]}.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const {origin, stops, pictures} = JSON.parse(readFileSync(0, 'utf8'));
const findings = [];
let looks = 0;

// Only pages of the test itself are opened, so that the browser may run as root in a container, where its own sandbox cannot.
const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']});
const context = await browser.newContext({reducedMotion: 'reduce'});
const page = await context.newPage();
let current = '';
page.on('console', message => {
  if(['error', 'warning'].includes(message.type()) && !/the server responded with a status of/.test(message.text())) {
    findings.push(`${current}: console: ${message.text()}`);
  }
});
page.on('pageerror', error => findings.push(`${current}: ${error}`));
page.on('response', response => {
  if(response.status() >= 400 && !response.request().isNavigationRequest()) {
    findings.push(`${current}: ${response.status()} at ${response.url()}`);
  }
});

// What axe finds by the rules of WCAG 2.2 AA and its own best practice.
async function judge(look) {
  const found = await page.evaluate(async source => {
    if(!window.axe) {
      (0, eval)(source);
    }
    const result = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']});
    return result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | ')}`);
  }, axe);
  findings.push(...found.map(text => `${look}: axe: ${text}`));
  looks++;
}

// Everything that can be used is reached by Tab, with a ring around it.
async function tab(look) {
  const expected = await page.evaluate(() => {
    document.activeElement?.blur();
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
      .filter(e => e.checkVisibility() && e.type !== 'hidden' && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked)).length;
  });
  const reached = new Set();
  const inside = await page.evaluate(() => 4 * document.querySelectorAll('input[type=date]').length); // day, month, year and calendar
  for(let i = 0; i < expected + inside + 2; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const style = e && getComputedStyle(e);
      return !e || e === document.body ? null : {index: [...document.querySelectorAll('*')].indexOf(e), name: (e.textContent || e.id).trim().slice(0, 30),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2};
    });
    if(!at) {
      break;
    }
    reached.add(at.index);
    if(!at.ring) {
      findings.push(`${look}: no ring around ${at.name}`);
    }
  }
  if(reached.size < expected) {
    findings.push(`${look}: Tab reaches ${reached.size} of ${expected}`);
  }
}

const sizes = {wide: {width: 1280, height: 900}, narrow: {width: 320, height: 640}};
for(const [name, stop] of Object.entries(stops)) {
  current = name;
  await page.setViewportSize(sizes.wide);
  await page.emulateMedia({colorScheme: 'light'});
  let response = await page.goto(origin + stop.path);
  if(stop.press) {
    [response] = await Promise.all([page.waitForNavigation(), page.getByRole('button', {name: stop.press}).click()]);
  }
  if(response.status() !== stop.status) {
    findings.push(`${name}: status ${response.status()}, not ${stop.status}`);
  }
  for(const [size, colorScheme] of [['wide', 'light'], ['narrow', 'dark']]) {
    const look = `${name}-${size}`;
    await page.setViewportSize(sizes[size]);
    await page.emulateMedia({colorScheme});
    await judge(look);
    const over = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth &&
      [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest('.skip, .unseen'))
        .map(e => `${e.tagName.toLowerCase()}.${e.className}`).slice(0, 3).join(' '));
    if(over !== false) {
      findings.push(`${look}: scrolls sideways: ${over}`);
    }
    if(pictures) {
      await page.screenshot({path: join(pictures, `${look}.png`), fullPage: true, animations: 'disabled'});
    }
  }
  if(stop.status < 400) { // a form with problems takes the focus to them
    await tab(name);
  }
}
await browser.close();
process.stdout.write(JSON.stringify({looks, findings}));
