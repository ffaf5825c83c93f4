'use strict';
// Runs the checks with amqplib. Reads a task in JSON from standard input; prints a line of JSON for each check.
// The task is {"target": {"url", "tls", ...}, "known": [names], "selected": [names]}.

const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { Session, checks } = require('./session');

const NO_CHECKS = ['main.js', 'holder.js', 'letters.js', 'session.js'];
const CHECK_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 10_000;

/** Runs one check; null when it holds, otherwise what is wrong. */
async function outcome(name, target) {
  if (!checks.has(name)) return 'this client has no such check';
  const session = new Session(target);
  const failed = await failure(CHECK_TIMEOUT_MS, () => checks.get(name)(session));
  const leftBehind = await failure(END_TIMEOUT_MS, () => session.end());
  return failed ?? leftBehind;
}

/** What went wrong, if anything did. */
async function failure(timeoutMs, action) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs);
  });
  try {
    await Promise.race([action(), late]);
    return null;
  } catch (error) {
    return `${error.name}: ${error.message.replaceAll(/\s+/g, ' ')}`;
  } finally {
    clearTimeout(timer);
  }
}

function say(name, error) {
  console.log(JSON.stringify({ check: name, error }));
}

async function main() {
  for (const file of readdirSync(__dirname)) {
    if (file.endsWith('.js') && !NO_CHECKS.includes(file)) require(path.join(__dirname, file));
  }
  const { target, known, selected } = JSON.parse(readFileSync(0, 'utf8'));
  for (const name of selected) say(name, await outcome(name, target));
  for (const name of checks.keys()) if (!known.includes(name)) say(name, 'it is in no list of names');
  process.exit();
}

main();
