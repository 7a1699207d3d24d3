'use strict';
// Another address to log in with: asked for with the password, confirmed by a mailed link.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { waitFor } = require('./harness.js');
const { check } = require('./browser.js');
const { Client } = require('./http.js');
const { PostOffice, houseWithOffice } = require('./post-office.js');

const office = new PostOffice();

const house = houseWithOffice('address', office, { sandbox: false });
house.seed = async () => {
  house.association = house.addAssociation({ name: 'Les Randonneurs du Luberon' });
};

const mailTo = (address) => waitFor(`a mail to ${address}`, () => office.to(address)[0]);
const forget = () => house.force('DELETE FROM login_throttle');
const confirmationIn = (mail) => new URL(/https?:\/\/\S+\/adresse\/[0-9a-f]{64}/.exec(mail.text)[0]).pathname;

async function wish(client, email, password) {
  const form = await client.form('/acces/adresse', '/acces/adresse');
  return client.post('/acces/adresse', { ...form.fields, email, password });
}

for (const javaScript of [true, false])
  test(`somebody changes their address, ${javaScript ? 'with' : 'without'} JavaScript`, async (t) => {
    forget();
    const name = javaScript ? 'demenage' : 'partie';
    const before = `${name}@exemple.fr`;
    const after = `${name}.neuve@exemple.fr`;
    const member = house.member({ login: name, charges: [['40', 'Cotisation']] });
    const { password } = house.login(name);
    const other = await house.asMember(member);
    const page = await house.visit(t, await house.asMember(member), { javaScript });
    await page.goto('/acces');
    await page.getByRole('link', { name: 'Changer d\'adresse' }).click();
    await page.getByLabel('Nouvelle adresse e-mail').fill(after);
    await page.getByLabel('Votre mot de passe actuel').fill('pas le bon mot de passe');
    await page.getByRole('button', { name: 'Recevoir le lien' }).click();
    await page.getByText('Ce n\'est pas votre mot de passe.').waitFor();
    assert.equal(await page.getByLabel('Nouvelle adresse e-mail').inputValue(), after);
    if (javaScript)
      await check(page, 'acces-adresse');
    await page.getByLabel('Votre mot de passe actuel').fill(password);
    await page.getByRole('button', { name: 'Recevoir le lien' }).click();
    await page.getByRole('status').getByText('C\'est demandé').waitFor();
    const warning = await mailTo(before);
    assert.match(warning.text, new RegExp(after));
    assert.doesNotMatch(warning.text, /[0-9a-f]{64}/);
    const place = confirmationIn(await mailTo(after));
    await page.goto('/acces/adresse');
    await page.getByText('attend d\'être confirmée').waitFor();
    // Whoever reads that mailbox, and is not logged in as its owner, confirms nothing.
    const stranger = await house.asMember(house.member({ login: `autre-${name}`, charges: [['1', 'Carte']] }));
    assert.equal((await stranger.get(place)).status, 404);
    assert.equal((await new Client(house.url).get(place)).location, `/connexion?suite=${place}`);
    await page.goto(place);
    if (javaScript)
      await check(page, 'adresse');
    // Looking changed nothing yet.
    assert.equal((await other.get('/panier')).status, 200);
    await page.getByRole('button', { name: 'Confirmer cette adresse' }).click();
    await page.getByText('Votre adresse est confirmée.').waitFor();
    assert.equal((await other.get('/panier')).status, 303);
    await page.getByLabel('Adresse e-mail').fill(after);
    await page.getByLabel('Mot de passe', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await page.getByRole('heading', { name: 'Mon panier' }).or(page.getByText('Cotisation').first()).first().waitFor();
    await page.goto(place);
    await page.getByRole('heading', { name: 'Ce lien ne sert plus' }).waitFor();
    if (javaScript)
      await check(page, 'adresse-morte');
  });

test('an address that another one has is asked for in vain, and nobody learns it', async () => {
  forget();
  house.login('dejala');
  const member = house.member({ login: 'curieux', charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const { password } = house.login('curieux');
  const taken = await wish(client, 'DEJALA@exemple.fr', password);
  const free = await wish(client, 'libre@exemple.fr', password);
  assert.deepEqual([taken.status, taken.location], [free.status, free.location]);
  await mailTo('libre@exemple.fr');
  assert.equal(office.to('dejala@exemple.fr').length, 0);
  const page = async () => (await client.get('/acces/adresse')).text;
  assert.match(await page(), /libre@exemple.fr attend d'être confirmée/);
  forget();
  await wish(client, 'dejala@exemple.fr', password);
  assert.match(await page(), /dejala@exemple.fr attend d'être confirmée/);
  forget();
  await wish(client, 'libre@exemple.fr', password);
  // Somebody takes it before the link is followed.
  await waitFor('the second mail', () => office.to('libre@exemple.fr').length === 2);
  const place = confirmationIn(office.to('libre@exemple.fr')[1]);
  house.force(`UPDATE login SET email = 'libre@exemple.fr', email_folded = 'libre@exemple.fr'
    WHERE email_folded = 'dejala@exemple.fr'`);
  const late = await client.post(place, { csrf: (await client.form(place, place)).fields.csrf });
  assert.equal(late.status, 404);
  assert.equal(house.one(`SELECT email FROM login WHERE email_folded LIKE 'curieux%'`).email, 'curieux@exemple.fr');
});

test('what is no address is said to be none, and a wish without password is none', async () => {
  forget();
  const member = house.member({ login: 'presse', charges: [['40', 'Cotisation']] });
  const client = await house.asMember(member);
  const { password } = house.login('presse');
  for (const [email, sentence] of [['', /manque/], ['presse', /Ce n.est pas une adresse/],
    ['a@b.fr\nBcc: c@d.fr', /Ce n.est pas une adresse|400/], ['PRESSE@exemple.fr', /déjà votre adresse/]]) {
    const answer = await wish(client, email, password);
    assert.equal(answer.status, 400, email);
    assert.match(`${answer.text} ${answer.status}`, sentence);
  }
  const answer = await wish(client, 'ailleurs@exemple.fr', 'un mot de passe de voleur');
  assert.equal(answer.status, 400);
  assert.equal(house.sql(`SELECT 1 FROM email_change c JOIN login l ON l.id = c.login_id WHERE l.email_folded = 'presse@exemple.fr'`).length, 0);
  assert.equal(office.to('ailleurs@exemple.fr').length, 0);
});
