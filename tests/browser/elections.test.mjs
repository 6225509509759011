// A whole election in the browser, by six people: two returning officers, two candidates, and two who second and vote.
// Weeks pass by moving the steps of the timetable into the past in the database, and asking for the minute's work.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { judge } from './judge.mjs';
import { awaited, button, launch, mailTo, person, says, signIn, startSite } from './site.mjs';

let site, browser;
before(async () => { site = await startSite(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.stop(); });

/** Runs SQL in the site's private Postgres; the answer is one line. */
const sql = (text) => execFileSync('psql', ['-h', join(site.folder, 'postgres'), '-p', '5432', '-U', 'app', '-d', 'app', '-v', 'ON_ERROR_STOP=1', '-qtAXc', text]).toString().trim();
const soon = () => new Promise((resolve) => setTimeout(resolve, 300));
async function until(text) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (sql(`select ${text}`) === 't') return;
    await soon();
  }
  throw new Error(`never true: ${text}`);
}
/** What the clock brings, now. */
const minute = () => sql(`select graphile_worker.add_job('elections_turn', '{}'); select graphile_worker.add_job('ballots_turn', '{}')`);
const THIS = `slug like 'secretary-%'`;
/** A step of the timetable has just passed. */
const passes = (step) => sql(`update elections set timetable = jsonb_set(timetable, '{${step}}', to_jsonb(to_char(now() at time zone 'UTC' - interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))) where ${THIS}`);

test('six people hold an election, from its notice to the office', { timeout: 600_000 }, async () => {
  const open = async (email) => { const page = await person(browser, site); await signIn(page, email); return page; };
  const [first, second, ana, theo, orla] = await Promise.all(['returning@demo.test', 'alex@demo.test', 'ana@demo.test', 'treasurer@demo.test', 'organiser@demo.test'].map(open));
  const other = sql(`update people set password_hash = (select password_hash from people where email = 'ana@demo.test')
    where id = (select p.id from people p join memberships m on m.person_id = p.id where m.state = 'active' and p.email::text like '%@members.example'
      and (m.personal ->> 'born_on')::date < '1990-01-01' and m.joined_on < '2026-06-01'
      and not exists (select from election_nominations n where n.person_id = p.id) order by m.number limit 1) returning email`);
  const sixth = await open(other);
  const all = [first, second, ana, theo, orla, sixth];

  // Notice.
  await first.goto('/admin/elections');
  await first.getByRole('link', { name: 'New post' }).click();
  await first.getByLabel('What it is called').fill('Secretary');
  await first.getByLabel('What whoever holds it does').fill('Keeps the **minutes** of the national committee.');
  await button(first, 'Save').click();
  await first.getByRole('link', { name: 'Call an election for Secretary' }).click();
  await button(first, 'Save as a draft').click();
  const desk = new URL(first.url()).pathname;
  await button(first, 'Publish the notice').click();
  await says(first, 'Everybody who can vote in it gets an email');
  assert.match((await mailTo(site, 'ana@demo.test', { subject: 'Election: Secretary' })).text, /You can stand, nominate and vote/);
  const election = `/elections/${sql(`select slug from elections where ${THIS}`)}`;
  // One seconder each: six people are few.
  sql(`update elections set seconders = 1 where ${THIS}`);
  passes('nominations_open');

  // Ana stands; Theo is nominated by Orla, and accepts.
  await ana.goto(election);
  await ana.getByRole('link', { name: 'Stand or nominate' }).click();
  await button(ana, 'Stand for this post').click();
  await ana.getByLabel('Your statement').fill('I write **fast**, and publish within a week.');
  await ana.getByLabel('Your part of the email').fill('Minutes within a week.');
  await button(ana, 'Save').click();
  await says(ana, 'Saved.');
  const picture = await ana.screenshot({ clip: { x: 0, y: 0, width: 300, height: 300 } });
  await ana.getByLabel('Picture of you').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: picture });
  await button(ana, 'Save the portrait').click();
  await ana.getByRole('img', { name: 'Portrait of Ana Silva' }).waitFor();
  const anas = new URL(ana.url()).pathname;
  await orla.goto(`${election}/nominations/new`);
  await orla.getByLabel('Their email address').fill('treasurer@demo.test');
  await button(orla, 'Nominate them').click();
  await says(orla, 'we have asked them by email');
  const asked = (await mailTo(site, 'treasurer@demo.test', { subject: 'You have been nominated' })).link('/nominations/');
  await theo.goto(asked);
  await button(theo, 'Yes, I stand').click();
  await says(theo, 'You stand.');
  assert.equal((await theo.goto('/admin/books')).status(), 403, 'officers’ tools are off while they stand');
  await orla.goto(anas);
  await button(orla, 'Second this nomination').click();
  await says(orla, 'You second this nomination');
  await sixth.goto(asked);
  await button(sixth, 'Second this nomination').click();
  await says(sixth, 'You second this nomination');
  passes('nominations_close');
  minute();
  await until(`judged_at is not null from elections where ${THIS}`);

  // Hustings.
  await orla.goto(election);
  await orla.getByRole('link', { name: /Ask the candidates/ }).click();
  await orla.getByLabel('Your question').fill('Where will the minutes be published?');
  await button(orla, 'Ask').click();
  await first.goto(desk);
  await button(first, 'Put it to all candidates').click();
  for (const [page, words] of [[ana, 'On our site.'], [theo, 'On our site, and by post.']]) {
    await page.goto(`${election}/questions`);
    await page.getByLabel('Your answer').fill(words);
    await button(page, 'Save my answer').click();
    await says(page, 'Your answer is saved');
  }
  sql(`update election_questions set answers_at = now() - interval '1 minute' where words like 'Where will%'`);
  await sixth.goto(`${election}/questions`);
  await says(sixth, 'On our site, and by post.');
  assert.deepEqual(await judge(sixth, { rare: true }), []);

  // The vote is made; days for objections pass; two people open it.
  passes('withdrawals_close');
  minute();
  await until(`ballot_id is not null from elections where ${THIS}`);
  const ballot = `id = (select ballot_id from elections where ${THIS})`;
  sql(`update ballots set roll_on = current_date - 4, opens_at = date_trunc('second', now()), closes_at = date_trunc('second', now()) + interval '100 seconds' where ${ballot}`);
  minute();
  await until(`roll_frozen_at is not null from ballots where ${ballot}`);
  sql(`update ballots set roll_frozen_at = now() - interval '3 days' where ${ballot}`);
  await first.goto(desk);
  await first.getByRole('link', { name: 'Its page under Votes' }).click();
  const made = new URL(first.url()).pathname;
  const agree = async (step) => {
    for (const page of [first, second]) {
      await page.goto(made);
      await button(page, step).click();
      await page.waitForLoadState();
    }
  };
  await agree('Open the vote');
  passes('opens');
  minute();
  const vote = sql(`select '/ballots/' || slug from ballots where ${ballot}`);
  for (const [page, order] of [[orla, ['Theo Okafor', 'Ana Silva']], [sixth, ['Theo Okafor']], [theo, ['Theo Okafor']], [ana, ['Ana Silva']]]) {
    await page.goto(`${vote}/vote`);
    for (const [at, name] of order.entries()) await page.getByLabel(name, { exact: true }).fill(`${at + 1}`);
    await page.getByLabel('Six digits of your own').fill('402917');
    await button(page, 'Check my vote').click();
    await button(page, 'Cast my vote').click();
    await says(page, 'Your vote is in');
  }
  assert.match((await mailTo(site, 'ana@demo.test', { subject: 'From the candidates: Secretary' })).text, /Minutes within a week/);

  // Closed, counted, declared, and final.
  for (let tries = 0; sql(`select closes_at <= now() from ballots where ${ballot}`) !== 't'; tries += 1) await soon();
  passes('closes');
  minute();
  await until(`state = 'closed' from ballots where ${ballot}`);
  await agree('Open the papers and count');
  await until(`state = 'counted' from ballots where ${ballot}`);
  await agree('Declare the result');
  await until(`state = 'declared' from ballots where ${ballot}`);
  sql(`update ballots set complaints_until = now() where ${ballot}`);
  minute();
  await until(`outcome = 'elected' from elections where ${THIS}`);
  await sixth.goto('/people');
  await awaited(sixth, 'Secretary');
  assert.match(await sixth.locator('main').innerText(), /Theo Okafor\s+Secretary\s+Until/i);
  assert.equal((await theo.goto('/admin/books')).status(), 200, 'officers’ tools are on again');
  await ana.goto(election);
  await says(ana, 'Theo Okafor, until');
  assert.deepEqual(await judge(ana, { rare: true }), []);
  for (const page of all) {
    assert.deepEqual(page.errors, []);
    await page.context().close();
  }
});
