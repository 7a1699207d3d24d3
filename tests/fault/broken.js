'use strict';
// Programs that are wrong on purpose, so that what watches over the right one is seen to see: one
// file of the source tree is copied, changed, compiled, and linked instead of its original.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { compiler } = require('./killer.js');

const top = path.resolve(__dirname, '../..');
const build = path.resolve(top, process.env.BUILD || 'build');
const PACKAGES = /^PACKAGES *:= *(.*)$/m.exec(fs.readFileSync(path.join(top, 'Makefile'), 'utf8'))[1].split(' ');

const MOVEMENT_IS_ONE = 'UNIQUE (association_id, provider_account_id, kind, reference),';

// file: in the source tree, or made from it by the build (gen/). schema: what the database would
// still prevent. checked: with AddressSanitizer.
const BROKEN = {
  // Marked as worked on in one transaction, posted in the next: what dies between is lost.
  seen_first: {
    file: 'src/payment/work.c',
    changes: [
      ['#include "payment/internal.h"', '#include "payment/internal.h"\n#include "payment/post.h"'],
      ['enum err payment_event_begin(', `static enum err write_seen(struct db *db, void *argument)
{
    struct event_work *work = argument;
    const struct resolution *seen = &work->resolution;

    return db_run(db, Q_EVENT_ENDED,
                  DB_VALUES(db_int(work->claim.id), db_text("done"), db_text("noted"),
                            db_text(""), db_int(1), db_int(seen->association_id),
                            db_int(seen->provider_account_id), db_text(seen->external_id),
                            db_text(seen->type), db_null(), db_null(), db_int(work->now)));
}

static enum err write_facts(struct db *db, void *argument)
{
    struct event_work *work = argument;
    struct arena *arena = arena_new();
    struct post_result result;
    enum err err = OK;

    for (int i = 0; !err && i < work->resolution.fact_count; i++)
        err = payment_post(db, &work->resolution.facts[i], work->now, arena, &result);
    arena_free(arena);
    return err;
}

enum err payment_event_begin(`],
      ['db_write_start(service->writer, write_event_end, made, &made->started)',
        `db_write_start(service->writer,
                       resolution->kind == RESOLUTION_FACTS ? write_seen : write_event_end, made,
                       &made->started)`],
      ['    enum err err = work->started ? db_write_wait(work->started) : ERR_BUSY;\n',
        `    enum err err = work->started ? db_write_wait(work->started) : ERR_BUSY;

    if (!err && work->resolution.kind == RESOLUTION_FACTS)
        err = db_write(service->writer, write_facts, work);
`],
    ],
  },
  // Posts whatever it is told, as often as it is told.
  not_deduplicated: {
    file: 'gen/queries.c',
    changes: [[/^ *"ON CONFLICT \(association_id, provider_account_id, kind, reference\) DO NOTHING\\n"\n/gm, '']],
    schema: `PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, '${MOVEMENT_IS_ONE}', '') WHERE name = 'provider_transaction';
      DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_provider_transaction_2';
      PRAGMA writable_schema = RESET;
      VACUUM;`,
  },
  // Says that a notification is stored, stored or not.
  answers_blindly: {
    file: 'src/web/endpoint.c',
    changes: [['        err = db_write(page->web->options.service->writer, write_event, &draft);',
      '        (void)db_write(page->web->options.service->writer, write_event, &draft);']],
  },
  // Takes a group for written, written or not.
  commits_blindly: {
    file: 'src/db/writer.c',
    changes: [['    return connection_commit(writer->db) == OK;', '    (void)connection_commit(writer->db);\n    return true;']],
  },
  // Forgets what it sent when no answer came.
  leaks: {
    file: 'src/net/http_client.c',
    checked: true,
    changes: [['    curl_slist_free_all(headers);', '    if (!err)\n        curl_slist_free_all(headers);']],
  },
  // Commits without waiting for the disk.
  not_synced: {
    file: 'src/db/sqlite.c',
    changes: [['PRAGMA synchronous=FULL', 'PRAGMA synchronous=OFF']],
  },
  // Waits for the disk now and then: whole whenever the power goes, but behind what it promised.
  synced_late: {
    file: 'src/db/sqlite.c',
    changes: [['PRAGMA synchronous=FULL', 'PRAGMA synchronous=NORMAL']],
  },
};

const words = (command, args) => execFileSync(command, args, { encoding: 'utf8' }).trim().split(/\s+/).filter(Boolean);

function changed(name, text) {
  return BROKEN[name].changes.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    assert.notEqual(after, before, `${name}: ${BROKEN[name].file} is no longer what it was`);
    return after;
  }, text);
}

const CHECKED = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
const PLAIN = ['-O2', '-g', '-fPIE'];

// The program's path.
function makeBroken(name) {
  const { file, checked } = BROKEN[name];
  const variant = checked ? path.join(build, 'asan') : build;
  const folder = path.join(build, 'fault', `${name}.${process.pid}`);
  fs.mkdirSync(folder, { recursive: true });
  const source = path.join(folder, path.basename(file));
  const original = path.join(file.startsWith('gen/') ? build : top, file);
  fs.writeFileSync(source, changed(name, fs.readFileSync(original, 'utf8')));
  compiler(['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', ...(checked ? CHECKED : PLAIN), '-Isrc',
    `-I${path.join(build, 'gen')}`, ...words('pkg-config', ['--cflags', ...PACKAGES]), '-c', source, '-o', `${source}.o`]);
  const main = path.join(variant, 'obj/src/programs');
  const objects = fs.readdirSync(main).filter((one) => one.endsWith('.o') && one !== 'guichet-sandbox.o')
    .map((one) => path.join(main, one));
  const program = path.join(folder, 'guichet');
  compiler([...(checked ? CHECKED : ['-pie']), ...objects, `${source}.o`, path.join(variant, 'libguichet.a'), '-Wl,--as-needed',
    ...words('pkg-config', ['--libs', ...PACKAGES]), '-lfcgi', '-pthread', '-o', program]);
  return { program, schema: BROKEN[name].schema ?? null, done: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

module.exports = { makeBroken };
