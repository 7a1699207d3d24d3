'use strict';
// One language a file: no HTML and no SQL in C (they live in templates/ and sql/), no style and no
// script in a template.

const { list, read, plainC, lineOf, lint } = require('./lint.js');

const STRING = /"(?:\\[\s\S]|[^"\\\n])*"/g;
const HTML = /<\/?(?:!doctype|html|head|body|div|span|p|a|b|i|em|strong|ul|ol|li|h[1-6]|table|t[rdh]|thead|tbody|form|input|button|label|select|option|main|nav|section|title|meta|link|style|script|img|br|hr)(?:[\s>/]|\\")|&(?:nbsp|lt|gt|amp|quot|#\d+);/i;
const SQL = /\b(?:SELECT\s+[\w*(,.$]|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|TRIGGER|VIEW)\b)/;
// What an engine needs of its own: transactions, settings, its list of migrations.
const ENGINE_SQL = /^src\/db\//;
// The one place that writes entities: escaping.
const ESCAPING = /^src\/template\/escape\.c$/;

// Neighbouring literals are one text for the compiler, so they are judged as one.
function texts(source) {
  const found = [];
  for (const match of source.matchAll(STRING)) {
    const last = found[found.length - 1];
    if (last && /^\s*$/.test(source.slice(last.end, match.index))) {
      last.text += match[0].slice(1, -1);
      last.end = match.index + match[0].length;
    } else {
      found.push({ index: match.index, end: match.index + match[0].length, text: match[0].slice(1, -1) });
    }
  }
  return found;
}

function findInC(root) {
  const findings = [];
  for (const file of list(root, ['src'], /\.[ch]$/)) {
    const source = plainC(read(root, file));
    for (const { index, text } of texts(source)) {
      const place = `${file}:${lineOf(source, index)}`;
      if (HTML.test(text) && !ESCAPING.test(file)) findings.push(`${place}: HTML in C`);
      if (SQL.test(text) && !ENGINE_SQL.test(file)) findings.push(`${place}: SQL in C`);
    }
  }
  return findings;
}

function findInTemplates(root) {
  const findings = [];
  for (const file of list(root, ['templates'], /\.html$/)) {
    read(root, file).split('\n').forEach((line, index) => {
      if (/<style|\sstyle\s*=|\son\w+\s*=|<script(?![^>]*\ssrc=)|javascript:/i.test(line)) {
        findings.push(`${file}:${index + 1}: style or script in a template`);
      }
    });
  }
  return findings;
}

lint('no HTML, no SQL in C', findInC, [
  ['a tag', { 'src/web/a.c': 'const char *a = "<p>Bonjour";\n' }, /a\.c:1: HTML in C/],
  ['a tag with attributes', { 'src/web/a.c': 'f("<a href=\\"x\\">");\n' }, /HTML in C/],
  ['an entity', { 'src/web/a.c': '\nf("10&nbsp;%s");\n' }, /a\.c:2: HTML in C/],
  ['a query', { 'src/web/a.c': 'f("SELECT id FROM login");\n' }, /SQL in C/],
  ['a query in two pieces', { 'src/web/a.c': 'f("INSERT "\n  "INTO login");\n' }, /SQL in C/],
], {
  'src/web/a.c': '/* <p> SELECT id */ f("<%s>", "Updated: a <b"); g("select one");\n',
  'src/db/a.c': 'f("SELECT version FROM schema_version");\n',
});

lint('no style, no script in templates', findInTemplates, [
  ['a style', { 'templates/a.html': '<p style="color: red">\n' }, /a\.html:1/],
  ['a handler', { 'templates/a.html': '<p>\n<body onload="x()">\n' }, /a\.html:2/],
  ['a script', { 'templates/a.html': '<script>x()</script>\n' }, /a\.html:1/],
], { 'templates/a.html': '<script src="/static/a.js?v=1" defer></script>\n<p class="style">\n' });
