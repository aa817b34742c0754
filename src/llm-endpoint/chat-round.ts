import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { ModelToolCall } from './tool-runner.js';

/** One streamed turn of a model at `/v1/chat/completions`: keeps back what asks for tools until it is known who runs them. */
export class ChatRound {
  /** Chunks that ask for tools, and what came after them. */
  readonly held: JsonObject[] = [];
  /** The chunk without choices that tells the usage; null: there was none. */
  usage: JsonObject | null = null;
  private readonly asked: { id: string; name: string; arguments: string }[] = [];
  private text = '';

  /** @param isFirst later turns go on with the message that the first one began */
  constructor(private readonly isFirst: boolean) {}

  get calls(): readonly ModelToolCall[] {
    return this.asked;
  }

  /** The turn as a message of a request. */
  get message(): JsonObject {
    return {
      role: 'assistant',
      content: this.text === '' ? null : this.text,
      tool_calls: this.asked.map(({ id, name, arguments: given }) => ({
        id,
        type: 'function',
        function: { name, arguments: given },
      })),
    };
  }

  /** Takes a chunk; true: the client gets it now. */
  take(chunk: JsonObject): boolean {
    const { choices } = chunk;
    const [choice] = Array.isArray(choices) ? choices : [];
    if (!isJsonObject(choice)) {
      this.usage = chunk;
      return false;
    }
    const delta = isJsonObject(choice['delta']) ? choice['delta'] : {};
    if (typeof delta['content'] === 'string') this.text += delta['content'];
    if (Array.isArray(delta['tool_calls'])) delta['tool_calls'].forEach((call) => this.merge(call));
    if (this.asked.length > 0) {
      this.held.push(chunk);
      return false;
    }
    return this.isFirst || isText(delta['content']) || isText(choice['finish_reason']);
  }

  /** The name and the id of a call come once, its arguments in pieces. */
  private merge(piece: JsonValue): void {
    if (!isJsonObject(piece)) return;
    const { index, id, function: described } = piece;
    const at = typeof index === 'number' ? index : this.asked.length;
    if (at < 0 || at > this.asked.length) return;
    const call = (this.asked[at] ??= { id: '', name: '', arguments: '' });
    const { name, arguments: given } = isJsonObject(described) ? described : {};
    if (typeof id === 'string') call.id = id;
    if (typeof name === 'string') call.name += name;
    if (typeof given === 'string') call.arguments += given;
  }
}

function isText(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value !== '';
}
