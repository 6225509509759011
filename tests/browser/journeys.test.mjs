// What people come to do, walked by the words on the pages, with JavaScript and without.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { arrived, awaited, button, fillGiftForm, fillJoinForm, launch, mailTo, mailsTo, person, says, signIn, startSite, writeUpdate } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

async function openFromMail(page, email, subject) {
  const mail = await mailTo(site, email, { subject });
  const answer = await page.goto(mail.link('/sign-in/link/'));
  assert.equal(answer.status(), 200, await page.locator('main').innerText());
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
      await awaited(page, 'Thank you');
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
      await awaited(page, 'Thank you');
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

    test('a list can be downloaded twice from the same page', async () => {
      const page = await open();
      await signIn(page, 'treasurer@demo.test');
      await page.goto('/admin/payments');
      for (let times = 0; times < 2; times += 1) {
        const download = page.waitForEvent('download');
        await button(page, 'Download as CSV').click();
        assert.match((await download).suggestedFilename(), /\.csv$/);
        await page.waitForTimeout(2500);
      }
      await page.context().close();
    });

    test('pressing twice, going back and a second tab make one membership', async () => {
      const email = `owen.${tag}@example.org`;
      const page = await open();
      await fillJoinForm(page, { name: 'Owen Pugh', email, send: false });
      await button(page, 'Continue to payment').dblclick();
      await arrived(page, /\/dev\/stripe\/pay\//);
      await page.goBack();
      await arrived(page, /\/join$/);
      assert.equal(await page.getByLabel('Full name').inputValue(), 'Owen Pugh', 'what was typed is still there');
      await button(page, 'Continue to payment').click();
      await arrived(page, /\/dev\/stripe\/pay\//);

      const tab = await page.context().newPage();
      await fillJoinForm(tab, { name: 'Owen Pugh', email });
      await arrived(tab, /\/dev\/stripe\/pay\//);
      await button(tab, 'Pay by card').dblclick();
      await arrived(tab, /\/join\//);
      await awaited(tab, 'Thank you');
      // The first tab still shows its page for paying.
      if (page.url() !== tab.url()) await page.reload();
      if (await button(page, 'Pay by card').isVisible()) await button(page, 'Pay by card').click();
      await page.context().close();

      const officer = await open();
      await signIn(officer, 'alex@demo.test');
      await officer.waitForTimeout(1500);
      await officer.goto(`/admin/members?q=${email}`);
      assert.equal(await officer.locator('tbody tr').count(), 1);
      await officer.goto(`/dev/stripe?search=${email}`);
      assert.equal(await officer.getByRole('button', { name: 'Charge the next period' }).count(), 1, 'they pay once');
      await officer.context().close();
    });

    test('pressing twice, going back and a second tab make one gift', async () => {
      const email = `gwen.${tag}@example.org`;
      const page = await open();
      await fillGiftForm(page, { name: 'Gwen Parry', email, send: false });
      await button(page, 'Continue to payment').dblclick();
      await arrived(page, /\/dev\/stripe\/pay\//);
      const paying = page.url();
      await button(page, 'Pay by card').dblclick();
      await arrived(page, /\/donate\//);
      await awaited(page, 'Thank you');
      await page.goBack();
      const tab = await page.context().newPage();
      await tab.goto(paying);
      await says(tab, 'This has been paid');
      await tab.waitForTimeout(1000);
      await page.context().close();

      await mailTo(site, email);
      assert.equal(mailsTo(site, email).length, 1, 'one receipt');
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
      await writeUpdate(officer, subject);
      await officer.getByRole('button', { name: /^Send to \d+/ }).click();
      await officer.getByRole('heading', { name: subject }).waitFor();
      const update = await mailTo(site, email, { subject });
      assert.match(update.text, /151 The Rock/);
      await page.goto(update.link('/unsubscribe/'));
      await button(page, 'Stop these emails').click();
      await page.getByRole('heading', { name: 'Stopped' }).waitFor();
      await officer.context().close();
      await page.context().close();
    });

    test('an officer imports a list, mends what was rejected and imports that too', async () => {
      const page = await open({ acceptDownloads: true });
      await signIn(page, 'alex@demo.test');
      await page.goto('/admin');
      await page.getByRole('link', { name: 'Import', exact: true }).first().click();
      const list = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
      const importing = async (file, added) => {
        await page.goto('/admin/imports');
        await page.getByLabel('List of members').setInputFiles(file);
        await button(page, 'Upload and match columns').click();
        await button(page, 'Check all lines').click();
        await awaited(page, 'Nothing has been imported yet');
        await button(page, `Import ${added} ${added === 1 ? 'line' : 'lines'}`).click();
        await awaited(page, ' imported.');
      };
      await importing(list('members.csv', 'First name,Last name,Email address,Date of birth\n'
        + `Wren,Ashby,wren.${tag}@example.org,4/5/1980\nLowri,Penn,lowri.${tag}@example.org,31/6/1980\n`), 1);
      await says(page, /Date of birth: Enter a date/);
      const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Download rejected lines as CSV').click()]);
      const rejected = readFileSync(await download.path(), 'utf8');
      assert.match(rejected, /"3","Date of birth/);
      await importing(list('mended.csv', rejected.replace('31/6/1980', '30/6/1980')), 1);
      await page.goto(`/admin/members?q=lowri.${tag}@example.org`);
      await page.getByRole('link', { name: 'Lowri Penn' }).first().click();
      await says(page, '30 June 1980');
      assert.deepEqual(page.errors, []);
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
