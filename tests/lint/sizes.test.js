'use strict';
// Code that is read easily: short functions, short files.

const { list, read, lint } = require('./lint.js');

const FUNCTION_LINES_MAX = 70;
const FUNCTION_LINES_MEDIAN_MAX = 15;
const FILE_LINES_MAX = 500;
const TEST_FILE_LINES_MAX = 800;

// A body begins with { and ends with } in the first column: clang-format keeps it so.
function functions(text) {
  const found = [];
  let start = 0;
  text.split('\n').forEach((line, index) => {
    if (line === '{') start = index + 1;
    if (line === '}' && start) {
      found.push({ line: start, length: index - start });
      start = 0;
    }
  });
  return found;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] || 0;

function find(root) {
  const findings = [];
  const lengths = [];
  for (const file of list(root, ['src', 'tests'], /\.(c|h|js)$/)) {
    const text = read(root, file);
    const inTests = file.startsWith('tests/');
    const max = inTests ? TEST_FILE_LINES_MAX : FILE_LINES_MAX;
    const lines = text.split('\n').length - 1;
    if (lines > max) findings.push(`${file}: ${lines} lines, at most ${max}`);
    if (!file.endsWith('.c')) continue;
    for (const each of functions(text)) {
      if (!inTests) lengths.push(each.length);
      if (each.length > FUNCTION_LINES_MAX) {
        findings.push(`${file}:${each.line}: a function of ${each.length} lines, at most ${FUNCTION_LINES_MAX}`);
      }
    }
  }
  if (median(lengths) > FUNCTION_LINES_MEDIAN_MAX) {
    findings.push(`src: the median function has ${median(lengths)} lines, at most ${FUNCTION_LINES_MEDIAN_MAX}`);
  }
  return findings;
}

const body = (lines) => `int f(void)\n{\n${'    g();\n'.repeat(lines)}}\n\n`;

lint('sizes', find, [
  ['a long function', { 'src/web/a.c': body(71) + body(1).repeat(3) }, /a\.c:2: a function of 71 lines/],
  ['a long function in a test', { 'tests/unit/test_a.c': body(71) }, /a function of 71 lines/],
  ['functions that are long as a rule', { 'src/web/a.c': body(16).repeat(3) }, /median function has 16/],
  ['a long file', { 'src/web/a.c': '\n'.repeat(501) }, /501 lines, at most 500/],
  ['a long test', { 'tests/e2e/a.test.js': '\n'.repeat(801) }, /801 lines, at most 800/],
], { 'src/web/a.c': body(70) + body(15).repeat(2), 'tests/unit/test_a.c': '\n'.repeat(800) });
