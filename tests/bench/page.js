'use strict';
// What a page weighs on the wire, and when Chromium has drawn it.

const http = require('node:http');
const { launchBrowser } = require('../e2e/browser.js');

// Bytes of the body as it travels, for who takes packed ones.
function bytesOnTheWire(url, cookie) {
  return new Promise((resolve, reject) => {
    http.get(url, { headers: { Cookie: cookie, 'Accept-Encoding': 'gzip' } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, bytes: Buffer.concat(parts).length }));
    }).on('error', reject);
  });
}

async function kilobytes(house, cookie, places) {
  let sum = 0;
  for (const place of places) {
    const { status, bytes } = await bytesOnTheWire(house.url + place, cookie);
    if (status !== 200) throw new Error(`${place}: ${status}`);
    sum += bytes;
  }
  return sum / 1024;
}

// What a first visit fetches beside the page.
const assetsOf = (body) => [...new Set([...body.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((match) => match[1]))];

// From the first byte of the page to its first drawing, milliseconds.
async function drawn(house, cookie) {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ extraHTTPHeaders: { Cookie: cookie } });
    const page = await context.newPage();
    await page.goto(`${house.url}/panier`, { waitUntil: 'load' });
    return await page.evaluate(() => new Promise((resolve) => {
      const began = performance.getEntriesByType('navigation')[0].responseStart;
      new PerformanceObserver((list) => {
        const paint = list.getEntriesByName('first-contentful-paint')[0];
        if (paint) resolve(paint.startTime - began);
      }).observe({ type: 'paint', buffered: true });
    }));
  } finally {
    await browser.close();
  }
}

module.exports = { kilobytes, assetsOf, drawn };
