'use strict';
// A house under load whose programs are killed, again and again, by what the dice say; then the
// proof. kill-load.test.js holds it against the program, broken.test.js against broken ones.

const path = require('node:path');
const { sleep } = require('../e2e/harness.js');
const { makeDice } = require('../money/plan.js');
const { Board } = require('./killer.js');
const { LoadHouse } = require('./kill-house.js');
const { Load } = require('./kill-load.js');

// An aim that is not reached by then: the death comes at that moment, wherever it falls.
const AIM_PATIENCE_MS = 3000;
const VICTIMS = { guichet: 91, sandbox: 3, worker: 4, nginx: 2 };
// How far a count may go: some payments are done before a farther one is reached.
const COUNTS = { any: 150, write: 60, sync: 15, statement: 60, send: 12, answer: 20 };
const KINDS = { any: 3, write: 2, sync: 3, statement: 2, send: 2, answer: 2 };

class Storm {
  constructor(name, { library, program, schema, orders, seed, victims = VICTIMS, kinds = KINDS,
    aims = [] }) {
    Object.assign(this, { seed, dice: makeDice(seed), mortals: victims, kinds, aims });
    this.preload = { library, environment: {} };
    this.house = new LoadHouse(name, { preload: this.preload, program, schema, orders });
    this.board = new Board(path.join(this.house.folder, 'board'));
    this.preload.environment.GUICHET_KILLER = this.board.file;
    this.victims = {};
    this.aimed = 0;
    // A provider that has died in the middle of an answer.
    for (const event of ['payment.resolve', 'payment.sweep', 'payment.open', 'http.client'])
      this.house.expectError(event);
  }

  async start() {
    await this.house.start();
    this.load = new Load(this.house, this.seed);
  }

  // ---- dying ----

  // aims: what half of the deaths of Guichet are aimed at, when there are any.
  aim() {
    if (this.aims.length && this.dice.chance(50))
      return this.board.arm(this.aims[this.dice.integer(0, this.aims.length - 1)]);
    const kind = this.dice.one(this.kinds);
    return this.board.arm({ stages: [[kind, this.dice.integer(1, COUNTS[kind])]], after: this.dice.chance(50) });
  }

  async killGuichet() {
    const { house, board } = this;
    const { guichet } = house;
    const late = setTimeout(() => guichet.child.kill('SIGKILL'), AIM_PATIENCE_MS);
    return house.die(guichet, async () => {
      clearTimeout(late);
      this.aimed += board.killed ? 1 : 0;
      this.aim();
      return house.startGuichet();
    });
  }

  // One that dies before its first answer has died all the same.
  async killOne(victim) {
    this.victims[victim] = (this.victims[victim] ?? 0) + 1;
    if (victim === 'sandbox') return this.house.killSandbox();
    if (victim === 'nginx') return this.house.killNginx();
    if (victim === 'worker') return this.house.killWorker();
    return this.killGuichet();
  }

  // The count of the first aim begins with the load.
  async rage(kills) {
    this.aim();
    this.load.start();
    for (let i = 0; i < kills; i++) {
      const victim = this.dice.one(this.mortals);
      if (victim !== 'guichet') await sleep(this.dice.integer(1, 100));
      await this.killOne(victim);
    }
    await this.calm();
  }

  // The last aim may still be reached, or was, while another died.
  async calm() {
    const { house } = this;
    this.board.disarm();
    const stopped = this.load.stop();
    if (await Promise.race([stopped, house.guichet.ended])) await house.die(house.guichet, () => house.startGuichet());
    await stopped;
  }

  // ---- proving ----

  // Every notification is told, everything is worked on: what is wrong then?
  async prove() {
    do {
      await this.load.tellAll();
      await this.house.becomeQuiet();
    } while (await this.load.findMessages()); // of what was captured meanwhile
    return this.house.judge(this.load.acknowledged);
  }

  // Once more everything, from the providers themselves.
  async close() {
    const { house } = this;
    await house.control('POST', '/deliveries/hold', { held: false });
    await house.control('POST', '/deliveries/release', { all: true });
    await house.settled();
    await house.becomeQuiet();
    await house.close();
  }

  abandon() {
    this.house.abandon();
  }

  report() {
    const { load } = this;
    const sorts = Object.entries(load.count()).map(([sort, count]) => `${count} ${sort}`).join(', ');
    return `${load.payments} payments, ${sorts} sent ${load.sent} times, `
      + `${this.aimed} deaths where they were aimed`;
  }
}

module.exports = { Storm };
