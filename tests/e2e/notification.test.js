'use strict';
// One notification: its text, masked, what became of it, and Traiter à nouveau, which books
// nothing twice.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('notification');

async function paid() {
  const member = house.member({ last: 'Roux', charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const form = await client.form('/panier', '/panier/payer');
  const answer = await client.post('/panier/payer', { ...form.fields,
    moyen: form.buttons.find((one) => one['data-provider'] === 'stripe').value });
  await house.control('POST', `/stripe/sessions/${path.basename(answer.location)}/pay`,
    { name: 'Jeanne Roux', email: 'jeanne.roux@exemple.fr' });
  await house.state(member, 'paid');
  await house.settled();
  return member;
}
const lastEvent = () => house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_event
  WHERE association_id = ${house.association} AND type = 'checkout.session.completed' ORDER BY id DESC LIMIT 1`).id;
const eventOf = (id) => house.one(`SELECT state, outcome, attempts FROM provider_event WHERE id = ${id}`);
const booked = (member) => house.captures(member).length;

for (const javaScript of [true, false])
  test(`the text is read and the message treated once more${javaScript ? '' : ', without JavaScript'}`, async (t) => {
    const member = await paid();
    const id = lastEvent();
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/notifications');
    await page.locator(`#n-${id} a`).first().click();
    await page.getByRole('heading', { name: 'Notification de Stripe' }).waitFor();
    const text = await page.locator('pre.raw').innerText();
    assert.match(text, /"type": "checkout\.session\.completed"/);
    assert.match(text, /"amount_total": 4000/);
    assert.doesNotMatch(text, /jeanne|Roux/i);
    if (javaScript)
      await check(page, 'notification');
    await page.getByRole('button', { name: 'Traiter à nouveau' }).click();
    await page.getByText('est traitée à nouveau').waitFor();
    await waitFor('the message has its outcome', () => eventOf(id).state === 'done');
    assert.equal(eventOf(id).outcome, 'already_posted');
    assert.equal(booked(member), 1);
    assert.equal(house.sql(`SELECT 1 FROM audit WHERE association_id = ${house.association}
      AND action = 'event.replayed' AND object = 'provider_event:${id}'`).length, 1);
    house.ok(['verify']);
  });

test('one that waits is not put back twice; whoever only looks has no button', async () => {
  await paid();
  const id = lastEvent();
  const staff = await house.asStaff('treasurer');
  const form = await staff.form(`/notifications/${id}`, `/notifications/${id}/rejouer`);
  house.force(`UPDATE provider_event SET state = 'waiting', outcome = NULL, next_at = 99999999999 WHERE id = ${id}`);
  const answer = await staff.post(form.action, form.fields);
  assert.equal(answer.status, 409);
  assert.match(answer.text, /attend déjà son prochain essai/);
  house.force(`UPDATE provider_event SET next_at = 1 WHERE id = ${id}`);
  await waitFor('it is done', () => eventOf(id).state === 'done');
  const viewer = await (await house.asStaff('viewer')).get(`/notifications/${id}`);
  assert.equal(viewer.status, 200);
  assert.doesNotMatch(viewer.text, /Traiter à nouveau/);
});

test('hostile text comes back as text, and what nobody vouched for is marked', async () => {
  const id = '77001';
  house.force(`INSERT INTO provider_event (id, provider, association_id, source_address, raw, received_at, state, updated_at,
    type, external_id, detail) VALUES (${id}, 'paypal', ${house.association}, '', CAST('item_name=<script>alert(1)</script>&payer_email=a%40b.fr' AS BLOB),
    1764000000, 'invalid', 1764000000, '<b>x</b>', '<i>y</i>', '<u>z</u>')`);
  const page = await (await house.asStaff('treasurer')).get(`/notifications/${id}`);
  assert.match(page.text, /pas prouvée/);
  assert.match(page.body, /item_name = &lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.doesNotMatch(page.body, /<script>alert|<b>x|<i>y|<u>z/);
  house.force(`UPDATE provider_event SET raw = X'' WHERE id = ${id}`);
  const blanked = await (await house.asStaff('treasurer')).get(`/notifications/${id}`);
  assert.match(blanked.text, /gardé que 30 jours/);
  assert.doesNotMatch(blanked.text, /Traiter à nouveau/);
});

test("another association's message is not there", async () => {
  const association = house.addAssociation({ name: 'Les Autres' });
  house.force(`INSERT INTO provider_event (id, provider, association_id, source_address, raw, received_at, state, updated_at)
    VALUES (77002, 'paypal', ${association}, '', X'61', 1, 'invalid', 1)`);
  const staff = await house.asStaff('treasurer');
  assert.equal((await staff.get('/notifications/77002')).status, 404);
  assert.equal((await staff.get('/notifications/x')).status, 404);
});
