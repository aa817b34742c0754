import { Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';

/** Gets the payload of one event. A rejection is logged; it does not reach the publisher. */
export type EventHandler = (payload: unknown) => void | Promise<void>;
/** Runs after a lost connection came back: events may have been missed, so copies of data must be read again. */
export type ReconnectHandler = () => void | Promise<void>;

/**
 * Change events across replicas. Delivery is best effort and includes the publisher's own process: whoever keeps a copy
 * of stored data also compares versions from time to time.
 */
export abstract class EventBus {
  private readonly logger = new Logger(EventBus.name);
  private readonly handlers = new Map<string, Set<EventHandler>>();
  private readonly reconnectHandlers = new Set<ReconnectHandler>();

  /**
   * Sends an event to every replica. Payloads hold ids, not data: they must stay below 7,500 bytes as JSON.
   * Rejects when the event could not be handed over.
   */
  abstract publish(topic: string, payload: unknown): Promise<void>;

  /** Returns a function that ends the subscription. */
  subscribe(topic: string, handler: EventHandler): () => void {
    const handlers = this.handlers.get(topic) ?? new Set();
    handlers.add(handler);
    this.handlers.set(topic, handlers);
    return () => handlers.delete(handler);
  }

  onReconnect(handler: ReconnectHandler): void {
    this.reconnectHandlers.add(handler);
  }

  /** For adapters: an event arrived, as the text that {@link encodeEvent} made. */
  protected receive(text: string): void {
    const event = decodeEvent(text);
    if (event === null) {
      this.logger.warn('an event that is not of this program was ignored');
      return;
    }
    for (const handler of this.handlers.get(event.topic) ?? []) this.run(() => handler(event.payload));
  }

  /** For adapters: the connection is back. */
  protected reconnected(): void {
    for (const handler of this.reconnectHandlers) this.run(handler);
  }

  private run(handler: () => void | Promise<void>): void {
    Promise.resolve()
      .then(handler)
      .catch((error: unknown) => this.logger.error(`an event could not be handled: ${messageOf(error)}`));
  }
}

/** Topic and payload as one text. */
export function encodeEvent(topic: string, payload: unknown): string {
  return JSON.stringify({ topic, payload });
}

function decodeEvent(text: string): { topic: string; payload: unknown } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || !('topic' in parsed) || !('payload' in parsed)) return null;
  return typeof parsed.topic === 'string' ? { topic: parsed.topic, payload: parsed.payload } : null;
}
