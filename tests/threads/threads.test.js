'use strict';
// `guichet serve` under ThreadSanitizer while everything happens at once: members pay by both
// providers, each notification comes twice, staff read pages and files, mail goes out, templates
// are read again, a backup is made, and it ends. No two threads may meet unasked. A race that is
// planted is seen.

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { House, programs, waitFor } = require('../e2e/harness.js');
const { PostOffice, FROM } = require('../e2e/post-office.js');
const { Payer } = require('../money/payer.js');

const build = path.resolve(__dirname, '../..', process.env.BUILD || 'build');
const program = path.join(build, 'tsan/guichet');
const FAULT = 66;
const MEMBERS = 4 * Number(process.env.SCALE || 1);
const PATIENCE_MS = 180000;
process.env.TSAN_OPTIONS = `exitcode=${FAULT} report_signal_unsafe=0`;

const plain = programs.guichet;
const office = new PostOffice();

class WatchedHouse extends House {
  startGuichet() {
    programs.guichet = program;
    const started = super.startGuichet();
    programs.guichet = plain;
    return started;
  }
}

const house = new WatchedHouse('threads', { config: { mail_from: FROM, get smtp_url() {
  return `smtp://127.0.0.1:${office.port}`;
} } });
process.on('exit', () => house.kill());
before(async () => {
  await office.open();
  await house.start();
});
after(() => office.close());

async function pay(member, provider) {
  const payer = new Payer(house, member, await house.asMember(member));
  const { location } = await payer.press(provider, () => 1000, { times: 2 });
  const paid = provider === 'stripe' ? await payer.payStripe(location, { notify: 'twice' })
    : await payer.payPaypal(location, { outcome: 'completed', ipn: 'twice' });
  await payer.comeBack(paid.redirect);
}

async function payAll(member) {
  await pay(member, 'stripe');
  await pay(member, 'paypal');
  await waitFor(`member ${member.number} has paid twice`, () => house.captures(member).length === 2, PATIENCE_MS);
}

async function work(staff, stopped) {
  for (let round = 0; !stopped.now; round += 1) {
    for (const page of ['/accueil', '/adherents', '/recettes', '/comptabilite/journal',
      '/adherents/export', '/comptabilite/journal/export'])
      assert.equal((await staff.get(page)).status, 200, page);
    house.guichet.child.kill('SIGHUP');
    house.ok(['backup', path.join(house.folder, `backup-${round}.db`)]);
  }
}

async function remind(staff, member) {
  const form = await staff.form('/relances', '/relances/envoyer');
  const sent = await staff.post('/relances/envoyer', { csrf: form.fields.csrf, adherent: member.id });
  assert.equal(sent.status, 303, sent.text);
  await waitFor('a mail', () => office.to('rose@exemple.fr')[0], PATIENCE_MS);
}

test('threads: all at once, no race', async () => {
  const members = Array.from({ length: MEMBERS }, (_, index) =>
    house.member({ first: `N${index}`, login: `payeur${index}`, charges: [['20', 'Cotisation']] }));
  const owing = house.member({ first: 'Rose', login: 'rose', charges: [['42', 'Cotisation']] });
  const staff = await house.asStaff('treasurer');
  const stopped = { now: false };
  const working = work(staff, stopped);
  await Promise.all([...members.map(payAll), house.logIn('rose'), remind(await house.asStaff('administrator'), owing)])
    .finally(() => { stopped.now = true; });
  await working;
  await house.settled();
  for (const member of members) assert.equal(house.balance(member), 0);
  const log = house.guichet.log;
  await house.end(house.guichet).catch((error) => {
    throw new Error(`${error.message}\n${fs.readFileSync(log, 'utf8').split('\n').filter((line) => !line.startsWith('{')).slice(0, 80).join('\n')}`);
  });
  assert.doesNotMatch(fs.readFileSync(log, 'utf8'), /ThreadSanitizer/);
  house.guichet = null;
  await house.close().finally(() => house.kill());
});

test('threads: a planted race is seen', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-threads-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const library = path.join(folder, 'racer.so');
  execFileSync('cc', ['-O1', '-g', '-fsanitize=thread', '-fPIC', '-shared', path.join(__dirname, 'racer.c'), '-o', library]);
  const version = (env) => spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } });
  assert.equal(version({}).status, 0);
  const seen = version({ LD_PRELOAD: library });
  assert.equal(seen.status, FAULT, seen.stderr);
  assert.match(seen.stderr, /data race/);
});
