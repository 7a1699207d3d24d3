'use strict';
// A house whose programs may be killed at any time while its members pay and its notifications
// come: Guichet (with a library between it and the system), the practice providers, nginx. Who
// asks knows whether a request that failed was in the hands of a program that died.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { House, programs, sleep, waitFor } = require('../e2e/harness.js');
const { Client, send } = require('../e2e/http.js');
const { compare, readTruth } = require('../money/ledger.js');
const { addKeys } = require('./paypal-keys.js');

const MEMBERS = 24;
const CHARGE_EUROS = 5000;
// As many as there are at once of each; a start costs what its threads do.
const THREADS = { page_threads: 4, notification_threads: 4 };
const START_PATIENCE_MS = 60000;
const PROBE_PAUSE_MS = 5;
// Longer than any lease.
const LEASE_S = 90;

// A program and its end; `environment` is added to ours.
function launch(file, args, log, environment = {}) {
  const out = fs.openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', out, out], env: { ...process.env, ...environment } });
  fs.closeSync(out);
  const running = { child, log, text: () => fs.readFileSync(log, 'utf8') };
  running.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (status, signal) => resolve({ status, signal }));
  });
  return running;
}

const childrenOf = (pid) =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

// Somebody may have ended it before.
function killNow(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

class LoadHouse extends House {
  // preload: { library, environment } for Guichet; program: another Guichet than the one under
  // test; schema: what is changed in its database before it starts; orders: the association has
  // keys of PayPal's, so that its payments are orders and PayPal tells of them by webhooks too.
  constructor(name, { preload = null, program = programs.guichet, schema = null, orders = false } = {}) {
    super(name, { config: THREADS });
    this.preload = preload;
    this.program = program;
    this.schema = schema;
    this.orders = orders;
    this.deaths = 0; // of any program
    this.down = 0; // programs that have died and do not yet answer again
    this.faults = []; // requests that failed while nobody had died
    this.excusePatienceMs = 30000; // until the death is seen that explains a failure
    this.starts = []; // milliseconds from each start to the first answer
  }

  async start() {
    this.preparing = true;
    await super.start();
    this.preparing = false;
    if (this.orders) await addKeys(this, this.paypal);
    await this.control('POST', '/deliveries/hold', { held: true });
    this.payers = this.addPayers();
    return this;
  }

  addPayers() {
    const login = this.login('membres');
    const numbers = this.batch(Array.from({ length: MEMBERS }, (_, i) =>
      `member add --association ${this.association} --first-name "Adhérent" --last-name "${i + 1}" --login ${login.email}`));
    this.batch(numbers.map((number) => `charge add --association ${this.association} --member ${number}`
      + ` --amount ${CHARGE_EUROS} --label "Séjour" --account 7561`));
    return numbers.map((number) => {
      const { id } = this.one(`SELECT id FROM member WHERE association_id = ${this.association} AND number = ${number}`);
      return { number, client: this.session('membres', { role: 'member', association: this.association, member: id }) };
    });
  }

  // ---- starting, dying ----

  // From the start to the first answer; false when it died before.
  async startGuichet() {
    if (this.preparing && this.schema) this.force(this.schema);
    const began = process.hrtime.bigint();
    const { library, environment } = this.preload ?? {};
    const running = launch(this.program, ['--config', this.config, 'serve'], path.join(this.folder, 'guichet.log'),
      library ? { LD_PRELOAD: library, ...environment } : {});
    let end = null;
    running.ended.then((how) => { end = how; });
    this.guichet = running;
    if (!await this.answers('/health', () => end)) return false;
    if (!this.preparing) this.starts.push(Number(process.hrtime.bigint() - began) / 1e6);
    return this.answers('/connexion', () => end);
  }

  // Until a page comes. 502 and a refused connection are those of a server that is not there yet.
  async answers(place, ended) {
    const patience = Date.now() + START_PATIENCE_MS;
    for (;;) {
      const { status } = await new Client(this.url).get(place).catch(() => ({ status: 0 }));
      if (status !== 0 && status < 500) return true;
      if (ended()) return false;
      assert.ok(Date.now() < patience, `${place}: ${status}\n${this.guichet.text().slice(-2000)}`);
      await sleep(PROBE_PAUSE_MS);
    }
  }

  // Whatever happened, nothing of it stays.
  abandon() {
    const { nginx } = this;
    if (nginx && nginx.child.exitCode === null && nginx.child.signalCode === null)
      childrenOf(nginx.child.pid).forEach(killNow);
    this.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // Counts a death from when it is seen until `comeBack` is done.
  async die(running, comeBack) {
    const end = await running.ended;
    assert.deepEqual(end, { status: null, signal: 'SIGKILL' }, running.text().slice(-3000));
    this.deaths += 1;
    this.down += 1;
    const result = await comeBack();
    this.down -= 1;
    return result;
  }

  async killSandbox() {
    this.sandboxProgram.child.kill('SIGKILL');
    await this.die(this.sandboxProgram, async () => {
      await this.startSandbox();
      await this.control('POST', '/deliveries/hold', { held: true });
    });
  }

  // The master and what it leaves behind, as a service manager does.
  async killNginx() {
    const workers = childrenOf(this.nginx.child.pid);
    this.nginx.child.kill('SIGKILL');
    workers.forEach(killNow);
    await this.die(this.nginx, async () => {
      this.nginx = launch('nginx', ['-p', this.folder, '-c', path.join(this.folder, 'nginx.conf'),
        '-e', path.join(this.folder, 'nginx.log')], path.join(this.folder, 'nginx.out'));
      await waitFor('nginx answers again', async () => (await new Client(this.url).get('/health')).status > 0);
    });
  }

  // The master starts another one.
  async killWorker() {
    this.deaths += 1;
    this.down += 1;
    childrenOf(this.nginx.child.pid).forEach(killNow);
    await waitFor('nginx answers again', async () => (await new Client(this.url).get('/health')).status > 0);
    this.down -= 1;
  }

  // ---- asking ----

  // The answer; null when none came because a program had died or was not there. Another failure
  // is a fault: only what a dead program had in its hands may fail.
  async ask(what, call) {
    const { deaths } = this;
    const excused = () => this.deaths > deaths || this.down > 0;
    const wasDown = this.down > 0;
    const answer = await call().catch((error) => ({ status: 0, text: error.message }));
    // 503: as many as may already wait for a provider.
    if ((answer.status !== 0 && answer.status < 500) || answer.status === 503) return answer;
    const patience = Date.now() + this.excusePatienceMs;
    while (!wasDown && !excused() && Date.now() < patience) await sleep(PROBE_PAUSE_MS);
    if (!wasDown && !excused())
      this.faults.push(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
    return null;
  }

  // Of the practice providers: the object, or null when they refuse or are not there.
  async order(method, place, body) {
    const answer = await this.ask(`${method} /control${place}`, () =>
      send(this.sandboxUrl, method, `/control${place}`, {
        headers: { Host: new URL(this.sandboxUrl).host, 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body) }));
    return answer && answer.status < 300 ? JSON.parse(answer.body) : null;
  }

  // ---- judging ----

  // What the dead had in their hands is free to be taken up.
  passLease() {
    this.force(`UPDATE payment_intent SET next_at = next_at - ${LEASE_S},
        lease_until = max(0, lease_until - ${LEASE_S}) WHERE next_at IS NOT NULL AND state = 'created';
      UPDATE provider_event SET next_at = next_at - ${LEASE_S},
        lease_until = max(0, lease_until - ${LEASE_S}) WHERE state = 'waiting'`);
  }

  // Every stored notification has its end, every attempt was opened. Time passes meanwhile: what
  // could not be asked a moment ago is asked again.
  async becomeQuiet() {
    const left = () => this.one(`SELECT (SELECT count(*) FROM provider_event WHERE state = 'waiting')
      + (SELECT count(*) FROM payment_intent WHERE state = 'created') AS count`).count;
    let round = 0;
    await waitFor('everything is worked on', () => {
      if (left() === 0) return true;
      if (round++ % 20 === 0) this.passLease();
      return false;
    });
  }

  // acknowledged: { name of a notification: how often it got its 200 }. Sentences, none when every
  // capture is in the books once and every acknowledged notification in the inbox.
  async judge(acknowledged) {
    const truth = await readTruth(this.sandboxUrl);
    for (const capture of truth) Object.assign(capture, { told: true, under_way: false });
    const found = compare(truth, this.database);
    const kinds = { lost: [], double: [], other: [...this.faults] };
    for (const fault of found.faults) {
      const kind = /booked 0 times$/.test(fault) ? 'lost' : /booked \d+ times$/.test(fault) ? 'double' : 'other';
      kinds[kind].push(fault);
    }
    kinds.other.push(...found.elsewhere.map((one) => `${one}: not for us`));
    const stored = new Map(this.sql(`SELECT external_id AS name, count(*) AS rows FROM provider_event
      GROUP BY external_id`).map((row) => [row.name, row.rows]));
    for (const [name, times] of acknowledged)
      if ((stored.get(name) ?? 0) < times)
        kinds.lost.push(`${name}: answered 200 ${times} times, stored ${stored.get(name) ?? 0} times`);
    return { ...kinds, booked: found.booked.length };
  }
}

module.exports = { LoadHouse };
