// Builds and starts in this very process. npm runs it with `exec`, so that a signal to `npm start` reaches the server: a
// shell in between would die of it and leave the server behind.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
await import('../dist/src/main.js');
