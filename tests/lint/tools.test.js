'use strict';
// Debian's own judges of C: clang-format for the layout, clang-tidy and cppcheck for faults.

const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { top, build, list, lint } = require('./lint.js');

const JOBS = Math.max(1, Number(process.env.JOBS) || 2);
const CPPCHECK = ['-q', '-j', String(JOBS), '--std=c11', '--enable=warning,performance,portability',
  '--inline-suppr', `--library=${path.join(top, 'tests/lint/cppcheck.cfg')}`, '-D_GNU_SOURCE',
  '--template={file}:{line}: {message} [{id}]', '--template-location=', '--error-exitcode=1',
  // clang-tidy follows "if (!err)", cppcheck does not.
  '--suppress=uninitvar', '--suppress=ctuuninitvar', '--suppress=legacyUninitvar', '--suppress=uninitStructMember',
  // It does not see that require() ends the program.
  '--suppress=nullPointerRedundantCheck',
  // One folder is read by one thread.
  '--suppress=readdirCalled',
  // Its own parser gives up on a ?: among the arguments of a macro.
  '--suppress=internalAstError'];

const lines = (text) => [...new Set(text.split('\n').filter(Boolean))];

function requireTool(result, name) {
  if (result.error) throw new Error(`${name}: ${result.error.message} (make deps)`);
  return result;
}

function format(root) {
  const files = list(root, ['src', 'tests'], /\.[ch]$/);
  const result = requireTool(spawnSync('clang-format',
    ['--dry-run', '-Werror', `--style=file:${path.join(top, '.clang-format')}`, ...files],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 }), 'clang-format');
  const touched = [...result.stderr.matchAll(/^([^:\s]+):(\d+):\d+: error:/gm)].map((match) => match[1]);
  return [...new Set(touched)].map((file) => `${file}: make format would change it`);
}

function cppcheck(root) {
  const folders = ['src', 'tests/unit'].filter((folder) => list(root, [folder], /\.c$/).length > 0);
  const result = requireTool(spawnSync('cppcheck', [...CPPCHECK, '-Isrc', ...folders],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 }), 'cppcheck');
  return lines(result.stderr);
}

// How many states the analyzer looks at in one function. It goes to new places first: beyond this
// number it tries more ways to where it has been, and with 100000 takes twice the time. SCALE=8 and
// more is all that it would do by itself (225000).
const STATES_MAX = Math.min(225000, 30000 * (Number(process.env.SCALE) || 1));
const ANALYZER = ['-Xclang', '-analyzer-config', '-Xclang', `max-nodes=${STATES_MAX}`]
  .map((word) => `--extra-arg=${word}`);

// One program a file: told of several, clang-tidy 14 carries its mistakes on va_list from one to
// the next.
function tidyFile(root, file) {
  return new Promise((resolve, reject) => {
    const child = spawn('clang-tidy', ['--quiet', `--config-file=${path.join(top, '.clang-tidy')}`,
      ...ANALYZER, file, '--', '-std=gnu11', '-D_GNU_SOURCE', '-Isrc', `-I${build}/gen`],
    { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (data) => { text += data; });
    child.on('error', (error) => reject(new Error(`clang-tidy: ${error.message} (make deps)`)));
    child.on('close', (code) => {
      const found = lines(text).filter((line) => /: (?:warning|error): /.test(line))
        .map((line) => line.replace(`${root}/`, ''));
      resolve(code !== 0 && found.length === 0 ? [`${file}: clang-tidy ended with ${code}`] : found);
    });
  });
}

async function tidy(root) {
  const size = (file) => fs.statSync(path.join(root, file)).size;
  const waiting = list(root, ['src'], /\.c$/).sort((a, b) => size(b) - size(a));
  const findings = new Set();
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      for (const line of await tidyFile(root, file)) findings.add(line);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return [...findings].sort();
}

lint('clang-format', format, [
  ['another layout', { 'src/base/a.c': 'int f(void) {\n  return 1;\n}\n' }, /a\.c: make format/],
], { 'src/base/a.c': 'int f(void)\n{\n    return 1;\n}\n' });

lint('cppcheck', cppcheck, [
  ['a leak', { 'src/base/a.c': '#include <stdlib.h>\nint f(void)\n{\n    char *a = malloc(4);\n    return a != 0;\n}\n' },
    /a\.c:5: Memory leak/],
  ['a read past the end', { 'tests/unit/test_a.c': 'int f(void)\n{\n    int a[2] = {1, 2};\n    return a[2];\n}\n' },
    /test_a\.c:4: .*out of bounds/],
], { 'src/base/a.c': 'int f(int a)\n{\n    return a + 1;\n}\n' });

lint('clang-tidy', tidy, [
  ['a null pointer', { 'src/base/a.c': 'int f(int *a);\nint f(int *a)\n{\n    if (a)\n        return 0;\n    return *a;\n}\n' },
    /a\.c:6:.*NullDereference/],
  ['a lost body', { 'src/base/a.c': 'int f(int a);\nint f(int a)\n{\n    if (a);\n        a++;\n    return a;\n}\n' },
    /a\.c:4:.*semicolon/],
], { 'src/base/a.c': 'int f(int a);\nint f(int a)\n{\n    return a + 1;\n}\n' });
