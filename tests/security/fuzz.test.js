'use strict';
// Fuzzers for every parser of outside bytes (tests/fuzz), under ASan and UBSan, each from its corpus:
// two seconds each, the same inputs each time; SCALE=30 takes thirty times as long, and others, which
// SEED draws again. What was found is in build/fuzz/found, and is run again by:
// FUZZ=name build/fuzz/fuzz FILE
// Three mistakes are planted in a second program; the corpora alone must find them.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const top = path.resolve(__dirname, '../..');
const build = path.resolve(top, process.env.BUILD || 'build');
const corpora = path.join(__dirname, '../fuzz/corpus');
const found = path.join(build, 'fuzz/found');
const program = path.join(build, 'fuzz/fuzz');
const planted = path.join(build, 'fuzz/planted/fuzz');

// The short form draws the same inputs each time, so that it never fails by chance; the long one
// others each time.
const SCALE = Number(process.env.SCALE || 1);
const SECONDS = 2 * SCALE;
const RUNS = 20000 * SCALE;
const SEED = Number(process.env.SEED) || (SCALE > 1 ? crypto.randomInt(1, 2 ** 31) : 1);
const INPUT_MAX = 16384;
const ONE_INPUT_S = 60; // a slow machine is no fault
const MEMORY_MB = 2048;

const corpus = (name) => path.join(corpora, name);

function fuzz(file, name, folders, ...options) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-fuzz-'));
  fs.mkdirSync(found, { recursive: true });
  const grown = path.join(scratch, 'grown');
  fs.mkdirSync(grown);
  try {
    return spawnSync(file, [`-seed=${SEED}`, `-max_len=${INPUT_MAX}`, `-timeout=${ONE_INPUT_S}`,
      `-rss_limit_mb=${MEMORY_MB}`, `-artifact_prefix=${found}/${name}-`, ...options, grown, ...folders],
    { encoding: 'utf8', maxBuffer: 64 << 20, env: { ...process.env, FUZZ: name, TMPDIR: scratch,
      ASAN_OPTIONS: 'quarantine_size_mb=8:detect_leaks=1' } });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

const names = spawnSync(program, { encoding: 'utf8', env: { ...process.env, FUZZ: undefined } })
  .stdout?.split('\n').filter(Boolean) ?? [];

test('fuzz: each fuzzer has a corpus, each corpus its fuzzer', () => {
  assert.ok(names.length >= 29, `${program} is not built (make fuzz)`);
  assert.deepEqual(fs.readdirSync(corpora).sort(), [...names].sort());
});

for (const name of names)
  test(`fuzz: ${name}`, (t) => {
    const result = fuzz(program, name, [corpus(name)], `-max_total_time=${SECONDS}`, `-runs=${RUNS}`);
    assert.equal(result.status, 0, `SEED=${SEED}: ${result.signal ?? ''}\n${result.stderr.slice(-6000)}`);
    const [, executions, coverage] = /^#(\d+)\s+DONE\s+cov: (\d+)/m.exec(result.stderr) ?? [];
    const files = fs.readdirSync(corpus(name)).length;
    assert.ok(Number(executions) >= files, `${executions} executions`);
    t.diagnostic(`${executions} executions, ${coverage} edges, seed ${SEED}`);
  });

// ---- seen to find ----

for (const [name, complaint] of [['text', /does not hold: utf8_valid/], ['picture', /heap-buffer-overflow/],
  ['form', /use-after-poison/]])
  test(`fuzz: a mistake planted in what reads ${name} is found`, () => {
    const result = fuzz(planted, name, [corpus(name)], '-runs=0');
    assert.notEqual(result.status, 0);
    assert.match(result.stderr, complaint);
    for (const file of fs.readdirSync(found).filter((one) => one.startsWith(`${name}-`)))
      fs.rmSync(path.join(found, file));
  });
