'use strict';
// When nothing is under way any more, and how to let time pass without waiting for it.

const { waitFor } = require('../e2e/harness.js');

const PATIENCE_MS = 120000;

// Every notification has its last answer, and what was stored was worked on.
async function becomeQuiet(house) {
  await waitFor('every notification is delivered or given up', async () => {
    const lists = await Promise.all(['waiting', 'held'].map((state) =>
      house.control('GET', `/deliveries?state=${state}`)));
    const left = lists.flatMap((list) => list.deliveries)
      .map((row) => `${row.kind} ${row.object}: ${row.attempts} tries, ${row.last_status ?? row.last_error}`);
    if (left.length) throw new Error(left.join('; '));
    return true;
  }, PATIENCE_MS);
  await waitFor('every stored notification is worked on', () =>
    house.one(`SELECT count(*) AS waiting FROM provider_event WHERE state = 'waiting'`).waiting === 0,
  PATIENCE_MS);
  await waitFor('no attempt is still to be opened', () =>
    house.one(`SELECT count(*) AS created FROM payment_intent WHERE state = 'created'`).created === 0,
  PATIENCE_MS);
}

// Leases run out and next tries come as they would after so many seconds: the times in the
// database move back, which is the same for whoever compares them with the clock.
function passTime(house, seconds, attempts = 'next_at IS NOT NULL') {
  house.force(`UPDATE payment_intent SET next_at = next_at - ${seconds},
      lease_until = max(0, lease_until - ${seconds}) WHERE next_at IS NOT NULL AND (${attempts});
    UPDATE provider_event SET next_at = next_at - ${seconds},
      lease_until = max(0, lease_until - ${seconds}) WHERE state = 'waiting'`);
}

module.exports = { becomeQuiet, passTime, PATIENCE_MS };
