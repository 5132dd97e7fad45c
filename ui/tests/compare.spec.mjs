/** The page of a comparison in a browser: the decision, every count that can be clicked, both sides of each answer. */
import assert from 'node:assert/strict';
import { against } from '../fixtures/against.mjs';
import { news } from '../fixtures/entities.mjs';
import { faultless, intents, tickets, topics } from '../fixtures/labels.mjs';
import { cellOf, check, finish, heading, open } from './browser.mjs';

/** Comparisons of every task and outcome. */
const COMPARISONS = {
  promote: () => against(tickets(), 'promote'), reject: () => against(topics(), 'reject'), undecided: () => against(news(), 'undecided'),
  ungated: () => against(intents(77, 2000, 3), 'promote', { gate: false }), alike: () => alike(),
};

/** A comparison of a model with itself, with all that may be absent left out. */
function alike() {
  const review = against(faultless(), 'promote', { gate: false });
  const { confusion, training, ...comparison } = review.comparison;
  for (const example of Object.values(review.examples)) example.baseline = example.predicted;
  const flips = { fixed: [], broken: [], fixed_count: 0, broken_count: 0, both_right: 240, both_wrong: 0, changed: 0 };
  const nothing = { baseline: null, candidate: null, difference: { value: null, low: null, high: null, test: 'none' }, p: null, standing: 'unclear' };
  return { ...review, comparison: { ...comparison, flips, slices: [], costs: [], standing: 'same', labels: comparison.labels.map((row) => ({ ...row, precision: nothing, recall: nothing, f1: nothing })), metrics: comparison.metrics.map((m) => ({ ...m, ...nothing, detectable: null })) } };
}

for (const [name, make] of Object.entries(COMPARISONS)) {
  for (const width of [390, 1120, 1440]) {
    await check(`${name} at ${width}: no complaint, no sideways scroll`, async () => {
      const { tab, complaints, close } = await open(make(), { width, scheme: width === 1120 ? 'dark' : 'light' });
      assert.deepEqual(complaints, []);
      assert.ok((await tab.evaluate(() => document.documentElement.scrollWidth)) <= width);
      await close();
    });
  }
}

await check('what became of every metric is in view beside the examples', async () => {
  for (const [name, make] of Object.entries(COMPARISONS)) {
    for (const width of [1280, 1440]) {
      const { tab, close } = await open(make(), { width, height: 900 });
      const hidden = await tab.evaluate(() => [...document.querySelectorAll('#metrics .scroll')].map((of) => of.scrollWidth - of.clientWidth));
      assert.ok(hidden.length > 0 && hidden.every((pixels) => pixels <= 0), `${name} at ${width}: ${hidden} pixels are hidden`);
      await close();
    }
  }
});

await check('a comparison says what was decided and why on the first screen', async () => {
  const words = { promote: 'PROMOTE', reject: 'REJECT', undecided: 'UNDECIDED', ungated: 'BETTER', alike: 'SAME' };
  for (const [name, make] of Object.entries(COMPARISONS)) {
    const review = make();
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      const { tab, close } = await open(review, { width, height });
      assert.equal(await tab.locator('#state').innerText(), words[name]);
      for (const part of ['.summary', '.moved', ...(name === 'reject' ? ['.hurdles li:first-child'] : [])]) {
        const box = await tab.locator(part).boundingBox();
        assert.ok(box && box.y + box.height <= height, `${name}, ${part} at ${width}: ${JSON.stringify(box)}`);
      }
      assert.ok((await tab.locator('#verdict').innerText()).includes('2026-10.csv \u2192 2026-11.csv'));
      assert.ok((await tab.title()).endsWith('Trueup comparison'));
      await close();
    }
  }
});

await check('every count of flips shows its examples, gold, before and after', async () => {
  for (const make of Object.values(COMPARISONS)) {
    const review = make();
    const { flips } = review.comparison;
    const { tab, complaints, close } = await open(review);
    for (const [i, show, n] of [[0, 'fixed', flips.fixed_count], [1, 'broken', flips.broken_count], [2, 'both-wrong', flips.both_wrong], [3, 'both-right', flips.both_right]]) {
      const button = tab.locator('#flips li > button').nth(i);
      assert.equal(await button.innerText(), n.toLocaleString('en-US'));
      if (n === 0) continue;
      await button.click();
      assert.ok((await heading(tab)).startsWith(`${n.toLocaleString('en-US')} `), `${show}: ${await heading(tab)}, not ${n}`);
    }
    if (flips.changed > 0) {
      await tab.locator('#flips li').nth(2).locator('button').nth(1).click();
      assert.ok((await heading(tab)).startsWith(`${flips.changed} `));
      assert.ok((await tab.locator('.chips').innerText()).includes('answered differently'));
    }
    assert.deepEqual(complaints, []);
    await close();
  }
});

await check('a row of a comparison says gold, before and after, and whether it is fixed or broken', async () => {
  const review = against(tickets(), 'promote');
  const { tab, close } = await open(review);
  const [first] = review.comparison.flips.broken;
  const { gold, baseline, predicted } = review.examples[first];
  const answers = await tab.locator('.example').first().locator('.answer').allInnerTexts();
  assert.deepEqual(answers.map((text) => text.replace(/^(gold|before|after)\s+|, wrong$/g, '').trim()), [gold, baseline, predicted]);
  assert.ok((await tab.locator('.example').first().innerText()).includes('broken'));
  const spans = await open(against(news(), 'promote'));
  assert.match(await spans.tab.locator('.example').first().innerText(), /broken[^]*before[^]*after/);
  await spans.close();
  await close();
});

await check('cells of the difference and of before show the examples that they count, and the address keeps it', async () => {
  const review = against(tickets(), 'reject');
  const { labels, counts } = review.comparison.confusion;
  const evaluated = Object.values(review.examples).filter((e) => e.baseline !== undefined);
  const { tab, close } = await open(review);
  const shown = async () => Number((await heading(tab)).split(' ')[0].replace(',', ''));
  for (const mode of ['difference', 'before']) {
    await tab.locator('#confusion').getByRole('button', { name: mode, exact: true }).click();
    for (const [i, gold] of labels.entries()) {
      for (const [j, label] of labels.entries()) {
        const by = cellOf(review, gold, label) - counts[i][j];
        const cell = tab.locator(`[data-cell="${gold}|${label}"]`);
        if ((mode === 'before' ? counts[i][j] : by) === 0) assert.equal(await cell.count(), 0);
        else {
          await cell.click();
          const moved = evaluated.filter((e) => e.gold === gold && (e.baseline === label) !== (e.predicted === label)).length;
          assert.equal(await shown(), mode === 'before' ? counts[i][j] : moved, `${mode} ${gold} ${label}`);
          assert.equal(await cell.locator('text').innerHTML(), mode === 'before' ? String(counts[i][j]) : `${by > 0 ? '+' : '\u2212'}${Math.abs(by)}`);
        }
      }
    }
  }
  const address = new URL(tab.url()).hash;
  assert.ok(address.includes('side=before'), address);
  const again = await open(review, { hash: address });
  assert.equal(await heading(again.tab), await heading(tab));
  await again.close();
  await close();
});

await check('spans before and after are counted apart', async () => {
  const review = against(news(), 'promote');
  const { labels, counts } = review.comparison.confusion;
  const { tab, close } = await open(review);
  await tab.locator('#confusion').getByRole('button', { name: 'before', exact: true }).click();
  for (const [i, gold] of labels.entries()) {
    for (const [j, predicted] of labels.entries()) {
      if (counts[i][j] === 0) continue;
      await tab.locator(`[data-cell="${gold}|${predicted}"]`).click();
      assert.ok((await tab.locator('#examples .line').first().innerText()).includes(`with ${counts[i][j].toLocaleString('en-US')} such span`), `${gold} ${predicted}`);
    }
  }
  const missed = review.comparison.span_errors.find((row) => row.name === 'missed');
  await tab.locator('#flips tbody tr').first().locator('button').first().click();
  const holding = Object.values(review.examples).filter((e) => e.baseline_spans.some((s) => s.mark === 'missed'));
  assert.equal(holding.reduce((sum, e) => sum + e.baseline_spans.filter((s) => s.mark === 'missed').length, 0), missed.baseline);
  assert.equal(await heading(tab), `${holding.length} sentences`);
  await close();
});

await check('a failed check leads to its examples, from the head too', async () => {
  const review = against(tickets(), 'reject');
  const { tab, close } = await open(review);
  await tab.locator('#verdict').getByRole('button', { name: 'All checks' }).click();
  assert.equal(await tab.evaluate(() => document.activeElement?.id), 'checks');
  const states = await tab.locator('#checks li > span').allInnerTexts();
  assert.deepEqual(states.map((s) => s.trim()), ['failed', 'failed', 'failed', 'passed', 'passed']);
  await tab.locator('#checks').getByRole('button', { name: '3 examples' }).click();
  assert.equal(await heading(tab), '3 examples');
  assert.ok((await tab.locator('.chips').innerText()).includes('fails must-pass.csv'));
  await tab.locator('#checks').getByRole('button', { name: 'recall of refund' }).click();
  assert.ok(tab.url().includes('label=refund'));
  await tab.locator('#slices').getByRole('button', { name: 'source = chat' }).click();
  assert.equal(await heading(tab), `${review.comparison.slices.find((slice) => slice.name === 'source = chat').n} examples`);
  await close();
});

await check('labels are sorted by what moved, and by any column', async () => {
  const review = against(tickets(), 'reject');
  const { tab, close } = await open(review);
  const names = () => tab.locator('#labels tbody th').allInnerTexts();
  const by = (k) => [...review.comparison.labels].sort((a, b) => a[k].difference.value - b[k].difference.value).map((row) => row.label);
  assert.deepEqual((await names()).map((n) => n.trim()), by('f1'));
  await tab.locator('#labels').getByRole('button', { name: 'precision', exact: true }).click();
  assert.equal((await names())[0].trim(), by('precision')[0]);
  assert.equal(await tab.locator('#labels g').count(), review.labels.length);
  await tab.locator('#labels g').first().dispatchEvent('click');
  assert.ok(tab.url().includes('label='));
  await close();
});

await check('the keys reach the sections of a comparison, and x goes back to what is broken', async () => {
  const review = against(tickets(), 'reject');
  const { tab, complaints, close } = await open(review);
  const before = await heading(tab);
  for (const [letter, id] of [['p', 'checks'], ['a', 'flips'], ['m', 'metrics'], ['o', 'costs'], ['l', 'labels'], ['t', 'training']]) {
    await tab.keyboard.press('g');
    await tab.keyboard.press(letter);
    assert.equal(await tab.evaluate(() => document.activeElement?.id), id);
  }
  await tab.locator('#flips li > button').first().click();
  await tab.keyboard.press('x');
  assert.equal(await heading(tab), before);
  await tab.keyboard.press('j');
  assert.equal(await tab.locator('.example.open .opener').getAttribute('title'), review.comparison.flips.broken[0]);
  assert.deepEqual(complaints, []);
  await close();
});

await check('what a comparison lacks has no section, and a review has none of its', async () => {
  const sections = (tab) => tab.locator('.report > section').evaluateAll((list) => list.map((section) => section.id));
  const bareOne = await open(alike());
  assert.deepEqual(await sections(bareOne.tab), ['verdict', 'next', 'metrics', 'flips', 'findings', 'labels', 'confusion', 'leakage', 'candidate', 'data', 'run']);
  await bareOne.close();
  const plain = await open(tickets());
  assert.deepEqual(await sections(plain.tab), ['verdict', 'next', 'metrics', 'findings', 'labels', 'confusion', 'slices', 'leakage', 'training', 'data', 'run']);
  assert.deepEqual(await plain.tab.locator('.shows button').allInnerTexts(), ['wrong', 'right', 'all']);
  assert.ok(!(await plain.tab.locator('main').innerText()).includes('before'));
  await plain.close();
});

await check('both trainings are drawn over each other', async () => {
  const { tab, close } = await open(against(tickets(), 'promote'));
  for (const name of ['validation before', 'validation after', 'training before', 'training after']) assert.ok((await tab.locator('#training svg').first().innerHTML()).includes(name), name);
  assert.equal(await tab.locator('#training svg').first().locator('path').count(), 4);
  await close();
});

await finish();
