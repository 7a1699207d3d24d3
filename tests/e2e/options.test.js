'use strict';
// Options: what the treasurer sets, and the cart that follows at once.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('options');

const stored = () => house.one(`SELECT part_payments, advances, amount_min_cents, amount_max_cents,
  fee_booking, covers_fees, button_text, options_version FROM association WHERE id = ${house.association}`);
const usual = () => house.force(`UPDATE association SET part_payments = 1, advances = 1,
  amount_min_cents = 100, amount_max_cents = 1000000, fee_booking = 'payment', covers_fees = 0, button_text = ''`);
const audits = (action) => house.sql(`SELECT detail, login_id FROM audit
  WHERE association_id = ${house.association} AND action = '${action}' ORDER BY chain_number`);

// The form as it stands now, with the values a person would leave.
async function optionsForm(client) {
  const { fields } = await client.form('/parametrage/options', '/parametrage/options');
  return { csrf: fields.csrf, version: fields.version, minimum: fields.minimum, maximum: fields.maximum,
    en_partie: 'oui', avance: 'oui', frais: 'paiement', texte: '' };
}

const send = (client, fields) => client.post('/parametrage/options', fields);

for (const javaScript of [true, false])
  test(`the treasurer sets the options, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    usual();
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/parametrage');
    await page.getByRole('link', { name: 'Options' }).click();
    await page.getByRole('heading', { name: 'Options', level: 1 }).waitFor();
    if (javaScript)
      await check(page, 'options');
    await page.getByLabel('Davantage que ce qu').uncheck();
    await page.getByLabel('Montant minimum').fill('2,50');
    await page.getByLabel('Montant maximum').fill('1 500');
    await page.getByLabel('Une seule écriture par mois').check();
    await page.getByLabel("Proposer à l'adhérent d'ajouter").check();
    await page.getByLabel('Texte sous les boutons').fill('Aussi par chèque,\nau secrétariat.');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText('Les options sont enregistrées').waitFor();
    assert.equal(new URL(page.url()).search, '?fait=options');
    const { options_version: version, ...rest } = stored();
    assert.ok(version > 1);
    assert.deepEqual(rest, { part_payments: 1, advances: 0, amount_min_cents: 250,
      amount_max_cents: 150000, fee_booking: 'month', covers_fees: 1, button_text: 'Aussi par chèque,\nau secrétariat.' });
    assert.equal(await page.getByLabel('Montant maximum').inputValue(), '1500,00');
    assert.equal(await page.getByLabel('Davantage que ce qu').isChecked(), false);
    const last = audits('association.options').at(-1);
    assert.match(last.detail, /^advances 1 > 0, amount_min_cents 100 > 250, amount_max_cents 1000000 > 150000, fee_booking payment > month, covers_fees 0 > 1, button_text - > [0-9a-f]{8}$/);
    assert.ok(last.login_id);
  });

for (const javaScript of [true, false])
  test(`buttons are put in another order, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    usual();
    const member = await house.asMember(house.member({ charges: [['40', 'Cotisation']] }));
    const buttons = async () => (await member.form('/panier', '/panier/payer')).buttons
      .map((one) => one['data-provider']).filter(Boolean);
    const before = await buttons();
    assert.equal(before.length, 2);
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/parametrage/options');
    await page.getByRole('button', { name: 'Monter' }).click();
    await page.getByText("L'ordre des boutons est enregistré").waitFor();
    assert.deepEqual(await buttons(), [...before].reverse());
    await page.getByRole('button', { name: 'Descendre' }).click();
    await page.getByText("L'ordre des boutons est enregistré").waitFor();
    assert.deepEqual(await buttons(), before);
  });

test('what is wrong stands beside its field, what was typed is kept', async (t) => {
  usual();
  const client = await house.asStaff('administrator');
  const before = stored();
  for (const [change, sentence] of [
    [{ minimum: '' }, /Tapez un montant, par exemple 1/], [{ minimum: 'abc' }, /Tapez un montant, par exemple 1/],
    [{ minimum: '-1' }, /Tapez un montant, par exemple 1/], [{ minimum: '1,005' }, /Tapez un montant, par exemple 1/],
    [{ minimum: '0' }, /Tapez un montant, par exemple 1/], [{ minimum: '99999999999' }, /trop grand/],
    [{ maximum: '1e3' }, /par exemple 500/], [{ maximum: '99999999' }, /Tapez au plus/],
    [{ minimum: '50', maximum: '20' }, /plus petit que le minimum/], [{ texte: 'é'.repeat(1001) }, /trop long/]]) {
    const answer = await send(client, { ...await optionsForm(client), ...change });
    assert.equal(answer.status, 400, JSON.stringify(change).slice(0, 60));
    assert.match(answer.text, sentence);
    assert.match(answer.text, /Rien n'est encore enregistré/);
  }
  assert.deepEqual(stored(), before);
  for (const [change, status] of [[{ frais: 'semaine' }, 400], [{ en_partie: 'non' }, 400], [{ version: '' }, 400],
    [{ association_id: '2' }, 400], [{ texte: 'a\u0000b' }, 400], [{ texte: 'a'.repeat(9000) }, 413]])
    assert.equal((await send(client, { ...await optionsForm(client), ...change })).status, status, JSON.stringify(change).slice(0, 60));
  assert.deepEqual(stored(), before);
  const page = await house.visit(t, client);
  await page.goto('/parametrage/options');
  await page.getByLabel('Une partie de ce qu').uncheck();
  await page.getByLabel('Montant minimum').fill('douze');
  await page.getByLabel('Texte sous les boutons').fill('<b>Bonjour</b>\n& merci');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByRole('link', { name: 'Vérifiez le montant minimum' }).waitFor();
  assert.equal(await page.getByLabel('Montant minimum').inputValue(), 'douze');
  assert.equal(await page.getByLabel('Texte sous les boutons').inputValue(), '<b>Bonjour</b>\n& merci');
  assert.equal(await page.getByLabel('Une partie de ce qu').isChecked(), false);
  await check(page, 'options-erreur');
});

test('a minimum below what any provider takes is refused', async () => {
  usual();
  const client = await house.asStaff('treasurer');
  house.force("UPDATE provider_account SET unlinked_at = 1 WHERE provider = 'paypal'");
  try {
    const answer = await send(client, { ...await optionsForm(client), minimum: '0,49' });
    assert.equal(answer.status, 400);
    assert.match(answer.text, /Tapez au moins 0,50 €/);
    assert.equal((await send(client, { ...await optionsForm(client), minimum: '0,50' })).status, 303);
  } finally {
    house.force('UPDATE provider_account SET unlinked_at = NULL');
  }
});

test('a form that somebody overtook is not written over what they set', async (t) => {
  usual();
  const [one, other] = [await house.asStaff('treasurer'), await house.asStaff('administrator')];
  const late = await optionsForm(one);
  assert.equal((await send(other, { ...await optionsForm(other), minimum: '3' })).status, 303);
  const answer = await send(one, { ...late, minimum: '4', en_partie: '' });
  assert.equal(answer.status, 409);
  assert.match(answer.text, /ont changé entre-temps/);
  assert.match(answer.body, /name="minimum"[^>]*value="4"/);
  assert.equal(stored().amount_min_cents, 300);
  // The page that told so holds the new version: sent again, it is meant.
  const again = Number(/name="version" value="(\d+)"/.exec(answer.body)[1]);
  assert.equal((await send(one, { ...late, version: again, minimum: '4' })).status, 303);
  assert.equal(stored().amount_min_cents, 400);
  usual();
  const page = await house.visit(t, one);
  await page.goto('/parametrage/options');
  assert.equal((await send(other, { ...await optionsForm(other), minimum: '5' })).status, 303);
  await page.getByLabel('Montant maximum').fill('77');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByRole('heading', { name: 'Ces options ont changé entre-temps' }).waitFor();
  await check(page, 'options-depasse');
});

test('the account of another association is not there, and the try is noted', async () => {
  const association = house.addAssociation({ name: 'Les Voisins' });
  const stranger = await house.asStaff('treasurer', association);
  const { id } = house.one("SELECT CAST(id AS TEXT) AS id FROM provider_account WHERE provider = 'stripe'");
  const { csrf } = (await (await house.asStaff('treasurer')).form('/parametrage/options', '/parametrage/options/ordre')).fields;
  assert.ok(csrf);
  const token = (await stranger.form('/parametrage/options', '/parametrage/options')).fields.csrf;
  assert.ok(token);
  const crypto = require('node:crypto');
  const hash = crypto.createHash('sha256').update(stranger.cookie).digest('hex');
  const { key } = house.one(`SELECT hex(csrf_key) AS key FROM session WHERE hex(token_hash) = upper('${hash}')`);
  const own = crypto.createHmac('sha256', Buffer.from(key, 'hex')).update('/parametrage/options/ordre').digest('hex');
  const answers = [];
  for (const compte of [id, '4242'])
    answers.push(await stranger.post('/parametrage/options/ordre', { csrf: own, compte, sens: 'haut' }));
  assert.deepEqual(answers.map(({ status }) => status), [404, 404]);
  const words = answers.map(({ text }) => text.replace(/[0-9a-f]{16}/, ''));
  assert.equal(words[0], words[1]);
  const { rows } = house.one(`SELECT count(*) AS rows FROM audit WHERE association_id = ${association}
    AND action = 'access.denied' AND object = '/parametrage/options/ordre'`);
  assert.equal(rows, 2);
});

// ---- the cart ----

const someone = (...charges) => house.member({ charges });

async function pay(client, amount) {
  const form = await client.form('/panier', '/panier/payer');
  return client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value, montant: amount });
}

test('without part payments a debt is paid whole', async (t) => {
  house.force('UPDATE association SET part_payments = 0, advances = 1');
  const client = await house.asMember(someone(['40', 'Cotisation']));
  const part = await pay(client, '39,99');
  assert.equal(part.status, 422);
  assert.match(part.text, /Cette somme se paie en une fois/);
  assert.match(part.text, /tapez 40,00 € ou davantage/);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await page.locator('#montant').fill('10');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.getByRole('heading', { name: 'Cette somme se paie en une fois' }).waitFor();
  await check(page, 'panier-en-une-fois');
  assert.equal((await pay(client, '55')).status, 303);
});

test('without advances nothing above the debt is taken', async (t) => {
  house.force('UPDATE association SET part_payments = 1, advances = 0');
  const member = someone(['40', 'Cotisation']);
  const client = await house.asMember(member);
  const more = await pay(client, '40,01');
  assert.equal(more.status, 422);
  assert.match(more.text, /C'est plus que ce que vous devez/);
  assert.match(more.text, /tapez au plus 40,00 €/);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  await page.locator('#montant').fill('41');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.getByRole('heading', { name: "C'est plus que ce que vous devez" }).waitFor();
  await check(page, 'panier-sans-avance');
  assert.equal((await pay(client, '12')).status, 303);
  assert.equal(house.intents(member).at(-1).amount_cents, 1200);
});

test('without both the amount is not typed', async (t) => {
  house.force(`UPDATE association SET part_payments = 0, advances = 0,
    button_text = 'Aussi par chèque,' || char(10) || 'au secrétariat.'`);
  const member = someone(['40', 'Cotisation']);
  const client = await house.asMember(member);
  for (const amount of ['39', '41'])
    assert.equal((await pay(client, amount)).status, 422);
  const page = await house.visit(t, client);
  await page.goto('/panier');
  assert.equal(await page.locator('#montant').inputValue(), '40,00');
  assert.equal(await page.locator('#montant').isEditable(), false);
  await page.getByText('Aussi par chèque,').waitFor();
  await check(page, 'panier-montant-fixe');
  await page.getByRole('button', { name: 'Payer par carte' }).click();
  await page.locator('#payer').click();
  await page.getByRole('heading', { name: 'Paiement reçu', level: 1 }).waitFor();
  await page.goto('/panier');
  await page.getByRole('heading', { name: "Rien à payer pour l'instant" }).waitFor();
  await check(page, 'panier-rien-a-payer');
  usual();
});

test('whoever pays for a family may pay what all of them owe', async () => {
  house.force('UPDATE association SET part_payments = 1, advances = 0');
  const payer = someone(['40', 'Cotisation']);
  house.member({ first: 'Léo', login: null, payer, charges: [['15', 'Cotisation']] });
  const client = await house.asMember(payer);
  assert.equal((await pay(client, '55,01')).status, 422);
  assert.equal((await pay(client, '55')).status, 303);
  usual();
});

test('a debt that no payment fits is told with the other ways', async () => {
  house.force("UPDATE association SET part_payments = 0, advances = 0, amount_min_cents = 500, amount_max_cents = 10000");
  const small = await (await house.asMember(someone(['4', 'Café']))).get('/panier');
  assert.match(small.text, /Le paiement en ligne commence à 5,00 €/);
  const large = await (await house.asMember(someone(['101', 'Séjour']))).get('/panier');
  assert.match(large.text, /Le paiement en ligne va jusqu'à 100,00 €, en une fois/);
  for (const answer of [small, large])
    assert.doesNotMatch(answer.body, /action="\/panier\/payer"/);
  usual();
});

test('a page from before the change is measured by the options of now', async () => {
  usual();
  const client = await house.asMember(someone(['40', 'Cotisation']));
  const form = await client.form('/panier', '/panier/payer');
  house.force('UPDATE association SET part_payments = 0');
  const answer = await client.post('/panier/payer', { ...form.fields, moyen: form.buttons.find((one) => one['data-provider']).value, montant: '20' });
  assert.equal(answer.status, 422);
  assert.match(answer.text, /en une fois/);
  usual();
});
