'use strict';
// The other side of killer.c: makes the library, writes the aim, reads the journal of a process
// that has died, and says between which steps of a payment it fell.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const top = path.resolve(__dirname, '../..');
const build = path.resolve(top, process.env.BUILD || 'build');

// As in killer.c: struct board.
const STAGES = 4;
const LINE_BYTES = 96;
const LINES_MAX = 8000;
const WORDS_BYTES = 56;
const STAGE_BYTES = 8 + WORDS_BYTES;
const OFFSET = { armed: 0, stage_count: 4, stages: 16, killed: 16 + STAGES * STAGE_BYTES,
  line_count: 20 + STAGES * STAGE_BYTES };
const HEAD_BYTES = OFFSET.line_count + 4 + 4 * 6;

const KINDS = { write: 1, sync: 2, statement: 4, send: 8, answer: 16 };
const ANY = 31;

// CC may be several words: "ccache gcc".
function compiler(args) {
  const [command, ...words] = (process.env.CC || 'cc').split(' ');
  execFileSync(command, [...words, ...args], { cwd: top, stdio: 'inherit' });
}

// Of a source beside this file; nobody sees half of the result.
function compile(source, name, more) {
  const target = path.join(build, 'fault', name);
  const fresh = `${target}.${process.pid}`;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  compiler(['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-g', '-Wall', '-Wextra', '-Wshadow', '-Wconversion',
    '-Wsign-conversion', '-Werror', path.join(__dirname, source), '-o', fresh, ...more]);
  fs.renameSync(fresh, target);
  return target;
}

const compileLibrary = (source, name, more = []) => compile(source, name, ['-fPIC', '-shared', '-ldl', '-pthread', ...more]);
const makeLibrary = () => compileLibrary('killer.c', 'killer.so');

// ---- the board: the file that the program maps ----

function numbers(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32LE(value, 4 * i));
  return bytes;
}

function stageBytes([kind, which]) {
  const words = Buffer.alloc(WORDS_BYTES);
  if (typeof which === 'string' && words.write(which) >= WORDS_BYTES) throw new Error(`too long: ${which}`);
  return Buffer.concat([numbers(kind === 'any' ? ANY : KINDS[kind], typeof which === 'string' ? 1 : which), words]);
}

class Board {
  constructor(file) {
    this.file = file;
    fs.writeFileSync(file, Buffer.alloc(HEAD_BYTES + LINE_BYTES * LINES_MAX));
  }

  write(offset, bytes) {
    const fd = fs.openSync(this.file, 'r+');
    fs.writeSync(fd, bytes, 0, bytes.length, offset);
    fs.closeSync(fd);
  }

  read(offset) {
    return this.bytes(offset, 4).readUInt32LE();
  }

  bytes(offset, length) {
    const bytes = Buffer.alloc(length);
    const fd = fs.openSync(this.file, 'r');
    fs.readSync(fd, bytes, 0, length, offset);
    fs.closeSync(fd);
    return bytes;
  }

  // stages: [[kind or 'any', count or how its words begin], ...]; none = only keep the journal.
  arm({ stages = [], after = false } = {}) {
    this.disarm();
    this.write(OFFSET.killed, numbers(0, 0));
    this.write(OFFSET.stage_count, numbers(stages.length, 0, after ? 1 : 0));
    stages.forEach((stage, i) => this.write(OFFSET.stages + i * STAGE_BYTES, stageBytes(stage)));
    this.write(OFFSET.armed, numbers(1));
  }

  disarm() {
    this.write(OFFSET.armed, numbers(0));
  }

  get killed() {
    return this.read(OFFSET.killed) === 1;
  }

  // [{ thread, what, detail, done }], in the order of their happening.
  journal() {
    const count = Math.min(this.read(OFFSET.line_count), LINES_MAX);
    const bytes = this.bytes(HEAD_BYTES, count * LINE_BYTES);
    return Array.from({ length: count }, (_, i) => {
      const line = bytes.subarray(i * LINE_BYTES, (i + 1) * LINE_BYTES);
      const [thread, what, detail] = line.subarray(0, line.indexOf(0)).toString('latin1').split('\t');
      return { thread, what: what.replace(/ done$/, ''), done: what.endsWith(' done'), detail };
    });
  }
}

// ---- the steps of a payment ----

// Each chain is what one thread, or one after the other, does in this order. A chain begins with
// its first step. `posted` is one transaction: movement, entry, cart lines and the notification's
// end are there together or not at all.
const CHAINS = {
  'press, Stripe': ['press received', 'intent committed', 'provider called', 'provider answered',
    'answer stored', 'redirect sent'],
  'press, PayPal': ['press received', 'intent committed', 'answer stored', 'redirect sent'],
  'door, Stripe': ['notification received', 'event committed', '200 sent'],
  'door, PayPal': ['notification received', 'event committed', '200 sent'],
  'job, Stripe': ['event committed', 'posting begun', 'posted'],
  'job, PayPal': ['event committed', 'postback sent', 'verdict received', 'posting begun', 'posted'],
  'restart, Stripe': ['restarted', 'event claimed', 'posting begun', 'posted'],
  'restart, PayPal': ['restarted', 'event claimed', 'postback sent', 'verdict received'],
  'reopening, Stripe': ['restarted', 'intent claimed', 'provider called', 'provider answered',
    'answer stored'],
  'sweep, Stripe': ['intent claimed', 'session asked', 'session read', 'posting begun', 'posted'],
};

const gapsOf = (chain) => CHAINS[chain].slice(1).map((step, i) => `${CHAINS[chain][i]} | ${step}`);

// What a statement stands for, known to be durable only once the log was synced after it.
const STATEMENTS = [
  [/^INSERT INTO payment_intent /, 'intent committed'],
  [/^UPDATE payment_intent SET state = 'open'/, 'answer stored'],
  [/^INSERT INTO provider_event /, 'event committed'],
  [/^UPDATE provider_event SET lease_until/, 'event claimed'],
  [/^UPDATE payment_intent SET lease_until/, 'intent claimed'],
  [/^INSERT INTO provider_transaction /, 'posted'],
];
const SENDS = [
  [/^POST \/v1\/checkout\/sessions /, 'provider called'],
  [/^POST \/cgi-bin\/webscr /, 'postback sent'],
  [/^GET \/v1\/checkout\/sessions\//, 'session asked'],
];
const ANSWERS = { 'provider called': 'provider answered', 'postback sent': 'verdict received',
  'session asked': 'session read' };

const stepOf = (table, detail) => table.find(([pattern]) => pattern.test(detail))?.[1];

// The steps that were done, in order. A call counts when it has ended.
function stepsOf(journal) {
  const steps = [];
  const pending = new Map(); // thread: what its next sync makes durable
  const asked = new Map();
  let door = null;
  for (const { thread, what, detail, done } of journal) {
    if (what === 'request' && detail.startsWith('REQUEST_URI/panier/payer')) steps.push('press received');
    if (what === 'request' && detail.startsWith('REQUEST_URI/action_manager.php')) {
      steps.push('notification received');
      door = thread;
    }
    if (what === 'statement' && done) {
      const step = stepOf(STATEMENTS, detail);
      const waiting = pending.get(thread) ?? [];
      // A payment and its fee are two movements of one transaction.
      const again = step === 'posted' && waiting.includes(step);
      if (step === 'posted' && !again) steps.push('posting begun');
      if (step && !again) pending.set(thread, [...waiting, step]);
    }
    if (what === 'log sync' && done) {
      steps.push(...(pending.get(thread) ?? []));
      pending.delete(thread);
    }
    if (what === 'send' && done && stepOf(SENDS, detail)) {
      steps.push(stepOf(SENDS, detail));
      asked.set(thread, stepOf(SENDS, detail));
    }
    if (what === 'received' && asked.has(thread)) {
      steps.push(ANSWERS[asked.get(thread)]);
      asked.delete(thread);
    }
    if (what === 'answer' && done && detail.startsWith('Status: 303')) steps.push('redirect sent');
    if (what === 'answer' && done && detail.startsWith('Status: 200') && thread === door)
      steps.push('200 sent');
  }
  return steps;
}

// In which gaps of these chains a death fell: the last step that was done, and the one that was
// still to come. A chain that has not begun, or that was complete, has none.
function gapsAtDeath(journal, chains, begun = []) {
  const steps = [...begun, ...stepsOf(journal)];
  const found = [];
  for (const chain of chains) {
    let at = -1;
    for (const step of steps) if (step === CHAINS[chain][at + 1]) at += 1;
    if (at >= 0 && at < CHAINS[chain].length - 1) found.push(`${chain}: ${gapsOf(chain)[at]}`);
  }
  return found;
}

// How many calls a count of 'any' would see.
const COUNTED = ['log write', 'log sync', 'statement', 'send', 'answer'];
const countCalls = (journal) =>
  journal.filter((line) => COUNTED.includes(line.what) && !line.done).length;

const allGaps = () =>
  Object.keys(CHAINS).flatMap((chain) => gapsOf(chain).map((gap) => `${chain}: ${gap}`));

module.exports = { Board, compiler, compile, compileLibrary, makeLibrary, stepsOf, gapsAtDeath, countCalls, allGaps };
