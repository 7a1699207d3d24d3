#!/usr/bin/env node
'use strict';
// Makes common-passwords.txt again: node conf/common-passwords.js PACKAGE-FOLDER > conf/common-passwords.txt
// The folder is that of the npm package @zxcvbn-ts/language-common, unpacked (4.1.3 was read); its
// frequency list of leaked passwords is under the MIT licence (common-passwords.license).
//
// Kept are the 10 000 most frequent ones and all the others that are long enough to be typed here,
// with a few words that people of a French association think of first. One a line, lower case,
// sorted by their bytes: Guichet searches it by halves.

const path = require('node:path');

const MOST_FREQUENT = 10000;
const LONG_ENOUGH = 12;
const OURS = ['adherent', 'administrateur', 'association', 'bonjourbonjour', 'cotisation', 'doudou',
  'jetaime', 'jetaimemonamour', 'monmotdepasse', 'motdepasse', 'motdepassesecret', 'nouveaumotdepasse',
  'tresorier', 'tresoriere'];

const byFrequency = require(path.resolve(process.argv[2], 'src/passwords.json'));
const kept = byFrequency.filter((word, rank) => rank < MOST_FREQUENT || word.length >= LONG_ENOUGH);
const words = [...new Set([...kept, ...OURS])].map((word) => word.toLowerCase());
const sorted = [...new Set(words)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
process.stdout.write(`${sorted.join('\n')}\n`);
