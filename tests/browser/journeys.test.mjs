// What people come to do, walked by the words on the pages, with JavaScript and without.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, mailTo, person, signIn, startSite } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

const button = (page, name) => page.getByRole('button', { name, exact: true });
const says = (page, words) => page.getByText(words).first().waitFor();

async function fillJoinForm(page, { name, email, rate }) {
  await page.goto('/');
  await page.getByRole('link', { name: 'Join', exact: true }).first().click();
  await page.getByLabel('Full name').fill(name);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Day', { exact: true }).fill('27');
  await page.getByLabel('Month', { exact: true }).fill('3');
  await page.getByLabel('Year', { exact: true }).fill('1998');
  await page.getByLabel('Address line 1').fill('12 Bolton Street');
  await page.getByLabel('Town or city').fill('Bury');
  await page.getByLabel('Postcode').fill('bl9 0lq');
  await page.getByRole('radio', { name: rate }).check();
  await page.getByRole('radio', { name: 'Every month' }).check();
  await page.locator('input[name="declaration"]').check();
  await page.getByLabel(/Email me news and campaign updates/).check();
  await button(page, 'Continue to payment').click();
}

/** The page that shows how the payment stands, asked again until it says what is awaited. */
async function awaited(page, words) {
  for (let tries = 0; tries < 40; tries += 1) {
    if ((await page.locator('main').innerText()).includes(words)) return;
    await page.waitForTimeout(250);
    await page.goto(page.url());
  }
  throw new Error(`the page never said "${words}": ${await page.locator('main').innerText()}`);
}

async function openFromMail(page, email, subject) {
  const mail = await mailTo(site, email, { subject });
  await page.goto(mail.link('/sign-in/link/'));
  await button(page, 'Sign in').click();
}

for (const [way, javaScriptEnabled] of [['with JavaScript', true], ['without JavaScript', false]]) {
  describe(way, { concurrency: false }, () => {
    const tag = javaScriptEnabled ? 'js' : 'nojs';
    const open = (options = {}) => person(browser, site, { javaScriptEnabled, ...options });

    test('join by card, and find the member page', async () => {
      const page = await open();
      const email = `priya.${tag}@example.org`;
      await fillJoinForm(page, { name: 'Priya Nair', email, rate: /Standard/i });
      await button(page, 'Pay by card').click();
      await awaited(page, 'You are in');
      await openFromMail(page, email, 'Welcome');
      await page.goto('/membership');
      await says(page, /£5/);
      assert.deepEqual(page.errors, []);
      await page.context().close();
    });

    test('a declined card can be tried again', async () => {
      const page = await open();
      const email = `rhys.${tag}@example.org`;
      await fillJoinForm(page, { name: 'Rhys Morgan', email, rate: /Low-wage/i });
      await button(page, 'Card is declined').click();
      await says(page, /declined/i);
      await button(page, 'Cancel and go back').click();
      await says(page, /Everything you typed is kept|not paid yet/);
      await page.locator('main').getByRole('button').first().click();
      await button(page, 'Pay by card').click();
      await awaited(page, 'You are in');
      await page.context().close();
    });

    test('join by Direct Debit: pending, then paid', async () => {
      const page = await open();
      const email = `siobhan.${tag}@example.org`;
      await fillJoinForm(page, { name: 'Siobhán O’Neill', email, rate: /Standard/i });
      await button(page, 'Pay by Direct Debit').click();
      await awaited(page, 'Direct Debit is on its way');
      await openFromMail(page, email, 'Welcome');
      const bank = await open();
      await bank.goto('/dev/stripe');
      const debit = bank.locator('h3', { hasText: email });
      const described = await debit.first().getAttribute('id');
      await bank.locator(`button[aria-describedby="${described}"]`, { hasText: 'The debit is paid' }).click();
      await page.goto('/membership');
      await awaited(page, 'In good standing');
      await page.context().close();
      await bank.context().close();
    });

    test('what is wrong is said beside the field, and what was typed stays', async () => {
      const page = await open();
      await page.goto('/join');
      await page.getByLabel('Full name').fill('Zoë <b>Smith</b>');
      await page.getByLabel('Email address').fill('not an address');
      await button(page, 'Continue to payment').click();
      await says(page, 'There is a problem');
      assert.equal(await page.getByLabel('Full name').inputValue(), 'Zoë <b>Smith</b>');
      assert.equal(await page.getByLabel('Email address').inputValue(), 'not an address');
      await page.getByRole('link', { name: /Enter an email address/ }).click();
      assert.match(page.url(), /#field-email$/);
      await page.context().close();
    });

    test('sign up as a supporter, confirm, be updated, unsubscribe', async () => {
      const page = await open();
      const email = `kofi.${tag}@example.org`;
      await page.goto('/support');
      await page.getByLabel('Email address').fill(email);
      await page.getByLabel('Your name').fill('Kofi Asante');
      await page.getByLabel('Postcode').fill('M1 1AE');
      await page.locator('input[name="old_enough"]').check();
      await page.locator('input[name="email_updates"]').check();
      await button(page, 'Sign up as a supporter').click();
      await says(page, 'Check your email');
      const confirm = (await mailTo(site, email)).link('/support/');
      await page.goto(confirm);
      await button(page, 'Yes, I am a supporter').click();
      await mailTo(site, email, { subject: 'Good to have you' });

      const officer = await open();
      await signIn(officer, 'alex@demo.test');
      const subject = `The canal walk ${tag}`;
      await sendUpdate(officer, subject);
      const update = await mailTo(site, email, { subject });
      assert.match(update.text, /151 The Rock/);
      await page.goto(update.link('/unsubscribe/'));
      await button(page, 'Stop these emails').click();
      await page.getByRole('heading', { name: 'Stopped' }).waitFor();
      await officer.context().close();
      await page.context().close();
    });

    test('an officer finds the new member', async () => {
      const page = await open();
      await signIn(page, 'alex@demo.test');
      await page.goto('/admin/members');
      await page.getByRole('searchbox').or(page.getByLabel(/Search|Name, email/)).first().fill(`priya.${tag}`);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: /Priya Nair/ }).first().click();
      await page.getByRole('heading', { name: /Priya Nair/ }).first().waitFor();
      await says(page, /BL9 0LQ/);
      await page.context().close();
    });
  });
}

async function sendUpdate(page, subject) {
  await page.goto('/admin/updates');
  await page.getByRole('link', { name: 'Write an update' }).first().click();
  await page.getByLabel('Subject').fill(subject);
  await page.getByLabel('Text', { exact: true }).fill('Come and walk **the canal** with us on Saturday.');
  await page.getByLabel('Members', { exact: true }).uncheck();
  await page.getByLabel('Supporters', { exact: true }).check();
  await page.getByLabel('North West').check();
  await button(page, 'Save the draft').click();
  await page.getByRole('link', { name: 'Go on to sending' }).click();
  await page.getByRole('button', { name: /^Send to \d+/ }).click();
  await page.getByRole('heading', { name: subject }).waitFor();
}

test('Ctrl-C ends the site cleanly', async () => {
  const other = await startSite();
  assert.equal(await other.stop(), 0);
});
