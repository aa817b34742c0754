import type { CancelSignal } from '../../common/cancellation.js';
import { Logger } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { localAnswer, type ClientRelay } from '../client-relay.js';
import { parseJson, readMessage, RequestIds, type RpcMessage, type SideMessage } from '../json-rpc.js';
import { LIST_CHANGES, severityOf } from '../notification-relay.js';
import { initializeParams, SESSION_VERSIONS } from '../protocol.js';
import type { ListChanges } from '../list-changes.js';
import { protocolError, unavailable } from '../upstream-errors.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { UpstreamReply } from '../upstream.types.js';
import { ChildProgram, type ChildProgramEvents } from './child-program.js';
import { ErrorOutput } from './error-output.js';
import { PendingRequest } from './pending-request.js';
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

export interface StdioRequest {
  readonly id: number;
  readonly method: string;
  readonly params: JsonObject;
  readonly isCall: boolean;
  readonly timeoutMs: number;
  readonly signal: CancelSignal | null;
  /** Takes what the upstream sends for this request; null for requests of the gateway itself. */
  readonly relay: ClientRelay | null;
}

interface Entry {
  readonly request: PendingRequest;
  readonly relay: ClientRelay | null;
}

/** One upstream process and the JSON-RPC that runs over its pipes. */
export class StdioConnection implements ChildProgramEvents {
  readonly #logger = new Logger('StdioUpstream');
  readonly #ids = new RequestIds();
  readonly #pending = new Map<number, Entry>();
  readonly #errorOutput: ErrorOutput;
  readonly #program: ChildProgram;
  #serverCapabilities: JsonObject = {};
  #level: string | null = null;
  #gone = false;

  constructor(private readonly spec: StdioConnectionSpec) {
    const { server, command, limits, groups } = spec;
    const program = { command, args: server.args.reveal(), env: server.env.reveal() };
    this.#errorOutput = new ErrorOutput(this.#logger, server.id);
    this.#program = new ChildProgram(
      { ...program, lineBytes: limits.answerBytes, goodbyeMs: limits.goodbyeMs, groups },
      this,
    );
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
      await this.#initialize(this.spec.capabilities);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** Capabilities of the server, as it said in the handshake. */
  get capabilities(): JsonObject {
    return this.#serverCapabilities;
  }

  nextId(): number {
    return this.#ids.next();
  }

  /** @throws GatehouseError when no reply comes. */
  async request(request: StdioRequest): Promise<UpstreamReply> {
    const { id, method, params, relay } = request;
    if (this.#gone || this.#program.isClogged) throw unavailable('no', 'the process does not take requests');
    const pending = new PendingRequest({ ...request, onGivenUp: (reason) => this.#giveUp(id, reason) });
    this.#pending.set(id, { request: pending, relay });
    pending.begin((onFlushed) => {
      this.#program.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }), onFlushed);
    });
    try {
      return await pending.reply;
    } finally {
      this.#pending.delete(id);
      relay?.close();
    }
  }

  /** Sends a notification or an answer. */
  tell(message: JsonObject): void {
    if (!this.#gone) this.#program.write(JSON.stringify(message));
  }

  /** The call waits for its client, so its clock stands still. */
  setWaiting(id: number, waiting: boolean): void {
    const request = this.#pending.get(id)?.request;
    if (waiting) request?.pauseClock();
    else request?.resumeClock();
  }

  listsChanged(): void {
    this.spec.changes.announce(this.spec.server.id);
  }

  /** Asks the upstream for log lines from this level on, unless it sends them already. */
  async wantLogs(level: string): Promise<void> {
    if (this.#serverCapabilities['logging'] === undefined) return;
    if (this.#level !== null && severityOf(this.#level) <= severityOf(level)) return;
    this.#level = level;
    try {
      await this.#ask('logging/setLevel', { level });
    } catch (error) {
      this.#logger.warn(`Server ${this.spec.server.id} did not set its log level: ${messageOf(error)}`);
    }
  }

  /** Stops the process with everything that it started. Calls that run fail. */
  async close(): Promise<void> {
    await this.#program.stop();
  }

  onLine(line: Buffer): void {
    // Programs print greetings; what does not even look like a message is not taken for a broken one.
    if (line[0] !== OPENING_BRACE) return this.#errorOutput.add(line.subarray(0, 2_048).toString('utf8'));
    try {
      this.#onMessage(readMessage(parseJson(line)));
    } catch (error) {
      this.#breakOff(messageOf(error));
    }
  }

  onErrorLine(line: string): void {
    this.#errorOutput.add(line);
  }

  onOverlongLine(): void {
    this.#breakOff(`a line is longer than ${this.spec.limits.answerBytes} bytes`);
  }

  onGone(reason: string): void {
    this.#gone = true;
    for (const { request } of this.#pending.values()) {
      request.fail(unavailable(request.sent, `the process is gone: ${reason}`));
    }
    this.spec.onGone();
  }

  async #initialize(capabilities: JsonObject): Promise<void> {
    const reply = await this.#ask('initialize', initializeParams(capabilities));
    if (reply.kind === 'error') throw protocolError('no', `initialize was answered with error ${reply.error.code}`);
    const { protocolVersion, capabilities: offered } = reply.result;
    if (typeof protocolVersion !== 'string' || ![...SESSION_VERSIONS, OLDEST_VERSION].includes(protocolVersion)) {
      throw protocolError('no', `no common revision: ${JSON.stringify(protocolVersion ?? null).slice(0, 80)}`);
    }
    this.#serverCapabilities = isJsonObject(offered) ? offered : {};
    this.tell({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  #ask(method: string, params: JsonObject): Promise<UpstreamReply> {
    const timeoutMs = this.spec.server.timeoutMs;
    return this.request({ id: this.nextId(), method, params, isCall: false, timeoutMs, signal: null, relay: null });
  }

  #onMessage(message: RpcMessage): void {
    if (message.kind !== 'reply') return this.#onSideMessage(message);
    const entry = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
    if (entry !== undefined) entry.request.settle(message.reply);
    else if (!this.#ids.knows(message.id)) this.#breakOff('a reply to a request that was never made');
  }

  /** A message that names no request belongs to a call only when no other one runs on this process. */
  #onSideMessage(message: SideMessage): void {
    if (message.kind === 'notification' && LIST_CHANGES.has(message.method)) {
      return this.listsChanged();
    }
    const relay = this.#relayOf(message);
    if (relay !== null) relay.onMessage(message);
    else if (message.kind === 'request') this.tell(localAnswer(message.id, message.method));
  }

  #relayOf(message: SideMessage): ClientRelay | null {
    const token = message.method === 'notifications/progress' ? message.params['progressToken'] : undefined;
    if (typeof token === 'number') return this.#pending.get(token)?.relay ?? null;
    const relays = [...this.#pending.values()].flatMap(({ relay }) => relay ?? []);
    return relays.length === 1 ? (relays[0] ?? null) : null;
  }

  #giveUp(id: number, reason: string): void {
    this.tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } });
  }

  /** What came over the pipe cannot be trusted any more, so whatever else is in it cannot either. */
  #breakOff(reason: string): void {
    this.#logger.warn(`Server ${this.spec.server.id} broke the protocol and is stopped: ${reason}`);
    for (const { request } of this.#pending.values()) request.fail(protocolError(request.sent, reason));
    this.#program.kill();
  }
}

/** Spoken over pipes just as the later ones. */
const OLDEST_VERSION = '2024-11-05';
