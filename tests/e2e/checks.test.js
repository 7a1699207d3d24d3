'use strict';
// Vérifier mes réglages: what is in order, what is not, and what to do, in words.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { houseOf, top, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('checks');

const PAGE = '/parametrage/verification';

const findings = async (page, provider) => Object.fromEntries(await page
  .locator(`[data-provider=${provider}] .finding`).evaluateAll((items) =>
    items.map((item) => [item.dataset.finding, item.querySelector('.chip').textContent])));

// Every key of finding.h has its sentence, in one of the two partials.
test('every finding has a sentence', () => {
  const keys = [...fs.readFileSync(path.join(top, 'src/payment/finding.c'), 'utf8')
    .matchAll(/\[FINDING_\w+\] = "(\w+)"/g)].map(([, key]) => key);
  const partial = (name) => fs.readFileSync(path.join(top, 'templates/web/partial', name), 'utf8');
  const text = partial('finding.html') + partial('finding-installation.html');
  assert.ok(keys.length > 20);
  assert.deepEqual(keys.filter((key) => !text.includes(`{{#is_${key}}}`)), []);
});

for (const javaScript of [true, false])
  describe(javaScript ? 'with JavaScript' : 'without JavaScript', () => {
    test('what is in order is said to be, from the menu on', async (t) => {
      const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
      await page.goto('/parametrage');
      await page.getByRole('navigation', { name: 'Paramétrage' }).getByRole('link', { name: 'Vérifier mes réglages' }).click();
      await page.getByRole('heading', { name: 'Vérifier mes réglages', level: 1 }).waitFor();
      const paypal = await findings(page, 'paypal');
      assert.deepEqual(paypal, { identity_proven: 'bon', notification_none: 'à regarder', reached: 'bon',
        clock_right: 'bon' });
      assert.equal((await findings(page, 'stripe')).notification_none, 'à regarder');
      if (javaScript)
        await check(page, 'verification');
    });
  });

test('an association without account is sent to link one', async (t) => {
  const association = house.addAssociation({ name: 'Les Débutants' });
  const page = await house.visit(t, await house.asStaff('treasurer', association));
  await page.goto(PAGE);
  await check(page, 'verification-vide');
  await page.getByRole('link', { name: 'Relier un compte' }).click();
  await page.getByRole('heading', { name: 'Mon compte', level: 1 }).waitFor();
});

test('a payment that was told of is good news; payments found by asking are not', async (t) => {
  const page = await house.visit(t, await house.asStaff('administrator'));
  const account = house.one(`SELECT id FROM provider_account WHERE association_id = ${house.association}
    AND provider = 'stripe'`).id;
  const capture = (reference, ago) => house.force(`INSERT INTO provider_transaction (association_id, id,
      provider_account_id, kind, reference, amount_cents, currency, fact_at, created_at)
    VALUES (${house.association}, ${ago}, ${account}, 'capture', '${reference}', 1000, 'EUR',
      unixepoch() - ${ago}, unixepoch() - ${ago})`);
  const notification = (ago) => house.force(`INSERT INTO provider_event (id, provider, association_id,
      provider_account_id, source_address, authentic, raw, received_at, state, outcome, updated_at)
    VALUES (${ago}, 'stripe', ${house.association}, ${account}, '192.0.2.1', 1, x'00', unixepoch() - ${ago},
      'done', 'noted', unixepoch())`);
  notification(9 * 86400);
  await page.goto(PAGE);
  assert.equal((await findings(page, 'stripe')).notification_last, 'bon');
  await page.locator('[data-provider=stripe]').getByText('il y a 9 jours').waitFor();
  // As if a look had found it; it goes before the books are proven.
  capture('pi_silent', 3 * 86400);
  await page.goto(PAGE);
  assert.equal((await findings(page, 'stripe')).notification_missing, 'à corriger');
  await page.getByRole('heading', { name: 'Quelque chose est à corriger' }).waitFor();
  await check(page, 'verification-muet');
  house.force(`DROP TRIGGER provider_transaction_no_delete;
    DELETE FROM provider_transaction WHERE reference = 'pi_silent'`);
});

test('a real association that speaks with a sandbox, a lost secret, an unproven account', async (t) => {
  const association = house.addAssociation({ name: 'Les Vrais', kind: 'real' });
  const { link } = await house.addStripe(association, { mode: 'live' });
  await house.addPaypal(association, { mode: 'live' });
  house.force(`UPDATE provider_account SET verified_at = NULL WHERE association_id = ${association}
    AND provider = 'paypal'`);
  house.force(`DELETE FROM secret WHERE name = 'webhook' AND provider_account_id =
    (SELECT id FROM provider_account WHERE public_id = '${link}')`);
  house.force(`UPDATE secret SET sealed = x'00' WHERE name = 'api_key' AND provider_account_id =
    (SELECT id FROM provider_account WHERE public_id = '${link}')`);
  const page = await house.visit(t, await house.asStaff('treasurer', association));
  await page.goto(PAGE);
  const stripe = await findings(page, 'stripe');
  for (const key of ['address_other', 'base_url_local', 'secret_missing', 'secret_broken'])
    assert.equal(stripe[key], 'à corriger', key);
  assert.equal((await findings(page, 'paypal')).identity_unproven, 'à regarder');
  await check(page, 'verification-rouge');
});

test('a provider that does not answer is said not to; the page stays', async (t) => {
  await house.control('POST', '/faults', { face: 'paypal', method: 'POST', path: '/cgi-bin/webscr', kind: 'status', status: 503, count: 1 });
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto(PAGE);
  assert.equal((await findings(page, 'paypal')).unreachable, 'à regarder');
  await page.getByRole('link', { name: 'Vérifier de nouveau' }).click();
  await waitFor('it answers again', async () => (await findings(page, 'paypal')).reached === 'bon');
});
