// Every page that tests/it/routes.txt lists, reached by its links and buttons as the person it is for, and judged in
// every look; every form sent empty; every way of saying no. The last test names each page that was never looked at.
import assert from 'node:assert/strict';
import { brotliCompressSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { htmlFaults, judge } from './judge.mjs';
import { ROUTES, routeOf } from './routes.mjs';
import { awaited, button, fillGiftForm, fillJoinForm, launch, mailTo, person, says, signIn, startSite, writeUpdate } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

/** Addresses that no page links to, because no person goes there. */
const FOR_PROGRAMS = {
  'GET /.well-known/security.txt': 'read by scanners',
  'GET /.well-known/change-password': 'followed by password managers',
  'GET /dev/stripe/v1/{*path}': 'the stand-in as programs see it',
  'GET /healthz': 'asked by what keeps the process running',
  'GET /payments/method/{change}': 'the way back from Stripe’s page, which leads on',
  'GET /pictures/{hash}/{file}': 'shown inside pages',
  'GET /readyz': 'asked by the proxy',
  'GET /robots.txt': 'read by search engines',
  'GET /sitemap.xml': 'read by search engines',
  'GET /static/{hash}/{*name}': 'styles, script, images',
  'GET /unsubscribe': 'what is left of a link that was cut, which answers 404',
  'GET /unsubscribe/': 'the same',
};
/** Forms that may be sent with nothing in them. */
const FINE_EMPTY = {
  'POST /account/consents': 'nothing ticked means: send me nothing',
  'POST /admin/audit/check': 'no seal means: walk along the log alone',
  'POST /admin/duplicates/{kept}/{gone}': 'nothing chosen means: everything as the record that stays has it',
  'POST /elections/{slug}/nominations/{id}/statement': 'no words mean: whoever stands writes none',
  'POST /admin/filters': 'the list that it came from says that a name is missing',
};
/** So many addresses of one kind are read; the first is looked at in the browser. */
const SAMPLES = 6;

const met = new Set(); // routes that a page was judged of, or that answered a link with no page
const tried = new Set(); // forms that were sent empty

/** The page that is shown; with a title, as one of its rarer states. */
async function look(page, title = '') {
  const request = page.document.request();
  const address = `${request.method()} ${page.url().replace(site.base, '')}`;
  const status = page.document.status();
  const route = routeOf(request.method(), page.url());
  for (const fault of await judge(page, { rare: title !== '' })) page.faults.push(`${address} ${status} ${title}: ${fault}`);
  if (title === '' && route && status === 200) met.add(route.name);
}

async function visit(page, path, status = 200) {
  const response = await page.goto(path);
  assert.equal(response.status(), status, path);
  await look(page);
}

/** What a link leads to, if it is a page: its links. Its source has to be valid, and its links and forms our routes. */
async function read(page, path) {
  const response = await page.request.get(path, { headers: { accept: 'text/html' } });
  assert.equal(response.status(), 200, `${path} is linked`);
  if (!response.headers()['content-type'].startsWith('text/html')) { met.add(routeOf('GET', path).name); return undefined; }
  const html = await response.text();
  const mail = response.headers()['content-security-policy'].includes('sandbox');
  for (const fault of await htmlFaults(html, { mail })) page.faults.push(`GET ${path}: ${fault}`);
  for (const [, action] of html.matchAll(/<form method="post" action="([^"]+)"/g)) if (!routeOf('POST', action)) page.faults.push(`${path} sends a form to ${action}`);
  return [...html.matchAll(/<a [^>]*href="(\/[^"#]*)/g)].map(([, href]) => href.replaceAll('&amp;', '&'));
}

/** From one page on along the links to every kind of page with such an access; their forms are sent empty. */
async function walk(page, start, access) {
  const counts = new Map();
  const waiting = [start];
  for (let at = 0; at < waiting.length; at += 1) {
    const path = waiting[at];
    const route = routeOf('GET', path);
    assert.ok(route, `${path} is linked and leads nowhere`);
    const count = counts.get(route.name) ?? 0;
    if (!access.test(route.access) || count >= SAMPLES) continue;
    counts.set(route.name, count + 1);
    const links = await read(page, path);
    for (const link of links ?? []) if (!waiting.includes(link)) waiting.push(link);
    if (!links || count > 0) continue;
    await visit(page, path);
    await sendFormsEmpty(page, path);
  }
}

async function sendFormsEmpty(page, path) {
  const forms = await page.evaluate(() => [...document.querySelectorAll('main form[method="post"]')].map((form, index) => ({
    index, action: form.getAttribute('action') || location.pathname,
    fields: form.querySelectorAll('input:not([type="hidden"]), select, textarea').length,
  })).filter((form) => form.fields > 0));
  for (const { index, action } of forms) {
    const { name } = routeOf('POST', action);
    if (tried.has(name)) continue;
    tried.add(name);
    await page.goto(path);
    await Promise.all([page.waitForEvent('load'), page.evaluate((which) => {
      const form = document.querySelectorAll('main form[method="post"]')[which];
      for (const field of form.querySelectorAll('input:not([type="hidden"]), textarea')) {
        if (field.type === 'checkbox' || field.type === 'radio') field.checked = false;
        else field.value = '';
      }
      for (const select of form.querySelectorAll('select')) select.value = '';
      form.requestSubmit(form.querySelector('button:not([type="button"])'));
    }, index)]);
    if (FINE_EMPTY[name]) continue;
    if (page.document.status() !== 422) { page.faults.push(`${name}, sent empty from ${path}, answers ${page.document.status()}`); continue; }
    await followSummary(page, name);
    await look(page, 'sent empty');
  }
}

/** The summary of what is wrong takes the focus, and each of its links leads to the field, by keyboard. */
async function followSummary(page, name) {
  const summary = page.locator('.error-summary');
  const ought = (holds, what) => { if (!holds) page.faults.push(`${name}, sent empty: ${what}`); };
  ought(await summary.evaluate((element) => element === document.activeElement), 'the summary of errors has no focus');
  ought(/^Error: /.test(await page.title()), `the title does not say that something is wrong: ${await page.title()}`);
  const links = summary.getByRole('link');
  for (let at = 0; at < await links.count(); at += 1) {
    await links.nth(at).focus();
    await page.keyboard.press('Enter');
    const field = (await links.nth(at).getAttribute('href')).slice(1);
    const arrived = page.waitForFunction((id) => document.activeElement.id === id, field, { timeout: 5000 });
    ought(await arrived.then(() => true, () => false), `the summary does not lead to ${field}`);
  }
}

async function as(email, options = {}) {
  const page = Object.assign(await person(browser, site, options), { faults: [] });
  if (email) await signIn(page, email);
  return page;
}

/** Everything that was wrong on the way, at once and unabridged. */
async function done(page) {
  const faults = [...new Set([...page.faults, ...page.errors])];
  if (faults.length > 0) throw new Error(`${faults.length} faults\n${faults.join('\n')}`);
  await page.context().close();
}

describe('pages', { concurrency: 2 }, () => {
  test('what everybody may see', async () => {
    const page = await as();
    await walk(page, '/', /^(Cached|Public)$/);
    await visit(page, '/ballots/leader-of-the-party/check?code=abc', 422);
    await visit(page, '/ballots/leader-of-the-party/check?code=00000-00000');
    await visit(page, '/faq?q=leeder');
    await visit(page, '/faq?q=zzzz');
    await done(page);
  });

  test('joining, from the form to the welcome', async () => {
    const page = await as();
    await fillJoinForm(page, { name: 'Border Person', email: 'border@example.org', postcode: 'CH4 7AA' });
    await says(page, /border/);
    await look(page, 'a postcode on a border');
    await fillJoinForm(page, { name: 'Priya Nair', email: 'priya@example.org' });
    await look(page);
    await button(page, 'Card is declined').click();
    await look(page, 'declined');
    await button(page, 'Cancel and go back').click();
    await look(page, 'not paid yet');
    const unpaid = page.url();
    await page.getByRole('link', { name: 'Fill in the form again' }).click();
    await look(page);
    assert.equal(await page.getByLabel('Email address').inputValue(), 'priya@example.org');
    await page.goto(unpaid);
    await page.locator('main').getByRole('button').first().click();
    const paying = page.url();
    await button(page, 'Pay by card').click();
    await awaited(page, 'Thank you');
    await look(page);
    await visit(page, paying);

    await fillJoinForm(page, { name: 'Siobhán O’Neill', email: 'siobhan@example.org' });
    await button(page, 'Pay by Direct Debit').click();
    await awaited(page, 'Direct Debit is on its way');
    await look(page, 'Direct Debit');
    await visit(page, '/dev/stripe');
    await done(page);
  });

  test('giving', async () => {
    const page = await as();
    await fillGiftForm(page, { name: 'Grace Adeyemi', email: 'grace@example.org' });
    await button(page, 'Cancel and go back').click();
    await look(page, 'not paid yet');
    await page.locator('main').getByRole('button').first().click();
    await button(page, 'Pay by card').click();
    await awaited(page, 'Thank you');
    await look(page);
    await fillGiftForm(page, { name: 'Grace Adeyemi', email: 'grace@example.org', send: false });
    await page.getByRole('radio', { name: 'Every month' }).check();
    await button(page, 'Continue to payment').click();
    await button(page, 'Pay by card').click();
    await awaited(page, 'Thank you');
    await look(page, 'every month');
    await page.getByRole('link', { name: 'Stop it' }).click();
    await look(page);
    await button(page, 'Stop giving £5 a month').click();
    await says(page, 'has stopped');
    await look(page, 'stopped');
    await done(page);
  });

  test('giving somebody a year of membership', async () => {
    const page = await as();
    await page.goto('/join');
    await page.getByRole('link', { name: 'Give a year of membership' }).click();
    await look(page);
    await sendFormsEmpty(page, '/gift-membership');
    await page.goto('/gift-membership');
    await page.getByLabel('Their name').fill('Kit Day');
    await page.getByLabel('Their email address').fill('kit.day@example.org');
    await page.getByLabel('Your message').fill('Come along!');
    await page.getByLabel('Your full name').fill('Maya O’Hara');
    await page.getByLabel('Your email address').fill('maya.gives@example.org');
    await page.locator('input[name="declaration"]').check();
    await button(page, 'Continue to payment').click();
    await button(page, 'Pay by card').click();
    await awaited(page, 'Your £50 has arrived');
    await look(page);
    const given = page.url();
    await page.goto((await mailTo(site, 'kit.day@example.org')).link('/gift-membership/for/'));
    await look(page);
    await sendFormsEmpty(page, page.url());
    await button(page, 'No, thank you').click();
    await look(page, 'declined');
    await page.getByRole('link', { name: 'See the gift again' }).click();
    await page.getByLabel('Full name').fill('Kit Day');
    await page.getByLabel('Day', { exact: true }).fill('3');
    await page.getByLabel('Month', { exact: true }).fill('4');
    await page.getByLabel('Year', { exact: true }).fill('1988');
    await page.getByLabel('Address line 1').fill('14 Mill Lane');
    await page.getByLabel('Town or city').fill('Bury');
    await page.getByLabel('Postcode').fill('BL9 0ND');
    await page.locator('input[name="declaration"]').check();
    await button(page, 'Join for a year').click();
    await look(page, 'accepted');
    await page.goto(given);
    await look(page, 'accepted, to the giver');
    await done(page);
  });

  test('becoming a supporter, and stopping the emails', async () => {
    const page = await as();
    await page.goto('/support');
    await page.getByLabel('Email address').fill('kofi@example.org');
    await page.getByLabel('Your name').fill('Kofi Asante');
    await page.getByLabel('Postcode').fill('M1 1AE');
    await page.locator('input[name="old_enough"]').check();
    await page.locator('input[name="email_updates"]').check();
    await button(page, 'Sign up as a supporter').click();
    await look(page);
    const confirm = (await mailTo(site, 'kofi@example.org')).link('/support/');
    await visit(page, confirm);
    await button(page, 'Yes, I am a supporter').click();
    await look(page, 'a supporter');
    await visit(page, confirm);
    await visit(page, '/support/confirm/gone', 410);
    await page.goto('/support');
    await page.getByLabel('Email address').fill('sam@demo.test');
    await page.getByLabel('Your name').fill('Rita Nolan');
    await page.getByLabel('Postcode').fill('CF10 1EP');
    await page.locator('input[name="old_enough"]').check();
    await page.locator('input[name="email_updates"]').check();
    await button(page, 'Sign up as a supporter').click();
    await page.goto((await mailTo(site, 'sam@demo.test', { subject: 'One more step' })).link('/support/'));
    assert.equal(await page.getByLabel('Change my details').isChecked(), false);
    await look(page, 'other details than are known');

    const officer = await as('alex@demo.test');
    await writeUpdate(officer, 'The canal walk');
    await look(officer, 'send it?');
    await officer.getByRole('button', { name: /^Send to \d+/ }).click();
    const update = await mailTo(site, 'kofi@example.org', { subject: 'The canal walk' });
    await officer.context().close();
    for (const cut of ['/unsubscribe', '/unsubscribe/']) await visit(page, cut, 404);
    await visit(page, update.link('/unsubscribe/'));
    await button(page, 'Stop these emails').click();
    await look(page, 'stopped');
    await button(page, 'It was a mistake: keep sending').click();
    await look(page, 'undone');
    await done(page);
  });

  test('signing in by email', async () => {
    const page = await as();
    await page.goto('/sign-in');
    await page.getByLabel('Email address').fill('sam@demo.test');
    await button(page, 'Email me a link').click();
    await look(page);
    await sendFormsEmpty(page, page.url());
    const link = (await mailTo(site, 'sam@demo.test', { subject: 'sign' })).link('/sign-in/link/');
    await visit(page, link);
    await button(page, 'Sign in').click();
    await page.waitForURL('/dashboard');
    await look(page, 'a supporter');
    await visit(page, '/join');
    await visit(page, '/membership');
    await button(page, 'Sign out').click();
    await visit(page, link, 410);
    await done(page);
  });

  test('writing to us, too often in the end', async () => {
    const page = await as();
    const write = async () => {
      await page.goto('/contact');
      await page.getByLabel('Your name').fill('Kofi Asante');
      await page.getByLabel('Email address').fill('kofi@example.org');
      await page.getByLabel('What is it about?').selectOption({ index: 1 });
      await page.getByLabel('Your message').fill('Is there a meeting in Bury?');
      await button(page, 'Send the message').click();
    };
    await write();
    await look(page);
    for (let tries = 0; tries < 12 && page.document.status() !== 429; tries += 1) await write();
    assert.equal(page.document.status(), 429);
    await look(page, 'too often');
    await done(page);
  });

  test('ways of saying no', async () => {
    const page = await as();
    await visit(page, '/nowhere', 404);
    await visit(page, '/sign-out', 405);
    // A form that another site shows.
    await page.goto('about:blank');
    await page.setContent(`<form method="post" action="${site.base}/contact"><button>Send</button></form>`);
    await Promise.all([page.waitForURL('/contact'), button(page, 'Send').click()]);
    assert.equal(page.document.status(), 403);
    await look(page, 'from another site');
    await signIn(page, 'ben@demo.test');
    await visit(page, '/dashboard');
    await visit(page, '/membership');
    await visit(page, '/admin', 403);
    // The session ends while a form is filled in.
    await page.goto('/account');
    await page.context().clearCookies();
    await button(page, 'Save my choices').click();
    assert.equal(page.document.status(), 401);
    await look(page, 'the session has ended');
    await done(page);
  });

  test('what members see', async () => {
    const page = await as('ana@demo.test');
    await walk(page, '/dashboard', /^(SignedIn|Member|SecretBallot)$/);
    await walk(page, '/ballots/national-committee/complaint', /^Member$/);
    await visit(page, '/ballots/where-the-next-conference-meets');
    await visit(page, '/ballots/where-the-next-conference-meets/vote/change');
    await page.goto('/elections');
    const chair = await page.getByRole('link', { name: 'Party chair' }).getAttribute('href');
    await visit(page, `${chair}/nominations/new`);
    await page.goto(chair);
    await page.locator('ul.cards a').first().click();
    await look(page, 'a nomination to second');
    await page.goto(`${chair}/nominations/new`);
    await button(page, 'Stand for this post').click();
    await says(page, 'What you say of yourself');
    await walk(page, new URL(page.url()).pathname, /^Member$/);
    await visit(page, '/join');
    await page.goto('/membership/rate');
    await page.getByLabel(/Low-wage/).check();
    await button(page, 'Continue').click();
    await look(page, 'the new rate');
    await page.goto('/membership/hardship');
    await page.getByLabel(/What you can pay/).fill('0.5');
    await page.getByLabel('For how long').selectOption({ index: 1 });
    await button(page, 'Continue').click();
    await look(page, 'less for a time');
    await page.goto('/membership');
    await button(page, 'Change card or bank account').click();
    await button(page, 'Pay by Direct Debit').click();
    await page.waitForURL(/\/membership$/);
    await says(page, 'We’ll collect your payments from there from now on');
    await says(page, 'Direct Debit from the account ending 2345');
    await look(page, 'another account');
    await page.goto('/account/email');
    await page.getByLabel('New email address').fill('ana.new@example.org');
    await button(page, 'Send the two emails').click();
    await look(page, 'another address is wanted');
    await visit(page, (await mailTo(site, 'ana.new@example.org')).link('/account/email/'));
    await button(page, 'This was not me').click();
    await look(page, 'another address is refused');
    await page.goto('/membership/end');
    await page.locator('main').getByRole('button').first().click();
    await look(page, 'ending');
    await done(page);
  });

  test('what editors see', async () => {
    const page = await as('alex@demo.test');
    await walk(page, '/admin/news', /edit_content/);
    await page.goto('/admin/news/new');
    await page.getByLabel('Title').fill('A draft');
    await page.getByLabel('Summary').fill('It is not written yet.');
    await page.getByLabel('Text').fill('## Soon\n\nWe are **at it**.');
    await button(page, 'Preview').click();
    await look(page, 'a preview');
    await button(page, 'Save').click();
    await look(page, 'a saved draft');
    await button(page, 'Delete').click();
    await visit(page, '/admin/news');
    await page.goto('/admin/pages/new');
    await page.getByLabel('Title').fill('Our rules');
    await page.getByLabel('Description').fill('How we decide.');
    await page.getByLabel('Text').fill('Everybody has **one** vote.');
    await button(page, 'Save').click();
    await button(page, 'Publish what is saved').click();
    await visit(page, '/pages/our-rules');
    await done(page);
  });

  test('what officers see', async () => {
    const page = await as('alex@demo.test');
    await walk(page, '/admin', /^Officer\((?!edit_content)/);
    await visit(page, '/admin/search');
    await visit(page, '/admin/search?q=ana');
    await visit(page, '/admin/search?q=zzzz');
    await visit(page, '/admin/members?region=north-west');
    await page.getByText('Save this filter').click();
    await page.getByLabel('Name of the filter').fill('Ours');
    await button(page, 'Save filter').click();
    await look(page, 'a saved filter');
    await visit(page, '/admin/members/export?chosen=yes', 422);
    await visit(page, '/admin/members?q=zzzz');
    await visit(page, '/admin/members?q=ben@demo.test&state=everyone');
    await page.getByRole('link', { name: 'Ben Hartley' }).click();
    await look(page, 'an ended membership');
    await page.goto('/admin/supporters');
    await page.locator('tbody th a').first().click();
    await look(page, 'a supporter');
    const supporter = new URL(page.url()).pathname;
    await page.getByRole('link', { name: 'Change the details' }).click();
    await look(page);
    await sendFormsEmpty(page, new URL(page.url()).pathname);
    // Where the form for a note stays when the note is refused.
    await visit(page, `${supporter}/notes`);
    // Nothing links to it until a mail server refuses an email.
    await visit(page, '/admin/emails');
    await visit(page, '/admin/work');
    await visit(page, '/admin/payments?q=zzzz');
    await visit(page, '/admin/audit?from=yesterday', 422);
    await page.goto('/admin/duplicates');
    await look(page, 'merged records');
    await button(page, 'Undo the merge of Hollie Marsh').click();
    await look(page, 'a merge undone');
    await page.goto('/admin/imports');
    await page.getByLabel('List of members').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from('Wer,Wo\nKit Moss,kit.moss@example.org\n') });
    await button(page, 'Upload and match columns').click();
    await look(page, 'unknown columns');
    await button(page, 'Check all lines').click();
    await look(page, 'columns that say nothing');
    const [name, address] = await page.locator('main select').all();
    await name.selectOption({ label: 'Full name' });
    await address.selectOption({ label: 'Email address' });
    await button(page, 'Check all lines').click();
    await awaited(page, 'Nothing has been imported yet');
    await button(page, 'Import 1 line').click();
    await awaited(page, '1 line imported.');
    await look(page, 'an imported file');
    await button(page, 'Delete the uploaded lines now').click();
    await look(page, 'a file without its lines');
    await done(page);
  });

  test('what an officer of one region and the treasurer see', async () => {
    const organiser = await as('organiser@demo.test');
    await visit(organiser, '/admin');
    await visit(organiser, '/admin/members');
    await organiser.locator('tbody th a').first().click();
    await look(organiser, 'a person, to an organiser');
    await done(organiser);
    const treasurer = await as('treasurer@demo.test');
    await visit(treasurer, '/admin');
    await visit(treasurer, '/admin/money');
    await visit(treasurer, '/admin/money/joining');
    for (const kind of ['dispute', 'payout', 'mode']) await visit(treasurer, `/admin/payments/alerts/${kind}`);
    await treasurer.goto('/admin/money');
    await treasurer.getByRole('link', { name: '0 to 30 days' }).click();
    await awaited(treasurer, 'overdue since');
    await treasurer.locator('tbody th a').first().click();
    await treasurer.getByRole('link', { name: /^Money/ }).click();
    await look(treasurer, 'one member’s money, to the treasurer');
    await button(treasurer, 'Send sign-in link').click();
    await awaited(treasurer, 'We sent the sign-in link to');
    await done(treasurer);
  });
});

test('the desk of a developer, and each kind of mail', async () => {
  const page = await as();
  await walk(page, '/dev/mail', /^Development$/);
  await visit(page, '/dev/stripe');
  await page.goto('/dev/stripe?search=ana@demo.test');
  await button(page, 'Renewal fails').first().click();
  await page.goto('/dev/stripe?search=ana@demo.test');
  const invoice = page.getByRole('link', { name: 'Open the unpaid invoice' }).first();
  await visit(page, await invoice.getAttribute('href'));
  await page.goto('/dev/mail');
  const mails = await page.locator('main td a').evaluateAll((links) => links.map((link) => ({ href: link.getAttribute('href'), subject: link.textContent })));
  const kinds = new Map(mails.map((mail) => [mail.subject.replace(/\d+/g, '0'), mail.href]));
  assert.ok(kinds.size >= 5, [...kinds.keys()].join(', '));
  for (const href of kinds.values()) await visit(page, `${href}/html`);
  await done(page);
});

test('no page was left out', () => {
  const pages = ROUTES.filter(({ method, name }) => method === 'GET' && !FOR_PROGRAMS[name]).map(({ name }) => name);
  assert.deepEqual(pages.filter((name) => !met.has(name)), [], 'nobody looked at these pages');
  const names = new Set(ROUTES.map(({ name }) => name));
  assert.deepEqual([...Object.keys(FOR_PROGRAMS), ...Object.keys(FINE_EMPTY)].filter((name) => !names.has(name)), [], 'exceptions for what is gone');
});

test('no link of the public site is broken', async () => {
  const page = await as();
  const seen = new Set();
  const waiting = ['/'];
  while (waiting.length > 0) {
    const path = waiting.pop();
    const response = await page.request.get(path, { headers: { accept: 'text/html' } });
    assert.equal(response.status(), 200, `${path} is linked and answers ${response.status()}`);
    if (!(response.headers()['content-type'] ?? '').startsWith('text/html')) continue;
    const html = await response.text();
    for (const [, found] of html.matchAll(/(?:href|src)="(\/[^"#]*)/g)) {
      const address = found.replace(/&amp;/g, '&');
      if (!seen.has(address)) { seen.add(address); waiting.push(address); }
    }
  }
  assert.ok(seen.size > 30, `only ${seen.size} addresses found`);
  await done(page);
});

describe('public pages are light: 14 KB for HTML and styles, 60 KB and five requests, and pictures of 200 KB beside them', { concurrency: 3 }, () => {
  for (const { pattern } of ROUTES.filter((route) => route.access === 'Cached' && route.unknown === 1 && !FOR_PROGRAMS[route.name])) {
    test(pattern, async () => {
      const response = await fetch(site.base + pattern, { headers: { accept: 'text/html', 'accept-encoding': 'identity' } });
      if (!response.headers.get('content-type').startsWith('text/html')) return;
      const html = await response.text();
      const css = await Promise.all([...html.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(async ([, href]) => Buffer.from(await (await fetch(site.base + href)).arrayBuffer())));
      const flight = brotliCompressSync(html).length + css.reduce((sum, body) => sum + brotliCompressSync(body).length, 0);
      assert.ok(flight <= 14 * 1024, `HTML and styles are ${flight} bytes compressed`);

      const page = await person(browser, site);
      const client = await page.context().newCDPSession(page);
      await client.send('Network.enable');
      let requests = 0, bytes = 0, pictureBytes = 0;
      const pictures = new Set();
      client.on('Network.requestWillBeSent', (event) => {
        if (new URL(event.request.url).pathname.startsWith('/pictures/')) pictures.add(event.requestId);
        else requests += 1;
      });
      client.on('Network.loadingFinished', (event) => {
        if (pictures.has(event.requestId)) pictureBytes += event.encodedDataLength;
        else bytes += event.encodedDataLength;
      });
      await page.goto(pattern, { waitUntil: 'networkidle' });
      assert.ok(requests <= 5, `takes ${requests} requests`);
      assert.ok(bytes <= 60 * 1024, `weighs ${bytes} bytes`);
      assert.ok(pictureBytes <= 200 * 1024, `its ${pictures.size} pictures weigh ${pictureBytes} bytes`);
      await page.context().close();
    });
  }
});
