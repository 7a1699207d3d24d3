'use strict';
// What is kept in the repository: nothing that was built or installed, no path of one machine, no
// address of a package registry.

const { spawnSync } = require('node:child_process');
const { read, lint } = require('./lint.js');

const BUILT = /(^|\/)(build|node_modules)\/|\.(o|a|d|so|db|db-wal|db-shm|key|log|pid)$/;
// Written in pieces, so that this file does not hold what it looks for.
const REGISTRIES = ['registry.npm' + 'js', 'npm' + 'mirror', 'deb.deb' + 'ian.org',
  'security.deb' + 'ian.org', 'pypi' + '.org', 'artifact' + 'ory', 'crates' + '.io'];
const PLACES = new RegExp(`(?:^|[\\s"'=(:])/(?:${['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me', 'Us' + 'ers'].join('|')})/\\w`);

function tracked(root) {
  const result = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`git: ${result.stderr}`);
  return result.stdout.split('\0').filter(Boolean);
}

function find(root) {
  const findings = [];
  for (const file of tracked(root)) {
    if (BUILT.test(file)) {
      findings.push(`${file}: built or installed, not written`);
      continue;
    }
    let text;
    try {
      text = read(root, file);
    } catch (error) {
      if (error.code === 'ENOENT') continue; // removed, not committed yet
      throw error;
    }
    text.split('\n').forEach((line, index) => {
      const host = REGISTRIES.find((name) => line.includes(name));
      if (host) findings.push(`${file}:${index + 1}: the address of a registry`);
      if (PLACES.test(line)) findings.push(`${file}:${index + 1}: a path of one machine`);
    });
  }
  return findings;
}

function committed(root) {
  spawnSync('git', ['init', '-q'], { cwd: root });
  spawnSync('git', ['add', '-A', '-f'], { cwd: root });
  return find(root);
}

lint('hygiene', (root) => (root.includes('guichet-lint-') ? committed(root) : find(root)), [
  ['an object file', { 'src/a.o': 'x' }, /src\/a\.o: built/],
  ['an installed package', { 'tests/node_modules/a/a.js': 'x' }, /installed/],
  ['a registry', { 'tests/package-lock.json': `"resolved": "https://${REGISTRIES[0]}.org/a"` }, /registry/],
  ['a path', { 'conf/a.conf': `a\nroot = /${'ho' + 'me'}/jeanne/guichet\n` }, /conf\/a\.conf:2: a path/],
], { 'conf/a.conf': 'root = /var/lib/guichet\n', 'src/a.c': '/* at work/home */\n' });
