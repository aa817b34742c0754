// Scores the built gateway with the official conformance suite: as a server at both protocol revisions, behind
// authentication and in front of upstreams of several kinds, and as the client of the suite's mock servers. Fails when
// a scenario fails that must pass (must-pass.json, client-must-pass.json).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scoreClient } from './client-scenarios.mjs';
import { startGateway } from './gateway.mjs';
import { stopAll } from './programs.mjs';
import { scoreServer } from './server-scenarios.mjs';

const workDir = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'));
const resultsDir = join(workDir, 'results');
try {
  const gateway = await startGateway(join(workDir, 'data'));
  const asServer = await scoreServer(gateway, resultsDir);
  const asClient = await scoreClient(gateway, resultsDir);
  process.exitCode = asServer && asClient ? 0 : 1;
} finally {
  await stopAll();
  rmSync(workDir, { recursive: true, force: true });
}
