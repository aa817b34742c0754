import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a command printed, whatever its exit code. */
export interface Printed {
  readonly code: number;
  readonly output: string;
}

/** A folder of somebody who installed the packed package: its files, and beside it what it depends on. */
export class PackedPackage {
  private constructor(readonly directory: string) {}

  /** @param tools further packages of the repository that the author has installed */
  static async install(tools: readonly string[]): Promise<PackedPackage> {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-packed-')));
    const modules = join(directory, 'node_modules');
    mkdirSync(modules);
    writeFileSync(join(directory, 'package.json'), '{}');
    // The build of this test run is packed: building again would pull it away under the other tests.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: resolve('.') });
    const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? '';
    await run('tar', ['-xzf', tarball], { cwd: directory });
    cpSync(join(directory, 'package'), join(modules, 'gatehouse'), { recursive: true });
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    for (const name of [...Object.keys(dependencies), ...tools]) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(realpathSync(join('node_modules', name)), join(modules, name));
    }
    return new PackedPackage(directory);
  }

  /** Runs Node in the folder, or in one below it. */
  async node(args: readonly string[], below = '.'): Promise<Printed> {
    const options = { cwd: join(this.directory, below), env: this.environment() };
    try {
      const { stdout, stderr } = await run(process.execPath, [...args], options);
      return { code: 0, output: stdout + stderr };
    } catch (thrown) {
      const { code = 1, stdout = '', stderr = '' } = thrown as { code?: number; stdout?: string; stderr?: string };
      return { code, output: stdout + stderr };
    }
  }

  /** Starts Node in a folder below, and resolves with what the pattern finds in what it prints. */
  async start(args: readonly string[], below: string, env: Record<string, string>, ready: RegExp) {
    const child = spawn(process.execPath, [...args], {
      cwd: join(this.directory, below),
      env: { ...this.environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, found: await firstMatch(child, ready) };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    return { PATH, HOME };
  }
}

function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = '';
  return new Promise((done, fail) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      const match = pattern.exec(output);
      if (match !== null) done(match[1] ?? '');
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', (code) => fail(new Error(`it ended with code ${code}:\n${output}`)));
  });
}
