'use strict';
// A house in which the calls of Guichet fail one after the other, request by request: the failer
// makes them fail, and what is answered is judged by what the database holds.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { sleep } = require('../e2e/harness.js');
const { compare, readTruth } = require('../money/ledger.js');
const { Payer } = require('../money/payer.js');
const { becomeQuiet } = require('../money/quiet.js');
const { FailerHouse } = require('./failer.js');
const { addKeys } = require('./paypal-keys.js');
const { failed } = require('./torture-corpus.js');

const PASSWORD = 'le mot de passe de la torture';
const STOCK = 60; // members that are made at once
const DEBT_EUROS = 40;
const MANY = 1200; // in a list that is long
const POLL_MS = 3;
const PATIENCE_MS = 20000;
// A job has done by then; one whose calls fail has given up when none has failed for so long.
const WORK_PATIENCE_MS = 1000;
const CALM_MS = 50;
// A thread behind the answer, which had no memory, has ended the program by then.
const DEATH_MS = 10;
// A start costs what its threads do.
const THREADS = { page_threads: 3, notification_threads: 1, job_threads: 2 };
// What is nobody's business: row 63 of the checklist.
const INSIDE = /SELECT |INSERT |sqlite|malformed|disk I\/O|src\/|\.c:\d|Guichet \d/;
// What waits for its next try comes to it now; leases have run out.
const DUE = `UPDATE payment_intent SET next_at = 0, lease_until = 0 WHERE next_at IS NOT NULL AND state = 'created';
  UPDATE provider_event SET next_at = 0, lease_until = 0 WHERE state = 'waiting'`;

// The database by one sqlite3 that stays: thousands of questions are asked.
class Reader {
  constructor(database) {
    this.child = spawn('sqlite3', ['-batch', '-json', '-cmd', '.timeout 10000', database], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.text = '';
    this.waiting = [];
    this.child.stdout.setEncoding('utf8').on('data', (chunk) => this.read(chunk));
  }

  read(chunk) {
    this.text += chunk;
    for (let end = this.text.indexOf('\u0001\n'); end >= 0; end = this.text.indexOf('\u0001\n')) {
      const rows = this.text.slice(0, end).trim();
      this.text = this.text.slice(end + 2);
      this.waiting.shift()(rows ? JSON.parse(rows) : []);
    }
  }

  rows(sql) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(`${sql.replaceAll('\n', ' ')};\n.print \u0001\n`);
    });
  }

  async row(sql) {
    const rows = await this.rows(sql);
    assert.equal(rows.length, 1, `${sql}: ${rows.length} rows`);
    return rows[0];
  }

  close() {
    this.child.stdin.end();
  }
}

class TortureHouse extends FailerHouse {
  constructor(name, options) {
    super(name, { config: THREADS, ...options });
    this.stocks = new Map(); // association: members
  }

  async start() {
    this.board.makePasswordsCheap();
    await super.start();
    await this.control('POST', `/stripe/endpoints/${this.stripe.endpoint}`, { events: ['checkout.session.completed'] });
    await this.control('POST', '/deliveries/hold', { held: true });
    this.reader = new Reader(this.database);
    this.login('membres');
    this.orders = this.addAssociation({ name: 'Les Nouveaux' });
    await addKeys(this, await this.addPaypal(this.orders));
    this.treasurer = await this.asStaff('treasurer');
    this.optionFields = (await this.treasurer.form('/parametrage/options', '/parametrage/options')).fields;
    this.addPerson();
    this.addMany();
    return this;
  }

  // ---- people ----

  // Whose password is hashed as the failer makes it.
  addPerson() {
    const salt = crypto.randomBytes(16);
    const hash = crypto.scryptSync(PASSWORD, salt, 32, { N: 1024, r: 8, p: 1 });
    const text = (bytes) => bytes.toString('base64').replace(/=+$/, '');
    const { email } = this.login('personne', { role: 'viewer' });
    this.force(`UPDATE login SET password_hash = '$scrypt$ln=17,r=8,p=1$${text(salt)}$${text(hash)}' WHERE email = '${email}'`);
    this.person = { email, password: PASSWORD };
  }

  // A list that is sent in several pieces.
  addMany() {
    this.force(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
      INSERT INTO member (association_id, id, number, first_name, last_name, created_at)
      SELECT ${this.association}, 900000000 + i, 100000 + i, 'Foule' || i, 'Nombreuse', unixepoch() FROM n`);
  }

  // Somebody with a debt, nothing paid yet, in the personal space.
  async newPayer(association = this.association) {
    const stock = this.stocks.get(association)?.length ? this.stocks.get(association) : this.addStock(association);
    return Payer.at(this, { ...stock.pop(), login: 'membres', association });
  }

  addStock(association) {
    const { email } = this.login('membres');
    const numbers = this.batch(Array.from({ length: STOCK }, (_, i) =>
      `member add --association ${association} --first-name Martyr --last-name M${i} --login ${email}`));
    this.batch(numbers.map((number) => `charge add --association ${association} --member ${number}`
      + ` --amount ${DEBT_EUROS} --label "Séjour" --account 7561`));
    this.stocks.set(association, this.sql(`SELECT number, id FROM member WHERE association_id = ${association}
      AND number IN (${numbers.join()})`));
    return this.stocks.get(association);
  }

  async owed(member) {
    return (await this.reader.row(`SELECT sum(amount_cents) AS cents FROM cart_line WHERE member_id = ${member.id}`)).cents;
  }

  async namesakes(name) {
    return (await this.reader.row(`SELECT count(*) AS count FROM member WHERE last_name = '${name}'`)).count;
  }

  // ---- payments ----

  // Paid at the provider, which has not told yet.
  async payHeld(provider) {
    const payer = await this.newPayer();
    const { location } = await payer.press(provider, () => 500);
    const paid = await (provider === 'stripe' ? payer.payStripe(location, { notify: 'normal' })
      : payer.payPaypal(location, { ipn: 'normal' }));
    const { token } = await this.reader.row(`SELECT token FROM payment_intent WHERE member_id = ${payer.member.id}`);
    return { payer, token, delivery: paid.deliveries[0], reference: paid.reference, named: paid.session ?? paid.reference };
  }

  // Approved at PayPal, which has not told; the money is ours once we ask for it.
  async approveHeld() {
    const payer = await this.newPayer(this.orders);
    const { location } = await payer.press('paypal', () => 500);
    const order = new URL(location).searchParams.get('token');
    const { redirect, deliveries } = await this.control('POST', `/paypal/orders/${order}/approve`, { ipn: 'normal', webhook: 'normal' });
    const { token } = await this.reader.row(`SELECT token FROM payment_intent WHERE member_id = ${payer.member.id}`);
    return { payer, token, order, delivery: deliveries[0], named: order, way: new URL(redirect).pathname + new URL(redirect).search };
  }

  async captured(state) {
    const answer = await this.control('GET', `/paypal/orders/${state.order}`);
    state.reference = (answer.order ?? answer).txn_id;
    return state.reference;
  }

  // The status that the provider got; 0 when the connection broke off.
  async deliver({ delivery }) {
    return (await this.control('POST', `/deliveries/${delivery}/send`)).last_status ?? 0;
  }

  async stored({ named }) {
    return (await this.reader.row(`SELECT count(*) AS count FROM provider_event WHERE instr(raw, '${named}') > 0`)).count;
  }

  // What the books have of it: { captures, entries, lines }.
  async booked(state) {
    const reference = state.reference ?? await this.captured(state);
    return this.reader.row(`SELECT count(*) AS captures,
      (SELECT count(*) FROM entry e WHERE e.piece = '${reference}' AND NOT EXISTS (SELECT 1 FROM provider_transaction f
        WHERE f.association_id = e.association_id AND f.entry_id = e.id AND f.kind = 'fee')) AS entries,
      (SELECT count(*) FROM cart_line l WHERE l.kind = 'payment' AND l.transaction_id = max(t.id)) AS lines
      FROM provider_transaction t WHERE t.kind = 'capture' AND t.reference = '${reference}'`);
  }

  // Until the job has done with what was stored, or has given it back, or nothing more fails, or it
  // has died of it.
  async restOfWork({ named }) {
    let seen = 0;
    let since = Date.now();
    for (;;) {
      const { left } = await this.reader.row(`SELECT count(*) AS left FROM provider_event
        WHERE instr(raw, '${named}') > 0 AND state = 'waiting' AND lease_until > 0`);
      const { fired } = this.board;
      if (fired !== seen) since = Date.now();
      seen = fired;
      if (left === 0 || this.dying || Date.now() - since > (fired ? CALM_MS : WORK_PATIENCE_MS)) return;
      await sleep(POLL_MS);
    }
  }

  // Told once more, when nothing fails: it is booked now, and once.
  async tellAgain(state) {
    assert.equal(await this.deliver(state), 200, 'told again');
    if (state.order) await this.until(`${state.order} is captured`, () => this.captured(state));
    await this.until(`${state.reference} is booked`, async () => (await this.booked(state)).captures > 0);
    assert.deepEqual(await this.booked(state), { captures: 1, entries: 1, lines: 1 });
    await this.checkOutcomes(state);
  }

  // Every message was right: none was taken for something else because a call had failed.
  async checkOutcomes({ named }) {
    const ended = await this.reader.rows(`SELECT state, outcome, detail FROM provider_event
      WHERE instr(raw, '${named}') > 0 AND state <> 'waiting'`);
    for (const { state, outcome, detail } of ended)
      assert.match(outcome ?? state, /^(posted|already_posted|noted)$/, `a message was given up: ${detail}`);
  }

  async until(what, probe) {
    const end = Date.now() + PATIENCE_MS;
    while (!await probe()) {
      assert.ok(Date.now() < end, `${what}: not within ${PATIENCE_MS / 1000} s`);
      await sleep(POLL_MS);
    }
  }

  // ---- failures ----

  // Open ones, sockets apart: connections to providers are kept.
  get files() {
    const folder = `/proc/${this.guichet.child.pid}/fd`;
    const isFile = (fd) => {
      try {
        return !fs.readlinkSync(path.join(folder, fd)).startsWith('socket:');
      } catch {
        return false; // closed meanwhile
      }
    };
    return fs.readdirSync(folder).filter(isFile).length;
  }

  // Memory is gone before the descriptors are: who saw a connection close can tell by it.
  get dying() {
    try {
      return fs.readFileSync(`/proc/${this.guichet.child.pid}/cmdline`).length === 0;
    } catch {
      return true;
    }
  }

  // One request while a call fails: { answer, fired, died }; throws when it is not as it must be.
  async failOnce(request, aim) {
    const state = await request.prepare(this);
    this.board.arm(aim.kinds, aim);
    const answer = await request.ask(this, state);
    this.board.disarm();
    const { fired, kind } = this.board;
    if (fired && /^(memory|foreign)$/.test(kind) && !this.dying) await sleep(DEATH_MS);
    const died = this.dying;
    if (died) await this.checkDeath(kind).finally(() => this.startGuichet());
    // A request that broke off may be called unreadable.
    if (failed(answer) || (kind === 'request' && fired && answer.status === 400)) assert.doesNotMatch(answer.text, INSIDE);
    else await request.judge(this, state, answer);
    assert.ok(fired || died || !failed(answer), `nothing failed, and yet: ${answer.status} ${answer.text}`);
    await request.whatever?.(this, state);
    await request.again?.(this, state);
    return { answer, died, fired: fired > 0 || died };
  }

  // The books hold what the providers' ledger holds, once; nothing is left half done.
  async prove() {
    await this.reader.rows(DUE);
    await this.control('POST', '/deliveries/hold', { held: false });
    await this.control('POST', '/deliveries/release', { all: true });
    await becomeQuiet(this);
    this.ok(['verify']);
    const truth = await readTruth(this.sandboxUrl);
    const result = compare(truth.map((row) => ({ ...row, told: true })), this.database);
    assert.deepEqual([result.faults, result.missing, result.elsewhere], [[], [], []]);
    const { sessions } = await this.control('GET', '/stripe/sessions?limit=999999');
    const tokens = sessions.map((session) => session.client_reference_id);
    assert.equal(new Set(tokens).size, tokens.length, 'an attempt was opened twice');
    await this.control('POST', '/deliveries/hold', { held: true });
    return result;
  }

  // What failed calls say in the log was made here; a sanitizer's report was not. That it had itself no
  // memory to tell of an announced death (CHECK failed) is none.
  checkLogs() {
    const report = /^.*(ERROR: (Address|Leak)Sanitizer|runtime error:).*$/m.exec(this.guichet.text());
    assert.equal(report, null, report?.[0]);
  }

  // nginx ends its workers when it is asked to.
  kill() {
    this.reader?.close();
    this.guichet?.child.kill('SIGKILL');
    this.sandboxProgram?.child.kill('SIGKILL');
    this.nginx?.child.kill('SIGTERM');
  }

  // Nothing of it stays.
  async abandon() {
    this.kill();
    await this.nginx?.ended;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  async close() {
    this.reader.close();
    await super.close();
  }
}

module.exports = { TortureHouse };
