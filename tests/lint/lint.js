'use strict';
// What every lint shares. A lint is a function from a tree to findings ("file:line: sentence"). It
// is run on the project, where it must find nothing, and on small trees with one fault each, where
// it must find exactly that: a lint that cannot fail proves nothing.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const top = path.resolve(__dirname, '../..');
const build = path.resolve(top, process.env.BUILD || 'build');

// Paths of the files below the folders, relative to root; what is built or installed is left out.
function list(root, folders, pattern) {
  const found = [];
  const walk = (folder) => {
    const full = path.join(root, folder);
    if (!fs.existsSync(full)) return;
    for (const entry of fs.readdirSync(full, { withFileTypes: true })) {
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && !['node_modules', '.git'].includes(entry.name)) walk(name);
      else if (entry.isFile() && pattern.test(name)) found.push(name);
    }
  };
  folders.forEach(walk);
  return found.sort();
}

function read(root, file) {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

// The same C text with comments (and, if asked, what stands in quotes) turned into spaces: lines
// and columns stay.
function plainC(text, { withoutStrings = false } = {}) {
  const blank = (part) => part.replace(/[^\n]/g, ' ');
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(tokens, (part) => {
    if (part.startsWith('/')) return blank(part);
    return withoutStrings ? part[0] + blank(part.slice(1, -1)) + part[0] : part;
  });
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}

// A tree of its own for one test.
function scratch(t, files) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-lint-'));
  t.after(() => fs.rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

// find(root) is the lint; faults are [what, files, pattern of the one finding].
function lint(name, find, faults, harmless = {}) {
  test(`${name}: the project`, async () => {
    const findings = await find(top);
    assert.equal(findings.length, 0, `\n${findings.join('\n')}\n`);
  });
  for (const [what, files, expected] of faults) {
    test(`${name}: finds ${what}`, async (t) => {
      const findings = await find(scratch(t, files));
      assert.equal(findings.length, 1, `found: ${findings.join(' | ') || 'nothing'}`);
      assert.match(findings[0], expected);
    });
  }
  if (Object.keys(harmless).length > 0) {
    test(`${name}: lets pass what is right`, async (t) => {
      assert.deepEqual(await find(scratch(t, harmless)), []);
    });
  }
}

module.exports = { top, build, list, read, plainC, lineOf, scratch, lint };
