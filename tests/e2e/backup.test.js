'use strict';
// Copies of the database made beside a running server, and put back: whole, proven, or not at all.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { test } = require('node:test');
const { houseOf } = require('./harness.js');

const house = houseOf('backup');
const file = (name) => path.join(house.folder, name);
const left = () => fs.readdirSync(house.folder).filter((name) => /copy|packed|partial|restored|before-/.test(name));
const charges = () => house.one('SELECT count(*) AS n FROM cart_line').n;

test('a copy is made while the server runs, packed or not, and is proven', async () => {
  house.member({ first: 'Ana', last: 'Avant', login: 'ana', charges: [['40', 'Cotisation']] });
  for (const name of ['a.db', 'a.db.gz']) {
    assert.match(house.ok(['backup', file(name)]), /a\.db(\.gz)? is written and proven: \d+ entries, 0 payments\./);
    assert.equal(fs.statSync(file(name)).mode & 0o777, 0o600);
  }
  assert.deepEqual(zlib.gunzipSync(fs.readFileSync(file('a.db.gz'))).length, fs.statSync(file('a.db')).size);
  assert.deepEqual(left(), []);
  assert.equal((await (await house.asStaff('viewer')).get('/')).status, 303, 'the server goes on');
});

test('what is there is not overwritten, what is not asked for is not made', () => {
  const before = fs.readFileSync(file('a.db'));
  const again = house.run(['backup', file('a.db')]);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /a\.db exists already/);
  assert.ok(before.equals(fs.readFileSync(file('a.db'))));
  assert.match(house.run(['backup']).stderr, /FILE is missing/);
  assert.match(house.run(['backup', 'x', 'y']).stderr, /one FILE is enough/);
  assert.equal(house.run(['backup', file('no/such/a.db')]).status, 1);
  assert.deepEqual(left(), []);
});

test('a running server keeps its database', () => {
  const refused = house.run(['restore', file('a.db.gz')]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /held by a running server/);
});

test('a copy is put back, what stood there is kept, everybody logs in anew', async () => {
  const treasurer = await house.asStaff('treasurer');
  assert.equal((await treasurer.get('/recettes')).status, 200);
  house.ok(['backup', file('b.db.gz')]);
  const then = charges();
  house.member({ first: 'Béa', last: 'Après', login: 'bea', charges: [['10', 'Stage'], ['20', 'Stage']] });
  await house.end(house.guichet);
  const said = house.ok(['restore', file('b.db.gz')]);
  assert.match(said, /b\.db\.gz is put back: .* everybody logs in anew\./);
  const kept = /kept as (.*)\.$/m.exec(said)[1];
  assert.equal(charges(), then);
  assert.equal(fs.statSync(house.database).mode & 0o777, 0o600);
  // The other way round: what stood there is a whole database as well.
  house.ok(['restore', kept]);
  assert.equal(charges(), then + 2);
  house.ok(['restore', file('b.db.gz')]);
  await house.startGuichet();
  assert.equal((await treasurer.get('/recettes')).status, 303);
  assert.equal((await (await house.asStaff('treasurer')).get('/recettes')).status, 200);
  assert.match(house.ok(['verify']), /Tout est juste/);
  assert.deepEqual(left(), []);
});

test('a file that is damaged, cut short, or not ours changes nothing', async () => {
  await house.end(house.guichet);
  const before = fs.readFileSync(house.database);
  const packed = fs.readFileSync(file('a.db.gz'));
  const plain = fs.readFileSync(file('a.db'));
  const torn = Buffer.from(plain);
  torn.fill(0xff, 3 * 4096, 4 * 4096);
  const bad = { 'cut.gz': packed.subarray(0, packed.length / 2), 'cut.db': plain.subarray(0, 5 * 4096), 'torn.db': torn,
    'text.db': Buffer.from('Bonjour'), 'empty.db': Buffer.alloc(0) };
  for (const [name, bytes] of Object.entries(bad)) {
    fs.writeFileSync(file(name), bytes);
    const refused = house.run(['restore', file(name)]);
    assert.notEqual(refused.status, 0, name);
    assert.ok(refused.stderr.split('\n').length === 2, refused.stderr);
  }
  house.run(['restore', file('missing.db')]);
  assert.ok(before.equals(fs.readFileSync(house.database)));
  assert.deepEqual(left(), []);
  await house.startGuichet();
});

test('books that do not agree are neither copied nor put back', async () => {
  // As if a row had been lost: an entry that is out of balance by a cent.
  house.ok(['payment', 'add', '--association', house.association, '--member', '1', '--amount', '15', '--means', 'cash', '--reference', 'B-1']);
  house.ok(['backup', file('sound.db')]);
  house.force('DROP TRIGGER entry_line_no_update; UPDATE entry_line SET debit_cents = 1501 WHERE debit_cents = 1500');
  const refused = house.run(['backup', file('spoilt.db')]);
  assert.equal(refused.status, 1);
  assert.match(refused.stdout, /Règle \d+/);
  assert.match(refused.stderr, /the copy is not kept/);
  assert.ok(!fs.existsSync(file('spoilt.db')));
  await house.end(house.guichet);
  fs.copyFileSync(house.database, file('spoilt.db'));
  assert.match(house.run(['restore', file('spoilt.db')]).stderr, /nothing is changed/);
  house.ok(['restore', file('sound.db')]);
  assert.match(house.ok(['verify']), /Tout est juste/);
  await house.startGuichet();
});
