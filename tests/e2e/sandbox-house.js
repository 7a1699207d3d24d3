'use strict';
// Starts the practice providers alone: guichet-sandbox behind an nginx of its own on a free port,
// and a listener that keeps every notification it gets. All of it ends with the test.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');

const top = path.resolve(__dirname, '../..');
const program = process.env.GUICHET_SANDBOX || path.join(top, 'build/guichet-sandbox');
const vectors = path.resolve(top, process.env.GUICHET_VECTORS || '../shared/vectors');
const DEADLINE_MS = 30000;

/** Asks until the answer is true; machines may be slow. */
async function until(what, ask) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `never came: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The text of a file of the test vectors; absent vectors are a failure with a clear name. */
function vector(name) {
  const file = path.join(vectors, name);
  assert.ok(fs.existsSync(file), `test vectors absent: ${file} (set GUICHET_VECTORS)`);
  return fs.readFileSync(file, 'utf8');
}

function startProcess(command, args, folder) {
  const log = path.join(folder, `${path.basename(command)}.log`);
  const output = fs.openSync(log, 'a');
  const child = spawn(command, args, { stdio: ['ignore', output, output] });
  fs.closeSync(output);
  const ended = new Promise((resolve) => { child.once('exit', (code) => resolve(code)); });
  child.once('error', () => {});
  // Ends it; what is wrong with its end. A test may have killed it; else it ends well, also in the
  // eyes of the sanitizers.
  const stop = async () => {
    if (child.exitCode === null && child.pid) child.kill('SIGTERM');
    if (child.pid) await ended;
    return child.signalCode === 'SIGKILL' || child.exitCode === 0 ? null
      : `${command} ended with ${child.exitCode ?? child.signalCode}: ${fs.readFileSync(log, 'utf8')}`;
  };
  return { child, ended, stop };
}

function nginxConfiguration(folder, port) {
  const user = process.getuid() === 0 ? 'user root;\n' : '';
  const temporary = ['client_body', 'fastcgi', 'proxy', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  return `${user}daemon off; pid ${folder}/nginx.pid; worker_processes 1;
error_log ${folder}/nginx-error.log;
events { worker_connections 256; }
http {
  access_log off; ${temporary}
  types { text/css css; image/svg+xml svg; }
  server {
    listen 127.0.0.1:${port};
    server_name localhost;
    client_max_body_size 2m;
    location /static/ { root ${top}; }
    location = /sandbox-reset { internal; return 444; }
    location / {
      include /etc/nginx/fastcgi_params;
      fastcgi_param HTTP_PROXY "";
      fastcgi_read_timeout 180s;
      fastcgi_pass unix:${folder}/sandbox.socket;
    }
  }
}
`;
}

function sandboxConfiguration(folder, port, more) {
  const values = {
    database: `${folder}/sandbox.db`,
    socket: `${folder}/sandbox.socket`,
    base_url: `http://localhost:${port}`,
    templates: path.join(top, 'templates/sandbox'),
    stripe_retries: '1 1 3600',
    paypal_retries: '1 1 3600',
    ...more,
  };
  return Object.entries(values).map(([key, value]) => `${key} = ${value}\n`).join('');
}

/** A listener on the loopback. answer(request) may choose the status, in its time; 200 otherwise. */
async function startListener(t) {
  const listener = { got: [], answer: () => 200 };
  const server = http.createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', async () => {
      const got = {
        method: request.method, path: request.url, headers: request.headers,
        body: Buffer.concat(pieces),
      };
      listener.got.push(got);
      response.statusCode = await listener.answer(got);
      response.end();
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => { server.closeAllConnections(); server.close(); });
  listener.url = `http://127.0.0.1:${server.address().port}`;
  return listener;
}

/** One call; the body of an answer is kept as text. */
async function call(url, { method = 'GET', headers = {}, body } = {}) {
  const answer = await fetch(url, { method, headers, body, redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

function addControl(house) {
  const ask = async (method, where, body) => {
    const answer = await call(`${house.url}/control${where}`,
      { method, body: body === undefined ? undefined : JSON.stringify(body) });
    return { status: answer.status, body: JSON.parse(answer.text) };
  };
  const good = async (method, where, body) => {
    const answer = await ask(method, where, body);
    assert.ok(answer.status < 300, `${method} /control${where}: ${JSON.stringify(answer)}`);
    return answer.body;
  };
  house.ask = ask;
  house.get = (where) => good('GET', where);
  house.post = (where, body = {}) => good('POST', where, body);
  house.remove = (where) => good('DELETE', where);
  house.idle = async () => {
    const answer = await house.post('/deliveries/wait', { timeout_s: 30 });
    assert.ok(answer.idle, 'notifications are still on their way');
  };
}

/** Starts everything. options are more keys of the sandbox's configuration. */
async function startSandbox(t, options = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guichet-sandbox-'));
  const started = [];
  // The folder goes last: what lies in it is in use until the programs have ended.
  t.after(async () => {
    const faults = [];
    for (const one of started.reverse()) faults.push(await one.stop());
    fs.rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(faults.filter(Boolean), []);
  });
  const port = await freePort();
  const house = { folder, port, url: `http://localhost:${port}` };
  assert.ok(fs.existsSync(program), `${program} is not built (make, or set GUICHET_SANDBOX)`);
  const configuration = path.join(folder, 'sandbox.conf');
  fs.writeFileSync(configuration, sandboxConfiguration(folder, port, options));
  fs.writeFileSync(path.join(folder, 'nginx.conf'), nginxConfiguration(folder, port));
  house.start = () => {
    house.process = startProcess(program, ['--config', configuration], folder);
    started.push(house.process);
  };
  house.start();
  started.push(startProcess('nginx', ['-p', folder, '-e', `${folder}/nginx-error.log`, '-c',
    path.join(folder, 'nginx.conf')], folder));
  house.log = () => fs.readFileSync(path.join(folder, `${path.basename(program)}.log`), 'utf8');
  house.answers = () => until('an answer of the sandbox', async () => {
    assert.equal(house.process.child.exitCode, null, `the sandbox has ended: ${house.log()}`);
    try {
      return (await call(`${house.url}/control/health`)).status === 200;
    } catch {
      return false;
    }
  });
  addControl(house);
  await house.answers();
  return house;
}

module.exports = { startSandbox, startListener, call, until, vector };
