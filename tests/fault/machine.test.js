'use strict';
// The machine's own troubles, on the real server: a disk that is full or refuses to be written, no
// more descriptors, a backup beside the postings, an export that is read slowly, a second server on
// the same database. What was acknowledged is kept, what could not be done is said, and it goes on
// by itself when the trouble is over.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { after, before, test } = require('node:test');
const { sleep, waitFor } = require('../e2e/harness.js');
const { FailerHouse } = require('./failer.js');
const { Payer } = require('../money/payer.js');
const { get } = require('./machine-fastcgi.js');
const { Client } = require('../e2e/http.js');

const MEMBERS = 20000;
const WRITES = 30;
const DISK_BYTES = 64 << 20;

// A disk of our own, when the kernel lets us mount one; otherwise the failer plays it.
class Disk {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-disk-'));
    this.mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', this.folder]).status === 0;
    process.on('exit', () => this.close());
  }

  fill() {
    if (!this.mounted) return house.board.arm(['write', 'truncate'], { left: 1, lasting: true });
    const filler = fs.openSync(path.join(this.folder, 'filler'), 'w');
    try {
      for (let size = 1 << 20; size >= 512; ) {
        try {
          if (fs.writeSync(filler, Buffer.alloc(size, 1)) < size) size >>= 1;
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error;
          size >>= 1;
        }
      }
    } finally {
      fs.closeSync(filler);
    }
  }

  empty() {
    if (this.mounted) fs.rmSync(path.join(this.folder, 'filler'));
    else house.board.disarm();
  }

  close() {
    if (this.mounted) spawnSync('umount', ['-l', this.folder]);
    this.mounted = false;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

class MachineHouse extends FailerHouse {
  constructor() {
    super('machine');
    this.disk = new Disk();
    this.database = path.join(this.disk.folder, 'guichet.db');
  }

  // What a full disk and its like say in the log is announced here.
  checkLogs() {
    const strange = this.guichet.text().split('\n').filter((line) => line && !line.startsWith('{"at":'));
    assert.deepEqual(strange, []);
  }

  async close() {
    await super.close().finally(() => this.disk.close());
  }
}

const house = new MachineHouse();
process.on('exit', () => house.kill());
before(async () => {
  await house.start();
  await house.control('POST', `/stripe/endpoints/${house.stripe.endpoint}`, { events: ['checkout.session.completed'] });
});
after(() => house.close());

let made = 0;
async function newPayer() {
  made += 1;
  return Payer.at(house, house.member({ first: `Machine${made}`, login: `machine${made}`, charges: [['40', 'Cotisation']] }));
}

// A payment whose notification is held back.
async function payHeld() {
  const payer = await newPayer();
  await house.control('POST', '/deliveries/hold', { held: true });
  const { location } = await payer.press('stripe', () => 4000);
  const paid = await payer.payStripe(location, { notify: 'normal' });
  await house.control('POST', '/deliveries/hold', { held: false });
  return { payer, ...paid };
}

const deliver = async (paid) => (await house.control('POST', `/deliveries/${paid.deliveries[0]}/send`)).last_status;
const times = (paid) => house.one(`SELECT count(*) AS n FROM provider_transaction
  WHERE kind = 'capture' AND reference = '${paid.reference}'`).n;
const booked = (paid) => waitFor(`${paid.reference} is booked`, () => times(paid) === 1);
const stored = (paid) => house.one(`SELECT count(*) AS n FROM provider_event WHERE instr(raw, '${paid.session}') > 0`).n;
const canEmptyLog = () => execFileSync('sqlite3', ['-cmd', '.timeout 200', house.database,
  'PRAGMA wal_checkpoint(TRUNCATE)'], { encoding: 'utf8' }).trim() === '0|0|0';
const cpuSeconds = () => fs.readFileSync(`/proc/${house.guichet.child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
  .slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;

// ---- disks ----

test('a full disk: nothing is acknowledged, pages say so, and it goes on when there is room', async () => {
  const paid = await payHeld();
  const treasurer = await house.asStaff('treasurer');
  const form = await treasurer.form('/parametrage/options', '/parametrage/options');
  const { payer } = paid;
  const other = await newPayer();
  const cart = await other.cart();
  await waitFor('the log is empty', canEmptyLog);
  house.disk.fill();
  try {
    assert.equal(await deliver(paid), 500);
    assert.equal(stored(paid), 0);
    const saved = await house.askForm(treasurer, '/parametrage/options', { ...form.fields, frais: 'paiement' });
    const pressed = await house.askForm(other.client, '/panier/payer', other.fieldsOf(cart, other.buttonOf(cart, 'stripe'), '40'));
    for (const answer of [saved, pressed]) {
      assert.equal(answer.status, 500, answer.text);
      assert.match(answer.text, /Une erreur s'est produite chez nous.*Réessayez dans un instant/);
    }
    assert.deepEqual(house.intents(other.member), []);
    assert.equal((await payer.client.get('/panier')).status, 200, 'reading goes on');
  } finally {
    house.disk.empty();
  }
  assert.equal(await deliver(paid), 200);
  assert.equal(await deliver(paid), 200);
  await booked(paid);
  assert.equal((await house.askForm(treasurer, '/parametrage/options', { ...form.fields, frais: 'paiement' })).status, 303);
  assert.equal((await new Client(house.url).get('/health')).status, 200);
  house.ok(['verify']);
});

test('a disk that has become read-only refuses, and reading goes on', async () => {
  const paid = await payHeld();
  house.board.arm(['write', 'sync', 'truncate'], { left: 1, lasting: true, error: 'EROFS' });
  try {
    assert.equal(await deliver(paid), 500);
    assert.equal(stored(paid), 0);
    assert.equal((await paid.payer.client.get('/panier')).status, 200);
    assert.equal((await new Client(house.url).get('/health')).status, 503, 'the monitor hears of it');
  } finally {
    house.board.disarm();
  }
  assert.equal(await deliver(paid), 200);
  await booked(paid);
});

test('a server does not start on a read-only disk, and says why', async () => {
  if (!house.disk.mounted) return assert.ok(process.getuid() !== 0, 'root can mount a disk');
  await house.end(house.guichet);
  execFileSync('mount', ['-o', 'remount,ro', house.disk.folder]);
  const refused = spawnSync(house.program, ['--config', house.config, 'serve'], { encoding: 'utf8', timeout: 20000 });
  execFileSync('mount', ['-o', `remount,rw,size=${DISK_BYTES}`, house.disk.folder]);
  assert.ok(refused.status > 0, `${refused.signal} ${refused.stderr}`);
  assert.match(refused.stderr, /Read-only file system|readonly/);
  await house.startGuichet();
  return assert.equal((await new Client(house.url).get('/health')).status, 200);
});

// ---- descriptors ----

test('without descriptors it waits, without turning in circles, and goes on when there are some', async () => {
  const paid = await payHeld();
  const { pid } = house.guichet.child;
  const limit = (count) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${count}:`]);
  const before = Number(/open files\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'))[1]);
  limit(Math.max(...fs.readdirSync(`/proc/${pid}/fd`).map(Number)) + 1); // no new one; the open ones stay
  const waiting = house.ask(paid.payer.client, 'GET', '/panier');
  const delivery = deliver(paid);
  const cpu = cpuSeconds();
  const from = Date.now();
  await sleep(1500);
  const share = (cpuSeconds() - cpu) / ((Date.now() - from) / 1000);
  limit(before);
  assert.ok(share < 0.3, `it took ${share.toFixed(2)} of a processor to wait`);
  assert.equal((await waiting).status, 200, 'who waited is answered');
  assert.ok([200, null].includes(await delivery));
  if (times(paid) === 0) await deliver(paid);
  await booked(paid);
});

// ---- side by side ----

test('a backup is right while payments are posted, and so are they', async () => {
  const held = [];
  for (let i = 0; i < 6; i++) held.push(await payHeld());
  const file = path.join(house.folder, 'copy.db');
  const backup = spawn(house.program, ['--config', house.config, 'backup', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [backup.stdout, backup.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const status = new Promise((resolve) => backup.on('close', resolve));
  for (const paid of held) assert.equal(await deliver(paid), 200);
  for (const paid of held) await booked(paid);
  assert.equal(await status, 0, Buffer.concat(said).toString());
  const config = path.join(house.folder, 'copy.conf');
  fs.writeFileSync(config, fs.readFileSync(house.config, 'utf8').replace(house.database, file));
  const verdict = spawnSync(house.program, ['--config', config, 'verify'], { encoding: 'utf8' });
  assert.equal(verdict.status, 0, verdict.stdout + verdict.stderr);
  house.ok(['verify']);
});

test('an export that is read slowly holds up nobody, and the log does not grow', async () => {
  const client = await house.asStaff('treasurer');
  house.force(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MEMBERS})
    INSERT INTO member (association_id, id, number, first_name, last_name, created_at)
    SELECT ${house.association}, 900000000 + i, 100000 + i, 'Lente' || i, 'Lecture', unixepoch() FROM n`);
  const reader = get(path.join(house.folder, 'page.socket'), '/adherents/export', { cookie: client.cookie, slow: true });
  await sleep(300);
  const second = await client.get('/adherents/export');
  assert.equal(second.status, 503, 'one export at a time');
  const write = async (i) => assert.equal((await house.ask(client, 'POST', `/action_manager.php?event=paypal&a=${house.paypal.link}`,
    { body: `txn_id=SLOW${i}&receiver_id=NOBODY${i}&memo=${'x'.repeat(40000)}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).status, 200);
  for (let i = 0; i < WRITES; i++) await write(i);
  // The log can be emptied: nobody reads what stands there. With a reader it could not.
  const release = await house.holdLock('BEGIN; SELECT count(*) FROM member');
  await write(WRITES);
  assert.ok(!canEmptyLog());
  await release();
  await waitFor('the log is emptied', canEmptyLog);
  assert.equal((await client.get('/recettes')).status, 200);
  reader.resume();
  const { status, body, whole } = await reader.answer;
  assert.equal(status, 200);
  assert.ok(whole);
  assert.equal(body.match(/;Lecture;|Lecture/g).length, MEMBERS, 'every member once');
});

// ---- two servers ----

function secondConfig(changes) {
  const file = path.join(house.folder, 'second.conf');
  let text = fs.readFileSync(house.config, 'utf8');
  for (const [from, to] of changes) text = text.replace(from, to);
  fs.writeFileSync(file, text);
  return file;
}

test('a second server on the same sockets is refused, and the first goes on', async () => {
  const refused = spawnSync(house.program, ['--config', house.config, 'serve'], { encoding: 'utf8', timeout: 20000 });
  assert.ok(refused.status > 0, `${refused.signal} ${refused.stderr}`);
  assert.match(refused.stderr, /socket: .*answers there/);
  assert.equal((await new Client(house.url).get('/connexion')).status, 200);
});

test('a second server on other sockets shares the work: each payment is booked once', async () => {
  const config = secondConfig([['/page.socket', '/second-page.socket'], ['/notification.socket', '/second-notification.socket']]);
  const first = house.guichet;
  const log = house.config;
  house.config = config;
  await house.startGuichet();
  const second = house.guichet;
  house.guichet = first;
  house.config = log;
  const client = await house.asStaff('treasurer');
  const held = [];
  for (let i = 0; i < 6; i++) held.push(await payHeld());
  await Promise.all(held.flatMap((paid) => [deliver(paid), get(path.join(house.folder, 'second-page.socket'), '/recettes',
    { cookie: client.cookie }).answer.then((answer) => assert.equal(answer.status, 200))]));
  for (const paid of held) await booked(paid);
  await house.end(second);
  house.ok(['verify']);
});
