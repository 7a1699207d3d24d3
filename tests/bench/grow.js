'use strict';
// Makes a large database of a small one: each row that a payment leaves is copied so many times
// with other names, into the past. The shape is what years of use leave, at the speed of the disk;
// only the chains of hashes are not real (`guichet verify` is not what is measured).

const { execFileSync } = require('node:child_process');

// Columns that name something: `id` shifts ids, `text` gets a suffix, `next` counts on.
const TABLES = {
  member: { id: ['id'], next: ['number'], text: ['last_name', 'sort_key', 'search_text'] },
  payment_intent: { id: ['id', 'member_id'], text: ['token', 'form_token', 'idempotency_key', 'provider_reference'] },
  intent_charge: { id: ['intent_id', 'charge_line_id'] },
  provider_event: { id: ['id', 'transaction_id', 'intent_id'], text: ['external_id'] },
  provider_transaction: { id: ['id', 'intent_id', 'member_id', 'parent_id', 'entry_id'], text: ['reference'] },
  provider_object: { id: ['intent_id', 'transaction_id'], text: ['object_id'] },
  cart_line: { id: ['id', 'member_id', 'transaction_id', 'entry_id'] },
  allocation: { id: ['id', 'member_id', 'payment_line_id', 'charge_line_id', 'entry_id'] },
  entry: { id: ['id'], next: ['number', 'chain_number'], text: ['piece'] },
  entry_line: { id: ['entry_id'], next: ['chain_number'] },
  outbox: { id: ['id', 'member_id', 'transaction_id'] },
  audit: { next: ['chain_number'] },
};

const sqlite = (file, text) => execFileSync('sqlite3', ['-batch', '-bail', file], { encoding: 'utf8', input: text, maxBuffer: 1 << 26 }).trim();
const rows = (file, text) => JSON.parse(sqlite(file, `.mode json\n${text}`) || '[]');

function copyOf(file, table, rules, span) {
  const columns = rows(file, `SELECT name FROM pragma_table_info('${table}')`).map((one) => one.name);
  const most = (name) => rows(file, `SELECT max(${name}) AS n FROM ${table}`)[0].n;
  const value = (name) => {
    if (rules.id?.includes(name)) return `${name} - copy.n * ${span}`;
    if (rules.text?.includes(name)) return `${name} || '-' || copy.n`;
    if (rules.next?.includes(name)) return `${name} + copy.n * ${most(name)}`;
    return name;
  };
  return `INSERT INTO ${table} (${columns}) SELECT ${columns.map(value)} FROM copy, ${table} WHERE true;`;
}

function grow(file, times) {
  const { least, most } = rows(file, 'SELECT min(id) AS least, max(id) AS most FROM (SELECT id FROM member UNION ALL SELECT id FROM outbox UNION ALL SELECT id FROM provider_event UNION ALL SELECT id FROM allocation UNION ALL SELECT id FROM cart_line)')[0];
  const span = BigInt(most) - BigInt(least) + 4096n;
  const dropped = rows(file, `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger'
    OR (type = 'index' AND sql NOT LIKE '%UNIQUE%' AND tbl_name IN (${Object.keys(TABLES).map((one) => `'${one}'`)})))`);
  sqlite(file, ['PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;',
    "UPDATE outbox SET state = 'sent', ended_at = created_at, next_at = NULL WHERE state = 'waiting';",
    ...dropped.map((one) => `DROP ${one.type} "${one.name}";`),
    `CREATE TEMP TABLE copy AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${times - 1}) SELECT n FROM c;`,
    ...Object.entries(TABLES).map(([table, rules]) => copyOf(file, table, rules, span)),
    'UPDATE revenue_day SET payments = payments * TIMES, received_cents = received_cents * TIMES, returned_cents = returned_cents * TIMES;'
      .replaceAll('TIMES', times),
    ...dropped.map((one) => `${one.sql};`), 'PRAGMA journal_mode = WAL;'].join('\n'));
}

module.exports = { grow };
