// The site with the keyboard alone. That every stop of every page takes the focus and shows it is the judge's matter
// (judge.mjs); here somebody goes from stop to stop and gets done what they came for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { awaited, launch, PASSWORD, person, says, startSite } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

const here = (page) => page.evaluate(() => {
  const { id, name, tagName, className, textContent } = document.activeElement;
  return { id, name, tag: tagName.toLowerCase(), className, words: textContent.trim().replace(/\s+/g, ' ') };
});

/** Presses Tab until `found` says so of the stop that has the focus. */
async function tabTo(page, found, most = 80) {
  const passed = [];
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await here(page);
    if (found(stop)) return stop;
    passed.push(stop.id || stop.words.slice(0, 20));
  }
  throw new Error(`not met on the way: ${passed.join(' > ')}`);
}

const field = (name) => (stop) => stop.id === `field-${name}`;
const called = (words) => (stop) => stop.words === words;

test('the first stop skips to the content', async () => {
  const page = await person(browser, site);
  await page.goto('/faq');
  await page.keyboard.press('Tab');
  const skip = page.locator('.skip');
  assert.equal((await here(page)).className, 'skip');
  const box = await skip.boundingBox();
  assert.ok(box.x >= 0 && box.y >= 0 && box.height >= 24, 'it is in sight when it has the focus');
  await page.keyboard.press('Enter');
  assert.equal((await here(page)).id, 'main');
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)), 'the next stop is in the content');
  assert.ok((await skip.boundingBox()).y < 0, 'it is out of the way again');
  await page.context().close();
});

test('a question opens and closes with Enter and with the space bar', async () => {
  const page = await person(browser, site);
  await page.goto('/faq');
  await tabTo(page, (stop) => stop.tag === 'summary');
  const open = () => page.evaluate(() => document.activeElement.closest('details').open);
  for (const key of ['Enter', ' ']) {
    assert.equal(await open(), false);
    await page.keyboard.press(key);
    assert.equal(await open(), true);
    await page.keyboard.press(key);
  }
  await page.context().close();
});

test('joining: each field in the order it is read, a slip put right, and on to payment', async () => {
  const page = await person(browser, site);
  await page.goto('/');
  await tabTo(page, called('Join'));
  await page.keyboard.press('Enter');
  await page.waitForURL('/join');

  // What comes first on the page has to come first by Tab; a group of choices is one stop.
  const expected = await page.evaluate(() => {
    const groups = new Set();
    return [...document.querySelectorAll('main form :is(input, select, textarea, button, summary, a[href])')].filter((stop) => {
      if (stop.type === 'hidden' || !stop.checkVisibility()) return false;
      if (stop.type !== 'radio') return true;
      const first = !groups.has(stop.name);
      groups.add(stop.name);
      return first;
    }).map((stop) => stop.name || stop.textContent.trim());
  });
  await tabTo(page, field('name'));
  const met = [];
  for (let stop = await here(page); met.length < expected.length; stop = await here(page)) {
    met.push(stop.name || stop.words);
    await page.keyboard.press('Tab');
  }
  assert.deepEqual(met, expected);

  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await says(page, 'There is a problem');
  assert.equal((await here(page)).className, 'error-summary', 'what is wrong has the focus');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal((await here(page)).id, 'field-name', 'and leads to the field');

  await page.keyboard.type('Ffion Rees');
  const type = async (name, words) => { await tabTo(page, field(name)); await page.keyboard.type(words); };
  await type('email', 'ffion@example.org');
  await type('dob_day', '3');
  await type('dob_month', '11');
  await type('dob_year', '1990');
  await type('address_line1', '4 High Street');
  await type('town', 'Bury');
  await type('postcode', 'BL9 0LQ');
  await tabTo(page, (stop) => stop.name === 'rate');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, (stop) => stop.name === 'every');
  await page.keyboard.press('Space');
  await tabTo(page, (stop) => stop.name === 'other_party');
  await page.keyboard.press('Space');
  await tabTo(page, field('declaration'));
  await page.keyboard.press('Space');
  await tabTo(page, called('Continue to payment'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/dev\/stripe\/pay\//);
  await tabTo(page, called('Pay by card'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/join\//);
  await awaited(page, 'Thank you');
  await page.context().close();
});

test('an officer signs in, unfolds the filters and opens a member', async () => {
  const page = await person(browser, site);
  await page.goto('/sign-in?next=/admin/members');
  await tabTo(page, field('email'));
  await page.keyboard.type('alex@demo.test');
  await tabTo(page, field('password'));
  await page.keyboard.type(PASSWORD);
  await tabTo(page, called('Show'));
  await page.keyboard.press('Space');
  assert.equal(await page.locator('#field-password').getAttribute('type'), 'text', 'the password is shown');
  await tabTo(page, called('Sign in'));
  await page.keyboard.press('Enter');
  await page.waitForURL('/admin/members');
  // From anywhere on the page to the search of everything, and not while somebody types.
  await page.keyboard.press('/');
  await page.keyboard.type('ana/silva');
  await page.keyboard.press('Enter');
  await page.waitForURL('/admin/search?q=ana%2Fsilva');
  await page.goto('/admin/members');
  await tabTo(page, (stop) => stop.tag === 'summary');
  await page.keyboard.press('Enter');
  await tabTo(page, field('joined_from'));
  await tabTo(page, called('Region'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=/);
  const first = await page.locator('tbody th a').first().innerText();
  await tabTo(page, called(first));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: first, level: 1 }).waitFor();
  await page.context().close();
});
