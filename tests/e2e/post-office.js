'use strict';
// A mail server on loopback that a test commands: it keeps what it took, and refuses whom it is
// told to. The dialogue is smtp-server's, the reading postal-mime's.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before } = require('node:test');
const { SMTPServer } = require('smtp-server');
const PostalMime = require('postal-mime').default;
const { houseOf } = require('./harness.js');

const FROM = 'guichet@asso.example';

const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

const collect = (stream) => new Promise((resolve, reject) => {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', reject);
  stream.on('end', () => resolve(Buffer.concat(chunks)));
});

class PostOffice {
  // options: of smtp-server
  constructor(options = {}) {
    this.options = { hideSTARTTLS: !options.cert, ...options };
    this.mails = [];
    this.tries = [];
    this.answers = new Map(); // address: answers to its next tries, [code, text] or null for yes
    this.port = 0;
  }

  async open() {
    this.server = new SMTPServer({ authOptional: !this.options.onAuth, disableReverseLookup: true,
      logger: false, ...this.options,
      onRcptTo: (address, session, callback) => callback(this.judge(address.address)),
      onData: (stream, session, callback) => this.take(stream, session).then(() => callback(), callback) });
    this.server.on('error', () => {}); // a client that hangs up
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = this.server.server.address().port;
  }

  close() {
    return new Promise((resolve) => this.server.close(resolve));
  }

  // What the next tries of an address are told.
  answer(address, ...answers) {
    this.answers.set(address, answers);
  }

  judge(address) {
    const answer = this.answers.get(address)?.shift();
    this.tries.push(address);
    return answer ? refusal(...answer) : null;
  }

  async take(stream, session) {
    const raw = await collect(stream);
    this.mails.push({ ...await PostalMime.parse(raw), raw: raw.toString('latin1'),
      secure: session.secure, user: session.user,
      envelope: { from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map(({ address }) => address) } });
  }

  to(address) {
    return this.mails.filter(({ envelope }) => envelope.to.includes(address));
  }
}

// An authority of a day, and a certificate of it for localhost.
function makeCertificate(folder) {
  const run = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  run('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=essais');
  run('req', ...curve, '-keyout', 'mail.key', '-out', 'mail.csr', '-subj', '/CN=localhost');
  fs.writeFileSync(path.join(folder, 'mail.ext'), 'subjectAltName=DNS:localhost\n');
  run('x509', '-req', '-in', 'mail.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
    '-days', '1', '-extfile', 'mail.ext', '-out', 'mail.pem');
  const read = (name) => fs.readFileSync(path.join(folder, name));
  return { ca: path.join(folder, 'ca.pem'), key: read('mail.key'), cert: read('mail.pem') };
}

// A house that sends its mail to this office: opened before it starts, closed behind it. Hooks of a
// file begin where they stand.
function houseWithOffice(name, office, options = {}) {
  before(() => office.open());
  const house = houseOf(name, { ...options, config: { get smtp_url() {
    return `smtp://127.0.0.1:${office.port}`;
  }, mail_from: FROM } });
  after(() => office.close());
  return house;
}

module.exports = { PostOffice, houseWithOffice, makeCertificate, FROM };
