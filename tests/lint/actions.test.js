'use strict';
// Every action that the program writes into the audit is told in a sentence of ours.

const fs = require('node:fs');
const path = require('node:path');
const { list, read, plainC, lineOf, lint } = require('./lint.js');

const PHRASES = 'templates/web/actions-phrases.txt';
const FOLDERS = ['association', 'accounting', 'payment', 'job', 'web', 'programs'].map((one) => `src/${one}`);
// Words of the same form that are none: columns of sealed values, files.
const SEALED = ['bank_account.iban_sealed', 'login.totp', 'login_totp.sealed_seed', 'platform_secret.sealed', 'secret.sealed'];
const FILE = /\.(?:c|h|js|css|svg|html|txt)$/;
const OTHER_CALLS = ['log_line', 'log_failure'];

// The function whose arguments a place stands in; '' outside of any.
function callAround(source, index) {
  for (let depth = 0, i = index - 1; i >= 0; i--) {
    if (source[i] === ')')
      depth++;
    else if (source[i] === '(' && depth-- === 0)
      return /(\w+)\s*$/.exec(source.slice(0, i))?.[1] ?? '';
    else if (';{}'.includes(source[i]) && depth === 0)
      return '';
  }
  return '';
}

function phrasesOf(root) {
  const file = path.join(root, PHRASES);
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => line.split('|'));
}

function findUntold(root) {
  const phrases = phrasesOf(root);
  const told = new Set(phrases.map(([action]) => action));
  const findings = phrases.filter((line) => line.length !== 3 || !/^(?:-|objet|detail|role|mot)$/.test(line[1]) || line[2] === '')
    .map((line) => `${PHRASES}: ${line.join('|')}: action|kind|sentence`);
  for (const file of list(root, FOLDERS, /\.c$/)) {
    const source = plainC(read(root, file)).replace(/^#include.*$/gm, '');
    for (const match of source.matchAll(/"([a-z_]+\.[a-z_]+)"/g))
      if (!told.has(match[1]) && !SEALED.includes(match[1]) && !FILE.test(match[1])
        && !OTHER_CALLS.includes(callAround(source, match.index)))
        findings.push(`${file}:${lineOf(source, match.index)}: ${match[1]}: no sentence in ${PHRASES}`);
  }
  return findings;
}

const told = 'member.added|-|a ajouté un adhérent\n';
lint('actions', findUntold, [
  ['an action without a sentence', { 'src/association/a.c': 'audit_add(db, 1, actor, "member.eaten", o, "");', [PHRASES]: told }, /member\.eaten/],
  ['one of two', { 'src/payment/a.c': 'x = added ? "member.added" : "member.lost";', [PHRASES]: told }, /member\.lost/],
  ['a line without a sentence', { [PHRASES]: 'member.added|-|' }, /action\|kind\|sentence/],
  ['a line of another form', { [PHRASES]: 'member.added: a ajouté' }, /action\|kind\|sentence/],
], { 'src/web/a.c': '#include "base/log.h"\nnote("member.added"); log_line(LOG_INFO, "web.refused", "%s", f("x"));', [PHRASES]: told });
