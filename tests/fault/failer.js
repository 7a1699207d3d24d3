'use strict';
// The other side of failer.c: makes the library, writes what shall fail, reads what did; and a
// house whose Guichet runs with it, is started in a few milliseconds, and may die.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawn } = require('node:child_process');
const { House, programs, sleep } = require('../e2e/harness.js');
const { Client } = require('../e2e/http.js');
const { compileLibrary } = require('./killer.js');

// As in failer.c: struct board.
const OFFSET = { armed: 0, mode: 4, mask: 8, left: 12, lasting: 16, depth: 20, write_errno: 24, fired: 28,
  kind: 32, site_count: 36, clock: 40, deadly: 48, cheap: 52, text: 56, site: 568, sites: 576 };
const BOARD_BYTES = OFFSET.sites + 8 * (1 << 15);
const KINDS = { memory: 1, read: 2, write: 4, sync: 8, open: 16, truncate: 32, connect: 64, send: 128,
  receive: 256, resolve: 512, answer: 1024, request: 2048, accept: 4096, foreign: 8192 };
const MODES = { site: 1, counted: 2, same: 3 };
const ERRNO = { EIO: 5, ENOSPC: 28, EROFS: 30 };

const START_PATIENCE_MS = 60000;
// Longer than any time-out of ours: what has not answered by then hangs.
const ANSWER_PATIENCE_MS = 45000;

// Of ours, of libfcgi, and of an assertion that cannot even be printed for want of memory.
const LAST_WORDS = /^(guichet: \S+:\d+: (.*out of memory|broken invariant: |Malloc: Assertion )|Unexpected error\.$)/m;

const mask = (kinds) => kinds.reduce((bits, kind) => bits | KINDS[kind], 0);

const makeLibrary = () => compileLibrary('failer.c', 'failer.so');

// For a program with AddressSanitizer, whose library wants to be the first.
const makeCheckedLibrary = () => [compileLibrary('failer.c', 'failer-asan.so', ['-DUNDER_ASAN']),
  execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()].join(':');

// ---- the board: the file that the program maps ----

class Board {
  constructor(file) {
    this.file = file;
    fs.writeFileSync(file, Buffer.alloc(BOARD_BYTES));
    this.fd = fs.openSync(file, 'r+');
  }

  put(offset, value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    fs.writeSync(this.fd, bytes, 0, 4, offset);
  }

  take(offset) {
    const bytes = Buffer.alloc(4);
    fs.readSync(this.fd, bytes, 0, 4, offset);
    return bytes.readUInt32LE();
  }

  // kinds: which calls may fail. left: the n-th of them; without it, the first one whose site has
  // not failed yet, or the one that failed last. lasting: and all that follow.
  arm(kinds, { left = 0, same = false, lasting = false, deadly = false, depth = 4, error = 'ENOSPC' } = {}) {
    this.disarm();
    this.put(OFFSET.mode, left ? MODES.counted : same ? MODES.same : MODES.site);
    this.put(OFFSET.mask, mask(kinds));
    this.put(OFFSET.left, left);
    this.put(OFFSET.lasting, lasting ? 1 : 0);
    this.put(OFFSET.deadly, deadly ? 1 : 0);
    this.put(OFFSET.depth, depth);
    this.put(OFFSET.write_errno, ERRNO[error]);
    this.put(OFFSET.fired, 0);
    this.put(OFFSET.armed, 1);
  }

  disarm() {
    this.put(OFFSET.armed, 0);
  }

  forgetSites() {
    fs.writeSync(this.fd, Buffer.alloc(BOARD_BYTES - OFFSET.sites), 0, BOARD_BYTES - OFFSET.sites, OFFSET.sites);
    this.put(OFFSET.site_count, 0);
  }

  // Passwords are hashed with this cost instead of that of their text.
  makePasswordsCheap() {
    this.put(OFFSET.cheap, 1);
  }

  // The time of day of the program, in seconds from the machine's.
  setClock(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    fs.writeSync(this.fd, bytes, 0, 8, OFFSET.clock);
  }

  get fired() {
    return this.take(OFFSET.fired);
  }

  // What is left of the count.
  get left() {
    return this.take(OFFSET.left);
  }

  get siteCount() {
    return this.take(OFFSET.site_count);
  }

  // Of what failed first.
  get kind() {
    return Object.keys(KINDS).find((name) => KINDS[name] === this.take(OFFSET.kind)) ?? 'nothing';
  }

  // What failed first: its kind, and the functions of ours that led to it.
  what(program) {
    const { kind } = this;
    const bytes = Buffer.alloc(512);
    fs.readSync(this.fd, bytes, 0, 512, OFFSET.text);
    const places = bytes.toString('latin1').split('\0')[0].trim().split(' ').filter(Boolean);
    if (places.length === 0) return kind;
    const names = execFileSync('addr2line', ['-f', '-s', '-e', program, ...places], { encoding: 'utf8' })
      .trim().split('\n').filter((line, i) => i % 2 === 0);
    return `${kind} < ${names.join(' < ')}`;
  }
}

// ---- the house ----

class FailerHouse extends House {
  // program: another Guichet than the one under test. checked: it has AddressSanitizer.
  constructor(name, { program = programs.guichet, checked = false, ...options } = {}) {
    super(name, options);
    this.program = program;
    this.library = checked ? makeCheckedLibrary() : makeLibrary();
    this.board = new Board(path.join(this.folder, 'board'));
    this.guard = new Client('');
  }

  async startGuichet() {
    const log = path.join(this.folder, 'guichet.log');
    const out = fs.openSync(log, 'a');
    const from = fs.statSync(log).size;
    const child = spawn(this.program, ['--config', this.config, 'serve'], { stdio: ['ignore', out, out],
      env: { ...process.env, LD_PRELOAD: this.library, GUICHET_FAILER: this.board.file,
        ASAN_OPTIONS: 'verify_asan_link_order=0' } });
    fs.closeSync(out);
    const running = { child, log, program: this.program, text: () => fs.readFileSync(log, 'utf8') };
    running.said = () => running.text().slice(from);
    running.ended = new Promise((resolve) => {
      child.on('error', (error) => resolve({ error }));
      child.on('close', (status, signal) => resolve({ status, signal }));
    });
    this.guichet = running;
    const end = Date.now() + START_PATIENCE_MS;
    while (!running.said().includes('"serve.started"')) {
      assert.ok(child.exitCode === null && child.signalCode === null && Date.now() < end,
        `guichet does not start: ${running.said().slice(-2000)}`);
      await sleep(4);
    }
  }

  get dead() {
    const { child } = this.guichet;
    return child.exitCode !== null || child.signalCode !== null;
  }

  // nginx hears that a process has died before its parent does.
  async lookWhetherDead() {
    for (let i = 0; i < 10 && !this.dead; i++) await sleep(10);
  }

  // Only lack of memory may end it, and it says so.
  async checkDeath(kind) {
    const end = await this.guichet.ended;
    const words = this.guichet.said(); // other threads may have the last word
    const told = `${JSON.stringify(end)}: ${words.slice(-500)}`;
    assert.match(kind, /^(memory|foreign)$/, `it died of a call that failed: ${told}`);
    assert.equal(end.signal, 'SIGABRT', told);
    assert.match(words, LAST_WORDS, told);
  }

  // Holds the write lock, as another process may, or what else these statements hold; the function
  // that comes back gives it back.
  async holdLock(statements = 'BEGIN IMMEDIATE') {
    const child = spawn('sqlite3', ['-batch', '-cmd', '.timeout 10000', this.database], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.stdin.write(`${statements};\nSELECT 1;\n`);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return () => {
      child.stdin.end('ROLLBACK;\n');
      return ended;
    };
  }

  // A request that must end: { status, body, ... }; status 0 when the connection broke off.
  async ask(client, method, place, more) {
    let timer;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${method} ${place} hangs`)), ANSWER_PATIENCE_MS);
    });
    try {
      return await Promise.race([client.send(method, place, more).catch(() => ({ status: 0, body: '', text: '' })), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  // The same as a form of ours is sent.
  askForm(client, place, fields) {
    const pairs = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
    return this.ask(client, 'POST', place, { body: new URLSearchParams(pairs).toString(),
      headers: { Origin: this.url, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' } });
  }
}

module.exports = { Board, FailerHouse, makeLibrary };
