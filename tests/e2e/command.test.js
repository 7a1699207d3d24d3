'use strict';
// The command line, from outside: what a person types, what is printed, how it ends. No browser;
// the sqlite3 program spoils a row once.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawn, spawnSync } = require('node:child_process');

const top = path.resolve(__dirname, '../..');
const program = process.env.GUICHET || path.join(top, 'build/guichet');

// ---- a house of its own for each test ----

function makeHouse(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-command-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const config = path.join(folder, 'guichet.conf');
  fs.writeFileSync(config, [
    `database = ${folder}/guichet.db`,
    `key_file = ${folder}/guichet.key`,
    'base_url = http://127.0.0.1:8080',
    `page_socket = ${folder}/page.socket`,
    `notification_socket = ${folder}/notification.socket`,
    `templates = ${path.join(top, 'templates')}`,
    `common_passwords = ${path.join(top, 'conf/common-passwords.txt')}`,
    'seccomp = off', // for sanitizers
    ''].join('\n'));
  const house = { folder, config, database: path.join(folder, 'guichet.db') };
  // Runs a command; input goes to its standard input.
  house.run = (args, input = '') => spawnSync(program, ['--config', config, ...args],
    { encoding: 'utf8', input });
  // The same, and it must succeed: what it printed.
  house.ok = (args, input = '') => {
    const result = house.run(args, input);
    assert.equal(result.status, 0, `guichet ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  };
  return house;
}

function makeFullHouse(t) {
  const house = makeHouse(t);
  house.ok(['key', 'create']);
  house.ok(['migrate']);
  house.association = house.ok(['association', 'add', '--name', 'Les Marcheurs', '--kind',
    'trial', '--year-from', '09-01']);
  assert.equal(house.ok(['member', 'add', '--first-name', 'Jeanne', '--last-name', 'Martin']),
    '1');
  return house;
}

const commands = () => spawnSync(program, ['--help'], { encoding: 'utf8' }).stdout
  .split('\n')
  .map((line) => /^ {2}([a-z][a-z-]*(?: [a-z][a-z-]*)*) {2,}\S/.exec(line))
  .filter(Boolean)
  .map((match) => match[1].split(' '));

// ---- help ----

test('every command has its own help with examples', () => {
  const all = commands();
  assert.equal(all.length, 27);
  for (const words of all) {
    const result = spawnSync(program, [...words, '--help'], { encoding: 'utf8' });
    assert.equal(result.status, 0);
    assert.match(result.stdout, new RegExp(`^Usage: guichet \\[--config FILE\\] ${words.join(' ')}`));
    assert.match(result.stdout, /\nExamples:\n {2}guichet /);
    assert.equal(result.stderr, '');
  }
  assert.match(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout,
    /^guichet \d+\.\d+\.\d+\n$/);
});

// ---- configuration ----

test('the annotated configuration holds every key, and each default is accepted', (t) => {
  const house = makeHouse(t);
  const text = fs.readFileSync(path.join(top, 'conf/guichet.conf'), 'utf8');
  const whole = text.replace(/^# ([a-z_]+ = .*)$/gm, '$1')
    .replace(/^(database|key_file) = .*$/gm, (line, key) => `${key} = ${house.folder}/${key}`);
  const keys = [...whole.matchAll(/^([a-z_]+) = /gm)].map((match) => match[1]);
  const known = [...fs.readFileSync(path.join(top, 'src/programs/settings.c'), 'utf8')
    .matchAll(/\.name = "([a-z_]+)"/g)].map((match) => match[1]);
  assert.ok(known.includes('database') && known.length > 16);
  assert.deepEqual([...keys].sort(), [...known].sort());
  // Mail has no default: what stands there is an example, of files that are not here.
  fs.writeFileSync(house.config, whole.replace(/^(smtp_\w+|mail_from) = .*$/gm, ''));
  house.ok(['migrate']);
});

test('a bad configuration is refused with file and line', (t) => {
  const house = makeHouse(t);
  const good = fs.readFileSync(house.config, 'utf8');
  const number = good.split('\n').length;
  const cases = ['databse = x', 'database = x', 'page_threads = 0', 'page_threads = many',
    'page_threads = 65', 'job_threads = 1', 'stripe_api_url = http://example.org',
    'stripe_api_url = https://user@example.org', 'nonsense'];
  for (const line of cases) {
    fs.writeFileSync(house.config, `${good}${line}\n`);
    const result = house.run(['migrate']);
    assert.equal(result.status, 2, line);
    assert.ok(result.stderr.includes(`guichet.conf:${number}: `), `${line}: ${result.stderr}`);
    assert.equal(result.stderr.trim().split('\n').length, 1);
  }
  fs.writeFileSync(house.config, `${good}log_level = loud\n`);
  assert.equal(house.run(['migrate']).status, 2);
  fs.writeFileSync(house.config, good.replace('seccomp = off', 'seccomp = maybe'));
  assert.match(house.run(['migrate']).stderr, /seccomp: on or off/);
  fs.writeFileSync(house.config, good.replace(/^base_url.*\n/m, ''));
  assert.match(house.run(['migrate']).stderr, /base_url/);
  assert.equal(house.run(['migrate']).status, 2);
  assert.equal(fs.existsSync(house.database), false);
});

test('the key is for its owner alone and is never overwritten', (t) => {
  const house = makeHouse(t);
  const file = path.join(house.folder, 'guichet.key');
  house.ok(['key', 'create']);
  const key = fs.readFileSync(file, 'utf8');
  assert.equal(fs.statSync(file).mode & 0o777, 0o400);
  assert.equal(house.run(['key', 'create']).status, 1);
  assert.equal(fs.readFileSync(file, 'utf8'), key);
});

// ---- an association by hand ----

test('an association is set up, charged, paid and proven', (t) => {
  const house = makeFullHouse(t);
  assert.match(house.ok(['association', 'list']), /^\d+\ttrial\tEUR\tLes Marcheurs$/);
  house.ok(['charge', 'add', '--member', '1', '--amount', '38', '--label', 'Cotisation',
    '--account', '7561']);
  house.ok(['payment', 'add', '--member', '1', '--amount=50,00', '--means', 'cheque',
    '--reference', '8140100']);
  house.ok(['charge', 'add', '--member', '1', '--amount', '5,50', '--label', 'Sortie',
    '--account', '706']);
  assert.equal(house.ok(['verify']),
    'Tout est juste : 2 écritures, 1 encaissement, 0 à rattacher.');
  assert.deepEqual(JSON.parse(house.ok(['verify', '--json'])), {
    ok: true, associations: 1, entries: 2, captures: 1, events: 0, waiting_events: 0,
    open_quarantine: 0, breaches: [], quarantine: [] });
});

test('verify names a spoilt row and ends with 1', (t) => {
  const house = makeFullHouse(t);
  house.ok(['payment', 'add', '--member', '1', '--amount', '50', '--means', 'cash',
    '--reference', 'R1']);
  execFileSync('sqlite3', [house.database,
    'DROP TRIGGER entry_line_no_update; UPDATE entry_line SET debit_cents = 5001 WHERE debit_cents > 0']);
  const result = house.run(['verify']);
  assert.equal(result.status, 1);
  assert.match(result.stdout, /^Règle 1, association \d+, entry \d+ : /m);
  assert.match(result.stdout, /\d+ anomalies?\.\n$/);
  const json = house.run(['verify', '--json']);
  assert.equal(json.status, 1);
  const report = JSON.parse(json.stdout);
  assert.equal(report.ok, false);
  assert.ok(report.breaches.some((breach) => breach.invariant === 1 && breach.table === 'entry'));
});

test('what cannot be done is refused in one sentence', (t) => {
  const house = makeFullHouse(t);
  const charge = ['charge', 'add', '--member', '1', '--label', 'x', '--account', '7561'];
  const payment = ['payment', 'add', '--member', '1', '--amount', '5', '--reference', 'r'];
  const cases = [
    [[], 2, /no command/],
    [['fly'], 2, /"fly"/],
    [['charge'], 2, /"charge"/],
    [['verify', '--fast'], 2, /unknown option --fast/],
    [['verify', '--json', '--json'], 2, /twice/],
    [['verify', '--json=1'], 2, /takes no value/],
    [['verify', 'now'], 2, /"now" is no option/],
    [['charge', 'add', '--member'], 2, /needs a value/],
    [['charge', 'add', '--member', '1'], 2, /--amount is missing/],
    [[...charge, '--amount', '12,505'], 2, /decimals/],
    [[...charge, '--amount', '-3'], 2, /no amount/],
    [[...charge, '--amount', '1e3'], 2, /no amount/],
    [[...charge, '--amount', '0'], 2, /more than zero/],
    [[...charge, '--amount', '99999999999'], 2, /too much/],
    [[...charge, '--amount', '5', '--date', '2026-02-30'], 2, /no date/],
    [['charge', 'add', '--member', '9', '--amount', '5', '--label', 'x', '--account', '706'], 1,
      /no member number 9/],
    [['charge', 'add', '--member', 'x', '--amount', '5', '--label', 'x', '--account', '706'], 2,
      /whole number/],
    [['charge', 'add', '--member', '1', '--amount', '5', '--label', 'x', '--account', '999'], 2,
      /no account 999/],
    [['charge', 'add', '--member', '1', '--amount', '5', '--label', ' ', '--account', '706'], 2,
      /--label is empty/],
    [[...payment, '--means', 'bread'], 2, /cheque, cash, transfer, terminal, holiday, sport or aid/],
    [[...payment, '--means', 'cash', '--date', '2999-01-01'], 2, /to come/],
    [['member', 'add', '--first-name', 'A', '--last-name', 'B', '--number', '1'], 1, /taken/],
    [['member', 'add', '--first-name', 'A', '--last-name', 'B', '--payer', '7'], 1, /number 7/],
    [['member', 'add', '--first-name', 'A', '--last-name', 'B', '--login', 'a@b.fr'], 1,
      /no login a@b.fr/],
    [['association', 'add', '--name', 'x', '--kind', 'other'], 2, /real or trial/],
    [['association', 'add', '--name', 'x', '--kind', 'real', '--currency', 'ZZZ'], 2, /ZZZ/],
    [['association', 'add', '--name', 'x', '--kind', 'real', '--zone', 'Nowhere'], 2, /zone/],
    [['association', 'add', '--name', 'x', '--kind', 'real', '--year-from', '13-01'], 2,
      /year-from/],
    [['login', 'add', '--email', 'nobody'], 2, /e-mail/],
    [['login', 'grant', '--email', 'a@b.fr', '--role', 'king'], 2, /"king"/],
    [['login', 'disable', '--email', 'a@b.fr'], 1, /no login/],
    [['provider', 'add', 'stripe', '--account', 'xyz'], 2, /acct_/],
    [['provider', 'add', 'stripe', '--account', 'acct_1', '--mode', 'live'], 2, /trial/],
    [['provider', 'add', 'paypal'], 2, /merchant-id/],
    [['secret', 'set', '--provider-account', 'nope', '--name', 'api_key'], 1, /no link/],
    [['secret', 'set', '--provider-account', 'nope', '--name', 'password'], 2, /api_key/],
    [['verify', '--association', '1'], 2, /unknown option/],
  ];
  for (const [args, status, sentence] of cases) {
    const result = house.run(args);
    const what = `guichet ${args.join(' ')}`;
    assert.equal(result.status, status, `${what}: ${result.stderr}`);
    assert.match(result.stderr, sentence, what);
    assert.equal(result.stderr.trim().split('\n').length, 1, what);
    assert.equal(result.stdout, '', what);
  }
  assert.match(house.ok(['verify']), /^Tout est juste : 0 écriture, 0 encaissement,/);
});

test('a reference is booked once per means', (t) => {
  const house = makeFullHouse(t);
  const payment = ['payment', 'add', '--member', '1', '--amount', '5', '--reference', 'r1'];
  house.ok([...payment, '--means', 'cash']);
  const again = house.run([...payment, '--means', 'cash']);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /booked already/);
  house.ok([...payment, '--means', 'transfer']);
  assert.match(house.ok(['verify']), /2 encaissements/);
});

test('with two associations the one that is meant must be named', (t) => {
  const house = makeFullHouse(t);
  const other = house.ok(['association', 'add', '--name', 'Les Nageurs', '--kind', 'real']);
  const member = ['member', 'add', '--first-name', 'Luc', '--last-name', 'Petit'];
  const unnamed = house.run(member);
  assert.equal(unnamed.status, 2);
  assert.match(unnamed.stderr, /2 associations/);
  assert.equal(house.ok([...member, '--association', 'Les Nageurs']), '1');
  assert.equal(house.ok([...member, '--association', other]), '2');
  assert.equal(house.run([...member, '--association', 'Les']).status, 1);
  assert.equal(house.run(['provider', 'add', 'stripe', '--account', 'acct_1', '--mode', 'test',
    '--association', other]).status, 2);
});

// ---- logins and secrets ----

test('passwords come from a file or are made, and are stored as hashes', (t) => {
  const house = makeFullHouse(t);
  const made = house.ok(['login', 'add', '--email', 'a@exemple.fr']);
  assert.match(made, /^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  assert.equal(house.ok(['login', 'add', '--email', 'b@exemple.fr', '--password-file', '-'],
    'un mot de passe entier\n'), '');
  assert.equal(house.run(['login', 'add', '--email', 'A@Exemple.fr']).status, 1);
  assert.notEqual(house.ok(['login', 'password', '--email', 'a@exemple.fr']), made);
  for (const bad of ['court', '', 'ab1 '.repeat(33), 'ab1 '.repeat(1000), 'Mot de passe 2026', '123456789012',
    'passwordpassword', 'Guichet-2026!', 'a@exemple.fr'])
    assert.equal(house.run(['login', 'password', '--email', 'a@exemple.fr', '--password-file',
      '-'], bad).status, 2);
  house.ok(['login', 'grant', '--email', 'a@exemple.fr', '--role', 'treasurer']);
  assert.match(house.run(['login', 'password', '--email', 'a@exemple.fr', '--password-file', '-'],
    'LES MARCHEURS 2026').stderr, /the name of the association/);
  house.ok(['login', 'disable', '--email', 'a@exemple.fr']);
  house.ok(['login', 'enable', '--email', 'a@exemple.fr']);
  const bytes = fs.readFileSync(house.database);
  assert.ok(bytes.includes('$scrypt$ln=17,r=8,p=1$'));
  assert.ok(!bytes.includes('un mot de passe entier'));
  assert.ok(!bytes.includes(made));
});

test('secrets are read from input or a file and are sealed', (t) => {
  const house = makeFullHouse(t);
  const link = house.ok(['provider', 'add', 'stripe', '--account', 'acct_1']);
  const file = path.join(house.folder, 'webhook.txt');
  const set = ['secret', 'set', '--provider-account', link, '--name'];
  assert.match(link, /^[0-9a-f]{32}$/);
  fs.writeFileSync(file, 'whsec_veryvisible\n');
  house.ok([...set, 'api_key'], 'sk_test_veryvisible\n');
  house.ok([...set, 'webhook', '--file', file]);
  house.ok([...set, 'webhook', '--slot', '1', '--file', file]);
  assert.equal(house.run([...set, 'api_key', '--slot', '1'], 'x').status, 2);
  assert.equal(house.run([...set, 'api_key'], 'two words').status, 2);
  assert.equal(house.run([...set, 'api_key'], '').status, 2);
  assert.equal(house.run([...set, 'api_key', 'sk_test_argument']).status, 2);
  assert.equal(house.run(['provider', 'add', 'stripe', '--account', 'acct_1']).status, 1);
  const bytes = fs.readFileSync(house.database);
  assert.ok(!bytes.includes('veryvisible'));
  const key = path.join(house.folder, 'guichet.key');
  fs.chmodSync(key, 0o440);
  assert.equal(house.run([...set, 'api_key'], 'sk').status, 2);
});

test('the secrets of the platform belong to the installation, one set per mode', (t) => {
  const house = makeFullHouse(t);
  const link = house.ok(['provider', 'add', 'stripe', '--account', 'acct_1']);
  const set = (...more) => ['secret', 'set', '--platform', ...more, '--name'];
  house.ok([...set(), 'api_key'], 'sk_live_veryvisible');
  house.ok([...set('--mode', 'test'), 'api_key'], 'sk_test_veryvisible');
  house.ok([...set(), 'webhook'], 'whsec_veryvisible');
  house.ok([...set(), 'webhook', '--slot', '1'], 'whsec_veryvisible2');
  house.ok([...set(), 'client_id'], 'ca_veryvisible');
  for (const [args, input] of [[[...set(), 'api_key'], 'sk_test_x'], [[...set(), 'api_key'], 'rk_live_x'],
    [[...set(), 'webhook'], 'sk_live_x'], [[...set(), 'client_id'], 'acct_1'],
    [[...set(), 'api_key', '--slot', '1'], 'sk_live_x'],
    [['secret', 'set', '--name', 'api_key'], 'sk_live_x'],
    [['secret', 'set', '--provider-account', link, '--name', 'client_id'], 'ca_x'],
    [['secret', 'set', '--provider-account', link, '--name', 'api_key', '--mode', 'test'], 'x'],
    [['secret', 'set', '--provider-account', link, '--platform', '--name', 'api_key'], 'sk_live_x'],
    [['secret', 'set', '--provider-account', link, '--name', 'webhook', '--forget'], '']])
    assert.equal(house.run(args, input).status, 2, args.join(' '));
  const rows = () => execFileSync('sqlite3', [house.database,
    'SELECT mode, name, slot FROM platform_secret ORDER BY 1, 2, 3'], { encoding: 'utf8' });
  assert.equal(rows(), 'live|api_key|0\nlive|client_id|0\nlive|webhook|0\nlive|webhook|1\ntest|api_key|0\n');
  house.ok([...set(), 'webhook', '--slot', '1', '--forget']);
  assert.equal(rows(), 'live|api_key|0\nlive|client_id|0\nlive|webhook|0\ntest|api_key|0\n');
  assert.ok(!fs.readFileSync(house.database).includes('veryvisible'));
  assert.equal(execFileSync('sqlite3', [house.database, `SELECT count(*) FROM audit
    WHERE association_id = 0 AND object LIKE 'platform:%'`], { encoding: 'utf8' }), '6\n');
  assert.equal(house.run(['verify']).status, 0);
});

// ---- batch ----

test('a batch runs lines and stops at the first that fails', (t) => {
  const house = makeFullHouse(t);
  const file = path.join(house.folder, 'batch');
  fs.writeFileSync(file, [
    '# members',
    '',
    'member add --first-name "Anne Marie" --last-name \'O"Brien\'',
    '\tmember  add --last-name "d\'Aigues" --first-name=Luc   ',
    'charge add --member 2 --amount 12,50 --label "Cotisation # 1" --account 7561',
    'charge add --member 99 --amount 1 --label x --account 706',
    'member add --first-name Never --last-name Reached',
  ].join('\n'));
  const result = house.run(['batch', '--file', file]);
  assert.equal(result.status, 1);
  assert.equal(result.stdout, '2\n3\n');
  assert.equal(result.stderr, `${file}:6: --member: there is no member number 99\n`);
  const rows = execFileSync('sqlite3', [house.database,
    'SELECT first_name, last_name FROM member ORDER BY number'], { encoding: 'utf8' });
  assert.equal(rows, 'Jeanne|Martin\nAnne Marie|O"Brien\nLuc|d\'Aigues\n');
  for (const [text, sentence] of [['member add --first-name "x', /not closed/],
    ['batch --file x', /a batch cannot/], [`verify ${'a '.repeat(40)}`, /more than/]])
    assert.match(house.run(['batch', '--file', '-'], text).stderr, sentence);
});

// ---- serve ----

// Starts a program and collects its log; `until` waits for an event of it.
function start(t, file, args, options) {
  const child = spawn(file, args, { ...options });
  const server = { child, log: '' };
  t.after(() => child.kill('SIGKILL'));
  child.stderr.on('data', (chunk) => { server.log += chunk; });
  server.ended = new Promise((resolve) => child.on('close', (status) => resolve(status)));
  server.until = async (event) => {
    for (let i = 0; i < 200 && !server.log.includes(`"${event}"`); i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(server.log.includes(`"${event}"`), `no ${event} in: ${server.log}`);
  };
  return server;
}

test('a server holds the schema, reads templates again, and drains', async (t) => {
  const house = makeFullHouse(t);
  const server = start(t, program, ['--config', house.config, 'serve'],
    { stdio: ['ignore', 'inherit', 'pipe'] });
  await server.until('serve.started');
  const migrate = house.run(['migrate']);
  assert.equal(migrate.status, 1);
  assert.match(migrate.stderr, /running server/);
  house.ok(['member', 'add', '--first-name', 'Beside', '--last-name', 'Server']);
  assert.match(house.ok(['verify']), /^Tout est juste/);
  server.child.kill('SIGHUP');
  await server.until('serve.reloaded');
  server.child.kill('SIGTERM');
  assert.equal(await server.ended, 0);
  assert.ok(server.log.includes('"serve.stopped"'));
  house.ok(['migrate']);
});

test('a server takes the sockets it is handed, and those only', async (t) => {
  const house = makeFullHouse(t);
  const sockets = await Promise.all(['a', 'b'].map((name) => new Promise((resolve) => {
    const listening = net.createServer();
    t.after(() => listening.close());
    listening.listen(path.join(house.folder, `${name}.socket`), () => resolve(listening));
  })));
  const serve = (names) => start(t, 'sh', ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', program,
    '--config', house.config, 'serve'], {
    stdio: ['ignore', 'inherit', 'pipe', ...sockets.map((socket) => socket._handle.fd)],
    env: { ...process.env, LISTEN_FDS: '2', LISTEN_FDNAMES: names } });
  const handed = serve('notification:page');
  await handed.until('serve.started');
  assert.deepEqual(fs.readdirSync(house.folder).filter((name) => name.endsWith('.socket')).sort(),
    ['a.socket', 'b.socket']);
  handed.child.kill('SIGTERM');
  assert.equal(await handed.ended, 0);
});

test('a server without database, schema or key says so and ends', (t) => {
  const house = makeHouse(t);
  assert.equal(house.run(['serve']).status, 1);
  house.ok(['migrate']);
  const keyless = house.run(['serve']);
  assert.notEqual(keyless.status, 0);
  assert.match(keyless.stderr, /guichet\.key/);
  house.ok(['key', 'create']);
  execFileSync('sqlite3', [house.database,
    "UPDATE schema_migration SET sha256 = replace(sha256, substr(sha256, 1, 1), 'g')"]);
  assert.equal(house.run(['serve']).status, 1);
  assert.equal(house.run(['verify']).status, 1);
});

// ---- the demonstration ----

// A stand-in for the practice providers' control interface: notes what is asked.
function listen(t) {
  const calls = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      calls.push({ path: request.url, body: JSON.parse(body) });
      response.writeHead(201).end('{}');
    });
  });
  t.after(() => server.close());
  return new Promise((resolve) => server.listen(0, 'localhost',
    () => resolve({ calls, url: `http://localhost:${server.address().port}` })));
}

test('the demonstration is made quickly and is sound', async (t) => {
  const house = makeHouse(t);
  const sandbox = await listen(t);
  house.ok(['key', 'create']);
  house.ok(['migrate']);
  const began = Date.now();
  const seed = spawn('sh', [path.join(top, 'conf/demo-seed.sh')], {
    env: { ...process.env, BIN: program, DEMO_DIR: house.folder, URL: 'http://127.0.0.1:8080',
      SANDBOX_URL: sandbox.url },
    stdio: ['ignore', 'inherit', 'inherit'] });
  assert.equal(await new Promise((resolve) => seed.on('close', resolve)), 0);
  assert.ok(Date.now() - began < 60000);

  const logins = JSON.parse(fs.readFileSync(path.join(house.folder, 'logins.json'), 'utf8'));
  assert.deepEqual(Object.keys(logins),
    ['url', 'sandbox_url', 'member', 'treasurer', 'administrator']);
  assert.equal(logins.url, 'http://127.0.0.1:8080');
  for (const who of ['member', 'treasurer', 'administrator'])
    assert.ok(logins[who].password.length >= 12 && logins[who].email.includes('@'));

  assert.deepEqual(sandbox.calls.map((call) => call.path), ['/control/stripe/accounts',
    '/control/stripe/accounts/acct_1LuberonRandonneurs/endpoints', '/control/stripe/accounts',
    '/control/stripe/accounts/acct_1PlateformeGuichet/platform',
    '/control/stripe/accounts/acct_1PlateformeGuichet/endpoints', '/control/stripe/accounts',
    '/control/paypal/businesses', '/control/paypal/businesses/LUBERONRAND24/apps']);
  assert.match(sandbox.calls[1].body.url,
    /^http:\/\/127\.0\.0\.1:8080\/action_manager\.php\?event=stripe&a=[0-9a-f]{32}$/);

  const sql = (text) => execFileSync('sqlite3', [house.database, text], { encoding: 'utf8' }).trim();
  assert.equal(sql('SELECT count(*) FROM member'), '40');
  assert.equal(sql(`SELECT sum(amount_cents) FROM cart_line l JOIN member m ON m.id = l.member_id
    JOIN login g ON g.id = m.login_id WHERE g.email = '${logins.member.email}'`), '8650');
  assert.equal(sql('SELECT count(*) FROM fiscal_year'), '2');
  assert.match(house.ok(['verify']), /^Tout est juste : \d{3} écritures, \d{3} encaissements, 0 /);
});
