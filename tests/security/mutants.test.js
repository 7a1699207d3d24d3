'use strict';
// Tests that cannot fail prove nothing. mutants.tsv takes one control away in each line: row of the
// checklist, file, what stands there exactly once, what stands there instead (\n begins another
// line), and the test of that row that must fail on it. One file is compiled anew for each and put
// in front of the library as it is.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { build, scratch, top } = require('../lint/lint.js');
const { readRows, verdictsOf } = require('./rows.js');

const LIST = 'tests/security/mutants.tsv';
const LEAST = 15; // rows
const TIME_LIMIT_MS = 180000;

function readMutants() {
  return fs.readFileSync(path.join(top, LIST), 'utf8').split('\n').slice(0, -1).map((line) => {
    const [row, file, pattern, replacement, testFile, name] = line.split('\t');
    return { row: Number(row), file, pattern, replacement: replacement.replaceAll('\\n    ', '\n    '), testFile, name };
  });
}

// ---- building ----

// What the Makefile says of a compiler, its flags and libraries.
let said;
function makefile() {
  said ??= execFileSync('make', ['-s', '--no-print-directory', '-C', top, `BUILD=${build}`,
    '--eval=.PHONY: tell-flags\ntell-flags:\n\t@printf "%s\\n" "$(STANDARD) $(CHECKED) $(INCLUDES)" "$(LIBRARIES)" "$(HOUSE_MAIN)"', 'tell-flags'],
  { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(/\s+/).filter(Boolean));
  const [flags, libraries, main] = said;
  return { flags, libraries, main };
}

function compiler(...words) {
  const result = spawnSync('gcc', words, { cwd: top, encoding: 'utf8' });
  assert.equal(result.status, 0, `gcc ${words.join(' ')}\n${result.stderr}`);
}

// The file without its control, as C.
function mutated(folder, { file, pattern, replacement }) {
  const text = fs.readFileSync(path.join(top, file), 'utf8');
  assert.equal(text.split(pattern).length - 1, 1, `${file} holds "${pattern}" once`);
  const copy = path.join(folder, path.basename(file));
  fs.writeFileSync(copy, text.replace(pattern, () => replacement));
  return file.endsWith('.sql') ? catalog(folder, file, copy) : copy;
}

// The statements, with one file of them changed.
function catalog(folder, file, copy) {
  const queries = fs.readdirSync(path.join(top, path.dirname(file))).filter((name) => name.endsWith('.sql')).sort()
    .map((name) => path.join(path.dirname(file), name)).map((name) => (name === file ? copy : name));
  const source = path.join(folder, 'queries.c');
  fs.writeFileSync(source, execFileSync('awk', ['-f', 'src/db/queries.awk', '-v', 'mode=source', '-v', 'prefix=Q', '-v', 'type=query',
    '-v', 'symbol=guichet_queries', '-v', 'header=queries.h', ...queries], { cwd: top, encoding: 'utf8' }));
  return source;
}

// The program of a test: its own objects, the file without control, everything else as it was built.
function link(folder, mutant) {
  const { flags, libraries, main } = makefile();
  const object = path.join(folder, 'mutant.o');
  const asan = path.join(build, 'asan');
  const unit = mutant.testFile.endsWith('.c');
  const own = (unit ? [mutant.testFile] : main).map((name) => path.join(asan, 'obj', name.replace(/\.c$/, '.o')));
  const program = path.join(folder, 'program');
  compiler(...flags, '-iquote', path.join(top, path.dirname(mutant.file)), '-c', mutated(folder, mutant), '-o', object);
  compiler(...flags.filter((one) => one.startsWith('-fsanitize')), ...own, object, ...(unit ? [path.join(asan, 'libsupport.a')] : []),
    path.join(asan, 'libguichet.a'), ...libraries, ...(unit ? ['-lcmocka'] : []), '-o', program);
  return program;
}

// ---- running ----

function run(program, { testFile, name }) {
  const environment = { ...process.env, CMOCKA_MESSAGE_OUTPUT: 'TAP' };
  delete environment.NODE_TEST_CONTEXT;
  const command = testFile.endsWith('.c') ? [program]
    : [process.execPath, '--test-reporter=tap', `--test-name-pattern=^${name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`, testFile];
  // Of the matrix a few addresses do.
  if (command[0] !== program)
    Object.assign(environment, { GUICHET: program, GUICHET_MATRIX: '^/produits/', GUICHET_PREPARER: path.join(build, 'guichet'), GUICHET_SANDBOX: path.join(build, 'guichet-sandbox') });
  const { stdout, stderr } = spawnSync(command[0], command.slice(1),
    { cwd: top, env: environment, encoding: 'utf8', timeout: TIME_LIMIT_MS, maxBuffer: 64 << 20 });
  return { output: stdout + stderr, verdict: verdictsOf(stdout).get(name) };
}

const mutants = readMutants();

test(`mutants: at least ${LEAST} rows, each with a test that holds it`, () => {
  const { tests } = readRows(top);
  assert.ok(new Set(mutants.map(({ row }) => row)).size >= LEAST);
  for (const { row, testFile, name } of mutants)
    assert.ok(tests.some((one) => one.row === row && one.file === testFile && one.name === name), `row ${row}: ${testFile} ${name}`);
});

// Its program is built the same way; what is changed here is a comment.
test('mutants: a change that takes nothing away is not caught', (t) => {
  const mutant = { file: 'src/base/csv.c', pattern: '/* What a spreadsheet computes', replacement: '/* What a table computes',
    testFile: 'tests/unit/test_csv.c', name: 'no_cell_becomes_a_formula' };
  assert.equal(run(link(scratch(t, {}), mutant), mutant).verdict, true);
  assert.throws(() => link(scratch(t, {}), { ...mutant, pattern: 'no such thing' }), /holds "no such thing" once/);
});

for (const mutant of mutants) {
  test(`mutants: row ${mutant.row} without "${mutant.pattern}"`, (t) => {
    const { verdict, output } = run(link(scratch(t, {}), mutant), mutant);
    assert.equal(verdict, false, `${mutant.testFile}, ${mutant.name}: ${verdict === true ? 'passed all the same' : `did not run\n${output}`}`);
  });
}
