'use strict';
// What stands on the page is what the results say.

const assert = require('node:assert/strict');
const { check, chapter } = require('./reader');

/** The value at a JSON pointer. */
function at(document, pointer) {
  const steps = pointer.split('/').slice(1);
  return steps.reduce((value, step) => value?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
}

check('every figure is the one in the results', async (page, report) => {
  const figures = await page.$$eval('data[data-at]', (all) => all.map((one) => [one.dataset.at, one.getAttribute('value')]));
  assert.ok(figures.length > 300, `${figures.length} figures`);
  for (const [pointer, value] of figures) assert.equal(Number(value), at(report, pointer), pointer);
});

check('every scenario has a chapter, and every chapter with a trace its lanes', async (page, report) => {
  for (const scenario of report.scenarios) {
    const section = await chapter(page, scenario.name);
    assert.equal(await section.locator('.lane').count(), scenario.trace.lanes.length, scenario.name);
  }
});

/** Counts of a lane, as the lane calls them and as the results do. */
const COUNTS = {
  done: 'completed', twice: 'duplicated', refused: 'rejected', failed: 'failed', gone: 'timed_out', dead: 'dead_lettered',
};

check('at the end of the run the lanes have counted what the results say', async (page, report) => {
  const whole = report.scenarios.filter((scenario) => scenario.trace.one_in === 1);
  assert.ok(whole.length > 0, 'no scenario is small enough to be drawn whole');
  for (const { name, trace, architectures } of whole) {
    const section = await chapter(page, name);
    await section.locator('.scrubber').press('End');
    for (const { architecture, ...result } of architectures) {
      const lane = section.locator(`.lane.${{ sync: 'call', queue: 'queue', log: 'log' }[architecture]}`);
      for (const [bin, field] of Object.entries(COUNTS)) {
        const shown = lane.locator(`.bin.${bin} .number`);
        const counted = (await shown.count()) ? Number((await shown.textContent()).replaceAll(',', '')) : 0;
        assert.equal(counted, result[field], `${name}, ${architecture}: ${bin}`);
      }
    }
    assert.ok(trace.lanes.length > 0, name);
  }
});

check('the first screen says which to pick for a quick lookup, for slow work and for replay', async (page) => {
  const cards = page.locator('.card .headline');
  const texts = await cards.allTextContents();
  for (const need of ['quick lookup', 'slow work', 'replay']) {
    assert.equal(texts.filter((text) => text.includes(need)).length, 1, need);
  }
  for (const card of await cards.all()) assert.ok((await card.boundingBox()).y < 900, 'on the first screen');
});

check('the answer to a question is behind a click', async (page, report) => {
  const section = await chapter(page, report.scenarios[0].name);
  const idea = section.locator('.idea').first();
  assert.equal(await idea.isVisible(), false);
  await section.locator('.guess summary').click();
  assert.equal(await idea.isVisible(), true);
});

check('behind every chart is a table', async (page) => {
  const figures = page.locator('figure:has(svg.chart)');
  assert.ok((await figures.count()) >= 5);
  const figure = figures.first();
  assert.equal(await figure.locator('table').isVisible(), false);
  await figure.locator('summary').click();
  assert.equal(await figure.locator('table').isVisible(), true);
});

check('two runs of the same are equal side by side', async (page, report) => {
  assert.equal(await page.locator('section.compared').count(), report.scenarios.length + report.benchmarks.length);
  assert.equal(await page.locator('.changed').count(), 0);
}, { file: 'compared' });
