#!/usr/bin/env node
'use strict';
// make bench: each figure beside what it is compared with, taken in turns in the same run; the
// medians of the rounds, their spread, and the ratio that is to be reached. A row that falls short
// ends with SHORT; with STRICT=1 that is the exit status too. ONLY=word runs the rows that hold it,
// QUICK=1 leaves the largest database out.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { build } = require('./house.js');
const { groups } = require('./rows.js');

const ROUNDS = Number(process.env.ROUNDS) || 3;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values) => (Math.max(...values) - Math.min(...values)) / median(values);

const short = (value) => (value >= 100 ? Math.round(value).toLocaleString('fr-FR') : value.toPrecision(3));

// One row: its figures taken in turns, so that what slows the machine slows each of them.
async function measure(row) {
  const taken = new Map(row.figures.map((figure) => [figure.name, []]));
  for (let round = 0; round < (row.rounds ?? ROUNDS); round += 1)
    for (const figure of row.figures) taken.get(figure.name).push(await figure.take());
  const values = Object.fromEntries([...taken].map(([name, list]) => [name, median(list)]));
  const ratio = row.ratio(values);
  const reached = row.most === undefined ? ratio >= row.least : ratio <= row.most;
  return { row: row.name, figures: Object.fromEntries([...taken].map(([name, list]) => [name, { median: median(list), spread: spread(list), all: list }])),
    ratio, least: row.least, most: row.most, unit: row.unit ?? '', reached };
}

function print(result) {
  const figures = Object.entries(result.figures).map(([name, one]) => `${name} ${short(one.median)} ±${Math.round(one.spread * 50)} %`).join(', ');
  const aim = result.most === undefined ? `≥ ${result.least}` : `≤ ${result.most}`;
  console.log(`${result.row.padEnd(58)} ${short(result.ratio).padStart(7)} ${result.unit.padEnd(5)} ${aim.padEnd(8)}${result.reached ? '' : ' SHORT'}\n    ${figures}`);
}

// The rows of one house, which stands while they are measured.
async function measureGroup({ rows, begin, end }, results) {
  const wanted = rows.filter((row) => !process.env.ONLY || row.name.includes(process.env.ONLY));
  if (wanted.length === 0) return;
  try {
    await begin();
    for (const row of wanted) {
      results.push(await measure(row));
      print(results.at(-1));
    }
  } finally {
    await end();
  }
}

async function main() {
  const results = [];
  console.log(`${os.cpus().length} × ${os.cpus()[0].model}, ${new Date().toISOString()}, load ${os.loadavg()[0].toFixed(1)}`);
  for (const group of groups({ largest: !process.env.QUICK })) await measureGroup(group, results);
  fs.writeFileSync(path.join(build, 'bench/results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const shorts = results.filter((one) => !one.reached).length;
  console.log(`${results.length - shorts} reached, ${shorts} short; ${path.join(path.relative(process.cwd(), build), 'bench/results.json')}`);
  process.exitCode = process.env.STRICT && shorts > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 2;
}).finally(() => process.exit());
