// Starting and ending the site as the README says, with its private Postgres.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { PASSWORD, startSite } from './site.mjs';

const started = [];
const start = async (options) => { const site = await startSite(options); started.push(site); return site; };
afterEach(async () => {
  for (const site of started.splice(0)) {
    await site.kill();
    rmSync(site.folder, { recursive: true, force: true });
  }
});

const pidFile = (site) => join(site.folder, 'postgres/cluster/postmaster.pid');
const postgresOf = (site) => Number(readFileSync(pidFile(site), 'utf8').split('\n')[0]);
const lives = (pid) => { try { return process.kill(pid, 0); } catch (error) { return error.code !== 'ESRCH'; } };

/** Postgres takes its pid file away with its last breath. */
async function nothingLeft(site, postgres) {
  for (let tries = 0; tries < 100 && lives(postgres); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(!lives(postgres), 'Postgres is gone');
  assert.ok(!existsSync(pidFile(site)), 'so is its pid file');
}

const signIn = async (site) => {
  const answer = await fetch(`${site.base}/sign-in`, {
    method: 'POST', redirect: 'manual', headers: { origin: site.base },
    body: new URLSearchParams({ email: 'ana@demo.test', password: PASSWORD, how: 'password', next: '' }),
  });
  assert.equal(answer.status, 303);
  return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
};
const ownPage = async (site, cookie) => (await fetch(`${site.base}/dashboard`, { headers: { cookie }, redirect: 'manual' })).status;

test('Ctrl-C ends the site and its Postgres', async () => {
  const site = await start();
  const postgres = postgresOf(site);
  assert.ok(lives(postgres));
  assert.equal(await site.stop({ keep: true }), 0);
  await nothingLeft(site, postgres);
});

test('after kill -9 the next start finds everything as it was', async () => {
  const killed = await start();
  const cookie = await signIn(killed);
  await killed.kill();
  const site = await start({ folder: killed.folder });
  assert.equal(await ownPage(site, cookie), 200, 'who was signed in still is');
  const postgres = postgresOf(site);
  assert.equal(await site.stop({ keep: true }), 0);
  await nothingLeft(site, postgres);
});

// The build that the other tests use serves here too: compiling in a fresh copy would take minutes.
test('./run starts it, says where it is and whom one can be, and ends with Ctrl-C', async () => {
  const site = await start({ program: new URL('../../run', import.meta.url).pathname, words: [] });
  for (const word of [site.base, 'alex@demo.test', PASSWORD]) assert.ok(site.log().includes(word), `./run says ${word}: ${site.log()}`);
  const postgres = postgresOf(site);
  await site.stop({ keep: true });
  await nothingLeft(site, postgres);
});
