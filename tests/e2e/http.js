'use strict';
// A small browser without pictures: requests as they are written, one cookie jar, forms read
// from the page. Nothing is followed, nothing is added that the caller cannot change.

const http = require('node:http');

function unescapeHtml(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) =>
    decimal ? String.fromCodePoint(Number(decimal))
      : hex ? String.fromCodePoint(parseInt(hex, 16)) : named[name] ?? whole);
}

// The text a person reads: no tags, blanks of every kind as one space.
function textOf(html) {
  return unescapeHtml(html.replace(/<head>[\s\S]*<\/head>/, '').replace(/<[^>]*>/g, ' '))
    .replace(/[\s\u00a0\u202f]+/g, ' ').trim();
}

function attributes(tag) {
  const found = {};
  for (const [, name, value] of tag.matchAll(/([a-z-]+)="([^"]*)"/g))
    found[name] = unescapeHtml(value);
  return found;
}

// The forms of a page: where they lead, their hidden fields, their buttons.
function formsOf(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head, inside]) => {
    const form = { ...attributes(head), fields: {}, buttons: [] };
    for (const [tag] of inside.matchAll(/<input\b[^>]*>/g)) {
      const input = attributes(tag);
      if (input.type === 'checkbox' && input.name === 'coche') {
        if (/\schecked\b/.test(tag))
          form.fields.coche = [...(form.fields.coche ?? []), input.value];
      } else if (input.name && !/\sdisabled\b/.test(tag)) {
        form.fields[input.name] = input.value ?? '';
      }
    }
    for (const [, tag] of inside.matchAll(/<button\b([^>]*)>/g))
      form.buttons.push(attributes(tag));
    return form;
  });
}

// body: text or bytes. Headers with the value null are left out.
function send(base, method, path, { headers = {}, body } = {}) {
  const target = new URL(base);
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
  if (body !== undefined && sent['Content-Length'] === undefined)
    sent['Content-Length'] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const request = http.request({ host: target.hostname, port: target.port, method, path,
      headers: sent, agent: false }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const answer = { status: response.statusCode, headers: response.headers,
          location: response.headers.location, cookies: response.headers['set-cookie'] ?? [],
          bytes, body: bytes.toString('utf8') };
        answer.text = textOf(answer.body);
        resolve(answer);
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

class Client {
  constructor(base) {
    this.base = base;
    this.cookie = null;
  }

  async send(method, path, { headers = {}, body } = {}) {
    const cookie = this.cookie && { Cookie: `__Host-sid=${this.cookie}` };
    const answer = await send(this.base, method, path, { headers: { ...cookie, ...headers }, body });
    for (const line of answer.cookies) {
      const [, value] = /^__Host-sid=([^;]*)/.exec(line) ?? [];
      if (value !== undefined)
        this.cookie = /Max-Age=0/i.test(line) ? null : value;
    }
    return answer;
  }

  get(path, options) {
    return this.send('GET', path, options);
  }

  // A form of our own page, as a browser sends it.
  post(path, fields, { headers = {} } = {}) {
    const pairs = typeof fields === 'string' ? [] : Object.entries(fields)
      .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one]));
    const body = typeof fields === 'string' ? fields : new URLSearchParams(pairs).toString();
    return this.send('POST', path, { body, headers: { Origin: this.base,
      'Sec-Fetch-Site': 'same-origin',
      'Content-Type': 'application/x-www-form-urlencoded', ...headers } });
  }

  // Reads a page and gives the form that leads to `action`, with its fields.
  async form(path, action) {
    const answer = await this.get(path);
    const form = formsOf(answer.body).find((one) => one.action === action);
    if (!form)
      throw new Error(`no form to ${action} on ${path} (${answer.status}): ${answer.text}`);
    return form;
  }
}

module.exports = { Client, send, formsOf, textOf };
