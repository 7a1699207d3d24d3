'use strict';
// The production nginx.conf run on this machine: other ports, a certificate of the moment, sockets
// in a folder of the test; everything else is the file as it is shipped.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { execFileSync, spawn } = require('node:child_process');

const top = path.resolve(__dirname, '../..');
const HOST = 'guichet.example.org';
const PATIENCE_MS = 60000;

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// root: where nginx keeps its files, with privkey.pem and fullchain.pem; sockets: where page.socket
// and notification.socket are.
function productionConfig({ root, sockets = root, http, https, watch }) {
  const site = fs.readFileSync(path.join(top, 'conf/nginx.conf'), 'utf8')
    .replace(/^ *listen \[::1?\].*\n/gm, '')
    .replace(/listen 127\.0\.0\.1:8090\b/g, `listen 127.0.0.1:${watch}`)
    .replace(/listen 80\b/g, `listen 127.0.0.1:${http}`)
    .replace(/listen 443\b/g, `listen 127.0.0.1:${https}`)
    .replace(/\/etc\/letsencrypt\/live\/[^/]+/g, root)
    .replace(/\/run\/guichet/g, sockets)
    .replace(/\/etc\/guichet\//g, `${top}/conf/`)
    .replace(/\/usr\/share\/guichet/g, top)
    .replace(/\/var\/log\/nginx/g, root);
  const folders = ['client_body', 'fastcgi', 'proxy', 'scgi', 'uwsgi']
    .map((name) => `${name}_temp_path ${root}/tmp-${name};`).join(' ');
  return `${process.getuid() === 0 ? 'user root;' : ''} daemon off; worker_processes 1;
pid ${root}/nginx.pid; error_log ${root}/nginx.log;
events { worker_connections 256; }
http { ${folders} include /etc/nginx/mime.types; default_type text/plain;
${site}
}`;
}

function makeCertificate(root) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', `/CN=${HOST}`,
    '-addext', `subjectAltName=DNS:${HOST}`, '-keyout', `${root}/privkey.pem`, '-out', `${root}/fullchain.pem`],
  { stdio: 'ignore' });
}

// ---- bytes over TLS, as anybody may send them ----

// A connection; text() is what came so far, closed ends with the seconds since it was opened.
function connect(port, first = '', { servername = HOST, ...more } = {}) {
  const opened = Date.now();
  const chunks = [];
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false, ...more }, () => socket.write(first));
  const connection = { socket, text: () => Buffer.concat(chunks).toString('latin1') };
  socket.on('data', (data) => chunks.push(data));
  connection.closed = new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve((Date.now() - opened) / 1000));
  });
  return connection;
}

// ---- the front ----

class Front {
  constructor(root, sockets) {
    this.root = root;
    this.sockets = sockets;
  }

  async start(change = (text) => text) {
    for (const name of ['http', 'https', 'watch']) this[name] = await freePort();
    makeCertificate(this.root);
    this.file = path.join(this.root, 'front.conf');
    fs.writeFileSync(this.file, change(productionConfig(this)));
    this.nginx = spawn('nginx', ['-e', `${this.root}/nginx.log`, '-c', this.file], { stdio: 'ignore' });
    this.ended = new Promise((resolve) => this.nginx.on('close', resolve));
    const end = Date.now() + PATIENCE_MS;
    while (!await this.listens()) {
      assert.ok(this.nginx.exitCode === null && Date.now() < end,
        fs.existsSync(`${this.root}/nginx.log`) ? fs.readFileSync(`${this.root}/nginx.log`, 'utf8') : 'nginx does not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this;
  }

  listens() {
    return new Promise((resolve) => {
      const socket = net.connect(this.https, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  }

  connect(first, options) {
    return connect(this.https, first, options);
  }

  // All that is answered to these bytes until the connection is closed.
  async say(bytes, options) {
    const connection = this.connect(bytes, options);
    await connection.closed;
    return connection.text();
  }

  async status(bytes) {
    return Number(/^HTTP\/1\.[01] (\d+)/.exec(await this.say(bytes))?.[1] ?? 0);
  }

  stop() {
    this.nginx.kill('SIGTERM'); // its worker would outlive a SIGKILL
    return this.ended;
  }
}

// One request that closes its connection.
const request = (line, { headers = [], body = '' } = {}) =>
  [`${line} HTTP/1.1`, `Host: ${HOST}`, 'Connection: close', ...headers, '', body].join('\r\n');

module.exports = { Front, HOST, freePort, productionConfig, request };
