import { Logger } from '@nestjs/common';
import { Cancellation } from '../../common/cancellation.js';
import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { RpcPeer } from '../peer/rpc-peer.js';
import { cancelled } from '../upstream-errors.js';
import type { UpstreamReply } from '../upstream.types.js';
import { NOT_OFFERED, RESOURCE_UPDATED, type Listening, type ListenSpec } from './listening.js';
import { Meeting } from './meeting.js';
import { ReconnectPause } from './reconnect-pause.js';

export interface PeerListeningSpec extends ListenSpec {
  /** Runs work on the connection of the owner, which is opened for it and stays open as long as it runs. */
  readonly connected: (signal: Cancellation, work: (peer: RpcPeer) => Promise<void>) => Promise<void>;
  /** Limit of a request of the gateway itself. */
  readonly timeoutMs: number;
}

/**
 * Listens to a 2025 server over a connection that calls use as well, and that is kept open for it. One that ends is opened
 * again, with everything that it was asked for.
 */
export class PeerListening implements Listening {
  readonly ready: Promise<void>;
  readonly #logger = new Logger('UpstreamListening');
  readonly #closing = new Cancellation();
  readonly #wanted = new Set<string>();
  readonly #meeting = new Meeting<RpcPeer>();

  constructor(private readonly spec: PeerListeningSpec) {
    this.ready = this.#meeting.first;
    void this.#run();
  }

  async subscribe(uri: string): Promise<UpstreamReply> {
    const peer = await this.#meeting.next();
    const { resources } = peer.capabilities;
    if (!isJsonObject(resources) || resources['subscribe'] !== true) return NOT_OFFERED;
    const reply = await this.#ask(peer, 'resources/subscribe', { uri });
    if (reply.kind === 'result') this.#wanted.add(uri);
    return reply;
  }

  unsubscribe(uri: string): void {
    const peer = this.#meeting.present;
    if (!this.#wanted.delete(uri) || peer === null) return;
    this.#ask(peer, 'resources/unsubscribe', { uri }).catch((error: unknown) => {
      this.#logger.debug(`Server ${this.spec.server.id} did not end a subscription: ${messageOf(error)}`);
    });
  }

  close(): void {
    for (const uri of this.#wanted) this.unsubscribe(uri);
    this.#closing.abort();
    this.#meeting.end(cancelled('no'));
  }

  async #run(): Promise<void> {
    const pause = new ReconnectPause(this.#closing);
    while (!this.#closing.aborted) {
      pause.begin();
      try {
        await this.spec.connected(this.#closing, (peer) => this.#stay(peer));
      } catch (error) {
        this.#logger.debug(`Server ${this.spec.server.id} cannot be listened to: ${messageOf(error)}`);
        this.#meeting.fail(error);
      }
      if (!this.#closing.aborted) await pause.wait(null);
    }
  }

  async #stay(peer: RpcPeer): Promise<void> {
    const leave = peer.listen({
      onNotification: (method, params) => this.#onNotification(method, params),
      onGone: () => this.#meeting.leave(peer),
    });
    try {
      this.#meeting.arrive(peer);
      this.spec.events.onListsChanged();
      for (const uri of this.#wanted) {
        this.#ask(peer, 'resources/subscribe', { uri }).catch((error: unknown) => {
          this.#logger.debug(`Server ${this.spec.server.id} does not watch a resource again: ${messageOf(error)}`);
        });
      }
      await this.#meeting.lost(peer);
    } finally {
      leave();
    }
  }

  #onNotification(method: string, params: JsonObject): void {
    if (method === RESOURCE_UPDATED) this.spec.events.onUpdated(params);
  }

  #ask(peer: RpcPeer, method: string, params: JsonObject): Promise<UpstreamReply> {
    const { timeoutMs } = this.spec;
    return peer.ask(method, params, timeoutMs, null);
  }
}
