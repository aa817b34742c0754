import { isJsonObject, type JsonObject } from '../common/json.js';
import { functionCall } from './responses-dialect.js';

/** Events that begin an answer. */
const OPENING: ReadonlySet<string> = new Set(['response.created', 'response.in_progress', 'response.queued']);
/** Events that end an answer and hold all of it. */
const CLOSING: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** What is to become of an event. */
export type EventFate = 'open' | 'send' | 'hold' | 'close';

/** One streamed turn of a model at `/v1/responses`: keeps back calls that the gateway may run. */
export class ResponsesRound {
  /** Events of calls that the gateway may run. */
  readonly held: JsonObject[] = [];
  /** The event that ended the turn; null: it broke off. */
  closing: JsonObject | null = null;
  private readonly heldItems = new Set<unknown>();

  constructor(private readonly mayRun: (tool: string) => boolean) {}

  /** The whole answer of the turn. */
  get answer(): JsonObject {
    const response = this.closing?.['response'];
    return isJsonObject(response) ? response : {};
  }

  /** Takes an event and says what is to become of it; held ones are kept. */
  take(event: JsonObject): EventFate {
    const type = String(event['type']);
    if (CLOSING.has(type)) {
      this.closing = event;
      return 'close';
    }
    if (OPENING.has(type)) return 'open';
    const { output_index: place, item } = event;
    const call = isJsonObject(item) ? functionCall(item) : null;
    if (type === 'response.output_item.added' && call !== null && this.mayRun(call.name)) this.heldItems.add(place);
    if (place === undefined || !this.heldItems.has(place)) return 'send';
    this.held.push(event);
    return 'hold';
  }
}
