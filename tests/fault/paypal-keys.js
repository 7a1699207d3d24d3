'use strict';
// An association's PayPal account with keys: its payments are orders, and PayPal tells of them by
// webhooks, too.

const assert = require('node:assert/strict');

async function call(house, place, type, authorization, body) {
  const answer = await fetch(`${house.sandboxUrl}${place}`, { method: 'POST', body,
    headers: { Authorization: authorization, 'Content-Type': type } });
  assert.ok(answer.ok, `${place}: ${answer.status}`);
  return answer.json();
}

// paypal: as House.addPaypal made it.
async function addKeys(house, { merchant, link, email }) {
  const address = `${house.url}/action_manager.php?event=paypal`;
  await house.control('POST', '/paypal/businesses', { id: merchant, email, name: 'Association', notify_url: address });
  const app = await house.control('POST', `/paypal/businesses/${merchant}/apps`, { any_webhook: true });
  const basic = Buffer.from(`${app.client_id}:${app.secret}`).toString('base64');
  const { access_token: token } = await call(house, '/v1/oauth2/token', 'application/x-www-form-urlencoded', `Basic ${basic}`,
    'grant_type=client_credentials');
  const webhook = await call(house, '/v1/notifications/webhooks', 'application/json', `Bearer ${token}`,
    JSON.stringify({ url: `${address}&a=${link}`, event_types: [{ name: '*' }] }));
  house.force(`UPDATE provider_account SET client_id = '${app.client_id}', rest_since = unixepoch()
    WHERE public_id = '${link}'`);
  for (const [name, value] of [['api_key', app.secret], ['webhook', webhook.id]])
    house.prepare(['secret', 'set', '--provider-account', link, '--name', name], value);
}

module.exports = { addKeys };
