import { Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { SideMessage } from './json-rpc.js';
import type { ClientChannel } from './upstream.types.js';

const SEVERITY: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** By these an upstream says that one of its lists changed. */
export const LIST_CHANGES: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
]);

/** Tells that the user has been where an elicitation by URL sent it; only the revisions with sessions know it. */
const ELICITATION_COMPLETE = 'notifications/elicitation/complete';

const logger = new Logger('Upstream');

/** Takes what an upstream sends besides the reply. */
export interface SideListener {
  onMessage(message: SideMessage): void;
}

/** Told when an upstream says that one of its lists changed. */
export interface ListWatch {
  listsChanged(): void;
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
    private readonly watch: ListWatch,
  ) {}

  onMessage(message: SideMessage): void {
    const { method, params } = message;
    if (message.kind === 'request') logger.warn(`An upstream sent a request that its revision forbids: ${method}`);
    else if (method === 'notifications/progress') this.#onProgress(params);
    else if (method === 'notifications/message') this.#onLogLine(params);
    else if (method === ELICITATION_COMPLETE) this.#notify(method, params);
    else if (LIST_CHANGES.has(method)) this.watch.listsChanged();
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
