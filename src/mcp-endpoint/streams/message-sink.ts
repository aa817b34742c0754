/** Takes JSON-RPC messages for a client, as JSON text. */
export interface MessageSink {
  /** Can messages still reach the client, be it later? */
  readonly isOpen: boolean;
  send(json: string): void;
  /** Sends the last message of what the sink was opened for; null: there is none. */
  finish(json: string | null): void;
}
