'use strict';
// Runs the checks with amqplib. Usage: main.js URL FILE_OF_NAMES [TEXT_IN_NAME]; prints a line of JSON for each.

const { readFileSync } = require('node:fs');
const { Session, checks } = require('./session');
require('./delivery');
require('./topology');
require('./content');
require('./exchanges');

const CHECK_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 10_000;

/** Runs one check; null when it holds, otherwise what is wrong. */
async function outcome(name, url) {
  if (!checks.has(name)) return 'this client has no such check';
  const session = new Session(url);
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

async function main([url, fileOfNames, text = '']) {
  const names = readFileSync(fileOfNames, 'utf8').trim().split('\n');
  for (const name of names) if (name.includes(text)) say(name, await outcome(name, url));
  for (const name of checks.keys()) if (!names.includes(name)) say(name, `not in ${fileOfNames}`);
  process.exit();
}

main(process.argv.slice(2));
