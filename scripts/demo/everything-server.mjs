import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The public example server. Absolute, because the gateway starts stdio servers in a directory of its own choice. */
export const EVERYTHING_PATH = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);

const PRELOAD = new URL('./bind-loopback.mjs', import.meta.url).href;
const START_LIMIT_MS = 20_000;

/**
 * Starts `@modelcontextprotocol/server-everything` in Streamable HTTP mode on a free loopback port.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 * @throws Error with the last lines that the server wrote when it does not start
 */
export async function startEverythingServer() {
  const child = fork(EVERYTHING_PATH, ['streamableHttp'], {
    execArgv: ['--import', PRELOAD],
    env: { PATH: process.env.PATH, PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-1000)));
  const stop = () => stopChild(child);
  try {
    const port = await reportedPort(child);
    return { url: `http://127.0.0.1:${port}/mcp`, stop };
  } catch (error) {
    await stop();
    throw new Error(`server-everything did not start: ${error.message}\n${said}`.trim(), { cause: error });
  }
}

async function reportedPort(child) {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(START_LIMIT_MS)]);
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`it ended with code ${code}`);
  });
  try {
    const [{ port }] = await Promise.race([once(child, 'message', { signal }), exited]);
    return port;
  } finally {
    exited.catch(() => undefined);
    stop.abort();
  }
}

async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
