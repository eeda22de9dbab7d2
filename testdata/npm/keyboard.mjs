// What somebody does who has a keyboard alone, in Chromium: checks a badge, claims one, shares it, and awards and revokes one in the
// console. Whatever gets the focus on the way is in view and has a ring around it. Nothing is clicked.
import {letter} from './earner.mjs';

// The walk, as a function of a page.
export const byKeyboard = (eyes, town) => async function byKeyboard(page) {
  const {origin} = town;
  const press = (role, name, loads) => eyes.press(page, role, name, loads);
  const expect = (what, so) => eyes.expect(`by keyboard, ${page.url()}: ${what}`, so);
  const says = text => page.locator('main').filter({hasText: text}).count().then(n => n > 0);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  // The first Tab and Enter lead over the links of the site.
  async function skip() {
    await page.keyboard.press('Tab');
    await eyes.reach(page, page.locator('.skip'), 'the way over the links');
    await page.keyboard.press('Enter');
    await expect('the first Tab does not lead into the content', () => page.evaluate(() => document.activeElement.id === 'main'));
  }

  // Check: a badge is pasted, and its verdict read in the order of focus.
  await page.goto(origin);
  await press('link', 'Check');
  await skip();
  await eyes.reach(page, page.locator('input[type=file]'), 'the file');
  await eyes.reach(page, page.locator('textarea'), 'the text');
  await page.evaluate(text => navigator.clipboard.writeText(text), town.badges['badge.json']);
  await page.keyboard.press('Control+V');
  await expect('nothing is pasted', async () => await page.locator('textarea').inputValue() !== '');
  await press('button', /^Check/);
  await skip();
  await expect('the verdict is not in view', () => page.locator('.band h1, .band h2').first().evaluate(e => e.getBoundingClientRect().bottom < innerHeight));
  await expect('there is no verdict', () => says('Authentic, and in force today'));
  await eyes.reach(page, page.locator('summary', {hasText: 'Technical report'}), 'the technical report');
  await page.keyboard.press('Enter');
  await expect('the technical report stays folded', () => page.locator('.steps').first().isVisible());

  // Claim and share.
  await page.goto(await letter(town, town.keyboarder, '/claim/'));
  await skip();
  await press('button', 'Take this badge');
  await expect('it was not taken', () => says('The badge is yours'));
  await press('link', 'Open its page');
  const badge = page.url();
  await skip();
  await press('link', 'Copy link');
  await press('button', /^Copy/, false);
  await expect('the link is not copied', async () => await page.locator('#copied').textContent() !== '' && (await clipboard()).split('?')[0] === badge.split('?')[0]);
  await eyes.reach(page, page.locator('.kind a'), 'the way back');
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  await expect('there is no way back', () => page.url().split('?')[0] === badge.split('?')[0]);

  // The console: in by a mailed link, one award, its end, and out.
  await page.goto(`${origin}/sign-in`);
  await eyes.type(page, 'Your e-mail address', town.staff);
  await press('button', 'Send me a link');
  await page.goto(await letter(town, town.staff, '/sign-in/'));
  await press('button', 'Sign in');
  await press('link', 'Awards');
  await press('link', /^Award (an?|the|one)/);
  if(!new URL(page.url()).searchParams.has('achievement')) {
    await press('link', town.achievement);
  }
  await skip();
  await eyes.type(page, 'E-mail address', 'ines@example.org');
  await eyes.type(page, 'Name', 'Inés Ibarra');
  await eyes.reach(page, page.getByLabel(town.result), 'the result');
  await page.keyboard.press('ArrowDown');
  await press('button', 'Award');
  await expect('nothing was awarded', () => says('The award was made'));
  await press('link', 'Revoke');
  await eyes.reach(page, page.getByLabel('Why').first(), 'the reason');
  await page.keyboard.press('ArrowDown');
  await press('button', 'Revoke');
  await expect('it is not revoked', () => says('revoked'));
  await press('button', 'Sign out');
  await page.goto(`${origin}/console`);
  await expect('still signed in', async () => await page.getByRole('button', {name: 'Sign out'}).count() === 0);
  await page.context().close();
};
