'use strict';
// Chromium as a person uses it: pages that complain when the console does, a look at each page
// in two widths, held against axe.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const axe = require('axe-core');
const { chromium } = require('playwright-core');

// The folder where pictures are kept, for those who want to see what was made.
const screenshots = process.env.SCREENSHOTS && path.resolve(__dirname, '../..', process.env.SCREENSHOTS);
const sizes = [{ width: 1280, height: 900 }, { width: 390, height: 844 }];

function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

// Everything that must not happen on a page: violations of the content policy, errors of our
// script, dialogs, files of ours that are missing. An answer of 4xx that a test asks for is none.
function listen(page, troubles) {
  page.on('console', (message) => {
    if (message.type() === 'error' && !/^Failed to load resource: .* status of [45]/.test(message.text()))
      troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && new URL(response.url()).pathname.startsWith('/static/'))
      troubles.push(`${response.status()} ${response.url()}`);
  });
}

// A cookie of a __Host- name has no domain, which Playwright's own function always adds.
async function setCookie(page, url, value) {
  const chrome = await page.context().newCDPSession(page);
  await chrome.send('Network.setCookie', { name: '__Host-sid', value, url: `${url}/`, path: '/',
    secure: true, httpOnly: true, sameSite: 'Lax' });
  await chrome.detach();
}

// javaScript: whether pages may run scripts. The page is closed, and judged, after the test.
async function openPage(t, browser, url, cookie, { javaScript = true } = {}) {
  const context = await browser.newContext({ baseURL: url, javaScriptEnabled: javaScript,
    locale: 'fr-FR', viewport: sizes[0] });
  context.setDefaultTimeout(30000);
  const troubles = [];
  context.on('page', (page) => listen(page, troubles));
  const page = await context.newPage();
  if (cookie)
    await setCookie(page, url, cookie);
  t.after(async () => {
    await context.close();
    assert.deepEqual(troubles, []);
  });
  return page;
}

// What axe has against a page as it is shown now. It is put into a page once, and describes only
// what is wrong: describing what is right takes three times as long.
async function violationsOn(page) {
  if (!await page.evaluate(() => 'axe' in window))
    await page.evaluate(axe.source);
  return page.evaluate(async () => (await window.axe.run({ resultTypes: ['violations'], preload: false })).violations
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`));
}

async function checkSize(page, name, size) {
  await page.setViewportSize(size);
  assert.deepEqual(await violationsOn(page), [], `axe at ${size.width}: ${page.url()}`);
  const { width, out } = await page.evaluate(() => ({ width: document.documentElement.scrollWidth,
    out: [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth)
      .map((one) => `${one.tagName}.${one.className}`).slice(0, 8) }));
  assert.ok(width <= size.width, `${name} is ${width} wide at ${size.width}: ${out}`);
  if (screenshots)
    await page.screenshot({ path: path.join(screenshots, `${name}-${size.width}.png`), fullPage: true });
}

// Looks at a page in both widths: axe finds nothing, nothing sticks out; a picture is kept on demand.
async function check(page, name) {
  if (screenshots)
    fs.mkdirSync(screenshots, { recursive: true });
  for (const size of sizes)
    await checkSize(page, name, size);
  await page.setViewportSize(sizes[0]);
}

// The heading that says what a payment became.
async function outcome(page, words) {
  await page.getByRole('heading', { level: 1, name: words }).waitFor();
}

module.exports = { launchBrowser, openPage, check, violationsOn, outcome };
