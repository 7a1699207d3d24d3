'use strict';
// tests/run itself: it must count everything and take nothing for a pass that is none.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { scratch, top } = require('./lint.js');

const one = (name, body) => `require('node:test').test('${name}', ${body});\n`;
const PASSES = one('good', '() => {}');
const CMOCKA = '#!/bin/sh\necho 1..2\necho "ok 1 - a"\n';

// Runs a copy of the runner on a project with these files; "sh" is the text of unit programs.
function run(t, suites, files, sh = {}) {
  const root = scratch(t, { 'tests/run': fs.readFileSync(path.join(top, 'tests/run'), 'utf8'), ...files });
  for (const [name, text] of Object.entries(sh)) {
    fs.mkdirSync(path.join(root, 'build/asan/unit'), { recursive: true });
    fs.writeFileSync(path.join(root, 'build/asan/unit', name), text, { mode: 0o755 });
  }
  const environment = { ...process.env, BUILD: 'build', JOBS: '2', GUICHET_VECTORS: root };
  delete environment.NODE_TEST_CONTEXT;
  const result = spawnSync(process.execPath, [path.join(root, 'tests/run'), ...suites],
    { encoding: 'utf8', env: environment });
  const lines = result.stdout.trimEnd().split('\n');
  return { status: result.status, last: lines[lines.length - 1], output: result.stdout };
}

test('runner: sums all suites', (t) => {
  const got = run(t, ['unit', 'money'], {
    'tests/unit/test_a.c': '', 'tests/money/a.test.js': PASSES + PASSES, 'tests/money/b.test.js': PASSES,
  }, { test_a: `${CMOCKA}echo "ok 2 - b"\n` });
  assert.deepEqual([got.status, got.last], [0, '5 passed, 0 failed']);
});

const FAULTS = [
  ['a failing test', one('bad', "() => { throw new Error('because'); }"), '1 passed, 1 failed', /because/],
  ['a skipped test', one('left', '{ skip: true }, () => {}'), '1 passed, 1 failed', /left/],
  ['a failing part', one('whole', "async (t) => { await t.test('part', () => { throw new Error('in'); }); }"),
    '1 passed, 2 failed', /part/],
  ['a bad end', "process.on('exit', () => { process.exitCode = 3; });\n", '1 passed, 1 failed', /ended with 3/],
  ['a crash', "process.kill(process.pid, 'SIGSEGV');\n", '0 passed, 1 failed', /SIGSEGV/],
];

for (const [what, text, last, shown] of FAULTS) {
  test(`runner: sees ${what}`, (t) => {
    const got = run(t, ['e2e'], { 'tests/e2e/a.test.js': PASSES + text });
    assert.deepEqual([got.status, got.last], [1, last], got.output);
    assert.match(got.output, shown);
  });
}

// Fails when it is run first, passes afterwards.
const UNSTEADY = `const fs = require('node:fs');
${one('shaky', `() => { const first = !fs.existsSync('ran'); fs.writeFileSync('ran', '');
  if (first) throw new Error('too early'); }`)}`;

test('runner: an e2e test that passes alone is named as unsteady', (t) => {
  const got = run(t, ['e2e'], { 'tests/e2e/a.test.js': UNSTEADY });
  assert.deepEqual([got.status, got.last], [0, '1 passed, 0 failed'], got.output);
  assert.match(got.output, /^unsteady e2e\/a\.test\.js: /m);
});

test('runner: no other suite gets a second try, and its end tells what failed', (t) => {
  const got = run(t, ['money'], { 'tests/money/a.test.js': UNSTEADY });
  assert.deepEqual([got.status, got.last], [1, '0 passed, 1 failed'], got.output);
  assert.match(got.output, /\nWhat failed\nmoney\/a\.test\.js\n {2}not ok 1 - shaky\n {6}error: 'too early'/);
});

const UNIT_FAULTS = [
  ['a failing cmocka test', `${CMOCKA}echo "not ok 2 - b"\necho "# why"\nexit 1\n`, '1 passed, 1 failed', /# why/],
  ['a skipped cmocka test', `${CMOCKA}echo "ok 2 # SKIP b"\n`, '1 passed, 1 failed', /SKIP/],
  ['a sanitizer after the tests', `${CMOCKA}echo "leak" >&2\nexit 23\n`, '1 passed, 1 failed', /leak/],
  ['a program that runs nothing', '#!/bin/sh\n', '0 passed, 1 failed', /ran no test/],
  ['a program that is not built', null, '0 passed, 1 failed', /ENOENT/],
];

for (const [what, sh, last, shown] of UNIT_FAULTS) {
  test(`runner: sees ${what}`, (t) => {
    const got = run(t, ['unit'], { 'tests/unit/test_a.c': '' }, sh === null ? {} : { test_a: sh });
    assert.deepEqual([got.status, got.last], [1, last], got.output);
    assert.match(got.output, shown);
  });
}

test('runner: a suite without programs fails', (t) => {
  const got = run(t, ['fault'], {});
  assert.deepEqual([got.status, got.last], [1, '0 passed, 1 failed']);
});

const gone = (pid) => {
  try {
    process.kill(pid, 0);
    return /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
};

test('runner: stopped, it leaves nothing running', async (t) => {
  const root = scratch(t, {
    'tests/run': fs.readFileSync(path.join(top, 'tests/run'), 'utf8'),
    'tests/e2e/a.test.js': "require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000);\n",
  });
  const child = spawn(process.execPath, [path.join(root, 'tests/run'), 'e2e'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const until = async (what, probe) => {
    for (const end = Date.now() + 60000; !probe(); await new Promise((next) => setTimeout(next, 50))) {
      assert.ok(Date.now() < end, what);
    }
  };
  const read = () => (fs.existsSync(path.join(root, 'pid')) ? fs.readFileSync(path.join(root, 'pid'), 'utf8') : '');
  await until('the test starts', () => Number(read()) > 0);
  child.kill('SIGTERM');
  assert.equal(await ended, 1);
  await until('the test ends', () => gone(Number(read())));
});
