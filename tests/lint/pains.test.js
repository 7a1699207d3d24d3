'use strict';
// What hurt people elsewhere must not hurt here: tests/pains.tsv names, for each pain, the test
// that would fail. Each line is the pain, the file and the exact name of the test.

const fs = require('node:fs');
const path = require('node:path');
const { read, lint } = require('./lint.js');

const LIST = 'tests/pains.tsv';

// Names of the tests that a file runs: what is defined but not run is no test.
function namesOf(file, source) {
  if (file.endsWith('.c')) {
    const defined = [...source.matchAll(/^static void (\w+)\(void \*\*state\)/gm)].map(([, name]) => name);
    return defined.filter((name) => new RegExp(`\\(\\s*${name}\\s*[,)]`).test(source));
  }
  return [...source.matchAll(/^\s*test\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gm)].map(([, , name]) => name.replace(/\\(.)/g, '$1'));
}

function complaintOf(root, [pain, file, name, more], seen) {
  if (!pain || !file || !name || more !== undefined) return 'not a pain, a file and a test';
  if (seen.has(pain)) return 'a pain that stands there already';
  if (!fs.existsSync(path.join(root, file))) return `no file ${file}`;
  return namesOf(file, read(root, file)).includes(name) ? '' : `no test "${name}" in ${file}`;
}

function findings(root) {
  if (!fs.existsSync(path.join(root, LIST))) return [`${LIST}:1: the list is missing`];
  const lines = read(root, LIST).split('\n').slice(0, -1);
  const seen = new Set();
  return lines.flatMap((line, index) => {
    const cells = line.split('\t');
    const complaint = complaintOf(root, cells, seen);
    seen.add(cells[0]);
    return complaint ? [`${LIST}:${index + 1}: ${complaint}`] : [];
  });
}

const GOOD = {
  'tests/e2e/a.test.js': 'test("it\'s paid once", async () => {});\n',
  'tests/unit/test_a.c': 'static void once(void **state)\n{\n}\nint main(void) { TEST(once); }\n',
};
lint('each pain has its test', findings, [
  ['a test that is gone', { ...GOOD, [LIST]: 'Twice\ttests/e2e/a.test.js\tpaid once\n' }, /pains\.tsv:1: no test "paid once"/],
  ['a file that is gone', { ...GOOD, [LIST]: 'Twice\ttests/e2e/b.test.js\tpaid once\n' }, /no file/],
  ['a test that is only a comment', { 'tests/e2e/a.test.js': '// test("once")\n', [LIST]: 'Twice\ttests/e2e/a.test.js\tonce\n' }, /no test "once"/],
  ['a test that is not run', { 'tests/unit/test_a.c': 'static void once(void **state)\n{\n}\n', [LIST]: 'Twice\ttests/unit/test_a.c\tonce\n' },
    /no test "once"/],
  ['a pain twice', { ...GOOD, [LIST]: "Twice\ttests/e2e/a.test.js\tit's paid once\nTwice\ttests/unit/test_a.c\tonce\n" }, /:2: a pain that stands there/],
  ['a line that names no test', { ...GOOD, [LIST]: 'Twice\ttests/e2e/a.test.js\n' }, /not a pain, a file and a test/],
  ['no list', {}, /the list is missing/],
], { ...GOOD, [LIST]: "Twice\ttests/e2e/a.test.js\tit's paid once\nThrice\ttests/unit/test_a.c\tonce\n" });
