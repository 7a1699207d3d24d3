'use strict';
// A house whose providers stand behind the proxy that misbehaves, and whose Guichet reaches
// loopback alone. Both providers serve it by keys; a second association has PayPal's older way.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { House, waitFor } = require('../e2e/harness.js');
const { compare, readTruth } = require('../money/ledger.js');
const { Payer } = require('../money/payer.js');
const { becomeQuiet } = require('../money/quiet.js');
const { send } = require('../e2e/http.js');
const { Proxy } = require('./proxy.js');

const top = path.resolve(__dirname, '../..');
const build = path.resolve(top, process.env.BUILD || 'build');

function makeGuard() {
  const library = path.join(build, 'fault/provider_guard.so');
  fs.mkdirSync(path.dirname(library), { recursive: true });
  const fresh = `${library}.${process.pid}`;
  execFileSync(process.env.CC || 'cc', ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Wshadow',
    '-Werror', '-fPIC', '-shared', path.join(__dirname, 'provider_guard.c'), '-o', fresh, '-ldl'],
  { stdio: 'inherit' });
  fs.renameSync(fresh, library);
  return library;
}

// What waits for its next try comes to it now; leases have run out.
const DUE = `UPDATE payment_intent SET next_at = 0, lease_until = 0 WHERE next_at IS NOT NULL;
  UPDATE provider_event SET next_at = 0, lease_until = 0 WHERE state = 'waiting';
  UPDATE refund_request SET next_at = 0, lease_until = 0 WHERE next_at IS NOT NULL;
  UPDATE statement_task SET next_at = 0, lease_until = 0 WHERE next_at IS NOT NULL;
  UPDATE fee_search SET next_at = 0, lease_until = 0 WHERE next_at IS NOT NULL;`;

class ProviderHouse extends House {
  constructor(name, options) {
    super(name, options);
    this.guard = makeGuard();
    this.proxy = new Proxy();
    this.broken = '';
    this.journal = path.join(this.folder, 'guard');
    this.clock = path.join(this.folder, 'clock');
    this.later = 0;
    this.setClock();
  }

  setClock() {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(this.later));
    const file = fs.openSync(this.clock, fs.existsSync(this.clock) ? 'r+' : 'w');
    fs.writeSync(file, bytes, 0, 8, 0);
    fs.closeSync(file);
  }

  // It is so many seconds later, at the providers and here. Not while a message is on its way: its
  // signature would be of long ago.
  async advance(seconds) {
    await this.nothingDue().catch(() => {});
    this.later += seconds;
    this.setClock();
    // Who is logged in stays so.
    this.force(`UPDATE session SET created_at = created_at + ${seconds}, last_seen_at = last_seen_at + ${seconds}`);
  }

  nothingDue() {
    return waitFor('what is due is sent', async () => {
      const { deliveries } = await this.control('GET', '/deliveries?state=waiting&limit=999');
      return deliveries.every((row) => row.due_at_ms > Date.now() + 1000 * this.later);
    }, 5000);
  }

  async start() {
    await this.proxy.open(path.join(this.folder, 'tls'));
    await super.start();
    await this.addKeys(this.association, this.paypal);
    this.older = this.addAssociation({ name: 'Les Anciens' });
    this.olderPaypal = await this.addPaypal(this.older);
    this.treasurer = await this.asStaff('treasurer');
    return this;
  }

  // The practice providers call themselves by the proxy's address.
  writeConfigs(port, sandboxPort) {
    this.backUrl = this.sandboxUrl;
    this.proxy.target = { host: 'localhost', port: sandboxPort };
    this.sandboxUrl = this.proxy.url;
    super.writeConfigs(port, sandboxPort);
    this.wellConfigured = fs.readFileSync(this.config, 'utf8');
  }

  // The interfaces of both providers are looked for at another place; null: where they are.
  move(place) {
    const keys = ['stripe_api_url', 'paypal_live_api_url', 'paypal_sandbox_api_url',
      'paypal_live_ipn_url', 'paypal_sandbox_ipn_url'];
    const text = !place ? this.wellConfigured : keys.reduce((conf, key) =>
      conf.replace(new RegExp(`^${key} = .*$`, 'm'), `${key} = ${place}${key.endsWith('ipn_url') ? '/cgi-bin/webscr' : ''}`),
    this.wellConfigured);
    fs.writeFileSync(this.config, text);
  }

  // The environment is read when a program is started, before anything is awaited.
  guarded(more, start) {
    const environment = { LD_PRELOAD: this.guard, GUARD_CLOCK: this.clock, ...more };
    const before = { ...process.env };
    Object.assign(process.env, environment);
    const started = start();
    for (const name of Object.keys(environment))
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    return started;
  }

  startGuichet() {
    return this.guarded({ GUARD_JOURNAL: this.journal, GUARD_CA: this.proxy.ca, GUARD_BREAK: this.broken },
      () => super.startGuichet());
  }

  startSandbox() {
    return this.guarded({}, () => super.startSandbox());
  }

  // Addresses beyond this machine that Guichet tried to reach; forgotten then.
  strayed() {
    const text = fs.existsSync(this.journal) ? fs.readFileSync(this.journal, 'utf8') : '';
    fs.rmSync(this.journal, { force: true });
    return text.split('\n').filter(Boolean);
  }

  async control(method, place, body) {
    const answer = await send(this.backUrl, method, `/control${place}`, {
      headers: { Host: new URL(this.backUrl).host, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body) });
    assert.ok(answer.status >= 200 && answer.status < 300, `${method} /control${place}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  // PayPal's present way, as the treasurer gives the keys of an application.
  async addKeys(association, paypal) {
    const app = await this.control('POST', `/paypal/businesses/${paypal.merchant}/apps`, { any_webhook: true, reporting: true });
    const answer = await this.pasteKeys(await this.asStaff('treasurer', association), 'paypal',
      { client_id: app.client_id, client_secret: app.secret });
    assert.match(answer.location ?? answer.text, /fait=paypal_cles/);
    return app;
  }

  async pasteKeys(client, provider, keys) {
    const form = await client.form('/parametrage/mon-compte', `/parametrage/${provider}/cles#${provider}`);
    return client.post(`/parametrage/${provider}/cles`, { ...form.fields, ...keys });
  }

  async payerOf(association = this.association, more = {}) {
    const payer = await Payer.at(this, this.member({ association, charges: [['9000', 'Séjour']], ...more }));
    this.force(`UPDATE session SET created_at = unixepoch() + ${this.later}, last_seen_at = unixepoch() + ${this.later}`);
    return payer;
  }

  // Presses Payer; the answer as it comes.
  async press(payer, provider, amount = '5') {
    const cart = await payer.freeForm();
    return payer.client.post('/panier/payer', payer.fieldsOf(cart, payer.buttonOf(cart, provider), amount));
  }

  // Whoever waits for a next try has waited.
  makeDue() {
    this.force(DUE);
  }

  // All is well again, and nothing is remembered of what was not.
  async heal() {
    this.proxy.misbehave(null);
    this.move(null);
    await this.restartGuichet();
    this.makeDue();
  }

  // The books hold the ledger, all of it: who was not told has asked. What went back is counted
  // apart, with the payments it went back of.
  async prove() {
    await becomeQuiet(this);
    this.ok(['verify']);
    const truth = await readTruth(this.backUrl);
    const result = compare(truth.map((row) => ({ ...row, told: true })), this.database);
    const refunds = this.sql(`SELECT t.reference, p.reference AS payment, a.provider, t.amount_cents AS cents
      FROM provider_transaction t JOIN provider_transaction p ON p.association_id = t.association_id AND p.id = t.parent_id
      JOIN provider_account a ON a.association_id = t.association_id AND a.id = t.provider_account_id WHERE t.kind = 'refund'`);
    const faults = result.faults.filter((fault) =>
      !refunds.some((one) => fault.includes(`names ${one.reference},`) || (fault.includes(one.payment) && / fees$/.test(fault))));
    assert.deepEqual([faults, result.missing, result.elsewhere], [[], [], []]);
    const { movements } = await this.control('GET', '/ledger');
    for (const provider of ['stripe', 'paypal'])
      assert.deepEqual(refunds.filter((one) => one.provider === provider).map((one) => one.cents).sort(),
        movements.filter((one) => one.provider === provider && /refund/.test(one.kind)).map((one) => one.gross_cents).sort());
    return result;
  }

  checkBooks() {
    this.ok(['verify']);
  }

  async close() {
    await super.close();
    await this.proxy.close();
  }
}

module.exports = { ProviderHouse, waitFor };
