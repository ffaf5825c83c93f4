'use strict';
// What is looked at stands in the address, and an address shows what it says.

const assert = require('node:assert/strict');
const { check, chapter, secondOf, eventually } = require('./reader');
const { eventful } = require('./lanes');

const linked = (report) => {
  const { name, trace } = eventful(report);
  return `#${name}&seed=${trace.seed}&t=2.5&job=0`;
};

check('a link with a state opens on it', async (page, report) => {
  const section = page.locator(`section.chapter[data-scenario="${eventful(report).name}"]`);
  await section.locator('.details h4').waitFor();
  assert.equal(await secondOf(section), 2.5);
  assert.match(await section.locator('.details h4').textContent(), /^Job 0 /);
  const lanes = section.locator('.lanes');
  await eventually(() => lanes.boundingBox(), ({ y }) => y > -200 && y < 900, 'its lanes are on the screen');
  assert.equal(await section.locator('.event').textContent(), '');
}, { hash: linked });

check('a link to another seed says so', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  assert.match(await section.locator('.event').textContent(), /holds seed \d+, not 424242/);
}, { hash: (report) => `#${eventful(report).name}&seed=424242&t=1` });

check('an address that means nothing shows the page', async (page) => {
  assert.ok(await page.locator('.cards').isVisible());
}, { hash: '#nowhere&seed=x&t=&job=%' });

check('the link to a moment is followed on the page, too', async (page, report, url) => {
  const { name } = eventful(report);
  const section = await chapter(page, name);
  await section.locator('.forward').click();
  const link = await section.locator('.here').getAttribute('href');
  assert.equal(page.url(), url + link);
  await section.locator('.scrubber').press('Home');
  const before = await secondOf(section);
  await page.evaluate((hash) => { location.hash = hash; }, link);
  const expected = Number(new URLSearchParams(link.slice(1)).get('t'));
  await page.waitForFunction(([chapterName, second]) =>
    Math.abs(Number.parseFloat(document.querySelector(`[data-scenario="${chapterName}"] .time`).textContent) - second) < 0.001,
  [name, expected]);
  assert.notEqual(before, expected);
});
