// Uses the playground as somebody would, in a headless Chromium, and prints what it saw as JSON.
//   node browse.mjs URL CHROMIUM FOLDER       (screenshots go to the folder)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, executablePath, screenshots] = process.argv.slice(2);
const PATIENCE = 20_000; // milliseconds; alone on a machine each step takes less than 2,000

const seen = { backgrounds: [], requests: [], sockets: [], messages: [], complaints: [] };

/** Note what the page asks for, what its sockets bring, and what it complains about. */
function watch(page) {
  page.on('websocket', (socket) => {
    seen.sockets.push(socket.url());
    socket.on('framereceived', ({ payload }) => seen.messages.push(JSON.parse(payload).type));
  });
  page.on('console', (message) => message.type() === 'error' && seen.complaints.push(message.text()));
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
}

async function open(page, colorScheme) {
  watch(page);
  page.setDefaultTimeout(PATIENCE);
  await page.emulateMedia({ colorScheme });
  await page.goto(url);
  await page.getByLabel('Operation Editor').locator('.view-line').first().waitFor();
}

/** Run the example in the tab of this name; what stands in the result pane once it shows `expected`. */
async function run(page, name, expected) {
  await page.getByTitle(name, { exact: true }).click();
  await page.getByRole('button', { name: /^Execute query/ }).click();
  const result = page.getByLabel('Result Window').locator('.view-lines');
  await result.getByText(expected).first().waitFor();
  return (await result.innerText()).replaceAll('\u00a0', ' ');
}

/** Keep a picture of the page, and note on which colour it stands. */
async function picture(page, name) {
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
  const container = page.locator('.graphiql-container');
  seen.backgrounds.push(await container.evaluate((element) => getComputedStyle(element).backgroundColor));
}

async function visit(browser) {
  const [first] = browser.pages();
  await open(first, 'light');
  seen.title = await first.title();
  seen.tabs = await first.getByRole('tab').allInnerTexts();
  seen.mutation = await run(first, 'FirstMutation', 'DepositMoneyAccepted');
  seen.query = await run(first, 'FirstQuery', 'statement');
  await picture(first, 'light');

  const second = await browser.newPage();
  await open(second, 'dark');
  seen.subscription = await run(second, 'Events', 'events');
  await picture(second, 'dark');
  await second.getByRole('button', { name: /^Stop query/ }).click();
}

const profile = mkdtempSync(join(tmpdir(), 'tidegate-chromium-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 800 },
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
});
browser.on('request', (request) => seen.requests.push(request.url()));
try {
  await visit(browser);
} catch (error) {
  await browser.pages().at(-1).screenshot({ path: join(screenshots, 'failed.png') });
  throw error;
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(JSON.stringify(seen));
