'use strict';
// Recorded messages of PayPal go the whole way: the web server in front, the durable row, the
// question to PayPal, the books. Each message has a fresh database, in which the association that
// is its receiver stands and, where the message has an invoice or a custom value, an attempt with
// exactly that token and amount. PayPal's verification is a small server of this test, which keeps
// the bytes that it is asked about.

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { House, top, waitFor } = require('./harness.js');
const { Client } = require('./http.js');

const folder = path.join(process.env.GUICHET_VECTORS || path.join(top, '../shared/vectors'), 'paypal/ipn');

// What each message must lead to. token: of the attempt that it names; booked: [cents, civil date of
// the entry in Paris, payer, fee]; elsewhere: [cents, civil date, fee] of money that did not begin here;
// without either nothing may be posted.
const table = {
  '01-completed-web_accept-cad.txt':
    { outcome: 'posted', elsewhere: [50000, '2005-04-16', 1505] },
  '02-masspay-gbp.txt': // names no receiver: what we would have sent, not received
    { outcome: 'other_account', currency: 'GBP', email: 'massuk_1351170591_biz@example.com' },
  '03-simulator-completed-web_accept.txt':
    { outcome: 'posted', token: 'abc1234', booked: [1234, '2009-02-03', 'John Smith', 44] },
  '04-simulator-declined.txt':
    { outcome: 'unsupported', token: 'abc1234', detail: 'Declined' },
  '05-completed-express_checkout-windows1252.txt':
    { outcome: 'posted', token: '0004', booked: [1000, '2009-02-03', 'Jörg User', 59] },
  '06-completed-cart-eur-windows1252.txt':
    { outcome: 'posted', token: 'blahblah', booked: [300, '2014-06-27', 'Jörg LASTNAME', 35] },
  '07-paypal-doc-sample-express_checkout.txt':
    { outcome: 'posted', elsewhere: [1995, '2009-01-14', 88] },
  '08-canceled_reversal-utf8-sgd.txt':
    { outcome: 'waits_for_parent', detail: 'Canceled_Reversal' }, // of a payment we never heard of
  '09-bitwarden-echeck-payment.txt':
    { outcome: 'posted', booked: [4800, '2023-12-27', 'John Doe', 217],
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US' },
  '10-bitwarden-non-usd-payment.txt':
    { outcome: 'posted', booked: [4800, '2023-12-27', 'John Doe', 217],
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US' },
  '11-bitwarden-refund-missing-parent-transaction.txt':
    { outcome: 'waits_for_parent', detail: 'Refunded',
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US' },
  '12-bitwarden-successful-payment-org-credit.txt':
    { outcome: 'posted', booked: [4800, '2023-12-27', 'John Doe', 217],
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US,account_credit:1' },
  '13-bitwarden-successful-payment-user-credit.txt':
    { outcome: 'posted', booked: [4800, '2023-12-27', 'John Doe', 217],
      token: 'user_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US,account_credit:1' },
  '14-bitwarden-successful-payment.txt':
    { outcome: 'posted', booked: [4800, '2023-12-27', 'John Doe', 217],
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US' },
  '15-bitwarden-successful-refund.txt':
    { outcome: 'waits_for_parent', detail: 'Refunded',
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US' },
  '16-bitwarden-transaction-missing-entity-ids.txt':
    { outcome: 'posted', booked: [4800, '2023-12-27', 'John Doe', 217], token: 'region:US' },
  '17-bitwarden-unsupported-transaction-type.txt':
    { outcome: 'unsupported', detail: 'other',
      token: 'organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US' },
  '18-refunded-cart-usd.txt':
    { outcome: 'waits_for_parent', detail: 'refund', token: 'RESPONSEID', amount: 108000 },
  '19-civicrm-standard-custom-json.txt': // no currency at all: that of the attempt
    { outcome: 'posted', booked: [10000, 'today', 'Robert Roberty', 500], currency: 'USD',
      token: 'c2r9c15f7be20b4f3fef1f77e4c37424' },
  '20-civicrm-recurring-resend.txt':
    { outcome: 'posted', elsewhere: [1500, '2013-07-14', 63] },
  '21-galette-pending-paymentreview-eur-windows1252.txt':
    { outcome: 'pending', detail: 'paymentreview' },
};

// ---- PayPal's verification ----

// asked: every question, { path, agent, type, body }. answer(question) decides; the answer of the
// real one: a word, chunked, text/html.
const paypal = { asked: [], answer: (response) => response.end('VERIFIED') };

before(() => new Promise((resolve) => {
  paypal.server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const question = { path: request.url, agent: request.headers['user-agent'],
        type: request.headers['content-type'], body: Buffer.concat(chunks) };
      paypal.asked.push(question);
      response.setHeader('Content-Type', 'text/html; charset=UTF-8');
      response.setHeader('Set-Cookie', 'cookie_check=yes; path=/');
      paypal.answer(response, question);
    });
  }).listen(0, 'localhost', () => {
    paypal.url = `http://localhost:${paypal.server.address().port}`;
    resolve();
  });
}));
after(() => {
  paypal.server.closeAllConnections();
  paypal.server.close();
});

async function openHouse(t, name) {
  const house = new House(name, { sandbox: false, seed: false, config: {
    paypal_live_ipn_url: `${paypal.url}/live`, paypal_sandbox_ipn_url: `${paypal.url}/sandbox` } });
  t.after(() => house.close().finally(() => house.kill()));
  paypal.asked = [];
  paypal.answer = (response) => response.end('VERIFIED');
  await house.start();
  return house;
}

// ---- the receiver and the attempt ----

// The bytes of a field as PayPal's rules decode them, in the message's own charset.
function fieldOf(body, name) {
  const raw = new RegExp(`(?:^|&)${name}=([^&]*)`).exec(body)?.[1] ?? '';
  const charset = /(?:^|&)charset=([^&]*)/.exec(body)?.[1] ?? 'windows-1252';
  const bytes = raw.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi,
    (whole, hex) => String.fromCharCode(parseInt(hex, 16)));
  return new TextDecoder(charset).decode(Buffer.from(bytes, 'latin1'));
}

const isMerchant = (id) => /^[A-Z0-9]{13}$/.test(id);
const text = (value) => `'${value.replaceAll("'", "''")}'`;

// The association, the account that receives, a member: what stands before the message arrives.
function seedReceiver(house, body, { currency, email } = {}) {
  const test = fieldOf(body, 'test_ipn') === '1';
  const seeded = { currency: currency ?? fieldOf(body, 'mc_currency'), mode: test ? 'test' : 'live',
    email: email ?? (fieldOf(body, 'receiver_email') || fieldOf(body, 'business')),
    merchant: fieldOf(body, 'receiver_id') };
  seeded.association = house.addAssociation({ name: 'Le Receveur', kind: test ? 'trial' : 'real',
    currency: seeded.currency });
  house.association = seeded.association;
  const merchant = isMerchant(seeded.merchant) ? ['--merchant-id', seeded.merchant] : [];
  seeded.link = house.ok(['provider', 'add', 'paypal', ...merchant, '--email', seeded.email]);
  // Old messages are in scope too.
  house.force(`UPDATE provider_account SET since_day = '2000-01-01' WHERE public_id = ${text(seeded.link)}`);
  seeded.member = house.member();
  return seeded;
}

let intentId = 1000;

// An attempt as a press on the form would have left it, with a token of any form.
function addIntent(house, seeded, token, cents) {
  const now = Math.floor(Date.now() / 1000);
  intentId += 1;
  house.force(`INSERT INTO payment_intent (association_id, id, member_id, provider_account_id,
      key_version, token, form_token, amount_cents, currency, state, request, idempotency_key,
      expires_at, created_by, created_at, updated_at, next_at)
    SELECT a.association_id, ${intentId}, m.id, a.id, 1, ${text(token)}, 'form-${intentId}', ${cents},
      ${text(seeded.currency)}, 'open', 'https://www.paypal.com/', 'key-${intentId}',
      ${now + 86400}, m.login_id, ${now}, ${now}, ${now + 86400}
    FROM provider_account a JOIN member m ON m.association_id = a.association_id
      AND m.id = ${seeded.member.id} WHERE a.public_id = ${text(seeded.link)}`);
}

const send = (house, body) => new Client(house.url).send('POST', '/action_manager.php?event=paypal',
  { body, headers: { 'User-Agent': 'PayPal IPN ( https://www.paypal.com/ipn )', Accept: '*/*',
    Connection: 'close', 'Correlation-Id': '84e2xxxxa82',
    'Content-Type': 'application/x-www-form-urlencoded' } });

// The row of the only message, once it has an end.
const ended = (house) => waitFor('the message is worked on', () => {
  const row = house.one(`SELECT state, outcome, detail, attempts, authentic, hex(raw) AS raw, payer
    FROM provider_event e LEFT JOIN provider_transaction t ON t.id = e.transaction_id`);
  if (row.state === 'waiting' && row.outcome !== 'waits_for_parent')
    throw new Error(`it waits: ${row.detail}`);
  return row;
});

function asked(body) {
  assert.equal(paypal.asked.length, 1, 'asked once');
  const [question] = paypal.asked;
  assert.deepEqual(question.body, Buffer.concat([Buffer.from('cmd=_notify-validate&'), body]),
    'the untouched bytes go back');
  assert.match(question.agent, /\S/, 'PayPal answers 403 to nobody');
  assert.equal(question.type, 'application/x-www-form-urlencoded');
  return question;
}

// ---- every recorded message ----

const today = () => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris' }).format(new Date());

const entryOf = (house, reference) => house.one(`SELECT e.journal, e.fact_date, e.total_cents FROM entry e
  JOIN provider_transaction t ON t.association_id = e.association_id AND t.entry_id = e.id
  WHERE t.reference = '${reference}'`);

const fees = (house) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents FROM entry_line
  WHERE account_code = '627'`).cents;

function assertBooked(house, seeded, [cents, date, payer, fee]) {
  const [capture, ...more] = house.captures(seeded.member);
  assert.deepEqual(more, []);
  assert.deepEqual([capture.amount_cents, capture.total_cents, capture.cart_cents, capture.payer, capture.flag],
    [cents, cents, -cents, payer, '']);
  assert.deepEqual(entryOf(house, capture.reference),
    { journal: 'PP', fact_date: date === 'today' ? today() : date, total_cents: cents });
  assert.equal(fees(house), fee);
  assert.equal(house.intents(seeded.member)[0].state, 'paid');
}

// The fee goes with the money: no cart knows of either.
function assertElsewhere(house, [cents, date, fee]) {
  const capture = house.one(`SELECT reference, amount_cents, elsewhere, member_id FROM provider_transaction
    WHERE kind = 'capture'`);
  assert.deepEqual([capture.amount_cents, capture.elsewhere, capture.member_id], [cents, 1, null]);
  assert.deepEqual(entryOf(house, capture.reference), { journal: 'PP', fact_date: date, total_cents: cents });
  assert.equal(house.one(`SELECT sum(debit_cents - credit_cents) AS cents FROM entry_line
    WHERE account_code = '471'`).cents, fee - cents);
  for (const name of ['cart_line', 'quarantine'])
    assert.equal(house.one(`SELECT count(*) AS rows FROM ${name}`).rows, 0, name);
}

function assertNothingPosted(house, seeded, { token }) {
  for (const name of ['provider_transaction', 'entry', 'cart_line', 'quarantine'])
    assert.equal(house.one(`SELECT count(*) AS rows FROM ${name}`).rows, 0, name);
  assert.deepEqual(house.intents(seeded.member).map((intent) => intent.state), token ? ['open'] : []);
}

const files = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^\d\d-.*\.txt$/.test(name)) : [];

test('there is an expectation for every recorded message', () => {
  assert.ok(files.length > 0, `test vectors absent: ${folder} (set GUICHET_VECTORS)`);
  assert.deepEqual(Object.keys(table), files.sort());
});

for (const [file, expected] of Object.entries(table))
  test(`${file} ends ${expected.outcome}`, async (t) => {
    const house = await openHouse(t, 'ipn');
    const body = fs.readFileSync(path.join(folder, file));
    const ascii = body.toString('latin1');
    const seeded = seedReceiver(house, ascii, expected);
    if (expected.token) {
      assert.ok([fieldOf(ascii, 'invoice'), fieldOf(ascii, 'custom')].includes(expected.token));
      addIntent(house, seeded, expected.token,
        expected.amount ?? Math.round(Number(fieldOf(ascii, 'mc_gross')) * 100));
    } else {
      assert.equal(fieldOf(ascii, 'invoice') + fieldOf(ascii, 'custom'), '');
    }
    const answer = await send(house, body);
    assert.deepEqual([answer.status, answer.body], [200, '']);
    const event = await ended(house);
    assert.deepEqual([event.state, event.outcome, event.authentic],
      [expected.outcome === 'waits_for_parent' ? 'waiting' : 'done', expected.outcome, 1]);
    if (expected.detail)
      assert.equal(event.detail, expected.detail);
    assert.deepEqual(Buffer.from(event.raw, 'hex'), body, 'the bytes are kept');
    // Where nobody of ours is named, the real PayPal is asked; never what the message says of itself.
    const test = seeded.mode === 'test' && expected.outcome !== 'other_account';
    assert.equal(asked(body).path, test ? '/sandbox' : '/live');
    if (expected.booked)
      assertBooked(house, seeded, expected.booked);
    else if (expected.elsewhere)
      assertElsewhere(house, expected.elsewhere);
    else
      assertNothingPosted(house, seeded, expected);
  });

// ---- one house for the rest ----

const base = 'txn_type=web_accept&payment_status=Completed&mc_gross=12.00&mc_currency=EUR&test_ipn=1'
  + '&receiver_id=ABCDEFGHJKLMN&receiver_email=asso%40example.org&payment_date=23%3A04%3A06+Feb+02%2C+2026+PST';

let number = 0;

// A message of our own making about an attempt of its own: its bytes, and who is to be credited.
function message(house, seeded, more, { cents = 1200 } = {}) {
  number += 1;
  const token = `G00000000-${String(number).padStart(32, '0')}`;
  const txn = `TXN${String(number).padStart(14, '0')}`;
  seeded.member = house.member();
  addIntent(house, seeded, token, cents);
  return { token, txn, member: seeded.member,
    body: Buffer.concat([Buffer.from(`invoice=${token}&custom=${token}&txn_id=${txn}&${base}`),
      Buffer.from(more ? `&${more}` : '', 'latin1')]) };
}

async function openReceiver(t, name) {
  const house = await openHouse(t, name);
  return { house, seeded: seedReceiver(house, `${base}&charset=UTF-8`) };
}

const eventOf = (house, txn) => house.one(`SELECT state, outcome, detail, attempts, lease_until
  FROM provider_event WHERE external_id = '${txn}'`);

test('awkward fragments go back as they came, and the payment is booked', async (t) => {
  const { house, seeded } = await openReceiver(t, 'awkward');
  const fragments = fs.readFileSync(path.join(folder, 'awkward-fragments.tsv'), 'utf8').trim().split('\n')
    .slice(1).map((line) => line.split('\t')[0]);
  assert.equal(fragments.length, 8);
  for (const fragment of [...fragments, '%', '&&=&', 'a=%zz', 'first_name=%00', 'memo=a%0D%0Ab', 'x']) {
    paypal.asked = [];
    const sent = message(house, seeded);
    const good = sent.body.toString('latin1');
    const body = Buffer.from(fragment.startsWith('custom=') ? good.replace(/custom=[^&]*/, fragment)
      : `${good}&${fragment}`, 'latin1');
    assert.equal((await send(house, body)).status, 200, fragment);
    await waitFor(`${fragment} is booked`, () => eventOf(house, sent.txn).outcome === 'posted');
    asked(body);
  }
});

test('names are shown as their charset says', async (t) => {
  const { house, seeded } = await openReceiver(t, 'charset');
  const treasurer = await house.asStaff('treasurer');
  for (const [charset, bytes, name] of [
    ['windows-1252', 'first_name=Zo%E9&last_name=%8Cuvrard%92s', 'Zoé Œuvrard’s'],
    ['UTF-8', 'first_name=Zo%C3%A9&last_name=%C5%92uvrard', 'Zoé Œuvrard'],
    ['gb2312', 'first_name=%C0%EE&last_name=%C3%F7', '李 明'],
    ['KOI8_R', 'first_name=%E9%D7%C1%CE&last_name=x', null],
    ['nonsense', 'first_name=Zo%E9&last_name=x', 'Zoé x'],
    [null, 'first_name=J%F6rg&last_name=%80', 'Jörg €'],
    ['UTF-8', 'first_name=%FF&last_name=x', null],
    ['windows-1252', 'first_name=%3Cscript%3E&last_name=%22x', '<script> "x'],
  ]) {
    const sent = message(house, seeded, `${bytes}${charset ? `&charset=${charset}` : ''}`);
    await send(house, sent.body);
    await waitFor(`${charset} is booked`, () => eventOf(house, sent.txn).outcome === 'posted');
    const [{ payer }] = house.captures(sent.member);
    if (name)
      assert.equal(payer, name, charset);
  }
  assert.equal((await treasurer.get('/recettes')).status, 200);
  assert.equal((await treasurer.get('/notifications')).status, 200);
});

test('only VERIFIED is a yes and only INVALID is a no', async (t) => {
  const { house, seeded } = await openReceiver(t, 'verdicts');
  const words = new Map();
  paypal.answer = (response, { body }) =>
    words.get(/txn_id=(\w+)/.exec(body.toString('latin1'))[1])(response);
  const status = (code, text = '') => (response) => { response.statusCode = code; response.end(text); };
  const page = '<!DOCTYPE html><title>PayPal</title><p>VERIFIED</p>';
  const cases = [
    ['VERIFIED', status(200, 'VERIFIED'), 'posted'],
    ['VERIFIED in chunks', (response) => {
      response.write('VERI');
      setTimeout(() => response.end('FIED\r\n'), 30);
    }, 'posted'],
    ['INVALID', status(200, 'INVALID'), 'invalid'],
    ['a page', status(200, page), 'waiting'],
    ['an error', status(500, 'VERIFIED'), 'waiting'],
    ['a refusal', status(403), 'waiting'],
    ['another place', (response) => {
      response.setHeader('Location', `${paypal.url}/sandbox`);
      status(302, 'VERIFIED')(response);
    }, 'waiting'],
    ['small letters', status(200, 'verified'), 'waiting'],
    ['more than the word', status(200, 'VERIFIED INVALID'), 'waiting'],
    ['nothing', status(200), 'waiting'],
    ['far too much', status(200, 'VERIFIED'.repeat(20000)), 'waiting'],
    ['a broken line', (response) => response.destroy(), 'waiting'],
  ];
  for (const [name, answer, end] of cases) {
    const sent = message(house, seeded);
    words.set(sent.txn, answer);
    assert.equal((await send(house, sent.body)).status, 200);
    await waitFor(`${name}: ${end}`, () => {
      const event = eventOf(house, sent.txn);
      if (end === 'waiting')
        return event.state === 'waiting' && event.attempts > 0 && event.lease_until === 0 && event.detail;
      return (event.outcome ?? event.state) === end;
    });
    assert.equal(house.captures(sent.member).length, end === 'posted' ? 1 : 0, name);
    if (end === 'waiting') { // then PayPal is itself again
      words.set(sent.txn, status(200, 'VERIFIED'));
      await waitFor(`${name}, then VERIFIED`, () => {
        house.force(`UPDATE provider_event SET next_at = 0 WHERE state = 'waiting' AND lease_until = 0`);
        return eventOf(house, sent.txn).outcome === 'posted';
      });
      assert.equal(house.captures(sent.member).length, 1);
    }
  }
});

test('whose money it is, and what kind, decides where it goes', async (t) => {
  const { house, seeded } = await openReceiver(t, 'whose');
  const { mark } = house.one('SELECT mark FROM installation');
  const withoutId = ['receiver_id=ABCDEFGHJKLMN&', ''];
  // What is changed in a good message, the outcome, the cents that the member is credited.
  const cases = [
    ['another receiver', [['ABCDEFGHJKLMN', 'ZZZZZZZZZZZZZ']], 'other_account', 0],
    ['the address alone', [withoutId], 'posted', 1200],
    ['the address in capitals', [withoutId, ['asso%40', 'ASSO%40']], 'posted', 1200],
    ['the id, whatever the address', [['asso%40', 'autre%40']], 'posted', 1200],
    ['another currency', [['EUR', 'USD']], 'quarantined', 0],
    ['a cent less', [['12.00', '11.99']], 'posted', 1199],
    ['an unknown mark of ours', [[/G00000000-\d+/g, `G${mark}-${'f'.repeat(32)}`]], 'quarantined', 0],
    ['a mark of another installation', [[/G00000000-\d+/g, `G11111111-${'f'.repeat(32)}`]], 'posted', 0],
    ['whole units', [['12.00', '12']], 'posted', 1200],
    ['no amount', [['12.00', 'NaN']], 'unsupported', 0],
    ['a negative amount', [['12.00', '-12.00']], 'unsupported', 0],
    ['small letters', [['Completed', 'completed']], 'unsupported', 0],
    ['Processed', [['Completed', 'Processed']], 'pending', 0],
    ['a refund of nothing we know', [['Completed', 'Refunded'], ['12.00', '-12.00']], 'waits_for_parent', 0],
    ['a dispute', [['web_accept', 'new_case']], 'unsupported', 0],
    ['an adjustment', [['web_accept', 'adjustment']], 'unsupported', 0],
  ];
  for (const [name, changes, outcome, cents] of cases) {
    const sent = message(house, seeded);
    const body = changes.reduce((words, [from, to]) => words.replace(from, to), sent.body.toString('latin1'));
    assert.notEqual(body, sent.body.toString('latin1'), name);
    await send(house, Buffer.from(body, 'latin1'));
    await waitFor(`${name}: ${outcome}`, () => {
      const event = eventOf(house, sent.txn);
      if (event.outcome !== outcome)
        throw new Error(`${event.state} ${event.outcome} ${event.detail}`);
      return true;
    });
    assert.equal(house.balance(sent.member), 0 - cents, name);
    if (cents && cents !== 1200)
      assert.equal(house.captures(sent.member)[0].flag, 'difference');
  }
  assert.deepEqual(house.sql('SELECT reason, entry_id IS NOT NULL AS booked FROM quarantine ORDER BY id'),
    [{ reason: 'other_currency', booked: 0 }, { reason: 'unknown_intent', booked: 1 }]);
  const treasurer = await house.asStaff('treasurer');
  assert.match((await treasurer.get('/notifications')).text, /À rattacher/);
});
