'use strict';
// Reads the report. Usage: main.js PAGE RESULTS COMPARED [TEXT_IN_NAME]; prints a line of JSON for each check.

const { readFileSync } = require('node:fs');
const { checks, read } = require('./reader');
require('./content');
require('./lanes');
require('./address');
require('./looks');

async function main([page, results, compared, text = '']) {
  const files = { page, compared };
  const report = JSON.parse(readFileSync(results, 'utf8'));
  for (const [name, { action, options }] of checks) {
    if (!name.includes(text)) continue;
    let error = null;
    try {
      const { file = 'page', hash, ...rest } = options;
      const settings = { ...rest, hash: typeof hash === 'function' ? hash(report) : hash };
      await read(files[file], (opened, url) => action(opened, report, url), settings);
    } catch (failure) {
      error = `${failure.name}: ${failure.message.replaceAll(/\s+/g, ' ').slice(0, 400)}`;
    }
    console.log(JSON.stringify({ check: name, error }));
  }
}

main(process.argv.slice(2));
