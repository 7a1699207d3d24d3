'use strict';
// À rattacher: money that fits nowhere is attached, classified or seen by a person; the books
// follow, and nothing is decided twice.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('desk');
const hostile = '<img src=x onerror=alert(1)>"\'';

// A payment that names an attempt which is not there (any more): the attempt's name is changed.
async function lost(cents = '40') {
  const member = house.member({ last: 'Perdu', charges: [[cents, 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const answer = await client.post('/panier/payer', { ...form.fields,
    moyen: form.buttons.find((one) => one['data-provider'] === 'stripe').value });
  const session = new URL(answer.location).pathname.split('/').at(-1);
  house.force(`DROP TRIGGER IF EXISTS payment_intent_frozen;
    UPDATE payment_intent SET token = token || 'x', state = 'canceled', next_at = NULL WHERE member_id = ${member.id};
    DELETE FROM provider_object WHERE intent_id IN (SELECT id FROM payment_intent WHERE member_id = ${member.id})`);
  const paid = await house.control('POST', `/stripe/sessions/${session}/pay`, { name: `Jeanne ${hostile}` });
  return waitFor('it waits in À rattacher', () => house.sql(`SELECT CAST(q.id AS TEXT) AS id FROM quarantine q
    JOIN provider_transaction t ON t.association_id = q.association_id AND t.id = q.transaction_id
    WHERE t.reference = '${paid.session.payment_intent}'`)[0]);
}
const row = (id) => house.one(`SELECT settled_how, settled_reason, settled_by IS NOT NULL AS by_somebody FROM quarantine WHERE id = ${id}`);
const suspense = () => house.one(`SELECT coalesce(sum(credit_cents - debit_cents), 0) AS cents FROM entry_line
  WHERE association_id = ${house.association} AND account_code = '471'`).cents;

for (const javaScript of [true, false])
  test(`a payment is attached to a member who is looked for${javaScript ? '' : ', without JavaScript'}`, async (t) => {
    const before = suspense();
    const { id } = await lost();
    assert.equal(suspense(), before + 4000);
    const member = house.member({ first: 'Zoé', last: `Trouvée${javaScript ? 'A' : 'B'}`, charges: [['25', 'Cotisation']] });
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/accueil');
    await page.getByRole('link', { name: /votre décision/ }).click();
    if (javaScript)
      await check(page, 'a-rattacher');
    await page.locator(`a[href="/a-rattacher/${id}"]`).click();
    await page.getByLabel("Nom ou numéro de l'adhérent").fill(`trouvee${javaScript ? 'a' : 'b'}`);
    await page.getByRole('button', { name: 'Chercher' }).click();
    await page.getByText('doit 25,00').waitFor();
    if (javaScript)
      await check(page, 'rattacher');
    await page.getByRole('button', { name: /^Rattacher/ }).click();
    await page.getByText("il est dans le panier de l'adhérent").waitFor();
    assert.equal(row(id).settled_how, 'attached');
    assert.equal(house.captures(member).length, 1);
    assert.equal(house.one(`SELECT sum(amount_cents) AS cents FROM cart_line WHERE member_id = ${member.id}`).cents, -1500);
    assert.equal(suspense(), before);
    house.ok(['verify']);
  });

test('a sum is classified with a reason; the form says what is missing', async (t) => {
  const before = suspense();
  const { id } = await lost('12,50');
  const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript: false });
  await page.goto(`/a-rattacher/${id}`);
  await page.getByLabel('Compte').selectOption('7588');
  await page.getByLabel('Pourquoi').fill(hostile);
  await page.getByRole('button', { name: 'Classer' }).click();
  await page.getByText('La somme est classée').waitFor();
  assert.deepEqual(row(id), { settled_how: 'classified', settled_reason: hostile, by_somebody: 1 });
  assert.equal(suspense(), before);
  house.ok(['verify']);
  const after = await (await house.asStaff('treasurer')).get(`/a-rattacher/${id}`);
  assert.match(after.text, /C'est réglé/);
  assert.doesNotMatch(after.body, /<img src=x/);
});

test('nothing typed, an archived account, a stranger: a sentence, and nothing is lost', async () => {
  const { id } = await lost('7');
  const staff = await house.asStaff('treasurer');
  const token = async (action) => (await staff.form(`/a-rattacher/${id}`, `/a-rattacher/${id}/${action}`)).fields.csrf;
  const empty = await staff.post(`/a-rattacher/${id}/classer`, { csrf: await token('classer'), compte: '', motif: '' });
  assert.equal(empty.status, 400);
  assert.match(empty.text, /Choisissez un compte.*Dites pourquoi/s);
  const unusable = await staff.post(`/a-rattacher/${id}/classer`, { csrf: await token('classer'), compte: '99999', motif: 'x' });
  assert.equal(unusable.status, 400);
  assert.match(unusable.text, /un compte en usage/);
  const stranger = await staff.post(`/a-rattacher/${id}/classer`, { csrf: await token('classer'), compte: '471', motif: 'x' });
  assert.equal(stranger.status, 400);
  const page = await staff.get(`/a-rattacher/${id}?q=Perdu`);
  const form = page.body.match(/name="csrf" value="([^"]+)"><input type="hidden" name="adherent"/)[1];
  const nobody = await staff.post(`/a-rattacher/${id}/rattacher`, { csrf: form, adherent: '999999' });
  assert.equal(nobody.status, 400);
  assert.equal(row(id).settled_how, null);
  // Decided twice: the second is told so.
  const csrf = await token('classer');
  assert.equal((await staff.post(`/a-rattacher/${id}/classer`, { csrf, compte: '7588', motif: 'un' })).status, 303);
  assert.equal((await staff.post(`/a-rattacher/${id}/classer`, { csrf, compte: '7588', motif: 'deux' })).status, 409);
  assert.equal(row(id).settled_reason, 'un');
});

test("another association's row is not there; whoever only looks decides nothing", async () => {
  const { id } = await lost('9');
  const viewer = await (await house.asStaff('viewer')).get(`/a-rattacher/${id}`);
  assert.equal(viewer.status, 200);
  assert.doesNotMatch(viewer.text, /Rattacher à un adhérent|Classer/);
  const association = house.addAssociation({ name: 'Les Autres' });
  const { email } = house.login('ailleurs');
  house.ok(['login', 'grant', '--email', email, '--role', 'treasurer', '--association', association]);
  const other = await house.session('ailleurs', { role: 'treasurer', association });
  assert.equal((await other.get(`/a-rattacher/${id}`)).status, 404);
});
