// Walks through pages as people do: with and without colour, wide and narrow, by keyboard, without JavaScript. Reads one JSON
// document from standard input:
//   {"origin": "http://127.0.0.1:…", "stops": {name: {"path": …, "text": …, "status": …}}, "pictures": folder or ""}
// A stop with a text is reached through the form at its path. Writes {"looks": number, "findings": [text, …]}.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const parts = [];
for await (const part of process.stdin) {
  parts.push(part);
}
const {origin, stops, pictures} = JSON.parse(Buffer.concat(parts).toString());
const findings = [];
let looks = 0;

// Only pages of the test itself are opened, so that the browser may run as root in a container, where its own sandbox cannot.
const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']});

const sizes = {wide: {width: 1280, height: 900}, narrow: {width: 320, height: 640}};

// Opens a stop and notes everything that a browser complains about.
async function open(page, name, stop) {
  const status = response => {
    if(response.status() !== stop.status) {
      findings.push(`${name}: status ${response.status()}, not ${stop.status}`);
    }
  };
  if(!stop.text) {
    status(await page.goto(origin + stop.path));
    return;
  }
  await page.goto(origin + stop.path);
  await page.fill('textarea', stop.text);
  const [response] = await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
  status(response);
}

function listen(page, name) {
  // A page that is an error by its status is logged as a failed load of itself; that is what it is.
  page.on('console', message => {
    if(['error', 'warning'].includes(message.type()) && !/the server responded with a status of/.test(message.text())) {
      findings.push(`${name()}: console: ${message.text()}`);
    }
  });
  page.on('pageerror', error => findings.push(`${name()}: ${error}`));
  page.on('requestfailed', request => {
    if(request.failure()?.errorText !== 'net::ERR_ABORTED') { // the next page was opened before this one had all
      findings.push(`${name()}: not loaded: ${request.url()}: ${request.failure()?.errorText}`);
    }
  });
  page.on('request', request => {
    if(!request.url().startsWith(origin)) {
      findings.push(`${name()}: loads ${request.url()}`);
    }
  });
  page.on('response', response => {
    if(response.status() >= 400 && !response.request().isNavigationRequest()) {
      findings.push(`${name()}: ${response.status()} at ${response.url()}`);
    }
  });
}

// What axe finds by the rules of WCAG 2.2 AA and its own best practice.
async function judge(page, look) {
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

// The page never scrolls sideways, not with the text spacing that WCAG 1.4.12 lets readers choose either.
async function fits(page, look) {
  const wide = await page.evaluate(() => {
    const over = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const widest = () => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
      !e.closest('pre, svg, .skip')).map(e => `${e.tagName.toLowerCase()}.${e.className}`).slice(0, 3).join(' ');
    const plain = over() > 0 ? widest() || 'something' : '';
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }');
    document.adoptedStyleSheets = [sheet];
    const spaced = over() > 0 ? widest() || 'something' : '';
    document.adoptedStyleSheets = [];
    return {plain, spaced};
  });
  if(wide.plain) {
    findings.push(`${look}: scrolls sideways: ${wide.plain}`);
  }
  if(wide.spaced) {
    findings.push(`${look}: scrolls sideways with wider text spacing: ${wide.spaced}`);
  }
}

// Everything that can be used is reached by Tab, in view, with a ring around it, and is no smaller than a finger.
async function tab(page, look) {
  const expected = await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    return [...document.querySelectorAll('a[href], button, input, textarea, summary, [tabindex="0"]')].filter(e => e.checkVisibility()).length;
  });
  const reached = new Set();
  for(let i = 0; i < expected + 2; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      if(!e || e === document.body) {
        return null;
      }
      const style = getComputedStyle(e);
      const box = e.getClientRects()[0]; // a link may go over several lines
      const middle = document.elementFromPoint(box.left + Math.min(box.width, 40) / 2, box.top + Math.min(box.height, 40) / 2);
      const inline = style.display === 'inline';
      return {
        name: `${e.tagName.toLowerCase()} ${(e.textContent || e.id).trim().slice(0, 30)}`,
        index: [...document.querySelectorAll('*')].indexOf(e),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && (e === middle || e.contains(middle)),
        small: !inline && (box.height < 43.5 || box.width < 24),
      };
    });
    if(!at) {
      break;
    }
    reached.add(at.index);
    if(!at.ring) {
      findings.push(`${look}: no ring around ${at.name}`);
    }
    if(!at.seen) {
      findings.push(`${look}: focus is not in view: ${at.name}`);
    }
    if(at.small) {
      findings.push(`${look}: small target: ${at.name}`);
    }
  }
  if(reached.size !== expected) {
    findings.push(`${look}: Tab reaches ${reached.size} of ${expected}`);
  }
}

async function picture(page, look) {
  if(pictures) {
    await page.screenshot({path: join(pictures, `${look}.png`), fullPage: true, animations: 'disabled'});
  }
}

// One worker walks through some of the stops.
async function walk(names) {
  const context = await browser.newContext({viewport: sizes.wide, reducedMotion: 'reduce'});
  const page = await context.newPage();
  let current = '';
  listen(page, () => current);
  for(const name of names) {
    current = name;
    await open(page, name, stops[name]);
    for(const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      for(const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme});
        const look = `${name}-${size}-${colorScheme}`;
        await picture(page, look);
        await judge(page, look);
      }
      await fits(page, `${name}-${size}`);
    }
    await tab(page, `${name}-narrow`);
    await page.evaluate(() => document.querySelectorAll('details').forEach(e => { e.open = true; }));
    await judge(page, `${name}-narrow-unfolded`);
    await fits(page, `${name}-narrow-unfolded`);
    await picture(page, `${name}-narrow-unfolded`);
    await page.emulateMedia({forcedColors: 'active'});
    await page.keyboard.press('Tab');
    if(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle === 'none')) {
      findings.push(`${name}: no ring in forced colours`);
    }
    await picture(page, `${name}-forced`);
    await page.setViewportSize({width: 760, height: 1000}); // A4 between its margins
    await page.emulateMedia({forcedColors: 'none', media: 'print', colorScheme: 'light'});
    await picture(page, `${name}-print`);
    await page.emulateMedia({media: 'screen'});
    await page.setViewportSize(sizes.wide);
  }
  await context.close();
}

// Without JavaScript, by keyboard alone: from the front page to the form, a badge pasted and judged, its details unfolded, and a
// file chosen.
async function without() {
  const context = await browser.newContext({javaScriptEnabled: false, viewport: sizes.narrow});
  const page = await context.newPage();
  listen(page, () => 'without JavaScript');
  const expect = async (what, locator) => {
    if(await locator.count() !== 1 || !await locator.isVisible()) {
      findings.push(`without JavaScript: ${what} is not there`);
    }
  };
  await page.goto(`${origin}/`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // over the links of the site, into the content
  if(!page.url().endsWith('#main')) {
    findings.push('without JavaScript: the first Tab does not lead into the content');
  }
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
  await context.close();
}

const names = Object.keys(stops).sort();
await Promise.all([...[0, 1].map(worker => walk(names.filter((_, i) => i % 2 === worker))), without()]);
await browser.close();
console.log(JSON.stringify({looks, findings}));
