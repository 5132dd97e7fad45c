/** The built page in a browser, for the tests in it: opening a review, and counting what failed. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { builtPage, insert } from '../fixtures/insert.mjs';

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(BROWSER)) {
  console.log(`skipped: there is no browser at ${BROWSER} (set CHROMIUM to name one)`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'trueup-page-'));
/** The page without a review. */
export const page = builtPage();
const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
let failed = 0;

/** Opens a review in a fresh page; `complaints` collects what the console, the policy and the network had to say. */
export async function open(review, { width = 1440, height = 1000, hash = '', scheme = 'light' } = {}) {
  const file = join(folder, `${Math.random()}.html`);
  writeFileSync(file, typeof review === 'string' ? review : insert(page, review));
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const tab = await context.newPage();
  const complaints = [];
  tab.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(String(error)));
  tab.on('dialog', (dialog) => (complaints.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  tab.on('request', (request) => !/^(file|data):/.test(request.url()) && complaints.push(`request ${request.url()}`));
  await tab.goto(`file://${file}${hash}`);
  await tab.waitForSelector('h1, h2');
  return { tab, complaints, close: () => context.close() };
}

/** Runs one test and says what became of it. */
export async function check(name, body) {
  try {
    await body();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${name}\n      ${error.stack}`);
  }
}

/** The heading of the table: how many examples it shows. */
export const heading = (tab) => tab.locator('#examples h2').innerText();
/** What one cell of a review's matrix counts. */
export const cellOf = (review, gold, predicted) => review.confusion.counts[review.confusion.labels.indexOf(gold)][review.confusion.labels.indexOf(predicted)];

/** Closes the browser; the process fails when a test did. */
export async function finish() {
  await browser.close();
  rmSync(folder, { recursive: true });
  if (failed > 0) {
    console.error(`${failed} failed`);
    process.exit(1);
  }
}
