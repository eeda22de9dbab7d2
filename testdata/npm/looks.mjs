// What is looked at on every page that a test opens in Chromium: what the browser complains about, what axe finds, whether the page fits a
// telephone and a window that is enlarged to 400 %, whether all of it is reached by keyboard, and how much of it was sent.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// Narrow is what a window of 1280 × 1024 pixels shows at 400 % (WCAG 2.2, 1.4.10), phone is for pictures.
export const sizes = {wide: {width: 1280, height: 900}, narrow: {width: 320, height: 256}, phone: {width: 390, height: 844}};

const heaviest = 60_000; // bytes of a page as it is sent: HTML, styles and scripts with their headers, without pictures
const longTable = 200; // rows from which on a page may weigh more; a table of reports has all that it says in itself

// Rules of axe that depend on sizes and colours. The others find in a page what they have found in it already.
const ofLooks = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];

// Milliseconds. None of them says how fast pages are to be: a busy machine is late, and what never comes is to be told.
const soon = 15_000; // in which a page shows what was done with it
export const patience = 180_000; // for a page to load, a download, a message
const longest = 20 * 60_000; // for a whole walk

const places = new Map(); // page -> name of where it stands, as a function

// Only pages of the test itself are opened, so that the browser may run as root in a container, where its own sandbox cannot. A walk that
// hangs is ended with a message.
export function launch(...more) {
  setTimeout(() => {
    console.error(`the walk is not over after ${longest / 60_000} minutes: ${[...places].filter(([page]) => !page.isClosed()).map(([, name]) => name()).join(', ')}`);
    process.exit(1);
  }, longest).unref();
  return chromium.launch({executablePath: '/usr/bin/chromium', timeout: patience, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', ...more]});
}

// Opens an empty page in a browser of its own. Whoever waits there for something has patience.
export async function empty(browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  return context.newPage();
}

// Tells whether something comes about: so looks whether it did, again and again. A look at a page that goes away meanwhile throws, and
// counts as none. That something stays away is seen only after what would have brought it.
export async function comesAbout(so) {
  for(const end = Date.now() + soon;; await wait(50)) {
    const last = Date.now() > end;
    try {
      if(await so()) {
        return true;
      }
    } catch(error) {
      if(last) {
        throw error;
      }
    }
    if(last) {
      return false;
    }
  }
}

// Waits until a page has painted what it holds now.
const painted = page => page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));

// Eyes look at pages of one origin. What they find is a list of texts; pictures is a folder, or "".
export class Eyes {
  findings = [];
  looks = 0;
  taken = 0; // pictures
  heaviest = {bytes: 0, name: ''};
  names = []; // names of what was looked at
  #sent = new Map(); // address of a style sheet or a script -> bytes that it was sent as; later it comes from the browser's memory
  #sheets = new Set(); // texts of those that were looked at
  #loads = new WeakMap(); // page -> what was loaded for what it shows

  // Where static files are served otherwise than by the program, the weight of pages says nothing.
  constructor(origin, pictures, weighs = true) {
    this.origin = origin;
    this.pictures = pictures;
    this.weighs = weighs;
  }

  note(text) {
    this.findings.push(text);
  }

  // Notes what is wrong unless it comes about that it is so.
  async expect(wrong, so) {
    if(!await comesAbout(so)) {
      this.note(wrong);
    }
  }

  // Opens an empty page in a browser of its own, and notes everything that it complains about. name says where the page stands.
  async page(browser, name, options) {
    const page = await empty(browser, {viewport: sizes.wide, reducedMotion: 'reduce', ...options});
    await page.context().addInitScript(() => {
      window.shifted = 0;
      new PerformanceObserver(list => list.getEntries().forEach(e => { window.shifted += e.hadRecentInput ? 0 : e.value; })).observe({type: 'layout-shift', buffered: true});
    });
    this.listen(page, name);
    return page;
  }

  // Notes everything that a browser complains about.
  listen(page, name) {
    places.set(page, name);
    // A page that is an error by its status is logged as a failed load of itself; that is what it is.
    page.on('console', message => {
      if(['error', 'warning'].includes(message.type()) && !/the server responded with a status of/.test(message.text())) {
        this.note(`${name()}: console: ${message.text()}`);
      }
    });
    page.on('pageerror', error => this.note(`${name()}: ${error}`));
    page.on('requestfailed', request => {
      if(request.failure()?.errorText !== 'net::ERR_ABORTED') { // the next page was opened before this one had all
        this.note(`${name()}: not loaded: ${request.url()}: ${request.failure()?.errorText}`);
      }
    });
    page.on('request', request => {
      if(!request.url().startsWith(this.origin + '/') && !request.url().startsWith('data:')) {
        this.note(`${name()}: asks ${request.url()}`);
      }
      if(request.isNavigationRequest() && request.frame() === page.mainFrame()) {
        this.#loads.set(page, []);
      }
      if(['document', 'stylesheet', 'script'].includes(request.resourceType())) {
        this.#loads.get(page)?.push(request);
      }
    });
    page.on('response', response => {
      if(response.status() >= 400 && !response.request().isNavigationRequest() || response.status() >= 500 && !name().includes('our-fault')) {
        this.note(`${name()}: ${response.status()} at ${response.url()}`);
      }
    });
  }

  // Looks at a page as it is: on a desktop by day; and in a narrow window by night, with everything unfolded.
  async look(page, name) {
    this.names.push(name);
    await this.calm(page, name);
    await this.pose(page, name);
    if(this.weighs) {
      await this.weigh(page, name);
    }
    await this.judge(page, await show(page, name, 'wide', 'light'), ofLooks);
    await this.fits(page, `${name}-wide`);
    const before = await words(page);
    const look = await show(page, name, 'narrow', 'dark');
    await this.fits(page, look);
    const after = new Set(await words(page));
    await this.sheet(page, look);
    const lost = before.filter(word => !after.has(word));
    if(lost.length) {
      this.note(`${look}: is lost: ${lost.slice(0, 8).join(' ')}`);
    }
    await this.tab(page, look);
    if(await unfold(page)) {
      await this.fits(page, `${look}-unfolded`);
    }
    await this.judge(page, look);
    await this.forced(page, `${name}-forced`);
    await show(page, name, 'wide', 'light');
  }

  // Opens the sheet with the places of a page, where it has one in a window of this size, and closes it: nothing of the page moves, and what
  // stands above it takes less than half of the window. The same sheet is opened on the first page that has it.
  async sheet(page, look) {
    const opens = page.locator('header button[popovertarget]').first();
    if(!await opens.count() || !await opens.isVisible()) {
      return;
    }
    const heading = () => page.evaluate(() => document.querySelector('h1').getBoundingClientRect().top + window.scrollY);
    const before = await heading(), head = await page.evaluate(() => document.querySelector('header').offsetHeight);
    if(head > page.viewportSize().height / 2) {
      this.note(`${look}: what stands above the page takes ${head} pixels`);
    }
    const text = await page.evaluate(() => document.querySelector('header [popover]').textContent);
    if(this.#sheets.has(text)) {
      return;
    }
    this.#sheets.add(text);
    const open = () => page.evaluate(() => document.querySelector(':popover-open') !== null);
    await opens.click();
    await this.expect(`${look}: the sheet stays shut`, open);
    if(await heading() !== before) {
      this.note(`${look}: the sheet moves the page`);
    }
    await this.fits(page, `${look}-sheet`);
    await this.judge(page, `${look}-sheet`, ofLooks);
    await this.picture(page, `${look}-sheet`);
    await page.getByRole('button', {name: 'Close', exact: true}).click();
    await this.expect(`${look}: the sheet stays open`, async () => !await open());
  }

  // Looks at a page of which only the words are new.
  async glance(page, name) {
    await this.pose(page, name);
    const look = await show(page, name, 'narrow', 'light');
    await unfold(page);
    await this.fits(page, look);
    await this.judge(page, look);
    await show(page, name, 'wide', 'light');
  }

  // Takes pictures of a page on a desktop and on a telephone, by day and by night.
  async pose(page, name) {
    for(const size of this.pictures ? ['wide', 'phone'] : []) {
      for(const colorScheme of ['light', 'dark']) {
        await this.picture(page, await show(page, name, size, colorScheme));
      }
    }
  }

  // Nothing moves: not the parts of a page while it comes, and nothing at all where less motion is asked for.
  async calm(page, name) {
    await painted(page);
    const {shifted, moving} = await page.evaluate(() => ({shifted: window.shifted,
      moving: document.getAnimations().filter(a => a.effect.getComputedTiming().endTime > 10).map(a => a.effect.target.className).join(' ')}));
    if(shifted === undefined) {
      this.note(`${name}: nobody has watched whether it moves`); // it was not opened by page()
    } else if(shifted > 0.005 && !await this.#comesCalmly(page)) { // what a busy machine paints in pieces may move a line by a pixel
      this.note(`${name}: its parts move by ${shifted.toFixed(3)} while it comes`);
    }
    if(moving) {
      this.note(`${name}: moves although less motion is asked for: ${moving}`);
    }
  }

  // What a page does by itself it does each time it comes; that a busy machine painted the rows of a table one after the other, it may do
  // once. What was sent is not sent again.
  async #comesCalmly(page) {
    for(let again = 0; again < 3 && this.#loads.get(page)?.[0]?.method() === 'GET'; again++) {
      await page.reload();
      await wait(1000); // for what scripts do
      await painted(page);
      if(await page.evaluate(() => window.shifted) <= 0.005) {
        return true;
      }
    }
    return false;
  }

  // Loads a page anew in a window of another size, as it comes there. ready waits until it is as it stays.
  async comes(page, name, size, ready) {
    await resize(page, sizes[size]);
    await page.reload();
    await ready?.();
    await this.calm(page, `${name}-${size}`);
    await resize(page, sizes.wide);
  }

  // What was sent for a page: HTML, styles and scripts.
  async weigh(page, name) {
    let bytes = 0;
    for(const request of this.#loads.get(page) ?? []) {
      if(!await request.response()) {
        continue; // it was cut off
      }
      const {responseBodySize, responseHeadersSize} = await request.sizes();
      const sent = Math.max(responseBodySize + responseHeadersSize, this.#sent.get(request.url()) ?? 0);
      if(request.resourceType() !== 'document') {
        this.#sent.set(request.url(), sent);
      }
      bytes += sent;
    }
    if(await page.evaluate(() => document.querySelectorAll('tr').length + 1000 * document.querySelectorAll('tbody.r').length) >= longTable) {
      return;
    }
    if(bytes > this.heaviest.bytes) {
      this.heaviest = {bytes, name};
    }
    if(bytes > heaviest || bytes === 0) {
      this.note(`${name}: ${bytes} bytes were sent`);
    }
  }

  // Where a reader chooses all colours, shapes say what colours said: signs are drawn, buttons and fields have edges.
  async forced(page, look) {
    await page.emulateMedia({forcedColors: 'active'});
    const unseen = await page.evaluate(() => {
      const paper = getComputedStyle(document.body).backgroundColor;
      const name = e => `${e.tagName.toLowerCase()}.${e.getAttribute('class')} ${e.textContent.trim().slice(0, 20)}`;
      const signs = [...document.querySelectorAll('svg.sign, svg.mark, .brand svg')].filter(e => {
        const used = e.querySelector('use')?.getAttribute('href'); // a drawing that stands elsewhere in the page
        const style = getComputedStyle(used ? document.querySelector(used) : e), box = e.getBoundingClientRect();
        const drawn = [style.stroke, style.fill].filter(colour => colour !== 'none');
        return e.checkVisibility() && (box.width < 8 || drawn.every(colour => colour === paper || colour === 'rgba(0, 0, 0, 0)'));
      });
      const edges = [...document.querySelectorAll('.button, input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), select, textarea, .band')].filter(e => {
        const style = getComputedStyle(e);
        return e.checkVisibility() && (style.borderBottomStyle === 'none' || parseFloat(style.borderBottomWidth) < 1 || style.borderBottomColor === paper) && !e.closest('.unseen');
      });
      return [...signs, ...edges].map(name);
    });
    if(unseen.length) {
      this.note(`${look}: without an edge or a line: ${unseen.slice(0, 4).join(' | ')}`);
    }
    await this.picture(page, look);
    await page.emulateMedia({forcedColors: 'none'});
  }

  // What axe finds by the rules of WCAG 2.2 AA and its own best practice, or by some of them.
  async judge(page, look, rules) {
    if(!await page.evaluate(() => 'axe' in window)) {
      await page.evaluate(axe);
    }
    const found = await page.evaluate(async rules => {
      const result = await window.axe.run(document, {runOnly: rules ? {type: 'rule', values: rules} :
        ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'], preload: false});
      return result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | ')}`);
    }, rules);
    this.findings.push(...found.map(text => `${look}: axe: ${text}`));
    this.looks++;
  }

  // The page never scrolls sideways, not with the text spacing that WCAG 1.4.12 lets readers choose either.
  async fits(page, look) {
    const wide = await page.evaluate(() => {
      const over = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const widest = () => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
        !e.closest('pre, svg, .skip, .unseen')).map(e => `${e.tagName.toLowerCase()}.${e.className}`).slice(0, 3).join(' ');
      const plain = over() > 0 ? widest() || 'something' : '';
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }');
      document.adoptedStyleSheets = [sheet];
      const spaced = over() > 0 ? widest() || 'something' : '';
      document.adoptedStyleSheets = [];
      return {plain, spaced};
    });
    if(wide.plain) {
      this.note(`${look}: scrolls sideways: ${wide.plain}`);
    }
    if(wide.spaced) {
      this.note(`${look}: scrolls sideways with wider text spacing: ${wide.spaced}`);
    }
  }

  // Everything that can be used is reached by Tab, in view, with a ring around it, and is no smaller than a finger. Of a long page the
  // first part is walked: the rows of a list are alike. What has the focus is looked at when the next Tab comes.
  async tab(page, look) {
    const most = 60;
    const {expected, presses} = await page.evaluate(([looksOf, most]) => {
      const judge = (0, eval)(looksOf);
      document.body.tabIndex = -1; // from the top again, wherever the keyboard was
      document.body.focus();
      document.body.removeAttribute('tabindex');
      window.scrollTo(0, 0);
      window.tabbed = new Map();
      window.onTab = () => {
        const e = document.activeElement;
        if(e && e !== document.body && !window.tabbed.has(e)) {
          window.tabbed.set(e, judge(e));
        }
      };
      window.addEventListener('keydown', window.onTab, true);
      const radios = new Set();
      const expected = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')].filter(e => {
        if(!e.checkVisibility() || e.disabled || e.tabIndex < 0) {
          return false;
        }
        if(e.type !== 'radio') {
          return true;
        }
        const first = !radios.has(e.name); // of radio buttons Tab reaches one
        radios.add(e.name);
        return first;
      }).length;
      const dates = document.querySelectorAll('input[type=date]').length; // day, month, year and calendar
      return {expected, presses: Math.min(expected, most) + 3 * dates + 1};
    }, [`(${looksOf})`, most]);
    await Promise.all(Array.from({length: presses}, () => page.keyboard.down('Tab')));
    await page.keyboard.up('Tab');
    const reached = await page.evaluate(() => {
      window.onTab();
      window.removeEventListener('keydown', window.onTab, true);
      document.activeElement.blur(); // the way over the links would cover what lies below it
      return [...window.tabbed.values()];
    });
    reached.forEach(at => this.focused(at, look));
    if(reached.length < Math.min(expected, most) || reached.length > expected) {
      this.note(`${look}: Tab reaches ${reached.length} of ${expected}`);
    }
  }

  // Whatever has the focus is in view, has a ring around it, and is no smaller than a finger.
  focused(at, look) {
    if(!at.ring) {
      this.note(`${look}: no ring around ${at.name}`);
    }
    if(!at.seen) {
      this.note(`${look}: focus is not in view: ${at.name}`);
    }
    if(at.small) {
      this.note(`${look}: small target: ${at.name}`);
    }
  }

  // Moves on with Tab until something has the focus, which is to be seen.
  async reach(page, locator, what) {
    const wanted = await locator.elementHandle();
    for(let i = 0; i < 200; i++) {
      if(await wanted.evaluate(e => e === document.activeElement)) {
        this.focused(await wanted.evaluate(looksOf), `by keyboard, ${new URL(page.url()).pathname}`);
        return;
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${what} at ${page.url()}`);
  }

  // Types into a field by keyboard alone.
  async type(page, label, text, within = page) {
    await this.reach(page, within.getByLabel(label, {exact: false}).first(), label);
    await page.keyboard.type(text);
  }

  // Presses a button, or follows a link, by keyboard alone.
  async press(page, role, name, loads = true) {
    await this.reach(page, page.getByRole(role, {name}).first(), name);
    await Promise.all([loads && page.waitForEvent('load'), page.keyboard.press('Enter')]);
  }

  // Keeps a picture, where they are wanted.
  async picture(page, look) {
    if(this.pictures) {
      this.taken++;
      await page.screenshot({path: join(this.pictures, `${look}.png`), fullPage: true, animations: 'disabled'});
    }
  }
}

// What a reader finds on a page, word by word; not what is there for looks alone.
const words = page => page.evaluate(() => {
  const of = e => e.innerText.toLowerCase().split(/\s+/);
  const looks = new Set([...document.querySelectorAll('[aria-hidden=true]')].filter(e => e.innerText).flatMap(of));
  return [...new Set(of(document.querySelector('main')))].filter(word => word && !looks.has(word));
});

// Opens what is folded, and says how much that was.
const unfold = page => page.evaluate(() => [...document.querySelectorAll('details:not([open])')].map(e => { e.open = true; }).length);

// Gives a page a window of another size, and waits until it has that: a busy machine is late, and then the page would move.
export async function resize(page, size) {
  await page.setViewportSize(size);
  await page.waitForFunction(({width, height}) => innerWidth === width && innerHeight === height, size);
}

// Shows a page in a size and a scheme of colours.
export async function show(page, name, size, colorScheme) {
  await resize(page, sizes[size]);
  await page.emulateMedia({colorScheme});
  return `${name}-${size}-${colorScheme}`;
}

// How something looks that has the focus: itself, or the label that is seen in its place. It is read in the page.
const looksOf = focused => {
  const e = focused.classList.contains('unseen') && focused.labels ? [...focused.labels].find(label => label.classList.contains('button')) ?? focused : focused;
  const style = getComputedStyle(e);
  // A link may go over several lines, and what is higher than the window is seen in part.
  const seen = [...e.getClientRects()].some(box => {
    const y = Math.min(Math.max(box.top + Math.min(box.height, 40) / 2, 10), innerHeight - 10);
    const at = document.elementFromPoint(box.left + Math.min(box.width, 40) / 2, y);
    return box.width > 0 && y >= box.top && y <= box.bottom && at && (e === at || e.contains(at));
  });
  const box = e.getClientRects()[0];
  const ticked = ['checkbox', 'radio'].includes(e.type);
  return {
    name: `${e.tagName.toLowerCase()} ${(e.textContent || e.id || e.name).trim().slice(0, 30)}`,
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen,
    small: ticked ? (box.height < 23.5 || box.width < 23.5) && (e.labels[0]?.getBoundingClientRect().height ?? 0) < 43.5 :
      style.display !== 'inline' && (box.height < 43.5 || box.width < 24),
  };
};
