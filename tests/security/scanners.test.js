'use strict';
// Rows 35 and 36: scanners that others wrote, logged in as a member and as a treasurer, against the
// house behind its web server: wapiti (scripts, SQL, headers, redirects, forms, cookies) and sqlmap.
// They find nothing here, and were everywhere; the same commands find what is planted elsewhere.
// SCALE lets them try longer.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { execFileSync, spawn } = require('node:child_process');
const { houseOf } = require('../e2e/harness.js');
const { readRoutes } = require('../e2e/routes.js');
const { furnish, partsOf, withParts } = require('./matrix.js');

const SCALE = Number(process.env.SCALE) || 1;
const ATTACK_S = 5 * SCALE; // of each of wapiti's ways
const TIME_LIMIT_MS = 10 * 60 * 1000 * SCALE;
const MODULES = 'xss,sql,crlf,csp,http_headers,csrf,cookieflags,redirect';

const house = houseOf('scanners', { config: { log_level: 'debug' } });
house.checkBooks = () => {}; // things were put into the database that no books know
let there;
async function furnished() {
  if (there)
    return there;
  there = await furnish(house, house.association);
  // wapiti finds the way out like every form, and would be outside: its session outlives that.
  house.force('CREATE TRIGGER scanned BEFORE DELETE ON session BEGIN SELECT RAISE(IGNORE); END');
  return there;
}

// ---- the scanners ----

// Nothing to read: sqlmap would wait for addresses there.
function run(program, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT_MS, env: { ...process.env, HOME: house.folder } });
    let output = '';
    child.stdout.on('data', (data) => { output += data; });
    child.stderr.on('data', (data) => { output += data; });
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

// What wapiti has to say of the pages: [{ kind, method, path, parameter, info }].
async function wapiti(name, base, starts, headers, attackS = ATTACK_S) {
  const report = path.join(house.folder, `wapiti-${name}.json`);
  const output = await run('wapiti', ['-u', base + starts[0], '--scope', 'domain', '-d', '0', ...starts.slice(1).flatMap((place) => ['-s', base + place]),
    '-m', MODULES, '--max-attack-time', String(attackS), '-t', '60', '--max-links-per-page', '50', '-S', 'normal',
    ...Object.entries(headers).flatMap(([header, value]) => ['-H', `${header}: ${value}`]),
    '-f', 'json', '-o', report, '--store-session', path.join(house.folder, name), '--store-config', path.join(house.folder, `${name}-config`),
    '--flush-session', '--no-bugreport', '-v', '1']);
  assert.ok(fs.existsSync(report), output);
  const found = JSON.parse(fs.readFileSync(report, 'utf8'));
  return ['vulnerabilities', 'anomalies', 'additionals'].flatMap((part) => Object.entries(found[part] ?? {}))
    .flatMap(([kind, list]) => list.map((one) => ({ kind, ...one })));
}

// What sqlmap could inject into: lines of its table of results.
async function sqlmap(name, base, places, headers) {
  const folder = path.join(house.folder, `sqlmap-${name}`);
  const list = path.join(house.folder, `sqlmap-${name}.txt`);
  fs.writeFileSync(list, places.map((place) => `${base}${place}\n`).join(''));
  const output = await run('sqlmap', ['-m', list, '--batch', '--dbms=sqlite', '--technique=BEU', '--level=1', '--risk=1',
    '--flush-session', '--disable-coloring', '--ignore-code=400,404', '--skip-static', '--output-dir', folder, ...Object.entries(headers).flatMap(([header, value]) => ['-H', `${header}: ${value}`])]);
  const tested = [...output.matchAll(/testing (?:if )?GET parameter '(\w+)'/g)].map(([, one]) => one);
  const vulnerable = [...output.matchAll(/^Parameter: (\w+) \(/gm)].map(([, one]) => one);
  return { output, tested: [...new Set(tested)], vulnerable };
}

// ---- where they are sent ----

const value = { text: 'x', lines: 'x', token: 'x', id: '1', amount: '10' };
function addressOf({ place, fields }) {
  const parts = place.includes('{}') ? partsOf(house, place, there) : [];
  if (!parts)
    return null;
  const query = new URLSearchParams(fields.map(({ name, type, choices }) => [name, type === 'choice' ? choices.split('|')[0] : value[type]]));
  return withParts(place, parts) + (fields.length ? `?${query}` : '');
}

// What a role may read: each page as it stands, and with all its fields. Stripe's way back is none:
// it asks Stripe.
const pagesOf = (role) => readRoutes().filter(({ method, place, access }) => method === 'GET' && access.includes(role)
  && place !== '/parametrage/stripe/retour');
const startsOf = (role) => pagesOf(role).flatMap((route) => [addressOf({ ...route, fields: [] }), addressOf(route)])
  .filter((place, index, all) => place && all.indexOf(place) === index);

const headersOf = (client) => ({ Cookie: `__Host-sid=${client.cookie}`, Origin: house.url, 'Sec-Fetch-Site': 'same-origin' });

// Routes that were answered since, by Guichet's own log.
function answeredSince(size) {
  return new Set(house.guichet.text().slice(size).split('\n').filter((line) => line.includes('"web.answered"') || line.includes('"web.slow"'))
    .map((line) => JSON.parse(line).text.split(' ')).filter(([, status]) => Number(status) < 400 || Number(status) === 400).map(([place]) => place));
}

// What wapiti says of every house like this one, and why it is none here:
const KNOWN = [
  // frame-ancestors of the content policy is what browsers of today read; row 30 holds it
  ['HTTP Secure Headers', /^X-Frame-Options is not set$/],
  // browsers have given up their filter, and OWASP advises against the header
  ['HTTP Secure Headers', /^X-XSS-Protection is not set$/],
  // TLS is the production web server's; row 29 holds its header
  ['HTTP Secure Headers', /^Strict-Transport-Security is not set$/],
];

for (const role of ['member', 'treasurer'])
  test(`35, 36: wapiti finds nothing as a ${role}, and saw every page`, async () => {
    await furnished();
    const client = role === 'member' ? await house.asMember(there.people[0]) : await house.asStaff(role);
    const size = house.guichet.text().length;
    const found = await wapiti(role, house.url, startsOf(role), headersOf(client));
    const seen = answeredSince(size);
    const pages = pagesOf(role).filter((route) => addressOf(route));
    assert.deepEqual(pages.map(({ place }) => place).filter((place) => !seen.has(place)), [], 'pages that were not seen');
    assert.deepEqual(found.filter(({ kind, info }) => !KNOWN.some(([known, pattern]) => kind === known && pattern.test(info)))
      .map(({ kind, method, path: place, parameter, info }) => `${kind}: ${method} ${place} ${parameter}: ${info}`), []);
    console.log(`# ${role}: ${pages.length} pages, all seen; ${found.length} remarks, each known`);
  });

test('36: sqlmap can inject nothing', async () => {
  await furnished();
  const client = await house.asStaff('treasurer');
  const places = pagesOf('treasurer').filter(({ place, fields }) => !/export/.test(place)
    && fields.some(({ name, type }) => ['text'].includes(type) && name !== 'fait')).map(addressOf).filter(Boolean);
  const { output, tested, vulnerable } = await sqlmap('house', house.url, places.slice(0, 2 * SCALE), headersOf(client));
  assert.deepEqual(vulnerable, [], output);
  assert.ok(tested.length >= 2, output);
  console.log(`# ${tested.length} parameters of ${Math.min(places.length, 2 * SCALE)} pages: ${tested.join()}`);
});

// ---- what is planted is found ----

// A page that says what it is told, and one that asks its database what it is told to ask.
function planted() {
  const database = path.join(house.folder, 'planted.db');
  execFileSync('sqlite3', [database, "CREATE TABLE person (id INTEGER, name TEXT); INSERT INTO person VALUES (1, 'Jeanne'), (2, 'Paul')"]);
  const ask = (id) => {
    try {
      return execFileSync('sqlite3', [database, `SELECT name FROM person WHERE id = ${id}`], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      return String(error.stderr);
    }
  };
  return http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!DOCTYPE html><title>Page</title><p>Bonjour ${pathname === '/qui' ? ask(searchParams.get('id')) : searchParams.get('q')}</p>`);
  });
}

test('35, 36: the same commands find a planted script and a planted statement', async (t) => {
  await furnished();
  const server = planted();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${server.address().port}`;
  const found = await wapiti('planted', base, ['/salut?q=x'], { Cookie: 'sid=1' }, 600);
  assert.ok(found.some(({ kind, parameter }) => kind === 'Cross Site Scripting' && parameter === 'q'), JSON.stringify(found));
  const { vulnerable, output } = await sqlmap('planted', base, ['/qui?id=1'], { Cookie: 'sid=1' });
  assert.deepEqual(vulnerable, ['id'], output);
});
