// The years after joining: a rate changed, a payment failed and repaired, another card, leaving and staying, money given
// back, and a large donation that has to be checked.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { awaited, button, fillGiftForm, fillJoinForm, launch, mailTo, person, says, signIn, startSite } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

const main = (page) => page.locator('main').innerText();

for (const [way, javaScriptEnabled] of [['with JavaScript', true], ['without JavaScript', false]]) {
  describe(way, { concurrency: false }, () => {
    const tag = javaScriptEnabled ? 'js' : 'nojs';
    const open = () => person(browser, site, { javaScriptEnabled });

    /** Somebody who has just joined by card at £5 a month and is signed in. */
    async function member(name, email) {
      const page = await open();
      await fillJoinForm(page, { name, email, rate: /Standard/i });
      await button(page, 'Pay by card').click();
      await awaited(page, 'Thank you');
      const mail = await mailTo(site, email, { subject: 'Welcome' });
      const answer = await page.goto(mail.link('/sign-in/link/'));
      assert.equal(answer.status(), 200, await page.locator('main').innerText());
      await button(page, 'Sign in').click();
      await page.goto('/membership');
      await awaited(page, 'In good standing');
      return page;
    }

    /** What the member's bank does, or time. */
    async function atStripe(email, what) {
      const page = await open();
      await page.goto(`/dev/stripe?search=${email}`);
      await page.getByRole('button', { name: what }).first().click();
      await page.context().close();
    }

    test('a member changes their rate and sees the amount before', async () => {
      const page = await member('Nia Lewis', `nia.${tag}@example.org`);
      await page.getByRole('link', { name: /^Change\s+rate$/i }).click();
      await page.locator('input[name="rate"][value="solidarity"]').check();
      await page.getByLabel(/Own amount/).fill('12.50');
      await page.getByRole('radio', { name: 'Every month' }).check();
      await button(page, 'Continue').click();
      await says(page, 'Change your rate to £12.50 a month?');
      await says(page, /The next payment is £12.50/);
      await button(page, 'Change the rate').click();
      await awaited(page, 'Solidarity, £12.50 a month');
      assert.match(await main(page), /Next payment\s+£12\.50 on/);
      await mailTo(site, `nia.${tag}@example.org`, { subject: 'you pay £12.50' });
      assert.deepEqual(page.errors, []);
      await page.context().close();
    });

    test('a payment fails, and the member repairs it', async () => {
      const email = `iolo.${tag}@example.org`;
      const page = await member('Iolo Price', email);
      await atStripe(email, 'Renewal fails');
      await awaited(page, 'If you do not, we will try to collect it again on');
      const mail = await mailTo(site, email, { subject: 'did not go through' });
      const invoice = mail.link('/dev/stripe/invoices/');
      const link = page.getByRole('link', { name: 'Pay now' });
      assert.equal(new URL(await link.getAttribute('href')).pathname, invoice, 'page and mail lead to one place');
      await link.click();
      await says(page, 'Invoice over £5');
      await button(page, 'Pay by card').click();
      await says(page, 'This has been paid');
      await page.goto('/membership');
      await awaited(page, 'In good standing');
      await page.goto('/payments');
      assert.equal(await page.locator('tbody tr').count(), 2, 'the first payment and the repaired one');
      await page.context().close();
    });

    test('a receipt is printed on one sheet, with what proves it and nothing else', async () => {
      const page = await member('Owain Glyn', `owain.${tag}@example.org`);
      await page.goto('/payments');
      await page.locator('tbody a').first().click();
      await says(page, 'Receipt for £5');
      await page.emulateMedia({ media: 'print' });
      const shown = await main(page);
      for (const words of ['Owain Glyn', 'Paid by', 'Card', 'Receipt number', 'Reference']) assert.ok(shown.includes(words), words);
      assert.ok(!shown.includes('print this page'), 'what is said of printing is not printed');
      for (const part of ['nav', 'button']) assert.equal(await page.locator(`${part}:visible`).count(), 0, part);
      const sheets = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g);
      assert.equal(sheets.length, 1);
      await page.context().close();
    });

    test('a member pays by another card from now on', async () => {
      const page = await member('Mair Rees', `mair.${tag}@example.org`);
      await button(page, 'Change card or bank account').click();
      await button(page, 'Pay by Direct Debit').click();
      await page.goto('/membership');
      await awaited(page, 'Direct Debit from the account ending');
      await page.context().close();
    });

    test('a member leaves, and stays after all', async () => {
      const page = await member('Glyn Hall', `glyn.${tag}@example.org`);
      await page.getByRole('link', { name: 'End my membership' }).click();
      await says(page, /You stay a member with every right until/);
      await button(page, 'End my membership').click();
      await awaited(page, 'You have stopped renewal');
      await button(page, 'Stay a member after all').click();
      await awaited(page, 'In good standing');
      assert.match(await main(page), /Next payment\s+£5 on/);
      await page.context().close();
    });

    test('the treasurer gives part of a payment back', async () => {
      const email = `enid.${tag}@example.org`;
      const page = await member('Enid Howells', email);
      const treasurer = await open();
      await signIn(treasurer, 'treasurer@demo.test');
      await treasurer.goto('/admin/payments');
      await treasurer.getByRole('row', { name: /Enid Howells/ }).first().locator('td.num a').click();
      await treasurer.getByLabel('Amount to return').fill('£5,00');
      await treasurer.getByLabel('Reason').fill('Paid twice');
      await button(treasurer, 'Refund').click();
      await says(treasurer, 'There is a problem');
      assert.equal(await treasurer.getByLabel('Reason').inputValue(), 'Paid twice', 'what was typed is still there');
      await treasurer.getByLabel('Amount to return').fill('2');
      await button(treasurer, 'Refund').click();
      await awaited(treasurer, '£2');
      const mail = await mailTo(site, email, { subject: 'returning' });
      assert.match(mail.text, /£2/);
      assert.doesNotMatch(mail.text, /Paid twice/);
      await page.goto('/payments');
      await awaited(page, '£2');
      await page.context().close();
      await treasurer.context().close();
    });

    test('£25 is given and acknowledged', async () => {
      const email = `huw.${tag}@example.org`;
      const page = await open();
      await fillGiftForm(page, { name: 'Huw Ellis', email, send: false });
      await page.getByRole('radio', { name: '£25' }).check();
      await button(page, 'Continue to payment').click();
      await button(page, 'Pay by card').click();
      await awaited(page, 'Thank you');
      assert.match((await mailTo(site, email)).text, /£25/);
      await page.context().close();
    });

    test('£750 waits for a check, and goes back when the donor is on no register', async () => {
      const [donor, email] = [javaScriptEnabled ? 'Bryn Walters' : 'Bethan Walters', `bryn.${tag}@example.org`];
      const page = await open();
      await fillGiftForm(page, { name: donor, email, send: false });
      await page.getByRole('radio', { name: 'Other amount' }).check();
      await page.getByLabel('Other amount (optional)').fill('750');
      await button(page, 'Continue to payment').click();
      await says(page, 'There is a problem');
      await says(page, /the law requires it above £500/);
      await page.getByLabel('Address line 1').fill('4 Castle Street');
      await page.getByLabel('Town or city').fill('Cardiff');
      await page.getByLabel('Postcode').fill('cf10 1bt');
      await button(page, 'Continue to payment').click();
      await button(page, 'Pay by card').click();
      await awaited(page, 'Thank you');
      await says(page, /We check that you are on the electoral register/);
      await page.context().close();

      const treasurer = await open();
      await signIn(treasurer, 'treasurer@demo.test');
      await treasurer.goto('/admin/donations');
      await awaited(treasurer, donor);
      await treasurer.getByRole('link', { name: donor }).first().click();
      await says(treasurer, 'Day 0 of 30');
      await button(treasurer, 'Return £750').click();
      await says(treasurer, 'There is a problem');
      await treasurer.getByRole('radio', { name: 'The donor is not on a UK electoral register' }).check();
      await button(treasurer, 'Return £750').click();
      await says(treasurer, 'The donation is on its way back.');
      const mail = await mailTo(site, email, { subject: 'sending back your donation of £750' });
      assert.match(mail.text, /could not find you on one/);
      await treasurer.goto('/admin/donations/decided');
      const sentBack = treasurer.getByRole('row', { name: new RegExp(donor) }).filter({ hasText: /(Sent back|Returned) on/ });
      for (let tries = 0; !await sentBack.count(); tries += 1) {
        assert.ok(tries < 40, await main(treasurer));
        await treasurer.waitForTimeout(250);
        await treasurer.reload();
      }
      await treasurer.context().close();
    });
  });
}
