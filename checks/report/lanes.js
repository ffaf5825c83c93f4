'use strict';
// The lanes and their clock, used as a reader uses them.

const assert = require('node:assert/strict');
const { check, chapter, secondOf, eventually } = require('./reader');

/** The scenario with the most to see: one in which something breaks, if there is one. */
function eventful(report) {
  const { scenarios } = report;
  return scenarios.find(({ faults }) => faults.some(({ kind }) => kind === 'crash')) ?? scenarios[0];
}

check('it plays, and stops where it was told to', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  await section.locator('.scrubber').press('Home');
  const play = section.locator('.play');
  await play.click();
  await eventually(() => secondOf(section), (second) => second > 0.2, 'the clock goes on');
  assert.equal(await play.textContent(), 'Pause');
  await play.click();
  const stopped = await secondOf(section);
  assert.equal(await play.textContent(), 'Play');
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.equal(await secondOf(section), stopped);
});

check('playing to the end stops there', async (page, report) => {
  const { name, trace } = eventful(report);
  const section = await chapter(page, name);
  await section.locator('.speed').selectOption('4');
  await section.locator('.scrubber').press('End');
  for (let back = 0; back < 8; back++) await section.locator('.scrubber').press('ArrowLeft');
  await section.locator('.play').click();
  await eventually(() => section.locator('.play').textContent(), (text) => text === 'Play', 'it stops');
  const last = Math.max(...trace.lanes.map((lane) => lane.ended)) * trace.tick_us / 1e6;
  assert.ok(Math.abs((await secondOf(section)) - last) < 0.01);
});

check('the scrubber goes anywhere, with the keyboard alone', async (page, report) => {
  const { name, trace } = eventful(report);
  const section = await chapter(page, name);
  const scrubber = section.locator('.scrubber');
  const last = Math.max(...trace.lanes.map((lane) => lane.ended)) * trace.tick_us / 1e6;
  await scrubber.focus();
  await page.keyboard.press('End');
  assert.ok(Math.abs((await secondOf(section)) - last) < 0.02);
  await page.keyboard.press('Home');
  assert.equal(await secondOf(section), 0);
  await page.keyboard.press('ArrowRight');
  assert.ok((await secondOf(section)) > 0);
  const cursors = await section.locator('.strip .cursor').evaluateAll((all) => all.map((one) => one.getAttribute('x1')));
  assert.equal(cursors.length, 3);
});

check('it steps from event to event, forth and back', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  await section.locator('.scrubber').press('Home');
  const event = section.locator('.event');
  const told = [];
  for (let step = 0; step < 6; step++) {
    await section.locator('.forward').click();
    told.push([await event.textContent(), await secondOf(section)]);
  }
  assert.equal(new Set(told.map(([text]) => text)).size, told.length, 'every step is another event');
  const seconds = told.map(([, second]) => second);
  assert.deepEqual(seconds, [...seconds].sort((left, right) => left - right));
  await section.locator('.back').click();
  assert.equal(await event.textContent(), told.at(-2)[0]);
});

check('the message of an event can be reached with the keyboard', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  await section.locator('.forward').focus();
  const job = section.locator('.event .job');
  while ((await job.count()) === 0) await page.keyboard.press('Enter');
  const name = (await job.textContent()).replace('job ', '');
  await job.focus();
  await page.keyboard.press('Enter');
  assert.match(await section.locator('.details h4').textContent(), new RegExp(`^Job ${Number(name).toLocaleString('en-US')} `));
});

check('a click on a message tells its way in every lane', async (page, report) => {
  const { name, trace } = eventful(report);
  const section = await chapter(page, name);
  const dot = section.locator('.lane .dot[data-job].worker').first();
  const job = await dot.getAttribute('data-job');
  await dot.click();
  const details = section.locator('.details');
  assert.match(await details.locator('h4').textContent(), new RegExp(`^Job ${Number(job).toLocaleString('en-US')} `));
  assert.equal(await details.locator('.way').count(), trace.lanes.length);
  assert.ok((await details.locator('.part.worked').count()) > 0);
  assert.ok((await details.locator('ol li').count()) >= 3 * trace.lanes.length);
  assert.ok((await section.locator('.dot.chosen').count()) > 0);
  assert.match(page.url(), new RegExp(`job=${job}$`));
});

check('a point of the tail leads to its message, by keyboard too', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  const point = section.locator('.strip .tail').first();
  await point.focus();
  await page.keyboard.press('Enter');
  const job = Number(await point.getAttribute('data-job')).toLocaleString('en-US');
  assert.match(await section.locator('.details h4').textContent(), new RegExp(`^Job ${job} `));
});

check('a click in a chart sets the clock', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  await section.locator('.scrubber').press('Home');
  await section.locator('.strip .chart').first().click({ position: { x: 200, y: 120 } });
  assert.ok((await secondOf(section)) > 0);
});

check('what is broken has a shape, and only while it is broken', async (page, report) => {
  const { name, faults, trace } = eventful(report);
  const fault = faults.find(({ kind, until_s: until }) => kind === 'crash' && until);
  if (!fault) return;
  const section = await chapter(page, name);
  const step = Number(await section.locator('.scrubber').getAttribute('step'));
  const ticks = (second) => Math.round((second * 1e6) / trace.tick_us / step) * step;
  const set = (second) => section.locator('.scrubber').evaluate((range, value) => {
    range.value = value;
    range.dispatchEvent(new Event('input', { bubbles: true }));
  }, ticks(second));
  await set((fault.from_s + fault.until_s) / 2);
  assert.ok((await section.locator('.fault.crash').count()) >= 1);
  assert.ok((await section.locator('.broken').textContent()).includes(fault.what));
  await set(Math.max(0, fault.from_s - 0.5));
  assert.equal(await section.locator('.broken').textContent(), '');
});

check('a witness can be looked at in the lanes', async (page, report) => {
  const violated = ({ architectures, trace }) =>
    trace && architectures.some(({ guarantees }) => guarantees.some(({ job }) => job !== undefined));
  const scenario = report.scenarios.find(violated);
  assert.ok(scenario, 'some guarantee of some scenario is violated');
  const section = await chapter(page, scenario.name);
  const witness = section.locator('.witness').first();
  await witness.locator('summary').click();
  assert.ok((await witness.locator('pre').count()) >= 2, 'the events and the command');
  const button = witness.locator('button[data-witness]');
  const job = Number(await button.getAttribute('data-witness')).toLocaleString('en-US');
  await button.click();
  assert.match(await section.locator('.details h4').textContent(), new RegExp(`^Job ${job} `));
});

module.exports = { eventful };
