'use strict';
// The main job under valgrind's memcheck, in the program as it is installed: a login with its
// scrypt, the cart, a payment by Stripe with its webhook, one by PayPal with its IPN, both returns,
// a reload, the end. No byte is read that was not written, none is lost. What the sanitizers of the
// other tests cannot see, they watch our code only: libraries are watched too.

const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { House, programs, waitFor } = require('../e2e/harness.js');
const { Payer } = require('../money/payer.js');

const build = path.resolve(__dirname, '../..', process.env.BUILD || 'build');
const FAULT = 99;
const MEMCHECK = ['--tool=memcheck', '--quiet', '--leak-check=full', '--show-leak-kinds=definite',
  '--errors-for-leak-kinds=definite', `--error-exitcode=${FAULT}`, '--num-callers=20', '--fair-sched=yes'];

const plain = programs.guichet;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-memory-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

// `serve` alone is watched: commands are many, and have tests of their own.
class WatchedHouse extends House {
  startGuichet() {
    const watched = path.join(folder, 'guichet');
    this.report = path.join(folder, 'memcheck.log');
    fs.writeFileSync(watched, `#!/bin/sh
exec valgrind ${MEMCHECK.join(' ')} --log-file=${this.report} ${plain} "$@"
`, { mode: 0o755 });
    programs.guichet = watched;
    const started = super.startGuichet();
    programs.guichet = plain;
    return started;
  }
}

const house = new WatchedHouse('memory', { config: { page_threads: 2, notification_threads: 2, job_threads: 2 } });
process.on('exit', () => house.kill());
before(() => house.start());

test('memory: a login, two payments, a reload: nothing misread, nothing lost', async () => {
  const member = house.member({ login: 'memory', charges: [['40', 'Cotisation']] });
  const payer = new Payer(house, member, await house.logIn('memory'));
  const half = () => 2000;
  const card = await payer.press('stripe', half);
  const paid = await payer.payStripe(card.location, { notify: 'twice' });
  await waitFor('Stripe is booked', () => house.captures(member).length === 1);
  await payer.comeBack(paid.redirect);
  const redirect = await payer.press('paypal', half);
  const sent = await payer.payPaypal(redirect.location, { outcome: 'completed', ipn: 'twice' });
  await waitFor('PayPal is booked', () => house.captures(member).length === 2);
  await payer.comeBack(sent.redirect);
  assert.equal(house.balance(member), 0);
  house.guichet.child.kill('SIGHUP');
  await waitFor('the templates are read again', () => house.log().some(({ event }) => event === 'serve.reloaded'));
  await house.settled();
  const { report } = house;
  await house.close().finally(() => house.kill());
  assert.equal(fs.readFileSync(report, 'utf8'), '');
});

test('memory: a planted leak and a planted misreading are seen', () => {
  const library = path.join(folder, 'leak.so');
  execFileSync('cc', ['-O0', '-fPIC', '-shared', path.join(__dirname, 'leak.c'), '-o', library]);
  const version = (env) => spawnSync('valgrind', [...MEMCHECK, plain, '--version'],
    { encoding: 'utf8', env: { ...process.env, ...env } });
  assert.equal(version({}).status, 0);
  const seen = version({ LD_PRELOAD: library });
  assert.equal(seen.status, FAULT);
  assert.match(seen.stderr, /uninitialised value/);
  assert.match(seen.stderr, /100 bytes in 1 blocks are definitely lost/);
});
