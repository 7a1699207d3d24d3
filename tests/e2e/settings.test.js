'use strict';
// Mon compte: what is set, and what is linked, on one page.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { houseOf } = require('./harness.js');
const { check } = require('./browser.js');

const house = houseOf('settings');

for (const javaScript of [true, false])
  test(`the settings stand behind one word of the menu, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    const page = await house.visit(t, await house.asStaff('treasurer'), { javaScript });
    await page.goto('/accueil');
    await page.getByRole('link', { name: 'Paramétrage' }).click();
    await page.getByRole('heading', { name: 'Mon compte', level: 1 }).waitFor();
    await page.locator('#stripe').getByText(house.stripe.account, { exact: true }).waitFor();
    await page.locator('#paypal').getByText(house.paypal.merchant, { exact: true }).first().waitFor();
    if (javaScript)
      await check(page, 'mon-compte');
  });

test('an association without provider is told so', async (t) => {
  const association = house.addAssociation({ name: 'Les Débutants' });
  const page = await house.visit(t, await house.asStaff('treasurer', association));
  await page.goto('/parametrage');
  assert.equal(new URL(page.url()).pathname, '/parametrage/mon-compte');
  for (const provider of ['stripe', 'paypal'])
    await page.locator(`#${provider}`).getByText('non relié').waitFor();
  await check(page, 'mon-compte-vide');
});
