'use strict';
// The Debian package of what is built, and one of a version to come: with another number, and a
// migration more.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { build } = require('./machine.js');

const top = path.resolve(__dirname, '../..');
const NEXT_TABLE = 'upgrade_of_a_test';
// Nothing is built again that is built: make takes the program as it stands.
const AS_BUILT = ['-o', path.join(build, 'guichet')];

function make(folder, ...words) {
  const made = spawnSync('make', ['-s', ...words], { cwd: folder, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stdout + made.stderr);
  return made.stdout.trim().split('\n').at(-1);
}

const currentPackage = () => make(top, ...AS_BUILT, `BUILD=${build}`, 'deb');

function isOfVersion(file) {
  return /^#include "(?:programs\/version|migrations)\.h"/m.test(fs.readFileSync(file, 'utf8'));
}

// A copy of the tree and of what is built; what knows the version or the migrations is older there
// than its source, and is compiled again.
function nextTree() {
  const tree = path.join(build, 'ops/next');
  fs.rmSync(tree, { recursive: true, force: true });
  fs.mkdirSync(path.join(tree, 'build'), { recursive: true });
  const copy = (from, names, to) => {
    const copied = spawnSync('cp', ['-a', ...names.map((name) => path.join(from, name)), to], { encoding: 'utf8' });
    assert.equal(copied.status, 0, copied.stderr);
  };
  copy(top, ['Makefile', 'README.md', 'LICENSE', 'src', 'sql', 'templates', 'static', 'conf'], tree);
  copy(build, ['gen', 'obj', 'libguichet.a'], path.join(tree, 'build'));
  fs.readdirSync(path.join(tree, 'src/programs')).map((name) => path.join(tree, 'src/programs', name))
    .filter(isOfVersion).forEach((file) => fs.utimesSync(file, new Date(), new Date()));
  return tree;
}

function nextPackage() {
  const tree = nextTree();
  const header = path.join(tree, 'src/programs/version.h');
  const text = fs.readFileSync(header, 'utf8');
  const [, start, last] = /GUICHET_VERSION "(.*?)(\d+)"/.exec(text);
  const version = `${start}${Number(last) + 1}`;
  fs.writeFileSync(header, text.replace(/GUICHET_VERSION ".*"/, `GUICHET_VERSION "${version}"`));
  const migrations = path.join(tree, 'sql/migrations');
  const number = String(Number(fs.readdirSync(migrations).sort().at(-1).slice(0, 4)) + 1).padStart(4, '0');
  fs.writeFileSync(path.join(migrations, `${number}_upgrade.sql`), `CREATE TABLE ${NEXT_TABLE} (id BIGINT NOT NULL PRIMARY KEY);\n`);
  return { file: make(tree, 'BUILD=build', 'deb'), version };
}

module.exports = { currentPackage, nextPackage, NEXT_TABLE };
