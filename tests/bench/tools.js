'use strict';
// The load and the baselines: wrk, the disk's own rate, the bare FastCGI program, php-fpm.

const fs = require('node:fs');
const path = require('node:path');
const { execFile, spawn } = require('node:child_process');
const { build } = require('./house.js');

const inBench = (name) => path.join(build, 'bench', name);

function run(file, args) {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => (error ? reject(new Error(`${file}: ${error.message}${stderr}`)) : resolve(stdout)));
  });
}

const UNITS = { us: 1e-3, ms: 1, s: 1e3, m: 6e4 };
function milliseconds(text) {
  const [, number, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text);
  return Number(number) * UNITS[unit];
}

// Requests per second and latencies (ms) of an address, over so many kept connections.
async function wrk(url, { cookie = '', connections = 16, seconds = 2 } = {}) {
  const text = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '--latency', '-H', `Cookie: ${cookie}`, url]);
  const bad = /Non-2xx or 3xx responses: (\d+)|Socket errors: .*/.exec(text);
  if (bad) throw new Error(`${url}: ${bad[0]}`);
  const at = (percent) => milliseconds(new RegExp(`^\\s+${percent}%\\s+(\\S+)`, 'm').exec(text)[1]);
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]), p50: at(50), p99: at(99) };
}

async function probe(seconds = 1) {
  return JSON.parse(await run(inBench('probe'), [inBench('probe.dat'), String(seconds)]));
}

// Programs that answer beside Guichet, behind the same nginx.
function startBare(socket, bytes, threads = 8) {
  fs.rmSync(socket, { force: true });
  return spawn(inBench('bare'), [socket, String(bytes), String(threads)], { stdio: 'inherit' });
}

function startPhp(folder, children) {
  const socket = path.join(folder, 'php.socket');
  const config = path.join(folder, 'php-fpm.conf');
  fs.writeFileSync(config, ['[global]', `error_log = ${folder}/php-fpm.log`, 'daemonize = no', '[page]', `listen = ${socket}`, 'listen.backlog = 1024',
    'user = root', 'group = root', 'pm = static', `pm.max_children = ${children}`, 'php_admin_value[opcache.enable] = 1',
    'php_admin_value[opcache.validate_timestamps] = 0', ''].join('\n'));
  const program = fs.readdirSync('/usr/sbin').find((name) => /^php-fpm\d/.test(name));
  if (!program) throw new Error('php-fpm is missing: conf/deps.sh bench');
  return { socket, child: spawn(path.join('/usr/sbin', program), ['--nodaemonize', '--allow-to-run-as-root', '--fpm-config', config], { stdio: 'inherit' }) };
}

// Memory of a process that is its own, in MiB.
function privateMemory(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)[1]);
  return (of('Private_Clean') + of('Private_Dirty')) / 1024;
}

// Instructions of what a function does, its callees included, on the average of so many calls;
// Guichet runs under callgrind meanwhile. Counted, not timed: the same on a busy machine.
async function instructions(house, { within, warm, times, errand }) {
  const file = path.join(house.folder, 'callgrind.out');
  for (const name of fs.readdirSync(house.folder).filter((one) => one.startsWith('callgrind.out'))) fs.rmSync(path.join(house.folder, name));
  await house.stopGuichet();
  await house.startGuichet(['valgrind', '-q', '--tool=callgrind', `--callgrind-out-file=${file}`, '--collect-atstart=no', `--toggle-collect=${within}`]);
  const pid = String(house.program.pid);
  for (let i = 0; i < warm; i += 1) await errand();
  await run('callgrind_control', ['-z', pid]);
  for (let i = 0; i < times; i += 1) await errand();
  await run('callgrind_control', ['-d', pid]);
  const dump = fs.readdirSync(house.folder).find((one) => /^callgrind\.out\.\d+$/.test(one));
  const [, sum] = /^(?:totals|summary): (\d+)/m.exec(fs.readFileSync(path.join(house.folder, dump), 'utf8'));
  await house.stopGuichet();
  await house.startGuichet();
  return Number(sum) / times;
}

module.exports = { instructions, run, wrk, probe, startBare, startPhp, privateMemory, inBench };
