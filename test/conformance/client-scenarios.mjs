// The official client scenarios with the gateway as the client: each one runs client-driver.mjs, which makes the
// suite's mock server an upstream of the gateway and, where it wants OAuth, logs a user in to it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE, judge, runSuite } from './programs.mjs';

const MUST_PASS = JSON.parse(readFileSync(join(HERE, 'client-must-pass.json'), 'utf8'));
const COMMAND = `${process.execPath} ${join(HERE, 'client-driver.mjs')}`;
/** More at once are slower on a small machine, and the suite gives each 30 s. */
const AT_ONCE = 3;

/** @returns whether every scenario passes that must */
export async function scoreClient({ url, masterKey }, resultsDir) {
  let passed = true;
  for (const [revision, scenarios] of Object.entries(MUST_PASS)) {
    const results = new Map();
    const waiting = [...scenarios];
    const work = async () => {
      for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
        const run = ['--scenario', scenario, '--spec-version', revision, '-o', join(resultsDir, 'client', revision)];
        const environment = { GATEWAY: url, MASTER_KEY: masterKey };
        const outcome = await runSuite(['client', '--command', COMMAND, ...run], environment);
        if (!outcome.passed) console.log(outcome.report);
        results.set(scenario, outcome.passed);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    passed = judge(`client, ${revision}`, results, scenarios) && passed;
  }
  return passed;
}
