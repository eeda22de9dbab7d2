// Looks at pages of the console as somebody who is signed in. Reads one JSON document from standard input:
//   {"origin": "http://127.0.0.1:…", "stops": {name: {"path": …, "status": …, "press": text of a button or ""}}, "pictures": folder or ""}
// The server knows by itself who asks. Writes {"looks": number, "pictures": number, "findings": [text, …]}.
import {readFileSync} from 'node:fs';
import {Eyes, launch} from './looks.mjs';

const {origin, stops, pictures} = JSON.parse(readFileSync(0, 'utf8'));
const eyes = new Eyes(origin, pictures, false);
const browser = await launch();
let current = '';
const page = await eyes.page(browser, () => current);
for(const [name, stop] of Object.entries(stops)) {
  current = name;
  let response = await page.goto(origin + stop.path);
  if(stop.press) {
    [response] = await Promise.all([page.waitForNavigation(), page.getByRole('button', {name: stop.press}).click()]);
  }
  if(response.status() !== stop.status) {
    eyes.note(`${name}: status ${response.status()}, not ${stop.status}`);
  }
  await eyes.look(page, name);
}
await browser.close();
process.stdout.write(JSON.stringify({looks: eyes.looks, pictures: eyes.taken, findings: eyes.findings}));
