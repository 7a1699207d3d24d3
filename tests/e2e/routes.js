'use strict';
// The route table, from the program itself: the unit test of the table prints it.

const path = require('node:path');
const { execFileSync } = require('node:child_process');

const top = path.resolve(__dirname, '../..');
const printer = path.resolve(top, process.env.BUILD || 'build', 'asan/unit/test_web_routes');

// [{ pool, method, place, access: [roles and exceptions], fields, multipart, raw, open }]
function readRoutes() {
  return execFileSync(printer, ['print'], { encoding: 'utf8' }).trim().split('\n').map((line) => JSON.parse(line));
}

module.exports = { readRoutes };
