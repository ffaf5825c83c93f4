'use strict';
// Themes, sizes, paper, and readers who want less motion.

const assert = require('node:assert/strict');
const { check, chapter, secondOf, eventually } = require('./reader');
const { eventful } = require('./lanes');

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

check('the theme follows the system, and the button', async (page, report) => {
  const light = await background(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background(page);
  assert.notEqual(light, dark);
  await page.locator('#theme').click();
  assert.equal(await background(page), light);
  const section = await chapter(page, eventful(report).name);
  const colour = () => section.locator('.lane .dot').first().evaluate((dot) => getComputedStyle(dot).fill);
  const before = await colour();
  await page.locator('#theme').click();
  assert.notEqual(await colour(), before, 'the lanes follow, too');
});

for (const width of [390, 768, 1600]) {
  check(`nothing sticks out at ${width} pixels`, async (page, report) => {
    for (const { name } of report.scenarios.slice(0, 3)) await chapter(page, name);
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(wide <= width, `${wide} pixels`);
  }, { viewport: { width, height: 844 } });
}

check('with reduced motion it plays in steps', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  await section.locator('.scrubber').press('Home');
  await section.locator('.play').click();
  await eventually(() => secondOf(section), (second) => second > 0.4, 'the clock goes on');
  await section.locator('.play').click();
  // Nothing is on its way: every message is where its stage is.
  const faded = await section.locator('.dot[opacity]:not([opacity="1"]):not([visibility])').count();
  assert.equal(faded, 0);
}, { reducedMotion: 'reduce' });

check('on paper there are no controls, and answers are told', async (page, report) => {
  await chapter(page, eventful(report).name);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.controls:visible').count(), 0);
  assert.equal(await page.locator('#theme:visible').count(), 0);
  assert.ok(await page.locator('.idea').first().isVisible());
});

check('everything that can be clicked can be reached with the keyboard', async (page, report) => {
  const section = await chapter(page, eventful(report).name);
  const unreachable = await section.evaluate((chapterElement) =>
    [...chapterElement.querySelectorAll('button, a[href], select, input, summary, [role="button"]')]
      .filter((one) => one.tabIndex < 0).length);
  assert.equal(unreachable, 0);
});
