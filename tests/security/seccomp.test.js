'use strict';
// `guichet serve` behind its filter of system calls: all that it does still works, and who takes it
// over can start nothing. The intruder is a library loaded into it; without the filter he has his
// way, so that the test is seen to see him.

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { House, houseOf, waitFor } = require('../e2e/harness.js');
const { PostOffice, FROM } = require('../e2e/post-office.js');
const { Payer } = require('../money/payer.js');

const build = path.resolve(__dirname, '../..', process.env.BUILD || 'build');

// ---- the main job, filtered ----

const office = new PostOffice();
before(() => office.open());
const house = houseOf('seccomp', { config: { seccomp: 'on', mail_from: FROM, get smtp_url() {
  return `smtp://127.0.0.1:${office.port}`;
} } });
after(() => office.close());

// Every thread of the server has the filter, and can get no more rights.
function assertFiltered(pid) {
  const tasks = fs.readdirSync(`/proc/${pid}/task`);
  assert.ok(tasks.length > 10, `${tasks.length} threads`);
  for (const task of tasks) {
    const status = fs.readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    assert.match(status, /^Seccomp:\t2$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
  }
}

test('seccomp: each thread is filtered', () => assertFiltered(house.guichet.child.pid));

for (const [provider, notify] of [['stripe', 'payStripe'], ['paypal', 'payPaypal']])
  test(`seccomp: a payment by ${provider}, a login, a return`, async () => {
    const member = house.member({ first: provider, login: provider, charges: [['40', 'Cotisation']] });
    const client = await house.logIn(provider);
    const payer = new Payer(house, member, client);
    const { location } = await payer.press(provider, (cents) => cents);
    const paid = await payer[notify](location, provider === 'stripe'
      ? { notify: 'twice' } : { outcome: 'completed', ipn: 'twice' });
    assert.ok(paid.paid);
    await house.state(member, 'paid');
    await payer.comeBack(paid.redirect);
    assert.equal(house.captures(member).length, 1);
    assert.equal(house.balance(member), 0);
  });

test('seccomp: pages, mail, a file, a backup, a reload', async () => {
  const member = house.member({ first: 'Rose', login: 'rose', charges: [['42', 'Cotisation']] });
  const client = await house.asStaff('treasurer');
  const form = await client.form('/relances', '/relances/envoyer');
  const sent = await client.post('/relances/envoyer', { csrf: form.fields.csrf, adherent: member.id });
  assert.equal(sent.status, 303, sent.text);
  await waitFor('a mail', () => office.to('rose@exemple.fr')[0]);
  const file = await client.get('/adherents/export');
  assert.equal(file.status, 200, file.text);
  assert.match(file.body, /Rose/);
  const backup = path.join(house.folder, 'backup.db.gz');
  house.ok(['backup', backup]);
  assert.ok(fs.statSync(backup).size > 0);
  house.guichet.child.kill('SIGHUP');
  await waitFor('the templates are read again', () => house.log().some(({ event }) => event === 'serve.reloaded'));
  assertFiltered(house.guichet.child.pid);
});

// ---- the intruder ----

function makeIntruder() {
  const library = path.join(build, 'security/intruder.so');
  fs.mkdirSync(path.dirname(library), { recursive: true });
  execFileSync('cc', ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC',
    '-shared', path.join(__dirname, 'intruder.c'), '-o', library, '-pthread'], { stdio: 'inherit' });
  return library;
}

class TakenHouse extends House {
  startGuichet() {
    this.order = path.join(this.folder, 'order');
    process.env.LD_PRELOAD = makeIntruder();
    process.env.GUICHET_INTRUDER = this.order;
    const started = super.startGuichet();
    delete process.env.LD_PRELOAD;
    delete process.env.GUICHET_INTRUDER;
    return started;
  }

  // What became of the server, and whether the intruder's own program or process ran.
  async take(word) {
    fs.writeFileSync(this.order, word);
    const proof = () => fs.existsSync(`${this.order}.proof`);
    let end = null;
    this.guichet.ended.then((how) => { end = how; });
    await waitFor('the intruder is done', () => end || proof());
    return { proof: proof(), signal: end?.signal ?? null };
  }
}

for (const word of ['exec', 'fork'])
  for (const seccomp of ['on', 'off'])
    test(`seccomp: ${seccomp}: an intruder's ${word} ${seccomp === 'on' ? 'ends the server' : 'is seen to work'}`, async (t) => {
      const taken = new TakenHouse(`taken-${word}`, { sandbox: false, seed: false, config: { seccomp } });
      t.after(() => {
        taken.kill();
        fs.rmSync(taken.folder, { recursive: true, force: true });
      });
      await taken.start();
      assert.equal(taken.log().some(({ event }) => event === 'serve.seccomp_off'), seccomp === 'off');
      assert.deepEqual(await taken.take(word),
        seccomp === 'on' ? { proof: false, signal: 'SIGSYS' } : { proof: true, signal: null });
    });

// Who has the same user's rights reads neither its memory nor a core file of it.
test('seccomp: nobody looks into the server, it leaves no core file', async (t) => {
  const taken = new TakenHouse('taken-look', { sandbox: false, seed: false });
  t.after(() => {
    taken.kill();
    fs.rmSync(taken.folder, { recursive: true, force: true });
  });
  await taken.start();
  assert.match(fs.readFileSync(`/proc/${taken.guichet.child.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  await taken.take('look');
  await waitFor('the answer', () => fs.readFileSync(`${taken.order}.proof`, 'utf8'));
  assert.equal(fs.readFileSync(`${taken.order}.proof`, 'utf8'), 'no');
});
