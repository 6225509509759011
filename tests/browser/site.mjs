// A whole site of its own on a free port, with the demo party, and a Chromium to look at it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const binary = new URL('../../target/debug/breakthrough', import.meta.url).pathname;
export const PASSWORD = 'breakthrough-demo';

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Starts the site; `stop` ends it as Ctrl-C does and says with which code it ended. */
export async function startSite(environment = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'breakthrough-browser-'));
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', folder], {
    env: { ...process.env, RUST_LOG: 'warn', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (text) => { log += text; });
  const ended = new Promise((resolve) => server.on('exit', (code) => resolve(code)));
  for (let tries = 0; ; tries += 1) {
    if (server.exitCode !== null || tries > 300) throw new Error(`the site did not start: ${log}`);
    try { if ((await fetch(`${base}/readyz`)).ok) break; } catch { /* not yet */ }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = async () => {
    server.kill('SIGINT');
    const code = await ended;
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  return { base, folder, stop, log: () => log, pid: server.pid };
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A browser window for one person. Errors on the page's console are gathered and must stay none. */
export async function person(browser, site, options = {}) {
  const context = await browser.newContext({ baseURL: site.base, viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(`${page.url()}: ${message.text()}`); });
  return Object.assign(page, { errors });
}

export async function signIn(page, email) {
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

/** The newest mail to an address, waiting for it; `link(part)` is the path of the first link that holds `part`. */
export async function mailTo(site, email, { subject = '' } = {}) {
  const folder = join(site.folder, 'mail');
  for (let tries = 0; tries < 100; tries += 1) {
    const files = readdirSync(folder).filter((name) => name.endsWith('.eml'))
      .map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs })).sort((a, b) => b.at - a.at);
    for (const { name } of files) {
      const mail = decode(readFileSync(join(folder, name), 'utf8'));
      if (mail.to.toLowerCase().includes(email.toLowerCase()) && mail.subject.includes(subject)) return mail;
    }
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
