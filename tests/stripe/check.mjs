// Checks a recording of the Stripe stand-in against Stripe's published contract (see README.md).
//
//   node check.mjs [FOLDER or FILE.jsonl ..]      default: ../../target/stripe-recording
//
// Each call that the stand-in took is sent to a contract checker, which must take it too: so our requests are such as
// Stripe takes. Each answer and each webhook must fit the schema of its object: so the stand-in answers as Stripe does.
// At the end some calls and answers are broken on purpose, to see that the check would notice.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const here = dirname(fileURLToPath(import.meta.url));
const contract = JSON.parse(readFileSync(join(here, 'objects.schema.json'), 'utf8'));

let passed = 0;
let failed = 0;
const check = (name, wrong) => {
  if (wrong) {
    failed += 1;
    console.log(`FAULT ${name}: ${wrong}`);
  } else {
    passed += 1;
  }
};

// --- answers and webhooks -------------------------------------------------------------------------------------------

// Stripe's document lets objects have more fields than it lists. Here a field that it doesn't list is a mistake.
for (const definition of Object.values(contract.$defs)) {
  if (definition.type === 'object' && definition.properties && definition.additionalProperties === undefined) {
    definition.additionalProperties = false;
  }
}
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addFormat('unix-time', { type: 'number', validate: Number.isInteger });
ajv.addFormat('currency', /^[a-z]{3}$/);
ajv.addFormat('decimal', /^-?\d+(\.\d+)?$/);
ajv.addSchema(contract, 'contract');
const validators = new Map();
const validator = (name) => {
  if (!validators.has(name)) {
    const pointer = `contract#/$defs/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`;
    validators.set(name, ajv.compile({ $ref: pointer }));
  }
  return validators.get(name);
};

/** What is wrong with an object by its own `object` field, or nothing. */
function wrongWith(object) {
  if (object?.object === 'list') {
    const shape = { object: 'string', data: 'object', has_more: 'boolean', url: 'string' };
    for (const [field, type] of Object.entries(shape)) {
      if (typeof object[field] !== type) return `the list's ${field} is ${JSON.stringify(object[field])}`;
    }
    return object.data.map(wrongWith).find(Boolean);
  }
  const name = object?.error ? 'error' : object?.object;
  if (!name || !contract.$defs[name]) return `Stripe has no object ${JSON.stringify(name)}`;
  const validate = validator(name);
  if (validate(object)) return undefined;
  const reasons = validate.errors
    .filter((error) => !['anyOf', 'oneOf', 'if'].includes(error.keyword))
    .map((error) => `${name}${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  return [...new Set(reasons)].slice(0, 4).join('; ');
}

const wrongWithEvent = (event) => wrongWith(event) ?? wrongWith(event.data.object);

// --- calls ----------------------------------------------------------------------------------------------------------

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

function binary() {
  const platform = `${process.platform}-${process.arch}`;
  const program = process.platform === 'win32' ? 'steady.exe' : 'steady';
  const path = join(here, 'node_modules', '@stdy', `cli-${platform}`, 'bin', program);
  if (!existsSync(path)) throw new Error(`${path} is missing: run "npm ci" in tests/stripe`);
  return path;
}

async function startChecker() {
  const port = await freePort();
  const brackets = ['form-array', 'form-object', 'query-array', 'query-object'];
  const child = spawn(
    binary(),
    [
      '--host', '127.0.0.1', '-p', String(port), '--reject-on-sdk-error', '--fail-on-ambiguous', '--no-color', '--quiet',
      ...brackets.map((what) => `--validator-${what}-format=brackets`),
      join(here, 'stripe-openapi.json'),
    ],
    // A process group of its own: ending the group leaves nothing behind.
    { detached: true, stdio: 'ignore' },
  );
  let gone = false;
  child.on('exit', () => (gone = true));
  const stop = () => {
    if (!gone) process.kill(-child.pid, 'SIGKILL');
  };
  process.on('exit', stop);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 240 && !gone; tries += 1) {
    const up = await fetch(`${base}/v1/refunds/re_1`).then(() => true, () => false);
    if (up) return base;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error('the contract checker did not start');
}

/** What the checker says against a call, or nothing. */
async function refused(base, call) {
  const headers = { authorization: 'Bearer sk_test_replayed' };
  for (const [name, value] of Object.entries(call.headers)) if (value) headers[name] = value;
  // Stripe takes `expand[0]=` (as its own libraries send it) and `expand[]=`; the checker only the latter.
  const path = call.path.replace(/([?&]expand)\[\d+\]=/g, '$1[]=');
  const answer = await fetch(base + path, { method: call.method, headers, body: call.body || undefined });
  const text = await answer.text();
  // An unknown query parameter gets 200 and this header.
  if (answer.ok && !Number(answer.headers.get('x-steady-error-count'))) return undefined;
  return `${answer.status} ${text.slice(0, 400)}`;
}

// --- the recording --------------------------------------------------------------------------------------------------

function files(paths) {
  return paths.flatMap((path) => {
    if (!existsSync(path)) return [];
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path).filter((name) => name.endsWith('.jsonl')).sort().map((name) => join(path, name));
  });
}

const given = process.argv.slice(2);
const sources = files(given.length ? given.map((path) => resolve(path)) : [join(here, '../../target/stripe-recording')]);
const lines = sources.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
const calls = lines.map((line) => line.call).filter(Boolean);
const webhooks = lines.map((line) => line.webhook).filter(Boolean);
const good = calls.filter((call) => call.status >= 200 && call.status < 300);
const created = good.find((call) => call.method === 'POST' && call.path === '/v1/checkout/sessions');
if (!created || !webhooks.length) {
  console.log('FAULT the recording is empty or lacks a Checkout session or webhooks: run the tests of the stand-in first');
  console.log(`${passed} passed, 1 failed`);
  process.exit(1);
}

const base = await startChecker();
for (const call of good) check(`${call.method} ${call.path}`, await refused(base, call));
for (const call of calls) check(`answer to ${call.method} ${call.path} (${call.status})`, wrongWith(call.answer));
for (const event of webhooks) check(`webhook ${event.type} ${event.id}`, wrongWithEvent(event));

// --- would it notice? -----------------------------------------------------------------------------------------------

const body = (change) => ({ ...created, body: change(created.body) });
const brokenCalls = {
  'a misspelt parameter': body((text) => `${text}&succes_url=x`),
  'a misspelt nested parameter': body((text) => `${text}&line_items[0][price_dat][currency]=gbp`),
  'an unknown mode': body((text) => text.replace(/mode=[a-z]+/, 'mode=subscribe')),
  'an unknown way of paying': body((text) => `${text}&payment_method_types[2]=bacs`),
  'no idempotency key': { ...created, headers: { ...created.headers, 'idempotency-key': null } },
  'an unknown address': { ...created, path: '/v1/checkout/session' },
  'an unknown query parameter': { method: 'GET', path: '/v1/invoices?colour=red', headers: created.headers, body: '' },
};
for (const [name, call] of Object.entries(brokenCalls)) {
  check(`notices ${name}`, (await refused(base, call)) ? undefined : 'the broken call was taken');
}
const answer = (change) => {
  const broken = structuredClone(created.answer);
  change(broken);
  return wrongWith(broken);
};
const brokenAnswers = {
  'a missing id': answer((session) => delete session.id),
  'a state that Stripe does not have': answer((session) => (session.status = 'done')),
  'pence as text': answer((session) => (session.amount_total = '500')),
  'a field that Stripe does not have': answer((session) => (session.paid = true)),
  'an unknown object': answer((session) => (session.object = 'session')),
  'a broken object in a webhook': wrongWithEvent({ ...webhooks[0], data: { object: { ...created.answer, mode: 'gift' } } }),
};
for (const [name, wrong] of Object.entries(brokenAnswers)) {
  check(`notices ${name}`, wrong ? undefined : 'the broken object was taken');
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
