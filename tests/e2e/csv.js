'use strict';
// Reads what a spreadsheet would: RFC 4180 with ';', a byte order mark before.

const assert = require('node:assert/strict');

function readCsv(bytes) {
  const text = bytes.toString('utf8');
  assert.equal(text[0], '\ufeff', 'a byte order mark');
  const rows = [];
  let row = [];
  for (const [, quoted, plain, end] of text.slice(1).matchAll(/(?:"((?:[^"]|"")*)"|([^";\r\n]*))(;|\r\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ';')
      rows.push(row.splice(0));
  }
  const [titles, ...lines] = rows;
  for (const line of lines)
    assert.equal(line.length, titles.length, JSON.stringify(line));
  // Nothing that a spreadsheet would compute, but for amounts.
  for (const cell of rows.flat())
    assert.ok(!/^[=+@\t\r]/.test(cell) && (!/^-/.test(cell) || /^-\d+(,\d+)?$/.test(cell)), cell);
  return lines.map((line) => Object.fromEntries(titles.map((title, index) => [title, line[index]])));
}

// "1234,50" -> 123450
const cents = (cell) => Math.round(Number(cell.replace(',', '.')) * 100);

// Asks for a file and reads it.
async function download(client, place) {
  const answer = await client.get(place);
  assert.equal(answer.status, 200, `${place}: ${answer.text.slice(0, 300)}`);
  assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8');
  assert.match(answer.headers['content-disposition'], /^attachment; filename="[a-z-]+-\d{4}-\d\d-\d\d\.csv"$/);
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.match(answer.headers['cache-control'], /no-store/);
  return readCsv(answer.bytes);
}

module.exports = { readCsv, download, cents };
