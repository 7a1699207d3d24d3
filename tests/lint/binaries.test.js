'use strict';
// The programs as built: hardened, without a way to start another program, linked with nothing that
// the README does not name.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync, execFileSync } = require('node:child_process');
const { build, read, scratch, top } = require('./lint.js');

const STARTS = /^(?:system|popen|exec[lv]p?e?|execveat|fork|vfork|posix_spawnp?|wordexp)$/;

const output = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });

function imports(program) {
  return output('nm', '-D', '--undefined-only', program).split('\n')
    .map((line) => line.trim().split(/\s+/).pop().replace(/@.*/, '')).filter(Boolean);
}

function faults(program) {
  const header = output('readelf', '-hlW', program);
  const dynamic = output('readelf', '-dW', program);
  const names = imports(program);
  const found = names.filter((name) => STARTS.test(name)).map((name) => `calls ${name}`);
  if (!/Type:\s+DYN/.test(header)) found.push('no position-independent executable');
  if (!/GNU_RELRO/.test(header) || !/BIND_NOW|Flags:.*NOW/.test(dynamic)) found.push('no full RELRO');
  if (!/GNU_STACK.*RW /.test(header)) found.push('an executable stack');
  if (!names.includes('__stack_chk_fail')) found.push('no stack protector');
  if (!names.some((name) => /_chk$/.test(name))) found.push('no _FORTIFY_SOURCE');
  return found;
}

for (const name of ['guichet', 'guichet-sandbox']) {
  test(`binaries: ${name}`, () => {
    const program = path.join(build, name);
    assert.ok(fs.existsSync(program), `${program} is not built (make)`);
    assert.deepEqual(faults(program), []);
  });
}

test('binaries: finds what is wrong', (t) => {
  const root = scratch(t, { 'a.c': '#include <stdlib.h>\nint main(void)\n{\n    return system("true");\n}\n' });
  const result = spawnSync('gcc', ['-no-pie', '-fno-stack-protector', '-z', 'execstack', '-z',
    'norelro', 'a.c', '-o', 'a'], { cwd: root, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(faults(path.join(root, 'a')), ['calls system', 'no position-independent executable',
    'no full RELRO', 'an executable stack', 'no stack protector', 'no _FORTIFY_SOURCE']);
});

// Direct dependencies only: what those need in turn is Debian's business.
test('binaries: the README names each library', () => {
  const needed = output('readelf', '-dW', path.join(build, 'guichet')).split('\n')
    .map((line) => /NEEDED.*\[lib([a-z0-9]+?)(?:-[\d.]+)?\.so/.exec(line)).filter(Boolean)
    .map((match) => match[1]).filter((library) => library !== 'c');
  const readme = read(top, 'README.md');
  assert.ok(needed.length > 0);
  for (const library of needed) {
    const word = { sqlite3: 'SQLite', crypto: 'OpenSSL', fcgi: 'fcgi', curl: 'libcurl', qrencode: 'libqrencode' }[library] || library;
    assert.ok(readme.includes(word), `README.md says nothing of ${word}`);
  }
});
