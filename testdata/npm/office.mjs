// A day in the office, in Chromium: whoever opens the first link becomes the owner, and does all that an office does. Beside it earners
// collect their badges, and somebody does everything by keyboard, on a server that sends mail. Reads one JSON document from standard input:
//   {"origin": "http://localhost:…", "first": address of the first link, "rows": text of a CSV file, "count": its rows, "pictures": folder or "",
//    "town": what earner.mjs and keyboard.mjs find there}
// and writes {"looks": number, "pictures": number, "heaviest": {"bytes": number, "name": text}, "times": {part: milliseconds},
// "visited": [path, …], "findings": [text, …]}.
import {collects} from './earner.mjs';
import {byKeyboard} from './keyboard.mjs';
import {Eyes, launch, sizes} from './looks.mjs';

const parts = [];
for await (const part of process.stdin) {
  parts.push(part);
}
const {origin, first, rows, count, pictures, town} = JSON.parse(Buffer.concat(parts).toString());
const eyes = new Eyes(origin, pictures), abroad = new Eyes(town.origin, pictures);
const browser = await launch();
const visited = new Map(); // pattern of a path -> where it was seen
const times = {};

// The pattern of an address: what stands for single things is left out, and values of queries.
const pattern = address => {
  const url = new URL(address);
  const path = url.pathname.split('/').map(part => /^[A-Za-z0-9_-]{20,}$|^[0-9a-f-]{36}$/.test(part) ? ':id' : part).join('/');
  return [path, ...[...url.searchParams.keys()].filter(key => key === 'achievement' || key === 'kind').sort()].join('?');
};

async function person(name, options) {
  const page = await eyes.page(browser, () => `${name} at ${pattern(page.url())}`, options);
  return page;
}

// Looks at the page that is shown, unless one like it was looked at.
async function look(page, name = '') {
  const at = pattern(page.url()) + name;
  if(!visited.has(at)) {
    visited.set(at, page.url());
    await eyes.look(page, `${String(visited.size).padStart(2, '0')}${at.replaceAll(/[^a-z0-9]+/gi, '-')}`);
  }
}

const expect = (what, so) => eyes.expect(what, so);
const reach = (...given) => eyes.reach(...given), type = (...given) => eyes.type(...given), press = (...given) => eyes.press(...given);

// Sends the form that is typed into.
async function enter(page) {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

async function click(page, role, name) {
  await Promise.all([page.waitForEvent('load'), page.getByRole(role, {name}).first().click()]);
}

const says = (page, text) => page.locator('main').filter({hasText: text}).count().then(n => n > 0);

// The first owner, and an achievement by keyboard alone.
async function defines(page) {
  await page.goto(first);
  await look(page);
  await type(page, 'Your name', 'Olive Owner');
  await type(page, 'Your e-mail address', 'olive@example.org');
  await press(page, 'button', 'Make the first account');
  await look(page, ' empty');
  for(const place of ['Achievements', 'Awards']) {
    await press(page, 'link', place);
    await look(page, ' empty');
  }
  await press(page, 'link', 'Achievements');
  await press(page, 'link', /^Define/);
  await type(page, 'Name', 'Small-Group Instruction');
  await type(page, 'Description', 'Plans and teaches lessons to groups of three to six.');
  await type(page, 'Tags', 'reading, groups');
  await enter(page);
  await expect('the summary of what is wrong has no focus', () => page.evaluate(() => document.activeElement.classList.contains('problems'))); // criteria are missing
  await expect('what was typed is gone', async () => await page.getByLabel('Tags').inputValue() === 'reading, groups');
  await look(page, ' problem');
  await press(page, 'link', /^Say how it is earned/, false);
  await expect('the summary does not lead to the field', () => page.getByLabel('Criteria', {exact: true}).evaluate(field => field === document.activeElement));
  await page.keyboard.type('Shows **four** lessons.');
  for(const what of ['Add a result', 'Add a level to result 1', 'Add a level to result 1']) {
    await press(page, 'button', what);
  }
  await expect('what was typed is gone after a row was added', async () => await page.getByLabel('Criteria', {exact: true}).inputValue() === 'Shows **four** lessons.');
  await type(page, 'What is assessed', 'Reads evidence');
  await type(page, 'Name', 'Developing', page.locator('#rubric-0-0'));
  await type(page, 'Name', 'Proficient', page.locator('#rubric-0-1'));
  await reach(page, page.locator('#rubric-0-1').getByRole('checkbox'), 'the required level');
  await page.keyboard.press('Space');
  await press(page, 'button', 'Add an alignment');
  await type(page, 'Name', 'Standard IV', page.locator('#alignments'));
  await type(page, 'Web address', 'https://standards.example.org/iv', page.locator('#alignments'));
  await enter(page);
  await expect('the draft does not show its rubric', () => says(page, 'Proficient, required'));
  await look(page, ' draft');
  await press(page, 'link', 'Publish');
  await look(page);
  await press(page, 'button', 'Publish');
  await expect('it is not published', () => says(page, 'published'));
  await look(page, ' published');
}

// One award, and what can be done with it.
async function awards(page) {
  await click(page, 'link', 'Awards');
  await click(page, 'link', /^Award (an?|the|one)/);
  await look(page, ' choose');
  await click(page, 'link', /Small-Group/);
  await look(page);
  await page.getByLabel('E-mail address').first().fill('ada@example.org');
  await page.getByLabel('Name').first().fill('Ada Example');
  await page.getByLabel('Reads evidence').selectOption({label: 'Proficient'});
  await click(page, 'button', 'Award');
  await expect('nothing was awarded', () => says(page, 'The award was made'));
  await look(page, ' made');
  for(const act of ['Correct', 'Suspend']) {
    await click(page, 'link', act);
    await look(page);
    await page.goBack();
  }
  await click(page, 'link', 'Revoke');
  await look(page);
  await page.getByLabel('Why').first().selectOption({index: 1});
  await click(page, 'button', 'Revoke');
  await expect('it is not revoked', () => says(page, 'revoked'));
  await look(page, ' revoked');
}

// Many awards at once from a list, with a row that cannot be used, and a progress that moves without the page being asked for anew.
async function batch(page) {
  await click(page, 'link', 'Batches');
  await look(page, ' empty');
  await click(page, 'link', 'Award many at once');
  await look(page);
  await page.getByLabel('What is awarded').selectOption({label: 'Small-Group Instruction'});
  await page.getByLabel('List').first().setInputFiles({name: 'class.csv', mimeType: 'text/csv', buffer: Buffer.from(rows)});
  await click(page, 'button', 'Check the list');
  await expect('it does not say what is wrong', async () => await says(page, 'nobody') && await says(page, 'Leave out the row'));
  await look(page, ' check');
  await click(page, 'button', `Issue ${count} badges`);
  await look(page, ' problem'); // the row to fix was not left out
  await page.getByLabel('Leave out the row').check();
  await click(page, 'button', `Issue ${count} badges`);
  const before = await page.evaluate(() => {
    window.same = true;
    return document.querySelector('#batch').dataset.state;
  });
  await page.locator('#batch[data-state=finished]').waitFor();
  await expect('it does not say that it is done', async () => (await page.locator('progress').getAttribute('value')) === '100' &&
    (before === 'finished' || await page.locator('#said').textContent() !== '')); // nothing moves where all was done before the page came
  await expect('the page was asked for anew', () => page.evaluate(() => window.same));
  await page.reload();
  await look(page, ' finished');
  await click(page, 'button', 'Open the PDF'); // one name cannot be printed
  await expect('certificates leave out a name silently', async () => await says(page, 'No typeface of ours has these letters') && await page.getByRole('link', {name: /^Print /}).count() === 1);
  await look(page);
  await page.goBack();
  await click(page, 'link', 'Undo it');
  await look(page);
  await page.getByLabel('Why').first().selectOption({index: 1});
  await click(page, 'button', 'Find the awards');
  await look(page, ' undo');
}

// A colleague is invited and comes in, by a telephone without JavaScript.
async function people(page) {
  await page.goto(`${page.url().split('/').slice(0, 5).join('/')}/office/people`);
  await click(page, 'link', 'Invite somebody');
  await look(page);
  await page.getByLabel('Their e-mail address').fill('ivy@example.org');
  await page.getByLabel('assessor', {exact: true}).check();
  await click(page, 'button', 'Invite');
  await look(page, ' link');
  const link = await page.locator('textarea').inputValue();
  const ivy = await person('a colleague', {javaScriptEnabled: false, viewport: sizes.narrow});
  await ivy.goto(link);
  await ivy.getByLabel('Your name').fill('Ivy Assessor');
  await ivy.getByRole('button', {name: 'Accept the invitation'}).click();
  await ivy.waitForURL(/\/console\//);
  for(const place of ['Achievements', 'Awards', 'Batches', 'Proposals']) {
    await ivy.getByRole('button', {name: /^Menu/}).click();
    await ivy.getByRole('link', {name: place, exact: true}).first().click();
    await ivy.waitForURL(new RegExp(`/${place.toLowerCase()}$`));
    await expect(`${place} does not scroll as it should`, () => ivy.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
  }
  await ivy.context().close();
}

// A passkey is made, and signed in with.
async function passkey(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {options: {protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true}});
  await page.goto(`${origin}/console/account`);
  await look(page);
  await page.getByLabel('A name for a new one').fill('this computer');
  await click(page, 'button', 'Add a passkey');
  await expect('there is no passkey', () => says(page, 'this computer'));
  await look(page, ' passkey');
  await click(page, 'button', 'Sign out');
  await page.goto(`${origin}/sign-in`);
  await look(page);
  await click(page, 'button', 'Sign in with a passkey');
  await expect('the passkey did not sign in', () => new URL(page.url()).pathname.startsWith('/console'));
}

// Looks at every page that links lead to, each kind once, two at a time; those that were empty when they were looked at, again.
async function everything(page) {
  const seen = new Set([...visited.keys()].filter(at => !at.endsWith(' empty') && !at.endsWith(' problem')).map(at => at.split(' ')[0]));
  const queue = [`${origin}/console`], followed = new Set();
  let busy = 0;
  async function visit(page, address) {
    try {
      await page.goto(address);
    } catch(e) {
      if(/Download is starting/.test(e.message)) {
        return;
      }
      throw e;
    }
    if(!seen.has(pattern(page.url()))) {
      await look(page);
    }
    const found = await page.evaluate(() => [...document.querySelectorAll('a[href]:not([download])')].map(a => a.href.split('#')[0]));
    for(const next of found) {
      const at = next.startsWith(`${origin}/console`) && pattern(next);
      if(at && !followed.has(at)) {
        followed.add(at);
        queue.push(next);
      }
    }
  }
  async function walk(page) {
    while(queue.length || busy) {
      if(!queue.length) {
        await new Promise(done => setTimeout(done, 20));
        continue;
      }
      busy++;
      try {
        await visit(page, queue.shift());
      } finally {
        busy--;
      }
    }
  }
  const other = await page.context().newPage();
  eyes.listen(other, () => pattern(other.url()));
  await Promise.all([walk(page), walk(other)]);
}

// Does one part after another; what a part throws ends them.
async function all(eyes, page, parts) {
  for(const part of parts) {
    try {
      const began = Date.now();
      await part(page);
      times[part.name] = Date.now() - began;
    } catch(e) {
      eyes.note(`${part.name}, at ${page.url()}: ${e.stack}`);
      await eyes.picture(page, 'stuck');
      return;
    }
  }
}

const pat = await abroad.page(browser, () => `an earner at ${pattern(pat.url())}`);
const kim = await abroad.page(browser, () => `by keyboard at ${pattern(kim.url())}`, {permissions: ['clipboard-read', 'clipboard-write']});
await Promise.all([
  all(eyes, await person('the owner', {}), [defines, awards, batch, people, passkey, everything]),
  all(abroad, pat, [collects(abroad, browser, town)]).then(() => all(abroad, kim, [byKeyboard(abroad, town)])),
]);
await browser.close();
console.log(JSON.stringify({looks: eyes.looks + abroad.looks, pictures: eyes.taken + abroad.taken, heaviest: [eyes, abroad].map(e => e.heaviest).sort((a, b) => b.bytes - a.bytes)[0],
  times, visited: [...visited.keys(), ...abroad.names], findings: [...eyes.findings, ...abroad.findings]}));
