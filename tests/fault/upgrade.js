'use strict';
// Databases of earlier versions: the tables of the first migrations with the rows of a whole
// season in them, as far as those tables can hold them.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { readRows } = require('../e2e/ledger.js');

const folder = path.resolve(__dirname, '../../sql/migrations');
const migrations = fs.readdirSync(folder).filter((name) => name.endsWith('.sql')).sort();
const textOf = (name) => fs.readFileSync(path.join(folder, name), 'utf8');

const run = (database, sql) => execFileSync('sqlite3', ['-batch', '-bail', database],
  { input: sql, encoding: 'utf8', maxBuffer: 1 << 28 });

// table: its columns.
function columnsOf(database) {
  const tables = new Map();
  for (const { of, name } of readRows(database, `SELECT t.name AS "of", c.name FROM sqlite_schema t, pragma_table_info(t.name) c
      WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'schema_migration' ORDER BY t.name, c.cid`))
    tables.set(of, [...tables.get(of) ?? [], name]);
  return tables;
}

// The tables and columns that both have.
function common(old, whole) {
  const there = columnsOf(whole);
  return [...columnsOf(old)].map(([table, names]) => [table, names.filter((name) => there.get(table)?.includes(name))])
    .filter(([, names]) => names.length);
}

const schemaOf = (database) => readRows(database, `SELECT type, name, sql FROM sqlite_schema
  WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name`);

// The first `count` migrations in the new file `to`, filled from the database `whole`. Triggers
// watch over what the program does; here rows come in any order.
function makeOld(to, count, whole) {
  const record = schemaOf(whole).find((row) => row.name === 'schema_migration').sql;
  run(to, `PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN;
    ${migrations.slice(0, count).map(textOf).join('\n')}
    ${record}; COMMIT; ATTACH '${whole}' AS whole;
    INSERT INTO schema_migration SELECT * FROM whole.schema_migration WHERE number <= ${count};`);
  const inserts = common(to, whole).map(([table, names]) => {
    const list = names.map((name) => `"${name}"`).join(', ');
    return `DELETE FROM ${table}; INSERT INTO ${table} (${list}) SELECT ${list} FROM whole.${table};`;
  });
  const triggers = readRows(to, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
  run(to, `PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; ATTACH '${whole}' AS whole; BEGIN;
    ${triggers.map((row) => `DROP TRIGGER ${row.name};`).join('\n')}
    ${inserts.join('\n')}
    ${triggers.map((row) => `${row.sql};`).join('\n')} COMMIT;`);
}

// What stands in these tables and columns, one line a row.
const contentOf = (database, columns) => run(database, columns.map(([table, names]) =>
  `SELECT '${table}: ' || ${names.map((name) => `quote("${name}")`).join(" || ' ' || ")} FROM ${table} ORDER BY 1;`).join('\n'))
  .split('\n');

module.exports = { migrations, makeOld, common, contentOf, schemaOf, run };
