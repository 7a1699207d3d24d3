'use strict';
// French typography of what people read: no line ends before a mark that belongs to the word in
// front of it. "? ! ; : » % €" stand behind a no-break space, narrow or not, and "«" before one.
// What stands in attributes that nobody reads, in code and in addresses is left alone.

const { list, read, lineOf, lint } = require('./lint.js');

const READ_OUT = /\b(?:aria-label|title|alt|placeholder|data-label)="([^"]*)"/g;
const blank = (part) => part.replace(/[^\n]/g, '\0');

// The same text with all that is no sentence blotted out; lines stay. Sections are seen through.
function sentences(source) {
  return source
    .replace(/\{\{[\s\S]*?\}\}/g, (tag) => blank(tag))
    .replace(/<(code|script)\b[\s\S]*?<\/\1>/g, blank)
    .replace(/<!?\/?[a-z][^>]*>/gi, (tag) => {
      const kept = [...blank(tag)];
      for (const match of tag.matchAll(READ_OUT)) {
        const start = match.index + match[0].length - match[1].length - 1;
        kept.splice(start, match[1].length, ...match[1]);
      }
      return kept.join('');
    })
    .replace(/&(?:nbsp|#160|#8239|#x202f);/g, (entity) => `${'\0'.repeat(entity.length - 1)}\u00a0`)
    .replace(/&[a-z#0-9]+;/gi, blank)
    .replace(/\b(?:https?|mailto):[^\s\0]*/g, blank);
}

const FAULTS = [
  [/[ \n]\0*(?=[?!;:»%€](?![\p{L}\d=/&?]))/gu, 'breaks before the mark'],
  [/[\p{L}\d)](?=[?!;»€](?![\p{L}\d=/&?]))/gu, 'stands at the mark'],
  [/\p{L}(?=:(?:[\s\0]|$))/gu, 'stands at the mark'],
  [/\d(?=%)/g, 'stands at the mark'],
  [/«(?![\u00a0\u202f\0])|«\0+ /gu, 'breaks after the mark'],
];

function findings(root) {
  const found = [];
  for (const file of list(root, ['templates'], /\.(?:html|txt)$/)) {
    const text = sentences(read(root, file));
    for (const [pattern, complaint] of FAULTS)
      for (const { index } of text.matchAll(pattern))
        found.push(`${file}:${lineOf(text, index)}: ${complaint}: ${text.slice(Math.max(0, index - 20), index + 8).replace(/[\0\n]+/g, ' ')}`);
  }
  return found;
}

lint('marks stay with their words', findings, [
  ['a question', { 'templates/a.html': '<p>\nOublié ?</p>\n' }, /a\.html:2: breaks before the mark/],
  ['a question at the end of a tag', { 'templates/a.html': '<p><b>Oublié</b> ?</p>\n' }, /breaks before/],
  ['a colon behind a value', { 'templates/a.txt': 'Reçu {{#x}}{{amount}}{{/x}} : merci\n' }, /breaks before/],
  ['a mark on the next line', { 'templates/a.txt': 'Merci\n! Bien\n' }, /breaks before/],
  ['no space at all', { 'templates/a.html': '<p>Oublié?</p>\n' }, /stands at the mark/],
  ['a colon without space', { 'templates/a.html': '<p>Adresse: {{x}}</p>\n' }, /stands at the mark/],
  ['a rate', { 'templates/a.html': '<p>{{rate}} % au plus</p>\n' }, /breaks before/],
  ['a quotation', { 'templates/a.html': '<p>« Oui\u00a0»</p>\n' }, /breaks after the mark/],
  ['its end', { 'templates/a.html': '<p>«\u00a0Oui »</p>\n' }, /breaks before/],
  ['what is read out', { 'templates/a.html': '<p aria-label="Oublié ?">x</p>\n' }, /breaks before/],
], {
  'templates/a.html': '<p title="Reçu\u00a0: 3">Oublié\u202f? «\u00a0{{x}}\u00a0»\u00a0: 3&nbsp;% à 10:30, <code>a ? b : c</code> https://a.fr/b?c=d;e</p>\n'
    + '<a href="/x?a={{b}}&amp;c=d" value="Annulé : x">Q&amp;R</a> ?a=b {{! est-ce vrai ? }}\n',
  'templates/a.txt': '{{!layout layout.txt}}\nMerci\u202f!\n{{base_url}}/recettes?q=x\n',
});
