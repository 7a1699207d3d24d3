'use strict';
// A house that stays from one run to the next, with so many payments in its database: made once by
// the kernel (fill.c), the larger ones by copying what that made (grow.js). nginx in front, Guichet
// as it is installed; the providers are addresses where nobody answers.

const fs = require('node:fs');
const path = require('node:path');
const crypto = require('node:crypto');
const { execFileSync, spawn } = require('node:child_process');
const { freePorts, top, waitFor } = require('../e2e/harness.js');
const { nginxConfig } = require('../e2e/nginx.js');
const { Client } = require('../e2e/http.js');
const { grow } = require('./grow.js');

const build = path.resolve(top, process.env.BUILD || 'build');
const programs = { guichet: path.join(build, 'guichet'), fill: path.join(build, 'bench/fill'),
  notify: path.join(build, 'bench/notify') };
const SECRET = 'whsec_bench_0123456789abcdef0123456789abcdef';
const FIRST = 20000; // of the larger ones, this many payments are made by the kernel
const COPIED_MAX = 100000; // up to there each run begins with a fresh copy of what was made

class BenchHouse {
  constructor(payments, { providerUrl = 'http://127.0.0.1:9', locations = '', config = [] } = {}) {
    this.payments = payments;
    this.folder = path.join(build, 'bench', `house-${payments}`);
    this.database = path.join(this.folder, 'guichet.db');
    this.made = payments > COPIED_MAX ? this.database : path.join(this.folder, 'made.db');
    this.config = path.join(this.folder, 'guichet.conf');
    this.options = { providerUrl, locations, config };
  }

  guichet(args, input = '') {
    return execFileSync(programs.guichet, ['--config', this.config, ...args], { encoding: 'utf8', input }).trim();
  }

  sql(text) {
    return execFileSync('sqlite3', ['-batch', '-cmd', '.timeout 10000', this.database, text], { encoding: 'utf8' }).trim();
  }

  write(name, lines) {
    fs.writeFileSync(path.join(this.folder, name), `${lines.join('\n')}\n`);
  }

  // watched: by valgrind, whose system calls the filter does not let through.
  writeConfig(watched = false) {
    const { providerUrl, config } = this.options;
    fs.mkdirSync(this.folder, { recursive: true });
    this.write('guichet.conf', [`database = ${this.database}`, `key_file = ${this.folder}/guichet.key`,
      `base_url = ${this.url}`, `page_socket = ${this.folder}/page.socket`,
      `notification_socket = ${this.folder}/notification.socket`, `templates = ${path.join(top, 'templates')}`,
      `common_passwords = ${path.join(top, 'conf/common-passwords.txt')}`,
      `stripe_api_url = ${providerUrl}`, `paypal_live_api_url = ${providerUrl}`, `paypal_sandbox_api_url = ${providerUrl}`,
      `paypal_live_ipn_url = ${providerUrl}/x`, `paypal_sandbox_ipn_url = ${providerUrl}/x`,
      ...(watched ? ['seccomp = off'] : []), ...config]);
  }

  startNginx() {
    this.write('nginx.conf', [nginxConfig({ folder: this.folder, port: this.port, sandboxPort: this.sandboxPort,
      staticFolder: path.join(top, 'static'), locations: this.options.locations })]);
    fs.rmSync(path.join(this.folder, 'nginx.pid'), { force: true });
    this.nginx = spawn('nginx', ['-p', this.folder, '-c', path.join(this.folder, 'nginx.conf'), '-e', path.join(this.folder, 'nginx.log')],
      { stdio: 'ignore' });
  }

  // ---- what there is ----

  // Made under another name, so that one that was not finished is not taken for one.
  make() {
    this.database = `${this.made}.part`;
    for (const end of ['', '-wal', '-shm', '.lock']) fs.rmSync(this.database + end, { force: true });
    this.writeConfig();
    if (!fs.existsSync(path.join(this.folder, 'guichet.key'))) this.guichet(['key', 'create']);
    this.guichet(['migrate']);
    this.association = this.guichet(['association', 'add', '--name', 'Les Randonneurs du Luberon', '--kind', 'trial',
      '--currency', 'EUR', '--year-from', '09-01']);
    const link = this.guichet(['provider', 'add', 'stripe', '--account', 'acct_1BenchBenchBench', '--mode', 'test',
      '--association', this.association]);
    this.guichet(['secret', 'set', '--provider-account', link, '--name', 'api_key'], 'sk_test_bench0123456789');
    this.guichet(['secret', 'set', '--provider-account', link, '--name', 'webhook'], SECRET);
    execFileSync(programs.fill, [this.database, String(Math.min(this.payments, FIRST)), '0']);
    if (this.payments > FIRST) grow(this.database, this.payments / FIRST);
    this.sql('PRAGMA wal_checkpoint(TRUNCATE)');
    fs.rmSync(`${this.database}-wal`, { force: true });
    fs.rmSync(`${this.database}-shm`, { force: true });
    fs.renameSync(this.database, this.made);
    this.database = path.join(this.folder, 'guichet.db');
  }

  copyMade() {
    if (this.made === this.database) return;
    for (const end of ['', '-wal', '-shm']) fs.rmSync(this.database + end, { force: true });
    fs.copyFileSync(this.made, this.database);
  }

  // ---- running ----

  async start() {
    [this.port, this.sandboxPort] = await freePorts(2);
    this.url = `http://127.0.0.1:${this.port}`;
    if (!fs.existsSync(this.made)) {
      console.error(`  making a database with ${this.payments} payments`);
      this.make();
    }
    this.copyMade();
    this.writeConfig();
    this.guichet(['migrate']);
    this.association = this.sql('SELECT id FROM association');
    this.path = `/action_manager.php?event=stripe&a=${this.sql("SELECT public_id FROM provider_account WHERE provider = 'stripe'")}`;
    this.startNginx();
    await this.startGuichet();
    return this;
  }

  // Until the first page is there; how long that took, from the start of the program. under: a
  // program that runs it, with its arguments.
  async startGuichet(under = []) {
    this.writeConfig(under.length > 0);
    const log = fs.openSync(path.join(this.folder, 'guichet.log'), 'w');
    const begun = process.hrtime.bigint();
    const [program, ...args] = [...under, programs.guichet, '--config', this.config, 'serve'];
    this.program = spawn(program, args, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    const client = new Client(this.url);
    for (;;) {
      const answer = await client.get('/connexion').catch(() => null);
      if (answer?.status === 200) break;
      if (this.nginx.exitCode !== null) throw new Error(fs.readFileSync(path.join(this.folder, 'nginx.log'), 'utf8').slice(-2000));
      if (this.program.exitCode !== null) throw new Error(fs.readFileSync(path.join(this.folder, 'guichet.log'), 'utf8'));
    }
    return Number(process.hrtime.bigint() - begun) / 1e6;
  }

  async stopGuichet() {
    if (!this.program || this.program.exitCode !== null || this.program.signalCode) return;
    const ended = new Promise((resolve) => this.program.once('exit', resolve));
    this.program.kill('SIGTERM');
    await ended;
  }

  async stop() {
    await this.stopGuichet();
    this.nginx?.kill('SIGQUIT');
  }

  // ---- who is logged in ----

  session(role, member = null) {
    const cookie = crypto.randomBytes(32).toString('hex');
    const hash = crypto.createHash('sha256').update(cookie).digest('hex');
    this.sql(`INSERT OR IGNORE INTO staff (association_id, login_id, role, created_at)
      SELECT ${this.association}, id, '${role === 'member' ? 'viewer' : role}', unixepoch() FROM login LIMIT 1`);
    this.sql(`UPDATE staff SET role = '${role === 'member' ? 'viewer' : role}'`);
    if (member) this.sql(`UPDATE member SET login_id = (SELECT id FROM login LIMIT 1) WHERE id = ${member}`);
    this.sql(`INSERT INTO session (token_hash, login_id, association_id, member_id, role, csrf_key, address, user_agent, created_at, last_seen_at)
      SELECT x'${hash}', id, ${this.association}, ${member}, '${role}', randomblob(32), '127.0.0.1', 'bench', unixepoch(), unixepoch() FROM login LIMIT 1`);
    return `__Host-sid=${cookie}`;
  }

  // Somebody with thirty lines in the cart.
  asMember() {
    return this.session('member', this.sql("SELECT id FROM member WHERE number = 7"));
  }

  // ---- notifications ----

  // Attempts that wait, each with its notification; the file that notify reads.
  messages(count) {
    const lines = execFileSync(programs.fill, [this.database, '0', String(count)], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim().split('\n');
    const file = path.join(this.folder, 'messages');
    const bodies = lines.map((line) => messageOf(...line.split(' ')));
    fs.writeFileSync(file, bodies.map((body) => `${Buffer.byteLength(body)}\n${body}`).join(''));
    return file;
  }

  // until: the database, where a message is answered by its lines.
  notify(file, { connections = 64, rate = 0, until } = {}) {
    return new Promise((resolve, reject) => {
      const child = spawn(programs.notify, [String(this.port), this.path, SECRET, String(connections), String(rate), file,
        ...(until ? [until] : [])]);
      let text = '';
      child.stdout.on('data', (data) => { text += data; });
      child.stderr.pipe(process.stderr);
      child.on('close', () => (text ? resolve(JSON.parse(text)) : reject(new Error('notify said nothing'))));
    });
  }

  waiting() {
    return Number(this.sql("SELECT count(*) FROM provider_event WHERE state = 'waiting'"));
  }

  allPosted() {
    return waitFor('all is posted', () => this.waiting() === 0, 180000);
  }
}

// Stripe's own message of a Checkout Session that was paid: about as many bytes, as it lays them out.
function messageOf(token, session, payment, cents) {
  const nothing = (names) => Object.fromEntries(names.split(' ').map((name) => [name, null]));
  const at = Math.floor(Date.now() / 1000);
  return JSON.stringify({ id: `evt_${crypto.randomBytes(12).toString('hex')}`, object: 'event', api_version: '2026-10-28.endive',
    created: at, livemode: false, pending_webhooks: 1, type: 'checkout.session.completed', data: { object: { id: session,
      object: 'checkout.session', ...nothing('after_expiration collected_information consent consent_collection currency_conversion customer'
        + ' customer_account discounts integration_identifier invoice invoice_creation managed_payments origin_context payment_link'
        + ' payment_method_configuration_details permissions recovered_from saved_payment_method_options setup_intent shipping_address_collection'
        + ' shipping_cost subscription wallet_options allow_promotion_codes billing_address_collection customer_email url client_secret'),
      custom_text: nothing('after_submit shipping_address submit terms_of_service_acceptance'), automatic_tax: { enabled: false, liability: null, provider: null, status: null },
      custom_fields: [], shipping_options: [], payment_method_options: {}, amount_subtotal: Number(cents), amount_total: Number(cents),
      total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 }, cancel_url: `https://guichet.example.org/paiement/${token}`,
      success_url: `https://guichet.example.org/paiement/${token}`, client_reference_id: token, locale: 'fr', submit_type: 'pay',
      adaptive_pricing: { enabled: false }, phone_number_collection: { enabled: false }, customer_creation: 'if_required',
      payment_method_collection: 'if_required', created: at, currency: 'eur', expires_at: at + 3600, livemode: false, payment_status: 'paid',
      status: 'complete', metadata: { guichet: token.slice(1, 9), intent: token }, mode: 'payment', ui_mode: 'hosted_page',
      payment_method_types: ['card', 'sepa_debit'], customer_details: { address: null, email: 'jeanne.martin@example.org', name: 'Jeanne Martin', tax_exempt: 'none', tax_ids: [] },
      payment_intent: payment } }, request: { id: null, idempotency_key: null } }, null, 2);
}

module.exports = { BenchHouse, build };
