'use strict';
// A restart refuses nobody: Guichet behind nginx is ended and started again and again under load,
// its listening sockets held by somebody else, as systemd does. Every request is answered well, and
// every notification that was acknowledged stands in the database. SCALE=n: n times the restarts.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { execFileSync, spawn } = require('node:child_process');
const { House, programs, waitFor } = require('../e2e/harness.js');
const { Load } = require('./load.js');

const RESTARTS = 100 * (Number(process.env.SCALE) || 1);
const CONTROL_RESTARTS_MAX = 50;
const build = path.resolve(__dirname, '../..', process.env.BUILD || 'build');

function makeHolder() {
  const program = path.join(build, 'ops/holder');
  fs.mkdirSync(path.dirname(program), { recursive: true });
  const fresh = `${program}.${process.pid}`;
  execFileSync(process.env.CC || 'cc', ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-g', '-Wall', '-Wextra',
    '-Wshadow', '-Wconversion', '-Wsign-conversion', '-Werror', path.join(__dirname, 'holder.c'), '-o', fresh],
  { stdio: 'inherit' });
  fs.renameSync(fresh, program);
  return program;
}

// ---- a house whose sockets are held ----

class HeldHouse extends House {
  constructor(name, holding) {
    super(name);
    this.holding = holding;
    this.holder = makeHolder();
  }

  async startGuichet() {
    const log = path.join(this.folder, 'guichet.log');
    const out = fs.openSync(log, 'a');
    const sockets = this.holding ? [`${this.folder}/page.socket`, `${this.folder}/notification.socket`] : ['-', '-'];
    const child = spawn(this.holder, [...sockets, programs.guichet, '--config', this.config, 'serve'],
      { stdio: ['ignore', 'pipe', out] });
    fs.closeSync(out);
    this.pids = [];
    let rest = '';
    child.stdout.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      this.pids.push(...lines.map((line) => Number(line.split(' ')[1])));
    });
    this.guichet = { child, log, text: () => fs.readFileSync(log, 'utf8') };
    this.guichet.ended = new Promise((resolve) => { child.on('close', (status, signal) => resolve({ status, signal })); });
    await this.running(1);
  }

  // Until so many starts have come to their end.
  running(starts) {
    const started = () => this.guichet.text().split('"serve.started"').length - 1;
    return waitFor(`start ${starts}`, () => {
      assert.equal(this.guichet.child.exitCode, null, this.guichet.text().slice(-2000));
      return started() >= starts && this.pids.length >= starts;
    });
  }

  async restart() {
    const lives = this.pids.length;
    process.kill(this.pids.at(-1), 'SIGTERM');
    await this.running(lives + 1);
  }
}

// ---- tests ----

async function open(t, name, holding) {
  const house = new HeldHouse(name, holding);
  process.on('exit', () => house.kill());
  t.after(() => house.close().finally(() => house.kill()));
  await house.start();
  const client = await house.asMember(house.member({ charges: [['40', 'Cotisation']] }));
  const load = new Load({ url: house.url, hook: house.stripe.path, secret: house.stripe.secret,
    pages: ['/panier', '/panier', '/connexion'], cookie: `__Host-sid=${client.cookie}` });
  return { house, load };
}

test(`restart: ${RESTARTS} restarts under load lose no request and no notification`, async (t) => {
  const { house, load } = await open(t, 'restart', true);
  const begun = Date.now();
  for (let i = 0; i < RESTARTS; i++) await house.restart();
  await load.end();
  const seconds = (Date.now() - begun) / 1000;
  t.diagnostic(`${RESTARTS} restarts in ${seconds.toFixed(1)} s, ${load.answered} requests, `
    + `${load.acknowledged.length} notifications, ${load.failed.length} failed`);
  assert.deepEqual(load.failed, []);
  assert.equal(new Set(house.pids).size, RESTARTS + 1, 'each one was another process');
  assert.ok(load.answered > RESTARTS, 'there was load all the time');
  const stored = new Set(house.sql('SELECT external_id FROM provider_event').map((row) => row.external_id));
  assert.deepEqual(load.acknowledged.filter((id) => !stored.has(id)), []);
  assert.ok(load.acknowledged.length > 0);
});

test('restart: the same with sockets of its own is seen to lose requests', async (t) => {
  const { house, load } = await open(t, 'unheld', false);
  for (let i = 0; i < CONTROL_RESTARTS_MAX && load.failed.length === 0; i++) await house.restart();
  await load.end();
  assert.notDeepEqual(load.failed, []);
});
