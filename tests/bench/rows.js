'use strict';
// The rows of the table, by the house they are measured in: each names its figures, how one is
// taken, and what their ratio must be.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { top, sleep } = require('../e2e/harness.js');
const { Client } = require('../e2e/http.js');
const { BenchHouse, build } = require('./house.js');
const { assetsOf, drawn, kilobytes } = require('./page.js');
const { instructions, run, wrk, probe, startBare, startPhp, privateMemory } = require('./tools.js');

const SMALL = 1000, MIDDLE = 100000, LARGE = 2000000;
const STATEMENTS = ['session_find', 'association_find', 'cart_years', 'cart_members', 'cart_lines', 'cart_allocated',
  'intent_in_progress', 'provider_account_list_linked'];

async function bytesOf(house, cookie, place) {
  const client = new Client(house.url);
  client.cookie = cookie.split('=')[1];
  const page = await client.get(place);
  if (page.status !== 200) throw new Error(`${place}: ${page.status}`);
  return { body: page.body, bytes: Buffer.byteLength(page.body) };
}

// ---- the cart beside a bare program and beside PHP ----

function phpFrame(house, { body, bytes }) {
  const all = fs.readdirSync(path.join(top, 'sql/queries')).map((name) => fs.readFileSync(path.join(top, 'sql/queries', name), 'utf8')).join('\n');
  const statement = (name) => new RegExp(`^-- name: ${name}\\n([\\s\\S]*?);\\n`, 'm').exec(all)[1]
    .replace(/^--.*\n/gm, '').replace(/\$(\d+)/g, ':v$1');
  const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const before = body.slice(0, body.indexOf('<tr')).slice(0, bytes - 8000);
  const lines = STATEMENTS.map((name) => `'${name}' => ${quoted(statement(name))}`).join(",\n");
  const file = path.join(house.folder, 'frame.php');
  fs.writeFileSync(file, `<?php return ['database' => ${quoted(house.database)}, 'bytes' => ${bytes}, 'before' => ${quoted(before)},\n'statements' => [${lines}]];\n`);
  return file;
}

const fastcgi = (place, socket, more = '') => `
      location = ${place} {
        fastcgi_pass unix:${socket};
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param QUERY_STRING $query_string;
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param SERVER_PROTOCOL $server_protocol;
        fastcgi_param REMOTE_ADDR $remote_addr;${more}
      }`;

// One house for the rows about the cart, with the others behind the same nginx.
class CartHouse {
  async begin() {
    const folder = path.join(build, 'bench', `house-${SMALL}`);
    const bare = path.join(folder, 'bare.socket');
    const php = path.join(folder, 'php.socket');
    const locations = fastcgi('/bare', bare) + fastcgi('/cart.php', php, `
        fastcgi_param SCRIPT_FILENAME ${path.join(__dirname, 'cart.php')};
        fastcgi_param BENCH_FRAME ${path.join(folder, 'frame.php')};`);
    this.house = await new BenchHouse(SMALL, { locations }).start();
    this.cookie = this.house.asMember();
    const page = await bytesOf(this.house, this.cookie, '/panier');
    phpFrame(this.house, page);
    this.bare = startBare(bare, page.bytes);
    await this.choosePhp(folder);
    for (const place of ['/bare', '/cart.php']) await bytesOf(this.house, this.cookie, place);
  }

  // As many children as serve it best.
  async choosePhp(folder) {
    let best = { rate: 0 };
    for (const children of [2, 4, 8, 16]) {
      await this.startPhp(folder, children);
      const { rate } = await wrk(`${this.house.url}/cart.php`, { cookie: this.cookie, seconds: 1 });
      if (rate > best.rate) best = { rate, children };
    }
    await this.startPhp(folder, best.children);
  }

  async startPhp(folder, children) {
    if (this.php) {
      const ended = new Promise((resolve) => this.php.once('exit', resolve));
      this.php.kill('SIGTERM');
      await ended;
    }
    const { socket, child } = startPhp(folder, children);
    this.php = child;
    while (!fs.existsSync(socket)) await sleep(20);
    await sleep(200);
  }

  async end() {
    this.bare?.kill();
    this.php?.kill();
    await this.house?.stop();
  }

  take(place, what = 'rate', options = {}) {
    return async () => (await wrk(this.house.url + place, { cookie: this.cookie, ...options }))[what];
  }
}

// What a page costs, beside what it cost when the number was written down.
const KEPT = path.join(__dirname, 'instructions.json');

function keptRow(what, take) {
  const kept = JSON.parse(fs.readFileSync(KEPT, 'utf8'));
  return { name: `${what}: instructions / those of the tree`, most: 1.02, rounds: 1, figures: [
    { name: 'instructions', take: async () => {
      const counted = Math.round(await take());
      if (process.env.KEEP) fs.writeFileSync(KEPT, `${JSON.stringify({ ...kept, [what]: counted }, null, 2)}\n`);
      return counted;
    } },
    { name: 'of the tree', take: async () => kept[what] ?? NaN },
  ], ratio: (v) => v.instructions / v['of the tree'] };
}

function cartGroup() {
  const shared = new CartHouse();
  const cart = { name: 'cart/s', take: shared.take('/panier') };
  const tail = (connections) => {
    let last;
    return [{ name: 'p50 ms', take: async () => (last = await wrk(`${shared.house.url}/panier`, { cookie: shared.cookie, connections })).p50 },
      { name: 'p99 ms', take: async () => last.p99 }];
  };
  return { begin: () => shared.begin(), end: () => shared.end(), rows: [
    { name: 'cart page, 16 connections / bare FastCGI, as many bytes', least: 0.55,
      figures: [cart, { name: 'bare/s', take: shared.take('/bare') }], ratio: (v) => v['cart/s'] / v['bare/s'] },
    { name: 'cart page, 16 connections / a plain PHP page', least: 4,
      figures: [cart, { name: 'php/s', take: shared.take('/cart.php') }], ratio: (v) => v['cart/s'] / v['php/s'] },
    { name: 'cart page, 16 connections: p99 / p50', most: 3, figures: tail(16), ratio: (v) => v['p99 ms'] / v['p50 ms'] },
    { name: 'cart page, 64 connections: p99 / p50', most: 3, figures: tail(64), ratio: (v) => v['p99 ms'] / v['p50 ms'] },
    { name: 'cart page, first visit: on the wire', most: 30, unit: 'KB', rounds: 1,
      figures: [{ name: 'KB', take: async () => {
        const { body } = await bytesOf(shared.house, shared.cookie, '/panier');
        return kilobytes(shared.house, shared.cookie, ['/panier', ...assetsOf(body)]);
      } }], ratio: (v) => v.KB },
    { name: 'cart page, later visits: on the wire', most: 6, unit: 'KB', rounds: 1,
      figures: [{ name: 'KB', take: () => kilobytes(shared.house, shared.cookie, ['/panier']) }], ratio: (v) => v.KB },
    { name: 'cart page: drawn after the first byte (Chromium)', most: 100, unit: 'ms',
      figures: [{ name: 'ms', take: () => drawn(shared.house, shared.cookie) }], ratio: (v) => v.ms },
  ] };
}

// In a house of its own, with nothing done before: the same to the thousandth in every run.
function instructionGroup() {
  const house = new BenchHouse(SMALL);
  let cookie;
  return { begin: async () => {
    await house.start();
    cookie = house.asMember();
  }, end: () => house.stop(), rows: [
    keptRow('cart page', () => instructions(house, { within: 'web_dispatch_page', warm: 100, times: 50,
      errand: () => bytesOf(house, cookie, '/panier') })),
  ] };
}

// ---- notifications beside the disk ----

function notificationGroup() {
  const house = new BenchHouse(SMALL);
  const disk = { name: 'fdatasync/s', take: async () => (await probe()).rate };
  return { begin: () => house.start(), end: () => house.stop(), rows: [
    { name: 'signed notification -> 200, 64 connections / fdatasync', least: 1.5,
      figures: [disk, { name: '200/s', take: async () => {
        const { ok, other, seconds } = await house.notify(house.messages(4000));
        if (other) throw new Error(`${other} were not answered by 200`);
        await house.allPosted();
        return ok / seconds;
      } }], ratio: (v) => v['200/s'] / v['fdatasync/s'] },
    { name: 'notification -> both lines, 20 000 in a row / fdatasync', least: 1,
      figures: [disk, { name: 'posted/s', take: async () => {
        const file = house.messages(20000);
        const begun = process.hrtime.bigint();
        await house.notify(file);
        await house.allPosted();
        return 20000 / (Number(process.hrtime.bigint() - begun) / 1e9);
      } }], ratio: (v) => v['posted/s'] / v['fdatasync/s'] },
    { name: 'idle: notification -> both lines seen / one fdatasync', most: 10,
      figures: [{ name: 'fdatasync µs', take: async () => (await probe()).median_us },
        { name: 'lines µs', take: async () =>
          (await house.notify(house.messages(100), { connections: 1, rate: 20, until: house.database })).p50_us }],
      ratio: (v) => v['lines µs'] / v['fdatasync µs'] },
  ] };
}

// ---- the same with more in the database ----

// The oldest payments, as the last "suivants" leads to them; one means and one day; words.
const REVENUE_PLACES = [
  ['first page', () => '/recettes'],
  ['last page', (house) => `/recettes?apres=${house.sql(`SELECT fact_at || '-' || id FROM (SELECT fact_at, id FROM provider_transaction
    WHERE kind = 'capture' ORDER BY fact_at, id LIMIT 1 OFFSET 50)`)}`],
  ['filtered', (house) => `/recettes?moyen=${house.sql("SELECT id FROM provider_account WHERE provider = 'stripe'")}&au=${day(house.sql(
    "SELECT max(fact_at) FROM provider_transaction WHERE kind = 'capture'"))}`],
  ['searched', () => '/recettes?q=pi_3'],
];
const day = (at) => new Date(at * 1000).toISOString().slice(0, 10);

function sizeGroup(largest) {
  const sizes = [SMALL, MIDDLE, ...(largest ? [LARGE] : [])];
  const houses = new Map(sizes.map((size) => [size, new BenchHouse(size)]));
  const members = new Map();
  const treasurers = new Map();
  const begin = async () => {
    for (const [size, house] of houses) {
      await house.start();
      members.set(size, house.asMember());
      treasurers.set(size, house.session('treasurer'));
    }
  };
  const end = async () => {
    for (const house of houses.values()) await house.stop();
  };
  const page = (size, place, cookies) => ({ name: `at ${size}`,
    take: async () => (await wrk(houses.get(size).url + place, { cookie: cookies.get(size) })).rate });
  const posting = (size) => ({ name: `at ${size}`, take: async () => {
    const house = houses.get(size);
    const file = house.messages(2000);
    const begun = process.hrtime.bigint();
    await house.notify(file);
    await house.allPosted();
    return 2000 / (Number(process.hrtime.bigint() - begun) / 1e9);
  } });
  const most = sizes.at(-1);
  const rows = sizes.slice(1).flatMap((size) => [
    { name: `cart page at ${size} payments / at ${SMALL}`, least: 0.85,
      figures: [page(SMALL, '/panier', members), page(size, '/panier', members)], ratio: (v) => v[`at ${size}`] / v[`at ${SMALL}`] },
    { name: `posting at ${size} payments / at ${SMALL}`, least: 0.85,
      figures: [posting(SMALL), posting(size)], ratio: (v) => v[`at ${size}`] / v[`at ${SMALL}`] },
  ]);
  for (const [what, place] of REVENUE_PLACES)
    rows.push({ name: `revenue list, ${what}, at ${most} / at ${SMALL}`, least: 0.7,
      figures: [SMALL, most].map((size) => ({ name: `at ${size}`,
        take: async () => (await wrk(houses.get(size).url + place(houses.get(size)), { cookie: treasurers.get(size) })).rate })),
      ratio: (v) => v[`at ${most}`] / v[`at ${SMALL}`] });
  return { begin, end, rows };
}

// ---- start and memory ----

function processGroup(largest) {
  const house = new BenchHouse(largest ? LARGE : MIDDLE);
  return { begin: () => house.start(), end: () => house.stop(), rows: [
    { name: `start to first answer, ${house.payments} payments`, most: 50, unit: 'ms',
      figures: [{ name: 'ms', take: async () => {
        await house.stopGuichet();
        return house.startGuichet();
      } }], ratio: (v) => v.ms },
    { name: 'private memory after load, 8 + 8 + 4 threads', most: 32, unit: 'MiB', rounds: 1,
      figures: [{ name: 'MiB', take: async () => {
        const cookie = house.asMember();
        await wrk(`${house.url}/panier`, { cookie, connections: 64, seconds: 3 });
        await house.notify(house.messages(4000));
        await house.allPosted();
        return privateMemory(house.program.pid);
      } }], ratio: (v) => v.MiB },
  ] };
}

// ---- pages while something else is slow ----

// A provider that takes every call and never answers.
function hangingProvider() {
  return new Promise((resolve) => {
    const held = new Set();
    const server = net.createServer((socket) => held.add(socket.on('error', () => {}))).listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => {
        held.forEach((socket) => socket.destroy());
        server.close();
      } }));
  });
}

function busyGroup(name, disturb) {
  let house;
  let cookie;
  let provider;
  const p99 = async () => (await wrk(`${house.url}/panier`, { cookie, connections: 4, seconds: 3 })).p99;
  const begin = async () => {
    provider = await hangingProvider();
    house = await new BenchHouse(MIDDLE, { providerUrl: provider.url }).start();
    cookie = house.asMember();
  };
  const end = async () => {
    provider.close();
    await house.stop();
  };
  const busy = async () => {
    const stop = await disturb(house);
    try {
      return await p99();
    } finally {
      await stop();
    }
  };
  return { begin, end, rows: [{ name: `cart page while ${name}: p99 / idle`, most: 3,
    figures: [{ name: 'idle ms', take: p99 }, { name: 'busy ms', take: busy }],
    ratio: (v) => v['busy ms'] / v['idle ms'] }] };
}

// Repeats an errand until it is told to stop.
function keepDoing(times, errand) {
  let going = true;
  const all = Array.from({ length: times }, async () => {
    while (going) await errand().catch(() => {});
  });
  return async () => {
    going = false;
    await Promise.all(all);
  };
}

function busyGroups() {
  return [
    busyGroup('Stripe hangs', async (house) => {
      house.sql("UPDATE payment_intent SET next_at = 0, lease_until = 0 WHERE state = 'open'");
      return async () => {};
    }),
    busyGroup('50 logins hash', async (house) => keepDoing(50, async () => {
      const client = new Client(house.url);
      await client.post('/connexion', { email: `x${Math.random()}@exemple.fr`, password: 'un mot de passe', suite: '' });
    })),
    busyGroup('500 notifications/s arrive', async (house) => {
      const sending = house.notify(house.messages(3000), { connections: 16, rate: 500 });
      return async () => {
        await sending;
        await house.allPosted();
      };
    }),
    busyGroup('an export runs to a slow client', async (house) => {
      const cookie = house.session('treasurer');
      const socket = net.connect(house.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`GET /recettes/export HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`);
      const timer = setInterval(() => socket.read(256), 50);
      socket.pause();
      return async () => {
        clearInterval(timer);
        socket.destroy();
      };
    }),
    busyGroup('a backup runs', async (house) => keepDoing(1, async () => {
      const file = path.join(house.folder, 'backup.db');
      fs.rmSync(file, { force: true });
      await run(path.join(build, 'guichet'), ['--config', house.config, 'backup', file]);
    })),
  ];
}

// ---- an export of a million lines ----

function exportGroup() {
  const house = new BenchHouse(LARGE);
  const file = path.join(build, 'bench', 'export.csv');
  const seconds = async (work) => {
    const begun = process.hrtime.bigint();
    await work();
    return Number(process.hrtime.bigint() - begun) / 1e9;
  };
  const peak = async (work) => {
    const before = privateMemory(house.program.pid);
    let most = before;
    const timer = setInterval(() => { most = Math.max(most, privateMemory(house.program.pid)); }, 50);
    await work();
    clearInterval(timer);
    return most - before;
  };
  const fetch = () => run('curl', ['-sf', '-o', file, '-H', `Cookie: ${house.session('treasurer')}`, `${house.url}/recettes/export`]);
  return { begin: () => house.start(), end: () => house.stop(), rows: [
    { name: 'CSV export of the revenue / cp of the file + a full scan', most: 4, rounds: 1,
      figures: [{ name: 'export s', take: () => seconds(fetch) },
        { name: 'cp + scan s', take: () => seconds(async () => {
          await run('cp', [file, `${file}.copy`]);
          await run('sqlite3', [house.database, 'SELECT sum(length(label)) FROM entry; SELECT sum(amount_cents) FROM provider_transaction; SELECT sum(debit_cents) FROM entry_line']);
        }) }], ratio: (v) => v['export s'] / v['cp + scan s'] },
    { name: 'CSV export: memory over idle', most: 16, unit: 'MiB', rounds: 1,
      figures: [{ name: 'MiB', take: () => peak(fetch) }], ratio: (v) => v.MiB },
  ] };
}

// largest: with two million payments, whose database takes some minutes to make.
function groups({ largest }) {
  return [instructionGroup(), cartGroup(), notificationGroup(), sizeGroup(largest), processGroup(largest),
    ...(largest ? [exportGroup()] : []), ...busyGroups()];
}

module.exports = { groups };
