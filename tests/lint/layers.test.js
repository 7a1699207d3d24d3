'use strict';
// Who includes whom: a file sees its own folder and the layers below, never beside, never above;
// each outside library is known to the one place that wraps it.

const { list, read, plainC, lint } = require('./lint.js');

// From below to above; folders of one line do not know each other.
const LAYERS = [
  ['base'],
  ['http', 'template', 'db', 'net'],
  ['association'],
  ['accounting'],
  ['payment'],
  ['provider/stripe', 'provider/paypal'],
  ['job'],
  ['web'],
  ['programs'],
];

// Below, and hidden all the same: the domain and what works for it never see a page, a provider
// never sees the database, and jobs hand each event to the provider's interface (templates they
// know: the texts of mail).
const HIDDEN = {
  association: ['http', 'template', 'net'],
  accounting: ['http', 'template', 'net'],
  payment: ['http', 'template'],
  'provider/stripe': ['http', 'template', 'db', 'association', 'accounting'],
  'provider/paypal': ['http', 'template', 'db', 'association', 'accounting'],
  job: ['http', 'provider/stripe', 'provider/paypal'],
  web: ['provider/stripe', 'provider/paypal'],
};

// The practice providers are a wing of their own.
const SANDBOX = ['sandbox', 'http', 'template', 'db', 'net', 'base'];

// Outside headers, and the files that may include them.
const LIBRARIES = [
  [/^fcgi/, /^src\/http\/fastcgi\.c$/, 'src/http/fastcgi.c'],
  [/^sqlite3/, /^src\/db\/sqlite\.c$/, 'src/db/sqlite.c'],
  [/^curl\//, /^src\/net\//, 'src/net/'],
  [/^jansson/, /^src\/(net\/json|provider\/|sandbox\/)/, 'src/net/json, src/provider/ and src/sandbox/'],
  [/^qrencode/, /^src\/web\/qr_code\.c$/, 'src/web/qr_code.c'],
  [/^openssl\//, /^src\/(base\/|sandbox\/paypal_certificate\.c$)/, 'src/base/ and the certificates of the sandbox'],
  [/^zlib/, /^src\/base\/(gzip|crc32)\.c$/, 'src/base/gzip.c and crc32.c'],
  [/^seccomp/, /^src\/base\/system_calls\.c$/, 'src/base/system_calls.c'],
  [/^cmocka/, /^tests\//, 'tests/'],
];

// Made from sql/.
const GENERATED = {
  'queries.h': /^src\/(association|accounting|payment|web|job|programs)\//,
  'migrations.h': /^src\/programs\//,
  'sandbox_queries.h': /^src\/sandbox\//,
  'sandbox_migrations.h': /^src\/sandbox\//,
};

const rank = (folder) => LAYERS.findIndex((layer) => layer.includes(folder));

function folderOf(name) {
  const parts = name.split('/');
  return parts[0] === 'provider' ? parts.slice(0, 2).join('/') : parts[0];
}

function allowed(own, other, file) {
  if (own === other) return true;
  if (own === 'sandbox') return SANDBOX.includes(other);
  if (file === 'src/programs/guichet-sandbox.c') return SANDBOX.includes(other);
  if (rank(own) < 0 || rank(other) < 0) return false;
  return rank(other) < rank(own) && !(HIDDEN[own] || []).includes(other);
}

function judgeOwn(file, own, name) {
  if (name in GENERATED) return GENERATED[name].test(file) ? null : `${name} is not for this layer`;
  if (!name.includes('/')) return `write "${own}/${name}"`;
  const other = folderOf(name);
  if (other !== own && name.endsWith('/internal.h')) return `${name} is internal to ${other}`;
  return allowed(own, other, file) ? null : `${own} must not know ${other} (${name})`;
}

function judgeLibrary(file, name) {
  const rule = LIBRARIES.find(([pattern]) => pattern.test(name));
  return rule && !rule[1].test(file) ? `<${name}> belongs to ${rule[2]}` : null;
}

function find(root) {
  const findings = [];
  for (const file of list(root, ['src'], /\.[ch]$/)) {
    const own = folderOf(file.slice('src/'.length));
    plainC(read(root, file)).split('\n').forEach((line, index) => {
      const match = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(line);
      if (!match) return;
      const fault = match[1] === '"' ? judgeOwn(file, own, match[2]) : judgeLibrary(file, match[2]);
      if (fault) findings.push(`${file}:${index + 1}: ${fault}`);
    });
  }
  return findings;
}

const one = (file, include) => ({ [file]: `#include ${include}\n` });

lint('layers', find, [
  ['a layer above', one('src/base/err.c', '"db/db.h"'), /base must not know db/],
  ['a layer beside', one('src/http/a.c', '"net/json.h"'), /http must not know net/],
  ['the domain upside down', one('src/accounting/a.c', '"payment/post.h"'), /must not know payment/],
  ['HTTP in the domain', one('src/payment/a.c', '"http/http.h"'), /must not know http/],
  ['a provider in the kernel', one('src/payment/a.c', '"provider/stripe/stripe.h"'), /must not know/],
  ['one provider in another', one('src/provider/paypal/a.c', '"provider/stripe/stripe.h"'),
    /must not know provider\/stripe/],
  ['the books in a provider', one('src/provider/stripe/a.c', '"accounting/accounting.h"'), /must not/],
  ['a provider in the sandbox', one('src/sandbox/a.c', '"provider/paypal/paypal.h"'), /must not know/],
  ['the domain in the sandbox', one('src/sandbox/a.c', '"payment/post.h"'), /must not know payment/],
  ['the sandbox in the house', one('src/web/a.c', '"sandbox/sandbox.h"'), /must not know sandbox/],
  ['the sandbox in guichet', one('src/programs/guichet.c', '"sandbox/sandbox.h"'), /must not know/],
  ['the house in guichet-sandbox', one('src/programs/guichet-sandbox.c', '"web/web.h"'), /must not/],
  ["another folder's inside", one('src/web/a.c', '"payment/internal.h"'), /internal to payment/],
  ['an include without folder', one('src/web/a.c', '"internal.h"'), /write "web\/internal.h"/],
  ['queries in a provider', one('src/provider/stripe/a.c', '"queries.h"'), /not for this layer/],
  ['FastCGI in web', one('src/web/a.c', '<fcgiapp.h>'), /belongs to src\/http/],
  ['SQLite outside of its file', one('src/db/writer.c', '<sqlite3.h>'), /belongs to src\/db\/sqlite/],
  ['curl in a provider', one('src/provider/stripe/a.c', '<curl/curl.h>'), /belongs to src\/net/],
  ['jansson in the kernel', one('src/payment/a.c', '<jansson.h>'), /belongs to src\/net\/json/],
  ['OpenSSL in web', one('src/web/a.c', '<openssl/hmac.h>'), /belongs to src\/base/],
], {
  'src/web/page.c': '#include "web/internal.h"\n#include "payment/intent.h"\n/*\n#include <curl/curl.h>\n*/',
  'src/db/sqlite.c': '#include <sqlite3.h>\n',
  'src/programs/guichet.c': '#include "provider/stripe/stripe.h"\n',
});
