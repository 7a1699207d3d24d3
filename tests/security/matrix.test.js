'use strict';
// Rows 42, 44 and 45 of the checklist: every route of the table × every role × what is one's own,
// another member's, another association's and nobody's, by GET and POST. What is not for somebody
// is answered as what does not exist, byte for byte, and changes nothing.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('../e2e/harness.js');
const { readRoutes } = require('../e2e/routes.js');
const { ROLES, furnish, kindOf, partsOf, withParts, missing, come, tokenOf } = require('./matrix.js');

const house = houseOf('matrix');
house.checkBooks = () => {}; // things were put into the database that no books know
// GUICHET_MATRIX, a pattern: those addresses alone, for a look at one of them.
const routes = readRoutes().filter(({ pool, place }) => pool === 'page' && new RegExp(process.env.GUICHET_MATRIX ?? '').test(place));
let here, there, ready; // two associations
function furnished() {
  ready ??= (async () => {
    here = await furnish(house, house.association);
    const other = house.addAssociation({ name: 'Les Voisins' });
    await house.addStripe(other);
    there = await furnish(house, other);
    for (const role of ROLES)
      await come(house, role, here);
    await house.settled();
  })();
  return ready;
}

// ---- asking ----

const plausible = { text: 'x', lines: 'x', secret: 'un secret assez long', token: 'abc', id: '1', ids: '1', amount: '10' };
const filled = (fields) => Object.fromEntries(fields.filter(({ name, required }) => required && name !== 'csrf')
  .map(({ name, type, choices }) => [name, type === 'choice' ? choices.split('|')[0] : plausible[type]]));

function multipart(fields) {
  const parts = Object.entries(fields).map(([name, value]) => `--limite\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  return { body: `${parts.join('')}--limite--\r\n`, headers: { 'Content-Type': 'multipart/form-data; boundary=limite' } };
}

async function ask(client, route, parts, fields = {}) {
  const place = withParts(route.place, parts);
  if (route.method === 'GET')
    return client.get(Object.keys(fields).length ? `${place}?${new URLSearchParams(Object.entries(fields)
      .flatMap(([name, value]) => [value].flat().map((one) => [name, one])))}` : place);
  const all = { ...(route.fields.some(({ name }) => name === 'csrf') ? { csrf: tokenOf(house, client, route.place) } : {}), ...fields };
  if (!route.multipart)
    return client.post(place, all);
  const { body, headers } = multipart(all);
  return client.post(place, body, { headers });
}

// What of an answer differs between two requests for the same thing: numbers of requests, keys of
// forms, and what was asked for.
function told(answer, names) {
  const blind = (text) => names.reduce((left, name) => left.replaceAll(name, 'NAME'), text ?? '').replace(/[0-9a-f]{16,}/g, 'NUMBER');
  const { 'content-length': length, date, ...headers } = answer.headers;
  return JSON.stringify([answer.status, Object.keys(headers).sort(), blind(answer.location), blind(answer.body)]);
}

// Rows 30 to 34 hold for every answer there is.
function checkHeaders({ headers, status }, what) {
  assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'/, what);
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.equal(headers['referrer-policy'], 'same-origin', what);
  assert.equal(headers['access-control-allow-origin'], undefined, what);
  assert.match(headers['cache-control'] ?? '', /no-store/, what);
  if (![303, 204].includes(status))
    assert.match(headers['content-type'] ?? '', /; charset=utf-8$/, what);
}

// Every row of an association, by table, without what time and jobs change: when a session was last
// seen, when an attempt is looked at again.
const EXEMPT = { payment_intent: ['next_at', 'attempts', 'lease_until', 'claim', 'updated_at'] };
let question;
function rowsOf(association) {
  if (!question) {
    const tables = new Map();
    for (const { name, column } of house.sql(`SELECT t.name, c.name AS column FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name NOT IN ('audit', 'session', 'provider_event') ORDER BY t.name, c.cid`))
      if (!EXEMPT[name]?.includes(column))
        tables.set(name, [...(tables.get(name) ?? []), column]);
    question = [...tables].filter(([, columns]) => columns.includes('association_id')).map(([name, columns]) =>
      `SELECT '${name}' AS name, ${columns.map((column) => `quote("${column}")`).join(" || ',' || ")} AS line FROM ${name}
        WHERE association_id = ASSOCIATION`).join(' UNION ALL ');
  }
  const tables = {};
  for (const { name, line } of house.sql(`${question.replaceAll('ASSOCIATION', association)} ORDER BY 1, 2`))
    (tables[name] ??= []).push(line);
  return tables;
}

function assertSame(association, before) {
  const after = rowsOf(association);
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
    assert.deepEqual(after[name], before[name], name);
}

const allowed = (route, role) => route.access.includes('nobody') || route.access.includes(role)
  || (role === 'owner' && route.access.includes('undecided'));

// ---- the cells ----

test('45: the matrix knows where the things of each address are', async () => {
  await furnished();
  for (const { place } of routes.filter((route) => route.place.includes('{}'))) {
    assert.ok(kindOf(place), `${place}: tests/security/matrix.js says nothing of it`);
    if (kindOf(place)[1])
      for (const association of [here, there])
        assert.ok(partsOf(house, place, association), `${place}: nothing there`);
  }
});

// Where nothing changes, things are looked for once.
const found = new Map();
function lasting(place, association, who = 0) {
  const key = `${place} ${association.association} ${who}`;
  if (!found.has(key))
    found.set(key, partsOf(house, place, association, who));
  return found.get(key);
}

// What is refused, or not there: the same words for all targets, and nothing is written.
async function refusedCells(role) {
  const client = await come(house, role, here);
  let cells = 0;
  for (const route of routes.filter(({ place }) => place.includes('{}'))) {
    const [, finders, personal] = kindOf(route.place);
    const may = allowed(route, role);
    if (!finders || (route.access.includes('nobody') && personal))
      continue; // held by `public` below
    const foreign = lasting(route.place, there);
    const targets = [foreign, foreign.map(missing), ...(may ? [] : [lasting(route.place, here)]),
      ...(may && !(personal && role === 'member') ? [] : [lasting(route.place, here, 1)])];
    for (const fields of route.method === 'POST' ? [{}, filled(route.fields)] : [{}]) {
      const answers = [];
      for (const parts of targets) {
        const answer = await ask(client, route, parts, fields);
        const what = `${role}, ${route.method} ${route.place} of ${parts}: ${answer.status}`;
        checkHeaders(answer, what);
        assert.ok(answer.status === 303 ? /^\/(?:connexion|espaces)/.test(answer.location)
          : [400, 403, 404, 409, 422].includes(answer.status), `${what} ${answer.location ?? ''}`);
        assert.ok(!may || route.method === 'POST' || answer.status === 404, what);
        answers.push(told(answer, parts));
        cells += 1;
      }
      for (const other of answers)
        assert.equal(other, answers[0], `${role}, ${route.method} ${route.place}: the same for what is not there`);
    }
  }
  return cells;
}

// Addresses without a thing, for whoever may not.
async function closedCells(role) {
  const client = await come(house, role, here);
  let cells = 0;
  for (const route of routes.filter(({ place }) => !place.includes('{}'))) {
    if (allowed(route, role))
      continue;
    const answer = await ask(client, route, [], route.method === 'POST' ? filled(route.fields) : {});
    const what = `${role}, ${route.method} ${route.place}: ${answer.status}`;
    checkHeaders(answer, what);
    assert.ok(answer.status === 303 ? /^\/(?:connexion|espaces)/.test(answer.location) : [403, 404].includes(answer.status), what);
    cells += 1;
  }
  return cells;
}

const counts = { refused: 0, open: 0, fields: 0 };

test('44: what is not one’s own is as what does not exist, for every role', async () => {
  await furnished();
  const before = [here, there].map(({ association }) => [association, rowsOf(association)]);
  for (const role of ROLES)
    counts.refused += await refusedCells(role) + await closedCells(role);
  before.forEach((one) => assertSame(...one));
});

test('44: a payment’s address is open to whoever has it, and tells no name', async () => {
  await furnished();
  for (const association of [here, there]) {
    const [token] = partsOf(house, '/paiement/{}', association);
    for (const role of ROLES.filter((one) => !['member', 'half'].includes(one))) {
      const answer = await (await come(house, role, here)).get(`/paiement/${token}`);
      assert.equal(answer.status, 200, role);
      assert.doesNotMatch(answer.text, /Martin/, role);
    }
  }
  const member = await come(house, 'member', here);
  assert.doesNotMatch((await member.get(`/paiement/${partsOf(house, '/paiement/{}', there)}`)).text, /Martin/);
});

// Ids in fields: of every kind of thing, another association's are as none.
const THINGS = ['member', 'provider_account', 'product', 'fiscal_year', 'cart_line', 'bank_account', 'provider_transaction', 'quarantine', 'entry'];
const LOOSE = ['version', 'mois', 'jour', 'duree', 'apres', 'avant'];

test('44: an id of another association in a field is as one of nobody', async () => {
  await furnished();
  const foreign = THINGS.map((table) => house.sql(`SELECT CAST(id AS TEXT) AS id FROM ${table}
    WHERE association_id = ${there.association} LIMIT 1`)[0].id);
  for (const role of ['member', 'administrator']) {
    const client = await come(house, role, here);
    const before = rowsOf(there.association);
    for (const route of routes.filter((one) => one.access.includes(role))) {
      const parts = route.place.includes('{}') ? lasting(route.place, here) : [];
      if (!parts || route.multipart)
        continue;
      for (const { name } of route.fields.filter(({ name, type }) => ['id', 'ids'].includes(type) && !LOOSE.includes(name)))
        for (const id of foreign) {
          const answers = [];
          for (const one of [id, missing(id)])
            answers.push(told(await ask(client, route, parts, { ...(route.method === 'POST' ? filled(route.fields) : {}), [name]: one }), [one]));
          assert.equal(answers[0], answers[1], `${role}, ${route.method} ${route.place}, ${name} = ${id}`);
          counts.fields += 1;
        }
    }
    assertSame(there.association, before);
  }
});

test('42: every form refuses a field that it does not have, and one that comes twice', async () => {
  await furnished();
  const before = [here, there].map(({ association }) => [association, rowsOf(association)]);
  for (const role of ['member', 'administrator', 'undecided']) {
    const client = await come(house, role, here);
    for (const route of routes.filter((one) => one.access.includes(role) && !one.open && !one.raw && !one.multipart)) {
      const parts = route.place.includes('{}') ? lasting(route.place, here) ?? route.place.match(/\{\}/g).map(() => 'x') : [];
      for (const extra of [{ role: 'administrator' }, { assoc_id: there.association }, { association_id: there.association }, { member_id: '1' }]) {
        if (route.fields.some(({ name }) => name in extra))
          continue;
        assert.equal((await ask(client, route, parts, { ...filled(route.fields), ...extra })).status, 400,
          `${route.method} ${route.place} ${JSON.stringify(extra)}`);
      }
      const [once] = route.fields.filter(({ name, type }) => name !== 'csrf' && type !== 'ids');
      if (once)
        assert.equal((await ask(client, { ...route, place: route.place }, parts, { ...filled(route.fields), [once.name]: ['1', '1'] }
        )).status, 400, `${route.method} ${route.place}: ${once.name} twice`);
    }
  }
  before.forEach((one) => assertSame(...one));
});

// Last, because it does what it asks for: each role finds what is its own.
const OPEN = [200, 303, 400, 403, 409, 422, 429];

test('45: what is for a role is there for it', async () => {
  await furnished();
  for (const role of ROLES) {
    let client = await come(house, role, here);
    for (const route of routes.filter((one) => allowed(one, role))) {
      const parts = route.place.includes('{}') ? partsOf(house, route.place, here) : [];
      if (!parts)
        continue;
      const answer = await ask(client, route, parts);
      assert.ok(OPEN.includes(answer.status), `${role}, ${route.method} ${route.place} of ${parts}: ${answer.status}`);
      checkHeaders(answer, `${role}, ${route.method} ${route.place}`);
      counts.open += 1;
      if (route.method === 'POST' && /^\/(?:deconnexion|acces|espaces|connexion|double)/.test(route.place))
        client = await come(house, role, here);
    }
  }
});

test('45: every cell of the matrix was asked', () => {
  console.log(`# ${routes.length} routes × ${ROLES.length} roles: ${counts.refused} cells refused alike, ${counts.open} open, ${counts.fields} ids in fields`);
  const withThings = routes.filter(({ place }) => kindOf(place)?.[1]);
  assert.ok(counts.refused + counts.open >= ROLES.length * (routes.length - withThings.length) + ROLES.length * 3 * withThings.length * 0.9);
});
