import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import type { TestGateway } from '../support/test-gateway.js';

const PROGRAM = resolve('dist/src/gatehouse-cli.js');

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program against a gateway. */
export function gatehouse(
  gateway: Pick<TestGateway, 'url' | 'masterKey'>,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    GATEHOUSE_URL: gateway.url,
    GATEHOUSE_KEY: gateway.masterKey,
    ...environment,
  };
  return new Promise((done) => {
    execFile(process.execPath, [PROGRAM, ...args], { env }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}
