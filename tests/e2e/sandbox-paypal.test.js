'use strict';
// PayPal's face: the button, the way back, the bytes of the messages, what _notify-validate
// confirms, and its outages.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { startSandbox, startListener, call, vector } = require('./sandbox-house.js');

const vectors = path.resolve(__dirname, '../..', process.env.GUICHET_VECTORS || '../shared/vectors');

async function open(t, business = {}) {
  const house = await startSandbox(t);
  const listener = await startListener(t);
  house.business = await house.post('/paypal/businesses',
    { id: 'MARCHEURS0001', email: 'tresorier@marcheurs.example', name: 'Les Marcheurs', ...business });
  const fields = (more = {}) => ({
    cmd: '_xclick', business: 'tresorier@marcheurs.example', item_name: 'Cotisation d’été à 42 €',
    amount: '42.50', currency_code: 'EUR', invoice: 'mark-1', custom: 'mark-1', charset: 'utf-8',
    return: `${listener.url}/retour?m=1`, cancel_return: `${listener.url}/annule`,
    notify_url: `${listener.url}/ipn`, rm: '1', no_shipping: '1', no_note: '1', lc: 'FR', ...more,
  });
  const webscr = (form, options = {}) => call(`${house.url}/cgi-bin/webscr`, { method: 'POST', body: form, ...options });
  // Presses the button; where the page of the visit is.
  const press = async (more) => {
    const answer = await call(`${house.url}/cgi-bin/webscr?${new URLSearchParams(fields(more))}`);
    assert.equal(answer.status, 303, answer.text);
    return answer.headers.get('location');
  };
  const submit = (where, form = {}) => call(`${house.url}${where}`,
    { method: 'POST', body: new URLSearchParams(form) });
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const validate = async (body, headers = { 'User-Agent': 'Guichet/test' }) =>
    webscr(Buffer.concat([Buffer.from('cmd=_notify-validate&'), body]), { headers: { ...form, ...headers } });
  return { house, listener, fields, webscr, press, submit, validate };
}

/** The decoded variables of a message: percent-decoding to bytes, then its charset. */
function variables(body, charset) {
  const bytes = (text) => Buffer.from(text.replace(/\+/g, ' ')
    .replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
  const pairs = body.toString('latin1').split('&').map((pair) => pair.split('='));
  const named = charset || Object.fromEntries(pairs).charset;
  const decoder = new TextDecoder(named, { fatal: true });
  return Object.fromEntries(pairs.map(([name, value]) => [name, decoder.decode(bytes(value))]));
}

test('a payment: the button, the page, the way back, a message of the right bytes', async (t) => {
  const { house, listener, press, submit } = await open(t);
  const where = await press();
  const page = await call(`${house.url}${where}`);
  assert.match(page.text, /42,50/);
  assert.match(page.text, /Cotisation d’été à 42 €/);
  const back = await submit(where);
  assert.equal(back.status, 303);
  assert.equal(back.headers.get('location'), `${listener.url}/retour?m=1`);
  await house.idle();
  assert.equal(listener.got.length, 1);
  const [got] = listener.got;
  assert.equal(got.path, '/ipn');
  assert.equal(got.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(got.headers['user-agent'], 'PayPal IPN ( https://www.paypal.com/ipn )');
  const said = variables(got.body);
  assert.equal(said.charset, 'windows-1252');
  // The bytes themselves: the decoder of node reads 0x80 to 0x9F as control characters.
  assert.match(got.body.toString('latin1'), /&item_name=Cotisation\+d%92%E9t%E9\+%E0\+42\+%80&/);
  assert.equal(said.first_name, 'Zoé');
  assert.equal(said.payment_status, 'Completed');
  assert.equal(said.txn_type, 'web_accept');
  assert.deepEqual([said.mc_gross, said.mc_fee, said.mc_currency], ['42.50', '1.58', 'EUR']);
  assert.deepEqual([said.invoice, said.custom, said.test_ipn], ['mark-1', 'mark-1', '1']);
  assert.equal(said.receiver_email, 'tresorier@marcheurs.example');
  assert.equal(said.receiver_id, 'MARCHEURS0001');
  assert.match(said.payment_date, /^\d\d:\d\d:\d\d [A-Z][a-z]{2} \d\d, \d{4} P[SD]T$/);
  const { captures } = await house.get('/ledger?provider=paypal');
  assert.equal(captures.length, 1);
  assert.equal(captures[0].reference, said.txn_id);
  assert.deepEqual([captures[0].amount_cents, captures[0].fee_cents], [4250, 158]);
  assert.deepEqual([captures[0].paid, captures[0].invoice], [true, 'mark-1']);
  assert.equal(captures[0].notifications.delivered, 1);
  // A second press of the same page pays nothing more.
  const again = await submit(where);
  assert.equal(again.headers.get('location'), where);
  assert.equal((await house.get('/ledger')).captures.length, 1);
});

test('a message in UTF-8, and one whose bytes are not what it says', async (t) => {
  const { house, listener, press, submit } = await open(t, { charset: 'UTF-8', aliases: ['Autre@Marcheurs.example'] });
  await submit(await press({ business: 'AUTRE@marcheurs.example' }), { first_name: 'Łukasz', ipn: 'normal' });
  await house.idle();
  const said = variables(listener.got[0].body);
  assert.deepEqual([said.charset, said.first_name], ['UTF-8', 'Łukasz']);
  assert.equal(said.business, 'AUTRE@marcheurs.example');
  assert.equal(said.receiver_email, 'tresorier@marcheurs.example');
  await submit(await press(), { charset: 'windows-1252', first_name: 'Łukasz' });
  await house.idle();
  assert.equal(variables(listener.got[1].body).first_name, '?ukasz');
  await submit(await press(), { ipn: 'wrong_charset', first_name: 'Zoé' });
  await house.idle();
  const wrong = listener.got[2].body;
  assert.throws(() => variables(wrong)); // says UTF-8, is windows-1252
  assert.equal(variables(wrong, 'windows-1252').first_name, 'Zoé');
});

test('only the exact bytes of a message are confirmed', async (t) => {
  const { house, listener, press, submit, validate, webscr } = await open(t);
  await submit(await press(), { ipn: 'twice' });
  await house.idle();
  const { body } = listener.got[0];
  assert.deepEqual(listener.got[1].body, body);
  const verified = await validate(body);
  assert.equal(verified.text, 'VERIFIED');
  assert.equal(verified.status, 200);
  assert.equal(verified.headers.get('content-length'), null);
  assert.match(verified.headers.get('content-type'), /^text\/html/);
  const text = body.toString('latin1');
  const altered = [
    text.replace('mc_gross=42.50', 'mc_gross=42.51'), `${text}&`, `${text}&x=1`, ` ${text}`,
    text.replace('%E9', '%e9'), text.replace('%E9', '%C3%A9'), text.slice(0, -1), '',
    text.split('&').reverse().join('&'), text.replace(/\+/g, '%20'),
  ];
  for (const one of altered) {
    assert.notEqual(one, text);
    assert.equal((await validate(Buffer.from(one, 'latin1'))).text, 'INVALID', one);
  }
  const appended = await webscr(`${text}&cmd=_notify-validate`, {
    headers: { 'User-Agent': 'x', 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(appended.text, 'INVALID');
  const anonymous = await validate(body, { 'User-Agent': '' });
  assert.deepEqual([anonymous.status, anonymous.text], [403, '']);
  const { total, postbacks } = await house.get('/paypal/postbacks');
  assert.equal(total, altered.length + 3);
  assert.deepEqual([postbacks.at(-1).verdict, postbacks[0].verdict], ['VERIFIED', 'no_user_agent']);
  assert.equal(Buffer.from(postbacks.at(-1).body_hex, 'hex').toString('latin1'), `cmd=_notify-validate&${text}`);
});

test('real messages become true when a test says so', async (t) => {
  const { house, listener, validate } = await open(t);
  const folder = path.join(vectors, 'paypal/ipn');
  vector('paypal/ipn/01-completed-web_accept-cad.txt');
  const names = fs.readdirSync(folder).filter((name) => /^\d\d-.*\.txt$/.test(name));
  assert.ok(names.length >= 20);
  for (const name of names) {
    const body = fs.readFileSync(path.join(folder, name));
    assert.equal((await validate(body)).text, 'INVALID', name);
    await house.post('/paypal/ipns', { body_hex: body.toString('hex'), url: `${listener.url}/${name}` });
    await house.idle();
    assert.deepEqual(listener.got.at(-1).body, body, name);
    assert.equal((await validate(body)).text, 'VERIFIED', name);
  }
  assert.equal((await house.get('/ledger')).captures.length, 0);
});

test('outcomes: pending then its end, guest, refusal, another amount, another receiver', async (t) => {
  const { house, listener, press, submit } = await open(t);
  const last = async () => {
    await house.idle();
    return variables(listener.got.at(-1).body);
  };
  for (const [outcome, reason, end] of [['echeck', 'echeck', 'Completed'], ['review', 'paymentreview', 'Denied']]) {
    const where = await press();
    assert.equal((await submit(where, { outcome })).status, 303);
    const pending = await last();
    assert.deepEqual([pending.payment_status, pending.pending_reason], ['Pending', reason]);
    assert.equal('mc_fee' in pending, reason !== 'echeck');
    await submit(`${where}/settle`, { status: end });
    const ended = await last();
    assert.deepEqual([ended.payment_status, ended.txn_id], [end, pending.txn_id]);
    assert.notEqual(ended.ipn_track_id, pending.ipn_track_id);
    await submit(`${where}/settle`, { status: end });
    await house.idle();
    assert.equal((await last()).ipn_track_id, ended.ipn_track_id);
  }
  const guest = await submit(await press(), { outcome: 'guest' });
  assert.equal(guest.status, 200);
  assert.match(guest.text, /id="retour"/);
  assert.equal((await last()).payer_status, 'unverified');
  assert.match((await last()).receipt_id, /^\d{4}-\d{4}-\d{4}-\d{4}$/);
  const where = await press();
  const refused = await submit(where, { outcome: 'declined' });
  assert.match(refused.text, /id="refus"/);
  assert.equal((await submit(where)).status, 303);
  await submit(await press(), { outcome: 'amount_changed', paid_amount: '12,34' });
  assert.equal((await last()).mc_gross, '12.34');
  await submit(await press(), { outcome: 'other_receiver' });
  assert.notEqual((await last()).receiver_id, 'MARCHEURS0001');
  const cancel = await submit(await press(), { outcome: 'cancel' });
  assert.equal(cancel.headers.get('location'), `${listener.url}/annule`);
  const { captures } = await house.get('/ledger');
  assert.deepEqual(captures.map((one) => [one.status, one.paid, one.amount_cents]).sort(), [
    ['Completed', true, 1234], ['Completed', true, 4250], ['Completed', true, 4250],
    ['Completed', true, 4250], ['Completed', true, 4250], ['Denied', false, 4250],
  ]);
});

test('ways of notifying: twice, resent, late, before the return, never, pending first', async (t) => {
  const { house, listener, press, submit } = await open(t);
  const pay = async (form) => {
    listener.got.length = 0;
    await submit(await press(), form);
    await house.idle();
    return listener.got.map((got) => variables(got.body));
  };
  assert.equal((await pay({ ipn: 'twice' })).length, 2);
  const resent = await pay({ ipn: 'resend', late_s: '0' });
  assert.deepEqual(resent.map((said) => said.resend), [undefined, 'true']);
  assert.equal(resent[0].txn_id, resent[1].txn_id);
  assert.equal((await pay({ ipn: 'never' })).length, 0);
  assert.equal((await pay({ ipn: 'late', late_s: '3600' })).length, 0);
  const { deliveries } = await house.get('/deliveries?state=waiting');
  assert.equal(deliveries.length, 1);
  assert.equal((await house.post(`/deliveries/${deliveries[0].id}/send`)).state, 'delivered');
  const late = await pay({ ipn: 'pending_first', late_s: '60' });
  assert.deepEqual(late.map((said) => said.payment_status), ['Pending']);
  await house.post('/clock', { advance_s: 61 });
  while (listener.got.length < 2) await house.idle();
  assert.equal(variables(listener.got[1].body).payment_status, 'Completed');
  let before = 0;
  const where = await press();
  listener.got.length = 0;
  const back = await submit(where, { ipn: 'before' });
  before = listener.got.length;
  assert.deepEqual([back.status, before], [303, 1]);
});

test('the way back: extra fields, and a form with rm=2', async (t) => {
  const { house, listener, press, submit } = await open(t);
  const back = await submit(await press(), { return_extra: '1' });
  const url = new URL(back.headers.get('location'));
  assert.equal(url.searchParams.get('m'), '1');
  assert.equal(url.searchParams.get('st'), 'Completed');
  assert.equal(url.searchParams.get('cm'), 'mark-1');
  const form = await submit(await press({ rm: '2' }));
  assert.equal(form.status, 200);
  assert.match(form.text, new RegExp(`action="${listener.url}/retour\\?m=1"`.replace(/\//g, '\\/')));
  assert.match(form.text, /name="payment_status" value="Completed"/);
  assert.equal((await house.get('/paypal/payments')).payments.length, 2);
});

test('a button that PayPal would refuse opens nothing', async (t) => {
  const { house, fields } = await open(t);
  const refuse = async (more, status = 400) => {
    const form = new URLSearchParams(fields(more));
    for (const [name, value] of Object.entries(more)) if (value === undefined) form.delete(name);
    const answer = await call(`${house.url}/cgi-bin/webscr?${form}`);
    assert.equal(answer.status, status, JSON.stringify(more));
    assert.match(answer.headers.get('content-type'), /^text\/html/);
    return answer.text;
  };
  await refuse({ cmd: '_nothing' });
  await refuse({ cmd: undefined });
  await refuse({ amount: '42,50' });
  await refuse({ amount: '0.00' });
  await refuse({ amount: '-1.00' });
  await refuse({ amount: '1.001' });
  await refuse({ amount: undefined });
  await refuse({ currency_code: 'XXX' });
  await refuse({ business: undefined });
  await refuse({ invoice: 'x'.repeat(128) });
  await refuse({ custom: 'x'.repeat(256) });
  await refuse({ notify_url: `http://127.0.0.1/${'x'.repeat(250)}` });
  await refuse({ return: 'javascript:alert(1)' });
  assert.match(await refuse({ business: 'personne@example.org' }), /inconnu/);
  const hostile = await refuse({ business: 'x@y.z', cancel_return: 'javascript:alert(1)' });
  assert.doesNotMatch(hostile, /javascript/);
  assert.equal((await call(`${house.url}/checkoutnow/EC-00000000000000000`)).status, 404);
});

test('a button may be posted in windows-1252', async (t) => {
  const { house, fields, webscr } = await open(t);
  const form = new URLSearchParams(fields({ charset: 'windows-1252', item_name: 'X' })).toString()
    .replace('item_name=X', 'item_name=%C9t%E9+%80');
  const answer = await webscr(form, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.equal(answer.status, 303, answer.text);
  assert.match((await call(`${house.url}${answer.headers.get('location')}`)).text, /Été €/);
});

test('outages of the confirmation: 500, an HTML page, silence', async (t) => {
  const { house, listener, press, submit, validate } = await open(t);
  await submit(await press());
  await house.idle();
  const { body } = listener.got[0];
  const fault = (more) => house.post('/faults', { face: 'paypal', path: '/cgi-bin/webscr', ...more });
  await fault({ kind: 'status', status: 503 });
  assert.equal((await validate(body)).status, 503);
  await fault({ kind: 'html' });
  const html = await validate(body);
  assert.equal(html.status, 200);
  assert.match(html.text, /<html/);
  await fault({ kind: 'hang', hang_s: 1 });
  assert.equal((await validate(body)).text, 'VERIFIED');
  await fault({ kind: 'status', count: -1 });
  assert.equal((await validate(body)).status, 500);
  assert.equal((await validate(body)).status, 500);
  await house.remove('/faults');
  assert.equal((await validate(body)).text, 'VERIFIED');
  const { postbacks } = await house.get('/paypal/postbacks');
  assert.deepEqual(postbacks.map((one) => one.verdict),
    ['VERIFIED', 'fault', 'fault', 'VERIFIED', 'fault', 'fault']);
});
