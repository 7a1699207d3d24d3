'use strict';
// What stands between Guichet and the practice providers, and misbehaves as it is told: over TCP
// in the clear, and over TLS with good and with bad certificates. What is asked of the control
// interface always passes.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const HUGE_BYTES = 50 * 1024 * 1024;
const DEEP = 10000;
const METADATA = 'http://169.254.169.254/latest/meta-data/';
const JSON_TYPE = { 'Content-Type': 'application/json' };

// ---- answers that are none ----

const say = (status, body, headers = JSON_TYPE) => (exchange) => {
  exchange.response.writeHead(status, headers);
  exchange.response.end(body);
};
const status = (code, headers = {}) => say(code, JSON.stringify({
  error: { type: 'api_error', message: 'practice' }, name: 'PRACTICE', message: 'practice' }),
{ ...JSON_TYPE, ...headers });
const redirect = (code, place) => (exchange) =>
  say(code, '', { Location: place ?? exchange.proxy.decoyUrl })(exchange);

function drip({ response }) {
  response.writeHead(200, { ...JSON_TYPE, 'Content-Length': 600 });
  const timer = setInterval(() => response.write('{'), 1000);
  response.on('close', () => clearInterval(timer));
}

function resetInBody({ response }) {
  response.writeHead(200, { ...JSON_TYPE, 'Content-Length': 600 });
  response.write('{"id": "cs_test_', () => response.socket.resetAndDestroy());
}

function huge({ response }) {
  const piece = Buffer.alloc(256 * 1024, 'a');
  let left = HUGE_BYTES;
  response.writeHead(200, { ...JSON_TYPE, 'Content-Length': HUGE_BYTES + 6 });
  response.write('{"a":"');
  const more = () => {
    while (left > 0 && response.writable) {
      left -= piece.length;
      if (!response.write(piece)) return response.once('drain', more);
    }
    return response.end();
  };
  more();
}

// The provider did what it was asked for; its answer ends in the middle.
async function truncated({ response, forward }) {
  const answer = await forward();
  response.writeHead(answer.status, { ...JSON_TYPE });
  response.end(answer.bytes.subarray(0, Math.floor(answer.bytes.length / 2)));
}

// The provider did what it was asked for; its answer is lost.
async function lost({ request, forward }) {
  await forward();
  request.socket.resetAndDestroy();
}

const WRONG = { id: 17, object: null, url: {}, status: ['COMPLETED', 'complete'], payment_status: 1,
  payment_intent: [], amount: 'x', access_token: {}, token_type: 'Bearer', expires_in: 'soon', data: 'none',
  has_more: 'perhaps', purchase_units: {}, links: 'none', transaction_details: 3, secret: null };
const deep = (open, close) => open.repeat(DEEP) + close.repeat(DEEP);

const FAULTS = {
  'hangs after the question': () => {},
  'sends a byte a second': drip,
  'resets before it answers': ({ request }) => request.socket.resetAndDestroy(),
  'resets in the body': resetInBody,
  'acts, and its answer ends in the middle': truncated,
  'acts, and its answer is lost': lost,
  'answers JSON of wrong types': say(200, JSON.stringify(WRONG)),
  'answers an empty object': say(200, '{}'),
  'answers an empty list': say(200, '[]'),
  'answers nothing, 200': say(200, ''),
  'answers 50 MB': huge,
  'answers JSON nested 10,000 deep': say(200, deep('{"a":[', ']}')),
  'answers lists nested 10,000 deep': say(200, deep('[', ']')),
  'answers a page of HTML': say(200, '<!DOCTYPE html><h1>VERIFIED</h1>', { 'Content-Type': 'text/html' }),
  'redirects to the metadata of a cloud': redirect(307, METADATA),
  'redirects to another server': redirect(302),
  'redirects for ever to another server': redirect(308),
  'redirects to a file': redirect(301, 'file:///etc/passwd'),
  'says 401': status(401),
  'says 403': status(403),
  'says 409': status(409),
  'says 429, try again in a second': status(429, { 'Retry-After': '1' }),
  'says 429, try again in the year 5138': status(429, { 'Retry-After': '99999999999' }),
  'says 500': status(500),
  'says 503, try again at no time there is': status(503, { 'Retry-After': '-99999999999999999999999' }),
};

// Ways to misbehave before anything is asked: whoever looks for the provider finds another place.
const PLACES = ['refuses every connection', 'accepts and says nothing', 'has a certificate that has ended',
  'has a certificate it signed itself', "has somebody else's certificate", 'has a name that nobody knows'];

// ---- certificates ----

// An authority of a day, and what it signed: for localhost, for another name, and long ago.
function makeCertificates(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const run = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  write('ca.cnf', `[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = .\nserial = serial
unique_subject = no\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n`);
  write('index.txt', '');
  write('serial', '01\n');
  run('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=essais');
  run('req', '-x509', ...fresh, '-keyout', 'self.key', '-out', 'self.pem', '-days', '2', '-subj',
    '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost');
  const days = (from, to) => ['-startdate', from, '-enddate', to];
  const stamp = (shift) => `${new Date(Date.now() + shift * 86400000).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  const now = days(stamp(-1), stamp(1));
  for (const [name, host, when] of [['good', 'localhost', now], ['elsewhere', 'api.stripe.example', now],
    ['expired', 'localhost', days('20200101000000Z', '20210101000000Z')]]) {
    write(`${name}.ext`, `subjectAltName = DNS:${host}\n`);
    run('req', ...fresh, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`);
    run('ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-in',
      `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`, ...when);
  }
  return path.join(folder, 'ca.pem');
}

// ---- the proxy ----

const listen = (server) => new Promise((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});

class Proxy {
  constructor() {
    this.target = null; // { host, port }: the practice providers
    this.fault = null; // of FAULTS; null: everything passes
    this.befalls = () => true; // which questions it befalls, by method and path
    this.met = []; // "GET /v1/..." of each question that the fault befell
    this.passed = [];
    this.decoyed = 0; // connections to where a redirect leads
    this.sockets = new Set();
    this.servers = [];
  }

  async open(folder) {
    this.ca = makeCertificates(folder);
    const serve = (server) => {
      this.servers.push(server);
      server.on('connection', (socket) => {
        this.sockets.add(socket);
        socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
      });
      server.on('tlsClientError', () => {});
      return listen(server);
    };
    const handle = (request, response) => this.take(request, response).catch(() => request.socket.destroy());
    this.url = `http://localhost:${await serve(http.createServer(handle))}`;
    this.decoyUrl = `http://127.0.0.1:${await serve(net.createServer((socket) => {
      this.decoyed += 1;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nVERIFIED');
    }))}/`;
    const secured = async (name) => {
      const read = (kind) => fs.readFileSync(path.join(folder, `${name}.${kind}`));
      return `https://localhost:${await serve(https.createServer({ key: read('key'), cert: read('pem') }, handle))}`;
    };
    // Where Guichet may look for its providers instead.
    this.good = await secured('good');
    const [refuses, silent, ended, self, elsewhere, unknown] = PLACES;
    this.places = {
      [refuses]: 'http://localhost:1',
      [silent]: `https://localhost:${await serve(net.createServer(() => {}))}`,
      [ended]: await secured('expired'),
      [self]: await secured('self'),
      [elsewhere]: await secured('elsewhere'),
      [unknown]: 'https://providers.invalid',
    };
    return this;
  }

  // From now on; null: all is well again.
  misbehave(fault, befalls = () => true) {
    this.fault = fault && (FAULTS[fault] ?? fault);
    this.befalls = befalls;
    this.met = [];
    this.passed = [];
    this.decoyed = 0;
  }

  async take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const forward = () => this.forward(request, body);
    const what = `${request.method} ${request.url}`;
    response.on('error', () => {});
    if (this.fault && !request.url.startsWith('/control/') && this.befalls(what)) {
      this.met.push(what);
      await this.fault({ request, response, body, forward, proxy: this });
      return;
    }
    this.passed.push(what);
    const answer = await forward();
    response.writeHead(answer.status, answer.headers);
    response.end(answer.bytes);
  }

  forward(request, body) {
    const headers = { ...request.headers, 'content-length': body.length, connection: 'close' };
    return new Promise((resolve, reject) => {
      http.request({ ...this.target, method: request.method, path: request.url, headers, agent: false },
        (answer) => {
          const chunks = [];
          answer.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('end', () => {
            const { connection, 'transfer-encoding': encoding, ...kept } = answer.headers;
            resolve({ status: answer.statusCode, headers: kept, bytes: Buffer.concat(chunks) });
          });
        }).on('error', reject).end(body);
    });
  }

  // Every connection ends.
  drop() {
    for (const socket of this.sockets) socket.destroy();
  }

  close() {
    this.drop();
    return Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

module.exports = { Proxy, FAULTS, PLACES };
