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

// endbr64 stands where an indirect jump may land (-fcf-protection). Debian's own beginning of a
// program has none, so that the note of the whole file says nothing.
const LANDING = Buffer.from([0xf3, 0x0f, 0x1e, 0xfa]);
const LANDINGS_MIN = 100;

function landings(program) {
  const bytes = fs.readFileSync(program);
  let count = 0;
  for (let at = bytes.indexOf(LANDING); at >= 0; at = bytes.indexOf(LANDING, at + 1)) count += 1;
  return count;
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
  if (/LOAD.*RWE/.test(header)) found.push('memory both writable and executable');
  if (/R(?:UN)?PATH/.test(dynamic)) found.push('libraries from a folder of its own');
  if (process.arch === 'x64' && landings(program) < LANDINGS_MIN) found.push('jumps that may land anywhere');
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
    'norelro', '-Wl,-rpath,/tmp', 'a.c', '-o', 'a'], { cwd: root, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(faults(path.join(root, 'a')), ['calls system', 'no position-independent executable',
    'no full RELRO', 'an executable stack', 'no stack protector', 'no _FORTIFY_SOURCE',
    'libraries from a folder of its own', ...(process.arch === 'x64' ? ['jumps that may land anywhere'] : [])]);
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
