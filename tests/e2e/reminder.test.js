'use strict';
// Relancer: who owes is shown, written to once in seven days, and what the mail says is true.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { waitFor } = require('./harness.js');
const { check } = require('./browser.js');
const { PostOffice, houseWithOffice } = require('./post-office.js');

const office = new PostOffice();
const house = houseWithOffice('reminder', office, { sandbox: false });
house.seed = async () => {
  house.association = house.addAssociation({ name: 'Les Relanceurs', options: ['--email', 'bureau@asso.example'] });
};

const PAGE = '/relances';
const hostile = '<img src=x onerror=alert(1)>';
const mailTo = (address) => waitFor(`a mail to ${address}`, () => office.to(address)[0]);
const due = (answer) => Object.fromEntries([...answer.body.matchAll(/data-member="(\d+)" data-due-cents="(\d+)"/g)]
  .map(([, number, cents]) => [number, Number(cents)]));

async function send(client, ids) {
  const form = await client.form(PAGE, `${PAGE}/envoyer`);
  return client.post(`${PAGE}/envoyer`, new URLSearchParams([['csrf', form.fields.csrf], ...ids.map((id) => ['adherent', id])]).toString());
}

const idOf = (member) => house.one(`SELECT CAST(id AS TEXT) AS id FROM member WHERE association_id = ${member.association}
  AND number = ${member.number}`).id;

test('nobody owes: said so', async (t) => {
  const page = await house.visit(t, await house.asStaff('treasurer'));
  await page.goto(PAGE);
  await page.getByText('Personne ne doit rien.').waitFor();
  await check(page, 'relances-vide');
});

for (const javaScript of [true, false])
  test(`those who are ticked are written to, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const [one, two] = javaScript ? ['rose', 'lila'] : ['iris', 'ambre'];
    const member = house.member({ first: 'Rose', last: hostile, login: one, charges: [['40', 'Cotisation'], ['2,50', 'Carte']] });
    const other = house.member({ first: 'Lila', last: 'Martin', login: two, charges: [['12', 'Sortie']] });
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/adherents');
    await page.getByRole('link', { name: 'Relancer' }).click();
    await page.getByText('Il vous reste').first().waitFor();
    if (javaScript)
      await check(page, 'relances');
    await page.getByLabel('Relancer Lila Martin').last().uncheck();
    await page.getByRole('button', { name: /^Envoyer/ }).click();
    await page.getByRole('status').getByText('prêts à partir').waitFor();
    const mail = await mailTo(`${one}@exemple.fr`);
    assert.match(mail.subject, /^Il vous reste 42,50\s€ à régler$/);
    assert.match(mail.text, /Bonjour Rose,/);
    assert.match(mail.text, new RegExp(`${house.url}/panier`));
    const row = page.locator(`[data-member="${member.number}"]`);
    await row.getByText('relancé il y a moins de 7 jours').waitFor();
    assert.equal(await row.getByRole('checkbox').count(), 0);
    assert.equal(office.to(`${two}@exemple.fr`).length, 0);
    assert.equal(await page.locator(`[data-member="${other.number}"]`).getByRole('checkbox').count(), 1);
    if (javaScript)
      await check(page, 'relances-parties');
    // It is not asked again, whatever a form says.
    const client = await house.asStaff('treasurer');
    const again = await send(client, [idOf(member)]);
    assert.equal(again.location, '/relances?fait=rien');
    house.force(`UPDATE member SET archived_at = unixepoch() WHERE id IN (${idOf(member)}, ${idOf(other)})`);
  });

test('a family is one mail to who pays, with all that is owed', async () => {
  const payer = house.member({ first: 'Paul', last: 'Payeur', login: 'payeur' });
  const child = house.member({ first: 'Zoé', last: 'Payeur', login: null, payer, charges: [['30', 'Stage']] });
  const client = await house.asStaff('treasurer');
  const owed = due(await client.get(PAGE));
  assert.deepEqual([owed[payer.number], owed[child.number]], [3000, undefined]);
  assert.equal((await send(client, [idOf(payer)])).location, '/relances?fait=envoye');
  const mail = await mailTo('payeur@exemple.fr');
  assert.match(mail.text, /dont vous payez le panier \(30,00\s€\)/);
});

test('whoever has paid meanwhile gets nothing; no tick is no mail; strangers are not there', async () => {
  const client = await house.asStaff('treasurer');
  house.member({ first: 'Doit', login: 'doit', charges: [['10', 'Cotisation']] });
  const none = await send(client, []);
  assert.equal(none.status, 400);
  assert.match(none.text, /Cochez au moins une personne/);
  const settled = house.member({ first: 'Réglé', login: 'regle' });
  assert.equal((await send(client, [idOf(settled)])).location, '/relances?fait=rien');
  const elsewhere = house.addAssociation({ name: 'Ailleurs' });
  const stranger = house.member({ association: elsewhere, login: 'etrangere', charges: [['10', 'Cotisation']] });
  const denied = await send(client, [idOf(stranger)]);
  assert.equal(denied.status, 404);
  assert.equal(office.to('etrangere@exemple.fr').length, 0);
  assert.equal(due(await client.get(PAGE))[stranger.number] === 1000, false);
  for (const role of ['viewer', 'member']) {
    const nobody = role === 'member' ? await house.asMember(settled) : await house.asStaff('viewer');
    assert.equal((await nobody.get(PAGE)).status, 404);
  }
});
