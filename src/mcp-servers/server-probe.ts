/**
 * What the registry has to ask the room of the health checks, which is above it. That room provides it globally, under
 * this class as token.
 */
export abstract class ServerProbe {
  /** Connects to these active servers, lists their tools and stores what was found. Never rejects because of a server. */
  abstract check(serverIds: readonly string[]): Promise<void>;
}
