import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const PROGRAM = resolve('test/fixtures/upstreams/bridged-upstream.mjs');

/** The ways in which the bridged server is reached. */
export const UPSTREAM_KINDS = ['http25', 'sse25', 'stdio25', 'http26'] as const;
export type UpstreamKind = (typeof UPSTREAM_KINDS)[number];

const MODES: Readonly<Record<UpstreamKind, string>> = {
  http25: 'http',
  sse25: 'sse',
  stdio25: 'stdio',
  http26: 'modern',
};

/** One entry of what an upstream recorded. */
export type Entry = Readonly<Record<string, unknown>>;

/** The bridged server over one transport, as a program of its own. */
export class BridgedUpstream {
  private constructor(
    readonly kind: UpstreamKind,
    /** How it is registered. */
    readonly registration: Record<string, unknown>,
    /** Address of its HTTP server; empty for stdio. */
    readonly origin: string,
    private readonly directory: string,
    private readonly child: ChildProcess | null,
  ) {}

  static async start(kind: UpstreamKind): Promise<BridgedUpstream> {
    const directory = mkdtempSync(join(tmpdir(), 'bridged-'));
    const env = { LABEL: kind, RECORD_FILE: join(directory, 'record') };
    writeFileSync(env.RECORD_FILE, '');
    if (kind === 'stdio25') {
      const stdio = { transport: 'stdio', command: process.execPath, args: [PROGRAM, 'stdio'], env };
      return new BridgedUpstream(kind, { alias: kind, ...stdio }, '', directory, null);
    }
    const child = spawn(process.execPath, [PROGRAM, MODES[kind]], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const origin = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
    const transport = kind === 'sse25' ? 'sse' : 'http';
    return new BridgedUpstream(kind, { alias: kind, transport, url: `${origin}/mcp` }, origin, directory, child);
  }

  /** Everything that it received so far. */
  get record(): Entry[] {
    const lines = readFileSync(join(this.directory, 'record'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
  }

  /** How often it was asked to run a tool, as far as the arguments say who asked. */
  callsOf(tool: string, mark: string): number {
    return this.record.filter(
      (entry) => entry['tool'] === tool && (entry['arguments'] as { mark?: string }).mark === mark,
    ).length;
  }

  /** Waits until it recorded more than `count` entries with this member. */
  async recorded(member: string, count = 0): Promise<void> {
    while (this.record.filter((entry) => Object.hasOwn(entry, member)).length <= count) await pause(20);
  }

  async close(): Promise<void> {
    if (this.child !== null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
