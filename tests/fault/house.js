'use strict';
// A house whose Guichet can be killed at a chosen call, and the member who pays in it.

const assert = require('node:assert/strict');
const path = require('node:path');
const { House, waitFor } = require('../e2e/harness.js');
const { compareLedger } = require('../money/ledger.js');
const { Payer } = require('../money/payer.js');
const { becomeQuiet, passTime } = require('../money/quiet.js');
const { Board, makeLibrary } = require('./killer.js');

const DEATH_PATIENCE_MS = 60000;
// Longer than any lease, and than the time a page has for its own call.
const LEASE_S = 90;

class FaultHouse extends House {
  constructor(name) {
    super(name);
    this.library = makeLibrary();
    this.board = new Board(path.join(this.folder, 'board'));
  }

  async start() {
    await super.start();
    // What Guichet asks of Stripe: one message a payment, whose way is followed.
    await this.control('POST', `/stripe/endpoints/${this.stripe.endpoint}`,
      { events: ['checkout.session.completed'] });
    this.payer = await Payer.at(this, this.member({ charges: [['500', 'Séjour']] }));
    return this;
  }

  // The environment is read when the program is started, before anything is awaited.
  startGuichet() {
    process.env.LD_PRELOAD = this.library;
    process.env.GUICHET_KILLER = this.board.file;
    const started = super.startGuichet();
    delete process.env.LD_PRELOAD;
    delete process.env.GUICHET_KILLER;
    return started;
  }

  // True when it fell as it was aimed; false when the aim was never reached.
  async death(patienceMs = DEATH_PATIENCE_MS) {
    let timer;
    const patience = new Promise((resolve) => { timer = setTimeout(resolve, patienceMs); });
    const end = await Promise.race([this.guichet.ended, patience]);
    clearTimeout(timer);
    this.board.disarm();
    if (!end) return false;
    assert.deepEqual(end, { status: null, signal: 'SIGKILL' }, this.guichet.text().slice(-3000));
    assert.ok(this.board.killed);
    return true;
  }

  async comeBack() {
    await this.startGuichet();
    await waitFor('nginx answers again', async () =>
      (await this.payer.client.get('/connexion')).status === 303);
  }

  // Starts with an aim that comes once the lease of what was left has run out.
  async comeBackTo(aim) {
    this.board.arm(aim);
    await this.startGuichet();
    this.passLease();
  }

  passLease() {
    passTime(this, LEASE_S);
  }

  // What must hold whatever happened: nothing is under way, the books are proven, every capture
  // is booked once, and no attempt was opened twice.
  async prove() {
    await becomeQuiet(this);
    this.ok(['verify']);
    const result = await compareLedger(this.sandboxUrl, this.database);
    assert.deepEqual(result.faults, []);
    assert.deepEqual([...result.missing, ...result.elsewhere], []);
    const { sessions } = await this.control('GET', '/stripe/sessions?limit=999999');
    const tokens = sessions.map((session) => session.client_reference_id);
    assert.equal(new Set(tokens).size, tokens.length, 'an attempt was opened twice');
    return result;
  }
}

module.exports = { FaultHouse };
