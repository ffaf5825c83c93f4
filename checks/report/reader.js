'use strict';
// A reader: headless Chromium on one local file, who notices everything the page says to the console or asks for.

const assert = require('node:assert/strict');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { chromium } = require('playwright-core');

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const TIMEOUT_MS = 20_000;

/** What every check is registered with: its name, what it looks at, and how the reader sees it. */
const checks = new Map();

function check(name, action, options = {}) {
  checks.set(name, { action, options });
}

/** Opens `file` in a browser that knows nothing yet, and gives the page to `action`. */
async function read(file, action, { hash = '', ...options }) {
  const profile = mkdtempSync(join(tmpdir(), 'handoff-reader-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER, headless: true, args: FLAGS, viewport: { width: 1200, height: 900 },
    reducedMotion: 'no-preference', colorScheme: 'light', ...options,
  });
  try {
    await context.setOffline(true);
    const [said, asked] = [[], []];
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    const url = pathToFileURL(file).href;
    await page.goto(url + hash);
    await action(page, url);
    assert.deepEqual(said, [], 'the console is silent');
    assert.deepEqual([...new Set(asked.map((one) => one.split('#')[0]))], [url], 'nothing but the file is asked for');
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** The chapter called `name`: its lanes once they are there. */
async function chapter(page, name) {
  const section = page.locator(`section.chapter[data-scenario="${name}"]`);
  await section.scrollIntoViewIfNeeded();
  await section.locator('.lane-picture').first().waitFor();
  return section;
}

/** The second that a chapter's clock shows. */
async function secondOf(section) {
  return Number.parseFloat(await section.locator('.time').textContent());
}

/** Waits until `holds` is true of what `look` gives. */
async function eventually(look, holds, what) {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) assert.fail(`${what}: last seen ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

module.exports = { check, checks, read, chapter, secondOf, eventually };
