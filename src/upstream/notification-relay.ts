import { Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { SideMessage } from './json-rpc.js';
import type { ClientChannel } from './upstream.types.js';

const SEVERITY: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

const logger = new Logger('Upstream');

/** Takes what an upstream sends besides the reply. */
export interface SideListener {
  onMessage(message: SideMessage): void;
}

/** Told when an upstream says that its tools changed. */
export interface ToolWatch {
  toolsChanged(): void;
}

/** How severe a log level is, from 0; -1: no such level. */
export function severityOf(level: unknown): number {
  return typeof level === 'string' ? SEVERITY.indexOf(level) : -1;
}

/**
 * Carries the notifications that belong to one call to the client of that call. Requests are dropped: where this
 * stands alone, in the stateless revision, an upstream must not send any.
 */
export class NotificationRelay implements SideListener {
  constructor(
    private readonly client: ClientChannel,
    /** Our progress token of this call. */
    private readonly token: number,
    private readonly watch: ToolWatch,
  ) {}

  onMessage(message: SideMessage): void {
    const { method, params } = message;
    if (message.kind === 'request') logger.warn(`An upstream sent a request that its revision forbids: ${method}`);
    else if (method === 'notifications/progress') this.#onProgress(params);
    else if (method === 'notifications/message') this.#onLogLine(params);
    else if (method === 'notifications/tools/list_changed') this.watch.toolsChanged();
  }

  #onProgress(params: JsonObject): void {
    const { progressToken, ...progress } = params;
    if (this.client.wantsProgress && progressToken === this.token) this.#notify('notifications/progress', progress);
  }

  #onLogLine(params: JsonObject): void {
    if (this.client.logLevel === null) return;
    if (severityOf(params['level']) >= severityOf(this.client.logLevel)) this.#notify('notifications/message', params);
  }

  #notify(method: string, params: JsonObject): void {
    try {
      this.client.notify(method, params);
    } catch (error) {
      logger.warn(`A notification could not be handed to the client: ${messageOf(error)}`);
    }
  }
}
