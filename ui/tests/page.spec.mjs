/** The built page in a browser: seals hold, filters filter, keys work, hostile text stays text. */
import assert from 'node:assert/strict';
import { against } from '../fixtures/against.mjs';
import { news } from '../fixtures/entities.mjs';
import { insert } from '../fixtures/insert.mjs';
import { faultless, intents, tickets, topics } from '../fixtures/labels.mjs';
import { cellOf, check, finish, heading, open, page } from './browser.mjs';

/** The least that a document can hold. */
function bare() {
  const { leakage, confusion, ...review } = faultless();
  const verdict = { ...review.verdict, state: 'undecided', baseline: null, needed: null };
  return { ...review, verdict, metrics: { accuracy: { value: null, low: null, high: null, n: 0, interval: 'none' } }, labels: [], errors: [], examples: {} };
}

for (const [name, make] of Object.entries({ tickets, news, topics, faultless, bare, many: () => intents(150, 2000, 3) })) {
  for (const width of [390, 1120, 1440]) {
    await check(`${name} at ${width}: no complaint, no sideways scroll`, async () => {
      const { tab, complaints, close } = await open(make(), { width, scheme: width === 1120 ? 'dark' : 'light' });
      assert.deepEqual(complaints, []);
      assert.ok((await tab.evaluate(() => document.documentElement.scrollWidth)) <= width);
      await close();
    });
  }
}

await check('a click on a confusion cell filters the table, and the address keeps it', async () => {
  const review = tickets();
  const { tab, complaints, close } = await open(review);
  const expected = cellOf(review, 'refund', 'delivery');
  await tab.locator('[data-cell="refund|delivery"]').click();
  assert.equal(await heading(tab), `${expected} examples`);
  const rows = await tab.locator('.example').allInnerTexts();
  assert.ok(rows.length > 0 && rows.every((row) => row.includes('refund') && row.includes('delivery')));
  const address = new URL(tab.url()).hash;
  assert.ok(address.includes('gold=refund') && address.includes('predicted=delivery'), address);
  await close();
  const again = await open(review, { hash: address });
  assert.equal(await heading(again.tab), `${expected} examples`);
  await again.close();
  assert.deepEqual(complaints, []);
});

await check('the matrix works by keyboard, names included', async () => {
  const review = tickets();
  const { tab, close } = await open(review);
  await tab.locator('#confusion svg').focus();
  await tab.keyboard.press('ArrowRight');
  await tab.keyboard.press('Enter');
  assert.equal(await heading(tab), `${cellOf(review, 'billing', 'cancel')} example${cellOf(review, 'billing', 'cancel') === 1 ? '' : 's'}`);
  await tab.keyboard.press('Home');
  await tab.keyboard.press('ArrowLeft');
  await tab.keyboard.press('Enter');
  assert.ok((await tab.locator('.chips').innerText()).includes('gold billing'));
  await close();
});

await check('a finding shows its examples; back undoes it', async () => {
  const review = tickets();
  const { tab, close } = await open(review);
  const before = await heading(tab);
  const finding = review.findings.find((f) => f.code === 'K202');
  await tab.locator('#finding-K202 button[aria-pressed]').click();
  assert.equal(await heading(tab), `${finding.examples.length} examples`);
  await tab.goBack();
  assert.equal(await heading(tab), before);
  await close();
});

await check('the answer, why, and the first step stand on the first screen', async () => {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    const { tab, close } = await open(tickets(), { width, height });
    for (const part of ['#state', '.reasons li:last-child', '#next li:first-child']) {
      const box = await tab.locator(part).boundingBox();
      assert.ok(box && box.y + box.height <= height, `${part} at ${width}: ${JSON.stringify(box)}`);
    }
    await close();
  }
});

await check('every cell of a matrix of spans shows the sentences that hold what it counts', async () => {
  const review = news();
  const { labels, counts } = review.confusion;
  const { tab, close } = await open(review);
  for (const [i, gold] of labels.entries()) {
    for (const [j, predicted] of labels.entries()) {
      if (counts[i][j] === 0) continue;
      const holds = (s) => (s.gold ?? '(none)') === gold && (s.predicted ?? '(none)') === predicted;
      const sentences = Object.values(review.examples).filter((e) => e.spans?.some(holds)).length;
      await tab.locator(`[data-cell="${gold}|${predicted}"]`).click();
      assert.equal(await heading(tab), `${sentences} sentence${sentences === 1 ? '' : 's'}`);
      assert.ok((await tab.locator('#examples .line').first().innerText()).includes(`with ${counts[i][j]} such span`), `${gold} ${predicted}`);
    }
  }
  await close();
});

await check('a label shows what was evaluated of it, and not the training examples that findings name', async () => {
  const review = tickets();
  const { tab, close } = await open(review);
  const row = review.labels.find(({ label }) => label === 'billing');
  await tab.locator('#labels').getByRole('button', { name: 'billing', exact: true }).click();
  const either = Object.values(review.examples).filter((e) => e.predicted !== undefined && [e.gold, e.predicted].includes('billing')).length;
  assert.ok(either >= row.support && Object.values(review.examples).some((e) => e.predicted === undefined && e.gold === 'billing'));
  assert.equal(await heading(tab), `${either} examples`);
  await close();
});

await check('a note is folded to its title, and opens when it is gone to', async () => {
  const review = tickets();
  review.next.unshift({ rank: 0, action: 'Watch the small labels', gain: null, price: null, command: null, code: 'D104' });
  const { tab, close } = await open(review);
  const body = tab.locator('#finding-D104 .body');
  assert.equal(await body.isVisible(), false);
  await tab.locator('#next').getByRole('button', { name: 'D104' }).click();
  assert.equal(await body.isVisible(), true);
  await close();
});

await check('an example that is gone to, or named in the address, is in sight', async () => {
  const review = tickets();
  for (const width of [390, 1440]) {
    const { tab, close } = await open(review, { width });
    await tab.locator('#leakage button.mono').nth(7).click();
    await tab.waitForTimeout(100);
    const [id, hash] = [await tab.locator('.example.open .opener').getAttribute('title'), new URL(tab.url()).hash];
    assert.equal(id, review.leakage.pairs[3].train);
    const seen = (page) => page.locator('.example.open').evaluate((row) => ((box) => box.top >= 0 && box.top < innerHeight)(row.getBoundingClientRect()));
    assert.ok(await seen(tab), `at ${width}`);
    await close();
    const again = await open(review, { width, hash });
    await again.tab.waitForTimeout(100);
    assert.ok(await seen(again.tab), `from ${hash} at ${width}`);
    await again.close();
  }
});

await check('a table on a narrow screen keeps its words whole', async () => {
  const { tab, close } = await open(tickets(), { width: 390 });
  for (const name of await tab.locator('#slices tbody th, #data tbody th').all()) assert.ok((await name.boundingBox()).height < 60, await name.innerText());
  await close();
});

await check('j, k, /, g and ? do what the list says', async () => {
  const review = tickets();
  const { tab, complaints, close } = await open(review);
  const opened = () => tab.locator('.example.open .opener').getAttribute('title');
  await tab.keyboard.press('j');
  assert.equal(await opened(), review.errors[0].id);
  await tab.keyboard.press('j');
  assert.equal(await opened(), review.errors[1].id);
  assert.ok((await tab.locator('.example.open').innerText()).includes(review.errors[1].why));
  await tab.keyboard.press('k');
  assert.equal(await opened(), review.errors[0].id);
  await tab.keyboard.press('?');
  assert.ok(await tab.locator('dialog[open]').isVisible());
  await tab.keyboard.press('?');
  assert.equal(await tab.locator('dialog[open]').count(), 0);
  await tab.keyboard.press('/');
  await tab.keyboard.type('jk?');
  assert.equal(await tab.locator('#search').inputValue(), 'jk?');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('g');
  await tab.keyboard.press('c');
  assert.equal(await tab.evaluate(() => document.activeElement?.id), 'confusion');
  assert.deepEqual(complaints, []);
  await close();
});

await check('j turns the page at its end', async () => {
  const review = intents(77, 1200, 5);
  const { tab, close } = await open(review, { hash: `#show=all&example=${encodeURIComponent('absent')}` });
  for (let i = 0; i < 51; i += 1) await tab.keyboard.press('j');
  assert.ok((await tab.locator('.pager').innerText()).includes('51 to 100'));
  await close();
});

await check('hostile text stays text, hidden characters are seen', async () => {
  for (const made of [tickets(), against(tickets(), 'reject')]) {
    const review = structuredClone(made);
    const { comparison } = review;
    const evil = '</script><img src=x onerror=alert(1)>\u202e';
    review.findings[0].title = evil;
    review.findings[0].message = evil;
    review.findings[0].action.command = evil;
    review.findings[0].evidence = { [evil]: [{ [evil]: evil }] };
    review.subject.model = evil;
    review.verdict.summary = evil;
    review.data.test.file = evil;
    review.labels[0].label = evil;
    review.confusion.labels[0] = evil;
    review.slices.slice(0, 1).forEach((slice) => (slice.name = evil));
    if (comparison) {
      for (const named of [comparison.baseline, comparison.candidate, comparison.metrics[1], comparison.slices[0], comparison.costs[0], ...comparison.gate.checks]) named.name = evil;
      Object.assign(comparison.gate.checks[0], { asked: evil, found: evil });
      comparison.gate.policy = { [evil]: evil };
      comparison.labels[0].label = comparison.confusion.labels[0] = evil;
    }
    review.next[0].action = evil;
    const { tab, complaints, close } = await open(review, { hash: '#show=all&search=onerror' });
    assert.deepEqual(complaints, []);
    assert.equal(await tab.locator('img').count(), 0);
    const row = await tab.locator('.example').first().innerText();
    assert.ok(row.includes('</script><img src=x onerror=alert(1)>') && row.includes('\\u{202e}') && row.includes('\\u{200b}'), row);
    assert.ok(!(await tab.locator('main').innerText()).includes('\u202e'));
    await close();
  }
});

await check('the policy stops scripts, styles and requests that were not built in', async () => {
  const { tab, complaints, close } = await open(faultless());
  const ran = await tab.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    const style = document.createElement('style');
    style.textContent = 'body { color: rgb(1, 2, 3) }';
    document.body.append(style);
    await fetch('https://example.invalid/').catch(() => {});
    return [window.ran, getComputedStyle(document.body).color === 'rgb(1, 2, 3)'];
  });
  assert.deepEqual(ran, [undefined, false]);
  assert.ok(complaints.every((line) => /Content Security Policy/i.test(line)), complaints.join());
  assert.ok(complaints.length >= 3 && complaints.every((line) => !line.startsWith('request')));
  await close();
});

await check('spans carry their marks as words', async () => {
  const { tab, close } = await open(news());
  await tab.locator('select[aria-label=Mark]').selectOption('boundary');
  const rows = await tab.locator('.example').allInnerTexts();
  assert.ok(rows.length > 0 && rows.every((row) => row.includes('boundary')));
  await close();
});

await check('the theme switch needs no storage', async () => {
  const { tab, close } = await open(faultless());
  const paper = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await paper(), 'rgb(255, 255, 255)');
  await tab.getByRole('button', { name: 'Dark' }).click();
  assert.equal(await paper(), 'rgb(20, 23, 26)');
  await close();
});

await check('10,000 examples: a filter is applied within 300 ms', async () => {
  const { tab, close } = await open(intents(150, 10000, 150));
  const spent = await tab.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const all = [...document.querySelectorAll('.show button')].at(-1);
    const from = performance.now();
    all.click();
    await frame();
    return performance.now() - from;
  });
  assert.ok(spent < 300, `${spent} ms`);
  assert.equal(await heading(tab), '10,000 examples');
  console.log(`      ${spent.toFixed(0)} ms`);
  await close();
});

await check('the empty page and a broken one say so', async () => {
  const empty = await open(page);
  assert.ok((await empty.tab.locator('main').innerText()).includes('no review yet'));
  await empty.close();
  const broken = await open(insert(page, { schema: 'trueup.review/9' }));
  assert.ok((await broken.tab.locator('main').innerText()).includes('trueup.review/9'));
  await broken.close();
});

await finish();
