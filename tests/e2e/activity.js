'use strict';
// PayPal's activity report: taken from the practice PayPal, sent to Guichet as a treasurer sends it.

const assert = require('node:assert/strict');
const { send } = require('./http.js');

/** The report of a business, in a language, as PayPal writes it. */
async function report(house, merchant, language) {
  const { body } = await send(house.sandboxUrl, 'GET',
    `/control/paypal/businesses/${merchant}/activity?language=${language}`,
    { headers: { Host: new URL(house.sandboxUrl).host } });
  return Buffer.from(body);
}

/** Sends it for an account and confirms what is new; how many lines were new, known, wrong. */
async function upload(client, id, bytes) {
  const place = '/comptabilite/rapprochement/fichier';
  const { csrf } = (await client.form(`${place}?compte=${id}`, place)).fields;
  const part = (name, value, extra = '') => Buffer.concat([Buffer.from(
    `--limite\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n')]);
  const sent = await client.send('POST', place, {
    body: Buffer.concat([part('csrf', csrf), part('compte', id),
      part('fichier', bytes, '; filename="a.csv"\r\nContent-Type: text/csv'), Buffer.from('--limite--\r\n')]),
    headers: { Origin: client.base, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'multipart/form-data; boundary=limite' } });
  assert.equal(sent.status, 303, sent.text);
  const look = await client.get(sent.location);
  const counts = Object.fromEntries(['new', 'known', 'wrong'].map((word) =>
    [word, Number(look.body.match(new RegExp(`data-${word}="(\\d+)"`))?.[1])]));
  if (counts.new) {
    const form = await client.form(sent.location, sent.location.split('?')[0]);
    assert.equal((await client.post(sent.location.split('?')[0], form.fields)).status, 303);
  }
  return counts;
}

/** How many lines of an account are in which state: ["matched 4", ...]. */
const states = (house, id) => house.sql(`SELECT state, count(*) AS n FROM statement_match
  WHERE provider_account_id = ${id} GROUP BY state ORDER BY state`).map((one) => `${one.state} ${one.n}`);

/** Presses "Comptabiliser ce qui manque" of a month. */
async function bookMonth(client, id, month) {
  const place = `/comptabilite/rapprochement/${id}/${month}`;
  const form = await client.form(place, `${place}/comptabiliser`);
  const answer = await client.post(`${place}/comptabiliser`, form.fields);
  assert.equal(answer.status, 303, answer.text);
}

module.exports = { report, upload, states, bookMonth };
