'use strict';
// The whole house on loopback, one for each test file: nginx in front, Guichet, the practice
// providers, their databases and logs in a folder of its own. Nothing outside of that folder is
// touched; ports are free ones.
//
// When a house is closed the books must be proven, the programs must have ended by themselves
// without a complaint of a sanitizer, and no error may stand in the log that was not announced.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { Client, send } = require('./http.js');
const { openPage, launchBrowser } = require('./browser.js');
const { compareLedger, readRows } = require('./ledger.js');
const { nginxConfig } = require('./nginx.js');

const top = path.resolve(__dirname, '../..');
const programs = {
  guichet: process.env.GUICHET || path.join(top, 'build/guichet'),
  sandbox: process.env.GUICHET_SANDBOX || path.join(top, 'build/guichet-sandbox'),
};

// What is prepared by commands needs no sanitizers: they have tests of their own.
const preparer = process.env.GUICHET_PREPARER || programs.guichet;

const PATIENCE_MS = 60000;
// The password of every login, hashed once and for all: half a second of scrypt for each would be
// most of what some files take. `guichet login add` and the pages that set one have their tests.
const PASSWORD = 'le mot de passe des essais';
const PASSWORD_HASH = '$scrypt$ln=17,r=8,p=1$KAFQHmq5/Mrrxd7AVkmEUA$RrHL4n+RUA/tuUHNv6ECg+GjABdkRErxIMFdYAF5Lz0';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Calls `probe` until it gives something true; its last answer or error stands in the failure.
async function waitFor(what, probe, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  let seen;
  for (;;) {
    try {
      seen = await probe();
      if (seen)
        return seen;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > end)
      assert.fail(`${what}: not within ${patienceMs / 1000} s (${JSON.stringify(seen?.message ?? seen)})`);
    await sleep(100);
  }
}

function freePorts(count) {
  const open = () => new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => resolve(server));
  });
  return Promise.all(Array.from({ length: count }, open)).then((servers) =>
    Promise.all(servers.map((server) => new Promise((resolve) => {
      const { port } = server.address();
      server.close(() => resolve(port));
    }))));
}

// ---- programs ----

// A program that runs, its log, its end.
function startProgram(file, args, log) {
  const out = fs.openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', out, out] });
  fs.closeSync(out);
  const running = { child, log, text: () => fs.readFileSync(log, 'utf8') };
  running.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (status, signal) => resolve({ status, signal }));
  });
  return running;
}

// A word of a batch.
const quoted = (word) => `"${word}"`;

function logLines(text) {
  return text.split('\n').filter(Boolean).map((line) => {
    try {
      return JSON.parse(line);
    } catch {
      return { level: 'unreadable', event: '', text: line };
    }
  });
}

// ---- the house ----

class House {
  constructor(name, options = {}) {
    this.name = name;
    this.options = options;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), `guichet-${name}-`));
    this.database = path.join(this.folder, 'guichet.db');
    this.sandboxDatabase = path.join(this.folder, 'sandbox.db');
    this.config = path.join(this.folder, 'guichet.conf');
    this.logins = new Map();
    this.expectedErrors = [];
  }

  // ---- starting ----

  async start() {
    const [port, sandboxPort] = await freePorts(2);
    this.url = `http://127.0.0.1:${port}`;
    this.sandboxUrl = `http://localhost:${sandboxPort}`;
    this.writeConfigs(port, sandboxPort);
    this.prepare(['key', 'create']);
    this.prepare(['migrate']);
    this.nginx = startProgram('nginx', ['-p', this.folder, '-c', path.join(this.folder, 'nginx.conf'),
      '-e', path.join(this.folder, 'nginx.log')], path.join(this.folder, 'nginx.out'));
    if (this.options.sandbox !== false)
      await this.startSandbox();
    if (this.options.seed !== false)
      await this.seed();
    if (this.options.platform)
      this.platform = await this.addPlatform();
    await this.startGuichet();
    await waitFor('nginx answers', async () => (await new Client(this.url).get('/connexion')).status === 200);
    return this;
  }

  writeConfigs(port, sandboxPort) {
    const write = (name, lines) =>
      fs.writeFileSync(path.join(this.folder, name), `${lines.join('\n')}\n`);
    const provider = { stripe_api_url: this.sandboxUrl, stripe_checkout_url: this.sandboxUrl,
      stripe_connect_url: this.sandboxUrl,
      stripe_script_url: `${this.sandboxUrl}/v3`, stripe_hooks_url: this.sandboxUrl,
      paypal_live_webscr_url: `${this.sandboxUrl}/cgi-bin/webscr`,
      paypal_live_ipn_url: `${this.sandboxUrl}/cgi-bin/webscr`,
      paypal_sandbox_webscr_url: `${this.sandboxUrl}/cgi-bin/webscr`,
      paypal_sandbox_ipn_url: `${this.sandboxUrl}/cgi-bin/webscr`,
      paypal_live_api_url: this.sandboxUrl, paypal_sandbox_api_url: this.sandboxUrl,
      paypal_ca_file: `${this.sandboxDatabase}.paypal-ca.pem`,
      seccomp: 'off', // sanitizers and what is preloaded ask for more; tests/security turns it on
      ...this.options.config };
    write('guichet.conf', [`database = ${this.database}`, `key_file = ${this.folder}/guichet.key`,
      `base_url = ${this.url}`, `page_socket = ${this.folder}/page.socket`,
      `notification_socket = ${this.folder}/notification.socket`,
      `templates = ${path.join(top, 'templates')}`,
      `common_passwords = ${path.join(top, 'conf/common-passwords.txt')}`,
      ...Object.entries(provider).map(([key, value]) => `${key} = ${value}`)]);
    write('sandbox.conf', [`database = ${this.sandboxDatabase}`,
      `socket = ${this.folder}/sandbox.socket`, `base_url = ${this.sandboxUrl}`,
      `templates = ${path.join(top, 'templates/sandbox')}`,
      'stripe_retries = 1 1 2 2 5 5 10 30', 'paypal_retries = 1 1 2 2 5 5 10 30',
      'sepa_delay_s = 2592000']);
    write('nginx.conf', [nginxConfig({ folder: this.folder, port, sandboxPort,
      staticFolder: path.join(top, 'static') })]);
  }

  async startGuichet() {
    this.guichet = await this.startLogging('guichet', ['--config', this.config, 'serve'],
      'serve.started');
  }

  async startSandbox() {
    this.sandboxProgram = await this.startLogging('sandbox',
      ['--config', path.join(this.folder, 'sandbox.conf')], 'sandbox.started');
    await waitFor('the practice providers answer', async () => (await this.control('GET', '/health')).ok);
  }

  async startLogging(name, args, event) {
    const log = path.join(this.folder, `${name}.log`);
    const before = fs.existsSync(log) ? fs.statSync(log).size : 0;
    const running = startProgram(programs[name], args, log);
    const said = () => running.text().slice(before);
    await waitFor(`${name} starts`, () => running.child.exitCode !== null || said().includes(`"${event}"`));
    assert.ok(said().includes(`"${event}"`), `${name} ended: ${said()}`);
    return running;
  }

  // ---- the command line ----

  run(args, input = '') {
    return spawnSync(programs.guichet, ['--config', this.config, ...args], { encoding: 'utf8', input });
  }

  ok(args, input = '') {
    const result = this.run(args, input);
    assert.equal(result.status, 0, `guichet ${args.join(' ')}: ${result.error ?? result.stderr}`);
    return result.stdout.trim();
  }

  // The same to make what a test begins with.
  prepare(args, input = '') {
    const result = spawnSync(preparer, ['--config', this.config, ...args], { encoding: 'utf8', input });
    assert.equal(result.status, 0, `guichet ${args.join(' ')}: ${result.error ?? result.stderr}`);
    return result.stdout.trim();
  }

  // Many commands in one go; what each printed.
  batch(lines) {
    return this.prepare(['batch', '--file', '-'], `${lines.join('\n')}\n`).split('\n');
  }

  // ---- what there is ----

  // The association of most tests: both providers linked, in test mode.
  async seed() {
    this.association = this.addAssociation({ name: 'Les Randonneurs du Luberon',
      options: ['--year-from', '09-01', '--how-to-pay', 'Par chèque, au local le samedi.'] });
    this.stripe = await this.addStripe(this.association, this.options.stripe);
    this.paypal = await this.addPaypal(this.association);
  }

  addAssociation({ name, kind = 'trial', currency = 'EUR', options = [] }) {
    return this.prepare(['association', 'add', '--name', name, '--kind', kind, '--currency', currency,
      ...options]);
  }

  // A Stripe account there, linked here, with an endpoint that tells us of everything. embedded:
  // the card is asked in the personal space.
  async addStripe(association, { mode = 'test', embedded = false, ...account } = {}) {
    const livemode = mode === 'live';
    const made = await this.control('POST', '/stripe/accounts',
      { name: `Association ${association}`, livemode, ...account });
    const link = this.prepare(['provider', 'add', 'stripe', '--account', made.id, '--mode', mode,
      '--association', association, ...(embedded ? ['--publishable-key', made.publishable_key] : [])]);
    const url = `${this.url}/action_manager.php?event=stripe&a=${link}`;
    const endpoint = await this.control('POST', `/stripe/accounts/${made.id}/endpoints`,
      { url, livemode });
    this.prepare(['secret', 'set', '--provider-account', link, '--name', 'api_key'], made.secret_key);
    this.prepare(['secret', 'set', '--provider-account', link, '--name', 'webhook'], endpoint.secret);
    return { link, account: made.id, key: made.secret_key, endpoint: endpoint.id,
      secret: endpoint.secret, path: new URL(url).pathname + new URL(url).search };
  }

  // This installation as a platform of Stripe Connect, of one mode.
  async addPlatform({ mode = 'test' } = {}) {
    const livemode = mode === 'live';
    const { id: account, secret_key: key } = await this.control('POST', '/stripe/accounts',
      { name: 'Guichet', livemode });
    const { client_id: client } = await this.control('POST', `/stripe/accounts/${account}/platform`,
      { redirect_uris: [`${this.url}/parametrage/stripe/retour`], livemode });
    const { secret } = await this.control('POST', `/stripe/accounts/${account}/endpoints`,
      { url: `${this.url}/action_manager.php?event=stripe`, connect: true, livemode });
    for (const [name, value] of [['api_key', key], ['client_id', client], ['webhook', secret]])
      this.prepare(['secret', 'set', '--platform', '--mode', mode, '--name', name], value);
    return { account, key, client, secret };
  }

  async addPaypal(association, { mode = 'test', email = `a${association}@asso.example`, ...rest } = {}) {
    const made = await this.control('POST', '/paypal/businesses',
      { email, name: `Association ${association}`, ...rest });
    const link = this.prepare(['provider', 'add', 'paypal', '--merchant-id', made.id, '--email', email,
      '--mode', mode, '--association', association]);
    return { link, merchant: made.id, email };
  }

  // A login that is made when it is first asked for; role: of the back office.
  login(name, { role, association = this.association } = {}) {
    if (!this.logins.has(name)) {
      const login = { email: `${name}@exemple.fr`, password: PASSWORD };
      this.force(`INSERT INTO login (id, email, email_folded, password_hash, password_changed_at, created_at)
        VALUES (abs(random()), '${login.email}', '${login.email.toLowerCase()}', '${PASSWORD_HASH}', unixepoch(), unixepoch())`);
      if (role)
        this.prepare(['login', 'grant', '--email', login.email, '--role', role,
          '--association', association]);
      this.logins.set(name, login);
    }
    return this.logins.get(name);
  }

  // A member with charges [amount, label, {account, date, for}]; login: whose space it is.
  member({ first = 'Jeanne', last = 'Martin', login = 'membres', payer, charges = [],
    association = this.association } = {}) {
    const words = ['member', 'add', '--association', association, '--first-name',
      quoted(first), '--last-name', quoted(last)];
    if (login)
      words.push('--login', this.login(login).email);
    if (payer)
      words.push('--payer', payer.number);
    const number = this.batch([words.join(' ')]).at(-1);
    const member = { number, login, association, name: `${first} ${last}` };
    member.id = this.one(`SELECT id FROM member WHERE association_id = ${association}
      AND number = ${number}`).id;
    this.charge(member, ...charges);
    return member;
  }

  charge(member, ...charges) {
    if (charges.length)
      this.batch(charges.map(([amount, label, more = {}]) => ['charge', 'add', '--association',
        member.association, '--member', member.number, '--amount', amount, '--label',
        quoted(label), '--account', more.account ?? '7561',
        ...(more.date ? ['--date', more.date] : []),
        ...(more.for ? ['--for', more.for] : [])].join(' ')));
  }

  // ---- logging in ----

  async logIn(name, client = new Client(this.url)) {
    const { email, password } = this.login(name);
    const answer = await client.post('/connexion', { email, password, suite: '' });
    assert.equal(answer.status, 303, `${email}: ${answer.text}`);
    client.landed = answer.location;
    return client;
  }

  // A session as the login and the choice of a space would have left it, without the half second
  // of a password: the login has tests of its own.
  session(name, { role, association = null, member = null }) {
    const client = new Client(this.url);
    const { email } = this.login(name);
    client.cookie = crypto.randomBytes(32).toString('hex');
    const hash = crypto.createHash('sha256').update(client.cookie).digest('hex');
    this.force(`INSERT INTO session (token_hash, login_id, association_id, member_id, role, csrf_key,
        address, user_agent, created_at, last_seen_at)
      SELECT x'${hash}', id, ${association}, ${member}, ${role ? `'${role}'` : 'NULL'},
        x'${crypto.randomBytes(32).toString('hex')}', '127.0.0.1', 'essais', unixepoch(), unixepoch()
      FROM login WHERE email_folded = '${email}'`);
    return client;
  }

  // Somebody in the space of a member.
  async asMember(member) {
    return this.session(member.login, { role: 'member', association: member.association,
      member: member.id });
  }

  async asStaff(role, association = this.association) {
    const name = `${role}${association === this.association ? '' : association}`;
    this.login(name, { role, association });
    return this.session(name, { role, association });
  }

  async choose(client, door) {
    const form = await client.form('/espaces', '/espaces');
    const answer = await client.post('/espaces', { ...form.fields, porte: door });
    assert.equal(answer.status, 303, answer.text);
  }

  // ---- browsing ----

  // A page of a browser of its own, logged in as `client` is; see browser.js.
  async visit(t, client, options) {
    this.browser ??= launchBrowser();
    return openPage(t, await this.browser, this.url, client?.cookie, options);
  }

  // ---- the practice providers ----

  // Their control interface; anything but a 2xx fails.
  async control(method, place, body) {
    const answer = await send(this.sandboxUrl, method, `/control${place}`, {
      headers: { Host: new URL(this.sandboxUrl).host, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body) });
    assert.ok(answer.status >= 200 && answer.status < 300,
      `${method} /control${place}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  // How many calls of one address there were, ids written {}: "/v1/checkout/sessions/{}/expire".
  async calls(face, method, place) {
    const { counts } = await this.control('GET', '/calls/counts');
    return counts.find((one) => one.face === face && one.method === method && one.path === place)?.count ?? 0;
  }

  async settled() {
    const { idle } = await this.control('POST', '/deliveries/wait', { timeout_s: 60 });
    assert.ok(idle, 'notifications still wait');
  }

  // ---- databases ----

  sql(text) {
    return readRows(this.database, text);
  }

  one(text) {
    const rows = this.sql(text);
    assert.equal(rows.length, 1, `${text}: ${rows.length} rows`);
    return rows[0];
  }

  // Changes the database as no program of ours would.
  force(text) {
    execFileSync('sqlite3', ['-batch', '-cmd', '.timeout 10000', this.database, text]);
  }

  // The attempts of a member, oldest first.
  intents(member) {
    return this.sql(`SELECT CAST(id AS TEXT) AS id, token, state, amount_cents,
      provider_reference, provider_url, expires_at FROM payment_intent
      WHERE association_id = ${member.association} AND member_id = ${member.id}
      ORDER BY created_at, id`);
  }

  // What was booked for a member: one row a capture, with its entry and cart lines.
  captures(member) {
    return this.sql(`SELECT t.reference, t.amount_cents, t.flag, t.payer, p.provider,
        e.journal, e.number, e.total_cents, t.entry_id,
        (SELECT sum(amount_cents) FROM cart_line l WHERE l.association_id = t.association_id
           AND l.transaction_id = t.id) AS cart_cents
      FROM provider_transaction t
      JOIN provider_account p ON p.association_id = t.association_id AND p.id = t.provider_account_id
      LEFT JOIN entry e ON e.association_id = t.association_id AND e.id = t.entry_id
      WHERE t.association_id = ${member.association} AND t.kind = 'capture'
        AND t.member_id = ${member.id} ORDER BY t.created_at, t.id`);
  }

  balance(member) {
    return this.one(`SELECT coalesce(sum(amount_cents), 0) AS cents FROM cart_line
      WHERE association_id = ${member.association} AND member_id = ${member.id}`).cents;
  }

  state(member, state) {
    return waitFor(`the attempt is ${state}`, () => {
      const last = this.intents(member).at(-1);
      if (last?.state !== state)
        throw new Error(`it is ${last?.state}`);
      return last;
    });
  }

  // ---- ending ----

  // An error that a test causes on purpose, by its event in the log.
  expectError(event) {
    this.expectedErrors.push(event);
  }

  log() {
    return logLines(this.guichet.text());
  }

  async restartGuichet() {
    await this.end(this.guichet);
    await this.startGuichet();
  }

  async end(running) {
    running.child.kill('SIGTERM');
    const timer = setTimeout(() => running.child.kill('SIGKILL'), PATIENCE_MS);
    const end = await running.ended;
    clearTimeout(timer);
    assert.deepEqual(end, { status: 0, signal: null }, `${running.log}: ${running.text().slice(-3000)}`);
  }

  checkLogs() {
    const complaint = /AddressSanitizer|LeakSanitizer|runtime error:|UndefinedBehavior/;
    for (const running of [this.guichet, this.sandboxProgram].filter(Boolean)) {
      const text = running.text();
      assert.doesNotMatch(text, complaint, running.log);
      for (const line of logLines(text))
        assert.ok(!['error', 'unreadable'].includes(line.level) ||
          this.expectedErrors.includes(line.event), `${running.log}: ${JSON.stringify(line)}`);
    }
  }

  checkBooks() {
    const report = this.run(['verify']);
    assert.equal(report.status, 0, report.stdout + report.stderr);
    if (this.sandboxProgram)
      assert.deepEqual(compareLedger(this.sandboxDatabase, this.database).faults, []);
  }

  // Everything that must hold at the end; the folder stays when something does not.
  async close() {
    if (this.browser)
      await (await this.browser).close();
    if (this.guichet)
      await this.end(this.guichet);
    if (this.sandboxProgram)
      await this.end(this.sandboxProgram);
    if (this.nginx) {
      this.nginx.child.kill('SIGQUIT');
      await this.nginx.ended;
    }
    if (this.guichet) {
      this.checkLogs();
      this.checkBooks();
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // Whatever happened, nothing keeps running.
  kill() {
    for (const running of [this.guichet, this.sandboxProgram, this.nginx].filter(Boolean))
      running.child.kill('SIGKILL');
  }
}

// The house of a test file: started before its first test, proven after the last one.
function houseOf(name, options) {
  const { before, after } = require('node:test');
  const house = new House(name, options);
  process.on('exit', () => house.kill());
  before(() => house.start());
  after(() => house.close().finally(() => house.kill()));
  return house;
}

module.exports = { House, houseOf, waitFor, sleep, freePorts, top, programs };
