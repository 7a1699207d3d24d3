'use strict';
// What staff see behind the payments of a cart: attempts, notifications, entries, what came back.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('behind');
const hostile = '<img src=x onerror=alert(1)>"\'; DROP TABLE cart_line;--';

async function press(client, amount, provider = 'stripe') {
  const form = await client.form('/panier', '/panier/payer');
  const { value } = form.buttons.find((one) => one['data-provider'] === provider);
  const answer = await client.post('/panier/payer', { ...form.fields, montant: amount, moyen: value });
  assert.equal(answer.status, 303, answer.text);
  return path.basename(answer.location);
}

async function payByCard(member, amount, how = {}) {
  const client = await house.asMember(member);
  const session = await press(client, amount);
  await house.control('POST', `/stripe/sessions/${session}/pay`, how);
  await house.state(member, 'paid');
  await house.settled();
  await waitFor('all is quiet', () => house.sql("SELECT 1 FROM provider_event WHERE state = 'waiting'").length === 0);
  return session;
}

const notificationsOf = (member) => house.sql(`SELECT CAST(id AS TEXT) AS id, type FROM provider_event
  WHERE association_id = ${member.association} AND intent_id IN (SELECT id FROM payment_intent WHERE member_id = ${member.id})
  ORDER BY id`);

test('behind a payment stand its attempt, its notifications and its entry, with and without JavaScript', async (t) => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const session = await payByCard(member, '40');
  const [capture] = house.captures(member);
  for (const javaScript of [true, false]) {
    const page = await house.visit(t, await house.asStaff('viewer'), { javaScript });
    await page.goto(`/adherents/${member.id}`);
    await page.getByText(/^Derrière cette ligne/).click();
    await page.getByText(capture.reference, { exact: true }).waitFor();
    await page.getByText(session).waitFor();
    if (javaScript)
      await check(page, 'adherent-derriere');
    const links = page.getByRole('link', { name: /^Notification du/ });
    const notifications = notificationsOf(member);
    assert.ok(notifications.length > 0);
    assert.equal(await links.count(), notifications.length);
    await links.last().click();
    await page.locator(`#n-${notifications.at(-1).id}`).getByText(notifications.at(-1).type).waitFor();
    assert.equal(await page.locator('tr[id^="n-"]').first().getAttribute('id'), `n-${notifications.at(-1).id}`);
    await page.goto(`/adherents/${member.id}`);
    await page.getByText(/^Derrière cette ligne/).click();
    await page.getByRole('link', { name: `${capture.journal} ${capture.number}` }).click();
    await page.getByRole('heading', { name: /Écriture/ }).waitFor();
  }
});

test('attempts that brought no money stand apart, each with its state', async (t) => {
  const member = house.member({ charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  await press(client, '10');
  const { token } = house.intents(member).at(-1);
  const abandon = await client.form('/panier', `/paiement/${token}/abandonner`);
  assert.equal((await client.post(abandon.action, abandon.fields)).status, 303);
  const ended = await waitFor('the attempt is over', () => house.intents(member).map(({ state }) => state).find((state) => state !== 'open'));
  const session = await press(client, '15');
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto(`/adherents/${member.id}`);
  const attempts = page.locator('#tentatives [data-attempt]');
  assert.deepEqual(await attempts.evaluateAll((all) => all.map((one) => one.dataset.attempt)), ['open', ended]);
  await page.getByText(session).waitFor();
  await check(page, 'adherent-tentatives');
  await house.control('POST', `/stripe/sessions/${session}/pay`, {});
  await house.state(member, 'paid');
  await page.reload();
  assert.deepEqual(await attempts.evaluateAll((all) => all.map((one) => one.dataset.attempt)), [ended]);
});

test('a payment of a family stands behind the line of each cart, with who paid', async (t) => {
  const parent = house.member({ first: 'Nadia', last: 'Payeuse', charges: [['30', 'Cotisation']] });
  const child = house.member({ first: 'Lou', last: 'Payeuse', login: null, payer: parent, charges: [['15', 'Cotisation jeune']] });
  const session = await payByCard(parent, '45');
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto(`/adherents/${child.id}`);
  await page.getByText(/^Derrière cette ligne/).click();
  await page.getByText(session).waitFor();
  await page.getByRole('link', { name: 'Nadia Payeuse' }).last().waitFor();
  assert.equal(await page.locator('#tentatives').count(), 0);
});

test('a payment by hand shows its means, its reference and its entry', async () => {
  const member = house.member({ login: null, charges: [['40', 'Cotisation']] });
  house.ok(['payment', 'add', '--association', member.association, '--member', member.number,
    '--amount', '40', '--means', 'cheque', '--reference', hostile]);
  const answer = await (await house.asStaff('viewer')).get(`/adherents/${member.id}`);
  const [capture] = house.captures(member);
  assert.ok(answer.text.includes(`Référence ${hostile} Écriture ${capture.journal} ${capture.number}`), answer.text);
  assert.ok(answer.body.includes(`/ecritures/${house.one(`SELECT CAST(entry_id AS TEXT) AS id FROM provider_transaction
    WHERE reference = '${hostile.replaceAll("'", "''")}'`).id}`));
});

test('nothing of another association stands behind a line', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const foreign = house.member({ association, login: null, charges: [['40', 'Cotisation']] });
  house.ok(['payment', 'add', '--association', association, '--member', foreign.number, '--amount', '40', '--means', 'cash', '--reference', 'VOISIN-1']);
  const client = await house.asStaff('treasurer');
  assert.equal((await client.get(`/adherents/${foreign.id}`)).status, 404);
  const neighbour = await house.asStaff('treasurer', association);
  assert.match((await neighbour.get(`/adherents/${foreign.id}`)).text, /VOISIN-1/);
  const all = await Promise.all(house.sql(`SELECT CAST(id AS TEXT) AS id FROM member WHERE association_id = ${house.association}`)
    .map(({ id }) => client.get(`/adherents/${id}`)));
  for (const answer of all)
    assert.doesNotMatch(answer.text, /VOISIN-1/);
});
