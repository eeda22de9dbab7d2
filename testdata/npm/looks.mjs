// What is looked at on every page that a test opens in Chromium: what the browser complains about, what axe finds, whether the page fits a
// telephone, and whether all of it is reached by keyboard.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const sizes = {wide: {width: 1280, height: 900}, narrow: {width: 320, height: 640}};

// Only pages of the test itself are opened, so that the browser may run as root in a container, where its own sandbox cannot.
export const launch = () => chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']});

// Eyes look at pages of one origin. What they find is a list of texts; pictures is a folder, or "".
export class Eyes {
  findings = [];
  looks = 0;

  constructor(origin, pictures) {
    this.origin = origin;
    this.pictures = pictures;
  }

  note(text) {
    this.findings.push(text);
  }

  // Notes everything that a browser complains about. name says where the page stands.
  listen(page, name) {
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
    });
    page.on('response', response => {
      if(response.status() >= 400 && !response.request().isNavigationRequest() || response.status() >= 500) {
        this.note(`${name()}: ${response.status()} at ${response.url()}`);
      }
    });
  }

  // Looks at a page as it is: on a desktop by day, and on a telephone by night with everything unfolded.
  async look(page, name) {
    for(const size of this.pictures ? Object.keys(sizes) : []) {
      for(const colorScheme of ['light', 'dark']) {
        await this.picture(page, await show(page, name, size, colorScheme));
      }
    }
    await this.judge(page, await show(page, name, 'wide', 'light'), ['color-contrast', 'target-size', 'scrollable-region-focusable']); // the rest is the same
    await this.fits(page, `${name}-wide`);
    const look = await show(page, name, 'narrow', 'dark');
    const folded = await page.evaluate(() => [...document.querySelectorAll('details:not([open])')].map(e => { e.open = true; }).length);
    await this.fits(page, look);
    await this.tab(page, look);
    await this.judge(page, look);
    if(folded) {
      await this.picture(page, `${look}-unfolded`);
    }
    await show(page, name, 'wide', 'light');
  }

  // What axe finds by the rules of WCAG 2.2 AA and its own best practice, or by some of them.
  async judge(page, look, rules) {
    const found = await page.evaluate(async ([source, rules]) => {
      if(!window.axe) {
        (0, eval)(source);
      }
      const result = await window.axe.run(document, {runOnly: rules ? {type: 'rule', values: rules} :
        ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']});
      return result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | ')}`);
    }, [axe, rules]);
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
  // first part is walked: the rows of a list are alike.
  async tab(page, look) {
    const expected = await page.evaluate(() => {
      document.body.tabIndex = -1; // from the top again, wherever the keyboard was
      document.body.focus();
      document.body.removeAttribute('tabindex');
      window.scrollTo(0, 0);
      const radios = new Set();
      return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')].filter(e => {
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
    });
    const reached = new Set();
    const most = 60;
    for(let i = 0; i < 2 * expected + 2 && reached.size < most; i++) { // a field for a date is several
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
          name: `${e.tagName.toLowerCase()} ${(e.textContent || e.id || e.name).trim().slice(0, 30)}`,
          index: [...document.querySelectorAll('*')].indexOf(e),
          ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
          seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && (e === middle || e.contains(middle)),
          small: !inline && !['checkbox', 'radio'].includes(e.type) && (box.height < 43.5 || box.width < 24) ||
            ['checkbox', 'radio'].includes(e.type) && (box.height < 23.5 || box.width < 23.5) && (e.labels[0]?.getBoundingClientRect().height ?? 0) < 43.5,
        };
      });
      if(!at) {
        break;
      }
      if(reached.has(at.index)) {
        continue;
      }
      reached.add(at.index);
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
    if(reached.size !== Math.min(expected, most)) {
      this.note(`${look}: Tab reaches ${reached.size} of ${expected}`);
    }
  }

  async picture(page, look) {
    if(this.pictures) {
      await page.screenshot({path: join(this.pictures, `${look}.png`), fullPage: true, animations: 'disabled'});
    }
  }
}

// Shows a page in a size and a scheme of colours.
export async function show(page, name, size, colorScheme) {
  await page.setViewportSize(sizes[size]);
  await page.emulateMedia({colorScheme});
  return `${name}-${size}-${colorScheme}`;
}
