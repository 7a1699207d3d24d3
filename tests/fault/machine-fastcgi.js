'use strict';
// What nginx does, as slowly as wanted: one FastCGI request over the socket of a server.

const net = require('node:net');

const RECORD = { begin: 1, parameters: 4, input: 5, output: 6, end: 3 };

function record(type, content) {
  const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
}

function length(bytes) {
  if (bytes.length < 128) return Buffer.from([bytes.length]);
  const four = Buffer.alloc(4);
  four.writeUInt32BE((bytes.length | 0x80000000) >>> 0);
  return four;
}

function parameters(values) {
  return Buffer.concat(Object.entries(values).map(([name, value]) => {
    const [key, text] = [Buffer.from(name), Buffer.from(value)];
    return Buffer.concat([length(key), length(text), key, text]);
  }));
}

// The output in the records that came so far, and whether the answer is whole.
function readRecords(bytes) {
  const output = [];
  let at = 0;
  let ended = false;
  while (bytes.length - at >= 8) {
    const [type, size, padding] = [bytes[at + 1], bytes.readUInt16BE(at + 4), bytes[at + 6]];
    if (bytes.length - at < 8 + size + padding) break;
    if (type === RECORD.output) output.push(bytes.subarray(at + 8, at + 8 + size));
    ended ||= type === RECORD.end;
    at += 8 + size + padding;
  }
  return { output: Buffer.concat(output).toString(), ended };
}

// GET of a place; `resume` begins to read, `answer` is { status, body, whole } at the end.
function get(socketPath, place, { cookie = '', slow = false } = {}) {
  const [, query = ''] = place.split('?');
  const socket = net.connect({ path: socketPath, readableHighWaterMark: 1024 });
  const chunks = [];
  const answer = new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('end', () => {
      const { output, ended } = readRecords(Buffer.concat(chunks));
      const split = output.indexOf('\r\n\r\n');
      resolve({ status: Number(/^Status: (\d+)/.exec(output)?.[1] ?? 0), body: output.slice(split + 4), whole: ended });
    });
  });
  const listen = () => socket.on('data', (chunk) => chunks.push(chunk)).resume();
  socket.write(Buffer.concat([record(RECORD.begin, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
    record(RECORD.parameters, parameters({ REQUEST_METHOD: 'GET', REQUEST_URI: place, QUERY_STRING: query,
      SERVER_PROTOCOL: 'HTTP/1.1', REMOTE_ADDR: '127.0.0.1', HTTP_COOKIE: cookie && `__Host-sid=${cookie}` })),
    record(RECORD.parameters, Buffer.alloc(0)), record(RECORD.input, Buffer.alloc(0))]));
  if (slow) socket.pause();
  else listen();
  return { answer, resume: listen };
}

module.exports = { get };
