'use strict';
// Calls that have no place here: other programs, comparisons that tell secrets by their time, weak
// randomness, writing without bounds, and tests that are left out.

const { list, read, plainC, lineOf, lint } = require('./lint.js');

const SECRET = '(?:secret|password|passphrase|token|cookie|csrf|hmac|mac|signature|digest|hash|seal)';
const CALLS = [
  [/\b(?:system|popen|exec[lv]p?e?|execveat|fork|vfork|posix_spawnp?|wordexp|dlopen)\s*\(/g,
    'starts another program'],
  [/\b(?:rand|random|srand|srandom|drand48|rand_r)\s*\(/g, 'weak randomness; base/random.h'],
  [/\b(?:strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat|alloca)\s*\(/g, 'writes without bounds'],
  [/\b(?:atoi|atol|atoll|strtod|atof)\s*\(/g, 'reads a number without refusing what is none'],
  [/\b(?:localtime|gmtime|strtok|strerror_l|ctime|asctime|getpwnam|gethostbyname)\s*\(/g,
    'not for threads'],
  [/\b(?:float|double)\b/g, 'amounts are integers'],
];
const COMPARISON = new RegExp(
  `\\b(?:memcmp|bcmp|strn?cmp|strn?casecmp|str_is|str_equal|str_same)\\s*\\((?:[^;]*[^;a-z])?${SECRET}s?\\b[^;]*`, 'gi');
// Names of things are no secrets: comparing against a literal word tells nothing.
const WITH_LITERAL = /"[^"]*"/;

function findCalls(root) {
  const findings = [];
  for (const file of list(root, ['src'], /\.[ch]$/)) {
    const source = plainC(read(root, file), { withoutStrings: true });
    for (const [pattern, reason] of CALLS) {
      for (const match of source.matchAll(pattern)) {
        findings.push(`${file}:${lineOf(source, match.index)}: ${match[0].trim()}: ${reason}`);
      }
    }
  }
  return findings;
}

function findComparisons(root) {
  const findings = [];
  for (const file of list(root, ['src'], /\.[ch]$/)) {
    const source = plainC(read(root, file));
    for (const match of source.matchAll(COMPARISON)) {
      const call = match[0].slice(0, closing(match[0]));
      if (!new RegExp(`${SECRET}`, 'i').test(call) || WITH_LITERAL.test(call)) continue;
      findings.push(`${file}:${lineOf(source, match.index)}: ${call.replace(/\s+/g, ' ')}:`
        + ' a secret is compared in constant time (base/hash.h)');
    }
  }
  return findings;
}

// The end of the call that the text begins with.
function closing(text) {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth += 1;
    if (text[i] === ')' && (depth -= 1) === 0) return i + 1;
  }
  return text.length;
}

function findLeftOut(root) {
  const findings = [];
  const itself = /^tests\/lint\//;
  for (const file of list(root, ['tests'], /\.(c|js)$/).filter((name) => !itself.test(name))) {
    const source = plainC(read(root, file), { withoutStrings: true });
    for (const match of source.matchAll(/\b(?:skip|todo|only)\s*(?:\(\s*\)|:\s*(?:true|'|"))|\.(?:skip|todo|only)\s*\(|#if 0/g)) {
      findings.push(`${file}:${lineOf(source, match.index)}: a test is left out (${match[0]})`);
    }
  }
  return findings;
}

lint('calls', findCalls, [
  ['another program', { 'src/job/a.c': '\nsystem("date");\n' }, /a\.c:2: system\(: starts/],
  ['exec', { 'src/job/a.c': 'execvp(a, b);\n' }, /starts another program/],
  ['weak randomness', { 'src/base/a.c': 'x = rand();\n' }, /weak randomness/],
  ['sprintf', { 'src/base/a.c': 'sprintf(a, "x");\n' }, /without bounds/],
  ['atoi', { 'src/base/a.c': 'x = atoi(a);\n' }, /reads a number/],
  ['strtok', { 'src/base/a.c': 'strtok(a, b);\n' }, /not for threads/],
  ['an amount with a point', { 'src/base/a.c': 'double amount;\n' }, /integers/],
], { 'src/base/a.c': '/* system(x) */ f("system(x)"); snprintf(a, n, "x"); random_bytes(a, n);\n' });

lint('secrets', findComparisons, [
  ['memcmp on a hash', { 'src/web/a.c': 'if (memcmp(hash, other, 32))\n;\n' }, /memcmp\(hash, other/],
  ['strcmp on a token', { 'src/web/a.c': 'ok = !strcmp(page->form_token, given);\n' }, /constant time/],
  ['str_is on a signature', { 'src/web/a.c': 'ok = str_is(given, signature);\n' }, /constant time/],
], {
  'src/web/a.c': 'str_is(name, "token"); strcmp(a->name, b->name); hash_equal(mac, other, n);\n',
});

lint('tests left out', findLeftOut, [
  ['cmocka skip', { 'tests/unit/test_a.c': 'skip();\n' }, /left out/],
  ['node skip', { 'tests/e2e/a.test.js': "test.skip('x', () => {});\n" }, /left out/],
  ['a skipping option', { 'tests/e2e/a.test.js': "test('x', { skip: true }, f);\n" }, /left out/],
  ['only', { 'tests/e2e/a.test.js': "test.only('x', f);\n" }, /left out/],
], { 'tests/e2e/a.test.js': "test('only one', f); // skip()\n" });
