// What somebody does to whom badges were awarded, in Chromium: claims one, signs in by mail, brings others from elsewhere, shows some of
// them on a page, loses one, turns the page off, and asks for an erasure. Each page is looked at in English and in Spanish.
import {setTimeout as wait} from 'node:timers/promises';
import {patience} from './looks.mjs';

// The link that the newest message to somebody holds, once it has come. town is
//   {"origin": …, "letters": address that tells it, "badges": {name: text}, …}
export async function letter(town, to, path) {
  for(const end = Date.now() + patience; Date.now() < end; await wait(100)) {
    const answer = await fetch(`${town.letters}?${new URLSearchParams({to, path})}`);
    if(answer.ok) {
      return answer.text();
    }
  }
  throw new Error(`no message with ${path} came to ${to}`);
}

// An address in Spanish.
const spanish = address => {
  const url = new URL(address);
  url.searchParams.set('lang', 'es');
  return url.href;
};

// The walk, as a function of a page.
export const collects = (eyes, browser, town) => async function collects(page) {
  const {origin} = town;
  // Looks at the page that is shown, in both languages where it has an address to be asked at.
  async function look(name, asked = true) {
    await eyes.look(page, name);
    if(asked) {
      const at = page.url();
      await page.goto(spanish(at));
      await eyes.expect(`${name}: does not speak Spanish`, async () => await page.locator('html').getAttribute('lang') === 'es');
      await eyes.glance(page, `${name}-es`);
      await page.goto(at);
    }
  }
  const click = (role, name) => Promise.all([page.waitForEvent('load'), page.getByRole(role, {name}).first().click()]);
  const expect = (what, text) => eyes.expect(`${what}: ${page.url()} does not say ${text}`, () => page.locator('main').filter({hasText: text}).count());

  // An award is taken by its link.
  await page.goto(await letter(town, town.earner, '/claim/'));
  await look('claim');
  await click('button', 'Take this badge');
  await look('claim-taken');
  const award = (await page.getByRole('link', {name: 'Open its page'}).getAttribute('href')).split('/').at(-1);
  await page.goto(`${origin}/claim/nothing`);
  await look('claim-gone');

  // The list is opened by a mailed link.
  await page.goto(`${origin}/mine`);
  await look('mine-ask');
  await page.getByLabel('e-mail').fill(town.earner);
  await click('button', 'Send me a link');
  await look('mine-sent');
  await page.goto(await letter(town, town.earner, '/mine/in/'));
  await look('mine-door');
  await click('button', 'See my badges');
  await look('mine');

  // Badges from elsewhere.
  await click('link', 'Add a badge from elsewhere');
  await look('add');
  const unlike = await page.evaluate(() => { // the browser's own button looks like ours
    const other = document.createElement('button');
    other.className = 'button';
    document.querySelector('main').append(other);
    const own = getComputedStyle(document.querySelector('input[type=file]'), '::file-selector-button'), ours = getComputedStyle(other);
    const found = ['color', 'backgroundColor', 'borderTopColor', 'borderTopWidth', 'borderTopLeftRadius', 'minHeight', 'paddingLeft', 'fontSize', 'opacity', 'fontWeight', 'fontFamily'].filter(name => own[name] !== ours[name]);
    other.remove();
    return found.join(' ');
  });
  if(unlike) {
    eyes.note(`add: the button for files has another ${unlike}`);
  }
  await click('button', /^Check/);
  await look('add-nothing', false);
  await page.goto(`${origin}/mine/add`);
  await page.locator('#credential').setInputFiles([...Object.entries(town.badges), ['a holiday.txt', 'the sea']].map(([name, text]) => ({name, mimeType: 'application/octet-stream', buffer: Buffer.from(text)})));
  await click('button', /^Check/);
  await look('add-done', false);
  const brought = await page.locator('main h2 a').evaluateAll(links => links.map(a => a.href));
  if(brought.length !== Object.keys(town.badges).length) {
    eyes.note(`${brought.length} badges were added`);
  }
  for(const [i, address] of brought.entries()) {
    await page.goto(address);
    await look(`imported-${i}-${await page.locator('.band').getAttribute('class').then(c => c.split('-').at(-1))}`);
  }
  await click('button', 'Check it again now');
  await expect('checked again', 'checked just now');

  // Grouped and searched for.
  await page.goto(`${origin}/mine`);
  await look('mine-many');
  await click('link', 'state');
  await look('mine-by-state');
  await page.goto(`${origin}/mine?q=reading`);
  await look('mine-found');
  await page.goto(`${origin}/mine?q=nothing+of+the+kind`);
  await look('mine-not-found');
  await page.goto(`${origin}/mine/award/${award}`);
  await look('mine-award');

  // A page of chosen badges.
  await page.goto(`${origin}/mine/sets/new`);
  await look('set-new');
  await page.getByLabel('Title').fill('What I bring to your school');
  await page.getByLabel('A few words').fill('Three years of teaching reading in small groups.');
  await page.getByLabel('Your name on the page').fill('Pat Pupil');
  for(const box of await page.locator('input[name=badge]').all()) {
    await box.check();
  }
  await click('button', 'Make the page');
  await look('set');
  const set = page.url();
  await click('link', 'Open the page');
  const shared = page.url();
  await look('shared');
  const revoked = await fetch(`${town.letters}revoke?${new URLSearchParams({id: award})}`, {method: 'POST'});
  if(!revoked.ok) {
    throw new Error(await revoked.text());
  }
  await page.goto(shared);
  await expect('a page with a revoked badge', 'Authentic, but revoked');
  await look('shared-revoked');
  await page.goto(`${origin}/mine/award/${award}`);
  await look('mine-award-revoked');
  await page.goto(set);
  await page.getByLabel('the badges too').check();
  await click('button', 'Save');
  await page.goto(shared);
  await look('shared-files');
  await page.goto(set);
  await page.getByLabel('Nobody').check();
  await click('button', 'Save');
  await look('set-off');
  await page.goto(shared);
  await look('shared-off');

  // Another address, and an end.
  await page.goto(`${origin}/mine`);
  await page.getByLabel('Add another').fill('pat.pupil@example.net');
  await click('button', 'Send a link to it');
  await page.goto(await letter(town, 'pat.pupil@example.net', '/mine/join/'));
  await look('join');
  await click('button', /^Yes/);
  await look('mine-two-addresses');
  await click('button', 'Ask for everything to be erased');
  await look('erase-asked');
  await page.goto(await letter(town, town.earner, '/mine/erase/'));
  await look('erasing');
  await page.goto(`${origin}/mine`);
  await click('button', 'Sign out');
  await look('mine-out');
  await page.context().close();
};
