'use strict';
// The pages a person sees, in a browser: with and without JavaScript, on a telephone and a
// screen, light and dark, judged by axe.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { chromium } = require('playwright-core');
const { startSandbox, startListener, call } = require('./sandbox-house.js');
const { violationsOn } = require('./browser.js');

const VERSION = '2026-10-28.endive';

async function open(t) {
  const house = await startSandbox(t);
  const listener = await startListener(t);
  const account = await house.post('/stripe/accounts', { id: 'acct_1Practice', name: 'Les Marcheurs' });
  await house.post('/stripe/accounts/acct_1Practice/endpoints',
    { url: `${listener.url}/hook`, events: ['checkout.session.completed'] });
  await house.post('/paypal/businesses', { email: 'tresorier@marcheurs.example', name: 'Les Marcheurs' });
  const session = async () => {
    const form = new URLSearchParams({
      mode: 'payment', 'line_items[0][quantity]': '1', 'line_items[0][price_data][currency]': 'eur',
      'line_items[0][price_data][unit_amount]': '4250',
      'line_items[0][price_data][product_data][name]': 'Cotisation <b>d’été</b> "& co"',
      success_url: `${listener.url}/retour`, cancel_url: `${listener.url}/panier`,
    });
    const answer = await call(`${house.url}/v1/checkout/sessions`, {
      method: 'POST', body: form,
      headers: { Authorization: `Bearer ${account.secret_key}`, 'Stripe-Version': VERSION },
    });
    return JSON.parse(answer.text);
  };
  const button = `${house.url}/cgi-bin/webscr?${new URLSearchParams({
    cmd: '_xclick', business: 'tresorier@marcheurs.example', item_name: 'Cotisation d’été',
    amount: '42.50', currency_code: 'EUR', invoice: 'mark', charset: 'utf-8', rm: '1',
    return: `${listener.url}/retour`, cancel_return: `${listener.url}/panier`,
    notify_url: `${listener.url}/ipn`,
  })}`;
  // An order of the REST interface: its id and the address of its page.
  const app = { id: null };
  let orders = 0;
  const order = async () => {
    if (!app.id) {
      const { businesses } = await house.get('/paypal/businesses');
      const made = await house.post(`/paypal/businesses/${businesses[0].id}/apps`);
      const basic = Buffer.from(`${made.client_id}:${made.secret}`).toString('base64');
      const given = await call(`${house.url}/v1/oauth2/token`,
        { method: 'POST', headers: { Authorization: `Basic ${basic}`, 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials' });
      Object.assign(app, { id: made.client_id, bearer: JSON.parse(given.text).access_token });
    }
    orders += 1;
    const rest = async (where, body) => JSON.parse((await call(`${house.url}/v2/checkout/orders${where}`, {
      method: 'POST', body: JSON.stringify(body),
      headers: { Authorization: `Bearer ${app.bearer}`, 'Content-Type': 'application/json', 'PayPal-Request-Id': `${orders}${where}` },
    })).text);
    const made = await rest('', {
      intent: 'CAPTURE',
      purchase_units: [{ description: 'Cotisation <b>d’été</b>', invoice_id: `mark-${orders}`, amount: { currency_code: 'EUR', value: '42.50' } }],
      payment_source: { paypal: { experience_context: { return_url: `${listener.url}/retour`, cancel_url: `${listener.url}/panier` } } },
    });
    return { id: made.id, url: `${house.url}/checkoutnow?token=${made.id}`, capture: () => rest(`/${made.id}/capture`, {}) };
  };
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium-headless-shell',
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
  t.after(() => browser.close());
  return { house, listener, session, button, order, browser };
}

/** A page that fails the test on any error or anything refused by the page's policy. */
async function newPage(t, browser, options = {}) {
  const context = await browser.newContext({ locale: 'fr-FR', ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') wrong.push(message.text()); });
  page.on('requestfailed', (request) => wrong.push(`${request.url()} failed`));
  t.after(() => assert.deepEqual(wrong, []));
  return page;
}

async function judge(page, what) {
  assert.deepEqual(await violationsOn(page), [], what);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what} is ${wide} px too wide`);
  assert.equal(await page.getAttribute('html', 'lang'), 'fr');
  assert.match(await page.textContent('.banner'), /Bac à sable/);
}

test('axe sees what is wrong', async (t) => {
  const { browser } = await open(t);
  const page = await (await browser.newContext()).newPage();
  await page.setContent('<html lang="fr"><head><title>t</title></head><body><main><h1>t</h1><img src="data:,"></main></body></html>');
  assert.deepEqual(await violationsOn(page), ['image-alt: <img src="data:,">']);
});

test('every page passes axe, light and dark, at 390 and 1280 px', async (t) => {
  const { house, session, button, order, browser } = await open(t);
  for (const [width, colorScheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1280, 'dark']]) {
    const page = await newPage(t, browser, { colorScheme, viewport: { width, height: 900 } });
    const look = (what) => judge(page, `${what} ${width} ${colorScheme}`);
    const stripe = await session();
    await page.goto(stripe.url);
    await look('stripe');
    assert.match(await page.textContent('.items'), /Cotisation <b>d’été<\/b> "& co"/);
    await page.click('button[value=declined]');
    await page.waitForSelector('#refus');
    await look('stripe refused');
    await page.click('button[value=three_d_secure]');
    await page.waitForSelector('#confirmer');
    await look('3-D Secure');
    await house.post(`/stripe/sessions/${stripe.id}/expire`);
    await page.goto(`${house.url}/c/pay/${stripe.id}`);
    await look('stripe expired');
    const paid = await session();
    await house.post(`/stripe/sessions/${paid.id}/pay`);
    await page.goto(paid.url);
    await look('stripe paid');
    await page.goto(button);
    await look('paypal');
    await page.click('button[value=declined]');
    await page.waitForSelector('#refus');
    await look('paypal refused');
    await page.click('button[value=guest]');
    await page.waitForSelector('#etat');
    await look('paypal guest');
    await page.goto(`${button.replace('rm=1', 'rm=2')}`);
    await page.click('#payer');
    await page.waitForSelector('#retour');
    await look('paypal return form');
    const one = await order();
    await page.goto(one.url);
    await look('order');
    assert.match(await page.textContent('.seller'), /Cotisation <b>d’été<\/b>/);
    await house.post(`/paypal/orders/${one.id}/approve`, { outcome: 'instrument_declined' });
    await page.goto(one.url);
    await look('order refused');
    await house.post(`/paypal/orders/${one.id}/approve`, { outcome: 'echeck' });
    await page.goto(one.url);
    await look('order approved');
    await page.goto(`${house.url}/`);
    await look('home');
    await page.context().close();
  }
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with JavaScript' : 'without JavaScript';

  test(`Stripe: decline, then 3-D Secure failed, then confirmed, ${how}`, async (t) => {
    const { house, listener, session, browser } = await open(t);
    const page = await newPage(t, browser, { javaScriptEnabled });
    const { id, url } = await session();
    await page.goto(url);
    await page.fill('#card', '4000 0000 0000 9995');
    await page.click('#payer');
    assert.match(await page.textContent('#refus'), /provision/);
    await page.fill('#card', '4000 0025 0000 3155');
    await page.press('#card', 'Enter');
    await page.click('button[value=fail]');
    assert.match(await page.textContent('#refus'), /3-D Secure/);
    assert.equal(await page.inputValue('#card'), '4242 4242 4242 4242');
    await page.click('button[value=three_d_secure]');
    await page.click('#confirmer');
    await page.waitForURL(`${listener.url}/retour`);
    await house.idle();
    const { captures } = await house.get('/ledger');
    assert.deepEqual(captures.map((one) => [one.session, one.paid]), [[id, true]]);
    assert.equal(listener.got.filter((got) => got.path === '/hook').length, 1);
    await page.goto(url);
    assert.match(await page.textContent('#etat'), /fait/);
    await page.click('#retour');
    await page.waitForURL(`${listener.url}/retour`);
  });

  test(`Stripe: pay, abandon, SEPA, notified before the return, ${how}`, async (t) => {
    const { house, listener, session, browser } = await open(t);
    const page = await newPage(t, browser, { javaScriptEnabled });
    await page.goto((await session()).url);
    await page.click('#payer');
    await page.waitForURL(`${listener.url}/retour`);
    await page.goto((await session()).url);
    await page.click('#abandonner');
    await page.waitForURL(`${listener.url}/panier`);
    await page.goto((await session()).url);
    await page.selectOption('#notify', 'before');
    await page.click('#payer');
    await page.waitForURL(`${listener.url}/retour`);
    const order = listener.got.map((got) => got.path).filter((path) => path !== '/favicon.ico');
    assert.deepEqual(order.slice(-2), ['/hook', '/retour']);
    const debit = await session();
    await page.goto(debit.url);
    await page.fill('#settle_s', '-1');
    await page.click('button[value=sepa]');
    await page.waitForURL(`${listener.url}/retour`);
    await page.goto(debit.url);
    assert.match(await page.textContent('#etat'), /en cours/);
    await house.post(`/stripe/sessions/${debit.id}/settle`, { outcome: 'succeed' });
    const { captures } = await house.get('/ledger');
    assert.equal(captures.filter((one) => one.paid).length, 3);
  });

  test(`PayPal's orders: refused, paid, abandoned, pending, ${how}`, async (t) => {
    const { house, listener, order, browser } = await open(t);
    const page = await newPage(t, browser, { javaScriptEnabled });
    const one = await order();
    await page.goto(one.url);
    await page.click('button[value=instrument_declined]');
    await page.waitForURL(`${listener.url}/retour?token=${one.id}&PayerID=*`);
    assert.equal((await one.capture()).details[0].issue, 'INSTRUMENT_DECLINED');
    await page.goto(one.url);
    assert.match(await page.textContent('#refus'), /refusé/);
    await page.fill('#first_name', 'Łukasz');
    await page.click('#payer');
    await page.waitForURL(`${listener.url}/retour?token=${one.id}&PayerID=*`);
    await page.goto(one.url);
    assert.match(await page.textContent('#etat'), /pas encore encaissé/);
    assert.equal((await house.get(`/paypal/orders/${one.id}`)).first_name, 'Łukasz');
    const two = await order();
    await page.goto(two.url);
    await page.click('#abandonner');
    await page.waitForURL(`${listener.url}/panier?token=${two.id}`);
    await page.goto(two.url);
    await page.click('button[value=review]');
    await two.capture();
    await page.goto(`${house.url}/checkoutnow/${two.id}`);
    assert.match(await page.textContent('#etat'), /en attente/);
    await page.click('button[value=Completed]');
    assert.match(await page.textContent('#etat'), /fait/);
    await page.click('#retour');
    await page.waitForURL(`${listener.url}/retour?token=${two.id}&PayerID=*`);
    const { captures } = await house.get('/ledger?provider=paypal');
    assert.deepEqual(captures.map((each) => [each.session, each.paid]), [[two.id, true]]);
  });

  test(`PayPal: pay, abandon, guest, pending, ${how}`, async (t) => {
    const { house, listener, button, browser } = await open(t);
    const page = await newPage(t, browser, { javaScriptEnabled });
    await page.goto(button);
    await page.click('#payer');
    await page.waitForURL(`${listener.url}/retour`);
    await page.goto(button);
    await page.click('#abandonner');
    await page.waitForURL(`${listener.url}/panier`);
    await page.goto(button);
    await page.click('button[value=guest]');
    assert.match(await page.textContent('#etat'), /fait/);
    await page.goto(button);
    const { pathname } = new URL(page.url());
    await page.click('button[value=echeck]');
    await page.waitForURL(`${listener.url}/retour`);
    await page.goto(`${house.url}${pathname}`);
    assert.match(await page.textContent('#etat'), /en attente/);
    await page.click('button[value=Completed]');
    assert.match(await page.textContent('#etat'), /fait/);
    await house.idle();
    assert.equal(listener.got.filter((got) => got.path === '/ipn').length, 4);
    const { captures } = await house.get('/ledger?provider=paypal');
    assert.deepEqual(captures.map((one) => one.paid), [true, true, true]);
    await page.goto(button.replace('rm=1', 'rm=2'));
    await page.click('#payer');
    await page.click('#retour');
    await page.waitForURL(`${listener.url}/retour`);
    const posted = listener.got.filter((got) => got.method === 'POST' && got.path === '/retour');
    assert.match(posted.at(-1).body.toString(), /payment_status=Completed/);
  });
}

test('pages are not kept, not framed, and load nothing from elsewhere', async (t) => {
  const { house, session } = await open(t);
  const { url } = await session();
  for (const where of [url, `${house.url}/`, `${house.url}/nulle-part`]) {
    const { headers } = await call(where);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  }
});
