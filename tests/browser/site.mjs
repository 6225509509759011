// A whole site of its own on a free port, with the demo party, and a Chromium to look at it.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const binary = new URL('../../target/debug/breakthrough', import.meta.url).pathname;
export const PASSWORD = 'breakthrough-demo';

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/**
 * Starts the site, in `folder` again if one is given; `stop` ends it as Ctrl-C in a terminal does, says with which code
 * it ended, and clears up unless asked to `keep` the folder.
 */
export async function startSite({ folder = mkdtempSync(join(tmpdir(), 'breakthrough-browser-')), program = binary, words = ['serve'] } = {}) {
  // Started by root, Postgres runs as a user of its own, who has to reach the folder.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(program, [...words, '--listen', `127.0.0.1:${port}`], {
    // A group of its own, as a shell gives to what it starts.
    detached: true,
    env: { ...process.env, RUST_LOG: 'warn', DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => { log += text; });
  const ended = new Promise((resolve) => server.on('exit', (code) => resolve(code)));
  for (let tries = 0; ; tries += 1) {
    if (server.exitCode !== null || tries > 300) throw new Error(`the site did not start: ${log}`);
    try { if ((await fetch(`${base}/readyz`)).ok) break; } catch { /* not yet */ }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // Whatever ends the tests ends the site too.
  const orphaned = () => { try { process.kill(-server.pid, 'SIGINT'); } catch { /* ended already */ } };
  process.once('exit', orphaned);
  ended.then(() => process.off('exit', orphaned));
  const end = (signal) => {
    if (server.exitCode === null && server.signalCode === null) process.kill(-server.pid, signal);
    return ended;
  };
  const stop = async ({ keep = false } = {}) => {
    const code = await end('SIGINT');
    if (!keep) rmSync(folder, { recursive: true, force: true });
    return code;
  };
  return { base, folder, stop, kill: () => end('SIGKILL'), log: () => log };
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/**
 * A browser window for one person. Errors on its console are gathered and must stay none, but for Chromium's own note
 * that a page was answered with 404 or 422. `document` is the answer that the shown page came with.
 */
export async function person(browser, site, options = {}) {
  const context = await browser.newContext({ baseURL: site.base, viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    const { url } = message.location();
    const ofThePage = /status of 4\d\d/.test(message.text()) && !url.includes('/static/');
    // Chromium asks for an icon nobody named, and may not have it from a page that is shut in, as a mail is.
    const icon = url.endsWith('/favicon.ico');
    if (message.type() === 'error' && !ofThePage && !icon) errors.push(`${page.url()}: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) page.document = response;
  });
  return Object.assign(page, { errors });
}

export async function signIn(page, email) {
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const says = (page, words) => page.getByText(words).first().waitFor();

/** Fills in the form to join, as somebody who came by the home page, and sends it unless told otherwise. */
export async function fillJoinForm(page, { name, email, rate = /Standard/i, postcode = 'bl9 0lq', send = true }) {
  await page.goto('/');
  await page.getByRole('link', { name: 'Join', exact: true }).first().click();
  await page.getByLabel('Full name').fill(name);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Day', { exact: true }).fill('27');
  await page.getByLabel('Month', { exact: true }).fill('3');
  await page.getByLabel('Year', { exact: true }).fill('1998');
  await page.getByLabel('Address line 1').fill('12 Bolton Street');
  await page.getByLabel('Town or city').fill('Bury');
  await page.getByLabel('Postcode').fill(postcode);
  await page.getByRole('radio', { name: rate }).check();
  await page.getByRole('radio', { name: 'Every month' }).check();
  await page.getByRole('radio', { name: 'No', exact: true }).check();
  await page.locator('input[name="declaration"]').check();
  await page.getByLabel(/Email me news and campaign updates/).check();
  if (send) await button(page, 'Continue to payment').click();
}

export async function fillGiftForm(page, { name, email, send = true }) {
  await page.goto('/donate');
  await page.getByRole('radio').first().check();
  await page.getByLabel('Full name').fill(name);
  await page.getByLabel('Email address').fill(email);
  await page.locator('input[name="declaration"]').check();
  if (send) await button(page, 'Continue to payment').click();
}

/** An officer writes an update to the supporters of the North West, up to the page that asks whether to send it. */
export async function writeUpdate(page, subject) {
  await page.goto('/admin/updates');
  await page.getByRole('link', { name: 'Write an update' }).first().click();
  await page.getByLabel('Subject').fill(subject);
  await page.getByLabel('Text', { exact: true }).fill('Come and walk **the canal** with us on Saturday.');
  await page.getByLabel('Members', { exact: true }).uncheck();
  await page.getByLabel('Supporters', { exact: true }).check();
  await page.getByLabel('North West').check();
  await button(page, 'Save the draft').click();
  await page.getByRole('link', { name: 'Continue to send' }).click();
}

/** Waits until the page is at an address, however often the way there was begun: a second press breaks off the first. */
export async function arrived(page, address) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (address.test(page.url())) return page.waitForLoadState();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`still at ${page.url()}, not at ${address}`);
}

/** The page that shows how a payment stands, asked again until it says what is awaited. */
export async function awaited(page, words) {
  for (let tries = 0; tries < 40; tries += 1) {
    if ((await page.locator('main').innerText()).includes(words)) return;
    await page.waitForTimeout(250);
    await page.goto(page.url());
  }
  throw new Error(`the page never said "${words}": ${await page.locator('main').innerText()}`);
}

/** Every mail to an address so far, newest first. */
export function mailsTo(site, email, { subject = '' } = {}) {
  const folder = join(site.folder, 'mail');
  return readdirSync(folder).filter((name) => name.endsWith('.eml'))
    .map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs })).sort((a, b) => b.at - a.at)
    .map(({ name }) => decode(readFileSync(join(folder, name), 'utf8')))
    .filter((mail) => mail.to.toLowerCase().includes(email.toLowerCase()) && mail.subject.includes(subject));
}

/** The newest mail to an address, waiting for it; `link(part)` is the path of the first link that holds `part`. */
export async function mailTo(site, email, { subject = '' } = {}) {
  for (let tries = 0; tries < 100; tries += 1) {
    const [newest] = mailsTo(site, email, { subject });
    if (newest) return newest;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail to ${email} in ten seconds`);
}

function decode(raw) {
  const [head, ...rest] = raw.split(/\r?\n\r?\n/);
  const header = (name) => (head.replace(/\r?\n[ \t]+/g, ' ').match(new RegExp(`^${name}: (.*)$`, 'im')) ?? [])[1]?.trim() ?? '';
  const body = rest.join('\n\n');
  const parts = body.split(/\r?\n?--[^\r\n]+\r?\n/).map((part) => {
    const [partHead, ...partBody] = part.split(/\r?\n\r?\n|\n\n/);
    const text = partBody.join('\n\n');
    if (/base64/i.test(partHead)) return Buffer.from(text, 'base64').toString();
    if (!/quoted-printable/i.test(partHead)) return text;
    return Buffer.from(text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
  });
  const text = parts.join('\n');
  const subject = header('Subject').replace(/=\?utf-8\?b\?([^?]*)\?=\s*/gi, (_, coded) => Buffer.from(coded, 'base64').toString());
  return {
    to: header('To'), subject, text, unsubscribe: header('List-Unsubscribe').replace(/[<>]/g, ''),
    link(part) {
      const found = (text.match(/https?:\/\/[^\s"'<>)\]]+/g) ?? []).find((address) => address.includes(part));
      if (!found) throw new Error(`no link with ${part} in the mail: ${text}`);
      const url = new URL(found.replace(/&amp;/g, '&'));
      return url.pathname + url.search;
    },
  };
}
