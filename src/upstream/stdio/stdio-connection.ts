import { Logger } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ListChanges } from '../list-changes.js';
import { RpcPeer, type Delivery, type Wire } from '../peer/rpc-peer.js';
import { unavailable } from '../upstream-errors.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { ChildProgram, type ChildProgramEvents } from './child-program.js';
import { ErrorOutput } from './error-output.js';
import type { ProcessGroups } from './process-groups.js';

const OPENING_BRACE = 0x7b;

export interface StdioConnectionSpec {
  readonly server: McpServer;
  /** Absolute path, allowed by the operator. */
  readonly command: string;
  /** Capabilities of the client that `initialize` declares; null: a server without handshake. */
  readonly capabilities: JsonObject | null;
  readonly limits: UpstreamLimits;
  readonly groups: ProcessGroups;
  readonly changes: ListChanges;
  /** The process ended, be it stopped or by itself. */
  readonly onGone: () => void;
}

/** One upstream process, and its pipes as a wire. */
export class StdioConnection implements ChildProgramEvents, Wire {
  readonly peer: RpcPeer;
  readonly #errorOutput: ErrorOutput;
  readonly #program: ChildProgram;

  constructor(private readonly spec: StdioConnectionSpec) {
    const { server, command, limits, groups, changes } = spec;
    const program = { command, args: server.args.reveal(), env: server.env.reveal() };
    this.#errorOutput = new ErrorOutput(new Logger('StdioUpstream'), server.id);
    this.#program = new ChildProgram(
      { ...program, lineBytes: limits.answerBytes, goodbyeMs: limits.goodbyeMs, groups },
      this,
    );
    this.peer = new RpcPeer({ server, changes, handshakeMs: server.timeoutMs }, this);
  }

  /**
   * Starts the process and shakes hands.
   * @throws GatehouseError `upstream_*`, nothing sent of a call. The process is gone then.
   */
  async open(): Promise<void> {
    try {
      await this.#program.start();
    } catch (error) {
      throw unavailable('no', `the program cannot be started: ${messageOf(error)}`, error);
    }
    if (this.spec.capabilities === null) return;
    try {
      await this.peer.initialize(this.spec.capabilities);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  get isClogged(): boolean {
    return this.#program.isClogged;
  }

  send(message: string, { onTaken }: Delivery): void {
    this.#program.write(message, onTaken);
  }

  kill(): void {
    this.#program.kill();
  }

  /** Stops the process with everything that it started. Calls that run fail. */
  async close(): Promise<void> {
    await this.#program.stop();
  }

  onLine(line: Buffer): void {
    // Programs print greetings; what does not even look like a message is not taken for a broken one.
    if (line[0] === OPENING_BRACE) this.peer.receive(line);
    else this.#errorOutput.add(line.subarray(0, 2_048).toString('utf8'));
  }

  onErrorLine(line: string): void {
    this.#errorOutput.add(line);
  }

  onOverlongLine(): void {
    this.peer.breakOff(`a line is longer than ${this.spec.limits.answerBytes} bytes`);
  }

  onGone(reason: string): void {
    this.peer.end((sent) => unavailable(sent, `the process is gone: ${reason}`));
    this.spec.onGone();
  }
}
