// The official server scenarios, against the door of one server behind authentication, in front of each kind of
// upstream that the gateway has to make look like a server of both revisions.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { register } from './gateway.mjs';
import { HERE, judge, resultsIn, runSuite, startUntil } from './programs.mjs';

const MUST_PASS = JSON.parse(readFileSync(join(HERE, 'must-pass.json'), 'utf8'));
const SESSION_UPSTREAM = join(HERE, 'session-upstream.mjs');
const READY = /READY url=(\S+)/;

const strict = await startUntil(READY, [join(HERE, 'reference-upstream.mjs'), '0']);

/** By alias. `revisions` are those that the suite is run at; `settings` register the upstream. */
const UPSTREAMS = {
  strict: { revisions: Object.keys(MUST_PASS), settings: { transport: 'http', url: strict } },
  sloppy: {
    revisions: Object.keys(MUST_PASS),
    settings: { transport: 'http', url: await startUntil(READY, [join(HERE, 'sloppy-proxy.mjs'), strict]) },
  },
  session_http: {
    revisions: ['2025-11-25'],
    settings: { transport: 'http', url: await startUntil(READY, [SESSION_UPSTREAM, 'http']) },
  },
  session_stdio: {
    revisions: ['2025-11-25'],
    settings: { transport: 'stdio', command: process.execPath, args: [SESSION_UPSTREAM, 'stdio'] },
  },
};

/** @returns whether every scenario passes that must */
export async function scoreServer(gateway, resultsDir) {
  const header = `Authorization: Bearer ${gateway.masterKey}`;
  const proxy = await startUntil(/LISTENING (\S+)/, [join(HERE, 'inject-proxy.mjs'), '0', gateway.url, header]);
  let passed = true;
  for (const [alias, { revisions, settings }] of Object.entries(UPSTREAMS)) {
    await register(gateway, { alias, ...settings });
    for (const revision of revisions) {
      const run = ['--requirements', revision, '-o', join(resultsDir, alias, revision)];
      const { report } = await runSuite(['server', '--url', `${proxy}/${alias}/mcp`, ...run]);
      const { results, counted } = resultsIn(report);
      const good = judge(`server in front of ${alias}, ${revision}`, results, MUST_PASS[revision]);
      const missing = counted.filter((name) => !results.get(name) && !MUST_PASS[revision].includes(name));
      if (missing.length > 0) console.log(`  not passed yet: ${missing.join(', ')}`);
      if (!good) console.log(report);
      passed = good && passed;
    }
  }
  return passed;
}
