// Every page a person can open, in light, dark and on a phone: no accessibility fault, valid HTML, nothing inline,
// no error on the console, no sideways scroll at 320 pixels, no broken link, and light enough for a slow line.
import assert from 'node:assert/strict';
import { brotliCompressSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { HtmlValidate } from 'html-validate';
import { launch, person, signIn, startSite } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
  rules: {
    // Matters of taste in how the source is laid out, which nobody sees.
    'doctype-style': 'off', 'void-style': 'off', 'no-trailing-whitespace': 'off', 'attr-quotes': 'off', 'long-title': 'off',
    // Everything comes from this server, under an address that names its content.
    'require-sri': 'off',
  },
});

const PUBLIC = ['/', '/faq', '/about', '/people', '/allies', '/funding', '/contact', '/privacy', '/accessibility', '/join',
  '/support', '/donate', '/news', '/sign-in', '/faq?q=leeder', '/faq?q=zzzz', '/nowhere'];
const MEMBER = ['/dashboard', '/account', '/membership'];
const OFFICER = ['/admin', '/admin/members', '/admin/members?q=silva', '/admin/supporters', '/admin/payments', '/admin/updates',
  '/admin/news', '/admin/faq', '/admin/pages', '/admin/people', '/admin/allies', '/admin/settings', '/admin/audit', '/admin/officers'];

/** Pages that lists lead to: the first of each kind. */
async function firstLinks(page, lists) {
  const found = [];
  for (const [list, selector] of lists) {
    await page.goto(list);
    const href = await page.locator(selector).first().getAttribute('href');
    assert.ok(href, `${list} links to nothing that fits ${selector}`);
    found.push(href);
  }
  return found;
}

async function judge(page, path, width) {
  const response = await page.goto(path);
  assert.ok(response.status() < 500, `${path} answered ${response.status()}`);
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  const faults = violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).slice(0, 2).join(' | ')}`);
  assert.deepEqual(faults, [], `${path} at ${width}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${path} scrolls sideways by ${overflow} pixels at ${width}`);
}

async function judgeHtml(page, path) {
  const html = await (await page.request.get(path, { headers: { accept: 'text/html' } })).text();
  const report = await validator.validateString(html, path);
  const faults = report.results.flatMap((result) => result.messages.map((m) => `${path}:${m.line} ${m.ruleId}: ${m.message}`));
  assert.deepEqual(faults, []);
  assert.ok(!/ style="|<style| on[a-z]+="/.test(html), `${path} holds something inline`);
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) {
    assert.ok(/src=|application\/ld\+json/.test(tag), `${path} holds an inline script`);
  }
}

const LOOKS = [
  ['1280 light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['1280 dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['320 phone', { viewport: { width: 320, height: 700 }, colorScheme: 'light', isMobile: true, hasTouch: true }],
];

for (const [look, options] of LOOKS) {
  test(`public pages, ${look}`, async () => {
    const page = await person(browser, site, options);
    const more = await firstLinks(page, [['/news', 'main a[href^="/news/"]:not([href$=".xml"])'], ['/faq', 'main a[href^="/faq/"]']]);
    for (const path of [...PUBLIC, ...more]) await judge(page, path, look);
    assert.deepEqual(page.errors.filter((error) => !/nowhere/.test(error)), []);
    await page.context().close();
  });

  test(`members' pages, ${look}`, async () => {
    const page = await person(browser, site, options);
    await signIn(page, 'ana@demo.test');
    for (const path of MEMBER) await judge(page, path, look);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });

  test(`officers' pages, ${look}`, async () => {
    const page = await person(browser, site, options);
    await signIn(page, 'alex@demo.test');
    const more = await firstLinks(page, [['/admin/members', 'main td a[href^="/admin/members/"], main th a[href^="/admin/members/"]']]);
    for (const path of [...OFFICER, ...more]) await judge(page, path, look);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}

test('the HTML is valid and holds nothing inline', async () => {
  const page = await person(browser, site);
  for (const path of PUBLIC) await judgeHtml(page, path);
  await signIn(page, 'alex@demo.test');
  const more = await firstLinks(page, [['/admin/members', 'main td a[href^="/admin/members/"], main th a[href^="/admin/members/"]']]);
  for (const path of [...MEMBER, ...OFFICER, ...more]) await judgeHtml(page, path);
  await page.context().close();
});

test('no link of the site is broken', async () => {
  const page = await person(browser, site);
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
    for (const [, anchor] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(html.includes(`id="${anchor}"`), `${path}: #${anchor} leads nowhere`);
  }
  assert.ok(seen.size > 30, `only ${seen.size} addresses found`);
  await page.context().close();
});

test('public pages are light: 14 KB for HTML and styles, 60 KB and five requests in all', async () => {
  for (const path of PUBLIC.filter((path) => !path.includes('?') && path !== '/nowhere')) {
    const html = await (await fetch(site.base + path, { headers: { accept: 'text/html', 'accept-encoding': 'identity' } })).text();
    const css = await Promise.all([...html.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(async ([, href]) => Buffer.from(await (await fetch(site.base + href)).arrayBuffer())));
    const flight = brotliCompressSync(html).length + css.reduce((sum, body) => sum + brotliCompressSync(body).length, 0);
    assert.ok(flight <= 14 * 1024, `${path}: HTML and styles are ${flight} bytes compressed`);

    const page = await person(browser, site);
    const client = await page.context().newCDPSession(page);
    await client.send('Network.enable');
    let requests = 0, bytes = 0;
    client.on('Network.requestWillBeSent', () => { requests += 1; });
    client.on('Network.loadingFinished', (event) => { bytes += event.encodedDataLength; });
    await page.goto(path, { waitUntil: 'networkidle' });
    assert.ok(requests <= 5, `${path} takes ${requests} requests`);
    assert.ok(bytes <= 60 * 1024, `${path} weighs ${bytes} bytes`);
    await page.context().close();
  }
});
