import type { Readable } from 'node:stream';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** The events of a stream. Throws what the stream throws. */
export async function* eventsOf(body: Readable): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void arrived.push(event) });
  const text = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(text.decode(Buffer.from(chunk), { stream: true }));
    yield* arrived.splice(0);
  }
}
