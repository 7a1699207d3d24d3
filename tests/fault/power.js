'use strict';
// Guichet under load with everything it asks of the disk written down, and what was acknowledged
// in the same order; then the disk as it would be after a loss of power at many points of it.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { sleep, top } = require('../e2e/harness.js');
const { compile, compileLibrary } = require('./killer.js');
const { LoadHouse } = require('./kill-house.js');
const { Load } = require('./kill-load.js');

const LOAD_PATIENCE_MS = 240000;
const CHECKPOINT_MS = 1500; // longer than Guichet waits between two
// As in power.h.
const MAGIC = 0x52574f50;
const ACKNOWLEDGED = 6;
const HEAD_BYTES = 32;

const makeRecorder = () => compileLibrary('power-recorder.c', 'power-recorder.so');
const makeJudge = () => compile('power.c', 'power', ['-lsqlite3']);

// The statements of `guichet verify` that need nothing but the books. The file is checked apart.
function bookChecks() {
  const text = fs.readFileSync(path.join(top, 'sql/queries/verify.sql'), 'utf8');
  const blocks = text.split(/^(?=-- name: )/m).slice(1);
  const foreign = /^-- name: verify_(file|counts|quarantine|audit_associations)\n/;
  return blocks.filter((block) => !/\$1/.test(block) && !foreign.test(block)).join('');
}

class PowerTrial {
  // seed: of the load and of the losses; program: another Guichet than the one under test.
  constructor(name, seed, { program, orders } = {}) {
    this.seed = seed;
    this.house = new LoadHouse(name, { program, orders });
    this.place = (file) => path.join(this.house.folder, file);
  }

  // The record begins with a database that lies still.
  async record(payments, bursts) {
    const { house, seed } = this;
    await house.start();
    await house.end(house.guichet);
    fs.copyFileSync(house.database, this.place('before.db'));
    fs.writeFileSync(this.place('record'), '');
    house.preload = { library: makeRecorder(), environment: { GUICHET_RECORD: this.place('record') } };
    await house.startGuichet();
    const load = new Load(house, seed, { note: (name) => this.note(name) });
    for (let burst = 1; burst <= bursts; burst++) await this.burst(load, payments * burst / bursts);
    await house.end(house.guichet);
    return load;
  }

  // In the pause the log is copied into the database, and begins anew with the next payments.
  async burst(load, payments) {
    const end = Date.now() + LOAD_PATIENCE_MS;
    load.start();
    while (load.payments < payments && Date.now() < end) await sleep(20);
    await load.stop();
    await load.tellAll();
    await sleep(CHECKPOINT_MS);
  }

  // An acknowledgement, in the order of the writes.
  note(name) {
    const bytes = Buffer.from(name);
    const head = Buffer.alloc(HEAD_BYTES + Math.ceil(bytes.length / 8) * 8);
    head.writeUInt32LE(MAGIC, 0);
    head.writeUInt8(ACKNOWLEDGED, 4);
    head.writeBigInt64LE(BigInt(head.length - HEAD_BYTES), 24);
    bytes.copy(head, HEAD_BYTES);
    fs.appendFileSync(this.place('record'), head);
  }

  // { records, promises, points, wrong, corrupt, lost, unproven, text }
  lose(points, samples) {
    fs.writeFileSync(this.place('checks.sql'), bookChecks());
    fs.mkdirSync(this.place('disks'));
    const result = spawnSync(makeJudge(), [this.place('record'), this.place('before.db'), this.place('checks.sql'),
      this.place('disks'), String(points), String(this.seed), String(samples)], { encoding: 'utf8' });
    const text = result.stdout + result.stderr;
    if (result.status > 1 || result.status === null) throw new Error(`power: ${result.signal ?? result.status} ${text}`);
    return { ...JSON.parse(result.stdout.trim().split('\n').at(-1)), text };
  }

  // What `guichet verify` says of the disks that were kept: the outputs of those it does not prove.
  verify() {
    const config = fs.readFileSync(this.house.config, 'utf8');
    const disks = fs.readdirSync(this.place('disks')).filter((name) => /^sample-\d+\.db$/.test(name));
    const failed = disks.map((name) => {
      const own = this.place(`disks/${name}.conf`);
      fs.writeFileSync(own, config.replace(this.house.database, this.place(`disks/${name}`)));
      return spawnSync(this.house.program, ['--config', own, 'verify'], { encoding: 'utf8' });
    }).filter((one) => one.status !== 0).map((one) => one.stdout + one.stderr);
    return { disks: disks.length, failed };
  }
}

module.exports = { PowerTrial };
