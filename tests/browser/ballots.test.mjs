// Casting a vote as people do: by keyboard, without JavaScript, on a narrow phone, and by what a screen reader says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { judge } from './judge.mjs';
import { awaited, button, launch, person, says, signIn, startSite } from './site.mjs';

const VOTE = '/ballots/where-the-next-conference-meets';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

/** Presses Tab until the stop with the focus is called so. */
async function tabTo(page, name) {
  const passed = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => {
      const it = document.activeElement;
      return (it.labels?.[0]?.textContent ?? it.textContent).trim().replace(/\s+/g, ' ');
    });
    if (here === name) return;
    passed.push(here.slice(0, 20));
  }
  throw new Error(`${name} was not met on the way: ${passed.join(' > ')}`);
}

test('a member votes by keyboard alone, without JavaScript, at 320 pixels', async () => {
  const page = await person(browser, site, { javaScriptEnabled: false, viewport: { width: 320, height: 700 } });
  await signIn(page, 'ana@demo.test');
  await page.goto('/dashboard');
  await tabTo(page, 'Vote in Where the next conference meets');
  await page.keyboard.press('Enter');
  await says(page, 'In which cities should we look for a hall?');
  // What a screen reader meets, in its order.
  const tree = await page.locator('main').ariaSnapshot();
  const order = ['link "About this vote"', 'list', 'heading "Where the next conference meets" [level=1]', 'group "Your choice"', 'checkbox', 'textbox "Six digits of your own"', 'button "Check my vote"'];
  let from = 0;
  for (const part of order) {
    const at = tree.indexOf(part, from);
    assert.ok(at >= 0, `${part} comes too early or not at all:\n${tree}`);
    from = at;
  }
  await tabTo(page, 'Glasgow');
  await page.keyboard.press('Space');
  await tabTo(page, 'Six digits of your own');
  await page.keyboard.type('402 917');
  await page.keyboard.press('Enter');
  await says(page, 'You chose');
  assert.match(await page.locator('.slip').first().innerText(), /Glasgow/);
  const code = await page.locator('.slip code').first().innerText();
  assert.match(page.document.headers()['cache-control'], /no-store/, 'the page with the code is kept nowhere');
  assert.match(code, /^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
  // Back, and everything is there.
  await tabTo(page, 'Change something');
  await page.keyboard.press('Enter');
  assert.ok(await page.getByLabel('Glasgow').isChecked());
  assert.equal(await page.getByLabel('Six digits of your own').inputValue(), '402917');
  await button(page, 'Check my vote').click();
  await tabTo(page, 'Cast my vote');
  await page.keyboard.press('Enter');
  await says(page, 'Your vote is in');
  await page.goto('/dashboard');
  await awaited(page, 'You have voted in');
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('each of the three pages stands before its judges', async () => {
  const page = await person(browser, site);
  await signIn(page, 'treasurer@demo.test');
  await page.goto(`${VOTE}/vote`);
  await page.getByLabel('Cardiff').check();
  await page.getByLabel('Six digits of your own').fill('123456');
  await button(page, 'Check my vote').click();
  await says(page, 'You chose');
  assert.deepEqual(await judge(page, { rare: true }), []);
  await button(page, 'Cast my vote').click();
  await says(page, 'Your vote is in');
  assert.deepEqual(await judge(page, { rare: true }), []);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('a vote that is announced, its rule and its roll are read by everybody', async () => {
  const page = await person(browser, site);
  await page.goto('/');
  await page.getByRole('link', { name: 'Votes', exact: true }).first().click();
  await page.getByRole('link', { name: 'National committee' }).click();
  await says(page, 'Round by round');
  assert.ok(await page.getByRole('img', { name: 'The way of the votes' }).isVisible());
  assert.ok(await page.getByRole('region', { name: 'Votes in each round' }).isVisible());
  await page.getByRole('link', { name: 'How this vote is kept honest' }).first().click();
  await says(page, 'What this does not promise');
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
