'use strict';
// The list of the security checklist is whole: each row stands there once, each test it names is
// one that runs. And what tests/run makes of it: a row is held by tests that passed, no others.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { lint, read, scratch, top } = require('../lint/lint.js');
const { LIST, ROWS, readRows, verdictsOf } = require('./rows.js');

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

// What a name in the source may be while it runs: `${x}` stands for anything.
function patternOf(name, quote) {
  const plain = name.replace(/\\(['"`\\])/g, '$1');
  const parts = quote === '`' ? plain.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/) : [plain];
  return new RegExp(`^${parts.map(escaped).join('.+')}$`);
}

// Of a C file the functions that are in a list of tests, too: what is only defined runs never.
function patternsOf(file, source) {
  if (file.endsWith('.c')) {
    return [...source.matchAll(/^static void (\w+)\(void \*\*state\)/gm)].map(([, name]) => name)
      .filter((name) => new RegExp(`\\(\\s*${name}\\s*[,)]`).test(source)).map((name) => patternOf(name));
  }
  const tests = [...source.matchAll(/^\s*test\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gm)].map(([, quote, name]) => patternOf(name, quote));
  const lints = [...source.matchAll(/^lint\(\s*'([^']*)'/gm)].map(([, name]) => new RegExp(`^${escaped(name)}: `));
  return [...tests, ...lints];
}

function complaintsOf(root, { row, file, name, line }) {
  const complain = (words) => [`${LIST}:${line}: row ${row}: ${words}`];
  if (!fs.existsSync(path.join(root, file))) return complain(`no file ${file}`);
  return patternsOf(file, read(root, file)).some((pattern) => pattern.test(name)) ? [] : complain(`no test "${name}" in ${file}`);
}

function findings(root) {
  if (!fs.existsSync(path.join(root, LIST))) return [`${LIST}:1: the list is missing`];
  const { titles, tests, odd } = readRows(root);
  const rows = titles.map(({ row }) => row);
  const wanted = Array.from({ length: ROWS }, (_, index) => index + 1);
  const seen = new Set();
  const twice = tests.filter(({ row, file, name }) => seen.has(`${row} ${file} ${name}`) || !seen.add(`${row} ${file} ${name}`));
  return [...odd.map((line) => `${LIST}:${line}: not "row, words" and not "row, file, test"`),
    ...(rows.join() === wanted.join() ? [] : [`${LIST}: rows ${rows.join()}: each of 1 to ${ROWS} once, in order`]),
    ...wanted.filter((row) => rows.includes(row) && !tests.some((one) => one.row === row)).map((row) => `${LIST}: row ${row} has no test`),
    ...tests.filter(({ row }) => row > ROWS).map(({ line }) => `${LIST}:${line}: there is no such row`),
    ...twice.map(({ line }) => `${LIST}:${line}: it stands there already`),
    ...tests.flatMap((one) => complaintsOf(root, one))];
}

// ---- the list ----

const SOURCES = {
  'tests/e2e/a.test.js': 'test("it\'s closed", async () => {});\ntest(`closed ${js ? "with" : "without"} script`, f);\n',
  'tests/unit/test_a.c': 'static void once(void **state)\n{\n}\nstatic void never(void **state)\n{\n}\nint main(void) { TEST(once); }\n',
};
const every = (cell) => Array.from({ length: ROWS }, (_, index) => `${index + 1}\twords\n${index + 1}\t${cell}\n`).join('');
const GOOD = every("tests/e2e/a.test.js\tit's closed");
const tree = (text) => ({ ...SOURCES, [LIST]: text });

lint('security rows', findings, [
  ['a test that is gone', tree(GOOD.replace("7\ttests/e2e/a.test.js\tit's closed", '7\ttests/e2e/a.test.js\tclosed')), /row 7: no test "closed"/],
  ['a file that is gone', tree(GOOD.replace('5\ttests/e2e/a', '5\ttests/e2e/b')), /row 5: no file/],
  ['a test that is not run', tree(`${GOOD}9\ttests/unit/test_a.c\tnever\n`), /row 9: no test "never"/],
  ['a row that is missing', tree(GOOD.replace(/^69.*\n/gm, '')), /each of 1 to 69 once/],
  ['a row without test', tree(GOOD.replace(/^12\ttests.*\n/m, '')), /row 12 has no test/],
  ['a test of no row', tree(`${GOOD}70\ttests/unit/test_a.c\tonce\n`), /no such row/],
  ['a row twice', tree(`${GOOD}3\twords\n`), /each of 1 to 69 once/],
  ['a test twice', tree(`${GOOD}1\ttests/e2e/a.test.js\tit's closed\n`), /stands there already/],
  ['a line that says too little', tree(`${GOOD}1\n`), /not "row, words"/],
  ['no list', {}, /the list is missing/],
], tree(`${GOOD}1\ttests/e2e/a.test.js\tclosed with script\n1\ttests/unit/test_a.c\tonce\n`));

// ---- what is made of it ----

test('security rows: what TAP says of a test', () => {
  const said = 'ok 1 - one \\# two\nnot ok 2 - bad\nok 3 - left # SKIP why\n    ok 1 - inner\nok 4 - twice\nnot ok 5 - twice\n'
    + '# Subtest: x\nok 6 - twice\n';
  assert.deepEqual([...verdictsOf(said)], [['one # two', true], ['bad', false], ['twice', false]]);
});

// A small project with two rows, one of them held elsewhere.
function run(t, suites, { bad = false, list = '' } = {}) {
  const root = scratch(t, { 'tests/run': read(top, 'tests/run'), 'tests/security/rows.js': read(top, 'tests/security/rows.js'),
    [LIST]: `1\tin the house\n1\ttests/e2e/a.test.js\ta (good) one\n2\there\n2\ttests/security/b.test.js\tb\n${list}`,
    'tests/e2e/a.test.js': `const { test } = require('node:test');
      test('a (good) one', () => { ${bad ? "throw new Error('because');" : ''} });
      test('not named', () => { require('fs').writeFileSync('whole', ''); });\n`,
    'tests/security/b.test.js': "require('node:test').test('b', () => {});\n" });
  const environment = { ...process.env, BUILD: 'build', JOBS: '2', GUICHET_VECTORS: root };
  delete environment.NODE_TEST_CONTEXT;
  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'tests/run'), ...suites], { encoding: 'utf8', env: environment });
  return { status, stdout, last: stdout.trimEnd().split('\n').at(-1), whole: fs.existsSync(path.join(root, 'whole')) };
}

test('security rows: alone, the suite runs what the list names, and nothing else', (t) => {
  const { status, stdout, last, whole } = run(t, ['security']);
  assert.deepEqual([status, last, whole], [0, '4 passed, 0 failed', false], stdout);
  assert.match(stdout, /ok {5}row {2}1 {2}in the house\n {10}pass {2}tests\/e2e\/a\.test\.js {2}a \(good\) one\n/);
});

test('security rows: beside the other suites, their own results are taken', (t) => {
  const { status, stdout, last, whole } = run(t, ['e2e', 'security']);
  assert.deepEqual([status, last, whole], [0, '5 passed, 0 failed', true], stdout);
  assert.doesNotMatch(run(t, ['e2e']).stdout, /row by row/);
});

test('security rows: a test that fails, or does not run, fails its row', (t) => {
  for (const suites of [['security'], ['e2e', 'security']]) {
    const { status, stdout } = run(t, suites, { bad: true });
    assert.equal(status, 1);
    assert.match(stdout, /FAILED row {2}1 .*\n {10}FAIL {2}tests/);
    assert.match(stdout, /ok {5}row {2}2 .*\n {10}pass {2}tests/);
  }
  for (const missing of ['3\tgone\n3\ttests/e2e/z.test.js\tz\n', '3\tgone\n3\ttests/e2e/a.test.js\tanother\n', '3\tnothing\n']) {
    const { status, stdout } = run(t, ['security'], { list: missing });
    assert.equal(status, 1);
    assert.match(stdout, /FAILED row {2}3/);
    assert.match(stdout, /2 rows hold, 1 do not/);
  }
});
