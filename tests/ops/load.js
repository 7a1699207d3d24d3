'use strict';
// Visitors and a provider, all the time: pages are read, notifications are sent, and what was
// answered is noted. Started as a program it works until its standard input ends, and prints what
// it saw: node load.js URL HOOK SECRET PAUSE_MS PAGE... (HOOK, SECRET: where and by what is notified).

const crypto = require('node:crypto');
const http = require('node:http');
const https = require('node:https');

const PAUSE_MS = 20; // of each visitor, between two requests
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Always a connection of its own, to this machine; the status and nothing else.
function ask(url, method, { headers = {}, body } = {}) {
  const target = new URL(url);
  const { request } = target.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: target.port || undefined, servername: target.hostname, method,
      path: target.pathname + target.search, headers: { Host: target.host, ...headers,
        ...(body ? { 'Content-Length': Buffer.byteLength(body) } : {}) },
      agent: false, rejectUnauthorized: false }, (response) => {
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode));
      response.resume();
    }).on('error', reject).end(body);
  });
}

// What Stripe would sign; the event is of a kind that books nothing.
function notice(secret) {
  const id = `evt_${crypto.randomBytes(12).toString('hex')}`;
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id, object: 'event', api_version: '2025-01-27.acacia', created, livemode: false,
    type: 'customer.created', data: { object: { id: 'cus_1', object: 'customer' } } });
  const mac = crypto.createHmac('sha256', secret).update(`${created}.${body}`).digest('hex');
  return { id, body, headers: { 'Content-Type': 'application/json', 'Stripe-Signature': `t=${created},v1=${mac}` } };
}

class Load {
  constructor({ url, hook, secret, pages, cookie, pauseMs = PAUSE_MS }) {
    this.url = url;
    this.pauseMs = pauseMs;
    this.answered = 0;
    this.failed = [];
    this.acknowledged = [];
    const notify = async () => {
      const { id, ...message } = notice(secret);
      const status = await ask(url + hook, 'POST', message);
      if (status === 200) this.acknowledged.push(id);
      return status;
    };
    const read = (place) => () => ask(url + place, 'GET', cookie ? { headers: { Cookie: cookie } } : {});
    this.ended = Promise.all([...pages.map(read), notify, notify].map((visitor) => this.repeat(visitor)));
  }

  // Whoever is logged in is led on (303) from the login page.
  async repeat(visitor) {
    while (!this.over) {
      const status = await visitor().catch((error) => error.code || error.message);
      this.answered += 1;
      if (![200, 303].includes(status)) this.failed.push(status);
      await sleep(this.pauseMs);
    }
  }

  async end() {
    this.over = true;
    await this.ended;
    const { answered, failed, acknowledged } = this;
    return { answered, failed, acknowledged };
  }
}

module.exports = { Load };

if (require.main === module) {
  const [url, hook, secret, pauseMs, ...pages] = process.argv.slice(2);
  const load = new Load({ url, hook, secret, pages, pauseMs: Number(pauseMs) });
  const begun = setInterval(() => {
    if (!load.acknowledged.length && !load.failed.length) return;
    clearInterval(begun);
    console.log('begun');
  }, 20);
  process.stdin.resume().on('end', async () => {
    console.log(JSON.stringify(await load.end()));
    process.exit();
  });
}
