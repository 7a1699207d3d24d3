'use strict';
// The security checklist: rows.tsv names each row, and for each row the tests that would fail if
// its control were gone. "NUMBER words" begins a row, "NUMBER file test" is one of its tests: the
// exact name that the test has while it runs, and that it says in TAP.

const fs = require('node:fs');
const path = require('node:path');

const LIST = 'tests/security/rows.tsv';
const ROWS = 69;

// [{ line, row, words }] and [{ line, row, file, name }], in the order of the list.
function readRows(root) {
  const lines = fs.readFileSync(path.join(root, LIST), 'utf8').split('\n').slice(0, -1)
    .map((line, index) => ({ cells: line.split('\t'), line: index + 1 }));
  const titles = lines.filter(({ cells }) => cells.length === 2)
    .map(({ cells: [row, words], line }) => ({ line, row: Number(row), words }));
  const tests = lines.filter(({ cells }) => cells.length === 3)
    .map(({ cells: [row, file, name], line }) => ({ line, row: Number(row), file, name }));
  const odd = lines.filter(({ cells }) => ![2, 3].includes(cells.length) || !/^[1-9]\d*$/.test(cells[0])
    || cells.includes('')).map(({ line }) => line);
  return { titles, tests, odd };
}

// What ran, by name, from TAP: true when it passed. Tests within tests are judged with the one
// around them; one that was left out did not run.
function verdictsOf(output) {
  const seen = new Map();
  for (const [, not, said, directive] of output.matchAll(/^(not )?ok \d+ (?:- )?(.*?)( # (?:SKIP|TODO)\b.*)?$/gim)) {
    const name = said.replace(/\\([#\\])/g, '$1');
    if (!directive) seen.set(name, !not && seen.get(name) !== false);
  }
  return seen;
}

// program is "unit/test_x" or "e2e/x.test.js", as tests/run calls it.
const programOf = (file) => file.replace(/^tests\//, '').replace(/\.c$/, '');

// The table as people read it, and how many rows are not held by a test that passed.
function report({ titles, tests }, verdicts) {
  const lines = [];
  let failed = 0;
  for (const { row, words } of titles) {
    const said = tests.filter((one) => one.row === row).map(({ file, name }) => {
      const passed = verdicts.get(programOf(file))?.get(name);
      return { text: `          ${{ true: 'pass', false: 'FAIL' }[passed] ?? 'DID NOT RUN'}  ${file}  ${name}`, passed };
    });
    const held = said.length > 0 && said.every(({ passed }) => passed === true);
    if (!held) failed += 1;
    lines.push(`${held ? 'ok    ' : 'FAILED'} row ${String(row).padStart(2)}  ${words}`, ...said.map(({ text }) => text));
  }
  return { lines, failed, passed: titles.length - failed };
}

module.exports = { LIST, ROWS, readRows, verdictsOf, programOf, report };
