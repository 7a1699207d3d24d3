'use strict';
// What a monitor sees: is the server well, what has it counted, which answers were slow.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { houseOf, waitFor } = require('./harness.js');
const { Client, send } = require('./http.js');

const house = houseOf('health', { config: { slow_request_ms: 1 } });
const ask = (place) => new Client(house.url).get(place);

// The text format of Prometheus: every sample has its HELP and TYPE; name -> value.
async function metrics() {
  const answer = await ask('/metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const told = new Set();
  const values = new Map();
  for (const line of answer.body.trimEnd().split('\n')) {
    const about = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    const sample = /^([a-z_]+)(\{[a-z]+="[^"]+"\})? (-?\d+(?:\.\d+)?)$/.exec(line);
    assert.ok(about || sample, line);
    if (about) {
      told.add(`${about[1]} ${about[2]}`);
      continue;
    }
    const name = sample[1].replace(/_(bucket|sum|count)$/, '');
    assert.ok(told.has(`HELP ${name}`) && told.has(`TYPE ${name}`), line);
    assert.ok(!values.has(sample[1] + (sample[2] ?? '')), `twice: ${line}`);
    values.set(sample[1] + (sample[2] ?? ''), Number(sample[3]));
  }
  return values;
}

test('a server that reads and writes is well', async () => {
  const answer = await ask('/health');
  assert.equal(answer.status, 200);
  assert.equal(answer.body, 'ok\n');
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('what happens is counted', async () => {
  const before = await metrics();
  await ask('/connexion');
  await ask('/nulle-part');
  await send(house.url, 'POST', house.stripe.path, { body: '{}', headers: { 'Content-Type': 'application/json' } });
  const now = await metrics();
  const more = (name) => now.get(name) - before.get(name);
  assert.equal(more('guichet_page_total{outcome="2xx"}'), 1);
  assert.equal(more('guichet_page_total{outcome="4xx"}'), 1);
  assert.equal(more('guichet_page_seconds_count'), 2);
  assert.equal(more('guichet_page_seconds_bucket{le="+Inf"}'), 2);
  assert.equal(more('guichet_refused_total'), 1);
  // The first reading itself, and the message.
  assert.equal(more('guichet_notification_total{outcome="4xx"}'), 1);
  assert.equal(more('guichet_notification_total{outcome="2xx"}'), 1);
  assert.ok(now.get('guichet_database_bytes') > 4096);
  assert.ok(now.get('guichet_disk_free_bytes') > 0);
  let last = 0;
  for (const [name, value] of now)
    if (name.startsWith('guichet_page_seconds_bucket')) {
      assert.ok(value >= last, name);
      last = value;
    }
});

test('what waits is counted', async () => {
  house.force(`INSERT INTO provider_event (id, provider, source_address, raw, received_at, state, next_at, updated_at, priority, lease_until)
    VALUES (1, 'paypal', '192.0.2.1', x'', unixepoch() - 500, 'waiting', unixepoch() - 400, 1, 1, unixepoch() + 50)`);
  const now = await metrics();
  assert.equal(now.get('guichet_events_waiting'), 1);
  assert.ok(now.get('guichet_events_age_seconds') >= 400);
  assert.equal(now.get('guichet_events_parked'), 0);
  house.force('DELETE FROM provider_event WHERE id = 1');
});

test('a payment is written, and the providers are called', async () => {
  const before = await metrics();
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  assert.equal((await client.post(form.action, { ...form.fields, montant: '40', moyen: form.buttons[0].value })).status, 303);
  await waitFor('the call is counted', async () =>
    (await metrics()).get('guichet_call_total{outcome="2xx"}') > before.get('guichet_call_total{outcome="2xx"}'));
  const now = await metrics();
  assert.ok(now.get('guichet_commit_total{outcome="2xx"}') > before.get('guichet_commit_total{outcome="2xx"}'));
  assert.ok(now.get('guichet_writes_total') >= now.get('guichet_commit_total{outcome="2xx"}'));
});

test('a slow answer is logged by its route, without what it was about', async () => {
  const member = house.member({ first: 'Lente', last: 'Page', login: 'lente' });
  const staff = await house.asStaff('treasurer');
  await staff.get(`/adherents/${member.id}`);
  await waitFor('it is logged', () => house.log().some((line) => line.event === 'web.slow'));
  for (const line of house.log().filter((one) => one.event === 'web.slow')) {
    assert.equal(line.level, 'warning');
    assert.match(line.text, /^\/\S* \d{3} \d+ ms$/);
    assert.ok(!line.text.includes(member.id));
  }
});

test('it answers nothing but GET, and changes nothing', async () => {
  for (const place of ['/health', '/metrics'])
    assert.equal((await send(house.url, 'POST', place, { body: '', headers: { 'Content-Type': 'text/plain' } })).status, 405);
});
