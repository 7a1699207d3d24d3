'use strict';
// A fresh Debian with systemd as its first process, without network but its own loopback: a folder
// made by mmdebstrap once (kept in BUILD/ops), booted by systemd-nspawn with all changes in memory.
// It is made of the packages that this machine takes its own from.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { execFile, spawn, spawnSync } = require('node:child_process');
const { waitFor } = require('../e2e/harness.js');

const build = path.resolve(__dirname, '../..', process.env.BUILD || 'build');
const BOOT_PATIENCE_MS = 120000;
const COMMAND_PATIENCE_MS = 240000;
const MAKE_PATIENCE_MS = 900000;
// What the package depends on, and what stands in front of it.
const PACKAGES = ['systemd-sysv', 'adduser', 'nginx', 'ca-certificates', 'procps', 'libcurl4', 'libfcgi0ldbl', 'libjansson4',
  'libqrencode4', 'libsqlite3-0', 'zlib1g'];
const LEFT_OUT = ['doc', 'man', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);

function release() {
  return /^VERSION_CODENAME=(\w+)/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))[1];
}

// Debian's own among the sources of this machine.
function sources() {
  const folder = '/etc/apt/sources.list.d';
  const files = [...(fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : []),
    '/etc/apt/sources.list'].filter((file) => /\.(sources|list)$/.test(file) && fs.existsSync(file));
  return files.filter((file) => new RegExp(`^(Suites:|deb ).*\\b${release()}\\b`, 'm').test(fs.readFileSync(file, 'utf8')));
}

function makeRoot() {
  const found = sources();
  assert.equal(process.getuid(), 0, 'only root can boot a machine of its own (systemd-nspawn): run this as root');
  assert.ok(found.length > 0, `no package source of Debian ${release()} in /etc/apt`);
  const hash = crypto.createHash('sha256').update(JSON.stringify([PACKAGES, LEFT_OUT, found.map((file) =>
    fs.readFileSync(file, 'utf8'))])).digest('hex').slice(0, 12);
  const root = path.join(build, `ops/root-${hash}`);
  if (!fs.existsSync(root)) {
    const fresh = `${root}.${process.pid}`;
    fs.mkdirSync(path.dirname(root), { recursive: true });
    const made = spawnSync('mmdebstrap', ['--quiet', '--mode=root', '--format=directory', '--variant=minbase', ...LEFT_OUT,
      '--dpkgopt=force-unsafe-io', `--include=${PACKAGES.join(',')}`, release(), fresh, ...found],
    { encoding: 'utf8', timeout: MAKE_PATIENCE_MS });
    assert.equal(made.status, 0, `mmdebstrap: ${made.error ?? made.stderr}`);
    fs.renameSync(fresh, root);
  }
  return root;
}

class Machine {
  // share: a folder of this machine that is seen there as /mnt.
  constructor(share) {
    this.share = share;
    this.log = '';
  }

  async boot() {
    const child = spawn('systemd-nspawn', ['--quiet', `--directory=${makeRoot()}`, '--volatile=overlay', '--machine=guichet-ops',
      '--register=no', '--keep-unit', '--private-network', '--console=pipe', `--bind-ro=${this.share}:/mnt`, '--boot'],
    { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    this.ended = new Promise((resolve) => child.on('close', resolve));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { this.log += data; });
    child.on('error', (error) => { this.log += error.message; });
    await waitFor('the machine boots', () => {
      assert.ok(child.exitCode === null && child.signalCode === null, `systemd-nspawn ended: ${this.log}`);
      this.init ??= this.firstProcess();
      return this.init && ['running', 'degraded'].includes(this.try('systemctl', 'is-system-running').stdout.trim());
    }, BOOT_PATIENCE_MS);
    return this;
  }

  firstProcess() {
    const { pid } = this.child;
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return children.find((child) => /^NSpid:\s+\d+\s+1$/m.test(fs.readFileSync(`/proc/${child}/status`, 'utf8')));
  }

  inside(...command) {
    return ['nsenter', ['--all', `--target=${this.init}`, '--root', '--wd', '--',
      'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8', ...command]];
  }

  try(...command) {
    return spawnSync(...this.inside(...command), { encoding: 'utf8', timeout: COMMAND_PATIENCE_MS, input: '' });
  }

  // What it prints; anything but success fails.
  run(...command) {
    const result = this.try(...command);
    assert.equal(result.status, 0, `${command.join(' ')}: ${result.error ?? result.stdout + result.stderr}`);
    return result.stdout.trim();
  }

  // The same while this process goes on.
  async runBeside(...command) {
    return new Promise((resolve, reject) => execFile(...this.inside(...command), { encoding: 'utf8', timeout: COMMAND_PATIENCE_MS },
      (error, stdout, stderr) => (error ? reject(new Error(`${command.join(' ')}: ${stdout}${stderr}`)) : resolve(stdout))));
  }

  sh(text) {
    return this.run('sh', '-ec', text);
  }

  // A program of this machine that talks to that machine's loopback.
  beside(command, args, options) {
    return spawn('nsenter', [`--net=/proc/${this.init}/ns/net`, '--', command, ...args], options);
  }

  // A path of that machine, as this one reads it.
  path(name) {
    return path.join(`/proc/${this.init}/root`, name);
  }

  // Its first process ends, and all of its others with it; systemd-nspawn alone would leave them.
  kill() {
    this.init ??= this.child?.pid && this.child.exitCode === null ? this.firstProcess() : undefined;
    try {
      if (this.init) process.kill(Number(this.init), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    this.child?.kill('SIGTERM');
  }

  stop() {
    this.kill();
    return this.ended;
  }
}

module.exports = { Machine, build };
