import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { tmpdir } from 'node:os';
import { childEnvironment } from './child-environment.js';
import { LineSplitter } from './line-splitter.js';
import { signalGroup, type ProcessGroups } from './process-groups.js';

/** Longest line of the error output that is kept. */
const ERROR_LINE_BYTES = 2_048;
/** How long output may still come after a process has ended. */
const LAST_WORDS_MS = 500;
/** Unread input of a process that counts as a refusal to read. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

export interface ChildProgramSpec {
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Declared variables; see {@link childEnvironment}. */
  readonly env: Readonly<Record<string, string>>;
  readonly lineBytes: number;
  readonly goodbyeMs: number;
  readonly groups: ProcessGroups;
}

export interface ChildProgramEvents {
  onLine(line: Buffer): void;
  onErrorLine(line: string): void;
  /** A line is longer than the limit. */
  onOverlongLine(): void;
  /** The process is gone and all of its output was read; never called before `start` has settled. */
  onGone(reason: string): void;
}

/**
 * An upstream program as a child process: no shell, its own environment, and a process group of its own, so that
 * whatever it starts ends with it.
 */
export class ChildProgram {
  #child: ChildProcessWithoutNullStreams | null = null;
  #gone: Promise<void> = Promise.resolve();

  constructor(
    private readonly spec: ChildProgramSpec,
    private readonly events: ChildProgramEvents,
  ) {}

  /** Resolves when the program runs. Rejects with the error of the system when it cannot be started. */
  start(): Promise<void> {
    const { command, args, env } = this.spec;
    const child = spawn(command, args, {
      shell: false,
      detached: true,
      cwd: tmpdir(),
      env: childEnvironment(env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        child.off('error', reject);
        this.#attach(child);
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The process does not read what it is sent. */
  get isClogged(): boolean {
    return (this.#child?.stdin.writableLength ?? 0) > MAX_UNREAD_BYTES;
  }

  /** @param onFlushed called when the system has taken the line. */
  write(line: string, onFlushed?: () => void): void {
    this.#child?.stdin.write(`${line}\n`, (error) => {
      if (error === null || error === undefined) onFlushed?.();
    });
  }

  /** Asks the group to end, kills it when it does not, and resolves when the process is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const leader = child.pid;
    child.stdin.end();
    signalGroup(leader, 'SIGTERM');
    const patience = setTimeout(() => signalGroup(leader, 'SIGKILL'), this.spec.goodbyeMs);
    await this.#gone;
    clearTimeout(patience);
  }

  /** Kills the group at once. */
  kill(): void {
    if (this.pid !== undefined) signalGroup(this.pid, 'SIGKILL');
  }

  #attach(child: ChildProcessWithoutNullStreams): void {
    this.#child = child;
    if (child.pid !== undefined) this.spec.groups.add(child.pid);
    const lines = new LineSplitter(
      this.spec.lineBytes,
      (line) => this.events.onLine(line),
      () => this.events.onOverlongLine(),
    );
    const errorLines = new LineSplitter(
      ERROR_LINE_BYTES,
      (line) => this.events.onErrorLine(line.toString('utf8')),
      (beginning) => this.events.onErrorLine(`${beginning.toString('utf8')} …`),
    );
    child.stdout.on('data', (chunk: Buffer) => lines.feed(chunk));
    child.stderr.on('data', (chunk: Buffer) => errorLines.feed(chunk));
    // A broken pipe means that the process is ending; its end is what matters.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => this.events.onErrorLine(error.message));
    this.#gone = new Promise((resolve) => this.#followEnd(child, resolve));
  }

  #followEnd(child: ChildProcessWithoutNullStreams, resolve: () => void): void {
    let lastWords: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      this.#child = null;
      if (child.pid !== undefined) {
        signalGroup(child.pid, 'SIGKILL');
        this.spec.groups.remove(child.pid);
      }
      // A descendant that left the group may hold the pipes open for ever.
      lastWords = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, LAST_WORDS_MS);
    });
    child.once('close', (code, signal) => {
      clearTimeout(lastWords);
      resolve();
      this.events.onGone(signal === null ? `exit status ${code}` : `ended by ${signal}`);
    });
  }
}
