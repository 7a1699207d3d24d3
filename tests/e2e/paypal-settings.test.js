'use strict';
// The PayPal section of Mon compte: whose account it is, as a treasurer types it; the address for
// notifications; the help; and what a new association is told.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf, waitFor } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('paypal-settings', { seed: false });

let made = 0;

// An association without provider, its treasurer, and a page on Mon compte.
async function newcomer(t, { javaScript = true, kind } = {}) {
  const association = house.addAssociation({ name: `Les Débutants ${++made}`, kind });
  const client = await house.asStaff('treasurer', association);
  const page = await house.visit(t, client, { javaScript });
  await page.goto('/parametrage/mon-compte');
  return { association, client, page };
}

const business = (email) => house.control('POST', '/paypal/businesses', { email, name: 'Association' });

async function type(page, { email, merchant }) {
  const form = page.locator('#paypal-identite form');
  if (!await form.isVisible())
    await page.locator('#paypal-identite summary').click();
  if (email !== undefined)
    await form.getByLabel('Adresse e-mail principale').fill(email);
  if (merchant !== undefined)
    await form.getByLabel('Numéro de compte marchand').fill(merchant);
  await form.getByRole('button').click();
}

const said = (page, words) => page.locator('#paypal .done', { hasText: words }).waitFor();
const refused = (page, words) => page.locator('#paypal .alert', { hasText: words }).waitFor();

const accounts = (association) => house.sql(`SELECT external_id, email_folded, mode,
    verified_at IS NOT NULL AS proven, unlinked_at IS NULL AS linked FROM provider_account
  WHERE association_id = ${association} AND provider = 'paypal' ORDER BY created_at, id`);
const audits = (association) => house.sql(`SELECT action FROM audit WHERE association_id = ${association}
  AND action LIKE 'provider_account.%' ORDER BY chain_number`).map(({ action }) => action);

for (const javaScript of [true, false])
  describe(javaScript ? 'with JavaScript' : 'without JavaScript', () => {
    test('a newcomer is told the two steps, links PayPal, and finds the address for it', async (t) => {
      const { association, page } = await newcomer(t, { javaScript });
      const steps = page.locator('#commencer');
      await steps.getByText('https://dashboard.stripe.com/register').waitFor();
      await steps.getByText('https://www.paypal.com/fr/business').waitFor();
      await steps.getByText(/Nous conseillons Stripe/).waitFor();
      await steps.getByText(/ne peut être tenu responsable/).waitFor();
      if (javaScript)
        await check(page, 'sans-fournisseur');
      await type(page, { email: 'Tresor@Asso.Example', merchant: 'abcdefghj 2klm' });
      await said(page, 'est relié');
      assert.deepEqual(accounts(association), [{ external_id: 'ABCDEFGHJ2KLM',
        email_folded: 'tresor@asso.example', mode: 'test', proven: 0, linked: 1 }]);
      assert.deepEqual(audits(association), ['provider_account.added']);
      const section = page.locator('#paypal');
      await section.getByText('non vérifiée').first().waitFor();
      await section.getByText('aucune notification PayPal (IPN) reçue').waitFor();
      assert.equal(await section.locator('#adresse-ipn').textContent(),
        `${house.url}/action_manager.php?event=paypal`);
      assert.equal(await page.locator('#commencer').count(), 0);
      assert.equal(await section.getByRole('button', { name: "Copier l'adresse" }).isVisible(), javaScript);
      if (javaScript)
        await check(page, 'paypal-relie');
    });

    test('what is wrong stands beside the field, and what was typed stays', async (t) => {
      const { association, page } = await newcomer(t, { javaScript });
      await page.locator('#paypal-identite form').evaluate((form) => { form.noValidate = true; }).catch(() => {});
      await page.locator('#paypal-email').evaluate((input) => { input.type = 'text'; }).catch(() => {});
      await type(page, { email: '', merchant: '' });
      await refused(page, 'Indiquez au moins');
      await type(page, { email: 'tresor@asso.example', merchant: 'ABC' });
      await refused(page, 'Vérifiez le numéro de compte marchand');
      assert.equal(await page.locator('#paypal-marchand').inputValue(), 'ABC');
      assert.equal(await page.locator('#paypal-email').inputValue(), 'tresor@asso.example');
      assert.equal(await page.locator('#paypal-marchand').getAttribute('aria-invalid'), 'true');
      if (javaScript)
        await check(page, 'paypal-faute');
      await page.locator('#paypal .alert a').first().click();
      assert.equal(await page.evaluate(() => document.activeElement.id).catch(() => 'paypal-marchand'), 'paypal-marchand');
      assert.deepEqual(accounts(association), []);
      assert.deepEqual(audits(association), []);
    });

    test('the help shows each step, with the address of this installation', async (t) => {
      const { page } = await newcomer(t, { javaScript });
      await page.locator('#paypal').getByRole('link', { name: "l'aide pas à pas" }).click();
      await page.getByRole('heading', { name: 'Régler PayPal pas à pas', level: 1 }).waitFor();
      for (const words of ['Préférences vendeur', 'Paramètres du compte', 'Notifications instantanées de paiement',
        'Modifier les paramètres IPN', 'Recevoir les messages IPN (activé)', 'Mes outils de vente', 'Préférences de site marchand'])
        await page.locator('strong', { hasText: words }).first().waitFor();
      assert.equal(await page.locator('#adresse-ipn').textContent(), `${house.url}/action_manager.php?event=paypal`);
      if (javaScript)
        await check(page, 'paypal-aide');
    });
  });

test('the address is copied by a button', async (t) => {
  const { page } = await newcomer(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: house.url });
  await page.goto('/parametrage/paypal/aide');
  await page.getByRole('button', { name: "Copier l'adresse" }).click();
  await page.getByText('Copiée').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
    `${house.url}/action_manager.php?event=paypal`);
});

test('the pages are readable in the dark', async (t) => {
  const { page } = await newcomer(t);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/parametrage/paypal/aide');
  await check(page, 'paypal-aide-nuit');
});

test('a real association links a real account', async (t) => {
  const { association, page } = await newcomer(t, { kind: 'real' });
  await page.locator('#paypal').getByText('un compte PayPal réel').waitFor();
  await type(page, { email: 'reel@asso.example', merchant: '' });
  await said(page, 'est relié');
  assert.deepEqual(accounts(association).map(({ mode, external_id }) => [mode, external_id]), [['live', null]]);
});

test('a first verified notification proves who it is, and then nobody else may say so', async (t) => {
  const { association, client, page } = await newcomer(t);
  const { id: merchant } = await business('preuve@asso.example');
  await type(page, { email: 'preuve@asso.example', merchant });
  const other = await newcomer(t);
  await type(other.page, { email: 'preuve@asso.example', merchant });
  await said(other.page, 'est relié');

  const member = house.member({ association, login: 'preuve', charges: [['40', 'Cotisation']] });
  const paying = await house.visit(t, await house.asMember(member));
  await paying.goto('/panier');
  await paying.getByRole('button', { name: 'Payer avec PayPal' }).click();
  await paying.locator('#payer').waitFor();

  await type(page, { merchant: 'ABCDEFGHJ2KLX' });
  await refused(page, 'Des paiements sont en cours');
  await check(page, 'paypal-en-cours');
  assert.equal(accounts(association)[0].external_id, merchant);

  await paying.locator('#payer').click();
  await house.state(member, 'paid');
  await waitFor('the identity is proven', () => accounts(association)[0].proven === 1);
  await page.goto('/parametrage/mon-compte');
  await page.locator('#paypal').getByText('vérifiée', { exact: true }).waitFor();
  await page.locator('#paypal').getByText(/dernière le/).waitFor();
  await check(page, 'paypal-prouve');

  await type(other.page, { merchant: 'ABCDEFGHJ2KLX' });
  await said(other.page, 'est changé');
  await type(other.page, { merchant });
  await refused(other.page, 'sert déjà à une autre association');
  assert.equal((await client.get('/accueil')).status, 200);

  // With a history, another account is another row: late money still finds the first one.
  await type(page, { email: 'suite@asso.example', merchant: 'ABCDEFGHJ2KLY' });
  await said(page, 'est changé');
  assert.deepEqual(accounts(association).map(({ external_id, linked, proven }) => [external_id, linked, proven])
    .sort(), [[merchant, 0, 1], ['ABCDEFGHJ2KLY', 1, 0]].sort());
});

test('without provider the first page of the back office shows the way', async (t) => {
  const { page } = await newcomer(t);
  await page.goto('/accueil');
  await check(page, 'accueil-sans-fournisseur');
  await page.getByRole('link', { name: 'Comment faire, en deux étapes' }).click();
  await page.locator('#commencer').waitFor();
});
